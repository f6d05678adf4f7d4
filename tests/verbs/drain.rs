//! `orca nodes drain --start-first`: what may run twice for a moment is never away.

use serde_json::{Value, json};

use super::act::{Stage, kinds};
use crate::common::cluster::text;
use crate::common::poll;

fn start_first(spec: &mut Value) {
    spec["UpdateConfig"] = json!({"Parallelism": 1, "Order": "start-first", "FailureAction": "pause"});
}

/// A service with one task, on node-3, and free to go.
fn web(stage: &Stage, change: fn(&mut Value)) {
    stage.orca.config("rebalance: { settle: 0s }\n").unwrap();
    stage.create("web", 1, |spec| {
        spec["TaskTemplate"]["Placement"]["Constraints"] = json!(["node.hostname==node-3"]);
        change(spec);
    });
    let id = text(&stage.cluster().service("web").unwrap()["ID"]);
    stage
        .sim
        .engine
        .edit("services", &id, |spec| spec["TaskTemplate"]["Placement"]["Constraints"] = json!([]))
        .unwrap();
    stage.settled();
    assert_eq!(stage.cluster().places("web").unwrap(), ["node-3"]);
}

fn availability(stage: &Stage) -> String {
    text(&stage.cluster().node("node-3").unwrap()["Spec"]["Availability"])
}

/// As text, one with fewer digits is not earlier.
fn time(written: &Value) -> jiff::Timestamp {
    text(written).parse().unwrap()
}

/// All tasks of `web`, ended ones too, oldest first.
fn tasks(stage: &Stage) -> Vec<Value> {
    let cluster = stage.cluster();
    let id = cluster.service("web").unwrap()["ID"].clone();
    let all = stage.sim.engine.get("/tasks").unwrap();
    let mut own: Vec<Value> = all.as_array().unwrap().iter().filter(|task| task["ServiceID"] == id).cloned().collect();
    own.sort_by_key(|task| time(&task["CreatedAt"]));
    own
}

#[test]
fn what_starts_its_successor_first_is_moved_and_the_rest_is_drained() {
    let stage = Stage::new();
    web(&stage, start_first);
    stage.create("slow", 3, |_| ());
    let spec = stage.spec("web");
    let (exit, report) = stage.run(&["nodes", "drain", "node-3", "--start-first", "--wait"]);
    assert_eq!(
        (exit, kinds(&report)),
        (0, vec!["task.move".to_owned(), "node.availability.set".to_owned()]),
        "{report}"
    );
    assert_eq!(report["command"], "nodes drain");
    let (_, history) = stage.run(&["history"]);
    let rows = history["data"]["history"].as_array().unwrap().iter();
    let rows: Vec<_> = rows.map(|row| (text(&row["command"]), text(&row["kind"]))).collect();
    assert!(rows.iter().all(|(command, _)| command == "nodes drain") && rows.len() >= 2, "{rows:?}");
    assert_eq!((report["data"]["waited"]["settled"].clone(), availability(&stage)), (json!(true), "drain".to_owned()));
    let warnings: Vec<_> =
        report["warnings"].as_array().unwrap().iter().map(|warning| text(&warning["code"])).collect();
    assert!(warnings.contains(&"not_start_first".to_owned()), "{report}");
    assert!(!stage.cluster().places("slow").unwrap().contains(&"node-3".to_owned()));
    assert_eq!(stage.spec("web"), spec, "it is as it was");
    let tasks = tasks(&stage);
    let at = |task: &Value| time(&task["Status"]["Timestamp"]);
    assert_eq!(tasks.len(), 2, "one restart: {tasks:?}");
    assert_eq!(tasks[0]["Status"]["State"], "shutdown");
    assert!(at(&tasks[1]) <= at(&tasks[0]), "the new one ran before the old one had ended: {tasks:?}");
    let (exit, again) = stage.run(&["nodes", "drain", "node-3", "--start-first"]);
    assert_eq!((exit, &again["outcome"]), (0, &json!("unchanged")), "{again}");
    assert_eq!(stage.run(&["nodes", "activate", "node-3"]).0, 0);
    assert_eq!(availability(&stage), "active");
}

#[test]
fn nothing_is_moved_off_a_node_that_will_not_be_emptied() {
    let stage = Stage::new();
    web(&stage, start_first);
    stage.create("db", 1, |spec| spec["TaskTemplate"]["Placement"]["Constraints"] = json!(["node.hostname==node-3"]));
    let versions = stage.versions();
    let (exit, report) = stage.run(&["nodes", "drain", "node-3", "--start-first"]);
    assert_eq!((exit, &report["outcome"]), (75, &json!("blocked")), "{report}");
    assert!(report["blocked"][0]["reasons"].to_string().contains("db.1"), "{report}");
    assert_eq!(stage.versions(), versions);
    let (exit, report) = stage.run(&["nodes", "drain", "node-3", "--start-first", "--force", "--dry-run"]);
    assert_eq!((exit, &report["outcome"], kinds(&report).len()), (0, &json!("planned"), 2), "{report}");
    assert_eq!(stage.versions(), versions, "a rehearsal");
    let two = stage.orca.run(&["nodes", "drain", "node-2", "node-3", "--start-first"]).unwrap();
    assert!(two.exit == Some(64) && two.stderr.contains("one node at a time"), "{two}");
}

/// A pause of orca's is for passes that nobody watches; a move is one of those, and a drain without it is not what was
/// asked for.
#[test]
fn what_is_not_moved_keeps_the_node_from_being_emptied() {
    let stage = Stage::new();
    web(&stage, start_first);
    assert_eq!(stage.run(&["pause"]).0, 0);
    let (exit, report) = stage.run(&["nodes", "drain", "node-3", "--start-first"]);
    assert_eq!(
        (exit, &report["outcome"], &report["command"]),
        (75, &json!("blocked"), &json!("nodes drain")),
        "{report}"
    );
    assert_eq!(stage.run(&["resume"]).0, 0);
    let spec = stage.spec("web");
    stage
        .sim
        .admin("/images", &json!({"match": "127.0.0.1", "state": "failed", "err": "task: non-zero exit (3)"}))
        .unwrap();
    let (exit, report) = stage.run(&["nodes", "drain", "node-3", "--start-first"]);
    assert_ne!(exit, 0, "{report}");
    assert!(report["error"].is_object(), "{report}");
    assert_eq!((availability(&stage), stage.spec("web")), ("active".to_owned(), spec), "{report}");
    assert_eq!(stage.cluster().places("web").unwrap(), ["node-3"], "it runs where it ran");
}

/// Swarm leaves the tasks of jobs on a drained node until they have ended.
#[test]
fn a_node_on_which_a_job_runs_is_not_empty() {
    let stage = Stage::new();
    stage.orca.config("rebalance: { settle: 0s }\n").unwrap();
    // It never ends.
    stage.sim.admin("/images", &json!({"match": "bb:job", "state": "starting", "err": ""})).unwrap();
    let job = json!({"Name": "pick", "Mode": {"ReplicatedJob": {"MaxConcurrent": 1, "TotalCompletions": 1}},
        "TaskTemplate": {"ContainerSpec": {"Image": "127.0.0.1:1/bb:job"}, "Placement": {"Constraints": ["node.hostname==node-3"]}}});
    stage.sim.engine.post("/services/create", &job).unwrap();
    poll::until("the job has a task", || {
        let report = stage.run(&["nodes", "show", "node-3"]).1;
        Ok(if report["data"]["node"]["tasks"] == 1 { Vec::new() } else { vec![report["data"].to_string()] })
    })
    .unwrap();
    let (exit, report) = stage.run(&["nodes", "drain", "node-3", "--start-first", "--wait=1s"]);
    assert_eq!((exit, &report["data"]["impact"]["jobs"]), (75, &json!(["pick"])), "{report:#}");
    let error = text(&report["error"]["message"]);
    assert!(error.contains("tasks left on it: 1 (of jobs, which end by themselves: 1)"), "{error}");
    assert!(!report["warnings"].to_string().contains("not_start_first"), "it is not ended: {report:#}");
}
