//! The source `probe`: a service that comes and goes.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::swarm::{GIB, Swarm};

const CONFIG: &str = "{source: probe, probe_image: '127.0.0.1:1/orca:1'}";

/// Tasks as the simulated engine says how much they reserve.
fn swarm(change: impl FnOnce(&mut Value)) -> Swarm {
    Swarm::with(CONFIG, |snapshot| {
        for (at, memory) in [(0, 2 * GIB), (1, GIB), (2, 0)] {
            snapshot["tasks"][at]["Spec"]["Resources"] = json!({"Reservations": {"MemoryBytes": memory}});
        }
        change(snapshot);
    })
}

#[test]
fn every_node_tells_and_nothing_is_left() {
    let swarm = swarm(|_| {});
    let ended = swarm.orca(&["rebalance", "measure"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let figures = ended.json();
    assert_eq!(figures["source"], "probe");
    assert_eq!(figures["nodes"].as_object().unwrap().len(), 3, "{figures}");
    assert_eq!(figures["tasks"]["task-db"], json!({"footprint_bytes": 2 * GIB, "working_set_bytes": 2 * GIB}));
    assert!(ended.err.contains("warning: the service `orca-probe-"), "{}", ended.err);
    // The one that plans says so, too, and the next snapshot has no such service.
    let listed = swarm.sim(&[
        "sh",
        "-c",
        "\"$0\" rebalance plan -c \"$1\" --state-dir \"$2\" -o json >\"$2.json\" && \"$0\" snapshot",
    ]);
    let report: Value = serde_json::from_str(&std::fs::read_to_string(swarm.path("state.json")).unwrap()).unwrap();
    assert_eq!(report["data"]["metrics"]["source"], "probe");
    assert_eq!(report["warnings"][0]["code"], "probe_service", "{report}");
    let names: Vec<Value> =
        listed.json()["services"].as_array().unwrap().iter().map(|service| service["Spec"]["Name"].clone()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
}

#[test]
fn a_node_without_the_probe_is_missing_with_the_reason() {
    let swarm = swarm(|snapshot| {
        snapshot["nodes"][1]["Spec"]["Availability"] = json!("pause");
    });
    let figures = swarm.orca(&["rebalance", "measure"]).json();
    assert_eq!(figures["missing"], json!({"n2": "the probe doesn't run there: the node is not active"}));
}

/// A service that an orca made, with these labels.
fn made(name: &str, labels: &Value) -> Value {
    json!({
        "ID": format!("id-{name}"), "Version": {"Index": 5},
        "CreatedAt": "2026-01-01T00:00:00Z", "UpdatedAt": "2026-01-01T00:00:00Z",
        "Spec": {"Name": name, "Labels": labels,
            "TaskTemplate": {"ContainerSpec": {"Image": "x"}, "Placement": {}}, "Mode": {"Global": {}}},
    })
}

/// Probes of long ago, and such that another orca may be running right now; marked as now, and as at first.
fn probes() -> [Value; 4] {
    let now = jiff::Timestamp::now();
    let soon = now.saturating_add(jiff::SignedDuration::from_secs(60)).unwrap();
    [
        made("orca-probe-2024", &json!({"orca.probe": "2024-01-01T00:00:00Z"})),
        made("orca-probe-2025", &json!({"orca.temporary": "probe", "orca.temporary.until": "2025-01-01T00:05:00Z"})),
        made("orca-probe-older", &json!({"orca.probe": now.to_string()})),
        made("orca-probe-newer", &json!({"orca.temporary": "probe", "orca.temporary.until": soon.to_string()})),
    ]
}

#[test]
fn what_a_killed_orca_left_behind_goes_with_recover() {
    let swarm = swarm(|snapshot| {
        let services = snapshot["services"].as_array_mut().unwrap();
        services.extend(probes());
        services.push(made("orca-prepull-1", &json!({"orca.temporary": "prepull"})));
    });
    let listed = swarm.sim(&[
        "sh",
        "-c",
        "\"$0\" rebalance recover -c \"$1\" --state-dir \"$2\" -o json >\"$2.json\" && \"$0\" snapshot",
    ]);
    let report: Value = serde_json::from_str(&std::fs::read_to_string(swarm.path("state.json")).unwrap()).unwrap();
    let removed: Vec<&str> =
        report["actions"].as_array().unwrap().iter().map(|action| action["target"]["name"].as_str().unwrap()).collect();
    assert_eq!(removed, ["orca-prepull-1", "orca-probe-2024", "orca-probe-2025"], "{report}");
    let left = listed.json()["services"].to_string();
    for (name, stays) in
        removed.iter().map(|name| (*name, false)).chain([("orca-probe-older", true), ("orca-probe-newer", true)])
    {
        assert_eq!(left.contains(name), stays, "{name}: {left}");
    }
}

#[test]
fn what_a_killed_orca_left_behind_is_removed() {
    let swarm = swarm(|snapshot| snapshot["services"].as_array_mut().unwrap().extend(probes()));
    let listed =
        swarm.sim(&["sh", "-c", "\"$0\" rebalance measure -c \"$1\" --state-dir \"$2\" >/dev/null && \"$0\" snapshot"]);
    for year in [2024, 2025] {
        let told = format!("warning: `orca-probe-{year}`, a probe that was left behind, was removed");
        assert!(listed.err.contains(&told), "{}", listed.err);
    }
    let left = listed.json()["services"].to_string();
    assert_eq!(left.matches("\"Name\":\"orca-probe-").count(), 2, "{left}");
}

#[test]
fn a_signal_ends_it_and_removes_the_service() {
    // Tasks that never get to run: orca waits for them.
    let swarm = swarm(|_| {});
    let (socket, log) = (swarm.path("sim.sock"), swarm.path("cluster.json"));
    let orca = assert_cmd::cargo::cargo_bin!("orca");
    let mut sim = Command::new(orca);
    sim.args(["sim", "--start-delay", "1h", "--listen"]).arg(&socket).arg("--from").arg(&log);
    let mut sim = sim.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let host = format!("unix://{}", socket.display());
    let services = || {
        let output = Command::new(orca).args(["snapshot", "-H", &host]).output().unwrap();
        let snapshot: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        snapshot["services"].as_array().map_or(0, Vec::len)
    };
    let wait_for = |count: usize| {
        let begun = Instant::now();
        while services() != count {
            assert!(begun.elapsed() < Duration::from_secs(20), "not {count} services");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    wait_for(3);
    swarm.write("orca.yml", &format!("rebalance: {{metrics: {CONFIG}}}"));
    let mut measure = Command::new(orca);
    measure.args(["rebalance", "plan", "-o", "json", "-H", &host, "-c"]).arg(swarm.path("orca.yml"));
    measure.arg("--state-dir").arg(swarm.path("state")).stdout(Stdio::piped()).stderr(Stdio::null());
    let measure = measure.spawn().unwrap();
    wait_for(4);
    let killed = Command::new("kill").args(["-INT", &measure.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let output = measure.wait_with_output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &report["outcome"]), (Some(130), &json!("interrupted")), "{report}");
    assert_eq!(services(), 3);
    sim.kill().unwrap();
    sim.wait().unwrap();
}
