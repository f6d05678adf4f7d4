//! Unhealthy containers that are no swarm tasks: restarted after a grace, ever more seldom, and given up at last.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::model::stock::{Container, age};
use crate::pass::memory::{CONTAINER_RESTART, HealedContainer, Memory, Stopwatch, elapsed};
use crate::pass::rebalance::words::count;
use crate::pass::words::spoken;
use crate::plan::{Action, Blocked, Change, Plan, Target, TargetKind, Warning};
use crate::settings::HealContainers;

/// The label that lets orca restart a container; `false` forbids it.
const LABEL: &str = "autoheal";
/// The label that says how long stopping it may take, in seconds.
const STOP_LABEL: &str = "autoheal.stop.timeout";
/// Docker's own stop timeout, in seconds.
const STOP_TIMEOUT: u32 = 10;
/// A restart takes this longer than stopping, in seconds.
const STARTING: u32 = 30;

/// A container that its healthcheck calls unhealthy.
#[derive(Debug, Clone, Default)]
pub struct Sick {
    /// The container.
    pub container: Container,
    /// When it was started.
    pub started: Option<Timestamp>,
    /// Seconds between SIGTERM and SIGKILL, where the container has its own.
    pub stop_timeout: Option<u32>,
    /// Its check has been failing for so long, at least.
    pub failing_for: Duration,
    /// What the check said last.
    pub said: String,
}

impl Sick {
    /// Reads what only `docker inspect` tells. The engine keeps the last five checks: those that failed in a row say how
    /// long it has been ill, at least.
    pub fn read(container: Container, inspected: &Value, now: Timestamp) -> Self {
        let log = inspected.pointer("/State/Health/Log").and_then(Value::as_array);
        let failed = |check: &&Value| check.get("ExitCode").and_then(Value::as_i64) != Some(0);
        let row: Vec<&Value> = log.into_iter().flatten().rev().take_while(failed).collect();
        let oldest = row.last().and_then(|check| check.get("End")?.as_str()?.parse::<Timestamp>().ok());
        let said = row.first().and_then(|check| check.get("Output")?.as_str()).unwrap_or_default();
        let started = inspected.pointer("/State/StartedAt").and_then(Value::as_str);
        let stop = inspected.pointer("/Config/StopTimeout").and_then(Value::as_u64);
        Self {
            container,
            started: started.and_then(|text| text.parse().ok()),
            stop_timeout: stop.and_then(|seconds| u32::try_from(seconds).ok()),
            failing_for: oldest.map(|oldest| age(oldest, now)).unwrap_or_default(),
            said: said.trim().chars().take(200).collect(),
        }
    }
}

/// What is planned on.
#[derive(Debug)]
pub struct Input<'a> {
    /// The node's name in reports.
    pub node: &'a str,
    /// All containers that are unhealthy now.
    pub sick: &'a [Sick],
    /// What to plan by.
    pub settings: &'a HealContainers,
    /// What is remembered of this engine's containers.
    pub memory: &'a Memory,
    /// The engine's clock.
    pub now: Timestamp,
}

/// Whether orca may touch a container at all.
fn concerns(container: &Container, settings: &HealContainers) -> bool {
    // Swarm replaces its own containers; a restart would only disturb it.
    let swarms = container.labels.keys().any(|key| key.starts_with("com.docker.swarm."));
    let label = container.labels.get(LABEL).map(|value| value.trim().to_ascii_lowercase());
    !swarms
        && match label.as_deref() {
            Some("true" | "1" | "yes") => true,
            Some(_) => false,
            None => settings.all,
        }
}

/// Decides which containers are restarted.
pub fn plan(input: &Input<'_>) -> Plan {
    let Input { sick, settings, memory, now, .. } = *input;
    let (mut plan, mut next, mut facts) = (Plan::default(), memory.clone(), Vec::new());
    let sick: Vec<&Sick> = sick.iter().filter(|sick| concerns(&sick.container, settings)).collect();
    next.autoheal.containers.retain(|name, known| {
        if sick.iter().any(|sick| sick.container.name == *name) {
            return true;
        }
        known.unhealthy = None;
        known.calm = Some(Stopwatch::tick(known.calm, now));
        // As long as the next restart would have waited: then it is well.
        known.calm.is_none_or(|calm| calm.total() < backoff(settings, known.restarts.max(1)))
    });
    for sick in sick {
        let known = next.autoheal.containers.entry(sick.container.name.clone()).or_default();
        known.calm = known.calm.map(Stopwatch::stop);
        // Another container of this name, or started anew by somebody else: what was watched is over.
        if known.started != sick.started {
            known.unhealthy = None;
            known.started = sick.started;
        }
        known.unhealthy = Some(Stopwatch::tick(known.unhealthy, now));
        let ill_for = known.unhealthy.map(Stopwatch::total).unwrap_or_default().max(sick.failing_for);
        facts.push(json!({ "node": input.node, "container": sick.container.name, "unhealthy_for_ms": ms(ill_for),
            "restarts": known.restarts, "last_restart": known.last, "said": sick.said }));
        decide(input, sick, known, ill_for, &mut plan);
    }
    plan.data.insert("unhealthy".to_owned(), facts.into());
    plan.memory = Some(next);
    plan
}

fn decide(input: &Input<'_>, sick: &Sick, known: &HealedContainer, ill_for: Duration, plan: &mut Plan) {
    let Input { settings, now, .. } = *input;
    let Container { id, name, labels, .. } = &sick.container;
    let said = if sick.said.is_empty() { String::new() } else { format!("; its check says: {}", sick.said) };
    let what = format!("unhealthy for {}{said}", spoken(ill_for));
    let target = Target::on(input.node, TargetKind::Container, id, name);
    if ill_for < settings.grace {
        // Its time has not come; that is no refusal.
        return;
    }
    let mut block = |why: String| {
        let id = format!("container/{}/{name}#restart", input.node);
        plan.blocked.push(Blocked { id, target: target.clone(), reasons: vec![what.clone(), why] });
    };
    if known.restarts >= settings.give_up {
        let restarts = count(restarts(known), "restart");
        block(format!(
            "given up after {restarts}: see `docker logs {name}`; it counts afresh once it is healthy again"
        ));
        let text =
            format!("container `{name}` on `{}` is unhealthy and has been given up after {restarts}", input.node);
        plan.warnings.push(Warning::new("gave_up", text));
        return;
    }
    let wait = backoff(settings, known.restarts);
    if let Some(waited) = known.last.map(|last| elapsed(last, now)).filter(|waited| *waited < wait) {
        let left = spoken(wait.saturating_sub(waited));
        block(format!("{} did not help; the next restart waits for another {left}", count(restarts(known), "restart")));
        return;
    }
    let label = labels.get(STOP_LABEL).and_then(|text| text.trim().parse::<u32>().ok());
    let stopping = label.or(sick.stop_timeout).unwrap_or(STOP_TIMEOUT);
    let change = Change::ContainerRestart { stop_timeout: label, patience: stopping.saturating_add(STARTING) };
    let mut action = Action::local(target, "restart", change, what).disruptive();
    action.attempt = Some(format!("{CONTAINER_RESTART}{name}"));
    plan.actions.push(action);
}

/// How long the restart after so many waits.
fn backoff(settings: &HealContainers, restarts: u32) -> Duration {
    settings.backoff.saturating_mul(restarts).min(settings.backoff_max)
}

fn restarts(known: &HealedContainer) -> usize {
    usize::try_from(known.restarts).unwrap_or(usize::MAX)
}

fn ms(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
