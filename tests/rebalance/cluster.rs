//! Clusters made in a line or two: nodes with memory, services with tasks on them.

use std::collections::BTreeMap;

use orca::metrics::Metrics;
use orca::pass::memory::Memory;
use orca::pass::rebalance::memory::Ask;
use orca::pass::rebalance::{Goal, Input, Planned, Request, plan};
use orca::settings::{Settings, Source, SourceKind, parse};
use orca::snapshot::Snapshot;
use serde_json::{Value, json};

/// When snapshot and figures are taken.
pub const NOW: &str = "2026-11-21T12:00:00Z";
const MIB: u64 = 1 << 20;

/// A cluster under construction.
#[derive(Debug, Clone, Default)]
pub struct Cluster {
    pub nodes: Vec<Value>,
    pub services: Vec<Value>,
    pub tasks: Vec<Value>,
    pub memory: BTreeMap<String, (u64, u64)>,
    pub task_memory: BTreeMap<String, u64>,
}

impl Cluster {
    /// Three nodes, and all that runs on the first of them.
    pub fn pressed() -> Self {
        let empty = Self::default().node("n1", 1000, 50).node("n2", 1000, 50).node("n3", 1000, 50);
        empty.service("a", &[("n1", 300)]).service("b", &[("n1", 300)]).service("c", &[("n1", 200)])
    }

    /// A ready node with so much memory, of which the system uses so much; MiB.
    pub fn node(mut self, name: &str, total: u64, base: u64) -> Self {
        let number = self.nodes.len();
        self.nodes.push(json!({
            "ID": format!("id-{name}"), "Version": {"Index": 10 + number},
            "Spec": {"Role": if number == 0 { "manager" } else { "worker" }, "Availability": "active", "Labels": {}},
            "Description": {"Hostname": name, "Platform": {"OS": "linux", "Architecture": "x86_64"},
                "Resources": {"NanoCPUs": 8_000_000_000_u64, "MemoryBytes": total * MIB}},
            "Status": {"State": "ready", "Addr": format!("10.0.0.{}", number + 1)},
            "ManagerStatus": if number == 0 { json!({"Leader": true}) } else { Value::Null },
        }));
        self.memory.insert(name.to_owned(), (total * MIB, base * MIB));
        self
    }

    /// Changes the node that was made last.
    pub fn with_node(mut self, change: impl FnOnce(&mut Value)) -> Self {
        change(self.nodes.last_mut().unwrap());
        self
    }

    /// A replicated service with one task for each place: node and MiB in use.
    pub fn service(mut self, name: &str, places: &[(&str, u64)]) -> Self {
        let template = json!({"ContainerSpec": {"Image": "app:1"}, "Resources": {}, "Placement": {}});
        self.services.push(json!({
            "ID": format!("id-{name}"), "Version": {"Index": 100 + self.services.len()},
            "Spec": {"Name": name, "Labels": {}, "TaskTemplate": template,
                "Mode": {"Replicated": {"Replicas": places.len()}}, "EndpointSpec": {"Mode": "vip"}},
        }));
        for (slot, (node, used)) in places.iter().enumerate() {
            let id = format!("task-{name}-{}", slot + 1);
            self.tasks.push(json!({
                "ID": id, "ServiceID": format!("id-{name}"), "NodeID": format!("id-{node}"), "Slot": slot + 1,
                "DesiredState": "running", "Status": {"State": "running", "Timestamp": "2026-11-21T00:00:00Z"},
            }));
            self.task_memory.insert(id, used * MIB);
            if let Some(memory) = self.memory.get_mut(*node) {
                memory.1 += used * MIB;
            }
        }
        self
    }

    /// Changes the spec of the service that was made last.
    pub fn with(mut self, change: impl FnOnce(&mut Value)) -> Self {
        change(&mut self.services.last_mut().unwrap()["Spec"]);
        self
    }

    pub fn snapshot_json(&self) -> Value {
        json!({
            "schema": "orca.snapshot/1", "taken_at": NOW, "api": "1.51",
            "info": {"Name": "n1", "ServerVersion": "28.5.2",
                "Swarm": {"NodeID": self.nodes[0]["ID"], "Cluster": {"ID": "cluster"}}},
            "nodes": self.nodes, "services": self.services, "tasks": self.tasks,
        })
    }

    pub fn metrics_json(&self) -> Value {
        let node = |(total, used): &(u64, u64)| json!({"total_bytes": total, "used_bytes": used});
        let task = |used: &u64| json!({"footprint_bytes": used, "working_set_bytes": used});
        json!({
            "schema": "orca.metrics/1", "taken_at": NOW,
            "nodes": self.memory.iter().map(|(name, memory)| (name.clone(), node(memory))).collect::<BTreeMap<_, _>>(),
            "tasks": self.task_memory.iter().map(|(id, used)| (id.clone(), task(used))).collect::<BTreeMap<_, _>>(),
        })
    }

    pub fn snapshot(&self) -> Snapshot {
        Snapshot::parse(&self.snapshot_json().to_string()).unwrap()
    }

    pub fn metrics(&self) -> Metrics {
        Metrics::parse(&self.metrics_json().to_string()).unwrap()
    }

    /// Plans with these settings and this memory.
    pub fn try_plan(&self, yaml: &str, memory: &Memory, request: &Request) -> anyhow::Result<Planned> {
        let (cluster, metrics, settings) = (self.snapshot(), self.metrics(), settings(yaml));
        let now = NOW.parse().unwrap();
        plan(&Input { cluster: &cluster, settings: &settings, metrics: Some(&metrics), memory, now }, request)
    }

    /// Plans without guard rails.
    pub fn unguarded(&self, goal: Goal) -> Planned {
        self.try_plan("", &Memory::default(), &Request { goal, guarded: false, at_once: false, start_first: false })
            .unwrap()
    }

    /// Plans with guard rails.
    pub fn guarded(&self, yaml: &str, memory: &Memory, goal: Goal) -> Planned {
        self.try_plan(yaml, memory, &Request { goal, guarded: true, at_once: false, start_first: false }).unwrap()
    }

    /// The cluster after a plan.
    pub fn after(&self, planned: &Planned) -> Self {
        let mut next = self.clone();
        for step in &planned.balance.moves {
            let task = next.tasks.iter_mut().find(|task| task["ID"] == step.task.as_str()).unwrap();
            assert_eq!(task["NodeID"], step.from.id.as_str());
            task["NodeID"] = json!(step.to.id);
            let used = self.task_memory[&step.task];
            next.memory.get_mut(&step.from.name).unwrap().1 -= used;
            next.memory.get_mut(&step.to.name).unwrap().1 += used;
        }
        next
    }
}

/// Settings of one text.
pub fn settings(yaml: &str) -> Settings {
    let source = Source { name: "orca.yml".to_owned(), kind: SourceKind::Main, text: yaml.to_owned() };
    parse(&[source], &BTreeMap::new()).unwrap()
}

/// `service.slot: from -> to` of every move.
pub fn moves(planned: &Planned) -> Vec<String> {
    let line = |m: &orca::pass::rebalance::balance::Move| {
        format!("{}.{}: {} -> {}", m.service.name, m.slot, m.from.name, m.to.name)
    };
    planned.balance.moves.iter().map(line).collect()
}

/// The reasons why the first task of a service can't move, as in the report.
pub fn reasons(planned: &Planned, service: &str) -> Vec<String> {
    let task = planned.balance.immovable.iter().find(|task| task.service == service && task.slot <= 1);
    let name = |finding: &orca::pass::rebalance::reason::Finding| {
        serde_json::to_value(finding.reason).unwrap().as_str().unwrap().to_owned()
    };
    task.map(|task| task.reasons.iter().map(name).collect()).unwrap_or_default()
}

/// At most so many restarts.
pub fn restarts(most: u32) -> Goal {
    Goal::Memory(Ask::Restarts(most))
}
