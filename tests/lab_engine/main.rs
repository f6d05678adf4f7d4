//! What only real engines can prove: that a write changes nothing but the field asked for, on every engine version, and
//! what happens when the leader dies in the middle of a pass. Run by `scripts/test`, which starts the lab.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod bootstrap;
mod exporter;
mod files;
mod flapping;
mod lab;
mod metrics;
mod node_side;
mod proxy;
mod registry;
mod watch;

use lab::{EVERY_OPTION, Lab};
use serde_json::{Value, json};

#[test]
fn a_write_changes_only_the_field_asked_for() {
    let lab = Lab::clean();
    lab.docker(1, "network create -d overlay ov");
    lab.docker_with_input(1, "secret create sec -", "s");
    lab.docker_with_input(1, "config create cfg -", "c");
    lab.service("web_db", "");
    for node in 1..=3 {
        // Its tasks stay pending for ever: what matters here is what is written, and every engine must be able to hold it.
        lab.docker(
            node,
            &format!("service create -d --no-resolve-image --name web_plain {EVERY_OPTION} 127.0.0.1:1/bb:1 true"),
        );
        lab.docker(
            node,
            &format!(
                "service create -d --no-resolve-image --name web_tied --constraint node.labels.db==true {EVERY_OPTION} \
                 127.0.0.1:1/bb:1 true"
            ),
        );
        lab.wait_running("web_db");
        for name in ["web_plain", "web_tied"] {
            lab.wait_for("the scheduler says why", || {
                let errors =
                    ["service", "ps", name, "--filter", "desired-state=running", "--format", "{{json .Error}}"];
                let errors = lab.docker_words(node, &errors);
                errors.lines().count() == 2 && errors.lines().all(|error| error != "\"\"")
            });
        }
        let before = (lab.spec(node, "web_plain"), lab.spec(node, "web_tied"));
        let config = "dependencies: {db: {stack: web, enforce: true, retry_intervals: [0], services: [plain, tied]}}";
        let state = tempfile::tempdir().unwrap();
        let mut kinds = Vec::new();
        for _ in 0..2 {
            let actions = lab.orca(node, config, state.path(), &["anchors", "follow"]).json["actions"].take();
            for action in actions.as_array().unwrap().iter().filter(|action| action["target"]["type"] == "service") {
                kinds.push(action["kind"].as_str().unwrap().to_owned());
                // Until the managers have begun the rollout, nothing tells that there is one.
                let words = ["service", "inspect", action["target"]["name"].as_str().unwrap(), "--format"];
                let state = [&words[..], &["{{json .UpdateStatus}}"]].concat();
                lab.wait_for("the rollout begins", || lab.docker_words(node, &state).contains("updating"));
            }
        }
        assert_eq!(kinds, ["service.constraint.add", "service.force_update"], "node-{node}");

        let (mut plain, mut tied) = before;
        let constraints = plain.pointer_mut("/TaskTemplate/Placement/Constraints").and_then(Value::as_array_mut);
        constraints.unwrap().push(json!("node.labels.db==true"));
        assert_eq!(plain, lab.spec(node, "web_plain"), "node-{node}: a constraint was added");
        tied["TaskTemplate"]["ForceUpdate"] = json!(1);
        assert_eq!(tied, lab.spec(node, "web_tied"), "node-{node}: a force update was made");
        lab.docker(node, "service rm web_plain web_tied");
    }
}

#[test]
fn a_leader_killed_in_mid_pass_is_reported_and_the_next_pass_completes() {
    let lab = Lab::clean();
    let leader = lab.leader();
    let config = "nodes: {node-1: {labels: {a: x}}, node-2: {labels: {a: x}}, node-3: {labels: {a: x}}}";
    let state = tempfile::tempdir().unwrap();
    // The second write reaches nobody: the leader dies when it is about to be asked.
    let (_door, host) = proxy::at_nth_write(&lab.socket(leader), 2, move || {
        drop(Lab::existing().run(&["kill", &leader.to_string()]));
        true
    });
    let report = Lab::orca_at(&host, config, state.path(), &["labels", "sync"]);
    let statuses = report.strings("/actions", "status");
    assert_eq!(statuses, ["done", "failed", "skipped"], "{}", report.json);
    assert_eq!((report.exit, report.json["outcome"].as_str()), (69, Some("partial")), "{}", report.json);
    assert_eq!(report.json["error"]["kind"], "unreachable");

    let next = if leader == 1 { 2 } else { 1 };
    lab.wait_for("a new leader", || lab.try_docker(next, "node ls").is_some());
    let report = lab.orca(next, config, state.path(), &["labels", "sync"]);
    assert_eq!((report.exit, report.json["summary"]["done"].as_u64()), (0, Some(2)), "{}", report.json);
    for node in 1..=3 {
        assert_eq!(lab.docker(next, &format!("node inspect node-{node} --format {{{{.Spec.Labels.a}}}}")).trim(), "x");
    }
    lab.run(&["start", &leader.to_string()]);
}
