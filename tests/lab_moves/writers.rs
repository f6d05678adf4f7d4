//! Somebody else writes to the service in the middle of its move.

use serde_json::{Value, json};

use crate::scene::{LINGER, Scene, ended};

/// The change is there afterwards, and nothing else is new.
fn meanwhile(at: usize, words: &str, wanted: impl Fn(&mut Value)) -> Scene {
    let scene = Scene::hog(at, &["--label", "team=x"], LINGER);
    let mut spec = scene.inspect("web")["Spec"].clone();
    let running = scene.begun("web", scene.start(&[]));
    // Neither may another orca move anything now.
    let other = scene.other(&scene.lab.host(at % 3 + 1)).run(&["rebalance", "recover", "-o", "json"]).unwrap();
    assert_eq!(other.exit, Some(75), "{other}");
    scene.docker(&format!("service update -d {words} web"));
    let (ended, _) = ended(running);
    assert!(matches!(ended.exit, Some(0 | 1)), "{ended}");
    scene.settled();
    scene.no_traces();
    wanted(&mut spec);
    assert_eq!(scene.inspect("web")["Spec"], spec, "{ended}");
    scene
}

#[test]
fn a_label() {
    let scene = meanwhile(1, "--label-add mine=1", |spec| spec["Labels"]["mine"] = "1".into());
    assert_eq!(scene.places("web"), ["node-3"]);
    scene.rolls_back_to_the_same("web");
}

#[test]
fn replicas() {
    let scene = meanwhile(2, "--replicas 3", |spec| spec["Mode"]["Replicated"]["Replicas"] = json!(3));
    assert_eq!(scene.places("web").len(), 3);
}

#[test]
fn a_constraint() {
    meanwhile(3, "--constraint-add node.role==manager", |spec| {
        spec["TaskTemplate"]["Placement"]["Constraints"] = json!(["node.role==manager"]);
    });
}

/// `docker stack deploy` writes the whole spec anew, without the move's labels.
#[test]
fn a_stack_deploy() {
    let mut scene = Scene::new(2);
    scene.pinned([1, 2, 3]);
    let file = scene.orca.path("stack.yml");
    let deploy = |scene: &Scene, label: &str| {
        let service = json!({
            "image": "127.0.0.1:1/bb:1", "command": ["sh", "-c", LINGER], "stop_grace_period": "30s",
            "deploy": {"labels": {"revision": label}, "update_config": {"order": "stop-first"}},
        });
        let stack = json!({"version": "3.8", "services": {"web": service}});
        std::fs::write(&file, stack.to_string()).unwrap();
        let path = file.to_str().unwrap().to_owned();
        scene.lab.docker_words(2, &["stack", "deploy", "--resolve-image", "never", "-c", &path, "s"]);
    };
    for node in [2, 3] {
        scene.availability(node, "pause");
    }
    deploy(&scene, "1");
    scene.lab.wait_for("the stack runs", || scene.places("s_web").len() == 1);
    for node in [2, 3] {
        scene.availability(node, "active");
    }
    scene.holds("s_web", 4_000);
    let running = scene.begun("s_web", scene.start(&[]));
    deploy(&scene, "2");
    let (ended, _) = ended(running);
    assert!(matches!(ended.exit, Some(0 | 1)), "{ended}");
    scene.settled();
    scene.no_traces();
    let deployed = scene.inspect("s_web")["Spec"].clone();
    deploy(&scene, "2");
    assert_eq!(scene.inspect("s_web")["Spec"], deployed, "{ended}");
    assert_eq!(deployed["Labels"]["revision"], "2");
    scene.docker("stack rm s");
}
