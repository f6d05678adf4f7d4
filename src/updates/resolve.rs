//! What the registries say of the images of a run: each asked for once, and when it was made only where that matters.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use crate::engine::Engine;
use crate::pass::update::select::Candidate;
use crate::registry::{Asked, Credentials, Keyring, Resolved, created_all, resolve_all, tags_all};

/// Images asked for at a time.
const AT_ONCE: usize = 16;
/// The age of an image is nice to know: nobody waits for it longer, unless it decides something.
const NICE: Duration = Duration::from_secs(10);

/// By image: what the registry says of it, or why that is not known.
pub(super) async fn known(
    engine: &Engine,
    keyring: &Keyring,
    candidates: &[Candidate<'_>],
    images: &BTreeSet<Asked>,
) -> BTreeMap<Asked, Result<Resolved, String>> {
    let ask = async |own: &Credentials, names: &BTreeSet<String>| resolve_all(engine, own, names, AT_ONCE).await;
    let mut known = keyring.each(images, ask).await;
    // Only of what is another image than the one in the spec.
    let (mut wanted, mut decides) = (BTreeMap::new(), false);
    for candidate in candidates {
        let Ok(Some(image)) = &candidate.wanted else { continue };
        let asked = candidate.asked(image);
        let Some(Ok(found)) = known.get(&asked) else { continue };
        if candidate.digest.as_ref() != Some(&found.digest) {
            decides |= !candidate.policy.min_age.is_zero();
            wanted.insert(candidate.asked(&format!("{image}@{}", found.digest)), asked);
        }
    }
    if wanted.is_empty() {
        return known;
    }
    let hasty = engine.until(Instant::now() + NICE);
    let engine = if decides { engine } else { &hasty };
    let asked = wanted.keys().cloned().collect();
    let ask = async |own: &Credentials, names: &BTreeSet<String>| created_all(engine, own, names, AT_ONCE).await;
    for (name, created) in keyring.each(&asked, ask).await {
        let image = wanted.get(&name).and_then(|image| known.get_mut(image));
        if let (Some(Ok(known)), Ok(created)) = (image, created) {
            known.created = created;
        }
    }
    known
}

/// By repository: its tags, or why they are not known.
pub(crate) async fn tags(
    engine: &Engine,
    keyring: &Keyring,
    repositories: &BTreeSet<Asked>,
) -> BTreeMap<Asked, Result<Vec<String>, String>> {
    let ask = async |own: &Credentials, names: &BTreeSet<String>| tags_all(engine, own, names, AT_ONCE).await;
    keyring.each(repositories, ask).await
}
