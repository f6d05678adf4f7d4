//! `--clean`: which of the images that updates have replaced nothing needs any more.
//!
//! The image that an update has just replaced is the one that the engine would roll back to, so it stays; what goes is what
//! was replaced before. That is why it is remembered from run to run, and only by digest: nothing else names one image.

use jiff::Timestamp;

use crate::model::Reference;
use crate::pass::gc::keep::Keep;
use crate::pass::memory::Memory;
use crate::snapshot::Snapshot;

/// No more are remembered; the oldest are left to `orca gc`.
const MOST: usize = 256;

/// Remembers that an update has replaced this image.
pub fn replaced(memory: &mut Memory, image: &str, now: Timestamp) {
    if Reference::parse(image).digest.is_none() {
        return;
    }
    memory.replaced.insert(image.to_owned(), now);
    while memory.replaced.len() > MOST {
        let oldest = memory.replaced.iter().min_by_key(|(_, at)| **at).map(|(image, _)| image.clone());
        let Some(oldest) = oldest else { return };
        memory.replaced.remove(&oldest);
    }
}

/// Forgets images that services have by now: whoever has given them one again is the one to say when it goes.
pub fn forget_used(memory: &mut Memory, cluster: &Snapshot) {
    memory.replaced.retain(|image, _| !cluster.services.iter().any(|service| service.image == *image));
}

/// What was replaced and is in no spec, no previous spec and no task that has not ended.
pub fn free(memory: &Memory, keep: &Keep) -> Vec<String> {
    memory.replaced.keys().filter(|image| !keep.needs_name(image)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_are_remembered_the_newest() {
        let mut memory = Memory::default();
        let digest = "0".repeat(64);
        for second in 0..300 {
            let at = Timestamp::from_second(second).unwrap();
            replaced(&mut memory, &format!("r/app{second}:1@sha256:{digest}"), at);
            replaced(&mut memory, &format!("r/tag{second}:1"), at);
        }
        let oldest = memory.replaced.values().min().copied();
        assert_eq!((memory.replaced.len(), oldest), (MOST, Timestamp::from_second(300 - 256).ok()));
    }
}
