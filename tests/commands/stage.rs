//! A simulated swarm with an anchor and what follows it, and an orca to run on it.

use anyhow::Result;
use serde_json::{Value, json};

use crate::common::cluster::Cluster;
use crate::common::orca::{Ended, Orca};
use crate::common::sim::Sim;

pub const CONFIG: &str = "stack: web\nnodes: { node-1: { labels: { zone: a } } }\ndependencies: { db: [app] }\n";

pub struct Stage {
    pub sim: Sim,
    pub orca: Orca,
}

impl Stage {
    pub fn new(config: &str) -> Result<Self> {
        let sim = Sim::three()?;
        for (name, constraint) in [("web_db", "node.hostname==node-2"), ("web_app", "node.labels.db==true")] {
            let spec = json!({
                "Name": name,
                "TaskTemplate": {
                    "ContainerSpec": {"Image": "127.0.0.1:1/bb:1"}, "Placement": {"Constraints": [constraint]},
                },
                "Mode": {"Replicated": {"Replicas": 1}},
            });
            sim.engine.post("/services/create", &spec)?;
        }
        let orca = Orca::new(&sim.engine.host())?;
        orca.config(config)?;
        Ok(Self { sim, orca })
    }

    /// Runs orca, and checks its exit code.
    pub fn run(&self, args: &[&str], exit: i32) -> Result<(Ended, Value)> {
        let ended = self.orca.run(args)?;
        assert_eq!(ended.exit, Some(exit), "{ended}");
        let report = ended.report()?;
        Ok((ended, report))
    }

    pub fn write(&self, name: &str, text: &str) -> Result<()> {
        Ok(std::fs::write(self.orca.path(name), text)?)
    }

    pub fn read(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.orca.path(name)).ok()
    }

    /// How often a service was restarted by force.
    pub fn forced(&self, name: &str) -> Result<u64> {
        let cluster = Cluster::peek(&self.sim.engine)?;
        Ok(cluster.service(name)?["Spec"]["TaskTemplate"]["ForceUpdate"].as_u64().unwrap_or_default())
    }

    /// A label of a node.
    pub fn label(&self, node: &str, key: &str) -> Result<Option<String>> {
        let cluster = Cluster::peek(&self.sim.engine)?;
        Ok(cluster.node(node)?["Spec"]["Labels"][key].as_str().map(str::to_owned))
    }

    /// Labels of the swarm itself.
    pub fn swarm_labels(&self) -> Result<Value> {
        Ok(self.sim.engine.get("/swarm")?["Spec"]["Labels"].clone())
    }

    /// Writes that reached the engine since [`Sim::reset_requests`].
    pub fn writes(&self) -> Result<u64> {
        Ok(self.sim.requests()?["writes"].as_u64().unwrap_or(u64::MAX))
    }
}
