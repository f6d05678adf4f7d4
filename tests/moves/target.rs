//! What the target can do to a move.

use anyhow::Result;
use serde_json::{Value, json};

use super::stage::{Before, Stage, statuses};
use crate::common::cluster::text;
use crate::common::poll;

/// The move was tried in vain: told so, undone, and the service runs as soon as its node lets it.
fn in_vain(stage: &Stage, before: &Before, args: &[&str], exit: i32, says: &str) -> Result<Value> {
    let own = own_writes(stage)?;
    let running = stage.start(args)?;
    if exit == 1 {
        poll::until("what steers it is taken out again", || {
            let writes = own_writes(stage)? - own;
            Ok(if writes == 3 { Vec::new() } else { vec![format!("{writes} writes")] })
        })?;
        stage.sim.engine.ask("DELETE", "/_sim/images", None)?;
    }
    let ended = running.end()?;
    let report = ended.report()?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(exit), &json!("failed")), "{ended}");
    let error = text(&report["actions"][0]["error"]);
    assert!(error.contains(says), "`{error}` doesn't say `{says}`: {ended}");
    assert!(text(&report["error"]["message"]).contains("was not moved"), "{ended}");
    stage.sim.engine.ask("DELETE", "/_sim/images", None)?;
    stage.as_before(before)?;
    Ok(report)
}

/// So often `web` was written.
fn own_writes(stage: &Stage) -> Result<usize> {
    let own = format!("POST /services/{}/update", stage.cluster()?.service_id("web")?);
    Ok(stage.written()?.iter().filter(|line| **line == own).count())
}

#[test]
fn crashes_the_task() -> Result<()> {
    let stage = Stage::hog("0s")?;
    let before = stage.before()?;
    let err = "task: non-zero exit (137)";
    stage.sim.admin("/images", &json!({"match": "bb", "state": "failed", "err": err, "node": "node-3"}))?;
    let report = in_vain(&stage, &before, &[], 1, err)?;
    assert_eq!(statuses(&report), ["failed"]);
    assert_eq!(report["error"]["kind"], "failed");
    stage.only_moved(&before, &[("web", 1)])
}

#[test]
fn lacks_the_image() -> Result<()> {
    let mut stage = Stage::new(3)?;
    stage.service_with("web", &[("node-1", 4_000)], |spec| {
        spec["TaskTemplate"]["ContainerSpec"]["Image"] = "127.0.0.1:1/own:1".into();
    })?;
    stage.pinned("big", "node-1", 3_000)?;
    stage.pinned("mid", "node-2", 2_500)?;
    let err = "No such image: 127.0.0.1:1/own:1";
    let rule = json!({"match": "own", "state": "rejected", "err": err, "node": "node-3"});
    stage.sim.admin("/images", &rule)?;
    let before = stage.before()?;
    let report = in_vain(&stage, &before, &[], 75, err)?;
    assert_eq!(statuses(&report), ["skipped"]);
    assert_eq!(own_writes(&stage)?, 0, "{:?}", stage.written()?);
    stage.only_moved(&before, &[])?;
    // Who insists gets it tried.
    stage.sim.admin("/images", &rule)?;
    let before = stage.before()?;
    let report = in_vain(&stage, &before, &["--no-prepull"], 1, err)?;
    assert_eq!(statuses(&report), ["failed"]);
    stage.only_moved(&before, &[("web", 1)])
}

/// The image comes with a job that leaves nothing.
#[test]
fn gets_the_image() -> Result<()> {
    let mut stage = Stage::new(2)?;
    stage.service_with("web", &[("node-1", 4_000)], |spec| {
        spec["TaskTemplate"]["ContainerSpec"]["Image"] = "127.0.0.1:1/own:1".into();
    })?;
    stage.pinned("big", "node-1", 3_000)?;
    let before = stage.before()?;
    let (ended, _) = stage.apply(&[])?;
    assert_eq!(ended.exit, Some(0), "{ended}");
    assert!(stage.written()?.contains(&"POST /services/create".to_owned()), "{:?}", stage.written()?);
    stage.as_before(&before)?;
    stage.only_moved(&before, &[("web", 1)])
}

fn goes_down_in_mid_move(order: &str) -> Result<()> {
    let stage = Stage::hog("1500ms")?;
    stage.edit("web", |spec| spec["UpdateConfig"]["Order"] = order.into())?;
    let before = stage.before()?;
    let running = stage.start(&[])?;
    stage.begun("web")?;
    stage.sim.admin("/nodes/node-3", &json!({"state": "down"}))?;
    let ended = running.end()?;
    let report = ended.report()?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(1), &json!("failed")), "{ended}");
    assert_eq!(statuses(&report), ["failed"], "{ended}");
    stage.as_before(&before)?;
    let places = stage.cluster()?.places("web")?;
    assert!(places.len() == 1 && places[0] != "node-3", "{places:?}");
    Ok(())
}

#[test]
fn goes_down_while_the_old_task_is_stopped() -> Result<()> {
    goes_down_in_mid_move("stop-first")
}

#[test]
fn goes_down_while_both_run() -> Result<()> {
    goes_down_in_mid_move("start-first")
}

/// Between the look at the cluster and the first write nothing tells: Swarm then has no node for the task.
#[test]
fn goes_down_before_the_first_write() -> Result<()> {
    let stage = Stage::hog("0s")?;
    let before = stage.before()?;
    stage.fault(&json!({"kind": "hold", "method": "POST", "path": "/services/", "times": 1}))?;
    let running = stage.start(&[])?;
    poll::until("the write is held", || {
        Ok(if stage.struck()? == 1 { Vec::new() } else { vec!["not yet".to_owned()] })
    })?;
    stage.sim.admin("/nodes/node-3", &json!({"state": "down"}))?;
    stage.clear()?;
    let ended = running.end()?;
    let report = ended.report()?;
    assert_eq!(ended.exit, Some(1), "{ended}");
    assert!(text(&report["actions"][0]["error"]).contains("can't take it"), "{ended}");
    stage.as_before(&before)
}

#[test]
fn is_drained_in_mid_move() -> Result<()> {
    let stage = Stage::hog("1500ms")?;
    let before = stage.before()?;
    let running = stage.start(&[])?;
    stage.begun("web")?;
    let id = stage.cluster()?.node_id("node-3")?;
    stage.sim.engine.edit("nodes", &id, |spec| spec["Availability"] = "drain".into())?;
    let ended = running.end()?;
    assert_eq!(ended.exit, Some(1), "{ended}");
    stage.as_before(&before)?;
    assert_ne!(stage.cluster()?.places("web")?, ["node-3"]);
    Ok(())
}
