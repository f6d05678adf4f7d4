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
mod tests;
