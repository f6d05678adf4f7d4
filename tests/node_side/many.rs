//! A node with very much on it: how often its engine is asked, and what is never asked of it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::common::sim::Sim;

const MANY: usize = 10_000;

fn counts(sim: &Sim) -> Vec<(String, u64)> {
    let requests = sim.requests().unwrap();
    requests["counts"].as_object().unwrap().iter().map(|(key, n)| (key.clone(), n.as_u64().unwrap())).collect()
}

#[test]
fn ten_thousand_images_and_containers_are_planned_from_four_requests() {
    let sim = Sim::three().unwrap();
    let image = |n: usize| {
        json!({"Id": format!("sha256:{n:064x}"), "RepoTags": [format!("registry:5000/app-{}:{n}", n % 100)],
            "Created": 1_700_000_000 + n, "Size": 1000, "SharedSize": 0})
    };
    let container = |n: usize| {
        json!({"Id": format!("{n:064x}"), "Names": [format!("/c{n}")], "ImageID": format!("sha256:{n:064x}"),
            "Created": 1_700_000_000, "State": if n.is_multiple_of(2) { "exited" } else { "running" },
            "Status": if n.is_multiple_of(2) { "Exited (0) 2 weeks ago" } else { "Up 2 weeks" }})
    };
    let stock = json!({"images": (0..MANY).map(image).collect::<Vec<_>>(),
        "containers": (0..MANY).map(container).collect::<Vec<_>>()});
    sim.admin("/stock", &stock).unwrap();
    sim.reset_requests().unwrap();
    let mut orca = assert_cmd::Command::new(env!("CARGO_BIN_EXE_orca"));
    let started = Instant::now();
    let output = orca.env_clear().args(["-H", &sim.engine.host(), "-o", "json", "gc", "-n"]).output().unwrap();
    let took = started.elapsed();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["summary"]["planned"], MANY, "half of the containers, and their images");
    let counts = counts(&sim);
    assert!(counts.iter().all(|(request, _)| request.starts_with("GET ")), "{counts:?}");
    let node: Vec<&str> = counts.iter().map(|(request, _)| request.as_str()).collect();
    for request in ["GET /info", "GET /system/df", "GET /networks", "GET /events"] {
        assert!(node.contains(&request), "{request}: {counts:?}");
    }
    // The rest is what a manager is asked, however much lies on the node: who it is, and the swarm.
    let others: u64 = counts.iter().filter(|(request, _)| !request.contains("/info")).map(|(_, n)| n).sum();
    assert_eq!(others, 3 + 4, "{counts:?}");
    assert!(took < Duration::from_secs(20), "{took:?} in a debug build");
}

#[test]
fn no_prune_is_ever_asked_for_but_of_the_build_cache() {
    let sim = Sim::three().unwrap();
    let stock = json!({
        "containers": [{"Id": "c1", "Names": ["/c"], "ImageID": "sha256:01", "Created": 1, "State": "exited", "Status": "Exited (0) 2 weeks ago"}],
        "images": [{"Id": "sha256:01", "RepoTags": ["a:1"], "Created": 1, "Size": 1, "SharedSize": 0}],
        "volumes": [
            {"Name": "a".repeat(64), "Driver": "local", "CreatedAt": "2025-01-01T00:00:00Z", "UsageData": {"RefCount": 0, "Size": 1}},
            {"Name": "named", "Driver": "local", "CreatedAt": "2025-01-01T00:00:00Z", "UsageData": {"RefCount": 0, "Size": 1}}],
        "networks": [{"Id": "n1", "Name": "left", "Scope": "local", "Created": "2025-01-01T00:00:00Z"}],
        "build_cache": [{"ID": "b", "Size": 1, "CreatedAt": "2025-01-01T00:00:00Z"}],
    });
    sim.admin("/stock", &stock).unwrap();
    sim.reset_requests().unwrap();
    let state = tempfile::tempdir().unwrap();
    let mut orca = assert_cmd::Command::new(env!("CARGO_BIN_EXE_orca"));
    let args =
        ["-H", &sim.engine.host(), "-o", "json", "--state-dir", state.path().to_str().unwrap(), "gc", "--volumes"];
    let output = orca.env_clear().args(args).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), report["summary"]["done"].as_u64()), (Some(0), Some(5)), "{report:#}");
    let writes: Vec<String> =
        counts(&sim).into_iter().map(|(request, _)| request).filter(|request| !request.starts_with("GET ")).collect();
    let volume = format!("DELETE /volumes/{}", "a".repeat(64));
    let wanted = [
        "DELETE /containers/c1",
        "DELETE /images/a%3A1",
        // With its last name it has gone: this one finds nothing.
        "DELETE /images/sha256%3A01",
        "DELETE /networks/n1",
        &volume,
        "POST /build/prune",
    ];
    assert_eq!(writes, wanted);
}
