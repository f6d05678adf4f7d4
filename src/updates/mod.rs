//! `orca services update`: look, ask the registries, plan; then give services their images, a few at a time, and stay with
//! each until it is proven or rolled back.

pub mod clean;
mod clock;
mod flight;
pub(crate) mod resolve;
mod rollouts;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use tokio::time::Instant;

use crate::cycle::live::Live;
use crate::cycle::{Bounds, Options, Source};
use crate::engine::Engine;
use crate::error::interrupted;
use crate::everyday;
use crate::interrupt::Interrupt;
use crate::keys::{cluster_id, updates_key};
use crate::model::ServiceId;
use crate::pass::Pass;
use crate::pass::gc::keep::Keep;
use crate::pass::update::Request;
use crate::pass::update::clean::free;
use crate::pass::update::policy::Policy;
use crate::pass::update::select::{images, repositories, select};
use crate::plan::{Plan, Warning};
use crate::registry::auths::SOON;
use crate::registry::{self, Keyring};
use crate::report::{Cluster, Outcome, Report, ReportedAction, Run, Status};
use crate::settings::Settings;
use crate::snapshot::{self, Snapshot};
use crate::state::Actor;

use clean::{Cleaning, told};
use rollouts::{Aside, Ended, Mind, Rollouts, Terms};

/// The command's name in reports.
pub const COMMAND: &str = "services update";

/// A run of updates.
#[derive(Debug)]
pub struct Updating<'a> {
    /// Where the snapshot comes from.
    pub source: &'a Source,
    /// What to plan by.
    pub settings: &'a Settings,
    /// What is asked for; which services these are, and what registries say, is filled in here.
    pub request: Request,
    /// Names of services; all where none is named.
    pub names: &'a [String],
    /// Only those of this stack.
    pub stack: Option<&'a str>,
    /// For the registries.
    pub keyring: &'a Keyring,
    /// So many services at a time.
    pub parallel: usize,
    /// Images are brought to the nodes where they are to run first.
    pub prepull: bool,
    /// What updates have replaced, and nothing needs any more, is removed from the nodes at the end.
    pub clean: bool,
    /// The bounds: no rollout is begun after the timeout, and each has a deadline of its own.
    pub options: &'a Options,
    /// Signals.
    pub interrupt: &'a Interrupt,
}

impl Updating<'_> {
    /// Updates what is to be updated.
    ///
    /// # Errors
    /// If a name is none, or may be several; anything else is in the report.
    pub async fn run(mut self) -> Result<Report> {
        let started = Instant::now();
        let read_only = self.options.dry_run || matches!(self.source, Source::File(_));
        let mut report = Report::new(COMMAND, Run::start(read_only));
        let mut cluster = match self.observe(started + self.options.timeout).await {
            Ok(cluster) => cluster,
            Err(error) => return Ok(report.ended(started, Err(error))),
        };
        report.cluster = Some(Cluster::of(&cluster));
        if self.options.leader_only && !cluster.leader() {
            report.outcome = Outcome::Skipped;
            return Ok(report.ended(started, Ok(0)));
        }
        self.request.named = !self.names.is_empty();
        if self.request.named || self.stack.is_some() {
            self.request.within = Some(everyday::ids(&cluster, self.names, self.stack)?);
        }
        let ended = self.go(started, read_only, &mut cluster, &mut report).await;
        if let Source::Engine(engine) = self.source {
            report.data.insert("requests".to_owned(), engine.requests().into());
        }
        Ok(report.ended(started, ended))
    }

    async fn observe(&self, deadline: Instant) -> Result<Snapshot> {
        match self.source {
            Source::Engine(engine) => {
                let engine = engine.until(deadline);
                self.unless_interrupted(Box::pin(Snapshot::observe_history(&engine))).await?
            }
            Source::File(path) => snapshot::load(path),
        }
    }

    async fn go(
        &mut self,
        started: Instant,
        read_only: bool,
        cluster: &mut Snapshot,
        report: &mut Report,
    ) -> Result<u64> {
        let deadline = started + self.options.timeout;
        if let Source::Engine(engine) = self.source {
            self.ask(&engine.until(deadline), cluster, report).await?;
        }
        let key = updates_key(cluster);
        let request = std::mem::take(&mut self.request);
        let atomic = request.atomic;
        let pass = &Pass::Update(Box::new(request.clone()));
        let Source::Engine(engine) = self.source else { return Ok(self.rehearse(pass, cluster, &key, report)) };
        if read_only {
            return Ok(self.rehearse(pass, cluster, &key, report));
        }
        // Rollouts take their time, and each write is compare-and-set: labels and anchors are looked after meanwhile.
        let observe = Snapshot::observe_history;
        let entered = Live::enter(engine.until(deadline), self.options, cluster, deadline, Some(&key), observe);
        let (mut live, warning) = Box::pin(entered).await?;
        report.warnings.extend(warning);
        let memory = live.memory(&key)?;
        // By what the plan is made on: whoever waits for the lock looks again.
        let (policies, own) = policies(cluster, self.settings, &request);
        let mut plan = pass.plan(cluster, self.settings, &memory, cluster.taken_at);
        if !plan.actions.is_empty() {
            report.warnings.extend(live.state.mend(&self.options.state_dir)?);
        }
        take(&mut plan, report);
        let actor = Actor { run: report.run.id.clone(), cluster: cluster_id(cluster).to_owned(), command: COMMAND };
        let bounds = Bounds::new(live.deadline, self.options);
        let (settings, interrupt, parallel) = (self.settings, self.interrupt, self.parallel.max(1));
        // Once the stacks are decided on, what is left of one is planned by itself.
        let rest = Pass::Update(Box::new(Request { atomic: false, ..request }));
        let prepull = self.prepull;
        let terms = Terms { pass: &rest, settings, interrupt, parallel, engine, policies, own, actor, prepull, atomic };
        let mind = Mind { live, key, next: memory.clone(), memory };
        let (aside, flights, ended) = (Aside::default(), Vec::new(), Ended::default());
        let mut rollouts = Rollouts { terms, mind, cluster, bounds, report, aside, flights, ended };
        rollouts.resume().await;
        Box::pin(rollouts.run(plan.actions)).await;
        if self.clean && interrupt.exit_code().is_none() {
            let options = &Options { max_actions: rollouts.bounds.budget, ..self.options.clone() };
            let cleaning = Cleaning { engine, settings, options, interrupt };
            Box::pin(cleaning.run(&mut rollouts.mind.next, rollouts.report)).await;
            rollouts.keep().await;
        }
        Ok(plan.unchanged)
    }

    /// Asks the registries.
    async fn ask(&mut self, engine: &Engine, cluster: &Snapshot, report: &mut Report) -> Result<()> {
        let repositories = repositories(&select(cluster, self.settings, &self.request));
        if !repositories.is_empty() {
            let tags = resolve::tags(engine, self.keyring, &repositories);
            self.request.tags = self.unless_interrupted(Box::pin(tags)).await?;
        }
        let candidates = select(cluster, self.settings, &self.request);
        let asked = images(&candidates);
        let known = resolve::known(engine, self.keyring, &candidates, &asked);
        let known = self.unless_interrupted(Box::pin(known)).await?;
        let auths = registry::auths(self.keyring, asked.iter().cloned(), SOON);
        let (auths, problems) = self.unless_interrupted(auths).await?;
        drop(candidates);
        report.warnings.extend(problems.into_iter().map(|text| Warning::new("credentials", text)));
        (self.request.images, self.request.auths) = (known, auths);
        Ok(())
    }

    /// Says what would be done, and writes nothing.
    fn rehearse(&self, pass: &Pass, cluster: &Snapshot, key: &str, report: &mut Report) -> u64 {
        // What can't be read is taken as not remembered: nothing is written.
        let memory = self.options.peek_memory(key);
        let mut plan = pass.plan(cluster, self.settings, &memory, cluster.taken_at);
        take(&mut plan, report);
        if self.clean
            && let Ok(keep) = Keep::of(cluster)
        {
            // What this run would replace is kept for a rollback, as what it replaces is.
            let images = free(&memory, &keep);
            report.data.insert(clean::DATA.to_owned(), told(&images, 0, &[]));
        }
        report.actions = plan.actions.iter().map(|action| ReportedAction::new(action, Status::Planned, None)).collect();
        plan.unchanged
    }

    async fn unless_interrupted<T>(&self, work: impl Future<Output = T>) -> Result<T> {
        tokio::select! {
            _ = self.interrupt.nth(1) => {
                Err(interrupted())
            }
            done = work => Ok(done),
        }
    }
}

/// How each service is updated, and which are orca itself.
fn policies(
    cluster: &Snapshot,
    settings: &Settings,
    request: &Request,
) -> (BTreeMap<ServiceId, Policy>, BTreeSet<String>) {
    let candidates = select(cluster, settings, request);
    let own = candidates.iter().filter(|candidate| candidate.is_orca());
    let own = own.map(|candidate| candidate.service.id.0.clone()).collect();
    (candidates.into_iter().map(|candidate| (candidate.service.id.clone(), candidate.policy)).collect(), own)
}

/// What a plan says besides its actions goes into the report.
fn take(plan: &mut Plan, report: &mut Report) {
    report.blocked.append(&mut plan.blocked);
    report.warnings.append(&mut plan.warnings);
    report.data.append(&mut plan.data);
}
