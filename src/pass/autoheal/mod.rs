//! `orca autoheal`: services whose tasks keep failing, tasks that find no node, and containers that are unhealthy.
//!
//! Pure. Swarm replaces what fails by itself, and places what waits as soon as it can: so by default nothing is done but to
//! say what is wrong and what to do next. What else may be done, a service's own label says.

mod cause;
pub mod containers;
pub(crate) mod flaps;
pub(crate) mod pending;

use std::collections::HashMap;

use jiff::Timestamp;

use crate::model::{Needs, Offer, Service, ServiceId};
use crate::pass::memory::Memory;
use crate::plan::{Plan, Warning};
use crate::settings::{Autoheal, Settings};
use crate::snapshot::Snapshot;

/// The cluster as this pass looks at it.
pub(crate) struct View<'a> {
    pub(crate) cluster: &'a Snapshot,
    settings: &'a Autoheal,
    /// In the order of the snapshot's nodes.
    pub(crate) offers: Vec<Offer>,
    /// Position in the snapshot and needs, by id.
    services: HashMap<&'a ServiceId, (usize, &'a Needs)>,
}

impl<'a> View<'a> {
    /// Reads what the snapshot's objects say of their needs and offers.
    ///
    /// # Errors
    /// If one of them can't be read: then nothing is known.
    pub(crate) fn new(cluster: &'a Snapshot, settings: &'a Autoheal) -> serde_json::Result<Self> {
        let read = |(at, service): (usize, &'a Service)| Ok((&service.id, (at, service.needs()?)));
        let services: serde_json::Result<_> = cluster.services.iter().enumerate().map(read).collect();
        let offers: serde_json::Result<_> = cluster.nodes.iter().map(|node| Offer::read(&node.raw)).collect();
        Ok(Self { cluster, settings, offers: offers?, services: services? })
    }

    pub(crate) fn service(&self, id: &ServiceId) -> Option<&'a Service> {
        self.services.get(id).and_then(|(at, _)| self.cluster.services.get(*at))
    }

    pub(crate) fn needs(&self, service: &Service) -> Option<&'a Needs> {
        self.services.get(&service.id).map(|(_, needs)| *needs)
    }
}

/// Decides what to say and what to do about services and tasks. The snapshot must have the ended tasks in it.
///
/// What the swarm has written down has its age by the engine's clock, what orca has by its own, `now`.
pub fn plan(cluster: &Snapshot, settings: &Settings, memory: &Memory, now: Timestamp) -> Plan {
    let mut plan = Plan::default();
    let view = match View::new(cluster, &settings.autoheal) {
        Ok(view) => view,
        Err(error) => {
            // Nothing is known, so nothing is done.
            plan.warnings.push(Warning::new("unreadable", format!("the engine's objects can't be read: {error}")));
            return plan;
        }
    };
    flaps::plan(&view, memory, now, &mut plan);
    pending::plan(&view, &mut plan);
    plan
}
