//! The effective settings with their places, and back again.

use std::fmt::Write;

use orca::settings::{Row, rows, yaml};
use proptest::prelude::*;

use super::{env, read, settings};

const TEXT: &str = "\
leader: n1
nodes:
  n1:
    ip: 192.0.2.1
    labels: [ssd, ver=1.10]
  n2:
options:
  hold: 90m
dependencies:
  db:
    services: [web, job]
    restart_dependents: yes
  pg: {service: other_pg, label: {value: 'a b'}}
";

const SHOWN: &str = "\
leader: n1  # orca.yml:1
stack: shop  # $STACK_NAME
nodes:
  n1:  # orca.yml:3
    ip: 192.0.2.1  # orca.yml:4
    labels:
      ssd: 'true'  # orca.yml:5
      ver: '1.10'  # orca.yml:5
  n2: {}  # orca.yml:6
options:
  prune_unknown_labels: false  # default
dependencies:
  db:  # orca.yml:10
    stack: shop  # $STACK_NAME
    label: db=true  # default
    services:
      - web  # orca.yml:11
      - job  # orca.yml:11
    restart_dependents: true  # orca.yml:12
    retry_intervals: [2s, 10s, 1m, 5m, 15m]  # default
    max_mismatch: 10m  # default
    hold: 1h30m  # orca.yml:8
    enforce: false  # default
  pg:  # orca.yml:13
    service: other_pg  # orca.yml:13
    label: pg=a b  # orca.yml:13
    restart_dependents: false  # default
    retry_intervals: [2s, 10s, 1m, 5m, 15m]  # default
    max_mismatch: 10m  # default
    hold: 1h30m  # orca.yml:8
    enforce: false  # default
rebalance:
  auto: false  # default
  metrics:
    node_exporter_port: 9100  # default
    max_age: 10m  # default
    window: 10m  # default
    timeout: 5s  # default
  high: 80  # default
  high_for: 10m  # default
  clear_high: 70  # default
  spread: 20  # default
  spread_for: 30m  # default
  clear_spread: 10  # default
  min_gain: 1  # default
  max_moves: 5  # default
  target_max: 80  # default
  target_above_mean: 5  # default
  cooldown: 6h  # default
  no_return: 1day  # default
  quarantine: 7days  # default
  min_age: 10m  # default
  settle: 10s  # default
gc:
  grace: 3h  # default
  keep_images: 0  # default
  min_images: 0  # default
  containers: true  # default
  images: true  # default
  build_cache: true  # default
  networks: true  # default
  volumes: false  # default
  parallel: 4  # default
  service:
    socket: /var/run/docker.sock  # default
autoheal:
  containers:
    all: false  # default
    grace: 1m  # default
    backoff: 5m  # default
    backoff_max: 1h  # default
    give_up: 10  # default
  services:
    failures: 3  # default
    window: 10m  # default
    policy: [report]  # default
    backoff: 15m  # default
    max_actions: 1  # default
  pending:
    after: 30s  # default
bootstrap:
  autolock: false  # default
  parallel: 8  # default
  wait: 1m  # default
exporter:
  name: node_exporter  # default
  image: quay.io/prometheus/node-exporter:v1.9.1@sha256:d00a542e409ee618a4edc67da14dd48c5da66726bbd5537ab2af9c1dfc442c8a  # default
  port: 9100  # default
  memory: 128M  # default
  cpus: 0.5  # default
  ssh:
    path: /usr/bin/prometheus-node-exporter  # default
    sudo: false  # default
logs:
  containers:
    list: true  # default
    keep: 1  # default
    max_size: 10m  # default
    max_file: 3  # default
mods:
  dest: /modcache  # default
  docker_mods: false  # default
  max_size: 1G  # default
  max_unpacked: 4G  # default
  timeout: 30m  # default
  retries: 3  # default
  parallel: 8  # default
  per_host: 2  # default
update:
  mode: opt-out  # default
  min_age: 0s  # default
  deadline: 5m  # default
  timeout: 1h  # default
  rollback: true  # default
  parallel: 1  # default
  pin: false  # default
  policy: digest  # default
  prereleases: false  # default
  atomic: false  # default
  prepull: false  # default
  clean: false  # default
  jobs: false  # default
  tz: UTC  # default
watch:
  events: true  # default
  debounce: 1s  # default
  max_wait: 10s  # default
  leader_only: true  # default
  anchor_poll: 1s  # default
  subscribe_nodes: false  # default
  config_poll: 1s  # default
  grace: 30s  # default
";

#[test]
fn every_value_has_its_place() {
    let variables = env(&[("STACK_NAME", "shop")]);
    let source = orca::settings::Source {
        name: "/etc/orca/orca.yml".to_owned(),
        kind: orca::settings::SourceKind::Main,
        text: TEXT.to_owned(),
    };
    let settings = orca::settings::parse(&[source], &variables).unwrap();
    assert_eq!(yaml(&settings), SHOWN);
    let rows = rows(&settings);
    let row = |path: &str| {
        let Row { value, source, line, column, .. } =
            rows.iter().find(|row| row.path == path).unwrap_or_else(|| panic!("{path}"));
        format!("{value} {source}:{line}:{column}")
    };
    assert_eq!(row("dependencies.db.services[1]"), r#""job" /etc/orca/orca.yml:11:21"#);
    assert_eq!(row("dependencies.db.hold"), r#""1h30m" /etc/orca/orca.yml:8:9"#);
    assert_eq!(row("dependencies.db.retry_intervals"), r#"["2s","10s","1m","5m","15m"] default:0:0"#);
    assert_eq!(row("nodes.n1.labels.ver"), r#""1.10" /etc/orca/orca.yml:5:19"#);
    assert_eq!(row("nodes.n2"), "{} /etc/orca/orca.yml:6:3");
    assert_eq!(row("stack"), r#""shop" $STACK_NAME:0:0"#);
}

#[test]
fn odd_characters_stay_on_their_line() {
    let text = "nodes: {n: {labels: {a: \"x\\ny\", b: \"\\u2028\\t\\0\", c: ä, d: '# no', \"<<\": \"\"}}}";
    let first = settings(text);
    let shown = yaml(&first);
    for line in [r#"a: "x\ny"  #"#, r#"b: "\u2028\u0009\u0000"  #"#, "c: ä  #", "d: '# no'  #", r#""<<": ''  #"#] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
    let values = |settings| rows(settings).into_iter().map(|row| row.value).collect::<Vec<_>>();
    assert_eq!(values(&settings(&shown)), values(&first));
}

#[test]
fn rows_are_sorted_and_lists_keep_their_order() {
    let names: Vec<String> = (0..12).map(|i| format!("s{i}")).collect();
    let settings = settings(&format!("dependencies: {{b: [{}], a: []}}", names.join(", ")));
    let rows = rows(&settings);
    let listed: Vec<&str> =
        rows.iter().filter(|row| row.path.contains('[')).filter_map(|row| row.value.as_str()).collect();
    assert_eq!(listed, names);
    let others: Vec<&str> = rows.iter().map(|row| row.path.as_str()).filter(|path| !path.contains('[')).collect();
    assert!(others.is_sorted(), "{others:?}");
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,6}",
        prop::sample::select(vec!["yes", "null", "~", "1.10", "<<", "-", "0x1", "#", "a#", "x-a"])
            .prop_map(str::to_owned)
    ]
}

/// Text in double quotes, so that any character may stand in it.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("text")
}

prop_compose! {
    fn file()(
        nodes in prop::collection::btree_map(word(), prop::collection::btree_map(word(), any::<String>(), 0..4), 0..4),
        anchors in prop::collection::btree_map("[A-Z]{1,3}", (prop::option::of("[a-z]{1,4}"), 0..4usize, 0..100_000u64, any::<bool>()), 0..5),
    ) -> String {
        let mut text = "nodes:\n".to_owned();
        for (name, labels) in nodes {
            let _ = writeln!(text, "  {}:\n    labels:", quoted(&name));
            for (key, value) in labels {
                let _ = writeln!(text, "      {}: {}", quoted(&key), quoted(&value));
            }
        }
        text.push_str("dependencies:\n");
        for (name, (stack, dependents, seconds, flag)) in anchors {
            let services: Vec<String> = (0..dependents).map(|i| format!("{name}{i}")).collect();
            let services = services.join(", ");
            let _ = writeln!(text, "  {}:\n    services: [{services}]\n    enforce: {flag}", quoted(&name));
            let _ = writeln!(text, "    stack: {}\n    hold: {seconds}", quoted(&stack.unwrap_or_default()));
        }
        text
    }
}

proptest! {
    /// What `config show` prints is a configuration that means the same.
    #[test]
    fn shown_settings_read_back(text in file()) {
        let Ok(first) = read(&text) else { return Ok(()) };
        let shown = yaml(&first);
        let second = read(&shown).map_err(|problems| TestCaseError::fail(format!("{shown}\n{problems:?}")))?;
        let values = |settings| rows(settings).into_iter().map(|row| (row.path, row.value)).collect::<Vec<_>>();
        prop_assert_eq!(values(&first), values(&second));
    }
}

/// Lists of maps too: what is shown is a file that means the same.
#[test]
fn rules_and_mods_are_read_again_as_they_are_shown() {
    let text = "logs:
  rules:
    - {paths: [/a/*.log, '/b/**/*.log'], size: 100M, age: 7d, keep: 2, compress: zstd}
    - {paths: [/c], age: 1d, signal: {name: USR1, pid_file: /run/c.pid}, postrotate: [echo, 'a b']}
  logrotate: [/etc/l]
mods:
  list: [{name: a/b, url: 'https://x.example/a', unpack: true}]
  label_hosts: ['*.example']
  allow_addresses: [10.0.0.0/8]
";
    let read = |text: &str| {
        let source = orca::settings::Source {
            name: "orca.yml".to_owned(),
            kind: orca::settings::SourceKind::Main,
            text: text.to_owned(),
        };
        orca::settings::parse(&[source], &env(&[])).unwrap()
    };
    let plain = |mut settings: orca::settings::Settings| {
        // Where they stand is another place, of course.
        let origin = orca::settings::Origin { path: String::new(), source: String::new(), line: 0, column: 0 };
        settings.logs.rules.iter_mut().for_each(|rule| rule.origin = origin.clone());
        settings.mods.list.iter_mut().for_each(|entry| entry.origin = origin.clone());
        (settings.logs, settings.mods)
    };
    let first = read(text);
    let shown = yaml(&first);
    assert!(shown.contains("    - paths: [/a/*.log, /b/**/*.log]  # orca.yml:3\n      size: 100M"), "{shown}");
    assert_eq!(plain(read(&shown)), plain(first), "{shown}");
}
