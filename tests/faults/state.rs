//! The state directory: corrupt, from the future, not writable.

use std::fs;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::Stage;

fn service(name: &str, constraints: &[&str]) -> Value {
    json!({"Name": name, "Mode": {"Replicated": {"Replicas": 1}}, "TaskTemplate":
        {"ContainerSpec": {"Image": "127.0.0.1:1/bb:1"}, "Placement": {"Constraints": constraints}}})
}

#[test]
fn a_corrupt_file_is_moved_aside_and_said() -> Result<()> {
    let valid = {
        let stage = Stage::new()?;
        stage.recovers()?;
        fs::read(stage.orca.state_dir().join("state.db"))?
    };
    let mut torn = valid.clone();
    torn[200..].fill(0x5a);
    let mut future = valid.clone();
    // The version of the tables: SQLite's `user_version`, at byte 60.
    future[60..64].copy_from_slice(&99_u32.to_be_bytes());
    let half = valid[..valid.len() / 2].to_vec();
    for (what, bytes) in [
        ("no database", b"not a database, but long enough to be one".repeat(50)),
        ("torn", torn),
        ("half", half),
        ("newer", future),
    ] {
        let stage = Stage::new()?;
        fs::create_dir_all(stage.orca.state_dir())?;
        fs::write(stage.orca.state_dir().join("state.db"), &bytes)?;
        let (ended, report) = stage.sync(&[])?;
        assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("changed")), "{what}: {ended}");
        assert_eq!(report["warnings"][0]["code"], "state_reset", "{what}: {ended}");
        assert!(ended.stderr.contains("warning: "), "{what}: {ended}");
        assert_eq!(stage.labelled()?.len(), 3);
        let names: Vec<_> = fs::read_dir(stage.orca.state_dir())?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<Result<_>>()?;
        let aside =
            names.iter().find(|name| name.contains("corrupt-")).with_context(|| format!("{what}: {names:?}"))?;
        assert_eq!(fs::read(stage.orca.state_dir().join(aside))?, bytes, "{what}: nothing of it is lost");
        let (ended, report) = stage.sync(&[])?;
        assert_eq!((&report["outcome"], &report["warnings"]), (&json!("unchanged"), &json!([])), "{what}: {ended}");
        assert_eq!(stage.history()?.len(), 3, "{what}");
    }
    Ok(())
}

#[test]
fn an_empty_file_is_no_corrupt_one() -> Result<()> {
    let stage = Stage::new()?;
    fs::create_dir_all(stage.orca.state_dir())?;
    fs::write(stage.orca.state_dir().join("state.db"), "")?;
    let (ended, report) = stage.sync(&[])?;
    assert_eq!((ended.exit, &report["warnings"]), (Some(0), &json!([])), "{ended}");
    Ok(())
}

#[test]
fn a_state_directory_that_cannot_be() -> Result<()> {
    let stage = Stage::new()?;
    fs::write(stage.orca.state_dir(), "a file")?;
    let (ended, report) = stage.sync(&[])?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(1), &json!("failed")), "{ended}");
    assert!(report["error"]["hint"].to_string().contains("--state-dir"), "{ended}");
    assert_eq!(stage.writes()?, 0, "without a journal nothing is written");
    // A dry run needs none.
    let (ended, report) = stage.sync(&["-n"])?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("planned")), "{ended}");
    Ok(())
}

/// What is remembered was stamped by a clock that has since been put back.
#[test]
fn the_clock_jumps_back() -> Result<()> {
    let stage = Stage::with("stack: web\noptions: { retry_intervals: [1], hold: 1s }\ndependencies: { db: [app] }\n")?;
    stage.sim.engine.post("/services/create", &service("web_db", &["node.hostname==node-2"]))?;
    let stuck = ["node.labels.db==true", "node.labels.nowhere==true"];
    stage.sim.engine.post("/services/create", &service("web_app", &stuck))?;
    assert_eq!(stage.run(&["anchors", "follow"])?.0.exit, Some(0));
    assert_eq!(stage.run(&["anchors", "follow"])?.0.exit, Some(0));
    let watch = json!({"total_ms": 0, "last": "2099-01-01T00:00:00Z"});
    let future = json!({
        "anchors": {"db": {"tasks": {"1": "gone"}, "absent": watch}},
        "dependents": {"db/app": {"attempts": 1, "last_attempt": "2099-01-01T00:00:00Z", "misplaced": watch}},
    });
    let database = rusqlite::Connection::open(stage.orca.state_dir().join("state.db"))?;
    assert_eq!(database.execute("UPDATE memory SET json = ?1", [future.to_string()])?, 1);
    drop(database);
    // It waits again, as if it had just been seen, and does not wait until 2099.
    let (ended, report) = stage.run(&["anchors", "follow"])?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("unchanged")), "{ended}");
    crate::common::poll::until("the ladder goes on", || {
        let (ended, report) = stage.run(&["anchors", "follow"])?;
        let done = report["summary"]["done"] == 1 && ended.exit == Some(0);
        Ok(if done { Vec::new() } else { vec![ended.to_string()] })
    })?;
    let cluster = stage.cluster()?;
    assert_eq!(cluster.service("web_app")?["Spec"]["TaskTemplate"]["ForceUpdate"], 1);
    Ok(())
}
