//! The everyday changes of nodes, planned.

use serde_json::json;

use super::impact::Impact;
use super::list::availability;
use crate::engine::edit::moving::PAUSE_LABEL;
use crate::model::node::RECORD_LABEL;
use crate::model::{Node, NodeId, Offer};
use crate::pass::order::{ASKED, Order, Wish};
use crate::pass::services::standing::name_of;
use crate::plan::{Action, Blocked, Change, Plan, Target, TargetKind, Warning};
use crate::settings::Settings;
use crate::snapshot::Snapshot;

/// Plans the wishes that are for nodes.
pub fn plan(cluster: &Snapshot, settings: &Settings, order: &Order, plan: &mut Plan) {
    drain(cluster, order, plan);
    for wish in &order.wishes {
        match wish {
            Wish::Activate(id) => available(cluster, id, "active", plan),
            Wish::Pause(id) => available(cluster, id, "pause", plan),
            Wish::Label(id, key, value) => {
                if let Some(node) = known(cluster, id, plan) {
                    label(cluster, settings, node, key, value.as_deref(), order.force, plan);
                }
            }
            _ => {}
        }
    }
}

fn known<'a>(cluster: &'a Snapshot, id: &NodeId, plan: &mut Plan) -> Option<&'a Node> {
    let found = cluster.node(id);
    if found.is_none() {
        let target = Target { id: id.0.clone(), ..Target::unknown(TargetKind::Node, &id.0) };
        refuse(target, "gone", vec!["it was removed meanwhile".to_owned()], plan);
    }
    found
}

fn refuse(target: Target, what: &str, reasons: Vec<String>, plan: &mut Plan) {
    plan.blocked.push(Blocked { id: format!("node/{}#{what}", target.name), target, reasons });
}

/// A node that a move has paused is the move's until it ends.
fn moving(node: &Node) -> Option<String> {
    node.labels.contains_key(PAUSE_LABEL).then(|| {
        "a move of a task pauses it: wait for the move, or end one that was broken off by `orca rebalance recover`"
            .to_owned()
    })
}

fn available(cluster: &Snapshot, id: &NodeId, after: &str, plan: &mut Plan) {
    let Some(node) = known(cluster, id, plan) else { return };
    if let Some(reason) = moving(node) {
        return refuse(Target::node(node), "availability", vec![reason], plan);
    }
    if availability(node) == after {
        plan.unchanged += 1;
        return;
    }
    let change = Change::AvailabilitySet { before: availability(node).to_owned(), after: after.to_owned() };
    plan.actions.push(Action::on_node(node, change, ASKED));
}

/// All nodes that are to be emptied at once: what leaves one must not count on another.
fn drain(cluster: &Snapshot, order: &Order, plan: &mut Plan) {
    let wanted: Vec<&NodeId> = order.wishes.iter().filter_map(Wish::drained).collect();
    if wanted.is_empty() {
        return;
    }
    let impact = match Impact::of(cluster, &wanted) {
        Ok(impact) => impact,
        Err(error) => {
            // What it does is not known, so it is not done.
            let reasons = vec![format!("the engine's objects can't be read: {error}")];
            return refuse(Target::unknown(TargetKind::Node, "nodes"), "drain", reasons, plan);
        }
    };
    for id in wanted {
        let Some(node) = known(cluster, id, plan) else { continue };
        if availability(node) == "drain" {
            plan.unchanged += 1;
            continue;
        }
        let mut reasons: Vec<String> = moving(node).into_iter().collect();
        let own = |task: &str| {
            cluster.tasks.iter().any(|other| {
                let service = cluster.services.iter().find(|service| service.id == other.service);
                other.node == *id && other.live() && service.is_some_and(|service| name_of(service, other) == task)
            })
        };
        if !order.force {
            let stranded = impact.stranded.iter().filter(|(_, task, _)| own(task));
            reasons.extend(stranded.map(|(_, task, why)| format!("`{task}` finds no other node: {}", why.join("; "))));
            if !reasons.is_empty() && moving(node).is_none() {
                reasons.push("--force empties it all the same: those tasks then wait until a node fits".to_owned());
            }
        }
        if !reasons.is_empty() {
            refuse(Target::node(node), "drain", reasons, plan);
            continue;
        }
        let change = Change::AvailabilitySet { before: availability(node).to_owned(), after: "drain".to_owned() };
        plan.actions.push(Action::on_node(node, change, ASKED).disruptive());
    }
    plan.data.insert("impact".to_owned(), impact.json());
}

fn label(
    cluster: &Snapshot,
    settings: &Settings,
    node: &Node,
    key: &str,
    value: Option<&str>,
    force: bool,
    plan: &mut Plan,
) {
    let found = node.labels.get(key);
    if found.map(String::as_str) == value {
        plan.unchanged += 1;
        return;
    }
    let what = format!("label/{key}");
    if [RECORD_LABEL, PAUSE_LABEL].contains(&key) {
        let reasons = vec!["orca keeps its own books in this label".to_owned()];
        return refuse(Target::node(node), &what, reasons, plan);
    }
    let Ok(offer) = Offer::read(&node.raw) else {
        let reasons = vec!["its description can't be read, so nobody knows which tasks the label would end".to_owned()];
        return refuse(Target::node(node), &what, reasons, plan);
    };
    let ended = ended(cluster, node, &offer, key, value);
    if !ended.is_empty() && !force {
        let reasons = vec![
            format!(
                "constraints of running tasks would not hold any more, and swarm would end them at once: {}",
                ended.join(", ")
            ),
            "--force does it all the same".to_owned(),
        ];
        return refuse(Target::node(node), &what, reasons, plan);
    }
    let configured = settings.nodes.get(&node.name).or_else(|| settings.nodes.get(&node.id.0));
    if let Some((_, origin)) = configured.and_then(|node| node.labels.get(key)) {
        let text = format!("`orca labels sync` will set `{key}` on `{}` again: {origin}", node.key);
        plan.warnings.push(Warning::new("configured_label", text));
    }
    let change = match (value, found) {
        (Some(value), found) => {
            Change::LabelSet { key: key.to_owned(), before: found.cloned(), after: value.to_owned(), record: false }
        }
        (None, Some(found)) => Change::LabelRemove { key: key.to_owned(), before: found.clone() },
        (None, None) => return,
    };
    let action = Action::on_node(node, change, ASKED);
    let told = plan.data.entry("ended_tasks").or_insert_with(|| json!([]));
    if let Some(told) = told.as_array_mut() {
        told.extend(ended.iter().map(|task| json!(task)));
    }
    plan.actions.push(if ended.is_empty() { action } else { action.disruptive() });
}

/// Tasks of this node whose constraints hold now and wouldn't with the label changed.
fn ended(cluster: &Snapshot, node: &Node, offer: &Offer, key: &str, value: Option<&str>) -> Vec<String> {
    let mut changed = node.clone();
    match value {
        Some(value) => changed.labels.insert(key.to_owned(), value.to_owned()),
        None => changed.labels.remove(key),
    };
    let mut ended: Vec<String> = cluster
        .tasks
        .iter()
        .filter(|task| task.node == node.id && task.live())
        .filter_map(|task| {
            let service = cluster.services.iter().find(|service| service.id == task.service)?;
            let hold = |node: &Node| service.constraints.iter().all(|constraint| constraint.matches(node, offer));
            (hold(node) && !hold(&changed)).then(|| name_of(service, task))
        })
        .collect();
    ended.sort();
    ended.dedup();
    ended
}
