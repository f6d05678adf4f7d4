//! Three managers of a simulated swarm, and orca before them. Each group of tests adds what it needs by an `impl` of its own.

#![expect(clippy::unwrap_used, reason = "a test whose stage does not stand fails")]

use serde_json::Value;

use super::cluster::Cluster;
use super::orca::{Ended, Orca};
use super::poll;
use super::sim::Sim;

pub struct Stage {
    pub sim: Sim,
    pub orca: Orca,
}

impl Stage {
    /// `node-1` to `node-3`, and nothing else.
    pub fn new() -> Self {
        let sim = Sim::three().unwrap();
        let orca = Orca::new(&sim.engine.host()).unwrap();
        Self { sim, orca }
    }

    /// Creates a service, and waits for its tasks.
    pub fn service_of(&self, spec: &Value) {
        self.sim.engine.post("/services/create", spec).unwrap();
        self.settled();
    }

    pub fn settled(&self) {
        poll::until("the cluster rests", || self.cluster().unsettled()).unwrap();
    }

    pub fn cluster(&self) -> Cluster {
        Cluster::peek(&self.sim.engine).unwrap()
    }

    pub fn spec(&self, name: &str) -> Value {
        self.cluster().service(name).unwrap()["Spec"].clone()
    }

    /// Exit code and report of a command.
    pub fn run(&self, args: &[&str]) -> (i32, Value) {
        ended(&self.orca.run(args).unwrap())
    }

    /// Writes that reached the engine since [`Sim::reset_requests`].
    pub fn writes(&self) -> u64 {
        self.sim.requests().unwrap()["writes"].as_u64().unwrap()
    }
}

/// Exit code and report.
pub fn ended(ended: &Ended) -> (i32, Value) {
    (ended.exit.unwrap(), ended.report().unwrap_or_else(|error| panic!("{error:#}")))
}
