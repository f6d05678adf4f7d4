//! The simulator's behaviour, request by request, against what real engines were seen to do.

mod pace;

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::api::{Body, Request};
use super::cluster::Cluster;

/// A cluster with shorthands; every reply is a status and a document.
struct Sim(Cluster);

impl Sim {
    fn new(nodes: usize) -> Self {
        Self(Cluster::with_nodes(nodes, 1))
    }

    fn call(&mut self, method: &str, target: &str, body: &Value) -> (u16, Value) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let reply = self.0.handle(&Request::new(method, path, query, body.to_string().into_bytes()));
        let document = match reply.body {
            Body::Json(text) => serde_json::from_str(&text).unwrap(),
            _ => Value::Null,
        };
        (reply.status, document)
    }

    fn get(&mut self, target: &str) -> Value {
        let (status, document) = self.call("GET", target, &Value::Null);
        assert_eq!(status, 200, "{target}: {document}");
        document
    }

    fn create(&mut self, spec: &Value) {
        let (status, document) = self.call("POST", "/services/create", spec);
        assert_eq!(status, 201, "{document}");
    }

    /// Reads an object, edits its spec and writes it back.
    fn edit(&mut self, kind: &str, name: &str, edit: impl FnOnce(&mut Value)) -> (u16, Value) {
        let mut raw = self.get(&format!("/{kind}/{name}"));
        edit(&mut raw["Spec"]);
        let target = format!("/{kind}/{name}/update?version={}", raw["Version"]["Index"]);
        self.call("POST", &target, &raw["Spec"])
    }

    fn label(&mut self, node: &str, key: &str, value: Option<&str>) {
        let (status, _) = self.edit("nodes", node, |spec| match value {
            Some(value) => spec["Labels"][key] = json!(value),
            None => drop(spec["Labels"].as_object_mut().unwrap().remove(key)),
        });
        assert_eq!(status, 200);
    }

    fn availability(&mut self, node: &str, value: &str) {
        assert_eq!(self.edit("nodes", node, |spec| spec["Availability"] = json!(value)).0, 200);
    }

    fn node_state(&mut self, node: &str, state: &str) {
        let id = self.0.find_node(node).unwrap().id.clone();
        self.0.set_node_state(&id, state);
    }

    /// The tasks of a service as `slot@node state/desired`, wanted ones only unless `all`.
    fn tasks(&mut self, service: &str, all: bool) -> Vec<String> {
        let id = self.0.find_service(service).unwrap().id.clone();
        let tasks = self.0.tasks.of_service(&id).into_iter().filter(|task| all || task.wanted());
        let name = |id: &str| self.0.nodes.get(id).map_or("-".to_owned(), |node| node.hostname.clone());
        let mut lines: Vec<String> =
            tasks.map(|task| format!("{}@{} {}/{}", task.slot, name(&task.node), task.state, task.desired)).collect();
        lines.sort();
        lines
    }

    fn ids(&mut self, service: &str) -> Vec<String> {
        let id = self.0.find_service(service).unwrap().id.clone();
        self.0.tasks.of_service(&id).into_iter().filter(|task| task.wanted()).map(|task| task.id.clone()).collect()
    }

    fn wait(&mut self, seconds: i64) {
        let then = self.0.clock().checked_add(SignedDuration::from_secs(seconds)).unwrap();
        self.0.advance(then);
    }
}

fn web(replicas: u64, constraints: &[&str]) -> Value {
    json!({
        "Name": "web", "TaskTemplate": {"ContainerSpec": {"Image": "bb"}, "Placement": {"Constraints": constraints}},
        "Mode": {"Replicated": {"Replicas": replicas}},
    })
}

#[test]
fn moving_a_label_moves_the_tasks_and_dropping_it_strands_them() {
    let mut sim = Sim::new(3);
    sim.create(&web(1, &["node.labels.db==true"]));
    assert_eq!(sim.tasks("web", true), ["1@- pending/running"]);
    let tasks = sim.get("/tasks");
    assert_eq!(tasks[0]["Status"]["Err"], "no suitable node (scheduling constraints not satisfied on 3 nodes)");
    sim.label("n2", "db", Some("TRUE"));
    assert_eq!(sim.tasks("web", true), ["1@n2 running/running"]);
    sim.label("n3", "db", Some("true"));
    assert_eq!(sim.tasks("web", true), ["1@n2 running/running"]);
    sim.label("n2", "db", None);
    assert_eq!(sim.tasks("web", true), ["1@n2 rejected/shutdown", "1@n3 running/running"]);
    sim.label("n3", "db", None);
    assert_eq!(sim.tasks("web", false), ["1@- pending/running"]);
}

#[test]
fn a_label_only_service_update_starts_no_rollout() {
    let mut sim = Sim::new(2);
    sim.create(&web(2, &[]));
    let before = sim.ids("web");
    assert_eq!(sim.edit("services", "web", |spec| spec["Labels"]["a"] = json!("b")).0, 200);
    let service = sim.get("/services/web");
    assert_eq!(service.get("UpdateStatus"), None);
    assert_eq!(service["PreviousSpec"]["Labels"], json!({}));
    assert_eq!(sim.ids("web"), before);
}

#[test]
fn placement_alone_restarts_only_what_no_longer_fits() {
    let mut sim = Sim::new(3);
    sim.create(&web(3, &[]));
    let before = sim.ids("web");
    let pin = |spec: &mut Value| spec["TaskTemplate"]["Placement"] = json!({"Constraints": ["node.hostname!=n3"]});
    assert_eq!(sim.edit("services", "web", pin).0, 200);
    let after = sim.ids("web");
    assert_eq!(after.iter().filter(|id| before.contains(id)).count(), 2);
    assert_eq!(sim.get("/services/web")["UpdateStatus"]["State"], "completed");
    // Taking the constraint away again restarts nothing and leaves no trace of a rollout.
    assert_eq!(sim.edit("services", "web", |spec| spec["TaskTemplate"]["Placement"] = json!({})).0, 200);
    assert_eq!(sim.ids("web"), after);
    assert_eq!(sim.get("/services/web").get("UpdateStatus"), None);
}

#[test]
fn a_force_update_replaces_every_task_and_history_stays_short() {
    let mut sim = Sim::new(2);
    sim.create(&web(2, &[]));
    for round in 1..=7 {
        let before = sim.ids("web");
        assert_eq!(sim.edit("services", "web", |spec| spec["TaskTemplate"]["ForceUpdate"] = json!(round)).0, 200);
        assert!(sim.ids("web").iter().all(|id| !before.contains(id)));
        assert_eq!(sim.get("/services/web")["UpdateStatus"]["State"], "completed");
    }
    assert_eq!(sim.tasks("web", true).len(), 10);
    assert_eq!(sim.get(r#"/tasks?filters={"desired-state":["running"]}"#).as_array().unwrap().len(), 2);
}

#[test]
fn drained_dead_and_returning_nodes() {
    let mut sim = Sim::new(2);
    sim.create(&web(2, &[]));
    sim.availability("n1", "drain");
    assert_eq!(sim.tasks("web", false), ["1@n2 running/running", "2@n2 running/running"]);
    sim.availability("n1", "active");
    assert_eq!(sim.tasks("web", false), ["1@n2 running/running", "2@n2 running/running"]);
    sim.node_state("n2", "down");
    let all = sim.tasks("web", true);
    assert!(all.contains(&"1@n1 running/running".to_owned()), "{all:?}");
    // What the dead node ran still looks as if it ran, and counts as running.
    assert!(all.contains(&"1@n2 running/shutdown".to_owned()), "{all:?}");
    assert_eq!(sim.get("/services?status=true")[0]["ServiceStatus"]["RunningTasks"], 4);
    sim.node_state("n2", "ready");
    let all = sim.tasks("web", true);
    assert!(all.contains(&"1@n2 shutdown/shutdown".to_owned()), "{all:?}");
    assert_eq!(sim.tasks("web", false), ["1@n1 running/running", "2@n1 running/running"]);
    sim.node_state("n1", "unknown");
    assert_eq!(sim.tasks("web", false), ["1@n1 running/running", "2@n1 running/running"]);
}

#[test]
fn a_paused_node_keeps_its_tasks_and_takes_no_new_ones() {
    let mut sim = Sim::new(2);
    sim.create(&web(2, &[]));
    sim.availability("n1", "pause");
    assert_eq!(sim.tasks("web", false), ["1@n1 running/running", "2@n2 running/running"]);
    sim.edit("services", "web", |spec| spec["Mode"]["Replicated"]["Replicas"] = json!(4));
    let tasks = sim.tasks("web", false);
    assert_eq!(tasks[2..], ["3@n2 running/running", "4@n2 running/running"]);
    // Scaling down empties the crowded node first.
    sim.edit("services", "web", |spec| spec["Mode"]["Replicated"]["Replicas"] = json!(2));
    assert_eq!(sim.tasks("web", true), ["1@n1 running/running", "2@n2 running/running"]);
}

#[test]
fn refusals_have_the_engines_status_and_words() {
    let mut sim = Sim::new(1);
    sim.create(&web(1, &[]));
    let text = |reply: (u16, Value)| (reply.0, reply.1["message"].as_str().unwrap_or_default().to_owned());
    let spec = json!({"Role": "manager", "Availability": "active"});
    let stale = (500, "rpc error: code = Unknown desc = update out of sequence".to_owned());
    assert_eq!(text(sim.call("POST", "/nodes/n1/update?version=1", &spec)), stale);
    assert_eq!(text(sim.call("POST", "/services/web/update?version=1", &web(1, &[]))), stale);
    assert_eq!(text(sim.call("POST", "/nodes/n1/update?version=1", &json!({}))), (400, "invalid Role: \"\"".into()));
    let (status, message) = text(sim.call("POST", "/services/create", &web(1, &[])));
    assert_eq!(status, 409);
    assert!(message.ends_with("name conflicts with an existing object: service web already exists"), "{message}");
    assert_eq!(text(sim.call("GET", "/services/nope", &Value::Null)), (404, "service nope not found".into()));
    assert_eq!(text(sim.call("GET", "/nonsense", &Value::Null)), (404, "page not found".into()));
    let (status, message) = text(sim.call("GET", "/v1.99/nodes", &Value::Null));
    assert_eq!((status, message.contains("Maximum supported API version is 1.51")), (400, true));
    assert_eq!(sim.call("GET", "/v1.23/nodes", &Value::Null).0, 400);
    assert_eq!(sim.call("GET", r#"/nodes?filters={"x":["y"]}"#, &Value::Null).0, 400);
    sim.0.membership = "active/worker".to_owned();
    assert_eq!(sim.call("GET", "/nodes", &Value::Null).0, 503);
    sim.0.membership = "active/manager".to_owned();
    sim.0.join("n1", "worker", &std::collections::BTreeMap::new());
    let (status, message) = text(sim.call("GET", "/nodes/n1", &Value::Null));
    assert_eq!((status, message.as_str()), (400, "node n1 is ambiguous (2 matches found)"));
}

#[test]
fn a_spec_without_placement_kills_the_manager_only_if_tasks_had_one() {
    let drop_placement = |spec: &mut Value| drop(spec["TaskTemplate"].as_object_mut().unwrap().remove("Placement"));
    let mut sim = Sim::new(1);
    let mut never_had_one = web(1, &[]);
    drop_placement(&mut never_had_one);
    sim.create(&never_had_one);
    sim.edit("services", "web", |spec| spec["Labels"]["a"] = json!("b"));
    assert!(!sim.0.panicked);
    let mut sim = Sim::new(1);
    sim.create(&web(1, &[]));
    sim.edit("services", "web", drop_placement);
    assert!(sim.0.panicked);
}

#[test]
fn every_filter_of_the_scheduler_has_its_say() {
    let mut sim = Sim::new(3);
    sim.label("n2", "ssd", Some("true"));
    sim.availability("n3", "drain");
    let mut spec = web(2, &["node.labels.ssd==true"]);
    spec["TaskTemplate"]["Placement"]["MaxReplicas"] = json!(1);
    sim.create(&spec);
    let err = |sim: &mut Sim, name: &str| {
        let filter = format!(r#"/tasks?filters={{"service":["{name}"]}}"#);
        let tasks = sim.get(&filter);
        let mut tasks = tasks.as_array().unwrap().iter();
        tasks.find_map(|task| task["Status"]["Err"].as_str()).unwrap_or_default().to_owned()
    };
    let text = err(&mut sim, "web");
    assert!(text.contains("1 node not available for new tasks"), "{text}");
    assert!(text.contains("scheduling constraints not satisfied on 1 node"), "{text}");
    assert!(text.contains("max replicas per node limit exceed"), "{text}");
    let other = |name: &str, key: &str, value: Value| {
        let mut spec = web(3, &[]);
        spec["Name"] = json!(name);
        spec["TaskTemplate"][key] = value;
        spec
    };
    sim.create(&other("big", "Resources", json!({"Reservations": {"MemoryBytes": 10_000_000_000_u64}})));
    assert!(err(&mut sim, "big").contains("insufficient resources on 2 nodes"));
    sim.create(&other("arm", "Placement", json!({"Platforms": [{"Architecture": "arm64", "OS": "linux"}]})));
    assert!(err(&mut sim, "arm").contains("unsupported platform on 2 nodes"));
    let mut ports = other("ports", "Placement", json!({}));
    ports["EndpointSpec"] = json!({"Ports": [{"Protocol": "tcp", "PublishedPort": 80, "PublishMode": "host"}]});
    sim.create(&ports);
    assert!(err(&mut sim, "ports").contains("host-mode port already in use on 2 nodes"));
    assert_eq!(sim.tasks("ports", false)[0], "1@n1 running/running");
}

#[test]
fn global_services_and_jobs() {
    let mut sim = Sim::new(2);
    let mut spec = web(0, &[]);
    spec["Mode"] = json!({"Global": {}});
    sim.create(&spec);
    assert_eq!(sim.tasks("web", false), ["0@n1 running/running", "0@n2 running/running"]);
    sim.0.join("n3", "worker", &std::collections::BTreeMap::new());
    sim.0.converge();
    sim.availability("n1", "drain");
    assert_eq!(sim.tasks("web", false), ["0@n2 running/running", "0@n3 running/running"]);
    let id = sim.0.find_node("n2").unwrap().id.clone();
    sim.0.drop_node(&id);
    assert_eq!(sim.tasks("web", false), ["0@n3 running/running"]);
    spec["Name"] = json!("job");
    spec["Mode"] = json!({"ReplicatedJob": {"MaxConcurrent": 2, "TotalCompletions": 3}});
    sim.create(&spec);
    assert_eq!(sim.tasks("job", false).len(), 3);
    let status = sim.get(r#"/services?status=true&filters={"name":["job"]}"#)[0]["ServiceStatus"].clone();
    assert_eq!(status, json!({"RunningTasks": 0, "DesiredTasks": 3, "CompletedTasks": 3}));
}

#[test]
fn nothing_of_a_snapshot_is_lost() {
    let node = |name: &str| {
        json!({"ID": format!("id-{name}"), "Version": {"Index": 7}, "Future": {"x": [1]},
            "Spec": {"Role": "manager", "Availability": "active", "Labels": {}, "Novelty": "kept"},
            "Description": {"Hostname": name}, "Status": {"State": "ready"}})
    };
    let file = json!({"schema": "orca.snapshot/1", "api": "1.45", "info": {"Swarm": {"Cluster": {"ID": "c1"}}},
        "nodes": [node("a"), node("b")], "services": [], "tasks": [], "taken_at": "2026-01-01T00:00:00Z"});
    let mut sim = Sim(Cluster::from_snapshot(&file.to_string()).unwrap());
    sim.label("a", "k", Some("v"));
    let a = sim.get("/nodes/a");
    assert_eq!((&a["Future"], &a["Spec"]["Novelty"]), (&json!({"x": [1]}), &json!("kept")));
    assert!(a["Version"]["Index"].as_u64() > Some(7));
    assert_eq!(sim.get("/nodes/b"), node("b"));
    assert_eq!(sim.get("/info")["Swarm"]["Cluster"]["ID"], "c1");
    let again = Cluster::from_snapshot(&sim.0.snapshot()).unwrap();
    assert_eq!(again.nodes["id-a"].text, sim.0.nodes["id-a"].text);
    assert_eq!(again.api, "1.45");
    assert!(Cluster::from_snapshot(r#"{"schema":"orca.snapshot/9"}"#).is_err());
}

#[test]
fn starting_takes_its_time_and_start_first_keeps_the_old_task_until_then() {
    let mut sim = Sim::new(2);
    sim.0.set_start_delay(Duration::from_secs(4));
    let mut spec = web(2, &[]);
    spec["UpdateConfig"] = json!({"Parallelism": 1, "Order": "start-first"});
    sim.create(&spec);
    assert_eq!(sim.tasks("web", false), ["1@n1 preparing/running", "2@n2 preparing/running"]);
    sim.wait(2);
    assert_eq!(sim.tasks("web", false), ["1@n1 starting/running", "2@n2 starting/running"]);
    sim.wait(2);
    sim.edit("services", "web", |spec| spec["TaskTemplate"]["ForceUpdate"] = json!(1));
    assert_eq!(sim.tasks("web", false).len(), 3);
    assert_eq!(sim.get("/services/web")["UpdateStatus"]["State"], "updating");
    for _ in 0..4 {
        sim.wait(2);
    }
    assert_eq!(sim.tasks("web", false).len(), 2);
    assert_eq!(sim.get("/services/web")["UpdateStatus"]["State"], "completed");
}

#[test]
fn failing_images_pause_or_roll_back_and_users_can_too() {
    let mut sim = Sim::new(1);
    let rule = json!({"match": ":bad", "state": "failed", "err": "boom"});
    sim.0.broken.push(serde_json::from_value(rule).unwrap());
    let mut spec = web(2, &[]);
    spec["UpdateConfig"] = json!({"Parallelism": 1, "FailureAction": "rollback"});
    sim.create(&spec);
    let break_it = |spec: &mut Value| spec["TaskTemplate"]["ContainerSpec"]["Image"] = json!("bb:bad");
    sim.edit("services", "web", break_it);
    assert_eq!(sim.get("/services/web")["UpdateStatus"]["State"], "updating");
    sim.wait(6);
    let service = sim.get("/services/web");
    assert_eq!(service["UpdateStatus"]["State"], "rollback_completed");
    assert_eq!(service["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"], "bb");
    sim.edit("services", "web", |spec| spec["UpdateConfig"]["FailureAction"] = json!("pause"));
    sim.edit("services", "web", break_it);
    sim.wait(6);
    let service = sim.get("/services/web");
    assert_eq!(service["UpdateStatus"]["State"], "paused");
    let target = format!("/services/web/update?rollback=previous&version={}", service["Version"]["Index"]);
    assert_eq!(sim.call("POST", &target, &service["Spec"]).0, 200);
    assert_eq!(sim.get("/services/web")["UpdateStatus"]["State"], "rollback_completed");
    assert_eq!(sim.tasks("web", false), ["1@n1 running/running", "2@n1 running/running"]);
}

#[test]
fn an_old_version_in_the_path_loses_newer_fields() {
    let mut sim = Sim::new(1);
    let mut spec = web(1, &[]);
    spec["TaskTemplate"]["ContainerSpec"]["OomScoreAdj"] = json!(5);
    assert_eq!(sim.call("POST", "/v1.51/services/create", &spec).0, 201);
    let before = sim.ids("web");
    let raw = sim.get("/services/web");
    let target = format!("/v1.41/services/web/update?version={}", raw["Version"]["Index"]);
    assert_eq!(sim.call("POST", &target, &raw["Spec"]).0, 200);
    assert_eq!(sim.get("/services/web")["Spec"]["TaskTemplate"]["ContainerSpec"].get("OomScoreAdj"), None);
    assert_ne!(sim.ids("web"), before);
}

#[test]
fn generated_clusters_are_equal_and_as_large_as_asked() {
    let (one, other) = (Cluster::generate(10, 7, 40), Cluster::generate(10, 7, 40));
    assert_eq!(one.snapshot(), other.snapshot());
    assert_eq!((one.nodes.len(), one.services.len(), one.tasks.len()), (10, 7, 40));
    assert!(one.tasks.bytes() / 40 > 700);
}
