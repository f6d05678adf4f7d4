//! Each way to move a task: it arrives, nobody else moves, nothing is left.

use anyhow::Result;
use serde_json::json;

use super::stage::{Stage, statuses};
use crate::common::cluster::text;

/// One move of this service, by this mechanism, which leaves its tasks at these places.
fn moves(stage: &Stage, service: &str, mechanism: &str, places: &[&str], more: &[&str]) -> Result<()> {
    let before = stage.before()?;
    let (ended, report) = stage.apply(more)?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("changed")), "{ended}");
    assert_eq!(report["data"]["moves"][0]["mechanism"], mechanism, "{ended}");
    assert_eq!(report["actions"][0]["target"]["service"], service, "{ended}");
    assert_eq!(statuses(&report), ["done"], "{ended}");
    assert_eq!(stage.cluster()?.places(service)?, places, "{ended}");
    let moved = &report["data"]["moved"][0];
    let new = text(&moved["new_task"]);
    assert!(stage.cluster()?.running_ids()?[service].contains(&new), "{ended}");
    assert_eq!(moved["to"], report["actions"][0]["after"], "{ended}");
    stage.as_before(&before)?;
    stage.only_moved(&before, &[(service, 1)])?;
    // There is nothing better any more, and that writes nothing.
    stage.sim.reset_requests()?;
    let (ended, report) = stage.apply(&[])?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("unchanged")), "{ended}");
    let written = stage.written()?;
    assert!(written.iter().all(|line| line.contains("/configs/")), "{written:?}");
    Ok(())
}

#[test]
fn the_only_replica() -> Result<()> {
    let stage = Stage::hog("0s")?;
    moves(&stage, "web", "single-pin", &["node-3"], &[])
}

#[test]
fn the_only_replica_whose_spec_says_little() -> Result<()> {
    let mut stage = Stage::new(2)?;
    stage.service_with("web", &[("node-1", 2_000)], |spec| {
        *spec = json!({"Name": "web", "Mode": {"Replicated": {"Replicas": 1}}, "TaskTemplate":
            {"ContainerSpec": {"Image": "127.0.0.1:1/bb:1"}, "Placement": {}}});
    })?;
    stage.pinned("big", "node-1", 4_000)?;
    stage.pinned("low", "node-2", 100)?;
    moves(&stage, "web", "single-pin", &["node-2"], &[])
}

#[test]
fn start_first_and_many_things_in_the_spec() -> Result<()> {
    let mut stage = Stage::slow(3, "300ms")?;
    stage.service_with("web", &[("node-1", 4_000)], |spec| {
        spec["UpdateConfig"] = json!({"Parallelism": 0, "Order": "start-first", "Delay": 5_000_000_000_u64});
        spec["RollbackConfig"] = json!({"Parallelism": 1, "MaxFailureRatio": 0.25, "Order": "stop-first"});
        spec["TaskTemplate"]["Placement"]["Preferences"] =
            json!([{"Spread": {"SpreadDescriptor": "node.labels.zone"}}]);
        spec["TaskTemplate"]["Placement"]["MaxReplicas"] = json!(2);
        spec["TaskTemplate"]["Placement"]["Constraints"] = json!(["node.role==manager"]);
        spec["Future"] = json!({"null": null, "empty": [], "zero": 0, "text": ""});
    })?;
    stage.pinned("big", "node-1", 3_000)?;
    stage.settled()?;
    moves(&stage, "web", "single-pin", &["node-2"], &[])
}

#[test]
fn the_only_one_of_several_on_its_node() -> Result<()> {
    let mut stage = Stage::new(4)?;
    stage.service("web", &[("node-1", 4_000), ("node-2", 1_000)])?;
    stage.pinned("big", "node-1", 3_500)?;
    stage.pinned("mid", "node-3", 3_000)?;
    stage.pinned("low", "node-4", 500)?;
    moves(&stage, "web", "exclude", &["node-2", "node-4"], &[])
}

#[test]
fn one_of_several_on_its_node() -> Result<()> {
    let mut stage = Stage::new(2)?;
    stage.service("web", &[("node-1", 2_000), ("node-1", 2_000)])?;
    moves(&stage, "web", "scale", &["node-1", "node-2"], &[])
}

#[test]
fn one_of_several_to_a_node_with_one_less() -> Result<()> {
    let mut stage = Stage::new(3)?;
    let places = ["node-1", "node-1", "node-1", "node-2", "node-2", "node-3"];
    stage.service("web", &places.map(|node| (node, if node == "node-1" { 1_700 } else { 500 })))?;
    stage.pinned("low", "node-3", 1_500)?;
    moves(&stage, "web", "shift", &["node-1", "node-1", "node-2", "node-2", "node-2", "node-3"], &[])
}

/// Swarm gives up only the last of them, which makes a plan for each.
#[test]
fn all_of_one_node_are_spread() -> Result<()> {
    let mut stage = Stage::new(3)?;
    stage.service("web", &[("node-1", 100); 6])?;
    let before = stage.before()?;
    let (ended, report) = stage.apply(&["--goal", "count"])?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("changed")), "{ended}");
    assert_eq!(statuses(&report), ["done"; 4], "{ended}");
    let even = ["node-1", "node-1", "node-2", "node-2", "node-3", "node-3"];
    assert_eq!(stage.cluster()?.places("web")?, even, "{ended}");
    stage.as_before(&before)?;
    stage.only_moved(&before, &[("web", 4)])
}

#[test]
fn a_node_with_several_of_a_service_is_emptied() -> Result<()> {
    let mut stage = Stage::new(3)?;
    stage.service("web", &[("node-1", 100), ("node-1", 100)])?;
    let before = stage.before()?;
    let (ended, report) = stage.apply(&["--empty", "node-1"])?;
    assert_eq!((ended.exit, statuses(&report)), (Some(0), vec!["done", "done"]), "{ended}");
    assert_eq!((&report["blocked"], &report["data"]["goal"]["met"]), (&json!([]), &json!(true)), "{ended}");
    assert_eq!(stage.cluster()?.places("web")?, ["node-2", "node-3"], "{ended}");
    stage.as_before(&before)?;
    stage.only_moved(&before, &[("web", 2)])
}

#[test]
fn a_node_that_came_back_empty_gets_its_share() -> Result<()> {
    let mut stage = Stage::new(3)?;
    let places = [("node-1", 100), ("node-2", 100), ("node-1", 100), ("node-2", 100), ("node-1", 100), ("node-2", 100)];
    stage.service("web", &places)?;
    let before = stage.before()?;
    let (ended, report) = stage.apply(&["--goal", "count"])?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("changed")), "{ended}");
    assert_eq!(statuses(&report), ["done", "done"], "{ended}");
    assert_eq!(
        stage.cluster()?.places("web")?,
        ["node-1", "node-1", "node-2", "node-2", "node-3", "node-3"],
        "{ended}"
    );
    stage.as_before(&before)?;
    stage.only_moved(&before, &[("web", 2)])
}

#[test]
fn a_node_is_emptied() -> Result<()> {
    let mut stage = Stage::new(3)?;
    stage.service("web", &[("node-1", 1_000)])?;
    stage.service("two", &[("node-1", 500), ("node-2", 500)])?;
    stage.pinned("mid", "node-2", 2_500)?;
    stage.pinned("low", "node-3", 100)?;
    let before = stage.before()?;
    let (ended, report) = stage.apply(&["--empty", "node-1"])?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("changed")), "{ended}");
    let cluster = stage.cluster()?;
    assert_eq!(cluster.places("two")?, ["node-2", "node-3"], "{ended}");
    assert!(!cluster.places("web")?.contains(&"node-1".to_owned()), "{ended}");
    stage.as_before(&before)?;
    stage.only_moved(&before, &[("web", 1), ("two", 1)])
}

/// An anchor, its label, and what the label's constraint ties to it.
pub(crate) fn group() -> Result<Stage> {
    let mut stage = Stage::new(3)?;
    stage.orca.config("stack: web\ndependencies: { db: [app, job] }\n")?;
    stage.service("web_db", &[("node-1", 2_500)])?;
    let id = stage.cluster()?.node_id("node-1")?;
    stage.sim.engine.edit("nodes", &id, |spec| spec["Labels"]["db"] = "true".into())?;
    for name in ["web_app", "web_job"] {
        stage.service_with(name, &[("node-1", 500)], |spec| {
            spec["TaskTemplate"]["Placement"]["Constraints"] = json!(["node.labels.db==true"]);
        })?;
    }
    stage.pinned("big", "node-1", 4_000)?;
    stage.pinned("mid", "node-2", 3_000)?;
    stage.pinned("low", "node-3", 500)?;
    stage.settled()?;
    Ok(stage)
}

fn labelled(stage: &Stage) -> Result<Vec<String>> {
    let cluster = stage.cluster()?;
    let has = |node: &&serde_json::Value| node["Spec"]["Labels"]["db"] == "true";
    Ok(cluster.nodes.iter().filter(has).map(|node| text(&node["Description"]["Hostname"])).collect())
}

#[test]
fn an_anchor_group_moves_together() -> Result<()> {
    let stage = group()?;
    let before = stage.before()?;
    // Not one more than the group has: its labels are not counted beside its tasks.
    let (ended, report) = stage.apply(&["--max-restarts", "3", "--max-actions", "3"])?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("changed")), "{ended}");
    let mechanisms: Vec<_> =
        report["data"]["moves"].as_array().into_iter().flatten().map(|m| text(&m["mechanism"])).collect();
    assert_eq!(mechanisms, ["single-pin", "follow", "follow"], "{ended}");
    for service in ["web_db", "web_app", "web_job"] {
        assert_eq!(stage.cluster()?.places(service)?, ["node-3"], "{ended}");
    }
    assert_eq!(labelled(&stage)?, ["node-3"], "{ended}");
    assert!(statuses(&report).iter().all(|status| *status == "done"), "{ended}");
    stage.as_before(&before)?;
    stage.only_moved(&before, &[("web_db", 1), ("web_app", 1), ("web_job", 1)])?;
    let (ended, report) = stage.run(&["anchors", "follow"])?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("unchanged")), "{ended}");
    Ok(())
}

#[test]
fn a_group_over_the_budget_is_not_begun() -> Result<()> {
    let stage = group()?;
    let before = stage.before()?;
    let (ended, report) = stage.apply(&["--max-restarts", "3", "--max-actions", "2"])?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(75), &json!("partial")), "{ended}");
    assert_eq!(statuses(&report), ["skipped", "skipped", "skipped"], "{ended}");
    stage.as_before(&before)?;
    stage.only_moved(&before, &[])
}

#[test]
fn a_pin_that_was_asked_for_is_all_that_stays() -> Result<()> {
    let stage = Stage::hog("0s")?;
    let before = stage.before()?;
    let (ended, _) = stage.apply(&["--pin"])?;
    assert_eq!(ended.exit, Some(0), "{ended}");
    assert_eq!(stage.cluster()?.service("web")?["Spec"]["Labels"]["orca.rebalance.node"], "node-3");
    stage.edit("web", |spec| {
        spec["Labels"].as_object_mut().map(|labels| labels.remove("orca.rebalance.node"));
    })?;
    stage.edit("web", |_| ())?;
    stage.as_before(&before)?;
    stage.only_moved(&before, &[("web", 1)])
}
