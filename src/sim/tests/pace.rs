//! Tasks that take their time to stop, that no rollout comes to, and that end by themselves.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Sim, web};

fn global(name: &str) -> Value {
    let mut spec = web(0, &[]);
    spec["Name"] = json!(name);
    spec["Mode"] = json!({"Global": {}});
    spec
}

fn restart(sim: &mut Sim, name: &str) {
    assert_eq!(sim.edit("services", name, |spec| spec["TaskTemplate"]["ForceUpdate"] = json!(1)).0, 200);
}

fn update_state(sim: &mut Sim, name: &str) -> Value {
    sim.get(&format!("/services/{name}"))["UpdateStatus"]["State"].clone()
}

#[test]
fn what_is_scaled_down_or_drained_runs_until_it_has_stopped() {
    let mut sim = Sim::new(2);
    sim.0.set_stop_delay(Duration::from_secs(4));
    sim.create(&web(2, &[]));
    let scale = |sim: &mut Sim, replicas: u64| {
        sim.edit("services", "web", |spec| spec["Mode"]["Replicated"]["Replicas"] = json!(replicas))
    };
    scale(&mut sim, 0);
    assert_eq!(sim.tasks("web", true), ["1@n1 running/remove", "2@n2 running/remove"]);
    // What happens to a node meanwhile hastens nothing,
    sim.label("n1", "a", Some("b"));
    sim.wait(3);
    assert_eq!(sim.tasks("web", true).len(), 2);
    // and one that is down can't say that its task has stopped.
    sim.node_state("n2", "down");
    sim.wait(2);
    assert_eq!(sim.tasks("web", true), ["2@n2 running/remove"]);
    sim.node_state("n2", "ready");
    assert_eq!(sim.tasks("web", true), Vec::<String>::new());
    scale(&mut sim, 2);
    sim.availability("n2", "drain");
    assert_eq!(sim.tasks("web", true), ["1@n1 running/running", "2@n1 running/running", "2@n2 running/shutdown"]);
    sim.wait(5);
    assert_eq!(sim.tasks("web", true), ["1@n1 running/running", "2@n1 running/running", "2@n2 shutdown/shutdown"]);
    assert!(!sim.0.is_moving());
}

#[test]
fn no_rollout_comes_to_a_paused_node() {
    let mut sim = Sim::new(2);
    sim.create(&global("web"));
    let ids = |sim: &mut Sim| sim.ids("web").into_iter().collect::<std::collections::BTreeSet<String>>();
    let before = ids(&mut sim);
    sim.availability("n2", "pause");
    restart(&mut sim, "web");
    assert_eq!(update_state(&mut sim, "web"), "completed");
    assert_eq!(ids(&mut sim).intersection(&before).count(), 1);
    sim.availability("n2", "active");
    assert_eq!(ids(&mut sim).intersection(&before).count(), 0, "it is replaced as soon as the node takes tasks again");
    assert_eq!(sim.tasks("web", false), ["0@n1 running/running", "0@n2 running/running"]);
}

#[test]
fn a_global_service_has_a_task_on_nodes_that_its_image_is_not_made_for() {
    let mut sim = Sim::new(2);
    let id = sim.0.find_node("n2").unwrap().id.clone();
    sim.0.edit_node(&id, |raw| raw["Description"]["Platform"]["Architecture"] = json!("aarch64"));
    let mut spec = global("web");
    spec["TaskTemplate"]["Placement"] = json!({"Platforms": [{"Architecture": "amd64", "OS": "linux"}]});
    spec["UpdateConfig"] = json!({"Parallelism": 0});
    sim.create(&spec);
    let stays = ["0@n1 running/running", "0@n2 pending/running"];
    assert_eq!(sim.tasks("web", false), stays);
    let tasks = sim.get("/tasks");
    let waits = tasks.as_array().unwrap().iter().find(|task| task["NodeID"] == id.as_str()).unwrap();
    assert_eq!(waits["Status"]["Err"], "no suitable node (unsupported platform on 1 node)");
    // A rollout waits for it, and for ever.
    restart(&mut sim, "web");
    sim.wait(600);
    assert_eq!(
        (update_state(&mut sim, "web"), sim.tasks("web", false)),
        (json!("updating"), stays.map(String::from).to_vec())
    );
}

#[test]
fn a_task_that_ends_well_so_soon_pauses_a_rollout() {
    for (action, state) in [("pause", "paused"), ("continue", "completed")] {
        let mut sim = Sim::new(1);
        sim.0.broken.push(serde_json::from_value(json!({"match": "bb", "state": "complete"})).unwrap());
        let mut spec = web(1, &[]);
        spec["TaskTemplate"]["RestartPolicy"] = json!({"Condition": "on-failure"});
        spec["UpdateConfig"] = json!({"Parallelism": 1, "FailureAction": action});
        sim.create(&spec);
        sim.wait(6);
        assert_eq!(sim.tasks("web", true), ["1@n1 complete/shutdown"]);
        restart(&mut sim, "web");
        assert_eq!(update_state(&mut sim, "web"), "updating");
        sim.wait(6);
        assert_eq!(sim.tasks("web", true), ["1@n1 complete/shutdown", "1@n1 complete/shutdown"]);
        assert_eq!(update_state(&mut sim, "web"), state);
    }
}
