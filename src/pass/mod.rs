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
pub mod logs;
pub mod memory;
pub mod mods;
pub mod names;
pub mod nodes;
pub mod order;
pub mod pause;
pub mod rebalance;
pub mod recover;
pub mod registry;
pub mod services;
pub mod update;
pub(crate) mod words;

use jiff::Timestamp;

use crate::plan::Plan;
use crate::settings::Settings;
use crate::snapshot::Snapshot;
use memory::Memory;

/// A pass that works on the swarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// `orca rebalance recover`.
    Recover,
    /// `orca labels sync`.
    Labels,
    /// `orca anchors follow`.
    Anchors,
    /// `orca autoheal`: services and pending tasks.
    Autoheal,
    /// `orca exporter deploy`.
    Exporter,
    /// `orca logs rotate --fix-services`.
    Logs,
    /// `orca services update`.
    Update,
    /// What was ordered on the command line.
    Order(order::Verb),
    /// `update_dependents` of a command file.
    UpdateDependents,
    /// `remove_all_labels` of a command file.
    RemoveLabels,
}

impl Pass {
    /// The passes of `orca reconcile`, in their order.
    pub const ALL: [Self; 3] = [Self::Recover, Self::Labels, Self::Anchors];

    /// The command's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Recover => "rebalance recover",
            Self::Labels => "labels sync",
            Self::Anchors => "anchors follow",
            Self::Autoheal => "autoheal",
            Self::Exporter => "exporter deploy",
            Self::Logs => "logs rotate",
            Self::Update => "services update",
            Self::Order(verb) => verb.name(),
            Self::UpdateDependents => "commands update_dependents",
            Self::RemoveLabels => "commands remove_all_labels",
        }
    }

    /// Whether it looks at tasks that have ended.
    pub fn needs_history(self) -> bool {
        matches!(self, Self::Autoheal | Self::Update | Self::Order(_))
    }

    /// Decides what to do. `now` is when the snapshot was taken.
    pub fn plan(self, cluster: &Snapshot, settings: &Settings, memory: &Memory, now: Timestamp) -> Plan {
        let plan = match self {
            // What was begun is ended, pause or not.
            Self::Recover => return recover::plan(cluster),
            Self::Labels => labels::plan(cluster, settings),
            Self::Anchors => anchors::plan(cluster, settings, memory, now),
            Self::Autoheal => autoheal::plan(cluster, settings, memory, now),
            Self::Exporter => exporter::plan(cluster, settings),
            Self::Logs => logs::services::plan(cluster, &settings.logs.containers),
            Self::Update if settings.update_request.as_ref().is_some_and(|request| request.named) => {
                return pause::told(update::plan(cluster, settings, memory, now), cluster, now);
            }
            Self::Update => update::plan(cluster, settings, memory, now),
            // A person asks for it, here and now; the pause is for what orca would do by itself.
            Self::Order(_) => return pause::told(order::plan(cluster, settings), cluster, now),
            Self::UpdateDependents => commands::update_dependents(cluster, settings),
            Self::RemoveLabels => commands::remove_labels(cluster, settings),
        };
        pause::honour(plan, cluster, settings, memory, now)
    }
}
