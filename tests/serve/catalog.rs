//! The catalog over HTTP, as the original's clients use it.

use serde_json::{Value, json};

use crate::common::poll;
use crate::stage::Stage;

fn definition() -> Value {
    json!({"image": "127.0.0.1:1/bb:1", "replicas": 2, "env": {"PASSWORD": "hunter2"}, "labels": {"team": "x"}, "networks": [],
        "constraints": [], "mounts": [], "ports": [], "command": null, "build_context": null})
}

#[test]
fn a_service_is_defined_deployed_and_removed_again() {
    let stage = Stage::new();
    let server = stage.trusting();
    assert_eq!(server.json("/api/services"), json!([]));
    let wanted = json!({"name": "web", "description": "the shop", "definition": definition()});
    let made = server.post("/api/services", &wanted);
    assert_eq!(made.status, 201, "{}", made.body);
    let made = made.json();
    for key in ["name", "description", "definition", "status", "swarm_id", "created_at", "updated_at"] {
        assert!(made.as_object().unwrap().contains_key(key), "{key} in {made}");
    }
    assert_eq!(
        json!([made["name"], made["description"], made["status"], made["swarm_id"]]),
        json!(["web", "the shop", "registered", null])
    );
    assert!(!made.to_string().contains("hunter2"), "{made}");
    assert_eq!(server.post("/api/services", &wanted).status, 409);
    let planned = server.request("POST", "/api/services/web/deploy?dry_run=1").send();
    assert_eq!(planned.json()["status"], "planned", "{}", planned.body);
    let deployed = server.request("POST", "/api/services/web/deploy").send();
    assert_eq!(deployed.status, 200, "{}", deployed.body);
    let id = stage.cluster().service_id("web").unwrap();
    assert_eq!(
        json!([deployed.json()["status"], deployed.json()["name"], deployed.json()["swarm_id"]]),
        json!(["deployed", "web", id])
    );
    let env = stage.cluster().service("web").unwrap()["Spec"]["TaskTemplate"]["ContainerSpec"]["Env"].clone();
    assert_eq!(env, json!(["PASSWORD=hunter2"]));
    poll::until("it runs", || {
        Ok(if server.json("/api/services/web")["status"] == "running" {
            Vec::new()
        } else {
            vec!["not yet".to_owned()]
        })
    })
    .unwrap();
    let version = stage.version("web");
    let again = server.request("POST", "/api/services/web/deploy").send().json();
    assert_eq!((again["report"]["outcome"].as_str(), stage.version("web")), (Some("unchanged"), version));
    // What was masked when it was read is not lost when it comes back.
    let mut read = server.json("/api/services/web")["definition"].clone();
    read["replicas"] = 3.into();
    let put = server.request("PUT", "/api/services/web").json(&json!({"definition": read})).send();
    assert_eq!(put.status, 200, "{}", put.body);
    server.request("POST", "/api/services/web/deploy").send();
    assert_eq!(stage.replicas("web"), 3);
    assert_eq!(
        stage.cluster().service("web").unwrap()["Spec"]["TaskTemplate"]["ContainerSpec"]["Env"],
        json!(["PASSWORD=hunter2"])
    );
    assert!(server.page("/catalog").contains("Deploy…"));
    let removed = server.request("DELETE", "/api/services/web").send();
    assert_eq!((removed.status, removed.json()["status"].as_str()), (200, Some("deleted")), "{}", removed.body);
    assert_eq!(server.get("/api/services/web").status, 404);
    assert_eq!(stage.replicas("web"), 3, "what runs goes on");
}

#[test]
fn what_is_no_definition_is_told_and_not_kept() {
    let stage = Stage::new();
    let server = stage.trusting();
    for (body, status) in [
        (json!({"name": "web"}), 400),
        (json!({"name": "web", "definition": {"image": "a", "replica": 2}}), 422),
        (json!({"name": "web", "definition": {"image": "a", "ports": ["99999:80"]}}), 422),
        (json!({"name": "no name", "definition": {"image": "a"}}), 422),
    ] {
        let answer = server.post("/api/services", &body);
        assert_eq!(answer.status, status, "{body}: {}", answer.body);
    }
    assert_eq!(server.json("/api/services"), json!([]));
    for path in ["/api/services/web/deploy", "/api/services/web/build"] {
        assert_eq!(server.request("POST", path).send().status, 404, "{path}");
    }
    server.post("/api/services", &json!({"name": "web", "definition": {"image": "127.0.0.1:1/web:1"}}));
    let unbuilt = server.post("/api/services/web/build", &json!({"platform": "linux/amd64"}));
    assert_eq!(unbuilt.status, 422, "{}", unbuilt.body);
    assert_eq!(server.get("/api/projects").status, 503, "no directory is not the same as no projects");
    drop(server);
    std::fs::create_dir_all(stage.orca.path("projects/app")).unwrap();
    std::fs::write(stage.orca.path("projects/app/Dockerfile"), "FROM scratch\n").unwrap();
    let server = stage.serve(&["--projects", "projects"]);
    assert_eq!(server.json("/api/projects"), json!([{"name": "app", "has_dockerfile": true, "has_compose": false}]));
}

#[test]
fn a_mask_is_no_value() {
    let stage = Stage::new();
    let server = stage.trusting();
    server.post("/api/services", &json!({"name": "web", "definition": definition()}));
    let read = server.json("/api/services/web")["definition"].clone();
    let refused = |answer: crate::client::Answer, key: &str| {
        assert_eq!((answer.status, answer.json()["code"].as_str()), (422, Some("invalid")), "{}", answer.body);
        assert!(answer.body.contains(key), "{}", answer.body);
    };
    // Under another name nobody knows what the mask stands for,
    refused(server.post("/api/services", &json!({"name": "copy", "definition": read})), "env.PASSWORD");
    // nor under another key.
    let put =
        |definition: &Value| server.request("PUT", "/api/services/web").json(&json!({"definition": definition})).send();
    let mut renamed = read.clone();
    renamed["env"] = json!({"PASSWORD": "(redacted)", "SECRET": "(redacted)"});
    refused(put(&renamed), "env.SECRET");
    // What is shown so of a service is no value of a definition either.
    let mut labelled = read.clone();
    labelled["labels"] = json!({"token": "(redacted)"});
    refused(put(&labelled), "labels.token");
    let rows = server.json("/api/services");
    assert_eq!(json!([rows.as_array().unwrap().len(), rows[0]["revision"]]), json!([1, 1]));
    let text = json!({"name": "copy", "image": "127.0.0.1:1/bb:1", "env": {"PASSWORD": "(redacted)"}}).to_string();
    std::fs::write(stage.orca.path("copy.json"), &text).unwrap();
    std::fs::write(stage.orca.path("web.json"), text.replace("copy", "web")).unwrap();
    for args in [&["catalog", "add", "copy.json"][..], &["catalog", "edit", "web", "--file", "web.json"]] {
        let (exit, report) = stage.run(args);
        assert!(exit == 78 && report["error"].to_string().contains("env.PASSWORD"), "{exit}: {report}");
    }
    assert_eq!(server.json("/api/services"), rows);
}

#[test]
fn with_the_engine_away_the_catalog_is_there_and_states_are_unknown() {
    let stage = Stage::new();
    let server = stage.trusting();
    server.post("/api/services", &json!({"name": "web", "definition": definition()}));
    stage.sim.admin("/fault", &json!({"kind": "error500"})).unwrap();
    poll::until("the server has noticed", || {
        let rows = server.json("/api/services");
        assert_eq!(rows[0]["name"], "web");
        Ok(if rows[0]["status"] == "unknown" { Vec::new() } else { vec![rows.to_string()] })
    })
    .unwrap();
    assert_eq!(server.request("POST", "/api/services/web/deploy").send().status, 503);
}

#[test]
fn a_directory_of_definitions_comes_into_the_catalog_and_changes_no_swarm() {
    let stage = Stage::new();
    let folder = stage.orca.path("definitions");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("shop.yml"), "image: 127.0.0.1:1/bb:1\nreplicas: 2\n").unwrap();
    std::fs::write(folder.join("wrong.yml"), "imgae: x\n").unwrap();
    let server = stage.serve(&["--definitions", "definitions"]);
    poll::until("the definition is read", || {
        let row = server.json("/api/services");
        Ok(if row[0]["name"] == "shop" { Vec::new() } else { vec![row.to_string()] })
    })
    .unwrap();
    assert_eq!(server.json("/api/services")[0]["status"], "registered");
    assert!(stage.cluster().service("shop").is_err(), "nobody has deployed it");
}
