//! `orca exporter deploy` with a real `node_exporter` on engines of three ages: what each of them stores of the service
//! is what another one reads, nothing is restarted for nothing, and every scrape reaches its own node.

use serde_json::{Value, json};

use crate::lab::{Lab, Report};

/// Other tests have exporters at 9100.
const PORT: u16 = 9300;

/// The image in a registry that every node reaches, so that it has a digest.
fn image(lab: &Lab) -> String {
    lab.run(&["image", "--exporter"]);
    let name = format!("{}/node-exporter:1", lab.run(&["registry"]).trim());
    lab.docker(1, &format!("tag 127.0.0.1:1/node-exporter:1 {name}"));
    lab.docker(1, &format!("push -q {name}"));
    name
}

fn deploy(lab: &Lab, node: usize, config: &str, args: &[&str]) -> Report {
    let state = tempfile::tempdir().unwrap();
    lab.orca(node, config, state.path(), &[&["exporter", "deploy"], args].concat())
}

fn tasks(lab: &Lab) -> Vec<String> {
    let listed = lab.docker(1, "service ps -q --filter desired-state=running node_exporter");
    let mut ids: Vec<String> = listed.lines().map(str::to_owned).collect();
    ids.sort();
    ids
}

#[test]
fn every_node_gets_its_own_exporter_whichever_engine_is_asked() {
    let lab = Lab::clean();
    // An exporter may use half a processor: on a busy machine it answers late.
    let metrics = "rebalance: {metrics: {timeout: 30s}}";
    let config = format!("exporter: {{image: '{}', port: {PORT}}}\n{metrics}", image(&lab));
    for writer in 1..=3 {
        let made = deploy(&lab, writer, &config, &[]);
        assert_eq!((made.exit, made.json["outcome"].as_str()), (0, Some("changed")), "node-{writer}: {}", made.json);
        let (up, ids) = (made.strings("/data/targets", "state"), tasks(&lab));
        assert_eq!((up, ids.len()), (vec!["up".to_owned(); 3], 3), "node-{writer}: {}", made.json);
        let pinned = lab.spec(writer, "node_exporter")["TaskTemplate"]["ContainerSpec"]["Image"].clone();
        assert!(pinned.as_str().unwrap().contains("@sha256:"), "{pinned}");
        for reader in 1..=3 {
            let again = deploy(&lab, reader, &config, &[]);
            assert_eq!(again.json["outcome"], "unchanged", "node-{writer} wrote, node-{reader} read: {}", again.json);
        }
        assert_eq!(tasks(&lab), ids, "nothing is restarted for nothing");
        if writer < 3 {
            lab.docker(1, "service rm node_exporter");
            for node in 1..=3 {
                lab.wait_for("the port is free", || {
                    let containers = lab.docker(node, "ps -q --filter name=node_exporter");
                    // The managers hold it until they have heard so.
                    let tasks = lab.docker(node, "node ps -q --filter name=node_exporter node-1 node-2 node-3");
                    containers.trim().is_empty() && tasks.trim().is_empty()
                });
            }
        }
    }
    // The exporter is nobody, may do nothing, and can write nowhere.
    let container = lab.docker(2, "ps -q --filter name=node_exporter");
    let inspected: Value = serde_json::from_str(&lab.docker(2, &format!("inspect {}", container.trim()))).unwrap();
    let host = &inspected[0]["HostConfig"];
    assert_eq!(
        (&host["CapDrop"], &host["ReadonlyRootfs"], &host["Privileged"]),
        (&json!(["ALL"]), &json!(true), &json!(false))
    );
    let writable = inspected[0]["Mounts"].as_array().unwrap().iter().filter(|mount| mount["RW"] == true).count();
    assert_eq!((writable, inspected[0]["Config"]["User"].as_str()), (0, Some("65534:65534")));

    // What has drifted is put right, by a rollout that has ended when orca says so.
    lab.docker(2, "service update -d --limit-memory 32M --env-add X=y node_exporter");
    lab.wait_for("the update", || {
        lab.docker(1, "service inspect node_exporter --format {{.UpdateStatus.State}}").trim() == "completed"
    });
    let drifted = tasks(&lab);
    let mended = deploy(&lab, 3, &config, &[]);
    assert_eq!((mended.exit, mended.actions()), (0, vec!["service.field.set".to_owned(); 2]), "{}", mended.json);
    assert!(tasks(&lab).iter().all(|task| !drifted.contains(task)) && tasks(&lab).len() == 3, "{}", mended.json);
    let limits = lab.spec(1, "node_exporter")["TaskTemplate"]["Resources"]["Limits"].clone();
    assert_eq!(limits, json!({"MemoryBytes": 128 << 20, "NanoCPUs": 500_000_000, "Pids": 128}));

    // `rebalance measure` asks where orca has deployed.
    let state = tempfile::tempdir().unwrap();
    let figures = lab.orca(1, &config, state.path(), &["rebalance", "measure", "--metrics", "node_exporter"]).json;
    let nodes: Vec<&String> = figures["nodes"].as_object().unwrap().keys().collect();
    assert_eq!(nodes, ["node-1", "node-2", "node-3"], "{figures}");

    // One that hangs is named, and stays among the targets.
    let container = lab.docker(3, "ps -q --filter name=node_exporter");
    lab.docker(3, &format!("pause {}", container.trim()));
    let file = state.path().join("targets.json");
    let silent = deploy(&lab, 1, &config, &["--file-sd", file.to_str().unwrap()]);
    let ill = lab.orca(1, &config, state.path(), &["health"]);
    lab.docker(3, &format!("unpause {}", container.trim()));
    let findings = ill.json["data"]["findings"].as_array().unwrap().iter();
    let mut silent_nodes = findings.filter(|finding| finding["code"] == "exporter_silent");
    assert_eq!(
        (ill.exit, silent_nodes.next().unwrap()["target"]["name"].as_str(), silent_nodes.next()),
        (1, Some("node-3"), None),
        "{:#}",
        ill.json
    );
    let well = lab.orca(1, &config, state.path(), &["health"]);
    assert!(!well.json["data"]["findings"].to_string().contains("exporter_silent"), "{:#}", well.json);
    assert_eq!(
        (silent.exit, silent.strings("/data/targets", "state")),
        (1, ["up", "up", "silent"].map(str::to_owned).to_vec())
    );
    let message = silent.json["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("1 of 3 exporters") && message.contains("`node-3`: http://"), "{message}");
    let targets: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(targets.as_array().unwrap().len(), 3, "{targets}");
    lab.docker(1, "service rm node_exporter");
}

#[test]
fn machines_are_looked_at_by_a_real_ssh_that_checks_their_keys() {
    let lab = Lab::clean();
    let folder = lab.run(&["ssh"]).trim().to_owned();
    let dir = tempfile::tempdir().unwrap();
    // Only looked at: what is written would be this host's own.
    let config = "exporter: {ssh: {path: /bin/true, hosts: {node-1: 'ssh://node-1', node-2: 'ssh://node-2'}}}";
    std::fs::write(dir.path().join("orca.yml"), config).unwrap();
    let run = |known_hosts: Option<&str>| {
        let mut orca = std::process::Command::new(env!("CARGO_BIN_EXE_orca"));
        orca.env("PATH", format!("{folder}:{}", std::env::var("PATH").unwrap())).current_dir(dir.path());
        if let Some(file) = known_hosts {
            orca.env("ORCA_LAB_KNOWN_HOSTS", file);
        }
        orca.args(["-c", "orca.yml", "-o", "json", "exporter", "deploy", "--via", "ssh", "--dry-run"]);
        let output = orca.output().unwrap();
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        Report { json, exit: output.status.code().unwrap() }
    };
    let looked = run(None);
    let blocked = looked.json["blocked"].to_string();
    if blocked.contains("no systemd") {
        assert_eq!(looked.exit, 75, "{}", looked.json);
    } else {
        assert_eq!((looked.exit, looked.actions()), (0, vec!["host.unit.set".to_owned(); 2]), "{}", looked.json);
    }
    assert!(!blocked.contains("calls itself"), "each machine is itself: {}", looked.json);
    let refused = run(Some("/dev/null"));
    let message = refused.json["error"]["message"].as_str().unwrap();
    assert!(
        refused.exit == 1
            && message.contains("2 of 2 machines failed")
            && message.contains("Host key verification failed"),
        "{message}"
    );
}
