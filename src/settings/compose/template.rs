//! Variables in values: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME-default}`, `${NAME:?error}`, `${NAME?error}`, and
//! `$$` for one `$`.

use super::super::problem::quoted;

/// A text with its variables filled in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Filled {
    /// The text.
    pub(super) text: String,
    /// Variables that have no value and no default: nothing stands in their place.
    pub(super) unset: Vec<String>,
}

/// Fills in the variables; none where there is nothing to fill in.
///
/// # Errors
/// What is wrong.
pub(super) fn filled(text: &str, value: &dyn Fn(&str) -> Option<String>) -> Result<Option<Filled>, String> {
    if !text.contains('$') {
        return Ok(None);
    }
    let mut filled = Filled { text: String::with_capacity(text.len()), unset: Vec::new() };
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        filled.text.push_str(before);
        // No more of it than that: it may be a password.
        let shown = || quoted(&format!("${}", after.chars().next().map(String::from).unwrap_or_default()));
        let invalid = || format!("{} begins no variable: write `$$` for a plain `$`", shown());
        if let Some(after) = after.strip_prefix('$') {
            filled.text.push('$');
            rest = after;
        } else if let Some(braced) = after.strip_prefix('{') {
            let (inner, after) = braced.split_once('}').ok_or_else(invalid)?;
            braces(inner, value, &mut filled)?;
            rest = after;
        } else {
            let (name, after) = name_of(after);
            if name.is_empty() {
                return Err(invalid());
            }
            plain(name, value, &mut filled);
            rest = after;
        }
    }
    filled.text.push_str(rest);
    Ok(Some(filled))
}

fn plain(name: &str, value: &dyn Fn(&str) -> Option<String>, filled: &mut Filled) {
    match value(name) {
        Some(value) => filled.text.push_str(&value),
        None => filled.unset.push(name.to_owned()),
    }
}

/// The inside of `${...}`.
fn braces(inner: &str, value: &dyn Fn(&str) -> Option<String>, filled: &mut Filled) -> Result<(), String> {
    let (name, rest) = name_of(inner);
    if name.is_empty() {
        return Err("after `${` comes no name: it begins with a letter or `_`; write `$$` for a plain `$`".to_owned());
    }
    if rest.is_empty() {
        plain(name, value, filled);
        return Ok(());
    }
    // With a colon, what is empty counts as not there.
    let (heeded, rest) = rest.strip_prefix(':').map_or((true, rest), |rest| (false, rest));
    let found = value(name).filter(|value| heeded || !value.is_empty());
    match (found, rest.split_at_checked(1)) {
        (_, Some(("-", default))) if default.contains("${") => {
            return Err(format!("the default of the variable `{name}` has a variable in it: write it out"));
        }
        (Some(value), Some(("-" | "?", _))) => filled.text.push_str(&value),
        (None, Some(("-", default))) => filled.text.push_str(default),
        (None, Some(("?", why))) => {
            let why = if why.is_empty() { "it has no value" } else { why };
            return Err(format!("the variable `{name}` is required: {why}"));
        }
        _ => {
            return Err(format!(
                "the variable `{name}` is written wrongly: after its name come `:-`, `-`, `:?` or `?`"
            ));
        }
    }
    Ok(())
}

/// The name at the beginning, and the rest.
fn name_of(text: &str) -> (&str, &str) {
    let fits = |(at, c): (usize, char)| c == '_' || c.is_ascii_alphabetic() || at > 0 && c.is_ascii_digit();
    let end = text.char_indices().find(|one| !fits(*one)).map_or(text.len(), |(at, _)| at);
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::filled;

    fn shown(text: &str) -> Result<String, String> {
        let value = |name: &str| match name {
            "A" => Some("one".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        Ok(filled(text, &value)?.map_or_else(|| text.to_owned(), |filled| filled.text))
    }

    #[test]
    fn variables_are_filled_in() {
        for (text, wanted) in [
            ("plain", "plain"),
            ("$A-${A}.$$A$", "error"),
            ("$A-${A}.$$A", "one-one.$A"),
            ("${NONE:-x}${NONE-y}${EMPTY:-z}${EMPTY-w}${A:-v}", "xyzone"),
            ("${NONE}", ""),
            ("${A:?must be set}", "one"),
            ("${NONE:-a:b/c}", "a:b/c"),
        ] {
            match shown(text) {
                Ok(text) => assert_eq!(text, wanted),
                Err(why) => assert_eq!(wanted, "error", "{why}"),
            }
        }
    }

    #[test]
    fn what_is_no_variable_is_refused() {
        for text in ["${", "${A", "$", "$1", "${1}", "${}", "${A!b}", "${NONE:?say it}", "${EMPTY:?}", "${NONE?}"] {
            assert!(shown(text).is_err(), "{text}");
        }
        assert!(shown("${NONE:?say it}").unwrap_err().ends_with("say it"));
    }
}
