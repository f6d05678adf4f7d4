//! The retry ladder: how long a dependent must have been misplaced before it is restarted, again and again.

use std::time::Duration;

use jiff::Timestamp;

use crate::pass::memory::{DependentMemory, Stopwatch, elapsed};
use crate::settings::Anchor;

/// What the ladder says about a dependent now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A force update is due.
    Due,
    /// It is not due for so long.
    Wait(Duration),
    /// It has been misplaced for longer than `max_mismatch`.
    GiveUp(Duration),
}

/// The wait before the next attempt; the last interval repeats.
pub(super) fn interval(anchor: &Anchor, memory: &DependentMemory) -> Duration {
    let last = anchor.retry_intervals.len().saturating_sub(1);
    let at = usize::try_from(memory.attempts).unwrap_or(last).min(last);
    anchor.retry_intervals.get(at).copied().unwrap_or_default()
}

/// Whether a misplaced dependent may be restarted now.
pub(super) fn step(anchor: &Anchor, memory: &DependentMemory, now: Timestamp) -> Step {
    let misplaced = memory.misplaced.map_or(Duration::ZERO, Stopwatch::total);
    if misplaced >= anchor.max_mismatch {
        return Step::GiveUp(misplaced);
    }
    let quiet = memory.last_attempt.map_or(misplaced, |at| misplaced.min(elapsed(at, now)));
    match interval(anchor, memory).saturating_sub(quiet) {
        Duration::ZERO => Step::Due,
        wait => Step::Wait(wait),
    }
}

/// Whether a restart that the file asks for (the anchor was replaced) may happen now.
pub(super) fn restart_due(anchor: &Anchor, memory: &DependentMemory, now: Timestamp) -> bool {
    memory.last_attempt.is_none_or(|at| elapsed(at, now) >= interval(anchor, memory))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::settings::{Source, SourceKind, parse};

    fn anchor() -> Anchor {
        let source = Source { name: "orca.yml".into(), kind: SourceKind::Main, text: "dependencies: {a: [b]}".into() };
        parse(&[source], &BTreeMap::new()).unwrap().anchors.remove(0)
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).unwrap()
    }

    #[test]
    fn climbs_waits_and_gives_up() {
        let seconds = Duration::from_secs;
        for (attempts, last_attempt, misplaced, now, wanted) in [
            (0, None, 0, 0, Step::Wait(seconds(2))),
            (0, None, 2, 2, Step::Due),
            (1, Some(2), 3, 3, Step::Wait(seconds(9))),
            (1, Some(2), 12, 12, Step::Due),
            (9, Some(100), 500, 500, Step::Wait(seconds(500))),
            (1, Some(2), 600, 600, Step::GiveUp(seconds(600))),
            // The clock jumps back: wait, never act early.
            (1, Some(50), 40, 0, Step::Wait(seconds(10))),
        ] {
            let watch = Stopwatch::tick(Some(Stopwatch::tick(None, at(0))), at(misplaced));
            let last_attempt = last_attempt.map(at);
            let memory =
                DependentMemory { attempts, last_attempt, misplaced: Some(watch), ..DependentMemory::default() };
            assert_eq!(step(&anchor(), &memory, at(now)), wanted, "{memory:?} at {now}");
        }
    }
}
