//! What a cluster looks like at one moment, read by the witness.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::http::Engine;

/// One read of a cluster: the engine's own objects.
#[derive(Debug)]
pub struct Cluster {
    pub nodes: Vec<Value>,
    pub services: Vec<Value>,
    pub tasks: Vec<Value>,
}

/// A node's or a service's version index, by id.
pub type Versions = BTreeMap<String, u64>;

impl Cluster {
    /// Asks a real engine.
    pub fn ask(engine: &Engine) -> Result<Self> {
        let list = |path: &str| engine.get(path).map(|value| value.as_array().cloned().unwrap_or_default());
        Ok(Self { nodes: list("/nodes")?, services: list("/services")?, tasks: list("/tasks")? })
    }

    /// Looks behind the API of a simulated one, where no fault strikes and no request is counted.
    pub fn peek(engine: &Engine) -> Result<Self> {
        let snapshot = engine.get("/_sim/snapshot")?;
        let list = |key: &str| snapshot[key].as_array().cloned().unwrap_or_default();
        Ok(Self { nodes: list("nodes"), services: list("services"), tasks: list("tasks") })
    }

    /// The node with this hostname or id; of several with one name, the one that is not down.
    pub fn node(&self, name: &str) -> Result<&Value> {
        let fits = |node: &&Value| node["ID"] == name || node["Description"]["Hostname"] == name;
        let mut fitting: Vec<_> = self.nodes.iter().filter(fits).collect();
        fitting.sort_by_key(|node| node["Status"]["State"] == "down");
        fitting.first().copied().with_context(|| format!("there is no node `{name}`"))
    }

    pub fn node_id(&self, name: &str) -> Result<String> {
        Ok(text(&self.node(name)?["ID"]))
    }

    /// The hostname of a node id; the id itself where the node is gone.
    pub fn hostname(&self, id: &str) -> String {
        let node = self.nodes.iter().find(|node| node["ID"] == id);
        node.map_or_else(|| id.to_owned(), |node| text(&node["Description"]["Hostname"]))
    }

    pub fn service(&self, name: &str) -> Result<&Value> {
        let found = self.services.iter().find(|service| service["Spec"]["Name"] == name);
        found.with_context(|| format!("there is no service `{name}`"))
    }

    pub fn service_id(&self, name: &str) -> Result<String> {
        Ok(text(&self.service(name)?["ID"]))
    }

    /// The tasks of a service that the managers want to run.
    pub fn wanted(&self, name: &str) -> Result<Vec<&Value>> {
        let id = self.service_id(name)?;
        let wanted = |task: &&Value| {
            task["ServiceID"] == id.as_str() && matches!(task["DesiredState"].as_str(), Some("running" | "ready"))
        };
        Ok(self.tasks.iter().filter(wanted).collect())
    }

    /// The tasks of a service that run and are meant to.
    pub fn running(&self, name: &str) -> Result<Vec<&Value>> {
        let runs = |task: &&Value| task["DesiredState"] == "running" && task["Status"]["State"] == "running";
        Ok(self.wanted(name)?.into_iter().filter(runs).collect())
    }

    /// The hostnames on which a service runs, one for each task.
    pub fn places(&self, name: &str) -> Result<Vec<String>> {
        let tasks = self.running(name)?;
        let mut places: Vec<_> = tasks.iter().map(|task| self.hostname(&text(&task["NodeID"]))).collect();
        places.sort();
        Ok(places)
    }

    /// How many tasks a service wants: on each node one, or its replicas.
    pub fn replicas(&self, name: &str) -> Result<u64> {
        let mode = &self.service(name)?["Spec"]["Mode"];
        let nodes = self.nodes.iter().filter(|node| node["Status"]["State"] == "ready").count() as u64;
        Ok(if mode["Global"].is_object() { nodes } else { mode["Replicated"]["Replicas"].as_u64().unwrap_or(1) })
    }

    /// What is still moving: tasks neither running nor known to have no place, rollouts under way.
    pub fn unsettled(&self) -> Result<Vec<String>> {
        let mut moving = Vec::new();
        for service in &self.services {
            let name = text(&service["Spec"]["Name"]);
            let state = service["UpdateStatus"]["State"].as_str().unwrap_or_default();
            if matches!(state, "updating" | "rollback_started") {
                moving.push(format!("{name}: {state}"));
            }
            if service["Spec"]["Mode"]["ReplicatedJob"].is_object() {
                continue;
            }
            let settled = |task: &&&Value| match task["Status"]["State"].as_str() {
                Some("running") => true,
                Some("pending") => !text(&task["Status"]["Err"]).is_empty(),
                _ => false,
            };
            let wanted = self.wanted(&name)?;
            let quiet = wanted.iter().filter(settled).count() as u64;
            if quiet != self.replicas(&name)? || quiet != wanted.len() as u64 {
                moving.push(format!("{name}: {}", self.describe(&name)));
            }
        }
        Ok(moving)
    }

    /// A service's tasks in a few words.
    pub fn describe(&self, name: &str) -> String {
        let Ok(id) = self.service_id(name) else { return "gone".to_owned() };
        let tasks = self.tasks.iter().filter(|task| task["ServiceID"] == id.as_str()).map(|task| {
            let (status, node) = (&task["Status"], self.hostname(&text(&task["NodeID"])));
            let err = text(&status["Err"]);
            format!("[{} wanted {} on `{node}` {err}]", text(&status["State"]), text(&task["DesiredState"]))
        });
        tasks.collect::<Vec<_>>().join(" ")
    }

    /// The ids of running tasks, by service.
    pub fn running_ids(&self) -> Result<BTreeMap<String, BTreeSet<String>>> {
        let mut ids = BTreeMap::new();
        for service in &self.services {
            let name = text(&service["Spec"]["Name"]);
            let running = self.running(&name)?.iter().map(|task| text(&task["ID"])).collect();
            ids.insert(name, running);
        }
        Ok(ids)
    }

    /// What a client can write: the specs of nodes and services, by id.
    pub fn specs(&self) -> BTreeMap<String, Value> {
        let spec = |object: &Value| (text(&object["ID"]), object["Spec"].clone());
        self.nodes.iter().chain(&self.services).map(spec).collect()
    }

    /// What any write changes, the managers' own as well.
    pub fn versions(&self) -> Versions {
        let version = |object: &Value| (text(&object["ID"]), object["Version"]["Index"].as_u64().unwrap_or_default());
        self.nodes.iter().chain(&self.services).map(version).collect()
    }
}

/// A JSON string's text; empty for anything else.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
