//! How a registry wants to be convinced: its challenge, and what is said to it.

use std::fmt;

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use crate::model::or_default;

/// What a registry asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    /// A token that somebody else gives.
    Bearer { realm: String, service: String },
    /// User and password.
    Basic,
}

/// A token server's answer.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Token {
    #[serde(deserialize_with = "or_default")]
    token: String,
    #[serde(deserialize_with = "or_default")]
    access_token: String,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

impl Token {
    pub(super) fn word(self) -> Option<String> {
        [self.token, self.access_token].into_iter().find(|word| !word.is_empty())
    }
}

impl Challenge {
    /// The challenge of an answer; a token is preferred where there is a choice.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let all = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| Self::parse(value.to_str().ok()?));
        all.min_by_key(|challenge| *challenge == Self::Basic)
    }

    fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Self::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let (mut realm, mut service) = (None, String::new());
        for (key, value) in parameters(rest) {
            match key.as_str() {
                "realm" => realm = Some(value),
                "service" => service = value,
                _ => {}
            }
        }
        Some(Self::Bearer { realm: realm?, service })
    }
}

/// `key="value",key=value`: a quoted value may hold commas, and quotes behind a backslash.
fn parameters(text: &str) -> Vec<(String, String)> {
    let (mut found, mut rest) = (Vec::new(), text.trim());
    while let Some((key, after)) = rest.split_once('=') {
        let mut value = String::new();
        let end = if let Some(quoted) = after.strip_prefix('"') {
            let (mut escaped, mut end) = (false, after.len());
            for (at, c) in quoted.char_indices() {
                match c {
                    '\\' if !escaped => escaped = true,
                    '"' if !escaped => {
                        end = at + 2;
                        break;
                    }
                    c => {
                        value.push(c);
                        escaped = false;
                    }
                }
            }
            end
        } else {
            let end = after.find(',').unwrap_or(after.len());
            after[..end].trim().clone_into(&mut value);
            end
        };
        found.push((key.trim_matches([',', ' ']).to_ascii_lowercase(), value));
        rest = &after[end..];
    }
    found
}

/// A value as a URL's query or a form has it.
pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_as_registries_make_them() {
        let bearer = |realm: &str, service: &str| {
            Some(Challenge::Bearer { realm: realm.to_owned(), service: service.to_owned() })
        };
        for (text, expected) in [
            (
                r#"Bearer realm="https://a/token",service="reg",scope="repository:x:pull,push""#,
                bearer("https://a/token", "reg"),
            ),
            (r#"bearer scope="a,b", realm="https://a/t?x=y" , service=reg"#, bearer("https://a/t?x=y", "reg")),
            (r#"Bearer realm="https://a/\"q\"""#, bearer("https://a/\"q\"", "")),
            (r#"Bearer service="reg""#, None),
            (r#"Bearer realm="unended"#, bearer("unended", "")),
            ("Basic realm=\"x\"", Some(Challenge::Basic)),
            ("basic", Some(Challenge::Basic)),
            ("Negotiate", None),
            ("", None),
        ] {
            assert_eq!(Challenge::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn a_token_is_preferred() {
        let mut headers = HeaderMap::new();
        headers.append(WWW_AUTHENTICATE, "Basic realm=x".parse().unwrap());
        assert_eq!(Challenge::of(&headers), Some(Challenge::Basic));
        headers.append(WWW_AUTHENTICATE, "Bearer realm=x".parse().unwrap());
        assert!(matches!(Challenge::of(&headers), Some(Challenge::Bearer { .. })));
    }
}
