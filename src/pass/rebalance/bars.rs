//! What forbids moving a task, wherever it would go: storage, mode, state, labels, and the guard rails that look back.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::model::node::Availability;
use crate::model::{Mode, Needs};
use crate::pass::memory::{RebalanceMemory, elapsed};
use crate::pass::pause;

use super::reason::{Finding, Reason};
use super::words::span;
use super::world::World;

/// A footprint that grows faster than this, as a share per minute, is not what it will be.
const GROWING: f64 = 0.05;
/// Stopping takes so long that an update starts the new task before the old one has ended (moby/moby#36111).
const LONG_STOP_S: u64 = 60;
/// A service that was moved so often within the quarantine is left alone: moving it again would not last either.
const PING_PONG: usize = 2;

/// Says of every task why it must stay; an empty list where nothing forbids it.
pub(super) fn findings(
    world: &World<'_>,
    guarded: bool,
    memory: &RebalanceMemory,
    now: Timestamp,
) -> Vec<Vec<Finding>> {
    let of_service: Vec<Vec<Finding>> = (0..world.services.len())
        .map(|service| {
            let mut found = of_service(world, service);
            found.extend(paused(world, service, now));
            if guarded {
                found.extend(recently_moved(world, service, memory, now));
            }
            found
        })
        .collect();
    (0..world.tasks.len())
        .map(|task| {
            let mut found = of_service[world.tasks[task].service].clone();
            found.extend(of_task(world, task));
            if guarded {
                found.extend(too_young(world, task));
                found.extend(warming_up(world, task));
            }
            found.sort();
            found
        })
        .collect()
}

/// Bars every task that would end before its successor has started.
pub(super) fn add_stop_first(world: &World<'_>, findings: &mut [Vec<Finding>]) {
    for (_, found) in findings.iter_mut().enumerate().filter(|(task, _)| !world.service_of(*task).needs.start_first) {
        let detail = "its update config ends a task before it starts another".to_owned();
        found.push(Finding::new(Reason::StopFirst, detail));
        found.sort();
    }
}

fn of_service(world: &World<'_>, service: usize) -> Vec<Finding> {
    let seen = &world.services[service];
    let needs = &seen.needs;
    let mut found = Vec::new();
    let mut bar = |reason, detail: String| found.push(Finding::new(reason, detail));
    match seen.service.mode {
        Mode::Global => bar(Reason::Global, "a global service runs on every node".to_owned()),
        Mode::Job => bar(Reason::Job, "a job runs to completion".to_owned()),
        Mode::Unknown => bar(Reason::Job, "a mode that this orca doesn't know".to_owned()),
        Mode::Replicated(replicas) => {
            let running = seen.tasks.iter().filter(|task| world.tasks[**task].task.running()).count() as u64;
            if running != replicas || seen.homeless > 0 || seen.tasks.len() as u64 != replicas {
                bar(Reason::NotConverged, format!("{running} of {replicas} replicas run"));
            }
        }
    }
    if let Some(why) = seen.service.busy() {
        bar(Reason::UpdateInProgress, why.to_owned());
    }
    if !needs.has_placement {
        bar(Reason::NilPlacement, "its spec has no Placement; giving it one can crash managers".to_owned());
    }
    if needs.never_restarts {
        bar(Reason::RestartNone, "its restart condition is `none`".to_owned());
    }
    if let Some(label) = opt_out(needs) {
        bar(Reason::OptOut, format!("the label {label}"));
    }
    let name = &seen.service.name;
    if world.settings.rebalance.services.get(name).is_some_and(|own| own.enabled == Some(false)) {
        bar(Reason::OptOut, format!("rebalance.services.{name}.enabled is false"));
    }
    found.extend(storage(needs));
    found
}

/// It belongs to an anchor that is paused. A pause of the whole swarm keeps nobody from planning.
fn paused(world: &World<'_>, service: usize, now: Timestamp) -> Option<Finding> {
    let name = world.services[service].service.name.as_str();
    let own = world.settings.anchors.iter().filter(|anchor| pause::services(world.cluster, anchor).contains(name));
    let mut pauses = own.filter_map(|anchor| world.cluster.pauses.anchor(&anchor.name, now));
    pauses.find(|pause| pause.anchor.is_some()).map(|pause| Finding::new(Reason::Paused, pause.words()))
}

/// The label that opts out, as `key=value`: orca's own, or Orcastra's, of which anything but `true` opts out.
fn opt_out(needs: &Needs) -> Option<String> {
    let own = needs
        .labels
        .get("orca.rebalance")
        .filter(|value| ["off", "false", "no", "0"].iter().any(|word| value.eq_ignore_ascii_case(word)));
    let older = needs.labels.get("orchestration.rebalance").filter(|value| !value.eq_ignore_ascii_case("true"));
    own.map(|value| format!("orca.rebalance={value}"))
        .or_else(|| older.map(|value| format!("orchestration.rebalance={value}")))
}

fn storage(needs: &Needs) -> Vec<Finding> {
    let shared = needs.labels.get("orca.rebalance.storage").is_some_and(|value| value == "shared");
    let mut found = Vec::new();
    let mut stays_shared = false;
    for mount in &needs.mounts {
        let name = &mount.source;
        let network = mount.options.get("type").is_some_and(|kind| kind.starts_with("nfs") || kind == "cifs");
        let local = matches!(mount.driver.as_str(), "" | "local") && !network;
        let bar = match mount.kind.as_str() {
            "tmpfs" | "image" | "npipe" => continue,
            "bind" if !shared => Finding::new(Reason::BindMount, format!("the path {name} of its node")),
            "cluster" => Finding::new(Reason::CsiVolume, format!("the cluster volume {name}")),
            "volume" if name.is_empty() => {
                Finding::new(Reason::AnonymousOrExternalVolume, "a volume without a name".to_owned())
            }
            "volume" if local && !shared => {
                let driver =
                    if mount.driver.is_empty() { "no driver named, so taken for local" } else { "driver local" };
                Finding::new(Reason::LocalVolume, format!("volume {name}, {driver}"))
            }
            _ => {
                stays_shared = true;
                continue;
            }
        };
        found.push(bar);
    }
    if stays_shared && needs.stop_grace.as_secs() >= LONG_STOP_S {
        let detail = format!("it may take {} to stop, and shares storage", span(needs.stop_grace));
        found.push(Finding::new(Reason::StopGraceOver60s, detail));
    }
    found
}

fn of_task(world: &World<'_>, task: usize) -> Vec<Finding> {
    let placed = &world.tasks[task];
    let needs = &world.service_of(task).needs;
    let mut found = Vec::new();
    if !placed.task.running() {
        found.push(Finding::new(Reason::NotConverged, "it doesn't run yet, or no longer".to_owned()));
    }
    match &world.figures.nodes[placed.node] {
        Err(doubt) => {
            found.push(Finding::new(doubt.reason, format!("`{}`: {}", world.host(placed.node), doubt.detail)));
        }
        Ok(_) if world.figures.task(placed, needs.memory).is_none() => {
            found.push(Finding::new(Reason::NoMetric, "no figures of this task".to_owned()));
        }
        Ok(_) => {}
    }
    if world.cluster.nodes[placed.node].availability == Availability::Drain {
        found.push(Finding::new(Reason::NotConverged, "its node is being drained".to_owned()));
    }
    found
}

fn too_young(world: &World<'_>, task: usize) -> Option<Finding> {
    let least = world.settings.rebalance.min_age;
    let age = elapsed(world.tasks[task].task.status.timestamp?, world.cluster.engine_time);
    // Without its age, so that a plan and the same plan a second later read the same.
    (age < least).then(|| Finding::new(Reason::TooYoung, format!("it has been running for less than {}", span(least))))
}

fn warming_up(world: &World<'_>, task: usize) -> Option<Finding> {
    let memory = world.figures.task(&world.tasks[task], world.service_of(task).needs.memory)?;
    let growth = memory.growth_per_minute.filter(|growth| *growth > GROWING)?;
    Some(Finding::new(Reason::WarmingUp, format!("its memory grows by {:.0} % a minute", growth * 100.0)))
}

fn recently_moved(world: &World<'_>, service: usize, memory: &RebalanceMemory, now: Timestamp) -> Vec<Finding> {
    let policy = &world.settings.rebalance;
    let Some(moved) = memory.services.get(&world.services[service].service.id) else { return Vec::new() };
    let own = policy.services.get(&world.services[service].service.name);
    let cooldown = own.and_then(|own| own.cooldown).unwrap_or(policy.cooldown);
    let mut found = Vec::new();
    if let Some(last) = moved.moves.iter().map(|moved| moved.at).max() {
        let age = elapsed(last, now);
        if age < cooldown {
            let detail = format!("moved {} ago; the cooldown is {}", span(age), span(cooldown));
            found.push(Finding::new(Reason::Cooldown, detail));
        }
    }
    // What failed says nothing of the balance, and several replicas may move in one run.
    let lately = moved.moves.iter().filter(|moved| !moved.failed && elapsed(moved.at, now) < policy.quarantine);
    let lately = lately.map(|moved| (&moved.run, moved.run.is_empty().then_some(moved.at))).collect::<BTreeSet<_>>();
    if lately.len() >= PING_PONG {
        let lately = lately.len();
        let detail = format!("moved {lately} times within {}, and the balance didn't last", span(policy.quarantine));
        found.push(Finding::new(Reason::Quarantine, detail));
    }
    found
}
