//! A simulated swarm of three nodes with a few tasks, and orca against it.

use std::path::PathBuf;
use std::time::Instant;

use assert_cmd::Command;
use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The files of a test, and what its commands are run with.
pub struct Swarm {
    dir: TempDir,
    config: String,
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
    pub seconds: f64,
}

impl Ended {
    fn of(mut command: Command) -> Self {
        let begun = Instant::now();
        let output = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self {
            code: output.status.code().unwrap(),
            out: text(&output.stdout),
            err: text(&output.stderr),
            seconds: begun.elapsed().as_secs_f64(),
        }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl Swarm {
    /// Nodes `n1` to `n3`, 10.0.0.1 and so on; `config` is `rebalance.metrics`, one line of YAML.
    pub fn new(config: &str) -> Self {
        Self::with(config, |_| {})
    }

    /// The same with changes to the snapshot.
    pub fn with(config: &str, change: impl FnOnce(&mut Value)) -> Self {
        let mut snapshot = snapshot();
        change(&mut snapshot);
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("cluster.json"), snapshot.to_string()).unwrap();
        let swarm = Self { dir, config: String::new() };
        swarm.configured(config)
    }

    /// The same swarm with other settings.
    pub fn configured(mut self, config: &str) -> Self {
        self.config = format!("rebalance: {{metrics: {config}}}");
        self
    }

    /// The same swarm with `nodes`, one line of YAML.
    pub fn with_nodes(mut self, nodes: &str) -> Self {
        self.config = format!("{}\nnodes: {nodes}", self.config);
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name).to_str().unwrap().to_owned()
    }

    /// `orca ARGS` against a simulation of this swarm.
    pub fn orca(&self, args: &[&str]) -> Ended {
        let orca = assert_cmd::cargo::cargo_bin!("orca");
        let mut command = Command::new(orca);
        command.env_clear().args(["sim", "--from"]).arg(self.path("cluster.json")).arg("--").arg(orca);
        self.finish(command, args)
    }

    /// A command against a simulation of this swarm; after its own arguments come orca, the config and the state.
    pub fn sim(&self, command: &[&str]) -> Ended {
        let orca = assert_cmd::cargo::cargo_bin!("orca");
        std::fs::write(self.path("orca.yml"), &self.config).unwrap();
        let mut sim = Command::new(orca);
        sim.args(["sim", "--from"]).arg(self.path("cluster.json")).arg("--").args(command).arg(orca);
        sim.arg(self.path("orca.yml")).arg(self.path("state"));
        Ended::of(sim)
    }

    /// `orca ARGS` without an engine.
    pub fn offline(&self, args: &[&str]) -> Ended {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("orca"));
        command.env_clear();
        self.finish(command, args)
    }

    fn finish(&self, mut command: Command, args: &[&str]) -> Ended {
        std::fs::write(self.path("orca.yml"), &self.config).unwrap();
        command.arg("-c").arg(self.path("orca.yml")).arg("--state-dir").arg(self.path("state"));
        command.args(args).args(["-o", "json"]);
        Ended::of(command)
    }
}

pub const GIB: u64 = 1 << 30;

fn snapshot() -> Value {
    let node = |number: u64| {
        json!({
            "ID": format!("id-n{number}"), "Version": {"Index": 10 + number},
            "CreatedAt": "2026-01-01T00:00:00Z", "UpdatedAt": "2026-01-01T00:00:00Z",
            "Spec": {"Role": if number == 1 { "manager" } else { "worker" }, "Availability": "active", "Labels": {}},
            "Description": {"Hostname": format!("n{number}"), "Platform": {"OS": "linux", "Architecture": "x86_64"},
                "Resources": {"NanoCPUs": 8_000_000_000_u64, "MemoryBytes": 8 * GIB}, "Engine": {"EngineVersion": "28.5.2"}},
            "Status": {"State": "ready", "Addr": format!("10.0.0.{number}")},
            "ManagerStatus": if number == 1 { json!({"Leader": true, "Reachability": "reachable", "Addr": "10.0.0.1:2377"}) } else { Value::Null },
        })
    };
    let service = |name: &str, reserved: u64| {
        let resources = json!({"Reservations": {"MemoryBytes": reserved}});
        let template = json!({"ContainerSpec": {"Image": "app:1"}, "Resources": resources, "Placement": {}});
        json!({
            "ID": format!("id-{name}"), "Version": {"Index": 100},
            "CreatedAt": "2026-01-01T00:00:00Z", "UpdatedAt": "2026-01-01T00:00:00Z",
            "Spec": {"Name": name, "Labels": {}, "TaskTemplate": template, "Mode": {"Replicated": {"Replicas": 1}},
                "EndpointSpec": {"Mode": "vip"}},
        })
    };
    let task = |name: &str, node: &str| {
        json!({
            "ID": format!("task-{name}"), "Version": {"Index": 200}, "ServiceID": format!("id-{name}"),
            "NodeID": format!("id-{node}"), "Slot": 1, "DesiredState": "running",
            "CreatedAt": "2026-01-01T00:00:00Z", "UpdatedAt": "2026-01-01T00:00:00Z",
            "Spec": {"ContainerSpec": {"Image": "app:1"}, "Placement": {}},
            "Status": {"State": "running", "Timestamp": "2026-01-01T00:00:00Z",
                "ContainerStatus": {"ContainerID": format!("c-{name}")}},
        })
    };
    json!({
        "schema": "orca.snapshot/1", "taken_at": Timestamp::now().to_string(), "api": "1.51",
        "info": {"Name": "n1", "ServerVersion": "28.5.2", "Swarm": {"NodeID": "id-n1", "Cluster": {"ID": "cluster"}}},
        "nodes": [node(1), node(2), node(3)],
        "services": [service("db", 2 * GIB), service("web", GIB), service("tool", 0)],
        "tasks": [task("db", "n1"), task("web", "n1"), task("tool", "n2")],
    })
}
