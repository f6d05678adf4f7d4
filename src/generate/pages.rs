//! The parts of the man pages that no flag can tell: exit codes, environment, files, examples. Data only.

/// Of the pages; to be set with each release.
pub(super) const DATE: &str = "2026-11-21";

/// Of a command that only has subcommands.
pub(super) const HELP_ONLY: &str =
    "It only prints its help: 0 with --help, else 64. The pages of the subcommands say how they end.";

/// A term and what it means.
pub(super) type Row = (&'static str, &'static str);

/// What is hand-written about one command.
pub(super) struct Page {
    name: &'static str,
    pub(super) exits: &'static [&'static [Row]],
    pub(super) environment: &'static [&'static [Row]],
    pub(super) files: &'static [&'static [Row]],
    /// What it is for, and the command line.
    pub(super) examples: &'static [Row],
    pub(super) see: &'static [&'static str],
}

/// What is hand-written about the command with this page, as `orca-labels-sync`.
pub(super) fn page(name: &str) -> &'static Page {
    PAGES.iter().find(|page| page.name == name).unwrap_or(&OTHER)
}

const FINE: &[Row] = &[("0", "Complete, with changes or without.")];
const FAILED: &[Row] = &[("1", "Failed, or at least one action failed.")];
const CHANGES: &[Row] = &[("2", "Only with --detailed-exitcode: success, and changes were made or are pending.")];
const USAGE: &[Row] = &[("64", "The command line makes no sense.")];
const ENGINE: &[Row] = &[("69", "The engine can't be reached, or is not a swarm manager.")];
const LATER: &[Row] = &[(
    "75",
    "Try later: another orca works on the cluster, another writer kept changing an object, the time ran out, \
     dependents were not in place before --wait ended, or something is blocked or left out (the report says why).",
)];
const REFUSED: &[Row] = &[(
    "75",
    "Try later: the memory of more than a third of the nodes is not known, or --empty has to leave something behind \
     (the report says what, and why).",
)];
const UNMOVED: &[Row] = &[(
    "75",
    "Try later: there is no plan (the memory of more than a third of the nodes is not known), a saved plan is stale, \
     another orca moves tasks, a move was left out (its image is not on the target, say), memory is not as the plan \
     foresaw, or the time is up (the report says which).",
)];
const UNENDED: &[Row] =
    &[("75", "Try later: another orca moves tasks or works on this cluster, or objects kept changing.")];
const UNKNOWN: &[Row] = &[(
    "75",
    "Try later: what the cluster needs is not known, so that images and volumes stay; another orca works on it, the time \
     ran out, or something is blocked or left out, such as what came into use meanwhile (the report says why).",
)];
const EXPORTERS: &[Row] = &[("1", "Failed: also if a node's exporter does not answer, or is not that node's.")];
const ILL: &[Row] = &[(
    "75",
    "Something is ill that orca did not heal (the report says what, why, and what to do next), another orca works on the \
     cluster, or the time ran out.",
)];
const ROTATED: &[Row] = &[(
    "75",
    "Something is refused (a log behind a link, a log that can't be seen), another orca works here, or something was left \
     out (the report says why).",
)];
const FETCHED: &[Row] = &[(
    "75",
    "Something is refused (two things of one name, a stranger's file in the way) or its server can't be asked, another \
     orca works in this directory, or the time ran out (the report says why).",
)];
const ENGINE_LOST: &[Row] =
    &[("69", "The engine can't be reached, or is no manager where one is needed. What needs no engine was done.")];
const NO_SNAPSHOT: &[Row] = &[("78", "The file of --from can't be read, or is not a snapshot.")];
const UNMEASURED: &[Row] =
    &[("75", "Try later: no node's memory is known (the report says why of the first, --verbose of what was asked).")];
const NOT_MADE: &[Row] = &[(
    "75",
    "A node or a change was refused (the report says why), another orca works on it, another writer kept changing a node, \
     a node was not ready in time, or the time ran out. The next run goes on.",
)];
const CONFIG: &[Row] = &[("78", "The config is invalid; the engine was not contacted.")];
const INTERRUPTED: &[Row] = &[(
    "130, 143",
    "SIGINT or SIGTERM. The action at hand is finished and reported first; a second signal ends orca at once, without \
     a document on stdout.",
)];

const OUTPUT_ENV: &[Row] = &[
    ("ORCA_OUTPUT", "As --output."),
    ("NO_COLOR", "When set and not empty: no colours."),
    ("ORCA_LOG, DEBUG", "A filter for the log on stderr, as orca=debug; DEBUG=1 is the same as one -v."),
];
const ENGINE_ENV: &[Row] = &[
    ("DOCKER_HOST, DOCKER_CONTEXT, DOCKER_CONFIG", "Which engine to talk to; as for docker(1)."),
    ("DOCKER_TLS_VERIFY, DOCKER_TLS, DOCKER_CERT_PATH", "TLS for tcp:// engines; as for docker(1)."),
];
const TIME_ENV: &[Row] = &[("ORCA_TIMEOUT", "As --timeout.")];
const PASS_ENV: &[Row] = &[
    ("ORCA_LEADER_ONLY", "As --leader-only, unless it is 0, false or no."),
    ("DRY_RUN", "As --dry-run, unless it is 0, false or no."),
];
const CONFIG_ENV: &[Row] = &[
    ("ORCA_CONFIG, SWARM_FILE", "As --config; the first that is set counts."),
    ("DEPENDENCIES_FILE, NODES_FILE, REBALANCE_CONFIG", "Orcastra's older files, read in addition."),
    ("STACK_NAME", "The stack of anchors and dependents for which the file names none."),
    ("PRUNE_UNKNOWN_LABELS, RESTART_DEPENDENTS, MAX_MISMATCH_DURATION", "Defaults for options the file doesn't set."),
];
const NODES_ENV: &[Row] = &[("ORCA_MANAGER", "As --manager.")];
const GC_ENV: &[Row] = &[
    (
        "GC_GRACE_PERIOD_SECONDS, GC_MINIMUM_IMAGES_TO_SAVE, GC_FORCE_CONTAINER_REMOVAL, GC_FORCE_IMAGE_REMOVAL, \
         GC_CLEAN_UP_VOLUMES",
        "Orcastra's; defaults for gc.grace, gc.min_images, gc.containers, gc.images and gc.volumes.",
    ),
    ("GC_DRY_RUN", "As --dry-run, if it is 1 or true."),
];
const HEAL_ENV: &[Row] = &[("AUTOHEAL_GRACE_PERIOD", "Orcastra's; the default of autoheal.containers.grace.")];
const MODS_ENV: &[Row] = &[
    ("MOD_MANAGER_DEST", "Orcastra's; the default of mods.dest."),
    (
        "MOD_MANAGER_CONFIG",
        "A JSON or YAML file with a list as mods.list is, read in addition; orca schema mods describes it.",
    ),
    ("SSL_CERT_FILE, SSL_CERT_DIR", "Authorities for https instead of the system's."),
];
const STATE_ENV: &[Row] = &[("ORCA_STATE_DIR, XDG_STATE_HOME", "Where the state directory is; see FILES.")];
const ZONE_ENV: &[Row] = &[("TZ", "Given to the exporter where Orcastra's file has timezone.env_tz; else UTC.")];
const ONCE_ENV: &[Row] = &[("RUN_ONCE", "As --once, unless it is 0, false or no.")];

const CONFIG_FILES: &[Row] = &[
    ("/etc/orca/orca.yml", "The config."),
    ("/etc/swarm-orchestration/swarm.yml", "Read when there is no other: Orcastra's config works unchanged."),
];
const EXPORTER_FILES: &[Row] = &[
    ("/etc/swarm-orchestration/deploy_node_exporter.yml", "Orcastra's, read beneath the config if it is there."),
    ("/etc/systemd/system/orca-node-exporter.service", "The unit on machines of --via ssh."),
    ("/usr/local/lib/orca/node_exporter", "There: the program that exporter.ssh.binary names here."),
];
const STATE_FILES: &[Row] = &[
    (
        "/var/lib/orca/state.db",
        "Memory and journal, an SQLite file. Without root: ~/.local/state/orca/state.db. It may be lost: then \
         cooldowns begin anew, and no restart is made that depended on it.",
    ),
    ("/var/lib/orca/*.lock", "One lock a cluster, held while a pass works."),
];

const PASS_EXITS: &[&[Row]] = &[FINE, FAILED, CHANGES, USAGE, ENGINE, LATER, CONFIG, INTERRUPTED];
const PASS_ENVIRONMENT: &[&[Row]] = &[CONFIG_ENV, ENGINE_ENV, PASS_ENV, TIME_ENV, STATE_ENV, OUTPUT_ENV];
const PASS_FILES: &[&[Row]] = &[CONFIG_FILES, STATE_FILES];

const OTHER: Page =
    Page { name: "", exits: &[FINE, FAILED, USAGE], environment: &[], files: &[], examples: &[], see: &[] };

const PAGES: &[Page] = &[
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
                "* * * * * root orca reconcile --once --leader-only -o text 2>&1 | logger -t orca",
            ),
            ("What has orca done?", "orca history"),
        ],
        see: &[
            "orca-reconcile",
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
        name: "orca-probe",
        exits: &[FINE, FAILED, USAGE],
        environment: &[OUTPUT_ENV],
        files: &[&[
            ("/proc/meminfo, /proc/pressure/memory, /proc/vmstat", "The machine."),
            ("/host/cgroup, else /sys/fs/cgroup", "Its containers, version 1 and 2."),
        ]],
        examples: &[("Look at this machine:", "orca probe")],
        see: &["orca-rebalance-measure"],
    },
    Page {
        name: "orca-bootstrap",
        exits: &[FINE, FAILED, CHANGES, USAGE, ENGINE, NOT_MADE, CONFIG, INTERRUPTED],
        environment: &[CONFIG_ENV, PASS_ENV, TIME_ENV, STATE_ENV, OUTPUT_ENV],
        files: &[
            CONFIG_FILES,
            STATE_FILES,
            &[
                (
                    "/var/lib/orca/unlock-key",
                    "With bootstrap.autolock: the key that managers need when they restart; mode 0600.",
                ),
                (
                    "~/.ssh/config, ~/.ssh/known_hosts",
                    "What ssh(1) reads for ssh:// hosts. Host keys are checked; nothing is asked.",
                ),
            ],
        ],
        examples: &[
            ("Who would join as what, and what stands in the way:", "orca bootstrap --dry-run"),
            ("Make the swarm, or go on with it:", "orca bootstrap"),
            ("One more node:", "orca bootstrap --node node-6"),
            ("A host that was installed anew, in place of what it was:", "orca bootstrap --remove-ghosts"),
            (
                "Rehearse with five simulated engines (/tmp/fleet/n1.sock, ...):",
                "orca sim --bare 5 --listen /tmp/fleet",
            ),
        ],
        see: &["orca-labels-sync", "orca-reconcile", "orca-sim", "ssh", "docker-swarm-init", "docker-swarm-join"],
    },
    Page {
        name: "orca-gc",
        exits: &[FINE, FAILED, CHANGES, USAGE, ENGINE, UNKNOWN, CONFIG, INTERRUPTED],
        environment: &[CONFIG_ENV, ENGINE_ENV, NODES_ENV, GC_ENV, PASS_ENV, TIME_ENV, STATE_ENV, OUTPUT_ENV],
        files: PASS_FILES,
        examples: &[
            ("What would go from this engine's node, why, and how much that is:", "orca gc --dry-run"),
            ("On a worker; a manager says what the services need:", "orca gc --manager ssh://manager-1"),
            ("On every node of the swarm:", "orca -H ssh://manager-1 gc --all-nodes"),
            (
                "The same where only the manager can be reached; gc.service.image names an image that has orca in it:",
                "orca -H ssh://manager-1 gc --via service",
            ),
            (
                "Only where the disk is nearly full, every hour, in /etc/cron.d/orca:",
                "7 * * * * root orca gc --when-disk-above 80% --manager ssh://manager-1",
            ),
            ("An old volume that nothing uses:", "orca gc --volume shop_data-2024"),
        ],
        see: &["orca-autoheal", "orca-history", "docker-system-df"],
    },
    Page {
        name: "orca-autoheal",
        exits: &[FINE, FAILED, CHANGES, USAGE, ENGINE, ILL, CONFIG, INTERRUPTED],
        environment: &[CONFIG_ENV, ENGINE_ENV, NODES_ENV, HEAL_ENV, PASS_ENV, TIME_ENV, STATE_ENV, OUTPUT_ENV],
        files: PASS_FILES,
        examples: &[
            ("What is ill, and what would be done about it:", "orca autoheal --dry-run"),
            (
                "Let orca go back to the version before when a service keeps failing, and stop it if that doesn't help:",
                "docker service update --label-add orca.autoheal=rollback,scale-zero shop_web",
            ),
            (
                "Containers on this host alone, every minute, in /etc/cron.d/orca:",
                "* * * * * root orca autoheal --only containers",
            ),
            (
                "Why do tasks wait? Which node comes closest, with jq(1):",
                "orca autoheal -n -o json | jq '.data.pending[] | {service, closest}'",
            ),
            ("Offline:", "orca autoheal --snapshot cluster.json"),
        ],
        see: &["orca-gc", "orca-history", "docker-service-ps"],
    },
    Page {
        name: "orca-logs-rotate",
        exits: &[FINE, FAILED, CHANGES, USAGE, ENGINE_LOST, ROTATED, CONFIG, INTERRUPTED],
        environment: &[CONFIG_ENV, ENGINE_ENV, PASS_ENV, TIME_ENV, STATE_ENV, OUTPUT_ENV],
        files: &[
            CONFIG_FILES,
            STATE_FILES,
            &[
                ("/var/lib/orca/logrotate.state", "What logrotate remembers of logs that logs.logrotate names."),
                ("LOG.20261121T163000Z.gz", "A copy, beside its log, with the time of its rotation."),
                (".LOG.20261121T163000Z.gz.part", "Half a copy; what a stopped run leaves goes with a later one."),
            ],
        ],
        examples: &[
            ("What would be rotated, and which containers have no limit:", "orca logs rotate --dry-run"),
            ("Every hour, in /etc/cron.d/orca:", "17 * * * * root orca logs rotate"),
            ("A disk is full of a container's log:", "orca logs rotate --truncate-above 1G"),
            ("Give every service a limit, by one rolling update each:", "orca logs rotate --fix-services"),
            (
                "Which containers write the most, with jq(1):",
                "orca logs rotate -n -o json | jq '.data.containers | sort_by(-.bytes_per_day)[:5]'",
            ),
        ],
        see: &["orca-gc", "orca-history", "logrotate"],
    },
    Page {
        name: "orca-mods-fetch",
        exits: &[FINE, FAILED, CHANGES, USAGE, ENGINE_LOST, FETCHED, CONFIG, INTERRUPTED],
        environment: &[CONFIG_ENV, MODS_ENV, ENGINE_ENV, PASS_ENV, TIME_ENV, STATE_ENV, OUTPUT_ENV],
        files: &[
            CONFIG_FILES,
            STATE_FILES,
            &[
                ("/modcache", "The cache directory."),
                ("/modcache/.orca/manifest.json", "What orca has put there, and where it came from."),
                ("/modcache/.orca/partial", "What has come of files that are not whole; the next run goes on with it."),
            ],
        ],
        examples: &[
            ("What is missing or has a newer version:", "orca mods fetch --dry-run"),
            ("Every quarter of an hour, in /etc/cron.d/orca:", "*/15 * * * * root orca mods fetch --prune"),
            ("A list in a file of its own:", "MOD_MANAGER_CONFIG=/etc/mods/config.json orca mods fetch"),
            ("Where did it all come from? With jq(1):", "jq -r '.mods[].from' /modcache/.orca/manifest.json"),
        ],
        see: &["orca-schema", "orca-history"],
    },
    Page {
        name: "orca-exporter-deploy",
        exits: &[FINE, EXPORTERS, CHANGES, USAGE, ENGINE, LATER, CONFIG, INTERRUPTED],
        environment: &[CONFIG_ENV, ENGINE_ENV, PASS_ENV, ZONE_ENV, TIME_ENV, STATE_ENV, OUTPUT_ENV],
        files: &[CONFIG_FILES, EXPORTER_FILES, STATE_FILES],
        examples: &[
            ("What would be made or changed:", "orca exporter deploy --dry-run"),
            (
                "Do it, and tell Prometheus, which has file_sd_configs: [{files: [/etc/prometheus/nodes.json]}]:",
                "orca exporter deploy --file-sd /etc/prometheus/nodes.json",
            ),
            ("On the hosts of the swarm's VMs:", "orca exporter deploy --via ssh"),
            ("With Orcastra's file:", "orca exporter deploy --from deploy_node_exporter.yml"),
            (
                "Which exporters are not up? With jq(1):",
                "orca exporter deploy -o json | jq '.data.targets[] | select(.state != \"up\")'",
            ),
            ("Memory figures from them:", "orca rebalance measure --metrics node_exporter"),
        ],
        see: &["orca-rebalance-measure", "orca-history", "docker-service-ps"],
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
    Page {
        name: "orca-snapshot",
        exits: &[FINE, FAILED, USAGE, ENGINE, LATER, INTERRUPTED],
        environment: &[ENGINE_ENV, TIME_ENV, OUTPUT_ENV],
        files: &[],
        examples: &[
            ("Save the cluster:", "orca snapshot > cluster.json"),
            ("Plan against it:", "orca reconcile --once --snapshot cluster.json"),
            ("Rehearse on a copy of it:", "orca sim --from cluster.json -- orca reconcile --once"),
        ],
        see: &["orca-sim"],
    },
    Page {
        name: "orca-history",
        exits: &[FINE, FAILED, USAGE],
        environment: &[STATE_ENV, OUTPUT_ENV],
        files: &[STATE_FILES],
        examples: &[
            ("The last ten changes:", "orca history --limit 10"),
            ("All that one run did:", "orca history -o json | jq '.data.history[] | select(.run == \"RUN\")'"),
        ],
        see: &["orca-reconcile"],
    },
    Page {
        name: "orca-config-check",
        exits: &[FINE, USAGE, CONFIG],
        environment: &[CONFIG_ENV, OUTPUT_ENV],
        files: &[CONFIG_FILES],
        examples: &[
            ("Check a file before it is put in place:", "orca config check -c orca.yml"),
            ("Or one that a program has made:", "make-config | orca config check -c -"),
        ],
        see: &["orca-config-show", "orca-schema"],
    },
    Page {
        name: "orca-config-show",
        exits: &[FINE, USAGE, CONFIG],
        environment: &[CONFIG_ENV, OUTPUT_ENV],
        files: &[CONFIG_FILES],
        examples: &[
            ("The merged config as YAML, each value with its place:", "orca config show -o text"),
            ("The same as JSON:", "orca config show -o json | jq .data.settings"),
        ],
        see: &["orca-config-check"],
    },
    Page {
        name: "orca-sim",
        exits: &[FINE, FAILED, &[("N", "With a command: that command's exit code.")], USAGE, NO_SNAPSHOT],
        environment: &[&[
            ("DOCKER_HOST", "Set for the command that is run: the simulated engine."),
            ("ORCA_STATE_DIR", "Set for the command that is run: a folder that goes with it."),
        ]],
        files: &[],
        examples: &[
            ("Serve three nodes until interrupted:", "orca sim --listen /tmp/sim.sock"),
            ("Look at them:", "docker -H unix:///tmp/sim.sock node ls"),
            ("Rehearse on a copy of the cluster:", "orca sim --from cluster.json -- orca reconcile --once"),
            ("Five engines in no swarm, for orca-bootstrap(1):", "orca sim --bare 5 --listen /tmp/fleet"),
        ],
        see: &["orca-snapshot", "orca-bootstrap"],
    },
    Page {
        name: "orca-schema",
        exits: &[FINE, USAGE],
        environment: &[],
        files: &[],
        examples: &[
            ("For an editor that knows JSON Schema:", "orca schema config > orca.schema.json"),
            ("What the reports look like:", "orca schema report"),
        ],
        see: &["orca-config-check"],
    },
    Page {
        name: "orca-completions",
        exits: &[FINE, USAGE],
        environment: &[],
        files: &[],
        examples: &[
            ("bash:", "orca completions bash > /etc/bash_completion.d/orca"),
            ("zsh:", "orca completions zsh > /usr/local/share/zsh/site-functions/_orca"),
            ("fish:", "orca completions fish > ~/.config/fish/completions/orca.fish"),
        ],
        see: &[],
    },
    Page {
        name: "orca-man",
        exits: &[FINE, FAILED, USAGE],
        environment: &[],
        files: &[],
        examples: &[
            ("Read a page that is not installed:", "orca man orca-anchors-follow | man -l -"),
            ("Install all of them:", "orca man --dir /usr/local/share/man/man1"),
        ],
        see: &[],
    },
    Page { name: "orca-labels", see: &["orca-labels-sync"], ..GROUP },
    Page { name: "orca-logs", see: &["orca-logs-rotate"], ..GROUP },
    Page { name: "orca-mods", see: &["orca-mods-fetch"], ..GROUP },
    Page { name: "orca-anchors", see: &["orca-anchors-follow"], ..GROUP },
    Page { name: "orca-exporter", see: &["orca-exporter-deploy"], ..GROUP },
    Page { name: "orca-config", see: &["orca-config-check", "orca-config-show"], ..GROUP },
];

/// A command that only has subcommands: their pages say the rest.
const GROUP: Page = Page { exits: &[], ..OTHER };
