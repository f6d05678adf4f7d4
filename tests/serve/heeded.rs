//! What every change heeds: a dry run writes nothing, and who has seen another version is refused.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::change::{by_forms, hidden};
use crate::client::Answer;
use crate::shelf;
use crate::stage::{Server, Stage};

/// How a change is asked for here, and what it is to answer.
struct Case {
    path: String,
    body: Value,
    /// The version of what it changes; none: it has none.
    seen: Option<u64>,
    /// Of a dry run.
    status: u16,
}

/// A swarm in which each change has something to do, and what it is made of.
struct Scene {
    stage: Stage,
    server: Server,
    registry: shelf::Shelf,
}

impl Scene {
    fn new() -> Self {
        let (stage, registry) = (Stage::new(), shelf::Shelf::default());
        let digest = |letter: &str| format!("sha256:{}", letter.repeat(64));
        stage.create("web", 2, |spec| {
            spec["TaskTemplate"]["ContainerSpec"]["Image"] = format!("reg.example.org/web:1@{}", digest("a")).into();
        });
        stage.create("idle", 2, |_| {});
        stage.create("back", 1, |_| {});
        let (id, mut other) = (stage.cluster().service_id("back").unwrap(), stage.spec("back"));
        other["TaskTemplate"]["ContainerSpec"]["Image"] = "127.0.0.1:1/bb:2".into();
        let path = format!("/services/{id}/update?version={}", stage.version("back"));
        stage.sim.engine.post(&path, &other).unwrap();
        for image in ["reg.example.org/web:1", "127.0.0.1:1/bb:1", "127.0.0.1:1/bb:2"] {
            stage.sim.admin("/registry", &json!({"image": image, "digest": digest("b")})).unwrap();
        }
        registry.image("team/app", Some("1"), "amd64", "2026-01-01T00:00:00Z");
        let shelf = registry.clone();
        let place = shelf::Server::start(move |asked| shelf.answer(asked)).name();
        std::fs::create_dir_all(stage.orca.path("projects/app")).unwrap();
        std::fs::write(stage.orca.path("projects/app/Dockerfile"), "FROM scratch\n").unwrap();
        let server =
            stage.serve(&["--trust-local", "--projects", "projects", "--registry", &format!("http://{place}")]);
        let definition = json!({"image": "reg.example.org/web:1", "replicas": 3, "build_context": "app"});
        let added = server.post("/api/services", &json!({"name": "web", "definition": definition}));
        assert_eq!(added.status, 201, "{}", added.body);
        assert_eq!(server.post("/api/services/idle/stop", &json!({})).status, 200);
        assert_eq!(server.post("/api/nodes/node-3/drain", &json!({})).status, 200);
        stage.settled();
        Self { stage, server, registry }
    }

    fn node(&self, name: &str) -> Option<u64> {
        self.stage.cluster().node(name).unwrap()["Version"]["Index"].as_u64()
    }

    fn revision(&self) -> Option<u64> {
        self.server.json("/api/services/web")["revision"].as_u64()
    }

    /// Each change that programs can ask for.
    fn cases(&self) -> BTreeMap<(&'static str, &'static str), Case> {
        let case = |path: &str, body: Value, seen: Option<u64>| Case { path: path.to_owned(), body, seen, status: 200 };
        let order = |name: &str, word: &str, body: Value, seen| case(&format!("/api/{name}/{word}"), body, seen);
        let (none, service) = (json!({}), |name: &str| Some(self.stage.version(name)));
        let other = json!({"definition": {"image": "reg.example.org/web:2"}});
        let mut cases = BTreeMap::from([
            (
                ("post", "/api/services"),
                case("/api/services", json!({"name": "b", "definition": {"image": "a:1"}}), None),
            ),
            (("put", "/api/services/{name}"), case("/api/services/web", other, self.revision())),
            (("delete", "/api/services/{name}"), case("/api/services/web", Value::Null, self.revision())),
            (
                ("delete", "/api/registry/repositories/{name}/tags/{tag}"),
                case("/api/registry/repositories/team/app/tags/1", Value::Null, None),
            ),
            (("post", "/mcp"), Case { status: 400, ..case("/mcp", none.clone(), None) }),
        ]);
        for (pattern, name, word, seen) in [
            ("/api/services/{name}/deploy", "services/web", "deploy", service("web")),
            ("/api/services/{name}/build", "services/web", "build", self.revision()),
            ("/api/services/{name}/stop", "services/web", "stop", service("web")),
            ("/api/services/{name}/start", "services/idle", "start", service("idle")),
            ("/api/services/{name}/restart", "services/web", "restart", service("web")),
            ("/api/services/{name}/rollback", "services/back", "rollback", service("back")),
            ("/api/services/{name}/update", "services/web", "update", service("web")),
            ("/api/stacks/{name}/restart", "stacks/shop", "restart", None),
            ("/api/stacks/{name}/stop", "stacks/shop", "stop", None),
            ("/api/stacks/{name}/start", "stacks/shop", "start", None),
            ("/api/stacks/{name}/update", "stacks/shop", "update", None),
            ("/api/nodes/{id}/drain", "nodes/node-2", "drain", self.node("node-2")),
            ("/api/nodes/{id}/activate", "nodes/node-3", "activate", self.node("node-3")),
            ("/api/nodes/{id}/pause", "nodes/node-2", "pause", self.node("node-2")),
        ] {
            cases.insert(("post", pattern), order(name, word, none.clone(), seen));
        }
        let scale = order("services/web", "scale", json!({"replicas": 5}), service("web"));
        cases.insert(("post", "/api/services/{name}/scale"), scale);
        // No credentials are known here.
        let fresh = Case { status: 409, ..order("services/web", "refresh-auth", none, service("web")) };
        cases.insert(("post", "/api/services/{name}/refresh-auth"), fresh);
        let labels = order("nodes/node-2", "labels", json!({"labels": {"disk": "ssd"}}), self.node("node-2"));
        cases.insert(("post", "/api/nodes/{id}/labels"), labels);
        cases
    }

    /// Everything that a change can change.
    fn all(&self) -> Value {
        json!({"writes": self.stage.writes(), "catalog": self.server.json("/api/services"),
            "history": self.server.json("/api/history"), "tags": self.registry.tags("team/app")})
    }

    fn ask(&self, method: &str, path: &str, body: &Value, version: Option<u64>) -> Answer {
        let method = method.to_uppercase();
        loop {
            let mut request = self.server.request(&method, path);
            if !body.is_null() {
                request = request.json(body);
            }
            if let Some(version) = version {
                request = request.with("If-Match", format!("\"{version}\""));
            }
            let answer = request.send();
            if answer.status != 429 {
                return answer;
            }
            // Nobody may change more than five things a second.
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

#[test]
fn every_change_can_be_rehearsed_and_is_refused_to_who_has_seen_another_version() {
    let scene = Scene::new();
    let (mut cases, document) = (scene.cases(), scene.server.json("/api/openapi.json"));
    let before = scene.all();
    for (pattern, methods) in document["paths"].as_object().unwrap() {
        for (method, told) in methods.as_object().unwrap().iter().filter(|(method, _)| *method != "get") {
            let what = format!("{method} {pattern}");
            let case = cases.remove(&(method.as_str(), pattern.as_str()));
            let case =
                case.unwrap_or_else(|| panic!("{what} is new: say here how it is asked, and what its version is"));
            let parameters: Vec<&str> =
                told["parameters"].as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
            assert_eq!(parameters.contains(&"dry_run"), case.status != 400, "{what}: {parameters:?}");
            assert_eq!(parameters.contains(&"If-Match"), case.seen.is_some(), "{what}: {parameters:?}");
            let dry = format!("{}?dry_run=1", case.path);
            let planned = scene.ask(method, &dry, &case.body, case.seen);
            assert_eq!(planned.status, case.status, "{what}: {}", planned.body);
            if planned.status == 200 {
                assert_ne!(planned.json()["report"]["actions"], json!([]), "{what} would do nothing: {}", planned.body);
            }
            assert_eq!(scene.all(), before, "{what}: a dry run has written");
            for path in [&case.path, &dry] {
                let late = scene.ask(method, path, &case.body, Some(999_999));
                let wanted = if case.seen.is_some() { (412, "stale") } else { (400, "bad_request") };
                assert_eq!(
                    (late.status, late.json()["code"].as_str()),
                    (wanted.0, Some(wanted.1)),
                    "{what}: {}",
                    late.body
                );
                assert_eq!(scene.all(), before, "{what}: done although another version was seen");
            }
        }
    }
    assert!(cases.is_empty(), "no routes any more: {:?}", cases.keys());
}

#[test]
fn who_has_seen_the_version_of_now_changes_it() {
    let Scene { stage, server, .. } = Scene::new();
    let image = || stage.spec("web")["TaskTemplate"]["ContainerSpec"]["Image"].clone();
    let (old, version) = (image(), stage.version("web"));
    let ask = |path: &str, version: u64| server.request("POST", path).with("If-Match", format!("\"{version}\"")).send();
    let updated = ask("/api/services/web/update?wait=60s", version);
    assert_eq!(updated.status, 200, "{}", updated.body);
    assert_ne!(image(), old);
    assert_eq!(ask("/api/services/web/update", version).status, 412);
    assert_eq!(ask("/api/services/web/deploy", version).status, 412);
    assert_eq!(stage.replicas("web"), 2);
    let deployed = ask("/api/services/web/deploy", stage.version("web"));
    assert_eq!((deployed.status, stage.replicas("web")), (200, 3), "{}", deployed.body);
    let put = |seen: u64| {
        let body = json!({"definition": {"image": "reg.example.org/web:3"}, "expected_version": seen});
        server.request("PUT", "/api/services/web").json(&body).send()
    };
    assert_eq!(put(1).status, 200);
    assert_eq!(put(1).status, 412);
    let contrary = server.request("DELETE", "/api/services/web?version=2").with("If-Match", "\"1\"").send();
    assert_eq!(contrary.status, 400, "{}", contrary.body);
    assert_eq!(server.request("DELETE", "/api/services/web?version=1").send().status, 412);
    assert_eq!(server.request("DELETE", "/api/services/web?version=2").send().status, 200);
}

#[test]
fn a_form_heeds_the_version_that_its_page_has_shown() {
    let Scene { stage, server, .. } = Scene::new();
    let version = stage.version("web");
    let page = format!("/services/web/do/update?version={version}");
    let form = format!("seal={}&version={version}", hidden(&server.page(&page), "seal"));
    assert_eq!(server.post("/api/services/web/scale", &json!({"replicas": 4})).status, 200);
    stage.settled();
    let shown = server.page(&page);
    assert!(shown.contains("it has changed meanwhile") && !shown.contains("Do it"), "{shown}");
    let old = stage.version("web");
    let ended = by_forms(&server, "/services/web/do/update", &form);
    assert_eq!((ended["report"]["outcome"].as_str(), stage.version("web")), (Some("blocked"), old), "{ended}");
    let origin = format!("http://{}", server.address);
    let dry = server.request("POST", "/services/web/do/update?dry_run=1").form(&form).with("Origin", origin).send();
    assert_eq!((dry.status, stage.version("web")), (400, old), "{}", dry.body);
}
