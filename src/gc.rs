//! One run of `orca gc`: ask the managers what the cluster needs, then on each node look, plan, remove, measure.

mod node;
pub mod order;
mod service;

use std::cell::Cell;
use std::collections::BTreeSet;

use anyhow::Result;
use futures_util::StreamExt as _;
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::Instant;

use crate::cycle::Options;
use crate::cycle::hold::Hold;
use crate::cycle::live::host_id;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, again, interrupted};
use crate::interrupt::Interrupt;
use crate::model::NodeId;
use crate::nodes::{self, Known, Reach, Stop};
use crate::pass::gc::Only;
use crate::pass::gc::keep::Keep;
use crate::plan::{Blocked, Target, TargetKind, Warning};
use crate::report::{Cluster, Outcome, Report, Run};
use crate::settings::Settings;
use crate::state::{Actor, State};
use node::{Needs, Round, Visited, Wanted, with_hint};
use order::GcOrder;
use service::Errand;

/// The command's name in reports.
pub const COMMAND: &str = "gc";

/// How nodes are reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// By their own engines.
    Engines,
    /// By a service that runs orca on each of them, and is removed again.
    Service,
}

/// A run of the collector.
#[derive(Debug)]
pub struct Collection<'a> {
    /// The engine that orca is pointed at.
    pub here: Engine,
    /// What to plan by; flags are laid over the file already.
    pub settings: &'a Settings,
    /// Which nodes.
    pub reach: Reach,
    /// How they are reached.
    pub via: Via,
    /// `--volume`.
    pub volumes: BTreeSet<String>,
    /// Only these images, and nothing else.
    pub only: Option<Only>,
    /// Whose collection it is: its name in the journal.
    pub command: &'static str,
    /// The bounds.
    pub options: &'a Options,
    /// Signals.
    pub interrupt: &'a Interrupt,
}

impl Collection<'_> {
    /// Runs once. Whatever happens, there is a report.
    pub async fn run(&self) -> Report {
        let started = Instant::now();
        let mut report = Report::new(self.command, Run::start(self.options.dry_run));
        let unchanged = self.visit_all(started + self.options.timeout, &mut report).await;
        report.ended(started, unchanged)
    }

    async fn visit_all(&self, deadline: Instant, report: &mut Report) -> Result<u64> {
        let here = self.here.until(deadline);
        let known = tokio::select! {
            _ = self.interrupt.nth(1) => return Err(interrupted()),
            known = nodes::ask_managers(&self.reach, &here, deadline) => known?,
        };
        if let Some(cluster) = known.cluster() {
            report.cluster = Some(Cluster::of(cluster));
            if self.options.leader_only && !cluster.leader() {
                report.outcome = Outcome::Skipped;
                return Ok(0);
            }
        }
        let paused = known.cluster().is_some_and(|cluster| report.paused(&cluster.pauses, cluster.taken_at));
        let hold = if paused { None } else { self.options.hold(COMMAND, &mut report.warnings).await? };
        let (state, lock) = hold.map(|Hold { state, lock }| (state, lock)).unzip();
        if let (Some(cluster), Some(_)) = (known.cluster(), &lock) {
            let host = host_id(&self.options.state_dir)?;
            service::sweep(&self.managers(&here, deadline)?, cluster, &host, &mut report.warnings).await;
        }
        if paused && self.via == Via::Service {
            // It would start a service on the nodes: what lies there is not known without it.
            let target = Target::unknown(TargetKind::Swarm, "swarm");
            let reasons = report.warnings.iter().filter(|warning| warning.code == "paused").map(|w| w.message.clone());
            report.blocked.push(Blocked { id: "swarm#gc".to_owned(), target, reasons: reasons.collect() });
            return Ok(0);
        }
        let ended = match (self.via, state) {
            (Via::Service, Some(state)) => self.by_service(&known, &here, deadline, &state, report).await,
            (_, state) => self.by_engines(&known, deadline, state, report).await,
        };
        if paused {
            report.withhold();
        }
        ended
    }

    /// The engine that speaks for the swarm.
    fn managers(&self, here: &Engine, deadline: Instant) -> Result<Engine> {
        let url = self.reach.manager.as_ref();
        url.map_or_else(|| Ok(here.clone()), |url| Ok(nodes::engine_at(url, "--manager")?.until(deadline)))
    }

    fn actor(&self, known: &Known, report: &Report) -> Actor {
        let cluster =
            known.cluster().and_then(|cluster| cluster.cluster.clone()).unwrap_or_else(|| "unknown".to_owned());
        Actor { run: report.run.id.clone(), cluster, command: self.command }
    }

    async fn by_engines(
        &self,
        known: &Known,
        deadline: Instant,
        state: Option<State>,
        report: &mut Report,
    ) -> Result<u64> {
        let stops = nodes::stops(&self.reach, &self.here, known, self.settings)?;
        let here = self.here.until(deadline);
        let needs = match known {
            Known::Cluster(cluster) => {
                Needs::Known(Wanted::new(Keep::of(cluster)?, Some(self.managers(&here, deadline)?)))
            }
            Known::Standalone => Needs::Standalone,
            Known::Nothing(error) => Needs::Unknown(with_hint(error)),
        };
        let round = Round {
            needs,
            cluster: known.cluster(),
            settings: &self.settings.gc,
            volumes: &self.volumes,
            only: self.only.as_ref(),
            state,
            actor: self.actor(known, report),
            budget: Cell::new(self.options.max_actions),
            deadline,
            interrupt: self.interrupt,
            disk_at: None,
        };
        let parallel = usize::try_from(self.settings.gc.parallel).unwrap_or(1).max(1);
        let visits = stops.iter().map(|stop| round.visit(stop));
        let visited: Vec<Visited> = futures_util::stream::iter(visits).buffered(parallel).collect().await;
        let several = stops.len() > 1 || !self.reach.nodes.is_empty() || self.reach.all;
        Ok(self.merge(visited, several, report))
    }

    async fn by_service(
        &self,
        known: &Known,
        here: &Engine,
        deadline: Instant,
        state: &State,
        report: &mut Report,
    ) -> Result<u64> {
        let cluster = match known {
            Known::Cluster(cluster) => cluster,
            Known::Standalone => {
                let error = Error::new(ErrorKind::NotManager, "this engine is in no swarm: it can run no service");
                return Err(error.hint("leave out --via service").into());
            }
            Known::Nothing(error) => return Err(again(error)),
        };
        let Some(image) = &self.settings.gc.service.image else {
            let error = Error::new(ErrorKind::Config, "--via service needs an image that has orca in its PATH");
            return Err(error.hint("name it in orca.yml: gc: { service: { image: NAME } }").into());
        };
        let (actor, host) = (self.actor(known, report), host_id(&self.options.state_dir)?);
        let mut order = GcOrder::new(&actor.run, &actor.cluster, Keep::of(cluster)?, &self.settings.gc);
        order.volumes.clone_from(&self.volumes);
        order.only.clone_from(&self.only);
        order.max_actions = self.options.max_actions;
        let engine = &self.managers(here, deadline)?;
        let nodes = nodes::wanted(&self.reach, cluster)?;
        let errand = Errand { engine, cluster, nodes, order, host: &host, deadline, interrupt: self.interrupt };
        let visited = errand.run(image, &mut report.warnings).await?;
        for action in visited.iter().flat_map(|node| &node.actions) {
            let status = crate::apply::local::journal_word(action.status);
            if let Err(error) = state.enter(&actor, action, status, Timestamp::now()) {
                report.warnings.push(Warning::new("journal", format!("{error:#}")));
            }
        }
        Ok(self.merge(visited, true, report))
    }

    /// Puts the nodes' results together.
    fn merge(&self, visited: Vec<Visited>, several: bool, report: &mut Report) -> u64 {
        let (mut unchanged, mut freed, mut failed, all) = (0, 0_u64, Vec::new(), visited.len());
        let mut missing = self.volumes.clone();
        let mut facts = Vec::new();
        for node in visited {
            unchanged += node.unchanged;
            freed = freed.saturating_add(node.freed);
            node.volumes.iter().for_each(|name| _ = missing.remove(name));
            report.actions.extend(node.actions);
            report.blocked.extend(node.blocked);
            report.warnings.extend(node.warnings);
            if let Some(error) = node.error {
                if several && error.downcast_ref::<Error>().is_none_or(|error| error.kind != ErrorKind::Interrupted) {
                    failed.push(format!("`{}`: {error:#}", node.name));
                } else {
                    report.fail(&error);
                }
            }
            facts.push(Value::Object(node.facts));
        }
        if !failed.is_empty() {
            let text = format!("{} of {all} nodes failed: {}", failed.len(), failed.join("; "));
            report.fail(&Error::new(ErrorKind::Failed, text).hint("the other nodes were worked on; run again").into());
        }
        for name in missing {
            report
                .warnings
                .push(Warning::new("unknown_volume", format!("no node that was asked has a volume `{name}`")));
        }
        let planned = report.actions.iter().map(|action| action.before.get("size_bytes").and_then(Value::as_u64));
        let bytes: u64 = planned.flatten().fold(0, u64::saturating_add);
        report.data.insert("candidate_bytes".to_owned(), bytes.into());
        report.data.insert("freed_bytes".to_owned(), freed.into());
        report.data.insert("nodes".to_owned(), facts.into());
        unchanged
    }
}

/// What the orca that `--via service` starts on a node does there, as lines for its log.
///
/// # Errors
/// If its answer can't be written.
pub async fn obey(
    order: Result<GcOrder>,
    here: Result<Engine>,
    options: &Options,
    interrupt: &Interrupt,
) -> Result<String> {
    let visited = match (order, here) {
        (Ok(order), Ok(here)) => Box::pin(carry_out(&order, &here, options, interrupt)).await,
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    order::lines(visited.unwrap_or_else(|error| Visited::in_vain("", error)))
}

async fn carry_out(order: &GcOrder, here: &Engine, options: &Options, interrupt: &Interrupt) -> Result<Visited> {
    let deadline = Instant::now() + order.timeout;
    let own = here.until(deadline).identity().await?;
    let Some(name) = order.nodes.get(&own.node) else { return Ok(Visited::default()) };
    let (state, _) = State::open(&options.state_dir)?;
    let round = Round {
        needs: Needs::Known(Wanted::new(order.needs.clone(), None)),
        cluster: None,
        settings: &order.settings,
        volumes: &order.volumes,
        only: order.only.as_ref(),
        state: Some(state),
        actor: Actor { run: order.run.clone(), cluster: order.cluster.clone(), command: COMMAND },
        budget: Cell::new(order.max_actions),
        deadline,
        interrupt,
        disk_at: Some(service::DISK),
    };
    let stop = Stop { name: Some(name.clone()), node: Some(NodeId(own.node)), engine: Ok(here.clone()) };
    Ok(round.visit(&stop).await)
}
