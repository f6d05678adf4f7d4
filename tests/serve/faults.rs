//! What is beneath the server fails.

use std::process::Command;
use std::time::Duration;

use serde_json::json;

use crate::common::poll;
use crate::stage::Stage;

#[test]
fn a_database_that_can_not_be_used_is_told_as_a_problem() {
    let stage = Stage::new();
    let server = stage.trusting();
    let entry = |name: &str| json!({"name": name, "definition": {"image": "127.0.0.1:1/bb:1"}});
    assert_eq!(server.post("/api/services", &entry("web")).status, 201);
    let file = stage.orca.state_dir().join("catalog.db");
    assert!(file.is_file(), "{}", file.display());
    // Held by somebody who doesn't let go.
    let held = rusqlite::Connection::open(&file).unwrap();
    held.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE").unwrap();
    for answer in [server.get("/api/services"), server.post("/api/services", &entry("other"))] {
        assert!(answer.status >= 500 || answer.status == 409, "{answer:?}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{answer:?}");
        assert!(answer.body.contains("lock"), "{answer:?}");
    }
    drop(held);
    assert_eq!(server.json("/api/services")[0]["name"], "web");
    // No database at all: nothing of it is told as an empty list, and the rest goes on.
    std::fs::write(&file, "this is no database, but long enough to be taken for one by its name alone".repeat(20))
        .unwrap();
    let answer = server.get("/api/services");
    assert!(answer.status >= 500, "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/problem+json", "{answer:?}");
    assert_eq!(server.get("/api/services/live").status, 200);
    let page = server.request("GET", "/catalog").with("Accept", "text/html").send();
    assert!(page.status >= 500 && page.body.contains("<h1>"), "{page:?}");
}

fn mounts() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

#[test]
fn a_full_disk_is_told_as_a_problem_and_leaves_nothing_half_written() {
    let stage = Stage::new();
    let dir = stage.orca.state_dir();
    std::fs::create_dir_all(&dir).unwrap();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=512k", "orca-test"]).arg(&dir).status();
    let possible = mounts() && mounted.is_ok_and(|status| status.success());
    assert!(possible || std::env::var_os("CI").is_none_or(|ci| ci != "true"), "nothing may be left out here");
    if !possible {
        eprintln!("NOT tested: no tmpfs can be mounted here");
        return;
    }
    let mut server = stage.trusting();
    let entry = |name: &str, long: usize| {
        let env = json!({"LONG": "x".repeat(long)});
        json!({"name": name, "definition": {"image": "127.0.0.1:1/bb:1", "env": env}})
    };
    assert_eq!(server.post("/api/services", &entry("web", 1)).status, 201);
    let before = server.get("/api/services").body;
    // Every byte that is left.
    let fill = format!("of={}", dir.join("fill").display());
    let filled = Command::new("dd").args(["if=/dev/zero", "bs=512", &fill]).output().unwrap();
    let added = server.post("/api/services", &entry("other", 100_000));
    let changed = server.request("PUT", "/api/services/web").json(&entry("web", 100_000)).send();
    let (there, live) = (server.get("/api/services"), server.get("/api/services/live"));
    std::fs::remove_file(dir.join("fill")).unwrap();
    let (after, again) = (server.get("/api/services").body, server.post("/api/services", &entry("other", 100_000)));
    let names: Vec<_> =
        server.json("/api/services").as_array().unwrap().iter().map(|row| row["name"].clone()).collect();
    server.stop();
    assert!(Command::new("umount").arg(&dir).status().unwrap().success());
    assert!(!filled.status.success(), "the disk was full");
    for answer in [added, changed] {
        assert!(answer.status >= 500, "{answer:?}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{answer:?}");
        let problem = answer.json();
        assert!(problem.to_string().contains("full"), "{problem}");
        assert!(problem["hint"].as_str().is_some_and(|hint| hint.contains("free space")), "{problem}");
    }
    assert_eq!((there.status, live.status), (200, 200), "what is there can still be read: {there:?}");
    assert_eq!((&there.body, &after), (&before, &before), "nothing of it was taken");
    assert_eq!((again.status, names), (201, vec![json!("other"), json!("web")]), "{}", again.body);
}

#[test]
fn a_look_that_its_client_did_not_wait_for_leaves_nothing_old_behind() {
    let stage = Stage::new();
    stage.create("web", 2, |_| {});
    let server = stage.trusting();
    let replicas = || server.json("/api/services/live")[0]["replicas"].clone();
    assert_eq!(replicas(), 2);
    let scaled = server.post("/api/services/web/scale", &json!({"replicas": 4}));
    assert_eq!(scaled.status, 200, "{}", scaled.body);
    stage.settled();
    // What events tell of it is over by then: nothing else makes the look at hand an old one.
    std::thread::sleep(Duration::from_millis(500));
    stage.sim.admin("/fault", &json!({"kind": "hold", "path": "/services"})).unwrap();
    stage.sim.reset_requests().unwrap();
    let asking = server.request("GET", "/api/services/live").begin();
    poll::until("the look has begun", || {
        let asked = stage.sim.requests()?["total"].as_u64();
        Ok(if asked > Some(0) { Vec::new() } else { vec![format!("{asked:?}")] })
    })
    .unwrap();
    drop(asking);
    std::thread::sleep(Duration::from_millis(200));
    stage.sim.engine.ask("DELETE", "/_sim/fault", None).unwrap();
    assert_eq!(replicas(), 4);
}
