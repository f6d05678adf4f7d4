//! `orca rebalance`: the run that only plans writes nothing, not even its memory (the source `probe` starts a service,
//! which is gone again when the plan is made); [`apply`] moves tasks.

pub mod apply;
mod course;
pub mod file;
mod unit;

use anyhow::{Context as _, Result};
use tokio::time::Instant;

use crate::cycle::{Options, Source};
use crate::interrupt::Interrupt;
use crate::keys::{balance_key, updates_key};
use crate::measure::{self, Measurement};
use crate::metrics::Wanted;
use crate::pass::memory::Memory;
use crate::pass::proving;
use crate::pass::rebalance::{self, Balance, Input, Request};
use crate::plan::Warning;
use crate::report::{Cluster, Outcome, Report, ReportedAction, Run, Status};
use crate::settings::Settings;
use crate::snapshot::{self, Snapshot};
use crate::state::State;

/// The commands' names in reports.
pub const PLAN: &str = "rebalance plan";
/// See [`PLAN`].
pub const APPLY: &str = "rebalance apply";
/// See [`PLAN`].
pub const RECOVER: &str = "rebalance recover";

/// A run of the planner.
#[derive(Debug)]
pub struct Rehearsal<'a> {
    /// The command that is run.
    pub command: &'static str,
    /// Where the snapshot comes from.
    pub source: &'a Source,
    /// What to plan by.
    pub settings: &'a Settings,
    /// `--metrics`.
    pub metrics: Option<Wanted>,
    /// What is asked for.
    pub request: Request,
    /// The bounds.
    pub options: &'a Options,
    /// Signals.
    pub interrupt: &'a Interrupt,
}

impl Rehearsal<'_> {
    /// Plans once. Whatever happens, there is a report.
    pub async fn run(&self) -> Report {
        let started = Instant::now();
        let mut report = Report::new(self.command, Run::start(true));
        let planned = self.plan(started + self.options.timeout, &mut report).await;
        report.ended(started, planned)
    }

    async fn plan(&self, deadline: Instant, report: &mut Report) -> Result<u64> {
        // Before anything is asked of the engine: a wrong file is a wrong file.
        let figures = measure::prepare(self.metrics.as_ref(), self.settings, self.source, self.options.dry_run)?;
        let mut cluster = self.observe(deadline).await?;
        let updates = self.options.peek_memory(&updates_key(&cluster));
        let now = cluster.taken_at;
        proving::mark(&mut cluster, &updates, now);
        report.cluster = Some(Cluster::of(&cluster));
        let paused = report.paused(&cluster.pauses, cluster.taken_at);
        if self.options.leader_only && !cluster.leader() {
            report.outcome = Outcome::Skipped;
            return Ok(0);
        }
        let memory = self.memory(&cluster, report);
        let measured = Measurement { settings: self.settings, cluster: &cluster, deadline, interrupt: self.interrupt };
        let metrics = measured.figures(figures, &memory.rebalance.samples, &mut report.warnings).await?.0;
        let (settings, now) = (self.settings, cluster.taken_at);
        let input = Input { cluster: &cluster, settings, metrics: metrics.as_ref(), memory: &memory, now };
        let planned = rebalance::plan(&input, &self.request)?;
        let planned_status = |action| ReportedAction::new(action, Status::Planned, None);
        report.actions = planned.plan.actions.iter().map(planned_status).collect();
        report.blocked = planned.plan.blocked;
        report.warnings.extend(planned.plan.warnings);
        report.data.extend(data(&planned.balance)?);
        if paused && self.request.at_once {
            report.withhold();
        }
        Ok(planned.plan.unchanged)
    }

    async fn observe(&self, deadline: Instant) -> Result<Snapshot> {
        match self.source {
            Source::Engine(engine) => {
                let until = engine.until(deadline);
                measure::unless(self.interrupt, Box::pin(Snapshot::observe(&until))).await?
            }
            Source::File(path) => snapshot::load(path),
        }
    }

    /// What earlier passes left, as far as it can be read.
    fn memory(&self, cluster: &Snapshot, report: &mut Report) -> Memory {
        let kept = State::peek(&self.options.state_dir)
            .and_then(|state| state.map(|state| state.memory(&balance_key(cluster))).transpose());
        let kept = kept.unwrap_or_else(|error| {
            let text = format!("cooldowns and since when there is pressure are not known: {error:#}");
            report.warnings.push(Warning::new("state_unreadable", text));
            None
        });
        kept.unwrap_or_default()
    }
}

/// The balance as `data` of the report.
fn data(balance: &Balance) -> Result<serde_json::Map<String, serde_json::Value>> {
    match serde_json::to_value(balance).context("can't report the plan")? {
        serde_json::Value::Object(data) => Ok(data),
        _ => Ok(serde_json::Map::new()),
    }
}
