//! What `--wait` waits for, and what it does not.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::act::Stage;
use crate::common::cluster::text;
use crate::common::poll;

/// How long tasks take to stop, where a wait is to see the end of it.
const GRACE: Duration = Duration::from_millis(1500);

fn stopping(stage: &Stage, grace: Duration) {
    let ms = u64::try_from(grace.as_millis()).unwrap();
    stage.sim.admin("/stopping", &json!({"ms": ms})).unwrap();
}

/// All tasks, whatever is wanted of them: service, node, state.
fn tasks(stage: &Stage) -> Vec<(String, String, String)> {
    let cluster = stage.cluster();
    let service = |id: &Value| {
        let named = ["db", "web", "agent", "shop_db", "shop_web"];
        let own = named.iter().find(|name| cluster.service_id(name).is_ok_and(|own| *id == own.as_str()));
        own.map(ToString::to_string).unwrap_or_default()
    };
    let all = stage.sim.engine.get("/tasks").unwrap();
    let tasks = all.as_array().unwrap().iter();
    tasks
        .map(|task| {
            (service(&task["ServiceID"]), cluster.hostname(&text(&task["NodeID"])), text(&task["Status"]["State"]))
        })
        .collect()
}

/// Names of services with containers that run, on one node or on any.
fn run(stage: &Stage, node: Option<&str>) -> Vec<String> {
    let tasks = tasks(stage).into_iter();
    let here = tasks.filter(|(_, on, state)| state == "running" && node.is_none_or(|node| node == on));
    let mut names: Vec<String> = here.map(|(service, ..)| service).collect();
    names.sort();
    names
}

fn error(report: &Value) -> String {
    text(&report["error"]["message"])
}

/// `orca services stop db --wait && rsync ...`: nothing of it may run by then.
#[test]
fn who_waits_for_a_stop_waits_for_the_containers() {
    for args in [&["services", "stop", "db", "--wait"][..], &["services", "scale", "db=0", "--wait"]] {
        let stage = Stage::new();
        stage.create("db", 2, |_| ());
        stopping(&stage, GRACE);
        let begun = Instant::now();
        let (exit, report) = stage.run(args);
        assert_eq!((exit, &report["data"]["waited"]["settled"]), (0, &json!(true)), "{report:#}");
        assert!(begun.elapsed() >= GRACE && run(&stage, None).is_empty(), "{args:?}: {:?}", tasks(&stage));
    }
    let stage = Stage::new();
    stage.create("web", 3, |_| ());
    stopping(&stage, GRACE);
    let (exit, report) = stage.run(&["services", "scale", "web=1", "--wait"]);
    assert_eq!((exit, run(&stage, None)), (0, vec!["web".to_owned()]), "{report:#}");
}

#[test]
fn a_stop_that_takes_too_long_says_what_still_runs() {
    let stage = Stage::new();
    let of_stack = |spec: &mut Value| spec["Labels"]["com.docker.stack.namespace"] = "shop".into();
    stage.create("shop_db", 1, of_stack);
    stage.create("shop_web", 7, of_stack);
    stopping(&stage, Duration::from_secs(60));
    let (exit, report) = stage.run(&["stacks", "stop", "shop", "--wait=1s"]);
    assert_eq!((exit, &report["error"]["kind"]), (75, &json!("unsettled")), "{report:#}");
    let error = error(&report);
    assert!(error.contains("`shop_db`: still stopping: `shop_db.1`"), "{error}");
    assert!(error.contains("`shop_web.5` and 2 more"), "{error}");
    // Another look at the same: what is to stop still runs, and is waited for.
    let (exit, _) = stage.run(&["stacks", "wait", "shop", "--for", "1s"]);
    assert_eq!(exit, 75);
    // What is wanted again is not hindered by what still stops, nor does a wait end before that.
    let (exit, report) = stage.run(&["services", "start", "shop_db", "--wait=1s"]);
    assert_eq!(exit, 75, "{report:#}");
}

/// `orca nodes drain node-3 --wait && reboot`.
#[test]
fn who_waits_for_a_drain_waits_for_the_containers() {
    let stage = Stage::new();
    stage.create("web", 3, |_| ());
    stage.create("agent", 1, |spec| spec["Mode"] = json!({"Global": {}}));
    stopping(&stage, GRACE);
    let (exit, report) = stage.run(&["nodes", "drain", "node-3", "--wait"]);
    assert_eq!((exit, run(&stage, Some("node-3"))), (0, Vec::new()), "{report:#}");
    stage.run(&["nodes", "activate", "node-3"]);
    stage.settled();
    stopping(&stage, Duration::from_secs(60));
    let (exit, report) = stage.run(&["nodes", "drain", "node-3", "--wait=1s"]);
    assert_eq!(exit, 75, "{report:#}");
    let said = error(&report);
    assert!(said.contains("`node-3`: still stopping: `agent`"), "{said}");
    // Asked for again, it waits as well; of a node that is down nobody will ever know.
    assert_eq!(stage.run(&["nodes", "drain", "node-3", "--wait=1s"]).0, 75);
    stage.sim.admin("/nodes/node-3", &json!({"state": "down"})).unwrap();
    assert!(!run(&stage, Some("node-3")).is_empty());
    let (exit, report) = stage.run(&["nodes", "drain", "node-3", "--wait=10s"]);
    assert_eq!(exit, 0, "{report:#}");
}

/// Swarm neither makes nor replaces tasks on a paused node, and says that the rollout is complete.
#[test]
fn a_paused_node_is_not_waited_for() {
    let stage = Stage::new();
    stage.create("agent", 1, |spec| spec["Mode"] = json!({"Global": {}}));
    let before = stage.cluster().running_ids().unwrap()["agent"].clone();
    assert_eq!(stage.run(&["nodes", "pause", "node-3"]).0, 0);
    let (exit, report) = stage.run(&["services", "restart", "agent", "--wait=20s"]);
    assert_eq!((exit, &report["data"]["waited"]["settled"]), (0, &json!(true)), "{report:#}");
    let after = stage.cluster().running_ids().unwrap()["agent"].clone();
    assert_eq!((after.len(), after.intersection(&before).count()), (3, 1));
    let entry = stage.run(&["services", "ls"]).1["data"]["services"][0].clone();
    assert_eq!((&entry["state"], &entry["running"], &entry["wanted"]), (&json!("ok"), &json!(3), &json!(3)), "{entry}");
}

/// Whether a node gets a task of a global service is up to the constraints; one that it can't run stays pending.
#[test]
fn a_node_of_another_platform_is_not_waited_for() {
    let stage = Stage::new();
    stage.sim.admin("/nodes", &json!({"hostname": "arm", "arch": "aarch64"})).unwrap();
    stage.create("agent", 1, |spec| {
        spec["Mode"] = json!({"Global": {}});
        spec["Labels"]["com.docker.stack.namespace"] = "shop".into();
        spec["TaskTemplate"]["Placement"]["Platforms"] = json!([{"Architecture": "amd64", "OS": "linux"}]);
        spec["UpdateConfig"]["Parallelism"] = 0.into();
    });
    let (exit, report) = stage.run(&["stacks", "wait", "shop", "--for", "10s"]);
    assert_eq!(exit, 0, "{report:#}");
    let entry = stage.run(&["services", "ls"]).1["data"]["services"][0].clone();
    assert_eq!((&entry["state"], &entry["wanted"], &entry["pending"]), (&json!("ok"), &json!(3), &json!(1)), "{entry}");
    let before = stage.cluster().running_ids().unwrap()["agent"].clone();
    let (exit, report) = stage.run(&["services", "restart", "agent", "--wait=20s"]);
    assert_eq!(exit, 0, "{report:#}");
    assert!(stage.cluster().running_ids().unwrap()["agent"].is_disjoint(&before));
}

/// A service whose tasks end: as it is meant to, or not.
fn one_shot(stage: &Stage, name: &str, end: &str) {
    let image = format!("r.invalid/{name}:1");
    stage.sim.admin("/images", &json!({"match": image, "state": end, "err": ""})).unwrap();
    let spec = json!({"Name": name, "Labels": {"com.docker.stack.namespace": "shop"}, "Mode": {"Replicated": {"Replicas": 1}},
        "TaskTemplate": {"ContainerSpec": {"Image": image}, "Placement": {},
            "RestartPolicy": {"Condition": "none", "Delay": 1_000_000}}});
    stage.sim.engine.post("/services/create", &spec).unwrap();
    poll::until("its task has ended", || {
        let all = stage.sim.engine.get("/tasks")?;
        let open = all.as_array().into_iter().flatten().filter(|task| task["DesiredState"] == "running").count();
        Ok(if open == 0 { Vec::new() } else { vec![all.to_string()] })
    })
    .unwrap();
}

#[test]
fn what_has_ended_as_it_is_meant_to_is_well() {
    let stage = Stage::new();
    one_shot(&stage, "migrate", "complete");
    let listed = stage.orca.run(&["services", "ls", "-o", "text"]).unwrap();
    assert!(listed.stdout.contains("0/1 (1 done)") && listed.stdout.contains("ok"), "{listed}");
    let (_, report) = stage.run(&["health"]);
    assert!(!report["data"]["findings"].to_string().contains("migrate"), "{report:#}");
    assert_eq!(stage.run(&["stacks", "wait", "shop", "--for", "10s"]).0, 0);
    // With the next spec it runs again.
    let (exit, report) = stage.run(&["services", "scale", "migrate=2", "--wait=10s"]);
    assert_eq!(exit, 0, "{report:#}");
    let entry = stage.run(&["services", "ls"]).1["data"]["services"][0].clone();
    assert_eq!((&entry["state"], &entry["done"]), (&json!("ok"), &json!(2)), "{entry}");
}

#[test]
fn what_has_ended_badly_and_is_not_tried_again_is_not_well() {
    let stage = Stage::new();
    one_shot(&stage, "migrate", "failed");
    let entry = stage.run(&["services", "ls"]).1["data"]["services"][0].clone();
    assert_eq!((&entry["state"], &entry["done"]), (&json!("failing"), &json!(0)), "{entry}");
    let (exit, report) = stage.run(&["health"]);
    assert_eq!(exit, 1, "{report:#}");
    assert!(report["data"]["findings"].to_string().contains("migrate"), "{report:#}");
}

/// Managers elect a new leader in seconds; what is waited for takes longer.
#[test]
fn an_election_ends_no_wait() {
    let stage = Stage::new();
    stage.create("web", 1, |spec| spec["Labels"]["com.docker.stack.namespace"] = "shop".into());
    let away = |after: u64| json!({"kind": "error500", "path": "/tasks", "after": after, "times": 3});
    stage.sim.admin("/fault", &away(1)).unwrap();
    let (exit, report) = stage.run(&["stacks", "wait", "shop", "--for", "30s"]);
    assert_eq!((exit, &report["data"]["waited"]["settled"]), (0, &json!(true)), "{report:#}");
    let faults = stage.sim.engine.get("/_sim/state").unwrap()["faults"].clone();
    assert_eq!(faults[0]["struck"], 3, "{faults}");
    // One that does not end does, and is told of as what it is.
    stage.sim.admin("/fault", &json!({"kind": "error500", "path": "/tasks", "after": 1})).unwrap();
    let (exit, report) = stage.run(&["stacks", "wait", "shop", "--for", "2s"]);
    assert_eq!((exit, &report["error"]["kind"]), (69, &json!("unreachable")), "{report:#}");
}
