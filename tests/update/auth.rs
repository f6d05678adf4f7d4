//! Which credentials go with which service.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};
use serde_json::{Value, json};

use crate::common::cluster::text;

use super::stage::{Stage, outcomes};

/// Docker's own config knows `own`, the folder `team` of the config `theirs`.
fn stage() -> Stage {
    let stage = Stage::new();
    for (folder, user) in [(".docker", "own"), ("team", "theirs")] {
        std::fs::create_dir(stage.orca.path(folder)).unwrap();
        let login = json!({"auths": {"r.invalid": {"auth": BASE64_STANDARD.encode(format!("{user}:hunter2"))}}});
        std::fs::write(stage.orca.path(&format!("{folder}/config.json")), login.to_string()).unwrap();
    }
    let (team, empty) = (stage.orca.path("team"), stage.orca.path("empty"));
    let config = json!({"registry": {"credentials": {"team": team, "empty": empty}}});
    stage.orca.config(&config.to_string()).unwrap();
    stage
}

fn labelled(key: &'static str, name: &'static str) -> impl Fn(&mut Value) {
    move |spec| spec["Labels"][key] = name.into()
}

/// As whom the requests were made whose path ends, or begins, like that.
fn users(stage: &Stage, fits: impl Fn(&str) -> bool) -> Vec<String> {
    let requests = stage.sim.requests().unwrap()["requests"].as_array().unwrap().clone();
    let made = requests.iter().filter(|request| fits(&text(&request["path"])));
    let user = |request: &Value| {
        let document = BASE64_URL_SAFE.decode(text(&request["registry_auth"])).unwrap_or_default();
        serde_json::from_slice::<Value>(&document).map(|login| text(&login["username"])).unwrap_or_default()
    };
    let mut users: Vec<String> = made.map(user).collect();
    users.sort();
    users
}

#[test]
fn a_label_names_the_credentials_that_questions_and_writes_are_made_with() {
    let stage = stage();
    // The same image: it is asked for once by each of them.
    stage.create("web", |_| ());
    stage.create_of("api", "r.invalid/web:1", labelled("orca.update.auth", "team"));
    stage.create_of("old", "r.invalid/web:1", labelled("gantry.auth.config", "team"));
    stage.publish("r.invalid/web:1", 'b');
    stage.sim.reset_requests().unwrap();
    let ended = stage.orca.run(&["services", "update"]).unwrap();
    assert_eq!(ended.exit, Some(0), "{ended}");
    assert_eq!(outcomes(&ended.report().unwrap()).len(), 3, "{ended}");
    assert_eq!(users(&stage, |path| path.starts_with("/distribution/")), ["own", "theirs"]);
    assert_eq!(users(&stage, |path| path.ends_with("/update")), ["own", "theirs", "theirs"]);
    assert!(!ended.stdout.contains("hunter2") && !ended.stderr.contains("hunter2"));

    stage.sim.reset_requests().unwrap();
    let (exit, report) = stage.run(&["services", "refresh-auth", "web", "api", "old"]);
    assert_eq!(exit, 0, "{report:#}");
    assert_eq!(users(&stage, |path| path.ends_with("/update")), ["own", "theirs", "theirs"]);
    let (_, report) = stage.run(&["services", "ls", "--check"]);
    assert_eq!(report["data"]["services"][0]["check"]["verdict"], "up_to_date", "{report:#}");
}

#[test]
fn a_job_is_not_run_again_for_new_credentials() {
    let stage = stage();
    stage.create("migrate", |spec| spec["Mode"] = json!({"ReplicatedJob": {"TotalCompletions": 1}}));
    stage.sim.reset_requests().unwrap();
    let (exit, report) = stage.run(&["services", "refresh-auth", "migrate"]);
    assert_eq!((exit, stage.writes()), (75, 0), "{report:#}");
    assert!(report["blocked"].to_string().contains("any write of its spec runs it again"), "{report:#}");
}

#[test]
fn credentials_that_there_are_not_are_never_replaced_by_others() {
    let stage = stage();
    stage.create("none", labelled("orca.auth", "nobody"));
    stage.create("lost", labelled("orca.auth", "empty"));
    for name in ["none", "lost"] {
        stage.publish(&format!("r.invalid/{name}:1"), 'b');
    }
    stage.sim.reset_requests().unwrap();
    let (exit, report) = stage.run(&["services", "update"]);
    assert_eq!((exit, stage.writes(), stage.count("GET /distribution/")), (75, 0, 0), "{report:#}");
    let entries = report["data"]["updates"].as_array().unwrap();
    let reasons = |name: &str| entries.iter().find(|entry| entry["service"] == name).unwrap()["reasons"].clone();
    assert_eq!((reasons("none"), reasons("lost")), (json!(["auth"]), json!(["unresolved"])), "{report:#}");
    let said = report["blocked"].to_string();
    assert!(said.contains("the credentials `nobody`") && said.contains("has no config.json"), "{said}");
    let (exit, report) = stage.run(&["services", "refresh-auth", "none", "lost"]);
    assert_eq!((exit, stage.writes(), report["blocked"].as_array().unwrap().len()), (75, 0, 2), "{report:#}");
    let (exit, report) = stage.run(&["services", "ls", "--check", "none"]);
    assert_eq!((exit, &report["data"]["services"][0]["check"]["verdict"]), (75, &json!("unknown")), "{report:#}");
}
