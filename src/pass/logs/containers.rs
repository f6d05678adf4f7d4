//! Logs of containers: which have no limit, how large they are and how fast they grow, and which are emptied.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Found, Kin, plan as plan_files};
use crate::files::Stat;
use crate::files::squeeze::Compress;
use crate::model::stock::{TASK_LABEL, age};
use crate::pass::memory::LogSize;
use crate::plan::{Blocked, Plan, Target, TargetKind, Warning};
use crate::settings::{ContainerLogs, LogRule, Origin};

/// The label by which a container of a swarm service names it.
const SERVICE_LABEL: &str = "com.docker.swarm.service.id";
/// The API of the first engine that keeps count of a log's length, 23.0. Where the file gets shorter it reads up to an end
/// that is not there (moby#45728; on 26.1 and 28.5 `docker logs --tail` never ends then, and takes a processor).
pub const KEEPS_COUNT: (u32, u32) = (1, 42);
/// Sizes closer together than this say nothing about growth.
const LOOKS_APART: u64 = 60;
const DAY: u128 = 86_400;

/// A container's log.
#[derive(Debug, Clone, Default)]
pub struct ContainerLog {
    /// Container id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Id of its service.
    pub service: Option<String>,
    /// `json-file`, `journald`, ...
    pub driver: String,
    /// The driver's limit.
    pub max_size: Option<String>,
    /// Where it is, on the engine's host.
    pub path: String,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// Its engine reads it up to the length that it has written itself, whatever became of the file: [`KEEPS_COUNT`].
    pub counted: bool,
    /// What is there, with what else is called by it; unknown where the engine's files can't be seen.
    pub seen: Option<(Stat, Vec<Kin>)>,
}

impl ContainerLog {
    /// Reads `docker inspect`.
    pub fn read(inspected: &Value) -> Self {
        let text = |path: &str| inspected.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        let label = |key: &str| {
            let value = inspected.pointer("/Config/Labels").and_then(|labels| labels.get(key)).and_then(Value::as_str);
            value.filter(|value| !value.is_empty()).map(str::to_owned)
        };
        let limit = inspected.pointer("/HostConfig/LogConfig/Config/max-size").and_then(Value::as_str);
        Self {
            id: text("/Id"),
            name: text("/Name").trim_start_matches('/').to_owned(),
            service: label(TASK_LABEL).and_then(|_| label(SERVICE_LABEL)),
            driver: text("/HostConfig/LogConfig/Type"),
            max_size: limit.filter(|limit| !limit.is_empty() && *limit != "-1").map(str::to_owned),
            path: text("/LogPath"),
            created: text("/Created").parse().ok(),
            counted: false,
            seen: None,
        }
    }

    /// Nothing bounds it: of docker's drivers that keep files only json-file has no limit of its own.
    pub fn unbounded(&self) -> bool {
        self.driver == "json-file" && self.max_size.is_none()
    }
}

/// What is planned on.
#[derive(Debug)]
pub struct Input<'a> {
    /// All containers of the engine.
    pub logs: &'a [ContainerLog],
    /// The limits.
    pub settings: &'a ContainerLogs,
    /// Sizes that earlier runs saw.
    pub before: &'a BTreeMap<String, LogSize>,
    /// Who asks for what: `--truncate-above`, or the place in the file.
    pub origin: &'a Origin,
    /// By this host's clock.
    pub now: Timestamp,
}

/// Decides which are emptied, and says of all without a limit how large they are.
pub fn plan(input: &Input<'_>) -> (Plan, BTreeMap<String, LogSize>) {
    let Input { logs, settings, before, origin, now } = input;
    let mut sizes = BTreeMap::new();
    let (mut facts, mut found, mut hidden) = (Vec::new(), Vec::new(), Vec::new());
    for log in logs.iter().filter(|log| log.unbounded()) {
        let size = log.seen.as_ref().map(|(stat, _)| stat.size);
        facts.push(json!({
            "container": log.name, "id": log.id, "service": log.service, "path": log.path, "log_bytes": size,
            "bytes_per_day": size.and_then(|size| growth(log, size, before.get(&log.id), *now)),
        }));
        match &log.seen {
            Some((stat, kin)) => {
                // A later look at a log that grew counts from the earlier one, so that it sees more of it.
                let old = before.get(&log.id).filter(|old| {
                    old.at.is_some_and(|at| age(at, *now).as_secs() < LOOKS_APART) && old.bytes <= stat.size
                });
                sizes.insert(log.id.clone(), old.cloned().unwrap_or(LogSize { bytes: stat.size, at: Some(*now) }));
                found.push(Found { rule: 0, path: log.path.clone(), stat: *stat, kin: kin.clone() });
            }
            None => hidden.push(log),
        }
    }
    let mut plan = Plan::default();
    if let Some(limit) = settings.truncate_above {
        let rule = LogRule {
            paths: Vec::new(),
            // Above, not at.
            size: Some(limit.saturating_add(1)),
            age: None,
            keep: settings.keep,
            compress: Compress::Gzip,
            copytruncate: true,
            signal: None,
            postrotate: Vec::new(),
            origin: (*origin).clone(),
        };
        plan = plan_files(&found, &[rule], *now);
        plan.warnings.extend(not_noticed(&plan, logs));
        plan.blocked.extend(hidden.into_iter().map(unseen));
    }
    plan.data.insert("containers".to_owned(), facts.into());
    (plan, sizes)
}

/// What docker's users will see of the logs that are emptied.
fn not_noticed(plan: &Plan, logs: &[ContainerLog]) -> Option<Warning> {
    let emptied = |log: &&ContainerLog| log.counted && plan.actions.iter().any(|action| action.target.name == log.path);
    let names: Vec<String> = logs.iter().filter(emptied).map(|log| format!("`{}`", log.name)).collect();
    let text = format!(
        "engines since 23.0 don't notice that a log is emptied (moby#45728): `docker logs --tail` and `--follow` of {} hang, \
         and take a processor, until the container is started anew or has written as much again; give it a limit instead: \
         --fix-services, or --log-opt max-size",
        names.join(", ")
    );
    (!names.is_empty()).then(|| Warning::new("logs_not_followed", text))
}

fn unseen(log: &ContainerLog) -> Blocked {
    let target = Target { id: log.id.clone(), ..Target::unknown(TargetKind::Container, &log.name) };
    let reason = format!("its log `{}` can't be seen from here: run orca on the engine's own host, as root", log.path);
    Blocked { id: format!("container/{}#log", log.name), target, reasons: vec![reason] }
}

/// Bytes a day: since the last look, else since the container was made.
fn growth(log: &ContainerLog, size: u64, before: Option<&LogSize>, now: Timestamp) -> Option<u64> {
    let since_look = before.and_then(|before| {
        let seconds = age(before.at?, now).as_secs();
        let grown = size.checked_sub(before.bytes)?;
        (seconds >= LOOKS_APART).then_some((grown, seconds))
    });
    let since_made = || Some((size, age(log.created?, now).as_secs().max(1)));
    let (grown, seconds) = since_look.or_else(since_made)?;
    u64::try_from(u128::from(grown) * DAY / u128::from(seconds)).ok()
}
