//! Request paths: what must be escaped in them, and how messages shorten them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but the characters that are never special in a URL.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// One segment of a path: an id or a name, whatever it holds.
pub fn segment(text: &str) -> String {
    match text {
        // Alone these mean another path.
        "." => "%2E".to_owned(),
        ".." => "%2E%2E".to_owned(),
        _ => utf8_percent_encode(text, ESCAPED).to_string(),
    }
}

/// A path with a query; without parameters the path alone.
pub fn with_query(path: &str, parameters: &[(&str, &str)]) -> String {
    let mut text = path.to_owned();
    for (i, (name, value)) in parameters.iter().enumerate() {
        text.push(if i == 0 { '?' } else { '&' });
        text.extend(utf8_percent_encode(name, ESCAPED));
        text.push('=');
        text.extend(utf8_percent_encode(value, ESCAPED));
    }
    text
}

/// A path as messages name it: without API version and query.
pub(crate) fn short(path: &str) -> &str {
    let path = &path[..path.find('?').unwrap_or(path.len())];
    without_version(path)
}

/// A path without `/v1.51` before it.
pub(crate) fn without_version(path: &str) -> &str {
    let Some(rest) = path.strip_prefix("/v") else { return path };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let is_version = rest[..end].split_once('.').is_some_and(|(major, minor)| {
        [major, minor].iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
    });
    if is_version && end < rest.len() { &rest[end..] } else { path }
}

#[cfg(test)]
mod tests;
