//! Query strings and the engine's `filters` parameter.

use std::collections::BTreeMap;

use serde_json::Value;

use super::refusal::Refusal;

/// A decoded query string.
#[derive(Debug, Clone, Default)]
pub(super) struct Query(BTreeMap<String, String>);

impl Query {
    /// Decodes `a=b&c=d`.
    pub fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        Self(
            pairs
                .map(|pair| {
                    let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (decode(&key.replace('+', " ")), decode(&value.replace('+', " ")))
                })
                .collect(),
        )
    }

    /// The value of a key, empty when it is absent.
    pub fn get(&self, key: &str) -> &str {
        self.0.get(key).map_or("", String::as_str)
    }

    /// A flag as the engine reads it: anything but these words is true.
    pub fn flag(&self, key: &str) -> bool {
        !matches!(self.get(key).trim().to_ascii_lowercase().as_str(), "" | "0" | "no" | "false" | "none")
    }

    /// The `filters` parameter; keys outside `allowed` are refused.
    pub fn filters(&self, allowed: &[&str]) -> Result<Filters, Refusal> {
        let text = self.get("filters");
        if text.is_empty() {
            return Ok(Filters::default());
        }
        let tree: BTreeMap<String, Value> =
            serde_json::from_str(text).map_err(|error| Refusal::new(400, format!("invalid filter: {error}")))?;
        let mut filters = BTreeMap::new();
        for (key, value) in tree {
            if !allowed.contains(&key.as_str()) {
                return Err(Refusal::new(400, format!("invalid filter '{key}'")));
            }
            // Two forms are in use: a list, and a map of value to true.
            let values: Vec<String> = match value {
                Value::Array(items) => items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect(),
                Value::Object(map) => map.keys().cloned().collect(),
                _ => return Err(Refusal::new(400, format!("invalid filter '{key}'"))),
            };
            filters.insert(key, values);
        }
        Ok(Filters(filters))
    }
}

/// Decoded filters: every key must match, by any one of its values.
#[derive(Debug, Clone, Default)]
pub(super) struct Filters(BTreeMap<String, Vec<String>>);

impl Filters {
    /// The values of a key; empty when it doesn't filter.
    pub fn of(&self, key: &str) -> &[String] {
        self.0.get(key).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether `have` is one of the key's values, or the key doesn't filter.
    pub fn exact(&self, key: &str, have: &str) -> bool {
        self.of(key).is_empty() || self.of(key).iter().any(|want| want == have)
    }

    /// Whether `have` begins with one of the key's values, or the key doesn't filter.
    pub fn prefix(&self, key: &str, have: &str) -> bool {
        self.of(key).is_empty() || self.of(key).iter().any(|want| have.starts_with(want.as_str()))
    }

    /// Whether all of the key's `label` or `label=value` conditions hold.
    pub fn labels(&self, key: &str, have: &BTreeMap<String, String>) -> bool {
        self.of(key).iter().all(|want| match want.split_once('=') {
            Some((label, value)) => have.get(label).is_some_and(|have| have == value),
            None => have.contains_key(want),
        })
    }
}

/// Undoes percent-encoding; what isn't valid stays as it is.
pub(super) fn decode(text: &str) -> String {
    let hex = |byte: u8| char::from(byte).to_digit(16);
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if let [b'%', high, low, ..] = bytes[at..]
            && let (Some(high), Some(low)) = (hex(high), hex(low))
        {
            out.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_filter_forms_are_read() {
        for text in ["filters=%7B%22name%22%3A%5B%22a%20b%22%5D%7D", r#"filters={"name":{"a b":true}}"#] {
            let filters = Query::parse(text).filters(&["name"]).unwrap();
            assert_eq!(filters.of("name"), ["a b"]);
        }
        assert_eq!(
            Query::parse(r#"filters={"nmae":["x"]}"#).filters(&["name"]).unwrap_err().message,
            "invalid filter 'nmae'"
        );
        assert_eq!(Query::parse("filters={").filters(&[]).unwrap_err().status, 400);
    }

    #[test]
    fn broken_encodings_stay() {
        assert_eq!(decode("a%2Fb%zz%4"), "a/b%zz%4");
    }
}
