//! When credentials are over, as far as they say it themselves.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::Deserialize;

/// Seconds since 1970.
#[derive(Deserialize)]
struct Said {
    /// A token as of RFC 7519,
    exp: Option<f64>,
    /// and a password of Amazon's registry.
    expiration: Option<f64>,
}

/// When a password or token ends; none where it doesn't say so.
pub(super) fn expires(word: &str) -> Option<Timestamp> {
    let parts: Vec<&str> = word.split('.').collect();
    let document = match parts.as_slice() {
        [_, claims, _] => BASE64_URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?,
        [whole] => BASE64_STANDARD.decode(whole).or_else(|_| BASE64_STANDARD_NO_PAD.decode(whole)).ok()?,
        _ => return None,
    };
    let said: Said = serde_json::from_slice(&document).ok()?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float beyond is cut to the last second there is, which is none"
    )]
    let seconds = said.exp.or(said.expiration)? as i64;
    Timestamp::from_second(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_passwords_that_say_when_they_end() {
        let token = |claims: &str| format!("e30.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(claims));
        let amazon =
            BASE64_STANDARD.encode(r#"{"payload":"x","version":"2","type":"DATA_KEY","expiration":1795312800}"#);
        for (word, expected) in [
            (token(r#"{"exp":1795312800,"sub":"x"}"#), Some("2026-11-22T02:00:00Z")),
            (token(r#"{"exp":1795312800.5}"#), Some("2026-11-22T02:00:00Z")),
            (amazon, Some("2026-11-22T02:00:00Z")),
            (token(r#"{"sub":"x"}"#), None),
            (token(r#"{"exp":1e300}"#), None),
            (token("no json"), None),
            ("a.b".to_owned(), None),
            ("hunter2".to_owned(), None),
            ("aHVudGVyMg==".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(expires(&word).map(|at| at.to_string()).as_deref(), expected, "{word}");
        }
    }
}
