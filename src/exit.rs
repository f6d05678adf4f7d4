//! The one table from what happened to the process's exit code.

use crate::error::ErrorKind;
use crate::report::{Outcome, Report};

/// The exit code of a report.
///
/// | code | meaning |
/// |---|---|
/// | 0 | complete, with changes or without |
/// | 1 | failed, or at least one action failed |
/// | 2 | with `--detailed-exitcode` only: success, and changes were made or are pending |
/// | 64 | usage |
/// | 69 | the engine can't be reached, or is not a swarm manager |
/// | 75 | try later: locked, conflicts, out of time, something left out or blocked |
/// | 78 | the config is invalid |
/// | 130, 143 | interrupted |
pub fn code(report: &Report, detailed: bool, signal: Option<u8>) -> u8 {
    match (&report.error, report.outcome) {
        (Some(error), _) => code_of(error.kind, signal),
        (None, Outcome::Partial) => 75,
        (None, _) if report.summary.blocked > 0 => 75,
        (None, Outcome::Changed | Outcome::Planned) if detailed => 2,
        (None, _) => 0,
    }
}

/// The exit code of an error.
pub fn code_of(kind: ErrorKind, signal: Option<u8>) -> u8 {
    match kind {
        ErrorKind::Failed => 1,
        ErrorKind::Usage => 64,
        ErrorKind::Unreachable | ErrorKind::NotManager => 69,
        ErrorKind::Locked | ErrorKind::Conflict | ErrorKind::Timeout | ErrorKind::Unsettled => 75,
        ErrorKind::Config => 78,
        ErrorKind::Interrupted => signal.unwrap_or(130),
    }
}
