//! What was ordered on the command line: verbs and whom they are for, by id.
//!
//! An order is made from names and one look at the swarm, and planned from then on like anything else: again, on what is
//! there, after each conflict.

use std::collections::BTreeMap;

use crate::model::{NodeId, ServiceId};
use crate::pass::{nodes, services};
use crate::plan::{Blocked, Plan, Target, TargetKind};
use crate::registry::Auths;
use crate::settings::Settings;
use crate::snapshot::Snapshot;

/// The commands that order something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// `orca services scale`.
    ServicesScale,
    /// `orca services stop`.
    ServicesStop,
    /// `orca services start`.
    ServicesStart,
    /// `orca services restart`.
    ServicesRestart,
    /// `orca services rollback`.
    ServicesRollback,
    /// `orca services refresh-auth`.
    ServicesRefreshAuth,
    /// `orca stacks restart`.
    StacksRestart,
    /// `orca stacks redeploy`.
    StacksRedeploy,
    /// `orca stacks stop`.
    StacksStop,
    /// `orca stacks start`.
    StacksStart,
    /// `orca nodes drain`.
    NodesDrain,
    /// `orca nodes activate`.
    NodesActivate,
    /// `orca nodes pause`.
    NodesPause,
    /// `orca nodes label`.
    NodesLabel,
}

impl Verb {
    /// The command's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::ServicesScale => "services scale",
            Self::ServicesStop => "services stop",
            Self::ServicesStart => "services start",
            Self::ServicesRestart => "services restart",
            Self::ServicesRollback => "services rollback",
            Self::ServicesRefreshAuth => "services refresh-auth",
            Self::StacksRestart => "stacks restart",
            Self::StacksRedeploy => "stacks redeploy",
            Self::StacksStop => "stacks stop",
            Self::StacksStart => "stacks start",
            Self::NodesDrain => "nodes drain",
            Self::NodesActivate => "nodes activate",
            Self::NodesPause => "nodes pause",
            Self::NodesLabel => "nodes label",
        }
    }
}

/// What is wanted of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// So many replicas.
    Scale(ServiceId, u64),
    /// None, and to remember how many there were.
    Stop(ServiceId),
    /// As many as there were.
    Start(ServiceId),
    /// New tasks of the same spec.
    Restart(ServiceId),
    /// The spec before; only if the one now is still this (see [`crate::fingerprint::of_spec`]).
    Rollback(ServiceId, String),
    /// The image that it had, in place of the one that it has.
    PutBack(ServiceId, PutBack),
    /// The credentials of today for its registry.
    RefreshAuth(ServiceId),
    /// No tasks.
    Drain(NodeId),
    /// Tasks.
    Activate(NodeId),
    /// No new tasks.
    Pause(NodeId),
    /// A label with this value, or no such label.
    Label(NodeId, String, Option<String>),
}

/// An image that is to take its old place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutBack {
    /// The image that it has; another is left alone.
    pub from: String,
    /// The one before.
    pub to: String,
    /// What that is made for: OS and architecture; none: not known.
    pub platforms: Vec<(String, String)>,
}

impl Wish {
    /// Whom it is for.
    pub fn target(&self) -> &str {
        match self {
            Self::Scale(id, _)
            | Self::Stop(id)
            | Self::Start(id)
            | Self::Restart(id)
            | Self::Rollback(id, _)
            | Self::PutBack(id, _)
            | Self::RefreshAuth(id) => &id.0,
            Self::Drain(id) | Self::Activate(id) | Self::Pause(id) | Self::Label(id, ..) => &id.0,
        }
    }

    /// The node that it empties.
    pub fn drained(&self) -> Option<&NodeId> {
        if let Self::Drain(id) = self { Some(id) } else { None }
    }
}

/// An order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Order {
    /// In the order of the command line.
    pub wishes: Vec<Wish>,
    /// What is refused otherwise is done.
    pub force: bool,
    /// What a wish can't be for is left out with a warning: it was not named, but belongs to what was.
    pub lenient: bool,
    /// For the registries that it is about.
    pub auths: Auths,
    /// The version of each object, by id, that whoever ordered has seen: one that is another by then is left alone.
    pub seen: BTreeMap<String, u64>,
    /// Who ordered it, where it was not the command line.
    pub by: Option<String>,
}

/// Why an action is made.
pub(crate) const ASKED: &str = "asked for on the command line";
/// How the reason begins for which an object is left alone that was another one when it was seen.
pub(crate) const STALE: &str = "it has changed meanwhile";
/// That reason in full.
pub(crate) const CHANGED: &str = "it has changed meanwhile: somebody else has written to it since it was looked at";

/// Plans what was ordered.
pub fn plan(cluster: &Snapshot, settings: &Settings, order: &Order) -> Plan {
    let mut plan = Plan::default();
    let (stale, wishes) = order.wishes.iter().cloned().partition(|wish| is_stale(cluster, order, wish));
    let order = Order { wishes, ..order.clone() };
    Vec::into_iter(stale).for_each(|wish| plan.blocked.push(left_alone(cluster, &wish)));
    nodes::order::plan(cluster, settings, &order, &mut plan);
    services::order::plan(cluster, &order, &mut plan);
    if let Some(by) = &order.by {
        for action in &mut plan.actions {
            action.reason = action.reason.replacen(ASKED, &format!("asked for by {by}"), 1);
        }
    }
    plan
}

fn is_stale(cluster: &Snapshot, order: &Order, wish: &Wish) -> bool {
    let id = wish.target();
    let now = version(cluster, id);
    order.seen.get(id).is_some_and(|seen| now.is_some_and(|(_, now)| now != *seen))
}

/// What it is, and its version.
fn version(cluster: &Snapshot, id: &str) -> Option<(Target, u64)> {
    let service = cluster.services.iter().find(|service| service.id.0 == id);
    let node = || cluster.nodes.iter().find(|node| node.id.0 == id);
    let of_service = service.map(|service| (Target::service(service), service.version));
    of_service.or_else(|| node().map(|node| (Target::node(node), node.version)))
}

fn left_alone(cluster: &Snapshot, wish: &Wish) -> Blocked {
    let target = version(cluster, wish.target()).map(|(target, _)| target);
    let target = target.unwrap_or_else(|| Target::unknown(TargetKind::Service, wish.target()));
    changed(target)
}

/// Why nothing is done to what is another one than the one that was seen.
pub(crate) fn changed(target: Target) -> Blocked {
    Blocked { id: format!("{}/{}#version", target.kind.name(), target.name), target, reasons: vec![CHANGED.to_owned()] }
}
