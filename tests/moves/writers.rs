//! Somebody else writes to the service in the middle of its move: that stays, and nothing of the move does.

use anyhow::Result;
use serde_json::{Value, json};

use super::stage::{Stage, statuses};
use crate::common::cluster::text;
use crate::common::orca::Ended;

/// A move in whose middle `change` is written; what is to be there afterwards is the old spec with `wanted` applied.
fn meanwhile(change: impl Fn(&mut Value), wanted: impl Fn(&mut Value)) -> Result<(Stage, Ended)> {
    let stage = Stage::hog("1s")?;
    let mut spec = stage.cluster()?.service("web")?["Spec"].clone();
    let running = stage.start(&[])?;
    stage.begun("web")?;
    stage.edit("web", change)?;
    let ended = running.end()?;
    stage.no_traces()?;
    stage.settled()?;
    wanted(&mut spec);
    let now = stage.cluster()?.service("web")?["Spec"].clone();
    assert_eq!(now, spec, "{ended}");
    Ok((stage, ended))
}

fn also(change: impl Fn(&mut Value) + Copy) -> Result<(Stage, Ended)> {
    meanwhile(change, change)
}

#[test]
fn a_label() -> Result<()> {
    let (stage, ended) = also(|spec| spec["Labels"]["mine"] = "1".into())?;
    assert_eq!(ended.exit, Some(0), "{ended}");
    assert_eq!(stage.cluster()?.places("web")?, ["node-3"]);
    Ok(())
}

#[test]
fn a_constraint() -> Result<()> {
    let (_, ended) = also(|spec| {
        let list = spec["TaskTemplate"]["Placement"]["Constraints"].as_array_mut();
        if let Some(list) = list {
            list.push(json!("node.role==manager"));
        }
    })?;
    assert_eq!(ended.exit, Some(0), "{ended}");
    Ok(())
}

#[test]
fn an_image() -> Result<()> {
    // A new image is a new task: the move has not gone as it was meant to, or has, on the new one.
    let (_, ended) = also(|spec| spec["TaskTemplate"]["ContainerSpec"]["Image"] = "127.0.0.1:1/bb:2".into())?;
    assert!(matches!(ended.exit, Some(0 | 1)), "{ended}");
    Ok(())
}

#[test]
fn an_update_config() -> Result<()> {
    let (_, ended) =
        also(|spec| spec["UpdateConfig"] = json!({"Parallelism": 7, "MaxFailureRatio": 0, "Order": "stop-first"}))?;
    assert_eq!(ended.exit, Some(0), "{ended}");
    Ok(())
}

#[test]
fn replicas() -> Result<()> {
    let (stage, ended) = also(|spec| spec["Mode"]["Replicated"]["Replicas"] = json!(3))?;
    assert!(matches!(ended.exit, Some(0 | 1)), "{ended}");
    assert_eq!(stage.cluster()?.places("web")?.len(), 3);
    Ok(())
}

#[test]
fn replicas_of_a_service_that_moves_by_one_more() -> Result<()> {
    let mut stage = Stage::slow(3, "1s")?;
    stage.service("web", &[("node-1", 2_000), ("node-1", 2_000), ("node-1", 2_000)])?;
    stage.settled()?;
    let before = stage.cluster()?.service("web")?["Spec"].clone();
    let running = stage.start(&[])?;
    stage.begun("web")?;
    stage.edit("web", |spec| spec["Mode"]["Replicated"]["Replicas"] = json!(5))?;
    let ended = running.end()?;
    stage.no_traces()?;
    stage.settled()?;
    let mut wanted = before;
    wanted["Mode"]["Replicated"]["Replicas"] = json!(5);
    assert_eq!(stage.cluster()?.service("web")?["Spec"], wanted, "{ended}");
    assert_eq!(stage.cluster()?.places("web")?.len(), 5, "{ended}");
    Ok(())
}

/// `docker stack deploy` writes all of a service anew, and knows nothing of labels that are not in its file.
#[test]
fn a_whole_new_spec() -> Result<()> {
    let whole = |spec: &mut Value| {
        *spec = json!({
            "Name": "web", "Labels": {"com.docker.stack.namespace": "s"}, "Mode": {"Replicated": {"Replicas": 2}},
            "TaskTemplate": {
                "ContainerSpec": {"Image": "127.0.0.1:1/bb:3"}, "Placement": {"Constraints": ["node.role==manager"]},
                "ForceUpdate": 0, "Runtime": "container",
            },
        });
    };
    let (stage, ended) = also(whole)?;
    assert!(matches!(ended.exit, Some(0 | 1)), "{ended}");
    assert_eq!(stage.cluster()?.places("web")?.len(), 2);
    Ok(())
}

/// The same spec as before the move: what a deploy of an unchanged file writes.
#[test]
fn the_old_spec() -> Result<()> {
    let stage = Stage::hog("1s")?;
    let before = stage.before()?;
    let spec = stage.cluster()?.service("web")?["Spec"].clone();
    let running = stage.start(&[])?;
    stage.begun("web")?;
    stage.edit("web", |now| *now = spec.clone())?;
    let ended = running.end()?;
    let report = ended.report()?;
    stage.as_before(&before)?;
    let there = stage.cluster()?.places("web")? == ["node-3"];
    assert_eq!(ended.exit, Some(i32::from(!there)), "{ended}");
    assert_eq!(statuses(&report), [if there { "done" } else { "failed" }], "{ended}");
    Ok(())
}

#[test]
fn a_rollback() -> Result<()> {
    let stage = Stage::hog("1s")?;
    let before = stage.before()?;
    let running = stage.start(&[])?;
    stage.begun("web")?;
    let service = stage.cluster()?.service("web")?.clone();
    let path =
        format!("/services/{}/update?version={}&rollback=previous", text(&service["ID"]), service["Version"]["Index"]);
    stage.sim.engine.post(&path, &service["Spec"])?;
    let ended = running.end()?;
    stage.as_before(&before)?;
    let there = stage.cluster()?.places("web")? == ["node-3"];
    assert_eq!(ended.exit, Some(i32::from(!there)), "{ended}");
    Ok(())
}

#[test]
fn the_service_is_removed() -> Result<()> {
    let stage = Stage::hog("1s")?;
    let running = stage.start(&[])?;
    stage.begun("web")?;
    let id = stage.cluster()?.service_id("web")?;
    stage.sim.engine.ask("DELETE", &format!("/services/{id}"), None)?;
    let begun = std::time::Instant::now();
    let ended = running.end()?;
    let report = ended.report()?;
    assert_eq!(ended.exit, Some(1), "{ended}");
    assert!(text(&report["actions"][0]["error"]).contains("gone"), "{ended}");
    assert!(begun.elapsed() < std::time::Duration::from_secs(20), "it waits for nobody: {:?}", begun.elapsed());
    stage.no_traces()
}

#[test]
fn one_conflict_at_each_write() -> Result<()> {
    for after in 0..3 {
        let stage = Stage::hog("0s")?;
        stage
            .fault(&json!({"kind": "conflict", "method": "POST", "path": "/services/", "after": after, "times": 1}))?;
        let (ended, report) = stage.apply(&[])?;
        if after == 0 {
            // Someone has changed the spec: the plan was not made for that one.
            assert_eq!((ended.exit, statuses(&report)), (Some(75), vec!["skipped"]), "{ended}");
            assert!(text(&report["actions"][0]["error"]).contains("changed"), "{ended}");
        } else {
            assert_eq!((ended.exit, statuses(&report)), (Some(0), vec!["done"]), "{ended}");
        }
        stage.no_traces()?;
        assert_eq!(stage.cluster()?.service("web")?["Spec"]["Labels"], json!({"team": "x", "sim.other": "1"}));
    }
    Ok(())
}

/// Another writer that never rests for a while: the move ends all the same, and what the other wrote last is there.
#[test]
fn a_storm_of_conflicts() -> Result<()> {
    let stage = Stage::hog("0s")?;
    stage.before()?;
    stage.fault(&json!({"kind": "conflict", "method": "POST", "path": "/services/", "after": 1, "times": 25}))?;
    let (ended, report) = stage.apply(&[])?;
    assert_eq!((ended.exit, statuses(&report)), (Some(0), vec!["done"]), "{ended}");
    stage.no_traces()?;
    assert_eq!(stage.cluster()?.service("web")?["Spec"]["Labels"]["sim.other"], "25");
    assert!(stage.writes()? < 40, "{}", stage.writes()?);
    Ok(())
}

/// Somebody wants none of it in mid-move: there is nothing to wait for.
#[test]
fn no_replicas_at_all() -> Result<()> {
    let begun = std::time::Instant::now();
    let (_, ended) = also(|spec| spec["Mode"]["Replicated"]["Replicas"] = json!(0))?;
    assert_eq!(ended.exit, Some(1), "{ended}");
    assert!(text(&ended.report()?["actions"][0]["error"]).contains("nothing of it is to run"), "{ended}");
    assert!(begun.elapsed() < std::time::Duration::from_secs(20), "it waits for nobody: {:?}", begun.elapsed());
    Ok(())
}
