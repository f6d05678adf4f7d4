//! What a registry answers for a tag: the manifest of one image, or an index of several.

use jiff::Timestamp;
use serde::Deserialize;

use super::{Platform, Unresolved};
use crate::model::or_default;

/// The forms that are asked for.
pub(super) const FORMS: &str = "application/vnd.oci.image.index.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.v2+json";

/// A manifest, or an index.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Manifest {
    /// Of its bytes, `sha256:...`.
    #[serde(skip)]
    pub(crate) digest: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) media_type: String,
    pub(crate) schema_version: u32,
    /// Of an index: its images.
    #[serde(deserialize_with = "or_default")]
    pub(crate) manifests: Vec<Entry>,
    /// Of an image: its config.
    pub(crate) config: Option<Entry>,
    /// Of an image: its layers, lowest first.
    #[serde(deserialize_with = "or_default")]
    pub(crate) layers: Vec<Entry>,
}

/// Something that a manifest refers to.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    #[serde(deserialize_with = "or_default")]
    pub(crate) digest: String,
    pub(crate) size: u64,
    #[serde(deserialize_with = "or_default")]
    pub(crate) platform: Platform,
}

/// What an image's config says of it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Config {
    #[serde(deserialize_with = "crate::model::timestamp")]
    pub(crate) created: Option<Timestamp>,
    #[serde(flatten)]
    pub(crate) platform: Platform,
}

impl Manifest {
    /// Reads an answer. `form` is its content type, as far as it was told.
    pub(super) fn read(digest: String, form: Option<&str>, body: &[u8]) -> Result<Self, Unresolved> {
        let form = form.and_then(|form| form.split(';').next()).unwrap_or_default().trim();
        let form_fits = form.is_empty() || form.ends_with("json") || form.ends_with("octet-stream");
        if !form_fits {
            return Err(Unresolved::odd(format!("the answer is `{form}`, which is no manifest")));
        }
        if form.ends_with("prettyjws") || form.ends_with("manifest.v1+json") && form.contains("docker") {
            return Err(old());
        }
        let manifest: Self = serde_json::from_slice(body)
            .map_err(|error| Unresolved::odd(format!("the manifest can't be read: {error}")))?;
        match (manifest.schema_version, manifest.manifests.is_empty() && manifest.config.is_none()) {
            (1, _) => Err(old()),
            (_, true) => Err(Unresolved::odd("the answer is neither a manifest nor an index")),
            _ => Ok(Self { digest, ..manifest }),
        }
    }

    /// It lists images of several platforms.
    pub(crate) fn is_index(&self) -> bool {
        !self.manifests.is_empty()
    }

    /// Of an index: the image for this machine; where none is marked for it, one that is marked for nobody in particular.
    pub(crate) fn of_this_machine(&self) -> Option<&Entry> {
        let architecture = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        let own = |entry: &&Entry| entry.platform.os == "linux" && entry.platform.architecture == architecture;
        let any = |entry: &&Entry| entry.platform.architecture.is_empty();
        self.manifests.iter().find(own).or_else(|| self.manifests.iter().find(any))
    }

    /// Bytes of everything that one image of it consists of, as they are sent.
    pub(crate) fn size(&self) -> u64 {
        self.layers.iter().chain(&self.config).map(|entry| entry.size).sum()
    }
}

impl Config {
    /// When the image was built. Builds that can be repeated say the beginning of the epoch, or of the calendar: that is
    /// no date.
    pub(crate) fn built(&self) -> Option<Timestamp> {
        self.created.filter(|created| created.as_second() > 24 * 3600)
    }
}

fn old() -> Unresolved {
    Unresolved::odd("the image has a manifest of the old schema 1, which engines of today don't run")
}
