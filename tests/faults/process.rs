//! Signals, closed pipes, and two orcas at once.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::{Stage, statuses};
use crate::common::poll;

#[test]
fn a_signal_in_mid_pass() -> Result<()> {
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let stage = Stage::new()?;
        stage.hold(0)?;
        let running = stage.start(&[])?;
        stage.held()?;
        running.signal(signal)?;
        stage.clear()?;
        let ended = running.end()?;
        let report = ended.report()?;
        assert_eq!(ended.exit, Some(code), "{ended}");
        assert_eq!(report["outcome"], "interrupted", "{ended}");
        assert_eq!(report["error"]["kind"], "interrupted", "{ended}");
        assert_eq!(statuses(&report), ["done", "skipped", "skipped"], "the current action is finished: {ended}");
        assert_eq!(stage.labelled()?, ["node-1"]);
        assert_eq!(stage.writes()?, 1);
        stage.recovers()?;
    }
    Ok(())
}

#[test]
fn a_signal_before_the_first_write() -> Result<()> {
    let stage = Stage::new()?;
    stage.fault(&json!({"kind": "hold", "path": "/tasks", "times": 1}))?;
    let running = stage.start(&[])?;
    stage.held()?;
    running.signal("TERM")?;
    let ended = running.end()?;
    let report = ended.report()?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(143), &json!("interrupted")), "{ended}");
    assert_eq!(stage.writes()?, 0);
    stage.recovers()
}

#[test]
fn a_second_signal_ends_it_at_once() -> Result<()> {
    let stage = Stage::new()?;
    stage.hold(0)?;
    let mut running = stage.start(&[])?;
    stage.held()?;
    // Signals that come together count as one: send them until it has ended.
    poll::until("orca ends", || {
        if running.child.try_wait()?.is_some() {
            return Ok(Vec::new());
        }
        running.signal("TERM")?;
        Ok(vec!["it runs".to_owned()])
    })?;
    assert_eq!(running.end()?.exit, Some(143));
    assert_eq!(stage.labelled()?.len(), 0, "the write was not waited for");
    stage.recovers()
}

#[test]
fn killed_between_two_actions() -> Result<()> {
    let stage = Stage::new()?;
    stage.hold(1)?;
    let mut running = stage.start(&[])?;
    stage.held()?;
    running.child.kill()?;
    let ended = running.end()?;
    assert_eq!((ended.exit, ended.stdout.as_str()), (None, ""));
    assert_eq!(stage.history()?, ["node.label.set node-2 begun", "node.label.set node-1 done"]);
    stage.clear()?;
    let (ended, report) = stage.sync(&[])?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("changed")), "the lock is free again: {ended}");
    assert_eq!(report["warnings"], json!([]), "{ended}");
    // The engine may or may not have made the write whose client died.
    assert!(matches!(statuses(&report).len(), 1 | 2), "{ended}");
    let history = stage.history()?;
    assert_eq!(history[0], "node.label.set node-3 done");
    assert!(history.contains(&"node.label.set node-2 begun".to_owned()), "the trace stays: {history:?}");
    stage.recovers()
}

#[test]
fn stdout_is_closed() -> Result<()> {
    let stage = Stage::new()?;
    let mut command = stage.orca.command(&["labels", "sync"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    drop(child.stdout.take());
    assert_eq!(child.wait()?.code(), Some(0));
    assert_eq!(stage.labelled()?.len(), 3);
    stage.recovers()
}

#[test]
fn stdout_is_closed_and_the_pass_fails() -> Result<()> {
    let mut stage = Stage::new()?;
    "unix:///nonexistent/docker.sock".clone_into(&mut stage.orca.host);
    let mut command = stage.orca.command(&["labels", "sync"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    drop(child.stdout.take());
    drop(child.stderr.take());
    assert_eq!(child.wait()?.code(), Some(69));
    Ok(())
}

#[test]
fn the_disk_behind_stdout_is_full() -> Result<()> {
    let stage = Stage::new()?;
    let mut command = stage.orca.command(&["labels", "sync"]);
    let full = std::fs::File::options().write(true).open("/dev/full")?;
    let output = command.stdout(full).stderr(Stdio::piped()).spawn()?.wait_with_output()?;
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.contains("can't write to stdout"), "{stderr}");
    assert_eq!(stage.labelled()?.len(), 3);
    Ok(())
}

#[test]
fn two_at_once() -> Result<()> {
    let stage = Stage::new()?;
    stage.hold(0)?;
    let first = stage.start(&[])?;
    stage.held()?;
    let (ended, report) = stage.sync(&[])?;
    assert_eq!((ended.exit, &report["error"]["kind"]), (Some(75), &json!("locked")), "{ended}");
    assert_eq!((&report["outcome"], &report["actions"]), (&json!("failed"), &json!([])), "{ended}");
    // What writes nothing needs no lock.
    let (ended, report) = stage.sync(&["-n"])?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("planned")), "{ended}");
    stage.clear()?;
    assert_eq!(first.end()?.exit, Some(0));
    assert_eq!(stage.writes()?, 3);
    stage.recovers()
}

#[test]
fn the_second_waits_for_the_first() -> Result<()> {
    let stage = Stage::new()?;
    stage.hold(0)?;
    let first = stage.start(&[])?;
    stage.held()?;
    let before = stage.sim.requests()?["reads"].as_u64().unwrap_or_default();
    // A unit has one of its own, and who adds arguments may add another: the last counts.
    let second = stage.start(&["--lock-timeout", "0s", "--lock-timeout", "60s"])?;
    poll::until("the second has read the cluster", || {
        let reads = stage.sim.requests()?["reads"].as_u64().unwrap_or_default() - before;
        Ok(if reads >= 5 { Vec::new() } else { vec![format!("{reads} reads")] })
    })?;
    stage.clear()?;
    assert_eq!(first.end()?.exit, Some(0));
    let ended = second.end()?;
    let report = ended.report()?;
    // It has read again what the first one changed.
    assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("unchanged")), "{ended}");
    assert_eq!(stage.writes()?, 3);
    Ok(())
}

/// The next JSON line of a loop.
fn next(lines: &mut impl Iterator<Item = std::io::Result<String>>) -> Result<Value> {
    Ok(serde_json::from_str(&lines.next().context("the loop has ended")??)?)
}

#[test]
fn a_loop_goes_on_after_a_failed_cycle_and_stops_when_told() -> Result<()> {
    let stage = Stage::new()?;
    stage.fault(&json!({"kind": "error500", "path": "/nodes", "times": 1}))?;
    let mut command = stage.orca.command(&["reconcile", "--interval", "10ms"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut lines = BufReader::new(child.stdout.take().context("stdout")?).lines();
    let start = next(&mut lines)?;
    assert_eq!((&start["schema"], &start["type"]), (&json!("orca.events/1"), &json!("start")));
    let mut outcomes = Vec::new();
    while outcomes.len() < 3 {
        let event = next(&mut lines)?;
        assert_eq!(event["type"], "report", "{event}");
        outcomes.push(event["report"]["outcome"].clone());
    }
    assert_eq!(outcomes, ["failed", "changed", "unchanged"]);
    std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status()?;
    let mut last = Value::Null;
    for line in lines {
        last = serde_json::from_str(&line?)?;
    }
    assert_eq!(last["type"], "stop");
    assert_eq!(child.wait()?.code(), Some(0));
    Ok(())
}
