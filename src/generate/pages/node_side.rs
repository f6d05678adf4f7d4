//! Pages of the passes that work on nodes themselves.

use super::Page;
use super::rows::{
    CHANGES, CONFIG, CONFIG_ENV, CONFIG_FILES, ENGINE, ENGINE_ENV, ENGINE_LOST, EXPORTER_FILES, EXPORTERS, FAILED,
    FETCHED, FINE, GC_ENV, HEAL_ENV, ILL, INTERRUPTED, LATER, MODS_ENV, NODES_ENV, NOT_MADE, OUTPUT_ENV, PASS_ENV,
    PASS_FILES, ROTATED, STATE_ENV, STATE_FILES, TIME_ENV, UNKNOWN, USAGE, ZONE_ENV,
};

pub(super) const PAGES: &[Page] = &[
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
];
