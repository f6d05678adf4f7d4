//! Engines that are absent, are no managers, hang, break off, talk nonsense, or fail now and then.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;

use super::{Stage, assert_refused, statuses};

/// What a pass reads, each of which can go wrong.
const READS: [&str; 5] = ["/_ping", "/info", "/nodes", "/services", "/tasks"];

#[test]
fn absent() -> Result<()> {
    let mut stage = Stage::new()?;
    for host in ["unix:///nonexistent/docker.sock", "tcp://127.0.0.1:1"] {
        host.clone_into(&mut stage.orca.host);
        let refused = stage.sync(&[])?;
        assert_refused(&stage, &refused, 69, "unreachable")?;
        assert!(refused.1["error"]["hint"].is_string(), "{}", refused.0);
        assert!(refused.1["cluster"].is_null(), "{}", refused.0);
        assert!(!stage.orca.state_dir().exists());
    }
    Ok(())
}

#[test]
fn not_a_manager() -> Result<()> {
    for membership in ["active/worker", "inactive", "pending", "locked"] {
        let stage = Stage::new()?;
        stage.sim.admin("/membership", &json!({"swarm": membership}))?;
        for command in [&["labels", "sync"][..], &["anchors", "follow"], &["reconcile", "--once"]] {
            assert_refused(&stage, &stage.run(command)?, 69, "not_manager")?;
        }
    }
    Ok(())
}

#[test]
fn silence_is_bounded_by_the_timeout() -> Result<()> {
    for path in READS {
        let stage = Stage::new()?;
        stage.fault(&json!({"kind": "silence", "path": path}))?;
        let begun = Instant::now();
        assert_refused(&stage, &stage.sync(&["--timeout", "1s"])?, 69, "unreachable")?;
        assert!(begun.elapsed() < Duration::from_secs(20), "{path}: {:?}", begun.elapsed());
        stage.recovers()?;
    }
    Ok(())
}

#[test]
fn a_body_that_breaks_off() -> Result<()> {
    for path in READS {
        let stage = Stage::new()?;
        stage.fault(&json!({"kind": "cut", "path": path}))?;
        assert_refused(&stage, &stage.sync(&[])?, 69, "unreachable")?;
        stage.recovers()?;
    }
    Ok(())
}

#[test]
fn garbage() -> Result<()> {
    // The ping's body means nothing, its headers are what counts.
    for path in &READS[1..] {
        let stage = Stage::new()?;
        stage.fault(&json!({"kind": "garbage", "path": path}))?;
        assert_refused(&stage, &stage.sync(&[])?, 69, "unreachable")?;
        stage.recovers()?;
    }
    Ok(())
}

#[test]
fn errors_of_the_engine_are_told_in_its_words() -> Result<()> {
    for path in READS {
        let stage = Stage::new()?;
        stage.fault(&json!({"kind": "error500", "path": path}))?;
        let (ended, report) = stage.sync(&[])?;
        assert!(report["error"].to_string().contains("simulated failure"), "{path}: {ended}");
        assert_refused(&stage, &(ended, report), 69, "unreachable")?;
        stage.recovers()?;
    }
    Ok(())
}

#[test]
fn every_third_call_fails() -> Result<()> {
    let stage = Stage::new()?;
    stage.fault(&json!({"kind": "error500", "every": 3}))?;
    for _ in 0..3 {
        let before = stage.labelled()?;
        let (ended, report) = stage.sync(&[])?;
        let new = stage.labelled()?.len() - before.len();
        let done = statuses(&report).iter().filter(|status| **status == "done").count();
        assert_eq!(done, new, "the report tells the truth: {ended}");
        let complete = report["outcome"] == "changed" || report["outcome"] == "unchanged";
        assert_eq!(ended.exit == Some(0), complete && report["error"].is_null(), "{ended}");
    }
    stage.recovers()
}

#[test]
fn every_third_write_fails() -> Result<()> {
    let stage = Stage::new()?;
    stage.fault(&json!({"kind": "error500", "method": "POST", "every": 3}))?;
    let (ended, report) = stage.sync(&[])?;
    assert_eq!(ended.exit, Some(1), "{ended}");
    assert_eq!(report["outcome"], "partial", "{ended}");
    assert_eq!(statuses(&report), ["done", "done", "failed"], "{ended}");
    assert_eq!(stage.labelled()?, ["node-1", "node-2"]);
    assert_eq!(stage.writes()?, 3);
    stage.recovers()
}

#[test]
fn slow_but_alive() -> Result<()> {
    let stage = Stage::new()?;
    stage.fault(&json!({"kind": "delay", "ms": 100}))?;
    let (ended, report) = stage.sync(&["--timeout", "60s"])?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("changed")), "{ended}");
    stage.recovers()
}

/// Another orca, or an older or newer engine, may know states that this one doesn't.
#[test]
fn states_that_do_not_exist_yet() -> Result<()> {
    let config = "stack: web\nnodes: { node-2: { labels: [ssd] } }\ndependencies: { db: [app] }\n";
    let stage = Stage::with(config)?;
    for (name, constraints) in [("web_db", vec![]), ("web_app", vec!["node.labels.db==true"])] {
        let spec = json!({"Name": name, "Mode": {"Replicated": {"Replicas": 1}}, "TaskTemplate":
            {"ContainerSpec": {"Image": "127.0.0.1:1/bb:1"}, "Placement": {"Constraints": constraints}}});
        stage.sim.engine.post("/services/create", &spec)?;
    }
    let (ended, _) = stage.run(&["reconcile", "--once", "--wait", "30s"])?;
    assert_eq!(ended.exit, Some(0), "{ended}");
    for service in ["web_db", "web_app"] {
        stage.sim.admin("/tasks", &json!({"service": service, "state": "hibernating"}))?;
    }
    stage.sim.admin("/nodes/node-3", &json!({"state": "dreaming"}))?;
    let before = stage.cluster()?.versions();
    let (ended, report) = stage.run(&["reconcile", "--once"])?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("unchanged")), "{ended}");
    assert_eq!(stage.cluster()?.versions(), before, "what is not understood is left alone");
    Ok(())
}

#[test]
fn a_crash_of_the_manager_in_mid_pass() -> Result<()> {
    let stage = Stage::new()?;
    stage.hold(1)?;
    let running = stage.start(&[])?;
    stage.held()?;
    stage.sim.admin("/crash", &json!({}))?;
    stage.clear()?;
    let ended = running.end()?;
    let report = ended.report()?;
    assert_eq!(ended.exit, Some(69), "{ended}");
    assert_eq!(report["outcome"], "partial", "{ended}");
    assert_eq!(statuses(&report), ["done", "failed", "skipped"], "{ended}");
    assert_eq!(stage.labelled()?, ["node-1"]);
    stage.sim.engine.ask("DELETE", "/_sim/crash", None)?;
    stage.recovers()
}
