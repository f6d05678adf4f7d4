//! `gc --via service` against a simulated swarm, whose tasks run nothing: what the service is, when it is refused, and
//! that it never stays. What its tasks do is tried on a simulated engine directly, and as a whole on a lab.

use std::process::{Child, Command, Stdio};

use orca::gc::order::GcOrder;
use orca::pass::gc::keep::Keep;
use orca::settings::Gc;
use serde_json::{Value, json};

use crate::common::poll;
use crate::common::sim::Sim;
use crate::gc::cluster;

const CONFIG: &str = "gc: { service: { image: '127.0.0.1:1/orca:1' } }";

/// An orca with a state directory of its own.
struct Host {
    dir: tempfile::TempDir,
    sim: Sim,
}

impl Host {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), sim: Sim::three().unwrap() }
    }

    fn command(&self, config: &str, state: &str, args: &[&str]) -> Command {
        let file = self.dir.path().join("orca.yml");
        std::fs::write(&file, config).unwrap();
        let mut orca = Command::new(env!("CARGO_BIN_EXE_orca"));
        orca.env_clear().args(["-o", "json", "-H", &self.sim.engine.host(), "-c"]).arg(file);
        orca.arg("--state-dir").arg(self.dir.path().join(state)).args(args);
        orca.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        orca
    }

    fn orca(&self, config: &str, state: &str, args: &[&str]) -> (i32, Value) {
        let output = self.command(config, state, args).output().unwrap();
        (output.status.code().unwrap(), serde_json::from_slice(&output.stdout).unwrap_or_default())
    }

    fn services(&self) -> Vec<Value> {
        self.sim.engine.get("/services").unwrap().as_array().unwrap().clone()
    }

    fn configs(&self) -> usize {
        self.sim.engine.get("/configs").unwrap().as_array().unwrap().len()
    }

    /// Starts it, and waits until its service is there.
    fn start(&self, state: &str) -> (Child, Value) {
        let child = self.command(CONFIG, state, &["gc", "--via", "service"]).spawn().unwrap();
        poll::until("the service", || {
            Ok(if self.services().is_empty() { vec!["it is not there".to_owned()] } else { Vec::new() })
        })
        .unwrap();
        (child, self.services().remove(0))
    }
}

#[test]
fn what_it_starts_can_write_nothing_but_by_the_engine_and_leaves_its_nodes() {
    let host = Host::new();
    let (mut child, service) = host.start("state");
    let spec = &service["Spec"];
    assert_eq!(spec["Mode"], json!({"Global": {}}));
    let template = &spec["TaskTemplate"];
    assert_eq!(template["RestartPolicy"]["Condition"], "none");
    assert!(template["Placement"].is_object() && template["Networks"].is_null());
    let container = &template["ContainerSpec"];
    assert_eq!((&container["ReadOnly"], &container["CapabilityDrop"]), (&json!(true), &json!(["ALL"])));
    assert_eq!(container["Mounts"][0]["Source"], "/var/run/docker.sock");
    assert_eq!(host.configs(), 1);
    // Nobody answers; a signal ends the listening.
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert_eq!((host.services().len(), host.configs()), (0, 0), "removed, also after a signal");
}

#[test]
fn tasks_that_fail_are_told_and_the_service_is_removed() {
    let host = Host::new();
    host.sim.admin("/images", &json!({"match": "orca:1", "state": "rejected", "err": "No such image: x"})).unwrap();
    let (exit, report) = host.orca(CONFIG, "state", &["gc", "--via", "service"]);
    let message = report["error"]["message"].as_str().unwrap();
    assert!(exit == 1 && message.contains("3 of 3 nodes failed") && message.contains("No such image: x"), "{message}");
    assert_eq!((host.services().len(), host.configs()), (0, 0));
    assert_eq!(report["warnings"][0]["code"], "gc_service", "that a service was started is said");
}

#[test]
fn nodes_that_say_nothing_in_time_fail_and_the_service_is_removed() {
    let host = Host::new();
    let node = json!({"Availability": "drain", "Role": "manager", "Labels": {}});
    let nodes = host.sim.engine.get("/nodes").unwrap();
    let id = nodes[2]["ID"].as_str().unwrap();
    host.sim.engine.edit("nodes", id, |spec| *spec = node.clone()).unwrap();
    let (exit, report) = host.orca(CONFIG, "state", &["gc", "--via", "service", "--timeout", "8s"]);
    let message = report["error"]["message"].as_str().unwrap();
    for part in ["3 of 3 nodes failed", "`node-1`: no answer", "said nothing in time", "`node-3`", "it is drained"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert_eq!((exit, host.services().len(), host.configs()), (1, 0, 0));
}

#[test]
fn what_a_killed_orca_left_behind_goes_with_the_next_pass() {
    let host = Host::new();
    let (mut child, service) = host.start("state");
    child.kill().unwrap();
    child.wait().unwrap();
    let name = service["Spec"]["Name"].as_str().unwrap();
    assert_eq!((host.services().len(), host.configs()), (1, 1), "nobody was there to remove it");
    // It may be another host's, whose orca is at work.
    host.orca(CONFIG, "other", &["gc"]);
    assert_eq!(host.services().len(), 1, "another host's stays until its time is over");
    host.orca(CONFIG, "state", &["gc", "-n"]);
    assert_eq!(host.services().len(), 1, "a dry run writes nothing");
    let (exit, report) = host.orca(CONFIG, "state", &["gc"]);
    assert_eq!((exit, host.services().len(), host.configs()), (0, 0, 0), "{report:#}");
    let text = report["warnings"][0]["message"].as_str().unwrap();
    assert!(report["warnings"][0]["code"] == "stale_gc_service" && text.contains(name), "{text}");
}

#[test]
fn another_hosts_goes_once_its_time_is_over() {
    let host = Host::new();
    let labels = json!({"orca.gc.host": "somebody", "orca.gc.until": "2026-01-01T00:00:00Z"});
    let spec = json!({"Name": "orca-gc-1", "Labels": labels, "TaskTemplate": {"ContainerSpec": {"Image": "x"},
        "Placement": {}}, "Mode": {"Global": {}}});
    host.sim.engine.post("/services/create", &spec).unwrap();
    host.orca(CONFIG, "state", &["gc"]);
    assert!(host.services().is_empty());
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_made() {
    let host = Host::new();
    let (exit, _) = host.orca(CONFIG, "state", &["gc", "--via", "service", "-n"]);
    assert_eq!(exit, 64, "a service is a write");
    let (exit, report) = host.orca("{}", "state", &["gc", "--via", "service"]);
    let hint = report["error"]["hint"].as_str().unwrap();
    assert!(exit == 78 && hint.contains("gc: { service: { image: NAME } }"), "{report:#}");
    let (exit, _) = host.orca(CONFIG, "state", &["gc", "--via", "service", "--node", "nosuch"]);
    assert_eq!((exit, host.services().len(), host.configs()), (1, 0, 0));
}

#[test]
fn an_order_is_carried_out_by_what_stands_in_it() {
    let host = Host::new();
    let image = |id: &str, tag: &str| json!({"Id": id, "RepoTags": [tag], "Created": 1_700_000_000, "Size": 10, "SharedSize": 0});
    let images = json!([image("sha256:01", "app:1"), image("sha256:02", "app:2"), image("sha256:03", "app:3")]);
    host.sim.admin("/stock", &json!({"images": images})).unwrap();
    let service = json!({"ID": "s", "Version": {"Index": 1},
        "Spec": {"Name": "web", "TaskTemplate": {"ContainerSpec": {"Image": "app:2"}}},
        "PreviousSpec": {"Name": "web", "TaskTemplate": {"ContainerSpec": {"Image": "app:1"}}}});
    let needs = Keep::of(&cluster(&json!([service]), &json!([]))).unwrap();
    let mut order = GcOrder::new("run", "cluster", needs, &Gc::default());
    order.timeout = std::time::Duration::from_secs(20);
    let file = host.dir.path().join("order.json");
    let carry_out = |order: &GcOrder| {
        std::fs::write(&file, serde_json::to_string(order).unwrap()).unwrap();
        let output = host.command("{}", "state", &["gc", "--order", file.to_str().unwrap()]).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        let parts = String::from_utf8(output.stdout).unwrap();
        let text =
            parts.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["text"].as_str().unwrap().to_owned());
        serde_json::from_str::<Value>(&text.collect::<String>()).unwrap()
    };
    let nobody = carry_out(&order);
    assert_eq!(nobody["visited"]["actions"], json!([]), "a node that is not named is left alone");
    let own = host.sim.engine.get("/info").unwrap()["Swarm"]["NodeID"].as_str().unwrap().to_owned();
    order.nodes.insert(own, "node-1".to_owned());
    let done = carry_out(&order);
    let actions: Vec<&Value> =
        done["visited"]["actions"].as_array().unwrap().iter().map(|action| &action["id"]).collect();
    assert_eq!(actions, ["image/node-1/sha256:03#remove"], "{done:#}");
    assert_eq!((&done["error"], &done["visited"]["freed"]), (&Value::Null, &json!(10)));
}
