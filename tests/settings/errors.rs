//! Every mistake, word for word.

use orca::settings::{Source, SourceKind, parse};

use super::{env, errors, lines};

/// Texts and the exact lines they must give.
fn table(cases: &[(&str, &[&str])]) {
    for (text, expected) in cases {
        assert_eq!(errors(text), *expected, "{text}");
    }
}

#[test]
fn keys() {
    table(&[
        (
            "nodes:\n  n1:\n    ip: 192.0.2.1\n    lables: {zone: a}\n",
            &[r#"orca.yml:4:5: unknown key "lables" in nodes.n1 (did you mean "labels"?)"#],
        ),
        ("nods: {}\n", &[r#"orca.yml:1:1: unknown key "nods" at the top level (did you mean "nodes"?)"#]),
        (
            "zzz: 1\n",
            &["orca.yml:1:1: unknown key \"zzz\" at the top level \
               (known keys: leader, advertise_addr, stack, nodes, options, dependencies, rebalance, gc, autoheal, bootstrap, exporter, logs, mods, registry, catalog, update, watch, notify)"],
        ),
        (
            "catalog: {prune: true}\n",
            &["orca.yml:1:18: catalog.prune needs catalog.deploy: true: without it nothing of the swarm is changed"],
        ),
        (
            "dependencies: {a: {retry_interval: [1], gc: 1}}\n",
            &[
                r#"orca.yml:1:20: unknown key "retry_interval" in dependencies.a (did you mean "retry_intervals"?)"#,
                "orca.yml:1:41: unknown key \"gc\" in dependencies.a (known keys: stack, service, services, label, \
                 restart_dependents, retry_intervals, max_mismatch, hold, enforce)",
            ],
        ),
        (
            "nodes: {n1: {ip: 1}, n1: {ip: 2}}\nstack: a\nstack: b\n",
            &[
                r#"orca.yml:1:22: duplicate key "n1" (first at orca.yml:1:9)"#,
                r#"orca.yml:3:1: duplicate key "stack" (first at orca.yml:2:1)"#,
            ],
        ),
    ]);
}

#[test]
fn types() {
    const DURATION: &str = "must be a duration (10m, 1h30m, 7d) or a number of seconds";
    table(&[
        (
            "options:\n  restart_dependents: yes\n  prune_unknown_labels: maybe\n",
            &[r#"orca.yml:3:25: options.prune_unknown_labels must be true or false, not "maybe""#],
        ),
        (
            "options: {enforce: 'true'}",
            &[r#"orca.yml:1:20: options.enforce must be true or false, not the quoted text "true""#],
        ),
        ("[1, 2]\n", &["orca.yml:1:1: the file must be a map, not a list"]),
        ("hello\n", &[r#"orca.yml:1:1: the file must be a map, not "hello""#]),
        ("nodes: 5\n", &[r#"orca.yml:1:8: nodes must be a map, not "5""#]),
        (
            "nodes:\n  n1:\n    role: boss\n    availability: sleep\n    labels: 5\n    ip: [1]\n",
            &[
                r#"orca.yml:3:11: nodes.n1.role must be manager or worker, not "boss""#,
                r#"orca.yml:4:19: nodes.n1.availability must be active, pause or drain, not "sleep""#,
                r#"orca.yml:5:13: nodes.n1.labels must be a list or a map, not "5""#,
                "orca.yml:6:9: nodes.n1.ip must be text, not a list",
            ],
        ),
        (
            "dependencies: {a: 1, b: {services: x}, c: [d, {e: f}, ~]}\n",
            &[
                r#"orca.yml:1:19: dependencies.a must be a list or a map, not "1""#,
                r#"orca.yml:1:36: dependencies.b.services must be a list, not "x""#,
                "orca.yml:1:47: dependencies.c[1] must be text, not a map",
                "orca.yml:1:55: dependencies.c[2] must be text, not empty",
            ],
        ),
        (
            "options: {hold: soon, max_mismatch: -5, retry_intervals: []}",
            &[
                &format!(r#"orca.yml:1:17: options.hold {DURATION}, not "soon""#),
                &format!(r#"orca.yml:1:37: options.max_mismatch {DURATION}, not "-5""#),
                "orca.yml:1:58: options.retry_intervals must not be empty",
            ],
        ),
        (
            "options: {retry_intervals: [1, x, [], 9999999999999]}",
            &[
                &format!(r#"orca.yml:1:32: options.retry_intervals {DURATION}, not "x""#),
                &format!("orca.yml:1:35: options.retry_intervals[2] {DURATION}, not a list"),
                r#"orca.yml:1:39: options.retry_intervals must be at most 100 years, not "9999999999999""#,
            ],
        ),
    ]);
}

#[test]
fn labels() {
    table(&[
        (
            "nodes:\n  n1:\n    labels: [x=1, x=2, a, a, '', b c, 'a,b', orca.labels]\n",
            &[
                r#"orca.yml:3:19: nodes.n1.labels: label "x" is given twice, as "1" and as "2""#,
                "orca.yml:3:30: nodes.n1.labels: a label needs a key",
                r#"orca.yml:3:34: nodes.n1.labels: label key "b c" contains whitespace"#,
                "orca.yml:3:39: nodes.n1.labels: label key \"a,b\" contains a comma, \
                 which separates the keys in orca's record",
                "orca.yml:3:46: nodes.n1.labels: orca.labels is the label in which orca keeps its record",
            ],
        ),
        (
            "nodes: {n1: {labels: {a=b: 1, c: [1]}}}\n",
            &[
                "orca.yml:1:23: nodes.n1.labels: label key \"a=b\" contains \"=\", \
                 which the docker CLI can't express",
                "orca.yml:1:34: nodes.n1.labels.c must be text, not a list",
            ],
        ),
        (
            "dependencies:\n  a: {label: 'x y'}\n  b: {label: 'k='}\n  c: {label: {kay: b}}\n  d/e: []\n",
            &[
                r#"orca.yml:2:14: dependencies.a.label: label key "x y" contains whitespace"#,
                r#"orca.yml:3:14: dependencies.b.label: a constraint can't ask for the value """#,
                r#"orca.yml:4:15: unknown key "kay" in dependencies.c.label (known keys: key, value)"#,
                "orca.yml:5:3: dependencies.d/e.label: a constraint can't name the key \"d/e\"; \
                 use letters, digits, `-`, `_` and `.`",
            ],
        ),
        (
            "nodes: {n2: {labels: [db]}, n1: {labels: {db: 1}}}\ndependencies: {db: [web]}\n",
            &[
                r#"orca.yml:1:23: nodes.n2.labels: label "db" is also the label of the anchor dependencies.db (orca.yml:2:16)"#,
            ],
        ),
        (
            "dependencies: {a: [], b: {label: a}, c: {label: a=other}, d: {label: {key: a, value: true}}}\n",
            &[
                r#"orca.yml:1:23: dependencies.b has the label "a", as has dependencies.a (orca.yml:1:16)"#,
                r#"orca.yml:1:38: dependencies.c has the label "a", as has dependencies.a (orca.yml:1:16)"#,
                r#"orca.yml:1:59: dependencies.d has the label "a", as has dependencies.a (orca.yml:1:16)"#,
            ],
        ),
    ]);
}

#[test]
fn dependents() {
    table(&[
        (
            "dependencies:\n  a: [x]\n  b: [y, x]\n",
            &[
                r#"orca.yml:3:10: "x" follows dependencies.b and dependencies.a (orca.yml:2:7); a service has one anchor"#,
            ],
        ),
        // The same name in two stacks is two services; a full name is the service it names.
        ("dependencies:\n  a: {stack: s, services: [x]}\n  b: {stack: t, services: [x]}\n", &[]),
        (
            "stack: s\ndependencies:\n  a: [x]\n  b: {stack: t, services: [s_x]}\n",
            &["orca.yml:4:28: \"s_x\" follows dependencies.b and dependencies.a (orca.yml:3:7); \
               a service has one anchor"],
        ),
        (
            "dependencies: {a: [x, x]}",
            &[r#"orca.yml:1:23: "x" is listed twice under dependencies.a (first at orca.yml:1:20)"#],
        ),
        ("dependencies: {a: [a]}", &["orca.yml:1:20: dependencies.a lists itself as its dependent"]),
        (
            "dependencies: {a: {service: other_b, services: [other_b]}}",
            &["orca.yml:1:49: dependencies.a lists itself as its dependent"],
        ),
        ("dependencies: {a: {service: pg, services: [a]}}", &[]),
        (
            "dependencies: {z: [a], a: [b, y], b: [c], c: [a]}",
            &[
                r#"orca.yml:1:47: "a" follows dependencies.c and dependencies.z (orca.yml:1:20); a service has one anchor"#,
            ],
        ),
        (
            "dependencies: {c: [a], a: [b, y], b: [c], d: [e], e: [d]}",
            &[
                "orca.yml:1:20: anchors follow each other in a cycle: c -> a -> b -> c",
                "orca.yml:1:47: anchors follow each other in a cycle: d -> e -> d",
            ],
        ),
        ("dependencies: {a: [b], b: [c], c: [d]}", &[]),
        (
            "dependencies:\n  a: {stack: x y, service: 'q\tr', services: ['', b c]}\n  '': []\n",
            &[
                r#"orca.yml:2:14: dependencies.a.stack must be the name of a stack, not "x y""#,
                r#"orca.yml:2:28: dependencies.a.service: "q\tr" is not a service name"#,
                r#"orca.yml:2:46: dependencies.a.services: "" is not a service name"#,
                r#"orca.yml:2:50: dependencies.a.services: "b c" is not a service name"#,
                r#"orca.yml:3:3: dependencies: "" is not a service name"#,
            ],
        ),
    ]);
}

#[test]
fn environment() {
    let bad = env(&[
        ("MAX_MISMATCH_DURATION", "often"),
        ("PRUNE_UNKNOWN_LABELS", "2"),
        ("REGISTRY_URL", "http://ci:s3cret@reg"),
        ("RESTART_DEPENDENTS", "perhaps"),
        ("STACK_NAME", "a b"),
    ]);
    assert_eq!(
        lines(parse(&[], &bad)),
        [
            r#"$MAX_MISMATCH_DURATION: must be a duration (10m, 1h30m, 7d) or a number of seconds, not "often""#,
            r#"$PRUNE_UNKNOWN_LABELS: must be true or false, not "2""#,
            r#"$REGISTRY_URL: must be a registry as http://host:5000 or registry.example.org, not "reg""#,
            r#"$RESTART_DEPENDENTS: must be true or false, not "perhaps""#,
            r#"$STACK_NAME: must be the name of a stack, not "a b""#,
        ]
    );
}

#[test]
fn all_at_once_over_files() {
    let sources = [
        Source {
            name: "/etc/b.yml".to_owned(),
            kind: SourceKind::Main,
            text: "leader: a\nnodes:\n  n1: {lables: [x]}\n  n2: {labels: [db]}\noptions: {enforce: 3}\n\
                   dependencies:\n  db: [web]\n"
                .to_owned(),
        },
        Source {
            name: "a.yml".to_owned(),
            kind: SourceKind::Nodes,
            text: "leader: b\nnodes:\n  n1: {ip: 192.0.2.1}\noptions: {hold: x}\n".to_owned(),
        },
        Source {
            name: "deps.yml".to_owned(),
            kind: SourceKind::Dependencies,
            text: "db: [api]\nx: [web]\n".to_owned(),
        },
        Source { name: "broken.yml".to_owned(), kind: SourceKind::Dependencies, text: "a: {\n".to_owned() },
    ];
    let expected = [
        "$PRUNE_UNKNOWN_LABELS: must be true or false, not \"so\"",
        "/etc/b.yml:3:8: unknown key \"lables\" in nodes.n1 (did you mean \"labels\"?)",
        "/etc/b.yml:4:17: nodes.n2.labels: label \"db\" is also the label of the anchor dependencies.db (/etc/b.yml:7:3)",
        "/etc/b.yml:5:20: options.enforce must be true or false, not \"3\"",
        "a.yml:1:9: leader is already defined at /etc/b.yml:1:9",
        "a.yml:3:3: nodes.n1 is already defined at /etc/b.yml:3:3",
        "a.yml:4:17: options.hold must be a duration (10m, 1h30m, 7d) or a number of seconds, not \"x\"",
        "broken.yml:2:1: not valid YAML: while parsing a node, did not find expected node content",
        "deps.yml:1:1: dependencies.db is already defined at /etc/b.yml:7:3",
        "deps.yml:2:5: \"web\" follows dependencies.x and dependencies.db (/etc/b.yml:7:8); a service has one anchor",
    ];
    assert_eq!(lines(parse(&sources, &env(&[("PRUNE_UNKNOWN_LABELS", "so")]))), expected);
}

#[test]
fn rebalance() {
    let cases: [(&str, &[&str]); 8] = [
        (
            "rebalance: {high: 85, clear_high: 75, max_moves: 3, cooldown: 2h, metrics: {source: file, file: m.json}}",
            &[],
        ),
        ("rebalance: {high: 120}", &["orca.yml:1:19: rebalance.high must be at most 100 (percent), not 120"]),
        ("rebalance: {high: -1}", &["orca.yml:1:19: rebalance.high must be a number of at least 0, not \"-1\""]),
        ("rebalance: {high: 60}\nstack: s", &[]),
        (
            "rebalance: {high: 60, clear_high: 65}",
            &["orca.yml:1:35: rebalance.clear_high must not be above rebalance.high (60)"],
        ),
        (
            "rebalance: {max_moves: 1.5}",
            &["orca.yml:1:24: rebalance.max_moves must be a whole number of at least 0, not \"1.5\""],
        ),
        (
            "rebalance: {metrics: {source: guess}}",
            &[
                "orca.yml:1:31: rebalance.metrics.source must be file, reservations, node_exporter, probe, prometheus or stats, not \"guess\"",
            ],
        ),
        ("rebalance: {metrics: {file: ''}}", &["orca.yml:1:29: rebalance.metrics.file must be a path, not \"\""]),
    ];
    for (text, expected) in cases {
        assert_eq!(errors(text), expected, "{text}");
    }
}

#[test]
fn gc_and_autoheal() {
    let cases: [(&str, &[&str]); 13] = [
        ("gc: {grace: 2d, keep_images: 2, volumes: yes, exclude: {images: ['base*']}, when_disk_above: 80}", &[]),
        ("gc: {when_disk_above: 101}", &["orca.yml:1:23: gc.when_disk_above must be at most 100 (percent), not 101"]),
        (
            "gc: {grace: soon}",
            &["orca.yml:1:13: gc.grace must be a duration (10m, 1h30m, 7d) or a number of seconds, not \"soon\""],
        ),
        ("gc: {service: {image: 'orca:1', socket: '/run/{{.Node.Hostname}}.sock'}}", &[]),
        ("gc: {service: {image: ' '}}", &["orca.yml:1:23: gc.service.image must not be empty"]),
        (
            "update: {mode: on, deadline: 0, parallel: 0}",
            &[
                r#"orca.yml:1:16: update.mode must be opt-in or opt-out, not "on""#,
                "orca.yml:1:30: update.deadline must be more than nothing",
                "orca.yml:1:43: update.parallel must be at least 1, not 0",
            ],
        ),
        ("update: {deadline: 11y}", &["orca.yml:1:20: update.deadline must be at most ten years"]),
        ("gc: {parallel: 0}", &["orca.yml:1:16: gc.parallel must be at least 1, not 0"]),
        ("gc: {exclude: {images: ['']}}", &["orca.yml:1:25: gc.exclude.images: a pattern must not be empty"]),
        ("gc: {keep_image: 1}", &["orca.yml:1:6: unknown key \"keep_image\" in gc (did you mean \"keep_images\"?)"]),
        ("autoheal: {services: {failures: 2, policy: [restart, scale-zero]}, pending: {after: 1m}}", &[]),
        (
            "autoheal: {services: {failures: 0}}",
            &["orca.yml:1:33: autoheal.services.failures must be at least 1, not 0"],
        ),
        (
            "autoheal: {services: {policy: [reboot]}}",
            &[
                "orca.yml:1:32: autoheal.services.policy[0] must be report, restart, rollback or scale-zero, not \"reboot\"",
            ],
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(errors(text), expected, "{text}");
    }
}
