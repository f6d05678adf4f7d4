//! Registries that are asked directly, because the engine can't say.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use orca::engine::Engine;
use orca::registry::{Credentials, Resolved, Unresolved, Why, created_all, resolve_all, tags_all};
use serde_json::{Value, json};

use super::common::sim::Sim;
use super::engine::{credentials, engine};
use super::server::{Asked, INDEX, MANIFEST, Said, Server, Shelf};

const BUILT: &str = "2026-11-01T12:00:00.123456789Z";

/// An engine that reaches no registry.
pub struct World {
    _sim: Sim,
    engine: Engine,
}

impl World {
    pub fn new() -> Self {
        let sim = Sim::three().unwrap();
        let engine = engine(&sim);
        Self { _sim: sim, engine }
    }

    pub async fn resolve(&self, credentials: &Credentials, image: &str) -> Result<Resolved, Unresolved> {
        resolve_all(&self.engine, credentials, &one(image), 8).await.remove(image).unwrap()
    }

    async fn refused(&self, server: &Server, more: &str) -> (Why, String) {
        let error = self.resolve(&Credentials::default(), &server.image("a/b:1")).await.unwrap_err();
        assert!(error.text.contains(more), "{error}");
        (error.why, error.text)
    }
}

fn one(image: &str) -> BTreeSet<String> {
    BTreeSet::from([image.to_owned()])
}

pub fn stocked() -> (Shelf, String) {
    let shelf = Shelf::default();
    let images: Vec<(&str, String)> =
        ["arm64", "amd64"].map(|arch| (arch, shelf.image("a/b", None, arch, BUILT))).into_iter().collect();
    let listed: Vec<(&str, &str)> = images.iter().map(|(arch, digest)| (*arch, digest.as_str())).collect();
    let index = shelf.index("a/b", "1", &listed);
    (shelf, index)
}

pub fn login(server: &Server, entry: &Value) -> Credentials {
    credentials(&json!({"auths": {server.name(): entry}}))
}

#[tokio::test]
async fn an_index_is_one_digest_with_all_its_platforms() {
    let (shelf, index) = stocked();
    let single = shelf.image("a/c", Some("1"), "amd64", BUILT);
    let server = Server::start(move |asked| shelf.answer(asked));
    let world = World::new();
    let before = world.engine.requests();
    let found = world.resolve(&Credentials::default(), &server.image("a/b:1")).await.unwrap();
    assert_eq!(found.digest, index);
    let platforms: Vec<String> = found.platforms.iter().map(ToString::to_string).collect();
    assert_eq!(platforms, ["linux/arm64", "linux/amd64", "unknown/unknown"]);
    // The engine's two (the image, and what it thinks of registries), and the registry's one.
    assert_eq!((world.engine.requests() - before, server.lines().len()), (3, 1));
    let accept = &server.asked()[0].headers["accept"];
    assert!(accept.contains(INDEX) && accept.contains(MANIFEST) && accept.contains("manifest.list.v2"), "{accept}");
    let found = world.resolve(&Credentials::default(), &server.image("a/c:1")).await.unwrap();
    assert_eq!((found.digest, found.platforms[0].to_string()), (single, "linux/amd64".to_owned()));
}

#[tokio::test]
async fn the_date_is_that_of_the_image_and_none_where_the_image_says_none() {
    let (shelf, index) = stocked();
    for (tag, created) in [("epoch", "1970-01-01T00:00:00Z"), ("zero", "0001-01-01T00:00:00Z"), ("odd", "yesterday")] {
        shelf.image("a/c", Some(tag), "amd64", created);
    }
    let server = Server::start(move |asked| shelf.answer(asked));
    let world = World::new();
    let images: BTreeSet<String> =
        ["a/b:1", "a/c:epoch", "a/c:zero", "a/c:odd", "a/c:none"].map(|rest| server.image(rest)).into();
    let pinned = format!("{}@{index}", server.image("a/b:gone"));
    let all = images.iter().cloned().chain([pinned.clone()]).collect();
    let found = created_all(&world.engine, &Credentials::default(), &all, 8).await;
    for image in [&server.image("a/b:1"), &pinned] {
        assert_eq!(found[image].as_ref().unwrap().unwrap().to_string(), BUILT);
    }
    for rest in ["a/c:epoch", "a/c:zero", "a/c:odd"] {
        assert_eq!(found[&server.image(rest)], Ok(None), "{rest}");
    }
    assert_eq!(found[&server.image("a/c:none")].as_ref().unwrap_err().why, Why::NotFound);
}

#[tokio::test]
async fn tags_come_in_pages() {
    let shelf = Shelf::default();
    for tag in ["1", "1.1", "2", "2.0-rc1", "3", "latest", "v4"] {
        shelf.image("a/b", Some(tag), "amd64", BUILT);
    }
    let server = Server::start(move |asked| shelf.answer(asked));
    let image = server.image("a/b");
    let found = tags_all(&World::new().engine, &Credentials::default(), &one(&image), 8).await;
    assert_eq!(found[&image].as_deref().unwrap(), ["1", "1.1", "2", "2.0-rc1", "3", "latest", "v4"]);
    assert_eq!(server.asked().len(), 3);
}

#[tokio::test]
async fn a_list_that_leads_back_to_itself_ends() {
    let server = Server::start(|asked| {
        Said::json(&json!({"tags": ["1"]})).with("Link", &format!("<{}?n=1000>; rel=\"next\"", asked.path))
    });
    let image = server.image("a/b");
    let found = tags_all(&World::new().engine, &Credentials::default(), &one(&image), 8).await;
    assert_eq!((found[&image].as_deref().unwrap(), server.asked().len()), (&["1".to_owned()][..], 1));
}

/// A token server that gives `token` to whom `knows` says, and a registry behind it.
fn guarded(shelf: Shelf, knows: impl Fn(&Asked) -> bool + Send + Sync + 'static) -> Server {
    Server::start(move |asked| {
        let host = &asked.headers["host"];
        if asked.path == "/token" {
            return if knows(asked) { Said::json(&json!({"access_token": "good"})) } else { Said::error(401, "who?") };
        }
        if asked.authorisation() == "Bearer good" {
            return shelf.answer(asked);
        }
        let challenge = format!("Bearer realm=\"http://{host}/token\",service=\"reg, one\",scope=\"x\"");
        Said::error(401, "authentication required").with("WWW-Authenticate", &challenge)
    })
}

#[tokio::test]
async fn a_token_is_asked_for_with_the_password_and_the_password_goes_nowhere_else() {
    let (shelf, index) = stocked();
    let secret = BASE64_STANDARD.encode("u:hunter2");
    let wanted = format!("Basic {secret}");
    let server = guarded(shelf, move |asked| {
        asked.query["service"] == "reg, one"
            && asked.query["scope"] == "repository:a/b:pull"
            && asked.authorisation() == wanted
    });
    let world = World::new();
    let own = login(&server, &json!({"auth": secret}));
    assert_eq!(world.resolve(&own, &server.image("a/b:1")).await.unwrap().digest, index);
    assert_eq!(server.lines(), ["GET /v2/a/b/manifests/1", "GET /token", "GET /v2/a/b/manifests/1"]);
    let with_password = server.asked().into_iter().filter(|asked| asked.authorisation().contains("Basic"));
    assert!(with_password.map(|asked| asked.path).eq(["/token"]));
    // Nobody's, and a wrong one.
    assert_eq!(world.refused(&server, "answered 401 (who?)").await.0, Why::Denied);
    let wrong = login(&server, &json!({"username": "u", "password": "hunter3"}));
    let error = world.resolve(&wrong, &server.image("a/b:1")).await.unwrap_err();
    assert!(error.why == Why::Denied && !format!("{error:?}").contains("hunter"), "{error}");
}

#[tokio::test]
async fn an_identity_token_is_traded_for_one_of_the_registry() {
    let (shelf, index) = stocked();
    let server = guarded(shelf, |asked| {
        asked.method == "POST"
            && asked.body.contains("grant_type=refresh_token")
            && asked.body.contains("refresh_token=id%2Dtoken")
            && asked.body.contains("scope=repository%3Aa%2Fb%3Apull")
    });
    let own = login(&server, &json!({"identitytoken": "id-token"}));
    assert_eq!(World::new().resolve(&own, &server.image("a/b:1")).await.unwrap().digest, index);
}

#[tokio::test]
async fn passwords_and_registry_tokens_are_taken_as_the_registry_wants_them() {
    let secret = BASE64_STANDARD.encode("u:p");
    for (challenge, wanted, entry) in [
        ("Basic realm=\"x\"", format!("Basic {secret}"), json!({"auth": secret})),
        ("Bearer realm=\"http://127.0.0.1:1/t\"", "Bearer r".to_owned(), json!({"registrytoken": "r"})),
    ] {
        let (shelf, index) = stocked();
        let server = Server::start(move |asked| {
            if asked.authorisation() == wanted {
                return shelf.answer(asked);
            }
            Said::status(401).with("WWW-Authenticate", challenge)
        });
        let own = login(&server, &entry);
        assert_eq!(World::new().resolve(&own, &server.image("a/b:1")).await.unwrap().digest, index, "{challenge}");
    }
    let server = Server::start(|_| Said::status(401).with("WWW-Authenticate", "Basic realm=\"x\""));
    assert_eq!(World::new().refused(&server, "there are none for it").await.0, Why::Denied);
}

#[tokio::test]
async fn a_token_that_expires_on_the_way_is_asked_for_once_more() {
    let (shelf, _) = stocked();
    let tokens = AtomicUsize::new(0);
    let server = Server::start(move |asked| {
        if asked.path == "/token" {
            let number = tokens.fetch_add(1, Ordering::SeqCst) + 1;
            return Said::json(&json!({"token": format!("t{number}")}));
        }
        // The first token is good for the index, and for nothing after it.
        let good = if asked.path.ends_with("/manifests/1") { "Bearer t1" } else { "Bearer t2" };
        if asked.authorisation() == good {
            return shelf.answer(asked);
        }
        let realm = format!("Bearer realm=\"http://{}/token\"", asked.headers["host"]);
        Said::error(401, "token expired").with("WWW-Authenticate", &realm)
    });
    let image = server.image("a/b:1");
    let found = created_all(&World::new().engine, &Credentials::default(), &one(&image), 8).await;
    assert!(matches!(found[&image], Ok(Some(_))), "{found:?}");
    assert_eq!(server.lines().iter().filter(|line| line.ends_with("/token")).count(), 2);
}

#[tokio::test]
async fn a_registry_that_wants_to_be_left_alone_is_waited_for_a_little_and_no_longer() {
    let (shelf, index) = stocked();
    let count = AtomicUsize::new(0);
    let server = Server::start(move |asked| match count.fetch_add(1, Ordering::SeqCst) {
        0 => Said::error(429, "slow down").with("Retry-After", "1"),
        _ => shelf.answer(asked),
    });
    let world = World::new();
    let begun = Instant::now();
    assert_eq!(world.resolve(&Credentials::default(), &server.image("a/b:1")).await.unwrap().digest, index);
    assert!(begun.elapsed() >= Duration::from_secs(1));

    let server = Server::start(|_| {
        Said::error(429, "too many requests")
            .with("Retry-After", "3600")
            .with("ratelimit-limit", "100;w=21600")
            .with("ratelimit-remaining", "0;w=21600")
    });
    let (why, text) = world.refused(&server, "wants to be left alone for 1h").await;
    assert_eq!(why, Why::Limited(Some(Duration::from_secs(3600))));
    assert!(text.contains("0 of 100 requests left within 6h"), "{text}");
    assert_eq!(server.asked().len(), 1);

    // One that never has enough.
    let server = Server::start(|_| Said::status(429).with("Retry-After", "0"));
    assert_eq!(world.refused(&server, "answered 429").await.0, Why::Limited(Some(Duration::ZERO)));
    assert_eq!(server.asked().len(), 3);
}

#[tokio::test]
async fn answers_that_are_no_manifest_are_not_taken_for_one() {
    let world = World::new();
    let answers = [
        (
            Said { body: b"<html>log in</html>".to_vec(), ..Said::status(200) }.with("Content-Type", "text/html"),
            "text/html",
        ),
        (Said { body: b"{{{".to_vec(), ..Said::status(200) }, "can't be read"),
        (Said::json(&json!({})), "neither a manifest nor an index"),
        (Said::json(&json!({"schemaVersion": 1, "fsLayers": []})), "old schema 1"),
        (
            Said { body: vec![b' '; 5 << 20], ..Said::status(200) }.with("Content-Type", INDEX),
            "larger than 4194304 bytes",
        ),
        (Said::status(418), "answered 418"),
    ];
    for (said, expected) in answers {
        let server = Server::start(move |_| said.clone());
        assert_eq!(world.refused(&server, expected).await.0, Why::Unreachable, "{expected}");
    }
    // A digest is held against what comes.
    let (shelf, index) = stocked();
    let other = shelf.image("a/b", Some("2"), "s390x", BUILT);
    let server = Server::start(move |asked| {
        let path = asked.path.replace(&index, &other);
        shelf.answer(&Asked { path, ..asked.clone() })
    });
    let (_, index) = stocked();
    let error = world.resolve(&Credentials::default(), &format!("{}@{index}", server.image("a/b"))).await;
    assert!(error.unwrap_err().text.contains("is not what its digest says"));
}

#[tokio::test]
async fn a_slow_registry_is_waited_for_until_the_pass_is_over() {
    let server = Server::start(|_| Said { delay: Duration::from_secs(20), ..Said::status(200) });
    let world = World::new();
    let until = tokio::time::Instant::now() + Duration::from_millis(1500);
    let begun = Instant::now();
    let image = server.image("a/b:1");
    let engine = world.engine.until(until);
    let found = resolve_all(&engine, &Credentials::default(), &one(&image), 8).await;
    let error = found[&image].as_ref().unwrap_err();
    assert!(error.why == Why::Unreachable && error.text.contains("no answer of"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(15));
}

#[tokio::test]
async fn a_registry_that_is_down_or_broken_is_no_image_that_is_gone() {
    let world = World::new();
    let error = world.resolve(&Credentials::default(), "127.0.0.1:1/a/b:1").await.unwrap_err();
    assert_eq!(error.why, Why::Unreachable, "{error}");
    let server = Server::start(|_| Said::error(503, "in maintenance"));
    assert_eq!(world.refused(&server, "answered 503 (in maintenance)").await.0, Why::Unreachable);
    let server = Server::start(|_| Said::error(404, "manifest unknown"));
    assert_eq!(world.refused(&server, "answered 404 (manifest unknown)").await.0, Why::NotFound);
    let server = Server::start(|_| Said::error(403, "denied"));
    assert_eq!(world.refused(&server, "answered 403").await.0, Why::Denied);
}

#[tokio::test]
async fn many_images_are_asked_for_at_once_and_never_more_than_may_be() {
    let (now, most) = (std::sync::Arc::new(AtomicUsize::new(0)), std::sync::Arc::new(AtomicUsize::new(0)));
    let (busy, peak) = (now.clone(), most.clone());
    let shelf = Shelf::default();
    for at in 0..40 {
        shelf.image(&format!("a/i{at}"), Some("1"), "amd64", BUILT);
    }
    let begun = Instant::now();
    let server = Server::start(move |asked| {
        peak.fetch_max(busy.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        // The first wait for others, but not for ever; the rest gives one too many the time to be seen.
        while peak.load(Ordering::SeqCst) < 4 && begun.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(50));
        busy.fetch_sub(1, Ordering::SeqCst);
        shelf.answer(asked)
    });
    let images: BTreeSet<String> = (0..40).map(|at| server.image(&format!("a/i{at}:1"))).collect();
    let found = resolve_all(&World::new().engine, &Credentials::default(), &images, 8).await;
    assert!(found.len() == 40 && found.values().all(Result::is_ok), "{found:?}");
    let most = most.load(Ordering::SeqCst);
    assert!((4..=8).contains(&most), "{most} at once");
    // One for the manifest, one for the platform in its config.
    assert_eq!(server.asked().len(), 80);
}
