//! What the registries say of the images of a run: each asked for once, and when it was made only where that matters.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use crate::engine::Engine;
use crate::pass::update::Known;
use crate::pass::update::select::Candidate;
use crate::registry::{Credentials, Platform, Resolved, created_all, resolve_all, tags_all};

/// Images asked for at a time.
const AT_ONCE: usize = 16;
/// The age of an image is nice to know: nobody waits for it longer, unless it decides something.
const NICE: Duration = Duration::from_secs(10);

/// By image: what the registry says of it, or why that is not known.
pub(super) async fn known(
    engine: &Engine,
    credentials: &Credentials,
    candidates: &[Candidate<'_>],
    images: &BTreeSet<String>,
) -> BTreeMap<String, Result<Known, String>> {
    let resolved = resolve_all(engine, credentials, images, AT_ONCE).await;
    let mut known: BTreeMap<String, Result<Known, String>> = resolved
        .into_iter()
        .map(|(image, resolved)| (image, resolved.map(from).map_err(|unresolved| unresolved.to_string())))
        .collect();
    // Only of what is another image than the one in the spec.
    let (mut wanted, mut decides) = (BTreeMap::new(), false);
    for candidate in candidates {
        let Ok(Some(image)) = &candidate.wanted else { continue };
        let Some(Ok(found)) = known.get(image) else { continue };
        if candidate.digest.as_ref() != Some(&found.digest) {
            decides |= !candidate.policy.min_age.is_zero();
            wanted.insert(format!("{image}@{}", found.digest), image.clone());
        }
    }
    if wanted.is_empty() {
        return known;
    }
    let hasty = engine.until(Instant::now() + NICE);
    let engine = if decides { engine } else { &hasty };
    let asked = wanted.keys().cloned().collect();
    for (name, created) in created_all(engine, credentials, &asked, AT_ONCE).await {
        let image = wanted.get(&name).and_then(|image| known.get_mut(image));
        if let (Some(Ok(known)), Ok(created)) = (image, created) {
            known.created = created;
        }
    }
    known
}

/// By repository: its tags, or why they are not known.
pub(super) async fn tags(
    engine: &Engine,
    credentials: &Credentials,
    repositories: &BTreeSet<String>,
) -> BTreeMap<String, Result<Vec<String>, String>> {
    let tags = tags_all(engine, credentials, repositories, AT_ONCE).await;
    tags.into_iter().map(|(name, tags)| (name, tags.map_err(|unresolved| unresolved.to_string()))).collect()
}

/// As the docker CLI tells the scheduler: what runs, and of `arm` any.
pub(crate) fn from(resolved: Resolved) -> Known {
    let mut platforms: Vec<(String, String)> = Vec::new();
    for Platform { os, architecture, .. } in resolved.platforms.into_iter().filter(Platform::runs) {
        let platform = (os, if architecture == "arm" { String::new() } else { architecture });
        if !platforms.contains(&platform) {
            platforms.push(platform);
        }
    }
    Known { digest: resolved.digest, platforms, created: resolved.created }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_are_those_that_the_docker_cli_writes() {
        let platform = |os: &str, architecture: &str, variant: &str| Platform {
            os: os.to_owned(),
            architecture: architecture.to_owned(),
            variant: variant.to_owned(),
        };
        let platforms = vec![
            platform("linux", "amd64", ""),
            platform("unknown", "unknown", ""),
            platform("linux", "arm", "v6"),
            platform("linux", "arm", "v7"),
            platform("linux", "arm64", "v8"),
            platform("windows", "amd64", ""),
        ];
        let known = from(Resolved { digest: "sha256:x".to_owned(), platforms, created: None });
        let wanted = [("linux", "amd64"), ("linux", ""), ("linux", "arm64"), ("windows", "amd64")];
        assert_eq!(known.platforms, wanted.map(|(os, architecture)| (os.to_owned(), architecture.to_owned())));
    }
}
