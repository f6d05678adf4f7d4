//! `orca labels sync`: node labels follow the file.
//!
//! Never touches a label that is neither in the file nor in the record of what orca set (but see
//! `options.prune_unknown_labels`), nor any anchor label: those belong to `anchors follow`.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::edit::moving::{BRANCH_LABEL, PAUSE_LABEL};
use crate::model::node::{NodeState, RECORD_LABEL, record_keys};
use crate::model::{Constraint, Node};
use crate::plan::{Action, Blocked, Change, Plan, Target, TargetKind, Warning};
use crate::settings::{self, Settings};
use crate::snapshot::Snapshot;

/// Decides which labels to set and which to remove. Pure: same snapshot and settings, same plan.
pub fn plan(cluster: &Snapshot, settings: &Settings) -> Plan {
    let mut plan = Plan::default();
    let policy = Policy::of(settings);
    let configured = assign(cluster, settings, &mut plan);
    for node in &cluster.nodes {
        match configured.get(&node.id.0) {
            Some(wanted) => plan_configured(node, wanted, &policy, &mut plan),
            None => plan_unnamed(node, &policy, &mut plan),
        }
    }
    let constrained: BTreeSet<&str> =
        cluster.services.iter().flat_map(|service| &service.constraints).filter_map(Constraint::node_label).collect();
    let sets = additions(&plan);
    for action in &mut plan.actions {
        let (Change::LabelSet { key, .. } | Change::LabelRemove { key, .. }) = &action.change else { continue };
        action.disruptive = constrained.contains(key.as_str());
        if matches!(action.change, Change::LabelRemove { .. }) {
            // A label that moves is set before it is removed: what is bound to it always has a place to be.
            action.requires = sets.get(key).cloned().unwrap_or_default();
        }
    }
    plan.actions.sort_by_cached_key(|action| (!action.requires.is_empty(), action.target.sort_key()));
    plan
}

/// Ids of the actions that set a label, by its key.
fn additions(plan: &Plan) -> BTreeMap<String, Vec<String>> {
    let mut ids: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for action in &plan.actions {
        if let Change::LabelSet { key, .. } = &action.change {
            ids.entry(key.clone()).or_default().push(action.id.clone());
        }
    }
    ids
}

/// What the file says about labels as a whole.
struct Policy<'a> {
    /// Every static label key, with the first place that names it.
    managed: BTreeMap<&'a str, &'a settings::Origin>,
    /// Keys that `anchors follow` moves about.
    anchors: BTreeSet<&'a str>,
    prune: bool,
}

impl<'a> Policy<'a> {
    fn of(settings: &'a Settings) -> Self {
        let mut managed = BTreeMap::new();
        for (key, (_, origin)) in settings.nodes.values().flat_map(|node| &node.labels) {
            managed.entry(key.as_str()).or_insert(origin);
        }
        let anchors = settings.anchors.iter().map(|anchor| anchor.label.key.as_str()).collect();
        Self { managed, anchors, prune: settings.options.prune_unknown_labels }
    }

    /// Why this label must leave a node that the file names, if it must.
    fn unwanted(&self, key: &str, recorded: bool) -> Option<String> {
        if let Some(origin) = self.managed.get(key) {
            Some(format!("the file gives it to other nodes only: {origin}"))
        } else if recorded {
            Some("orca set it, and it has gone from the file".to_owned())
        } else if self.prune {
            Some("options.prune_unknown_labels".to_owned())
        } else {
            None
        }
    }
}

/// Finds the node of each configured name; by node id.
fn assign<'a>(cluster: &Snapshot, settings: &'a Settings, plan: &mut Plan) -> BTreeMap<String, &'a settings::Node> {
    let mut found: BTreeMap<String, (&str, &settings::Node)> = BTreeMap::new();
    for (name, wanted) in &settings.nodes {
        match pick(cluster, name) {
            Pick::One(node) => {
                if let Some((other, _)) = found.get(&node.id.0) {
                    let reason = format!("`{other}` and `{name}` in the file are the same node: keep one of them");
                    plan.blocked.push(refused(Target::node(node), reason));
                } else {
                    found.insert(node.id.0.clone(), (name, wanted));
                }
            }
            Pick::None => {
                let text = format!("`{name}` is not in the swarm: {}", wanted.origin);
                plan.warnings.push(Warning::new("unknown_node", text));
            }
            Pick::Many(nodes) => {
                let ids: Vec<_> = nodes.iter().map(|node| node.id.0.as_str()).collect();
                let reason = format!(
                    "{} nodes have the hostname `{name}` ({}): name the right one by its id in the file, or remove \
                     the others with `docker node rm`",
                    nodes.len(),
                    ids.join(", ")
                );
                plan.blocked.push(refused(Target::unknown(TargetKind::Node, name), reason));
            }
        }
    }
    // A name that is refused is refused whole: none of its nodes is touched.
    let refused: BTreeSet<_> = plan.blocked.iter().map(|blocked| blocked.target.id.clone()).collect();
    found.into_iter().filter(|(id, _)| !refused.contains(id)).map(|(id, (_, node))| (id, node)).collect()
}

fn refused(target: Target, reason: String) -> Blocked {
    Blocked { id: format!("node/{}#labels", target.name), target, reasons: vec![reason] }
}

enum Pick<'a> {
    None,
    One(&'a Node),
    Many(Vec<&'a Node>),
}

/// The node that a configured name means: an id, or a hostname that only one node has, not counting those that are
/// down.
fn pick<'a>(cluster: &'a Snapshot, name: &str) -> Pick<'a> {
    if let Some(node) = cluster.nodes.iter().find(|node| node.id.0 == name) {
        return Pick::One(node);
    }
    let named: Vec<_> = cluster.nodes.iter().filter(|node| node.name == name).collect();
    let up: Vec<_> = named.iter().copied().filter(|node| node.state != NodeState::Down).collect();
    match (named.as_slice(), up.as_slice()) {
        ([], _) => Pick::None,
        ([node], _) | (_, [node]) => Pick::One(node),
        _ => Pick::Many(named),
    }
}

fn plan_configured(node: &Node, wanted: &settings::Node, policy: &Policy, plan: &mut Plan) {
    for (key, (value, origin)) in &wanted.labels {
        let have = node.labels.get(key);
        if have == Some(value) {
            plan.unchanged += 1;
        } else {
            let change =
                Change::LabelSet { key: key.clone(), before: have.cloned(), after: value.clone(), record: true };
            plan.actions.push(Action::on_node(node, change, origin.to_string()));
        }
    }
    let record = record_of(node);
    for (key, value) in &node.labels {
        let ours = !wanted.labels.contains_key(key)
            && key != RECORD_LABEL
            && ![BRANCH_LABEL, PAUSE_LABEL].contains(&key.as_str())
            && !policy.anchors.contains(key.as_str());
        if let Some(reason) = ours.then(|| policy.unwanted(key, record.contains(key))).flatten() {
            plan.actions.push(removal(node, key, value, reason));
        }
    }
    forget_stale(node, &record, policy, plan);
}

/// A node that the file doesn't name keeps everything but what orca itself once set there.
fn plan_unnamed(node: &Node, policy: &Policy, plan: &mut Plan) {
    // A ghost of a host that came back is left as it is: nothing runs there.
    let record = record_of(node);
    if node.state == NodeState::Down || plan.blocked.iter().any(|b| b.target.name == node.name) {
        return;
    }
    for key in &record {
        if let Some(value) = node.labels.get(key).filter(|_| !policy.anchors.contains(key.as_str())) {
            let reason = "orca set it, and the node has gone from the file".to_owned();
            plan.actions.push(removal(node, key, value, reason));
        }
    }
    forget_stale(node, &record, policy, plan);
}

fn record_of(node: &Node) -> BTreeSet<String> {
    record_keys(node.labels.get(RECORD_LABEL).map(String::as_str)).into_iter().collect()
}

fn removal(node: &Node, key: &str, value: &str, reason: String) -> Action {
    Action::on_node(node, Change::LabelRemove { key: key.to_owned(), before: value.to_owned() }, reason)
}

/// A recorded key that somebody removed must leave the record, or orca would remove it when they set it again.
fn forget_stale(node: &Node, record: &BTreeSet<String>, policy: &Policy, plan: &mut Plan) {
    let set_now = |key: &str| {
        plan.actions.iter().any(|action| {
            action.target.id == node.id.0 && matches!(&action.change, Change::LabelSet { key: set, .. } if set == key)
        })
    };
    let stale = |key: &&String| {
        policy.anchors.contains(key.as_str()) || !(node.labels.contains_key(*key) || set_now(key.as_str()))
    };
    let keys: Vec<_> = record.iter().filter(stale).cloned().collect();
    if !keys.is_empty() {
        let reason = format!("no longer orca's on this node: {}", keys.join(", "));
        plan.actions.push(Action::on_node(node, Change::RecordForget { keys }, reason));
    }
}
