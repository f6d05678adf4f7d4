//! `orca exporter deploy`: one global service that runs `node_exporter` on every node.
//!
//! A service without orca's label is somebody else's and is never touched. Of its own, orca sets the fields that have
//! drifted and nothing else.

pub mod host;
mod spec;

use crate::engine::edit::field::{get, same};
use crate::model::{Mode, Reference, Service};
use crate::plan::{Action, Blocked, Change, Plan, Target, TargetKind, Warning};
use crate::settings::{Exporter, Settings};
use crate::snapshot::Snapshot;
use serde_json::Value;
use spec::Field;

/// The service label that marks the exporter as orca's own.
pub const LABEL: &str = "orca.exporter";
/// Older engines drop capabilities and pid limits from a spec in silence.
const OLDEST_API: (u32, u32) = (1, 41);

/// Decides what to make or to change. Pure; what only the registry and the engine's networks tell is in the settings.
pub fn plan(cluster: &Snapshot, settings: &Settings) -> Plan {
    let exporter = &settings.exporter;
    let mut plan = Plan::default();
    let service = cluster.service(&exporter.name);
    let mut reasons = obstacles(cluster, exporter);
    reasons.extend(service.and_then(|service| foreign(service, exporter)));
    if !reasons.is_empty() {
        plan.blocked.push(blocked(service, exporter, reasons));
        return plan;
    }
    let wanted = image(service, exporter, &mut plan);
    match service {
        None => match spec::new(exporter, &wanted) {
            Ok(spec) => plan.actions.push(Action::creation(
                &exporter.name,
                Change::ServiceCreate { spec },
                "the swarm has no such service",
            )),
            Err(error) => plan.blocked.push(blocked(None, exporter, vec![format!("{error:#}")])),
        },
        Some(service) => existing(service, &wanted, settings, &mut plan),
    }
    plan
}

/// Whether a service is one that orca has made as an exporter.
pub fn own(service: &Service) -> bool {
    spec_of(service).pointer("/Labels").and_then(|labels| labels.get(LABEL)).is_some()
}

fn spec_of(service: &Service) -> Value {
    let mut object: Value = serde_json::from_str(service.raw.get()).unwrap_or_default();
    object.get_mut("Spec").map(Value::take).unwrap_or_default()
}

fn blocked(service: Option<&Service>, exporter: &Exporter, reasons: Vec<String>) -> Blocked {
    let target = service.map_or_else(|| Target::unknown(TargetKind::Service, &exporter.name), Target::service);
    Blocked { id: format!("service/{}#exporter", exporter.name), target, reasons }
}

/// What speaks against it, whatever the service is like.
fn obstacles(cluster: &Snapshot, exporter: &Exporter) -> Vec<String> {
    let mut reasons = Vec::new();
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<u32>().ok()).unwrap_or_default();
    let mut parts = cluster.api.split('.');
    if (number(parts.next()), number(parts.next())) < OLDEST_API {
        reasons.push(format!(
            "the engine's API is {}, which knows no dropped capabilities for services: point -H at a manager with Docker \
             20.10 or newer",
            cluster.api
        ));
    }
    for name in &exporter.networks {
        if let Some(Err(why)) = exporter.asked.networks.get(name) {
            reasons.push(why.clone());
        }
    }
    reasons
}

/// Why the service of this name is not to be touched.
fn foreign(service: &Service, exporter: &Exporter) -> Option<String> {
    let name = &exporter.name;
    if !own(service) {
        return Some(format!(
            "there is a service `{name}` that orca has not made (it lacks the label {LABEL}): set exporter.name to another \
             name, remove it, or give it to orca with `docker service update --label-add {LABEL}=node_exporter {name}`"
        ));
    }
    if service.mode != Mode::Global {
        return Some(format!(
            "`{name}` is not a global service, and a service's mode can't be changed: `docker service rm {name}`, then run \
             this again"
        ));
    }
    (!service.has_placement).then(|| {
        format!("the spec of `{name}` has no Placement, and an update could crash managers: `docker service rm {name}`, then run this again")
    })
}

/// The image that the service must have. What has once been pinned stays so until the configuration names another.
fn image(service: Option<&Service>, exporter: &Exporter, plan: &mut Plan) -> String {
    let wanted = Reference::parse(&exporter.image);
    if let Some(service) = service {
        let found = Reference::parse(&service.image);
        let pinned = wanted.digest.is_none() && found.digest.is_some();
        if found == wanted || (pinned && (&found.repository, &found.tag) == (&wanted.repository, &wanted.tag)) {
            return service.image.clone();
        }
    }
    match (&wanted.digest, &exporter.asked.digest) {
        (Some(_), _) => exporter.image.clone(),
        (None, Some(Ok(digest))) => format!("{}@{digest}", exporter.image),
        (None, answer) => {
            let why = match answer {
                Some(Err(why)) => why.as_str(),
                _ => "the registry was not asked",
            };
            let text = format!("the image `{}` has no digest, so nodes may run different ones: {why}", exporter.image);
            plan.warnings.push(Warning::new("unpinned", text));
            exporter.image.clone()
        }
    }
}

fn existing(service: &Service, image: &str, settings: &Settings, plan: &mut Plan) {
    let (found, exporter) = (spec_of(service), &settings.exporter);
    let path = ["TaskTemplate", "ContainerSpec", "Image"].map(str::to_owned).to_vec();
    let mut fields = vec![Field { path, setting: "image", value: image.into() }];
    fields.extend(spec::fields(exporter));
    for field in &fields {
        let before = get(&found, &field.path);
        if same(&field.value, before) {
            plan.unchanged += 1;
            continue;
        }
        let origin = settings.origins.get(&format!("exporter.{}", field.setting));
        let reason = match (origin, field.setting) {
            (Some(origin), _) => origin.to_string(),
            (None, "") => "an exporter needs no more, and no less".to_owned(),
            (None, setting) => format!("exporter.{setting} (default)"),
        };
        let change = Change::FieldSet { path: field.path.clone(), before: before.clone(), after: field.value.clone() };
        let action = Action::on_service(service, change, reason);
        plan.actions.push(if field.disruptive() { action.disruptive() } else { action });
    }
    let under_way = service.under_way();
    let stuck = service.update.and_then(crate::model::UpdateState::stuck);
    match (under_way, stuck, plan.actions.is_empty()) {
        (Some(what), _, false) => {
            plan.actions.clear();
            let reason = format!("{what}: run this again when it has ended (`docker service ps {}`)", service.name);
            plan.blocked.push(blocked(Some(service), exporter, vec![reason]));
        }
        (Some(what), _, true) => plan.unsettled.push(format!("`{}`: {what}", service.name)),
        (None, Some(what), true) => {
            let reason = format!(
                "{what}: `docker service ps --no-trunc {0}` shows why; then `docker service update --force {0}`",
                service.name
            );
            plan.blocked.push(blocked(Some(service), exporter, vec![reason]));
        }
        // An update with another spec is the way out of a stuck one.
        (None, _, _) => {}
    }
}
