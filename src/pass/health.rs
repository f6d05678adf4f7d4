//! `orca health`: one verdict on a swarm, with names.
//!
//! Pure. Each finding weighs one of three things: an error is there until somebody acts, what is settling ends by itself,
//! a notice is worth knowing and changes no verdict.

use std::time::Duration;

use serde_json::{Value, json};

use crate::model::node::{Availability, NodeState};
use crate::model::stock::age;
use crate::model::{Member, Node, Role, UpdateState};
use crate::pass::nodes::list::is_ghost;
use crate::pass::services::standing::{self, Standing};
use crate::pass::services::tasks::why_pending;
use crate::pass::services::{State, list};
use crate::pass::words::spoken;
use crate::plan::{Target, TargetKind};
use crate::snapshot::Snapshot;

/// A task that has waited for less is not lost yet.
const PATIENCE: Duration = Duration::from_secs(60);
/// A rollout that takes longer is worth a look.
const LONG: Duration = Duration::from_secs(1800);

/// What a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Stays so until somebody acts.
    Error,
    /// Ends by itself.
    Settling,
    /// Worth knowing.
    Notice,
}

impl Weight {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Settling => "settling",
            Self::Notice => "notice",
        }
    }
}

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it weighs.
    pub weight: Weight,
    /// A stable word for scripts.
    pub code: &'static str,
    /// What it is about.
    pub target: Target,
    /// In words, all of it.
    pub says: Vec<String>,
}

/// The verdict on a swarm.
#[derive(Debug)]
pub struct Health {
    /// Heaviest first, then by name.
    pub findings: Vec<Finding>,
    /// Counts, for the report.
    pub counts: Value,
}

impl Health {
    /// Takes in what else is worth knowing.
    pub fn note(&mut self, notes: Vec<Finding>) {
        self.findings.extend(notes);
        self.findings.sort_by_key(|one| (one.weight, one.target.sort_key(), one.code));
    }

    /// What the swarm as a whole is: its heaviest finding, notices left out.
    pub fn weight(&self) -> Option<Weight> {
        self.findings.iter().map(|finding| finding.weight).min().filter(|weight| *weight != Weight::Notice)
    }

    /// The verdict in one word.
    pub fn verdict(&self) -> &'static str {
        match self.weight() {
            Some(Weight::Error) => "ill",
            Some(Weight::Settling) => "settling",
            Some(Weight::Notice) | None => "healthy",
        }
    }

    /// The findings of this weight.
    pub fn of(&self, weight: Weight) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.weight == weight)
    }
}

/// What is known of the exporters, where the config wants them.
#[derive(Debug)]
pub struct Exporters<'e> {
    /// The service's name.
    pub service: &'e str,
    /// How many there are to be, and of which something is wrong; none: there is no such service of orca's.
    pub found: Option<(usize, Vec<(Node, String)>)>,
}

/// Looks at everything. The snapshot must have the ended tasks in it.
///
/// # Errors
/// If an object can't be read: then there is no verdict.
pub fn look(cluster: &Snapshot, exporters: Option<&Exporters<'_>>) -> serde_json::Result<Health> {
    look_at(cluster, &standing::all(cluster)?, exporters)
}

/// The same where somebody knows already how all services stand.
///
/// # Errors
/// As of [`look`].
pub fn look_at(
    cluster: &Snapshot,
    standings: &[Standing<'_>],
    exporters: Option<&Exporters<'_>>,
) -> serde_json::Result<Health> {
    let mut findings = Vec::new();
    for node in &cluster.nodes {
        look_at_node(cluster, node, &mut findings);
    }
    let managers = managers(cluster, &mut findings)?;
    let why = why_pending(cluster)?;
    for one in standings {
        look_at_service(cluster, one, why.get(&one.service.name), &mut findings);
    }
    let exporters = exporters.map(|exporters| look_at_exporters(exporters, &mut findings));
    let ready = cluster.nodes.iter().filter(|node| node.state == NodeState::Ready).count();
    let well = standings.iter().filter(|one| matches!(one.state, State::Ok | State::Stopped)).count();
    let counts = json!({
        "nodes": {"total": cluster.nodes.len(), "ready": ready},
        "managers": managers,
        "services": {"total": standings.len(), "ok": well},
        "tasks": {"wanted": standings.iter().filter_map(|one| one.wanted).sum::<u64>(),
            "running": standings.iter().map(|one| one.running).sum::<u64>()},
        "exporters": exporters,
    });
    let mut health = Health { findings: Vec::new(), counts };
    health.note(findings);
    Ok(health)
}

fn look_at_node(cluster: &Snapshot, node: &Node, findings: &mut Vec<Finding>) {
    let mut add = |weight, code, says: String| {
        findings.push(Finding { weight, code, target: Target::node(node), says: vec![says] });
    };
    if is_ghost(cluster, node) {
        let says = format!(
            "it is what is left of an earlier membership of `{}`, which is up as another node; `docker node rm {}` removes it",
            node.name, node.id.0
        );
        return add(Weight::Notice, "node_ghost", says);
    }
    match node.state {
        NodeState::Ready => {}
        NodeState::Down => add(Weight::Error, "node_down", "the managers don't hear from it: it is down".to_owned()),
        NodeState::Disconnected => {
            add(Weight::Error, "node_disconnected", "it looks for another manager, or has left".to_owned());
        }
        NodeState::Unknown => add(Weight::Settling, "node_unknown", "its state is not known (yet)".to_owned()),
    }
    let left = crate::pass::nodes::list::tasks(cluster, node).len();
    match node.availability {
        Availability::Drain if left > 0 => {
            add(Weight::Settling, "node_draining", format!("it is being emptied: {left} tasks are left"));
        }
        Availability::Drain => {
            let says = format!("it is drained and takes no tasks; `orca nodes activate {}` lets it", node.key);
            add(Weight::Notice, "node_drained", says);
        }
        Availability::Pause => {
            let says = format!("it is paused and takes no new tasks; `orca nodes activate {}` lets it", node.key);
            add(Weight::Notice, "node_paused", says);
        }
        Availability::Active | Availability::Unknown => {}
    }
}

/// Who has a vote, who is there, and how many may still be lost.
fn managers(cluster: &Snapshot, findings: &mut Vec<Finding>) -> serde_json::Result<Value> {
    let (mut voters, mut reachable) = (0_usize, 0_usize);
    for node in &cluster.nodes {
        let member = Member::read(&node.raw)?;
        let has_vote = member.votes || member.role == Role::Manager;
        voters += usize::from(has_vote);
        reachable += usize::from(has_vote && member.reachable);
        if has_vote && !member.reachable && node.state == NodeState::Ready {
            let says = vec!["the other managers don't reach it".to_owned()];
            findings.push(Finding {
                weight: Weight::Error,
                code: "manager_unreachable",
                target: Target::node(node),
                says,
            });
        }
    }
    let quorum = voters / 2 + 1;
    let tolerance = reachable.saturating_sub(quorum);
    let target = Target::unknown(TargetKind::Node, "managers");
    let mut add = |weight, code, says: String| {
        findings.push(Finding { weight, code, target: target.clone(), says: vec![says] });
    };
    if reachable < quorum {
        add(
            Weight::Error,
            "quorum_lost",
            format!("{reachable} of {voters} managers are reachable, {quorum} are needed"),
        );
    } else if tolerance == 0 && voters > 2 {
        let says = format!(
            "{reachable} of {voters} managers are reachable and {quorum} are needed: the loss of one more stops the swarm"
        );
        add(Weight::Error, "quorum_at_risk", says);
    } else if tolerance == 0 {
        let says = format!("with {voters} of them the loss of one stops the swarm; three bear the loss of one");
        add(Weight::Notice, "no_fault_tolerance", says);
    } else if voters % 2 == 0 {
        let says = format!("there are {voters}, which bear the loss of no more than {} do", voters - 1);
        add(Weight::Notice, "even_managers", says);
    }
    Ok(json!({"total": voters, "reachable": reachable, "quorum": quorum, "tolerance": tolerance}))
}

fn look_at_exporters(exporters: &Exporters<'_>, findings: &mut Vec<Finding>) -> Value {
    let Some((total, wrong)) = &exporters.found else {
        let target = Target::unknown(TargetKind::Service, exporters.service);
        let says = "the config wants an exporter on every node, and the swarm has no such service of orca's; \
                    `orca exporter deploy` makes it";
        findings.push(Finding {
            weight: Weight::Notice,
            code: "exporter_missing",
            target,
            says: vec![says.to_owned()],
        });
        return json!({"total": 0, "up": 0});
    };
    for (node, why) in wrong {
        let says = vec![format!("its exporter is silent: {why}")];
        findings.push(Finding { weight: Weight::Error, code: "exporter_silent", target: Target::node(node), says });
    }
    json!({"total": total, "up": total.saturating_sub(wrong.len())})
}

fn look_at_service(cluster: &Snapshot, one: &Standing<'_>, why: Option<&Vec<String>>, findings: &mut Vec<Finding>) {
    let service = one.service;
    let mut add = |weight, code, says: Vec<String>| {
        findings.push(Finding { weight, code, target: Target::service(service), says });
    };
    let newest = one.failure.as_ref().map(|failure| {
        let ago = failure.at.map(|at| format!(", {} ago", spoken(age(at, cluster.engine_time)))).unwrap_or_default();
        format!("newest error (`{}`{ago}): {}", failure.task, failure.error)
    });
    let ratio = match one.wanted {
        Some(wanted) => format!("{} of {wanted} tasks run", one.running),
        None => format!("{} tasks run", one.running),
    };
    let with_newest = |first: String| std::iter::once(first).chain(newest.clone()).collect::<Vec<_>>();
    let short = one.wanted.is_some_and(|wanted| one.running < wanted);
    match one.state {
        State::Ok | State::Stopped => {}
        State::Paused => {
            let what = one.stuck().unwrap_or_default();
            let hint = format!(
                "`orca services rollback {}` goes back, `orca services restart --force {}` tries again",
                service.name, service.name
            );
            add(Weight::Error, "rollout_stuck", [with_newest(format!("{what}; {ratio}")), vec![hint]].concat());
        }
        State::Updating | State::RollingBack => {
            let since = service.update_started.map(|since| age(since, cluster.engine_time)).unwrap_or_default();
            let what = if one.state == State::Updating { "an update" } else { "a rollback" };
            let mut says = vec![format!("{what} is under way for {}; {ratio}", spoken(since))];
            says.extend(newest.filter(|_| short));
            let (weight, code) = match idle(cluster, one, since) {
                Some(idle) => {
                    says.push(idle);
                    says.extend(why.into_iter().flatten().cloned());
                    (Weight::Error, "rollout_stuck")
                }
                None if since >= LONG => (Weight::Settling, "rollout_slow"),
                None => (Weight::Settling, "rollout_under_way"),
            };
            add(weight, code, says);
        }
        State::Pending => {
            let since = one.pending.iter().filter_map(|task| task.created_at).min();
            let waited = since.map(|since| age(since, cluster.engine_time)).unwrap_or_default();
            let weight = if waited < PATIENCE { Weight::Settling } else { Weight::Error };
            add(weight, "tasks_pending", std::iter::once(ratio).chain(why.into_iter().flatten().cloned()).collect());
        }
        State::Failing => add(Weight::Error, "tasks_failing", with_newest(ratio)),
        State::Starting => {
            let since = one.live.iter().filter_map(|task| task.created_at).min();
            let waited = since.map(|since| age(since, cluster.engine_time)).unwrap_or_default();
            // A service without any task is one that nobody is making tasks for.
            let weight = if waited < LONG && !one.live.is_empty() { Weight::Settling } else { Weight::Error };
            add(weight, "tasks_missing", with_newest(ratio));
        }
    }
    if service.update == Some(UpdateState::RollbackCompleted) {
        add(Weight::Notice, "rolled_back", vec![format!("its last update was rolled back{}", message(one))]);
    }
    if service.trace.is_some() {
        let says = "a move has left its traces in it; `orca rebalance recover` removes them".to_owned();
        add(Weight::Notice, "move_unfinished", vec![says]);
    }
}

/// Why a rollout that has begun so long ago will not go on by itself; none if it may. The engine calls it under way all
/// the same: it waits for a task for ever.
fn idle(cluster: &Snapshot, one: &Standing<'_>, since: Duration) -> Option<String> {
    let for_so_long = |at: Option<jiff::Timestamp>| at.map_or(since, |at| age(at, cluster.engine_time));
    let waits = one.pending.iter().map(|task| for_so_long(task.created_at)).max().filter(|waits| *waits >= PATIENCE);
    if let Some(waits) = waits {
        return Some(format!("it gets no further: a task has found no node for {}", spoken(waits)));
    }
    let still = one.live.iter().map(|task| for_so_long(task.status.timestamp)).min().unwrap_or(since).min(since);
    (still >= LONG).then(|| format!("it gets no further: none of its tasks has changed for {}", spoken(still)))
}

fn message(one: &Standing<'_>) -> String {
    let message = &one.service.message;
    if message.is_empty() { String::new() } else { format!(": {message}") }
}

/// The findings and counts as the report has them.
pub fn data(cluster: &Snapshot, health: &Health) -> serde_json::Result<serde_json::Map<String, Value>> {
    let findings: Vec<Value> = health
        .findings
        .iter()
        .map(|Finding { weight, code, target, says }| {
            json!({"weight": weight.name(), "code": code, "target": target, "says": says})
        })
        .collect();
    let mut data = serde_json::Map::new();
    data.insert("verdict".to_owned(), health.verdict().into());
    data.insert("findings".to_owned(), findings.into());
    data.insert("counts".to_owned(), health.counts.clone());
    let services = standing::all(cluster)?;
    let short = services.iter().filter(|one| !matches!(one.state, State::Ok | State::Stopped));
    data.insert("services".to_owned(), short.map(|one| list::entry(cluster, one, None)).collect());
    Ok(data)
}
