//! What the verbs change on the simulated engine, what they leave alone, and what they refuse.

use anyhow::Result;
use serde_json::{Value, json};

use crate::common::cluster::text;
pub(crate) use crate::common::stage::Stage;

impl Stage {
    pub(crate) fn create(&self, name: &str, replicas: u64, change: impl Fn(&mut Value)) {
        let mut spec = json!({"Name": name, "Labels": {"team": "x"}, "Mode": {"Replicated": {"Replicas": replicas}},
            "TaskTemplate": {"ContainerSpec": {"Image": "127.0.0.1:1/bb:1", "Unknown": {"kept": true}},
                "Placement": {"Constraints": []}},
            "UpdateConfig": {"Parallelism": 1, "Monitor": 1_000_000, "FailureAction": "pause", "Order": "stop-first"}});
        change(&mut spec);
        self.service_of(&spec);
    }

    /// How often anybody has written.
    pub(crate) fn versions(&self) -> Vec<(String, u64)> {
        let mut versions: Vec<_> = self.cluster().versions().into_iter().collect();
        versions.sort();
        versions
    }
}

pub(crate) fn kinds(report: &Value) -> Vec<String> {
    report["actions"].as_array().unwrap().iter().map(|action| text(&action["kind"])).collect()
}

#[test]
fn stop_remembers_and_start_brings_back() {
    let stage = Stage::new();
    stage.create("web", 3, |_| ());
    let before = stage.spec("web");
    let (exit, report) = stage.run(&["services", "stop", "web", "--wait"]);
    assert_eq!((exit, kinds(&report)), (0, vec!["service.stop".to_owned()]), "{report}");
    assert_eq!(stage.cluster().running("web").unwrap().len(), 0);
    assert_eq!(stage.spec("web")["Labels"]["orca.stopped"], "3");
    // Again: nothing to do, and nothing forgotten.
    let versions = stage.versions();
    let (exit, report) = stage.run(&["services", "stop", "web"]);
    assert_eq!((exit, &report["outcome"]), (0, &json!("unchanged")));
    assert_eq!(stage.versions(), versions);
    let (exit, report) = stage.run(&["services", "start", "web", "--wait"]);
    assert_eq!((exit, kinds(&report)), (0, vec!["service.start".to_owned()]), "{report}");
    assert_eq!(stage.spec("web"), before, "nothing is left of it");
    assert_eq!(stage.cluster().running("web").unwrap().len(), 3);
    assert_eq!(report["data"]["waited"]["settled"], true);
}

#[test]
fn what_orca_has_not_stopped_it_does_not_start() {
    let stage = Stage::new();
    stage.create("web", 0, |_| ());
    let (exit, report) = stage.run(&["services", "start", "web"]);
    assert_eq!(exit, 75);
    assert!(text(&report["blocked"][0]["reasons"][0]).contains("orca services scale web=N"), "{report}");
}

#[test]
fn scale_changes_the_replicas_alone() {
    let stage = Stage::new();
    stage.create("web", 1, |_| ());
    stage.create("agent", 1, |spec| spec["Mode"] = json!({"Global": {}}));
    let mut wanted = stage.spec("web");
    let versions = stage.versions();
    let (exit, report) = stage.run(&["services", "scale", "web=4", "--dry-run"]);
    assert_eq!((exit, &report["outcome"], stage.versions()), (0, &json!("planned"), versions));
    let (exit, report) = stage.run(&["services", "scale", "web=4", "--wait"]);
    assert_eq!((exit, kinds(&report)), (0, vec!["service.scale".to_owned()]), "{report}");
    wanted["Mode"]["Replicated"]["Replicas"] = 4.into();
    assert_eq!(stage.spec("web"), wanted);
    let (exit, report) = stage.run(&["services", "scale", "agent=2"]);
    assert_eq!((exit, &report["outcome"]), (75, &json!("blocked")));
    assert_eq!(stage.orca.run(&["services", "scale", "web"]).unwrap().exit, Some(64));
    assert_eq!(stage.orca.run(&["services", "scale", "nothing=1"]).unwrap().exit, Some(64));
    // The journal knows.
    let (_, history) = stage.run(&["history"]);
    assert_eq!(history["data"]["history"][0]["command"], "services scale", "{history}");
}

#[test]
fn restart_replaces_every_task_and_nothing_else() {
    let stage = Stage::new();
    stage.create("web", 2, |_| ());
    let (old, before) = (stage.cluster().running_ids().unwrap(), stage.spec("web"));
    let (exit, report) = stage.run(&["services", "restart", "we", "--wait"]);
    assert_eq!((exit, kinds(&report)), (0, vec!["service.force_update".to_owned()]), "{report}");
    let new = stage.cluster().running_ids().unwrap();
    assert!(old.values().flatten().all(|id| !new.values().flatten().any(|other| other == id)));
    let mut spec = stage.spec("web");
    assert_eq!(spec["TaskTemplate"]["ForceUpdate"].take(), json!(1));
    spec["TaskTemplate"]["ForceUpdate"] = before["TaskTemplate"]["ForceUpdate"].clone();
    if spec["TaskTemplate"]["ForceUpdate"].is_null() {
        spec["TaskTemplate"].as_object_mut().unwrap().remove("ForceUpdate");
    }
    assert_eq!(spec, before, "what orca doesn't know is kept");
    assert_eq!(stage.cluster().service("web").unwrap()["UpdateStatus"]["State"], "completed");
}

#[test]
fn rollback_goes_back_once() {
    let stage = Stage::new();
    stage.create("web", 2, |_| ());
    let (exit, report) = stage.run(&["services", "rollback", "web"]);
    assert_eq!(exit, 75, "{report}");
    let id = stage.cluster().service_id("web").unwrap();
    let image = |spec: &mut Value| spec["TaskTemplate"]["ContainerSpec"]["Image"] = "127.0.0.1:1/bb:2".into();
    stage.sim.engine.edit("services", &id, image).unwrap();
    stage.settled();
    let (exit, report) = stage.run(&["services", "rollback", "web", "--wait"]);
    assert_eq!((exit, kinds(&report)), (0, vec!["service.rollback".to_owned()]), "{report}");
    assert_eq!(stage.spec("web")["TaskTemplate"]["ContainerSpec"]["Image"], "127.0.0.1:1/bb:1");
    stage.settled();
}

#[test]
fn a_rollout_that_has_stopped_for_a_reason_is_not_set_going_by_the_way() {
    let stage = Stage::new();
    stage.create("web", 3, |_| ());
    stage.sim.admin("/images", &json!({"match": "bb:2", "state": "failed", "err": "task: non-zero exit (1)"})).unwrap();
    let id = stage.cluster().service_id("web").unwrap();
    let image = |spec: &mut Value| spec["TaskTemplate"]["ContainerSpec"]["Image"] = "127.0.0.1:1/bb:2".into();
    stage.sim.engine.edit("services", &id, image).unwrap();
    crate::common::poll::until("the rollout stops", || {
        let cluster = stage.cluster();
        let service = cluster.service("web").unwrap();
        Ok(if service["UpdateStatus"]["State"] == "paused" {
            vec![]
        } else {
            vec![service["UpdateStatus"].to_string()]
        })
    })
    .unwrap();
    let versions = stage.versions();
    let (exit, report) = stage.run(&["services", "scale", "web=5"]);
    assert_eq!((exit, stage.versions()), (75, versions), "{report:#}");
    assert!(report["blocked"].to_string().contains("`orca services rollback web`"), "{report:#}");
    // What makes trouble can be stopped at any time.
    let (exit, report) = stage.run(&["services", "stop", "web"]);
    assert_eq!((exit, &report["warnings"][0]["code"]), (0, &json!("rollback_lost")), "{report:#}");
}

#[test]
fn a_stack_is_stopped_and_started_as_a_whole() {
    let stage = Stage::new();
    let of_stack = |spec: &mut Value| spec["Labels"]["com.docker.stack.namespace"] = "shop".into();
    stage.create("shop_web", 2, of_stack);
    stage.create("shop_db", 1, of_stack);
    stage.create("shop_agent", 1, |spec| {
        of_stack(spec);
        spec["Mode"] = json!({"Global": {}});
    });
    stage.create("other", 1, |_| ());
    let (exit, report) = stage.run(&["stacks", "stop", "shop", "--wait"]);
    assert_eq!((exit, kinds(&report).len()), (0, 2), "{report}");
    assert_eq!(report["warnings"][0]["code"], "left_out");
    assert_eq!(stage.cluster().running("other").unwrap().len(), 1);
    let (exit, report) = stage.run(&["stacks", "start", "sho"]);
    assert_eq!((exit, kinds(&report).len()), (0, 2), "{report}");
    let (exit, report) = stage.run(&["stacks", "wait", "shop"]);
    assert_eq!((exit, &report["data"]["waited"]["settled"]), (0, &json!(true)), "{report}");
    assert_eq!(stage.cluster().running("shop_web").unwrap().len(), 2);
    stage.create("shop_lost", 1, |spec| {
        of_stack(spec);
        spec["TaskTemplate"]["Placement"]["Constraints"] = json!(["node.labels.x==y"]);
    });
    let (exit, report) = stage.run(&["stacks", "wait", "shop", "--for", "1s"]);
    assert_eq!((exit, &report["error"]["kind"]), (75, &json!("unsettled")), "{report}");
}

#[test]
fn drain_refuses_what_it_would_strand_and_activate_undoes_it() {
    let stage = Stage::new();
    stage.create("db", 1, |spec| spec["TaskTemplate"]["Placement"]["Constraints"] = json!(["node.hostname==node-2"]));
    let versions = stage.versions();
    let (exit, report) = stage.run(&["nodes", "drain", "node-2"]);
    assert_eq!((exit, &report["outcome"]), (75, &json!("blocked")), "{report}");
    assert!(text(&report["blocked"][0]["reasons"][0]).contains("node.hostname==node-2"), "{report}");
    assert_eq!(report["data"]["impact"]["stranded"][0]["task"], "db.1");
    assert_eq!(stage.versions(), versions);
    let (exit, report) = stage.run(&["nodes", "drain", "node-2", "--force", "--wait=20s"]);
    assert_eq!((exit, kinds(&report)), (0, vec!["node.availability.set".to_owned()]), "{report}");
    let (exit, _) = stage.run(&["nodes", "activate", "node-2"]);
    assert_eq!(exit, 0);
    stage.settled();
    assert_eq!(stage.cluster().places("db").unwrap(), ["node-2"]);
}

#[test]
fn drain_waits_until_the_tasks_run_elsewhere() {
    let stage = Stage::new();
    stage.create("web", 3, |_| ());
    let (exit, report) = stage.run(&["nodes", "drain", "node-3", "--wait"]);
    assert_eq!((exit, &report["data"]["waited"]["settled"]), (0, &json!(true)), "{report}");
    let places = stage.cluster().places("web").unwrap();
    assert!(places.len() == 3 && !places.contains(&"node-3".to_owned()), "{places:?}");
    assert_eq!(stage.cluster().node("node-3").unwrap()["Spec"]["Role"], "manager", "nothing else is lost");
    let (exit, report) = stage.run(&["nodes", "drain", "node-3"]);
    assert_eq!((exit, &report["outcome"]), (0, &json!("unchanged")));
}

#[test]
fn labels_that_tasks_need_are_not_taken_away_unasked() {
    let stage = Stage::new();
    assert_eq!(stage.run(&["nodes", "label", "node-1", "disk=ssd", "zone=a"]).0, 0);
    stage.create("db", 1, |spec| spec["TaskTemplate"]["Placement"]["Constraints"] = json!(["node.labels.disk==ssd"]));
    let (exit, report) = stage.run(&["nodes", "label", "node-1", "disk-"]);
    assert_eq!(exit, 75, "{report}");
    assert!(text(&report["blocked"][0]["reasons"][0]).contains("db.1"));
    assert_eq!(stage.run(&["nodes", "label", "node-1", "zone-"]).0, 0);
    assert_eq!(stage.run(&["nodes", "label", "node-1", "orca.labels=x"]).0, 75);
    assert_eq!(stage.cluster().node("node-1").unwrap()["Spec"]["Labels"], json!({"disk": "ssd"}));
    assert_eq!(stage.run(&["nodes", "pause", "node-1"]).0, 0);
    assert_eq!(stage.cluster().node("node-1").unwrap()["Spec"]["Availability"], "pause");
}

#[test]
fn another_writer_is_not_overwritten() -> Result<()> {
    let stage = Stage::new();
    stage.create("web", 1, |_| ());
    stage.sim.admin("/fault", &json!({"kind": "conflict", "method": "POST", "path": "/services/", "times": 2}))?;
    let (exit, report) = stage.run(&["services", "scale", "web=2"]);
    assert_eq!((exit, &report["outcome"]), (0, &json!("changed")), "{report}");
    assert_eq!(stage.spec("web")["Mode"]["Replicated"]["Replicas"], 2);
    Ok(())
}

#[test]
fn a_pause_is_not_for_what_a_person_asks_for() {
    let stage = Stage::new();
    stage.create("web", 2, |_| {});
    assert_eq!(stage.run(&["pause", "-o", "json"]).0, 0);
    let (exit, report) = stage.run(&["services", "scale", "web=1", "-o", "json"]);
    assert_eq!((exit, kinds(&report)), (0, vec!["service.scale".to_owned()]), "{report:#}");
    assert_eq!(
        (&report["warnings"][0]["code"], report["data"]["paused"].as_array().map(Vec::len)),
        (&json!("paused"), Some(1))
    );
    assert_eq!(stage.spec("web")["Mode"]["Replicated"]["Replicas"], 1);
}

#[test]
fn one_object_is_asked_for_once() {
    let stage = Stage::new();
    stage.create("web", 2, |_| {});
    let before = stage.versions();
    let ended = stage.orca.run(&["services", "scale", "web=1", "we=5"]).unwrap();
    assert!(ended.exit == Some(64) && ended.stderr.contains("`web` is named twice"), "{ended}");
    assert_eq!(stage.versions(), before);
    let (exit, report) = stage.run(&["nodes", "drain", "node-3", "node-3", "-n", "-o", "json"]);
    assert_eq!((exit, kinds(&report).len()), (0, 1), "{report:#}");
}
