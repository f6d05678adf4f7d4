//! A short name for a spec, to tell whether it is still the one that a plan was made on.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::redact;

/// The SHA-256 of a spec in its canonical form, as hex. Values that may be secret don't count: they are not in a saved
/// snapshot either, and a plan made on that must name the same spec. Whoever changes them gets new tasks, which shows.
pub fn of_spec(spec: &Value) -> String {
    let mut spec = spec.clone();
    redact::redact(&mut spec);
    spec.sort_all_objects();
    let digest = Sha256::digest(spec.to_string());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::of_spec;

    #[test]
    fn order_and_secrets_don_t_count_and_the_rest_does() {
        let env = |value: &str| json!({"TaskTemplate": {"ContainerSpec": {"Env": [format!("PASSWORD={value}")]}}});
        assert_eq!(of_spec(&env("a")), of_spec(&env("b")));
        let mut redacted = env("a");
        crate::redact::redact(&mut redacted);
        assert_eq!(of_spec(&env("a")), of_spec(&redacted));
        assert_eq!(of_spec(&json!({"a": 1, "b": {"c": 2, "d": 3}})), of_spec(&json!({"b": {"d": 3, "c": 2}, "a": 1})));
        assert_ne!(of_spec(&json!({"a": 1})), of_spec(&json!({"a": 2})));
    }
}
