//! Clients that want too much, are too slow, or too many.

use std::io::{BufRead as _, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::read_head;
use crate::stage::Stage;

#[test]
fn a_body_that_is_too_large_is_refused_before_it_comes() {
    let stage = Stage::new();
    stage.create("web", 1, |_| {});
    let server = stage.trusting();
    let began = Instant::now();
    let request = server.request("POST", "/api/services/web/scale").with("Content-Type", "application/json");
    let answer = request.with("Content-Length", "1073741824").send();
    assert_eq!((answer.status, answer.json()["code"].as_str()), (413, Some("too_large")));
    assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
    // One that doesn't say how large it is.
    let mut stream = TcpStream::connect(&server.address).unwrap();
    write!(
        stream,
        "POST /api/services/web/scale HTTP/1.1\r\nHost: {}\r\nTransfer-Encoding: chunked\r\n\r\n",
        server.address
    )
    .unwrap();
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let sent = (0..1024).take_while(|_| stream.write_all(chunk.as_bytes()).is_ok()).count();
    assert!(sent < 200, "{sent} chunks of 64 KiB were taken");
    assert_eq!(stage.replicas("web"), 1);
}

#[test]
fn a_client_that_says_nothing_is_sent_away() {
    let stage = Stage::new();
    let server = stage.serve(&[]);
    let mut silent = TcpStream::connect(&server.address).unwrap();
    silent.write_all(b"GET /api/nodes HTTP/1.1\r\nHost:").unwrap();
    let mut slow = server.request("POST", "/login").with("Content-Length", "100").begin();
    silent.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let began = Instant::now();
    let mut rest = Vec::new();
    silent.read_to_end(&mut rest).unwrap();
    assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
    assert_eq!(read_head(&mut slow).0, 408);
    assert_eq!(server.get("/livez").status, 200);
}

#[test]
fn hundreds_watch_live_and_cost_the_engine_what_one_does() {
    let stage = Stage::new();
    stage.create("web", 1, |_| {});
    let server = stage.trusting();
    let mut watchers: Vec<_> = (0..500).map(|_| server.request("GET", "/api/events").begin()).collect();
    for watcher in &mut watchers {
        let (status, _) = read_head(watcher);
        assert_eq!(status, 200);
        let mut line = String::new();
        watcher.read_line(&mut line).unwrap();
        let mut chunk = String::new();
        watcher.read_line(&mut chunk).unwrap();
        assert!((line + &chunk).contains("event: changed"));
    }
    stage.sim.reset_requests().unwrap();
    let began = Instant::now();
    assert_eq!(server.post("/api/services/web/scale", &json!({"replicas": 2})).status, 200);
    for watcher in &mut watchers {
        let mut seen = String::new();
        // The rest of the first event, then the next.
        while seen.matches("event: changed").count() < 1 {
            assert!(watcher.read_line(&mut seen).unwrap() > 0, "{seen}");
        }
    }
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    let total = stage.sim.requests().unwrap()["total"].as_u64().unwrap();
    // The change, a look after each burst of its events, and one each two seconds; each look is five requests.
    let most = 80 + 5 * began.elapsed().as_secs() / 2;
    assert!(total < most, "{total} requests to the engine, not less than {most}");
    let memory = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let resident =
        memory.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    assert!(resident.unwrap() < 120 * 1024, "{resident:?} KiB");
    drop(watchers);
    assert_eq!(server.get("/livez").status, 200);
}
