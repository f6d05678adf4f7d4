//! A stack gets its images all, or none of them; and images come to the nodes before anything stops.

use serde_json::{Value, json};

use crate::common::cluster::text;

use super::stage::{Stage, image, outcomes};

const STACK: &str = "com.docker.stack.namespace";

fn image_of(stage: &Stage, name: &str) -> String {
    text(&stage.spec(name)["TaskTemplate"]["ContainerSpec"]["Image"])
}

/// `a`, `b` and `c` of the stack `shop`, updated in this order, `other` of none; all have a newer image, and those named
/// are no good.
fn staged(bad: &[&str]) -> Stage {
    let stage = Stage::new();
    for name in ["a", "b", "c", "other"] {
        stage.create(name, |spec| {
            if name != "other" {
                spec["Labels"][STACK] = "shop".into();
            }
        });
        stage.publish(&format!("r.invalid/{name}:1"), 'b');
    }
    for name in bad {
        stage.broken(&image(name, 'b'), "failed", "no good");
    }
    stage
}

fn outcome<'r>(report: &'r Value, name: &str) -> &'r str {
    let entry = report["data"]["updates"].as_array().unwrap().iter().find(|entry| entry["service"] == name);
    entry.and_then(|entry| entry["outcome"].as_str()).unwrap_or("-")
}

#[test]
fn where_one_service_fails_its_stack_goes_back_and_the_rest_is_not_begun() {
    let stage = staged(&["b"]);
    let before = ["a", "b", "c"].map(|name| stage.spec(name));
    let (exit, report) = stage.run(&["services", "update", "--atomic"]);
    assert_eq!(exit, 1, "{report:#}");
    let ends = ["a", "b", "c", "other"].map(|name| outcome(&report, name));
    assert_eq!(ends, ["rolled_back_with_stack", "rolled_back", "-", "proven"], "{report:#}");
    assert_eq!(["a", "b", "c"].map(|name| stage.spec(name)), before);
    assert_eq!(image_of(&stage, "other"), image("other", 'b'));
    for name in ["a", "b", "c"] {
        let running = stage.cluster();
        let tasks = running.running(name).unwrap();
        let images: Vec<String> = tasks.iter().map(|task| text(&task["Spec"]["ContainerSpec"]["Image"])).collect();
        assert_eq!(images, [image(name, 'a'), image(name, 'a')], "{name}");
    }
    // Each service is told of once.
    let told = |name: &str| {
        report["actions"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|action| action["target"]["name"] == name)
            .map(|action| (text(&action["status"]), text(&action["error"])))
            .collect::<Vec<_>>()
    };
    assert_eq!(told("a").len(), 1, "{report:#}");
    assert!(told("a")[0].1.starts_with("`b` of its stack `shop` did not get its image"), "{report:#}");
    assert_eq!((told("c").len(), told("c")[0].0.as_str()), (1, "skipped"), "{report:#}");
    assert!(text(&report["error"]["message"]).contains("`b`") && !text(&report["error"]["message"]).contains("`a`"));
    // Nobody tries again what is no good, nor the rest of its stack by itself, unless that is asked for.
    stage.sim.reset_requests().unwrap();
    let (exit, report) = stage.run(&["services", "update", "--atomic"]);
    assert_eq!((exit, stage.writes()), (75, 0), "{report:#}");
    let reasons: Vec<Value> =
        report["data"]["updates"].as_array().unwrap().iter().map(|entry| entry["reasons"].clone()).collect();
    assert_eq!(reasons, [json!(["stack"]), json!(["failed_before"]), json!(["stack"]), json!([])], "{report:#}");
    let (_, report) = stage.run(&["services", "update"]);
    assert_eq!(outcomes(&report), [("a".to_owned(), "proven".to_owned()), ("c".to_owned(), "proven".to_owned())]);
}

#[test]
fn what_is_under_way_beside_it_goes_back_too() {
    let stage = staged(&["b"]);
    // Its rollout takes long enough to be seen under way when the other fails.
    stage.broken(&image("c", 'b'), "starting", "");
    let (exit, report) = stage.run(&["services", "update", "--atomic", "--parallel", "4", "--deadline", "20s"]);
    assert_eq!(exit, 1, "{report:#}");
    let ends = ["a", "b", "c"].map(|name| outcome(&report, name));
    assert_eq!(ends, ["rolled_back_with_stack", "rolled_back", "rolled_back_with_stack"], "{report:#}");
    for name in ["a", "b", "c"] {
        assert_eq!(image_of(&stage, name), image(name, 'a'), "{name}");
    }
}

#[test]
fn a_stack_of_which_one_service_can_not_be_updated_is_not_begun() {
    let stage = staged(&[]);
    stage.sim.engine.ask("DELETE", "/_sim/registry", None).unwrap();
    for name in ["a", "b", "other"] {
        stage.publish(&format!("r.invalid/{name}:1"), 'b');
    }
    let (exit, report) = stage.run(&["services", "update", "--atomic"]);
    assert_eq!((exit, outcomes(&report)), (75, vec![("other".to_owned(), "proven".to_owned())]), "{report:#}");
    let why = text(&report["blocked"][0]["reasons"][0]);
    assert!(
        why.starts_with("`c` of its stack can't be updated (`r.invalid/c:1`: ")
            && why.ends_with("--atomic wants all or none"),
        "{why}"
    );
    stage.publish("r.invalid/c:1", 'b');
    let (exit, report) = stage.run(&["services", "update", "--atomic"]);
    assert_eq!((exit, outcomes(&report).len()), (0, 3), "{report:#}");
}

#[test]
fn images_come_to_the_nodes_first_and_what_can_not_come_is_not_begun() {
    let stage = staged(&[]);
    stage.broken(&image("b", 'b'), "rejected", "No such image: r.invalid/b:1");
    stage.sim.reset_requests().unwrap();
    let (exit, report) = stage.run(&["services", "update", "--prepull", "--parallel", "2"]);
    assert_eq!((exit, outcomes(&report).len()), (75, 3), "{report:#}");
    assert_eq!((outcome(&report, "b"), image_of(&stage, "b")), ("-", image("b", 'a')), "{report:#}");
    let why = text(&report["blocked"][0]["reasons"][0]);
    assert!(why.starts_with("its image can't be brought to `") && why.contains("No such image"), "{why}");
    let jobs = stage.count("POST /services/create");
    assert!(jobs >= 4, "one on each node for each service: {jobs}");
    assert_eq!(stage.cluster().services.len(), 4, "the jobs are gone");
}

/// No job could run on a node that takes no new tasks, and the new task goes elsewhere.
#[test]
fn a_node_that_is_paused_is_not_brought_an_image() {
    let stage = Stage::new();
    stage.create("web", |spec| spec["Mode"]["Replicated"]["Replicas"] = 3.into());
    stage.publish("r.invalid/web:1", 'b');
    let paused = stage.cluster().places("web").unwrap().remove(0);
    let id = stage.cluster().node_id(&paused).unwrap();
    stage.sim.engine.edit("nodes", &id, |spec| spec["Availability"] = "pause".into()).unwrap();
    stage.sim.reset_requests().unwrap();
    let (exit, report) = stage.run(&["services", "update", "--prepull", "--deadline", "10s"]);
    assert_eq!((exit, outcomes(&report)), (0, vec![("web".to_owned(), "proven".to_owned())]), "{report:#}");
    assert_eq!(stage.count("POST /services/create"), 2, "one on each of the others");
}
