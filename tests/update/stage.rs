//! A simulated swarm with a registry, and orca beside it.

use serde_json::{Value, json};

use crate::common::cluster::text;
use crate::common::orca::Running;
use crate::common::poll;
pub(crate) use crate::common::stage::{Stage, ended};

use super::plan::digest;

impl Stage {
    /// A tag stands for this digest from now on.
    pub(crate) fn publish(&self, image: &str, letter: char) {
        let platforms = json!([{"architecture": "amd64", "os": "linux"}, {"architecture": "unknown", "os": "unknown"}]);
        let image = json!({"image": image, "digest": digest(letter), "platforms": platforms});
        self.sim.admin("/registry", &image).unwrap();
    }

    /// A service of `r.invalid/NAME:1` at the digest `a`, which is the newest.
    pub(crate) fn create(&self, name: &str, change: impl Fn(&mut Value)) {
        self.create_of(name, &format!("r.invalid/{name}:1"), change);
    }

    /// The same of another image.
    pub(crate) fn create_of(&self, name: &str, image: &str, change: impl Fn(&mut Value)) {
        self.publish(image, 'a');
        let mut spec = json!({"Name": name, "Labels": {"team": "x"}, "Mode": {"Replicated": {"Replicas": 2}},
            "TaskTemplate": {"ContainerSpec": {"Image": format!("{image}@{}", digest('a')), "Unknown": {"kept": true}},
                "Placement": {"Constraints": ["node.role==manager"]}, "RestartPolicy": {"Condition": "any", "Delay": 1_000_000}},
            "UpdateConfig": {"Parallelism": 1, "Monitor": 300_000_000, "FailureAction": "pause", "Order": "stop-first"}});
        change(&mut spec);
        self.service_of(&spec);
    }

    /// An update whose first write is done.
    pub(crate) fn begun(&self, options: &[&str]) -> Running {
        let running = self.orca.start(&[&["services", "update"], options].concat()).unwrap();
        poll::until("the rollout has begun", || {
            let begun = text(&self.spec("web")["TaskTemplate"]["ContainerSpec"]["Image"]) == image("web", 'b');
            Ok(if begun { Vec::new() } else { vec!["not yet".to_owned()] })
        })
        .unwrap();
        running
    }

    /// Images that have this in their name end like that.
    pub(crate) fn broken(&self, part: &str, state: &str, err: &str) {
        self.sim.admin("/images", &json!({"match": part, "state": state, "err": err})).unwrap();
    }

    /// Waits for this state of the engine's rollout.
    pub(crate) fn reached(&self, state: &str) {
        poll::until("the engine's rollout goes on", || {
            let now = text(&self.cluster().service("web")?["UpdateStatus"]["State"]);
            Ok(if now == state { Vec::new() } else { vec![format!("{now}, not yet {state}")] })
        })
        .unwrap();
    }

    /// A task of it ends badly.
    pub(crate) fn ends_badly(&self, slot: u64) {
        let dies = json!({"service": "web", "slot": slot, "state": "failed", "err": "task: non-zero exit (137)"});
        self.sim.admin("/tasks", &dies).unwrap();
    }

    pub(crate) fn count(&self, begin: &str) -> u64 {
        let counts = self.sim.requests().unwrap()["counts"].clone();
        let counts = counts.as_object().unwrap().iter();
        counts.filter(|(path, _)| path.starts_with(begin)).filter_map(|(_, count)| count.as_u64()).sum()
    }
}

/// How the update of each service ended.
pub(crate) fn outcomes(report: &Value) -> Vec<(String, String)> {
    let entries = report["data"]["updates"].as_array().unwrap().iter();
    let entries = entries.filter(|entry| entry.get("outcome").is_some());
    entries.map(|entry| (text(&entry["service"]), text(&entry["outcome"]))).collect()
}

pub(crate) fn image(name: &str, letter: char) -> String {
    format!("r.invalid/{name}:1@{}", digest(letter))
}
