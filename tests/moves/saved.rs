//! Plans that were saved, and runs that write nothing.

use anyhow::Result;
use serde_json::{Value, json};

use super::stage::{Stage, statuses};
use crate::common::cluster::text;
use crate::common::orca::Ended;

/// A stage with a saved plan of one move of `web`, node-1 to node-3.
fn planned() -> Result<(Stage, Value)> {
    let stage = Stage::hog("0s")?;
    stage.measure()?;
    let plan = plan(&stage)?;
    stage.sim.reset_requests()?;
    Ok((stage, plan))
}

fn plan(stage: &Stage) -> Result<Value> {
    let args = ["rebalance", "plan", "--metrics", "metrics.json", "--unguarded", "--max-restarts", "1", "-o", "json"];
    let (ended, report) = stage.run(&args)?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("planned")), "{ended}");
    save(stage, &ended.stdout)?;
    Ok(report)
}

fn save(stage: &Stage, text: &str) -> Result<()> {
    Ok(std::fs::write(stage.orca.path("p.json"), text)?)
}

fn carry_out(stage: &Stage, more: &[&str]) -> Result<(Ended, Value)> {
    stage.run(&[&["rebalance", "apply", "p.json", "--metrics", "metrics.json", "--settle", "0s"], more].concat())
}

/// Nothing was written but the turn, taken and given back, and this is said with this exit code.
fn refused(stage: &Stage, exit: i32, kind: &str, says: &str) -> Result<()> {
    let before = stage.before()?;
    // First what only looks.
    let (ended, report) = carry_out(stage, &["-n"])?;
    assert_eq!(stage.writes()?, 0, "{ended}");
    assert_eq!(ended.exit, Some(exit), "a dry run says the same: {ended}");
    assert!(report.to_string().contains(says), "{says}: {ended}");
    let (ended, report) = carry_out(stage, &[])?;
    assert_eq!((ended.exit, &report["error"]["kind"]), (Some(exit), &json!(kind)), "{ended}");
    assert!(report.to_string().contains(says), "{says}: {ended}");
    let written = stage.written()?;
    assert!(written.iter().all(|line| line.contains("/configs/")), "{written:?}");
    stage.as_before(&before)?;
    stage.only_moved(&before, &[])
}

#[test]
fn is_carried_out() -> Result<()> {
    let (stage, plan) = planned()?;
    let before = stage.before()?;
    let (ended, report) = carry_out(&stage, &[])?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("changed")), "{ended}");
    for field in ["id", "kind", "target", "before", "after", "reason"] {
        assert_eq!(report["actions"][0][field], plan["actions"][0][field], "{field}: {ended}");
    }
    assert_eq!(stage.cluster()?.places("web")?, ["node-3"]);
    stage.as_before(&before)?;
    // Once only: the task is another one now.
    refused(&stage, 75, "refused", "the task is gone")
}

#[test]
fn without_figures_too() -> Result<()> {
    let (stage, _) = planned()?;
    let before = stage.before()?;
    let (ended, _) = stage.run(&["rebalance", "apply", "p.json", "--settle", "0s"])?;
    assert!(matches!(ended.exit, Some(0 | 75)), "{ended}");
    stage.as_before(&before)
}

#[test]
fn a_changed_spec() -> Result<()> {
    let (stage, _) = planned()?;
    stage.edit("web", |spec| spec["Labels"]["new"] = "1".into())?;
    refused(&stage, 75, "refused", "spec has changed")
}

#[test]
fn a_spec_that_was_only_written_again() -> Result<()> {
    let (stage, _) = planned()?;
    stage.edit("web", |_| ())?;
    let (ended, _) = carry_out(&stage, &[])?;
    assert_eq!(ended.exit, Some(0), "{ended}");
    Ok(())
}

#[test]
fn a_task_that_has_gone() -> Result<()> {
    let (stage, _) = planned()?;
    stage.sim.admin("/tasks", &json!({"service": "web", "state": "failed"}))?;
    refused(&stage, 75, "refused", "the task is gone")
}

#[test]
fn a_service_that_has_gone() -> Result<()> {
    let (stage, _) = planned()?;
    let id = stage.cluster()?.service_id("web")?;
    stage.sim.engine.ask("DELETE", &format!("/services/{id}"), None)?;
    refused(&stage, 75, "refused", "the task is gone")
}

#[test]
fn a_target_that_takes_no_tasks() -> Result<()> {
    for (field, value) in [("Availability", "drain"), ("Availability", "pause")] {
        let (stage, _) = planned()?;
        let id = stage.cluster()?.node_id("node-3")?;
        stage.sim.engine.edit("nodes", &id, |spec| spec[field] = value.into())?;
        stage.settled()?;
        refused(&stage, 75, "refused", "takes no tasks now")?;
    }
    let (stage, _) = planned()?;
    stage.sim.admin("/nodes/node-3", &json!({"state": "down"}))?;
    stage.settled()?;
    refused(&stage, 75, "refused", "takes no tasks now")
}

#[test]
fn another_cluster() -> Result<()> {
    let (stage, mut plan) = planned()?;
    plan["cluster"]["id"] = "another".into();
    save(&stage, &plan.to_string())?;
    refused(&stage, 75, "refused", "another cluster")
}

#[test]
fn sixteen_minutes_old() -> Result<()> {
    let (stage, mut plan) = planned()?;
    let old = jiff::Timestamp::now().checked_sub(jiff::SignedDuration::from_mins(16))?;
    plan["run"]["started"] = old.to_string().into();
    save(&stage, &plan.to_string())?;
    refused(&stage, 75, "refused", "16 minutes old")
}

#[test]
fn no_plan_at_all() -> Result<()> {
    let (stage, plan) = planned()?;
    let mut other = plan.clone();
    other["command"] = "labels sync".into();
    let mut future = plan.clone();
    future["schema"] = "orca.report/9".into();
    let mut half = plan.clone();
    half["data"]["moves"] = json!([{"service": {}}]);
    let applied = stage.apply(&["-n"])?.1;
    let texts = [
        other.to_string(),
        future.to_string(),
        half.to_string(),
        applied.to_string(),
        plan.to_string().chars().take(400).collect(),
        "{}".to_owned(),
        "moves: []".to_owned(),
        "\u{0}\u{ff}".to_owned(),
        String::new(),
    ];
    for text in texts {
        save(&stage, &text)?;
        refused(&stage, 78, "config", "is not a plan").map_err(|error| error.context(text.clone()))?;
    }
    std::fs::remove_file(stage.orca.path("p.json"))?;
    refused(&stage, 78, "config", "can't read the plan")
}

#[test]
fn one_that_asks_for_what_swarm_cannot_do() -> Result<()> {
    let (stage, mut plan) = planned()?;
    let node = stage.cluster()?.node("node-1")?.clone();
    plan["data"]["moves"][0]["to"] = node_of(&plan, &text(&node["ID"]), "node-1");
    save(&stage, &plan.to_string())?;
    refused(&stage, 75, "refused", "node-1")?;
    plan["data"]["moves"][0]["to"] = node_of(&plan, "nowhere", "node-9");
    save(&stage, &plan.to_string())?;
    refused(&stage, 75, "refused", "is gone")
}

fn node_of(plan: &Value, id: &str, name: &str) -> Value {
    let mut node = plan["data"]["moves"][0]["to"].clone();
    (node["id"], node["name"]) = (id.into(), name.into());
    node
}

#[test]
fn an_empty_plan() -> Result<()> {
    let (stage, mut plan) = planned()?;
    plan["data"]["moves"] = json!([]);
    save(&stage, &plan.to_string())?;
    let (ended, report) = carry_out(&stage, &[])?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("unchanged")), "{ended}");
    Ok(())
}

#[test]
fn dry_runs_write_nothing() -> Result<()> {
    let (stage, plan) = planned()?;
    let before = stage.before()?;
    for args in [stage.args(&["-n"])?, vec!["-n", "rebalance", "recover"], vec!["-n", "reconcile"]] {
        let (ended, _) = stage.run(&args)?;
        assert_eq!(ended.exit, Some(0), "{ended}");
    }
    let (ended, report) = carry_out(&stage, &["-n"])?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("planned")), "{ended}");
    assert_eq!(statuses(&report), ["planned"], "{ended}");
    assert_eq!(text(&report["actions"][0]["id"]), text(&plan["actions"][0]["id"]));
    let (ended, report) = stage.apply(&["-n"])?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("planned")), "{ended}");
    assert_eq!(stage.writes()?, 0, "{:?}", stage.written()?);
    assert!(!stage.orca.state_dir().exists(), "not even a state directory");
    stage.as_before(&before)
}

/// A dry run says what recover would do, and leaves it.
#[test]
fn a_dry_run_of_recover() -> Result<()> {
    let stage = Stage::hog("1s")?;
    let mut running = stage.start(&[])?;
    stage.begun("web")?;
    running.child.kill()?;
    running.end()?;
    stage.settled()?;
    stage.sim.reset_requests()?;
    let (ended, report) = stage.run(&["-n", "rebalance", "recover"])?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("planned")), "{ended}");
    assert_eq!(statuses(&report), ["planned", "planned"], "{ended}");
    assert_eq!(stage.writes()?, 0);
    Ok(())
}

/// The same cluster, asked or saved: the same plan, byte for byte.
#[test]
fn live_and_from_a_snapshot() -> Result<()> {
    let mut stage = Stage::hog("0s")?;
    stage.service("two", &[("node-1", 700), ("node-1", 300), ("node-2", 100)])?;
    stage.orca.config("stack: web\ndependencies: { db: [app] }\n")?;
    stage.measure()?;
    let snapshot = stage.orca.run(&["snapshot"])?;
    std::fs::write(stage.orca.path("cluster.json"), &snapshot.stdout)?;
    let wishes: [&[&str]; 6] = [
        &["--unguarded", "--max-restarts", "3"],
        &["--unguarded", "--target-peak", "50%"],
        &["--unguarded"],
        &["--unguarded", "--goal", "count"],
        &["--unguarded", "--empty", "node-1"],
        &[],
    ];
    for wish in wishes {
        let args = [&["rebalance", "plan", "--metrics", "metrics.json", "-o", "json"], wish].concat();
        let (live, one) = stage.run(&args)?;
        let (saved, other) = stage.run(&[&args[..], &["--snapshot", "cluster.json"]].concat())?;
        assert_eq!(live.exit, saved.exit, "{live} {saved}");
        for part in ["actions", "data", "blocked"] {
            assert_eq!(one[part].to_string(), other[part].to_string(), "{wish:?} {part}");
        }
    }
    Ok(())
}
