//! `exporter:`, and Orcastra's `deploy_node_exporter.yml`.

use std::collections::BTreeMap;

use orca::settings::{Settings, Source, SourceKind, parse};

use super::{env, errors, lines, settings};

/// `orca.yml` and `deploy_node_exporter.yml`.
fn both(main: &str, older: &str, variables: &[(&str, &str)]) -> Result<Settings, Vec<orca::settings::Problem>> {
    let source = |name: &str, kind, text: &str| Source { name: name.to_owned(), kind, text: text.to_owned() };
    let sources = [source("orca.yml", SourceKind::Main, main), source("deploy.yml", SourceKind::Exporter, older)];
    parse(&sources, &env(variables))
}

#[test]
fn everything_that_may_be_written() {
    let read = settings(
        "exporter:
  name: exporter
  image: registry/node-exporter:1
  port: 9200
  args: ['--no-collector.wifi', '--x=a: b']
  memory: 64MiB
  cpus: 0.25
  constraints: [node.role==worker]
  labels: {team: ops, on: true, empty: }
  networks: [mon]
  ssh:
    hosts: {pve-1: 'ssh://root@192.0.2.2:2222'}
    path: /opt/node_exporter
    binary: node_exporter
    sha256: 0000000000000000000000000000000000000000000000000000000000000ABC
    sudo: yes
",
    );
    let exporter = &read.exporter;
    assert_eq!((exporter.name.as_str(), exporter.port, exporter.target), ("exporter", 9200, 9100));
    assert_eq!((exporter.memory, exporter.nano_cpus), (64 << 20, 250_000_000));
    let labels: Vec<String> = exporter.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    assert_eq!(labels, ["empty=", "on=true", "team=ops"]);
    let ssh = &exporter.ssh;
    assert!(ssh.sudo && ssh.sha256.as_deref().unwrap_or_default().ends_with("0abc"));
    assert_eq!(ssh.hosts["pve-1"], "ssh://root@192.0.2.2:2222");
    // What is deployed is where `rebalance` asks, unless another port is named there.
    assert_eq!(read.rebalance.metrics.node_exporter_port, 9200);
    let named = settings("exporter: {port: 9200}\nrebalance: {metrics: {node_exporter_port: 9300}}");
    assert_eq!(named.rebalance.metrics.node_exporter_port, 9300);
    // What `config show` prints is read again, and means the same.
    assert_eq!(settings(&orca::settings::yaml(&read)).exporter, read.exporter);
}

#[test]
fn mistakes_have_their_place() {
    for (text, expected) in [
        ("{port: 0}", "orca.yml:1:18: exporter.port must be between 1 and 65535, not 0"),
        ("{memory: 1M}", "orca.yml:1:20: exporter.memory must be a size of at least 16M, as 64M, not \"1M\""),
        ("{cpus: 0}", "orca.yml:1:18: exporter.cpus must be between 0.01 and 1024, not 0"),
        ("{name: ''}", "orca.yml:1:18: exporter.name must not be empty"),
        ("{args: [\"a\\nb\"]}", "orca.yml:1:19: exporter.args: "),
        ("{labels: {orca.exporter: x}}", "(orca.* are orca's own)"),
        ("{ssh: {hosts: {a: b}}}", "exporter.ssh.hosts.a must be an ssh:// URL, not \"b\""),
        ("{ssh: {path: node_exporter}}", "exporter.ssh.path must be an absolute path"),
        ("{ssh: {sha256: abc}}", "exporter.ssh.sha256 must be 64 hexadecimal digits"),
        ("{propagation: x}", "unknown key \"propagation\" in exporter"),
    ] {
        let found = errors(&format!("exporter: {text}"));
        assert!(found.len() == 1 && found[0].contains(expected), "{text}: {found:?}");
    }
}

#[test]
fn the_older_file_lies_beneath() {
    let older = "name: old\nargs: [--a]\nports: [{published: 9200, target: 9100}]\ntimezone: {env_tz: true}\n\
                 labels: {a: 1}\nhealthcheck: {test: wget x}\nstop_grace_period: 30s\n";
    let read = both("exporter: {args: [--b], labels: {a: 2}}", older, &[("TZ", "Europe/Berlin")]).unwrap();
    let exporter = &read.exporter;
    assert_eq!((exporter.name.as_str(), exporter.port, exporter.all_args), ("old", 9200, true));
    assert_eq!((exporter.args.join(" ").as_str(), exporter.labels["a"].as_str()), ("--a --b", "2"));
    assert_eq!(exporter.older.env, ["TZ=Europe/Berlin"]);
    let health = exporter.older.health.clone().unwrap();
    assert_eq!((health["Test"].to_string().as_str(), &health["Retries"]), (r#"["CMD-SHELL","wget x"]"#, &3.into()));
    assert_eq!(both("exporter: {port: 9300}", older, &[]).unwrap().exporter.port, 9300);
    assert_eq!(parse(&[], &BTreeMap::new()).unwrap().exporter, settings("{}").exporter);
    for (older, expected) in [
        ("deploy: {mode: replicated}", "deploy.yml:1:16: deploy.mode must be global"),
        ("deploy: {restart_policy: {condition: never}}", "must be none, on-failure or any, not \"never\""),
        ("ports: [{target: 1}, {target: 2}]", "an exporter has one port"),
        ("ports: [{target: 1, protocol: udp}]", "the protocol must be tcp"),
        ("mounts: [{source: proc, target: /p}]", "\"proc\" must be an absolute path"),
        ("imge: x", "did you mean \"image\"?"),
    ] {
        let found = lines(both("{}", older, &[]));
        assert!(found.len() == 1 && found[0].contains(expected), "{older}: {found:?}");
    }
}
