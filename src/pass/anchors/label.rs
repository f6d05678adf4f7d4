//! Where an anchor's label belongs. Dropping it evicts healthy dependents at once, so it is moved, hardly ever dropped.

use jiff::Timestamp;

use super::view::{Followed, View};
use crate::model::{Mode, Node, NodeId};
use crate::pass::memory::elapsed;
use crate::plan::{Action, Change, Plan, Warning};
use crate::settings::Anchor;

/// The anchor runs somewhere: the label goes there first, then leaves the nodes that the anchor has left.
///
/// Returns the ids of the planned actions.
pub(super) fn plan_present(view: &View, anchor: &Anchor, followed: &Followed, plan: &mut Plan) -> Vec<String> {
    let name = &followed.service.name;
    let mut additions = Vec::new();
    for node in view.cluster.nodes.iter().filter(|node| followed.nodes.contains(&node.id)) {
        if has_label(node, anchor) {
            plan.unchanged += 1;
            continue;
        }
        let change = Change::LabelSet {
            key: anchor.label.key.clone(),
            before: node.labels.get(&anchor.label.key).cloned(),
            after: anchor.label.value.clone(),
            record: false,
        };
        let action = Action::on_node(node, change, format!("`{name}` runs here: {}", anchor.origin));
        additions.push(action.id.clone());
        plan.actions.push(action);
    }
    let mut ids = additions.clone();
    for node in labelled(view, anchor).filter(|node| !followed.nodes.contains(&node.id)) {
        if followed.tasks.iter().any(|task| task.node == node.id) {
            // A task of it starts here, or the node is silent: it has not left yet.
            plan.unsettled.push(format!("`{name}` is not running on `{}` yet", node.name));
            continue;
        }
        let reason = format!("`{name}` runs on {} now: {}", names(view, followed), anchor.origin);
        let action = removal(node, anchor, reason).after(additions.clone());
        ids.push(action.id.clone());
        plan.actions.push(action);
    }
    ids
}

/// The anchor runs nowhere: the label stays, unless the file sets `hold` and that time has passed.
pub(super) fn plan_absent(
    view: &View,
    anchor: &Anchor,
    followed: &Followed,
    absent_since: Timestamp,
    now: Timestamp,
    plan: &mut Plan,
) {
    let name = &followed.service.name;
    let absent = elapsed(absent_since, now);
    let nodes: Vec<_> = labelled(view, anchor).collect();
    if followed.service.mode != Mode::Replicated(0) {
        plan.unsettled.push(format!("anchor `{name}` is not running"));
    }
    let since = humantime::format_duration(std::time::Duration::from_secs(absent.as_secs()));
    match anchor.hold {
        Some(hold) if absent >= hold => {
            let hold = humantime::format_duration(hold);
            for node in nodes {
                let reason = format!("`{name}` has run nowhere for {since} (hold {hold}): {}", anchor.origin);
                plan.actions.push(removal(node, anchor, reason));
            }
        }
        _ => {
            let where_to = nodes.iter().map(|node| format!("`{}`", node.name)).collect::<Vec<_>>().join(", ");
            let stays = if nodes.is_empty() { String::new() } else { format!("; its label stays on {where_to}") };
            let text = format!("anchor `{name}` runs nowhere (seen so for {since}){stays}");
            plan.warnings.push(Warning::new("anchor_not_running", text));
        }
    }
}

fn labelled<'a>(view: &'a View, anchor: &'a Anchor) -> impl Iterator<Item = &'a Node> {
    view.cluster.nodes.iter().filter(|node| has_label(node, anchor))
}

fn has_label(node: &Node, anchor: &Anchor) -> bool {
    node.labels.get(&anchor.label.key) == Some(&anchor.label.value)
}

fn removal(node: &Node, anchor: &Anchor, reason: String) -> Action {
    let change = Change::LabelRemove { key: anchor.label.key.clone(), before: anchor.label.value.clone() };
    Action::on_node(node, change, reason).disruptive()
}

fn names(view: &View, followed: &Followed) -> String {
    let name = |id: &NodeId| view.cluster.node(id).map_or_else(|| id.0.clone(), |node| format!("`{}`", node.name));
    followed.nodes.iter().map(|id| name(id)).collect::<Vec<_>>().join(", ")
}
