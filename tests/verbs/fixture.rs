//! A swarm with one of everything that goes wrong, as a snapshot file.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::common::orca::{Ended, Orca};

/// The engine's clock when the snapshot was taken.
const NOW: &str = "2026-11-21T12:00:00Z";

pub(crate) fn node(name: &str, change: impl Fn(&mut Value)) -> Value {
    let mut node = json!({"ID": format!("id-{name}"), "Version": {"Index": 1},
        "Spec": {"Role": "worker", "Availability": "active", "Labels": {}},
        "Description": {"Hostname": name, "Platform": {"OS": "linux", "Architecture": "x86_64"},
            "Resources": {"NanoCPUs": 4_000_000_000_u64, "MemoryBytes": 8_u64 << 30},
            "Engine": {"EngineVersion": "28.5.2"}},
        "Status": {"State": "ready", "Addr": "10.0.0.1"}});
    change(&mut node);
    node
}

pub(crate) fn service(name: &str, replicas: u64, change: impl Fn(&mut Value)) -> Value {
    let mut service = json!({"ID": format!("id-{name}"), "Version": {"Index": 7}, "Spec": {"Name": name, "Labels": {},
        "Mode": {"Replicated": {"Replicas": replicas}},
        "TaskTemplate": {"ContainerSpec": {"Image": format!("reg/{name}:1")}, "Placement": {}, "ForceUpdate": 0}}});
    change(&mut service);
    service
}

pub(crate) fn task(service: &str, slot: u64, node: &str, state: &str, change: impl Fn(&mut Value)) -> Value {
    let node = if node.is_empty() { String::new() } else { format!("id-{node}") };
    let mut task = json!({"ID": format!("task-{service}-{slot}"), "ServiceID": format!("id-{service}"), "NodeID": node,
        "Slot": slot, "CreatedAt": "2026-11-21T11:50:00Z", "DesiredState": "running",
        "Spec": {"ContainerSpec": {"Image": format!("reg/{service}:1")}, "ForceUpdate": 0},
        "Status": {"State": state, "Timestamp": "2026-11-21T11:50:01.5Z"}});
    change(&mut task);
    task
}

/// A task that has ended badly, two minutes ago.
pub(crate) fn failed(service: &str, slot: u64, node: &str, err: &str) -> Value {
    task(service, slot, node, "failed", |task| {
        task["ID"] = format!("gone-{service}-{slot}").into();
        task["DesiredState"] = "shutdown".into();
        task["Status"]["Timestamp"] = "2026-11-21T11:57:50Z".into();
        task["Status"]["Err"] = err.into();
    })
}

pub(crate) fn snapshot(nodes: &[Value], services: &[Value], tasks: &[Value]) -> Value {
    json!({"schema": "orca.snapshot/1", "taken_at": NOW, "api": "1.51",
        "info": {"Name": "n1", "SystemTime": NOW, "Swarm": {"NodeID": "id-n1", "Cluster": {"ID": "c"}}},
        "nodes": nodes, "services": services, "tasks": tasks})
}

fn manager(node: &mut Value, leader: bool, reachable: bool) {
    node["Spec"]["Role"] = "manager".into();
    let reachability = if reachable { "reachable" } else { "unreachable" };
    node["ManagerStatus"] = json!({"Leader": leader, "Reachability": reachability, "Addr": "10.0.0.1:2377"});
}

/// Everything that can be wrong at once.
pub(crate) fn troubled() -> Value {
    let nodes = [
        node("n1", |node| {
            manager(node, true, true);
            node["Spec"]["Labels"] = json!({"zone": "a"});
        }),
        node("n2", |node| manager(node, false, true)),
        node("n3", |node| {
            manager(node, false, false);
            node["Status"]["State"] = "down".into();
        }),
        node("n4", |node| node["Spec"]["Availability"] = "drain".into()),
        node("n2", |node| {
            node["ID"] = "id-ghost".into();
            node["Status"]["State"] = "down".into();
        }),
    ];
    let digest = format!("@sha256:{}", "0123456789abcdef".repeat(4));
    let services = [
        service("web", 2, |service| {
            service["Spec"]["Labels"] = json!({"com.docker.stack.namespace": "shop"});
            service["Spec"]["TaskTemplate"]["ContainerSpec"] =
                json!({"Image": format!("reg:5000/web:2{digest}"), "Env": ["PASSWORD=hunter2"]});
            service["PreviousSpec"] = service["Spec"].clone();
            service["PreviousSpec"]["TaskTemplate"]["ContainerSpec"] =
                json!({"Image": "reg:5000/web:1", "Env": ["PASSWORD=hunter3", "OLD=1"]});
        }),
        service("web_db", 1, |service| {
            service["Spec"]["Labels"] = json!({"com.docker.stack.namespace": "shop"});
            service["UpdateStatus"] = json!({"State": "paused", "Message": "update paused due to failure of task x"});
            service["Spec"]["TaskTemplate"]["Placement"] = json!({"Constraints": ["node.labels.zone==a"]});
            service["Spec"]["TaskTemplate"]["ContainerSpec"]["Mounts"] =
                json!([{"Type": "volume", "Source": "data", "Target": "/data"}]);
        }),
        service("lost", 1, |service| {
            service["Spec"]["TaskTemplate"]["Placement"] = json!({"Constraints": ["node.labels.zone==mars"]});
        }),
        service("crash", 1, |_| ()),
        service("asleep", 0, |service| service["Spec"]["Labels"] = json!({"orca.stopped": "3"})),
        service("agent", 0, |service| service["Spec"]["Mode"] = json!({"Global": {}})),
    ];
    let web = |task: &mut Value| task["Spec"]["ContainerSpec"]["Image"] = format!("reg:5000/web:2{digest}").into();
    let tasks = [
        task("web", 1, "n1", "running", web),
        task("web", 2, "n2", "running", web),
        task("web_db", 1, "n1", "running", |_| ()),
        task("lost", 1, "", "pending", |task| {
            task["Status"]["Err"] = "no suitable node (scheduling constraints not satisfied on 5 nodes)".into();
        }),
        task("crash", 1, "n2", "starting", |_| ()),
        failed("crash", 1, "n2", "task: non-zero exit (3)"),
        task("agent", 0, "n1", "running", |_| ()),
        task("agent", 0, "n2", "running", |task| task["ID"] = "task-agent-b".into()),
        // On a node that is down, it says that it runs for a long time.
        task("web", 1, "n3", "running", |task| {
            task["ID"] = "zombie".into();
            task["DesiredState"] = "shutdown".into();
        }),
    ];
    snapshot(&nodes, &services, &tasks)
}

pub(crate) fn well() -> Value {
    let nodes = ["n1", "n2", "n3"].map(|name| node(name, |node| manager(node, name == "n1", true)));
    snapshot(&nodes, &[service("web", 1, |_| ())], &[task("web", 1, "n2", "running", |_| ())])
}

/// orca beside a snapshot file.
pub(crate) struct Desk {
    orca: Orca,
}

impl Desk {
    pub(crate) fn new(snapshot: &Value) -> Self {
        let orca = Orca::new("unix:///nowhere.sock").unwrap();
        std::fs::write(orca.path("s.json"), snapshot.to_string()).unwrap();
        Self { orca }
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        self.orca.run(&[&["--snapshot", "s.json"], args].concat()).unwrap()
    }

    /// Text and exit code of a command.
    pub(crate) fn text(&self, args: &[&str]) -> String {
        let path: PathBuf = self.orca.path("s.json");
        assert!(path.exists());
        let ended = self.run(&[&["-o", "text"], args].concat());
        format!("{}--- exit {}\n{}", ended.stdout, ended.exit.unwrap(), ended.stderr)
    }

    pub(crate) fn json(&self, args: &[&str]) -> (i32, Value) {
        let ended = self.run(&[&["-o", "json"], args].concat());
        (ended.exit.unwrap(), ended.report().unwrap())
    }
}
