//! Whatever the cluster: a run moves the planned tasks and no others, and all specs end as they began.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use super::stage::{Stage, statuses};
use crate::common::cluster::text;

/// Where each task of a service runs, with its memory.
type Shape = (usize, Vec<Vec<(usize, u64)>>, u64, bool);

fn shapes() -> impl Strategy<Value = Shape> {
    (2_usize..5).prop_flat_map(|nodes| {
        let service = prop::collection::vec((0..nodes, 100_u64..1_500), 1..4);
        (Just(nodes), prop::collection::vec(service, 1..5), 1_u64..4, any::<bool>())
    })
}

fn holds((nodes, services, restarts, start_first): &Shape) -> Result<()> {
    let mut stage = Stage::new(*nodes)?;
    for (at, tasks) in services.iter().enumerate() {
        let places: Vec<(String, u64)> =
            tasks.iter().map(|(node, memory)| (format!("node-{}", node + 1), *memory)).collect();
        let places: Vec<(&str, u64)> = places.iter().map(|(node, memory)| (node.as_str(), *memory)).collect();
        let order = if *start_first { "start-first" } else { "stop-first" };
        stage.service_with(&format!("s{at}"), &places, |spec| spec["UpdateConfig"]["Order"] = order.into())?;
    }
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

#[test]
fn with_nothing_on_it() -> Result<()> {
    let stage = Stage::new(2)?;
    let (ended, report) = stage.apply(&[])?;
    assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("unchanged")), "{ended}");
    stage.no_traces()
}
