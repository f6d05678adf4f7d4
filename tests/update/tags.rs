//! Services that follow newer tags.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::common::cluster::text;

use super::plan::digest;
use super::server::{Said, Server};
use super::stage::{Stage, outcomes};

/// A registry that has these tags, whatever it is asked.
fn registry(tags: &[&str]) -> (Server, Arc<Mutex<Vec<String>>>) {
    let shelf: Arc<Mutex<Vec<String>>> = Arc::new(Mutex::new(tags.iter().map(|tag| (*tag).to_owned()).collect()));
    let tags = shelf.clone();
    let server = Server::start(move |asked| {
        if asked.path.ends_with("/tags/list") {
            Said::json(&json!({"tags": *tags.lock().unwrap()}))
        } else {
            Said::status(404)
        }
    });
    (server, shelf)
}

fn image_of(stage: &Stage, name: &str) -> String {
    text(&stage.spec(name)["TaskTemplate"]["ContainerSpec"]["Image"])
}

fn follow(policy: &'static str) -> impl Fn(&mut Value) {
    move |spec| spec["Labels"]["orca.update.policy"] = policy.into()
}

#[test]
fn a_service_gets_the_newest_tag_that_its_policy_allows_and_a_repository_is_asked_once() {
    let stage = Stage::new();
    let (server, shelf) = registry(&["1.4.2", "1.4.9", "1.5.0", "2.0.0", "2.1.0-rc1", "latest"]);
    let tag = |tag: &str| server.image(&format!("shop/web:{tag}"));
    for newer in ["1.4.9", "1.5.0", "2.0.0"] {
        stage.publish(&tag(newer), 'b');
    }
    for (name, policy) in [("patch", "patch"), ("range", ">=1.4 <2"), ("digest", "digest")] {
        stage.create_of(name, &tag("1.4.2"), follow(policy));
    }
    let (exit, report) = stage.run(&["services", "update", "-n"]);
    let newer = |at: usize| report["data"]["updates"][at]["newer"].clone();
    assert_eq!(
        (exit, newer(0), newer(1), newer(2)),
        (0, Value::Null, json!(tag("1.4.9")), json!(tag("1.5.0"))),
        "{report:#}"
    );
    // A list says the same.
    let (exit, report) = stage.run(&["services", "ls", "--check"]);
    let check = |at: usize| report["data"]["services"][at]["check"].clone();
    let said = |at: usize| (text(&check(at)["verdict"]), check(at)["image"].clone());
    assert_eq!(
        (exit, [0, 1, 2].map(said)),
        (
            0,
            [
                ("up_to_date".to_owned(), Value::Null),
                ("newer".to_owned(), json!(tag("1.4.9"))),
                ("newer".to_owned(), json!(tag("1.5.0")))
            ]
        ),
        "{report:#}"
    );
    let (exit, report) = stage.run(&["services", "update", "--parallel", "3"]);
    assert_eq!((exit, outcomes(&report).len()), (0, 2), "{report:#}");
    for (name, wanted, letter) in [("patch", "1.4.9", 'b'), ("range", "1.5.0", 'b'), ("digest", "1.4.2", 'a')] {
        assert_eq!(image_of(&stage, name), format!("{}@{}", tag(wanted), digest(letter)), "{name}");
    }
    let lists = || server.lines().iter().filter(|line| line.ends_with("/tags/list")).count();
    assert_eq!(lists(), 3, "one in each run: {:?}", server.lines());
    stage.sim.reset_requests().unwrap();
    let (exit, report) = stage.run(&["services", "update"]);
    assert_eq!((exit, &report["summary"]["unchanged"], stage.writes()), (0, &json!(3), 0), "{report:#}");
    // A tag that is younger comes within reach of the range, and one of another kind does not.
    shelf.lock().unwrap().extend(["1.9.9".to_owned(), "v1.9.10".to_owned(), "1.9.11-alpine".to_owned()]);
    stage.publish(&tag("1.9.9"), 'c');
    let (exit, report) = stage.run(&["services", "update"]);
    assert_eq!((exit, image_of(&stage, "range")), (0, format!("{}@{}", tag("1.9.9"), digest('c'))), "{report:#}");
}

#[test]
fn where_tags_are_not_known_or_say_nothing_nothing_is_written() {
    let stage = Stage::new();
    let (server, _) = registry(&["1.4.2", "1.4.9"]);
    // Nobody listens there.
    stage.create_of("away", "127.0.0.1:1/shop/web:1.4.2", follow("minor"));
    stage.create_of("latest", &server.image("shop/web:latest"), follow("~1.4"));
    stage.create_of("beyond", &server.image("shop/web:3.0.0"), follow("~1.4"));
    stage.create_of("typo", &server.image("shop/web:1.4.2"), follow("newest"));
    stage.sim.reset_requests().unwrap();
    let (exit, report) = stage.run(&["services", "update"]);
    assert_eq!((exit, stage.writes()), (75, 0), "{report:#}");
    let reasons: Vec<(String, String)> = report["blocked"]
        .as_array()
        .unwrap()
        .iter()
        .map(|blocked| (text(&blocked["target"]["name"]), text(&blocked["reasons"][0])))
        .collect();
    let said =
        |name: &str| reasons.iter().find(|(other, _)| other == name).map(|(_, why)| why.clone()).unwrap_or_default();
    assert!(said("away").starts_with("the tags of `127.0.0.1:1/shop/web`: "), "{reasons:?}");
    assert_eq!(said("latest"), "its tag `latest` is no version: `~1.4` says nothing of it");
    assert_eq!(said("beyond"), "its tag `3.0.0` is not within `~1.4`, and no newer tag of its kind is");
    assert_eq!(said("typo"), "");
    let warned =
        report["warnings"].as_array().unwrap().iter().map(|warning| text(&warning["message"])).collect::<String>();
    assert!(warned.contains("orca.update.policy=`newest` is none of digest"), "{warned}");
    let (exit, report) = stage.run(&["services", "update", "typo"]);
    assert_eq!((exit, &report["data"]["updates"][0]["reasons"]), (75, &json!(["opted_out"])), "{report:#}");
}

#[test]
fn a_newer_tag_that_is_the_same_image_restarts_nothing() {
    let stage = Stage::new();
    let (server, _) = registry(&["1.4.2", "1.4.3"]);
    stage.publish(&server.image("shop/web:1.4.3"), 'a');
    stage.create_of("web", &server.image("shop/web:1.4.2"), follow("patch"));
    stage.sim.reset_requests().unwrap();
    let (exit, report) = stage.run(&["services", "update"]);
    assert_eq!((exit, &report["outcome"], stage.writes()), (0, &json!("unchanged"), 0), "{report:#}");
}

#[test]
fn a_newer_tag_that_is_no_good_is_rolled_back_to_the_tag_before() {
    let stage = Stage::new();
    let (server, _) = registry(&["1.4.2", "1.4.3"]);
    stage.publish(&server.image("shop/web:1.4.3"), 'b');
    stage.create_of("web", &server.image("shop/web:1.4.2"), follow("patch"));
    let before = stage.spec("web");
    stage.broken(&digest('b'), "failed", "no");
    let (exit, report) = stage.run(&["services", "update"]);
    assert_eq!((exit, outcomes(&report)), (1, vec![("web".to_owned(), "rolled_back".to_owned())]), "{report:#}");
    assert_eq!(stage.spec("web"), before);
    let (exit, report) = stage.run(&["services", "update"]);
    assert_eq!((exit, &report["data"]["updates"][0]["reasons"]), (75, &json!(["failed_before"])), "{report:#}");
}
