//! `rebalance.metrics`, and Orcastra's `rebalance_config.yml`.

use std::collections::BTreeMap;
use std::time::Duration;

use orca::settings::{MetricsSource, Settings, Source, SourceKind, parse};

use super::{errors, lines, settings};

/// `orca.yml` and `rebalance_config.yml`.
fn both(main: &str, older: &str) -> Result<Settings, Vec<orca::settings::Problem>> {
    let source = |name: &str, kind, text: &str| Source { name: name.to_owned(), kind, text: text.to_owned() };
    let sources =
        [source("orca.yml", SourceKind::Main, main), source("rebalance_config.yml", SourceKind::Rebalance, older)];
    parse(&sources, &BTreeMap::new())
}

fn urls(map: &BTreeMap<String, orca::metrics::url::Url>) -> Vec<String> {
    map.iter().map(|(name, url)| format!("{name} {url}")).collect()
}

#[test]
fn everything_that_may_be_written() {
    let read = settings(
        "rebalance:
  services: {gitea_db: {cooldown: 30m}, web: {enabled: no}, other: }
  metrics:
    source: node_exporter
    prometheus: prom.example
    node_exporters: {n1: 'http://10.0.0.1:9101/m', abc123: '[fd00::2]'}
    node_exporter_nodes: {pve-1: {exporter_url: 10.0.0.9}}
    node_map: {vm-1: pve-1}
    node_exporter_port: 9900
    window: 5m
    timeout: 2
    probe_image: registry/orca:1
",
    );
    let metrics = &read.rebalance.metrics;
    assert_eq!(metrics.source, Some(MetricsSource::NodeExporter));
    assert_eq!(metrics.prometheus.as_ref().map(ToString::to_string).as_deref(), Some("http://prom.example:9090"));
    assert_eq!(urls(&metrics.node_exporters), ["abc123 http://[fd00::2]:9100", "n1 http://10.0.0.1:9101/m"]);
    assert_eq!(urls(&metrics.node_exporter_nodes), ["pve-1 http://10.0.0.9:9100"]);
    assert_eq!(metrics.node_map["vm-1"], "pve-1");
    assert_eq!((metrics.node_exporter_port, metrics.probe_image.as_deref()), (9900, Some("registry/orca:1")));
    assert_eq!((metrics.window, metrics.timeout), (Duration::from_secs(300), Duration::from_secs(2)));
    let services = &read.rebalance.services;
    assert_eq!(services["gitea_db"].cooldown, Some(Duration::from_secs(1800)));
    assert_eq!((services["web"].enabled, services["other"].enabled), (Some(false), None));
    // What `config show` prints is read again, and means the same.
    assert_eq!(settings(&orca::settings::yaml(&read)).rebalance, read.rebalance);
}

#[test]
fn mistakes_have_their_place() {
    for (text, expected) in [
        ("{source: probes}", "orca.yml:1:31: rebalance.metrics.source must be "),
        (
            "{prometheus: 'ftp://x'}",
            "orca.yml:1:35: rebalance.metrics.prometheus must be a URL as http://host:9090, not of the scheme `ftp`",
        ),
        (
            "{node_exporters: {n1: 'http://u:p@x'}}",
            "orca.yml:1:44: rebalance.metrics.node_exporters.n1 must be a URL as http://host:9100, without user and password",
        ),
        ("{node_exporters: [n1]}", "orca.yml:1:39: rebalance.metrics.node_exporters must be a map, not a list"),
        ("{node_exporter_nodes: {p: {}}}", "rebalance.metrics.node_exporter_nodes.p needs the key \"exporter_url\""),
        ("{node_exporter_nodes: {p: {url: x}}}", "unknown key \"url\" in rebalance.metrics.node_exporter_nodes.p"),
        ("{node_map: {vm: ''}}", "orca.yml:1:38: rebalance.metrics.node_map.vm must be a name, not \"\""),
        ("{node_exporter_port: 0}", "node_exporter_port must be between 1 and 65535"),
        ("{node_exporter_port: 65536}", "node_exporter_port must be between 1 and 65535"),
        ("{timeout: soon}", "rebalance.metrics.timeout must be a duration"),
        ("{probe_image: ''}", "rebalance.metrics.probe_image must be an image, not \"\""),
        ("{window: 1m, windows: 2m}", "unknown key \"windows\" in rebalance.metrics (did you mean \"window\"?)"),
    ] {
        let found = errors(&format!("rebalance: {{metrics: {text}}}"));
        assert!(found.iter().any(|line| line.contains(expected)), "{text}: {found:#?}");
    }
}

const OLDER: &str = "
monitor_interval_seconds: 30
default: {cooldown_minutes: 15, sustained_high_minutes: 10, memory_difference_gb: 2, rebalance_buffer_gb: 1,
  check_interval_seconds: 60, dependencies_file: /etc/swarm-orchestration/dependencies.yml}
node_exporters: {zaphp2p15s7odx3cfawg4271j: 'http://10.0.0.12:9100/metrics'}
node_exporter_nodes: {pve-1: {exporter_url: 'http://10.0.0.2:9100/metrics'}}
node_map: {vm-1: pve-1}
services: {gitea_db: {cooldown_minutes: 30, memory_difference_gb: 3}, plain: {}}
";

#[test]
fn the_older_file_means_what_it_meant() {
    let read = both("rebalance: {high: 70}", OLDER).unwrap();
    let metrics = &read.rebalance.metrics;
    assert_eq!(urls(&metrics.node_exporters), ["zaphp2p15s7odx3cfawg4271j http://10.0.0.12:9100/metrics"]);
    assert_eq!(urls(&metrics.node_exporter_nodes), ["pve-1 http://10.0.0.2:9100/metrics"]);
    assert_eq!(metrics.node_map["vm-1"], "pve-1");
    assert_eq!(read.rebalance.cooldown, Duration::from_secs(900));
    assert_eq!(read.rebalance.spread_for, Duration::from_secs(600));
    assert_eq!(read.rebalance.services["gitea_db"].cooldown, Some(Duration::from_secs(1800)));
    assert!((read.rebalance.high - 0.7).abs() < 1e-9);
    assert_eq!(read.origins["rebalance.cooldown"].to_string(), "rebalance.cooldown (rebalance_config.yml:3)");
    assert_eq!(both("", "").unwrap().rebalance, orca::settings::Rebalance::default());
    assert!(both("", "comonitor_interval_seconds: 30").is_ok());
}

#[test]
fn what_both_files_say_and_what_is_wrong_in_the_older_is_an_error() {
    for (main, older, expected) in [
        (
            "rebalance: {cooldown: 1h}",
            OLDER,
            "orca.yml:1:23: rebalance.cooldown is already defined at rebalance_config.yml:3:29",
        ),
        (
            "rebalance: {metrics: {node_map: {vm-1: b}}}",
            OLDER,
            "rebalance.metrics.node_map.vm-1 is already defined at rebalance_config.yml:7:12",
        ),
        (
            "rebalance: {services: {gitea_db: {cooldown: 1h}}}",
            OLDER,
            "rebalance.services.gitea_db.cooldown is already defined at rebalance_config.yml:8:",
        ),
        (
            "",
            "default: {cooldown_minute: 1}",
            "rebalance_config.yml:1:11: unknown key \"cooldown_minute\" in default (did you mean \"cooldown_minutes\"?)",
        ),
        (
            "",
            "default: {cooldown_minutes: soon}",
            "rebalance_config.yml:1:29: default.cooldown_minutes must be a number",
        ),
        ("", "default: {cooldown_minutes: 1e300}", "rebalance_config.yml:1:29: rebalance.cooldown: too many minutes"),
        (
            "",
            "node_exporters: {a: 'http://'}",
            "rebalance_config.yml:1:21: rebalance.metrics.node_exporters.a must be a URL",
        ),
        ("", "[]", "rebalance_config.yml:1:1: the file must be a map"),
    ] {
        let found = lines(both(main, older));
        assert!(found.iter().any(|line| line.contains(expected)), "{expected}\n{found:#?}");
    }
}
