//! How a stack goes, how it stands, and how it is redeployed.

use serde_json::json;

use crate::stage::{IMAGE, Stage, kinds, strings};

fn text() -> String {
    format!(
        "services:\n  a: {{image: {IMAGE}, deploy: {{labels: {{orca.depends-on: b}}}}}}\n  b: {{image: {IMAGE}, secrets: [key]}}\n\
         secrets: {{key: {{file: key.txt}}}}\n"
    )
}

fn deployed() -> Stage {
    let stage = Stage::new();
    stage.write("key.txt", "x");
    stage.deploy(0, &text(), &[]);
    stage
}

#[test]
fn a_stack_goes_with_all_that_is_its_own_and_only_when_that_is_said() {
    let stage = deployed();
    stage.sim.engine.post("/networks/create", &json!({"Name": "theirs", "Driver": "overlay"})).unwrap();
    let before = stage.all();
    let report = stage.report(75, &["remove", "shop"]);
    assert!(kinds(&report).is_empty() && report["blocked"].to_string().contains("--yes"), "{report:#}");
    assert!(report["blocked"].to_string().contains("shop_key"), "what would go is named: {report:#}");
    let shown = stage.report(0, &["remove", "shop", "--dry-run"]);
    assert_eq!(stage.all(), before);
    let done = stage.report(0, &["remove", "shop", "--yes"]);
    let gone = ["service.remove", "service.remove", "secret.remove", "swarm.network.remove"];
    let mut found = kinds(&done);
    found.sort_unstable();
    let mut wanted = gone.to_vec();
    wanted.sort_unstable();
    assert_eq!((found, strings(&shown, "actions", "id")), (wanted, strings(&done, "actions", "id")));
    assert_eq!(kinds(&done)[..2], ["service.remove"; 2], "services first");
    assert_eq!(stage.all(), Vec::<String>::new());
    assert!(stage.sim.engine.get("/networks/theirs").is_ok());
    let report = stage.report(64, &["remove", "shop", "--yes"]);
    assert!(report["error"].to_string().contains("no stack `shop`"), "{report:#}");
}

#[test]
fn what_another_stack_uses_stays_and_the_rest_goes() {
    let stage = deployed();
    let other = format!(
        "services:\n  web: {{image: {IMAGE}, networks: [theirs], secrets: [theirs]}}\n\
         networks: {{theirs: {{external: true, name: shop_default}}}}\nsecrets: {{theirs: {{external: true, name: shop_key}}}}\n"
    );
    stage.write("other.yml", &other);
    stage.report(0, &["deploy", "other.yml", "--stack", "other"]);
    let shown = stage.report(75, &["remove", "shop", "--dry-run"]);
    let report = stage.report(75, &["remove", "shop", "--yes"]);
    for report in [&shown, &report] {
        assert_eq!(kinds(report), ["service.remove"; 2], "{report:#}");
        assert_eq!(strings(report, "blocked", "id"), ["network/shop_default#remove", "secret/shop_key#remove"]);
        assert!(report["blocked"][0]["reasons"][0].as_str().unwrap().contains("`other_web`"), "{report:#}");
    }
    assert_eq!(stage.all(), ["networks shop_default", "secrets shop_key"]);
    assert!(stage.service("other_web").is_some());
    stage.report(0, &["remove", "other", "--yes"]);
    let report = stage.report(0, &["remove", "shop", "--yes"]);
    assert_eq!(kinds(&report).len(), 2, "{report:#}");
    assert_eq!(stage.all(), Vec::<String>::new());
}

#[test]
fn who_waits_for_a_redeployment_has_one_service_restart_after_the_other() {
    let stage = deployed();
    let report = stage.report(0, &["redeploy", "shop", "--force"]);
    assert_eq!(strings(&report, "warnings", "code"), ["at_once"], "{report:#}");
    stage.report(0, &["wait", "shop", "--for", "30s"]);
    let report = stage.report(0, &["redeploy", "shop", "--wait=60s"]);
    assert_eq!(strings(&report, "warnings", "code"), [""; 0], "{report:#}");
    let started = |name: &str| -> String {
        let tasks = stage.listed("/tasks");
        let service = stage.service(name).unwrap();
        let mut times =
            tasks.iter().filter(|task| task["ServiceID"] == service["ID"] && task["DesiredState"] == "running");
        times.next().unwrap()["CreatedAt"].as_str().unwrap().to_owned()
    };
    let done = stage.service("shop_b").unwrap()["UpdateStatus"]["CompletedAt"].as_str().unwrap().to_owned();
    let time = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
    assert!(time(&done) <= time(&started("shop_a")), "shop_b: {done}, shop_a: {}", started("shop_a"));
    // Nobody could run what comes first any more: what waits for it keeps its tasks.
    let stuck = text().replace("b: {image", "b: {deploy: {placement: {constraints: [node.labels.none == x]}}, image");
    stage.deploy(0, &stuck, &[]);
    let before = started("shop_a");
    let report = stage.report(75, &["redeploy", "shop", "--force", "--wait=2s"]);
    assert_eq!(strings(&report, "actions", "status"), ["done", "skipped"], "{report:#}");
    assert_eq!(started("shop_a"), before);
}

#[test]
fn what_others_depend_on_is_redeployed_first() {
    let stage = deployed();
    let report = stage.report(0, &["redeploy", "shop", "--force"]);
    assert_eq!(kinds(&report), ["service.force_update"; 2]);
    let ids = strings(&report, "actions", "id");
    assert!(ids[0].contains("shop_b") && ids[1].contains("shop_a"), "{ids:?}");
}

#[test]
fn the_status_of_a_stack_says_what_is_wrong_and_ends_so() {
    let stage = deployed();
    stage.report(0, &["wait", "shop", "--for", "30s"]);
    let report = stage.report(0, &["status", "shop"]);
    assert_eq!(report["data"]["services"].as_array().map(Vec::len), Some(2), "{report:#}");
    let nowhere =
        text().replace("orca.depends-on: b}", "orca.depends-on: b}, placement: {constraints: [node.role == worker]}");
    stage.deploy(0, &nowhere, &[]);
    let ended = stage.stacks(&["status", "shop"]);
    assert!([Some(1), Some(75)].contains(&ended.exit), "{ended}");
    assert!(ended.report().unwrap()["data"]["findings"].to_string().contains("shop_a"), "{ended}");
    assert_eq!(stage.stacks(&["status", "nowhere"]).exit, Some(64));
}
