//! Rollouts take minutes; what else a loop has to do does not wait for them.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Value, json};

use crate::common::poll;
use crate::stage::{Loop, Stage};

const OLD: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const NEW: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

impl Stage {
    /// A service has got an image that never comes up, and a loop waits for it.
    fn rolling(deadline: &str) -> Result<(Self, Loop)> {
        let stage = Self::new()?;
        let passes = "  passes: { reconcile: { every: 1h }, services update: { every: 1h } }";
        stage.configure(&format!("{passes}\nupdate: {{ deadline: {deadline} }}"))?;
        let spec = json!({"Name": "web", "Mode": {"Replicated": {"Replicas": 1}}, "TaskTemplate": {
            "ContainerSpec": {"Image": format!("r.invalid/web:1@{OLD}")}, "Placement": {"Constraints": []}},
            "UpdateConfig": {"Parallelism": 1, "Monitor": 300_000_000, "FailureAction": "pause"}});
        stage.sim.engine.post("/services/create", &spec)?;
        poll::until("the cluster rests", || stage.cluster()?.unsettled())?;
        stage.sim.admin("/registry", &json!({"image": "r.invalid/web:1", "digest": NEW}))?;
        stage.sim.admin("/images", &json!({"match": NEW, "state": "starting", "err": ""}))?;
        let watch = stage.watch(&[])?;
        poll::until("the rollout has begun", || {
            Ok(Vec::from_iter((!stage.has(NEW)?).then_some("not yet".to_owned())))
        })?;
        Ok((stage, watch))
    }

    fn has(&self, digest: &str) -> Result<bool> {
        let cluster = self.cluster()?;
        let image = &cluster.service("web")?["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"];
        Ok(image.as_str().is_some_and(|image| image.ends_with(digest)))
    }
}

fn updates(watch: &Loop) -> Vec<Value> {
    let reports = watch.of("report").into_iter().map(|line| line["report"].clone());
    reports.filter(|report| report["command"] == "services update").collect()
}

fn outcome(report: &Value) -> String {
    let entries = report["data"]["updates"].as_array().into_iter().flatten();
    entries.filter_map(|entry| entry["outcome"].as_str()).collect()
}

#[test]
fn an_anchor_is_followed_while_a_rollout_is_watched() -> Result<()> {
    let (stage, watch) = Stage::rolling("3m")?;
    stage.displace()?;
    stage.together()?;
    assert!(stage.has(NEW)? && updates(&watch).is_empty(), "the rollout is over already");
    stage.sim.admin("/tasks", &json!({"service": "web", "state": "failed", "err": "no"}))?;
    watch.until("the rollout has ended", |watch| !updates(watch).is_empty())?;
    assert_eq!(outcome(&updates(&watch)[0]), "rolled_back");
    assert!(stage.has(OLD)?);
    assert_eq!(watch.stop()?, Some(0));
    Ok(())
}

#[test]
fn who_is_told_to_stop_says_what_becomes_of_the_rollout() -> Result<()> {
    let (stage, watch) = Stage::rolling("1m")?;
    watch.signal("TERM")?;
    watch.until("the run has ended", |watch| !updates(watch).is_empty())?;
    assert_eq!(outcome(&updates(&watch)[0]), "not_proven");
    assert_eq!(watch.ended()?, Some(0));
    assert!(stage.has(NEW)?, "the engine goes on by itself");
    Ok(())
}

#[test]
fn who_has_to_leave_a_rollout_and_a_pass_names_both_after_one_grace() -> Result<()> {
    let (stage, watch) = Stage::rolling("1m")?;
    stage.sim.admin("/fault", &json!({"kind": "hold", "method": "POST"}))?;
    // A label that the new config gives is a write, and so is the way back to the image before.
    let passes = "  passes: { reconcile: { every: 1h }, services update: { every: 1h } }";
    stage.configure(&format!("  grace: 1s\n{passes}\nnodes: {{ node-2: {{ labels: [new] }} }}"))?;
    held(&stage, 1)?;
    stage.sim.admin("/tasks", &json!({"service": "web", "state": "failed", "err": "no"}))?;
    held(&stage, 2)?;
    let told = Instant::now();
    watch.signal("TERM")?;
    watch.until("it has stopped", |watch| !watch.of("stop").is_empty())?;
    assert!(told.elapsed() < Duration::from_secs(5), "{:?}", told.elapsed());
    let stop = watch.of("stop")[0]["data"].clone();
    assert_eq!(
        (&stop["cut_short"], &stop["cut_short_aside"]),
        (&json!("reconcile"), &json!("services update")),
        "{stop}"
    );
    assert_eq!(watch.ended()?, Some(1));
    Ok(())
}

/// Waits until so many writes get no answer.
fn held(stage: &Stage, writes: u64) -> Result<()> {
    poll::until(&format!("{writes} writes are held"), || {
        let fault = stage.sim.engine.get("/_sim/state")?["faults"][0].take();
        Ok(Vec::from_iter((fault["struck"].as_u64() < Some(writes)).then(|| fault.to_string())))
    })
}
