//! The passes: each a pure function from what was observed to a [`Plan`].
//!
//! No clock, environment, logging or async in here; the same input gives the same plan.

pub mod anchors;
pub mod autoheal;
pub mod bootstrap;
pub mod catalog;
pub mod commands;
pub mod exporter;
pub mod gc;
pub mod health;
pub mod labels;
pub mod lint;
pub mod logs;
pub mod memory;
pub mod mods;
pub mod names;
pub mod nodes;
pub mod order;
pub mod pause;
pub mod proving;
pub mod rebalance;
pub mod recover;
pub mod registry;
pub mod services;
pub mod stacks;
pub mod update;
pub(crate) mod words;

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::plan::Plan;
use crate::registry::Auths;
use crate::settings::Settings;
use crate::snapshot::Snapshot;
use memory::Memory;

/// A pass that works on the swarm, with what this run asks of it; what holds for every run is in the [`Settings`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pass {
    /// `orca rebalance recover`.
    Recover,
    /// `orca labels sync`.
    Labels,
    /// `orca anchors follow`: of this anchor alone, or of all.
    Anchors(Option<String>),
    /// `orca autoheal`: services and pending tasks.
    Autoheal,
    /// `orca exporter deploy`.
    Exporter,
    /// `orca logs rotate --fix-services`; the services of these ids bound their logs otherwise.
    Logs(BTreeSet<String>),
    /// `orca services update`.
    Update(Box<update::Request>),
    /// What was ordered on the command line.
    Order(order::Verb, order::Order),
    /// `update_dependents` of a command file: of this anchor alone, or of all.
    UpdateDependents(Option<String>),
    /// `remove_all_labels` of a command file.
    RemoveLabels,
    /// Services as the catalog defines them.
    Catalog(Box<catalog::deploy::Request>),
    /// A stack, as its files have it, or none of it.
    Stack(Box<stacks::Request>),
}

impl Pass {
    /// The passes of `orca reconcile`, in their order.
    pub const ALL: [Self; 3] = [Self::Recover, Self::Labels, Self::Anchors(None)];

    /// The command's name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Recover => "rebalance recover",
            Self::Labels => "labels sync",
            Self::Anchors(_) => "anchors follow",
            Self::Autoheal => "autoheal",
            Self::Exporter => "exporter deploy",
            Self::Logs(_) => "logs rotate",
            Self::Update(_) => "services update",
            Self::Order(verb, _) => verb.name(),
            Self::UpdateDependents(_) => "commands update_dependents",
            Self::RemoveLabels => "commands remove_all_labels",
            Self::Catalog(request) => request.command,
            Self::Stack(request) => request.services.command,
        }
    }

    /// Whether it looks at tasks that have ended.
    pub fn needs_history(&self) -> bool {
        matches!(self, Self::Autoheal | Self::Update(_) | Self::Order(..) | Self::Catalog(_) | Self::Stack(_))
    }

    /// Decides what to do. `now` is when the snapshot was taken.
    pub fn plan(&self, cluster: &Snapshot, settings: &Settings, memory: &Memory, now: Timestamp) -> Plan {
        let plan = match self {
            // What was begun is ended, pause or not.
            Self::Recover => return recover::plan(cluster),
            Self::Labels => labels::plan(cluster, settings),
            Self::Anchors(only) => anchors::plan(cluster, settings, only.as_deref(), memory, now),
            Self::Autoheal => autoheal::plan(cluster, settings, memory, now),
            Self::Exporter => exporter::plan(cluster, settings),
            Self::Logs(bounded) => logs::services::plan(cluster, &settings.logs.containers, bounded),
            Self::Update(request) if request.named => {
                return pause::told(update::plan(cluster, settings, request, memory, now), cluster, now);
            }
            Self::Update(request) => update::plan(cluster, settings, request, memory, now),
            // A person asks for it, here and now; the pause is for what orca would do by itself.
            Self::Order(_, order) => return pause::told(order::plan(cluster, settings, order), cluster, now),
            Self::UpdateDependents(only) => commands::update_dependents(cluster, settings, only.as_deref()),
            Self::RemoveLabels => commands::remove_labels(cluster, settings),
            Self::Catalog(request) if request.by_hand => {
                return pause::told(catalog::deploy::plan(cluster, request), cluster, now);
            }
            Self::Catalog(request) => catalog::deploy::plan(cluster, request),
            Self::Stack(request) => return pause::told(stacks::plan(cluster, request), cluster, now),
        };
        pause::honour(plan, cluster, settings, memory, now)
    }

    /// The credentials that its writes send along.
    pub fn auths(&self) -> Option<&Auths> {
        match self {
            Self::Update(request) => Some(&request.auths),
            Self::Order(_, order) => Some(&order.auths),
            Self::Catalog(request) => Some(&request.auths),
            Self::Stack(request) => Some(&request.services.auths),
            _ => None,
        }
    }
}
