//! Image updates on real engines of three versions, from a real registry, with the docker CLI as the witness.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::lab::{EVERY_OPTION, Lab, Report};

pub(crate) const SERVE: &str = "trap 'exit 0' TERM; while :; do sleep 0.2; done";

/// Makes an image of the lab's busybox with this command, and pushes it.
pub(crate) fn push(lab: &Lab, image: &str, script: &str, more: &[&str]) {
    lab.try_docker(1, "rm -f mould");
    lab.docker(1, "create --name mould 127.0.0.1:1/bb:1 true");
    let command = format!("CMD {}", json!(["sh", "-c", script]));
    let mut words = vec!["commit", "--change", &command];
    for change in more {
        words.extend(["--change", change]);
    }
    words.extend(["mould", image]);
    lab.docker_words(1, &words);
    lab.docker(1, "rm mould");
    lab.docker(1, &format!("push -q {image}"));
}

/// A service as the docker CLI makes it: pinned to what its tag stands for.
pub(crate) fn create(lab: &Lab, name: &str, image: &str, options: &str) {
    lab.docker(
        1,
        &format!("service create -q -d --name {name} --stop-grace-period 2s --restart-delay 1s {options} {image}"),
    );
    lab.wait_running(name);
}

pub(crate) fn outcomes(report: &Report) -> BTreeMap<String, String> {
    let entries = report.json["data"]["updates"].as_array().unwrap().iter();
    entries
        .filter_map(|entry| Some((entry["service"].as_str()?.to_owned(), entry.get("outcome")?.as_str()?.to_owned())))
        .collect()
}

fn entry(report: &Report, name: &str) -> Value {
    let entries = report.json["data"]["updates"].as_array().unwrap().iter();
    entries.clone().find(|entry| entry["service"] == name).unwrap().clone()
}

pub(crate) fn digest_of(lab: &Lab, image: &str) -> String {
    let digests = lab.docker_words(1, &["image", "inspect", image, "--format", "{{json .RepoDigests}}"]);
    let digests: Vec<String> = serde_json::from_str(&digests).unwrap();
    let repository = image.rsplit_once(':').unwrap().0;
    let own = digests.iter().find(|digest| digest.starts_with(repository)).unwrap();
    own.split_once('@').unwrap().1.to_owned()
}

pub(crate) fn running_images(lab: &Lab, name: &str) -> Vec<String> {
    let listed = lab.docker(
        1,
        &format!(
            "service ps {name} --no-trunc --filter desired-state=running --format {{{{.Image}}}}={{{{.CurrentState}}}}"
        ),
    );
    let running = listed.lines().filter_map(|line| line.split_once("=Running")).map(|(image, _)| image.to_owned());
    running.collect()
}

#[test]
fn thirty_services_the_good_are_proven_the_bad_are_rolled_back_and_then_there_is_nothing_to_do() {
    let lab = Lab::clean();
    let state = tempfile::tempdir().unwrap();
    let registry = lab.run(&["registry"]).trim().to_owned();
    let old = format!("echo v1; {SERVE}");
    let new = format!("echo v2; {SERVE}");
    for tag in ["good", "crash", "sick", "late"] {
        push(&lab, &format!("{registry}/{tag}:1"), &old, &[]);
    }
    for number in 0..24 {
        create(&lab, &format!("good{number}"), &format!("{registry}/good:1"), "--replicas 1");
    }
    let bad: Vec<(&str, &str, String)> = ["crash", "sick", "late"]
        .iter()
        .flat_map(|kind| ["pause", "rollback"].map(|action| (*kind, action, format!("{kind}-{action}"))))
        .collect();
    for (kind, action, name) in &bad {
        create(&lab, name, &format!("{registry}/{kind}:1"), &format!("--replicas 2 --update-failure-action {action}"));
    }
    let names: Vec<String> = (0..24).map(|n| format!("good{n}")).chain(bad.iter().map(|bad| bad.2.clone())).collect();
    let before: BTreeMap<&String, Value> = names.iter().map(|name| (name, lab.spec(1, name))).collect();

    // Nothing is new.
    let nothing = lab.orca(1, "{}", state.path(), &["services", "update"]);
    assert_eq!((nothing.exit, &nothing.json["outcome"]), (0, &json!("unchanged")), "{:#}", nothing.json);

    push(&lab, &format!("{registry}/good:1"), &new, &[]);
    push(&lab, &format!("{registry}/crash:1"), "echo no database; exit 3", &[]);
    let ill = "HEALTHCHECK --interval=1s --timeout=1s --retries=2 CMD false";
    push(&lab, &format!("{registry}/sick:1"), "exec sleep 1d", &[ill]);
    push(&lab, &format!("{registry}/late:1"), "echo well for now; sleep 7; echo out of luck; exit 4", &[]);
    let args = ["services", "update", "--parallel", "10", "--deadline", "5m"];
    let done = lab.orca(1, "{}", state.path(), &args);
    assert_eq!((done.exit, &done.json["outcome"]), (1, &json!("partial")), "{:#}", done.json);
    let ends = outcomes(&done);
    let digest = digest_of(&lab, &format!("{registry}/good:1"));
    for name in &names {
        let mut wanted = before[name].clone();
        if name.starts_with("good") {
            assert_eq!(ends[name], "proven", "{:#}", done.json);
            let image = format!("{registry}/good:1@{digest}");
            wanted["TaskTemplate"]["ContainerSpec"]["Image"] = image.as_str().into();
            assert_eq!(running_images(&lab, name), [image]);
        } else {
            assert!(["rolled_back", "rolled_back_by_engine"].contains(&ends[name].as_str()), "{name}: {:#}", done.json);
            assert_eq!(running_images(&lab, name).len(), 2, "{name}");
        }
        // Image and platforms, and nothing else; here the platforms are the same.
        assert_eq!(lab.spec(1, name), wanted, "{name}");
    }
    for (name, error, line) in [
        ("crash-pause", "non-zero exit (3)", "no database"),
        ("crash-rollback", "non-zero exit (3)", "no database"),
        ("sick-pause", "unhealthy container", ""),
        ("late-pause", "non-zero exit (4)", "out of luck"),
        ("late-rollback", "non-zero exit (4)", "out of luck"),
    ] {
        let task = entry(&done, name)["failed_task"].clone();
        assert!(task["error"].as_str().is_some_and(|text| text.contains(error)), "{name}: {task}");
        let log: Vec<&str> = task["log"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert!(line.is_empty() || log.contains(&line), "{name}: {task}");
    }
    assert_eq!(ends["crash-rollback"], "rolled_back_by_engine");
    assert_eq!(ends["crash-pause"], "rolled_back");

    let services = lab.docker(1, "service ls -q");
    lab.wait_for("the managers have written how the last rollout ended", || {
        let ask = ["service", "inspect", "--format", "{{json .UpdateStatus}}"];
        let ends = lab.docker_words(1, &ask.into_iter().chain(services.lines()).collect::<Vec<_>>());
        !["\"updating\"", "\"rollback_started\""].iter().any(|moving| ends.contains(moving))
    });
    let index = |id: &str| lab.docker(1, &format!("service inspect {id} --format {{{{.Version.Index}}}}"));
    let indexes: Vec<String> = services.lines().map(index).collect();
    let again = lab.orca(1, "{}", state.path(), &["services", "update"]);
    assert_eq!((again.exit, again.actions().len()), (75, 0), "{:#}", again.json);
    assert_eq!(entry(&again, "late-pause")["reasons"], json!(["failed_before"]));
    assert_eq!(services.lines().map(index).collect::<Vec<_>>(), indexes, "a second pass writes nothing");
    for name in &names {
        lab.docker(1, &format!("service rm {name}"));
    }
}

#[test]
fn a_registry_that_is_away_changes_nothing_and_credentials_are_renewed_without_a_restart() {
    let lab = Lab::clean();
    let state = tempfile::tempdir().unwrap();
    let registry = lab.run(&["registry"]).trim().to_owned();
    let image = format!("{registry}/calm:1");
    push(&lab, &image, SERVE, &[]);
    create(&lab, "calm", &image, "--replicas 2");
    // A port where nobody listens.
    let host = registry.split(':').next().unwrap();
    let away = format!("{host}:9/gone:1");
    lab.docker(1, &format!("tag {image} {away}"));
    lab.service("gone", "");
    lab.docker_words(1, &["service", "update", "-q", "-d", "--no-resolve-image", "--image", &away, "gone"]);
    let index = |name: &str| lab.docker(1, &format!("service inspect {name} --format {{{{.Version.Index}}}}"));
    // The managers write to it until then.
    lab.wait_for("the update has ended, well or not", || {
        let state = lab.docker(1, "service inspect gone --format {{.UpdateStatus.State}}");
        ["completed", "paused"].contains(&state.trim())
    });
    let before = index("gone");
    let report = lab.orca(1, "{}", state.path(), &["services", "update", "gone", "--pin"]);
    assert_eq!((report.exit, &report.json["outcome"]), (75, &json!("blocked")), "{:#}", report.json);
    assert_eq!((entry(&report, "gone")["reasons"].clone(), index("gone")), (json!(["unresolved"]), before));

    // One that is still being prepared is replaced for new credentials (swarmkit's `IsTaskDirty`).
    lab.wait_for("both run", || running_images(&lab, "calm").len() == 2);
    let tasks = lab.docker(1, "service ps -q calm");
    let spec = lab.spec(1, "calm");
    let login = json!({"auths": {&registry: {"auth": "dXNlcjpodW50ZXI="}}});
    std::fs::write(state.path().join("config.json"), login.to_string()).unwrap();
    for node in 1..=3 {
        let args = ["services", "refresh-auth", "calm", "-o", "json", "-H", &lab.host(node), "--state-dir"];
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_orca"));
        command.env("DOCKER_CONFIG", state.path()).args(args).arg(state.path());
        let done = command.output().unwrap();
        let json: Value = serde_json::from_slice(&done.stdout).unwrap();
        assert_eq!((done.status.code(), &json["actions"][0]["status"]), (Some(0), &json!("done")), "{json:#}");
    }
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!((lab.docker(1, "service ps -q calm"), lab.spec(1, "calm")), (tasks, spec), "no task was restarted");
    lab.docker(1, "service rm calm gone");
}

#[test]
fn an_update_changes_the_image_alone_whatever_the_service_has() {
    let lab = Lab::clean();
    let state = tempfile::tempdir().unwrap();
    let registry = lab.run(&["registry"]).trim().to_owned();
    let image = format!("{registry}/full:1");
    lab.docker(1, "network create -d overlay ov");
    lab.docker_with_input(1, "secret create sec -", "s");
    lab.docker_with_input(1, "config create cfg -", "c");
    for node in 1..=3 {
        push(&lab, &image, &format!("echo {node}; {SERVE}"), &[]);
        // Its tasks stay pending for ever: what matters here is what is written.
        lab.docker(node, &format!("service create -q -d --name full {EVERY_OPTION} {image}"));
        push(&lab, &image, &format!("echo {node} again; {SERVE}"), &[]);
        let mut wanted = lab.spec(node, "full");
        let args = ["services", "update", "full", "--deadline", "1s", "--no-rollback"];
        let done = lab.orca(node, "{}", state.path(), &args);
        assert_eq!((done.exit, outcomes(&done)["full"].as_str()), (1, "failed"), "{:#}", done.json);
        let error = done.json["actions"][0]["error"].as_str().unwrap();
        assert!(error.contains("pending: no suitable node"), "{error}");
        let written = format!("{image}@{}", digest_of(&lab, &image));
        wanted["TaskTemplate"]["ContainerSpec"]["Image"] = written.into();
        assert_eq!(lab.spec(node, "full"), wanted, "node-{node}");
        lab.docker(node, "service rm full");
    }
}

#[test]
fn a_stack_goes_back_as_a_whole_where_one_of_its_services_fails() {
    let lab = Lab::clean();
    let state = tempfile::tempdir().unwrap();
    let registry = lab.run(&["registry"]).trim().to_owned();
    let (good, bad) = (format!("{registry}/whole:1"), format!("{registry}/worse:1"));
    for image in [&good, &bad] {
        push(&lab, image, &format!("echo v1; {SERVE}"), &[]);
    }
    let stack = "--label com.docker.stack.namespace=shop --update-monitor 1s";
    for (name, image) in [("shop_a", &good), ("shop_b", &bad), ("shop_c", &good)] {
        create(&lab, name, image, stack);
    }
    let names = ["shop_a", "shop_b", "shop_c"];
    let before = names.map(|name| (lab.spec(1, name), running_images(&lab, name)));
    push(&lab, &good, &format!("echo v2; {SERVE}"), &[]);
    push(&lab, &bad, "echo no database; exit 3", &[]);
    // Through a manager that need not be the leader, with images brought to the nodes first.
    let done = lab.orca(2, "{}", state.path(), &["services", "update", "--atomic", "--prepull"]);
    let ends = outcomes(&done);
    assert_eq!(
        (done.exit, ends["shop_a"].as_str(), ends["shop_b"].as_str(), ends.get("shop_c")),
        (1, "rolled_back_with_stack", "rolled_back", None),
        "{:#}",
        done.json
    );
    assert_eq!(names.map(|name| (lab.spec(1, name), running_images(&lab, name))), before);
    assert_eq!(lab.docker(1, "service ls --filter name=orca-prepull -q"), "");
    for name in names {
        lab.docker(1, &format!("service rm {name}"));
    }
}

#[test]
fn a_leader_that_dies_in_mid_rollout_is_no_failure_of_the_image() {
    let lab = Lab::clean();
    let state = tempfile::tempdir().unwrap();
    let registry = lab.run(&["registry"]).trim().to_owned();
    let image = format!("{registry}/led:1");
    push(&lab, &image, &format!("echo v1; {SERVE}"), &[]);
    let leader = lab.leader();
    let other = if leader == 1 { 2 } else { 1 };
    let slow = "--replicas 2 --update-parallelism 1 --update-delay 2s --update-monitor 1s";
    create(&lab, "led", &image, &format!("{slow} --constraint node.hostname!=node-{leader}"));
    let mut wanted = lab.spec(other, "led");
    push(&lab, &image, &format!("echo v2; {SERVE}"), &[]);
    let written = format!("{image}@{}", digest_of(&lab, &image));
    // A pull that breaks off with the leader is another story.
    for node in (1..=3).filter(|node| *node != leader) {
        lab.docker(node, &format!("pull -q {image}"));
    }
    let done = std::thread::scope(|scope| {
        let run = scope.spawn(|| lab.orca(other, "{}", state.path(), &["services", "update", "led"]));
        lab.wait_for("the rollout", || running_images(&lab, "led").contains(&written));
        lab.run(&["kill", &leader.to_string()]);
        run.join().unwrap()
    });
    assert_eq!((done.exit, outcomes(&done)["led"].as_str()), (0, "proven"), "{:#}", done.json);
    wanted["TaskTemplate"]["ContainerSpec"]["Image"] = written.as_str().into();
    assert_eq!(lab.spec(other, "led"), wanted);
    let running = lab.docker(
        other,
        "service ps led --no-trunc --filter desired-state=running --format {{.Image}}={{.CurrentState}}",
    );
    let running: Vec<&str> =
        running.lines().filter_map(|line| line.split_once("=Running")).map(|(image, _)| image).collect();
    assert_eq!(running, vec![written.as_str(); 2]);
    lab.run(&["start", &leader.to_string()]);
    lab.docker(other, "service rm led");
}

/// The engine calls the rollout complete, and orca goes on to prove it: an anchor's pass waits; a person does not, so that
/// the engine forgets the old image; and when the new one dies after all, it is the old one that runs again.
#[test]
fn what_is_proven_is_left_alone_and_a_bad_image_is_undone_whatever_came_between() {
    let lab = Lab::clean();
    let state = tempfile::tempdir().unwrap();
    let registry = lab.run(&["registry"]).trim().to_owned();
    let image = format!("{registry}/shy:1");
    push(&lab, &image, &format!("echo v1; {SERVE}"), &[]);
    lab.service("base", "--constraint node.hostname==node-2");
    let options = "--constraint node.hostname==node-2 --update-monitor 45s --update-failure-action rollback";
    create(&lab, "shy", &image, options);
    let mut wanted = lab.spec(1, "shy");
    push(&lab, &image, "trap 'exit 0' TERM; while [ ! -e /die ]; do sleep 0.2; done; echo out of luck; exit 3", &[]);
    let new = format!("{image}@{}", digest_of(&lab, &image));
    let found = |path: &str| {
        let service: Value = serde_json::from_str(&lab.docker(1, "service inspect shy")).unwrap();
        service[0].pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let config = "options: {enforce: true}\ndependencies: {base: [shy]}";
    // The constraint is for later: first comes the label.
    let other = tempfile::tempdir().unwrap();
    lab.orca(1, "dependencies: {base: []}", other.path(), &["anchors", "follow"]);
    let done = std::thread::scope(|scope| {
        let run = scope.spawn(|| lab.orca(1, config, state.path(), &["services", "update", "shy", "--deadline", "5m"]));
        lab.wait_for("the end of the rollout, to the engine's mind", || {
            let service: Value = serde_json::from_str(&lab.docker(1, "service inspect shy")).unwrap();
            let image = &service[0]["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"];
            *image == json!(new) && service[0]["UpdateStatus"]["State"] == "completed"
        });
        // From here on there are forty-five seconds.
        let waits = lab.orca(1, config, state.path(), &["anchors", "follow"]);
        let why = waits.json["blocked"].to_string();
        assert!(why.contains("orca still proves its update to"), "{:#}", waits.json);
        let restarted = lab.orca(1, config, state.path(), &["services", "restart", "shy"]);
        assert_eq!(restarted.exit, 0, "{:#}", restarted.json);
        assert!(restarted.strings("/warnings", "code").contains(&"proving".to_owned()), "{:#}", restarted.json);
        assert_eq!(
            found("/PreviousSpec/TaskTemplate/ContainerSpec/Image"),
            new,
            "the engine has forgotten the old one"
        );
        // Every task of it, whichever of them it is by now, until the engine has seen one fail.
        lab.wait_for("the way back", || {
            let containers = lab.docker(2, "ps -q --filter name=shy");
            for container in containers.lines() {
                lab.try_docker(2, &format!("exec {container} touch /die"));
            }
            found("/Spec/TaskTemplate/ContainerSpec/Image") != new
        });
        run.join().unwrap()
    });
    let outcome = outcomes(&done)["shy"].clone();
    assert_eq!((done.exit, outcome.as_str()), (1, "rolled_back"), "{:#}", done.json);
    assert!(entry(&done, "shy")["failed_task"]["error"].to_string().contains("non-zero exit (3)"), "{:#}", done.json);
    let is = lab.spec(1, "shy");
    // Where the engine has gone back first, to the spec before the restart, that is undone; else it stays.
    wanted["TaskTemplate"]["ForceUpdate"] = is["TaskTemplate"]["ForceUpdate"].clone();
    assert_eq!(is, wanted, "the image is the old one, and the rest is as it was");
    let old = wanted["TaskTemplate"]["ContainerSpec"]["Image"].as_str().unwrap().to_owned();
    assert_eq!(running_images(&lab, "shy"), [old]);
    let follows = lab.orca(1, config, state.path(), &["anchors", "follow"]);
    assert_eq!((follows.exit, follows.actions()), (0, vec!["service.constraint.add".to_owned()]), "{:#}", follows.json);
    lab.docker(1, "service rm shy base");
}
