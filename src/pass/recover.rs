//! `orca rebalance recover`: ends the moves that an orca began and could not end, and removes what it made for a short
//! while. What there is to undo is written in the swarm itself; whose it is, is nobody's business here: who carries
//! this plan out must know that no move is under way.

use crate::engine::edit::moving::{BRANCH_LABEL, PAUSE_LABEL};
use crate::model::service::Trace;
use crate::plan::{Action, Change, Plan};
use crate::snapshot::Snapshot;

/// Decides what to undo.
pub fn plan(cluster: &Snapshot) -> Plan {
    let mut plan = Plan::default();
    for node in &cluster.nodes {
        if let Some(before) = node.labels.get(BRANCH_LABEL) {
            let change = Change::LabelRemove { key: BRANCH_LABEL.to_owned(), before: before.clone() };
            plan.actions.push(Action::on_node(node, change, "a move to this node was begun and not ended"));
        }
        if let Some(by) = node.labels.get(PAUSE_LABEL) {
            let change = Change::NodeResume { by: by.clone() };
            plan.actions.push(Action::on_node(node, change, "a move paused this node for a moment and was not ended"));
        }
    }
    for service in cluster.services.iter() {
        if service.temporary.as_ref().is_some_and(|made| made.over(cluster.taken_at)) {
            let reason = "an orca made it for a short while, and was stopped before it could remove it";
            plan.actions.push(Action::on_service(service, Change::TemporaryRemove, reason));
        }
        let Some(trace) = service.trace else { continue };
        let mut before = Vec::new();
        if trace == Trace::Spec {
            let reason = "a move was begun and not ended: what it wrote into the spec is taken out again";
            let undo = Action::on_service(service, Change::MoveUndo, reason);
            before.push(undo.id.clone());
            plan.actions.push(undo);
        }
        let reason = "a rollback would bring back what a move wrote: the spec is written once more as it is";
        plan.actions.push(Action::on_service(service, Change::MoveSeal, reason).after(before));
    }
    plan
}
