//! The engine goes away, comes back, answers nonsense, or not at all.

use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use crate::stage::{QUICK, Stage};

#[test]
fn after_an_engine_was_away_everything_is_looked_at() -> Result<()> {
    let stage = Stage::new()?;
    // node-1 is the engine itself, and leads: it is another node that is to be lost.
    if stage.place("db")? == "node-1" {
        stage.displace()?;
        stage.availability("node-1", "active")?;
    }
    let watch = stage.watch(&[])?;
    stage.together()?;
    stage.sim.admin("/crash", &json!({}))?;
    watch.until("the loss is told", |watch| watch.of("engine").iter().any(|line| line["data"]["state"] == "lost"))?;
    // What happens now is told to nobody.
    let at = stage.place("db")?;
    stage.sim.admin(&format!("/nodes/{at}"), &json!({"state": "down"}))?;
    std::thread::sleep(Duration::from_millis(1_500));
    let told =
        watch.of("engine").len() + watch.of("report").iter().filter(|l| l["report"]["outcome"] == "failed").count();
    assert!(told <= 2, "an absence is told once, not in every round: {:?}", watch.lines());
    stage.sim.engine.ask("DELETE", "/_sim/crash", None)?;
    stage.together()?;
    assert_ne!(stage.place("db")?, at);
    watch.until("the return is told", |watch| watch.of("engine").iter().any(|line| line["data"]["state"] == "back"))?;
    assert_eq!(watch.stop()?, Some(0));
    Ok(())
}

#[test]
fn an_engine_that_is_not_there_yet_is_waited_for() -> Result<()> {
    let stage = Stage::new()?;
    stage.sim.admin("/crash", &json!({}))?;
    let watch = stage.watch(&[])?;
    watch.begun()?;
    assert_eq!(watch.of("report")[0]["report"]["error"]["kind"], "unreachable");
    stage.sim.engine.ask("DELETE", "/_sim/crash", None)?;
    stage.together()
}

#[test]
fn a_pass_that_gets_no_answer_ends_and_the_loop_goes_on() -> Result<()> {
    let stage = Stage::new()?;
    stage.sim.admin("/fault", &json!({"kind": "silence", "path": "/services", "times": 1}))?;
    let watch = stage.watch(&["--timeout", "3s"])?;
    watch.begun()?;
    assert_eq!(watch.of("report")[0]["report"]["outcome"], "failed");
    stage.together()?;
    watch.until("it was tried again", |watch| watch.causes().get(1).is_some_and(|cause| cause == "retry"))
}

#[test]
fn a_broken_stream_of_events_is_opened_again() -> Result<()> {
    let stage = Stage::new()?;
    stage.orca.config(&format!(
        "nodes: {{ node-3: {{ labels: [x] }} }}\nwatch:{QUICK}  passes: {{ labels sync: {{ every: 1h }} }}\n"
    ))?;
    stage.sim.admin("/fault", &json!({"kind": "cut", "path": "/events", "times": 2}))?;
    let watch = stage.watch(&[])?;
    watch.until("a gap was closed", |watch| watch.causes().contains(&"gap".to_owned()))?;
    // And it listens again.
    let id = stage.cluster()?.node_id("node-3")?;
    stage.sim.engine.edit("nodes", &id, |spec| spec["Labels"] = json!({}))?;
    watch.until("the label is back", |_| {
        stage.cluster().is_ok_and(|c| c.node("node-3").is_ok_and(|node| node["Spec"]["Labels"]["x"] == "true"))
    })
}

#[test]
fn another_nodes_engine_that_is_away_is_not_the_managers() -> Result<()> {
    let stage = Stage::new()?;
    stage.orca.config(&format!(
        "stack: ''\ndependencies: {{ db: {{ services: [app] }} }}\n\
         nodes: {{ node-2: {{ host: 'tcp://127.0.0.1:1' }} }}\nwatch:{QUICK}  subscribe_nodes: true\n"
    ))?;
    let watch = stage.watch(&[])?;
    watch.begun()?;
    stage.together()?;
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(watch.of("engine").len(), 0, "{:?}", watch.of("engine"));
    assert!(!watch.causes().contains(&"gap".to_owned()), "{:?}", watch.causes());
    Ok(())
}
