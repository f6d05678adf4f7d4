//! `kill -9` before every write of a move: what is left is found and undone, by whoever comes next.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::mechanisms::group;
use super::stage::{Before, Stage};
use crate::common::cluster::text;
use crate::common::poll;

/// Who undoes what was left.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mender {
    Recover,
    Apply,
    Reconcile,
    /// Recover on another host.
    Stranger,
}

/// Runs a move that is killed before its n-th write, counted from 0; false if it has fewer.
fn kill_before(stage: &Stage, n: u64, args: &[&str]) -> Result<bool> {
    // Removals are writes too, but no POST: one rule cannot count both.
    stage.fault(&json!({"kind": "hold", "method": "POST", "after": n, "times": 1}))?;
    let mut running = stage.start(args)?;
    poll::until("the write is held, or all is done", || {
        let over = stage.struck()? == 1 || running.child.try_wait()?.is_some();
        Ok(if over { Vec::new() } else { vec!["neither".to_owned()] })
    })?;
    let held = stage.struck()? == 1;
    running.child.kill()?;
    let ended = running.end()?;
    ensure!(held != ended.exit.is_some(), "{ended}");
    // The held request dies with its client, or is made: both must do.
    stage.clear()?;
    stage.settled()?;
    Ok(held)
}

fn config(stage: &Stage) -> Result<Option<Value>> {
    Ok(stage.sim.engine.get("/configs")?.get(0).cloned())
}

/// Lets the turn's time be over.
fn expire(stage: &Stage) -> Result<()> {
    let Some(config) = config(stage)? else { return Ok(()) };
    let mut spec = config["Spec"].clone();
    spec["Labels"]["orca.turn.until"] = "2026-01-01T00:00:00Z".into();
    let path = format!("/configs/{}/update?version={}", text(&config["ID"]), config["Version"]["Index"]);
    stage.sim.engine.post(&path, &spec).map(drop)
}

fn mend(stage: &mut Stage, before: &Before, mender: Mender) -> Result<()> {
    let traces = stage.no_traces().is_err();
    match mender {
        Mender::Recover => {}
        Mender::Apply => {
            // It first undoes what was left, then moves what the plan says.
            let (ended, _) = stage.apply(&["--max-restarts", "3"])?;
            ensure!(ended.exit == Some(0), "{ended}");
            stage.as_before(before)?;
        }
        Mender::Reconcile => {
            let (ended, _) = stage.run(&["reconcile", "--once"])?;
            ensure!(ended.exit == Some(0), "{ended}");
        }
        Mender::Stranger => {
            stage.orca.lose_state();
            let cluster = stage.cluster()?;
            let left = cluster.services.iter().chain(&cluster.nodes).any(|object| object.to_string().contains("orca."));
            let (ended, report) = stage.run(&["rebalance", "recover"])?;
            if left {
                ensure!(ended.exit == Some(75) && report["error"]["kind"] == "locked", "{ended}");
                ensure!(text(&report["error"]["hint"]).contains("its turn ends at"), "{ended}");
                let (ended, report) = stage.run(&["reconcile", "--once"])?;
                ensure!(ended.exit == Some(0), "it does the rest: {ended}");
                ensure!(report["warnings"].to_string().contains("is moving tasks"), "{ended}");
                let (ended, report) = stage.apply(&[])?;
                ensure!(ended.exit == Some(75) && report["error"]["kind"] == "locked", "{ended}");
                ensure!(stage.no_traces().is_err(), "it is not ours to undo yet");
            } else {
                ensure!(ended.exit == Some(0), "{ended}");
            }
            expire(stage)?;
        }
    }
    if traces && mender == Mender::Recover {
        stage.sim.reset_requests()?;
    }
    stage.recovers(before)
}

fn at_every_write(make: impl Fn() -> Result<Stage>, args: &[&str], menders: &[Mender], least: u64) -> Result<()> {
    for mender in menders {
        let mut writes = 0;
        loop {
            let mut stage = make()?;
            let before = stage.before()?;
            if !kill_before(&stage, writes, args)? {
                break;
            }
            mend(&mut stage, &before, *mender).map_err(|error| error.context(format!("{mender:?}, write {writes}")))?;
            writes += 1;
        }
        assert_eq!(writes, least, "writes of a move");
    }
    Ok(())
}

const ALL: [Mender; 4] = [Mender::Recover, Mender::Apply, Mender::Reconcile, Mender::Stranger];

/// The turn, the steering, its removal, the seal.
#[test]
fn of_the_only_replica() -> Result<()> {
    at_every_write(|| Stage::hog("0s"), &[], &ALL, 4)
}

/// Whose task is still on its way when orca dies.
#[test]
fn of_a_slow_one() -> Result<()> {
    at_every_write(|| Stage::hog("200ms"), &[], &[Mender::Recover], 4)
}

#[test]
fn of_one_of_several() -> Result<()> {
    let make = || {
        let mut stage = Stage::new(2)?;
        stage.service("web", &[("node-1", 2_000), ("node-1", 2_000)])?;
        Ok(stage)
    };
    at_every_write(make, &[], &[Mender::Recover, Mender::Stranger], 5)
}

#[test]
fn of_the_only_one_on_its_node() -> Result<()> {
    let make = || {
        let mut stage = Stage::new(3)?;
        stage.service("web", &[("node-1", 4_000), ("node-2", 1_000)])?;
        stage.pinned("big", "node-1", 3_500)?;
        Ok(stage)
    };
    at_every_write(make, &[], &[Mender::Recover, Mender::Reconcile], 5)
}

/// By way of one replica less, to a target that is a branch of its own by a label of its node.
#[test]
fn of_one_to_a_node_with_one_less() -> Result<()> {
    let make = || {
        let mut stage = Stage::new(3)?;
        let places = ["node-1", "node-1", "node-1", "node-2", "node-2", "node-3"];
        stage.service("web", &places.map(|node| (node, if node == "node-1" { 1_700 } else { 500 })))?;
        stage.pinned("low", "node-3", 1_500)?;
        Ok(stage)
    };
    at_every_write(make, &[], &[Mender::Recover, Mender::Stranger], 7)
}

fn own_image() -> Result<Stage> {
    let mut stage = Stage::new(2)?;
    stage.service_with("web", &[("node-1", 4_000)], |spec| {
        spec["TaskTemplate"]["ContainerSpec"]["Image"] = "127.0.0.1:1/own:1".into();
    })?;
    stage.pinned("big", "node-1", 3_000)?;
    Ok(stage)
}

/// Beside the others the job that pulls the image.
#[test]
fn of_one_whose_image_is_pulled() -> Result<()> {
    at_every_write(own_image, &[], &[Mender::Recover, Mender::Stranger], 5)
}

/// Before the job, or the turn, is removed again.
#[test]
fn before_a_removal() -> Result<()> {
    for after in 0..2 {
        let stage = own_image()?;
        let before = stage.before()?;
        stage.fault(&json!({"kind": "hold", "method": "DELETE", "after": after, "times": 1}))?;
        let mut running = stage.start(&[])?;
        poll::until("the removal is held", || {
            Ok(if stage.struck()? == 1 { Vec::new() } else { vec!["not yet".to_owned()] })
        })?;
        running.child.kill()?;
        running.end()?;
        stage.clear()?;
        stage.recovers(&before)?;
    }
    Ok(())
}

/// Two of its writes are the anchor's labels: those are no traces but the anchor's business.
#[test]
fn of_an_anchor_group() -> Result<()> {
    let mut writes = 0;
    loop {
        let stage = group()?;
        let before = stage.before()?;
        if !kill_before(&stage, writes, &["--max-restarts", "3"])? {
            break;
        }
        stage.recovers(&before)?;
        let (ended, _) = stage.run(&["reconcile", "--once", "--wait", "30s"])?;
        assert_eq!(ended.exit, Some(0), "{ended}");
        let cluster = stage.cluster()?;
        let anchor = cluster.places("web_db")?;
        assert_eq!((cluster.places("web_app")?, cluster.places("web_job")?), (anchor.clone(), anchor), "{ended}");
        writes += 1;
    }
    assert_eq!(writes, 6);
    Ok(())
}

/// The journal knows of a move that was begun.
#[test]
fn a_killed_move_is_in_the_history() -> Result<()> {
    let stage = Stage::hog("0s")?;
    kill_before(&stage, 2, &[])?;
    let report = stage.orca.run(&["history", "-o", "json"])?.report()?;
    let row = &report["data"]["history"][0];
    assert_eq!((&row["kind"], &row["status"]), (&json!("task.move"), &json!("begun")), "{row}");
    Ok(())
}
