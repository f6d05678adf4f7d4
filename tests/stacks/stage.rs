//! A simulated swarm, a folder with compose files, and orca between them.

use serde_json::Value;

use crate::common::orca::Ended;
pub(crate) use crate::common::stage::Stage;

pub(crate) const IMAGE: &str = "127.0.0.1:1/bb:1";

impl Stage {
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.orca.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn stacks(&self, args: &[&str]) -> Ended {
        self.orca.run(&[&["stacks"], args].concat()).unwrap()
    }

    /// The report of a command that has ended with this code.
    pub(crate) fn report(&self, code: i32, args: &[&str]) -> Value {
        let ended = self.stacks(args);
        assert_eq!(ended.exit, Some(code), "{ended}");
        ended.report().unwrap()
    }

    /// Writes the file and deploys it as the stack `shop`.
    pub(crate) fn deploy(&self, code: i32, text: &str, more: &[&str]) -> Value {
        self.write("stack.yml", text);
        self.report(code, &[&["deploy", "stack.yml", "--stack", "shop"], more].concat())
    }

    pub(crate) fn service(&self, name: &str) -> Option<Value> {
        self.listed("/services").into_iter().find(|service| service["Spec"]["Name"] == name)
    }

    pub(crate) fn listed(&self, path: &str) -> Vec<Value> {
        self.sim.engine.get(path).unwrap().as_array().unwrap().clone()
    }

    /// Networks, secrets and configs of the stack `shop`, and its services, by kind and name.
    pub(crate) fn all(&self) -> Vec<String> {
        let label = |raw: &Value| raw["Labels"]["com.docker.stack.namespace"] == "shop";
        let mut all = Vec::new();
        for kind in ["services", "networks", "secrets", "configs"] {
            for raw in self.listed(&format!("/{kind}")) {
                let raw = if kind == "networks" { &raw } else { &raw["Spec"] };
                if label(raw) {
                    all.push(format!("{kind} {}", raw["Name"].as_str().unwrap()));
                }
            }
        }
        all.sort();
        all
    }
}

pub(crate) fn strings<'r>(report: &'r Value, list: &str, key: &str) -> Vec<&'r str> {
    report[list].as_array().unwrap().iter().map(|one| one[key].as_str().unwrap()).collect()
}

pub(crate) fn kinds(report: &Value) -> Vec<&str> {
    strings(report, "actions", "kind")
}
