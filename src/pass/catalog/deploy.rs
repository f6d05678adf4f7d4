//! `orca catalog deploy`: services as their definitions say. Makes what is missing, changes what differs, and nothing
//! else; a second deployment of the same finds nothing to do.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::ports;
use crate::catalog::definition::{Definition, Mode};
use crate::catalog::spec::{self, Facts, Field, KEYS_LABEL, More, OWNER_LABEL, Wanted};
use crate::catalog::whole;
use crate::engine::edit::field::{equal, get};
use crate::model::service::{STACK_LABEL, STOPPED_LABEL};
use crate::model::{Mode as Found, Reference, Service, UpdateState};
use crate::pass::order::CHANGED;
use crate::pass::proving;
use crate::plan::{Action, Blocked, Change, Plan, Target, TargetKind, Warning};
use crate::registry::{Auths, Resolved};
use crate::snapshot::Snapshot;

/// What is to be deployed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// The command, for reports and journal.
    pub command: &'static str,
    /// Definitions of what is to run.
    pub definitions: Vec<Definition>,
    /// What services of a stack have beyond that, by name of the service.
    pub more: BTreeMap<String, More>,
    /// Names of services that are to be removed.
    pub remove: Vec<String>,
    /// Whose they are.
    pub owner: String,
    /// The version of the one service, as whoever asks has seen it: another one by then is left alone.
    pub seen: Option<u64>,
    /// A person has named them: what nobody has marked is taken over, what was stopped is started.
    pub by_hand: bool,
    /// What only the engine and the registries know.
    pub facts: Facts,
    /// Credentials for their images.
    pub auths: Auths,
}

/// Decides what to make, to change and to remove.
pub fn plan(cluster: &Snapshot, request: &Request) -> Plan {
    let mut plan = services(cluster, request);
    let leaving = request.remove.iter().map(String::as_str).collect();
    ports::settle(cluster, &request.definitions, &leaving, &mut plan);
    plan
}

/// The same, whoever has the ports that they want.
pub(in crate::pass) fn services(cluster: &Snapshot, request: &Request) -> Plan {
    let mut plan = Plan::default();
    let mut verdicts = Vec::new();
    for definition in &request.definitions {
        let before = plan.actions.len();
        let service = cluster.service(&definition.name);
        let verdict = match one(service, definition, request, &mut plan) {
            Ok(verdict) => verdict,
            Err(reasons) => {
                plan.blocked.push(blocked(service, &definition.name, "deploy", reasons));
                "blocked"
            }
        };
        let changes: Vec<&str> = plan.actions[before..].iter().map(|action| action.id.as_str()).collect();
        let restarts = plan.actions[before..].iter().any(|action| action.disruptive);
        verdicts.push(json!({"name": definition.name, "verdict": verdict, "changes": changes, "restarts": restarts}));
        plan.unchanged += u64::from(verdict == "unchanged");
    }
    for name in &request.remove {
        remove(cluster.service(name), name, request, &mut plan);
    }
    plan.data.insert("services".to_owned(), verdicts.into());
    plan
}

/// Plans one service; its verdict, or everything that stands against it.
fn one(
    service: Option<&Service>,
    definition: &Definition,
    request: &Request,
    plan: &mut Plan,
) -> Result<&'static str, Vec<String>> {
    if request.seen.is_some_and(|seen| service.is_none_or(|service| service.version != seen)) {
        return Err(vec![CHANGED.to_owned()]);
    }
    let obstacles = service.map(|service| obstacles(service, definition, request)).unwrap_or_default();
    let more = request.more.get(&definition.name);
    let wanted = match more {
        None => spec::wanted(definition, &request.owner, &request.facts),
        Some(more) => whole::wanted(definition, more, &request.facts),
    };
    let wanted = match (wanted, obstacles.is_empty()) {
        (Ok(wanted), true) => wanted,
        (Ok(_), false) => return Err(obstacles),
        (Err(more), _) => return Err(obstacles.into_iter().chain(more).collect()),
    };
    let image = image(service, definition, request, plan);
    let known = request.facts.images.get(&definition.image).and_then(|known| known.as_ref().ok());
    let Some(service) = service else {
        let spec = spec::new(definition, &wanted, &image, known).map_err(|error| vec![format!("{error:#}")])?;
        let change = Change::ServiceCreate { spec };
        plan.actions.push(Action::creation(&definition.name, change, "the swarm has no such service"));
        return Ok("create");
    };
    let actions = changes(service, definition, &wanted, &image, request);
    if actions.is_empty() {
        return Ok("unchanged");
    }
    // An update with another spec is the way out of a stuck one, not of one that is under way.
    let engine = service.update.and_then(UpdateState::under_way);
    // A person may well want to end what orca still proves.
    if let Some(what) = engine.or(service.proving.as_deref().filter(|_| !request.by_hand)) {
        return Err(vec![format!("{what}: run this again when it has ended (`orca services ps {}`)", service.name)]);
    }
    if more.is_none() && owner_of(service).is_none() {
        let text = format!("`{}` was not deployed from a catalog before: it is now", service.name);
        plan.warnings.push(Warning::new("adopted", text));
    }
    plan.warnings.extend(proving::warning(service));
    plan.actions.extend(actions);
    Ok("update")
}

fn spec_of(service: &Service) -> Value {
    let mut object: Value = serde_json::from_str(service.raw.get()).unwrap_or_default();
    object.get_mut("Spec").map(Value::take).unwrap_or_default()
}

fn label(service: &Service, key: &str) -> Option<String> {
    spec_of(service).get("Labels")?.get(key)?.as_str().map(str::to_owned)
}

/// Who keeps a service's definition, if anybody does.
pub fn owner_of(service: &Service) -> Option<String> {
    label(service, OWNER_LABEL)
}

/// What stands against touching the service.
fn obstacles(service: &Service, definition: &Definition, request: &Request) -> Vec<String> {
    let name = &service.name;
    let mut reasons = Vec::new();
    let more = request.more.get(name);
    let stack = label(service, STACK_LABEL);
    match owner_of(service) {
        Some(owner) if more.is_some() => reasons.push(format!(
            "its definition is kept by the catalog of `{owner}`, not by a stack: take the label {OWNER_LABEL} off it"
        )),
        _ if more.is_some_and(|more| stack.as_ref() != Some(&more.stack)) => reasons.push(format!(
            "there is a service `{name}` that is no part of the stack: `docker service rm {name}`, or give the stack another name"
        )),
        _ if more.is_some() => {}
        Some(owner) if owner != request.owner => reasons.push(format!(
            "its definition is kept by `{owner}`, not by `{}`: set catalog.owner, or take the label {OWNER_LABEL} off it",
            request.owner
        )),
        None if !request.by_hand => reasons.push(format!(
            "there is a service `{name}` that was not deployed from a catalog: `orca catalog deploy {name}` takes it over"
        )),
        _ => {}
    }
    let raw = spec_of(service);
    let found = raw["Mode"].as_object().and_then(|mode| mode.keys().next()).map_or("", String::as_str);
    if found != definition.mode.key() {
        reasons.push(format!(
            "it is {found} in the swarm and {} by its definition, and Swarm can't change that: \
             `docker service rm {name}`, then deploy it",
            definition.mode.key()
        ));
    }
    if !service.has_placement {
        reasons.push(format!(
            "its spec has no Placement, and an update could crash managers: `docker service rm {name}`, then deploy it"
        ));
    }
    if service.trace.is_some() {
        reasons.push("a move of one of its tasks has not ended: `orca rebalance recover` ends it".to_owned());
    }
    reasons
}

/// The image that it is to have. What is pinned stays so until the registry or the definition says otherwise.
fn image(service: Option<&Service>, definition: &Definition, request: &Request, plan: &mut Plan) -> String {
    let wanted = Reference::parse(&definition.image);
    let found = service.map(|service| (Reference::parse(&service.image), &service.image));
    let followed = Reference::followed(&definition.image).unwrap_or_else(|| definition.image.clone());
    // `latest` is what it stands for where nobody says a tag; with a digest it may be left out.
    let bare = followed != definition.image && wanted.digest.is_none();
    let same = |found: &Reference| {
        found.repository == wanted.repository
            && (found.tag == wanted.tag || bare && found.tag.is_none() && found.digest.is_some())
    };
    // Docker has other words for the same: what runs is not replaced for that.
    let as_found = |image: String| match &found {
        Some((found, text)) if same(found) && found.digest == Reference::parse(&image).digest => (*text).clone(),
        _ => image,
    };
    if wanted.digest.is_some() {
        return as_found(definition.image.clone());
    }
    let kept = found.as_ref().filter(|(found, _)| same(found));
    match (request.facts.images.get(&definition.image), kept) {
        (Some(Ok(known)), _) => as_found(format!("{followed}@{}", known.digest)),
        (_, Some((found, image))) if found.digest.is_some() => (*image).clone(),
        (answer, kept) => {
            let why = match answer {
                Some(Err(why)) => why.as_str(),
                _ => "the registry was not asked",
            };
            // Whoever has said so once for a service need not hear it from each pass.
            if kept.is_none() || request.by_hand {
                let text =
                    format!("the image `{}` has no digest, so nodes may run different ones: {why}", definition.image);
                let warning = Warning::new("unpinned", text);
                if !plan.warnings.contains(&warning) {
                    plan.warnings.push(warning);
                }
            }
            kept.map_or_else(|| definition.image.clone(), |(_, image)| (*image).clone())
        }
    }
}

fn changes(service: &Service, definition: &Definition, wanted: &Wanted, image: &str, request: &Request) -> Vec<Action> {
    let found = spec_of(service);
    let mut actions = Vec::new();
    if service.image != image {
        let known = request.facts.images.get(&definition.image).and_then(|known| known.as_ref().ok());
        let platforms = known.map(Resolved::scheduled).unwrap_or_default();
        let change = Change::ImageSet { before: service.image.clone(), after: image.to_owned(), platforms };
        actions.push(Action::on_service(service, change, "image of the definition").disruptive());
    }
    let earlier = earlier_keys(&found);
    let dropped = earlier.iter().filter(|key| !wanted.keys.contains(key)).flat_map(|key| spec::unset(key));
    let log_driver = get(&found, &["TaskTemplate".to_owned(), "LogDriver".to_owned()]);
    // What `orca logs` has set stays.
    let bounded = whole::only_bounds(log_driver);
    let dropped = dropped.chain((wanted.all && !bounded).then(whole::no_log_driver));
    let again = |field: &Field| wanted.fields.iter().any(|other| other.path == field.path);
    let dropped: Vec<Field> = dropped.filter(|field| !again(field)).collect();
    for field in wanted.fields.iter().chain(&dropped) {
        let before = get(&found, &field.path);
        let unsaid = (!wanted.all).then(|| with_the_unsaid(field, before)).flatten();
        let field = unsaid.as_ref().unwrap_or(field);
        if field.holds(before) {
            continue;
        }
        let of = match (wanted.all, dropped.contains(field)) {
            (true, _) => "of the stack's file",
            (false, true) => "no more in the definition",
            (false, false) => "of the definition",
        };
        let change = Change::FieldSet { path: field.path.clone(), before: before.clone(), after: field.value.clone() };
        let action = Action::on_service(service, change, format!("{} {of}", field.key));
        actions.push(if field.disruptive() { action.disruptive() } else { action });
    }
    actions.extend(labels(service, &found, wanted, &earlier));
    // After the labels: it takes one of them away.
    actions.extend(replicas(service, definition, &found, request));
    actions
}

/// What a definition has no words for stays with what it belongs to: owner and mode of a file, aliases in a network.
fn with_the_unsaid(field: &Field, found: &Value) -> Option<Field> {
    let kept = match field.key {
        "secrets" | "configs" => "File",
        "networks" => "Target",
        _ => return None,
    };
    let is = |one: &Value, other: &Value| {
        let keys = ["SecretID", "ConfigID", "Target"];
        keys.iter().all(|key| one[key] == other[key]) && one["File"]["Name"] == other["File"]["Name"]
    };
    let mut field = field.clone();
    for one in field.value.as_array_mut()? {
        if let Some(found) = found.as_array().into_iter().flatten().find(|found| is(one, found)) {
            if kept == "File" { one["File"] = found["File"].clone() } else { *one = found.clone() }
        }
    }
    Some(field)
}

/// What an earlier deployment has set.
fn earlier_keys(found: &Value) -> Vec<String> {
    let text = found.get("Labels").and_then(|labels| labels.get(KEYS_LABEL)).and_then(Value::as_str);
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// A number that nobody has written is nobody's wish: a service that was scaled by hand keeps it.
fn replicas(service: &Service, definition: &Definition, found: &Value, request: &Request) -> Option<Action> {
    let stopped = found.get("Labels").is_some_and(|labels| labels.get(STOPPED_LABEL).is_some());
    match (definition.mode, service.mode) {
        (Mode::Replicated, Found::Replicated(before)) => {
            let none = before == 0 || stopped;
            if none && !request.by_hand && (stopped || definition.replicas.is_none()) {
                return None;
            }
            let earlier = || label(service, STOPPED_LABEL)?.parse().ok().filter(|count| *count > 0);
            let after = definition.replicas.or_else(|| none.then(|| earlier().unwrap_or(1)))?;
            let reason = "replicas of the definition";
            (after != before || stopped)
                .then(|| Action::on_service(service, Change::Scale { before, after }, reason).disruptive())
        }
        (Mode::ReplicatedJob, _) => {
            let path = ["Mode", "ReplicatedJob"].map(str::to_owned).to_vec();
            let (before, mut after) = (get(found, &path).clone(), spec::job(definition));
            // How many of it at once is more than a definition says.
            if !request.more.contains_key(&service.name) && before["MaxConcurrent"] != before["TotalCompletions"] {
                after["MaxConcurrent"] = before["MaxConcurrent"].clone();
            }
            if equal(&before, &after) {
                return None;
            }
            let change = Change::FieldSet { path, before, after };
            Some(Action::on_service(service, change, "replicas of the definition").disruptive())
        }
        _ => None,
    }
}

/// Labels are one field: what was set before and is not any more goes, what others have set stays.
fn labels(service: &Service, found: &Value, wanted: &Wanted, earlier: &[String]) -> Option<Action> {
    let before = found.get("Labels").filter(|labels| labels.is_object()).cloned().unwrap_or_else(|| json!({}));
    let mut after = before.clone();
    let map = after.as_object_mut()?;
    for key in earlier.iter().filter_map(|key| key.strip_prefix("labels.")) {
        if !wanted.labels.contains_key(key) {
            map.shift_remove(key);
        }
    }
    if wanted.all {
        map.retain(|key, _| key.starts_with("orca."));
    }
    map.extend(wanted.labels.iter().map(|(key, value)| (key.clone(), value.as_str().into())));
    if after == before {
        return None;
    }
    let change = Change::FieldSet { path: vec!["Labels".to_owned()], before, after };
    let reason = if wanted.all { "labels of the stack's file" } else { "labels of the definition, and orca's own" };
    Some(Action::on_service(service, change, reason))
}

fn remove(service: Option<&Service>, name: &str, request: &Request, plan: &mut Plan) {
    let Some(service) = service else {
        plan.unchanged += 1;
        return;
    };
    match owner_of(service) {
        Some(owner) if owner == request.owner => {
            let reason = if request.by_hand { "asked for" } else { "its definition has gone" };
            plan.actions.push(Action::on_service(service, Change::ServiceRemove, reason).disruptive());
        }
        owner => {
            let whose = owner.map_or("no catalog".to_owned(), |owner| format!("`{owner}`"));
            let reason = format!("it is kept by {whose}: `docker service rm {name}`, if that is meant");
            plan.blocked.push(blocked(Some(service), name, "remove", vec![reason]));
        }
    }
}

pub(super) fn blocked(service: Option<&Service>, name: &str, what: &str, reasons: Vec<String>) -> Blocked {
    let target = service.map_or_else(|| Target::unknown(TargetKind::Service, name), Target::service);
    Blocked { id: format!("service/{name}#{what}"), target, reasons }
}
