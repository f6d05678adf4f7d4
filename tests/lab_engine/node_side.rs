//! The passes that work on nodes themselves, on engines of three ages: what they remove and restart is really gone and
//! really restarted, and the swarm can still do all that it could.

use std::time::Duration;

use crate::lab::Lab;

/// Other tests need these images.
const KEEP: &str = "gc: { exclude: { images: ['127.0.0.1:1/bb:*'] } }";

fn hosts(lab: &Lab) -> String {
    let node = |at: usize| format!("  node-{at}: {{host: \"{}\"}}\n", lab.host(at));
    format!("nodes:\n{}{KEEP}\n", (1..=3).map(node).collect::<String>())
}

fn image(lab: &Lab, node: usize, tag: &str) {
    // Of its own content, so that each takes room of its own.
    let container = lab.docker(node, "create 127.0.0.1:1/bb:1 sleep 1d");
    let container = container.trim();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{tag} {node}").repeat(200_000)).unwrap();
    lab.docker(node, &format!("cp {} {container}:/filling", file.path().display()));
    lab.docker(node, &format!("commit {container} 127.0.0.1:1/fill:{tag}"));
    lab.docker(node, &format!("rm {container}"));
}

fn tags(lab: &Lab, node: usize) -> Vec<String> {
    let listed = lab.docker(node, "images 127.0.0.1:1/fill --format {{.Tag}}");
    let mut tags: Vec<String> = listed.lines().map(str::to_owned).collect();
    tags.sort();
    tags
}

#[test]
fn a_full_disk_is_freed_and_every_service_can_still_start_roll_back_and_move() {
    let lab = Lab::clean();
    let state = tempfile::tempdir().unwrap();
    for node in 1..=3 {
        for tag in ["1", "2", "3", "4"] {
            image(&lab, node, tag);
        }
        lab.docker(node, "run -d --name gc-stopped 127.0.0.1:1/bb:1 true");
        lab.docker(node, "volume create gc-data");
        lab.docker(node, "network create gc-left");
    }
    lab.docker(
        1,
        "service create -d --no-resolve-image --name app --constraint node.hostname==node-2 --stop-grace-period 1s \
        127.0.0.1:1/fill:2 sleep 1d",
    );
    lab.wait_running("app");
    lab.docker(1, "service update -d --no-resolve-image --update-monitor 1s --image 127.0.0.1:1/fill:3 app");
    lab.wait_for("the update", || {
        lab.docker(1, "service inspect app --format {{.UpdateStatus.State}}").trim() == "completed"
    });
    std::thread::sleep(Duration::from_secs(6));

    let args = ["gc", "--grace", "5s", "--all-nodes"];
    let planned = lab.orca(1, &hosts(&lab), state.path(), &[&args[..], &["-n"]].concat());
    assert_eq!(tags(&lab, 1), ["1", "2", "3", "4"], "a dry run takes nothing");
    let calm = lab.orca(1, &hosts(&lab), state.path(), &[&args[..], &["--when-disk-above", "99.9%"]].concat());
    assert_eq!((calm.exit, calm.json["outcome"].as_str()), (0, Some("unchanged")), "{}", calm.json);
    let args = [&args[..], &["--when-disk-above", "1%"]].concat();
    let done = lab.orca(1, &hosts(&lab), state.path(), &args);
    assert_eq!((done.exit, done.json["outcome"].as_str()), (0, Some("changed")), "{}", done.json);
    assert_eq!(planned.actions(), done.actions(), "what was planned was done");
    for node in 1..=3 {
        assert_eq!(tags(&lab, node), ["2", "3"], "node-{node}: what the service runs, and ran before");
        assert_eq!(lab.docker(node, "ps -aq --filter name=gc-stopped"), "", "node-{node}");
        assert_eq!(lab.docker(node, "network ls -q --filter name=gc-left"), "", "node-{node}");
        assert_eq!(lab.docker(node, "volume ls -q --filter name=gc-data").trim(), "gc-data", "node-{node}");
        let freed = done.json["data"]["nodes"][node - 1]["freed_bytes"].as_u64().unwrap();
        assert!(freed >= 2 * 600_000, "node-{node}: {freed}");
    }
    assert_eq!(lab.orca(1, &hosts(&lab), state.path(), &args).json["outcome"], "unchanged");

    // Back to the version before, and forward again.
    for image in ["2", "3"] {
        lab.docker(1, "service rollback -d app");
        runs(&lab, &format!("127.0.0.1:1/fill:{image}"));
    }
    for (from, to) in [(2, 3), (3, 1)] {
        let constraint = |node: usize| format!("node.hostname==node-{node}");
        let (old, new) = (constraint(from), constraint(to));
        lab.docker(
            1,
            &format!("service update -d --no-resolve-image --constraint-rm {old} --constraint-add {new} app"),
        );
        lab.wait_for("the move", || {
            let tasks =
                lab.docker(1, "service ps app --filter desired-state=running --format {{.Node}}={{.CurrentState}}");
            tasks.trim().starts_with(&format!("node-{to}=Running"))
        });
    }
    lab.docker(1, "service update -d --no-resolve-image --image 127.0.0.1:1/fill:2 app");
    runs(&lab, "127.0.0.1:1/fill:2");
    lab.docker(1, "service rm app");
    for node in 1..=3 {
        lab.docker(node, "volume rm gc-data");
        lab.wait_for("no task", || lab.try_docker(node, "rmi -f 127.0.0.1:1/fill:2 127.0.0.1:1/fill:3").is_some());
    }
}

/// Waits until the task of `app` runs this image.
fn runs(lab: &Lab, image: &str) {
    lab.wait_for(image, || {
        let tasks =
            lab.docker(1, "service ps app --filter desired-state=running --format {{.Image}}={{.CurrentState}}");
        tasks.trim().starts_with(&format!("{image}=Running"))
    });
}

#[test]
fn a_service_frees_every_disk_without_any_address_and_stays_nowhere() {
    let lab = Lab::clean();
    lab.run(&["image", "--orca", env!("CARGO_BIN_EXE_orca")]);
    let state = tempfile::tempdir().unwrap();
    let socket = lab.socket(1).display().to_string().replace("node-1", "{{.Node.Hostname}}");
    let config = format!(
        "gc: {{exclude: {{images: ['127.0.0.1:1/bb:*', '127.0.0.1:1/orca:*']}}, \
         service: {{image: '127.0.0.1:1/orca:1', socket: '{socket}'}}}}"
    );
    for node in 1..=3 {
        for tag in ["1", "2"] {
            image(&lab, node, tag);
        }
    }
    // It runs on the second node alone; the others may have to take it over.
    lab.docker(
        1,
        "service create -d --no-resolve-image --name app --constraint node.hostname==node-2 --stop-grace-period 1s \
        127.0.0.1:1/fill:2 sleep 1d",
    );
    runs(&lab, "127.0.0.1:1/fill:2");
    std::thread::sleep(Duration::from_secs(6));
    let args = ["gc", "--grace", "5s", "--via", "service", "--when-disk-above", "1%"];
    let done = lab.orca(1, &config, state.path(), &args);
    assert_eq!((done.exit, done.json["outcome"].as_str()), (0, Some("changed")), "{}", done.json);
    for node in 1..=3 {
        assert_eq!(tags(&lab, node), ["2"], "node-{node}");
        let freed = done.json["data"]["nodes"][node - 1]["freed_bytes"].as_u64().unwrap();
        assert!(freed >= 600_000, "node-{node}: {freed}");
    }
    assert_eq!(lab.docker(1, "service ls --format {{.Name}}").trim(), "app", "it was removed");
    assert_eq!(lab.docker(1, "config ls -q").trim(), "", "its order was removed");
    for node in 1..=3 {
        lab.wait_for("no container of it", || lab.docker(node, "ps -aq --filter name=orca-gc").trim().is_empty());
    }
    lab.docker(1, "service rm app");
    for node in 1..=3 {
        lab.wait_for("no task", || lab.try_docker(node, "rmi -f 127.0.0.1:1/fill:2").is_some());
    }
}

#[test]
fn an_unhealthy_container_is_restarted_on_every_engine_and_a_task_is_not() {
    let lab = Lab::clean();
    let state = tempfile::tempdir().unwrap();
    let check = "--health-cmd false --health-interval 1s --health-retries 1";
    for node in 1..=3 {
        lab.try_docker(node, "rm -f heal-me heal-not");
        lab.docker(
            node,
            &format!("run -d --name heal-me --label autoheal=true --stop-timeout 1 {check} 127.0.0.1:1/bb:1 sleep 1d"),
        );
        lab.docker(node, &format!("run -d --name heal-not {check} 127.0.0.1:1/bb:1 sleep 1d"));
    }
    let started =
        |node: usize, name: &str| lab.docker(node, &format!("inspect {name} --format {{{{.State.StartedAt}}}}"));
    let before: Vec<_> = (1..=3).map(|node| (started(node, "heal-me"), started(node, "heal-not"))).collect();
    // And for longer than the grace, after the last one has turned so.
    let unhealthy = || {
        lab.wait_for("an unhealthy container on each node", || {
            let health = |node| lab.docker(node, "inspect heal-me --format {{.State.Health.Status}}");
            (1..=3).all(|node| health(node).trim() == "unhealthy")
        });
        std::thread::sleep(Duration::from_secs(3));
    };
    unhealthy();
    let args = ["autoheal", "--only", "containers", "--grace", "1s", "--all-nodes"];
    let report = lab.orca(1, &hosts(&lab), state.path(), &args);
    assert_eq!((report.exit, report.actions()), (0, vec!["container.restart".to_owned(); 3]), "{}", report.json);
    for (node, (me, not)) in (1..=3).zip(before) {
        assert_ne!(started(node, "heal-me"), me, "node-{node}");
        assert_eq!(started(node, "heal-not"), not, "node-{node}");
    }
    unhealthy();
    let again = lab.orca(1, &hosts(&lab), state.path(), &args);
    assert_eq!((again.exit, again.actions().len()), (75, 0), "{}", again.json);
    for node in 1..=3 {
        lab.docker(node, "rm -f heal-me heal-not");
    }
}
