//! Tasks that find no node: why, node by node, with the scheduler's own filters, and which node comes closest.

use std::collections::BTreeMap;

use serde_json::json;

use super::View;
use crate::engine::edit::moving::PAUSE_LABEL;
use crate::model::node::{Availability, NodeState};
use crate::model::stock::age;
use crate::model::{Mode, Needs, NodeId, Service, Task, TaskState};
use crate::pass::rebalance::words::{bytes, count};
use crate::pass::words::spoken;
use crate::plan::{Blocked, Plan, Target};

/// A filter that a node doesn't pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misfit {
    /// A stable word for scripts.
    pub(crate) filter: &'static str,
    /// What is wrong with this node.
    pub(crate) what: String,
    /// What would make the node fit.
    pub(crate) remedy: String,
}

/// A node that is paused for a move takes tasks again when the move has ended.
const RECOVER: &str = "wait for the move, or end one that was broken off by `orca rebalance recover`";

/// What runs on a node takes up.
#[derive(Debug, Default)]
pub(crate) struct Load {
    memory: u64,
    nano_cpus: u64,
    generic: BTreeMap<String, u64>,
    /// By whom a port is taken.
    ports: BTreeMap<(String, u64), String>,
    /// Tasks by service.
    tasks: BTreeMap<String, u64>,
}

impl Load {
    /// One more task of this service.
    pub(crate) fn add(&mut self, service: &Service, needs: &Needs) {
        self.memory = self.memory.saturating_add(needs.memory);
        self.nano_cpus = self.nano_cpus.saturating_add(needs.nano_cpus);
        for (kind, amount) in &needs.generic {
            *self.generic.entry(kind.clone()).or_default() += amount;
        }
        self.ports.extend(needs.host_ports.iter().map(|port| (port.clone(), service.name.clone())));
        *self.tasks.entry(service.id.0.clone()).or_default() += 1;
    }
}

/// Explains the tasks that have waited for longer than `after`.
pub(crate) fn plan(view: &View<'_>, plan: &mut Plan) {
    let (after, now) = (view.settings.pending.after, view.cluster.engine_time);
    let mut waiting: BTreeMap<&str, Vec<&Task>> = BTreeMap::new();
    for task in view.cluster.tasks.iter().filter(|task| waits(task)) {
        let Some(service) = view.service(&task.service) else { continue };
        if task.created_at.is_some_and(|since| age(since, now) >= after) {
            waiting.entry(service.name.as_str()).or_default().push(task);
        }
    }
    let loads = if waiting.is_empty() { BTreeMap::new() } else { loads(view) };
    let mut facts = Vec::new();
    for (name, tasks) in waiting {
        let Some(service) = view.cluster.service(name) else { continue };
        facts.push(explain(view, service, &tasks, &loads, plan));
    }
    plan.data.insert("pending".to_owned(), facts.into());
}

/// It wants to run and has found no node; a task of a global service has its node from the beginning.
pub(crate) fn waits(task: &Task) -> bool {
    task.wanted() && task.status.state <= TaskState::Pending
}

fn explain(
    view: &View<'_>,
    service: &Service,
    tasks: &[&Task],
    loads: &BTreeMap<&NodeId, Load>,
    plan: &mut Plan,
) -> serde_json::Value {
    let none = Load::default();
    let Some(needs) = view.needs(service) else { return json!({ "service": service.name }) };
    let own: Vec<&NodeId> = tasks.iter().map(|task| &task.node).filter(|node| !node.0.is_empty()).collect();
    let mut nodes: Vec<(&str, Vec<Misfit>)> = Vec::new();
    for (at, node) in view.cluster.nodes.iter().enumerate() {
        if own.is_empty() || own.contains(&&node.id) {
            nodes.push((&node.key, misfits(view, service, needs, at, loads.get(&node.id).unwrap_or(&none))));
        }
    }
    // Few filters first; of equals the sorted order of the nodes decides.
    let closest = nodes.iter().min_by_key(|(_, misfits)| misfits.len());
    let since = tasks.iter().filter_map(|task| task.created_at).min();
    let waited = since.map(|since| age(since, view.cluster.engine_time)).unwrap_or_default();
    let err = tasks.iter().map(|task| task.status.err.as_str()).find(|err| !err.is_empty()).unwrap_or_default();
    let mut reasons = vec![format!("{} for {}: {}", wait(tasks.len()), spoken(waited), tally(&nodes))];
    match closest {
        Some((name, misfits)) if !misfits.is_empty() => {
            let what: Vec<&str> = misfits.iter().map(|misfit| misfit.what.as_str()).collect();
            let mut remedies: Vec<&str> = misfits.iter().map(|misfit| misfit.remedy.as_str()).collect();
            remedies.dedup();
            reasons.push(format!("closest is `{name}`: {}", what.join(", and ")));
            reasons.push(format!("to let it run there: {}", remedies.join("; ")));
        }
        Some((name, _)) => reasons.push(format!(
            "`{name}` passes every filter that orca knows; swarm says: {}",
            if err.is_empty() { "nothing" } else { err }
        )),
        None => reasons.push("the swarm has no node that it could run on".to_owned()),
    }
    let id = format!("service/{}#pending", service.name);
    plan.blocked.push(Blocked { id, target: Target::service(service), reasons });
    let nodes: Vec<_> = nodes
        .iter()
        .map(|(name, misfits)| {
            let misfits: Vec<_> = misfits
                .iter()
                .map(|Misfit { filter, what, remedy }| json!({"filter": filter, "what": what, "remedy": remedy}))
                .collect();
            json!({ "node": name, "misfits": misfits })
        })
        .collect();
    let names: Vec<String> = tasks.iter().map(|task| task.place()).collect();
    let closest = closest.map(|(name, _)| *name);
    json!({ "service": service.name, "tasks": tasks.len(), "slots": names, "since": since, "error": err,
        "closest": closest, "nodes": nodes })
}

fn wait(tasks: usize) -> String {
    if tasks == 1 { "1 task waits".to_owned() } else { format!("{tasks} tasks wait") }
}

/// How many nodes fail for what, as `2 nodes: constraint; 1 node: memory`.
fn tally(nodes: &[(&str, Vec<Misfit>)]) -> String {
    let mut by_filter: BTreeMap<Vec<&str>, usize> = BTreeMap::new();
    for (_, misfits) in nodes {
        *by_filter.entry(misfits.iter().map(|misfit| misfit.filter).collect()).or_default() += 1;
    }
    let one = |(filters, nodes): (&Vec<&str>, &usize)| {
        let filters = if filters.is_empty() { "fits".to_owned() } else { filters.join(" and ") };
        format!("{}: {}", count(*nodes, "node"), filters.replace('_', " "))
    };
    let text: Vec<String> = by_filter.iter().map(one).collect();
    if text.is_empty() { "there is no node".to_owned() } else { text.join("; ") }
}

/// What speaks against a node, in the scheduler's order of filters.
pub(crate) fn misfits(view: &View<'_>, service: &Service, needs: &Needs, at: usize, load: &Load) -> Vec<Misfit> {
    let (node, offer) = (&view.cluster.nodes[at], &view.offers[at]);
    let mut found = Vec::new();
    let mut add = |filter, what: String, remedy: String| found.push(Misfit { filter, what, remedy });
    let name = &node.name;
    if node.state != NodeState::Ready {
        add("down", "it is not ready".to_owned(), format!("bring `{name}` back"));
    } else if node.availability != Availability::Active {
        let state = if node.availability == Availability::Drain { "drained" } else { "paused" };
        let active = format!("`docker node update --availability active {name}`");
        if node.labels.contains_key(PAUSE_LABEL) {
            add("not_active", "a move of orca pauses it".to_owned(), RECOVER.to_owned());
        } else {
            add("not_active", format!("it is {state}"), active);
        }
    }
    for constraint in service.constraints.iter().filter(|constraint| !constraint.matches(node, offer)) {
        let remedy = match constraint.node_label() {
            Some(key) if constraint.equal => {
                format!(
                    "`docker node update --label-add {key}={} {name}`, or nodes.{name}.labels in orca.yml",
                    constraint.value
                )
            }
            _ => format!("`docker service update --constraint-rm '{}' {}`", constraint.text, service.name),
        };
        add("constraint", format!("it doesn't satisfy `{}`", constraint.text), remedy);
    }
    if !offer.has_platform(needs) {
        let wanted: Vec<String> = needs.platforms.iter().map(|(os, arch)| format!("{os}/{arch}")).collect();
        let what = format!("it is {}/{}, the image is for {}", offer.os, offer.arch, wanted.join(", "));
        add("platform", what, "use an image that is built for this platform too".to_owned());
    }
    if let Some(plugin) = offer.missing_plugin(needs) {
        add("plugin", format!("it has no plugin `{plugin}`"), format!("`docker plugin install {plugin}` on `{name}`"));
    }
    resources(needs, offer, load, service, &mut add);
    for port in &needs.host_ports {
        if let Some(holder) = load.ports.get(port) {
            let (protocol, number) = port;
            let what = format!("its port {number}/{protocol} is taken by `{holder}`");
            let remedy = if *holder == service.name {
                "one node can run one task of it only: ask for no more replicas than there are nodes".to_owned()
            } else {
                format!("move `{holder}` away, or publish another port")
            };
            add("host_port", what, remedy);
        }
    }
    let own = load.tasks.get(&service.id.0).copied().unwrap_or_default();
    if needs.max_replicas > 0 && own >= needs.max_replicas && service.mode != Mode::Global {
        let what = format!("it has {own} of at most {} replicas a node", needs.max_replicas);
        add("max_replicas", what, format!("raise `--replicas-max-per-node` of `{}`, or add a node", service.name));
    }
    found
}

fn resources(
    needs: &Needs,
    offer: &crate::model::Offer,
    load: &Load,
    service: &Service,
    add: &mut impl FnMut(&'static str, String, String),
) {
    let lower =
        |flag: &str| format!("lower `{flag}` of `{}`, move other services away, or add a larger node", service.name);
    let lacks = |has: u64, used: u64, wanted: u64, shown: fn(u64) -> String, of: &str| {
        let free = has.saturating_sub(used);
        let (left, all, task) = (shown(free), shown(has), shown(wanted));
        (wanted > free).then(|| format!("it has {left} of {all}{of} free, a task reserves {task}"))
    };
    if let Some(what) = lacks(offer.memory, load.memory, needs.memory, bytes, " of memory") {
        add("memory", what, lower("--reserve-memory"));
    }
    if let Some(what) = lacks(offer.nano_cpus, load.nano_cpus, needs.nano_cpus, cpus, " CPUs") {
        add("cpu", what, lower("--reserve-cpu"));
    }
    for (kind, wanted) in &needs.generic {
        let has = offer.generic.get(kind).copied().unwrap_or_default();
        let used = load.generic.get(kind).copied().unwrap_or_default();
        if let Some(what) = lacks(has, used, *wanted, |amount| amount.to_string(), &format!(" `{kind}`")) {
            add("generic_resource", what, lower("--generic-resource"));
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
fn cpus(nano: u64) -> String {
    let text = format!("{:.2}", nano as f64 / 1e9);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What runs on each node, as the scheduler counts it.
pub(crate) fn loads<'v>(view: &View<'v>) -> BTreeMap<&'v NodeId, Load> {
    let mut loads: BTreeMap<&NodeId, Load> = BTreeMap::new();
    let occupies = |task: &&Task| task.live() && !task.node.0.is_empty() && task.status.state >= TaskState::Assigned;
    for task in view.cluster.tasks.iter().filter(occupies) {
        let Some(service) = view.service(&task.service) else { continue };
        let Some(needs) = view.needs(service) else { continue };
        loads.entry(&task.node).or_default().add(service, needs);
    }
    loads
}
