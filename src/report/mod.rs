//! The envelope that every command ends with: schema `orca.report/1`. What is printed is decided in [`print`].

mod balance;
mod everyday;
mod exporter;
mod gc;
mod logs;
pub mod metrics;
pub mod print;
mod setup;
mod text;
mod updates;

use std::fmt;

use anyhow::Result;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::error::{ErrorKind, Sort, hint_of, kind_of, sort_of};
use crate::model::Pauses;
use crate::pass::pause;
use crate::plan::{Action, ActionKind, Blocked, Target, Warning};
use crate::settings::Problems;
use crate::snapshot::Snapshot;

/// The schema name of a report.
pub const SCHEMA: &str = "orca.report/1";

/// What a command did, found or refused.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// `orca.report/1`.
    pub schema: &'static str,
    /// The subcommand, as `labels sync`.
    pub command: String,
    /// How it ended, in one word.
    pub outcome: Outcome,
    /// This run of orca.
    pub run: Run,
    /// The cluster; null when it was not reached.
    pub cluster: Option<Cluster>,
    /// Counts.
    pub summary: Summary,
    /// What was planned and done, in order.
    pub actions: Vec<ReportedAction>,
    /// What was refused, with all reasons.
    pub blocked: Vec<Blocked>,
    /// What the operator should know.
    pub warnings: Vec<Warning>,
    /// Why the command failed; null when it didn't.
    pub error: Option<ReportedError>,
    /// Facts that only this command has.
    pub data: Map<String, Value>,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All was as wanted.
    Unchanged,
    /// Dry run: there is something to do.
    Planned,
    /// Everything planned was done.
    Changed,
    /// Some of it was done.
    Partial,
    /// It failed, or every action failed.
    Failed,
    /// Nothing could be done but to refuse.
    Blocked,
    /// Not this engine's turn (`--leader-only`).
    Skipped,
    /// SIGINT or SIGTERM.
    Interrupted,
}

/// The word for it, as in reports.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// One run of orca.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Run {
    /// Unique; also in the journal.
    pub id: String,
    /// orca's version.
    pub version: &'static str,
    /// RFC 3339, UTC.
    pub started: String,
    /// Wall time, milliseconds.
    pub duration_ms: u64,
    /// Nothing was written.
    pub dry_run: bool,
}

/// The cluster and the engine that was asked.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Cluster {
    /// Cluster id.
    pub id: Option<String>,
    /// Hostname of the engine's node.
    pub node: String,
    /// Whether that node leads the swarm.
    pub leader: bool,
    /// Engine version.
    pub engine: String,
    /// API version.
    pub api: String,
}

/// Counts of a report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Summary {
    /// Actions planned.
    pub planned: u64,
    /// Actions done.
    pub done: u64,
    /// Actions failed.
    pub failed: u64,
    /// Actions left out (budget, deadline, no longer needed).
    pub skipped: u64,
    /// Refusals.
    pub blocked: u64,
    /// Wanted facts that held already.
    pub unchanged: u64,
}

/// What became of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Dry run: it would be done.
    Planned,
    /// Done.
    Done,
    /// Tried in vain.
    Failed,
    /// Not tried.
    Skipped,
}

/// The word for it, as in reports.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// An action and what became of it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ReportedAction {
    /// Stable id.
    pub id: String,
    /// The kind of change.
    pub kind: ActionKind,
    /// What it works on.
    pub target: Target,
    /// Why.
    pub reason: String,
    /// It stops or restarts tasks.
    pub disruptive: bool,
    /// Value found.
    pub before: Value,
    /// Value wanted.
    pub after: Value,
    /// The object's version that the plan was made on.
    pub version: u64,
    /// What became of it.
    pub status: Status,
    /// Wall time, milliseconds; actions on one object are one write and share it.
    pub duration_ms: u64,
    /// Why it failed or was skipped.
    pub error: Option<String>,
}

/// Why a command failed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ReportedError {
    /// Decides the exit code.
    pub kind: ErrorKind,
    /// What failed, on what.
    pub message: String,
    /// What lay beneath, outermost first.
    pub causes: Vec<String>,
    /// What to do next.
    pub hint: Option<String>,
    /// Which of its kind; known where it was made, and told nobody.
    #[serde(skip)]
    pub sort: Option<Sort>,
}

/// Wall time passed, milliseconds.
pub fn millis_since(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}

impl ReportedError {
    /// One with a message alone.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), causes: Vec::new(), hint: None, sort: None }
    }

    /// Renders an error and its chain of causes.
    pub fn from_error(error: &anyhow::Error) -> Self {
        if let Some(problems) = error.downcast_ref::<Problems>() {
            // A list of equals, not a chain.
            let causes = problems.list().iter().map(ToString::to_string).collect();
            return Self { causes, ..Self::new(kind_of(error), problems.summary()) };
        }
        Self {
            kind: kind_of(error),
            message: error.to_string(),
            causes: error.chain().skip(1).map(ToString::to_string).collect(),
            hint: hint_of(error).map(str::to_owned),
            sort: sort_of(error),
        }
    }
}

impl ReportedAction {
    /// An action that has not been tried.
    pub fn new(action: &Action, status: Status, error: Option<String>) -> Self {
        let (before, after) = action.change.values();
        Self {
            id: action.id.clone(),
            kind: action.change.kind(),
            target: action.target.clone(),
            reason: action.reason.clone(),
            disruptive: action.disruptive,
            before,
            after,
            version: action.version,
            status,
            duration_ms: 0,
            error,
        }
    }
}

impl Cluster {
    /// The cluster of a snapshot.
    pub fn of(snapshot: &Snapshot) -> Self {
        Self {
            id: snapshot.cluster.clone(),
            node: snapshot.node_name.clone(),
            leader: snapshot.leader(),
            engine: snapshot.engine.clone(),
            api: snapshot.api.clone(),
        }
    }
}

impl Run {
    /// A run that starts now.
    pub fn start(dry_run: bool) -> Self {
        let started = Timestamp::now();
        let id = format!("{}-{}", started.strftime("%Y%m%dT%H%M%S%3fZ"), std::process::id());
        Self { id, version: env!("CARGO_PKG_VERSION"), started: format!("{started:.3}"), duration_ms: 0, dry_run }
    }
}

impl Report {
    /// A report in which nothing has happened yet.
    pub fn new(command: &str, run: Run) -> Self {
        Self {
            schema: SCHEMA,
            command: command.to_owned(),
            outcome: Outcome::Unchanged,
            run,
            cluster: None,
            summary: Summary::default(),
            actions: Vec::new(),
            blocked: Vec::new(),
            warnings: Vec::new(),
            error: None,
            data: Map::new(),
        }
    }

    /// Notes why the command failed. Of several reasons the weightiest stays, of equals the first.
    pub fn fail(&mut self, error: &anyhow::Error) {
        if self.error.as_ref().is_none_or(|known| known.kind.weight() < kind_of(error).weight()) {
            self.error = Some(ReportedError::from_error(error));
        }
    }

    /// Takes in actions that are only planned.
    pub fn plan(&mut self, actions: &[Action]) {
        self.actions.extend(actions.iter().map(|action| ReportedAction::new(action, Status::Planned, None)));
    }

    /// Takes in the report of a part that has a run of its own, as one more of `data.passes`.
    pub fn absorb(&mut self, part: Self) {
        let unchanged = self.summary.unchanged + part.summary.unchanged;
        let passes = self.data.entry("passes").or_insert_with(|| Value::Array(Vec::new()));
        if let (Some(passes), Ok(part)) = (passes.as_array_mut(), serde_json::to_value(&part)) {
            passes.push(part);
        }
        self.run.duration_ms += part.run.duration_ms;
        self.actions.extend(part.actions);
        self.blocked.extend(part.blocked);
        // A pause is the same to all parts.
        let known = |warning: &Warning| warning.code == "paused" && self.warnings.contains(warning);
        let new: Vec<Warning> = part.warnings.into_iter().filter(|warning| !known(warning)).collect();
        self.warnings.extend(new);
        self.error = self.error.take().or(part.error);
        self.conclude(unchanged);
    }

    /// Notes the pauses that are in force. Tells whether the whole swarm is paused.
    pub fn paused(&mut self, pauses: &Pauses, now: Timestamp) -> bool {
        let in_force = pauses.at(now);
        for warning in in_force.iter().map(|pause| pause::warning(pause)) {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        if !in_force.is_empty() {
            let list = in_force.iter().filter_map(|pause| serde_json::to_value(pause).ok()).collect();
            self.data.insert(pause::DATA.to_owned(), list);
        }
        pauses.whole(now).is_some()
    }

    /// Makes refusals of what is planned: orca is paused, and this run was a rehearsal because of that.
    pub fn withhold(&mut self) {
        let why = self.warnings.iter().find(|warning| warning.code == "paused").map(|warning| warning.message.clone());
        let (planned, rest) = std::mem::take(&mut self.actions).into_iter().partition(|a| a.status == Status::Planned);
        self.actions = rest;
        let refused = |action: ReportedAction| Blocked {
            reasons: vec![why.clone().unwrap_or_else(|| "paused".to_owned()), pause::waits(&action.id, &action.reason)],
            id: action.id,
            target: action.target,
        };
        self.blocked.extend(Vec::into_iter(planned).map(refused));
    }

    /// Counts, and sums up in one word; `unchanged` is the number of wanted facts that held already.
    pub fn conclude(&mut self, unchanged: u64) {
        let count = |status| self.actions.iter().filter(|action| action.status == status).count() as u64;
        self.summary = Summary {
            planned: self.actions.len() as u64,
            done: count(Status::Done),
            failed: count(Status::Failed),
            skipped: count(Status::Skipped),
            blocked: self.blocked.len() as u64,
            unchanged,
        };
        // A pass that was not this engine's stays that, unless it has failed.
        if self.outcome != Outcome::Skipped || self.error.is_some() {
            self.outcome = self.outcome_of();
        }
    }

    /// The report of a run that is over: `unchanged` as for [`Self::conclude`], or why it failed.
    #[must_use]
    pub fn ended(mut self, started: Instant, unchanged: Result<u64>) -> Self {
        let unchanged = unchanged.unwrap_or_else(|error| {
            self.fail(&error);
            0
        });
        self.conclude(unchanged);
        self.run.duration_ms = millis_since(started);
        self
    }

    fn outcome_of(&self) -> Outcome {
        let Summary { planned, done, failed, skipped, blocked, .. } = self.summary;
        let error = self.error.as_ref().map(|error| error.kind);
        match error {
            Some(ErrorKind::Interrupted) => Outcome::Interrupted,
            _ if done > 0 && (failed > 0 || skipped > 0 || error.is_some()) => Outcome::Partial,
            Some(_) => Outcome::Failed,
            None if self.run.dry_run && planned > 0 => Outcome::Planned,
            None if done > 0 => Outcome::Changed,
            None if skipped > 0 => Outcome::Partial,
            None if blocked > 0 => Outcome::Blocked,
            None => Outcome::Unchanged,
        }
    }
}
