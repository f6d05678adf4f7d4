//! What happens to nodes: joining, updates, going down, coming back, leaving, leadership.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::cluster::{Cluster, tree};
use super::json;
use super::object::{Mode, Node, Task};
use super::refusal::Refusal;
use super::schedule::constraints_hold;

impl Cluster {
    /// A node joins; the first manager becomes leader. Returns its id.
    pub fn join(&mut self, hostname: &str, role: &str, labels: &BTreeMap<String, String>) -> String {
        let id = self.new_id();
        let place = self.nodes.len() + 1;
        let addr = format!("10.0.{}.{}", place / 250, place % 250 + 1);
        let stamp = self.stamp().to_string();
        let engine = self.engine_version().to_owned();
        let mut raw = json!({
            "ID": id, "Version": {"Index": 0}, "CreatedAt": stamp, "UpdatedAt": stamp,
            "Spec": {"Labels": labels, "Role": role, "Availability": "active"},
            "Description": {
                "Hostname": hostname,
                "Platform": {"Architecture": "x86_64", "OS": "linux"},
                "Resources": {"NanoCPUs": 8_000_000_000_u64, "MemoryBytes": 16_777_216_000_u64},
                "Engine": {"EngineVersion": engine, "Plugins": plugins()},
                "TLSInfo": {"TrustRoot": "", "CertIssuerSubject": "", "CertIssuerPublicKey": ""},
            },
            "Status": {"State": "ready", "Addr": addr},
        });
        if role == "manager" {
            let mut status = json!({"Reachability": "reachable", "Addr": format!("{addr}:2377")});
            if !self.nodes.values().any(|node| node.leader) {
                json::set(&mut status, &["Leader"], true);
            }
            json::set(&mut raw, &["ManagerStatus"], status);
        }
        self.bump(&mut raw);
        self.put_node(&raw);
        self.event("node", "create", &id, &[("name", hostname)]);
        self.node_changed(&id);
        id
    }

    /// `POST /nodes/{id}/update`: replaces the node's spec.
    pub(super) fn update_node(&mut self, id: &str, version: u64, spec: Value) -> Result<(), Refusal> {
        let node = self.nodes.get(id).ok_or_else(|| Refusal::not_found("node", id))?.clone();
        let role = json::text(&spec, "/Role").to_ascii_lowercase();
        if !matches!(role.as_str(), "manager" | "worker") {
            return Err(Refusal::new(400, format!("invalid Role: {:?}", json::text(&spec, "/Role"))));
        }
        let availability = json::text(&spec, "/Availability").to_ascii_lowercase();
        if !matches!(availability.as_str(), "active" | "pause" | "drain") {
            let text = format!("invalid Availability: {:?}", json::text(&spec, "/Availability"));
            return Err(Refusal::new(400, text));
        }
        if version != node.version {
            return Err(Refusal::out_of_sequence());
        }
        let managers = self.nodes.values().filter(|node| node.role == "manager").count();
        if node.role == "manager" && role == "worker" && managers == 1 {
            let text = "attempting to demote the last manager of the swarm";
            return Err(Refusal::rpc("FailedPrecondition", text));
        }
        self.edit_node(id, |raw| {
            json::set(raw, &["Spec"], spec);
            if role == "worker" {
                json::unset(raw, "ManagerStatus");
            } else if !json::present(raw, "/ManagerStatus") {
                let addr = format!("{}:2377", node.addr);
                json::set(raw, &["ManagerStatus"], json!({"Reachability": "reachable", "Addr": addr}));
            }
        });
        if node.leader && role == "worker" {
            self.elect(None);
        }
        self.node_changed(id);
        self.converge();
        Ok(())
    }

    /// `DELETE /nodes/{id}`.
    pub(super) fn remove_node(&mut self, id: &str, force: bool) -> Result<(), Refusal> {
        let node = self.nodes.get(id).ok_or_else(|| Refusal::not_found("node", id))?;
        if node.role == "manager" {
            let text = format!(
                "node {id} is a cluster manager and is a member of the raft cluster. \
                 It must be demoted to worker before removal"
            );
            return Err(Refusal::rpc("FailedPrecondition", text));
        }
        if !force && node.state == "ready" {
            let text = format!("node {id} is not down and can't be removed");
            return Err(Refusal::rpc("FailedPrecondition", text));
        }
        self.drop_node(id);
        Ok(())
    }

    /// A node is gone for good. Its tasks keep its id, as a real swarm's do.
    pub(super) fn drop_node(&mut self, id: &str) {
        let Some(node) = self.nodes.remove(id) else { return };
        self.event("node", "remove", id, &[("name", &node.hostname)]);
        if node.leader {
            self.elect(None);
        }
        for task in self.tasks.on_node(id) {
            let Some(held) = self.tasks.get(&task) else { continue };
            self.todo.insert(held.service.clone());
            if !held.ended() {
                let Some(mut raw) = tree(&held.text) else { continue };
                self.status(&mut raw, "orphaned", "task belonged to a node that has been deleted", "");
                json::set(&mut raw, &["DesiredState"], "shutdown");
                self.bump(&mut raw);
                self.tasks.put(Task::read(&raw));
            }
        }
        self.retry = true;
        self.converge();
    }

    /// The managers hear of a node's state: `ready`, `down`, `unknown`, ...
    pub(super) fn set_node_state(&mut self, id: &str, state: &str) {
        self.edit_node(id, |raw| {
            json::set(raw, &["Status", "State"], state);
            if state == "down" {
                json::set(raw, &["Status", "Message"], "heartbeat failure");
            } else {
                json::unset(&mut raw["Status"], "Message");
            }
            if json::present(raw, "/ManagerStatus") {
                let reachability = if state == "down" { "unreachable" } else { "reachable" };
                json::set(raw, &["ManagerStatus", "Reachability"], reachability);
            }
        });
        if state == "down" && self.nodes.get(id).is_some_and(|node| node.leader) {
            self.elect(None);
        }
        self.node_changed(id);
        self.converge();
    }

    /// Leadership moves to this manager, or to the first other one that is ready.
    pub(super) fn elect(&mut self, id: Option<&str>) {
        let old: Vec<String> = self.nodes.values().filter(|node| node.leader).map(|node| node.id.clone()).collect();
        let new = match id {
            Some(id) => Some(id.to_owned()),
            None => self
                .nodes
                .values()
                .find(|node| node.role == "manager" && node.state == "ready" && !old.contains(&node.id))
                .map(|node| node.id.clone()),
        };
        let Some(new) = new else { return };
        for id in old {
            self.touch_node(&id, |raw| {
                if json::present(raw, "/ManagerStatus") {
                    json::unset(&mut raw["ManagerStatus"], "Leader");
                }
            });
        }
        self.touch_node(&new, |raw| json::set(raw, &["ManagerStatus", "Leader"], true));
    }

    /// Does what the managers do when a node changed in any way.
    pub(super) fn node_changed(&mut self, id: &str) {
        let Some(node) = self.nodes.get(id).cloned() else { return };
        for task in self.tasks.on_node(id) {
            self.recheck_task(&node, &task);
        }
        self.renew_on(&node);
        // Any node may matter to a global service, and any new room to a waiting task.
        let global = self.services.values().filter(|service| matches!(service.mode, Mode::Global | Mode::GlobalJob));
        let global: Vec<String> = global.map(|service| service.id.clone()).collect();
        self.todo.extend(global);
        self.retry = true;
    }

    /// Whether a task may stay on its changed node; if not it leaves.
    fn recheck_task(&mut self, node: &Node, id: &str) {
        let Some(task) = self.tasks.get(id).cloned() else { return };
        if !task.wanted() {
            // A node that is back reports that it has stopped what it was told to.
            if !task.ended() && node.state == "ready" && !self.stopping.contains_key(id) {
                self.stopped(id);
            }
            return;
        }
        // A job's task is left on a drained node until it has ended.
        let stays = self.services.get(&task.service).is_some_and(|service| service.mode.is_job());
        if node.loses_tasks() && (node.state == "down" || !stays) {
            if !self.lingers(id, "shutdown") {
                self.stop_task(id);
            }
            self.todo.insert(task.service);
            return;
        }
        let holds = self.services.get(&task.service).is_none_or(|service| constraints_hold(service, node));
        if !holds && !task.ended() && node.availability == "active" {
            let Some(mut raw) = tree(&task.text) else { return };
            let err = "assigned node no longer meets constraints";
            self.status(&mut raw, "rejected", "task rejected by constraint enforcer", err);
            json::set(&mut raw, &["DesiredState"], "shutdown");
            self.bump(&mut raw);
            self.starting.remove(id);
            self.tasks.put(Task::read(&raw));
            self.todo.insert(task.service);
        }
    }
}

fn plugins() -> Value {
    let plugin = |kind: &str, name: &str| json!({"Type": kind, "Name": name});
    json!([
        plugin("Log", "json-file"),
        plugin("Log", "local"),
        plugin("Network", "bridge"),
        plugin("Network", "host"),
        plugin("Network", "overlay"),
        plugin("Volume", "local"),
    ])
}
