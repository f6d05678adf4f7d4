//! Takes values out of engine objects that may be secret, before they leave orca.

use serde_json::Value;

/// What stands where a value was.
pub const REDACTED: &str = "(redacted)";

/// Words in a key that say its value is secret (log drivers take tokens, volume drivers take passwords).
const SECRET_WORDS: [&str; 7] = ["password", "passwd", "token", "secret", "credential", "auth", "key"];

/// Lists of words that a program is started with: anything in them may be secret.
const COMMANDS: [&str; 3] = ["Args", "Command", "Test"];

/// Replaces env values, command lines, and values that look secret, in any engine object.
pub fn redact(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::Array(env) if key == "Env" => env.iter_mut().for_each(redact_env),
                    Value::Array(words) if COMMANDS.contains(&key.as_str()) => words.iter_mut().for_each(hide),
                    Value::String(text) if secret_key(key) => REDACTED.clone_into(text),
                    Value::String(text) => redact_text(text),
                    other => redact(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        Value::String(text) => redact_text(text),
        _ => {}
    }
}

/// A value as it may be shown. What it is, its key tells.
pub fn under(key: &str, value: &Value) -> Value {
    let mut wrapped = serde_json::json!({ key: value });
    redact(&mut wrapped);
    wrapped[key].take()
}

fn hide(value: &mut Value) {
    *value = REDACTED.into();
}

/// `NAME=value` keeps its name: which variables are set helps, what they are doesn't.
fn redact_env(entry: &mut Value) {
    if let Value::String(text) = entry
        && let Some((name, _)) = text.split_once('=')
    {
        *text = format!("{name}={REDACTED}");
    }
}

fn secret_key(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    // These name a secret, they don't hold it; and public keys are none. The docker CLI wants those to be base64, or it
    // can't list the nodes of a copy.
    let harmless = matches!(key.as_str(), "secretid" | "secretname") || key.contains("publickey");
    SECRET_WORDS.iter().any(|word| key.contains(word)) && !harmless
}

/// Mount options hold passwords in the middle: `addr=nas,username=u,password=p`. So do URLs: `http://u:p@proxy`.
fn redact_text(text: &mut String) {
    if text.contains('=') {
        let parts = text.split(',').map(|part| match part.split_once('=') {
            Some((key, _)) if secret_key(key) => format!("{key}={REDACTED}"),
            _ => part.to_owned(),
        });
        *text = parts.collect::<Vec<_>>().join(",");
    }
    let Some(start) = text.find("://").map(|at| at + 3) else { return };
    // A password may hold any of these itself: the last `@` before a blank ends it.
    let end = text[start..].find(char::is_whitespace).map_or(text.len(), |at| start + at);
    if let Some(at) = text[start..end].rfind('@')
        && text[start..start + at].contains(':')
    {
        text.replace_range(start..start + at, REDACTED);
    }
}

#[cfg(test)]
mod tests;
