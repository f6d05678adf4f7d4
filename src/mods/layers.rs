//! The layers of an image, for this machine's platform.

use http::HeaderMap;
use tokio::time::Instant;

use crate::metrics::url::Url;
use crate::registry::Image;
use crate::registry::client::{Client, Way};
use crate::registry::image::Plain;
use crate::registry::manifest::Entry;
use crate::registry::net::{Allowed, Answer, Fault, Net, lasting, retry_after};
use crate::registry::{Unresolved, Why, is_digest};

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

/// Registries that are asked for layers, without credentials.
pub(super) struct Registry<'a> {
    pub(super) net: &'a Net,
    pub(super) allowed: Allowed<'a>,
    pub(super) plain: Plain,
    pub(super) until: Instant,
}

impl Registry<'_> {
    /// What the image consists of on this machine's platform, and the headers that its layers need.
    pub(super) async fn parts(&self, image: &Image) -> Result<(Parts, HeaderMap), Fault> {
        let way = Way { net: self.net, allowed: Some(self.allowed), plain: &self.plain, until: self.until };
        let client = Client::pulling(way, image, None);
        let first = client.manifest(&image.reference).await?;
        let digest = first.digest.clone();
        let manifest = if first.is_index() {
            let wanted = first.of_this_machine();
            let wanted =
                wanted.ok_or_else(|| lasting(format!("`{image}` is not there for {}", std::env::consts::ARCH)))?;
            client.manifest(&wanted.digest).await?
        } else {
            first
        };
        let layer = |entry: &Entry| {
            let sha256 = entry.digest.strip_prefix("sha256:").filter(|_| is_digest(&entry.digest)).map(str::to_owned);
            let sha256 = sha256.ok_or_else(|| lasting(format!("`{image}` has a layer without a SHA-256 digest")))?;
            Ok(Layer { sha256, size: entry.size })
        };
        let layers: Vec<Layer> = manifest.layers.iter().map(layer).collect::<Result<_, Fault>>()?;
        if layers.is_empty() {
            return Err(lasting(format!("`{image}` has no layers")));
        }
        Ok((Parts { digest, layers }, client.authorisation()))
    }

    /// Where a layer is.
    pub(super) fn blob(&self, image: &Image, layer: &Layer) -> Result<Url, Fault> {
        self.plain.url(&image.registry, &format!("{}/blobs/sha256:{}", image.repository, layer.sha256))
    }
}

impl From<Unresolved> for Fault {
    fn from(unresolved: Unresolved) -> Self {
        match unresolved.why {
            Why::Unreachable => Self::Passing(unresolved.text, None),
            Why::Limited(wait) => Self::Passing(unresolved.text, wait),
            Why::NotFound | Why::Denied | Why::Odd => Self::Lasting(unresolved.text),
        }
    }
}

/// What a status that is no success means for another try.
pub(super) fn check(answer: &Answer, what: &str) -> Result<(), Fault> {
    let text = || format!("{what}: {} answered {}", answer.url, answer.status);
    match answer.status {
        200..=299 => Ok(()),
        408 | 425 | 429 | 500..=599 => Err(Fault::Passing(text(), retry_after(answer))),
        _ => Err(lasting(text())),
    }
}

/// Hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
