//! `registry:`: the registry that `orca registry` means, and which ones speak plain HTTP.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Origin;
use super::de::Spanned;
use super::problem::{Log, quoted};
use super::section::Section;
use crate::metrics::url::Url;

/// `registry:`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registry {
    /// The registry of names that have none, as `host` or `host:port`.
    pub default: Option<String>,
    /// Registries that speak plain HTTP.
    pub insecure: Vec<String>,
}

/// Registries of images, as `orca registry` asks them.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RegistryEntry {
    /// The registry of names that have none, as `host` or `host:port`.
    default: Option<Spanned<String>>,
    /// Registries, as `host` or `host:port`, that speak plain HTTP; those on the local host always may.
    insecure: Option<Vec<Spanned<String>>>,
}

/// Checks what is written.
pub(super) fn resolve(
    entry: Option<&RegistryEntry>,
    env: &BTreeMap<String, String>,
    origins: &mut BTreeMap<String, Origin>,
    log: &mut Log<'_>,
) -> Registry {
    let mut registry = Registry::default();
    let Some(entry) = entry else { return registry };
    let mut section = Section { name: "registry", env, origins, log };
    registry.default = section.word("default", entry.default.as_ref());
    section.patterns("insecure", entry.insecure.as_ref(), &mut registry.insecure);
    for (key, written) in entry
        .default
        .iter()
        .map(|written| ("default", written))
        .chain(entry.insecure.iter().flatten().map(|written| ("insecure", written)))
    {
        if !written.value.trim().is_empty() && !is_host(&written.value) {
            let text = format!(
                "registry.{key} must be a registry as host:5000 or registry.example.org, not {}",
                quoted(&written.value)
            );
            section.log.at(written.mark, text);
        }
    }
    registry
}

/// `host.name`, `host:port`, `[::1]:port`: what docker takes for a registry at the beginning of an image's name. A word
/// without a dot or a port is a user of Docker Hub there.
pub(crate) fn is_host(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_:[]".contains(c);
    let known = text.contains(['.', ':']) || text == "localhost";
    known && text.chars().all(plain) && Url::parse(&format!("https://{text}"), 443).is_ok()
}

impl Registry {
    /// The section's effective values by key, as the file would have them.
    pub(super) fn shown(&self) -> Vec<(&'static str, Value)> {
        let default = self.default.iter().map(|default| ("default", json!(default)));
        let insecure = (!self.insecure.is_empty()).then(|| ("insecure", json!(self.insecure)));
        default.chain(insecure).collect()
    }
}
