//! Everything that may be written, and what it means.

use std::time::Duration;

use orca::settings::{Anchor, Label, Settings, Source, SourceKind, parse};

use super::{env, settings};

fn seconds(anchor: &Anchor) -> Vec<u64> {
    anchor.retry_intervals.iter().map(Duration::as_secs).collect()
}

fn services(anchor: &Anchor) -> Vec<&[String]> {
    anchor.dependents.iter().map(|dependent| dependent.service.as_slice()).collect()
}

fn only(settings: &Settings) -> &Anchor {
    let [anchor] = settings.anchors.as_slice() else { panic!("{settings:#?}") };
    anchor
}

#[test]
fn the_three_shapes_of_dependencies() {
    let list = settings("dependencies:\n  db: [web, job]\n");
    let map = settings("dependencies:\n  db: {services: [web], restart_dependents: yes, retry_intervals: [5, 1m]}\n");
    let stack = settings("dependencies:\n  db: {services: [web], stack: shop}\n");
    let anchor = only(&list);
    assert_eq!(anchor.service, ["swarm-dev_db", "db"]);
    assert_eq!(services(anchor), [["swarm-dev_web", "web"], ["swarm-dev_job", "job"]]);
    assert_eq!(anchor.label, Label { key: "db".to_owned(), value: "true".to_owned() });
    assert_eq!(seconds(anchor), [2, 10, 60, 300, 900]);
    assert_eq!((anchor.max_mismatch, anchor.hold), (Duration::from_secs(600), None));
    assert!(!anchor.restart_dependents && !anchor.enforce);
    assert_eq!(anchor.origin.to_string(), "dependencies.db (orca.yml:2)");
    assert_eq!(anchor.dependents[1].origin.column, 13);
    assert!(only(&map).restart_dependents);
    assert_eq!(seconds(only(&map)), [5, 60]);
    assert_eq!(only(&stack).service, ["shop_db", "db"]);
    assert_eq!(services(only(&stack)), [["shop_web", "web"]]);
}

#[test]
fn anchors_keep_the_order_of_the_file() {
    let read = settings("dependencies: {z: [], m: , a: {}, k: {services: }}");
    assert_eq!(read.anchors.iter().map(|anchor| anchor.name.as_str()).collect::<Vec<_>>(), ["z", "m", "a", "k"]);
    assert!(read.anchors.iter().all(|anchor| anchor.dependents.is_empty()));
}

#[test]
fn keys_of_an_anchor() {
    let label = |text: &str| {
        let read = settings(&format!("dependencies: {{db: {{label: {text}}}}}"));
        let Label { key, value } = &only(&read).label;
        format!("{key}={value}")
    };
    let cases = [
        ("store", "store=true"),
        ("store=a b", "store=a b"),
        ("{key: store}", "store=true"),
        ("{value: 1.10}", "db=1.10"),
        ("{key: store, value: yes}", "store=yes"),
        ("", "db=true"),
        ("{}", "db=true"),
    ];
    for (text, expected) in cases {
        assert_eq!(label(text), expected, "{text}");
    }
    let read = settings("dependencies: {db: {service: pg, max_mismatch: 1h30m, hold: 7d, enforce: on, services: [w]}}");
    let anchor = only(&read);
    assert_eq!(anchor.service, ["pg"]);
    assert_eq!(services(anchor), [["swarm-dev_w", "w"]]);
    assert_eq!((anchor.max_mismatch.as_secs(), anchor.hold.map(|hold| hold.as_secs())), (5400, Some(604_800)));
    assert!(anchor.enforce);
    assert_eq!(only(&settings("stack: ''\ndependencies: {a_db: }")).service, ["a_db"]);
}

#[test]
fn durations() {
    let cases = [("10m", 600_000), ("90", 90_000), ("1.5", 1_500), ("0", 0), ("250ms", 250), ("1h 5s", 3_605_000)];
    for (text, millis) in cases {
        let read = settings(&format!("dependencies: {{db: {{max_mismatch: {text}, retry_intervals: ['{text}']}}}}"));
        assert_eq!(only(&read).max_mismatch.as_millis(), millis, "{text}");
        assert_eq!(only(&read).retry_intervals, [only(&read).max_mismatch]);
    }
}

#[test]
fn options_are_defaults_that_anchors_overrule() {
    let read = settings(
        "options: {restart_dependents: true, retry_intervals: [7], max_mismatch: 1m, hold: 1h, enforce: true}\n\
         dependencies:\n  a: []\n  b: {restart_dependents: no, retry_intervals: [8], max_mismatch: 2m, hold: none, enforce: no}\n\
         \x20 c: {hold: , enforce: ~}\n",
    );
    let values: Vec<_> = read
        .anchors
        .iter()
        .map(|a| (a.restart_dependents, seconds(a), a.max_mismatch.as_secs(), a.hold.map(|h| h.as_secs()), a.enforce))
        .collect();
    let defaults = (true, vec![7], 60, Some(3600), true);
    assert_eq!(values, [defaults.clone(), (false, vec![8], 120, None, false), defaults]);
}

#[test]
fn labels_of_nodes() {
    let read = settings(
        "nodes:\n  list: {labels: [ssd, ssd, rack=b, url=a=b, e=, 1.10]}\n\
         \x20 map: {labels: {zone: 1, ssd: true, ver: 1.10, quoted: 'yes', empty: , on: off}}\n\
         \x20 none: {labels: }\n  bare:\n  full: {ip: ::1, host: ssh://a, role: manager, availability: drain}\n",
    );
    let labels = |node: &str| -> Vec<String> {
        read.nodes[node].labels.iter().map(|(key, (value, _))| format!("{key}={value}")).collect()
    };
    assert_eq!(labels("list"), ["1.10=true", "e=", "rack=b", "ssd=true", "url=a=b"]);
    assert_eq!(labels("map"), ["empty=", "on=off", "quoted=yes", "ssd=true", "ver=1.10", "zone=1"]);
    assert!(labels("none").is_empty());
    let full = &read.nodes["full"];
    let texts = [&full.ip, &full.host, &full.role, &full.availability].map(|text| text.as_deref().unwrap_or_default());
    assert_eq!(texts, ["::1", "ssh://a", "manager", "drain"]);
    let (_, origin) = &read.nodes["list"].labels["rack"];
    assert_eq!((origin.to_string().as_str(), origin.column), ("nodes.list.labels (orca.yml:2)", 29));
}

#[test]
fn booleans_as_orcastra_read_them() {
    for (text, expected) in
        [("yes", true), ("On", true), ("TRUE", true), ("no", false), ("OFF", false), ("False", false)]
    {
        assert_eq!(
            settings(&format!("options: {{prune_unknown_labels: {text}}}")).options.prune_unknown_labels,
            expected
        );
    }
}

#[test]
fn older_files() {
    let source = |kind, text: &str| Source { name: format!("{kind:?}.yml"), kind, text: text.to_owned() };
    let nodes = "leader: a\nadvertise_addr: 192.0.2.1\nnodes:\n  a: {ip: 192.0.2.1, labels: [x]}\noptions: {}\n";
    let bare = "couchdb: [swarmpit]\nswarmpit: {services: [agent], restart_dependents: true}\n";
    let nested = "dependencies:\n  couchdb: {services: [swarmpit], stack: s}\n  swarmpit: [agent]\n";
    for dependencies in [bare, nested] {
        let sources = [source(SourceKind::Nodes, nodes), source(SourceKind::Dependencies, dependencies)];
        let read = parse(&sources, &env(&[])).unwrap();
        assert_eq!(read.leader.as_deref(), Some("a"));
        assert_eq!(read.anchors.len(), 2);
        assert_eq!(read.anchors[0].origin.source, "Dependencies.yml");
        assert_eq!(read.files, ["Nodes.yml", "Dependencies.yml"]);
    }
    let odd = parse(&[source(SourceKind::Dependencies, "dependencies: [web]\n")], &env(&[])).unwrap();
    assert_eq!(only(&odd).name, "dependencies", "a list there is an anchor of that name");
}

#[test]
fn the_original_s_registry_is_the_default_one() {
    let registry = |url: &str, text: &str| {
        let source = Source { name: "f".to_owned(), kind: SourceKind::Main, text: text.to_owned() };
        let registry = parse(&[source], &env(&[("REGISTRY_URL", url)])).unwrap().registry;
        (registry.default, registry.insecure.join(" "))
    };
    assert_eq!(registry("http://reg:5000/", ""), (Some("reg:5000".to_owned()), "reg:5000".to_owned()));
    assert_eq!(registry("https://reg:5000", ""), (Some("reg:5000".to_owned()), String::new()));
    assert_eq!(registry("reg.example.org", ""), (Some("reg.example.org".to_owned()), String::new()));
    let long = registry("https://ci:s3cret@reg.example.org/group/project", "");
    assert_eq!(long, (Some("reg.example.org".to_owned()), String::new()));
    assert_eq!(registry("ftp://nonsense", "registry: {default: 'mine:1'}").0.as_deref(), Some("mine:1"), "nobody asks");
    let written = "registry: {default: 'mine:1'}";
    assert_eq!(registry("http://reg:5000", written), (Some("mine:1".to_owned()), String::new()), "the file says more");
}

#[test]
fn environment_fills_what_files_leave_open() {
    let variables = env(&[
        ("STACK_NAME", "shop"),
        ("MAX_MISMATCH_DURATION", "90"),
        ("RESTART_DEPENDENTS", "true"),
        ("PRUNE_UNKNOWN_LABELS", "1"),
    ]);
    let read = |text: &str| {
        let source = Source { name: "f".to_owned(), kind: SourceKind::Main, text: text.to_owned() };
        parse(&[source], &variables).unwrap()
    };
    let open = read("dependencies: {db: []}");
    assert_eq!(only(&open).service, ["shop_db", "db"]);
    assert_eq!(only(&open).max_mismatch.as_secs(), 90);
    assert!(only(&open).restart_dependents && open.options.prune_unknown_labels);
    let said = read(
        "stack: mine\noptions: {max_mismatch: 5, restart_dependents: no, prune_unknown_labels: no}\ndependencies: {db: []}",
    );
    assert_eq!(only(&said).service, ["mine_db", "db"]);
    assert_eq!(only(&said).max_mismatch.as_secs(), 5);
    assert!(!only(&said).restart_dependents && !said.options.prune_unknown_labels);
    assert_eq!(settings("").stack, "swarm-dev");
    assert!(parse(&[], &env(&[("STACK_NAME", ""), ("RESTART_DEPENDENTS", "")])).is_ok(), "empty is unset");
}
