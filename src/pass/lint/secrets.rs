//! Keys and passwords that everybody who may look at a service can read.

use super::{Subject, Told};

/// Parts of a variable's name that say what its value is.
const WORDS: [&str; 11] = [
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "PASS",
    "PWD",
    "TOKEN",
    "SECRET",
    "APIKEY",
    "CREDENTIAL",
    "CREDENTIALS",
    "PAT",
];

pub(super) fn look(subject: &Subject<'_>, told: &mut Told) {
    let told_by_name = |(name, value): &&(String, String)| secret(name) && holds(value);
    let names: Vec<String> =
        subject.view.env.iter().filter(told_by_name).map(|(name, _)| format!("`{name}`")).collect();
    if !names.is_empty() {
        let text = format!(
            "{} in its environment: whoever may look at the service, or at one of its containers, can read the value; use a \
             secret, and {}_FILE where its image takes that",
            names.join(", "),
            names[0].trim_matches('`')
        );
        told.push(("secret_in_env", text));
    }
}

fn secret(name: &str) -> bool {
    let name = name.to_uppercase();
    let parts: Vec<&str> = name.split(['_', '-', '.']).collect();
    let key = parts.len() > 1 && parts.last() == Some(&"KEY") && !name.contains("PUBLIC");
    parts.last() != Some(&"FILE")
        && name != "PWD"
        && name != "OLDPWD"
        && (key || parts.iter().any(|part| WORDS.contains(part)))
}

/// Whether it is a value at all: no switch, and no place where the value is.
fn holds(value: &str) -> bool {
    let switch = matches!(&*value.to_lowercase(), "" | "true" | "false" | "yes" | "no" | "on" | "off" | "0" | "1");
    !switch && !value.starts_with("/run/secrets/") && !value.contains("{{")
}
