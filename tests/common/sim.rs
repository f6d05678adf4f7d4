//! A simulated engine: an `orca sim` process with the cluster that a test asks for.

use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::http::Engine;
use super::poll;

/// Ended when dropped.
#[derive(Debug)]
pub struct Sim {
    pub engine: Engine,
    _folder: TempDir,
    process: Child,
}

impl Sim {
    /// Nodes of these names, the first `managers` of them managers; the first is the one that is asked, and leads.
    pub fn start(names: &[String], managers: usize, start_delay: &str) -> Result<Self> {
        let nodes: Vec<_> = names.iter().enumerate().map(|(at, name)| node(at, name, at < managers)).collect();
        Self::from(&nodes, &json!({"NodeID": node_id(0)}), start_delay)
    }

    /// A node of the cluster with this id.
    pub fn of_cluster(id: &str) -> Result<Self> {
        Self::from(&[node(0, "node-1", true)], &json!({"NodeID": node_id(0), "Cluster": {"ID": id}}), "0s")
    }

    fn from(nodes: &[Value], swarm: &Value, start_delay: &str) -> Result<Self> {
        let snapshot = json!({
            "schema": "orca.snapshot/1", "taken_at": "2026-01-01T00:00:00Z", "api": "1.51",
            "info": {"Name": nodes[0]["Description"]["Hostname"], "Swarm": swarm},
            "nodes": nodes, "services": [], "tasks": [],
        });
        let folder = tempfile::tempdir()?;
        let (socket, from) = (folder.path().join("sim.sock"), folder.path().join("cluster.json"));
        std::fs::write(&from, snapshot.to_string())?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_orca"));
        command.arg("sim").arg("--listen").arg(&socket).arg("--from").arg(&from).args(["--start-delay", start_delay]);
        // What it has put down somewhere when it is killed goes with the folder.
        command.stdin(Stdio::null()).stdout(Stdio::null()).env("TMPDIR", folder.path());
        let process = command.spawn().context("start the simulated engine")?;
        // From here on a failure ends the process too.
        let sim = Self { engine: Engine::new(&socket), _folder: folder, process };
        poll::until("the simulated engine listens", || {
            UnixStream::connect(&socket)?;
            Ok(Vec::new())
        })?;
        Ok(sim)
    }

    /// Three managers, `node-1` to `node-3`.
    pub fn three() -> Result<Self> {
        let names = [1, 2, 3].map(|number| format!("node-{number}"));
        Self::start(&names, 3, "0s")
    }

    pub fn admin(&self, path: &str, body: &Value) -> Result<Value> {
        self.engine.post(&format!("/_sim{path}"), body)
    }

    /// Forgets the requests so far.
    pub fn reset_requests(&self) -> Result<()> {
        self.engine.ask("DELETE", "/_sim/requests", None).map(drop)
    }

    /// The requests since they were last forgotten.
    pub fn requests(&self) -> Result<Value> {
        self.engine.get("/_sim/requests")
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Ids in the engine's form.
fn node_id(at: usize) -> String {
    format!("{:x<25}", format!("node{}", at + 1))
}

fn node(at: usize, hostname: &str, manager: bool) -> Value {
    let (stamp, addr) = ("2026-01-01T00:00:00.123456789Z", format!("10.0.0.{}", at + 1));
    let mut node = json!({
        "ID": node_id(at), "Version": {"Index": 10 + at}, "CreatedAt": stamp, "UpdatedAt": stamp,
        "Spec": {"Labels": {}, "Role": if manager { "manager" } else { "worker" }, "Availability": "active"},
        "Description": {
            "Hostname": hostname, "Platform": {"Architecture": "x86_64", "OS": "linux"},
            "Resources": {"NanoCPUs": 8_000_000_000_u64, "MemoryBytes": 16_777_216_000_u64},
            "Engine": {"EngineVersion": "28.5.2"},
        },
        "Status": {"State": "ready", "Addr": addr},
    });
    if manager {
        let status = json!({"Reachability": "reachable", "Leader": at == 0, "Addr": format!("{addr}:2377")});
        node["ManagerStatus"] = status;
    }
    node
}
