//! What surrounds the passes.

use super::rows::{
    CHANGES, CONFIG, CONFIG_ENV, CONFIG_FILES, ENGINE, ENGINE_ENV, FAILED, FINE, INTERRUPTED, OUTPUT_ENV,
    PASS_ENVIRONMENT, PASS_FILES, STATE_ENV, STATE_FILES, TIME_ENV, USAGE,
};
use super::{GROUP, Page, Row};

const PAUSED: &[Row] =
    &[("75", "Try later: another writer kept changing the swarm's own object, or the time ran out.")];
const COMMANDS: &[Row] = &[(
    "75",
    "Something is blocked (orca is paused, say), another orca works on the cluster or on a command file, everybody can write \
     the file, or the time ran out (the report says which).",
)];
const ALIVE: &[Row] =
    &[("0", "The swarm is well: nothing but notices. With --self: the watch (or server) of this host is alive.")];
const SETTLING: &[Row] = &[("75", "Something is under way and ends by itself: ask again later.")];
const SICK: &[Row] = &[(
    "1",
    "Something stays wrong until somebody acts; with --strict also for notices. With --self: there is no sign of life, or it is too old, or its process is gone.",
)];

const COMMAND_FILES: &[Row] = &[
    ("FILE.running", "What a run has taken from FILE and has not done yet. The next run does it first."),
    ("FILE.done", "What was done, when, and how it ended. Beyond 1 MiB it becomes FILE.done.1."),
];
const WATCH_FILES: &[Row] = &[
    ("/var/lib/orca/watch.json", "The last sign of life of orca watch."),
    ("/var/lib/orca/serve.json", "The last sign of life of orca serve."),
];

const SERVE_ENV: &[Row] = &[
    ("ORCA_TLS_CERT, ORCA_TLS_KEY, ORCA_TLS_CLIENT_CA", "As the flags."),
    ("ORCA_LISTEN, ORCA_TOKEN_FILE, ORCA_TRUST_LOCAL, ORCA_READ_ONLY, ORCA_CLUSTER_NAME", "As the flags."),
    ("REGISTRY_URL", "As --registry."),
    ("NOTIFY_SOCKET", "Set by systemd: told when the server listens."),
];
const SERVED: &[Row] =
    &[("0", "A token was made, or the server was told to stop and has finished what was under way.")];
const UNSERVED: &[Row] = &[("1", "The address can't be had.")];
const LOCKED_OUT: &[Row] =
    &[("78", "The config is invalid, or others could reach the server and no file says who may come in.")];

pub(super) const PAGES: &[Page] = &[
    Page {
        name: "orca-serve",
        exits: &[SERVED, UNSERVED, USAGE, LOCKED_OUT],
        environment: &[SERVE_ENV, CONFIG_ENV, ENGINE_ENV, TIME_ENV, STATE_ENV, OUTPUT_ENV],
        files: &[CONFIG_FILES, STATE_FILES],
        examples: &[
            ("A dashboard for whoever is on this host, to look at:", "orca serve"),
            (
                "Make a token that may change the swarm:",
                "orca serve --token-file /etc/orca/tokens --new-token read-write",
            ),
            ("For others too:", "orca serve --listen 0.0.0.0:8080 --token-file /etc/orca/tokens"),
            ("What is wrong?", "curl -s http://127.0.0.1:8080/api/health/report | jq .findings"),
        ],
        see: &["orca-health", "orca-services", "orca-nodes"],
    },
    Page {
        name: "orca-pause",
        exits: &[FINE, FAILED, CHANGES, USAGE, ENGINE, PAUSED, CONFIG, INTERRUPTED],
        environment: PASS_ENVIRONMENT,
        files: PASS_FILES,
        examples: &[
            ("Leave the swarm alone for two hours:", "orca pause --for 2h --reason 'rack move'"),
            ("Leave one anchor and what follows it alone:", "orca pause gitea_db"),
            ("Look at what is paused:", "orca reconcile --once --dry-run -o json | jq .data.paused"),
            ("The same with docker(1):", "docker info -f '{{json .Swarm.Cluster.Spec.Labels}}'"),
        ],
        see: &["orca-resume", "orca-reconcile", "orca-rebalance-recover"],
    },
    Page {
        name: "orca-resume",
        exits: &[FINE, FAILED, CHANGES, USAGE, ENGINE, PAUSED, CONFIG, INTERRUPTED],
        environment: PASS_ENVIRONMENT,
        files: PASS_FILES,
        examples: &[("Go on:", "orca resume"), ("Go on with one anchor:", "orca resume gitea_db")],
        see: &["orca-pause"],
    },
    Page {
        name: "orca-commands-run",
        exits: &[FINE, FAILED, CHANGES, USAGE, ENGINE, COMMANDS, CONFIG, INTERRUPTED],
        environment: PASS_ENVIRONMENT,
        files: &[CONFIG_FILES, STATE_FILES, COMMAND_FILES],
        examples: &[
            ("Do what the file asks for:", "orca commands run /etc/orca/commands.yml"),
            ("Say what that would be:", "orca commands run /etc/orca/commands.yml --dry-run"),
            ("Ask for something:", "echo '- update_dependents:gitea_db' > /etc/orca/commands.yml"),
        ],
        see: &["orca-reconcile", "orca-pause", "orca-bootstrap"],
    },
    Page {
        name: "orca-health",
        exits: &[ALIVE, SICK, USAGE, ENGINE, SETTLING, CONFIG, INTERRUPTED],
        environment: &[ENGINE_ENV, CONFIG_ENV, STATE_ENV, OUTPUT_ENV],
        files: &[CONFIG_FILES, WATCH_FILES],
        examples: &[
            ("Is the swarm well, and if not, what isn't?", "orca health"),
            ("What will hurt some day?", "orca health --lint"),
            ("In a pipeline, after a deployment:", "until orca health -q; do [ $? -eq 75 ] || exit 1; sleep 5; done"),
            ("In a Dockerfile:", "HEALTHCHECK CMD [\"/orca\", \"health\", \"--self\"]"),
            ("How old is the last sign of life?", "orca health --self -o json | jq .data.age_ms"),
        ],
        see: &["orca-reconcile"],
    },
    Page { name: "orca-commands", see: &["orca-commands-run"], ..GROUP },
];
