//! Writes that meet somebody else's, whose object is gone, or whose answer is lost.

use anyhow::Result;
use serde_json::json;

use super::{Stage, service, statuses};
use crate::common::cluster::text;

fn node_path(stage: &Stage, name: &str) -> Result<String> {
    Ok(format!("/nodes/{}", stage.cluster()?.node_id(name)?))
}

#[test]
fn a_conflict_is_planned_again() -> Result<()> {
    let stage = Stage::new()?;
    stage.fault(&json!({"kind": "conflict", "method": "POST", "times": 1}))?;
    let (ended, report) = stage.sync(&[])?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("changed")), "{ended}");
    assert_eq!(statuses(&report), ["done", "done", "done"], "{ended}");
    assert_eq!(stage.writes()?, 4);
    // What the other writer wrote is still there.
    assert_eq!(stage.cluster()?.node("node-1")?["Spec"]["Labels"]["sim.other"], "1");
    stage.recovers()
}

#[test]
fn conflicts_without_end() -> Result<()> {
    let stage = Stage::new()?;
    let path = node_path(&stage, "node-2")?;
    stage.fault(&json!({"kind": "conflict", "method": "POST", "path": path}))?;
    let (ended, report) = stage.sync(&[])?;
    assert_eq!(ended.exit, Some(75), "{ended}");
    assert_eq!(report["error"]["kind"], "conflict", "{ended}");
    assert_eq!(report["outcome"], "partial", "{ended}");
    assert_eq!(statuses(&report), ["done", "failed", "done"], "{ended}");
    assert_eq!(stage.labelled()?, ["node-1", "node-3"]);
    let writes = stage.writes()?;
    assert!((7..=8).contains(&writes), "five tries or six, then it gives up: {writes}");
    stage.recovers()
}

#[test]
fn the_other_writer_did_it_already() -> Result<()> {
    let stage = Stage::new()?;
    let id = stage.cluster()?.node_id("node-1")?;
    stage.hold(0)?;
    let running = stage.start(&[])?;
    stage.held()?;
    // The hold is for the first write only: this one goes through.
    stage.sim.engine.edit("nodes", &id, |spec| spec["Labels"]["ssd"] = "true".into())?;
    stage.clear()?;
    let ended = running.end()?;
    let report = ended.report()?;
    assert_eq!(ended.exit, Some(0), "{ended}");
    assert_eq!(statuses(&report), ["done", "done"], "{ended}");
    assert_eq!(report["warnings"][0]["code"], "replanned", "{ended}");
    assert_eq!(stage.labelled()?.len(), 3);
    stage.recovers()
}

#[test]
fn a_node_that_is_gone_before_the_write() -> Result<()> {
    let stage = Stage::new()?;
    let path = node_path(&stage, "node-3")?;
    stage.fault(&json!({"kind": "delete", "method": "POST", "path": path, "times": 1}))?;
    let (ended, report) = stage.sync(&[])?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(75), &json!("partial")), "{ended}");
    assert_eq!(statuses(&report), ["done", "done", "skipped"], "{ended}");
    assert!(text(&report["actions"][2]["error"]).contains("removed from the swarm"), "{ended}");
    assert_eq!(stage.labelled()?, ["node-1", "node-2"]);
    let (ended, report) = stage.sync(&[])?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("unchanged")), "{ended}");
    assert_eq!(report["warnings"][0]["code"], "unknown_node", "{ended}");
    Ok(())
}

#[test]
fn a_service_that_is_gone_before_the_write() -> Result<()> {
    let stage = Stage::with("stack: web\noptions: { enforce: true }\ndependencies: { db: [app, web] }\n")?;
    for name in ["web_db", "web_app", "web_web"] {
        stage.sim.engine.post("/services/create", &service(name, &[]))?;
    }
    let path = format!("/services/{}", stage.cluster()?.service_id("web_app")?);
    stage.fault(&json!({"kind": "delete", "method": "POST", "path": path, "times": 1}))?;
    stage.sim.reset_requests()?;
    let (ended, report) = stage.run(&["anchors", "follow"])?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(75), &json!("partial")), "{ended}");
    assert_eq!(statuses(&report), ["done", "skipped", "done"], "{ended}");
    assert_eq!(stage.writes()?, 3);
    stage.clear()?;
    let (ended, report) = stage.run(&["anchors", "follow", "--wait", "30s"])?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("unchanged")), "{ended}");
    assert_eq!(report["warnings"][0]["code"], "missing_service", "{ended}");
    Ok(())
}

/// The label of an anchor must not leave its old node when it could not be set on the new one.
#[test]
fn no_removal_without_its_addition() -> Result<()> {
    let stage = Stage::with("stack: web\ndependencies: { db: [app] }\n")?;
    stage.sim.engine.post("/services/create", &service("web_db", &["node.hostname==node-2"]))?;
    let id = stage.cluster()?.node_id("node-1")?;
    stage.sim.engine.edit("nodes", &id, |spec| spec["Labels"]["db"] = "true".into())?;
    stage.sim.engine.post("/services/create", &service("web_app", &["node.labels.db==true"]))?;
    let path = node_path(&stage, "node-2")?;
    stage.fault(&json!({"kind": "error500", "method": "POST", "path": path}))?;
    let (ended, report) = stage.run(&["anchors", "follow"])?;
    assert_eq!(ended.exit, Some(1), "{ended}");
    assert_eq!(statuses(&report), ["failed", "skipped"], "{ended}");
    assert_eq!(stage.cluster()?.places("web_app")?, ["node-1"], "it was not evicted");
    stage.clear()?;
    let (ended, _) = stage.run(&["anchors", "follow", "--wait", "30s"])?;
    assert_eq!(ended.exit, Some(0), "{ended}");
    assert_eq!(stage.cluster()?.places("web_app")?, ["node-2"]);
    Ok(())
}

/// One object that the engine can't write is no reason to leave out the others.
#[test]
fn an_error_on_one_object_is_its_own() -> Result<()> {
    let stage = Stage::new()?;
    stage.fault(&json!({"kind": "error500", "method": "POST", "path": node_path(&stage, "node-1")?}))?;
    let (ended, report) = stage.sync(&[])?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(1), &json!("partial")), "{ended}");
    assert_eq!(statuses(&report), ["failed", "done", "done"], "{ended}");
    assert!(text(&report["actions"][0]["error"]).contains("simulated failure"), "{ended}");
    assert_eq!(stage.labelled()?, ["node-2", "node-3"]);
    assert_eq!(stage.writes()?, 3);
    stage.recovers()
}

#[test]
fn the_answer_to_a_write_is_lost() -> Result<()> {
    let stage = Stage::new()?;
    stage.fault(&json!({"kind": "cut", "method": "POST", "after": 1, "times": 1}))?;
    let (ended, report) = stage.sync(&[])?;
    // It was made: orca looked.
    assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("changed")), "{ended}");
    assert_eq!(stage.labelled()?.len(), 3);
    assert_eq!(stage.writes()?, 3, "no write is repeated blindly");
    stage.recovers()
}

#[test]
fn the_answer_to_a_write_is_lost_and_nobody_can_tell() -> Result<()> {
    let stage = Stage::new()?;
    stage.fault(&json!({"kind": "cut", "method": "POST", "after": 1}))?;
    stage.fault(&json!({"kind": "cut", "method": "GET", "path": node_path(&stage, "node-2")?}))?;
    let (ended, report) = stage.sync(&[])?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(69), &json!("partial")), "{ended}");
    assert_eq!(statuses(&report), ["done", "failed", "skipped"], "{ended}");
    assert!(text(&report["actions"][1]["error"]).contains("may or may not have been"), "{ended}");
    stage.recovers()
}

#[test]
fn a_write_that_was_not_made() -> Result<()> {
    let stage = Stage::new()?;
    stage.fault(&json!({"kind": "silence", "method": "POST", "after": 2}))?;
    let (ended, report) = stage.sync(&["--timeout", "3s"])?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(69), &json!("partial")), "{ended}");
    assert_eq!(statuses(&report), ["done", "done", "failed"], "{ended}");
    assert_eq!(stage.labelled()?, ["node-1", "node-2"]);
    stage.recovers()
}
