//! Prometheus' text format, as exporters answer `GET /metrics`. Pure; knows no metric by name.
//!
//! What can't be read is skipped line by line: one broken collector must not hide the figures of the others.

use std::borrow::Cow;

/// One sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample<'t> {
    /// The metric's name.
    pub name: &'t str,
    /// Its labels, in the order of the line.
    pub labels: Vec<(&'t str, Cow<'t, str>)>,
    /// Its value; may be NaN or infinite.
    pub value: f64,
}

impl Sample<'_> {
    /// The value of a label.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_ref())
    }
}

/// Every sample of a text, in order. Comments, blank lines and lines that can't be read are left out.
pub fn samples(text: &str) -> impl Iterator<Item = Sample<'_>> {
    text.lines().filter_map(sample)
}

/// One line: `name{label="value",...} value [timestamp]`.
fn sample(line: &str) -> Option<Sample<'_>> {
    let line = line.trim();
    let end = line.find(|c: char| !name_char(c)).unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let rest = rest.trim_start();
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        // Between name and value there must be something.
        None if rest.len() == line.len() - end => return None,
        None => (Vec::new(), rest),
    };
    // An exemplar may follow after a `#`.
    let mut words = rest.split('#').next()?.split_whitespace();
    let value: f64 = words.next()?.parse().ok()?;
    let timestamp = words.next();
    let readable = timestamp.is_none_or(|word| word.parse::<f64>().is_ok()) && words.next().is_none();
    readable.then_some(Sample { name, labels, value })
}

type Labels<'t> = Vec<(&'t str, Cow<'t, str>)>;

/// The labels after `{`, and what follows after `}`.
fn labels(mut rest: &str) -> Option<(Labels<'_>, &str)> {
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix('}') {
            return Some((found, after));
        }
        let end = rest.find(|c: char| !name_char(c))?;
        let (name, after) = rest.split_at(end);
        let after = after.trim_start().strip_prefix('=')?.trim_start().strip_prefix('"')?;
        let (value, after) = quoted(after)?;
        if name.is_empty() {
            return None;
        }
        found.push((name, value));
        rest = after.trim_start();
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None if rest.starts_with('}') => {}
            None => return None,
        }
    }
}

/// A value up to its closing quote, unescaped, and what follows.
fn quoted(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let end = text.find(['"', '\\'])?;
    if text[end..].starts_with('"') {
        return Some((Cow::Borrowed(&text[..end]), &text[end + 1..]));
    }
    let mut value = text[..end].to_owned();
    let mut chars = text[end..].char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((Cow::Owned(value), &text[end + at + 1..])),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                escaped @ ('"' | '\\') => value.push(escaped),
                // No escape that the format knows: kept as it is, as Prometheus does.
                other => value.extend(['\\', other]),
            },
            c => value.push(c),
        }
    }
    None
}

fn name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == ':'
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Read = (String, Vec<(String, String)>, f64);

    fn read(line: &str) -> Option<Read> {
        let mut all = samples(line);
        let sample = all.next()?;
        assert!(all.next().is_none(), "{line}");
        let labels = sample.labels.iter().map(|(key, value)| ((*key).to_owned(), value.clone().into_owned()));
        Some((sample.name.to_owned(), labels.collect(), sample.value))
    }

    #[test]
    fn lines_that_can_be_read() {
        for (line, name, value) in [
            ("node_memory_MemTotal_bytes 6.7369267e+10", "node_memory_MemTotal_bytes", 6.736_926_7e10),
            ("a 1 1700000000000", "a", 1.0),
            ("  a\t-3.5e-2  ", "a", -0.035),
            ("a{} +Inf", "a", f64::INFINITY),
            ("job:a:rate5m 0 # {trace_id=\"x\"} 1", "job:a:rate5m", 0.0),
        ] {
            let (found, labels, read) = read(line).unwrap_or_else(|| panic!("{line}"));
            assert_eq!((found.as_str(), labels.len()), (name, 0), "{line}");
            assert_eq!(read.to_bits(), value.to_bits(), "{line}: {read}");
        }
        assert!(read("a NaN").unwrap().2.is_nan());
    }

    #[test]
    fn labels_are_unescaped() {
        let (_, labels, value) = read(r#"u{nodename="n\"1\\",b="x,}=\n" , c="",} 1"#).unwrap();
        let expected = [("nodename", "n\"1\\"), ("b", "x,}=\n"), ("c", "")];
        assert_eq!(labels, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
        assert!((value - 1.0).abs() < f64::EPSILON);
        let sample = samples("u{a=\"1\",b=\"2\"} 3").next().unwrap();
        assert_eq!((sample.label("b"), sample.label("c")), (Some("2"), None));
    }

    #[test]
    fn lines_that_cannot() {
        for line in [
            "",
            "# HELP a b",
            "a",
            "a{",
            "a{b} 1",
            "a{b=\"c} 1",
            "a{b=\"c\"",
            "a{b=\"c\"} x",
            "1a 1",
            "a 1 x",
            "a 1 2 3",
            "a=1",
            "<html>",
            "a{b=\"c\"d=\"e\"} 1",
            "{\"a\",b=\"c\"} 1",
            "a{b=\"\\",
            "é 1",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
        let text = "a 1\n\u{0}garbage{{{\nb 2\r\nc{x=\"y\n";
        assert_eq!(samples(text).map(|sample| sample.name).collect::<Vec<_>>(), ["a", "b"]);
    }

    fn escape(value: &str) -> String {
        value.replace('\\', r"\\").replace('\n', r"\n").replace('"', "\\\"")
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*", noise in "[a{}=\",\\\\ #0-9\n]*") {
            samples(&text).chain(samples(&noise)).for_each(drop);
        }

        #[test]
        fn what_is_written_is_read(
            name in "[a-z_:][a-z0-9_:]{0,9}",
            labels in prop::collection::vec(("[a-z_][a-z0-9_]{0,5}", "[^\r\u{85}\u{2028}\u{2029}]{0,12}"), 0..4),
            value in any::<f64>(),
        ) {
            let pairs: Vec<String> = labels.iter().map(|(key, text)| format!("{key}=\"{}\"", escape(text))).collect();
            let line = format!("# c\n{name}{{{}}} {value:e}\nend 1", pairs.join(","));
            let found: Vec<_> = samples(&line).collect();
            prop_assert_eq!(found.len(), 2);
            prop_assert_eq!(found[0].name, name);
            let read: Vec<(String, String)> =
                found[0].labels.iter().map(|(key, text)| ((*key).to_owned(), text.clone().into_owned())).collect();
            prop_assert_eq!(read, labels);
            prop_assert!(found[0].value.to_bits() == value.to_bits() || (value.is_nan() && found[0].value.is_nan()));
        }
    }
}
