//! What was ordered on the command line: verbs and whom they are for, by id.
//!
//! An order is made from names and one look at the swarm, and planned from then on like anything else: again, on what is
//! there, after each conflict.

use crate::model::{NodeId, ServiceId};
use crate::pass::{nodes, services};
use crate::plan::Plan;
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

impl Wish {
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
}

/// Plans what was ordered.
pub fn plan(cluster: &Snapshot, settings: &Settings, order: &Order) -> Plan {
    let mut plan = Plan::default();
    nodes::order::plan(cluster, settings, order, &mut plan);
    services::order::plan(cluster, order, &mut plan);
    plan
}
