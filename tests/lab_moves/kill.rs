//! `kill -9` at each write of a move, which is made or lost with it, and signals.

use std::process::Command;
use std::sync::mpsc;

use serde_json::json;

use crate::proxy;
use crate::scene::{ANY, LINGER, SERVE, Scene, ended, statuses};

/// The turn, what steers the task, its removal, the seal.
const WRITES: usize = 4;

/// Begins to move `web` from where it is, and is killed at the n-th write.
fn killed(scene: &Scene, n: usize, made: bool) {
    let (tell, told) = mpsc::channel::<u32>();
    let socket = scene.lab.socket(scene.at);
    let (is_over, over) = mpsc::channel();
    let (_door, host) = proxy::at_nth_write(&socket, n, move || {
        let pid = told.recv().unwrap();
        assert!(Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success());
        is_over.send(()).unwrap();
        made
    });
    scene.measure();
    let place = scene.places("web").remove(0);
    let args = ["rebalance", "apply", "--metrics", "metrics.json", "--settle", "0s", "--unguarded", "--empty", &place];
    let mut command = scene.orca.command(&args);
    command.env("DOCKER_HOST", host);
    let running = scene.orca.spawn(command).unwrap();
    tell.send(running.child.id()).unwrap();
    over.recv().unwrap();
    assert_eq!(running.end().unwrap().exit, None);
}

#[test]
fn at_every_write_and_then_recover() {
    let mut scene = Scene::hog(1, &[], SERVE);
    // A write that was made is one before the next.
    let moments = (1..=WRITES).map(|n| (n, false)).chain([(WRITES, true)]);
    for (n, made) in moments {
        // On another engine each time.
        scene.at = n % 3 + 1;
        scene.orca.host = scene.lab.host(scene.at);
        let before = scene.before();
        killed(&scene, n, made);
        // Before the last one the spec is as it was; what a rollback would bring back is not.
        assert_eq!(scene.steered("web"), n == 3, "write {n}");
        let (ended, _) = scene.run(&["rebalance", "recover"]);
        assert_eq!(ended.exit, Some(0), "write {n}, made: {made}: {ended}");
        scene.as_before(&before, &[("web", ANY)]);
        // Before the move's first write it would go back to what the user had before.
        if n > 2 {
            scene.rolls_back_to_the_same("web");
        }
        let (ended, report) = scene.run(&["rebalance", "recover"]);
        assert_eq!((ended.exit, &report["outcome"]), (Some(0), &json!("unchanged")), "{ended}");
    }
}

#[test]
fn another_host_has_to_wait_for_the_turn_to_end() {
    let scene = Scene::hog(3, &[], SERVE);
    let before = scene.before();
    killed(&scene, 3, false);
    assert!(scene.steered("web"));
    let other = scene.other(&scene.lab.host(2));
    let ended = other.run(&["rebalance", "recover", "-o", "json"]).unwrap();
    let report = ended.report().unwrap();
    assert_eq!((ended.exit, &report["error"]["kind"]), (Some(75), &json!("locked")), "{ended}");
    assert!(scene.steered("web"), "it was not its turn");
    // As if its time were over.
    scene.docker("config rm orca.turn");
    let ended = other.run(&["rebalance", "recover", "-o", "json"]).unwrap();
    assert_eq!(ended.exit, Some(0), "{ended}");
    scene.as_before(&before, &[("web", ANY)]);
}

#[test]
fn a_signal_undoes_what_is_under_way() {
    let scene = Scene::hog(2, &[], LINGER);
    let before = scene.before();
    let running = scene.begun("web", scene.start(&[]));
    running.signal("INT").unwrap();
    let (ended, report) = ended(running);
    assert_eq!((ended.exit, &report["outcome"]), (Some(130), &json!("interrupted")), "{ended}");
    assert_eq!(statuses(&report), ["failed"], "{ended}");
    scene.as_before(&before, &[("web", 1)]);
    scene.rolls_back_to_the_same("web");
}
