//! What several pages say alike: exit codes, environment, files.

use super::Row;

pub(super) const FINE: &[Row] = &[("0", "Complete, with changes or without.")];
pub(super) const FAILED: &[Row] = &[("1", "Failed, or at least one action failed.")];
pub(super) const CHANGES: &[Row] =
    &[("2", "Only with --detailed-exitcode: success, and changes were made or are pending.")];
pub(super) const USAGE: &[Row] = &[("64", "The command line makes no sense.")];
pub(super) const ENGINE: &[Row] = &[("69", "The engine can't be reached, or is not a swarm manager.")];
pub(super) const REGISTRY: &[Row] = &[("69", "The registry can't be reached: nothing is known of what it has.")];
pub(super) const REGISTRY_ENV: &[Row] = &[(
    "DOCKER_CONFIG",
    "Where docker's config.json is, whose credentials and credential helpers are used; default ~/.docker.",
)];
pub(super) const LATER: &[Row] = &[(
    "75",
    "Try later: another orca works on the cluster, another writer kept changing an object, the time ran out, \
     dependents were not in place before --wait ended, or something is blocked or left out (the report says why).",
)];
pub(super) const REFUSED: &[Row] = &[(
    "75",
    "Try later: the memory of more than a third of the nodes is not known, or --empty has to leave something behind \
     (the report says what, and why).",
)];
pub(super) const UNMOVED: &[Row] = &[(
    "75",
    "Try later: there is no plan (the memory of more than a third of the nodes is not known), a saved plan is stale, \
     another orca moves tasks, a move was left out (its image is not on the target, say), memory is not as the plan \
     foresaw, or the time is up (the report says which).",
)];
pub(super) const UNENDED: &[Row] =
    &[("75", "Try later: another orca moves tasks or works on this cluster, or objects kept changing.")];
pub(super) const UNKNOWN: &[Row] = &[(
    "75",
    "Try later: what the cluster needs is not known, so that images and volumes stay; another orca works on it, the time \
     ran out, or something is blocked or left out, such as what came into use meanwhile (the report says why).",
)];
pub(super) const EXPORTERS: &[Row] =
    &[("1", "Failed: also if a node's exporter does not answer, or is not that node's.")];
pub(super) const ILL: &[Row] = &[(
    "75",
    "Something is ill that orca did not heal (the report says what, why, and what to do next), another orca works on the \
     cluster, or the time ran out.",
)];
pub(super) const ROTATED: &[Row] = &[(
    "75",
    "Something is refused (a log behind a link, a log that can't be seen), another orca works here, or something was left \
     out (the report says why).",
)];
pub(super) const FETCHED: &[Row] = &[(
    "75",
    "Something is refused (two things of one name, a stranger's file in the way) or its server can't be asked, another \
     orca works in this directory, or the time ran out (the report says why).",
)];
pub(super) const ENGINE_LOST: &[Row] =
    &[("69", "The engine can't be reached, or is no manager where one is needed. What needs no engine was done.")];
pub(super) const NO_SNAPSHOT: &[Row] = &[("78", "The file of --from can't be read, or is not a snapshot.")];
pub(super) const UNMEASURED: &[Row] =
    &[("75", "Try later: no node's memory is known (the report says why of the first, --verbose of what was asked).")];
pub(super) const NOT_MADE: &[Row] = &[(
    "75",
    "A node or a change was refused (the report says why), another orca works on it, another writer kept changing a node, \
     a node was not ready in time, or the time ran out. The next run goes on.",
)];
pub(super) const CONFIG: &[Row] = &[("78", "The config is invalid; the engine was not contacted.")];
pub(super) const INTERRUPTED: &[Row] = &[(
    "130, 143",
    "SIGINT or SIGTERM. The action at hand is finished and reported first; a second signal ends orca at once, without \
     a document on stdout.",
)];

pub(super) const OUTPUT_ENV: &[Row] = &[
    ("ORCA_OUTPUT", "As --output."),
    ("NO_COLOR", "When set and not empty: no colours."),
    ("ORCA_LOG, DEBUG", "A filter for the log on stderr, as orca=debug; DEBUG=1 is the same as one -v."),
];
pub(super) const ENGINE_ENV: &[Row] = &[
    ("DOCKER_HOST, DOCKER_CONTEXT, DOCKER_CONFIG", "Which engine to talk to; as for docker(1)."),
    ("DOCKER_TLS_VERIFY, DOCKER_TLS, DOCKER_CERT_PATH", "TLS for tcp:// engines; as for docker(1)."),
];
pub(super) const TIME_ENV: &[Row] = &[("ORCA_TIMEOUT", "As --timeout.")];
pub(super) const PASS_ENV: &[Row] = &[
    ("ORCA_LEADER_ONLY", "As --leader-only, unless it is 0, false or no."),
    ("DRY_RUN", "As --dry-run, unless it is 0, false or no."),
];
pub(super) const CONFIG_ENV: &[Row] = &[
    ("ORCA_CONFIG, SWARM_FILE", "As --config; the first that is set counts."),
    ("DEPENDENCIES_FILE, NODES_FILE, REBALANCE_CONFIG", "Orcastra's older files, read in addition."),
    ("STACK_NAME", "The stack of anchors and dependents for which the file names none."),
    ("PRUNE_UNKNOWN_LABELS, RESTART_DEPENDENTS, MAX_MISMATCH_DURATION", "Defaults for options the file doesn't set."),
];
pub(super) const NODES_ENV: &[Row] = &[("ORCA_MANAGER", "As --manager.")];
pub(super) const GC_ENV: &[Row] = &[
    (
        "GC_GRACE_PERIOD_SECONDS, GC_MINIMUM_IMAGES_TO_SAVE, GC_FORCE_CONTAINER_REMOVAL, GC_FORCE_IMAGE_REMOVAL, \
         GC_CLEAN_UP_VOLUMES",
        "Orcastra's; defaults for gc.grace, gc.min_images, gc.containers, gc.images and gc.volumes.",
    ),
    ("GC_DRY_RUN", "As --dry-run, if it is 1 or true."),
];
pub(super) const HEAL_ENV: &[Row] =
    &[("AUTOHEAL_GRACE_PERIOD", "Orcastra's; the default of autoheal.containers.grace.")];
pub(super) const MODS_ENV: &[Row] = &[
    ("MOD_MANAGER_DEST", "Orcastra's; the default of mods.dest."),
    (
        "MOD_MANAGER_CONFIG",
        "A JSON or YAML file with a list as mods.list is, read in addition; orca schema mods describes it.",
    ),
    ("SSL_CERT_FILE, SSL_CERT_DIR", "Authorities for https instead of the system's."),
];
pub(super) const STATE_ENV: &[Row] = &[
    ("ORCA_STATE_DIR, XDG_STATE_HOME", "Where the state directory is; see FILES."),
    ("ORCA_TEXTFILE", "As --textfile."),
];
pub(super) const ZONE_ENV: &[Row] =
    &[("TZ", "Given to the exporter where Orcastra's file has timezone.env_tz; else UTC.")];
pub(super) const WATCHED: &[Row] = &[
    ("0", "It was told to stop, and has; with --once: all passes went well."),
    ("1", "What was under way did not end within watch.grace; with --once: a pass failed."),
];
pub(super) const WATCH_ENV: &[Row] = &[
    (
        "RELABEL_TIME, LOOP_INTERVAL",
        "Orcastra's; how often reconcile and bootstrap run where watch.passes doesn't say.",
    ),
    ("EVENT_MODE, POLLING_MODE", "Orcastra's; the default of watch.events, and whether passes run on the clock too."),
    ("TZ", "The time zone of cron expressions without one."),
    ("NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID", "Set by systemd for a service of Type=notify."),
];
pub(super) const ONCE_ENV: &[Row] = &[("RUN_ONCE", "As --once, unless it is 0, false or no.")];

pub(super) const CONFIG_FILES: &[Row] = &[
    ("/etc/orca/orca.yml", "The config."),
    ("/etc/swarm-orchestration/swarm.yml", "Read when there is no other: Orcastra's config works unchanged."),
];
pub(super) const EXPORTER_FILES: &[Row] = &[
    ("/etc/swarm-orchestration/deploy_node_exporter.yml", "Orcastra's, read beneath the config if it is there."),
    ("/etc/systemd/system/orca-node-exporter.service", "The unit on machines of --via ssh."),
    ("/usr/local/lib/orca/node_exporter", "There: the program that exporter.ssh.binary names here."),
];
pub(super) const STATE_FILES: &[Row] = &[
    (
        "/var/lib/orca/state.db",
        "Memory and journal, an SQLite file. Without root: ~/.local/state/orca/state.db. It may be lost: then \
         cooldowns begin anew, and no restart is made that depended on it.",
    ),
    ("/var/lib/orca/*.lock", "One lock a cluster, held while a pass works, and one held while rollouts are watched."),
];

pub(super) const PASS_EXITS: &[&[Row]] = &[FINE, FAILED, CHANGES, USAGE, ENGINE, LATER, CONFIG, INTERRUPTED];
pub(super) const PASS_ENVIRONMENT: &[&[Row]] = &[CONFIG_ENV, ENGINE_ENV, PASS_ENV, TIME_ENV, STATE_ENV, OUTPUT_ENV];
pub(super) const PASS_FILES: &[&[Row]] = &[CONFIG_FILES, STATE_FILES];
