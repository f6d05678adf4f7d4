//! What tools do, refuse, and leave alone.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::{Client, Stage, document, wait_for};

const WRITES: [&str; 13] = [
    "activate_node",
    "apply_rebalance",
    "collect_garbage",
    "delete_registry_tag",
    "deploy_service",
    "drain_node",
    "reconcile",
    "restart_service",
    "rollback_service",
    "scale_service",
    "start_service",
    "stop_service",
    "update_services",
];

fn opened(stage: &Stage, args: &[&str]) -> Client {
    let mut client = stage.client(args);
    client.handshake("2025-11-25");
    client
}

fn name(tool: &Value) -> &str {
    tool["name"].as_str().unwrap()
}

#[test]
fn tools_that_write_are_there_only_if_they_may() {
    let stage = Stage::with_web();
    let mut client = opened(&stage, &[]);
    let tools = client.tools();
    assert!(tools.iter().all(|tool| tool["annotations"]["readOnlyHint"] == true), "{tools:#?}");
    assert!(tools.iter().all(|tool| tool["outputSchema"]["type"] == "object"));
    let read: BTreeSet<&str> = tools.iter().map(name).collect();
    for tool in WRITES {
        let answer = client.call(tool, &json!({"name": "web", "replicas": 3, "confirm": true}));
        assert_eq!(answer["error"]["code"], -32602, "{tool}: {answer}");
    }
    assert_eq!(stage.replicas(), 1);

    let mut client = opened(&stage, &["--allow-write"]);
    let tools = client.tools();
    let write: BTreeSet<&str> = tools.iter().map(name).filter(|name| !read.contains(name)).collect();
    assert_eq!(write, BTreeSet::from(WRITES));
    for tool in tools.iter().filter(|tool| write.contains(name(tool))) {
        assert_eq!(tool["annotations"]["readOnlyHint"], false);
        let removes = ["collect_garbage", "delete_registry_tag"].contains(&name(tool));
        assert_eq!(tool["annotations"]["destructiveHint"], removes, "{tool}");
    }
}

#[test]
fn a_write_wants_a_plan_that_is_still_the_same() {
    let stage = Stage::with_web();
    let mut client = opened(&stage, &["--allow-write"]);
    let three = json!({"name": "web", "replicas": 3});
    let answer = client.call("scale_service", &three);
    let plan = document(&answer);
    assert_eq!(plan["report"]["outcome"], "planned");
    assert_eq!(stage.replicas(), 1, "a plan changes nothing");
    let id = plan["plan_id"].as_str().unwrap().to_owned();

    // Somebody else is faster.
    let ended = stage.orca.run(&["services", "scale", "web=2"]).unwrap();
    assert_eq!(ended.exit, Some(0));
    let answer = client.call("scale_service", &json!({"name": "web", "replicas": 3, "plan_id": id}));
    let refused = document(&answer);
    assert_eq!((stage.replicas(), answer["result"]["isError"].as_bool()), (2, Some(true)));
    assert!(refused["note"].as_str().unwrap().contains("another one by now"), "{refused}");

    let id = refused["plan_id"].as_str().unwrap().to_owned();
    let answer = client.call("scale_service", &json!({"name": "web", "replicas": 3, "plan_id": id}));
    assert_eq!(document(&answer)["report"]["outcome"], "changed");
    assert_eq!(stage.replicas(), 3);
    let answer = client.call("scale_service", &json!({"name": "web", "replicas": 1, "confirm": true}));
    assert_eq!(document(&answer)["report"]["outcome"], "changed");
    assert_eq!(stage.replicas(), 1);
    let told = client.call("get_history", &json!({"limit": 5}));
    let rows = document(&told)["report"]["data"]["history"].as_array().unwrap();
    assert_eq!(rows.len(), 3, "{rows:#?}");
}

#[test]
fn a_wrong_call_says_what_is_wrong() {
    let stage = Stage::with_web();
    let mut client = opened(&stage, &[]);
    for (tool, arguments, why) in [
        ("get_service", json!({}), "`name` is missing"),
        ("get_service", json!({"name": 7}), "`name` must be a text"),
        ("get_service", json!({"name": "web", "force": true}), "unknown argument `force`; there are: name"),
        ("get_service_logs", json!({"name": "web", "since": "soon"}), "invalid value"),
        ("get_service", json!({"name": "--help"}), "there is no service `--help`"),
        ("plan_reconcile", json!({}), "no configuration"),
    ] {
        let answer = client.call(tool, &arguments);
        assert_eq!(answer["result"]["isError"], true, "{answer}");
        assert!(document(&answer).to_string().contains(why), "{why}: {answer}");
    }
    let answer = client.call("no_such_tool", &json!({}));
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
}

#[test]
fn secrets_are_redacted_and_an_engine_that_is_away_is_an_error() {
    let stage = Stage::with_web();
    let mut client = opened(&stage, &[]);
    let answer = client.call("get_service", &json!({"name": "web"}));
    assert!(answer.to_string().contains("(redacted)") && !answer.to_string().contains("hunter2"), "{answer}");
    drop(stage.sim);
    let answer = client.call("list_services", &json!({}));
    assert_eq!(
        (answer["result"]["isError"].as_bool(), document(&answer)["exit_code"].as_u64()),
        (Some(true), Some(69))
    );
    assert!(document(&answer)["report"]["data"].get("services").is_none());
}

#[test]
fn whoever_leaves_in_mid_write_leaves_a_whole_swarm() {
    let stage = Stage::with_web();
    let mut client = opened(&stage, &["--allow-write"]);
    client.send(
        "tools/call",
        json!({"name": "scale_service", "arguments": {"name": "web", "replicas": 3, "confirm": true}}),
    );
    let (_, exit) = client.close();
    assert_eq!(exit, Some(0));
    // It was not begun, or it was ended.
    let begun = stage.replicas();
    assert!([1, 3].contains(&begun), "{begun}");
    let ended = stage.orca.run(&["services", "scale", "web=3"]).unwrap();
    assert_eq!(ended.exit, Some(0), "no lock is left: {ended:?}");
    wait_for("three replicas", || stage.replicas() == 3);
}

/// The original's tools by their names, each with the arguments that its README has.
#[test]
fn a_client_of_the_original_finds_its_tools() {
    let stage = Stage::with_web();
    stage.orca.config("registry: {default: '127.0.0.1:9'}\n").unwrap();
    let mut client = opened(&stage, &["--allow-write"]);
    for (tool, arguments, exit) in [
        ("list_services", json!({}), 0),
        ("deploy_service", json!({"name": "api", "image": "127.0.0.1:1/bb:1"}), 0),
        ("deploy_service", json!({"name": "api", "image": "127.0.0.1:1/bb:1", "replicas": 2, "ports": ["8080:80"]}), 0),
        ("stop_service", json!({"name": "web"}), 0),
        ("scale_service", json!({"name": "web", "replicas": 2}), 0),
        ("get_service_logs", json!({"name": "web", "tail": 100}), 0),
        ("list_nodes", json!({}), 0),
        ("get_health", json!({}), 0),
        // Nobody listens there: an error, and no empty list.
        ("get_registry_images", json!({}), 69),
        ("delete_registry_tag", json!({"repository": "shop/api", "tag": "1"}), 69),
    ] {
        let answer = client.call(tool, &arguments);
        assert!(answer.get("error").is_none(), "{tool}: {answer}");
        let told = document(&answer);
        assert_eq!(told["exit_code"], exit, "{tool} {arguments}: {told:#}");
    }
    assert_eq!(stage.sim.engine.get("/services").unwrap().as_array().unwrap().len(), 1, "plans change nothing");

    let asked = json!({"name": "api", "image": "127.0.0.1:1/bb:1", "replicas": 2, "ports": ["8080:80"]});
    let plan = client.call("deploy_service", &asked);
    let mut consent = asked.clone();
    consent["plan_id"] = document(&plan)["plan_id"].clone();
    let done = client.call("deploy_service", &consent);
    assert_eq!(document(&done)["report"]["outcome"], "changed", "{done}");
    let services = stage.sim.engine.get("/services").unwrap();
    let api = services.as_array().unwrap().iter().find(|service| service["Spec"]["Name"] == "api").unwrap();
    assert_eq!(api["Spec"]["Mode"]["Replicated"]["Replicas"], 2);
    assert_eq!(api["Spec"]["EndpointSpec"]["Ports"][0]["PublishedPort"], 8080);
    // What is there is changed, where the original took no notice of what it was told.
    let more = client.call("deploy_service", &json!({"name": "api", "replicas": 3, "confirm": true}));
    assert_eq!(document(&more)["report"]["outcome"], "changed", "{more}");
    let same = client.call("deploy_service", &json!({"name": "api", "replicas": 3, "confirm": true}));
    assert_eq!(document(&same)["report"]["outcome"], "unchanged", "{same}");
}
