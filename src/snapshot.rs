//! One consistent read of a cluster: five requests in parallel, whatever its size.
//!
//! Also the file form `orca.snapshot/1`: the engine's own objects, so that anything that reads the API can read it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::engine::Engine;
use crate::engine::again::Heard;
use crate::engine::parts::{Parts, SCHEMA};
use crate::engine::swarm::Standing;
use crate::error::{Error, ErrorKind};
use crate::model::{Node, NodeId, Pauses, Service, ServiceId, Task, or_default};
use crate::registry::Plain;

/// The tasks that the managers want to run. `ready` is a replacement that waits for its predecessor or for the restart
/// delay: without it, a restarting service looks as if it had no task at all. `complete` is what a job's tasks are to come
/// to, from their beginning on; those of its newest run that have ended come with it.
const WANTED_TASKS: &str = r#"{"desired-state":["running","ready","complete"]}"#;

/// What a pass knows of the cluster.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// When it was read, by the clock of the host that orca runs on: what orca remembers is stamped with it.
    pub taken_at: Timestamp,
    /// The same by the clock of the engine that was asked: what the managers stamp (tasks, say) is compared with it.
    /// [`Self::taken_at`] where the engine doesn't tell.
    pub engine_time: Timestamp,
    /// API version of the engine that was asked.
    pub api: String,
    /// Version of the engine that was asked.
    pub engine: String,
    /// Cluster id; absent only in hand-made files.
    pub cluster: Option<String>,
    /// Hostname of the engine that was asked.
    pub node_name: String,
    /// What containers on that engine log to by default.
    pub log_driver: String,
    /// Node id of the engine that was asked.
    pub node_id: NodeId,
    /// Registries that this engine speaks plain HTTP to.
    pub plain: Plain,
    /// What orca was told to leave alone.
    pub pauses: Pauses,
    /// Sorted by hostname, then id.
    pub nodes: Vec<Node>,
    /// Sorted by name. Shared with the look before, where the engine says the same again.
    pub services: Arc<Vec<Service>>,
    /// In the engine's order; shared as well.
    pub tasks: Arc<Vec<Task>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Info {
    name: String,
    server_version: String,
    logging_driver: String,
    /// RFC 3339, in the engine's own time zone.
    system_time: String,
    swarm: Swarm,
    registry_config: Value,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Swarm {
    #[serde(rename = "NodeID")]
    node_id: NodeId,
    cluster: Option<Cluster>,
}

#[derive(Default, Deserialize)]
struct Cluster {
    #[serde(rename = "ID", default)]
    id: String,
    #[serde(rename = "Spec", default, deserialize_with = "or_default")]
    spec: ClusterSpec,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ClusterSpec {
    #[serde(deserialize_with = "or_default")]
    labels: BTreeMap<String, String>,
}

impl Snapshot {
    /// Reads the cluster: `/_ping`, `/info`, `/nodes`, `/services` and the tasks that the managers want to run.
    ///
    /// Any read that fails fails the whole snapshot: what could not be read is unknown, not empty.
    pub async fn observe(engine: &Engine) -> Result<Self> {
        Self::from_parts(engine.observe::<Task>(Some(WANTED_TASKS)).await?).map_err(|e| unreadable(&e))
    }

    /// The same with the ended tasks that the managers still remember.
    pub async fn observe_history(engine: &Engine) -> Result<Self> {
        Self::from_parts(engine.observe::<Task>(None).await?).map_err(|e| unreadable(&e))
    }

    /// The same for who has looked before, and may look again: of what the engine says once more nothing is read anew.
    ///
    /// # Errors
    /// As of [`Snapshot::observe`].
    pub async fn observe_again(engine: &Engine, before: Option<(&Self, &Heard)>) -> Result<(Self, Heard)> {
        let (known, heard) = before.unzip();
        let again = engine.observe_again(heard).await?;
        let read = || {
            let services = match again.services {
                Some(services) => Arc::new(Service::list(services)?),
                None => known.map(|known| Arc::clone(&known.services)).unwrap_or_default(),
            };
            let tasks = again.tasks.map(Arc::new).or_else(|| Some(Arc::clone(&known?.tasks))).unwrap_or_default();
            Self::of(&again.info, again.taken_at, again.api, Node::list(again.nodes)?, services, tasks)
        };
        Ok((read().map_err(|error| unreadable(&error))?, again.heard))
    }

    /// The nodes and services alone, without tasks, of the swarm of which `asked` is a manager.
    ///
    /// # Errors
    /// As of [`Snapshot::observe`].
    pub async fn observe_members(engine: &Engine, asked: &Standing) -> Result<Self> {
        let taken_at = Timestamp::now();
        let (nodes, services) = engine.members().await?;
        Ok(Self {
            taken_at,
            engine_time: asked.now,
            api: asked.api.clone(),
            engine: asked.version.clone(),
            cluster: asked.swarm.as_ref().map(|swarm| swarm.id.clone()),
            node_name: asked.name.clone(),
            // Nobody asks for it where members alone are read.
            log_driver: String::new(),
            plain: Plain::default(),
            node_id: NodeId(asked.node.clone()),
            pauses: asked.swarm.as_ref().map(|swarm| swarm.pauses.clone()).unwrap_or_default(),
            nodes: Node::list(nodes).map_err(|error| unreadable(&error))?,
            services: Arc::new(Service::list(services).map_err(|error| unreadable(&error))?),
            tasks: Arc::default(),
        })
    }

    /// A swarm that has yet to be made.
    pub fn nothing() -> Self {
        Self {
            taken_at: Timestamp::UNIX_EPOCH,
            engine_time: Timestamp::UNIX_EPOCH,
            api: String::new(),
            engine: String::new(),
            cluster: None,
            node_name: String::new(),
            log_driver: String::new(),
            plain: Plain::default(),
            node_id: NodeId::default(),
            pauses: Pauses::default(),
            nodes: Vec::new(),
            services: Arc::default(),
            tasks: Arc::default(),
        }
    }

    /// Reads a snapshot file.
    pub fn parse(json: &str) -> Result<Self> {
        let parts: Parts<Task> = serde_json::from_str(json)?;
        if parts.schema != SCHEMA {
            bail!("its schema is `{}`, not `{SCHEMA}`", parts.schema);
        }
        Ok(Self::from_parts(parts)?)
    }

    fn from_parts(parts: Parts<Task>) -> serde_json::Result<Self> {
        let (nodes, services) = (Node::list(parts.nodes)?, Service::list(parts.services)?);
        Self::of(&parts.info, parts.taken_at, parts.api, nodes, Arc::new(services), Arc::new(parts.tasks))
    }

    fn of(
        info: &RawValue,
        taken_at: Timestamp,
        api: String,
        nodes: Vec<Node>,
        services: Arc<Vec<Service>>,
        tasks: Arc<Vec<Task>>,
    ) -> serde_json::Result<Self> {
        let info: Info = serde_json::from_str(info.get())?;
        let cluster = info.swarm.cluster.unwrap_or_default();
        Ok(Self {
            taken_at,
            engine_time: info.system_time.parse().unwrap_or(taken_at),
            api,
            engine: info.server_version,
            pauses: Pauses::read(&cluster.spec.labels),
            cluster: Some(cluster.id).filter(|id| !id.is_empty()),
            node_name: info.name,
            log_driver: info.logging_driver,
            plain: Plain::of_engine(&info.registry_config),
            node_id: info.swarm.node_id,
            nodes,
            services,
            tasks,
        })
    }

    /// Whether the engine that was asked leads the swarm.
    pub fn leader(&self) -> bool {
        self.node(&self.node_id).is_some_and(|node| node.leader)
    }

    /// The node with this id.
    pub fn node(&self, id: &NodeId) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id == *id)
    }

    /// Services that have a live task on a node that is not there any more.
    pub fn on_gone_nodes(&self) -> BTreeSet<&ServiceId> {
        let nodes: BTreeSet<&NodeId> = self.nodes.iter().map(|node| &node.id).collect();
        let gone = |task: &&Task| task.live() && !task.node.0.is_empty() && !nodes.contains(&task.node);
        self.tasks.iter().filter(gone).map(|task| &task.service).collect()
    }

    /// The service with this name.
    pub fn service(&self, name: &str) -> Option<&Service> {
        let at = self.services.binary_search_by(|service| service.name.as_str().cmp(name)).ok()?;
        self.services.get(at)
    }

    /// Puts a newly read node in place of the old one.
    pub fn put_node(&mut self, mut node: Node) {
        if let Some(old) = self.nodes.iter_mut().find(|old| old.id == node.id) {
            std::mem::swap(&mut node.key, &mut old.key);
            *old = node;
        }
    }

    /// Puts a newly read service in place of the old one. What the engine knows nothing of stays.
    pub fn put_service(&mut self, mut service: Service) {
        if let Some(old) = Arc::make_mut(&mut self.services).iter_mut().find(|old| old.id == service.id) {
            service.proving = old.proving.take();
            *old = service;
        }
    }

    /// Forgets the node or service with this id: it is gone from the swarm.
    pub fn remove(&mut self, id: &str) {
        self.nodes.retain(|node| node.id.0 != id);
        Arc::make_mut(&mut self.services).retain(|service| service.id.0 != id);
    }
}

fn unreadable(error: &serde_json::Error) -> anyhow::Error {
    Error::new(ErrorKind::Unreachable, format!("the engine's answer can't be read: {error}"))
        .hint("is this address a Docker engine? try `docker version` with the same host")
        .into()
}

/// Reads a snapshot file from disk.
pub fn load(path: &std::path::Path) -> Result<Snapshot> {
    load_as(path, Snapshot::parse)
}

/// Reads a snapshot file from disk, as what `parse` makes of its text.
pub fn load_as<T>(path: &std::path::Path, parse: impl FnOnce(&str) -> Result<T>) -> Result<T> {
    let name = path.display();
    let failed = |what: String| Error::new(ErrorKind::Config, what).hint("make one with `orca snapshot > FILE`");
    let text = std::fs::read_to_string(path).with_context(|| failed(format!("can't read snapshot `{name}`")))?;
    parse(&text).with_context(|| failed(format!("`{name}` is not a snapshot")))
}
