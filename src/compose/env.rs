//! Variables from files: `.env` beside the compose file, for the file's own `${...}`, and what `env_file` names, for the
//! containers. Pure.

use std::collections::BTreeMap;

/// A name, and its value if one is written.
pub type Variable = (String, Option<String>);

/// Reads what `env_file` names, as docker does: one `KEY=VALUE` a line, nothing of the value is taken off. `KEY` alone has
/// the value that it has here, if it has one.
///
/// # Errors
/// The number of the line and what is wrong with it.
pub fn env_file(text: &str) -> Result<Vec<Variable>, (usize, String)> {
    let mut variables = Vec::new();
    for (at, line) in text.strip_prefix('\u{feff}').unwrap_or(text).lines().enumerate() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = line.split_once('=').map_or((line, None), |(key, value)| (key, Some(value.to_owned())));
        if key.is_empty() {
            return Err((at + 1, "there is no name before the `=`".to_owned()));
        }
        if key.contains(char::is_whitespace) {
            return Err((at + 1, format!("the name `{}` has blanks in it", key.trim())));
        }
        variables.push((key.to_owned(), value));
    }
    Ok(variables)
}

/// Reads `.env`: as above, but quotes around a value are taken off, and `export` before a name.
///
/// # Errors
/// As of [`env_file`].
pub fn dot_env(text: &str) -> Result<BTreeMap<String, String>, (usize, String)> {
    let plain: String = text
        .lines()
        .map(|line| line.trim_start().strip_prefix("export ").unwrap_or(line).trim_start().to_owned() + "\n")
        .collect();
    let variables = env_file(&plain)?.into_iter();
    Ok(variables.filter_map(|(key, value)| Some((key, unquoted(value?.trim())))).collect())
}

fn unquoted(value: &str) -> String {
    let inner = ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote));
    inner.unwrap_or(value).to_owned()
}

#[cfg(test)]
mod tests {
    use super::{dot_env, env_file};

    #[test]
    fn variables_are_read_as_docker_reads_them() {
        let text = "# note\n\n  A=1\nB=\"two words\" # not a note\nC\nD=\n";
        let read = env_file(text).unwrap();
        let value = |text: &str| Some(text.to_owned());
        let wanted = [("A", value("1")), ("B", value("\"two words\" # not a note")), ("C", None), ("D", value(""))];
        assert_eq!(read, wanted.map(|(key, value)| (key.to_owned(), value)));
        assert_eq!(env_file("A=1\n=x\n").unwrap_err().0, 2);
        assert_eq!(env_file("A B=1\n").unwrap_err().0, 1);
    }

    #[test]
    fn quotes_of_a_dot_env_are_no_part_of_the_value() {
        let read = dot_env("A=\"one two\"\nexport B='x'\nC=y z \n").unwrap();
        assert_eq!((read["A"].as_str(), read["B"].as_str(), read["C"].as_str()), ("one two", "x", "y z"));
    }
}
