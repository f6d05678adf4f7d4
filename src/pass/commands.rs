//! What entries of the command file ask for and no pass does by itself. Unlike a pass, a restart is made each time that it
//! is asked for.

use std::collections::BTreeSet;

use crate::model::node::NodeState;
use crate::model::{Mode, Service};
use crate::plan::{Action, Blocked, Change, Plan, Target, Warning};
use crate::settings::{Anchor, Settings};
use crate::snapshot::Snapshot;

/// `update_dependents`: restarts what follows this anchor, or every anchor, no matter when it was last restarted.
pub fn update_dependents(cluster: &Snapshot, settings: &Settings, only: Option<&str>) -> Plan {
    let mut plan = Plan::default();
    let mut seen = BTreeSet::new();
    for anchor in settings.anchors.iter().filter(|anchor| anchor.is_meant(only)) {
        let own = find(cluster, &anchor.service);
        let runs = own.is_some_and(|own| runs(cluster, own));
        for dependent in &anchor.dependents {
            let Some(service) = find(cluster, &dependent.service) else {
                let text = format!("dependent `{}` is not deployed: {}", dependent.name, dependent.origin);
                plan.warnings.push(Warning::new("missing_service", text));
                continue;
            };
            if !seen.insert(&service.id) {
                continue;
            }
            let mut reasons = obstacles(service);
            if !runs {
                reasons.push(format!("its anchor `{}` runs nowhere", anchor.name));
            }
            let reason = format!("the command file asks for it; it follows `{}`: {}", anchor.name, dependent.origin);
            let change = Change::ForceUpdate { before: service.force_update };
            let action = Action::on_service(service, change, reason).disruptive();
            if reasons.is_empty() {
                plan.actions.push(action);
            } else {
                plan.blocked.push(Blocked { id: action.id, target: Target::service(service), reasons });
            }
        }
    }
    plan.actions.sort_by_cached_key(|action| action.target.sort_key());
    plan
}

/// `remove_all_labels`: takes every anchor's label off every node. What is constrained on one stops there.
pub fn remove_labels(cluster: &Snapshot, settings: &Settings) -> Plan {
    let mut plan = Plan::default();
    let keys: BTreeSet<&str> = settings.anchors.iter().map(|anchor| anchor.label.key.as_str()).collect();
    for node in &cluster.nodes {
        for key in &keys {
            let Some(before) = node.labels.get(*key) else {
                plan.unchanged += 1;
                continue;
            };
            let change = Change::LabelRemove { key: (*key).to_owned(), before: before.clone() };
            let reason = "the command file asks for it: no node is to have an anchor's label";
            plan.actions.push(Action::on_node(node, change, reason).disruptive());
        }
    }
    if !plan.actions.is_empty() {
        let text = "dependents stop where they are constrained on a label that is gone, until `orca anchors follow` or \
                    `orca reconcile` sets it again; `orca pause` before keeps them from that";
        plan.warnings.push(Warning::new("labels_removed", text));
    }
    plan
}

fn find<'a>(cluster: &'a Snapshot, names: &[String]) -> Option<&'a Service> {
    names.iter().find_map(|name| cluster.service(name))
}

fn runs(cluster: &Snapshot, service: &Service) -> bool {
    let ready = |id| cluster.node(id).is_some_and(|node| node.state == NodeState::Ready);
    cluster.tasks.iter().any(|task| task.service == service.id && task.live() && task.running() && ready(&task.node))
}

/// Why a service can't be restarted now.
fn obstacles(service: &Service) -> Vec<String> {
    let mut reasons: Vec<String> = service.busy().map(str::to_owned).into_iter().collect();
    if !matches!(service.mode, Mode::Replicated(_) | Mode::Global) {
        reasons.push("it is a job, not a service that stays".to_owned());
    }
    if !service.has_placement {
        reasons.push("its spec has no Placement: a write could crash the managers".to_owned());
    }
    reasons
}

impl Anchor {
    /// Whether a run that is about this anchor alone, or about all, is about it.
    pub fn is_meant(&self, only: Option<&str>) -> bool {
        only.is_none_or(|name| name == self.name)
    }
}
