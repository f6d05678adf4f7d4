//! What goes wrong in real life, on the simulated engine: for each fault the exit code, the report, and what the
//! engine saw of it.

#[path = "../common/mod.rs"]
#[expect(dead_code, reason = "scenarios need all of it, faults only the processes")]
mod common;

mod config;
mod engine;
mod process;
mod rounds;
mod state;
mod writes;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use common::cluster::Cluster;
use common::orca::{Ended, Orca, Running};
use common::poll;
use common::sim::Sim;

/// A label on each of three nodes: three writes, on one object each.
const LABELS: &str = "nodes: { node-1: { labels: [ssd] }, node-2: { labels: [ssd] }, node-3: { labels: [ssd] } }\n";

/// Three simulated managers, and an orca that is to label them.
struct Stage {
    sim: Sim,
    orca: Orca,
}

impl Stage {
    fn new() -> Result<Self> {
        Self::with(LABELS)
    }

    fn with(config: &str) -> Result<Self> {
        let sim = Sim::three()?;
        let orca = Orca::new(&sim.engine.host())?;
        orca.config(config)?;
        Ok(Self { sim, orca })
    }

    fn fault(&self, fault: &Value) -> Result<()> {
        self.sim.admin("/fault", fault).map(drop)
    }

    fn clear(&self) -> Result<()> {
        self.sim.engine.ask("DELETE", "/_sim/fault", None).map(drop)
    }

    /// Holds the write number `after`, counted from 0, until the faults are cleared.
    fn hold(&self, after: u64) -> Result<()> {
        self.fault(&json!({"kind": "hold", "method": "POST", "after": after, "times": 1}))
    }

    /// Waits until that write has arrived.
    fn held(&self) -> Result<()> {
        poll::until("a write is held", || {
            let state = self.sim.engine.get("/_sim/state")?;
            let holds = state["faults"].as_array().into_iter().flatten().any(|fault| fault["struck"] == 1);
            Ok(if holds { Vec::new() } else { vec![state["faults"].to_string()] })
        })
    }

    fn sync(&self, args: &[&str]) -> Result<(Ended, Value)> {
        self.run(&[&["labels", "sync"], args].concat())
    }

    fn run(&self, args: &[&str]) -> Result<(Ended, Value)> {
        let ended = self.orca.run(args)?;
        let report = ended.report()?;
        Ok((ended, report))
    }

    fn start(&self, args: &[&str]) -> Result<Running> {
        self.orca.start(&[&["labels", "sync"], args].concat())
    }

    fn cluster(&self) -> Result<Cluster> {
        Cluster::peek(&self.sim.engine)
    }

    /// The nodes that have the label.
    fn labelled(&self) -> Result<Vec<String>> {
        let cluster = self.cluster()?;
        let has = |name: &&str| cluster.node(name).is_ok_and(|node| node["Spec"]["Labels"]["ssd"] == "true");
        Ok(["node-1", "node-2", "node-3"].iter().copied().filter(has).map(str::to_owned).collect())
    }

    /// Writes that the engine has seen, answered or not.
    fn writes(&self) -> Result<u64> {
        Ok(self.sim.requests()?["writes"].as_u64().unwrap_or_default())
    }

    /// Without faults one more pass completes, and the next has nothing to do.
    fn recovers(&self) -> Result<()> {
        self.clear()?;
        let (ended, report) = self.sync(&[])?;
        ensure!(ended.exit == Some(0) && report["summary"]["failed"] == 0, "no recovery: {ended}");
        ensure!(self.labelled()?.len() == 3, "not all is done: {ended}");
        let (ended, report) = self.sync(&[])?;
        ensure!(ended.exit == Some(0) && report["outcome"] == "unchanged", "not settled: {ended}");
        Ok(())
    }

    /// What `orca history` lists, newest first, as `KIND NODE STATUS`.
    fn history(&self) -> Result<Vec<String>> {
        let report = self.orca.run(&["history", "-o", "json"])?.report()?;
        let rows = report["data"]["history"].as_array().cloned().unwrap_or_default();
        let text = |row: &Value, key: &str| common::cluster::text(&row[key]);
        let line = |row: &Value| format!("{} {} {}", text(row, "kind"), text(row, "target_name"), text(row, "status"));
        Ok(rows.iter().map(line).collect())
    }
}

/// A service of one replica.
fn service(name: &str, constraints: &[&str]) -> Value {
    json!({"Name": name, "Mode": {"Replicated": {"Replicas": 1}}, "TaskTemplate":
        {"ContainerSpec": {"Image": "127.0.0.1:1/bb:1"}, "Placement": {"Constraints": constraints}}})
}

/// The status of each action, in order.
fn statuses(report: &Value) -> Vec<&str> {
    report["actions"].as_array().into_iter().flatten().filter_map(|action| action["status"].as_str()).collect()
}

/// The command failed before it did anything: this exit code, this kind of error, no write.
fn assert_refused(stage: &Stage, (ended, report): &(Ended, Value), exit: i32, kind: &str) -> Result<()> {
    assert_eq!(ended.exit, Some(exit), "{ended}");
    assert_eq!(report["error"]["kind"], kind, "{ended}");
    assert_eq!(report["outcome"], "failed", "{ended}");
    assert_eq!(report["actions"], json!([]), "{ended}");
    assert!(ended.stderr.starts_with("error: "), "{ended}");
    assert_eq!(stage.writes()?, 0, "{ended}");
    Ok(())
}
