//! One run of `orca bootstrap`: look at every engine, plan, take the next steps, look again, until nothing is left to do.
//!
//! The plan is made anew after every step that changes who is in the swarm, so a run that goes on after another was
//! stopped is the same as one that was not.

mod fleet;
mod joins;
mod steps;

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::Result;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::cycle::Options;
use crate::cycle::hold::Hold;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, interrupted};
use crate::interrupt::Interrupt;
use crate::model::node::NodeState;
use crate::model::{Member, NodeId};
use crate::pass::bootstrap::{Consent, HostSight, plan};
use crate::plan::Plan;
use crate::progress::Progress;
use crate::report::{Cluster, Outcome, Report, Run};
use crate::settings::Settings;
use crate::snapshot::Snapshot;
use crate::state::Actor;
use fleet::Fleet;
use steps::Steps;

/// The command's name in reports.
pub const COMMAND: &str = "bootstrap";

/// A run.
#[derive(Debug)]
pub struct Bootstrapping<'a> {
    /// With `--leader-only`: the engine that must lead the swarm.
    pub here: Option<Engine>,
    /// What to plan by.
    pub settings: &'a Settings,
    /// What the operator has agreed to.
    pub consent: Consent,
    /// The bounds.
    pub options: &'a Options,
    /// Signals.
    pub interrupt: &'a Interrupt,
}

impl Bootstrapping<'_> {
    /// Runs once. Whatever happens, there is a report.
    pub async fn run(&self) -> Report {
        let started = Instant::now();
        let mut report = Report::new(COMMAND, Run::start(self.options.dry_run));
        let unchanged = self.work(started + self.options.timeout, &mut report).await;
        report.ended(started, unchanged)
    }

    async fn work(&self, deadline: Instant, report: &mut Report) -> Result<u64> {
        if let Some(here) = &self.here
            && !leads(&here.until(deadline)).await?
        {
            report.outcome = Outcome::Skipped;
            return Ok(0);
        }
        self.check_names()?;
        let key_file = self.key_file();
        let consent = Consent { key_file: key_file.display().to_string(), ..self.consent.clone() };
        let hold = self.options.hold(COMMAND, &mut report.warnings).await?;
        let mut fleet = Fleet::of(self.settings, key_file.clone());
        tokio::select! {
            _ = self.interrupt.nth(1) => return Err(interrupted()),
            () = fleet.look(deadline) => {}
        }
        let first = plan(&fleet.world, self.settings, &consent);
        self.tell_lost(&fleet, report);
        let found = fleet.home().ok().map(|(_, swarm)| (swarm.pauses.clone(), swarm.taken_at));
        let paused = found.is_some_and(|(pauses, now)| report.paused(&pauses, now));
        let last = if let (Some(Hold { state, .. }), false) = (&hold, paused) {
            let cluster =
                fleet.home().ok().and_then(|(_, swarm)| swarm.cluster.clone()).unwrap_or_else(|| "unknown".to_owned());
            let actor = Actor { run: report.run.id.clone(), cluster, command: COMMAND };
            let progress = Progress::new(self.options.progress);
            let bounds = (deadline, self.options.max_actions);
            let mut steps = Steps::new(self, &consent, &key_file, state, &actor, &progress, bounds);
            let last = steps.take(first, &mut fleet).await;
            let (actions, warnings, error) = steps.end();
            report.actions = actions;
            report.warnings.extend(warnings);
            if let Some(error) = error {
                report.fail(&error);
            }
            last
        } else {
            report.plan(&first.actions);
            first
        };
        let unchanged = self.describe(&fleet, last, report);
        if paused {
            report.withhold();
        }
        Ok(unchanged)
    }

    /// Names that stand for nothing: found before anybody is asked.
    fn check_names(&self) -> Result<()> {
        let nodes = &self.settings.nodes;
        let config = |text: String, hint: &str| Err(Error::new(ErrorKind::Config, text).hint(hint).into());
        if nodes.is_empty() {
            return config("the config names no nodes".to_owned(), "list them under `nodes`, with ip or host");
        }
        if let Some(leader) = &self.settings.leader {
            let Some(node) = nodes.get(leader) else {
                return config(
                    format!("the leader `{leader}` is none of `nodes`"),
                    "add it there, with its ip or host",
                );
            };
            if node.role.as_deref() == Some("worker") {
                return config(format!("the leader `{leader}` has the role worker"), "the leader is a manager");
            }
        }
        if let Some(unknown) = self.consent.only.iter().find(|name| !nodes.contains_key(*name)) {
            let names = nodes.keys().cloned().collect::<Vec<_>>().join(", ");
            return config(format!("the config has no node `{unknown}`"), &format!("there are {names}"));
        }
        Ok(())
    }

    fn key_file(&self) -> PathBuf {
        let file = self.settings.bootstrap.unlock_key_file.clone();
        file.unwrap_or_else(|| self.options.state_dir.join("unlock-key"))
    }

    fn concerns(&self, name: &str) -> bool {
        self.consent.only.is_empty() || self.consent.only.contains(name)
    }

    /// Says which nodes didn't answer. They fail alone.
    fn tell_lost(&self, fleet: &Fleet<'_>, report: &mut Report) {
        let hosts = fleet.world.hosts.iter().filter(|(name, _)| self.concerns(name));
        let lost: Vec<String> = hosts
            .clone()
            .filter_map(|(name, sight)| match sight {
                HostSight::Lost(why) => Some(format!("`{name}`: {why}")),
                HostSight::Seen(_) => None,
            })
            .collect();
        let all = hosts.count();
        if lost.is_empty() {
            return;
        }
        let kind = if lost.len() == all { ErrorKind::Unreachable } else { ErrorKind::Failed };
        let text = format!("{} of {all} nodes can't be reached: {}", lost.len(), lost.join("; "));
        let hint = "nothing was done to them; run again once they can be reached";
        report.fail(&Error::new(kind, text).hint(hint).into());
    }

    /// What is left to say once all that could be done is done.
    fn describe(&self, fleet: &Fleet<'_>, last: Plan, report: &mut Report) -> u64 {
        report.blocked = last.blocked;
        report.warnings.extend(last.warnings);
        let swarm = fleet.home().ok().map(|(_, swarm)| swarm);
        report.cluster = swarm.map(Cluster::of);
        let nodes: Vec<Value> = self.settings.nodes.keys().map(|name| node_fact(name, fleet, swarm)).collect();
        report.data.insert("nodes".to_owned(), nodes.into());
        report.data.insert("requests".to_owned(), fleet.requests().into());
        last.unchanged
    }
}

/// Whether this engine leads its swarm. One that is no manager doesn't.
async fn leads(here: &Engine) -> Result<bool> {
    let standing = here.standing().await?;
    if !standing.manager {
        return Ok(false);
    }
    let swarm = Snapshot::observe_members(here, &standing).await?;
    Ok(swarm.leader())
}

/// A node as the report has it.
fn node_fact(name: &str, fleet: &Fleet<'_>, swarm: Option<&Snapshot>) -> Value {
    let endpoint = fleet.engines.get(name).map(|engine| engine.endpoint().address.to_string());
    let (standing, error) = match fleet.world.hosts.get(name) {
        Some(HostSight::Seen(standing)) => (Some(standing), None),
        Some(HostSight::Lost(why)) => (None, Some(why)),
        None => (None, None),
    };
    let node = standing.and_then(|standing| swarm?.node(&NodeId(standing.node.clone())));
    let member = node.and_then(|node| Member::read(&node.raw).ok());
    json!({
        "node": name,
        "endpoint": endpoint,
        "engine": standing.map(|standing| &standing.version),
        "swarm": standing.map(|standing| &standing.state),
        "id": node.map(|node| &node.id.0),
        "role": member.as_ref().map(|member| member.role.name()),
        "reachable": member.as_ref().filter(|member| member.votes).map(|member| member.reachable),
        "ready": node.map(|node| node.state == NodeState::Ready),
        "error": error,
    })
}

/// Names of the nodes whose standing a step may have changed.
type Touched = BTreeSet<String>;
