//! Signals in the middle of a move.

use anyhow::Result;
use serde_json::json;

use super::stage::{Stage, statuses};
use crate::common::poll;

#[test]
fn the_first_undoes_or_finishes_the_move() -> Result<()> {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let stage = Stage::hog("1s")?;
        let before = stage.before()?;
        let running = stage.start(&[])?;
        stage.begun("web")?;
        running.signal(signal)?;
        let ended = running.end()?;
        let report = ended.report()?;
        assert_eq!((ended.exit, &report["outcome"]), (Some(code), &json!("interrupted")), "{ended}");
        assert_eq!(report["error"]["kind"], "interrupted", "{ended}");
        assert_eq!(statuses(&report), ["failed"], "{ended}");
        stage.as_before(&before)?;
        stage.only_moved(&before, &[("web", 1)])?;
    }
    Ok(())
}

/// The task runs where it was to: no reason to undo that.
#[test]
fn while_it_settles() -> Result<()> {
    let stage = Stage::hog("0s")?;
    let before = stage.before()?;
    let mut args = stage.args(&[])?;
    args.iter_mut().filter(|word| **word == "0s").for_each(|word| *word = "1m");
    let running = stage.orca.start(&args)?;
    stage.begun("web")?;
    poll::until("the task runs there", || {
        let places = stage.cluster()?.places("web")?;
        Ok(if places == ["node-3"] { Vec::new() } else { places })
    })?;
    // It has been seen there.
    std::thread::sleep(std::time::Duration::from_millis(600));
    running.signal("TERM")?;
    let ended = running.end()?;
    let report = ended.report()?;
    assert_eq!(statuses(&report), ["done"], "{ended}");
    assert_eq!((ended.exit, &report["outcome"]), (Some(143), &json!("interrupted")), "{ended}");
    stage.as_before(&before)?;
    stage.only_moved(&before, &[("web", 1)])
}

#[test]
fn while_the_image_is_pulled() -> Result<()> {
    let mut stage = Stage::new(2)?;
    stage.service_with("web", &[("node-1", 4_000)], |spec| {
        spec["TaskTemplate"]["ContainerSpec"]["Image"] = "127.0.0.1:1/own:1".into();
    })?;
    stage.pinned("big", "node-1", 3_000)?;
    stage.sim.admin("/images", &json!({"match": "own", "state": "preparing", "err": "", "node": "node-2"}))?;
    let before = stage.before()?;
    let running = stage.start(&[])?;
    poll::until("the job is there", || {
        let jobs = stage.cluster()?.services.len();
        Ok(if jobs == 3 { Vec::new() } else { vec![format!("{jobs} services")] })
    })?;
    running.signal("INT")?;
    let ended = running.end()?;
    let report = ended.report()?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(130), &json!("interrupted")), "{ended}");
    assert_eq!(statuses(&report), ["skipped"], "{ended}");
    assert!(ended.report()?["run"]["duration_ms"].as_u64().is_some_and(|ms| ms < 10_000), "{ended}");
    stage.as_before(&before)?;
    stage.only_moved(&before, &[])
}

#[test]
fn the_second_ends_it_at_once() -> Result<()> {
    let stage = Stage::hog("1s")?;
    let before = stage.before()?;
    let mut running = stage.start(&[])?;
    stage.begun("web")?;
    // The undo can't be made: it would go on for long.
    stage.fault(&json!({"kind": "hold", "path": "/services/"}))?;
    poll::until("orca ends", || {
        if running.child.try_wait()?.is_some() {
            return Ok(Vec::new());
        }
        running.signal("TERM")?;
        Ok(vec!["it runs".to_owned()])
    })?;
    let ended = running.end()?;
    assert_eq!(ended.exit, Some(143), "{ended}");
    stage.clear()?;
    stage.recovers(&before)
}
