//! Rollouts that an earlier run began, and whose end it did not see.

use serde_json::json;

use crate::common::cluster::text;

use super::engine::running_image;
use super::plan::digest;
use super::stage::{Stage, ended, image, outcomes};

/// An orca that is stopped while a rollout is under way that takes its time, or never ends.
fn unseen(ends: bool) -> Stage {
    let stage = Stage::new();
    stage.create("web", |spec| spec["UpdateConfig"]["Monitor"] = 2_000_000_000_u64.into());
    stage.publish("r.invalid/web:1", 'b');
    if !ends {
        stage.broken(&digest('b'), "starting", "");
    }
    let running = stage.begun(&[]);
    running.signal("TERM").unwrap();
    assert_eq!(ended(&running.end().unwrap()).0, 143);
    stage.sim.reset_requests().unwrap();
    stage
}

#[test]
fn a_rollout_that_nobody_saw_to_its_end_is_watched_again_without_a_write() {
    let stage = unseen(true);
    let (exit, report) = stage.run(&["services", "update", "-n"]);
    assert_eq!((exit, &report["data"]["updates"][0]["verdict"]), (0, &json!("watch")), "{report:#}");
    let (exit, report) = stage.run(&["services", "update"]);
    assert_eq!((exit, outcomes(&report)), (0, vec![("web".to_owned(), "proven".to_owned())]), "{report:#}");
    assert_eq!((stage.writes(), report["actions"].as_array().unwrap().len()), (0, 0), "{report:#}");
    let (exit, report) = stage.run(&["services", "update"]);
    assert_eq!((exit, &report["data"]["updates"][0]["verdict"]), (0, &json!("unchanged")), "{report:#}");
}

#[test]
fn and_is_rolled_back_if_it_fails_after_all() {
    let stage = unseen(false);
    let (exit, report) = stage.run(&["services", "update", "--deadline", "1s"]);
    assert_eq!((exit, outcomes(&report)), (1, vec![("web".to_owned(), "rolled_back".to_owned())]), "{report:#}");
    assert_eq!(running_image(&stage, "web"), [image("web", 'a'), image("web", 'a')]);
    let (exit, report) = stage.run(&["services", "update"]);
    assert_eq!((exit, &report["data"]["updates"][0]["reasons"]), (75, &json!(["failed_before"])), "{report:#}");
}

/// A node restarts, and orca with it: its containers end, and come up again.
#[test]
fn what_failed_before_it_was_looked_at_again_is_not_held_against_an_image_that_runs() {
    let stage = unseen(true);
    stage.reached("completed");
    for slot in [1, 2] {
        stage.ends_badly(slot);
    }
    stage.settled();
    stage.sim.reset_requests().unwrap();
    let (exit, report) = stage.run(&["services", "update"]);
    assert_eq!((exit, outcomes(&report)), (0, vec![("web".to_owned(), "proven".to_owned())]), "{report:#}");
    assert_eq!((stage.writes(), running_image(&stage, "web")), (0, vec![image("web", 'b'); 2]), "{report:#}");
    // It has to run for as long as the engine and orca would have watched it.
    let took = report["data"]["updates"][0]["took_ms"].as_u64().unwrap();
    assert!(took >= 4000, "{took}");
}

#[test]
fn what_keeps_failing_is_rolled_back() {
    let stage = unseen(true);
    stage.reached("completed");
    stage.broken(&digest('b'), "failed", "task: non-zero exit (137)");
    stage.ends_badly(1);
    let (exit, report) = stage.run(&["services", "update", "--deadline", "20s"]);
    assert_eq!((exit, outcomes(&report)), (1, vec![("web".to_owned(), "rolled_back".to_owned())]), "{report:#}");
    let told = &report["data"]["updates"][0]["failed_task"]["error"];
    assert_eq!(told, "task: non-zero exit (137)", "{report:#}");
    assert_eq!(running_image(&stage, "web"), vec![image("web", 'a'); 2]);
}

/// The engine has seen to it, and no orca: it is as bad an image as if one had.
#[test]
fn what_the_engine_has_rolled_back_is_not_tried_again_until_that_is_asked_for() {
    let stage = Stage::new();
    stage.create("web", |spec| spec["UpdateConfig"]["FailureAction"] = "rollback".into());
    stage.publish("r.invalid/web:1", 'b');
    stage.broken(&digest('b'), "starting", "");
    let running = stage.begun(&[]);
    running.signal("TERM").unwrap();
    assert_eq!(ended(&running.end().unwrap()).0, 143);
    stage.reached("updating");
    stage.ends_badly(1);
    stage.reached("rollback_completed");
    stage.settled();
    let refused = || {
        stage.sim.reset_requests().unwrap();
        let (exit, report) = stage.run(&["services", "update"]);
        assert_eq!((exit, stage.writes()), (75, 0), "{report:#}");
        assert_eq!(report["data"]["updates"][0]["reasons"], json!(["failed_before"]), "{report:#}");
        let why = text(&report["blocked"][0]["reasons"][0]);
        assert!(why.contains("while no orca watched it; the engine says: rollback completed"), "{why}");
    };
    refused();
    // That is remembered, although the engine says no more of it once somebody has written to the service.
    let id = stage.cluster().service_id("web").unwrap();
    stage.sim.engine.edit("services", &id, |spec| spec["Labels"]["note"] = "new".into()).unwrap();
    assert!(stage.cluster().service("web").unwrap().get("UpdateStatus").is_none());
    refused();
    stage.sim.engine.ask("DELETE", "/_sim/images", None).unwrap();
    let (exit, report) = stage.run(&["services", "update", "--retry-failed"]);
    assert_eq!((exit, outcomes(&report)), (0, vec![("web".to_owned(), "proven".to_owned())]), "{report:#}");
}
