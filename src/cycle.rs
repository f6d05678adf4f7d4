//! One bounded run of one or more passes: observe -> plan -> apply -> report.
//!
//! All passes of a run share one snapshot, one lock and one deadline.

pub(crate) mod hold;
pub mod live;
mod recovery;
mod sub_report;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use tokio::time::Instant;

use crate::apply::{Applied, Applier};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, interrupted, interrupted_waiting};
use crate::interrupt::Interrupt;
use crate::keys::{cluster_id, memory_key, updates_key};
use crate::pass::memory::Memory;
use crate::pass::{Pass, pause, proving};
use crate::plan::{Plan, Warning};
use crate::progress::Progress;
use crate::report::{Cluster, Outcome, Report, ReportedAction, Run, Status};
use crate::settings::Settings;
use crate::snapshot::{self, Snapshot};
use crate::state::Actor;
use live::Live;
use sub_report::SubReport;

/// How often `--wait` looks when no event comes.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// How long it lets a burst of events pass.
const BURST: Duration = Duration::from_millis(100);

/// Where the snapshot comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A live engine.
    Engine(Engine),
    /// A snapshot file; nothing is written.
    File(PathBuf),
}

/// The bounds of a run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Plan and report only.
    pub dry_run: bool,
    /// Act only where the engine leads the swarm.
    pub leader_only: bool,
    /// At most so many actions.
    pub max_actions: usize,
    /// The run ends after this, whatever happens.
    pub timeout: Duration,
    /// Wait so long for another orca.
    pub lock_timeout: Duration,
    /// Where memory, journal and locks are.
    pub state_dir: PathBuf,
    /// Stay so long until dependents are in place.
    pub wait: Option<Duration>,
    /// Show progress on a terminal.
    pub progress: bool,
}

/// A run of passes.
#[derive(Debug)]
pub struct Cycle<'a> {
    /// The subcommand, as `labels sync`.
    pub command: &'static str,
    /// The passes, in order.
    pub passes: &'a [Pass],
    /// Where the snapshot comes from.
    pub source: &'a Source,
    /// What to plan by.
    pub settings: &'a Settings,
    /// The bounds.
    pub options: &'a Options,
    /// Signals.
    pub interrupt: &'a Interrupt,
}

impl Source {
    /// The live engine.
    ///
    /// # Errors
    /// If it is a file: there is nothing to write to.
    pub fn engine(&self) -> Result<&Engine> {
        match self {
            Self::Engine(engine) => Ok(engine),
            Self::File(_) => {
                let error = Error::new(ErrorKind::Usage, "a snapshot is a copy: nothing can be changed in it");
                Err(error.hint("leave out --snapshot, or use --dry-run").into())
            }
        }
    }
}

/// What is left of a run's bounds.
#[derive(Debug)]
pub struct Bounds {
    /// No action is begun after this.
    pub deadline: Instant,
    /// Actions that may still be made.
    pub budget: usize,
    /// Shown on a terminal.
    pub progress: Progress,
}

impl Bounds {
    /// All that a run is allowed.
    pub fn new(deadline: Instant, options: &Options) -> Self {
        Self { deadline, budget: options.max_actions, progress: Progress::new(options.progress) }
    }
}

impl Cycle<'_> {
    /// Runs the passes once. Whatever happens, there is a report.
    pub async fn run(&self) -> Report {
        let started = Instant::now();
        let requests = if let Source::Engine(engine) = self.source { engine.requests() } else { 0 };
        let mut report = Report::new(self.command, Run::start(self.read_only()));
        let (mut unchanged, mut interrupt) = (0, std::pin::pin!(self.interrupt.nth(1)));
        let observed = tokio::select! {
            // Before the first write nothing needs to be finished: a signal ends the run at once.
            _ = &mut interrupt => Err(interrupted()),
            observed = self.observe(started + self.options.timeout, &mut report) => observed,
        };
        match observed {
            Ok(Some((mut cluster, mut live))) => {
                unchanged = self.passes(&mut cluster, live.as_mut(), started, &mut report).await;
            }
            Ok(None) => {}
            Err(error) => report.fail(&error),
        }
        if let Source::Engine(engine) = self.source {
            report.data.insert("requests".to_owned(), (engine.requests() - requests).into());
        }
        report.ended(started, Ok(unchanged))
    }

    /// A snapshot file is a copy: there is nothing to write to.
    fn read_only(&self) -> bool {
        self.options.dry_run || matches!(self.source, Source::File(_))
    }

    /// Reads the cluster and, where it may be written, takes the lock. None if it is not this engine's turn.
    async fn observe(&self, deadline: Instant, report: &mut Report) -> Result<Option<(Snapshot, Option<Live>)>> {
        let engine = match self.source {
            Source::Engine(engine) => Some(engine.until(deadline)),
            Source::File(_) => None,
        };
        let mut cluster = match self.source {
            Source::Engine(engine) => self.look(&engine.until(deadline)).await?,
            Source::File(path) => snapshot::load(path)?,
        };
        report.cluster = Some(Cluster::of(&cluster));
        if self.not_its_turn(&cluster, report) {
            return Ok(None);
        }
        let Some(engine) = engine.filter(|_| !self.read_only()) else { return Ok(Some((cluster, None))) };
        let (live, warning) =
            Live::enter(engine, self.options, &mut cluster, deadline, None, async |engine| self.look(engine).await)
                .await?;
        report.cluster = Some(Cluster::of(&cluster));
        if self.not_its_turn(&cluster, report) {
            return Ok(None);
        }
        report.warnings.extend(warning);
        Ok(Some((cluster, Some(live))))
    }

    async fn look(&self, engine: &Engine) -> Result<Snapshot> {
        if self.passes.iter().any(Pass::needs_history) {
            return Snapshot::observe_history(engine).await;
        }
        Snapshot::observe(engine).await
    }

    /// With `--leader-only`, whether another engine's orca is to act.
    fn not_its_turn(&self, cluster: &Snapshot, report: &mut Report) -> bool {
        let skipped = self.options.leader_only && !cluster.leader();
        if skipped {
            report.outcome = Outcome::Skipped;
        }
        skipped
    }

    /// Runs all passes, again and again if `--wait` says so; returns the number of wanted facts that held.
    async fn passes(
        &self,
        cluster: &mut Snapshot,
        mut live: Option<&mut Live>,
        started: Instant,
        report: &mut Report,
    ) -> u64 {
        let mut bounds = Bounds::new(live.as_ref().map_or(started, |live| live.deadline), self.options);
        let mut sub_reports = self.round(cluster, live.as_deref_mut(), &mut bounds, report).await;
        if let (Some(wait), Some(live)) = (self.options.wait, live)
            && let Err(error) = self.wait(cluster, live, started + wait, &mut bounds, &mut sub_reports, report).await
        {
            report.fail(&error);
        }
        bounds.progress.end();
        self.merge(sub_reports, report)
    }

    /// Looks and acts again until nothing is on its way any more.
    async fn wait(
        &self,
        cluster: &mut Snapshot,
        live: &mut Live,
        until: Instant,
        bounds: &mut Bounds,
        sub_reports: &mut [SubReport],
        report: &mut Report,
    ) -> Result<()> {
        let mut events = live.engine.events(&cluster.api);
        while report.error.is_none() {
            let waiting: Vec<_> = sub_reports.iter().flat_map(|sub| sub.unsettled.iter().cloned()).collect();
            if waiting.is_empty() {
                break;
            }
            let waiting = waiting.join("; ");
            if Instant::now() >= until.min(bounds.deadline) {
                let error = Error::new(ErrorKind::Unsettled, format!("not everything was in place in time: {waiting}"));
                return Err(error.hint("run again, or give it more time with --wait").into());
            }
            bounds.progress.waiting(&waiting);
            tokio::select! {
                _ = self.interrupt.nth(1) => {
                    return Err(interrupted_waiting());
                }
                () = events.next(LOOK_AGAIN) => {}
            }
            // Events come in bursts; one look serves them all.
            tokio::time::sleep(BURST).await;
            *cluster = tokio::select! {
                _ = self.interrupt.nth(1) => {
                    return Err(interrupted_waiting());
                }
                observed = Snapshot::observe(&live.engine) => observed?,
            };
            let again = self.round(cluster, Some(live), bounds, report).await;
            for (sub, again) in sub_reports.iter_mut().zip(again) {
                sub.follow(again);
            }
        }
        Ok(())
    }

    /// One snapshot, every pass once.
    async fn round(
        &self,
        cluster: &mut Snapshot,
        mut live: Option<&mut Live>,
        bounds: &mut Bounds,
        report: &mut Report,
    ) -> Vec<SubReport> {
        let mut sub_reports = Vec::new();
        for pass in self.passes {
            let begun = Instant::now();
            let mut sub = match live.as_deref_mut() {
                Some(live) if matches!(pass, Pass::Recover) => self.recover(cluster, live, bounds, report).await,
                Some(live) => self.act(pass, cluster, live, bounds, report).await,
                None => self.rehearse(pass, cluster),
            };
            sub.took = begun.elapsed();
            sub_reports.push(sub);
        }
        sub_reports
    }

    /// Plans one pass and leaves it at that.
    pub(crate) fn rehearse(&self, pass: &Pass, cluster: &mut Snapshot) -> SubReport {
        // What can't be read is taken as not remembered: nothing is written.
        proving::mark(cluster, &self.options.peek_memory(&updates_key(cluster)), cluster.taken_at);
        let memory = self.options.peek_memory(&memory_key(cluster, self.settings));
        let mut plan = pass.plan(cluster, self.settings, &memory, cluster.taken_at);
        let planned = |action| ReportedAction::new(action, Status::Planned, None);
        let actions = plan.actions.iter().map(planned).collect();
        SubReport { actions, ..SubReport::of(pass, &mut plan) }
    }

    /// Plans one pass and carries the plan out.
    pub(crate) async fn act(
        &self,
        pass: &Pass,
        cluster: &mut Snapshot,
        live: &mut Live,
        bounds: &mut Bounds,
        report: &mut Report,
    ) -> SubReport {
        let memory_key = memory_key(cluster, self.settings);
        let recalled = live.memory(&memory_key).and_then(|memory| live.mark(cluster).map(|()| memory));
        let memory = match recalled {
            Ok(memory) => memory,
            Err(error) => {
                let mut nothing = Plan::default();
                let mut sub = SubReport::of(pass, &mut nothing);
                sub.applied(Applied::none_of(&nothing, error), report);
                return sub;
            }
        };
        let mut plan = pass.plan(cluster, self.settings, &memory, cluster.taken_at);
        let mut sub = SubReport::of(pass, &mut plan);
        let next = plan.memory.take().unwrap_or_else(|| memory.clone());
        if let Err(error) = self.prepare(live, &plan, &memory, &memory_key, &next, &mut sub) {
            // Without its memory a pass could restart a service again and again.
            sub.applied(Applied::none_of(&plan, error), report);
            return sub;
        }
        let mut applier = Applier {
            engine: &live.engine,
            pass,
            settings: self.settings,
            actor: Actor { run: report.run.id.clone(), cluster: cluster_id(cluster).to_owned(), command: pass.name() },
            cluster,
            memory: &memory,
            next,
            state: &live.state,
            shared: live.shared.as_mut(),
            memory_key,
            budget: &mut bounds.budget,
            deadline: bounds.deadline,
            interrupt: self.interrupt,
            progress: &bounds.progress,
        };
        let outcome = applier.apply(plan).await;
        sub.applied(outcome, report);
        sub
    }

    /// Before the first write: a sound state file, and the new memory in it.
    fn prepare(
        &self,
        live: &mut Live,
        plan: &Plan,
        memory: &Memory,
        memory_key: &str,
        next: &Memory,
        sub: &mut SubReport,
    ) -> Result<()> {
        if plan.actions.is_empty() && next == memory {
            return Ok(());
        }
        sub.noticed.extend(live.state.mend(&self.options.state_dir)?);
        live.state.remember(memory_key, next)
    }

    /// Puts the passes' reports together.
    pub(crate) fn merge(&self, sub_reports: Vec<SubReport>, report: &mut Report) -> u64 {
        let mut unchanged = 0;
        let mut passes = Vec::new();
        for mut sub in sub_reports {
            sub.warnings.append(&mut sub.noticed);
            unchanged += sub.unchanged;
            let paused = sub.data.get(pause::DATA).cloned();
            if self.passes.len() > 1 {
                let mut own = Report::new(sub.pass, report.run.clone());
                own.cluster.clone_from(&report.cluster);
                own.actions.clone_from(&sub.actions);
                own.blocked.clone_from(&sub.blocked);
                own.warnings.clone_from(&sub.warnings);
                own.error.clone_from(&sub.error);
                own.data.extend(paused.map(|paused| (pause::DATA.to_owned(), paused)));
                own.run.duration_ms = u64::try_from(sub.took.as_millis()).unwrap_or(u64::MAX);
                own.conclude(sub.unchanged);
                passes.extend(serde_json::to_value(own));
            }
            report.data.append(&mut sub.data);
            report.actions.extend(sub.actions);
            report.blocked.extend(sub.blocked);
            // A pause is the same to all passes.
            let known = |warning: &Warning| warning.code == "paused" && report.warnings.contains(warning);
            sub.warnings.retain(|warning| !known(warning));
            report.warnings.extend(sub.warnings);
            let unsettled = report.data.entry("unsettled").or_insert_with(|| Vec::<String>::new().into());
            if let Some(list) = unsettled.as_array_mut() {
                list.extend(sub.unsettled.into_iter().map(Into::into));
            }
        }
        if self.passes.len() > 1 {
            report.data.insert("passes".to_owned(), passes.into());
        }
        unchanged
    }
}
