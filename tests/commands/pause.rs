//! Pauses beyond what the scenarios show: other passes, the end by itself, snapshots, other writers.

use anyhow::Result;
use serde_json::{Value, json};

use crate::common::http::Engine;
use crate::stage::{CONFIG, Stage};

/// Somebody else changes the swarm's own object.
fn touch(engine: &Engine, labels: &Value) -> Result<()> {
    let swarm = engine.get("/swarm")?;
    let mut spec = swarm["Spec"].clone();
    spec["Labels"] = labels.clone();
    let version = &swarm["Version"]["Index"];
    engine.post(&format!("/swarm/update?version={version}"), &spec).map(drop)
}

#[test]
fn it_ends_by_itself_and_what_cannot_be_read_stops() -> Result<()> {
    let stage = Stage::new(CONFIG)?;
    let until = |until: &str| json!({"orca.pause": json!({ "until": until }).to_string(), "foreign": "x"});
    touch(&stage.sim.engine, &until("2001-01-01T00:00:00Z"))?;
    let (_, report) = stage.run(&["labels", "sync", "-n"], 0)?;
    assert_eq!((&report["outcome"], &report["data"]["paused"]), (&json!("planned"), &Value::Null));
    touch(&stage.sim.engine, &json!({"orca.pause": "wait for Ann", "foreign": "x"}))?;
    let (_, report) = stage.run(&["labels", "sync"], 75)?;
    assert_eq!(report["outcome"], "blocked");
    stage.run(&["resume"], 0)?;
    assert_eq!(stage.swarm_labels()?, json!({"foreign": "x"}), "other labels stay");
    stage.run(&["labels", "sync"], 0)?;
    Ok(())
}

#[test]
fn a_writer_in_between_costs_another_try() -> Result<()> {
    let stage = Stage::new(CONFIG)?;
    let fault = json!({"kind": "conflict", "method": "POST", "path": "/swarm/update", "times": 2});
    stage.sim.admin("/fault", &fault)?;
    let (_, report) = stage.run(&["pause"], 0)?;
    assert_eq!(report["summary"]["done"], 1);
    assert!(stage.swarm_labels()?["orca.pause"].is_string());
    Ok(())
}

#[test]
fn a_saved_cluster_is_paused_too() -> Result<()> {
    let stage = Stage::new(CONFIG)?;
    stage.run(&["pause", "--reason", "token=x, key=y"], 0)?;
    let snapshot = stage.orca.run(&["snapshot"])?;
    stage.write("cluster.json", &snapshot.stdout)?;
    let (_, report) = stage.run(&["reconcile", "--once", "--snapshot", "cluster.json"], 75)?;
    assert_eq!((&report["outcome"], &report["warnings"][0]["code"]), (&json!("blocked"), &json!("paused")));
    let ended = stage.orca.run(&["pause", "--snapshot", "cluster.json"])?;
    assert_eq!(ended.exit, Some(64), "{ended}");
    Ok(())
}

#[test]
fn passes_that_work_on_nodes_stop_as_well() -> Result<()> {
    let stage = Stage::new(CONFIG)?;
    stage.sim.admin("/stock", &json!({"containers": [{
        "Id": "c1", "Names": ["/old"], "Image": "x", "ImageID": "sha256:1", "State": "exited", "Status": "Exited (0)",
        "Created": 1, "Labels": {},
    }]}))?;
    let (_, planned) = stage.run(&["gc", "--grace", "1s", "-n"], 0)?;
    stage.run(&["pause"], 0)?;
    stage.sim.reset_requests()?;
    let (ended, report) = stage.run(&["gc", "--grace", "1s"], 75)?;
    assert!(planned["summary"]["planned"].as_u64() > Some(0), "{planned:#}");
    assert_eq!(report["summary"]["blocked"], planned["summary"]["planned"], "{ended}");
    assert_eq!(stage.writes()?, 0);
    let (_, report) =
        stage.run(&["rebalance", "apply", "--unguarded", "--metrics", "reservations", "--empty", "node-2"], 75)?;
    assert_eq!(report["summary"]["done"], 0);
    assert_eq!(report["warnings"][0]["code"], "paused");
    assert_eq!(stage.writes()?, 0);
    Ok(())
}

/// Time in which orca was told to do nothing counts for nobody: no dependent is given up after a pause.
#[test]
fn memory_stands_still() -> Result<()> {
    let stage = Stage::new(CONFIG)?;
    stage.run(&["reconcile", "--once"], 0)?;
    let kept = || -> Result<Vec<u8>> { Ok(std::fs::read(stage.orca.state_dir().join("state.db"))?) };
    stage.run(&["pause"], 0)?;
    stage.run(&["reconcile", "--once"], 0)?;
    let before = kept()?;
    stage.run(&["reconcile", "--once"], 0)?;
    assert_eq!(kept()?, before);
    Ok(())
}

#[test]
fn an_old_reason_is_refused_before_anything_is_asked() -> Result<()> {
    let stage = Stage::new(CONFIG)?;
    let ended = stage.orca.run(&["pause", "--reason", "two\nlines"])?;
    assert_eq!(ended.exit, Some(64), "{ended}");
    assert_eq!(stage.swarm_labels()?, json!({}));
    Ok(())
}

#[test]
fn metrics_of_one_shot_passes_add_up_in_files_of_their_own() -> Result<()> {
    let stage = Stage::new(CONFIG)?;
    std::fs::create_dir(stage.orca.path("prom"))?;
    let args = |command: &[&'static str]| [command, &["--textfile", "prom"]].concat();
    stage.run(&args(&["labels", "sync"]), 0)?;
    stage.run(&args(&["pause"]), 0)?;
    stage.run(&args(&["reconcile", "--once"]), 75)?;
    stage.run(&args(&["reconcile", "--once", "-n"]), 75)?;
    let labels = stage.read("prom/orca_labels_sync.prom").unwrap();
    let has = |text: &str, line: &str| assert!(text.lines().any(|other| other == line), "no `{line}` in\n{text}");
    has(&labels, "orca_pass_runs_total{pass=\"labels_sync\",outcome=\"changed\"} 1");
    has(&labels, "orca_pass_runs_total{pass=\"labels_sync\",outcome=\"unchanged\"} 1");
    has(&labels, "orca_paused{pass=\"labels_sync\",anchor=\"\"} 1");
    let whole = stage.read("prom/orca_reconcile.prom").unwrap();
    has(&whole, "orca_pass_runs_total{pass=\"reconcile\",outcome=\"blocked\"} 1");
    has(&whole, "orca_blocked{pass=\"reconcile\"} 1");
    // No series stands in two files, or node_exporter would refuse them all.
    let mut seen = std::collections::BTreeSet::new();
    for entry in std::fs::read_dir(stage.orca.path("prom"))? {
        let (path, mode) = (entry?.path(), 0o644);
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path)?.permissions()) & 0o777, mode);
        for line in std::fs::read_to_string(&path)?.lines().filter(|line| !line.starts_with('#')) {
            assert!(seen.insert(line.rsplit_once(' ').unwrap().0.to_owned()), "{line} twice");
        }
    }
    // A folder that is not there fails no pass.
    let (_, report) = stage.run(&["labels", "sync", "--textfile", "nowhere"], 0)?;
    assert!(report["warnings"].as_array().unwrap().iter().any(|warning| warning["code"] == "textfile"), "{report:#}");
    Ok(())
}
