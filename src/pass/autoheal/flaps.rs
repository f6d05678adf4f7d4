//! Services whose tasks keep failing: which, why, and the next step of their policy.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::View;
use super::cause::Cause;
use crate::model::stock::age;
use crate::model::{Mode, Service, Task};
use crate::pass::memory::{HealedService, Memory, SERVICE_STEP};
use crate::pass::rebalance::words::count;
use crate::pass::words::spoken;
use crate::plan::{Action, Blocked, Change, Plan, Target, Warning};
use crate::settings::Step;

/// The service label that says what may be done.
const POLICY_LABEL: &str = "orca.autoheal";
/// So many different error texts are reported.
const TEXTS: usize = 3;

/// What is wrong with a service.
struct Flapping<'a> {
    service: &'a Service,
    /// By slot, or node of a global service.
    ends: BTreeMap<String, Vec<(&'a Task, Cause)>>,
}

/// Looks at every service; at most `max_actions` steps are planned.
pub(super) fn plan(view: &View<'_>, memory: &Memory, now: Timestamp, plan: &mut Plan) {
    let mut next = memory.clone();
    let (mut facts, mut ill, mut budget) = (Vec::new(), BTreeSet::new(), view.settings.services.max_actions);
    for flapping in find(view, &mut plan.unchanged) {
        ill.insert(&flapping.service.id);
        let explained = explain(view, &flapping);
        let mut reasons = explained.reasons;
        let policy = policy(view, flapping.service, plan);
        let known = memory.autoheal.services.get(&flapping.service.id).cloned().unwrap_or_default();
        let taken = step(view, flapping.service, &policy, &known, now, &mut budget);
        let (mut planned, mut obstacle) = (None, None);
        match taken {
            Ok((action, step)) => {
                planned = Some(step.name());
                plan.actions.push(Action { reason: format!("{}; {}", reasons.join("; "), action.reason), ..action });
            }
            Err(why) => {
                obstacle.clone_from(&why);
                reasons.extend(why);
                let id = format!("service/{}#flapping", flapping.service.name);
                plan.blocked.push(Blocked { id, target: Target::service(flapping.service), reasons });
            }
        }
        let Value::Object(mut fact) = explained.fact else { continue };
        let names: Vec<&str> = policy.iter().map(|step| step.name()).collect();
        fact.insert("policy".to_owned(), json!(if names.is_empty() { vec!["report"] } else { names }));
        fact.insert("steps_behind".to_owned(), json!(known.steps));
        fact.insert("step".to_owned(), json!(planned));
        fact.insert("obstacle".to_owned(), json!(obstacle));
        facts.push(Value::Object(fact));
    }
    // Calm for a whole window after the last step: its next illness begins at the first step.
    let window = view.settings.services.window;
    next.autoheal.services.retain(|id, healed| {
        let exists = view.services.contains_key(id);
        exists && (ill.contains(id) || healed.last.is_some_and(|last| age(last, now) <= window))
    });
    plan.data.insert("flapping".to_owned(), facts.into());
    plan.memory = Some(next);
}

/// The services of which some slot fails too often, by name.
fn find<'v>(view: &'v View<'_>, sound: &mut u64) -> Vec<Flapping<'v>> {
    let (settings, now) = (&view.settings.services, view.cluster.engine_time);
    let mut ends: BTreeMap<(&str, String), Vec<(&Task, Cause)>> = BTreeMap::new();
    let mut calm: BTreeSet<(&str, String)> = BTreeSet::new();
    // A task that runs for longer than failures come means that it is over.
    let over = settings.window / settings.failures.max(1);
    for task in view.cluster.tasks.iter() {
        let Some(service) = view.service(&task.service) else { continue };
        let place = || (service.name.as_str(), task.place());
        if task.running() && task.status.timestamp.is_some_and(|since| age(since, now) >= over) {
            calm.insert(place());
        }
        // Ends of an older version say nothing of this one.
        let of_now = service.update_started.is_none_or(|started| task.created_at.is_some_and(|made| made >= started));
        let recent = task.status.timestamp.is_some_and(|at| age(at, now) <= settings.window);
        if let Some(cause) = Cause::of(task, service).filter(|_| of_now && recent) {
            ends.entry(place()).or_default().push((task, cause));
        }
    }
    let mut found: BTreeMap<&str, Flapping<'v>> = BTreeMap::new();
    for ((name, place), ends) in ends {
        let Some(service) = view.cluster.service(name).filter(|service| wants_tasks(service)) else { continue };
        let enough = u32::try_from(ends.len()).unwrap_or(u32::MAX) >= settings.failures;
        if enough && !calm.contains(&(name, place.clone())) {
            let flapping = found.entry(name).or_insert_with(|| Flapping { service, ends: BTreeMap::new() });
            flapping.ends.insert(place, ends);
        }
    }
    *sound += (view.cluster.services.len() - found.len()) as u64;
    found.into_values().collect()
}

/// Jobs end, and what is scaled to nothing fails no more.
fn wants_tasks(service: &Service) -> bool {
    matches!(service.mode, Mode::Global | Mode::Replicated(1..))
}

struct Explained {
    reasons: Vec<String>,
    fact: Value,
}

fn explain(view: &View<'_>, flapping: &Flapping<'_>) -> Explained {
    let now = view.cluster.engine_time;
    let Flapping { service, ends } = flapping;
    let all: Vec<&(&Task, Cause)> = ends.values().flatten().collect();
    let mut causes: BTreeMap<Cause, usize> = BTreeMap::new();
    for (_, cause) in &all {
        *causes.entry(*cause).or_default() += 1;
    }
    let mut by_count: Vec<(Cause, usize)> = causes.into_iter().collect();
    by_count.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
    let mut texts: Vec<&str> = Vec::new();
    let mut newest: Vec<&Task> = all.iter().map(|(task, _)| *task).collect();
    newest.sort_by_key(|task| std::cmp::Reverse(task.status.timestamp));
    for task in &newest {
        let err = task.status.err.as_str();
        if !err.is_empty() && !texts.contains(&err) && texts.len() < TEXTS {
            texts.push(err);
        }
    }
    let first = newest.last().and_then(|task| task.status.timestamp);
    let within = spoken(first.map(|first| age(first, now)).unwrap_or_default());
    let slots = ends.len();
    let mut reasons = vec![format!(
        "{} in the last {within}{}",
        count(all.len(), "failure"),
        if slots > 1 { format!(", of {slots} slots") } else { String::new() }
    )];
    let none = crate::model::Needs::default();
    let needs = view.needs(service).unwrap_or(&none);
    let mut said = Vec::new();
    for (cause, times) in &by_count {
        let (what, next) = cause.words(service, needs, &service.image);
        let times = if by_count.len() > 1 { format!(" ({times} times)") } else { String::new() };
        reasons.push(format!("{what}{times}; next: {next}"));
        said.push(json!({ "cause": cause.word(), "times": times_of(&all, *cause), "what": what, "next": next }));
    }
    if let Some(text) = texts.first() {
        reasons.push(format!("swarm's last words: {text}"));
    }
    let nodes: BTreeSet<&str> =
        newest.iter().map(|task| view.cluster.node(&task.node).map_or("", |node| node.key.as_str())).collect();
    let containers: Vec<Value> = newest
        .iter()
        .filter_map(|task| Some((task, task.status.container.as_ref()?)))
        .filter(|(_, container)| !container.id.is_empty())
        .map(|(task, ended)| json!({ "id": ended.id, "node": task.node.0, "exit_code": ended.exit_code }))
        .collect();
    let fact = json!({ "service": service.name, "failures": all.len(), "slots": ends.keys().collect::<Vec<_>>(),
        "since": first, "causes": said, "errors": texts, "nodes": nodes, "containers": containers });
    Explained { reasons, fact }
}

fn times_of(all: &[&(&Task, Cause)], cause: Cause) -> usize {
    all.iter().filter(|(_, own)| *own == cause).count()
}

/// The steps that may be taken on a service: its label's, else the file's.
fn policy(view: &View<'_>, service: &Service, plan: &mut Plan) -> Vec<Step> {
    let label = view.needs(service).and_then(|needs| needs.labels.get(POLICY_LABEL));
    let Some(label) = label else { return view.settings.services.policy.clone() };
    let mut steps = Vec::new();
    for word in label.split(',').map(str::trim) {
        match Step::parse(word) {
            Some(Step::Report) => {}
            Some(step) => steps.push(step),
            None => {
                let text = format!(
                    "service `{}`: its label {POLICY_LABEL}={label} has the word `{word}`, which is no step: use restart, \
                     rollback, scale-zero or report; nothing is done about it",
                    service.name
                );
                plan.warnings.push(Warning::new("unknown_policy", text));
                return Vec::new();
            }
        }
    }
    steps
}

/// The next step that can be taken, or why there is none; no words where none is wanted.
fn step(
    view: &View<'_>,
    service: &Service,
    policy: &[Step],
    known: &HealedService,
    now: Timestamp,
    budget: &mut u32,
) -> Result<(Action, Step), Option<String>> {
    if policy.is_empty() {
        return Err(None);
    }
    let behind = usize::try_from(known.steps).unwrap_or(usize::MAX);
    if behind >= policy.len() {
        let text = "every step of its policy has been taken, and it still fails: orca has given it up";
        return Err(Some(text.to_owned()));
    }
    if let Some(why) = service.busy() {
        return Err(Some(format!("{why}: orca doesn't touch it meanwhile")));
    }
    let backoff = view.settings.services.backoff;
    if let Some(waited) = known.last.map(|last| age(last, now)).filter(|waited| *waited < backoff) {
        let left = spoken(backoff.saturating_sub(waited));
        return Err(Some(format!("the next step, {}, waits for another {left}", policy[behind].name())));
    }
    if view.cluster.on_gone_nodes().contains(&service.id) {
        return Err(Some(
            "one of its tasks is on a node that is gone: an update now could crash old managers".to_owned(),
        ));
    }
    let mut obstacles = Vec::new();
    for (at, step) in policy.iter().enumerate().skip(behind) {
        match change(service, *step) {
            Ok(_) if *budget == 0 => {
                return Err(Some("over the budget of autoheal.services.max_actions: the next pass goes on".to_owned()));
            }
            Ok(change) => {
                *budget -= 1;
                let reason = format!("step {} of its policy: {}", at + 1, step.name());
                let mut action = Action::on_service(service, change, reason).disruptive();
                action.attempt = Some(format!("{SERVICE_STEP}{}/{}", service.id.0, at + 1));
                return Ok((action, *step));
            }
            Err(why) => obstacles.push(format!("{} is not possible: {why}", step.name())),
        }
    }
    Err(Some(obstacles.join("; ")))
}

/// The change that a step makes, or why it can't be made.
fn change(service: &Service, step: Step) -> Result<Change, String> {
    if service.trace.is_some() {
        // Its spec, or the one before, is not what its owner wrote.
        return Err("a move of one of its tasks has not ended; `orca rebalance recover` ends it".to_owned());
    }
    if !service.has_placement {
        return Err("its spec has no Placement, and a write could crash the managers".to_owned());
    }
    match step {
        Step::Report => Err("it only reports".to_owned()),
        Step::Restart => Ok(Change::ForceUpdate { before: service.force_update }),
        Step::ScaleZero => match service.mode {
            Mode::Replicated(before) => Ok(Change::ScaleZero { before }),
            _ => Err("it is not a replicated service".to_owned()),
        },
        Step::Rollback => rollback(service),
    }
}

/// What goes back to the spec before, or why that is not to be done.
pub(crate) fn rollback(service: &Service) -> Result<Change, String> {
    let view: Specs = serde_json::from_str(service.raw.get()).map_err(|error| error.to_string())?;
    let Some(previous) = view.previous_spec else { return Err("it has no spec before this one".to_owned()) };
    if !previous.pointer("/TaskTemplate/Placement").is_some_and(Value::is_object) {
        return Err("its previous spec has no Placement, and going back to it could crash the managers".to_owned());
    }
    let template = |spec: &Value| {
        let mut template = spec.get("TaskTemplate").cloned().unwrap_or_default();
        // A restart alone is no other version.
        if let Some(template) = template.as_object_mut() {
            template.remove("ForceUpdate");
        }
        template
    };
    if template(&previous) == template(&view.spec) {
        return Err("its previous spec runs the same".to_owned());
    }
    let image = |spec: &Value| {
        spec.pointer("/TaskTemplate/ContainerSpec/Image").and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    Ok(Change::Rollback { before: image(&view.spec), after: image(&previous) })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Specs {
    spec: Value,
    previous_spec: Option<Value>,
}
