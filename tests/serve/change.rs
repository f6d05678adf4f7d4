//! What is ordered over HTTP: shown before, done once, by the same rules as on the command line.

use serde_json::{Value, json};

use crate::common::cluster::text;
use crate::common::poll;
use crate::stage::{Server, Stage};

pub(crate) fn hidden(page: &str, name: &str) -> String {
    let at = page.find(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("no `{name}` in {page}"));
    let rest = &page[at + format!("name=\"{name}\" value=\"").len()..];
    rest[..rest.find('"').unwrap()].to_owned()
}

#[test]
fn replies_have_the_shapes_that_clients_know() {
    let stage = Stage::new();
    stage.create("web", 2, |_| {});
    let server = stage.trusting();
    let scaled = server.post("/api/services/web/scale", &json!({"replicas": 4}));
    assert_eq!(scaled.status, 200, "{}", scaled.body);
    let scaled = scaled.json();
    assert_eq!(json!([scaled["status"], scaled["name"], scaled["replicas"]]), json!(["scaled", "web", 4]));
    assert_eq!(stage.replicas("web"), 4);
    let node = stage.cluster().node_id("node-2").unwrap();
    let drained = server.request("POST", "/api/nodes/node-2/drain").send().json();
    assert_eq!(json!([drained["status"], drained["node_id"]]), json!(["draining", node]));
    assert_eq!(server.json("/api/nodes/node-2")["availability"], "drain", "what was changed is seen at once");
    let active = server.request("POST", &format!("/api/nodes/{node}/activate")).send().json();
    assert_eq!(json!([active["status"], active["node_id"]]), json!(["active", node]));
    let stopped = server.request("POST", "/api/services/web/stop").send().json();
    assert_eq!(json!([stopped["status"], stopped["name"]]), json!(["stopped", "web"]));
    assert_eq!(stage.replicas("web"), 0);
    let started = server.request("POST", "/api/services/web/start?wait=60s").send();
    assert_eq!((started.status, stage.replicas("web")), (200, 4), "{}", started.body);
    assert_eq!(started.json()["report"]["data"]["waited"]["settled"], true);
    let labelled = server.post("/api/nodes/node-1/labels", &json!({"labels": {"disk": "ssd", "none": null}}));
    assert_eq!(labelled.status, 200, "{}", labelled.body);
    assert_eq!(stage.cluster().node("node-1").unwrap()["Spec"]["Labels"]["disk"], "ssd");
    let history = server.json("/api/history?limit=3");
    assert_eq!(history["history"].as_array().unwrap().len(), 3);
    assert_eq!(history["history"][0]["reason"], "asked for by anybody on this host over HTTP");
}

#[test]
fn what_makes_no_sense_changes_nothing() {
    let stage = Stage::new();
    stage.create("web", 2, |_| {});
    let server = stage.trusting();
    let version = stage.version("web");
    for (path, body, status) in [
        ("/api/services/web/scale", json!({}), 400),
        ("/api/services/web/scale", json!({"replicas": -1}), 400),
        ("/api/services/web/scale", json!({"replicas": 1_000_000}), 400),
        ("/api/services/web/scale", json!({"replicas": 1, "replica": 2}), 400),
        ("/api/services/web/scale", json!([1]), 400),
        ("/api/services/we/scale", json!({"replicas": 1}), 404),
        ("/api/services/nope/stop", json!({}), 404),
        ("/api/stacks/nope/restart", json!({}), 404),
        ("/api/services/web/explode", json!({}), 404),
        ("/api/services/web/rollback", json!({}), 409),
        ("/api/services/web/start?wait=2y", json!({}), 400),
        ("/api/nodes/node-1/labels", json!({"labels": {}}), 400),
    ] {
        let answer = server.post(path, &body);
        assert_eq!(answer.status, status, "{path} {body}: {}", answer.body);
        assert!(answer.json()["code"].is_string());
    }
    assert_eq!(stage.version("web"), version);
}

#[test]
fn who_has_seen_another_version_changes_nothing() {
    let stage = Stage::new();
    stage.create("web", 2, |_| {});
    let server = stage.trusting();
    let seen = server.json("/api/services/live/web")["version"].as_u64().unwrap();
    assert_eq!(server.post("/api/services/web/scale", &json!({"replicas": 3, "expected_version": seen})).status, 200);
    let late = server.post("/api/services/web/scale", &json!({"replicas": 9, "expected_version": seen}));
    assert_eq!((late.status, late.json()["code"].as_str()), (412, Some("stale")), "{}", late.body);
    let late = server.request("POST", "/api/services/web/stop").with("If-Match", format!("\"{seen}\"")).send();
    assert_eq!(late.status, 412, "{}", late.body);
    assert_eq!(stage.replicas("web"), 3);
}

#[test]
fn a_dry_run_says_what_would_be_done() {
    let stage = Stage::new();
    stage.create("web", 2, |_| {});
    let server = stage.trusting();
    let version = stage.version("web");
    let planned = server.post("/api/services/web/scale?dry_run=1", &json!({"replicas": 5}));
    assert_eq!(planned.status, 200, "{}", planned.body);
    let planned = planned.json();
    assert_eq!(json!([planned["status"], planned["report"]["outcome"]]), json!(["planned", "planned"]));
    assert_eq!(planned["report"]["actions"][0]["kind"], "service.scale");
    assert_eq!(stage.version("web"), version);
    assert_eq!(server.json("/api/runs")["runs"], json!([]));
}

#[test]
fn a_node_whose_tasks_find_no_other_is_not_drained_by_accident() {
    let stage = Stage::new();
    stage.create("pinned", 1, |spec| {
        spec["TaskTemplate"]["Placement"]["Constraints"] = json!(["node.hostname==node-2"]);
    });
    let server = stage.trusting();
    let refused = server.request("POST", "/api/nodes/node-2/drain").send();
    assert_eq!((refused.status, refused.json()["code"].as_str()), (409, Some("refused")));
    assert!(refused.json()["detail"].as_str().unwrap().contains("`pinned.1` finds no other node"), "{}", refused.body);
    assert_eq!(stage.cluster().node("node-2").unwrap()["Spec"]["Availability"], "active");
    assert!(server.page("/nodes/node-2").contains("finds no other node"), "the page says it before anybody asks");
    assert_eq!(server.post("/api/nodes/node-2/drain", &json!({"force": true})).status, 200);
    assert_eq!(stage.cluster().node("node-2").unwrap()["Spec"]["Availability"], "drain");
}

/// What a browser without a script does.
pub(crate) fn by_forms(server: &Server, page: &str, form: &str) -> Value {
    let shown = server.page(page);
    assert!(shown.contains("What would be done"), "{shown}");
    let seal = if form.contains("seal=") { String::new() } else { format!("seal={}&", hidden(&shown, "seal")) };
    let body = format!("{seal}{form}");
    let path = page.split('?').next().unwrap();
    let sent = server.request("POST", path).form(&body).with("Origin", format!("http://{}", server.address)).send();
    assert_eq!(sent.status, 303, "{}", sent.body);
    let run = sent.header("location").strip_prefix("/runs/").unwrap().to_owned();
    let mut ended = Value::Null;
    poll::until("the run ends", || {
        ended = server.json(&format!("/api/runs/{run}"));
        Ok(if ended["status"] == "ended" { Vec::new() } else { vec![ended.to_string()] })
    })
    .unwrap();
    let outcome = ended["report"]["outcome"].as_str().unwrap();
    assert!(server.page(&format!("/runs/{run}")).contains(outcome));
    ended
}

#[test]
fn a_browser_sees_what_would_be_done_and_then_does_it() {
    let stage = Stage::new();
    stage.create("web", 2, |_| {});
    let server = stage.trusting();
    let version = stage.version("web");
    assert!(server.page("/services/web").contains("Roll back…") || server.page("/services/web").contains("Restart…"));
    let page = format!("/services/web/do/scale?replicas=5&version={version}");
    let ended = by_forms(&server, &page, &format!("replicas=5&version={version}"));
    assert_eq!((ended["report"]["outcome"].as_str(), stage.replicas("web")), (Some("changed"), 5), "{ended}");
    by_forms(&server, "/services/web/do/restart", "");
    let drained = by_forms(&server, "/nodes/node-3/do/drain", "");
    assert_eq!(drained["report"]["outcome"], "changed");
    assert_eq!(text(&stage.cluster().node("node-3").unwrap()["Spec"]["Availability"]), "drain");
    // What is as wanted already has no button.
    assert!(!server.page("/nodes/node-3/do/drain").contains("Do it"));
    by_forms(&server, "/stacks/shop/do/stop", "");
    assert_eq!(stage.replicas("web"), 0);
}

#[test]
fn an_update_is_planned_and_proven() {
    let stage = Stage::new();
    let digest = |letter: &str| format!("sha256:{}", letter.repeat(64));
    stage.create("web", 1, |spec| {
        spec["TaskTemplate"]["ContainerSpec"]["Image"] = format!("reg.example.org/web:1@{}", digest("a")).into();
    });
    stage.sim.admin("/registry", &json!({"image": "reg.example.org/web:1", "digest": digest("b")})).unwrap();
    let server = stage.trusting();
    let shown = server.page("/services/web/do/update");
    assert!(shown.contains(&digest("b")), "{shown}");
    let ended = by_forms(&server, "/services/web/do/update", "");
    assert_eq!(ended["report"]["outcome"], "changed", "{ended}");
    assert_eq!(ended["report"]["data"]["updates"][0]["outcome"], "proven", "{ended}");
    assert!(
        text(&stage.cluster().service("web").unwrap()["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"])
            .ends_with(&digest("b"))
    );
}

#[test]
fn told_to_stop_it_ends_what_it_has_begun() {
    let stage = Stage::new();
    stage.create("web", 1, |_| {});
    let mut server = stage.serve(&["--trust-local", "--grace", "1m"]);
    let mut watcher = server.request("GET", "/api/events").begin();
    crate::client::read_head(&mut watcher);
    let began = std::time::Instant::now();
    assert_eq!(server.stop(), Some(0));
    assert!(began.elapsed() < std::time::Duration::from_secs(30), "who watches keeps nobody: {:?}", began.elapsed());
}

#[test]
fn what_does_not_end_within_the_grace_is_named() {
    let stage = Stage::new();
    stage.create("web", 1, |_| {});
    let mut server = stage.serve(&["--trust-local", "--grace", "1s"]);
    stage.sim.admin("/fault", &json!({"kind": "hold", "method": "POST"})).unwrap();
    let _asking = server.request("POST", "/api/services/web/scale").json(&json!({"replicas": 3})).begin();
    // Before its write it would just end.
    poll::until("its write is held", || {
        let fault = stage.sim.engine.get("/_sim/state")?["faults"][0].take();
        Ok(if fault["struck"] == 1 { Vec::new() } else { vec![fault.to_string()] })
    })
    .unwrap();
    let began = std::time::Instant::now();
    assert_eq!(server.stop(), Some(1));
    assert!(began.elapsed() < std::time::Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(server.said("stop")[0]["data"]["cut_short"], json!(["services scale web"]));
}
