//! What the cluster needs of any node: images to start, roll back and reschedule with, and volumes. Never removed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::model::stock::Image;
use crate::model::{Reference, ServiceId, Task, TaskState};
use crate::snapshot::Snapshot;

/// What is known of the cluster that a node belongs to.
#[derive(Debug, Clone, Copy)]
pub enum Facts<'a> {
    /// The engine is in no swarm.
    Standalone,
    /// What its managers said.
    Known(&'a Keep),
    /// No manager could be asked, and why.
    Unknown(&'a str),
}

/// What the cluster needs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keep {
    /// `repository:tag`.
    tags: BTreeSet<(String, String)>,
    digests: BTreeSet<String>,
    /// Texts that may be (the beginning of) an image's id.
    ids: BTreeSet<String>,
    volumes: BTreeSet<String>,
    /// Names of volumes with a part that is different for each task.
    patterns: Vec<Vec<String>>,
    /// Tasks that have not ended.
    live: BTreeSet<String>,
    /// The last failure of each slot.
    failures: BTreeSet<String>,
}

impl Keep {
    /// Reads it from a snapshot with the ended tasks in it.
    pub fn of(cluster: &Snapshot) -> serde_json::Result<Self> {
        let mut keep = Self::default();
        for service in cluster.services.iter() {
            keep.service(&service.raw)?;
        }
        for task in cluster.tasks.iter() {
            if !task.ended() {
                keep.live.insert(task.id.0.clone());
                keep.image(&task.spec.container_spec.image);
            }
        }
        let mut last: BTreeMap<(&ServiceId, String), &Task> = BTreeMap::new();
        let failed = |task: &&Task| matches!(task.status.state, TaskState::Failed | TaskState::Rejected);
        for task in cluster.tasks.iter().filter(failed) {
            let known = last.entry((&task.service, task.place())).or_insert(task);
            let stamp = |task: &Task| task.status.timestamp.max(task.created_at);
            if stamp(known) < stamp(task) {
                *known = task;
            }
        }
        keep.failures = last.into_values().map(|task| task.id.0.clone()).collect();
        Ok(keep)
    }

    fn service(&mut self, raw: &RawValue) -> serde_json::Result<()> {
        let service: ServiceView = serde_json::from_str(raw.get())?;
        for spec in [service.spec, service.previous_spec].into_iter().flatten() {
            let container = spec.task_template.unwrap_or_default().container_spec.unwrap_or_default();
            self.image(&container.image);
            for mount in container.mounts.unwrap_or_default() {
                if mount.kind != "bind" && mount.kind != "tmpfs" && !mount.source.is_empty() {
                    self.volume(mount.source);
                }
            }
        }
        Ok(())
    }

    fn image(&mut self, name: &str) {
        if name.is_empty() {
            return;
        }
        let Reference { repository, tag, digest } = Reference::parse(name);
        let bare = name.strip_prefix("sha256:").unwrap_or(name);
        if bare.len() >= 4 && bare.bytes().all(|b| b.is_ascii_hexdigit()) {
            self.ids.insert(bare.to_ascii_lowercase());
        }
        self.tags.extend(tag.map(|tag| (repository, tag)));
        self.digests.extend(digest);
    }

    fn volume(&mut self, name: String) {
        if !name.contains("{{") {
            self.volumes.insert(name);
            return;
        }
        // `data-{{.Task.Slot}}`: any text may stand where the template is.
        let parts = name.split("{{").enumerate().map(|(at, part)| match (at, part.split_once("}}")) {
            (0, _) => part.to_owned(),
            (_, Some((_, after))) => after.to_owned(),
            (_, None) => String::new(),
        });
        self.patterns.push(parts.collect());
    }

    /// Whether a service names this image, or a task runs it.
    pub fn needs_image(&self, image: &Image) -> bool {
        let id = image.id.strip_prefix("sha256:").unwrap_or(&image.id);
        let by_name = |name: &String| {
            let Reference { repository, tag, digest } = Reference::parse(name);
            tag.is_some_and(|tag| self.tags.contains(&(repository, tag)))
                || digest.is_some_and(|digest| self.digests.contains(&digest))
        };
        image.tags.iter().chain(&image.digests).any(by_name)
            // Where images are stored by what they hold, the id is a digest.
            || self.digests.contains(&image.id)
            || self.ids.iter().any(|prefix| id.starts_with(prefix.as_str()))
    }

    /// Whether a service names an image of this digest, or a task runs it.
    pub fn needs_name(&self, name: &str) -> bool {
        Reference::parse(name).digest.is_some_and(|digest| self.digests.contains(&digest))
    }

    /// Whether a service mounts this volume, here or elsewhere.
    pub fn needs_volume(&self, name: &str) -> bool {
        self.volumes.contains(name) || self.patterns.iter().any(|parts| has_parts(name, parts))
    }

    /// Whether the managers know of this task that it has not ended.
    pub fn lives(&self, task: &str) -> bool {
        self.live.contains(task)
    }

    /// Whether this task is the last failure of its slot.
    pub fn last_failure(&self, id: &str) -> bool {
        self.failures.contains(id)
    }
}

/// Whether a text consists of these parts with anything between them.
fn has_parts(text: &str, parts: &[String]) -> bool {
    let Some((first, rest)) = parts.split_first() else { return false };
    let Some(mut left) = text.strip_prefix(first.as_str()) else { return false };
    let Some((last, middle)) = rest.split_last() else { return left.is_empty() };
    for part in middle {
        let Some(at) = left.find(part.as_str()) else { return false };
        left = &left[at + part.len()..];
    }
    left.ends_with(last.as_str())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ServiceView {
    spec: Option<SpecView>,
    previous_spec: Option<SpecView>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SpecView {
    task_template: Option<TemplateView>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct TemplateView {
    container_spec: Option<ContainerView>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ContainerView {
    image: String,
    mounts: Option<Vec<MountView>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct MountView {
    #[serde(rename = "Type")]
    kind: String,
    source: String,
}

#[cfg(test)]
mod tests;
