//! The guard rails that need to remember.

use anyhow::Result;
use serde_json::{Value, json};

use super::stage::{Stage, statuses};
use crate::common::orca::Ended;

/// Young tasks move, and what has lasted for a blink has lasted for long enough.
const QUICK: &str = "rebalance: { min_age: 0s, spread_for: 1ms, high_for: 1ms }\n";

fn guarded(stage: &Stage, more: &[&str]) -> Result<(Ended, Value)> {
    stage.measure()?;
    stage.run(&[&["rebalance", "apply", "--metrics", "metrics.json", "--settle", "0s"], more].concat())
}

/// As [`Stage::hog`], but what moves leaves its target below the mean and a little.
fn hog() -> Result<Stage> {
    let mut stage = Stage::new(3)?;
    stage.service("web", &[("node-1", 2_500)])?;
    stage.pinned("big", "node-1", 4_500)?;
    stage.pinned("mid", "node-2", 2_500)?;
    stage.pinned("low", "node-3", 500)?;
    Ok(stage)
}

fn reasons(report: &Value) -> String {
    report["data"]["immovable"].to_string()
}

#[test]
fn a_reason_must_last() -> Result<()> {
    let stage = hog()?;
    stage.orca.config("rebalance: { min_age: 0s }\n")?;
    let before = stage.before()?;
    for _ in 0..2 {
        let (ended, report) = guarded(&stage, &[])?;
        assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("unchanged")), "{ended}");
        assert_eq!(report["actions"], json!([]), "{ended}");
    }
    let (ended, report) = guarded(&stage, &[])?;
    let codes: Vec<_> = report["warnings"].as_array().into_iter().flatten().map(|w| w["code"].clone()).collect();
    assert!(codes.contains(&json!("not_yet")), "{ended}");
    let written = stage.written()?;
    assert!(written.iter().all(|line| line.contains("/configs/")), "{written:?}");
    stage.as_before(&before)?;
    stage.only_moved(&before, &[])
}

#[test]
fn it_is_confirmed_by_the_next_pass_and_then_rests() -> Result<()> {
    let stage = hog()?;
    stage.orca.config(QUICK)?;
    let before = stage.before()?;
    let (ended, report) = guarded(&stage, &[])?;
    assert_eq!((ended.exit, statuses(&report)), (Some(0), vec![]), "noticed: {ended}");
    let (ended, report) = guarded(&stage, &[])?;
    assert_eq!((ended.exit, statuses(&report)), (Some(0), vec!["done"]), "confirmed: {ended}");
    assert_eq!(stage.cluster()?.places("web")?, ["node-3"]);
    stage.as_before(&before)?;
    // It has just been moved: it rests, whatever the figures say.
    let (ended, report) = guarded(&stage, &["--max-restarts", "9"])?;
    assert!(!statuses(&report).contains(&"done"), "{ended}");
    assert!(reasons(&report).contains("cooldown"), "{ended}");
    // Another state directory knows of no rest; without guard rails nobody asks.
    let (ended, report) = stage.apply(&["--empty", "node-3"])?;
    assert!(statuses(&report).contains(&"done"), "{ended}");
    Ok(())
}

#[test]
fn no_way_back_and_then_quarantine() -> Result<()> {
    let stage = hog()?;
    stage.orca.config("rebalance: { min_age: 0s, spread_for: 1ms, high_for: 1ms, cooldown: 0s, no_return: 0s }\n")?;
    // To and fro, as an operator makes it.
    for (node, place) in [("node-1", "node-3"), ("node-3", "node-2"), ("node-2", "node-3")] {
        let (ended, report) = stage.apply(&["--empty", node])?;
        // What is pinned there stays, which is said.
        assert_eq!((ended.exit, statuses(&report)), (Some(75), vec!["done"]), "{ended}");
        assert_eq!(stage.cluster()?.places("web")?, [place], "{ended}");
    }
    let (ended, report) = guarded(&stage, &["--max-restarts", "9"])?;
    assert!(reasons(&report).contains("quarantine"), "{ended}");
    Ok(())
}

#[test]
fn as_many_as_are_allowed() -> Result<()> {
    let stage = Stage::crowd()?;
    let before = stage.before()?;
    let (ended, report) = stage.apply(&["--max-restarts", "2", "--max-actions", "1"])?;
    assert_eq!((ended.exit, statuses(&report)), (Some(75), vec!["done", "skipped"]), "{ended}");
    assert_eq!(report["outcome"], "partial", "{ended}");
    assert!(report["actions"][1]["error"].to_string().contains("--max-actions"), "{ended}");
    stage.as_before(&before)?;
    let (ended, report) = stage.apply(&["--max-actions", "0"])?;
    assert!(!statuses(&report).contains(&"done"), "{ended}");
    stage.as_before(&before)
}

#[test]
fn what_opted_out_stays() -> Result<()> {
    let mut stage = Stage::new(3)?;
    stage.service_with("web", &[("node-1", 4_000)], |spec| spec["Labels"]["orca.rebalance"] = "off".into())?;
    stage.service_with("big", &[("node-1", 3_000)], |spec| {
        spec["Labels"]["orchestration.rebalance"] = "false".into();
    })?;
    stage.orca.config(QUICK)?;
    let specs: Vec<Value> = stage.cluster()?.services;
    for _ in 0..2 {
        let (ended, report) = guarded(&stage, &[])?;
        assert_eq!(statuses(&report), Vec::<&str>::new(), "{ended}");
        assert!(reasons(&report).contains("opt-out"), "{ended}");
    }
    assert_eq!(stage.cluster()?.services, specs);
    Ok(())
}

/// What a run has moved rests after it, also when the run has looked again and found the cluster calm.
#[test]
fn what_a_run_has_moved_rests() -> Result<()> {
    let mut stage = Stage::new(3)?;
    stage.orca.config(QUICK)?;
    stage.service("web", &[("node-1", 100), ("node-1", 2_400)])?;
    stage.pinned("big", "node-1", 1_500)?;
    stage.pinned("low", "node-3", 2_000)?;
    let (ended, report) = guarded(&stage, &["--goal", "count"])?;
    assert_eq!((ended.exit, statuses(&report)), (Some(0), vec!["done"]), "{ended}");
    let (ended, report) = guarded(&stage, &["--goal", "count"])?;
    assert!(reasons(&report).contains("cooldown"), "{ended}");
    Ok(())
}

/// As many moves as one run may make, over all of its plans.
#[test]
fn moves_of_all_plans_count() -> Result<()> {
    let mut stage = Stage::new(3)?;
    stage.orca.config("rebalance: { min_age: 0s, max_moves: 2 }\n")?;
    stage.service("web", &[("node-1", 100); 6])?;
    let (ended, report) = guarded(&stage, &["--goal", "count"])?;
    assert_eq!((ended.exit, statuses(&report)), (Some(0), vec!["done", "done"]), "{ended}");
    Ok(())
}

/// There is a reason to act, and nothing but this guard rail against it.
fn stays(config: &str, change: impl Fn(&mut Value), says: &str) -> Result<()> {
    let mut stage = Stage::new(3)?;
    stage.orca.config(config)?;
    stage.service_with("web", &[("node-1", 2_500)], change)?;
    stage.pinned("big", "node-1", 4_500)?;
    stage.pinned("mid", "node-2", 2_500)?;
    stage.pinned("low", "node-3", 500)?;
    let before = stage.before()?;
    // The first pass only notices that there is a reason.
    for noticed in [false, true] {
        let (ended, report) = guarded(&stage, &[])?;
        assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("unchanged")), "{says}: {ended}");
        assert!(!noticed || report["data"].to_string().contains(says), "{says}: {ended}");
    }
    let written = stage.written()?;
    assert_eq!(written, Vec::<String>::new(), "{says}");
    stage.only_moved(&before, &[])?;
    stage.no_crash()
}

#[test]
fn each_keeps_a_task_where_it_is() -> Result<()> {
    let same = |_: &mut Value| ();
    let with = |rest: &str| QUICK.replace(" }", &format!(", {rest} }}"));
    stays("rebalance: { spread_for: 1ms, high_for: 1ms }\n", same, "too-young")?;
    stays(&with("min_gain: 40"), same, "not worth it")?;
    stays(&with("target_max: 30"), same, "target-too-full")?;
    stays(&with("spread: 90, high: 90"), same, "nothing to do: no node is above")?;
    stays(QUICK, |spec| spec["Labels"]["orca.rebalance"] = "off".into(), "opt-out")?;
    stays(QUICK, |spec| spec["TaskTemplate"]["RestartPolicy"] = json!({"Condition": "none"}), "restart-none")?;
    for (mount, reason) in [
        (json!([{"Type": "volume", "Source": "v", "Target": "/v"}]), "local-volume"),
        (json!([{"Type": "bind", "Source": "/srv", "Target": "/v"}]), "bind-mount"),
    ] {
        stays(QUICK, |spec| spec["TaskTemplate"]["ContainerSpec"]["Mounts"] = mount.clone(), reason)?;
    }
    Ok(())
}

/// And without any of them it goes.
#[test]
fn none_of_them() -> Result<()> {
    let stage = hog()?;
    let (ended, report) = stage.apply(&[])?;
    assert_eq!((ended.exit, statuses(&report)), (Some(0), vec!["done"]), "{ended}");
    Ok(())
}

#[test]
fn no_way_back_within_a_day() -> Result<()> {
    let mut stage = hog()?;
    let (ended, report) = stage.apply(&[])?;
    assert_eq!((ended.exit, statuses(&report)), (Some(0), vec!["done"]), "{ended}");
    assert_eq!(stage.cluster()?.places("web")?, ["node-3"]);
    // Now the node that it left is the only one with room.
    for (service, memory) in [("big", 100), ("mid", 5_000), ("low", 5_000)] {
        stage.weighs(service, 1, memory);
    }
    let rest = ", cooldown: 0s, target_above_mean: 50";
    for (no_return, moves) in [("", vec![]), (", no_return: 0s", vec!["done"])] {
        stage.orca.config(&QUICK.replace(" }", &format!("{rest}{no_return} }}")))?;
        guarded(&stage, &[])?;
        let (ended, report) = guarded(&stage, &[])?;
        let all: Vec<&str> = statuses(&report);
        // Without it the first of the two passes may have moved it.
        let back = stage.cluster()?.places("web")? == ["node-1"];
        assert_eq!((ended.exit, back), (Some(0), !moves.is_empty()), "{no_return}, {all:?}: {ended}");
    }
    Ok(())
}

#[test]
fn old_figures_are_no_figures() -> Result<()> {
    let stage = hog()?;
    stage.measure()?;
    let path = stage.orca.path("metrics.json");
    let mut figures: Value = serde_json::from_str(&std::fs::read_to_string(&path)?)?;
    figures["taken_at"] = "2026-01-01T00:00:00Z".into();
    std::fs::write(&path, figures.to_string())?;
    let before = stage.before()?;
    let (ended, report) = stage.run(&["rebalance", "apply", "--metrics", "metrics.json"])?;
    assert_eq!((ended.exit, &report["error"]["kind"]), (Some(75), &json!("refused")), "{ended}");
    assert!(report["error"]["message"].to_string().contains("more than a third"), "{ended}");
    stage.as_before(&before)?;
    stage.only_moved(&before, &[])
}

/// `rebalance.auto`: reconcile moves what `apply` without flags would move, and says so in a part of its own.
#[test]
fn reconcile_moves_tasks_where_it_may() -> Result<()> {
    let stage = hog()?;
    let config = |auto: bool| {
        let metrics = format!("metrics: {{ source: file, file: {} }}", stage.orca.path("metrics.json").display());
        let rules = "min_age: 0s, spread_for: 0s, high_for: 0s, settle: 0s";
        stage.orca.config(&format!("nodes: {{}}\nrebalance: {{ auto: {auto}, {rules}, {metrics} }}\n"))
    };
    let reconcile = |more: &[&str]| {
        stage.measure()?;
        stage.run(&[&["reconcile", "--once"], more].concat())
    };
    let before = stage.before()?;
    config(false)?;
    let (ended, report) = reconcile(&[])?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("unchanged")), "{ended}");
    config(true)?;
    let (ended, report) = reconcile(&["-n"])?;
    assert_eq!((&report["outcome"], &report["summary"]["planned"]), (&json!("planned"), &json!(1)), "{ended}");
    assert_eq!(stage.written()?, Vec::<String>::new());
    let (ended, report) = reconcile(&[])?;
    assert_eq!((ended.exit, statuses(&report)), (Some(0), vec!["done"]), "{ended}");
    let part = &report["data"]["passes"][3];
    assert_eq!((&part["command"], &part["outcome"]), (&json!("rebalance apply"), &json!("changed")), "{ended}");
    assert_eq!(stage.cluster()?.places("web")?, ["node-3"]);
    stage.as_before(&before)?;
    stage.sim.reset_requests()?;
    let (ended, report) = reconcile(&[])?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("unchanged")), "{ended}");
    assert_eq!(stage.written()?, Vec::<String>::new(), "nothing to move takes no turn");
    Ok(())
}
