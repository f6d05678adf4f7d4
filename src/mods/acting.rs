//! Carrying out a plan: what is alike is fetched once, and each thing is entered as soon as it is in place.

use std::cell::{Cell, RefCell};

use anyhow::Result;
use futures_util::StreamExt as _;
use jiff::Timestamp;
use tokio::time::Instant;

use super::fetcher::{self, Fetcher};
use super::manifest::{Manifest, Record};
use super::source::{Want, What};
use crate::error::{Error, ErrorKind};
use crate::interrupt::Interrupt;
use crate::pass::mods::Seen;
use crate::plan::{Action, Change};
use crate::progress::Transfers;
use crate::report::{Report, ReportedAction, Status, millis_since};
use crate::state::{Actor, State};

/// Carrying out a plan.
pub(super) struct Acting<'a> {
    pub(super) fetcher: Fetcher<'a>,
    pub(super) wants: &'a [Want],
    /// In the order of `wants`.
    pub(super) seen: &'a [Seen],
    pub(super) manifest: RefCell<Manifest>,
    pub(super) state: &'a State,
    pub(super) actor: Actor,
    pub(super) budget: Cell<usize>,
    pub(super) interrupt: &'a Interrupt,
    pub(super) transfers: Transfers,
}

/// How an action ended.
enum Ended {
    Done(serde_json::Value),
    /// It is what was there already.
    Same,
    Skipped(String),
    Failed(String),
}

impl Acting<'_> {
    /// Carries everything out, what is alike once; returns how many turned out to be the same as before.
    pub(super) async fn all(&self, actions: Vec<Action>, report: &mut Report) -> Result<u64> {
        let mut groups: Vec<Vec<Action>> = Vec::new();
        for action in actions {
            let content = self.content(&action);
            let same = groups.iter_mut().find(|group| content.is_some() && self.content(&group[0]) == content);
            match same {
                Some(group) => group.push(action),
                None => groups.push(vec![action]),
            }
        }
        let parallel = usize::try_from(self.fetcher.settings.parallel).unwrap_or(1).max(1);
        let work = groups.iter().map(|group| self.group(group));
        let ended: Vec<Vec<(Ended, u64)>> = futures_util::stream::iter(work).buffered(parallel).collect().await;
        let mut same = 0;
        for (action, (ended, duration_ms)) in groups.iter().flatten().zip(ended.into_iter().flatten()) {
            let (status, text, after) = match ended {
                Ended::Same => {
                    same += 1;
                    continue;
                }
                Ended::Done(after) => (Status::Done, None, Some(after)),
                Ended::Skipped(why) => (Status::Skipped, Some(why), None),
                Ended::Failed(why) => (Status::Failed, Some(why), None),
            };
            let mut reported = ReportedAction { duration_ms, ..ReportedAction::new(action, status, text.clone()) };
            reported.after = after.unwrap_or(reported.after);
            if let (Status::Failed, Some(why)) = (status, text) {
                let error = Error::new(ErrorKind::Failed, format!("`{}` failed: {why}", action.id));
                report.fail(&error.into());
            }
            report.actions.push(reported);
        }
        if self.interrupt.exit_code().is_some() {
            let text = "interrupted by a signal; what has come of files is kept for the next run";
            report.fail(&Error::new(ErrorKind::Interrupted, text).into());
        }
        if Instant::now() >= self.fetcher.deadline {
            let error = Error::new(ErrorKind::Timeout, "the pass ran out of time; what has come of files is kept");
            report.fail(&error.hint("the next pass goes on; --timeout gives a pass more time").into());
        }
        Ok(same)
    }

    fn want(&self, action: &Action) -> Option<&Want> {
        self.wants.iter().find(|want| want.name == action.target.name)
    }

    /// By what two actions fetch the same.
    fn content(&self, action: &Action) -> Option<String> {
        match (&action.change, &self.want(action)?.what) {
            (Change::ModFetch { .. }, What::File { url, sha256, .. }) => {
                Some(sha256.clone().unwrap_or_else(|| url.to_string()))
            }
            _ => None,
        }
    }

    async fn group(&self, group: &[Action]) -> Vec<(Ended, u64)> {
        let mut begun = Vec::new();
        for action in group {
            let why = if self.interrupt.exit_code().is_some() {
                Some("interrupted")
            } else if Instant::now() >= self.fetcher.deadline {
                Some("out of time")
            } else if self.budget.get() == 0 {
                Some("over the budget of --max-actions")
            } else {
                None
            };
            if why.is_none() {
                self.budget.set(self.budget.get() - 1);
            }
            let row = if why.is_none() { self.state.begin(&self.actor, action, Timestamp::now()).ok() } else { None };
            begun.push((action, row, why));
        }
        let started = Instant::now();
        let makes: Vec<&Action> = begun.iter().filter(|(.., why)| why.is_none()).map(|(action, ..)| *action).collect();
        let placing = Cell::new(false);
        let mut making = std::pin::pin!(self.make(&makes, &placing));
        let mut made = tokio::select! {
            made = &mut making => made,
            // What has begun to take its place is there in a moment, and then it is to be known whose it is.
            _ = self.interrupt.nth(1) => if placing.get() { making.await } else { Vec::new() },
        }
        .into_iter();
        let duration_ms = millis_since(started);
        let mut ended = Vec::new();
        for (_, row, why) in begun {
            let end = match why {
                Some(why) => Ended::Skipped(why.to_owned()),
                None => made.next().unwrap_or_else(|| Ended::Skipped("interrupted".to_owned())),
            };
            let (word, error) = match &end {
                Ended::Done(_) | Ended::Same => ("done", None),
                Ended::Skipped(why) => ("skipped", Some(why)),
                Ended::Failed(why) => ("failed", Some(why)),
            };
            if let Some(row) = row {
                // The journal is for people; what it lacks, the report has.
                let _ = self.state.finish(row, word, error.map(String::as_str));
            }
            ended.push((end, duration_ms));
        }
        ended
    }

    /// Makes actions that are alike.
    async fn make(&self, actions: &[&Action], placing: &Cell<bool>) -> Vec<Ended> {
        let Some(first) = actions.first() else { return Vec::new() };
        if matches!(first.change, Change::ModRemove { .. }) {
            return actions.iter().map(|action| self.remove(action)).collect();
        }
        let wants: Vec<&Want> = actions.iter().filter_map(|action| self.want(action)).collect();
        let bar = self.transfers.bar(&first.target.name);
        let begin = || {
            placing.set(true);
            self.announce(&wants)
        };
        let records = self.fetcher.fetch(&wants, &bar, &begin).await;
        bar.finish_and_clear();
        match records {
            Ok(records) => wants.iter().zip(records).map(|(want, record)| self.note(want, record)).collect(),
            Err(why) => actions.iter().map(|_| Ended::Failed(why.clone())).collect(),
        }
    }

    /// Enters what is about to be put in place: a kill a moment later must not make it a stranger. Nothing has changed at
    /// the beginning of time, so the next run takes it for altered, and fetches it again.
    fn announce(&self, wants: &[&Want]) -> Result<()> {
        let mut manifest = self.manifest.borrow_mut();
        for want in wants {
            let (from, source) = (want.from(), want.source.clone());
            manifest.mods.entry(want.name.clone()).or_insert_with(|| Record::announced(from, source));
        }
        manifest.save(&self.fetcher.settings.dest)
    }

    /// Enters what was put in place into the manifest, at once.
    fn note(&self, want: &Want, record: Result<(Record, u64), String>) -> Ended {
        let (record, resumed) = match record {
            Ok(record) => record,
            Err(why) => return Ended::Failed(why),
        };
        let after = serde_json::json!({
            "sha256": record.sha256, "size_bytes": record.size, "resumed_bytes": resumed, "unpacked": record.unpacked,
        });
        let mut manifest = self.manifest.borrow_mut();
        let before = manifest.mods.insert(want.name.clone(), record.clone());
        if let Err(error) = manifest.save(&self.fetcher.settings.dest) {
            return Ended::Failed(format!("{error:#}"));
        }
        let intact =
            self.wants.iter().zip(self.seen).any(|(other, seen)| other.name == want.name && *seen == Seen::Newer);
        let same = before.filter(|_| intact).is_some_and(|before| {
            before.sha256 == record.sha256 && before.from == record.from && before.unpacked == record.unpacked
        });
        if same { Ended::Same } else { Ended::Done(after) }
    }

    fn remove(&self, action: &Action) -> Ended {
        let (name, settings) = (&action.target.name, self.fetcher.settings);
        let removed = fetcher::leaf(&settings.dest, name, false).and_then(|found| {
            let Some((dir, leaf)) = found else { return Ok(()) };
            dir.remove_all(&leaf)?;
            Ok(())
        });
        if let Err(error) = removed {
            return Ended::Failed(format!("{error:#}"));
        }
        let mut manifest = self.manifest.borrow_mut();
        manifest.mods.remove(name);
        match manifest.save(&settings.dest) {
            Ok(()) => Ended::Done(serde_json::Value::Null),
            Err(error) => Ended::Failed(format!("{error:#}")),
        }
    }
}
