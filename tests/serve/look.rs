//! What is told: the shapes that the original's clients know, what is wrong, and what is not known.

use serde_json::{Value, json};

use crate::client::{NODE, Request};
use crate::common::cluster::text;
use crate::common::poll;
use crate::stage::{Server, Stage};

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn has(value: &Value, wanted: &[&str]) {
    let keys = keys(value);
    assert!(wanted.iter().all(|key| keys.contains(key)), "{wanted:?} in {keys:?}");
}

#[test]
fn documents_have_the_shapes_that_clients_know() {
    let stage = Stage::new();
    stage.create("shop_web", 3, |spec| {
        spec["EndpointSpec"] = json!({"Ports": [{"Protocol": "tcp", "PublishedPort": 8080, "TargetPort": 80}]});
    });
    stage.create("idle", 0, |spec| spec["Labels"] = json!({}));
    let server = stage.serve(&[]);
    assert_eq!(server.json("/api/health")["status"], "ok");
    let health = server.json("/api/health/detailed");
    has(&health, &["status", "swarm_id", "node_count", "service_count", "nodes", "errors"]);
    assert_eq!(
        json!([health["status"], health["node_count"], health["service_count"], health["errors"]]),
        json!(["healthy", 3, 2, []])
    );
    let services = server.json("/api/services/live");
    let web = services.as_array().unwrap().iter().find(|one| one["name"] == "shop_web").unwrap();
    has(
        web,
        &["id", "name", "image", "replicas", "running_replicas", "completed_replicas", "ports", "nodes", "created_at"],
    );
    assert_eq!(json!([web["replicas"], web["running_replicas"], web["completed_replicas"]]), json!([3, 3, 0]));
    assert_eq!(json!([web["nodes"], web["status"]]), json!([["node-1", "node-2", "node-3"], "running"]));
    let idle = services.as_array().unwrap().iter().find(|one| one["name"] == "idle").unwrap();
    assert_eq!(idle["status"], "stopped", "scaled to 0 is not failed");
    let nodes = server.json("/api/nodes");
    let node = &nodes[0];
    has(node, &NODE);
    has(&node["resources"], &["cpus", "memory_mb", "gpus"]);
    assert_eq!(node["services"], json!([{"name": "shop_web", "image": web["image"], "replicas_on_node": 1}]));
    assert_eq!(server.json("/api/nodes/node-1"), *node);
    assert_eq!(server.json(&format!("/api/nodes/{}", text(&node["id"]))), *node);
    let stack = &server.json("/api/stacks")[0];
    has(
        stack,
        &["name", "status", "services", "service_count", "running_replicas", "desired_replicas", "ports", "nodes"],
    );
    assert_eq!(json!([stack["name"], stack["status"], stack["running_replicas"]]), json!(["shop", "running", 3]));
    assert_eq!(server.json("/api/stacks/shop"), *stack);
    for path in
        ["/api/nodes/node", "/api/stacks/sho", "/api/services/live/shop_we", "/api/services/x/logs", "/api/nodes/nope"]
    {
        assert_eq!(server.get(path).status, 404, "{path}: the beginning of a name is no name");
    }
}

#[test]
fn every_route_is_in_the_openapi_document() {
    let stage = Stage::new();
    stage.create("web", 1, |_| {});
    let server = stage.serve(&[]);
    let document = server.json("/api/openapi.json");
    assert_eq!(document["openapi"], "3.1.0");
    for (path, method) in [
        ("/api/health", "get"),
        ("/api/health/detailed", "get"),
        ("/api/services/live", "get"),
        ("/api/services/{name}/logs", "get"),
        ("/api/services/{name}/scale", "post"),
        ("/api/services/{name}/stop", "post"),
        ("/api/nodes", "get"),
        ("/api/nodes/{id}", "get"),
        ("/api/nodes/{id}/drain", "post"),
        ("/api/nodes/{id}/activate", "post"),
        ("/api/stacks", "get"),
        ("/api/registry/repositories", "get"),
        ("/api/registry/repositories/{name}/tags", "get"),
        ("/api/registry/repositories/{name}/details", "get"),
        ("/api/registry/repositories/{name}/tags/{tag}", "delete"),
        ("/livez", "get"),
    ] {
        assert!(document["paths"][path][method].is_object(), "{method} {path}");
    }
    assert!(document["components"]["schemas"]["Problem"]["properties"]["code"].is_object());
    // Each answer of the original's has its type, and what is referred to is there.
    for (path, method, status, name) in [
        ("/api/services", "get", "200", "CatalogEntry"),
        ("/api/services", "post", "201", "CatalogEntry"),
        ("/api/services/live", "get", "200", "LiveService"),
        ("/api/services/{name}/scale", "post", "200", "Said"),
        ("/api/nodes/{id}", "get", "200", "Node"),
        ("/api/stacks", "get", "200", "Stack"),
        ("/api/registry/repositories/{name}/details", "get", "200", "Details"),
        ("/api/projects", "get", "200", "Project"),
    ] {
        let content = &document["paths"][path][method]["responses"][status]["content"]["application/json"]["schema"];
        assert!(content.to_string().contains(&format!("#/components/schemas/{name}\"")), "{method} {path}: {content}");
    }
    let scale = &document["paths"]["/api/services/{name}/scale"]["post"];
    assert!(scale["requestBody"].to_string().contains("\"replicas\""), "{scale}");
    let whole = document.to_string();
    for reference in whole.split("\"$ref\":\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(document["components"]["schemas"][name].is_object(), "{name} is referred to, and not there");
    }
    // What is sent is of the type that is told.
    for (path, name) in [("/api/services/live", "LiveService"), ("/api/nodes", "Node"), ("/api/stacks", "Stack")] {
        let schema = &document["components"]["schemas"][name];
        let told = server.json(path)[0].clone();
        assert_eq!(keys(&told), keys(&schema["properties"]), "{path}");
    }
    assert!(!document["paths"].as_object().unwrap().contains_key("/services"), "pages are no API");
}

#[test]
fn one_look_serves_all_who_ask() {
    let stage = Stage::new();
    for number in 0..20 {
        stage
            .sim
            .engine
            .post(
                "/services/create",
                &json!({"Name": format!("s{number}"), "Mode": {"Replicated": {"Replicas": 2}},
            "TaskTemplate": {"ContainerSpec": {"Image": "127.0.0.1:1/bb:1"}, "Placement": {}}}),
            )
            .unwrap();
    }
    let server = stage.serve(&[]);
    server.get("/api/services/live");
    stage.sim.reset_requests().unwrap();
    let began = std::time::Instant::now();
    let mut asked = 0;
    while began.elapsed() < std::time::Duration::from_secs(1) {
        for path in ["/api/services/live", "/api/nodes", "/api/stacks", "/", "/services"] {
            assert_eq!(server.get(path).status, 200);
            asked += 1;
        }
    }
    let counted = stage.sim.requests().unwrap();
    let total = counted["total"].as_u64().unwrap_or_else(|| panic!("{counted}"));
    // Looks of five requests, one each three seconds at most, one more after a burst of events, and the events.
    let most = 16 + 5 * (began.elapsed().as_secs() / 3);
    assert!(total <= most, "{total} requests to the engine, not {most} at most, for {asked} to the server: {counted}");
    let asked_at = jiff::Timestamp::now();
    let answer = server.get("/api/nodes");
    let as_of: jiff::Timestamp = answer.header("orca-as-of").parse().unwrap();
    assert!(asked_at.duration_since(as_of).as_secs() <= 4);
}

#[test]
fn what_can_not_be_read_is_unknown_and_never_nothing() {
    let stage = Stage::new();
    stage.create("web", 1, |_| {});
    let server = stage.serve(&["--registry", "http://127.0.0.1:1"]);
    assert_eq!(server.json("/api/services/live").as_array().unwrap().len(), 1);
    stage.sim.admin("/fault", &json!({"kind": "error500"})).unwrap();
    poll::until("the server has noticed", || {
        Ok(if server.get("/api/nodes").status == 503 { Vec::new() } else { vec!["it answers".to_owned()] })
    })
    .unwrap();
    for path in [
        "/api/services/live",
        "/api/nodes",
        "/api/stacks",
        "/api/services/web/logs",
        "/api/services/live/web",
        "/api/health/report",
    ] {
        let answer = server.get(path);
        assert_eq!((answer.status, answer.json()["code"].as_str()), (503, Some("unknown")), "{path}");
    }
    let health = server.json("/api/health/detailed");
    assert_eq!(json!([health["status"], health["nodes"], health["node_count"]]), json!(["degraded", null, null]));
    assert_eq!(health["errors"].as_array().unwrap().len(), 1);
    assert_eq!(server.get("/readyz").status, 503);
    assert_eq!(server.get("/livez").status, 200);
    let page = server.request("GET", "/").with("Accept", "text/html").send();
    assert!(page.status == 503 && page.body.contains("Nothing is known of the swarm right now"), "{}", page.body);
    // So is the registry, whatever the engine does.
    for path in
        ["/api/registry/repositories", "/api/registry/repositories/app/tags", "/api/registry/repositories/app/details"]
    {
        let answer = server.get(path);
        assert_eq!((answer.status, answer.json()["code"].as_str()), (503, Some("unknown")), "{path}");
    }
    stage.sim.engine.ask("DELETE", "/_sim/fault", None).unwrap();
    poll::until("the server has noticed", || {
        Ok(if server.get("/readyz").status == 200 { Vec::new() } else { vec!["it is not ready".to_owned()] })
    })
    .unwrap();
    assert_eq!(server.json("/api/services/live").as_array().unwrap().len(), 1);
}

const SCRIPT: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";

#[test]
fn nothing_that_comes_from_elsewhere_is_ever_markup() {
    let stage = Stage::new();
    stage.create("web", 1, |spec| {
        spec["Labels"]["com.docker.stack.namespace"] = SCRIPT.into();
        spec["TaskTemplate"]["ContainerSpec"]["Command"] = json!(["echo"]);
        spec["TaskTemplate"]["ContainerSpec"]["Args"] = json!([SCRIPT]);
        spec["TaskTemplate"]["ContainerSpec"]["Labels"] = json!({"x": SCRIPT});
    });
    let node = stage.cluster().node_id("node-1").unwrap();
    stage.sim.engine.edit("nodes", &node, |spec| spec["Labels"] = json!({SCRIPT: SCRIPT})).unwrap();
    // A name that no engine would let in, from a file that somebody has sent.
    let mut copy: Value = serde_json::from_str(&stage.orca.run(&["snapshot"]).unwrap().stdout).unwrap();
    copy["services"][0]["Spec"]["Name"] = SCRIPT.into();
    copy["nodes"][0]["Description"]["Hostname"] = SCRIPT.into();
    copy["tasks"][0]["Status"] = json!({"State": "failed", "Err": SCRIPT, "Timestamp": copy["taken_at"]});
    std::fs::write(stage.orca.path("copy.json"), copy.to_string()).unwrap();
    let file = Server::start(&stage.orca, &["--snapshot", "copy.json", "serve", "--listen", "127.0.0.1:0"]);
    let live = stage.trusting();
    let asked = [
        (&file, "/".to_owned()),
        (&file, "/services".to_owned()),
        (&file, "/nodes".to_owned()),
        (&file, format!("/nodes/{node}")),
        (
            &file,
            "/services/%3Cscript%3Ealert%281%29%3C%2Fscript%3E%22%27%3E%3Cimg%20src%3Dx%20onerror%3Dalert%282%29%3E"
                .to_owned(),
        ),
        (&live, "/services?q=%3Cscript%3E%22%3E".to_owned()),
        (&live, "/services/web".to_owned()),
        (&live, "/stacks".to_owned()),
        (&live, "/nodes".to_owned()),
        (&live, "/services/web/logs?grep=%3Cscript%3E".to_owned()),
        (&live, format!("/nodes/{node}")),
    ];
    for (server, path) in asked {
        let page = server.request("GET", &path).with("Accept", "text/html").send();
        assert!(
            !page.body.contains("<script>") && !page.body.contains("<img") && !page.body.contains("\"'>"),
            "{path}: {}",
            page.body
        );
    }
    assert!(live.page("/services/web/logs").contains("&lt;script&gt;alert(1)"), "the line itself is shown");
}

#[test]
fn secrets_stay_where_they_are() {
    let stage = Stage::new();
    stage.create("web", 1, |_| {});
    let server = stage.trusting();
    server.post("/api/services/web/scale", &json!({"replicas": 2}));
    let paths = [
        "/api/services/live/web",
        "/api/services/live",
        "/services/web",
        "/api/services/live/web/diff",
        "/api/runs",
        "/api/history",
    ];
    for path in paths {
        let answer = server.get(path);
        assert_eq!(answer.status, 200, "{path}");
        assert!(!answer.body.contains("hunter2"), "{path}: {}", answer.body);
    }
    assert!(server.get("/api/services/live/web").body.contains("PASSWORD=(redacted)"));
}

#[test]
fn the_front_page_says_what_is_wrong_and_stays_small() {
    let stage = Stage::new();
    stage.create("web", 2, |_| {});
    stage.sim.engine.post("/services/create", &json!({"Name": "lost", "Labels": {}, "Mode": {"Replicated": {"Replicas": 1}},
        "TaskTemplate": {"ContainerSpec": {"Image": "127.0.0.1:1/bb:1"}, "Placement": {"Constraints": ["node.labels.gpu==true"]}}})).unwrap();
    stage.sim.admin("/nodes/node-3", &json!({"state": "down"})).unwrap();
    let server = stage.serve(&["--name", "harbour"]);
    let page = server.page("/");
    for wanted in [
        "node-3",
        "the managers don&#39;t hear from it",
        "lost",
        "node.labels.gpu==true",
        "harbour",
        "Managers reachable",
    ] {
        assert!(page.contains(wanted) || page.contains(&wanted.replace("&#39;", "'")), "{wanted} in {page}");
    }
    assert!(page.len() < 50_000, "{}", page.len());
    assert!(server.page("/services/lost").contains("node.labels.gpu==true"), "why it waits");
    assert!(!server.page("/services?state=ok").contains("/services/lost"));
    assert!(server.page("/services?state=not-ok").contains("/services/lost"));
}

#[test]
fn logs_are_told_as_one_text_and_line_by_line() {
    let stage = Stage::new();
    stage.create("web", 1, |spec| {
        spec["TaskTemplate"]["ContainerSpec"]["Command"] = json!(["echo"]);
        spec["TaskTemplate"]["ContainerSpec"]["Args"] = json!(["one", "two"]);
    });
    let server = stage.serve(&[]);
    let logs = server.json("/api/services/web/logs?tail=1");
    assert_eq!(logs["name"], "web");
    assert!(
        logs["logs"].as_str().unwrap().contains("web.1 | two") && !logs["logs"].as_str().unwrap().contains("one"),
        "{logs}"
    );
    assert_eq!(server.get("/api/services/web/logs?tail=99999999").status, 400);
    let mut stream = server.request("GET", "/api/services/web/logs?follow=1").begin();
    let (status, headers) = crate::client::read_head(&mut stream);
    assert!(status == 200 && headers.contains(&("content-type".to_owned(), "text/event-stream".to_owned())));
    let mut seen = String::new();
    while !seen.contains("two") {
        assert!(std::io::BufRead::read_line(&mut stream, &mut seen).unwrap() > 0, "{seen}");
    }
    assert!(seen.contains("event: line") && seen.contains("\"text\":\"one\""), "{seen}");
}

#[test]
fn metrics_count_what_was_asked() {
    let stage = Stage::new();
    let server = stage.serve(&[]);
    server.get("/api/nodes");
    let text = server.get("/metrics").body;
    assert!(text.contains("orca_serve_requests_total{path=\"/api/nodes\",status=\"200\"} 1"), "{text}");
    assert!(text.contains("orca_serve_engine_up 1"), "{text}");
    let head = Request::new(&server.address, "HEAD", "/api/nodes").send();
    assert_eq!((head.status, head.body.as_str()), (200, ""));
}
