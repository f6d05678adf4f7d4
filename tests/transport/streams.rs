//! bollard over the same wire.

use std::time::Duration;

use futures_util::StreamExt;
use orca::engine::fault::from_bollard;
use orca::error::{ErrorKind, kind_of};
use tokio::time::Instant;

use crate::server::{Answer, Unix, ok, script, status};

#[tokio::test]
async fn typed_calls_carry_the_version_and_share_the_connection() {
    let engine = Unix::start(script(|request| match request.split(' ').nth(1) {
        Some("/v1.44/_ping") => ok("OK"),
        other => status("404 Not Found", &format!("{{\"message\":\"{}\"}}", other.unwrap_or(""))),
    }));
    let wire = engine.wire();
    let docker = wire.docker("1.44").unwrap();
    for _ in 0..3 {
        assert_eq!(docker.ping().await.unwrap(), "OK");
        wire.get("/x").await.unwrap();
    }
    let error = docker.inspect_node("a b").await.unwrap_err();
    assert!(error.to_string().contains("/v1.44/nodes/a%20b"), "{error}");
    assert_eq!((engine.connections(), wire.requests()), (1, 7));
    assert!(wire.docker("latest").is_err());
}

#[tokio::test]
async fn events_outlive_the_deadline() {
    let event = "2f\r\n{\"Type\":\"node\",\"Action\":\"update\",\"timeNano\":1}\n\r\n";
    let engine = Unix::start(script(move |request| {
        assert!(request.starts_with("GET /v1.51/events HTTP"), "{request}");
        Answer::Slowly(vec!["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", event, event, event, event, event])
    }));
    let wire = engine.wire().with_deadline(Some(Instant::now() + Duration::from_millis(300)));
    let mut events = wire.docker("1.51").unwrap().events(None);
    for _ in 0..5 {
        assert_eq!(events.next().await.unwrap().unwrap().action.as_deref(), Some("update"));
    }
}

#[tokio::test]
async fn an_error_of_the_wire_comes_back_whole() {
    let engine = Unix::start(script(|_| ok("")));
    let wire = engine.wire();
    std::fs::remove_file(&engine.path).unwrap();
    let error = from_bollard(wire.docker("1.51").unwrap().ping().await.unwrap_err());
    assert_eq!(kind_of(&error), ErrorKind::Unreachable);
    assert!(format!("{error:#}").contains("cannot connect to the engine at unix://"), "{error:#}");
}
