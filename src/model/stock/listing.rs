//! What lies on a node, as the engine's lists write it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::{CacheRecord, Container, Image, Volume};
use crate::model::{or_default, timestamp};

/// `GET /system/df`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DiskUse {
    /// Bytes of all image layers, shared ones once.
    pub layers_size: u64,
    #[serde(deserialize_with = "or_default")]
    images: Vec<ImageView>,
    #[serde(deserialize_with = "or_default")]
    containers: Vec<ContainerView>,
    #[serde(deserialize_with = "or_default")]
    volumes: Vec<VolumeView>,
    /// The build cache.
    #[serde(deserialize_with = "or_default")]
    pub build_cache: Vec<CacheRecord>,
}

impl DiskUse {
    /// Images, sorted by name.
    pub fn images(&mut self) -> Vec<Image> {
        let mut images: Vec<Image> = std::mem::take(&mut self.images).into_iter().map(ImageView::image).collect();
        images.sort_by(|a, b| (a.name(), &a.id).cmp(&(b.name(), &b.id)));
        images
    }

    /// Containers, sorted by name.
    pub fn containers(&mut self) -> Vec<Container> {
        let views = std::mem::take(&mut self.containers).into_iter();
        let mut containers: Vec<Container> = views.map(ContainerView::container).collect();
        containers.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        containers
    }

    /// Volumes, sorted by name.
    pub fn volumes(&mut self) -> Vec<Volume> {
        let mut volumes: Vec<Volume> = std::mem::take(&mut self.volumes).into_iter().map(VolumeView::volume).collect();
        volumes.sort_by(|a, b| a.name.cmp(&b.name));
        volumes
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ImageView {
    id: String,
    parent_id: String,
    #[serde(deserialize_with = "or_default")]
    repo_tags: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    repo_digests: Vec<String>,
    created: i64,
    size: i64,
    shared_size: i64,
    #[serde(deserialize_with = "or_default")]
    labels: BTreeMap<String, String>,
}

impl ImageView {
    fn image(self) -> Image {
        let named = |names: Vec<String>| names.into_iter().filter(|name| !name.contains("<none>")).collect();
        Image {
            id: self.id,
            parent: self.parent_id,
            tags: named(self.repo_tags),
            digests: named(self.repo_digests),
            built: Timestamp::from_second(self.created).ok(),
            // -1 is "not computed".
            bytes: u64::try_from(self.size - self.shared_size.max(0)).unwrap_or_default(),
            labels: self.labels,
        }
    }
}

/// One element of `GET /containers/json`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ContainerView {
    id: String,
    #[serde(deserialize_with = "or_default")]
    names: Vec<String>,
    #[serde(rename = "ImageID")]
    image_id: String,
    image: String,
    created: i64,
    state: String,
    status: String,
    #[serde(deserialize_with = "or_default")]
    labels: BTreeMap<String, String>,
    size_rw: u64,
    #[serde(deserialize_with = "or_default")]
    mounts: Vec<MountView>,
    #[serde(deserialize_with = "or_default")]
    network_settings: NetworkSettings,
}

impl ContainerView {
    /// The container without what nobody asks for.
    pub fn container(self) -> Container {
        // Links give a container more names; its own is the one without a further slash.
        let own = self.names.iter().map(|name| name.trim_start_matches('/')).find(|name| !name.contains('/'));
        let name = own.unwrap_or(self.id.get(..12).unwrap_or(&self.id)).to_owned();
        let networks = self.network_settings.networks.into_iter();
        Container {
            name,
            id: self.id,
            image: self.image_id,
            image_name: self.image,
            created: Timestamp::from_second(self.created).ok(),
            state: self.state,
            status: self.status,
            labels: self.labels,
            bytes: self.size_rw,
            volumes: self.mounts.into_iter().map(|mount| mount.name).filter(|name| !name.is_empty()).collect(),
            networks: networks.flat_map(|(name, network)| [name, network.network_id]).collect(),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct MountView {
    name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct NetworkSettings {
    #[serde(deserialize_with = "or_default")]
    networks: BTreeMap<String, Endpoint>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Endpoint {
    #[serde(rename = "NetworkID")]
    network_id: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct VolumeView {
    name: String,
    driver: String,
    #[serde(deserialize_with = "timestamp")]
    created_at: Option<Timestamp>,
    #[serde(deserialize_with = "or_default")]
    labels: BTreeMap<String, String>,
    #[serde(deserialize_with = "or_default")]
    usage_data: Usage,
}

impl VolumeView {
    fn volume(self) -> Volume {
        Volume {
            name: self.name,
            driver: self.driver,
            created: self.created_at,
            labels: self.labels,
            bytes: u64::try_from(self.usage_data.size).ok(),
            // -1 is "not known": somebody's, then.
            users: u64::try_from(self.usage_data.ref_count).unwrap_or(1),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Usage {
    size: i64,
    ref_count: i64,
}

impl Default for Usage {
    fn default() -> Self {
        Self { size: -1, ref_count: -1 }
    }
}
