//! Memory figures of real nodes: real exporters, real logs, real cgroups.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::lab::{Lab, Report};

const MIB: u64 = 1 << 20;

fn measure(lab: &Lab, node: usize, source: &str, timeout: &str) -> Report {
    let state = tempfile::tempdir().unwrap();
    let hosts: Vec<String> = (1..=3).map(|k| format!("node-{k}: {{host: '{}'}}", lab.host(k))).collect();
    let metrics = format!("{{probe_image: '127.0.0.1:1/orca:1', timeout: {timeout}}}");
    let config = format!("nodes: {{{}}}\nrebalance: {{metrics: {metrics}}}", hosts.join(", "));
    lab.orca(node, &config, state.path(), &["rebalance", "measure", "--metrics", source])
}

/// A task on each of two nodes: one holds 40 MiB in shared memory, which no cache is.
fn tasks(lab: &Lab) -> (String, String) {
    for (name, node, words) in
        [("hog", 2, "dd if=/dev/zero of=/dev/shm/x bs=1M count=40 2>/dev/null;"), ("mouse", 3, "")]
    {
        let spec = ["service", "create", "-d", "--no-resolve-image", "--name", name];
        let node = format!("node.hostname==node-{node}");
        let shell = format!("{words} trap 'exit 0' TERM; touch /tmp/ready; while :; do sleep 0.2; done");
        let rest = [
            "--constraint",
            &node,
            "--health-cmd",
            "test -e /tmp/ready",
            "--health-interval",
            "1s",
            "--health-start-period",
            "60s",
        ];
        lab.docker_words(1, &[&spec[..], &rest[..], &["127.0.0.1:1/bb:1", "sh", "-c", &shell]].concat());
        lab.wait_running(name);
    }
    let id = |name: &str| {
        lab.docker(1, &format!("service ps -q --no-trunc --filter desired-state=running {name}")).trim().to_owned()
    };
    (id("hog"), id("mouse"))
}

#[test]
fn every_source_measures_the_same_memory() {
    let lab = Lab::clean();
    lab.run(&["exporter"]);
    lab.run(&["image", "--orca", env!("CARGO_BIN_EXE_orca")]);
    let (hog, mouse) = tasks(&lab);
    for node in 1..=3 {
        for source in ["node_exporter", "stats", "probe"] {
            let Report { json: figures, exit } = measure(&lab, node, source, "30s");
            assert_eq!((exit, &figures["source"]), (0, &json!(source)), "node-{node}: {figures}");
            let nodes: Vec<&String> = figures["nodes"].as_object().unwrap().keys().collect();
            assert_eq!(nodes, ["node-1", "node-2", "node-3"], "node-{node}, {source}: {figures}");
            let footprint = |task: &str| figures["tasks"][task]["footprint_bytes"].as_u64().unwrap_or_default();
            assert!((40 * MIB..60 * MIB).contains(&footprint(&hog)), "node-{node}, {source}: {figures}");
            assert!((1..20 * MIB).contains(&footprint(&mouse)), "node-{node}, {source}: {figures}");
            assert_eq!(figures["tasks"][&hog]["estimated"], Value::Null);
        }
    }
    assert_eq!(lab.docker(1, "service ls -q").lines().count(), 2, "a probe was left behind");
    for node in 1..=3 {
        lab.wait_for("the probe's containers are gone", || {
            lab.docker(node, "ps -aq --filter name=orca-probe").trim().is_empty()
        });
    }
}

/// The processes of a node's exporter, known by their cgroup.
fn exporter_pids(node: usize) -> Vec<String> {
    let place = format!("/node-{node}/exporter");
    let lab = format!("/orca-lab/{}/", std::env::var("ORCA_TEST_LAB").unwrap());
    let own = |pid: &String| {
        let cgroup = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap_or_default();
        cgroup.lines().any(|line| line.contains(&lab) && line.ends_with(&place))
    };
    let names = std::fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.bytes().all(|b| b.is_ascii_digit())).filter(own).collect()
}

#[test]
fn a_silent_exporter_makes_its_node_missing_and_nothing_hangs() {
    let lab = Lab::clean();
    lab.run(&["exporter"]);
    let pids = exporter_pids(3);
    assert_eq!(pids.len(), 1, "{pids:?}");
    let signal = |name: &str| Command::new("kill").arg(name).args(&pids).status().unwrap().success();
    // Its port is open all the same: the kernel takes the connection.
    assert!(signal("-STOP"));
    let begun = std::time::Instant::now();
    let Report { json: figures, exit } = measure(&lab, 1, "node_exporter", "5s");
    let took = begun.elapsed();
    assert!(signal("-CONT"));
    assert_eq!(exit, 0, "{figures}");
    assert!(figures["missing"]["node-3"].as_str().unwrap().ends_with("/metrics: no answer within 5 s"), "{figures}");
    assert!(took < Duration::from_secs(60), "{took:?}");
    assert_eq!(measure(&lab, 1, "node_exporter", "30s").json["missing"], Value::Null);
}

#[test]
fn a_probe_that_can_not_start_says_why_and_is_removed() {
    let lab = Lab::clean();
    let state = tempfile::tempdir().unwrap();
    let config = "rebalance: {metrics: {probe_image: '127.0.0.1:1/nowhere:1'}}";
    let Report { json: report, exit } =
        lab.orca(1, config, state.path(), &["rebalance", "measure", "--metrics", "probe"]);
    assert_eq!(exit, 75, "{report}");
    let message = report["error"]["message"].as_str().unwrap();
    assert!(message.contains("the probe's task ended: "), "{message}");
    assert!(lab.docker(1, "service ls -q").trim().is_empty());
}
