//! What a report is an occasion for, and whether it may be told now. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

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
    /// Whether the report is an occasion itself; else only what was held back is to be told.
    pub own: bool,
}

/// What a report is an occasion for; none if nobody needs to know.
pub fn event(report: &Report, failing: &BTreeSet<String>) -> Option<Event> {
    if report.run.dry_run || matches!(report.outcome, Outcome::Skipped | Outcome::Interrupted | Outcome::Planned) {
        return None;
    }
    if failed(report) {
        return Some(Event::Failure);
    }
    if report.error.is_none() && failing.contains(&key(report)) {
        return Some(Event::Recovery);
    }
    (report.summary.done > 0).then_some(Event::Change)
}

/// The command, and which half of it where only one was wanted: that fails and recovers by itself.
fn key(report: &Report) -> String {
    match report.data.get("only").and_then(Value::as_str) {
        Some(half) => format!("{} {half}", report.command),
        None => report.command.clone(),
    }
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
            // It says nothing of how the command would have fared.
            _ if report.outcome == Outcome::Skipped => {}
            Some(Event::Failure) => _ = self.failing.insert(key(report)),
            Some(Event::Recovery | Event::Change) | None if report.error.is_none() => {
                self.failing.remove(&key(report));
            }
            _ => {}
        }
        let told = event.filter(|event| on.contains(event)).and_then(|event| {
            let kind = self.kinds.entry(event).or_default();
            let occasion = kind.due(every, now).then(|| kind.occasion(event, true));
            kind.held += 1;
            let run = report.run.id.clone();
            kind.newest.push(Held { at: now, run, command: report.command.clone(), text: line.to_owned() });
            let surplus = kind.newest.len().saturating_sub(NAMED);
            kind.newest.drain(..surplus);
            occasion
        });
        // Nothing may follow a recovery for long, and until it is told people take the command for broken.
        let late = || {
            let kind = self.kinds.get(&Event::Recovery).filter(|kind| kind.held > 0 && kind.due(every, now))?;
            on.contains(&Event::Recovery).then(|| kind.occasion(Event::Recovery, false))
        };
        let occasion = told.or_else(late)?;
        // Tried counts as told: whoever can't be reached is not asked again at once.
        self.kinds.entry(occasion.event).or_default().last = Some(now);
        Some(occasion)
    }

    /// Somebody was told. What came up meanwhile is still held back.
    pub fn sent(&mut self, occasion: &Occasion) {
        let kind = self.kinds.entry(occasion.event).or_default();
        kind.held = kind.held.saturating_sub(occasion.held + u64::from(occasion.own));
        let left = usize::try_from(kind.held).unwrap_or(usize::MAX);
        let surplus = kind.newest.len().saturating_sub(left);
        kind.newest.drain(..surplus);
    }
}

impl Kind {
    fn due(&self, every: Duration, now: Timestamp) -> bool {
        // A clock that was set back must not keep everybody in the dark.
        self.last.is_none_or(|last| last > now || elapsed(last, now) >= every)
    }

    fn occasion(&self, event: Event, own: bool) -> Occasion {
        Occasion { event, held: self.held, newest: self.newest.clone(), own }
    }
}

#[cfg(test)]
mod tests;
