//! Merged logs: order, tail, search, and what happens when a task can't be asked.

use std::time::Instant;

use serde_json::{Value, json};

use crate::common::cluster::Cluster;
use crate::common::orca::Orca;
use crate::common::poll;
use crate::common::sim::Sim;

fn stage(services: &[(&str, &[&str], u64)]) -> (Sim, Orca) {
    let sim = Sim::three().unwrap();
    let orca = Orca::new(&sim.engine.host()).unwrap();
    for (name, says, replicas) in services {
        let spec = json!({"Name": name, "Mode": {"Replicated": {"Replicas": replicas}}, "TaskTemplate": {"Placement": {},
            "ContainerSpec": {"Image": "127.0.0.1:1/bb:1", "Command": ["echo"], "Args": says}}});
        sim.engine.post("/services/create", &spec).unwrap();
    }
    poll::until("the cluster rests", || Cluster::peek(&sim.engine)?.unsettled()).unwrap();
    (sim, orca)
}

fn texts(report: &Value) -> Vec<String> {
    let lines = report["data"]["lines"].as_array().unwrap().iter();
    lines.map(|line| format!("{} {}", line["task"].as_str().unwrap(), line["text"].as_str().unwrap())).collect()
}

#[test]
fn replicas_are_merged_in_the_order_of_time() {
    let (_sim, orca) = stage(&[("web", &["one", "two", "three"], 2)]);
    let ended = orca.run(&["services", "logs", "web"]).unwrap();
    let report = ended.report().unwrap();
    assert_eq!(ended.exit, Some(0), "{ended}");
    let lines = report["data"]["lines"].as_array().unwrap();
    assert_eq!(lines.len(), 6, "{ended}");
    let stamps: Vec<&str> = lines.iter().map(|line| line["at"].as_str().unwrap()).collect();
    assert!(stamps.is_sorted_by_key(|stamp| stamp.parse::<jiff::Timestamp>().unwrap()), "{stamps:?}");
    assert_eq!(texts(&report).iter().filter(|text| text.ends_with(" one")).count(), 2);
    let text = orca.run(&["-o", "text", "services", "logs", "web", "--tail", "1"]).unwrap();
    assert_eq!(text.stdout.lines().count(), 2, "{text}");
    assert!(text.stdout.lines().all(|line| line.ends_with(" | three")), "{text}");
}

#[test]
fn what_is_looked_for_is_found_beyond_the_tail() {
    let (_sim, orca) = stage(&[("web", &["error 1", "b", "error 2", "d"], 1)]);
    let ended = orca.run(&["services", "logs", "web", "--grep", "error", "--tail", "1"]).unwrap();
    assert_eq!(texts(&ended.report().unwrap()), ["web.1 error 2"], "{ended}");
}

#[test]
fn a_dead_node_and_a_stuck_stream_are_named_and_take_nothing_from_the_others() {
    let (sim, orca) = stage(&[("web", &["here"], 3)]);
    let cluster = Cluster::peek(&sim.engine).unwrap();
    let task = |slot: u64| {
        let found = cluster.running("web").unwrap().into_iter().find(|task| task["Slot"] == slot).unwrap();
        (found["ID"].as_str().unwrap().to_owned(), cluster.hostname(found["NodeID"].as_str().unwrap()))
    };
    let (stuck, _) = task(2);
    sim.admin("/fault", &json!({"kind": "silence", "path": format!("/tasks/{stuck}/logs")})).unwrap();
    let started = Instant::now();
    let ended = orca.run(&["services", "logs", "web", "--patience", "1s"]).unwrap();
    assert!(started.elapsed().as_secs() < 30, "it must not hang");
    assert_eq!(ended.exit, Some(75), "{ended}");
    let report = ended.report().unwrap();
    assert_eq!(texts(&report).len(), 2, "{ended}");
    let missing = report["data"]["missing"].as_array().unwrap();
    assert!(missing.len() == 1 && missing[0].as_str().unwrap().starts_with("`web.2` on "), "{missing:?}");
}

#[test]
fn a_node_whose_log_stream_the_leader_has_lost_is_heard_all_the_same() {
    let (sim, orca) = stage(&[("web", &["one", "two"], 3), ("quiet", &[], 3)]);
    sim.admin("/unheard", &json!({"name": "node-2"})).unwrap();
    let ended = orca.run(&["services", "logs", "web", "--tail", "1"]).unwrap();
    let mut said = texts(&ended.report().unwrap());
    said.sort();
    assert_eq!(
        (ended.exit, said.as_slice()),
        (Some(0), ["web.1 two", "web.2 two", "web.3 two"].map(str::to_owned).as_slice()),
        "{ended}"
    );
    // Whether it has nothing to say or can't be heard, nobody knows; what the engine says is no line of the task's.
    let ended = orca.run(&["services", "logs", "quiet", "--patience", "1s"]).unwrap();
    let report = ended.report().unwrap();
    assert_eq!((ended.exit, texts(&report).len()), (Some(75), 0), "{ended}");
    let missing = report["data"]["missing"].as_array().unwrap();
    assert!(missing.len() == 1 && missing[0].as_str().unwrap().contains("on `node-2`: "), "{missing:?}");
    assert!(missing[0].as_str().unwrap().contains("is not available; "), "{missing:?}");
}

#[test]
fn an_empty_log_is_no_failure_and_following_ends_in_time() {
    let (_sim, orca) = stage(&[("quiet", &[], 1), ("web", &["a", "b"], 1)]);
    let ended = orca.run(&["services", "logs", "quiet"]).unwrap();
    assert_eq!((ended.exit, texts(&ended.report().unwrap()).len()), (Some(0), 0), "{ended}");
    let ended = orca.run(&["services", "logs", "web", "--follow", "--timeout", "2s"]).unwrap();
    let kinds: Vec<String> = ended
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["type"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!((ended.exit, kinds), (Some(0), ["log", "log", "report"].map(str::to_owned).to_vec()), "{ended}");
}

#[test]
fn a_signal_before_it_begins_is_told_by_the_exit_code() {
    let (sim, orca) = stage(&[("web", &["a"], 1)]);
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        sim.admin("/fault", &json!({"kind": "hold", "path": "/tasks", "times": 1})).unwrap();
        let running = orca.start(&["services", "logs", "web", "--follow"]).unwrap();
        poll::until("the engine holds an answer back", || {
            let faults = &sim.engine.get("/_sim/state")?["faults"];
            let holds = faults.as_array().into_iter().flatten().any(|fault| fault["struck"] == 1);
            Ok(if holds { Vec::new() } else { vec![faults.to_string()] })
        })
        .unwrap();
        running.signal(signal).unwrap();
        let ended = running.end().unwrap();
        assert_eq!((ended.exit, &ended.report().unwrap()["outcome"]), (Some(code), &json!("interrupted")), "{ended}");
        sim.engine.ask("DELETE", "/_sim/fault", None).unwrap();
    }
}
