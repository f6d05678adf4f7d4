//! Services that keep failing on real engines, in each of the usual ways: told apart in words, and put back where their
//! label says so.

use serde_json::Value;

use crate::lab::{Lab, Report};

const CONFIG: &str = "autoheal: {services: {failures: 3, window: 5m}, pending: {after: 5s}}";

fn create(lab: &Lab, name: &str, options: &str, image: &str, command: &[&str]) {
    let start = ["service", "create", "-d", "--no-resolve-image", "--restart-delay", "500ms", "--name", name];
    let options: Vec<&str> = options.split_whitespace().collect();
    lab.docker_words(1, &[&start[..], &options, &[image], command].concat());
}

fn look(lab: &Lab, state: &std::path::Path) -> Report {
    let hosts: String = (1..=3).map(|k| format!("node-{k}: {{host: '{}'}}, ", lab.host(k))).collect();
    lab.orca(1, &format!("nodes: {{{hosts}}}\n{CONFIG}"), state, &["autoheal", "--all-nodes"])
}

fn of<'r>(report: &'r Value, list: &str, service: &str) -> &'r Value {
    let found = report["data"][list].as_array().unwrap().iter().find(|fact| fact["service"] == service);
    found.unwrap_or(&Value::Null)
}

/// All that is said about a service, in one text.
fn words(report: &Value, service: &str) -> String {
    let own = report["blocked"].as_array().unwrap().iter().filter(|blocked| blocked["target"]["name"] == service);
    own.flat_map(|blocked| blocked["reasons"].as_array().unwrap().clone())
        .map(|reason| format!("{}\n", reason.as_str().unwrap()))
        .collect()
}

#[test]
fn each_way_to_fail_is_explained_with_the_next_thing_to_do() {
    let lab = Lab::clean();
    let state = tempfile::tempdir().unwrap();
    let image = "127.0.0.1:1/bb:1";
    create(&lab, "noimg", "", "127.0.0.1:1/nowhere:9", &["true"]);
    create(&lab, "exits", "", image, &["sh", "-c", "exit 3"]);
    create(&lab, "ends", "", image, &["true"]);
    create(&lab, "nocmd", "", image, &["/no/such/command"]);
    create(&lab, "greedy", "--limit-memory 8M", image, &["sh", "-c", "tail /dev/zero"]);
    let check = "--health-interval 200ms --health-retries 1 --health-timeout 1s --stop-grace-period 1s";
    create(&lab, "sick", &format!("--health-cmd false {check}"), image, &["sleep", "1d"]);
    create(&lab, "nowhere", "--constraint node.labels.disk==ssd", image, &["sleep", "1d"]);
    create(&lab, "fine", "", image, &["sleep", "1d"]);
    lab.wait_running("fine");
    let mut last = None;
    let services = ["noimg", "exits", "ends", "nocmd", "greedy", "sick"];
    lab.wait_for("six services that flap", || {
        let report = look(&lab, state.path());
        let all = services.iter().all(|name| !of(&report.json, "flapping", name).is_null());
        let pending = !of(&report.json, "pending", "nowhere").is_null();
        last = Some(report);
        all && pending
    });
    let Report { json: report, exit } = last.unwrap();
    assert_eq!((exit, report["actions"].as_array().unwrap().len()), (75, 0), "by default it only tells: {report}");
    for (service, cause, says) in [
        ("noimg", "image_missing", "the image `127.0.0.1:1/nowhere:9` is missing"),
        ("exits", "exit_code", "its command ends with exit code 3"),
        ("ends", "exit_code", "its command ends well (exit code 0)"),
        ("nocmd", "not_started", "its command can't be started"),
        ("greedy", "killed", "it was killed for want of memory (OOMKilled)"),
        ("sick", "unhealthy", "its healthcheck fails"),
    ] {
        let fact = of(&report, "flapping", service);
        assert_eq!(fact["causes"][0]["cause"], cause, "{service}: {fact}");
        let words = words(&report, service);
        assert!(words.contains(says) && words.contains("next: "), "{service}: {words}");
    }
    let words = words(&report, "nowhere");
    for part in ["1 task waits", "it doesn't satisfy `node.labels.disk==ssd`", "--label-add disk=ssd node-1"] {
        assert!(words.contains(part), "{part}: {words}");
    }
    assert!(of(&report, "flapping", "fine").is_null());
    // What is said to be the next thing to do is the right one.
    lab.docker(1, "node update --label-add disk=ssd node-1");
    lab.wait_running("nowhere");
    for service in services.iter().chain(&["nowhere", "fine"]) {
        lab.docker(1, &format!("service rm {service}"));
    }
}

#[test]
fn a_label_lets_orca_go_back_to_the_version_that_ran() {
    let lab = Lab::clean();
    let state = tempfile::tempdir().unwrap();
    create(&lab, "web", "--label orca.autoheal=rollback", "127.0.0.1:1/bb:1", &["sleep", "1d"]);
    lab.wait_running("web");
    lab.docker(
        1,
        "service update -d --no-resolve-image --update-failure-action continue --image 127.0.0.1:1/nowhere:9 web",
    );
    let mut last = None;
    lab.wait_for("the rollback", || {
        let report = look(&lab, state.path());
        let acted = !report.actions().is_empty();
        last = Some(report);
        acted
    });
    let report = last.unwrap();
    assert_eq!((report.exit, report.actions()), (0, vec!["service.rollback".to_owned()]), "{}", report.json);
    lab.wait_running("web");
    let image = lab.docker(1, "service inspect web --format {{.Spec.TaskTemplate.ContainerSpec.Image}}");
    assert_eq!(image.trim(), "127.0.0.1:1/bb:1");
    lab.docker(1, "service rm web");
}
