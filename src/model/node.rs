//! A swarm node as the passes see it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::or_default;

/// The node label in which orca keeps the keys of the labels that it set, separated by commas.
///
/// It lives on the node, so that it survives the loss of any host that runs orca.
pub const RECORD_LABEL: &str = "orca.labels";

/// The keys in a node's record, sorted.
pub fn record_keys(record: Option<&str>) -> Vec<String> {
    let mut keys: Vec<_> =
        record.unwrap_or_default().split(',').filter(|key| !key.is_empty()).map(str::to_owned).collect();
    keys.sort();
    keys.dedup();
    keys
}

/// A swarm node id. It changes when a host leaves and joins again.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(pub String);

/// Whether the managers hear from a node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeState {
    /// Sends heartbeats.
    Ready,
    /// Missed its heartbeats; its tasks are being replaced.
    Down,
    /// Looks for another manager: it was told to, or has left.
    Disconnected,
    /// Not known (yet), or a state newer than orca.
    #[default]
    #[serde(other)]
    Unknown,
}

impl NodeState {
    /// How the node and its tasks are is not known: a new leader hasn't heard from it yet, or it has lost its manager.
    pub fn is_unheard(self) -> bool {
        matches!(self, Self::Unknown | Self::Disconnected)
    }
}

/// What the operator lets the node do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Availability {
    /// Takes tasks.
    Active,
    /// Keeps its tasks and takes no new ones.
    Pause,
    /// Is being emptied.
    Drain,
    /// A value newer than orca.
    #[default]
    #[serde(other)]
    Unknown,
}

/// A swarm node.
#[derive(Debug, Clone)]
pub struct Node {
    /// Node id.
    pub id: NodeId,
    /// `Version.Index`, for compare-and-set.
    pub version: u64,
    /// Hostname; not unique: a host that rejoins gets a new id, and its ghost keeps the name.
    pub name: String,
    /// Names the node in action ids: the hostname, or `hostname@id` where nodes share it.
    pub key: String,
    /// Node labels (`Spec.Labels`).
    pub labels: BTreeMap<String, String>,
    /// What the operator lets it do.
    pub availability: Availability,
    /// Whether the managers hear from it.
    pub state: NodeState,
    /// It is the manager that leads the raft group.
    pub leader: bool,
    /// The object as the engine sent it.
    pub raw: Box<RawValue>,
}

impl Node {
    /// Reads `GET /nodes`: sorted by hostname, then id, each with a key of its own.
    pub fn list(raw: Vec<Box<RawValue>>) -> serde_json::Result<Vec<Self>> {
        let mut nodes = raw.into_iter().map(Self::read).collect::<serde_json::Result<Vec<_>>>()?;
        nodes.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        tell_apart(&mut nodes);
        Ok(nodes)
    }

    /// Reads one element of `GET /nodes`.
    pub fn read(raw: Box<RawValue>) -> serde_json::Result<Self> {
        let view: View = serde_json::from_str(raw.get())?;
        Ok(Self {
            id: view.id,
            version: view.version.index,
            key: view.description.hostname.clone(),
            name: view.description.hostname,
            labels: view.spec.labels,
            availability: view.spec.availability,
            state: view.status.state,
            leader: view.manager_status.leader,
            raw,
        })
    }
}

/// Gives nodes that share a hostname keys of their own; expects them sorted by name.
fn tell_apart(nodes: &mut [Node]) {
    for twins in nodes.chunk_by_mut(|a, b| a.name == b.name).filter(|twins| twins.len() > 1) {
        for node in twins {
            node.key = format!("{}@{}", node.name, node.id.0);
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct View {
    #[serde(rename = "ID")]
    id: NodeId,
    version: super::service::Version,
    #[serde(default, deserialize_with = "or_default")]
    spec: Spec,
    #[serde(default, deserialize_with = "or_default")]
    description: Description,
    #[serde(default, deserialize_with = "or_default")]
    status: Status,
    #[serde(default, deserialize_with = "or_default")]
    manager_status: ManagerStatus,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Spec {
    #[serde(deserialize_with = "or_default")]
    labels: BTreeMap<String, String>,
    availability: Availability,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Description {
    hostname: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Status {
    state: NodeState,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ManagerStatus {
    leader: bool,
}
