//! Which image, in which registry; and which registries speak plain HTTP.

use std::fmt;
use std::net::IpAddr;

use serde_json::Value;

use super::is_digest;
use super::net::{Fault, lasting};
use crate::metrics::url::Url;
use crate::model::Reference;
use crate::settings::Network;

/// The registry that needs no name.
pub const DOCKER_HUB: &str = "docker.io";

/// Which image, in which registry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Image {
    /// `host` or `host:port` of the registry.
    pub registry: String,
    /// Repository.
    pub repository: String,
    /// Tag, or `sha256:...`.
    pub reference: String,
}

impl Image {
    /// Reads `linuxserver/mods:tag`, `ghcr.io/a/b`, `host:5000/a@sha256:...`, with the docker CLI's defaults.
    ///
    /// # Errors
    /// What is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no reference of an image");
        let name = Reference::parse(text);
        let (registry, repository) = (name.registry().to_owned(), name.path());
        let reference = match (name.digest, name.tag) {
            (Some(digest), _) => Some(digest).filter(|digest| is_digest(digest)).ok_or_else(wrong)?,
            (None, tag) => tag.filter(|tag| is_tag(tag)).ok_or_else(wrong)?,
        };
        if !is_repository(&repository) {
            return Err(wrong());
        }
        Ok(Self { registry, repository, reference })
    }

    /// What it is called in the cache directory.
    pub fn name(&self) -> String {
        self.to_string().replace(['/', ':', '@'], "_")
    }

    /// The manifest's digest, where the reference says it.
    pub fn pinned(&self) -> Option<&str> {
        self.reference.strip_prefix("sha256:").map(|_| self.reference.as_str())
    }
}

/// Whether something may be the name of a repository within its registry.
pub(crate) fn is_repository(text: &str) -> bool {
    text.split('/').all(|part| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric())
            && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c))
    })
}

/// Whether something may be a tag.
pub(crate) fn is_tag(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.pinned().is_some() { '@' } else { ':' };
        write!(f, "{}/{}{sign}{}", self.registry, self.repository, self.reference)
    }
}

/// Registries that speak plain HTTP.
#[derive(Debug, Clone, Default)]
pub struct Plain {
    /// By name, as images name them.
    pub names: Vec<String>,
    /// By address, for those that images name by their address.
    pub networks: Vec<Network>,
}

impl Plain {
    /// What an engine says of itself (`RegistryConfig` of `GET /info`), and all of its own host.
    pub fn of_engine(config: &Value) -> Self {
        let own = config["InsecureRegistryCIDRs"].as_array().map_or(&[][..], Vec::as_slice);
        let local = ["127.0.0.0/8", "::1/128"].into_iter();
        let networks = own.iter().filter_map(Value::as_str).chain(local).filter_map(Network::parse).collect();
        let indexes = config["IndexConfigs"].as_object().into_iter().flatten();
        let insecure = indexes.filter(|(_, index)| index["Secure"] == false).map(|(name, _)| name.clone());
        Self { names: insecure.collect(), networks }
    }

    /// Whether this one does.
    pub fn has(&self, registry: &str) -> bool {
        let host = registry.rsplit_once(':').map_or(registry, |(host, _)| host);
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let address = if host == "localhost" { "127.0.0.1" } else { host };
        let address = address.parse::<IpAddr>().ok();
        self.names.iter().any(|name| name == registry)
            || address.is_some_and(|address| self.networks.iter().any(|network| network.contains(address)))
    }

    /// A place in a registry's API.
    pub(crate) fn url(&self, registry: &str, rest: &str) -> Result<Url, Fault> {
        // Its registry has another name than its images.
        let host = if registry == DOCKER_HUB { "registry-1.docker.io" } else { registry };
        let scheme = if self.has(registry) { "http" } else { "https" };
        Url::parse(&format!("{scheme}://{host}/v2/{rest}"), 443)
            .map_err(|why| lasting(format!("the registry `{registry}` {why}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_as_docker_reads_them() {
        let digest = format!("sha256:{}", "a".repeat(64));
        for (text, shown) in [
            ("linuxserver/mods:web-x", "docker.io/linuxserver/mods:web-x"),
            ("mods", "docker.io/library/mods:latest"),
            ("docker.io/mods", "docker.io/library/mods:latest"),
            ("ghcr.io/linuxserver/mods:a", "ghcr.io/linuxserver/mods:a"),
            ("10.0.0.1:5000/m/n:t", "10.0.0.1:5000/m/n:t"),
            ("localhost/m", "localhost/m:latest"),
            (&format!("ghcr.io/a/b:t@{digest}"), &format!("ghcr.io/a/b@{digest}")),
        ] {
            assert_eq!(Image::parse(text).unwrap().to_string(), shown, "{text}");
        }
        assert!(Image::parse(&format!("a/b@sha256:{}", "A".repeat(64))).is_err(), "docker refuses it, too");
        for text in ["", "a/../b", "A/b", "a/b:", "a/b@sha256:1", "a//b", "ghcr.io/", "a/b:t g", "a/-b"] {
            assert!(Image::parse(text).is_err(), "{text}");
        }
        assert_eq!(Image::parse("host:5000/a/b:c").unwrap().name(), "host_5000_a_b_c");
    }

    #[test]
    fn plain_registries_by_name_and_by_network() {
        let networks = ["127.0.0.0/8", "::1/128"].into_iter().filter_map(Network::parse).collect();
        let plain = Plain { names: vec!["reg:5000".to_owned()], networks };
        for (registry, is) in [
            ("reg:5000", true),
            ("reg", false),
            ("127.0.0.1:5000", true),
            ("localhost:5000", true),
            ("localhost", true),
            ("[::1]:5000", true),
            ("10.0.0.1:5000", false),
            ("ghcr.io", false),
        ] {
            assert_eq!(plain.has(registry), is, "{registry}");
        }
    }
}
