//! `orca stacks deploy` and `orca stacks remove`: a stack as its files say, or none of it.
//!
//! Services are planned like those of the catalog; beside them are the stack's networks, secrets and configs, which come
//! first and go last. Where one part can't be done, nothing is.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde_json::{Value, json};

use super::catalog::{deploy, ports};
use crate::compose::stack::Object;
use crate::engine::edit::field::{equal, same};
use crate::model::Service;
use crate::model::service::STACK_LABEL;
use crate::plan::{Action, Blocked, Change, Plan, Target, TargetKind, Warning};
use crate::snapshot::Snapshot;

/// What engines add to the options of an overlay network.
const VXLAN: &str = "com.docker.network.driver.overlay.vxlanid_list";

/// What is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// The stack's name.
    pub stack: String,
    /// Its services.
    pub services: deploy::Request,
    /// Its networks, secrets and configs.
    pub objects: Vec<Object>,
    /// What the swarm has of them, and what else it has of the stack.
    pub found: Vec<Found>,
    /// Remove services that are not in the files.
    pub prune: bool,
    /// Remove all of it; with this consent.
    pub remove: Option<Consent>,
}

/// Whether somebody has said that it is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// So it is.
    Given,
    /// Not yet.
    Missing,
}

/// A network, secret or config that the swarm has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Which of them it is.
    pub kind: TargetKind,
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The stack that it belongs to.
    pub stack: Option<String>,
    /// As the engine has it: of secrets and configs the spec.
    pub raw: Value,
    /// Whether its content is that of the file.
    pub content: Standing,
}

/// Whether a content is the one that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is, or there is none.
    Same,
    /// It is another.
    Differs,
    /// Nobody can tell, for this reason.
    Unknown(String),
}

/// Decides what to make, to change and to remove.
pub fn plan(cluster: &Snapshot, request: &Request) -> Plan {
    let mut plan = match request.remove {
        Some(consent) => removal(cluster, request, consent),
        None => deployment(cluster, request),
    };
    plan.data.insert("stack".to_owned(), request.stack.as_str().into());
    if !plan.blocked.is_empty() && !plan.actions.is_empty() {
        let text = format!("nothing of the stack is changed, as one part can't be: {} others wait", plan.actions.len());
        plan.warnings.push(Warning::new("nothing_done", text));
        plan.actions.clear();
    }
    if request.remove.is_some() {
        // These stay whatever becomes of the rest, and the rest does not wait for them.
        plan.blocked.extend(request.found.iter().filter_map(|found| held(cluster, request, found)));
    }
    plan
}

fn deployment(cluster: &Snapshot, request: &Request) -> Plan {
    let mut plan = Plan::default();
    for object in &request.objects {
        objects(object, request, &mut plan);
    }
    let first: Vec<String> = plan.actions.iter().map(|action| action.id.clone()).collect();
    let mut services = deploy::services(cluster, &request.services);
    plan.actions.extend(services.actions.drain(..).map(|action| action.after(first.clone())));
    plan.blocked.append(&mut services.blocked);
    plan.warnings.append(&mut services.warnings);
    plan.data.append(&mut services.data);
    plan.unchanged += services.unchanged;
    // What takes the place of something else is there before that goes; but for its port.
    let before: Vec<String> = plan.actions.iter().map(|action| action.id.clone()).collect();
    let wanted: BTreeSet<&str> = request.services.definitions.iter().map(|one| one.name.as_str()).collect();
    let orphans = own(cluster, &request.stack).filter(|service| !wanted.contains(service.name.as_str()));
    let mut named = Vec::new();
    for service in orphans {
        named.push(service.name.as_str());
        if request.prune {
            let removed = Action::on_service(service, Change::ServiceRemove, "not in the stack's files any more");
            plan.blocked.extend(in_motion(service));
            plan.actions.push(removed.disruptive().after(before.clone()));
        } else {
            let text = format!("`{}` belongs to the stack and is not in its files: --prune removes it", service.name);
            plan.warnings.push(Warning::new("orphaned", text));
        }
    }
    let leaving = if request.prune { named.iter().copied().collect() } else { BTreeSet::new() };
    ports::settle(cluster, &request.services.definitions, &leaving, &mut plan);
    plan.data.insert("orphaned".to_owned(), json!(named));
    plan
}

/// The services of a stack.
pub fn own<'c>(cluster: &'c Snapshot, stack: &str) -> impl Iterator<Item = &'c Service> {
    cluster.services.iter().filter(move |service| {
        service.needs().is_ok_and(|needs| needs.labels.get(STACK_LABEL).is_some_and(|of| of == stack))
    })
}

/// Plans one network, secret or config.
fn objects(object: &Object, request: &Request, plan: &mut Plan) {
    let Object { kind, name, spec, content } = object;
    let (what, found) = (kind.name(), request.found.iter().find(|found| found.kind == *kind && found.name == *name));
    let Some(found) = found else {
        let change = Change::ObjectCreate { what: *kind, spec: spec.clone(), content: content.clone() };
        plan.actions.push(Action::on_object(*kind, "", name, change, format!("the swarm has no such {what}")));
        return;
    };
    if found.stack.as_ref() != Some(&request.stack) {
        let whose = found.stack.as_ref().map_or("no stack".to_owned(), |stack| format!("the stack `{stack}`"));
        let reason = format!("there is a {what} `{name}` of {whose}: say `external: true`, or give it another `name`");
        plan.blocked.push(blocked(found, "deploy", reason));
        return;
    }
    match &found.content {
        Standing::Differs => {
            let reason = format!(
                "its content is not that of the file any more, and Swarm can't change it: give it another `name`, as \
                 `name: {name}_2`, and the services take that one"
            );
            plan.blocked.push(blocked(found, "deploy", reason));
            return;
        }
        Standing::Unknown(why) => {
            let text = format!("whether {what} `{name}` has the content of the file is not known: {why}");
            plan.warnings.push(Warning::new("content_unknown", text));
        }
        Standing::Same => {}
    }
    let differs = differences(*kind, spec, &found.raw);
    if !differs.is_empty() {
        let text = format!(
            "{what} `{name}` is there with other {} than the files say, and stays as it is: give it another `name`, as \
             `name: {name}_2`, and the services take that one, or remove the stack to have it made anew",
            differs.join(", ")
        );
        plan.warnings.push(Warning::new("differs", text));
    }
    plan.unchanged += 1;
}

/// What of a network, secret or config is not as the files say, in their words. The engine's own word on a network's
/// addresses counts where the files have none: nobody can tell whether it was asked for.
fn differences(kind: TargetKind, spec: &Value, found: &Value) -> Vec<&'static str> {
    let mut differs = Vec::new();
    if kind == TargetKind::Network {
        let mut options = found["Options"].clone();
        if let Some(options) = options.as_object_mut() {
            options.remove(VXLAN);
        }
        let subnets = |of: &Value| -> BTreeSet<String> {
            let ranges = of["IPAM"]["Config"].as_array().into_iter().flatten();
            ranges.filter_map(|range| range["Subnet"].as_str()).map(plain_subnet).collect()
        };
        let asked = spec["IPAM"].is_object();
        let addresses = subnets(spec);
        for (key, is_as_said) in [
            ("driver", same(&spec["Driver"], &found["Driver"])),
            ("driver_opts", words(&spec["Options"]) == words(&options)),
            ("internal", same(&spec["Internal"], &found["Internal"])),
            ("attachable", same(&spec["Attachable"], &found["Attachable"])),
            ("ipam.driver", !asked || same(&spec["IPAM"]["Driver"], &found["IPAM"]["Driver"])),
            ("ipam.config", addresses.is_empty() || addresses == subnets(found)),
        ] {
            differs.extend((!is_as_said).then_some(key));
        }
    } else {
        differs.extend((!equal(&spec["Templating"], &found["Templating"])).then_some("template_driver"));
        differs.extend((!equal(&spec["Driver"], &found["Driver"])).then_some("driver"));
    }
    differs.extend((words(&spec["Labels"]) != words(&found["Labels"])).then_some("labels"));
    differs
}

/// Labels and options. One whose value is empty is there: that is how a network is encrypted.
fn words(map: &Value) -> BTreeMap<&str, &str> {
    let entries = map.as_object().into_iter().flatten();
    entries.map(|(key, value)| (key.as_str(), value.as_str().unwrap_or_default())).collect()
}

/// Engines write the address of a range as its first one.
fn plain_subnet(text: &str) -> String {
    let parts =
        text.split_once('/').and_then(|(address, bits)| Some((address.parse().ok()?, bits.parse::<u32>().ok()?)));
    let first = match parts {
        Some((IpAddr::V4(address), bits)) => {
            let mask = u32::MAX.checked_shl(32_u32.saturating_sub(bits)).unwrap_or(0);
            IpAddr::from((u32::from(address) & mask).to_be_bytes())
        }
        Some((IpAddr::V6(address), bits)) => {
            let mask = u128::MAX.checked_shl(128_u32.saturating_sub(bits)).unwrap_or(0);
            IpAddr::from((u128::from(address) & mask).to_be_bytes())
        }
        None => return text.to_owned(),
    };
    parts.map_or_else(|| text.to_owned(), |(_, bits)| format!("{first}/{bits}"))
}

/// Why a service is not removed now.
fn in_motion(service: &Service) -> Option<Blocked> {
    service.trace.as_ref()?;
    let reason = "a move of one of its tasks has not ended: `orca rebalance recover` ends it".to_owned();
    let id = format!("service/{}#remove", service.name);
    Some(Blocked { id, target: Target::service(service), reasons: vec![reason] })
}

/// Services first, then what they used. Volumes are on the nodes, and stay.
fn removal(cluster: &Snapshot, request: &Request, consent: Consent) -> Plan {
    let mut plan = Plan::default();
    for service in own(cluster, &request.stack) {
        plan.blocked.extend(in_motion(service));
        plan.actions.push(Action::on_service(service, Change::ServiceRemove, "asked for").disruptive());
    }
    let first: Vec<String> = plan.actions.iter().map(|action| action.id.clone()).collect();
    let free =
        |found: &&Found| found.stack.as_ref() == Some(&request.stack) && users(cluster, request, found).is_empty();
    for found in request.found.iter().filter(free) {
        let change = Change::ObjectRemove { what: found.kind };
        let removed =
            Action::on_object(found.kind, &found.id, &found.name, change, "asked for; no service is left that uses it");
        plan.actions.push(removed.after(first.clone()));
    }
    if consent == Consent::Missing && !plan.actions.is_empty() {
        let names: Vec<String> = plan
            .actions
            .iter()
            .map(|action| format!("{} `{}`", action.target.kind.name(), action.target.name))
            .collect();
        let first = "nothing of a stack is removed without --yes; --dry-run shows what would go".to_owned();
        let with = format!("with it go {}; volumes stay", names.join(", "));
        let target = Target::unknown(TargetKind::Swarm, &request.stack);
        plan.actions.clear();
        plan.blocked.push(Blocked {
            id: format!("stack/{}#remove", request.stack),
            target,
            reasons: vec![first, with],
        });
    }
    plan
}

/// Why a network, secret or config of the stack is not removed with it.
fn held(cluster: &Snapshot, request: &Request, found: &Found) -> Option<Blocked> {
    let users = users(cluster, request, found);
    if found.stack.as_ref() != Some(&request.stack) || users.is_empty() {
        return None;
    }
    let users = users.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let reason = format!(
        "it stays, as services that are not of the stack use it: {users}; take it from these, or remove them, and run again"
    );
    Some(blocked(found, "remove", reason))
}

/// Services beside those of the stack that name a network, secret or config.
fn users<'c>(cluster: &'c Snapshot, request: &Request, found: &Found) -> Vec<&'c str> {
    let (lists, key): (&[&str], _) = match found.kind {
        TargetKind::Secret => (&["/Spec/TaskTemplate/ContainerSpec/Secrets"], "SecretID"),
        TargetKind::Config => (&["/Spec/TaskTemplate/ContainerSpec/Configs"], "ConfigID"),
        _ => (&["/Spec/TaskTemplate/Networks", "/Spec/Networks"], "Target"),
    };
    let own: BTreeSet<&str> = own(cluster, &request.stack).map(|service| service.id.0.as_str()).collect();
    let uses = |service: &&Service| {
        let raw: Value = serde_json::from_str(service.raw.get()).unwrap_or_default();
        let named = lists.iter().filter_map(|list| raw.pointer(list)?.as_array()).flatten();
        named.into_iter().any(|one| one[key] == *found.id || one[key] == *found.name)
    };
    let others = cluster.services.iter().filter(|service| !own.contains(service.id.0.as_str()));
    others.filter(uses).map(|service| service.name.as_str()).collect()
}

fn blocked(found: &Found, what: &str, reason: String) -> Blocked {
    let target = Target { id: found.id.clone(), ..Target::unknown(found.kind, &found.name) };
    Blocked { id: format!("{}/{}#{what}", found.kind.name(), found.name), target, reasons: vec![reason] }
}
