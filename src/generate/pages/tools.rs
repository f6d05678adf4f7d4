//! Pages of what looks, shows and rehearses, and of the commands that only have subcommands.

use super::rows::{
    CONFIG, CONFIG_ENV, CONFIG_FILES, ENGINE, ENGINE_ENV, FAILED, FINE, INTERRUPTED, LATER, NO_SNAPSHOT, OUTPUT_ENV,
    PASS_ENV, PASS_FILES, STATE_ENV, STATE_FILES, TIME_ENV, USAGE,
};
use super::{GROUP, Page, Row};

const SET_UP: &[Row] = &[
    (
        "./orca.yml, ./.env, ./.mcp.json",
        "What is written: the config, variables (mode 0600), and how programs reach orca mcp.",
    ),
    ("/etc/swarm-orchestration/swarm.yml", "Orcastra's, taken over where it is there."),
];
const SET_UP_ENV: &[Row] = &[
    ("REGISTRY_URL, DEFINITIONS_DIR, PROJECTS_DIR, SWARM_FILE", "As --registry, --definitions, --projects and --from."),
    ("NODES_FILE, DEPENDENCIES_FILE, REBALANCE_CONFIG", "Older files, which .env then names."),
];
const NOT_SET_UP: &[Row] = &[(
    "75",
    "A file is there and says something else (the others are written), there was no answer to a question, or the answer was no.",
)];

pub(super) const PAGES: &[Page] = &[
    Page {
        name: "orca-init",
        exits: &[FINE, FAILED, USAGE, ENGINE, NOT_SET_UP, CONFIG, INTERRUPTED],
        environment: &[ENGINE_ENV, SET_UP_ENV, TIME_ENV, STATE_ENV, OUTPUT_ENV],
        files: &[SET_UP, STATE_FILES],
        examples: &[
            ("On a terminal, with questions:", "orca init"),
            ("What would it write?", "orca init --yes -n"),
            ("In a script:", "orca -H ssh://ops@n1 init --dir /etc/orca --registry reg.lan:5000 --exporter deploy"),
            ("Take what a file answers, one line a question:", "orca init --ask < answers"),
        ],
        see: &["orca-config-check", "orca-bootstrap", "orca-mcp"],
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
        name: "orca-mcp",
        exits: &[
            &[("0", "The client has closed stdin, or there was none; or SIGINT or SIGTERM came.")],
            &[("1", "What the client said is not the protocol.")],
            USAGE,
        ],
        environment: &[
            CONFIG_ENV,
            ENGINE_ENV,
            &[("ORCA_MCP_ALLOW_WRITE", "As --allow-write.")],
            PASS_ENV,
            TIME_ENV,
            STATE_ENV,
        ],
        files: PASS_FILES,
        examples: &[
            ("What goes into a client's configuration:", "orca mcp --print-config"),
            ("Of another swarm, by an assistant that may only look:", "orca -H ssh://manager-1 mcp"),
        ],
        see: &["orca-health", "orca-services", "orca-schema"],
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
