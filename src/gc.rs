//! One run of `orca gc`: ask the managers what the cluster needs, then on each node look, plan, remove, measure.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use futures_util::StreamExt as _;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::apply::local::NodeApplier;
use crate::cycle::Options;
use crate::engine::Engine;
use crate::engine::local::Stock;
use crate::error::{Error, ErrorKind};
use crate::interrupt::Interrupt;
use crate::lock;
use crate::nodes::{self, Known, Reach, Stop};
use crate::pass::gc::keep::{Facts, Keep};
use crate::pass::gc::{self, Input, Sweep};
use crate::plan::{Blocked, TargetKind, Warning};
use crate::report::{Cluster, Outcome, Report, ReportedAction, Run, Status};
use crate::settings::Settings;
use crate::state::{self, Actor, State};

/// The command's name in reports.
pub const COMMAND: &str = "gc";

/// A run of the collector.
#[derive(Debug)]
pub struct Collection<'a> {
    /// The engine that orca is pointed at.
    pub here: Engine,
    /// What to plan by; flags are laid over the file already.
    pub settings: &'a Settings,
    /// Which nodes.
    pub reach: Reach,
    /// `--volume`.
    pub volumes: BTreeSet<String>,
    /// The bounds.
    pub options: &'a Options,
    /// Signals.
    pub interrupt: &'a Interrupt,
}

/// What all nodes of a run share.
struct Common<'a> {
    known: Known,
    keep: Option<Keep>,
    state: Option<State>,
    actor: Actor,
    budget: Cell<usize>,
    deadline: Instant,
    run: &'a Collection<'a>,
}

/// What became of one node.
#[derive(Default)]
struct Visited {
    name: String,
    actions: Vec<ReportedAction>,
    blocked: Vec<Blocked>,
    warnings: Vec<Warning>,
    unchanged: u64,
    error: Option<anyhow::Error>,
    facts: Map<String, Value>,
    /// Which of the volumes that were named it has.
    volumes: Vec<String>,
    freed: u64,
}

impl Collection<'_> {
    /// Runs once. Whatever happens, there is a report.
    pub async fn run(&self) -> Report {
        let started = Instant::now();
        let mut report = Report::new(COMMAND, Run::start(self.options.dry_run));
        let unchanged = match self.visit_all(started + self.options.timeout, &mut report).await {
            Ok(unchanged) => unchanged,
            Err(error) => {
                report.fail(&error);
                0
            }
        };
        let skipped = report.outcome == Outcome::Skipped;
        report.conclude(unchanged);
        if skipped && report.error.is_none() {
            report.outcome = Outcome::Skipped;
        }
        report.run.duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        report
    }

    async fn visit_all(&self, deadline: Instant, report: &mut Report) -> Result<u64> {
        let here = self.here.until(deadline);
        let known = tokio::select! {
            _ = self.interrupt.nth(1) => {
                return Err(Error::new(ErrorKind::Interrupted, "interrupted by a signal before anything was changed").into());
            }
            known = nodes::ask_managers(&self.reach, &here, deadline) => known?,
        };
        let mut keep = None;
        let mut cluster_id = "unknown".to_owned();
        if let Known::Cluster(cluster) = &known {
            keep = Some(Keep::of(cluster)?);
            report.cluster = Some(Cluster::of(cluster));
            cluster_id = cluster.cluster.clone().unwrap_or(cluster_id);
            if self.options.leader_only && !cluster.leader() {
                report.outcome = Outcome::Skipped;
                return Ok(0);
            }
        }
        let stops = nodes::stops(&self.reach, &self.here, &known, self.settings)?;
        let (mut state, mut _lock) = (None, None);
        if !self.options.dry_run {
            state::make_dir(&self.options.state_dir)?;
            _lock = Some(lock::take(&self.options.state_dir, COMMAND, self.options.lock_timeout).await?);
            let (mut opened, warning) = State::open(&self.options.state_dir)?;
            report.warnings.extend(warning);
            report.warnings.extend(opened.mend(&self.options.state_dir)?);
            state = Some(opened);
        }
        let actor = Actor { run: report.run.id.clone(), cluster: cluster_id, command: COMMAND };
        let budget = Cell::new(self.options.max_actions);
        let common = Common { known, keep, state, actor, budget, deadline, run: self };
        let parallel = usize::try_from(self.settings.gc.parallel).unwrap_or(1).max(1);
        let (common, several) = (&common, stops.len() > 1 || !self.reach.nodes.is_empty() || self.reach.all);
        let visits = stops.iter().map(|stop| common.visit(stop));
        let visited: Vec<Visited> = futures_util::stream::iter(visits).buffered(parallel).collect().await;
        Ok(self.merge(visited, several, report))
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

impl Common<'_> {
    /// Works on one node. It fails alone.
    async fn visit(&self, stop: &Stop) -> Visited {
        let mut visited = Visited { name: stop.name.clone().unwrap_or_default(), ..Visited::default() };
        if let Err(error) = self.work(stop, &mut visited).await {
            visited.error = Some(error);
        }
        let error = visited.error.as_ref().map(|error| format!("{error:#}"));
        let mut facts = Map::new();
        facts.insert("node".to_owned(), visited.name.clone().into());
        facts.insert("error".to_owned(), error.into());
        facts.append(&mut visited.facts);
        visited.facts = facts;
        visited
    }

    async fn work(&self, stop: &Stop, visited: &mut Visited) -> Result<()> {
        let engine = match &stop.engine {
            Ok(engine) => engine,
            Err(error) => return Err(again(error)),
        };
        let settings = &self.run.settings.gc;
        let stock = tokio::select! {
            _ = self.run.interrupt.nth(1) => {
                return Err(Error::new(ErrorKind::Interrupted, "interrupted by a signal before anything was changed").into());
            }
            stock = async { engine.until(self.deadline).stock(settings.grace).await } => stock?,
        };
        stop.check(&stock.engine, &self.known)?;
        stop.name(&stock.engine).clone_into(&mut visited.name);
        let disk = nodes::disk_used(engine, &stock.engine.root);
        let unknown;
        let facts = match (&self.known, &self.keep) {
            (Known::Cluster(_), Some(keep)) => Facts::Known(keep),
            (Known::Standalone, _) => Facts::Standalone,
            (Known::Nothing(error), _) => {
                unknown = with_hint(error);
                Facts::Unknown(&unknown)
            }
            (Known::Cluster(_), None) => Facts::Unknown("the services can't be read"),
        };
        let name = visited.name.clone();
        let input = Input { node: &name, stock: &stock, facts, settings, volumes: &self.run.volumes, disk };
        let Sweep { plan, kept } = gc::plan(&input);
        visited.volumes = stock
            .volumes
            .iter()
            .map(|volume| volume.name.clone())
            .filter(|name| self.run.volumes.contains(name))
            .collect();
        visited.unchanged = plan.unchanged;
        visited.blocked = plan.blocked;
        visited.warnings = plan.warnings;
        describe(visited, engine, &stock, disk, &kept);
        let Some(state) = &self.state else {
            visited.actions =
                plan.actions.iter().map(|action| ReportedAction::new(action, Status::Planned, None)).collect();
            return Ok(());
        };
        // What has begun is let finish: only what has not is left out when time is up.
        let mut applier = NodeApplier {
            engine,
            api: &stock.engine.api,
            state,
            actor: &self.actor,
            budget: &self.budget,
            deadline: self.deadline,
            interrupt: self.run.interrupt,
            memory: None,
        };
        let images = plan.actions.iter().any(|action| action.target.kind == TargetKind::Image);
        let (outcome, freed) = applier.apply(plan.actions).await;
        visited.freed = freed;
        if images {
            match engine.layers_bytes(&stock.engine.api).await {
                Ok(after) => visited.freed = freed.saturating_add(stock.layers_bytes.saturating_sub(after)),
                Err(error) => {
                    let text = format!("`{name}`: how much removing images freed can't be measured: {error:#}");
                    visited.warnings.push(Warning::new("not_measured", text));
                }
            }
        }
        visited.actions = outcome.actions;
        visited.warnings.extend(outcome.warnings);
        visited.facts.insert("freed_bytes".to_owned(), visited.freed.into());
        outcome.error.map_or(Ok(()), Err)
    }
}

/// The node's own facts for the report.
fn describe(
    visited: &mut Visited,
    engine: &Engine,
    stock: &Stock,
    disk: Option<f64>,
    kept: &BTreeMap<&'static str, u64>,
) {
    let percent = disk.map(|share| (share * 1000.0).round() / 10.0);
    let facts = [
        ("endpoint", json!(engine.endpoint().address.to_string())),
        ("engine", json!(stock.engine.version)),
        ("disk_used_percent", json!(percent)),
        ("containers", json!(stock.containers.len())),
        ("images", json!(stock.images.len())),
        ("volumes", json!(stock.volumes.len())),
        ("layers_bytes", json!(stock.layers_bytes)),
        ("kept", json!(kept)),
        ("freed_bytes", json!(0)),
    ];
    visited.facts.extend(facts.map(|(key, value)| (key.to_owned(), value)));
}

/// The same error once more: the first is kept with the node.
fn again(error: &anyhow::Error) -> anyhow::Error {
    let same = Error::new(crate::error::kind_of(error), format!("{error:#}"));
    match crate::error::hint_of(error) {
        Some(hint) => same.hint(hint).into(),
        None => same.into(),
    }
}

fn with_hint(error: &anyhow::Error) -> String {
    match crate::error::hint_of(error) {
        Some(hint) => format!("{error:#}: {hint}"),
        None => format!("{error:#}"),
    }
}
