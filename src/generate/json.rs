//! What the man pages say about JSON: what each command prints, and what is under `data`. Data only.

use super::pages::Row;

/// What a command prints as JSON.
pub(super) struct Printed {
    /// In one sentence or two.
    pub(super) what: &'static str,
    /// Keys of `data`, each with its meaning.
    pub(super) data: &'static [&'static [Row]],
}

/// What the command with this page prints as JSON, as `orca-labels-sync`.
pub(super) fn printed(name: &str) -> Printed {
    let report = |data| Printed { what: REPORT, data };
    let other = |what| Printed { what, data: &[] };
    match name {
        "orca" => Printed { what: REPORT, data: &[COMMON] },
        "orca-labels-sync" | "orca-anchors-follow" | "orca-rebalance-recover" | "orca-services-refresh-auth" => {
            report(&[COMMON])
        }
        "orca-rebalance-plan" => report(&[PLAN]),
        "orca-rebalance-apply" => report(&[COMMON, PLAN, APPLY]),
        "orca-bootstrap" => report(&[REQUESTS, BOOTSTRAP]),
        "orca-gc" => report(&[GC]),
        "orca-autoheal" => report(&[COMMON, AUTOHEAL]),
        "orca-exporter-deploy" => report(&[COMMON, EXPORTER]),
        "orca-logs-rotate" => report(&[LOGS]),
        "orca-mods-fetch" => report(&[MODS]),
        "orca-watch" => Printed { what: WATCH, data: &[COMMON, RECONCILE, PLAN, APPLY] },
        "orca-reconcile" => Printed { what: LOOP, data: &[COMMON, RECONCILE, PLAN, APPLY] },
        "orca-pause" | "orca-resume" => report(&[REQUESTS, PAUSED]),
        "orca-commands-run" => report(&[COMMON, COMMANDS]),
        "orca-health" => report(&[HEALTH]),
        "orca-registry-repos" => report(&[REGISTRY, REPOS]),
        "orca-registry-tags" => report(&[REGISTRY, TAGS]),
        "orca-registry-inspect" => report(&[REGISTRY, INSPECT]),
        "orca-registry-rm" => report(&[REGISTRY, RM]),
        "orca-catalog-ls" => report(&[CATALOG]),
        "orca-catalog-show" => report(&[ENTRY]),
        "orca-catalog-add" | "orca-catalog-edit" | "orca-catalog-rm" | "orca-catalog-import" => report(&[REQUESTS]),
        "orca-catalog-deploy" | "orca-catalog-diff" | "orca-catalog-stop" => report(&[COMMON, VERDICTS]),
        "orca-catalog-reconcile" => report(&[DRIFTS, COMMON, VERDICTS]),
        "orca-catalog-build" => report(&[BUILD]),
        "orca-projects-ls" => report(&[PROJECTS]),
        "orca-services-update" => report(&[REQUESTS, UPDATES, PAUSED]),
        "orca-history" => report(&[HISTORY]),
        "orca-config-check" => report(&[CHECK, PROBLEMS]),
        "orca-config-show" => report(&[SHOW, PROBLEMS]),
        "orca-rebalance-measure" => other(
            "Prints a metrics file (orca.metrics/1) whatever --output says: taken_at, and by hostname and task id the bytes \
             that nodes and tasks use. When it fails, a report with error set.",
        ),
        "orca-snapshot" => other(
            "Prints a snapshot (orca.snapshot/1) whatever --output says: taken_at, api, and the engine's own objects as info, \
             nodes, services and tasks. When it fails, a report with error set.",
        ),
        "orca-probe" => other(
            "Prints JSON Lines whatever --output says: one of the machine (orca.probe/1), one for each container, and last \
             how many there were.",
        ),
        "orca-schema" => other("Prints a JSON Schema (draft 2020-12) whatever --output says."),
        "orca-sim" => other("Prints nothing of its own but a report with error set when it can't start."),
        "orca-completions" | "orca-man" => {
            other("Prints text whatever --output says; when it fails, a report (orca.report/1) with error set.")
        }
        _ => other("The pages of the subcommands say what each prints."),
    }
}

const REPORT: &str = "With --output json, and where stdout is no terminal: one report, schema orca.report/1, which orca schema \
                      report prints. Its fields are always there, and in the same order; what only this command tells is \
                      under data:";
const LOOP: &str = "With --output json, and where stdout is no terminal: one report, schema orca.report/1, which orca schema \
                    report prints. Without --once it prints JSON Lines, schema orca.events/1: one line of type start, one of \
                    type report for each cycle (with the report as report), and one of type stop. Under data of a report:";

const WATCH: &str = "With --output json, and where stdout is no terminal: JSON Lines, schema orca.events/1. A line of type start; \
                     one of type report for each run of a pass (with the report as report, and data.cause: start, schedule, \
                     event, anchor, leader, gap, unsettled, retry, config or signal); config (taken, or refused with its \
                     problems); engine (lost or back); and stop. Under data of a report, besides what its pass says:";

const COMMON: &[Row] = &[
    ("unsettled", "What is not in place yet, though nothing can be done about it now; sentences."),
    ("requests", "How often the engine was asked."),
    ("paused", "While a pause is in force: of what, since, until, by whom, and why."),
];
const REQUESTS: &[Row] = &[("requests", "How often engines were asked.")];
const PLAN: &[Row] = &[
    ("goal, guarded, trigger", "What was wished for; whether guard rails count, and what they say of acting now."),
    ("metrics", "Where memory figures came from, and which nodes have none."),
    ("peak, stddev, bound", "The fullest node's share and the spread, before and after; below bound no plan gets."),
    (
        "curve, restarts, moved_bytes, verdict",
        "What each number of restarts gains; what this plan costs; whether it is worth it.",
    ),
    ("nodes", "Each node before and after, its role in the plan, and its memory pressure."),
    ("moves", "Each move: seq, action, from and to, bytes, mechanism, and why."),
    ("immovable", "Each task that can't move, why, and what moving it would gain."),
];
const APPLY: &[Row] = &[(
    "moved",
    "Each move that was made: action, task and new_task, from and to, and away_ms, how long the task was gone.",
)];
const BOOTSTRAP: &[Row] = &[(
    "nodes",
    "Each node of the config: endpoint, engine, swarm, id, role, reachable, ready, and error where it was not reached.",
)];
const GC: &[Row] = &[
    ("candidate_bytes, freed_bytes", "What would go, by the plan; what did, as measured."),
    (
        "nodes",
        "Each node: disk_used_percent, numbers of containers, images and volumes, kept (why, and how many), freed_bytes, error.",
    ),
];
const AUTOHEAL: &[Row] = &[
    (
        "flapping",
        "Services whose tasks keep failing: why, policy, steps_behind, the step now due, and the obstacle to it.",
    ),
    ("pending", "Services whose tasks wait: why, by number of nodes, and the node that comes closest."),
    (
        "unhealthy",
        "Containers that are no swarm tasks: node, unhealthy_for_ms, restarts so far, last_restart, and what the check said.",
    ),
];
const EXPORTER: &[Row] = &[
    ("service, port", "The name of the service; the port of each node."),
    ("targets", "Each node: url, state (up, silent, other: another machine answers, down, unasked), and error."),
    ("file_sd", "With --file-sd: path, targets, changed, written."),
];
const LOGS: &[Row] = &[
    ("containers", "Containers whose log has no limit: log_bytes, bytes_per_day."),
    ("services", "Services whose log has no limit: driver, containers_here, log_bytes_here."),
];
const MODS: &[Row] = &[("dest, wanted", "The cache directory; how many things are wanted there.")];
const RECONCILE: &[Row] = &[(
    "passes",
    "The report of each pass: rebalance recover, labels sync, anchors follow. With rebalance.auto, what follows is there too.",
)];
const PAUSED: &[Row] = &[("paused", "The pauses in force: of which anchor, since, until, by whom, and why.")];
const HEALTH: &[Row] =
    &[("healthy", "Whether the watch is alive."), ("watch, age_ms", "Its last sign of life, and how old that is.")];
const COMMANDS: &[Row] =
    &[("commands", "Each entry of the file with its outcome."), ("passes", "The report of each entry that was tried.")];
const REGISTRY: &[Row] =
    &[("registry", "The registry that was asked."), ("requests", "How often it, and its token server, were asked.")];
const UPDATES: &[Row] = &[(
    "updates",
    "Each service: image, from and to (digests), created and age_s, newer (the image of a newer tag) and \
     policy, verdict (unchanged, watch, fixed, unpinned, monitor, job, update, pin, blocked) with reasons, update_config, hooks \
     and lint; and once it was tried outcome (proven, written, rolled_back, rolled_back_by_engine, \
     rolled_back_with_stack, failed, rollback_failed, overtaken, not_proven), took_ms, error, and failed_task with its log.",
)];
const CATALOG: &[Row] = &[
    ("owner", "Whose rows these are."),
    (
        "services",
        "Each service: name, description, definition (values of variables redacted), status (registered, starting, running, \
         degraded, stopped, failed, unknown), recorded_status, swarm_id, wanted, source, revision, created_at, updated_at.",
    ),
];
const ENTRY: &[Row] = &[("service", "The service, as in orca catalog ls.")];
const VERDICTS: &[Row] =
    &[("services", "Each service: name, verdict (create, update, unchanged, blocked), changes (ids), restarts.")];
const DRIFTS: &[Row] = &[
    ("inserted, updated, deleted, state_updated", "How many rows of the catalog were changed, and how."),
    ("problems", "Mistakes in definitions: source, line, column, message."),
];
const BUILD: &[Row] = &[
    ("name, image", "The service, and the image that is built."),
    ("id, digest", "Of the image; the digest once it was pushed."),
    ("logs", "The last lines of what the builder and the registry have said."),
];
const PROJECTS: &[Row] = &[("projects", "Each folder: name, has_dockerfile, has_compose.")];
const REPOS: &[Row] = &[("repositories", "Names of repositories, in order.")];
const TAGS: &[Row] =
    &[("repository", "The repository."), ("tags", "Each tag: tag, and with --digests digest, or error.")];
const INSPECT: &[Row] = &[(
    "image",
    "name, repository, reference, digest, media_type, index, created (the newest of its platforms), attestations, platforms \
     (platform, digest, size_bytes as sent, created, error), and rate (remaining, limit, window_s) where the registry tells.",
)];
const RM: &[Row] = &[("digest, tags", "What the tag stands for, and all tags that do.")];
const HISTORY: &[Row] = &[(
    "history",
    "Each change, newest first: at, run, cluster, command, kind, action, target, reason, before, after, status, error.",
)];
const CHECK: &[Row] = &[("message", "In words."), ("nodes, anchors, dependents", "How many of each there are.")];
const SHOW: &[Row] = &[("settings", "Each value: path, value, and where it is from (source, line, column).")];
const PROBLEMS: &[Row] = &[("problems", "Where the config is invalid: each mistake, with its place.")];
