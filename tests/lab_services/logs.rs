//! `orca services logs` on real engines: a node that dies before the managers know of it makes the docker CLI wait.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::lab::{Lab, Report};

/// No shell is left that could say that what it has started was killed.
const PRINT: &str = "echo here; exec sleep 1000";

fn read(lab: &Lab, node: usize, args: &[&str]) -> (Report, Duration) {
    let state = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let report = lab.orca(node, "{}", state.path(), &[&["services", "logs", "chat"], args].concat());
    (report, began.elapsed())
}

fn nodes(report: &Report) -> BTreeSet<String> {
    let lines = report.json["data"]["lines"].as_array().unwrap();
    assert!(lines.iter().all(|line| line["text"] == "here"), "{:#}", report.json);
    lines.iter().map(|line| line["node"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_node_that_has_just_died_takes_nothing_from_the_others_and_costs_no_more_than_the_patience() {
    let lab = Lab::clean();
    let leader = lab.leader();
    let dead = if leader == 3 { 2 } else { 3 };
    let create =
        "service create -d --no-resolve-image --mode global --stop-grace-period 0s --name chat 127.0.0.1:1/bb:1 sh -c";
    let words: Vec<&str> = create.split(' ').chain([PRINT]).collect();
    lab.docker_words(leader, &words);
    let all: BTreeSet<String> = (1..=3).map(|node| format!("node-{node}")).collect();
    lab.wait_for("all have said it", || {
        let (report, _) = read(&lab, leader, &[]);
        report.exit == 0 && nodes(&report) == all
    });
    lab.run(&["kill", &dead.to_string()]);
    // Before the managers have noticed, and after.
    for round in ["at once", "later"] {
        let (report, took) = read(&lab, leader, &["--patience", "10s"]);
        let living = all.iter().filter(|node| **node != format!("node-{dead}")).cloned().collect();
        assert_eq!((report.exit, nodes(&report)), (75, living), "{round}: {:#}", report.json);
        assert!(took < Duration::from_secs(60), "{round}: {took:?}");
        let missing = report.json["data"]["missing"].as_array().map(Vec::as_slice).unwrap_or_default();
        let named = |text: &Value| text.as_str().unwrap().contains(&format!("node-{dead}`"));
        assert!(missing.len() == 1 && named(&missing[0]), "{round}: {missing:?}");
        lab.wait_for("the managers notice", || {
            lab.docker(leader, &format!("node inspect node-{dead} --format {{{{.Status.State}}}}")).trim() == "down"
        });
    }
    lab.run(&["start", &dead.to_string()]);
    lab.wait_for("the node that is back is heard again", || {
        let (report, _) = read(&lab, leader, &["--tail", "1"]);
        report.exit == 0 && nodes(&report) == all
    });
    lab.docker(leader, "service rm chat");
}
