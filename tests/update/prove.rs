//! How a rollout is judged from one look, by table.

use std::collections::BTreeSet;
use std::time::Duration;

use orca::model::ServiceId;
use orca::pass::services::standing;
use orca::pass::update::prove::{Sight, Watched, pace, pace_back};
use orca::snapshot::Snapshot;
use serde_json::{Value, json};

use super::plan::NOW;

/// A look: one service that was given the image `new` in place of `old`, with these tasks (slot, image, state, error).
fn look(status: Value, image: &str, replicas: u64, tasks: &[(u64, &str, &str, &str)]) -> Snapshot {
    Snapshot::parse(&raw(status, image, replicas, tasks).to_string()).unwrap()
}

fn raw(status: Value, image: &str, replicas: u64, tasks: &[(u64, &str, &str, &str)]) -> Value {
    let mut service = json!({"ID": "s", "Version": {"Index": 1}, "Spec": {"Name": "web",
        "Mode": {"Replicated": {"Replicas": replicas}}, "UpdateConfig": {"Monitor": 7_000_000_000_u64},
        "TaskTemplate": {"ContainerSpec": {"Image": image}, "Placement": {}}}});
    service["UpdateStatus"] = status;
    let tasks = tasks.iter().enumerate().map(|(at, (slot, image, state, err))| {
        let gone = matches!(*state, "failed" | "rejected" | "shutdown" | "complete");
        json!({"ID": format!("t{at}"), "ServiceID": "s", "NodeID": "n", "Slot": slot,
            "DesiredState": if gone { "shutdown" } else { "running" },
            "Spec": {"ContainerSpec": {"Image": image}},
            "Status": {"State": state, "Err": err, "Timestamp": format!("2026-11-21T11:59:{:02}Z", at)}})
    });
    let tasks: Vec<Value> = tasks.collect();
    json!({"schema": "orca.snapshot/1", "taken_at": NOW, "api": "1.51",
        "info": {"Name": "n", "SystemTime": NOW, "Swarm": {"NodeID": "n", "Cluster": {"ID": "c"}}},
        "nodes": [{"ID": "n", "Version": {"Index": 1}, "Spec": {"Role": "manager", "Availability": "active"},
            "Description": {"Hostname": "n", "Platform": {"OS": "linux", "Architecture": "x86_64"}},
            "Status": {"State": "ready"}}],
        "services": [service], "tasks": tasks})
}

fn watched() -> Watched {
    Watched {
        service: ServiceId("s".to_owned()),
        image: "new".to_owned(),
        before: "old".to_owned(),
        platforms: Vec::new(),
        started: Some("2026-11-21T11:00:00Z".parse().unwrap()),
        going_back: false,
        earlier: BTreeSet::new(),
        weighed: BTreeSet::new(),
    }
}

fn sight(watched: &mut Watched, cluster: &Snapshot) -> Sight {
    watched.look(cluster, &standing::all(cluster).unwrap())
}

fn status(state: &str) -> Value {
    json!({"State": state, "StartedAt": "2026-11-21T11:58:00Z", "Message": format!("it is {state}")})
}

/// Of a rollout before this one.
fn stale(state: &str) -> Value {
    json!({"State": state, "StartedAt": "2026-11-21T11:00:00Z", "Message": "long ago"})
}

fn word(sight: &Sight) -> &'static str {
    match sight {
        Sight::Waiting(_) => "waiting",
        Sight::Holds(_) => "holds",
        Sight::Stopped => "stopped",
        Sight::Failed(_) => "failed",
        Sight::GoingBack(_) => "going back",
        Sight::Back(_) => "back",
        Sight::Stuck(_) => "stuck",
        Sight::Superseded(_) => "superseded",
        Sight::Gone => "gone",
    }
}

#[test]
fn one_look() {
    let runs = [(1, "new", "running", ""), (2, "new", "running", "")];
    let mixed = [(1, "new", "running", ""), (2, "old", "running", "")];
    let back = [(1, "old", "running", ""), (2, "old", "running", "")];
    let pending = [(1, "new", "running", ""), (2, "new", "pending", "no suitable node (full)")];
    for (what, status, image, replicas, tasks, wanted) in [
        ("nothing has happened yet", stale("completed"), "new", 2, &back[..], "waiting"),
        ("the rollback of another day is no news", stale("rollback_completed"), "new", 2, &back, "waiting"),
        ("the pause of another day is no news", stale("paused"), "new", 2, &mixed, "waiting"),
        ("under way", status("updating"), "new", 2, &mixed, "waiting"),
        ("all run, but the engine watches them", status("updating"), "new", 2, &runs, "waiting"),
        ("complete", status("completed"), "new", 2, &runs, "holds"),
        ("complete, and one is gone", status("completed"), "new", 2, &runs[..1], "waiting"),
        ("complete, and one finds no node", status("completed"), "new", 2, &pending, "waiting"),
        ("scaled to nothing", Value::Null, "new", 0, &[], "stopped"),
        ("paused", status("paused"), "new", 2, &mixed, "failed"),
        ("the engine goes back", status("rollback_started"), "old", 2, &mixed, "going back"),
        ("the engine is back", status("rollback_completed"), "old", 2, &back, "back"),
        ("back, but not all of it", status("rollback_completed"), "old", 2, &mixed, "going back"),
        ("the way back failed too", status("rollback_paused"), "old", 2, &mixed, "stuck"),
        ("somebody else's image", status("updating"), "other", 2, &mixed, "superseded"),
        ("somebody else went back by an update", status("updating"), "old", 2, &mixed, "superseded"),
    ] {
        assert_eq!(word(&sight(&mut watched(), &look(status, image, replicas, tasks))), wanted, "{what}");
    }
    let mut watched = watched();
    assert_eq!(sight(&mut watched, &look(status("completed"), "new", 2, &runs)), Sight::Holds(Duration::from_secs(7)));
    let Sight::Waiting(text) = sight(&mut watched, &look(status("completed"), "new", 2, &pending)) else { panic!() };
    assert!(text.contains("no suitable node (full)"), "{text}");
    let gone = look(status("completed"), "new", 2, &runs);
    watched.service = ServiceId("other".to_owned());
    assert_eq!(sight(&mut watched, &gone), Sight::Gone);
}

#[test]
fn a_task_that_dies_later_fails_the_rollout_and_one_that_the_engine_has_weighed_does_not() {
    let died = [(1, "new", "failed", "exit (3)"), (1, "new", "running", ""), (2, "new", "running", "")];
    let before = [(1, "old", "failed", "exit (9)"), (1, "new", "running", ""), (2, "new", "running", "")];
    let moved = [
        (1, "new", "rejected", "assigned node no longer meets constraints"),
        (1, "new", "running", ""),
        (2, "new", "running", ""),
    ];
    // Its update config lets so many fail.
    let mut watched_ = watched();
    assert_eq!(word(&sight(&mut watched_, &look(status("updating"), "new", 2, &died))), "waiting");
    assert_eq!(word(&sight(&mut watched_, &look(status("completed"), "new", 2, &died))), "holds");
    let Sight::Failed(why) = sight(&mut watched(), &look(status("completed"), "new", 2, &died)) else { panic!() };
    assert!(why.contains("`web.1`") && why.contains("exit (3)"), "{why}");
    // An unhealthy container that stops when it is told to: a good end, to the engine's mind.
    let ended = [(1, "new", "complete", ""), (1, "new", "running", ""), (2, "new", "running", "")];
    let Sight::Failed(why) = sight(&mut watched(), &look(status("completed"), "new", 2, &ended)) else { panic!() };
    assert!(why.contains("exit code 0"), "{why}");
    // Of an earlier try of the same image.
    let mut again = watched();
    again.begin(&look(Value::Null, "old", 2, &died));
    assert_eq!(word(&sight(&mut again, &look(status("completed"), "new", 2, &died))), "holds");
    for history in [&before, &moved] {
        assert_eq!(word(&sight(&mut watched(), &look(status("completed"), "new", 2, history))), "holds");
    }
}

#[test]
fn a_rollout_that_is_taken_up_again_is_judged_by_what_fails_from_then_on() {
    let died = [(1, "new", "failed", "exit (137)"), (1, "new", "running", ""), (2, "new", "running", "")];
    let starts = [(1, "new", "failed", "exit (137)"), (1, "new", "starting", ""), (2, "new", "running", "")];
    let again = [&died[..], &[(2, "new", "failed", "exit (3)")]].concat();
    let unseen = || Watched { started: None, ..watched() };
    for history in [&died, &starts] {
        let mut watched = unseen();
        watched.take_up(&look(status("completed"), "new", 2, history));
        // It may take a while to come up again.
        let wanted = if history == &died { "holds" } else { "waiting" };
        assert_eq!(word(&sight(&mut watched, &look(status("completed"), "new", 2, history))), wanted);
        assert_eq!(word(&sight(&mut watched, &look(status("completed"), "new", 2, &died))), "holds");
        let Sight::Failed(why) = sight(&mut watched, &look(status("completed"), "new", 2, &again)) else { panic!() };
        assert!(why.contains("exit (3)"), "{why}");
    }
    // The engine was not content: who has failed is told.
    let paused = look(status("paused"), "new", 2, &died);
    let mut watched = unseen();
    watched.take_up(&paused);
    assert_eq!(word(&sight(&mut watched, &paused)), "failed");
    assert!(watched.weighed.is_empty());
}

/// Somebody has changed the service since, so that what the engine would go back to has the new image, too.
#[test]
fn the_engine_goes_back_in_vain() {
    let died = [(1, "new", "failed", "exit (3)"), (1, "new", "running", ""), (2, "new", "running", "")];
    let runs = &died[1..];
    for (state, tasks, wanted) in [
        ("rollback_started", &died[..], "failed"),
        ("rollback_completed", &died, "failed"),
        ("rollback_paused", &died, "failed"),
        // Another change was rolled back: this image has done nothing wrong.
        ("rollback_started", runs, "waiting"),
        ("rollback_completed", runs, "holds"),
    ] {
        assert_eq!(word(&sight(&mut watched(), &look(status(state), "new", 2, tasks))), wanted, "{state}");
    }
    let mut going = Watched { going_back: true, ..watched() };
    let Sight::Stuck(why) = sight(&mut going, &look(status("rollback_completed"), "new", 2, &died)) else { panic!() };
    assert!(why.contains("the old one failed too"), "{why}");
}

#[test]
fn on_the_way_back() {
    let mut watched = Watched { going_back: true, ..watched() };
    let back = [(1, "old", "running", ""), (2, "old", "running", "")];
    let mixed = [(1, "new", "running", ""), (2, "old", "running", "")];
    assert_eq!(word(&sight(&mut watched, &look(status("paused"), "new", 2, &mixed))), "going back");
    assert_eq!(word(&sight(&mut watched, &look(status("rollback_started"), "old", 2, &mixed))), "going back");
    assert_eq!(word(&sight(&mut watched, &look(status("rollback_completed"), "old", 2, &back))), "back");
    assert_eq!(word(&sight(&mut watched, &look(Value::Null, "old", 2, &back))), "back");
    assert_eq!(word(&sight(&mut watched, &look(status("rollback_paused"), "old", 2, &back))), "stuck");
    assert_eq!(word(&sight(&mut watched, &look(status("updating"), "other", 2, &mixed))), "superseded");
}

/// After an election the new leader knows no node until it hears from it: what its tasks do is not known for as long.
#[test]
fn what_runs_on_a_node_that_nobody_has_heard_of_yet_proves_nothing() {
    let runs = [(1, "new", "running", ""), (2, "new", "running", "")];
    let gone = [(1, "new", "running", "")];
    let died = [(1, "new", "failed", "exit (3)"), (1, "new", "running", ""), (2, "new", "running", "")];
    let unheard = |mode: Value, tasks: &[(u64, &str, &str, &str)]| {
        let mut raw = raw(status("completed"), "new", 2, tasks);
        raw["nodes"][0]["Status"]["State"] = "unknown".into();
        raw["services"][0]["Spec"]["Mode"] = mode;
        Snapshot::parse(&raw.to_string()).unwrap()
    };
    let replicated = json!({"Replicated": {"Replicas": 2}});
    for (what, mode, tasks, wanted) in [
        ("all as wanted", replicated.clone(), &runs[..], "waiting"),
        ("one is missing, maybe", replicated.clone(), &gone[..], "waiting"),
        ("what has failed has failed", replicated, &died[..], "failed"),
        ("one a node", json!({"Global": {}}), &gone[..], "waiting"),
        ("one a node, and none yet", json!({"Global": {}}), &[], "waiting"),
    ] {
        assert_eq!(word(&sight(&mut watched(), &unheard(mode, tasks))), wanted, "{what}");
    }
}

/// What the update config itself takes is not held against a rollout.
#[test]
fn the_pace_of_a_rollout() {
    let second = 1_000_000_000_u64;
    let cluster = |config: Value, health: Value| {
        let mut cluster = json!({"schema": "orca.snapshot/1", "taken_at": NOW, "api": "1.51",
            "info": {"Name": "n", "SystemTime": NOW, "Swarm": {"NodeID": "n", "Cluster": {"ID": "c"}}}, "nodes": [], "tasks": [],
            "services": [{"ID": "s", "Version": {"Index": 1}, "Spec": {"Name": "web", "Mode": {"Replicated": {"Replicas": 10}},
                "UpdateConfig": config, "RollbackConfig": {"Parallelism": 5, "Delay": 60 * second, "Monitor": 8 * second},
                "TaskTemplate": {"ContainerSpec": {"Image": "i"}, "Placement": {}}}}]});
        cluster["services"][0]["Spec"]["TaskTemplate"]["ContainerSpec"]["Healthcheck"] = health;
        Snapshot::parse(&cluster.to_string()).unwrap()
    };
    for (config, wanted) in [
        // The engine waits after the last batch as after the others, and then monitors for longer than it has waited.
        (json!({"Parallelism": 1, "Delay": 30 * second, "Monitor": 5 * second}), 10 * 5 + 10 * 30 + 31),
        (json!({"Parallelism": 3, "Delay": 30 * second, "Monitor": 5 * second}), 4 * 5 + 4 * 30 + 31),
        (json!({"Parallelism": 0, "Delay": 30 * second, "Monitor": 5 * second}), 5 + 30 + 31),
        (json!({"Parallelism": 1, "Delay": 5 * second, "Monitor": 5 * second}), 10 * 5 + 10 * 5 + 6),
        (json!({"Parallelism": 1, "Delay": 4 * second, "Monitor": 5 * second}), 10 * 5 + 10 * 4),
        (json!({"Parallelism": 1, "Monitor": 5 * second}), 10 * 5),
        (json!({"Parallelism": 1, "Delay": u64::MAX / 2}), 7 * 86_400),
    ] {
        let cluster = cluster(config.clone(), Value::Null);
        assert_eq!(pace(&cluster.services[0], &cluster), Duration::from_secs(wanted), "{config}");
        assert_eq!(pace_back(&cluster.services[0], &cluster), Duration::from_secs(2 * 8 + 2 * 60 + 61), "{config}");
    }
}
