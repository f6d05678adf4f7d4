//! Pages of the passes over a whole cluster.

use super::Page;
use super::rows::{
    CHANGES, CONFIG, CONFIG_ENV, ENGINE, ENGINE_ENV, FAILED, FINE, INTERRUPTED, ONCE_ENV, OUTPUT_ENV, PASS_ENV,
    PASS_ENVIRONMENT, PASS_EXITS, PASS_FILES, REFUSED, STATE_ENV, TIME_ENV, UNENDED, UNMEASURED, UNMOVED, USAGE,
    WATCH_ENV, WATCHED,
};

pub(super) const PAGES: &[Page] = &[
    Page {
        name: "orca",
        exits: PASS_EXITS,
        environment: &[CONFIG_ENV, ENGINE_ENV, PASS_ENV, ONCE_ENV, TIME_ENV, STATE_ENV, OUTPUT_ENV],
        files: PASS_FILES,
        examples: &[
            ("Look at what would change, and change nothing:", "orca reconcile --once --dry-run"),
            ("Do it:", "orca reconcile --once"),
            (
                "Every minute on every manager, in /etc/cron.d/orca; the leader acts:",
                "* * * * * root orca reconcile --once --leader-only --lock-timeout 30s -o text 2>&1 | logger -t orca",
            ),
            ("What has orca done?", "orca history"),
        ],
        see: &[
            "orca-reconcile",
            "orca-watch",
            "orca-labels-sync",
            "orca-anchors-follow",
            "orca-bootstrap",
            "orca-gc",
            "orca-autoheal",
            "orca-exporter-deploy",
            "orca-logs-rotate",
            "orca-mods-fetch",
            "orca-history",
            "orca-sim",
            "docker",
        ],
    },
    Page {
        name: "orca-watch",
        exits: &[WATCHED, USAGE, CONFIG],
        environment: &[CONFIG_ENV, ENGINE_ENV, PASS_ENV, ONCE_ENV, WATCH_ENV, TIME_ENV, STATE_ENV, OUTPUT_ENV],
        files: PASS_FILES,
        examples: &[
            ("What the config says, else reconcile every minute, and on events:", "orca watch"),
            ("These passes, each as often as is usual for it:", "orca watch reconcile autoheal 'logs rotate'"),
            ("What it does, as it does it, with jq(1):", "orca watch -o json | jq -r '.report.actions[]?.reason'"),
            ("With figures for Prometheus:", "orca watch --metrics-listen 127.0.0.1:9323"),
            ("Read the config again and run now:", "systemctl kill -s HUP orca-watch"),
        ],
        see: &["orca-reconcile", "orca-history", "systemd.service"],
    },
    Page {
        name: "orca-labels-sync",
        exits: PASS_EXITS,
        environment: PASS_ENVIRONMENT,
        files: PASS_FILES,
        examples: &[
            ("Make node labels as the config says:", "orca labels sync"),
            ("Is there drift? Exit 2 says yes:", "orca labels sync --dry-run --detailed-exitcode"),
            ("With a config from elsewhere:", "git show HEAD:orca.yml | orca labels sync -c -"),
        ],
        see: &["orca-anchors-follow", "orca-reconcile"],
    },
    Page {
        name: "orca-anchors-follow",
        exits: PASS_EXITS,
        environment: PASS_ENVIRONMENT,
        files: PASS_FILES,
        examples: &[
            ("Move labels to where the anchors run:", "orca anchors follow"),
            ("After a drain: stay until all dependents run beside their anchors:", "orca anchors follow --wait 2m"),
        ],
        see: &["orca-labels-sync", "orca-reconcile"],
    },
    Page {
        name: "orca-rebalance-plan",
        exits: &[FINE, FAILED, CHANGES, USAGE, ENGINE, REFUSED, CONFIG, INTERRUPTED],
        environment: PASS_ENVIRONMENT,
        files: PASS_FILES,
        examples: &[
            ("What should move, within the guard rails:", "orca rebalance plan --metrics memory.json"),
            (
                "Offline, as low as three restarts can bring the fullest node:",
                "orca rebalance plan --snapshot cluster.json --metrics memory.json --max-restarts 3",
            ),
            ("Fewest restarts until no node is above 70 %:", "orca rebalance plan --target-peak 70%"),
            ("A node came back empty:", "orca rebalance plan --goal count"),
            ("Before maintenance:", "orca rebalance plan --empty node-3"),
            (
                "Which pins cost the most, with jq(1):",
                "orca rebalance plan -o json | jq -r '.data.immovable[] | select(.would_gain > 0) | .service'",
            ),
        ],
        see: &["orca-rebalance-apply", "orca-rebalance-measure", "orca-snapshot", "orca-anchors-follow"],
    },
    Page {
        name: "orca-rebalance-apply",
        exits: &[FINE, FAILED, CHANGES, USAGE, ENGINE, UNMOVED, CONFIG, INTERRUPTED],
        environment: PASS_ENVIRONMENT,
        files: PASS_FILES,
        examples: &[
            ("What the guard rails allow, from live figures:", "orca rebalance apply --metrics node_exporter"),
            ("What would that be?", "orca rebalance apply --metrics node_exporter --dry-run"),
            (
                "A plan that somebody has read:",
                "orca rebalance plan --metrics memory.json -o json > plan.json\norca rebalance apply plan.json",
            ),
            ("A node came back empty:", "orca rebalance apply --goal count"),
            ("Before maintenance:", "orca rebalance apply --empty node-3 --unguarded"),
        ],
        see: &["orca-rebalance-plan", "orca-rebalance-recover", "orca-rebalance-measure"],
    },
    Page {
        name: "orca-rebalance-recover",
        exits: &[FINE, FAILED, CHANGES, USAGE, ENGINE, UNENDED, CONFIG, INTERRUPTED],
        environment: PASS_ENVIRONMENT,
        files: PASS_FILES,
        examples: &[
            ("After an apply was killed:", "orca rebalance recover"),
            ("Is anything left?", "orca rebalance recover --dry-run --detailed-exitcode"),
        ],
        see: &["orca-rebalance-apply"],
    },
    Page {
        name: "orca-rebalance-measure",
        exits: &[FINE, FAILED, USAGE, ENGINE, UNMEASURED, CONFIG, INTERRUPTED],
        environment: PASS_ENVIRONMENT,
        files: PASS_FILES,
        examples: &[
            ("From the exporter on each node:", "orca rebalance measure --metrics node_exporter > memory.json"),
            ("Plan by it:", "orca rebalance plan --metrics memory.json"),
            ("Why are figures missing? With jq(1):", "orca rebalance measure | jq .missing"),
            (
                "A sample every minute, so that figures are smoothed, in /etc/cron.d/orca:",
                "* * * * * root orca rebalance measure >/dev/null",
            ),
        ],
        see: &["orca-rebalance-plan", "orca-probe"],
    },
    Page {
        name: "orca-reconcile",
        exits: PASS_EXITS,
        environment: &[CONFIG_ENV, ENGINE_ENV, PASS_ENV, ONCE_ENV, TIME_ENV, STATE_ENV, OUTPUT_ENV],
        files: PASS_FILES,
        examples: &[
            ("One full cycle:", "orca reconcile --once"),
            ("The same against a saved cluster; nothing is written:", "orca reconcile --once --snapshot cluster.json"),
            ("A cycle every 30 s, one JSON document a line:", "orca reconcile --interval 30s --output json"),
            ("Only what was done, with jq(1):", "orca reconcile --once -o json | jq -r '.actions[].id'"),
        ],
        see: &["orca-labels-sync", "orca-anchors-follow", "orca-history"],
    },
];
