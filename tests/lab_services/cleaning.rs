//! What updates leave behind on real nodes, and ten of them at once.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::lab::{Lab, Report};
use crate::updates::{SERVE, create, digest_of, outcomes, push, running_images};

/// The digests of a repository that a node has.
pub(crate) fn digests(lab: &Lab, node: usize, repository: &str) -> BTreeSet<String> {
    let listed = lab.docker(node, &format!("images -a --digests --format {{{{.Digest}}}} {repository}"));
    listed.lines().filter(|line| line.starts_with("sha256:")).map(str::to_owned).collect()
}

pub(crate) fn set(digests: &[&String]) -> BTreeSet<String> {
    digests.iter().map(|digest| (*digest).clone()).collect()
}

fn check(lab: &Lab, state: &std::path::Path) -> Value {
    let listed = lab.orca(2, "{}", state, &["services", "ls", "--check", "tidy"]);
    assert_eq!(listed.exit, 0, "{:#}", listed.json);
    listed.json["data"]["services"][0]["check"].clone()
}

#[test]
fn what_was_replaced_goes_from_every_node_once_nothing_can_go_back_to_it() {
    let lab = Lab::clean();
    let state = tempfile::tempdir().unwrap();
    // Of its own: a lab may still have what an earlier run has left.
    let repository = format!("{}/tidy-{}", lab.run(&["registry"]).trim(), std::process::id());
    let image = format!("{repository}:1");
    let hosts = |last: &str| {
        let (one, two) = (lab.host(1), lab.host(2));
        let node = |at: usize, host: &str| format!("node-{at}: {{host: \"{host}\"}}");
        format!("nodes: {{{}, {}, {}}}", node(1, &one), node(2, &two), node(3, last))
    };
    let reached = hosts(&lab.host(3));
    let publish = |version: usize| {
        push(&lab, &image, &format!("echo v{version}; {SERVE}"), &[]);
        digest_of(&lab, &image)
    };
    let update = |config: &str| -> Report {
        let done = lab.orca(1, config, state.path(), &["services", "update", "tidy", "--clean"]);
        assert_eq!((done.exit, outcomes(&done)["tidy"].as_str()), (0, "proven"), "{:#}", done.json);
        done
    };
    let one = publish(1);
    create(&lab, "tidy", &image, "--mode global --update-parallelism 3 --update-monitor 1s");
    lab.wait_for("every node has pulled it", || {
        (1..=3).all(|node| !lab.docker(node, "ps -q --filter name=tidy.").trim().is_empty())
    });
    assert_eq!(check(&lab, state.path())["verdict"], "up_to_date");
    let two = publish(2);
    let found = check(&lab, state.path());
    assert_eq!((&found["verdict"], &found["digest"]), (&json!("newer"), &json!(two)));
    let done = update(&reached);
    assert_eq!(done.json["data"]["clean"]["images"], json!([]), "{:#}", done.json);
    for node in 1..=3 {
        assert_eq!(digests(&lab, node, &repository), set(&[&one, &two]), "node-{node}: the engine may go back");
    }
    let three = publish(3);
    let done = update(&reached);
    assert_eq!(done.json["data"]["clean"]["images"], json!([format!("{image}@{one}")]), "{:#}", done.json);
    for node in 1..=3 {
        assert_eq!(digests(&lab, node, &repository), set(&[&two, &three]), "node-{node}: {:#}", done.json);
    }
    // The way back is open, and so is that forward.
    lab.docker(1, "service rollback -q tidy");
    lab.docker_words(
        1,
        &["service", "update", "-q", "--no-resolve-image", "--image", &format!("{image}@{three}"), "tidy"],
    );

    // A node that can't be reached is said, and done when it can.
    let four = publish(4);
    let done = update(&hosts("unix:///nowhere"));
    let said = done.json["warnings"].to_string();
    assert!(said.contains("1 of 3 nodes failed: `node-3`"), "{said}");
    assert_eq!([1, 2].map(|node| digests(&lab, node, &repository)), [set(&[&three, &four]), set(&[&three, &four])]);
    assert_eq!(digests(&lab, 3, &repository), set(&[&two, &three, &four]));
    let later = lab.orca(1, &reached, state.path(), &["services", "update", "tidy", "--clean"]);
    assert_eq!(later.exit, 0, "{:#}", later.json);
    assert_eq!(digests(&lab, 3, &repository), set(&[&three, &four]), "{:#}", later.json);
    let running = running_images(&lab, "tidy");
    assert_eq!(running, vec![format!("{image}@{four}"); 3], "none of its tasks was disturbed");
    let again = lab.orca(1, &reached, state.path(), &["services", "update", "tidy", "--clean"]);
    assert_eq!((&again.json["outcome"], &again.json["data"]["clean"]["images"]), (&json!("unchanged"), &json!([])));
    lab.docker(1, "service rm tidy");
}

#[test]
fn of_ten_at_once_one_updates_and_nine_say_what_they_have_found() {
    let lab = Lab::clean();
    let image = format!("{}/crowd:1", lab.run(&["registry"]).trim());
    push(&lab, &image, &format!("echo v1; {SERVE}"), &[]);
    create(&lab, "crowd", &image, "--replicas 2 --update-parallelism 1 --update-delay 1s --update-monitor 1s");
    let mut wanted = lab.spec(1, "crowd");
    let old = wanted["TaskTemplate"]["ContainerSpec"]["Image"].clone();
    push(&lab, &image, &format!("echo v2; {SERVE}"), &[]);
    let new = format!("{image}@{}", digest_of(&lab, &image));
    let before = lab.docker(1, "service ps -q crowd").lines().count();
    let hosts: Vec<String> = (1..=3).map(|node| lab.host(node)).collect();
    // Each as if on a host of its own: no lock keeps one from another.
    let reports: Vec<Report> = std::thread::scope(|scope| {
        let run = |number: usize| {
            let state = tempfile::tempdir().unwrap();
            Lab::orca_at(&hosts[number % 3], "{}", state.path(), &["services", "update", "crowd"])
        };
        let runs: Vec<_> = (0..10).map(|number| scope.spawn(move || run(number))).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    let proven = |report: &&Report| outcomes(report).values().any(|outcome| outcome == "proven");
    let done =
        |report: &&Report| report.json["actions"].as_array().unwrap().iter().any(|action| action["status"] == "done");
    assert_eq!(reports.iter().filter(done).count(), 1, "one has written");
    assert_eq!(reports.iter().filter(done).filter(proven).count(), 1, "and has seen it to its end");
    for report in &reports {
        assert!([0, 75].contains(&report.exit), "{:#}", report.json);
        let said = report.json["blocked"].to_string() + &report.json["actions"].to_string();
        let idle = report.json["outcome"] == "unchanged";
        assert!(
            idle || done(&report)
                || said.contains("in progress")
                || said.contains("not wanted any more")
                || said.contains("conflict"),
            "{:#}",
            report.json
        );
    }
    wanted["TaskTemplate"]["ContainerSpec"]["Image"] = new.as_str().into();
    assert_eq!(lab.spec(2, "crowd"), wanted);
    let service: Value = serde_json::from_str(&lab.docker(3, "service inspect crowd")).unwrap();
    assert_eq!(service[0]["PreviousSpec"]["TaskTemplate"]["ContainerSpec"]["Image"], old, "written once");
    assert_eq!(lab.docker(1, "service ps -q crowd").lines().count(), before + 2, "each slot was replaced once");
    assert_eq!(running_images(&lab, "crowd"), [new.clone(), new]);
    lab.docker(1, "service rm crowd");
}
