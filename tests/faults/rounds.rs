//! What one run keeps and leaves when it plans again: after a conflict, and round after round of `--wait`.

use anyhow::Result;
use serde_json::json;

use super::{Stage, service, statuses};

/// It has not been weighed against budget, deadline and order.
#[test]
fn what_is_new_after_a_conflict_waits_for_the_next_pass() -> Result<()> {
    let stage = Stage::with("nodes: { node-1: { labels: { ssd: 'true', zone: a } } }\n")?;
    let id = stage.cluster()?.node_id("node-1")?;
    stage.sim.engine.edit("nodes", &id, |spec| spec["Labels"]["zone"] = "a".into())?;
    stage.sim.reset_requests()?;
    stage.hold(0)?;
    let running = stage.start(&[])?;
    stage.held()?;
    // The hold is for the first write only: this one goes through, and gives orca one more thing to do.
    stage.sim.engine.edit("nodes", &id, |spec| spec["Labels"]["zone"] = "b".into())?;
    stage.clear()?;
    let ended = running.end()?;
    let report = ended.report()?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("changed")), "{ended}");
    assert_eq!(statuses(&report), ["done"], "{ended}");
    assert_eq!(report["actions"][0]["id"], "node/node-1#label/ssd", "{ended}");
    assert_eq!(stage.cluster()?.node("node-1")?["Spec"]["Labels"]["zone"], "b", "another writer's, so far");
    let (ended, report) = stage.sync(&[])?;
    assert_eq!(report["actions"][0]["id"], "node/node-1#label/zone", "{ended}");
    assert_eq!(stage.cluster()?.node("node-1")?["Spec"]["Labels"]["zone"], "a");
    Ok(())
}

/// Warnings of the plan are those of the last look; what was noticed on the way is noticed once.
#[test]
fn what_was_noticed_in_the_first_round_is_in_the_report_of_the_last() -> Result<()> {
    let stage = Stage::with("stack: web\ndependencies: { db: [app] }\n")?;
    stage.sim.engine.post("/services/create", &service("web_db", &["node.hostname==node-2"]))?;
    stage.sim.engine.post("/services/create", &service("web_app", &["node.labels.db==true"]))?;
    let id = stage.cluster()?.node_id("node-2")?;
    stage.hold(0)?;
    let running = stage.orca.start(&["anchors", "follow", "--wait", "60s"])?;
    stage.held()?;
    stage.sim.engine.edit("nodes", &id, |spec| spec["Labels"]["db"] = "true".into())?;
    stage.clear()?;
    let ended = running.end()?;
    let report = ended.report()?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("unchanged")), "{ended}");
    assert_eq!(report["data"]["unsettled"], json!([]), "{ended}");
    assert!(report["data"]["requests"].as_u64() > Some(10), "it has looked more than once: {ended}");
    let codes: Vec<_> = report["warnings"].as_array().into_iter().flatten().map(|warning| &warning["code"]).collect();
    assert_eq!(codes, ["replanned"], "{ended}");
    Ok(())
}

#[test]
fn a_dry_run_of_the_loop_is_one_cycle() -> Result<()> {
    let stage = Stage::new()?;
    // One document, not JSON Lines: there is nothing that a second cycle could tell.
    let (ended, report) = stage.run(&["reconcile", "--dry-run", "--interval", "1ms"])?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("planned")), "{ended}");
    assert_eq!(report["schema"], "orca.report/1", "{ended}");
    assert_eq!(statuses(&report), ["planned"; 3], "{ended}");
    assert_eq!(stage.writes()?, 0);
    Ok(())
}
