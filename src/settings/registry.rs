//! `registry:`: the registry that `orca registry` means, and which ones speak plain HTTP.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Origin;
use super::de::Spanned;
use super::fragment::Entries;
use super::policy::env_text;
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
    /// Folders with a `config.json` as docker's, by the name that labels of services may have.
    pub credentials: BTreeMap<String, PathBuf>,
}

/// Registries of images, as `orca registry` asks them.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RegistryEntry {
    /// The registry of names that have none, as `host` or `host:port`; default `$REGISTRY_URL`.
    default: Option<Spanned<String>>,
    /// Registries, as `host` or `host:port`, that speak plain HTTP; those on the local host always may.
    insecure: Option<Vec<Spanned<String>>>,
    /// Other credentials than those of docker's own config, by name: folders with a `config.json` as docker's. A service's
    /// label `orca.auth` (or `orca.update.auth`) names the ones for its image.
    credentials: Option<Entries<Spanned<String>>>,
}

/// Checks what is written.
pub(super) fn resolve(
    entry: Option<&RegistryEntry>,
    env: &BTreeMap<String, String>,
    origins: &mut BTreeMap<String, Origin>,
    log: &mut Log<'_>,
) -> Registry {
    let mut registry = Registry::default();
    let none = RegistryEntry::default();
    let entry = entry.unwrap_or(&none);
    let mut section = Section { name: "registry", env, origins, log };
    registry.default = section.word("default", entry.default.as_ref());
    section.patterns("insecure", entry.insecure.as_ref(), &mut registry.insecure);
    from_env(&mut section, &mut registry);
    for (name, folder) in entry.credentials.iter().flat_map(|named| &named.0) {
        section.came_from(&format!("credentials.{}", name.value), folder);
        let path = PathBuf::from(&folder.value);
        if !path.is_absolute() {
            let text = format!(
                "registry.credentials.{} must be the whole path of a folder, not {}",
                name.value,
                quoted(&folder.value)
            );
            section.log.at(folder.mark, text);
        }
        registry.credentials.insert(name.value.clone(), path);
    }
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

/// swarm-orchestrator's variable, which holds an address; of one with a path or a user the registry counts. Other tools use
/// that name too: what the file says makes it meaningless, whatever it is.
fn from_env(section: &mut Section<'_, '_>, registry: &mut Registry) {
    const VARIABLE: &str = "REGISTRY_URL";
    let Some(url) = env_text(section.env, VARIABLE).filter(|_| registry.default.is_none()) else { return };
    let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
    let place = rest.split('/').next().unwrap_or_default();
    // Before an `@` there may be a password.
    let host = place.rsplit('@').next().unwrap_or_default();
    if !is_host(host) || !matches!(scheme, "http" | "https") {
        let text = format!("must be a registry as http://host:5000 or registry.example.org, not {}", quoted(host));
        return section.log.env(VARIABLE, text);
    }
    registry.default = Some(host.to_owned());
    section.came_from_env("default", VARIABLE);
    if scheme == "http" && !registry.insecure.iter().any(|known| known == host) {
        registry.insecure.push(host.to_owned());
        section.came_from_env("insecure", VARIABLE);
    }
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
        let credentials = (!self.credentials.is_empty()).then(|| ("credentials", json!(self.credentials)));
        default.chain(insecure).chain(credentials).collect()
    }
}
