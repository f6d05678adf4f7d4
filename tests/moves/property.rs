//! Whatever the cluster: a run moves the planned tasks and no others, and all specs end as they began.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use super::stage::{Stage, statuses};
use crate::common::cluster::text;
use crate::common::poll;

/// Where each task of a service runs, with its memory.
type Shape = (usize, Vec<Vec<(usize, u64)>>, u64, bool);

fn shapes() -> impl Strategy<Value = Shape> {
    (2_usize..5).prop_flat_map(|nodes| {
        let service = prop::collection::vec((0..nodes, 100_u64..1_500), 1..4);
        (Just(nodes), prop::collection::vec(service, 1..5), 1_u64..4, any::<bool>())
    })
}

fn stage((nodes, services, start_first): (usize, &Vec<Vec<(usize, u64)>>, bool)) -> Result<Stage> {
    let mut stage = Stage::new(nodes)?;
    for (at, tasks) in services.iter().enumerate() {
        let places: Vec<(String, u64)> =
            tasks.iter().map(|(node, memory)| (format!("node-{}", node + 1), *memory)).collect();
        let places: Vec<(&str, u64)> = places.iter().map(|(node, memory)| (node.as_str(), *memory)).collect();
        let order = if start_first { "start-first" } else { "stop-first" };
        stage.service_with(&format!("s{at}"), &places, |spec| spec["UpdateConfig"]["Order"] = order.into())?;
    }
    Ok(stage)
}

fn holds((nodes, services, restarts, start_first): &Shape) -> Result<()> {
    let stage = stage((*nodes, services, *start_first))?;
    let before = stage.before()?;
    let (ended, report) = stage.apply(&["--max-restarts", &restarts.to_string()])?;
    ensure!(ended.exit == Some(0), "{ended}");
    let mut moved: BTreeMap<String, usize> = BTreeMap::new();
    for action in report["actions"].as_array().into_iter().flatten() {
        *moved.entry(text(&action["target"]["service"])).or_default() += 1;
    }
    ensure!(statuses(&report).iter().all(|status| *status == "done"), "{ended}");
    ensure!(statuses(&report).len() as u64 <= *restarts, "{ended}");
    let moved: Vec<(&str, usize)> = moved.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    stage.as_before(&before)?;
    stage.only_moved(&before, &moved).map_err(|error| error.context(ended.to_string()))?;
    for step in report["data"]["moved"].as_array().into_iter().flatten() {
        let task = stage.sim.engine.get(&format!("/tasks/{}", text(&step["new_task"])))?;
        ensure!(stage.cluster()?.hostname(&text(&task["NodeID"])) == text(&step["to"]), "{ended}");
        // It is not there any more, or no longer wanted.
        let old = stage.sim.engine.send("GET", &format!("/tasks/{}", text(&step["task"])), None)?;
        ensure!(old.status == 404 || !old.body.contains("\"DesiredState\":\"running\""), "{ended}");
    }
    Ok(())
}

#[test]
fn a_run_does_what_it_says_and_leaves_no_trace() {
    let mut runner =
        TestRunner::new(Config { cases: 24, max_shrink_iters: 30, failure_persistence: None, ..Config::default() });
    let result =
        runner.run(&shapes(), |shape| holds(&shape).map_err(|error| TestCaseError::fail(format!("{error:#}"))));
    if let Err(error) = result {
        panic!("{error}");
    }
}

/// What goes wrong: its kind, after how many requests, every how many of them, how often; or `kill -9`, before a write.
type Mishap = (Option<&'static str>, u64, u64, u64);

fn mishaps() -> impl Strategy<Value = Mishap> {
    let kinds = prop::sample::select(vec![None, Some("error500"), Some("cut"), Some("garbage")]);
    (kinds, 0_u64..30, 1_u64..5, 1_u64..6)
}

/// Whatever fails: after recover all specs are as they were, and nothing of a move is left.
fn recovers_from((nodes, services, restarts, start_first): &Shape, mishap: Mishap) -> Result<()> {
    let stage = stage((*nodes, services, *start_first))?;
    let before = stage.before()?;
    let running = match mishap {
        (Some(kind), after, every, times) => {
            stage.fault(&json!({"kind": kind, "after": after, "every": every, "times": times}))?;
            stage.start(&["--max-restarts", &restarts.to_string()])?
        }
        (None, after, ..) => {
            let hold = json!({"kind": "hold", "method": "POST", "after": after % 8, "times": 1});
            stage.fault(&hold)?;
            let mut running = stage.start(&["--max-restarts", &restarts.to_string()])?;
            poll::until("the write is held, or all is done", || {
                let over = stage.struck()? == 1 || running.child.try_wait()?.is_some();
                Ok(if over { Vec::new() } else { vec!["neither".to_owned()] })
            })?;
            running.child.kill()?;
            running
        }
    };
    let ended = running.end()?;
    stage.clear()?;
    if ended.exit.is_some() {
        let report = ended.report()?;
        let done = statuses(&report).iter().filter(|status| **status == "done").count();
        let moved = report["data"]["moved"].as_array().map_or(0, Vec::len);
        ensure!(done == moved, "{done} are done, {moved} have moved: {ended}");
        ensure!((ended.exit == Some(0)) == report["error"].is_null(), "{ended}");
    }
    stage.settled()?;
    stage.recovers(&before).map_err(|error| error.context(ended.to_string()))
}

#[test]
fn whatever_fails_recover_makes_it_good() {
    let config = Config { cases: 12, max_shrink_iters: 8, failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(&(shapes(), mishaps()), |(shape, mishap)| {
        recovers_from(&shape, mishap).map_err(|error| TestCaseError::fail(format!("{error:#}")))
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn with_nothing_on_it() -> Result<()> {
    let stage = Stage::new(2)?;
    let (ended, report) = stage.apply(&[])?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("unchanged")), "{ended}");
    stage.no_traces()
}
