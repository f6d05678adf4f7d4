//! Each way to move a task.

use serde_json::{Value, json};

use crate::scene::{SERVE, Scene, statuses};

/// Applies; all moves are made, by these mechanisms, the tasks of the services are at these places, and the report says
/// what the docker CLI says.
fn moves(scene: &Scene, args: &[&str], mechanisms: &[&str], places: &[(&str, &[&str], usize)]) -> Value {
    let before = scene.before();
    let (ended, report) = scene.apply(args);
    assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("changed")), "{ended}");
    assert!(statuses(&report).iter().all(|status| *status == "done"), "{ended}");
    let list = report["data"]["moves"].as_array().unwrap();
    let used: Vec<&str> = list.iter().map(|moved| moved["mechanism"].as_str().unwrap()).collect();
    assert_eq!(used, mechanisms, "{ended}");
    for (service, nodes, _) in places {
        assert_eq!(scene.places(service), *nodes, "{service}: {ended}");
    }
    let moved: Vec<(&str, usize)> = places.iter().map(|(service, _, count)| (*service, *count)).collect();
    scene.as_before(&before, &moved);
    let told = report["data"]["moved"].as_array().unwrap();
    assert_eq!(told.len(), moved.iter().map(|(_, count)| count).sum::<usize>(), "{ended}");
    for step in told {
        let new = step["new_task"].as_str().unwrap();
        let here = |(service, ..): &(&str, &[&str], usize)| scene.node_of(service, new);
        assert_eq!(places.iter().find_map(here).as_deref(), step["to"].as_str(), "{ended}");
    }
    for moved in list.iter().filter(|moved| moved["mechanism"] != "follow") {
        scene.rolls_back_to_the_same(moved["service"]["name"].as_str().unwrap());
    }
    report
}

#[test]
fn the_only_replica_in_either_order() {
    for (at, order) in [(1, "stop-first"), (3, "start-first")] {
        let mut scene = Scene::new(at);
        scene.pinned([1, 2, 3]);
        let options =
            ["--update-order", order, "--update-delay", "10m", "--rollback-parallelism", "2", "--label", "a=b"];
        scene.service("web", &[1], 4_000, &options);
        let report = moves(&scene, &[], &["single-pin"], &[("web", &["node-3"], 1)]);
        // The delay between two tasks is not waited for.
        let took = report["actions"][0]["duration_ms"].as_u64().unwrap();
        assert!(took < 300_000, "node-{at}, {order}: {took} ms");
    }
}

/// One hog among services whose replicas are spread: only it leaves, and it is the one on the full node.
#[test]
fn the_only_one_of_several_on_its_node() {
    let mut scene = Scene::new(2);
    scene.pinned([1, 2, 3]);
    scene.service("web", &[1, 2], 2_500, &[]);
    moves(&scene, &[], &["exclude"], &[("web", &["node-2", "node-3"], 1)]);
}

#[test]
fn one_of_several_on_its_node() {
    let mut scene = Scene::new(3);
    scene.service("web", &[1, 1, 1, 1, 2, 3], 1_000, &[]);
    let even = ["node-1", "node-1", "node-2", "node-2", "node-3", "node-3"];
    moves(&scene, &["--goal", "count"], &["scale"], &[("web", &even, 2)]);
}

#[test]
fn one_of_several_to_a_node_with_one_less() {
    let mut scene = Scene::new(1);
    scene.service("web", &[1, 1, 1, 2, 2, 3], 1_500, &[]);
    for (name, node, memory) in [("big", 1, 2_000), ("low", 3, 2_500)] {
        scene.service(name, &[node], memory, &["--constraint", &format!("node.hostname==node-{node}")]);
    }
    let places = ["node-1", "node-1", "node-2", "node-2", "node-2", "node-3"];
    moves(&scene, &[], &["shift"], &[("web", &places, 1)]);
}

/// The node was gone, so its replicas are on the two others, as many on each.
#[test]
fn a_node_that_comes_back_empty_gets_its_share() {
    let mut scene = Scene::new(2);
    scene.service("web", &[1, 2, 1, 2, 1, 2], 500, &[]);
    let even = ["node-1", "node-1", "node-2", "node-2", "node-3", "node-3"];
    moves(&scene, &["--goal", "count"], &["scale"], &[("web", &even, 2)]);
}

#[test]
fn an_anchor_and_what_follows_it() {
    let mut scene = Scene::new(3);
    scene.orca.config("stack: web\ndependencies: { db: [app] }\n").unwrap();
    scene.pinned([1, 2, 3]);
    scene.service_with("web_db", &[1], 2_500, &[], SERVE);
    scene.docker("node update --label-add db=true node-1");
    scene.service("web_app", &[1], 500, &["--constraint", "node.labels.db==true"]);
    let places: [(&str, &[&str], usize); 2] = [("web_db", &["node-3"], 1), ("web_app", &["node-3"], 1)];
    moves(&scene, &["--max-restarts", "2"], &["single-pin", "follow"], &places);
    for (node, label) in [(1, ""), (3, "true")] {
        assert_eq!(
            scene
                .docker(&format!("node inspect node-{node} --format {{{{.Spec.Labels.db}}}}"))
                .trim()
                .replace("<no value>", ""),
            label
        );
    }
}
