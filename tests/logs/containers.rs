//! Logs of containers, and services without a limit, against a simulated engine.

use serde_json::{Value, json};

use super::common::orca::Orca;
use super::common::sim::Sim;
use super::{content, kinds, rotate, rotate_with};

/// A container's log under `orca`'s folder, as an engine has it.
fn container(orca: &Orca, name: &str, driver: &str, options: Value, bytes: usize) -> Value {
    let folder = orca.path(&format!("docker/{name}"));
    std::fs::create_dir_all(&folder).unwrap();
    let log = folder.join(format!("{name}-json.log"));
    std::fs::write(&log, "x".repeat(bytes)).unwrap();
    json!({"Id": format!("id-{name}"), "Names": [format!("/{name}")], "ImageID": "i", "Created": 1, "State": "running",
        "Status": "Up", "Labels": {}, "Inspect": {"Id": format!("id-{name}"), "Name": format!("/{name}"),
            "Created": "2026-01-01T00:00:00Z", "LogPath": log, "Config": {"Labels": {}},
            "HostConfig": {"LogConfig": {"Type": driver, "Config": options}}}})
}

fn world(containers: &dyn Fn(&Orca) -> Vec<Value>) -> (Sim, Orca) {
    let sim = Sim::three().unwrap();
    let orca = Orca::new(&sim.engine.host()).unwrap();
    sim.admin("/stock", &json!({"containers": containers(&orca)})).unwrap();
    (sim, orca)
}

#[test]
fn logs_without_a_limit_are_listed_with_size_and_growth_and_emptied_only_when_asked() {
    let (_sim, orca) = world(&|orca| {
        vec![
            container(orca, "big", "json-file", json!({}), 5000),
            container(orca, "small", "json-file", json!({"max-file": "3"}), 10),
            container(orca, "bounded", "json-file", json!({"max-size": "10m"}), 5000),
            container(orca, "local", "local", json!({}), 5000),
            container(orca, "journal", "journald", json!({}), 5000),
        ]
    });
    orca.config("{}").unwrap();
    let (ended, report) = rotate(&orca);
    assert_eq!((ended.exit, report["outcome"].as_str()), (Some(0), Some("unchanged")), "{ended}");
    let listed: Vec<(&str, u64)> = report["data"]["containers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|log| (log["container"].as_str().unwrap(), log["log_bytes"].as_u64().unwrap()))
        .collect();
    assert_eq!(listed, [("big", 5000), ("small", 10)]);
    assert!(report["data"]["containers"][0]["bytes_per_day"].is_u64());

    let (ended, planned) = rotate_with(&orca, &["--truncate-above", "4k", "-n"]);
    assert_eq!(planned["outcome"], "planned", "{ended}");
    let warned =
        |report: &Value| report["warnings"].as_array().unwrap().iter().any(|w| w["code"] == "logs_not_followed");
    let (ended, done) = rotate_with(&orca, &["--truncate-above", "4k"]);
    assert_eq!((ended.exit, kinds(&done)), (Some(0), vec!["log.rotate"]), "{ended}");
    assert!(warned(&planned) && warned(&done), "such an engine reads on to an end that is not there: {ended}");
    assert!(!warned(&report), "nothing is emptied: {report}");
    assert!(done["actions"][0]["reason"].as_str().unwrap().ends_with("--truncate-above (command line)"), "{ended}");
    let folder = orca.path("docker/big");
    assert_eq!(std::fs::metadata(folder.join("big-json.log")).unwrap().len(), 0);
    let copy = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().unwrap() == "gz");
    assert_eq!(content(&copy.unwrap()), "x".repeat(5000).as_bytes());
    assert_eq!(rotate_with(&orca, &["--truncate-above", "4k"]).1["outcome"], "unchanged");
    // What is exactly as large as allowed is not above it.
    assert_eq!(rotate_with(&orca, &["--truncate-above", "10"]).1["outcome"], "unchanged");
}

#[test]
fn a_log_that_cant_be_seen_is_unknown_and_not_small() {
    let (_sim, orca) = world(&|orca| {
        let mut far = container(orca, "far", "json-file", json!({}), 10);
        far["Inspect"]["LogPath"] = "/nonexistent/far-json.log".into();
        vec![far]
    });
    orca.config("{}").unwrap();
    let (ended, report) = rotate_with(&orca, &["--truncate-above", "1k"]);
    assert_eq!((ended.exit, report["outcome"].as_str()), (Some(75), Some("blocked")), "{ended}");
    assert!(report["data"]["containers"][0]["log_bytes"].is_null());
    assert!(report["blocked"][0]["reasons"][0].as_str().unwrap().contains("can't be seen from here"));
}

fn service(sim: &Sim, name: &str, driver: Value) -> String {
    let spec = json!({"Name": name, "Mode": {"Replicated": {"Replicas": 1}}, "TaskTemplate": {
        "ContainerSpec": {"Image": "127.0.0.1:1/bb:1"}, "Placement": {}, "LogDriver": driver}});
    let created = sim.engine.post("/services/create", &spec).unwrap();
    created["ID"].as_str().unwrap().to_owned()
}

fn spec(sim: &Sim, id: &str) -> Value {
    sim.engine.get(&format!("/services/{id}")).unwrap()
}

#[test]
fn services_get_a_limit_only_when_asked_and_only_those_without() {
    let sim = Sim::three().unwrap();
    let orca = Orca::new(&sim.engine.host()).unwrap();
    let bare = service(&sim, "bare", json!({"Name": "json-file", "Options": {"labels": "keep"}}));
    let bounded = service(&sim, "bounded", json!({"Name": "json-file", "Options": {"max-size": "1m"}}));
    let journal = service(&sim, "journal", json!({"Name": "journald"}));
    orca.config("logs: {containers: {max_size: 20m, max_file: 5}}").unwrap();
    let before = [&bounded, &journal].map(|id| spec(&sim, id)["Version"].clone());
    let (ended, listed) = rotate(&orca);
    assert_eq!((ended.exit, listed["outcome"].as_str()), (Some(0), Some("unchanged")), "{ended}");
    assert_eq!(listed["data"]["services"][0]["service"], "bare");
    assert_eq!(listed["data"]["services"].as_array().unwrap().len(), 1);
    let version = spec(&sim, &bare)["Version"]["Index"].clone();
    let (_, planned) = rotate_with(&orca, &["--fix-services", "-n"]);
    assert_eq!(planned["actions"][0]["kind"], "service.log_limit.set");
    assert_eq!(spec(&sim, &bare)["Version"]["Index"], version, "a dry run writes nothing");
    let (ended, done) = rotate_with(&orca, &["--fix-services"]);
    assert_eq!((ended.exit, kinds(&done)), (Some(0), vec!["service.log_limit.set"]), "{ended}");
    assert_eq!(done["actions"][0]["disruptive"], true);
    let driver = &spec(&sim, &bare)["Spec"]["TaskTemplate"]["LogDriver"];
    assert_eq!(
        *driver,
        json!({"Name": "json-file", "Options": {"labels": "keep", "max-size": "20m", "max-file": "5"}})
    );
    assert_eq!(before, [&bounded, &journal].map(|id| spec(&sim, id)["Version"].clone()));
    assert_eq!(rotate_with(&orca, &["--fix-services"]).1["outcome"], "unchanged");
}

#[test]
fn a_lost_engine_keeps_no_file_from_being_rotated() {
    let orca = Orca::new("unix:///nonexistent/docker.sock").unwrap();
    std::fs::write(orca.path("app.log"), "text").unwrap();
    orca.config(&format!("logs: {{rules: [{{paths: ['{}/*.log'], size: 1}}]}}", orca.folder.path().display())).unwrap();
    let (ended, report) = rotate(&orca);
    assert_eq!((ended.exit, report["outcome"].as_str()), (Some(69), Some("partial")), "{ended}");
    assert_eq!(kinds(&report), ["log.rotate"]);
}

#[test]
fn a_worker_cant_fix_services() {
    let sim = Sim::three().unwrap();
    sim.admin("/membership", &json!({"swarm": "active/worker"})).unwrap();
    let orca = Orca::new(&sim.engine.host()).unwrap();
    orca.config("{}").unwrap();
    let (ended, _) = rotate_with(&orca, &["--fix-services"]);
    assert_eq!(ended.exit, Some(69), "{ended}");
    let offline = orca.run(&["logs", "rotate", "--snapshot", "x.json"]).unwrap();
    assert_eq!(offline.exit, Some(64), "a snapshot has no files: {offline}");
}
