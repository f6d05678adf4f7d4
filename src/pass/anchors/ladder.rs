//! The retry ladder: how long a dependent must have been misplaced before it is restarted, again and again.

use std::time::Duration;

use jiff::Timestamp;

use crate::pass::memory::{DependentMemory, elapsed};
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
    let misplaced = memory.misplaced_since.map_or(Duration::ZERO, |since| elapsed(since, now));
    if misplaced >= anchor.max_mismatch {
        return Step::GiveUp(misplaced);
    }
    match interval(anchor, memory).saturating_sub(quiet(memory, now)) {
        Duration::ZERO => Step::Due,
        wait => Step::Wait(wait),
    }
}

/// Whether a restart that the file asks for (the anchor was replaced) may happen now.
pub(super) fn restart_due(anchor: &Anchor, memory: &DependentMemory, now: Timestamp) -> bool {
    memory.attempts == 0 || quiet(memory, now) >= interval(anchor, memory)
}

/// How long nothing has been tried although something was wrong.
fn quiet(memory: &DependentMemory, now: Timestamp) -> Duration {
    // A stamp from the future (the clock has jumped back) counts as now: waiting again is safe.
    let newest = memory.misplaced_since.max(memory.last_attempt);
    newest.map_or(Duration::ZERO, |then| elapsed(then, now))
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
        let memory = |attempts, last: Option<i64>, since| DependentMemory {
            attempts,
            last_attempt: last.map(at),
            misplaced_since: Some(at(since)),
        };
        for (memory, now, step_wanted) in [
            (memory(0, None, 0), 0, Step::Wait(Duration::from_secs(2))),
            (memory(0, None, 0), 2, Step::Due),
            (memory(1, Some(2), 0), 3, Step::Wait(Duration::from_secs(9))),
            (memory(1, Some(2), 0), 12, Step::Due),
            (memory(9, Some(100), 0), 500, Step::Wait(Duration::from_secs(500))),
            (memory(1, Some(2), 0), 600, Step::GiveUp(Duration::from_secs(600))),
            // The clock jumps back: wait, never act early.
            (memory(1, Some(50), 40), 0, Step::Wait(Duration::from_secs(10))),
        ] {
            assert_eq!(step(&anchor(), &memory, at(now)), step_wanted, "{memory:?} at {now}");
        }
    }
}
