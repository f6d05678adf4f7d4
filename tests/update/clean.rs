//! `--clean` on the simulated engine: what goes, what stays, and what is said of nodes that can't be reached.

use serde_json::{Value, json};

use crate::common::cluster::text;
use crate::common::poll;

use super::plan::digest;
use super::stage::{Stage, ended, image, outcomes};

/// An image as a node has it that swarm has pulled it to: by digest alone.
fn pulled(name: &str, letter: char, tags: &[&str]) -> Value {
    let id = format!("sha256:{}", letter.to_string().repeat(64).replace(|c: char| !c.is_ascii_hexdigit(), "9"));
    json!({"Id": format!("{id}{name}"), "RepoTags": tags, "RepoDigests": [format!("r.invalid/{name}@{}", digest(letter))],
        "Created": 1_700_000_000, "Size": 100, "SharedSize": 0})
}

/// Two nodes whose engines can't be reached, at once.
fn stage() -> Stage {
    let stage = Stage::new();
    stage.orca.config("nodes: {node-2: {host: 'unix:///nowhere/2'}, node-3: {host: 'unix:///nowhere/3'}}").unwrap();
    stage
}

fn removed(report: &Value) -> Vec<String> {
    let actions = report["actions"].as_array().unwrap().iter();
    let own = actions.filter(|action| action["target"]["node"].is_string() && action["status"] == "done");
    own.map(|action| format!("{} {}", text(&action["target"]["type"]), text(&action["target"]["name"]))).collect()
}

fn on_node(stage: &Stage) -> Vec<String> {
    let images = stage.sim.engine.get("/images/json").unwrap();
    images.as_array().unwrap().iter().map(|image| text(&image["RepoDigests"][0])).collect()
}

/// Three updates; after each the image of the one before is what the engine would go back to.
#[test]
fn what_was_replaced_goes_once_nothing_can_go_back_to_it_and_nothing_else() {
    let stage = stage();
    stage.create("web", |_| ());
    let exited = |name: &str, letter: char, labels: Value| {
        json!({"Id": name, "Names": [format!("/{name}")], "ImageID": pulled("web", letter, &[])["Id"], "Labels": labels,
            "Created": 1_700_000_000, "State": "exited", "Status": "Exited (0) 2 seconds ago"})
    };
    let of_task = json!({"com.docker.swarm.task.id": "long-gone"});
    stage
        .sim
        .admin(
            "/stock",
            &json!({"images": [pulled("web", 'a', &[]), pulled("web", 'b', &[]), pulled("web", 'c', &[]),
                pulled("other", 'd', &[])],
                "containers": [exited("web.1.old", 'a', of_task), exited("unrelated", 'd', json!({}))]}),
        )
        .unwrap();
    let all = on_node(&stage);
    stage.publish("r.invalid/web:1", 'b');
    let (exit, report) = stage.run(&["services", "update", "--clean"]);
    assert_eq!((exit, outcomes(&report).len(), removed(&report)), (0, 1, vec![]), "{report:#}");
    assert_eq!(report["data"]["clean"]["images"], json!([]), "the engine would go back to it: {report:#}");
    // A run that does not clean remembers what it has replaced, too.
    stage.publish("r.invalid/web:1", 'c');
    let (exit, report) = stage.run(&["services", "update"]);
    assert_eq!((exit, &report["data"]["clean"], on_node(&stage)), (0, &Value::Null, all), "{report:#}");
    let (exit, report) = stage.run(&["services", "update", "--clean", "-n"]);
    let gone = format!("r.invalid/web:1@{}", digest('a'));
    assert_eq!((exit, &report["data"]["clean"]["images"]), (0, &json!([gone])), "{report:#}");
    let (exit, report) = stage.run(&["services", "update", "--clean"]);
    let old = format!("image r.invalid/web@{}", digest('a'));
    assert_eq!((exit, removed(&report)), (0, vec!["container web.1.old".to_owned(), old]), "{report:#}");
    assert_eq!(on_node(&stage).len(), 3, "b is in PreviousSpec, c in the spec, the other is none of its business");
    let containers = stage.sim.engine.get("/containers/json?all=1").unwrap();
    assert_eq!(text(&containers[0]["Id"]), "unrelated", "{containers}");
    // Two nodes have no address: that is said, and tried again.
    let warning = report["warnings"].as_array().unwrap().iter().find(|warning| warning["code"] == "clean").unwrap();
    let said = text(&warning["message"]);
    assert!(said.contains("2 of 3 nodes failed: `node-2`") && said.contains("`node-3`"), "{said}");
    let (_, history) = stage.run(&["history"]);
    let row = &history["data"]["history"][0];
    assert_eq!((&row["kind"], &row["command"]), (&json!("image.remove"), &json!("services update")), "{history:#}");
    let (exit, report) = stage.run(&["services", "update", "--clean"]);
    assert_eq!((exit, removed(&report)), (0, vec![]), "{report:#}");
    assert_eq!(report["data"]["clean"]["images"], json!([gone]), "there it may still be: {report:#}");
}

#[test]
fn an_image_with_a_name_of_its_own_or_a_container_that_runs_stays() {
    let stage = stage();
    stage.create("web", |_| ());
    let running = json!({"Id": "c1", "Names": ["/by-hand"], "ImageID": pulled("web", 'b', &[])["Id"],
        "Created": 1_700_000_000, "State": "running", "Status": "Up 2 days"});
    stage
        .sim
        .admin(
            "/stock",
            &json!({"images": [pulled("web", 'a', &["mine:1"]), pulled("web", 'b', &[])], "containers": [running]}),
        )
        .unwrap();
    for letter in ['b', 'c', 'd'] {
        stage.publish("r.invalid/web:1", letter);
        let config = ended(&stage.orca.run(&["services", "update", "--clean"]).unwrap());
        assert_eq!((config.0, removed(&config.1)), (0, vec![]), "{:#}", config.1);
    }
    assert_eq!(on_node(&stage).len(), 2);
}

#[test]
fn what_somebody_has_given_a_service_again_is_theirs() {
    let stage = stage();
    stage.create("web", |_| ());
    stage.sim.admin("/stock", &json!({"images": [pulled("web", 'a', &[]), pulled("web", 'b', &[])]})).unwrap();
    stage.publish("r.invalid/web:1", 'b');
    assert_eq!(stage.run(&["services", "update"]).0, 0);
    // By hand: back to a. The update after that replaces it once more.
    let (exit, report) = stage.run(&["services", "rollback", "web"]);
    assert_eq!(exit, 0, "{report:#}");
    let (exit, report) = stage.run(&["services", "update", "--clean", "--exclude", "web"]);
    assert_eq!((exit, removed(&report), &report["data"]["clean"]["images"]), (0, vec![], &json!([])), "{report:#}");
    // And twice to others: now nothing needs a, but this was no update of orca's.
    for letter in ['c', 'd'] {
        let id = text(&stage.cluster().service("web").unwrap()["ID"]);
        let image = image("web", letter);
        let set = |spec: &mut Value| spec["TaskTemplate"]["ContainerSpec"]["Image"] = image.as_str().into();
        stage.sim.engine.edit("services", &id, set).unwrap();
        poll::until("the cluster rests", || stage.cluster().unsettled()).unwrap();
    }
    let (exit, report) = stage.run(&["services", "update", "--clean", "--exclude", "web"]);
    assert_eq!((exit, removed(&report), on_node(&stage).len()), (0, vec![], 2), "{report:#}");
}
