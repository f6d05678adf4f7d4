//! Targets, leaders and images that are not what a move needs: told so, and undone.

use serde_json::{Value, json};

use crate::orca::Ended;
use crate::scene::{ANY, LINGER, SERVE, Scene, ended, statuses};

const OWN: &str = "127.0.0.1:1/own:1";

/// The move was tried in vain, and the task's error is in the report.
fn in_vain((ended, report): (Ended, Value), exit: i32, status: &str, says: &str) {
    assert_eq!((ended.exit, &report["outcome"]), (Some(exit), &json!("failed")), "{ended}");
    assert_eq!(statuses(&report), [status], "{ended}");
    let error = report["actions"][0]["error"].as_str().unwrap();
    assert!(error.contains(says), "`{error}` doesn't say `{says}`");
}

#[test]
fn the_image_is_not_on_the_target() {
    let mut scene = Scene::new(3);
    for node in 1..=3 {
        let words = if node == 3 { format!("rmi {OWN}") } else { format!("tag 127.0.0.1:1/bb:1 {OWN}") };
        scene.lab.try_docker(node, &words);
    }
    scene.pinned([1, 2, 3]);
    scene.service_with("web", &[1], 4_000, &["--restart-delay", "300ms", OWN], SERVE);
    let before = scene.before();
    in_vain(scene.apply(&[]), 75, "skipped", "its image is not on `node-3`");
    scene.as_before(&before, &[]);
    in_vain(scene.apply(&["--no-prepull"]), 1, "failed", "No such image");
    scene.as_before(&before, &[("web", 1)]);
    assert_ne!(scene.places("web"), ["node-3"]);
    scene.rolls_back_to_the_same("web");
}

#[test]
fn the_target_crashes_the_task() {
    let script = format!("[ $NODE = node-3 ] && exit 3; {SERVE}");
    let options = ["--restart-delay", "300ms", "--env", "NODE={{.Node.Hostname}}"];
    let scene = Scene::hog(2, &options, &script);
    let before = scene.before();
    // It may be seen running before it is seen to have ended.
    in_vain(scene.apply(&["--settle", "10s"]), 1, "failed", "task: non-zero exit (3)");
    // Swarm may try that node again, a few times.
    let elsewhere = || scene.places("web").iter().any(|node| node != "node-3");
    scene.lab.wait_for("the task runs elsewhere", elsewhere);
    scene.as_before(&before, &[("web", 1)]);
    scene.rolls_back_to_the_same("web");
}

/// One obvious move: `web`, which takes its time to end, from one follower to the other. orca talks to the first.
fn between_followers() -> (Scene, usize, usize) {
    let mut scene = Scene::new(1);
    let leader = scene.lab.leader();
    let others: Vec<usize> = (1..=3).filter(|node| *node != leader).collect();
    let (full, empty) = (others[0], others[1]);
    scene.at = full;
    scene.orca.host = scene.lab.host(full);
    scene.pinned([full, leader, empty]);
    scene.service_with("web", &[full], 4_000, &[], LINGER);
    (scene, leader, empty)
}

#[test]
fn the_target_dies() {
    let (scene, _, target) = between_followers();
    let before = scene.before();
    let running = scene.begun("web", scene.start(&[]));
    scene.lab.run(&["kill", &target.to_string()]);
    in_vain(ended(running), 1, "failed", "");
    scene.lab.wait_for("the task runs", || scene.places("web").len() == 1);
    assert_ne!(scene.places("web"), [format!("node-{target}")]);
    scene.no_traces();
    scene.lab.run(&["start", &target.to_string()]);
    // What was pinned there comes back with it.
    scene.as_before(&before, &[("web", 1), ("low", ANY)]);
}

/// The managers elect another one, and the move goes on.
#[test]
fn the_leader_dies() {
    let (scene, leader, empty) = between_followers();
    let before = scene.before();
    let running = scene.begun("web", scene.start(&[]));
    scene.lab.run(&["kill", &leader.to_string()]);
    let (ended, report) = ended(running);
    assert_eq!((ended.exit, statuses(&report)), (Some(0), vec!["done"]), "{ended}");
    assert_eq!(scene.places("web"), [format!("node-{empty}")]);
    scene.lab.run(&["start", &leader.to_string()]);
    scene.as_before(&before, &[("web", 1), ("mid", ANY)]);
}
