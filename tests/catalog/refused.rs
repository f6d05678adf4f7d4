//! Bad input: told with file, line and column; nothing is half-done, and what is right goes on.

use crate::stage::{IMAGE, Stage, counts};

#[test]
fn a_wrong_file_is_told_of_and_stops_no_other() {
    let stage = Stage::with_definitions();
    stage.plain("web", "");
    stage.plain("api", "");
    stage.reconcile(&["--deploy"]);
    // It was right before: its row and its service stay as they are.
    stage.define("api.yml", &format!("image: {IMAGE}\nreplicsa: 2\nports: ['a:b']\n"));
    stage.plain("db", "");
    let report = stage.report(78, &["reconcile", "--deploy"]);
    assert_eq!(counts(&report), [1, 0, 0, 0], "{report:#}");
    let problems = report["data"]["problems"].as_array().unwrap();
    let at = |at: usize| (problems[at]["line"].as_u64().unwrap(), problems[at]["column"].as_u64().unwrap());
    assert_eq!((problems.len(), at(0), at(1)), (2, (2, 1), (3, 9)), "{report:#}");
    assert!(problems[0]["message"].as_str().unwrap().contains("did you mean \"replicas\"?"), "{report:#}");
    assert!(stage.service("db").is_some() && stage.service("api").is_some());
    assert_eq!(stage.statuses().len(), 3);
}

#[test]
fn two_files_with_one_name_are_an_error_that_names_both() {
    let stage = Stage::with_definitions();
    stage.plain("web", "");
    stage.reconcile(&[]);
    stage.define("front.yml", &format!("name: web\nimage: {IMAGE}\n"));
    stage.plain("api", "");
    let report = stage.report(78, &["reconcile"]);
    let message = report["data"]["problems"][0].to_string();
    assert!(message.contains("web.yml") && message.contains("front.yml"), "{message}");
    assert_eq!(counts(&report), [1, 0, 0, 0], "the row of that name is neither changed nor deleted");
    assert_eq!(stage.statuses().len(), 2);
}

#[test]
fn a_file_of_ten_megabytes_is_refused_and_not_read() {
    let stage = Stage::with_definitions();
    stage.define("big.yml", &format!("image: {IMAGE}\n#{}\n", "x".repeat(10 << 20)));
    stage.plain("web", "");
    let report = stage.report(78, &["reconcile"]);
    assert!(report["data"]["problems"][0]["message"].as_str().unwrap().contains("larger than 1 MiB"), "{report:#}");
    assert_eq!(counts(&report), [1, 0, 0, 0]);
}

#[test]
fn adding_is_all_or_nothing() {
    let stage = Stage::with_definitions();
    stage.plain("web", "");
    stage.define("bad.yml", "name: a b\nimage: x\n");
    let report = stage.report(78, &["add", "defs/web.yml", "defs/bad.yml"]);
    assert!(report["error"]["message"].as_str().unwrap().contains("1 problem"), "{report:#}");
    assert_eq!(stage.statuses(), []);
    stage.report(0, &["add", "defs/web.yml"]);
    let report = stage.report(75, &["add", "defs/web.yml"]);
    assert_eq!(report["blocked"][0]["id"], "catalog/web#insert");
    std::fs::remove_file(stage.file("bad.yml")).unwrap();
    // The file lies in the directory of definitions: it is known to come from there.
    assert_eq!(stage.reconcile(&[])[..3], [0, 0, 0]);
}

#[test]
fn a_name_is_never_guessed() {
    let stage = Stage::with_definitions();
    stage.plain("website", "");
    stage.reconcile(&[]);
    for verb in ["rm", "deploy", "stop", "show"] {
        let ended = stage.catalog(&[verb, "websit"]);
        assert_eq!(ended.exit, Some(64), "{ended}");
        assert!(ended.stderr.contains("did you mean `website`?"), "{ended}");
    }
    assert_eq!(stage.statuses().len(), 1);
}

#[test]
fn an_edit_keeps_the_name_and_checks_the_rest() {
    let stage = Stage::with_definitions();
    std::fs::write(stage.orca.path("web.yml"), format!("image: {IMAGE}\n")).unwrap();
    stage.report(0, &["add", "web.yml"]);
    std::fs::write(stage.orca.path("next.yml"), format!("image: {IMAGE}\nreplicas: 4\n")).unwrap();
    stage.report(0, &["edit", "web", "--file", "next.yml"]);
    let shown = stage.report(0, &["show", "web"]);
    let service = &shown["data"]["service"];
    assert_eq!((&service["definition"]["replicas"], &service["revision"]), (&4.into(), &2.into()));
    std::fs::write(stage.orca.path("next.yml"), format!("name: api\nimage: {IMAGE}\n")).unwrap();
    assert_eq!(stage.catalog(&["edit", "web", "--file", "next.yml"]).exit, Some(64));
    std::fs::write(stage.orca.path("next.yml"), "replicas: 4\n").unwrap();
    stage.report(78, &["edit", "web", "--file", "next.yml"]);
    assert_eq!(stage.catalog(&["edit", "web"]).exit, Some(64), "there is no terminal to edit on");
    assert_eq!(stage.report(0, &["show", "web"])["data"]["service"]["revision"], 2);
}

#[test]
fn a_catalog_that_another_holds_is_for_later() {
    let stage = Stage::with_definitions();
    stage.plain("web", "");
    stage.reconcile(&[]);
    let db = rusqlite::Connection::open(stage.orca.state_dir().join("catalog.db")).unwrap();
    db.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let report = stage.report(75, &["rm", "web"]);
    assert_eq!(report["error"]["kind"], "locked", "{report:#}");
    drop(db);
    stage.report(0, &["rm", "web"]);
}
