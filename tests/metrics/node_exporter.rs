//! The source `node_exporter`: whom it asks, what it believes, what it says of the others.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::exporter::{Answer, Server, exposition, exposition_at};
use crate::swarm::{Ended, GIB, Swarm};

/// The exporters of n1 to n3 on one server, 8 GiB each: 6, 2 and 1 in use.
fn exporters() -> (Server, String) {
    let server = Server::start();
    for (name, available) in [("n1", 2.0), ("n2", 6.0), ("n3", 7.0)] {
        server.text(&format!("/{name}"), exposition(name, 8.0, available));
    }
    let mut config = "{source: node_exporter, timeout: 1s, node_exporters: {".to_owned();
    for name in ["n1", "n2", "id-n3"] {
        let path = name.trim_start_matches("id-");
        write!(config, "{name}: '{}', ", server.url(&format!("/{path}"))).unwrap();
    }
    (server, config + "}}")
}

fn measure(swarm: &Swarm) -> Ended {
    swarm.orca(&["rebalance", "measure"])
}

#[test]
fn a_metrics_file_is_measured() {
    let (_server, config) = exporters();
    let swarm = Swarm::new(&config);
    let ended = measure(&swarm);
    assert_eq!(ended.code, 0, "{ended:?}");
    let figures = ended.json();
    assert_eq!((&figures["schema"], &figures["source"]), (&json!("orca.metrics/1"), &json!("node_exporter")));
    let used = |name: &str| figures["nodes"][name]["used_bytes"].as_u64().unwrap();
    assert_eq!((used("n1"), used("n2"), used("n3")), (6 * GIB, 2 * GIB, GIB));
    // Nobody measures tasks here: what they reserve is an estimate, and what reserves nothing is not known.
    let db = &figures["tasks"]["task-db"];
    assert_eq!((&db["footprint_bytes"], &db["estimated"]), (&json!(2 * GIB), &json!(true)));
    assert_eq!(figures["tasks"]["task-tool"], Value::Null);
    assert!(ended.err.contains("warning: 2 of 3 tasks are not measured"), "{}", ended.err);
    assert!(swarm.path("state/state.db").exists());
}

#[test]
fn a_dry_run_remembers_nothing() {
    let (_server, config) = exporters();
    let swarm = Swarm::new(&config);
    let ended = swarm.orca(&["rebalance", "measure", "-n"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.json()["nodes"]["n1"].is_object());
    assert!(!swarm.path("state").exists());
}

#[test]
fn a_live_plan_is_the_plan_from_its_file() {
    let (_server, config) = exporters();
    let swarm = Swarm::new(&config);
    let file = swarm.write("m.json", &measure(&swarm).out);
    let (live, from_file) = (
        swarm.orca(&["rebalance", "plan", "--max-restarts", "1", "--unguarded"]),
        swarm.orca(&["rebalance", "plan", "--max-restarts", "1", "--unguarded", "--metrics", &file]),
    );
    assert_eq!((live.code, from_file.code), (0, 0), "{live:?}");
    let (mut live, mut from_file) = (live.json(), from_file.json());
    assert_eq!(live["data"]["metrics"]["source"], "node_exporter");
    assert_eq!(live["data"]["metrics"]["estimated_tasks"], 2);
    assert_eq!(live["actions"].as_array().unwrap().len(), 1);
    for report in [&mut live, &mut from_file] {
        report["data"]["metrics"]["taken_at"] = Value::Null;
    }
    assert_eq!(live["actions"], from_file["actions"]);
    assert_eq!(live["data"], from_file["data"]);
}

#[test]
fn later_samples_are_smoothed_and_a_plan_writes_none() {
    let (server, config) = exporters();
    let swarm = Swarm::new(&config);
    measure(&swarm);
    server.text("/n1", exposition("n1", 8.0, 6.0));
    let used = |ended: Ended| ended.json()["data"]["nodes"][0]["used_bytes"]["before"].as_u64().unwrap();
    // A moment later a jump from 6 to 2 GiB counts for next to nothing, however often a plan looks at it.
    for _ in 0..3 {
        let seen = used(swarm.orca(&["rebalance", "plan"]));
        assert!((11 * GIB / 2..=6 * GIB).contains(&seen), "{seen}");
    }
    std::fs::remove_dir_all(swarm.path("state")).unwrap();
    assert_eq!(used(swarm.orca(&["rebalance", "plan"])), 2 * GIB);
    assert!(!swarm.path("state").exists());
}

#[test]
fn for_how_long_there_is_a_reason_is_remembered() {
    let (_server, config) = exporters();
    let swarm = Swarm::new(&config);
    let state = || swarm.orca(&["rebalance", "plan"]).json()["data"]["trigger"]["state"].clone();
    // n1 is more than 20 points above n3.
    assert_eq!(state(), "unconfirmed");
    measure(&swarm);
    assert_eq!(state(), "waiting");
    swarm.orca(&["rebalance", "measure", "-n"]);
    assert_eq!(state(), "waiting");
}

#[test]
fn a_node_whose_exporter_fails_is_missing_with_the_reason() {
    let hour_ago = Timestamp::now().as_second() - 3600;
    let whole = exposition("n3", 8.0, 7.0);
    for (answer, why) in [
        (Answer::Silence, "/n3: no answer within 1 s"),
        (Answer::Body(500, String::new()), "answered 500"),
        (Answer::Body(404, "404 page not found".to_owned()), "answered 404"),
        (Answer::Body(302, String::new()), "answered 302"),
        (Answer::Endless, "the answer is larger than 16777216 bytes"),
        (Answer::Cut(whole.len() + 10, whole.clone()), "the connection was cut"),
        (Answer::Body(200, "<html>welcome</html>".to_owned()), "which machine"),
        (Answer::Body(200, exposition("n2", 8.0, 7.0)), "is that of `n2`, not of `n3`"),
        (Answer::Body(200, exposition("3f2a", 8.0, 7.0)), "is that of `3f2a`, not of `n3`"),
        (Answer::Body(200, exposition_at("n3", 8.0, 7.0, hour_ago)), "off, more than 10m"),
        (Answer::Body(200, whole.replace("MemAvailable", "MemFree")), "no node_memory_MemAvailable_bytes"),
        (Answer::Body(200, exposition("n3", 8.0, f64::NAN)), "no node_memory_MemAvailable_bytes"),
        (Answer::Body(200, exposition("n3", 8.0, 9.0)), "bytes available of"),
    ] {
        let (server, config) = exporters();
        server.set("/n3", answer);
        let swarm = Swarm::new(&config);
        let ended = measure(&swarm);
        assert_eq!(ended.code, 0, "{why}: {ended:?}");
        let figures = ended.json();
        let said = figures["missing"]["n3"].as_str().unwrap_or_else(|| panic!("{why}: {figures}"));
        assert!(said.contains(why), "{why}: {said}");
        assert!(figures["nodes"]["n3"].is_null() && figures["nodes"]["n1"].is_object(), "{figures}");
        assert!(ended.seconds < 10.0, "{why}: {} s", ended.seconds);
        // One of three may be missing; the plan says so and gives it nothing.
        let plan = swarm.orca(&["rebalance", "plan", "--metrics", &swarm.write("m.json", &ended.out)]).json();
        assert_eq!(plan["data"]["metrics"]["missing"], json!(["n3"]), "{why}");
        assert!(
            plan["warnings"]
                .to_string()
                .contains(&format!("`n3` gives and takes nothing: {}", said.split('"').next().unwrap())),
            "{plan}"
        );
    }
}

#[test]
fn silent_exporters_are_waited_for_at_once() {
    let (server, config) = exporters();
    for path in ["/n1", "/n2", "/n3"] {
        server.set(path, Answer::Silence);
    }
    let swarm = Swarm::new(&config);
    let ended = measure(&swarm);
    assert_eq!((ended.code, &ended.json()["error"]["kind"]), (75, &json!("refused")), "{ended:?}");
    assert!(ended.seconds < 2.9, "{} s", ended.seconds);
    let plan = swarm.orca(&["rebalance", "plan"]);
    assert_eq!(plan.code, 75, "{plan:?}");
    assert!(plan.json()["error"]["message"].as_str().unwrap().contains("3 of 3 ready nodes is not known"));
}

#[test]
fn nobody_listens() {
    // Addresses of the swarm's own, which the test must not ask: a port of this host that is closed instead.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config =
        format!("{{source: node_exporter, node_exporters: {{n1: '{closed}', n2: '{closed}', n3: '{closed}'}}}}");
    let ended = measure(&Swarm::new(&config));
    assert_eq!(ended.code, 75);
    let message = ended.json()["error"]["message"].to_string();
    assert!(
        message.contains(&format!("as `n1`: http://{closed}/metrics: cannot connect: Connection refused")),
        "{message}"
    );
}

#[test]
fn two_nodes_with_one_name_have_no_figures() {
    let (_server, config) = exporters();
    let swarm = Swarm::with(&config, |snapshot| {
        snapshot["nodes"][2]["Description"]["Hostname"] = json!("n2");
    });
    let figures = measure(&swarm).json();
    assert_eq!(figures["missing"], json!({"n2": "several ready nodes are called `n2`"}));
    assert_eq!(figures["nodes"].as_object().unwrap().len(), 1);
}

#[test]
fn vms_have_the_memory_of_their_host() {
    let server = Server::start();
    server.text("/pve", exposition("pve-1", 64.0, 32.0));
    server.text("/n2", exposition("n2", 8.0, 6.0));
    server.text("/n3", exposition("c0ffee", 8.0, 7.0));
    let config = format!(
        "{{source: node_exporter, timeout: 1s, node_exporter_nodes: {{pve-1: {{exporter_url: '{}'}}, n2: {{exporter_url: '{}'}}}}, \
         node_map: {{n1: pve-1, id-n3: c0ffee}}, node_exporters: {{n3: '{}'}}}}",
        server.url("/pve"),
        server.url("/n2"),
        server.url("/n3"),
    );
    let figures = measure(&Swarm::new(&config)).json();
    assert_eq!(figures["nodes"]["n1"]["total_bytes"], json!(64 * GIB));
    assert_eq!(figures["nodes"]["n2"]["used_bytes"], json!(2 * GIB));
    // An exporter in a container has a name of its own, which the map vouches for.
    assert_eq!(figures["nodes"]["n3"]["used_bytes"], json!(GIB), "{figures}");
}

#[test]
fn pressure_comes_first_in_the_order() {
    let (_server, config) = exporters();
    let swarm = Swarm::new(&config);
    let node =
        |used: u64, pressure: Value| json!({"total_bytes": 100 * GIB, "used_bytes": used * GIB, "pressure": pressure});
    let task = |used: u64| json!({"footprint_bytes": used * GIB, "working_set_bytes": used * GIB});
    let file = |pressure: Value| {
        let figures = json!({
            "taken_at": Timestamp::now().to_string(),
            "nodes": {"n1": node(90, Value::Null), "n2": node(80, pressure), "n3": node(10, Value::Null)},
            "tasks": {"task-db": task(30), "task-web": task(1), "task-tool": task(20)},
        });
        swarm.write("m.json", &figures.to_string())
    };
    let order = |file: &str| {
        let plan = swarm.orca(&["rebalance", "plan", "--metrics", file, "--max-restarts", "2", "--unguarded"]).json();
        let moves = plan["data"]["moves"].as_array().unwrap().clone();
        let names: Vec<String> = moves.iter().map(|m| m["service"]["name"].as_str().unwrap().to_owned()).collect();
        (names, plan["data"]["nodes"][1]["pressure"].clone())
    };
    let pressed = json!({"some": 0.2, "full": 0.0, "oom_kills": 0});
    assert_eq!(order(&file(Value::Null)), (vec!["db".to_owned(), "tool".to_owned()], Value::Null));
    assert_eq!(order(&file(pressed.clone())), (vec!["tool".to_owned(), "db".to_owned()], pressed));
}
