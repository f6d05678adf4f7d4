//! What reports say, as Prometheus text (exposition format 0.0.4). Pure: counts and renders, keeps and writes nothing.
//!
//! Every series has the label `pass`, so that the files of several passes can lie in one directory of `node_exporter`'s
//! textfile collector. Whoever counts keeps the [`Tally`]: a loop in its memory, one-shot passes in the state file.

mod families;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Outcome, Report, Status};
use crate::plan::ActionKind;

pub use families::{names, render, render_pass};

/// All that was counted, by pass: `labels_sync`, `reconcile`, ...
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tally {
    /// By the name that [`pass_name`] makes.
    pub passes: BTreeMap<String, PassTally>,
}

/// What was counted of one pass.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PassTally {
    /// Runs, by outcome.
    pub runs: BTreeMap<String, u64>,
    /// Actions, by kind and status.
    pub actions: BTreeMap<String, BTreeMap<String, u64>>,
    /// Runs whose time was taken, and the sum of their times in milliseconds.
    pub timed: (u64, u64),
    /// Requests to the engine.
    pub requests: u64,
    /// The last run.
    pub last: LastRun,
    /// When a run last succeeded, in milliseconds since 1970.
    pub last_success_ms: Option<i64>,
}

/// What is known of the last run of a pass.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LastRun {
    /// When it ended, in milliseconds since 1970.
    pub at_ms: i64,
    /// Wall time; none for the parts of a run whose time nobody took.
    pub duration_ms: Option<u64>,
    /// Requests to the engine; none where nobody counted.
    pub requests: Option<u64>,
    /// Refusals.
    pub blocked: u64,
    /// Warnings.
    pub warnings: u64,
    /// Whether its engine led the swarm; none if the cluster was not reached.
    pub leader: Option<bool>,
    /// Whether the whole swarm was paused; none if the cluster was not reached.
    pub paused: Option<bool>,
    /// Anchors that were paused.
    pub paused_anchors: Vec<String>,
    /// orca's version.
    pub version: String,
}

/// A report as it is read again, alone or as one of another's `data.passes`.
#[derive(Deserialize)]
struct Told {
    command: String,
    outcome: Outcome,
    run: ToldRun,
    cluster: Option<ToldCluster>,
    summary: ToldSummary,
    actions: Vec<ToldAction>,
    warnings: Vec<Value>,
    data: ToldData,
}

#[derive(Deserialize)]
struct ToldRun {
    version: String,
    duration_ms: u64,
    dry_run: bool,
}

#[derive(Deserialize)]
struct ToldCluster {
    leader: bool,
}

#[derive(Deserialize)]
struct ToldSummary {
    blocked: u64,
    failed: u64,
}

#[derive(Deserialize)]
struct ToldAction {
    kind: ActionKind,
    status: Status,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ToldData {
    requests: Option<u64>,
    paused: Vec<ToldPause>,
    passes: Vec<Told>,
    /// The half of the command that was wanted alone.
    only: Option<String>,
}

#[derive(Deserialize)]
struct ToldPause {
    anchor: Option<String>,
}

/// The name of a command as the value of the label `pass` and in file names: `labels_sync`.
pub fn pass_name(command: &str) -> String {
    command.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect()
}

impl Tally {
    /// Counts a run, and each pass of a run that had several; their actions are counted once, as the passes' own.
    /// Returns the names of what was counted. A dry run did nothing, and counts as nothing.
    pub fn count(&mut self, report: &Report, ended: Timestamp) -> Vec<String> {
        let told: Option<Told> = serde_json::to_value(report).and_then(serde_json::from_value).ok();
        let mut names = Vec::new();
        if let Some(told) = told.filter(|told| !told.run.dry_run) {
            self.take_in(&told, ended, &mut names);
        }
        names
    }

    fn take_in(&mut self, told: &Told, ended: Timestamp, names: &mut Vec<String>) {
        let half = told.data.only.as_ref().map(|half| format!(" {half}")).unwrap_or_default();
        let name = pass_name(&format!("{}{half}", told.command));
        self.passes.entry(name.clone()).or_default().take_in(told, ended);
        names.push(name);
        for part in &told.data.passes {
            self.take_in(part, ended, names);
        }
    }
}

impl PassTally {
    fn take_in(&mut self, told: &Told, ended: Timestamp) {
        *self.runs.entry(told.outcome.to_string()).or_default() += 1;
        if told.data.passes.is_empty() {
            for action in &told.actions {
                let by_status = self.actions.entry(action.kind.to_string()).or_default();
                *by_status.entry(action.status.to_string()).or_default() += 1;
            }
        }
        // A part of a run has no time of its own unless somebody took it, and no run takes no time at all.
        let duration_ms = Some(told.run.duration_ms).filter(|ms| *ms > 0);
        self.timed.0 += u64::from(duration_ms.is_some());
        self.timed.1 = self.timed.1.saturating_add(duration_ms.unwrap_or_default());
        self.requests = self.requests.saturating_add(told.data.requests.unwrap_or_default());
        let at_ms = ended.as_millisecond();
        let complete = matches!(told.outcome, Outcome::Unchanged | Outcome::Changed | Outcome::Blocked);
        if complete && told.summary.failed == 0 {
            self.last_success_ms = Some(at_ms);
        }
        let reached = told.cluster.as_ref();
        self.last = LastRun {
            at_ms,
            duration_ms,
            requests: told.data.requests,
            blocked: told.summary.blocked,
            warnings: told.warnings.len() as u64,
            leader: reached.map(|cluster| cluster.leader),
            paused: reached.map(|_| told.data.paused.iter().any(|pause| pause.anchor.is_none())),
            paused_anchors: told.data.paused.iter().filter_map(|pause| pause.anchor.clone()).collect(),
            version: told.run.version.clone(),
        };
    }
}
