//! What only the engine and the registries know of a stack: ids, what is there already, and whether it is the same.

use std::collections::BTreeSet;

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::How;
use crate::catalog::definition::Definition;
use crate::catalog::facts;
use crate::compose::stack::{Content, Object, Part, Stack};
use crate::engine::Engine;
use crate::engine::secrets::Holds;
use crate::model::service::STACK_LABEL;
use crate::pass::catalog::deploy;
use crate::pass::stacks::{Found, Request, Standing};
use crate::plan::TargetKind;
use crate::registry::auths::SOON;
use crate::registry::keyring::entry_of;
use crate::registry::{self, Asked, Keyring};
use crate::snapshot::Snapshot;

/// What belongs to a stack beside its services.
const KINDS: [TargetKind; 3] = [TargetKind::Network, TargetKind::Secret, TargetKind::Config];

/// Everything that a deployment's plan needs to know; and what is wrong with the credentials of this host.
///
/// # Errors
/// If the engine is lost. What it doesn't have is for the plan.
pub(super) async fn deployment(
    engine: &Engine,
    cluster: &Snapshot,
    stack: Stack,
    how: How,
    keyring: &Keyring,
) -> Result<(Request, Vec<String>)> {
    let Stack { name, services, objects, .. } = stack;
    let mut found = of_stack(engine, &name).await?;
    for object in &objects {
        let known = |one: &&mut Found| one.kind == object.kind && one.name == object.name;
        if found.iter_mut().find(known).is_none() {
            found.extend(look(engine, object.kind, &object.name).await?);
        }
        if let (Some(found), Some(content)) = (found.iter_mut().find(known), &object.content) {
            found.content = standing(engine, cluster, found, content).await?;
        }
    }
    let mut request = deploy::Request::default();
    for Part { definition, more, .. } in services {
        request.more.insert(definition.name.clone(), more);
        request.definitions.push(definition);
    }
    // Of what is new the digest is wanted in any case: all nodes are to run the same.
    let missing = |definition: &&Definition| how.resolve || cluster.service(&definition.name).is_none();
    let asked: Vec<Definition> = request.definitions.iter().filter(missing).cloned().collect();
    request.facts = facts::ask(engine, &request.definitions, None).await;
    request.facts.images = facts::ask(engine, &asked, Some(keyring)).await.images;
    to_be_made(&mut request, &objects, &found);
    let asked = |own: &Definition| Asked { name: own.image.clone(), entry: entry_of(&own.labels) };
    let images = request.definitions.iter().map(asked);
    let (auths, problems) = registry::auths(keyring, images, SOON).await;
    request.auths = auths;
    Ok((Request { stack: name, services: request, objects, found, prune: how.prune, remove: None }, problems))
}

/// What is not there yet will be, when services are made: networks are found by name then, the ids of the others are put
/// in by the writer.
fn to_be_made(request: &mut deploy::Request, objects: &[Object], found: &[Found]) {
    let facts = &mut request.facts;
    for object in objects {
        if found.iter().any(|found| found.kind == object.kind && found.name == object.name) {
            continue;
        }
        let (known, id) = match object.kind {
            TargetKind::Secret => (&mut facts.secrets, String::new()),
            TargetKind::Config => (&mut facts.configs, String::new()),
            _ => (&mut facts.networks, object.name.clone()),
        };
        known.insert(object.name.clone(), Ok(id));
    }
    // Each engine has these, and no swarm.
    for name in ["bridge", "host", "none"] {
        if let Some(known @ Err(_)) = facts.networks.get_mut(name) {
            *known = Ok(name.to_owned());
        }
    }
}

/// Networks, secrets and configs with the stack's label.
///
/// # Errors
/// If the engine can't list them.
pub(super) async fn of_stack(engine: &Engine, stack: &str) -> Result<Vec<Found>> {
    let mut all = Vec::new();
    for kind in KINDS {
        let listed = engine.labelled(kind.collection(), STACK_LABEL, stack).await?;
        all.extend(listed.into_iter().filter_map(|raw| read(kind, raw)));
    }
    all.retain(|found: &Found| found.stack.as_deref() == Some(stack));
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

async fn look(engine: &Engine, kind: TargetKind, name: &str) -> Result<Option<Found>> {
    let raw = if kind == TargetKind::Network {
        engine.swarm_network(name).await?
    } else {
        engine.object(kind.collection(), name).await?.map(|raw| serde_json::from_str(raw.get())).transpose()?
    };
    // Engines take the beginning of an id for it, too.
    Ok(raw.and_then(|raw| read(kind, raw)).filter(|found| found.name == name))
}

fn read(kind: TargetKind, mut raw: Value) -> Option<Found> {
    let id = raw.get("ID").or_else(|| raw.get("Id"))?.as_str()?.to_owned();
    let raw = if kind == TargetKind::Network { raw } else { raw.get_mut("Spec")?.take() };
    let name = raw.get("Name")?.as_str()?.to_owned();
    let stack = raw["Labels"][STACK_LABEL].as_str().map(str::to_owned);
    Some(Found { kind, id, name, stack, raw, content: Standing::Same })
}

/// Whether a secret or config has this content.
async fn standing(engine: &Engine, cluster: &Snapshot, found: &Found, content: &Content) -> Result<Standing> {
    let data = STANDARD.encode(content.expose());
    if found.kind == TargetKind::Config {
        let there = found.raw["Data"].as_str().unwrap_or_default();
        return Ok(if there == data { Standing::Same } else { Standing::Differs });
    }
    let mut spec = found.raw.clone();
    spec["Data"] = data.into();
    Ok(match engine.secret_holds(&found.id, &cluster.api, &spec).await? {
        Holds::This => Standing::Same,
        Holds::Other => Standing::Differs,
        Holds::Unknown(why) => Standing::Unknown(why),
    })
}

/// The names of all stacks.
pub(super) fn names(cluster: &Snapshot) -> Vec<String> {
    let label = |service: &crate::model::Service| service.needs().ok()?.labels.get(STACK_LABEL).cloned();
    let names: BTreeSet<String> = cluster.services.iter().filter_map(label).collect();
    names.into_iter().collect()
}
