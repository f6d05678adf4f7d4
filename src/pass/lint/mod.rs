//! `orca health --lint`: what in the swarm's own objects will hurt some day, though nothing is ill yet.
//!
//! Pure. Each rule is in one place and has a stable word; each finding is a notice. A service's label [`LABEL`] says which
//! rules don't hold for it. Values of variables are looked at and never told.

mod placement;
mod registry;
pub mod rollout;
mod secrets;
mod view;

use crate::model::node::{Availability, NodeState};
use crate::model::{Constraint, Mode, Needs, Node, Offer, Reference, Rollout, Service};
use crate::pass::health::{Finding, Weight};
use crate::plan::Target;
use crate::settings::Settings;
use crate::snapshot::Snapshot;
use view::View;

/// Rules that a service is not told of, separated by commas; `all` of them.
pub const LABEL: &str = "orca.lint.ignore";

/// What is wrong: a stable word, and a sentence that says what to do.
type Told = Vec<(&'static str, String)>;

/// A service and what surrounds it.
struct Subject<'a> {
    service: &'a Service,
    view: View,
    image: Reference,
    /// Its tasks could run on one node as well as on another.
    roams: bool,
    /// It has a task on each of them.
    global: bool,
}

/// Looks at every service that is not orca's own for a short while. The snapshot should have the ended tasks in it.
///
/// # Errors
/// If a service can't be read.
pub fn look(cluster: &Snapshot, settings: &Settings) -> serde_json::Result<Vec<Finding>> {
    let takes = |node: &Node| node.state == NodeState::Ready && node.availability == Availability::Active;
    let open = cluster.nodes.iter().filter(|node| takes(node));
    let open = open.map(|node| Ok((node, Offer::read(&node.raw)?))).collect::<serde_json::Result<Vec<_>>>()?;
    let mut subjects = Vec::new();
    for service in cluster.services.iter().filter(|service| service.temporary.is_none()) {
        let needs = Needs::read(&service.raw)?;
        let able = open.iter().filter(|(node, offer)| {
            offer.has_platform(&needs) && service.constraints.iter().all(|constraint| constraint.matches(node, offer))
        });
        let roams = able.count() > 1 && !service.constraints.iter().any(pins);
        let (view, image) = (View::read(&service.raw, needs)?, Reference::parse(&service.image));
        subjects.push(Subject { service, view, image, roams, global: service.mode == Mode::Global });
    }
    let published = registry::published(&subjects);
    let mut findings = Vec::new();
    for subject in &subjects {
        let service = subject.service;
        let rollout = Rollout::read(&service.raw);
        let mut told = rollout::risks(service.mode, &subject.image.tagged(), &rollout);
        if rollout.health.is_none() && service.mode != Mode::Job && !subject.view.health_off {
            let text = "no healthcheck in its spec: unless its image has one, a task counts as running as soon as it is started";
            told.push(("no_healthcheck", text.to_owned()));
        }
        registry::look(cluster, settings, subject, &published, &mut told);
        placement::look(subject, &mut told);
        secrets::look(subject, &mut told);
        let ignored = subject.view.labels.get(LABEL).map(String::as_str).unwrap_or_default();
        let ignored: Vec<&str> = ignored.split(',').map(str::trim).collect();
        told.retain(|(code, _)| !ignored.contains(code) && !ignored.contains(&"all"));
        findings.extend(told.into_iter().map(|(code, says)| Finding {
            weight: Weight::Notice,
            code,
            target: Target::service(service),
            says: vec![format!("{says} [{code}]")],
        }));
    }
    Ok(findings)
}

/// Whether a constraint is about which node it is, not about what kind of node.
fn pins(constraint: &Constraint) -> bool {
    let keys = ["node.labels.", "engine.labels."];
    constraint.equal
        && (matches!(constraint.key.as_str(), "node.hostname" | "node.id" | "node.ip")
            || keys.iter().any(|key| constraint.key.starts_with(key)))
}
