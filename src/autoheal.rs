//! One run of `orca autoheal`: services and pending tasks by way of a manager, then containers on the nodes' own engines.

use std::cell::Cell;

use anyhow::Result;
use serde_json::Value;
use tokio::time::Instant;

use crate::apply::local::{Hand, NodeApplier};
use crate::cycle::{Cycle, Options, Source};
use crate::engine::Engine;
use crate::engine::local::Identity;
use crate::error::{Error, ErrorKind, interrupted};
use crate::interrupt::Interrupt;
use crate::model::Pauses;
use crate::nodes::{self, Known, Reach, Stop};
use crate::pass::Pass;
use crate::pass::autoheal::containers::{self, Input, Sick};
use crate::plan::Plan;
use crate::report::{Outcome, Report, Run};
use crate::settings::Settings;
use crate::state::{Actor, State};

/// The command's name in reports.
pub const COMMAND: &str = "autoheal";
/// So many killed containers are asked about on one node.
const ASKED: usize = 5;

/// A run of the healer.
#[derive(Debug)]
pub struct Healing<'a> {
    /// The engine that orca is pointed at, or a snapshot file.
    pub source: &'a Source,
    /// What to plan by; flags are laid over the file already.
    pub settings: &'a Settings,
    /// Which nodes.
    pub reach: Reach,
    /// Whether to look at services and pending tasks; none: where the engine is a manager.
    pub services: Option<bool>,
    /// Whether to look at containers.
    pub containers: bool,
    /// The bounds.
    pub options: &'a Options,
    /// Signals.
    pub interrupt: &'a Interrupt,
}

impl Healing<'_> {
    /// Runs once. Whatever happens, there is a report.
    pub async fn run(&self) -> Report {
        let started = Instant::now();
        let mut report = match self.manager(started + self.options.timeout).await {
            Ok(Some(source)) => {
                let (settings, options, interrupt) = (self.settings, self.options, self.interrupt);
                let passes = &[Pass::Autoheal];
                Box::pin(Cycle { command: COMMAND, passes, source: &source, settings, options, interrupt }.run()).await
            }
            Ok(None) => Report::new(COMMAND, Run::start(self.options.dry_run)),
            Err(error) => {
                let mut report = Report::new(COMMAND, Run::start(self.options.dry_run));
                report.fail(&error);
                report
            }
        };
        let skipped = report.outcome == Outcome::Skipped;
        if let (Source::Engine(here), false, None) = (self.source, skipped, self.interrupt.exit_code()) {
            // Its own time: what the services took is not the containers'.
            let deadline = Instant::now() + self.options.timeout;
            if let Err(error) = self.nodes(here, deadline, &mut report).await {
                report.fail(&error);
            }
        }
        // Where the halves run apart, the success of one is none of the other.
        let half = match (self.services, self.containers) {
            (Some(true), false) => Some("services"),
            (Some(false), true) => Some("containers"),
            _ => None,
        };
        report.data.extend(half.map(|half| ("only".to_owned(), half.into())));
        let unchanged = report.summary.unchanged;
        report.ended(started, Ok(unchanged))
    }

    /// Where the swarm's services are looked at; none where that is not wanted, or nobody can be asked.
    async fn manager(&self, deadline: Instant) -> Result<Option<Source>> {
        let Source::Engine(here) = self.source else {
            return Ok((self.services != Some(false)).then(|| self.source.clone()));
        };
        match (self.services, &self.reach.manager) {
            (Some(false), _) => Ok(None),
            (_, Some(url)) => Ok(Some(Source::Engine(nodes::engine_at(url, "--manager")?))),
            (Some(true), None) => Ok(Some(self.source.clone())),
            (None, None) => {
                let own = tokio::select! {
                    _ = self.interrupt.nth(1) => return Err(interrupted()),
                    own = async { here.until(deadline).identity().await } => own?,
                };
                // A worker, or an engine in no swarm, has containers of its own all the same.
                Ok(own.manager.then(|| self.source.clone()))
            }
        }
    }

    /// Goes to each node.
    async fn nodes(&self, here: &Engine, deadline: Instant, report: &mut Report) -> Result<()> {
        let several = self.reach.all || !self.reach.nodes.is_empty();
        let known = if several {
            nodes::ask_managers(&self.reach, &here.until(deadline), deadline).await?
        } else {
            Known::Standalone
        };
        let stops = nodes::stops(&self.reach, here, &known, self.settings)?;
        let hold =
            if self.containers { self.options.hold("autoheal containers", &mut report.warnings).await? } else { None };
        let state = hold.as_ref().map(|hold| &hold.state);
        let budget = Cell::new(self.options.max_actions.saturating_sub(report.actions.len()));
        let (mut failed, all) = (Vec::new(), stops.len());
        for stop in stops {
            let name = stop.name.clone().unwrap_or_default();
            match self.node(stop, several.then_some(&known), state, &budget, deadline, report).await {
                Ok(()) => {}
                Err(error) if several => failed.push(format!("`{name}`: {error:#}")),
                Err(error) => return Err(error),
            }
        }
        if failed.is_empty() {
            return Ok(());
        }
        let text = format!("{} of {all} nodes failed: {}", failed.len(), failed.join("; "));
        Err(Error::new(ErrorKind::Failed, text).hint("the other nodes were worked on; run again").into())
    }

    async fn node(
        &self,
        stop: Stop,
        known: Option<&Known>,
        state: Option<&State>,
        budget: &Cell<usize>,
        deadline: Instant,
        report: &mut Report,
    ) -> Result<()> {
        let name = stop.name.clone();
        let engine = match &stop.engine {
            Ok(engine) => engine.clone(),
            Err(_) => return stop.engine.map(|_| ()),
        };
        let asked = engine.until(deadline);
        let own = asked.identity().await?;
        if let Some(known) = known {
            stop.check(&own, known.cluster())?;
        }
        let name = name.unwrap_or_else(|| own.name.clone());
        // A worker is told of a pause by the managers, if anybody is.
        let pauses = known.and_then(Known::cluster).map_or(&own.pauses, |cluster| &cluster.pauses);
        ask_who_killed(&asked, &own, &name, report).await;
        if !self.containers {
            return Ok(());
        }
        let ward = Ward { engine: &engine, asked: &asked, own: &own, pauses, name: &name };
        self.heal(&ward, state, budget, deadline, report).await
    }

    /// Plans for the containers of one node, and carries it out where there is a state to note it in.
    async fn heal(
        &self,
        ward: &Ward<'_>,
        state: Option<&State>,
        budget: &Cell<usize>,
        deadline: Instant,
        report: &mut Report,
    ) -> Result<()> {
        let Ward { own, pauses, .. } = ward;
        let sick = ward.sick().await?;
        let key = format!("node {} {}", own.id, self.settings.files.join(" "));
        let memory = match state {
            Some(state) => state.memory(&key)?,
            None => self.options.peek_memory(&key),
        };
        let state = if report.paused(pauses, own.now) { None } else { state };
        let settings = &self.settings.autoheal.containers;
        let mut plan =
            containers::plan(&Input { node: ward.name, sick: &sick, settings, memory: &memory, now: own.now });
        tell(&mut plan, report);
        let Some(state) = state else {
            report.plan(&plan.actions);
            if pauses.whole(own.now).is_some() {
                report.withhold();
            }
            return Ok(());
        };
        let mut next = plan.memory.take().unwrap_or_default();
        if next != memory {
            state.remember(&key, &next)?;
        }
        let cluster = if own.node.is_empty() { own.id.clone() } else { own.node.clone() };
        let actor = Actor { run: report.run.id.clone(), cluster, command: COMMAND };
        let mut applier = NodeApplier {
            hand: Hand::Engine { engine: ward.engine, api: &own.api },
            state,
            actor: &actor,
            budget,
            deadline,
            interrupt: self.interrupt,
            memory: Some((&key, &mut next)),
        };
        let (outcome, _) = applier.apply(plan.actions).await;
        report.actions.extend(outcome.actions);
        report.warnings.extend(outcome.warnings);
        outcome.error.map_or(Ok(()), Err)
    }
}

/// A node whose containers are looked at.
struct Ward<'a> {
    /// Without a deadline: what has begun is to end.
    engine: &'a Engine,
    asked: &'a Engine,
    own: &'a Identity,
    pauses: &'a Pauses,
    name: &'a str,
}

impl Ward<'_> {
    async fn sick(&self) -> Result<Vec<Sick>> {
        let mut sick = Vec::new();
        for container in self.asked.unhealthy().await? {
            // Gone meanwhile: well, then.
            if let Some(inspected) = self.asked.container(&container.id).await? {
                sick.push(Sick::read(container, &inspected, self.own.now));
            }
        }
        Ok(sick)
    }
}

/// What a plan for one node's containers has beside actions, to what others had.
fn tell(plan: &mut Plan, report: &mut Report) {
    report.blocked.append(&mut plan.blocked);
    report.warnings.append(&mut plan.warnings);
    let facts = plan.data.remove("unhealthy").and_then(|facts| facts.as_array().cloned()).unwrap_or_default();
    let into = report.data.entry("unhealthy").or_insert_with(|| Vec::<Value>::new().into());
    if let Some(list) = into.as_array_mut() {
        list.extend(facts);
    }
}

/// Of a container that was killed, only its own engine knows whether it was for want of memory.
async fn ask_who_killed(engine: &Engine, own: &Identity, name: &str, report: &mut Report) {
    let mut verdicts: Vec<(String, String)> = Vec::new();
    let flapping = report.data.get_mut("flapping").and_then(Value::as_array_mut).into_iter().flatten();
    let killed =
        |fact: &&mut Value| fact["causes"].as_array().into_iter().flatten().any(|cause| cause["cause"] == "killed");
    for fact in flapping.filter(killed) {
        let mut answers = Vec::new();
        let service = fact["service"].as_str().unwrap_or_default().to_owned();
        let containers = fact.get_mut("containers").and_then(Value::as_array_mut).into_iter().flatten();
        let killed = containers.filter(|container| container["exit_code"] == 137 && container["node"] == *own.node);
        for container in killed.take(ASKED) {
            let id = container["id"].as_str().unwrap_or_default().to_owned();
            let Ok(Some(inspected)) = engine.container(&id).await else { continue };
            let Some(oom) = inspected.pointer("/State/OOMKilled").and_then(Value::as_bool) else { continue };
            container["oom_killed"] = oom.into();
            answers.push(oom);
        }
        let verdict = match answers.iter().filter(|oom| **oom).count() {
            0 => "not for want of memory (OOMKilled is false)",
            _ => "for want of memory (OOMKilled)",
        };
        if !answers.is_empty() {
            let text = format!("the engine of `{name}` says that it was killed {verdict}");
            verdicts.push((format!("service/{service}#flapping"), text));
        }
    }
    for (id, text) in verdicts {
        let own = report.blocked.iter_mut().filter(|blocked| blocked.id == id && !blocked.reasons.contains(&text));
        own.for_each(|blocked| blocked.reasons.push(text.clone()));
    }
}
