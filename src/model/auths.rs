//! Credentials for registries, ready to be sent to the engine.

use std::collections::BTreeMap;
use std::fmt;

/// By registry, what goes into `X-Registry-Auth`. Shows in no message, no log and no `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Auths(BTreeMap<String, String>);

impl Auths {
    /// Keeps what is to be sent for this registry.
    pub fn insert(&mut self, registry: String, header: String) {
        self.0.insert(registry, header);
    }

    /// What is to be sent for an image, if anything is known.
    pub fn of(&self, image: &str) -> Option<&str> {
        self.0.get(registry_of(image)).map(String::as_str)
    }
}

impl fmt::Debug for Auths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The registry of an image, as docker reads it: the first part of its name, if that can be a host.
pub fn registry_of(image: &str) -> &str {
    match image.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => match host {
            "index.docker.io" => "docker.io",
            host => host,
        },
        _ => "docker.io",
    }
}

#[cfg(test)]
mod tests {
    use super::{Auths, registry_of};

    #[test]
    fn registries_are_read_as_docker_does() {
        for (image, registry) in [
            ("nginx:1", "docker.io"),
            ("team/app", "docker.io"),
            ("index.docker.io/library/nginx", "docker.io"),
            ("localhost/app", "localhost"),
            ("reg:5000/a/b:1@sha256:ff", "reg:5000"),
            ("ghcr.io/a/b", "ghcr.io"),
        ] {
            assert_eq!(registry_of(image), registry, "{image}");
        }
    }

    #[test]
    fn credentials_show_nowhere() {
        let mut auths = Auths::default();
        auths.insert("reg:5000".to_owned(), "c2VjcmV0".to_owned());
        assert_eq!(auths.of("reg:5000/app:1"), Some("c2VjcmV0"));
        assert_eq!(auths.of("other/app:1"), None);
        assert!(!format!("{auths:?}").contains("c2VjcmV0"));
    }
}
