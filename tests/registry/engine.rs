//! Images by way of the engine.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use orca::engine::Engine;
use orca::engine::address::{Address, Endpoint};
use orca::engine::wire::Wire;
use orca::registry::{Credentials, Resolved, Unresolved, Why, resolve_all};
use serde_json::{Value, json};

use super::common::sim::Sim;

pub fn engine(sim: &Sim) -> Engine {
    Engine::new(Wire::new(Endpoint::new(Address::Unix(sim.engine.socket.clone()), "test")).unwrap())
}

fn names<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

fn digest(of: char) -> String {
    format!("sha256:{}", of.to_string().repeat(64))
}

fn publish(sim: &Sim, image: &Value) {
    sim.admin("/registry", image).unwrap();
}

pub fn credentials(config: &Value) -> Credentials {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
    Credentials::load(folder.path()).unwrap()
}

/// Questions about images that the engine was asked, with what went along.
fn asked(sim: &Sim) -> Vec<(String, String)> {
    let requests = sim.requests().unwrap()["requests"].as_array().unwrap().clone();
    let field = |request: &Value, name: &str| request[name].as_str().unwrap().to_owned();
    requests
        .iter()
        .map(|request| (field(request, "path"), field(request, "registry_auth")))
        .filter(|(path, _)| path.starts_with("/distribution/"))
        .collect()
}

type Found = BTreeMap<String, Result<Resolved, Unresolved>>;

fn why(found: &Found, name: &str) -> Why {
    found[name].as_ref().unwrap_err().why
}

#[tokio::test]
async fn each_image_is_asked_for_once_and_with_its_registrys_credentials() {
    let sim = Sim::three().unwrap();
    publish(
        &sim,
        &json!({"image": "nginx:1", "digest": digest('a'), "platforms": [
        {"architecture": "amd64", "os": "linux"}, {"architecture": "arm", "os": "linux", "variant": "v7"},
        {"architecture": "unknown", "os": "unknown"}]}),
    );
    publish(&sim, &json!({"image": "127.0.0.1:1/a/b:2", "digest": digest('b'), "user": "u", "password": "hunter2"}));
    let own = credentials(&json!({"auths": {"127.0.0.1:1": {"auth": BASE64_STANDARD.encode("u:hunter2")}}}));
    let engine = engine(&sim);
    let images = names(["nginx:1", "docker.io/library/nginx:1", "127.0.0.1:1/a/b:2", "127.0.0.1:1/a/c", "A b"]);
    let found = resolve_all(&engine, &own, &images, 8).await;
    assert_eq!(found.keys().cloned().collect::<BTreeSet<_>>(), images);
    let nginx = found["nginx:1"].as_ref().unwrap();
    assert_eq!(nginx.digest, digest('a'));
    let platforms: Vec<String> = nginx.platforms.iter().map(ToString::to_string).collect();
    assert_eq!(platforms, ["linux/amd64", "linux/arm/v7", "unknown/unknown"]);
    assert_eq!(found["docker.io/library/nginx:1"], found["nginx:1"]);
    assert_eq!(found["127.0.0.1:1/a/b:2"].as_ref().unwrap().digest, digest('b'));
    assert_eq!((why(&found, "127.0.0.1:1/a/c"), why(&found, "A b")), (Why::NotFound, Why::Odd));
    let mut asked = asked(&sim);
    asked.sort();
    let paths: Vec<&str> = asked.iter().map(|(path, _)| path.as_str()).collect();
    let expected = ["127.0.0.1:1/a/b:2", "127.0.0.1:1/a/c:latest", "docker.io/library/nginx:1"];
    let expected = expected.map(|image| format!("/distribution/{image}/json").replace(':', "%3A"));
    assert_eq!(paths, expected);
    assert_eq!(engine.requests(), 3, "a clear no is not asked for again elsewhere");
    assert!(asked[2].1.is_empty(), "{asked:?}");
    assert!(!asked[0].1.is_empty() && asked[0].1 == asked[1].1);
}

#[tokio::test]
async fn an_engine_that_says_no_is_believed_and_one_that_cannot_say_is_not() {
    let sim = Sim::three().unwrap();
    publish(&sim, &json!({"image": "127.0.0.1:1/secret:1", "digest": digest('a'), "user": "u", "password": "p"}));
    let limited = "toomanyrequests: You have reached your unauthenticated pull rate limit.";
    publish(&sim, &json!({"image": "127.0.0.1:1/limited:1", "status": 500, "message": limited}));
    publish(&sim, &json!({"image": "127.0.0.1:1/broken:1", "status": 500, "message": "dial tcp: no route to host"}));
    publish(&sim, &json!({"image": "127.0.0.1:1/odd:1", "digest": "sha256:1"}));
    let other = ["secret", "limited", "broken", "odd"].map(|name| format!("127.0.0.1:1/{name}:1"));
    let images = other.iter().cloned().collect();
    let wrong = credentials(&json!({"auths": {"127.0.0.1:1": {"username": "u", "password": "hunter2"}}}));
    let found = resolve_all(&engine(&sim), &wrong, &images, 2).await;
    let whys = other.each_ref().map(|name| why(&found, name));
    assert_eq!(whys, [Why::Denied, Why::Limited(None), Why::Unreachable, Why::Unreachable]);
    let broken = found[&other[2]].as_ref().unwrap_err().to_string();
    assert!(broken.contains("no route to host") && broken.contains("asked directly"), "{broken}");
    assert!(!format!("{found:?}").contains("hunter2"));
}

#[tokio::test]
async fn an_engine_that_is_away_leaves_nothing_resolved() {
    let sim = Sim::three().unwrap();
    sim.admin("/crash", &json!({})).unwrap();
    let found = resolve_all(&engine(&sim), &Credentials::default(), &names(["127.0.0.1:1/a:1"]), 8).await;
    assert_eq!(why(&found, "127.0.0.1:1/a:1"), Why::Unreachable);
}
