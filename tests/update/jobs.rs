//! Jobs: left alone unless they are asked for, run again once with the new image, and never while they run.

use serde_json::{Value, json};

use crate::common::cluster::text;
use crate::common::poll;

use super::plan::digest;
use super::stage::{Stage, image, outcomes};

/// A job of each kind, and a service that is none; all have the newest image, and the jobs have ended.
fn stage() -> Stage {
    let stage = Stage::new();
    stage.create("web", |_| ());
    let modes = [
        ("once", json!({"ReplicatedJob": {"MaxConcurrent": 2, "TotalCompletions": 3}})),
        ("everywhere", json!({"GlobalJob": {}})),
    ];
    for (name, mode) in modes {
        stage.publish(&format!("r.invalid/{name}:1"), 'a');
        let spec = json!({"Name": name, "Mode": mode,
            "TaskTemplate": {"ContainerSpec": {"Image": image(name, 'a')}, "Placement": {}, "RestartPolicy": {"Condition": "none"}}});
        stage.sim.engine.post("/services/create", &spec).unwrap();
    }
    stage
}

/// Images of the tasks that have ended well, each once for each task.
fn ended(stage: &Stage, name: &str) -> Vec<String> {
    let cluster = stage.cluster();
    let id = cluster.service_id(name).unwrap();
    let tasks = cluster.tasks.iter().filter(|task| task["ServiceID"] == id.as_str());
    let well = tasks.filter(|task| task["Status"]["State"] == "complete");
    let mut images: Vec<String> = well.map(|task| text(&task["Spec"]["ContainerSpec"]["Image"])).collect();
    images.sort();
    images
}

fn publish_all(stage: &Stage, letter: char) {
    for name in ["once", "everywhere", "web"] {
        stage.publish(&format!("r.invalid/{name}:1"), letter);
    }
}

#[test]
fn jobs_are_left_alone_unless_they_are_asked_for_and_then_run_again_once() {
    let stage = stage();
    publish_all(&stage, 'b');
    let (exit, report) = stage.run(&["services", "update"]);
    assert_eq!((exit, outcomes(&report)), (0, vec![("web".to_owned(), "proven".to_owned())]), "{report:#}");
    // Named, but not asked to run: refused, and said why.
    stage.sim.reset_requests().unwrap();
    let (exit, report) = stage.run(&["services", "update", "once", "everywhere"]);
    assert_eq!((exit, stage.writes()), (75, 0), "{report:#}");
    let entries = report["data"]["updates"].as_array().unwrap();
    assert!(entries.iter().all(|entry| entry["reasons"] == json!(["job"])), "{report:#}");

    let (mut once, mut everywhere) = (stage.spec("once"), stage.spec("everywhere"));
    let (exit, report) = stage.run(&["services", "update", "--jobs", "--parallel", "2"]);
    let mut ends = outcomes(&report);
    ends.sort();
    let written = |name: &str| (name.to_owned(), "written".to_owned());
    assert_eq!((exit, ends), (0, vec![written("everywhere"), written("once")]), "{report:#}");
    // Image and platforms, and nothing else.
    for (name, spec) in [("once", &mut once), ("everywhere", &mut everywhere)] {
        spec["TaskTemplate"]["ContainerSpec"]["Image"] = image(name, 'b').into();
        spec["TaskTemplate"]["Placement"]["Platforms"] = json!([{"Architecture": "amd64", "OS": "linux"}]);
        assert_eq!(stage.spec(name), *spec, "{name}");
        poll::until("it has run again", || {
            let new = ended(&stage, name).iter().filter(|done| **done == image(name, 'b')).count();
            Ok(if new == 3 { Vec::new() } else { vec![format!("{new} of 3")] })
        })
        .unwrap();
    }
    stage.sim.reset_requests().unwrap();
    let (exit, report) = stage.run(&["services", "update", "--jobs"]);
    assert_eq!((exit, stage.writes(), &report["outcome"]), (0, 0, &json!("unchanged")), "{report:#}");
    assert_eq!(ended(&stage, "once").iter().filter(|done| **done == image("once", 'b')).count(), 3, "not once more");
}

#[test]
fn a_job_that_runs_is_not_disturbed_and_one_that_fails_is_its_own_business() {
    let stage = stage();
    publish_all(&stage, 'b');
    // Its tasks start, and don't come to an end.
    stage.broken(&digest('a'), "starting", "");
    let id = stage.cluster().service_id("once").unwrap();
    let again = |spec: &mut Value| spec["TaskTemplate"]["ForceUpdate"] = 1.into();
    stage.sim.engine.edit("services", &id, again).unwrap();
    stage.sim.reset_requests().unwrap();
    let (exit, report) = stage.run(&["services", "update", "once", "--jobs"]);
    assert_eq!((exit, stage.writes()), (75, 0), "{report:#}");
    assert_eq!(report["data"]["updates"][0]["reasons"], json!(["busy"]), "{report:#}");

    stage.broken(&digest('b'), "failed", "task: non-zero exit (3)");
    let (exit, report) = stage.run(&["services", "update", "everywhere", "--jobs"]);
    assert_eq!((exit, outcomes(&report)), (0, vec![("everywhere".to_owned(), "written".to_owned())]), "{report:#}");
    assert_eq!(text(&stage.spec("everywhere")["TaskTemplate"]["ContainerSpec"]["Image"]), image("everywhere", 'b'));
}
