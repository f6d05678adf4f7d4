//! The metrics source `probe`: a global service of orca's own runs `orca probe` on every node, its logs are read through
//! the manager, and it is removed again, whatever happens.
//!
//! The only writes that measuring makes are here: a service that is created and removed as a whole.
//! It is no job: its containers would stay on the nodes. It says what it has to say and sleeps, until it is removed.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout, timeout_at};

use super::TaskMemory;
use super::fetch::words;
use super::probe::{MOUNTED, Told};
use crate::engine::Engine;
use crate::engine::logs::Logs;
use crate::interrupt::Interrupt;
use crate::model::node::{Availability, NodeState};
use crate::model::{NodeId, TaskId};
use crate::pass::memory::elapsed;
use crate::plan::Warning;
use crate::snapshot::Snapshot;

/// The service label that marks a probe; its value is when it was started, RFC 3339.
pub const LABEL: &str = "orca.probe";
/// The longest wait for the nodes: they may have to pull the image.
const PATIENCE: Duration = Duration::from_secs(30);
/// What is kept of a pass for removing the service, and for what comes after.
const RESERVE: Duration = Duration::from_secs(5);
/// A probe that is older was left behind by an orca that was killed.
const STALE: Duration = Duration::from_secs(300);
/// How often the probe's tasks are looked at.
const LOOK: Duration = Duration::from_millis(500);

/// What a probe is run with.
#[derive(Debug)]
pub(super) struct Probe<'a> {
    pub(super) cluster: &'a Snapshot,
    pub(super) engine: &'a Engine,
    pub(super) image: &'a str,
    pub(super) deadline: Instant,
    pub(super) interrupt: &'a Interrupt,
}

/// What the nodes said.
#[derive(Debug, Default)]
pub(super) struct Probed {
    /// By node id.
    pub(super) told: BTreeMap<NodeId, Told>,
    /// Why a node said nothing, as far as its task tells.
    pub(super) failed: BTreeMap<NodeId, String>,
    /// The task of each container.
    pub(super) containers: BTreeMap<String, TaskId>,
    pub(super) warnings: Vec<Warning>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawTask {
    #[serde(rename = "ID")]
    id: TaskId,
    #[serde(rename = "NodeID", default)]
    node: NodeId,
    #[serde(default)]
    status: RawStatus,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct RawStatus {
    state: String,
    err: String,
    container_status: Option<ContainerStatus>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ContainerStatus {
    #[serde(rename = "ContainerID")]
    id: String,
}

impl Probe<'_> {
    /// Starts the service, listens, removes it. A signal ends the listening, not the removal.
    pub(super) async fn run(&self) -> Probed {
        let mut probed = Probed::default();
        self.sweep(&mut probed.warnings).await;
        let started = Timestamp::now();
        let name = format!("orca-probe-{}", started.as_millisecond());
        let spec = spec(&name, self.image, started);
        let until = self
            .deadline
            .checked_sub(RESERVE)
            .unwrap_or(self.deadline)
            .min(Instant::now() + PATIENCE)
            .max(Instant::now());
        let made = self.engine.until(until).create("services", &self.cluster.api, &spec).await;
        let made = made.and_then(|id| id.with_context(|| format!("there is a service `{name}` already")));
        match &made {
            Ok(id) => {
                tokio::select! {
                    _ = self.interrupt.nth(1) => {}
                    () = self.listen(id, until, &mut probed) => {}
                }
                probed.containers = self.containers().await;
            }
            Err(error) => probed.warnings.push(Warning::new("probe_failed", format!("no probe: {}", words(error)))),
        }
        // By its name: an answer that was lost may have been that it was made. Not within a deadline that is over.
        let late = self.deadline.max(Instant::now() + RESERVE);
        match self.engine.until(late).remove("services", &name).await {
            Ok(()) if made.is_ok() => {
                let text = format!("the service `{name}` was started on the nodes and removed again");
                probed.warnings.push(Warning::new("probe_service", text));
            }
            Ok(()) => {}
            Err(error) => {
                let hint = format!("docker service rm {name}, or the next probe does it");
                let text = format!("`{name}` could not be removed: {}; {hint}", words(&error));
                probed.warnings.push(Warning::new("probe_left_behind", text));
            }
        }
        probed
    }

    /// Removes what an orca that was killed has left behind.
    async fn sweep(&self, warnings: &mut Vec<Warning>) {
        for service in &self.cluster.services {
            let raw: Value = serde_json::from_str(service.raw.get()).unwrap_or_default();
            let Some(label) = raw.pointer("/Spec/Labels").and_then(|labels| labels.get(LABEL)).and_then(Value::as_str)
            else {
                continue;
            };
            let stale = label.parse::<Timestamp>().is_ok_and(|started| elapsed(started, Timestamp::now()) > STALE);
            if !stale {
                continue;
            }
            let name = &service.name;
            let text = match self.engine.remove("services", &service.id.0).await {
                Ok(()) => format!("`{name}`, a probe that was left behind, was removed"),
                Err(error) => format!("`{name}`, a probe that was left behind, can't be removed: {}", words(&error)),
            };
            warnings.push(Warning::new("stale_probe", text));
        }
    }

    /// Reads the logs until every node has said all, or can't.
    async fn listen(&self, id: &str, until: Instant, probed: &mut Probed) {
        let engine = self.engine.until(until);
        let expected: Vec<&NodeId> = self
            .cluster
            .nodes
            .iter()
            .filter(|node| node.state == NodeState::Ready && node.availability == Availability::Active)
            .map(|node| &node.id)
            .collect();
        let (mut logs, mut looked): (Option<Logs>, Option<Instant>) = (None, None);
        while Instant::now() < until {
            if looked.is_none_or(|at| at.elapsed() >= LOOK) {
                self.look(&engine, id, probed).await;
                looked = Some(Instant::now());
            }
            let done = |node: &&NodeId| {
                probed.failed.contains_key(*node)
                    || probed.told.get(*node).is_some_and(|told| told.complete().is_some())
            };
            if expected.iter().all(done) {
                return;
            }
            match &mut logs {
                None => {
                    logs =
                        timeout_at(until, engine.service_logs(&self.cluster.api, id)).await.ok().and_then(Result::ok);
                    if logs.is_none() {
                        tokio::time::sleep(LOOK).await;
                    }
                }
                Some(open) => match timeout(LOOK, open.next()).await {
                    Ok(Ok(Some(lines))) => {
                        for line in lines {
                            probed.told.entry(NodeId(line.node)).or_default().take(&line.text);
                        }
                    }
                    // The stream ended, or broke; what was said will be said again.
                    Ok(_) => {
                        logs = None;
                        tokio::time::sleep(LOOK).await;
                    }
                    Err(_) => {}
                },
            }
        }
    }

    /// Which tasks of the probe have failed.
    async fn look(&self, engine: &Engine, id: &str, probed: &mut Probed) {
        let filters = json!({ "service": [id] }).to_string();
        for task in engine.tasks::<RawTask>(&filters).await.unwrap_or_default() {
            let RawStatus { state, err, .. } = task.status;
            if matches!(state.as_str(), "failed" | "rejected" | "complete" | "shutdown" | "orphaned") {
                let why = if err.is_empty() { state } else { err };
                probed.failed.insert(task.node, format!("the probe's task ended: {why}"));
            }
        }
    }

    /// Which container belongs to which task.
    async fn containers(&self) -> BTreeMap<String, TaskId> {
        let tasks = self.engine.until(self.deadline).tasks::<RawTask>(r#"{"desired-state":["running"]}"#).await;
        let container = |task: RawTask| Some((task.status.container_status?.id, task.id));
        tasks.unwrap_or_default().into_iter().filter_map(container).filter(|(id, _)| !id.is_empty()).collect()
    }
}

impl Probed {
    /// What a node said of its tasks.
    pub(super) fn tasks<'t>(
        &'t self,
        containers: &'t BTreeMap<String, TaskMemory>,
    ) -> impl Iterator<Item = (TaskId, TaskMemory)> + 't {
        containers.iter().filter_map(|(container, memory)| Some((self.containers.get(container)?.clone(), *memory)))
    }
}

/// The service: no network, no port, nothing that it may write, and little that it may use.
fn spec(name: &str, image: &str, started: Timestamp) -> Value {
    let cgroups = json!({"Type": "bind", "Source": "/sys/fs/cgroup", "Target": MOUNTED, "ReadOnly": true});
    json!({
        "Name": name,
        "Labels": {LABEL: started.to_string()},
        "TaskTemplate": {
            "ContainerSpec": {
                "Image": image, "Command": ["orca"], "Args": ["probe", "--linger", "120s"],
                "Mounts": [cgroups], "ReadOnly": true, "CapabilityDrop": ["ALL"],
            },
            "Resources": {"Limits": {"MemoryBytes": 128 << 20, "NanoCPUs": 500_000_000}},
            "RestartPolicy": {"Condition": "none"},
            // Never null: managers crash on it.
            "Placement": {},
            // Other drivers may not give logs back.
            "LogDriver": {"Name": "json-file"},
        },
        "Mode": {"Global": {}},
    })
}
