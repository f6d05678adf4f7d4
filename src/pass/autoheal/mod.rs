//! `orca autoheal`: services whose tasks keep failing, tasks that find no node, and containers that are unhealthy.
//!
//! Pure. Swarm replaces what fails by itself, and places what waits as soon as it can: so by default nothing is done but to
//! say what is wrong and what to do next. What else may be done, a service's own label says.

mod cause;
pub mod containers;
mod flaps;
mod pending;

use std::collections::HashMap;

use jiff::Timestamp;

use crate::model::{Needs, Offer, Service, ServiceId};
use crate::pass::memory::Memory;
use crate::plan::{Plan, Warning};
use crate::settings::{Autoheal, Settings};
use crate::snapshot::Snapshot;

/// The cluster as this pass looks at it.
struct View<'a> {
    cluster: &'a Snapshot,
    settings: &'a Autoheal,
    /// In the order of the snapshot's nodes.
    offers: Vec<Offer>,
    /// Position in the snapshot and needs, by id.
    services: HashMap<&'a ServiceId, (usize, Needs)>,
}

impl View<'_> {
    fn service(&self, id: &ServiceId) -> Option<&Service> {
        self.services.get(id).and_then(|(at, _)| self.cluster.services.get(*at))
    }

    fn needs(&self, service: &Service) -> Option<&Needs> {
        self.services.get(&service.id).map(|(_, needs)| needs)
    }
}

/// Decides what to say and what to do about services and tasks. The snapshot must have the ended tasks in it.
///
/// What the swarm has written down has its age by the engine's clock, what orca has by its own, `now`.
pub fn plan(cluster: &Snapshot, settings: &Settings, memory: &Memory, now: Timestamp) -> Plan {
    let mut plan = Plan::default();
    let read = |(at, service): (usize, &Service)| Ok((at, Needs::read(&service.raw)?));
    let services: serde_json::Result<Vec<_>> = cluster.services.iter().enumerate().map(read).collect();
    let offers: serde_json::Result<Vec<_>> = cluster.nodes.iter().map(|node| Offer::read(&node.raw)).collect();
    let (services, offers) = match (services, offers) {
        (Ok(services), Ok(offers)) => (services, offers),
        (Err(error), _) | (_, Err(error)) => {
            // Nothing is known, so nothing is done.
            plan.warnings.push(Warning::new("unreadable", format!("the engine's objects can't be read: {error}")));
            return plan;
        }
    };
    let services = services.into_iter().map(|(at, needs)| (&cluster.services[at].id, (at, needs))).collect();
    let view = View { cluster, settings: &settings.autoheal, offers, services };
    flaps::plan(&view, memory, now, &mut plan);
    pending::plan(&view, &mut plan);
    plan
}
