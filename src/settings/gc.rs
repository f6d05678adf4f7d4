//! `gc:`: what may go from a node's disk, and what must stay.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Origin;
use super::de::Spanned;
use super::fragment::{Percent, Span};
use super::problem::Log;
use super::section::Section;
use super::show::span;

/// `gc:`.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gc {
    /// What is younger stays.
    pub grace: Duration,
    /// The newest so many images of each repository stay.
    pub keep_images: u32,
    /// While a node has no more images than this, all of them stay.
    pub min_images: u32,
    /// Stopped containers may go.
    pub containers: bool,
    /// Unused images may go.
    pub images: bool,
    /// Build cache may go.
    pub build_cache: bool,
    /// Unused networks may go.
    pub networks: bool,
    /// Unused anonymous volumes may go.
    pub volumes: bool,
    /// Patterns of what stays, by the name of the object.
    pub exclude: Exclude,
    /// Only nodes act whose disk is used more than this, a part of 1.
    pub when_disk_above: Option<f64>,
    /// Nodes worked on at a time.
    pub parallel: u32,
    /// How `--via service` runs on the nodes.
    pub service: GcService,
    /// `$GC_DRY_RUN`: plan only.
    pub dry_run: bool,
}

/// `gc.service:`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GcService {
    /// An image that has orca in its `PATH`.
    pub image: Option<String>,
    /// The engine's socket on each node; what swarm's templates know may stand in it, as `{{.Node.Hostname}}`.
    pub socket: String,
}

impl Default for GcService {
    fn default() -> Self {
        Self { image: None, socket: "/var/run/docker.sock".to_owned() }
    }
}

/// `gc.exclude:`; `*` and `?` stand for any text and any character.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exclude {
    /// Container names.
    pub containers: Vec<String>,
    /// Image references.
    pub images: Vec<String>,
    /// Volume names.
    pub volumes: Vec<String>,
    /// Network names.
    pub networks: Vec<String>,
}

impl Default for Gc {
    fn default() -> Self {
        Self {
            grace: Duration::from_secs(3 * 3600),
            keep_images: 0,
            min_images: 0,
            containers: true,
            images: true,
            build_cache: true,
            networks: true,
            volumes: false,
            exclude: Exclude::default(),
            when_disk_above: None,
            parallel: 4,
            service: GcService::default(),
            dry_run: false,
        }
    }
}

/// Freeing disk space on nodes without hurting a service.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GcEntry {
    /// Leave alone what is younger than this; default `$GC_GRACE_PERIOD_SECONDS`, else `3h`.
    grace: Option<Spanned<Span>>,
    /// Keep the newest so many images of each repository, used or not; default 0.
    keep_images: Option<Spanned<u32>>,
    /// Leave all images alone while a node has no more than this; default `$GC_MINIMUM_IMAGES_TO_SAVE`, else 0.
    min_images: Option<Spanned<u32>>,
    /// Remove stopped containers; default `$GC_FORCE_CONTAINER_REMOVAL`, else true.
    containers: Option<Spanned<bool>>,
    /// Remove unused images; default `$GC_FORCE_IMAGE_REMOVAL`, else true.
    images: Option<Spanned<bool>>,
    /// Remove build cache that nothing has used for `grace`; default true.
    build_cache: Option<Spanned<bool>>,
    /// Remove unused networks of a node; default true.
    networks: Option<Spanned<bool>>,
    /// Remove unused anonymous volumes; default `$GC_CLEAN_UP_VOLUMES`, else false. Named ones go by `--volume NAME` only.
    volumes: Option<Spanned<bool>>,
    /// What stays in any case.
    exclude: Option<ExcludeEntry>,
    /// Act only on nodes whose disk is used more than this, in percent; default is to act always.
    when_disk_above: Option<Percent>,
    /// Work on so many nodes at a time; default 4.
    parallel: Option<Spanned<u32>>,
    /// What `--via service` runs on the nodes.
    service: Option<ServiceEntry>,
}

/// What `orca gc --via service` runs on the nodes.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ServiceEntry {
    /// An image that has orca in its `PATH`, and that every node has or can pull.
    image: Option<Spanned<String>>,
    /// The engine's socket on each node, in which `{{.Node.Hostname}}` may stand; default `/var/run/docker.sock`.
    socket: Option<Spanned<String>>,
}

/// Patterns of names that stay; `*` stands for any text, `?` for any one character.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ExcludeEntry {
    /// Container names.
    containers: Option<Vec<Spanned<String>>>,
    /// Image references, with or without tag, as `registry.example.org/base*`.
    images: Option<Vec<Spanned<String>>>,
    /// Volume names.
    volumes: Option<Vec<Spanned<String>>>,
    /// Network names.
    networks: Option<Vec<Spanned<String>>>,
}

/// Lays what is written, and Orcastra's variables, over what is built in.
pub(super) fn resolve(
    entry: Option<&GcEntry>,
    env: &BTreeMap<String, String>,
    origins: &mut BTreeMap<String, Origin>,
    log: &mut Log<'_>,
) -> Gc {
    let mut gc = Gc::default();
    let none = GcEntry::default();
    let entry = entry.unwrap_or(&none);
    let mut section = Section { name: "gc", env, origins, log };
    section.span("grace", entry.grace.as_ref(), "GC_GRACE_PERIOD_SECONDS", &mut gc.grace);
    section.number("keep_images", entry.keep_images.as_ref(), "", &mut gc.keep_images);
    section.number("min_images", entry.min_images.as_ref(), "GC_MINIMUM_IMAGES_TO_SAVE", &mut gc.min_images);
    section.flag("containers", entry.containers.as_ref(), "GC_FORCE_CONTAINER_REMOVAL", &mut gc.containers);
    section.flag("images", entry.images.as_ref(), "GC_FORCE_IMAGE_REMOVAL", &mut gc.images);
    section.flag("build_cache", entry.build_cache.as_ref(), "", &mut gc.build_cache);
    section.flag("networks", entry.networks.as_ref(), "", &mut gc.networks);
    section.flag("volumes", entry.volumes.as_ref(), "GC_CLEAN_UP_VOLUMES", &mut gc.volumes);
    if let Some(exclude) = &entry.exclude {
        section.patterns("exclude.containers", exclude.containers.as_ref(), &mut gc.exclude.containers);
        section.patterns("exclude.images", exclude.images.as_ref(), &mut gc.exclude.images);
        section.patterns("exclude.volumes", exclude.volumes.as_ref(), &mut gc.exclude.volumes);
        section.patterns("exclude.networks", exclude.networks.as_ref(), &mut gc.exclude.networks);
    }
    section.percent("when_disk_above", entry.when_disk_above.as_ref(), &mut gc.when_disk_above);
    section.number("parallel", entry.parallel.as_ref(), "", &mut gc.parallel);
    if let Some(parallel) = entry.parallel.as_ref().filter(|parallel| parallel.value == 0) {
        section.log.at(parallel.mark, "gc.parallel must be at least 1, not 0");
    }
    let service = entry.service.clone().unwrap_or_default();
    if let Some(image) = section.word("service.image", service.image.as_ref()) {
        gc.service.image = Some(image);
    }
    gc.service.socket = section.word("service.socket", service.socket.as_ref()).unwrap_or(gc.service.socket);
    section.flag("dry_run", None, "GC_DRY_RUN", &mut gc.dry_run);
    gc
}

impl Gc {
    /// The section's effective values by key, as the file would have them.
    pub(super) fn shown(&self) -> Vec<(&'static str, Value)> {
        let mut shown = vec![
            ("grace", json!(span(self.grace))),
            ("keep_images", json!(self.keep_images)),
            ("min_images", json!(self.min_images)),
            ("containers", json!(self.containers)),
            ("images", json!(self.images)),
            ("build_cache", json!(self.build_cache)),
            ("networks", json!(self.networks)),
            ("volumes", json!(self.volumes)),
        ];
        let lists = [
            ("exclude.containers", &self.exclude.containers),
            ("exclude.images", &self.exclude.images),
            ("exclude.volumes", &self.exclude.volumes),
            ("exclude.networks", &self.exclude.networks),
        ];
        shown.extend(lists.into_iter().filter(|(_, list)| !list.is_empty()).map(|(key, list)| (key, json!(list))));
        shown.extend(self.when_disk_above.map(|share| ("when_disk_above", super::show::percent(share))));
        shown.push(("parallel", json!(self.parallel)));
        shown.extend(self.service.image.as_ref().map(|image| ("service.image", json!(image))));
        shown.push(("service.socket", json!(self.service.socket)));
        shown
    }
}
