//! Files, catalog and swarm that don't say the same, and what one pass makes of it; a second one finds nothing.

use serde_json::Value;

use crate::common::orca::Orca;
use crate::stage::{IMAGE, Stage, counts, kinds};

const NONE: [u64; 4] = [0; 4];

#[test]
fn each_drift_is_repaired_and_a_second_pass_finds_nothing() {
    let stage = Stage::with_definitions();
    // In a file, not in the catalog.
    stage.plain("web", "replicas: 2\n");
    stage.plain("api", "");
    assert_eq!(stage.reconcile(&[]), [2, 0, 0, 0]);
    assert_eq!(stage.reconcile(&[]), NONE);
    let both = |web: &str, api: &str| vec![("api".to_owned(), api.to_owned()), ("web".to_owned(), web.to_owned())];
    assert_eq!(stage.statuses(), both("registered", "registered"));
    // The catalog says something else than the file.
    stage.plain("web", "replicas: 3\n");
    assert_eq!(stage.reconcile(&[]), [0, 1, 0, 0]);
    assert_eq!(stage.reconcile(&[]), NONE);
    // A service stands otherwise than the catalog says.
    assert_eq!(kinds(&stage.report(0, &["deploy", "web"])), ["service.create"]);
    assert_eq!(stage.reconcile(&[]), NONE, "a deployment notes how it went");
    stage.meddle("web", |spec| spec["Mode"]["Replicated"]["Replicas"] = 0.into());
    assert_eq!(stage.reconcile(&[]), [0, 0, 0, 1]);
    assert_eq!(stage.reconcile(&[]), NONE);
    assert_eq!(stage.statuses(), both("stopped", "registered"));
    // In the catalog, and in no file any more: the service runs on.
    std::fs::remove_file(stage.file("web.yml")).unwrap();
    assert_eq!(stage.reconcile(&[]), [0, 0, 1, 0]);
    assert_eq!(stage.reconcile(&[]), NONE);
    assert!(stage.service("web").is_some());
}

#[test]
fn all_drifts_at_once_and_the_swarm_too() {
    let stage = Stage::with_definitions();
    for name in ["old", "changed", "edited", "gone"] {
        stage.plain(name, "");
    }
    assert_eq!(stage.reconcile(&["--deploy"]), [4, 0, 0, 0]);
    stage.plain("new", "");
    stage.plain("changed", "env: {A: b}\n");
    stage.meddle("edited", |spec| spec["TaskTemplate"]["ContainerSpec"]["Args"] = serde_json::json!(["x"]));
    let id = stage.service("gone").unwrap()["ID"].clone();
    stage.sim.engine.ask("DELETE", &format!("/services/{}", id.as_str().unwrap()), None).unwrap();
    std::fs::remove_file(stage.file("old.yml")).unwrap();
    let planned = stage.report(0, &["reconcile", "--deploy", "--prune", "--dry-run"]);
    let report = stage.report(0, &["reconcile", "--deploy", "--prune"]);
    assert_eq!(kinds(&planned), kinds(&report), "a dry run says what will be done");
    assert_eq!(counts(&report), [1, 1, 1, 1]);
    let again = stage.report(0, &["reconcile", "--deploy", "--prune"]);
    assert_eq!((counts(&again), kinds(&again)), (NONE, Vec::new()), "{again:#}");
    assert!(stage.service("old").is_none() && stage.service("new").is_some() && stage.service("gone").is_some());
    assert_eq!(stage.service("changed").unwrap()["Spec"]["TaskTemplate"]["ContainerSpec"]["Env"][0], "A=b");
    let args = &stage.service("edited").unwrap()["Spec"]["TaskTemplate"]["ContainerSpec"]["Args"];
    assert!(args.as_array().is_none_or(Vec::is_empty), "{args}");
    assert!(stage.statuses().iter().all(|(_, status)| status == "running"), "{:?}", stage.statuses());
}

#[test]
fn an_engine_that_is_away_changes_no_state_and_files_go_on() {
    let stage = Stage::with_definitions();
    stage.plain("web", "");
    assert_eq!(stage.reconcile(&["--deploy"]), [1, 0, 0, 0]);
    let Stage { sim, orca } = stage;
    drop(sim);
    let run = |args: &[&str]| orca.run(args).unwrap().report().unwrap();
    // The row of a service that can't be removed now stays.
    std::fs::rename(orca.path("defs/web.yml"), orca.path("defs/web")).unwrap();
    let report = run(&["catalog", "reconcile", "--deploy", "--prune", "--allow-empty"]);
    assert_eq!(
        (counts(&report), &report["warnings"][1]["code"]),
        (NONE, &serde_json::json!("not_pruned")),
        "{report:#}"
    );
    std::fs::rename(orca.path("defs/web"), orca.path("defs/web.yml")).unwrap();
    std::fs::write(orca.path("defs/api.yml"), format!("image: {IMAGE}\n")).unwrap();
    let report = run(&["catalog", "reconcile", "--deploy"]);
    assert_eq!(counts(&report), [1, 0, 0, 0], "{report:#}");
    assert_eq!(report["warnings"][0]["code"], "swarm_unknown");
    let listed = run(&["catalog", "ls"]);
    let row = |at: usize, key: &str| listed["data"]["services"][at][key].clone();
    assert_eq!((row(1, "status"), row(1, "recorded_status")), ("unknown".into(), "running".into()));
    assert_eq!(row(0, "recorded_status"), "unknown", "what nobody could look at is not said to run");
    assert_eq!(counts(&run(&["catalog", "reconcile"])), NONE);
}

#[test]
fn a_row_goes_after_its_service_and_not_without_it() {
    let stage = Stage::with_definitions();
    for name in ["one", "two"] {
        stage.plain(name, "");
    }
    stage.reconcile(&["--deploy"]);
    std::fs::remove_file(stage.file("two.yml")).unwrap();
    let id = stage.service("two").unwrap()["ID"].as_str().unwrap().to_owned();
    let fault = serde_json::json!({"kind": "error500", "method": "DELETE", "path": format!("/services/{id}")});
    stage.sim.admin("/fault", &fault).unwrap();
    let ended = stage.catalog(&["reconcile", "--deploy", "--prune"]);
    let report = ended.report().unwrap();
    assert!(ended.exit != Some(0) && counts(&report) == NONE, "{ended}");
    assert_eq!(stage.statuses().len(), 2, "nobody would know of the service");
    stage.sim.engine.ask("DELETE", "/_sim/fault", None).unwrap();
    assert_eq!(counts(&stage.report(0, &["reconcile", "--deploy", "--prune"])), [0, 0, 1, 0]);
    assert!(stage.service("two").is_none() && stage.statuses().len() == 1);
    assert_eq!(stage.reconcile(&["--deploy", "--prune"]), NONE);
}

#[test]
fn a_service_that_is_no_more_this_catalogs_is_told_of_and_left_alone() {
    let stage = Stage::with_definitions();
    stage.plain("web", "");
    stage.plain("api", "");
    stage.reconcile(&["--deploy"]);
    stage.meddle("web", |spec| _ = spec["Labels"].as_object_mut().unwrap().remove("orca.catalog"));
    std::fs::remove_file(stage.file("web.yml")).unwrap();
    let report = stage.report(75, &["reconcile", "--deploy", "--prune"]);
    assert!(report["blocked"].to_string().contains("it is kept by no catalog"), "{report:#}");
    assert!(stage.service("web").is_some());
    assert_eq!(counts(&report), [0, 0, 1, 0]);
}

#[test]
fn a_directory_that_is_missing_or_empty_deletes_nothing() {
    let stage = Stage::with_definitions();
    for name in ["a", "b", "c"] {
        stage.plain(name, "");
    }
    stage.reconcile(&[]);
    let rows = |left: usize| assert_eq!(stage.statuses().len(), left);
    for name in ["a", "b", "c"] {
        std::fs::remove_file(stage.file(&format!("{name}.yml"))).unwrap();
    }
    let report = stage.report(75, &["reconcile"]);
    assert_eq!((counts(&report), report["blocked"].as_array().unwrap().len()), (NONE, 3));
    rows(3);
    std::fs::remove_dir(stage.orca.path("defs")).unwrap();
    stage.report(78, &["reconcile", "--allow-empty"]);
    rows(3);
    std::fs::create_dir(stage.orca.path("defs")).unwrap();
    // No more than so many in one pass.
    stage.orca.config("catalog: {definitions: defs, max_deletes: 2}\n").unwrap();
    assert_eq!(counts(&stage.report(75, &["reconcile", "--allow-empty"])), [0, 0, 2, 0]);
    rows(1);
    assert_eq!(stage.reconcile(&["--allow-empty"]), [0, 0, 1, 0]);
    assert_eq!(stage.reconcile(&["--allow-empty"]), NONE);
}

#[test]
fn rows_of_another_owner_or_cluster_are_never_touched() {
    let stage = Stage::with_definitions();
    stage.plain("web", "");
    stage.reconcile(&["--deploy"]);
    let other = Stage::with_definitions();
    // The same catalog, another cluster: its id is the simulator's, so the owner stands for it here.
    stage.orca.config("catalog: {definitions: defs, owner: ops}\n").unwrap();
    assert_eq!(stage.statuses(), []);
    std::fs::remove_file(stage.file("web.yml")).unwrap();
    stage.plain("db", "");
    assert_eq!(stage.reconcile(&[]), [1, 0, 0, 0]);
    // A service that another owner keeps is not taken over.
    stage.plain("web", "env: {A: b}\n");
    let report = stage.report(75, &["reconcile", "--deploy"]);
    assert_eq!(report["blocked"][0]["id"], "service/web#deploy");
    assert!(report["blocked"][0]["reasons"][0].as_str().unwrap().contains("kept by `orca`"), "{report:#}");
    stage.orca.config("catalog: {definitions: defs}\n").unwrap();
    assert_eq!(stage.statuses(), [("web".to_owned(), "running".to_owned())]);
    drop(other);
}

#[test]
fn what_was_added_by_hand_stays_and_what_was_stopped_stays_stopped() {
    let stage = Stage::with_definitions();
    stage.plain("web", "");
    std::fs::write(stage.orca.path("tool.yml"), format!("image: {IMAGE}\n")).unwrap();
    stage.report(0, &["add", "tool.yml"]);
    assert_eq!(stage.reconcile(&["--deploy"]), [1, 0, 0, 0]);
    assert!(stage.service("tool").is_none(), "nobody has deployed it");
    stage.report(0, &["deploy", "tool"]);
    stage.report(0, &["stop", "web"]);
    assert!(stage.service("web").is_none());
    assert_eq!(stage.reconcile(&["--deploy"]), NONE);
    let statuses = [("tool".to_owned(), "running".to_owned()), ("web".to_owned(), "stopped".to_owned())];
    assert_eq!(stage.statuses(), statuses);
    stage.report(0, &["deploy", "--all"]);
    assert!(stage.service("web").is_some());
}

#[test]
fn a_corrupt_catalog_is_moved_aside_and_filled_from_the_files() {
    let stage = Stage::with_definitions();
    stage.plain("web", "");
    stage.reconcile(&["--deploy"]);
    std::fs::write(stage.orca.state_dir().join("catalog.db"), vec![0x41; 8192]).unwrap();
    let listed = stage.report(1, &["ls"]);
    assert!(listed["error"]["message"].as_str().unwrap().contains("unreadable"), "{listed:#}");
    let report = stage.report(0, &["reconcile"]);
    assert_eq!((counts(&report), &report["warnings"][0]["code"]), ([1, 0, 0, 0], &Value::from("catalog_reset")));
    assert_eq!(stage.statuses(), [("web".to_owned(), "running".to_owned())]);
}

#[test]
fn without_a_directory_there_is_nothing_to_reconcile() {
    let stage = Stage::with_definitions();
    stage.orca.config("{}\n").unwrap();
    stage.report(78, &["reconcile"]);
    let orca: &Orca = &stage.orca;
    let mut command = orca.command(&["catalog", "reconcile"]);
    command.env("DEFINITIONS_DIR", "defs");
    assert_eq!(orca.spawn(command).unwrap().end().unwrap().exit, Some(0), "the original's variable counts");
}
