//! The cluster's state: objects, version indices, the clock and the log of events. Pure; time is handed in.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::fleet::Seat;
use super::json;
use super::object::{Node, Service, Task};
use super::registry::Published;
use super::stock::Stock;
use super::tasks::Tasks;
use crate::engine::parts::SCHEMA;

/// The API version simulated unless something says otherwise.
pub(super) const DEFAULT_API: &str = "1.51";

/// One swarm, as one of its managers sees it.
///
/// Every public operation leaves the cluster converged: what a real swarm would do by itself has happened.
#[derive(Debug, Clone)]
pub struct Cluster {
    pub(super) api: String,
    pub(super) info: Value,
    pub(super) nodes: BTreeMap<String, Node>,
    pub(super) services: BTreeMap<String, Service>,
    pub(super) tasks: Tasks,
    /// User-made networks, configs and secrets; raw objects by id.
    pub(super) networks: BTreeMap<String, Value>,
    pub(super) configs: BTreeMap<String, Value>,
    pub(super) secrets: BTreeMap<String, Value>,
    /// The last version index handed out.
    pub(super) index: u64,
    /// Objects made so far: ids follow from it.
    made: u64,
    pub(super) now: Timestamp,
    pub(super) start_delay: Duration,
    /// When tasks on their way to `running` get there.
    pub(super) starting: BTreeMap<String, Timestamp>,
    pub(super) stop_delay: Duration,
    /// When tasks that were told to stop have stopped.
    pub(super) stopping: BTreeMap<String, Timestamp>,
    /// Services to look at before the cluster is converged.
    pub(super) todo: BTreeSet<String>,
    /// Whether room or labels changed, so that waiting tasks deserve another try.
    pub(super) retry: bool,
    /// Services in the middle of a rollout.
    pub(super) rolling: BTreeSet<String>,
    /// Tasks to replace although their spec equals the service's (ports changed).
    pub(super) outdated: BTreeSet<String>,
    /// Nodes whose log stream the leader has lost, set by the admin side.
    pub(super) unheard: BTreeSet<String>,
    /// Images that don't run, set by the admin side.
    pub(super) broken: Vec<Broken>,
    /// What registries have, set by the admin side.
    pub(super) published: Vec<Published>,
    /// `active/manager`, `active/worker` or `inactive`: what this engine is in the swarm.
    pub(super) membership: String,
    /// The manager crashed on a spec without Placement and, as in reality, won't come back.
    pub(super) panicked: bool,
    /// The engines of a fleet; none where one engine is all that can be asked.
    pub(super) seats: Vec<Seat>,
    /// What lies on the node of the engine besides its tasks.
    pub(super) stock: Stock,
    /// Events since they were last taken.
    pub(super) events: Vec<Value>,
}

/// A rule of the admin side: tasks of such images end up in this state instead of running.
#[derive(Debug, Clone, Deserialize, serde::Serialize)]
pub(super) struct Broken {
    #[serde(rename = "match")]
    pub image: String,
    pub state: String,
    #[serde(default)]
    pub err: String,
    /// Hostname of the only node where it is so; empty for all.
    #[serde(default)]
    pub node: String,
}

/// What a snapshot file holds.
#[derive(Deserialize)]
struct File {
    schema: String,
    taken_at: Option<String>,
    api: Option<String>,
    #[serde(default)]
    info: Value,
    #[serde(default)]
    nodes: Vec<Value>,
    #[serde(default)]
    services: Vec<Value>,
    #[serde(default)]
    tasks: Vec<Value>,
    #[serde(default)]
    networks: Vec<Value>,
}

impl Cluster {
    /// A swarm without nodes; a start for the other constructors.
    pub(super) fn empty() -> Self {
        Self {
            api: DEFAULT_API.to_owned(),
            info: json!({}),
            nodes: BTreeMap::new(),
            services: BTreeMap::new(),
            tasks: Tasks::default(),
            networks: BTreeMap::new(),
            configs: BTreeMap::new(),
            secrets: BTreeMap::new(),
            index: 10,
            made: 0,
            // A fixed start keeps unit tests and generated clusters equal from run to run.
            now: Timestamp::from_second(1_795_000_000).unwrap_or_default(),
            start_delay: Duration::ZERO,
            starting: BTreeMap::new(),
            stop_delay: Duration::ZERO,
            stopping: BTreeMap::new(),
            todo: BTreeSet::new(),
            retry: false,
            rolling: BTreeSet::new(),
            outdated: BTreeSet::new(),
            unheard: BTreeSet::new(),
            broken: Vec::new(),
            published: Vec::new(),
            membership: "active/manager".to_owned(),
            panicked: false,
            seats: Vec::new(),
            stock: Stock::default(),
            events: Vec::new(),
        }
    }

    /// The cluster of an `orca.snapshot/1` file. Objects keep every field they have, known or not.
    pub fn from_snapshot(text: &str) -> anyhow::Result<Self> {
        let file: File = serde_json::from_str(text)?;
        anyhow::ensure!(file.schema == SCHEMA, "its schema is `{}`, not `{SCHEMA}`", file.schema);
        let mut cluster = Self::empty();
        cluster.info = file.info;
        if let Some(api) = file.api {
            cluster.api = api;
        }
        if let Some(Ok(taken)) = file.taken_at.as_deref().map(str::parse) {
            cluster.now = taken;
        }
        for raw in file.nodes {
            let node = Node::read(&raw);
            anyhow::ensure!(!node.id.is_empty(), "a node has no ID");
            cluster.index = cluster.index.max(node.version);
            cluster.nodes.insert(node.id.clone(), node);
        }
        for mut raw in file.services {
            // It is computed for each answer that asks for it.
            json::unset(&mut raw, "ServiceStatus");
            let service = Service::read(&raw);
            anyhow::ensure!(!service.id.is_empty(), "a service has no ID");
            cluster.index = cluster.index.max(service.version);
            cluster.services.insert(service.id.clone(), service);
        }
        for raw in file.tasks {
            cluster.index = cluster.index.max(json::number(&raw, "/Version/Index"));
            let task = Task::read(&raw);
            anyhow::ensure!(!task.id.is_empty(), "a task has no ID");
            cluster.tasks.put(task);
        }
        for raw in file.networks {
            cluster.networks.insert(json::text(&raw, "/Id").to_owned(), raw);
        }
        cluster.made = u64::try_from(cluster.nodes.len() + cluster.services.len() + cluster.tasks.len())?;
        Ok(cluster)
    }

    /// An empty swarm: `managers` managers and workers up to `nodes` nodes, named `n1`, `n2`, ...
    pub fn with_nodes(nodes: usize, managers: usize) -> Self {
        let mut cluster = Self::empty();
        for number in 1..=nodes {
            let role = if number <= managers.max(1) { "manager" } else { "worker" };
            cluster.join(&format!("n{number}"), role, &BTreeMap::new());
        }
        cluster
    }

    /// Everything as an `orca.snapshot/1` document.
    pub fn snapshot(&self) -> String {
        let mut out = String::with_capacity(self.tasks.bytes() + self.tasks.len() + (1 << 20));
        let head = json!({"schema": "orca.snapshot/1", "taken_at": self.now.to_string(), "api": self.api});
        out.push_str(head.to_string().trim_end_matches('}'));
        out.push_str(",\"info\":");
        out.push_str(&self.info_document().to_string());
        out.push_str(",\"nodes\":");
        push_list(&mut out, self.nodes.values().map(|node| node.text.as_str()));
        out.push_str(",\"services\":");
        push_list(&mut out, self.services.values().map(|service| service.text.as_str()));
        out.push_str(",\"tasks\":");
        push_list(&mut out, self.tasks.iter().map(|task| task.text.as_str()));
        let networks: Vec<&Value> = self.networks.values().collect();
        out.push_str(",\"networks\":");
        out.push_str(&json!(networks).to_string());
        out.push('}');
        out
    }

    /// Pretends to be an engine with this API version.
    pub fn set_api(&mut self, api: &str) {
        api.clone_into(&mut self.api);
    }

    /// Its ids differ from those of a cluster that has made fewer objects than this.
    pub(super) fn number_from(&mut self, made: u64) {
        self.made = made;
    }

    /// The cluster's time.
    pub fn clock(&self) -> Timestamp {
        self.now
    }

    /// A moment later than every one given out before, so that stamps order objects.
    pub(super) fn stamp(&mut self) -> Timestamp {
        self.now = self.now.checked_add(SignedDuration::from_nanos(1)).unwrap_or(self.now);
        self.now
    }

    /// A moment from now.
    pub(super) fn after(&self, delay: Duration) -> Timestamp {
        SignedDuration::try_from(delay).ok().and_then(|delay| self.now.checked_add(delay).ok()).unwrap_or(self.now)
    }

    /// A new id in the engine's form: 25 characters of base 36.
    pub(super) fn new_id(&mut self) -> String {
        loop {
            self.made += 1;
            let id = base36(self.made);
            // A snapshot of a simulated cluster brings ids that were made the same way.
            let taken = self.nodes.contains_key(&id)
                || self.services.contains_key(&id)
                || self.tasks.get(&id).is_some()
                || self.networks.contains_key(&id);
            if !taken {
                return id;
            }
        }
    }

    /// Gives a raw object the next version index and a new `UpdatedAt`.
    pub(super) fn bump(&mut self, raw: &mut Value) {
        self.index += 1;
        json::set(raw, &["Version", "Index"], self.index);
        json::set(raw, &["UpdatedAt"], self.stamp().to_string());
    }

    /// Changes a node; false if there is none with this id.
    pub(super) fn edit_node(&mut self, id: &str, edit: impl FnOnce(&mut Value)) -> bool {
        let Some(old) = self.nodes.get(id).cloned() else { return false };
        let Some(mut raw) = tree(&old.text) else { return false };
        edit(&mut raw);
        self.bump(&mut raw);
        let new = Node::read(&raw);
        let pairs = [
            ("state.new", "state.old", &new.state, &old.state),
            ("availability.new", "availability.old", &new.availability, &old.availability),
            ("role.new", "role.old", &new.role, &old.role),
        ];
        let changes = pairs.into_iter().filter(|(.., new, old)| new != old);
        let mut attributes: Vec<(&str, &str)> =
            changes.flat_map(|(key, old_key, new, old)| [(key, new.as_str()), (old_key, old.as_str())]).collect();
        attributes.push(("name", &new.hostname));
        self.event("node", "update", id, &attributes);
        self.nodes.insert(id.to_owned(), new);
        true
    }

    /// Changes what isn't part of a node's stored object (its raft status): no new version, no event.
    pub(super) fn touch_node(&mut self, id: &str, edit: impl FnOnce(&mut Value)) {
        if let Some(mut raw) = self.nodes.get(id).and_then(|node| tree(&node.text)) {
            edit(&mut raw);
            self.put_node(&raw);
        }
    }

    /// Stores a node.
    pub(super) fn put_node(&mut self, raw: &Value) {
        let node = Node::read(raw);
        self.nodes.insert(node.id.clone(), node);
    }

    /// Changes a service; false if there is none with this id.
    pub(super) fn edit_service(&mut self, id: &str, edit: impl FnOnce(&mut Value)) -> bool {
        let Some(mut raw) = self.services.get(id).and_then(|service| tree(&service.text)) else { return false };
        let before = json::text(&raw, "/UpdateStatus/State").to_owned();
        edit(&mut raw);
        self.bump(&mut raw);
        let service = Service::read(&raw);
        let mut attributes = vec![("name", service.name.as_str())];
        if before != service.update_state && !service.update_state.is_empty() {
            attributes.push(("updatestate.new", &service.update_state));
            attributes.push(("updatestate.old", &before));
        }
        self.event("service", "update", id, &attributes);
        self.services.insert(id.to_owned(), service);
        true
    }

    /// Changes a task; false if there is none with this id.
    pub(super) fn edit_task(&mut self, id: &str, edit: impl FnOnce(&mut Value)) -> bool {
        let Some(mut raw) = self.tasks.get(id).and_then(|task| tree(&task.text)) else { return false };
        edit(&mut raw);
        self.bump(&mut raw);
        self.tasks.put(Task::read(&raw));
        true
    }

    /// Logs an event for `GET /events`.
    pub(super) fn event(&mut self, kind: &str, action: &str, id: &str, attributes: &[(&str, &str)]) {
        let attributes: BTreeMap<&str, &str> = attributes.iter().copied().collect();
        self.events.push(json!({
            "Type": kind, "Action": action, "scope": "swarm",
            "Actor": {"ID": id, "Attributes": attributes},
            "time": self.now.as_second(), "timeNano": i64::try_from(self.now.as_nanosecond()).unwrap_or(i64::MAX),
        }));
    }

    /// The events since the last call.
    pub(super) fn take_events(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.events)
    }

    /// The id of the node this manager runs on.
    pub(super) fn self_id(&self) -> String {
        let told = json::text(&self.info, "/Swarm/NodeID");
        if self.nodes.contains_key(told) {
            return told.to_owned();
        }
        let leader = self.nodes.values().find(|node| node.leader);
        leader.or_else(|| self.nodes.values().next()).map(|node| node.id.clone()).unwrap_or_default()
    }
}

/// Parses a text that came out of a tree: it can't fail, and if it does the object counts as absent.
pub(super) fn tree(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

/// Appends a JSON list of texts.
pub(super) fn push_list<'a>(out: &mut String, items: impl Iterator<Item = &'a str>) {
    out.push('[');
    for (at, item) in items.enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push_str(item);
    }
    out.push(']');
}

/// 25 characters of base 36 that look random.
fn base36(number: u64) -> String {
    let mut id = String::with_capacity(25);
    let mut bits = 0;
    for position in 0..25_u64 {
        // 64 bits are good for 12 characters.
        if position % 12 == 0 {
            bits = mix(number.wrapping_mul(31).wrapping_add(position));
        }
        id.push(char::from_digit(u32::try_from(bits % 36).unwrap_or(0), 36).unwrap_or('0'));
        bits /= 36;
    }
    id
}

/// `SplitMix64`: spreads counters over all bits, so that ids look random and stay the same from run to run.
pub(super) fn mix(seed: u64) -> u64 {
    let mut bits = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}
