//! Registries that send whoever asks to somebody else.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use orca::registry::{Credentials, Why};
use serde_json::json;

use super::direct::{World, login, stocked};
use super::server::{Said, Server};

#[tokio::test]
async fn a_redirect_to_another_host_takes_no_credentials_along() {
    let (shelf, index) = stocked();
    let behind = shelf.clone();
    let elsewhere = Server::start(move |asked| behind.answer(asked));
    let port = elsewhere.port;
    let secret = BASE64_STANDARD.encode("u:hunter2");
    let wanted = format!("Basic {secret}");
    let server = Server::start(move |asked| {
        if asked.authorisation() != wanted {
            return Said::status(401).with("WWW-Authenticate", "Basic realm=\"x\"");
        }
        let to = format!("http://127.0.0.1:{port}{}?X-Signature=hunter4", asked.path);
        Said::status(307).with("Location", &to)
    });
    let own = login(&server, &json!({"auth": secret}));
    assert_eq!(World::new().resolve(&own, &server.image("a/b:1")).await.unwrap().digest, index);
    let asked = elsewhere.asked();
    assert_eq!(asked.len(), 1);
    assert!(!format!("{asked:?}").contains(&secret), "{asked:?}");
}

/// Whoever is redirected to may say what it likes: its challenge is not the registry's.
#[tokio::test]
async fn a_redirect_to_another_host_that_asks_for_credentials_gets_none() {
    let secret = BASE64_STANDARD.encode("u:hunter2");
    for (challenge, entry) in [
        ("Bearer realm=\"http://{host}/token\",service=\"x\"", json!({"auth": secret})),
        ("Bearer realm=\"http://{host}/token\",service=\"x\"", json!({"identitytoken": "hunter2"})),
        ("Bearer realm=\"http://{host}/token\",service=\"x\"", json!({"registrytoken": "hunter2"})),
        ("Basic realm=\"x\"", json!({"auth": secret})),
    ] {
        let elsewhere = Server::start(move |asked| match asked.path.as_str() {
            "/token" => Said::json(&json!({"token": "good"})),
            _ => Said::status(401).with("WWW-Authenticate", &challenge.replace("{host}", &asked.headers["host"])),
        });
        let port = elsewhere.port;
        let server = Server::start(move |asked| {
            Said::status(307).with("Location", &format!("http://127.0.0.1:{port}{}", asked.path))
        });
        let error = World::new().resolve(&login(&server, &entry), &server.image("a/b:1")).await.unwrap_err();
        assert!(error.why == Why::Denied && error.text.contains("answered 401"), "{entry}: {error}");
        assert_eq!(elsewhere.lines(), ["GET /v2/a/b/manifests/1"], "{challenge} {entry}");
        let asked = [elsewhere.asked(), server.asked()].concat();
        assert!(asked.iter().all(|asked| asked.authorisation().is_empty()), "{entry}: {asked:?}");
    }
}

/// Docker Hub's tokens come from another host than its images: the registry's own challenge says which, and that one gets
/// the password; whom it redirects to does not.
#[tokio::test]
async fn the_token_server_that_the_registry_itself_names_gets_the_password_and_nobody_behind_it() {
    let (shelf, index) = stocked();
    let secret = BASE64_STANDARD.encode("u:hunter2");
    let wanted = format!("Basic {secret}");
    let behind = Server::start(|_| Said::json(&json!({"token": "good"})));
    let port = behind.port;
    let tokens = Server::start(move |asked| {
        if asked.authorisation() != wanted {
            return Said::status(401);
        }
        Said::status(307).with("Location", &format!("http://127.0.0.1:{port}/token"))
    });
    let realm = format!("Bearer realm=\"http://{}/token\",service=\"x\"", tokens.name());
    let server = Server::start(move |asked| match asked.authorisation() {
        "Bearer good" => shelf.answer(asked),
        _ => Said::status(401).with("WWW-Authenticate", &realm),
    });
    let own = login(&server, &json!({"auth": secret}));
    assert_eq!(World::new().resolve(&own, &server.image("a/b:1")).await.unwrap().digest, index);
    assert_eq!((tokens.asked().len(), behind.asked().len()), (1, 1));
    assert!(!format!("{:?} {:?}", behind.asked(), server.asked()).contains(&secret));
}

/// Where a registry keeps its layers elsewhere, the query of a redirect is as good as a password for a while.
#[tokio::test]
async fn a_signature_shows_in_no_message() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let signed = |place: &str| format!("{place}/v2/x?X-Amz-Signature=hunter5");
    let loops = Server::start(move |asked| Said::status(307).with("Location", &signed(&asked.path)));
    let refuses = Server::start(|_| Said::error(500, "out of order"));
    let endless = Server::start(|_| Said { body: vec![b' '; 5 << 20], ..Said::status(200) });
    for (to, expected) in [
        (format!("http://127.0.0.1:{closed}"), "no connection to http://127.0.0.1"),
        (format!("http://{}", loops.name()), "more than 5 redirects, at last to http://127.0.0.1"),
        (format!("http://{}", refuses.name()), "/v2/x answered 500 (out of order)"),
        (format!("https://{}", refuses.name()), "TLS with https://127.0.0.1"),
        (format!("http://{}", endless.name()), "/v2/x is larger than"),
        ("ftp://127.0.0.1".to_owned(), "redirects to nowhere that orca understands"),
    ] {
        let server = Server::start(move |_| Said::status(307).with("Location", &signed(&to)));
        let error = World::new().resolve(&Credentials::default(), &server.image("a/b:1")).await.unwrap_err();
        assert!(error.text.contains(expected) && !error.text.contains("hunter"), "{error}");
    }
}
