//! What a report is an occasion for, and whether it may be told now. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::ErrorKind;
use crate::pass::memory::elapsed;
use crate::report::{Outcome, Report};
use crate::settings::Event;

/// So many that were held back are named; the rest is a number.
const NAMED: usize = 20;

/// What is remembered from one run to the next.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Told {
    /// Commands that have failed, and not succeeded since.
    pub failing: BTreeSet<String>,
    /// By kind.
    pub kinds: BTreeMap<Event, Kind>,
}

/// What is remembered of one kind of event.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kind {
    /// When somebody was last told.
    pub last: Option<Timestamp>,
    /// How many were held back since.
    pub held: u64,
    /// The newest of them.
    pub newest: Vec<Held>,
}

/// An occasion that was held back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// When it was.
    pub at: Timestamp,
    /// `run.id`.
    pub run: String,
    /// The command.
    pub command: String,
    /// In a line.
    pub text: String,
}

/// What is to be told, with what was held back before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Occasion {
    /// Of which kind.
    pub event: Event,
    /// How many were held back.
    pub held: u64,
    /// The newest of them.
    pub newest: Vec<Held>,
}

/// What a report is an occasion for; none if nobody needs to know.
pub fn event(report: &Report, failing: &BTreeSet<String>) -> Option<Event> {
    if report.run.dry_run || matches!(report.outcome, Outcome::Skipped | Outcome::Interrupted | Outcome::Planned) {
        return None;
    }
    if failed(report) {
        return Some(Event::Failure);
    }
    if report.error.is_none() && failing.contains(&report.command) {
        return Some(Event::Recovery);
    }
    (report.summary.done > 0).then_some(Event::Change)
}

/// "Try later" is no failure: the next run sees to it.
fn failed(report: &Report) -> bool {
    let grave = |kind: ErrorKind| kind != ErrorKind::Interrupted && kind.weight() > ErrorKind::Locked.weight();
    report.summary.failed > 0 || report.error.as_ref().is_some_and(|error| grave(error.kind))
}

impl Told {
    /// Notes what happened. Returns what is to be told now, if anything is; until that is [`Told::sent`], it counts as held
    /// back.
    pub fn note(
        &mut self,
        report: &Report,
        line: &str,
        on: &[Event],
        every: Duration,
        now: Timestamp,
    ) -> Option<Occasion> {
        let event = event(report, &self.failing);
        match event {
            Some(Event::Failure) => _ = self.failing.insert(report.command.clone()),
            Some(Event::Recovery | Event::Change) | None if report.error.is_none() => {
                self.failing.remove(&report.command);
            }
            _ => {}
        }
        let event = event.filter(|event| on.contains(event))?;
        let kind = self.kinds.entry(event).or_default();
        // A clock that was set back must not keep everybody in the dark.
        let due = kind.last.is_none_or(|last| last > now || elapsed(last, now) >= every);
        let occasion = due.then(|| Occasion { event, held: kind.held, newest: kind.newest.clone() });
        kind.held += 1;
        let run = report.run.id.clone();
        kind.newest.push(Held { at: now, run, command: report.command.clone(), text: line.to_owned() });
        let surplus = kind.newest.len().saturating_sub(NAMED);
        kind.newest.drain(..surplus);
        if due {
            // Tried counts as told: whoever can't be reached is not asked again at once.
            kind.last = Some(now);
        }
        occasion
    }

    /// Somebody was told of everything of this kind.
    pub fn sent(&mut self, event: Event) {
        let kind = self.kinds.entry(event).or_default();
        (kind.held, kind.newest) = (0, Vec::new());
    }
}
