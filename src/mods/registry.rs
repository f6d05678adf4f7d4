//! Images by the registry API, version 2: just as much of it as fetching a mod's layers needs.

use http::header::{ACCEPT, AUTHORIZATION};
use http::{HeaderMap, HeaderValue};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::net::{Allowed, Answer, Fault, Net, lasting};
use crate::metrics::url::Url;

const MANIFESTS: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json, \
                         application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json";
/// Manifests and tokens are small.
const LARGEST: usize = 4 << 20;

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

/// What an image consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// Of its manifest, `sha256:...`: another one is another image.
    pub digest: String,
    /// Lowest first.
    pub layers: Vec<Layer>,
}

/// A layer of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// Hexadecimal digits.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Manifest {
    manifests: Vec<Entry>,
    layers: Vec<Entry>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    digest: String,
    size: u64,
    platform: Platform,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Platform {
    os: String,
    architecture: String,
}

impl Image {
    /// Reads `linuxserver/mods:tag`, `ghcr.io/a/b`, `host:5000/a@sha256:...`, with the docker CLI's defaults.
    ///
    /// # Errors
    /// What is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no reference of an image");
        let (registry, rest) = match text.split_once('/') {
            Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => (host, rest.to_owned()),
            Some(_) => ("docker.io", text.to_owned()),
            None => ("docker.io", format!("library/{text}")),
        };
        let (repository, reference) = if let Some((repository, digest)) = rest.split_once('@') {
            let hex = digest.strip_prefix("sha256:").ok_or_else(wrong)?;
            if hex.len() != 64 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(wrong());
            }
            (repository.split_once(':').map_or(repository, |(repository, _)| repository), digest)
        } else {
            rest.split_once(':').unwrap_or((&rest, "latest"))
        };
        let part = |part: &str| {
            !part.is_empty()
                && part.starts_with(|c: char| c.is_ascii_alphanumeric())
                && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c))
        };
        let tag = |c: char| c.is_ascii_alphanumeric() || "._-:".contains(c);
        if !repository.split('/').all(part)
            || reference.is_empty()
            || reference.len() > 135
            || !reference.chars().all(tag)
        {
            return Err(wrong());
        }
        let registry = registry.to_owned();
        Ok(Self { registry, repository: repository.to_owned(), reference: reference.to_owned() })
    }

    /// What it is called in the cache directory.
    pub fn name(&self) -> String {
        self.to_string().replace(['/', ':', '@'], "_")
    }

    /// The manifest's digest, where the reference says it.
    pub fn pinned(&self) -> Option<&str> {
        self.reference.strip_prefix("sha256:").map(|_| self.reference.as_str())
    }

    fn url(&self, insecure: &[String], rest: &str) -> Result<Url, Fault> {
        // Its registry has another name than its images.
        let host = if self.registry == "docker.io" { "registry-1.docker.io" } else { &self.registry };
        let scheme = if insecure.contains(&self.registry) { "http" } else { "https" };
        let text = format!("{scheme}://{host}/v2/{}/{rest}", self.repository);
        Url::parse(&text, 443).map_err(|why| lasting(format!("`{self}`: the registry {why}")))
    }
}

impl std::fmt::Display for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.pinned().is_some() { '@' } else { ':' };
        write!(f, "{}/{}{sign}{}", self.registry, self.repository, self.reference)
    }
}

/// A registry that is asked about one image.
pub(super) struct Registry<'a> {
    pub(super) net: &'a Net,
    pub(super) allowed: Allowed<'a>,
    /// Registries that speak plain HTTP.
    pub(super) insecure: &'a [String],
    pub(super) until: Instant,
}

impl Registry<'_> {
    /// What the image consists of on this machine's platform, and the headers that its layers need.
    pub(super) async fn parts(&self, image: &Image) -> Result<(Parts, HeaderMap), Fault> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(MANIFESTS));
        let (digest, manifest) = self.manifest(image, &image.reference, &mut headers).await?;
        let manifest = if manifest.manifests.is_empty() {
            manifest
        } else {
            let wanted = platform(&manifest.manifests)
                .ok_or_else(|| lasting(format!("`{image}` is not there for {}", std::env::consts::ARCH)))?;
            self.manifest(image, &wanted.digest.clone(), &mut headers).await?.1
        };
        let layer = |entry: &Entry| {
            let sha256 = entry.digest.strip_prefix("sha256:").filter(|hex| hex.len() == 64).map(str::to_owned);
            let sha256 = sha256.ok_or_else(|| lasting(format!("`{image}` has a layer without a SHA-256 digest")))?;
            Ok(Layer { sha256, size: entry.size })
        };
        let layers: Vec<Layer> = manifest.layers.iter().map(layer).collect::<Result<_, _>>()?;
        if layers.is_empty() {
            return Err(lasting(format!("`{image}` has no layers")));
        }
        headers.remove(ACCEPT);
        Ok((Parts { digest, layers }, headers))
    }

    /// Where a layer is.
    pub(super) fn blob(&self, image: &Image, layer: &Layer) -> Result<Url, Fault> {
        image.url(self.insecure, &format!("blobs/sha256:{}", layer.sha256))
    }

    async fn manifest(
        &self,
        image: &Image,
        reference: &str,
        headers: &mut HeaderMap,
    ) -> Result<(String, Manifest), Fault> {
        let url = image.url(self.insecure, &format!("manifests/{reference}"))?;
        let mut answer = self.net.get(&url, headers, self.allowed, self.until).await?;
        if answer.status == 401 && !headers.contains_key(AUTHORIZATION) {
            let token = self.token(image, &answer).await?;
            headers.insert(AUTHORIZATION, token);
            answer = self.net.get(&url, headers, self.allowed, self.until).await?;
        }
        check(&answer, &format!("`{image}`"))?;
        let body = answer.bytes(LARGEST, self.until).await?;
        let digest = format!("sha256:{}", hex(&Sha256::digest(&body)));
        if reference.starts_with("sha256:") && reference != digest {
            return Err(lasting(format!("the registry's answer for `{image}` is not what its digest says")));
        }
        let manifest = serde_json::from_slice(&body)
            .map_err(|error| lasting(format!("the manifest of `{image}` can't be read: {error}")))?;
        Ok((digest, manifest))
    }

    /// A token for everybody, from whom the registry names.
    async fn token(&self, image: &Image, answer: &Answer) -> Result<HeaderValue, Fault> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Token {
            token: String,
            access_token: String,
        }
        let refused = || lasting(format!("`{image}` is not open to everybody, or not there"));
        let challenge =
            answer.header("www-authenticate").and_then(|text| text.strip_prefix("Bearer ")).ok_or_else(refused)?;
        let part = |key: &str| {
            let start = challenge.find(&format!("{key}=\""))? + key.len() + 2;
            challenge[start..].split('"').next()
        };
        let realm = part("realm").ok_or_else(refused)?;
        let scope = format!("repository:{}:pull", image.repository);
        let encode =
            |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let sign = if realm.contains('?') { '&' } else { '?' };
        let url =
            format!("{realm}{sign}service={}&scope={}", encode(part("service").unwrap_or_default()), encode(&scope));
        let url = Url::parse(&url, 443).map_err(|why| lasting(format!("`{image}`: the registry's realm {why}")))?;
        if !url.secure && !self.insecure.contains(&image.registry) {
            return Err(lasting(format!("`{image}`: the registry wants a token from {url}, which is not encrypted")));
        }
        let answer = self.net.get(&url, &HeaderMap::new(), self.allowed, self.until).await?;
        check(&answer, &format!("the token for `{image}`"))?;
        let body = answer.bytes(LARGEST, self.until).await?;
        let token: Token = serde_json::from_slice(&body).map_err(|_| refused())?;
        let token = if token.token.is_empty() { token.access_token } else { token.token };
        let mut value = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| refused())?;
        value.set_sensitive(true);
        Ok(value)
    }
}

/// The image for this machine; where none is marked for it, one that is marked for nobody in particular.
fn platform(manifests: &[Entry]) -> Option<&Entry> {
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let own = |entry: &&Entry| entry.platform.os == "linux" && entry.platform.architecture == architecture;
    let any = |entry: &&Entry| entry.platform.architecture.is_empty();
    manifests.iter().find(own).or_else(|| manifests.iter().find(any))
}

/// What a status that is no success means for another try.
pub(super) fn check(answer: &Answer, what: &str) -> Result<(), Fault> {
    let text = || format!("{what}: {} answered {}", answer.url, answer.status);
    match answer.status {
        200..=299 => Ok(()),
        408 | 425 | 429 | 500..=599 => {
            let wait = answer.header("retry-after").and_then(|text| text.trim().parse().ok());
            Err(Fault::Passing(text(), wait.map(std::time::Duration::from_secs)))
        }
        _ => Err(lasting(text())),
    }
}

/// Hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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
            ("ghcr.io/linuxserver/mods:a", "ghcr.io/linuxserver/mods:a"),
            ("10.0.0.1:5000/m/n:t", "10.0.0.1:5000/m/n:t"),
            ("localhost/m", "localhost/m:latest"),
            (&format!("ghcr.io/a/b:t@{digest}"), &format!("ghcr.io/a/b@{digest}")),
        ] {
            assert_eq!(Image::parse(text).unwrap().to_string(), shown, "{text}");
        }
        for text in ["", "a/../b", "A/b", "a/b:", "a/b@sha256:1", "a//b", "ghcr.io/", "a/b:t g", "a/-b"] {
            assert!(Image::parse(text).is_err(), "{text}");
        }
        assert_eq!(Image::parse("host:5000/a/b:c").unwrap().name(), "host_5000_a_b_c");
    }
}
