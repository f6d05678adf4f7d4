//! What goes wrong beneath the catalog, who else is in it, and what makes it run by itself.

use std::process::Command;

use serde_json::{Value, json};

use crate::common::orca::{Ended, Orca};
use crate::common::sim::Sim;
use crate::stage::{IMAGE, Stage, counts, kinds};

fn root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

#[test]
fn a_full_disk_loses_nothing_and_says_so() {
    let stage = Stage::with_definitions();
    let dir = stage.orca.state_dir();
    std::fs::create_dir(&dir).unwrap();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=512k", "orca-test"]).arg(&dir).status();
    let possible = root() && mounted.is_ok_and(|status| status.success());
    assert!(possible || std::env::var_os("CI").is_none_or(|ci| ci != "true"), "nothing may be left out here");
    if !possible {
        eprintln!("NOT tested: no tmpfs can be mounted here");
        return;
    }
    stage.plain("web", "");
    assert_eq!(stage.reconcile(&["--deploy"]), [1, 0, 0, 0]);
    // Every byte that is left.
    let fill = format!("of={}", dir.join("fill").display());
    let filled = Command::new("dd").args(["if=/dev/zero", "bs=512", &fill]).output().unwrap();
    stage.plain("web", &format!("env: {{LONG: {}}}\n", "x".repeat(100_000)));
    stage.plain("api", "");
    let ended = stage.catalog(&["reconcile", "--deploy"]);
    std::fs::remove_file(dir.join("fill")).unwrap();
    let (listed, again) = (stage.report(0, &["ls"]), stage.report(0, &["reconcile", "--deploy"]));
    let second = stage.reconcile(&["--deploy"]);
    assert!(Command::new("umount").arg(&dir).status().unwrap().success());
    assert!(!filled.status.success(), "the disk was full");
    assert_eq!(ended.exit, Some(1), "{ended}");
    assert!(format!("{ended}").contains("full"), "{ended}");
    let rows = listed["data"]["services"].as_array().unwrap();
    assert_eq!((rows.len(), &rows[0]["name"]), (1, &json!("web")), "what was there still is: {listed:#}");
    assert_eq!((counts(&again)[..2].to_vec(), second), (vec![1, 1], [0; 4]), "{again:#}");
}

/// A command of the same host, about another swarm.
fn at(orca: &Orca, sim: &Sim, args: &[&str]) -> Ended {
    let mut command = orca.command(&[&["catalog"], args].concat());
    command.env("DOCKER_HOST", sim.engine.host());
    orca.spawn(command).unwrap().end().unwrap()
}

#[test]
fn two_clusters_share_a_database_and_nothing_else() {
    let (one, other) = (Sim::of_cluster("cluster-one").unwrap(), Sim::of_cluster("cluster-other").unwrap());
    let orca = Orca::new(&one.engine.host()).unwrap();
    let define = |dir: &str, names: &[&str]| {
        let dir = orca.path(dir);
        _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir(&dir).unwrap();
        for name in names {
            std::fs::write(dir.join(format!("{name}.yml")), format!("image: {IMAGE}\n")).unwrap();
        }
    };
    let reconcile = |sim: &Sim, dir: &str| {
        let ended = at(&orca, sim, &["reconcile", "--deploy", "--prune", "--definitions", dir]);
        assert_eq!(ended.exit, Some(0), "{ended}");
        counts(&ended.report().unwrap())
    };
    let rows = |sim: &Sim| -> Vec<String> {
        let listed = at(&orca, sim, &["ls"]).report().unwrap();
        let row = |row: &Value| format!("{} {}", row["name"].as_str().unwrap(), row["status"].as_str().unwrap());
        listed["data"]["services"].as_array().unwrap().iter().map(row).collect()
    };
    define("one", &["api", "web"]);
    define("other", &["web"]);
    assert_eq!((reconcile(&one, "one"), reconcile(&other, "other")), ([2, 0, 0, 0], [1, 0, 0, 0]));
    assert_eq!(reconcile(&one, "one"), [0; 4]);
    // All but one service of the one cluster goes; the other has a service of the same name.
    define("one", &["api"]);
    assert_eq!(reconcile(&one, "one"), [0, 0, 1, 0]);
    assert_eq!((rows(&one), rows(&other)), (vec!["api running".to_owned()], vec!["web running".to_owned()]));
    assert_eq!(other.engine.get("/services").unwrap().as_array().unwrap().len(), 1);
    assert_eq!(reconcile(&other, "other"), [0; 4]);
    // What one swarm says of a service is not said of the other's.
    let id = other.engine.get("/services").unwrap()[0]["ID"].as_str().unwrap().to_owned();
    other.engine.ask("DELETE", &format!("/services/{id}"), None).unwrap();
    let ended = at(&orca, &other, &["reconcile", "--definitions", "other"]);
    assert_eq!(counts(&ended.report().unwrap()), [0, 0, 0, 1]);
    assert_eq!((rows(&one), rows(&other)), (vec!["api running".to_owned()], vec!["web stopped".to_owned()]));
    // The directory of the one is gone: nothing of anybody's is deleted.
    std::fs::remove_dir_all(orca.path("one")).unwrap();
    let ended = at(&orca, &one, &["reconcile", "--deploy", "--prune", "--definitions", "one"]);
    assert_eq!(ended.exit, Some(78), "{ended}");
    assert_eq!((rows(&one).len(), rows(&other).len()), (1, 1));
    assert_eq!(one.engine.get("/services").unwrap().as_array().unwrap().len(), 1);
}

#[test]
fn it_is_a_pass_of_the_watch_where_the_config_says_so() {
    let stage = Stage::with_definitions();
    stage.plain("web", "");
    let watched = |orca: &Orca| {
        let ended = orca.run(&["watch", "--once"]).unwrap();
        let lines = ended.stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let reports: Vec<Value> =
            lines.filter(|line| line["type"] == "report").map(|line| line["report"].clone()).collect();
        assert_eq!(ended.exit, Some(0), "{ended}");
        reports
    };
    let commands = |reports: &[Value]| -> Vec<String> {
        reports.iter().map(|report| report["command"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(commands(&watched(&stage.orca)), ["reconcile"], "nobody has asked for it");
    stage
        .orca
        .config("catalog: {definitions: defs, deploy: true}\nwatch: {passes: {catalog reconcile: {}}}\n")
        .unwrap();
    let reports = watched(&stage.orca);
    assert_eq!((commands(&reports), counts(&reports[0])), (vec!["catalog reconcile".to_owned()], [1, 0, 0, 0]));
    assert!(stage.service("web").is_some());
    assert_eq!(counts(&watched(&stage.orca)[0]), [0; 4]);
}

#[test]
fn the_examples_deploy() {
    let stage = Stage::with_definitions();
    for entry in std::fs::read_dir("examples/services").unwrap() {
        let entry = entry.unwrap();
        let text = std::fs::read_to_string(entry.path()).unwrap();
        let image = text.lines().find(|line| line.starts_with("image: ")).unwrap();
        // The simulator has no secrets; the lab does.
        let text = text.replace(image, &format!("image: {IMAGE}")).replace("secrets: [db_password]\n", "");
        stage.define(entry.file_name().to_str().unwrap(), &text);
    }
    let network = json!({"Name": "web", "Driver": "overlay", "Scope": "swarm"});
    stage.sim.engine.post("/networks/create", &network).unwrap();
    assert_eq!(stage.reconcile(&["--deploy"]), [2, 0, 0, 0]);
    assert_eq!(stage.reconcile(&["--deploy"]), [0; 4]);
    let spec = stage.service("whoami").unwrap()["Spec"].clone();
    let (template, container) = (&spec["TaskTemplate"], &spec["TaskTemplate"]["ContainerSpec"]);
    assert_eq!(spec["Mode"]["Replicated"]["Replicas"], 2);
    assert_eq!(container["Env"], json!(["TZ=Europe/Berlin"]));
    assert_eq!(container["Args"], json!(["whoami", "--port", "80"]));
    assert_eq!(template["Placement"]["Constraints"], json!(["node.role == manager"]));
    let port = &spec["EndpointSpec"]["Ports"][0];
    assert_eq!((&port["PublishedPort"], &port["TargetPort"]), (&json!(8080), &json!(80)));
    assert_eq!((&container["Mounts"][0]["ReadOnly"], &spec["Labels"]["team"]), (&json!(true), &json!("web")));
    assert_eq!(template["Networks"].as_array().unwrap().len(), 1);
}

#[test]
fn a_deployment_may_say_image_replicas_and_ports() {
    let stage = Stage::with_definitions();
    let image = format!("--image={IMAGE}");
    // The original's call: a service that nobody has defined.
    let planned = stage.report(0, &["deploy", "web", &image, "--replicas=2", "--port=8080:80", "--dry-run"]);
    assert_eq!(kinds(&planned), ["catalog.insert", "service.create"]);
    assert!(stage.service("web").is_none() && stage.statuses().is_empty());
    let made = stage.report(0, &["deploy", "web", &image, "--replicas=2", "--port=8080:80"]);
    assert_eq!(kinds(&made), ["catalog.insert", "service.create"]);
    let again = stage.report(0, &["deploy", "web", &image, "--replicas=2", "--port=8080:80"]);
    assert_eq!((kinds(&again), &again["outcome"]), (Vec::new(), &json!("unchanged")));
    // One that is there: what is said counts, the rest stays.
    let changed = stage.report(0, &["deploy", "web", "--replicas=3"]);
    assert_eq!(kinds(&changed), ["catalog.update", "service.field.set", "service.scale"], "{changed:#}");
    let definition = &stage.report(0, &["show", "web"])["data"]["service"]["definition"];
    assert_eq!((&definition["replicas"], &definition["ports"]), (&json!(3), &json!(["8080:80"])));
    assert_eq!(stage.service("web").unwrap()["Spec"]["Mode"]["Replicated"]["Replicas"], 3);
    // One of a file is changed, and that it won't last is said.
    stage.plain("api", "");
    stage.reconcile(&[]);
    let warned = stage.report(0, &["deploy", "api", "--replicas=2"]);
    assert_eq!(warned["warnings"][0]["code"], "defined_by_file", "{warned:#}");
    for (args, exit) in [
        (&["deploy", "new", "--replicas=2"][..], 64),
        (&["deploy", "web", "api", "--replicas=2"], 64),
        (&["deploy", "--all", "--replicas=2"], 64),
        (&["deploy", "web", "--port=x"], 78),
    ] {
        let ended = stage.catalog(args);
        assert_eq!(ended.exit, Some(exit), "{ended}");
    }
    assert_eq!(stage.service("web").unwrap()["Spec"]["Mode"]["Replicated"]["Replicas"], 3);
}
