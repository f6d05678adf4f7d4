//! A simulated swarm, a directory of definitions, and orca between them.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::common::orca::Ended;
pub(crate) use crate::common::stage::Stage;

pub(crate) const IMAGE: &str = "127.0.0.1:1/bb:1";

impl Stage {
    /// Three managers and an empty directory of definitions.
    pub(crate) fn with_definitions() -> Self {
        let stage = Self::new();
        stage.orca.config("catalog: {definitions: defs}\n").unwrap();
        std::fs::create_dir(stage.orca.path("defs")).unwrap();
        stage
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.orca.path("defs").join(name)
    }

    pub(crate) fn define(&self, file: &str, text: &str) {
        std::fs::write(self.file(file), text).unwrap();
    }

    /// A definition of the image that is there.
    pub(crate) fn plain(&self, name: &str, more: &str) {
        self.define(&format!("{name}.yml"), &format!("image: {IMAGE}\n{more}"));
    }

    pub(crate) fn catalog(&self, args: &[&str]) -> Ended {
        self.orca.run(&[&["catalog"], args].concat()).unwrap()
    }

    /// The report of a command that has ended with this code.
    pub(crate) fn report(&self, code: i32, args: &[&str]) -> Value {
        let ended = self.catalog(args);
        assert_eq!(ended.exit, Some(code), "{ended}");
        ended.report().unwrap()
    }

    /// Inserted, updated, deleted, `state_updated`.
    pub(crate) fn reconcile(&self, more: &[&str]) -> [u64; 4] {
        counts(&self.report(0, &[&["reconcile"], more].concat()))
    }

    pub(crate) fn service(&self, name: &str) -> Option<Value> {
        let services = self.sim.engine.get("/services").unwrap();
        services.as_array().unwrap().iter().find(|service| service["Spec"]["Name"] == name).cloned()
    }

    /// Name and status of each row.
    pub(crate) fn statuses(&self) -> Vec<(String, String)> {
        let listed = self.report(0, &["ls"]);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let rows = listed["data"]["services"].as_array().unwrap().iter();
        rows.map(|row| (text(&row["name"]), text(&row["status"]))).collect()
    }

    /// Somebody else changes a service.
    pub(crate) fn meddle(&self, name: &str, change: impl Fn(&mut Value)) {
        let service = self.service(name).unwrap();
        let mut spec = service["Spec"].clone();
        change(&mut spec);
        let (id, version) = (service["ID"].as_str().unwrap(), &service["Version"]["Index"]);
        self.sim.engine.post(&format!("/services/{id}/update?version={version}"), &spec).unwrap();
    }
}

pub(crate) fn counts(report: &Value) -> [u64; 4] {
    ["inserted", "updated", "deleted", "state_updated"].map(|key| report["data"][key].as_u64().unwrap())
}

pub(crate) fn kinds(report: &Value) -> Vec<&str> {
    report["actions"].as_array().unwrap().iter().map(|action| action["kind"].as_str().unwrap()).collect()
}

pub(crate) fn stranger(name: &str) -> Value {
    json!({"Name": name, "Labels": {"team": "x"}, "Mode": {"Replicated": {"Replicas": 1}},
        "TaskTemplate": {"ContainerSpec": {"Image": IMAGE}, "Placement": {}}})
}
