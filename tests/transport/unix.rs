//! Requests over a unix socket: answers, connections, and every way to get no answer.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::Method;
use orca::engine::address::{Address, Endpoint};
use orca::engine::fault::maybe_applied;
use orca::engine::wire::{Tuning, Wire};
use orca::error::{ErrorKind, hint_of, kind_of};
use tokio::time::Instant;

use crate::server::{Answer, Unix, ok, quick, script, status};

fn says(error: &anyhow::Error, text: &str) {
    assert!(format!("{error:#}").contains(text), "{error:#}");
}

#[tokio::test]
async fn one_request_and_its_answer() {
    let seen = Arc::new(Mutex::new(String::new()));
    let log = Arc::clone(&seen);
    let engine = Unix::start(script(move |request| {
        request.clone_into(&mut log.lock().unwrap());
        Answer::Say(b"HTTP/1.1 201 Created\r\nApi-Version: 1.51\r\nContent-Length: 2\r\n\r\nhi".to_vec())
    }));
    let wire = engine.wire();
    let reply = wire.request(Method::POST, "/v1.51/nodes/x/update?version=3", Some(b"{}".to_vec())).await.unwrap();
    assert_eq!((reply.status, reply.body.as_slice(), reply.header("api-version")), (201, &b"hi"[..], Some("1.51")));
    assert!(reply.is_success());
    let request = seen.lock().unwrap().to_lowercase();
    assert!(request.starts_with("post /v1.51/nodes/x/update?version=3 http/1.1\r\n"), "{request}");
    for header in ["user-agent: orca/", "content-type: application/json", "content-length: 2", "host: localhost"] {
        assert!(request.contains(header), "{request}");
    }
    assert!(request.ends_with("\r\n\r\n{}"), "{request}");
}

#[tokio::test]
async fn an_error_of_the_engine_is_an_answer() {
    let engine = Unix::start(script(|_| status("500 Internal Server Error", "update out of sequence")));
    let reply = engine.wire().get("/x").await.unwrap();
    assert_eq!((reply.status, reply.is_success()), (500, false));
    assert_eq!(reply.body, b"update out of sequence");
}

#[tokio::test]
async fn requests_in_sequence_share_a_connection_and_parallel_ones_do_not() {
    let engine = Unix::start(script(|_| ok("[]")));
    let wire = engine.wire();
    for _ in 0..5 {
        wire.get("/tasks").await.unwrap();
    }
    assert_eq!((engine.connections(), wire.requests()), (1, 5));
    let all = futures_util::future::join_all((0..5).map(|_| wire.get("/tasks"))).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!((engine.connections(), wire.clone().requests()), (5, 10));
}

#[tokio::test]
async fn chunked_and_endless_bodies_arrive_whole() {
    let engine = Unix::start(script(|request| {
        if request.starts_with("GET /chunked") {
            Answer::Slowly(vec![
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc",
                "\r\n2\r\nde\r\n0\r\n\r\n",
            ])
        } else {
            Answer::SayAndClose(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end".to_vec())
        }
    }));
    let wire = engine.wire();
    assert_eq!(wire.get("/chunked").await.unwrap().body, b"abcde");
    assert_eq!(wire.get("/until-close").await.unwrap().body, b"to the end");
    assert_eq!(wire.get("/chunked").await.unwrap().body, b"abcde");
}

#[tokio::test]
async fn only_what_is_just_as_known_is_told_as_such() {
    let engine = Unix::start(script(|request| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        match path {
            "/chunks" => Answer::Slowly(vec![
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
                "2\r\nde\r\n0\r\n\r\n",
            ]),
            "/error" => status("500 Internal Server Error", "abcde"),
            _ => ok(path.trim_start_matches('/')),
        }
    }));
    let wire = engine.wire();
    for path in ["/abcde", "/chunks"] {
        assert!(wire.get_again(path, b"abcde").await.unwrap().is_none(), "{path}");
        // Longer, shorter, another at the beginning, in the middle, at the end; nothing known at all.
        for known in ["abcdef", "abcd", "abc", "xbcde", "abxde", "abcxe", "abcdx", ""] {
            let reply = wire.get_again(path, known.as_bytes()).await.unwrap().unwrap();
            assert_eq!((reply.status, reply.body.as_slice()), (200, &b"abcde"[..]), "{path} {known}");
        }
    }
    let reply = wire.get_again("/", b"abcde").await.unwrap().unwrap();
    assert_eq!(reply.body, b"", "nothing is not what is known");
    let reply = wire.get_again("/error", b"abcde").await.unwrap().unwrap();
    assert_eq!((reply.status, reply.body.as_slice()), (500, &b"abcde"[..]), "an error is never what is known");
}

#[tokio::test]
async fn an_idle_connection_that_was_closed_costs_nothing() {
    let engine = Unix::start(script(|_| Answer::SayAndClose(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec())));
    let wire = engine.wire();
    for _ in 0..3 {
        wire.request(Method::POST, "/x", None).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(engine.connections(), 3);
}

#[tokio::test]
async fn no_socket_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("none.sock");
    let wire = Wire::new(Endpoint::new(Address::Unix(path.clone()), "DOCKER_HOST")).unwrap();
    let error = wire.request(Method::POST, "/x", None).await.unwrap_err();
    assert_eq!(kind_of(&error), ErrorKind::Unreachable);
    says(&error, &format!("cannot connect to the engine at unix://{} (DOCKER_HOST): No such file", path.display()));
    assert!(hint_of(&error).unwrap().contains("is the engine running?"), "{:?}", hint_of(&error));
    assert!(!maybe_applied(&error));

    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let error = wire.get("/x").await.unwrap_err();
    says(&error, "refused");
    assert!(hint_of(&error).unwrap().contains("nobody listens"));
}

#[tokio::test]
async fn a_cut_body_is_an_error_that_names_the_request() {
    let engine = Unix::start(script(|request| {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n1234";
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n1234\r\n4\r\n12";
        Answer::SayAndClose(if request.contains("chunked") { chunked } else { head }.into())
    }));
    let error = engine.wire().get("/v1.51/tasks?filters=x").await.unwrap_err();
    assert_eq!(kind_of(&error), ErrorKind::Unreachable);
    says(&error, "GET /tasks: the connection was cut after 4 of 10 bytes");
    assert!(!maybe_applied(&error));
    let error = engine.wire().request(Method::POST, "/chunked", None).await.unwrap_err();
    says(&error, "POST /chunked: the connection was cut after");
    assert!(maybe_applied(&error));
}

#[tokio::test]
async fn a_connection_lost_before_the_answer_may_have_applied_a_write() {
    let engine = Unix::start(script(|_| Answer::SayAndClose(Vec::new())));
    let error = engine.wire().request(Method::POST, "/nodes/x/update", Some(b"{}".to_vec())).await.unwrap_err();
    assert_eq!(kind_of(&error), ErrorKind::Unreachable);
    says(&error, "POST /nodes/x/update: connection to unix:///");
    says(&error, "it may or may not have been applied");
    assert!(maybe_applied(&error));
    assert!(!maybe_applied(&engine.wire().get("/nodes").await.unwrap_err()));
}

#[tokio::test]
async fn silence_is_bounded() {
    let engine = Unix::start(script(|request| {
        let head = if request.contains("/half") { "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf" } else { "" };
        Answer::SayAndHang(head.into())
    }));
    let wire = engine.tuned(quick());
    let error = wire.get("/tasks").await.unwrap_err();
    assert_eq!(kind_of(&error), ErrorKind::Unreachable);
    says(&error, "GET /tasks: no answer within ");
    let error = wire.get("/half").await.unwrap_err();
    says(&error, "GET /half: the answer stopped after 4 bytes, nothing more within ");

    let begun = Instant::now();
    let hurried = engine.wire().with_deadline(Some(begun + Duration::from_secs(1)));
    let error = hurried.request(Method::POST, "/x", None).await.unwrap_err();
    says(&error, "all that was left of the pass");
    assert!(maybe_applied(&error));
    // Silence alone would be borne with for 20 s.
    assert!(begun.elapsed() < Duration::from_secs(15));
    let error = hurried.request(Method::POST, "/x", None).await.unwrap_err();
    assert_eq!(kind_of(&error), ErrorKind::Timeout);
    says(&error, "POST /x: not sent, the pass ran out of time");
    assert!(!maybe_applied(&error));
}

#[tokio::test]
async fn a_slow_answer_is_not_a_silent_one() {
    let engine = Unix::start(script(|_| {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n";
        Answer::Slowly([&[head][..], &["x"; 15]].concat())
    }));
    // One part each 100 ms: more in all than the limit, and far less from one to the next.
    assert_eq!(engine.tuned(quick()).get("/slow").await.unwrap().body, [b'x'; 15]);
}

#[tokio::test]
async fn garbage_is_not_an_answer() {
    let engine = Unix::start(script(|_| Answer::SayAndHang(b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec())));
    let error = engine.wire().get("/_ping").await.unwrap_err();
    assert_eq!(kind_of(&error), ErrorKind::Unreachable);
    says(&error, "is not HTTP");
    assert!(hint_of(&error).unwrap().contains("address of a Docker Engine"));
}

#[tokio::test]
async fn an_answer_beyond_the_limit_is_refused() {
    let engine = Unix::start(script(|request| {
        if request.contains("/lie") {
            return Answer::SayAndHang(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999999\r\n\r\n".to_vec());
        }
        let chunk = format!("800\r\n{}\r\n", "x".repeat(0x800));
        Answer::SayAndHang(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}{chunk}").into_bytes())
    }));
    let wire = engine.tuned(Tuning { max_body: 3000, ..quick() });
    for path in ["/lie", "/long"] {
        let error = wire.get(path).await.unwrap_err();
        says(&error, &format!("GET {path}: the answer is larger than 3000 bytes"));
    }
}

#[tokio::test]
async fn a_path_that_is_none_is_an_error() {
    let engine = Unix::start(script(|_| ok("")));
    assert!(engine.wire().get("/a b\r\nHost: x").await.is_err());
}
