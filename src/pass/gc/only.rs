//! A few images that may go, and nothing else: what `services update --clean` asks the collector for.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::engine::local::Stock;
use crate::model::Reference;
use crate::model::stock::{Container, Image};

/// Images by repository and digest. What a tag stands for on a node is not known, so tags name none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Only(BTreeSet<(String, String)>);

impl Only {
    /// Those of these names that have a digest.
    pub fn new<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        Self(names.into_iter().filter_map(key).collect())
    }

    /// Whether the image is one of them, by any of its names.
    pub(super) fn has(&self, image: &Image) -> bool {
        image.digests.iter().filter_map(|name| key(name)).any(|key| self.0.contains(&key))
    }

    /// Whether somebody also knows the image by a name that is none of these: a tag, or another repository.
    pub(super) fn has_more_names(&self, image: &Image) -> bool {
        let known = |name: &String| key(name).is_some_and(|key| self.0.contains(&key));
        !image.tags.is_empty() || !image.digests.iter().all(known)
    }

    /// Whether it is a task's container, made from one of them.
    pub(super) fn frees(&self, container: &Container, stock: &Stock) -> bool {
        container.task().is_some() && stock.images.iter().any(|image| image.id == container.image && self.has(image))
    }
}

/// Repository and digest.
fn key(name: &str) -> Option<(String, String)> {
    let Reference { repository, digest, .. } = Reference::parse(name);
    Some((repository, digest?))
}
