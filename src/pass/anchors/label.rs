//! Where an anchor's label belongs. Dropping it evicts healthy dependents at once, so it is moved, hardly ever dropped.

use std::time::Duration;

use super::view::{Followed, View};
use crate::model::{Mode, Node, NodeId, Task};
use crate::pass::memory::{Stopwatch, elapsed};
use crate::plan::{Action, Change, Plan, Warning};
use crate::settings::Anchor;

/// How long a task without a node is taken for one that gets it in a moment, and not for one that has nowhere to go.
const HOMELESS: Duration = Duration::from_secs(60);

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
    // A task that was just made gets its node in a moment: it may be this one again.
    let young = |task: &&Task| task.created_at.is_some_and(|made| elapsed(made, view.cluster.engine_time) < HOMELESS);
    let homeless = followed.tasks.iter().any(|task| task.node.0.is_empty() && young(task));
    let mut ids = additions.clone();
    for node in labelled(view, anchor).filter(|node| !followed.nodes.contains(&node.id)) {
        if followed.held.contains(&node.id) || homeless {
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

/// The anchor runs nowhere: the label stays, unless the file sets `hold` and that time has been watched go by.
pub(super) fn plan_absent(
    view: &View,
    anchor: &Anchor,
    followed: &Followed,
    absent: Option<Stopwatch>,
    plan: &mut Plan,
) {
    let name = &followed.service.name;
    let absent = absent.map_or(Duration::ZERO, Stopwatch::total);
    let nodes: Vec<_> = labelled(view, anchor).collect();
    if followed.service.mode != Mode::Replicated(0) {
        plan.unsettled.push(format!("anchor `{name}` is not running"));
    }
    let since = humantime::format_duration(Duration::from_secs(absent.as_secs()));
    let drop = anchor.hold.filter(|hold| absent >= *hold && !followed.uncertain);
    if let Some(hold) = drop {
        let hold = humantime::format_duration(hold);
        for node in &nodes {
            let reason = format!("`{name}` has run nowhere for {since} (hold {hold}): {}", anchor.origin);
            plan.actions.push(removal(node, anchor, reason));
        }
    }
    let names = nodes.iter().map(|node| format!("`{}`", node.name)).collect::<Vec<_>>().join(", ");
    let label = match (nodes.is_empty(), drop) {
        (true, _) => "no node has its label".to_owned(),
        (false, Some(_)) => format!("its label leaves {names}"),
        (false, None) => format!("its label stays on {names}"),
    };
    plan.warnings
        .push(Warning::new("anchor_not_running", format!("anchor `{name}` runs nowhere (for {since}); {label}")));
}

fn labelled<'a>(view: &'a View, anchor: &'a Anchor) -> impl Iterator<Item = &'a Node> {
    view.cluster.nodes.iter().filter(|node| has_label(node, anchor))
}

fn has_label(node: &Node, anchor: &Anchor) -> bool {
    // Swarm compares values without case.
    node.labels.get(&anchor.label.key).is_some_and(|value| value.eq_ignore_ascii_case(&anchor.label.value))
}

fn removal(node: &Node, anchor: &Anchor, reason: String) -> Action {
    let key = anchor.label.key.clone();
    let before = node.labels.get(&key).cloned().unwrap_or_default();
    let change = Change::LabelRemove { key, before };
    Action::on_node(node, change, reason).disruptive()
}

fn names(view: &View, followed: &Followed) -> String {
    let name = |id: &NodeId| view.cluster.node(id).map_or_else(|| id.0.clone(), |node| format!("`{}`", node.name));
    followed.nodes.iter().map(|id| name(id)).collect::<Vec<_>>().join(", ")
}
