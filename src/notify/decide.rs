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
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use jiff::Timestamp;

    use super::{Occasion, Told};
    use crate::error::{Error, ErrorKind};
    use crate::report::{Outcome, Report, Run};
    use crate::settings::Event;

    const ON: [Event; 3] = [Event::Change, Event::Failure, Event::Recovery];

    fn at(told: &mut Told, second: i64, report: &Report) -> Option<Occasion> {
        told.note(report, "x", &ON, Duration::from_secs(60), Timestamp::from_second(second).unwrap())
    }

    fn report(command: &'static str, ended: Result<(), ErrorKind>) -> Report {
        let mut report = Report::new(command, Run::start(false));
        if let Err(kind) = ended {
            report.fail(&Error::new(kind, "x").into());
        }
        report.conclude(0);
        report
    }

    #[test]
    fn a_recovery_that_was_held_back_is_told_by_whatever_comes_later() {
        let (bad, good) = (|name| report(name, Err(ErrorKind::Failed)), |name| report(name, Ok(())));
        let mut told = Told::default();
        let mut skipped = good("a");
        skipped.outcome = Outcome::Skipped;
        for (second, report, event) in [
            (0, bad("a"), Some(Event::Failure)),
            (1, skipped, None),
            (2, good("a"), Some(Event::Recovery)),
            (3, bad("a"), None),
            (4, good("a"), None),
            (5, good("b"), None),
        ] {
            let occasion = at(&mut told, second, &report);
            assert_eq!(occasion.as_ref().map(|occasion| occasion.event), event, "{second}");
            if let Some(occasion) = &occasion {
                told.sent(occasion);
            }
        }
        let late = at(&mut told, 62, &good("b")).unwrap();
        assert_eq!((late.event, late.held, late.own), (Event::Recovery, 1, false));
        assert_eq!(late.newest[0].command, "a");
        // Another recovers while it is being told.
        at(&mut told, 63, &bad("c"));
        assert_eq!(at(&mut told, 63, &good("c")), None);
        told.sent(&late);
        let left: BTreeMap<_, _> = told.kinds.iter().map(|(event, kind)| (*event, kind.held)).collect();
        assert_eq!(left[&Event::Recovery], 1);
        assert_eq!(told.kinds[&Event::Recovery].newest[0].command, "c");
        assert_eq!(at(&mut told, 122, &good("b")).map(|late| late.held), Some(1));
        told.sent(&late);
        assert_eq!(at(&mut told, 999, &good("b")), None);
    }

    #[test]
    fn one_half_of_a_command_does_not_recover_by_the_other() {
        let half = |ended, only: &str| {
            let mut report = report("autoheal", ended);
            report.data.insert("only".to_owned(), only.into());
            report
        };
        let mut told = Told::default();
        let mut event = |report: &Report| at(&mut told, 0, report).map(|occasion| occasion.event);
        assert_eq!(event(&half(Err(ErrorKind::Failed), "services")), Some(Event::Failure));
        assert_eq!(event(&half(Ok(()), "containers")), None);
        assert_eq!(event(&half(Ok(()), "services")), Some(Event::Recovery));
    }
}
