//! `orca serve` before real engines, asked by a client that knows the original's API and nothing else: its paths, what it
//! sends, and the keys that it reads. The docker CLI is the witness.

use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::client::{Answer, NODE, Request};
use super::lab::Lab;

/// Says something, and stops as soon as it is told to.
const TALK: &str = "trap 'exit 0' TERM; echo well met; while :; do sleep 0.2; done";

/// Ended when dropped.
struct Server {
    child: Child,
    dir: tempfile::TempDir,
    address: String,
}

impl Server {
    fn start(lab: &Lab, node: usize, registry: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let project = dir.path().join("projects/web");
        std::fs::create_dir_all(&project).unwrap();
        let recipe = format!("FROM 127.0.0.1:1/bb:1\nLABEL by={node}\nRUN echo it is built\n");
        std::fs::write(project.join("Dockerfile"), recipe).unwrap();
        let output = dir.path().join("output");
        let mut command = Command::new(env!("CARGO_BIN_EXE_orca"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--trust-local", "-o", "json", "-H", &lab.host(node)]);
        command.arg("--projects").arg(dir.path().join("projects")).args(["--registry", registry]);
        command.env("ORCA_STATE_DIR", dir.path().join("state")).env_remove("DOCKER_HOST").stdin(Stdio::null());
        let child = command.stdout(std::fs::File::create(&output).unwrap()).spawn().unwrap();
        let mut server = Self { child, dir, address: String::new() };
        lab.wait_for("the server listens", || {
            let text = std::fs::read_to_string(&output).unwrap();
            let first: Value = serde_json::from_str(text.lines().next().unwrap_or("{}")).unwrap_or_default();
            first["data"]["listen"].as_str().unwrap_or_default().clone_into(&mut server.address);
            !server.address.is_empty()
        });
        server
    }

    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let request = Request::new(&self.address, method, path);
        body.map_or(request.clone(), |body| request.json(body)).send()
    }

    /// What must be answered with 200 and these keys, in whatever order and with whatever else.
    fn told(&self, method: &str, path: &str, body: Option<&Value>, keys: &[&str]) -> Value {
        let answer = self.ask(method, path, body);
        assert_eq!(answer.status, 200, "{method} {path}: {}", answer.body);
        let told = answer.json();
        let one = if told.is_array() { &told[0] } else { &told };
        for key in keys {
            assert!(one.get(key).is_some(), "{method} {path} lacks `{key}`: {told}");
        }
        told
    }

    fn get(&self, path: &str, keys: &[&str]) -> Value {
        self.told("GET", path, None, keys)
    }

    fn post(&self, path: &str, body: Option<&Value>, keys: &[&str]) -> Value {
        self.told("POST", path, body, keys)
    }

    fn code(&self, method: &str, path: &str, body: Option<&Value>) -> u16 {
        self.ask(method, path, body).status
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const ENTRY: [&str; 7] = ["name", "description", "definition", "status", "swarm_id", "created_at", "updated_at"];
const LIVE: [&str; 9] =
    ["id", "name", "image", "replicas", "running_replicas", "completed_replicas", "ports", "nodes", "created_at"];

#[test]
fn a_client_of_the_original_finds_all_that_it_knows_on_every_engine() {
    let lab = Lab::clean();
    let registry = lab.run(&["registry"]).trim().to_owned();
    for node in 1..=3 {
        let server = Server::start(&lab, node, &format!("http://{registry}"));
        assert_eq!(server.get("/api/health", &["status", "version"])["status"], "ok");
        let health = server
            .get("/api/health/detailed", &["status", "swarm_id", "node_count", "service_count", "nodes", "errors"]);
        assert_eq!(json!([health["status"], health["node_count"], health["errors"]]), json!(["healthy", 3, []]));
        let projects = server.get("/api/projects", &["name", "has_dockerfile", "has_compose"]);
        assert_eq!(projects, json!([{"name": "web", "has_dockerfile": true, "has_compose": false}]));
        service(&lab, &server, node, &registry);
        nodes(&lab, &server, node);
        tags(&server, node);
        lab.docker(node, "service rm web");
        lab.wait_for("its tasks are gone", || lab.docker(1, "ps -q --filter name=web.").is_empty());
    }
}

/// Defined, built, deployed, looked at, scaled, stopped, deployed again and taken out of the catalog.
#[expect(clippy::print_stderr, reason = "shown if the test fails")]
fn service(lab: &Lab, server: &Server, node: usize, registry: &str) {
    let image = format!("{registry}/shop/served:{node}");
    let definition = json!({"image": image, "replicas": 2, "ports": ["8081:80"], "env": {"A": "b"}, "constraints": [],
        "labels": {"com.docker.stack.namespace": "shop"}, "networks": [], "mounts": [], "command": ["sh", "-c", TALK],
        "build_context": "web"});
    let wanted = json!({"name": "web", "description": "the shop", "definition": definition});
    let made = server.ask("POST", "/api/services", Some(&wanted));
    assert_eq!(made.status, 201, "{}", made.body);
    assert!(ENTRY.iter().all(|key| made.json().get(key).is_some()), "{}", made.body);
    assert_eq!(server.code("POST", "/api/services", Some(&wanted)), 409);
    let built = server.post(
        "/api/services/web/build",
        Some(&json!({"platform": "linux/amd64"})),
        &["status", "name", "image", "logs"],
    );
    assert_eq!(json!([built["status"], built["image"]]), json!(["built", image]));
    assert!(built["logs"].as_str().unwrap().contains("it is built"), "{built}");
    let deployed = server.post("/api/services/web/deploy", None, &["status", "name", "swarm_id"]);
    assert_eq!(
        json!([deployed["status"], deployed["swarm_id"]]),
        json!(["deployed", lab.docker(node, "service inspect web --format {{.ID}}").trim()])
    );
    lab.wait_for("it runs", || server.get("/api/services/web", &ENTRY)["status"] == "running");
    assert_eq!(server.get("/api/services", &ENTRY)[0]["name"], "web");
    let live = server.get("/api/services/live", &LIVE);
    assert_eq!(
        json!([live[0]["name"], live[0]["replicas"], live[0]["running_replicas"], live[0]["ports"]]),
        json!(["web", 2, 2, ["8081:80"]])
    );
    let stacks = server.get(
        "/api/stacks",
        &["name", "status", "services", "service_count", "running_replicas", "desired_replicas", "ports", "nodes"],
    );
    assert_eq!(json!([stacks[0]["name"], stacks[0]["status"]]), json!(["shop", "running"]));
    lab.wait_for("both have said it", || {
        let logs = server.get("/api/services/web/logs?tail=10", &["name", "logs"]);
        let both = logs["logs"].as_str().unwrap().matches("well met").count() == 2;
        if !both {
            eprintln!("not yet: {logs}");
        }
        both
    });
    let scaled = server.post("/api/services/web/scale", Some(&json!({"replicas": 3})), &["status", "name", "replicas"]);
    assert_eq!(json!([scaled["status"], scaled["replicas"]]), json!(["scaled", 3]));
    assert_eq!(lab.spec(node, "web")["Mode"]["Replicated"]["Replicas"], 3);
    let body = json!({"description": "another", "definition": definition});
    assert_eq!(server.told("PUT", "/api/services/web", Some(&body), &ENTRY)["description"], "another");
    assert_eq!(server.post("/api/services/web/stop", None, &["status", "name"])["status"], "stopped");
    assert_eq!(lab.spec(node, "web")["Mode"]["Replicated"]["Replicas"], 0);
    lab.wait_for("it is stopped", || server.get("/api/services/web", &ENTRY)["status"] == "stopped");
    server.post("/api/services/web/deploy", None, &[]);
    assert_eq!(lab.spec(node, "web")["Mode"]["Replicated"]["Replicas"], 2, "what was stopped is deployed again");
    assert_eq!(server.told("DELETE", "/api/services/web", None, &["status", "name"])["status"], "deleted");
    for (method, path) in
        [("GET", "/api/services/web"), ("DELETE", "/api/services/web"), ("POST", "/api/services/web/deploy")]
    {
        assert_eq!(server.code(method, path, None), 404, "{method} {path}");
    }
}

fn nodes(lab: &Lab, server: &Server, node: usize) {
    let other = format!("node-{}", node % 3 + 1);
    let all = server.get("/api/nodes", &NODE);
    assert_eq!(all.as_array().unwrap().len(), 3);
    let one = server.get(&format!("/api/nodes/{other}"), &NODE);
    assert!(["cpus", "memory_mb", "gpus"].iter().all(|key| one["resources"][key].is_number()), "{one}");
    let path = |word: &str| format!("/api/nodes/{}/{word}", one["id"].as_str().unwrap());
    let availability = || lab.docker(node, &format!("node inspect {other} --format {{{{.Spec.Availability}}}}"));
    let drained = server.post(&path("drain"), None, &["status", "node_id"]);
    assert_eq!(json!([drained["status"], drained["node_id"]]), json!(["draining", one["id"]]));
    assert_eq!(availability().trim(), "drain");
    assert_eq!(server.post(&path("activate"), None, &["status", "node_id"])["status"], "active");
    assert_eq!(availability().trim(), "active");
    assert_eq!(server.code("POST", "/api/nodes/nobody/drain", None), 404);
}

fn tags(server: &Server, node: usize) {
    let (tag, place) = (node.to_string(), "/api/registry/repositories/shop/served");
    let repositories = server.get("/api/registry/repositories", &["name", "tags"]);
    let found = repositories.as_array().unwrap().iter().find(|one| one["name"] == "shop/served").unwrap();
    assert!(found["tags"].as_array().unwrap().contains(&json!(tag)), "{found}");
    assert_eq!(server.get(&format!("{place}/tags"), &["name", "tags"])["tags"], found["tags"]);
    let details = server.get(&format!("{place}/details"), &["name", "tags"]);
    let detail = details["tags"].as_array().unwrap().iter().find(|one| one["tag"] == tag.as_str()).unwrap();
    for key in ["tag", "digest", "media_type", "size", "architecture", "os", "created"] {
        assert!(!detail[key].is_null(), "`{key}` in {detail}");
    }
    let deleted = server.told("DELETE", &format!("{place}/tags/{tag}"), None, &["deleted"]);
    assert_eq!(deleted["deleted"], true);
    assert_eq!(server.code("DELETE", &format!("{place}/tags/{tag}"), None), 404);
}

#[test]
fn a_registry_that_is_away_is_an_error_and_so_is_an_engine() {
    let lab = Lab::clean();
    let server = Server::start(&lab, 2, "http://127.0.0.1:1");
    for path in ["repositories", "repositories/shop/served/tags", "repositories/shop/served/details"] {
        let answer = server.ask("GET", &format!("/api/registry/{path}"), None);
        assert_eq!((answer.status, answer.json()["code"].as_str()), (503, Some("unknown")), "{path}: {}", answer.body);
    }
    let entry = json!({"name": "web", "definition": {"image": "127.0.0.1:1/bb:1"}});
    assert_eq!(server.code("POST", "/api/services", Some(&entry)), 201);
    lab.run(&["kill", "2"]);
    lab.wait_for("the server has noticed", || server.code("GET", "/api/nodes", None) == 503);
    // From then on nothing is known, whatever was known a moment before.
    for path in ["/api/services/live", "/api/nodes/node-2", "/api/stacks"] {
        assert_eq!(server.ask("GET", path, None).json()["code"], "unknown", "{path}");
    }
    let health = server.get("/api/health/detailed", &[]);
    assert_eq!(json!([health["status"], health["nodes"]]), json!(["degraded", null]));
    assert_eq!(server.get("/api/services", &ENTRY)[0]["status"], "unknown");
    assert_eq!(server.code("POST", "/api/services/web/deploy", None), 503);
    lab.run(&["start", "2"]);
    lab.wait_for("it answers again", || server.code("GET", "/api/nodes", None) == 200);
}

#[test]
fn a_build_goes_on_without_the_client_that_has_asked_for_it_and_tells_what_it_prints() {
    let lab = Lab::clean();
    let registry = lab.run(&["registry"]).trim().to_owned();
    let server = Server::start(&lab, 1, &format!("http://{registry}"));
    let recipe = "FROM 127.0.0.1:1/bb:1\nRUN echo half way && sleep 15\nRUN echo it is built\n";
    std::fs::write(server.dir.path().join("projects/web/Dockerfile"), recipe).unwrap();
    let image = format!("{registry}/shop/alone:1");
    let entry = json!({"name": "web", "definition": {"image": image, "build_context": "web"}});
    assert_eq!(server.code("POST", "/api/services", Some(&entry)), 201);
    let client = Request::new(&server.address, "POST", "/api/services/web/build").begin();
    let run = || server.get("/api/runs", &["runs"])["runs"][0].clone();
    lab.wait_for("its log is seen", || {
        let run = run();
        run["status"] == "running" && run["logs"].as_str().is_some_and(|logs| logs.contains("half way"))
    });
    drop(client);
    lab.wait_for("it ends", || run()["status"] == "ended");
    let ended = run();
    assert_eq!(ended["report"]["outcome"], "changed", "{ended}");
    assert!(ended["logs"].as_str().unwrap().contains("it is built"), "{ended}");
    let tags = server.get("/api/registry/repositories/shop/alone/tags", &["tags"]);
    assert_eq!(tags["tags"], json!(["1"]), "it was sent, too");
}
