//! Several orcas on one swarm: the leader's acts, and its successor knows what it has done.

use anyhow::Result;
use serde_json::{Value, json};

use crate::common::cluster::text;
use crate::common::orca::Running;
use crate::common::poll;
use crate::stage::{QUICK, Stage};

const FOLLOW: [&str; 5] = ["anchors", "follow", "--leader-only", "-o", "json"];

#[test]
fn only_beside_the_leader_and_at_once_when_it_changes() -> Result<()> {
    let stage = Stage::new()?;
    stage.sim.admin("/leader", &json!({"name": "node-2"}))?;
    let watch = stage.watch(&[])?;
    watch.begun()?;
    stage.displace()?;
    stage.availability("node-3", "active")?;
    std::thread::sleep(std::time::Duration::from_millis(500));
    let reports = watch.of("report");
    assert_eq!(reports.len(), 1, "it is told once that it is another's turn: {reports:?}");
    assert_eq!(reports[0]["report"]["outcome"], "skipped");
    stage.sim.admin("/leader", &json!({"name": "node-1"}))?;
    stage.together()?;
    watch.until("the change is why", |watch| watch.causes().contains(&"leader".to_owned()))?;
    // Unless it is told to act anyway.
    stage.sim.admin("/leader", &json!({"name": "node-2"}))?;
    drop(watch);
    let id = stage.cluster()?.node_id("node-3")?;
    stage.sim.engine.edit("nodes", &id, |spec| spec["Labels"] = json!({"db": "true"}))?;
    let _watch = stage.watch(&["--leader-only=false"])?;
    stage.together()
}

/// `lone` finds no place beside its anchor: orca restarts it, and each time is a step on the ladder.
fn unplaced(stage: &Stage) -> Result<()> {
    stage.orca.config(&format!(
        "stack: ''\noptions: {{ retry_intervals: [1ms, 1h] }}\ndependencies: {{ db: {{ services: [lone] }} }}\nwatch:{QUICK}"
    ))?;
    stage.service("lone", &["node.labels.db==true", "node.labels.never==true"])
}

fn restarts(stage: &Stage, service: &str) -> Result<u64> {
    Ok(stage.cluster()?.service(service)?["Spec"]["TaskTemplate"]["ForceUpdate"].as_u64().unwrap_or_default())
}

#[test]
fn the_next_leaders_orca_restarts_what_is_due_and_nothing_twice() -> Result<()> {
    for (leader_only, wanted) in [(true, 1), (false, 0)] {
        let mut stage = Stage::new()?;
        // Bound to its node, so that its dependent is not moved anew anyway.
        stage.service("queue", &["node.hostname==node-2"])?;
        stage.service("worker", &["node.labels.queue==true"])?;
        stage.orca.config("stack: ''\ndependencies: { queue: { services: [worker], restart_dependents: true } }\n")?;
        let flag = format!("--leader-only={leader_only}");
        let pass = |stage: &Stage| stage.orca.run(&["anchors", "follow", &flag, "-o", "json"]);
        pass(&stage)?;
        poll::until("the dependent is in place", || stage.cluster()?.unsettled())?;
        pass(&stage)?;
        // The anchor is replaced, and then the leader: on the next host nothing is known but what the swarm knows.
        stage.sim.admin("/tasks", &json!({"service": "queue", "state": "failed"}))?;
        for host in 2..=4 {
            stage.orca.lose_state();
            for _ in 0..3 {
                pass(&stage)?;
            }
            // Where orcas don't take turns each host begins afresh: that difference is what this is about.
            assert_eq!(restarts(&stage, "worker")?, wanted, "leader only: {leader_only}, host {host}");
        }
    }
    Ok(())
}

fn kept(stage: &Stage) -> Result<Option<Value>> {
    let configs = stage.sim.engine.get("/configs")?;
    let found =
        configs.as_array().into_iter().flatten().find(|config| config["Spec"]["Name"] == "orca.memory").cloned();
    Ok(found)
}

#[test]
fn what_the_swarm_keeps_is_written_when_it_has_changed_and_only_then() -> Result<()> {
    let stage = Stage::new()?;
    for _ in 0..3 {
        stage.orca.run(&FOLLOW)?;
    }
    assert!(kept(&stage)?.is_none(), "nothing has been restarted");
    unplaced(&stage)?;
    for _ in 0..3 {
        stage.orca.run(&FOLLOW)?;
    }
    let first = kept(&stage)?.unwrap_or_default();
    assert!(text(&first["Spec"]["Labels"]["orca.memory"]).contains("\"attempts\":1"), "{first}");
    for _ in 0..3 {
        stage.orca.run(&FOLLOW)?;
    }
    assert_eq!(kept(&stage)?.unwrap_or_default()["Version"], first["Version"], "nothing new");
    Ok(())
}

#[test]
fn what_cannot_be_noted_is_not_restarted() -> Result<()> {
    let stage = Stage::new()?;
    unplaced(&stage)?;
    stage.orca.run(&FOLLOW)?;
    // Nothing can be written at all.
    stage.sim.admin("/fault", &json!({"kind": "error500", "method": "POST", "path": "/configs"}))?;
    poll::until("a restart is due", || {
        let ended = stage.orca.run(&FOLLOW)?;
        Ok(if ended.exit == Some(69) { Vec::new() } else { vec![ended.to_string()] })
    })?;
    assert_eq!(restarts(&stage, "lone")?, 0);
    stage.sim.engine.ask("DELETE", "/_sim/fault", None)?;
    // Nothing has been tried, so nothing is waited for.
    let ended = stage.orca.run(&FOLLOW)?;
    assert_eq!(restarts(&stage, "lone")?, 1, "{ended}");
    Ok(())
}

/// An orca whose note is on its way to the managers.
fn held(stage: &Stage) -> Result<Running> {
    stage.sim.admin("/fault", &json!({"kind": "hold", "method": "POST", "path": "/configs", "times": 1}))?;
    let mut running = stage.orca.start(&FOLLOW)?;
    poll::until("the note is on its way", || {
        let struck = stage.sim.engine.get("/_sim/state")?["faults"][0]["struck"] == 1;
        if !struck && running.child.try_wait()?.is_some() {
            // It was too early to restart anything.
            running = stage.orca.start(&FOLLOW)?;
        }
        Ok(if struck { Vec::new() } else { vec!["not yet".to_owned()] })
    })?;
    Ok(running)
}

/// Two that both think that it is their turn: one of them restarts.
#[test]
fn what_another_has_noted_meanwhile_is_not_restarted_again() -> Result<()> {
    let mut stage = Stage::new()?;
    unplaced(&stage)?;
    let running = held(&stage)?;
    stage.orca.lose_state();
    poll::until("the other has restarted it", || {
        stage.orca.run(&FOLLOW)?;
        Ok(if restarts(&stage, "lone")? == 1 { Vec::new() } else { vec!["not yet".to_owned()] })
    })?;
    stage.sim.engine.ask("DELETE", "/_sim/fault", None)?;
    let ended = running.end()?;
    assert_eq!((ended.exit, &ended.report()?["error"]["kind"]), (Some(75), &json!("locked")), "{ended}");
    assert_eq!(restarts(&stage, "lone")?, 1);
    Ok(())
}

/// Updates are noted beside everything else.
#[test]
fn what_another_has_noted_of_something_else_is_kept() -> Result<()> {
    let stage = Stage::new()?;
    unplaced(&stage)?;
    let running = held(&stage)?;
    let other = json!({"orca.memory": json!({"else": {}}).to_string()});
    stage.sim.engine.post("/configs/create", &json!({"Name": "orca.memory", "Data": "b3JjYQ==", "Labels": other}))?;
    stage.sim.engine.ask("DELETE", "/_sim/fault", None)?;
    let ended = running.end()?;
    assert_eq!(restarts(&stage, "lone")?, 1, "{ended}");
    let noted = text(&kept(&stage)?.unwrap_or_default()["Spec"]["Labels"]["orca.memory"]);
    assert!(noted.contains("\"else\"") && noted.contains("\"attempts\":1"), "{noted}");
    Ok(())
}

#[test]
fn what_another_writes_just_after_the_note_is_not_undone() -> Result<()> {
    let stage = Stage::new()?;
    unplaced(&stage)?;
    for _ in 0..2 {
        std::thread::sleep(std::time::Duration::from_millis(50));
        stage.orca.run(&FOLLOW)?;
    }
    assert!(kept(&stage)?.is_none(), "nothing has been restarted");
    // The first look is the beginning of the run, the second follows its note.
    let path = "/configs/orca.memory";
    stage.sim.admin("/fault", &json!({"kind": "hold", "method": "GET", "path": path, "after": 1, "times": 1}))?;
    let running = stage.orca.start(&FOLLOW)?;
    poll::until("the note is made", || {
        let found = stage.sim.engine.get("/_sim/state")?;
        Ok(if found["faults"][0]["struck"] == 1 { Vec::new() } else { vec![found["faults"].to_string()] })
    })?;
    let note = kept(&stage)?.unwrap_or_default();
    stage.sim.engine.edit("configs", &text(&note["ID"]), |spec| spec["Labels"]["orca.memory"] = json!("{}"))?;
    let theirs = kept(&stage)?.unwrap_or_default();
    stage.sim.engine.ask("DELETE", "/_sim/fault", None)?;
    let ended = running.end()?;
    assert_eq!((ended.exit, &ended.report()?["error"]["kind"]), (Some(75), &json!("locked")), "{ended}");
    assert_eq!(restarts(&stage, "lone")?, 0);
    assert_eq!(kept(&stage)?.unwrap_or_default(), theirs);
    Ok(())
}
