//! An engine that fails in the middle of a move: the report tells the truth, and after recover nothing is left.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::stage::{Stage, statuses};

/// Applies with a fault; whatever happens, a report comes, and recover makes it good.
fn survives(fault: &Value) -> Result<()> {
    let stage = Stage::hog("0s")?;
    let before = stage.before()?;
    stage.fault(fault)?;
    let (ended, report) = stage.apply(&[])?;
    stage.clear()?;
    let there = stage.cluster()?.places("web")? == ["node-3"];
    let told = statuses(&report);
    // Done is what was done: the task is there, and nothing is left in its service.
    ensure!(
        told != ["done"] || there && stage.cluster()?.service("web")?["Spec"]["Labels"] == json!({"team": "x"}),
        "{ended}"
    );
    ensure!(ended.exit != Some(0) || told == ["done"], "{ended}");
    ensure!(ended.exit == Some(0) || report["error"].is_object(), "{ended}");
    ensure!(matches!(ended.exit, Some(0 | 1 | 69 | 75)), "{ended}");
    stage.recovers(&before)
}

#[test]
fn answers_500_on_every_third_call() -> Result<()> {
    for after in 0..3 {
        survives(&json!({"kind": "error500", "every": 3, "after": after}))?;
        survives(&json!({"kind": "error500", "every": 3, "after": 12 + after}))?;
    }
    Ok(())
}

#[test]
fn cuts_its_answers_soon() -> Result<()> {
    cuts_after(&[4, 9])
}

#[test]
fn cuts_its_answers_in_the_middle() -> Result<()> {
    cuts_after(&[12, 15])
}

#[test]
fn cuts_its_answers_late() -> Result<()> {
    cuts_after(&[18])
}

#[test]
fn answers_with_garbage() -> Result<()> {
    survives(&json!({"kind": "garbage", "every": 4, "after": 9}))
}

/// Whoever has said that was no engine, and the write was not made: nobody waits for what comes of it.
#[test]
fn answers_a_write_with_garbage() -> Result<()> {
    for after in 0..4 {
        let begun = std::time::Instant::now();
        survives(&json!({"kind": "garbage", "method": "POST", "after": after, "times": 1}))?;
        ensure!(begun.elapsed() < std::time::Duration::from_secs(60), "write {after}: {:?}", begun.elapsed());
    }
    Ok(())
}

fn cuts_after(requests: &[u64]) -> Result<()> {
    for after in requests {
        survives(&json!({"kind": "cut", "every": 3, "after": after}))?;
    }
    Ok(())
}

/// Each write is made, and its answer lost.
#[test]
fn loses_the_answer_to_a_write() -> Result<()> {
    for after in 0..4 {
        survives(&json!({"kind": "cut", "method": "POST", "after": after, "times": 1}))?;
    }
    survives(&json!({"kind": "cut", "method": "DELETE", "times": 1}))
}

/// A write that may or may not have been made is looked at: a move goes on where it was.
#[test]
fn a_lost_answer_does_not_stop_a_move() -> Result<()> {
    for after in 1..4 {
        let stage = Stage::hog("0s")?;
        let before = stage.before()?;
        stage.fault(&json!({"kind": "cut", "method": "POST", "after": after, "times": 1}))?;
        let (ended, report) = stage.apply(&[])?;
        assert_eq!((ended.exit, statuses(&report)), (Some(0), vec!["done"]), "write {after}: {ended}");
        stage.as_before(&before)?;
        stage.only_moved(&before, &[("web", 1)])?;
    }
    Ok(())
}

#[test]
fn refuses_a_write_once() -> Result<()> {
    for after in 0..4 {
        survives(&json!({"kind": "error500", "method": "POST", "after": after, "times": 1}))?;
    }
    Ok(())
}

/// An engine without a leader says that it is no manager: that passes.
#[test]
fn is_no_manager_for_a_moment() -> Result<()> {
    let stage = Stage::hog("1s")?;
    let before = stage.before()?;
    let running = stage.start(&[])?;
    stage.begun("web")?;
    stage.sim.admin("/membership", &json!({"swarm": "active/worker"}))?;
    std::thread::sleep(std::time::Duration::from_secs(2));
    stage.sim.admin("/membership", &json!({"swarm": "active/manager"}))?;
    let ended = running.end()?;
    assert_eq!(ended.exit, Some(0), "{ended}");
    stage.as_before(&before)?;
    stage.only_moved(&before, &[("web", 1)])
}

/// Moves that were not begun are in the report as well.
#[test]
fn is_lost_between_two_moves() -> Result<()> {
    let stage = Stage::crowd()?;
    let before = stage.before()?;
    // The turn, three writes of the first move; then nothing is answered any more.
    stage.fault(&json!({"kind": "error500", "method": "POST", "after": 4}))?;
    let (ended, report) = stage.apply(&["--max-restarts", "3"])?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(69), &json!("partial")), "{ended}");
    let (told, planned) = (statuses(&report), report["data"]["moves"].as_array().map_or(0, Vec::len));
    assert!(planned > 1 && told.len() == planned, "{ended}");
    assert_eq!(told[0], "done", "{ended}");
    assert!(told[1..].iter().all(|status| *status != "done"), "{ended}");
    stage.recovers(&before)
}
