//! Services of which not every task runs the new image, and that is as it should be; and times in which nobody knows.

use std::time::Duration;

use serde_json::{Value, json};

use crate::common::cluster::text;
use crate::common::poll;

use super::plan::digest;
use super::stage::{Stage, ended, image, outcomes};

fn global(spec: &mut Value) {
    spec["Mode"] = json!({"Global": {}});
    spec["TaskTemplate"]["Placement"]["Constraints"] = json!([]);
}

/// Images of the tasks that run, each with its node.
fn running(stage: &Stage) -> Vec<(String, String)> {
    let cluster = stage.cluster();
    let tasks = cluster.running("web").unwrap().into_iter();
    let mut seen: Vec<(String, String)> = tasks
        .map(|task| (cluster.hostname(&text(&task["NodeID"])), text(&task["Spec"]["ContainerSpec"]["Image"])))
        .collect();
    seen.sort();
    seen
}

fn all_nodes(stage: &Stage, how: &str) {
    for node in ["node-1", "node-2", "node-3"] {
        stage.sim.admin(&format!("/nodes/{node}"), &json!({"state": how})).unwrap();
    }
}

/// What was told to keep starting runs.
fn comes_up(stage: &Stage) {
    stage.sim.engine.ask("DELETE", "/_sim/images", None).unwrap();
    stage.sim.admin("/tasks", &json!({"service": "web", "state": "running"})).unwrap();
}

/// Until whoever watches has seen what is now.
fn seen(stage: &Stage) {
    stage.sim.reset_requests().unwrap();
    poll::until("orca has looked", || {
        let looks = stage.count("GET /nodes");
        Ok(if looks > 1 { Vec::new() } else { vec![format!("{looks} looks")] })
    })
    .unwrap();
}

#[test]
fn a_paused_node_keeps_the_old_image_and_the_new_one_is_good() {
    let stage = Stage::new();
    stage.create("web", global);
    assert_eq!(stage.run(&["nodes", "pause", "node-3"]).0, 0);
    stage.publish("r.invalid/web:1", 'b');
    let (exit, report) = stage.run(&["services", "update", "--deadline", "20s"]);
    assert_eq!((exit, outcomes(&report)), (0, vec![("web".to_owned(), "proven".to_owned())]), "{report:#}");
    let on = |node: &str, letter| (node.to_owned(), image("web", letter));
    assert_eq!(running(&stage), [on("node-1", 'b'), on("node-2", 'b'), on("node-3", 'a')]);
    // Where no task could get it, there is nothing to prove.
    for node in ["node-1", "node-2"] {
        assert_eq!(stage.run(&["nodes", "pause", node]).0, 0);
    }
    stage.publish("r.invalid/web:1", 'c');
    let (exit, report) = stage.run(&["services", "update", "--deadline", "20s"]);
    assert_eq!((exit, outcomes(&report)), (0, vec![("web".to_owned(), "written".to_owned())]), "{report:#}");
}

/// After an election nobody knows how nodes are until the new leader hears from them: that is no proof of anything.
#[test]
fn an_election_neither_proves_an_update_nor_condemns_it() {
    let stage = Stage::new();
    stage.create("web", global);
    stage.publish("r.invalid/web:1", 'b');
    stage.broken(&digest('b'), "starting", "");
    let running = stage.begun(&["--deadline", "6s"]);
    all_nodes(&stage, "unknown");
    std::thread::sleep(Duration::from_secs(10));
    comes_up(&stage);
    all_nodes(&stage, "ready");
    let (exit, report) = ended(&running.end().unwrap());
    assert_eq!((exit, outcomes(&report)), (0, vec![("web".to_owned(), "proven".to_owned())]), "{report:#}");
    assert!(report["data"]["updates"][0]["took_ms"].as_u64().unwrap() >= 6000, "{report:#}");
}

/// What an election added to the time of a rollout is taken off again when it is over; not from the time of the way back.
#[test]
fn a_way_back_that_begins_during_an_election_has_all_its_time() {
    let stage = Stage::new();
    stage.create("web", |spec| spec["UpdateConfig"]["FailureAction"] = "rollback".into());
    stage.publish("r.invalid/web:1", 'b');
    // Neither image comes up before it is told to.
    stage.broken("r.invalid/web", "starting", "");
    let running = stage.begun(&["--deadline", "20s"]);
    all_nodes(&stage, "unknown");
    seen(&stage);
    stage.ends_badly(1);
    stage.reached("rollback_started");
    seen(&stage);
    all_nodes(&stage, "ready");
    seen(&stage);
    comes_up(&stage);
    let (exit, report) = ended(&running.end().unwrap());
    let wanted = vec![("web".to_owned(), "rolled_back_by_engine".to_owned())];
    assert_eq!((exit, outcomes(&report)), (1, wanted), "{report:#}");
}

/// Nobody answers for longer than the rollout may take: that time is not its own.
#[test]
fn what_comes_up_while_no_manager_answers_is_no_failure() {
    let stage = Stage::new();
    stage.create("web", |_| ());
    stage.publish("r.invalid/web:1", 'b');
    stage.broken(&digest('b'), "starting", "");
    let running = stage.begun(&["--deadline", "20s"]);
    seen(&stage);
    stage.sim.engine.ask("POST", "/_sim/crash", None).unwrap();
    std::thread::sleep(Duration::from_secs(25));
    stage.sim.engine.ask("DELETE", "/_sim/crash", None).unwrap();
    // As late as it is, there is time left to come up.
    seen(&stage);
    comes_up(&stage);
    let (exit, report) = ended(&running.end().unwrap());
    assert_eq!((exit, outcomes(&report)), (0, vec![("web".to_owned(), "proven".to_owned())]), "{report:#}");
}

/// To stay as wanted takes longer here than the rollout itself may: one look that finds something else ends nothing.
#[test]
fn the_time_for_which_it_was_as_wanted_is_none_that_it_took() {
    let stage = Stage::new();
    stage.create("web", |spec| {
        spec["UpdateConfig"]["Parallelism"] = 0.into();
        spec["UpdateConfig"]["Monitor"] = 10_000_000_000_u64.into();
    });
    stage.publish("r.invalid/web:1", 'b');
    // What is taken up again must stay for twice as long.
    let running = stage.begun(&[]);
    running.signal("TERM").unwrap();
    assert_eq!(ended(&running.end().unwrap()).0, 143);
    let running = stage.orca.start(&["services", "update", "--deadline", "1s"]).unwrap();
    seen(&stage);
    std::thread::sleep(Duration::from_secs(13));
    stage.sim.admin("/tasks", &json!({"service": "web", "slot": 1, "state": "starting"})).unwrap();
    seen(&stage);
    comes_up(&stage);
    let (exit, report) = ended(&running.end().unwrap());
    assert_eq!((exit, outcomes(&report)), (0, vec![("web".to_owned(), "proven".to_owned())]), "{report:#}");
}

/// The engine's rollout waits for a task that can't run anywhere, and says for ever that it is under way.
#[test]
fn a_node_of_another_platform_holds_up_no_update_that_was_asked_for() {
    let stage = Stage::new();
    stage.sim.admin("/nodes", &json!({"hostname": "arm", "arch": "aarch64"})).unwrap();
    stage.create("web", |spec| {
        global(spec);
        spec["TaskTemplate"]["Placement"]["Platforms"] = json!([{"Architecture": "amd64", "OS": "linux"}]);
        spec["UpdateConfig"]["Parallelism"] = 0.into();
    });
    stage.publish("r.invalid/web:1", 'b');
    let (exit, report) = stage.run(&["services", "update"]);
    assert_eq!((exit, &report["data"]["updates"][0]["reasons"]), (75, &json!(["not_settled"])), "{report:#}");
    let why = text(&report["blocked"][0]["reasons"][0]);
    assert!(why.contains("another platform") && why.contains("node.platform.arch"), "{why}");
    let (exit, report) = stage.run(&["services", "update", "web", "--deadline", "20s"]);
    assert_eq!((exit, outcomes(&report)), (0, vec![("web".to_owned(), "proven".to_owned())]), "{report:#}");
    assert_eq!(running(&stage).len(), 3);
}

/// A service that prepares the database, and ends.
fn migrate(stage: &Stage) {
    stage.publish("r.invalid/migrate:1", 'a');
    stage.broken("r.invalid/migrate", "complete", "");
    let spec = json!({"Name": "migrate", "Labels": {"com.docker.stack.namespace": "shop"}, "Mode": {"Replicated": {"Replicas": 1}},
        "TaskTemplate": {"ContainerSpec": {"Image": image("migrate", 'a')}, "Placement": {},
            "RestartPolicy": {"Condition": "on-failure", "Delay": 1_000_000}},
        "UpdateConfig": {"Parallelism": 1, "Monitor": 300_000_000, "FailureAction": "pause"}});
    stage.sim.engine.post("/services/create", &spec).unwrap();
    poll::until("it has ended", || {
        let all = stage.sim.engine.get("/tasks")?;
        let ended = |task: &&Value| task["Status"]["State"] == "complete" && task["DesiredState"] == "shutdown";
        let ended = all.as_array().into_iter().flatten().filter(ended).count();
        Ok(if ended == 1 { Vec::new() } else { vec![all.to_string()] })
    })
    .unwrap();
}

#[test]
fn what_has_ended_well_gets_its_image_and_so_does_its_stack() {
    let stage = Stage::new();
    stage.create("web", |spec| spec["Labels"]["com.docker.stack.namespace"] = "shop".into());
    migrate(&stage);
    // The engine takes an end so soon for a failure and pauses the rollout; that hinders the next one as little.
    for letter in ['b', 'c'] {
        for name in ["web", "migrate"] {
            stage.publish(&format!("r.invalid/{name}:1"), letter);
        }
        let (exit, report) = stage.run(&["services", "update", "--atomic", "--deadline", "20s"]);
        let mut ends = outcomes(&report);
        ends.sort();
        let wanted = [("migrate", "written"), ("web", "proven")].map(|(name, end)| (name.to_owned(), end.to_owned()));
        assert_eq!((exit, ends), (0, wanted.to_vec()), "{letter}: {report:#}");
        assert_eq!(stage.cluster().service("migrate").unwrap()["UpdateStatus"]["State"], "paused");
        assert_eq!(text(&stage.spec("migrate")["TaskTemplate"]["ContainerSpec"]["Image"]), image("migrate", letter));
    }
    // Nor does it hinder who wants more of them.
    let (exit, report) = stage.run(&["services", "scale", "migrate=2", "--wait=10s"]);
    assert_eq!(exit, 0, "{report:#}");
    // One that fails has not ended well.
    stage.sim.engine.ask("DELETE", "/_sim/images", None).unwrap();
    stage.broken(&digest('d'), "failed", "task: non-zero exit (3)");
    stage.publish("r.invalid/migrate:1", 'd');
    let (exit, report) = stage.run(&["services", "update", "--deadline", "20s"]);
    assert_eq!(exit, 1, "{report:#}");
    assert!(text(&report["data"]["updates"].to_string().into()).contains("non-zero exit (3)"), "{report:#}");
}
