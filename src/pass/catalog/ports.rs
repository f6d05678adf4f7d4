//! A published port is the whole swarm's, and one service has it: what takes one over comes after what gives it up, and
//! what can't have one is told so before anything is written.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::deploy::blocked;
use crate::catalog::definition::Definition;
use crate::catalog::port;
use crate::model::needs::Endpoint;
use crate::model::{Service, or_default};
use crate::plan::{Action, Change, Plan, TargetKind};
use crate::snapshot::Snapshot;

/// A port that a service has, or wants.
#[derive(Debug, PartialEq, Eq)]
struct Claim {
    protocol: String,
    number: u64,
    host: bool,
}

impl Claim {
    /// Managers let several services have one port of the nodes themselves (swarmkit, `checkPortConflicts`): where their
    /// tasks fit, is the scheduler's business.
    fn excludes(&self, other: &Self) -> bool {
        (&self.protocol, self.number) == (&other.protocol, other.number) && !(self.host && other.host)
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct View {
    #[serde(deserialize_with = "or_default")]
    spec: SpecView,
    /// Has the ports that the swarm has chosen, too.
    #[serde(deserialize_with = "or_default")]
    endpoint: Endpoint,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SpecView {
    #[serde(rename = "EndpointSpec", deserialize_with = "or_default")]
    endpoint: Endpoint,
}

fn held(service: &Service) -> Vec<Claim> {
    let View { spec, endpoint } = serde_json::from_str(service.raw.get()).unwrap_or_default();
    // What the spec has given up stands there for a moment more.
    let chosen = spec.endpoint.ports.iter().any(|port| port.published == 0);
    let chosen = chosen.then_some(endpoint.ports).into_iter().flatten();
    let ports = spec.endpoint.ports.into_iter().chain(chosen).filter(|port| port.published > 0);
    ports
        .map(|port| Claim { protocol: port.protocol, number: port.published, host: port.publish_mode == "host" })
        .collect()
}

fn wanted(definition: &Definition) -> Vec<Claim> {
    let ports = definition.ports.iter().filter_map(|text| port::parse(text).ok()).flatten();
    let claim =
        |port: port::Port| Some(Claim { number: port.published?.into(), host: port.host, protocol: port.protocol });
    ports.filter_map(claim).collect()
}

/// Puts what takes a port over after what gives it up, and blocks what can't have one. `leaving` are the services that the
/// plan removes.
pub fn settle(cluster: &Snapshot, definitions: &[Definition], leaving: &BTreeSet<&str>, plan: &mut Plan) {
    let (mut givers, mut reasons) = clashes(cluster, definitions, leaving, plan);
    for name in givers.keys().filter(|name| turn(name, &givers, givers.len()).is_none()) {
        let text = "it waits for a port of a service that waits for one of its own: take one of them away first";
        reasons.entry(name).or_default().push(text.to_owned());
    }
    while let Some((name, giver)) = givers.iter().find_map(|(name, names)| {
        let giver = names.iter().find(|giver| reasons.contains_key(giver.as_str()))?;
        (!reasons.contains_key(name)).then_some((*name, giver))
    }) {
        reasons.insert(name, vec![format!("it waits for a port of `{giver}`, which can't be changed now")]);
    }
    givers.retain(|name, _| !reasons.contains_key(name));
    for (name, why) in &reasons {
        plan.actions.retain(|action| !is_of(action, name));
        plan.blocked.push(blocked(cluster.service(name), name, "deploy", why.clone()));
        let services = plan.data.get_mut("services").and_then(Value::as_array_mut).into_iter().flatten();
        for told in services.filter(|told| told["name"] == **name) {
            (told["verdict"], told["changes"], told["restarts"]) = ("blocked".into(), json!([]), false.into());
        }
    }
    if !givers.is_empty() {
        put_in_order(&givers, plan);
    }
}

type Givers<'d> = BTreeMap<&'d str, BTreeSet<String>>;

/// Of services that are to change: which others have to give up a port first, and why that won't happen.
fn clashes<'d>(
    cluster: &Snapshot,
    definitions: &'d [Definition],
    leaving: &BTreeSet<&str>,
    plan: &Plan,
) -> (Givers<'d>, BTreeMap<&'d str, Vec<String>>) {
    let (mut givers, mut reasons) = (Givers::new(), BTreeMap::<&str, Vec<String>>::new());
    let changes = |name: &str| plan.actions.iter().any(|action| is_of(action, name));
    let wanted: BTreeMap<&str, Vec<Claim>> = definitions.iter().map(|one| (one.name.as_str(), wanted(one))).collect();
    let held: Vec<(&str, Vec<Claim>)> =
        cluster.services.iter().map(|service| (service.name.as_str(), held(service))).collect();
    for (name, claims) in wanted.iter().filter(|(name, _)| changes(name)) {
        for claim in claims {
            let excludes = |claims: &[Claim]| claims.iter().any(|other| claim.excludes(other));
            let text = |whose: String| format!("port {}/{} is {whose}", claim.number, claim.protocol);
            // Whoever has it already keeps it, whoever comes.
            let has_it = held.iter().any(|(holder, claims)| holder == name && excludes(claims));
            let rival = |other: &str, claims: &[Claim]| !has_it && other < *name && excludes(claims) && changes(other);
            for (other, _) in wanted.iter().filter(|(other, claims)| rival(other, claims)) {
                reasons.entry(name).or_default().push(text(format!("also wanted by `{other}`")));
            }
            for (holder, _) in held.iter().filter(|(holder, claims)| holder != name && excludes(claims)) {
                let gives_up = wanted.get(holder).map_or(leaving.contains(holder), |claims| !excludes(claims));
                if gives_up && changes(holder) {
                    givers.entry(name).or_default().insert((*holder).to_owned());
                } else {
                    let text = text(format!("published by `{holder}`, which keeps it"));
                    reasons.entry(name).or_default().push(text);
                }
            }
        }
    }
    (givers, reasons)
}

fn is_of(action: &Action, name: &str) -> bool {
    action.target.kind == TargetKind::Service && action.target.name == name
}

/// How many have to be done one after the other before this one; none if they wait for each other. Among so many.
fn turn(name: &str, givers: &Givers<'_>, among: usize) -> Option<usize> {
    let Some(names) = givers.get(name) else { return Some(0) };
    let turns: Option<Vec<usize>> = names.iter().map(|name| turn(name, givers, among.checked_sub(1)?)).collect();
    Some(turns?.into_iter().max()? + 1)
}

fn put_in_order(givers: &Givers<'_>, plan: &mut Plan) {
    let comes_first = |action: &Action| givers.values().flatten().any(|name| is_of(action, name));
    let of_service = |action: &&Action| action.target.kind == TargetKind::Service;
    let services: BTreeSet<String> = plan.actions.iter().filter(of_service).map(|action| action.id.clone()).collect();
    for action in plan.actions.iter_mut().filter(|action| action.change == Change::ServiceRemove) {
        // It was to be the last.
        if comes_first(action) {
            action.requires.retain(|id| !services.contains(id));
        }
    }
    for (name, names) in givers {
        let before = plan.actions.iter().filter(|action| names.iter().any(|name| is_of(action, name)));
        let before: Vec<String> = before.map(|action| action.id.clone()).collect();
        for action in plan.actions.iter_mut().filter(|action| is_of(action, name)) {
            action.requires.extend(before.iter().cloned());
        }
    }
    plan.actions.sort_by_cached_key(|action| match action.change {
        Change::ServiceRemove if !comes_first(action) => usize::MAX,
        _ if of_service(&action) => turn(&action.target.name, givers, givers.len()).unwrap_or(usize::MAX),
        _ => 0,
    });
}
