//! The metrics source `probe`: a global service of orca's own runs `orca probe` on every node, its logs are read through
//! the manager, and it is removed again, whatever happens.
//!
//! It is the only write that measuring makes, see [`crate::apply::temporary`].

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::TaskMemory;
use super::fetch::words as words_of;
use super::probe::{MOUNTED, Told};
use crate::apply::temporary::{self, Answers, Listener, RESERVE};
use crate::engine::Engine;
use crate::interrupt::Interrupt;
use crate::model::node::{Availability, NodeState};
use crate::model::service::{TEMPORARY_LABEL, Temporary, UNTIL_LABEL};
use crate::model::{Node, Service, TaskId};
use crate::plan::Warning;
use crate::snapshot::Snapshot;

/// What the service says it is for.
const PURPOSE: &str = "probe";
/// The longest wait for the nodes: they may have to pull the image.
const PATIENCE: Duration = Duration::from_secs(30);

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
    pub(super) heard: Answers<Told>,
    /// The task of each container.
    pub(super) containers: BTreeMap<String, TaskId>,
    pub(super) warnings: Vec<Warning>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawTask {
    #[serde(rename = "ID")]
    id: TaskId,
    #[serde(default)]
    status: RawStatus,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct RawStatus {
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
        let Self { cluster, engine, interrupt, .. } = *self;
        let left = cluster.services.iter().filter(|service| left_behind(service));
        let words = ("stale_probe", "a probe that was left behind");
        temporary::sweep(engine, left, &["services"], words, &mut probed.warnings).await;
        let name = format!("orca-probe-{}", Timestamp::now().as_millisecond());
        let now = Instant::now();
        let until = self.deadline.checked_sub(RESERVE).unwrap_or(self.deadline).min(now + PATIENCE).max(now);
        let made = temporary::make(&engine.until(until), &cluster.api, "services", &spec(&name, self.image)).await;
        match &made {
            Ok(id) => {
                let asked = |node: &&Node| node.state == NodeState::Ready && node.availability == Availability::Active;
                let nodes = cluster.nodes.iter().filter(asked).map(|node| node.id.clone()).collect();
                let listener = Listener { engine, api: &cluster.api, id, nodes, until, interrupt };
                listener.listen(&mut probed.heard).await;
                probed.containers = self.containers().await;
            }
            Err(error) => probed.warnings.push(Warning::new("probe_failed", format!("no probe: {}", words_of(error)))),
        }
        // Not within a deadline that is over.
        let late = engine.until(self.deadline.max(Instant::now() + RESERVE));
        match temporary::remove(&late, &["services"], &name).await {
            Ok(()) if made.is_ok() => {
                let text = format!("the service `{name}` was started on the nodes and removed again");
                probed.warnings.push(Warning::new("probe_service", text));
            }
            Ok(()) => {}
            Err(error) => {
                let hint = format!("docker service rm {name}, or the next probe does it");
                let text = format!("`{name}` could not be removed: {}; {hint}", words_of(&error));
                probed.warnings.push(Warning::new("probe_left_behind", text));
            }
        }
        probed
    }

    /// Which container belongs to which task.
    async fn containers(&self) -> BTreeMap<String, TaskId> {
        let running = r#"{"desired-state":["running","complete"]}"#;
        let tasks = self.engine.until(self.deadline).tasks::<RawTask>(running).await;
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

/// An orca that was killed has left it.
fn left_behind(service: &Service) -> bool {
    service.temporary.as_ref().is_some_and(|made| made.purpose == PURPOSE && made.over(Timestamp::now()))
}

/// The service: no network, no port, nothing that it may write, and little that it may use.
fn spec(name: &str, image: &str) -> Value {
    let cgroups = json!({"Type": "bind", "Source": "/sys/fs/cgroup", "Target": MOUNTED, "ReadOnly": true});
    json!({
        "Name": name,
        "Labels": {TEMPORARY_LABEL: PURPOSE, UNTIL_LABEL: Temporary::until(Timestamp::now(), Duration::ZERO)},
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
