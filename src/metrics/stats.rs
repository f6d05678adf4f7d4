//! Figures of tasks from the engines' own stats API, one engine a node.
//!
//! Engines tell of containers only: what else uses memory on the node is not in these figures.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::fetch::words;
use super::{TaskMemory, cgroup};
use crate::engine::context::{self, Flags};
use crate::engine::path::{segment, with_query};
use crate::engine::wire::{Tuning, Wire};
use crate::model::{NodeId, TaskId};

/// The label that swarm gives to the containers of tasks.
const TASK: &str = "com.docker.swarm.task.id";
/// Containers of one engine that are asked for at once.
const AT_ONCE: usize = 4;
/// The largest answer that is read.
const MAX_BODY: usize = 16 << 20;

/// What one engine tells of its containers.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Memory of the machine, bytes.
    pub(super) total_bytes: u64,
    /// The footprints of all containers, bytes; swarm's or not.
    pub(super) containers_bytes: u64,
    /// Swarm's.
    pub(super) tasks: BTreeMap<TaskId, TaskMemory>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Info {
    #[serde(default)]
    mem_total: u64,
    #[serde(default)]
    swarm: Swarm,
}

#[derive(Default, Deserialize)]
struct Swarm {
    #[serde(rename = "NodeID", default)]
    node: NodeId,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Container {
    id: String,
    #[serde(default)]
    labels: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct Stats {
    #[serde(default)]
    memory_stats: Option<MemoryStats>,
}

#[derive(Deserialize)]
struct MemoryStats {
    #[serde(default)]
    usage: u64,
    #[serde(default)]
    stats: BTreeMap<String, u64>,
}

/// The wire to the engine at `host`, as `-H` would take it.
pub(super) fn wire(host: &str, timeout: Duration, deadline: Instant) -> Result<Wire, String> {
    let endpoint =
        context::select_here(&Flags { host: Some(host), context: None }).map_err(|error| error.to_string())?;
    let tuning = Tuning { connect: timeout, silence: timeout, max_body: MAX_BODY, ..Tuning::default() };
    let wire = Wire::tuned(endpoint, tuning).map_err(|error| words(&error))?;
    Ok(wire.with_deadline(Some(deadline)))
}

/// Asks the engine of `node` for its containers; all of them, or swarm's alone.
pub(super) async fn ask(wire: &Wire, node: &NodeId, all: bool) -> Result<Told, String> {
    let info: Info = get(wire, "/info").await?;
    if info.swarm.node != *node {
        return Err(format!("the engine is that of another node (`{}`)", info.swarm.node.0));
    }
    let filters = format!(r#"{{"label":["{TASK}"],"status":["running"]}}"#);
    let query = if all { Vec::new() } else { vec![("filters", filters.as_str())] };
    let containers: Vec<Container> = get(wire, &with_query("/containers/json", &query)).await?;
    let mut told = Told { total_bytes: info.mem_total, ..Told::default() };
    let answers = containers.into_iter().map(|container| async move {
        let path = format!("/containers/{}/stats", segment(&container.id));
        let stats: Result<Stats, String> =
            get(wire, &with_query(&path, &[("stream", "false"), ("one-shot", "true")])).await;
        (container, stats)
    });
    let mut answers = futures_util::stream::iter(answers).buffer_unordered(AT_ONCE);
    while let Some((container, stats)) = answers.next().await {
        // A container that ended meanwhile uses nothing: its node is known all the same.
        let Some(memory) = stats.ok().and_then(|stats| stats.memory_stats) else { continue };
        let swap = memory.stats.get("swap").copied().unwrap_or_default();
        let Some(memory) = cgroup::memory(memory.usage, &memory.stats, swap) else { continue };
        told.containers_bytes = told.containers_bytes.saturating_add(memory.footprint_bytes);
        if let Some(task) = container.labels.and_then(|mut labels| labels.remove(TASK)) {
            told.tasks.insert(TaskId(task), memory);
        }
    }
    Ok(told)
}

async fn get<T: DeserializeOwned>(wire: &Wire, path: &str) -> Result<T, String> {
    let reply = wire.get(path).await.map_err(|error| words(&error))?;
    let short = path.split('?').next().unwrap_or(path);
    if !reply.is_success() {
        return Err(format!("the engine answered {} to `{short}`", reply.status));
    }
    serde_json::from_slice(&reply.body)
        .map_err(|error| format!("the engine's answer to `{short}` can't be read: {error}"))
}
