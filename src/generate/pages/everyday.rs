//! Pages of the everyday verbs: services, stacks and nodes.

use super::rows::{
    CHANGES, CONFIG, CONFIG_ENV, ENGINE, ENGINE_ENV, FAILED, FINE, INTERRUPTED, LATER, OUTPUT_ENV, PASS_ENV,
    PASS_ENVIRONMENT, PASS_EXITS, PASS_FILES, REGISTRY, REGISTRY_ENV, STATE_ENV, TIME_ENV, USAGE,
};
use super::{GROUP, Page, Row};

const NOT_ASKED: &[Row] = &[("75", "With --check: not all images could be asked for; the warnings say which and why.")];
const LOGS_MISSING: &[Row] =
    &[("75", "Not all logs are here: a node is down, a task said nothing for --patience, or the time ran out.")];
const SPOILT: &[Row] = &[("1", "Failed, or with --wait: a rollout has stopped, or the engine has rolled it back.")];

const NO_GOOD: &[Row] =
    &[("1", "An image was no good: its rollout has failed, and was rolled back unless that is said to have failed.")];
const LEFT_OUT: &[Row] = &[(
    "75",
    "Something was left out: a registry can't be asked, an image is too young or has failed before, a rollout is under way, \
     another orca works on the cluster, or the time ran out (the report says which).",
)];
const UPDATE_ENVIRONMENT: &[&[Row]] =
    &[ENGINE_ENV, REGISTRY_ENV, PASS_ENV, TIME_ENV, CONFIG_ENV, STATE_ENV, OUTPUT_ENV];

/// What only tells.
const LOOK: Page = Page {
    name: "",
    exits: &[FINE, FAILED, USAGE, ENGINE, INTERRUPTED],
    environment: &[ENGINE_ENV, TIME_ENV, OUTPUT_ENV],
    files: &[],
    examples: &[],
    see: &["orca-health", "orca-services-ls", "orca-nodes-ls"],
};

/// What asks a registry.
const VISIT: Page = Page {
    name: "",
    exits: &[FINE, FAILED, USAGE, REGISTRY, BUSY, CONFIG, INTERRUPTED],
    environment: &[REGISTRY_ENV, TIME_ENV, CONFIG_ENV, OUTPUT_ENV],
    files: &[],
    examples: &[],
    see: &["orca-registry", "orca-registry-tags", "orca-registry-inspect"],
};
const BUSY: &[Row] = &[("75", "Try later: the registry wants to be asked less often.")];
const NO_CONSENT: &[Row] = &[(
    "75",
    "Nothing was removed: --yes is missing, or which other tags would go is not known; or the registry wants to be asked \
     less often.",
)];

/// What changes something.
const ACT: Page = Page {
    name: "",
    exits: &[FINE, SPOILT, CHANGES, USAGE, ENGINE, LATER, CONFIG, INTERRUPTED],
    environment: PASS_ENVIRONMENT,
    files: PASS_FILES,
    examples: &[],
    see: &["orca-services-ps", "orca-history"],
};

pub(super) const PAGES: &[Page] = &[
    Page { name: "orca-services", see: &["orca-services-ls", "orca-stacks", "orca-nodes"], ..GROUP },
    Page { name: "orca-stacks", see: &["orca-stacks-ls", "orca-services"], ..GROUP },
    Page { name: "orca-nodes", see: &["orca-nodes-ls", "orca-nodes-drain", "orca-services"], ..GROUP },
    Page {
        name: "orca-services-ls",
        exits: &[FINE, FAILED, USAGE, ENGINE, NOT_ASKED, INTERRUPTED],
        environment: &[ENGINE_ENV, REGISTRY_ENV, TIME_ENV, OUTPUT_ENV],
        examples: &[
            ("All services:", "orca services ls"),
            ("Of one stack:", "orca services ls --stack shop"),
            ("Is there anything newer?", "orca services ls --check"),
        ],
        ..LOOK
    },
    Page {
        name: "orca-services-ps",
        examples: &[
            ("Why is it pending?", "orca services ps web"),
            ("With what has ended:", "orca services ps --all web"),
        ],
        ..LOOK
    },
    Page { name: "orca-services-show", examples: &[("One service on a page:", "orca services show web")], ..LOOK },
    Page {
        name: "orca-services-diff",
        examples: &[("What would a rollback bring back?", "orca services diff web")],
        see: &["orca-services-rollback"],
        ..LOOK
    },
    Page {
        name: "orca-services-scale",
        examples: &[("Two services, and stay until they run:", "orca services scale web=3 api=2 --wait")],
        ..ACT
    },
    Page {
        name: "orca-services-stop",
        examples: &[("For a while:", "orca services stop web"), ("And back:", "orca services start web --wait")],
        ..ACT
    },
    Page { name: "orca-services-start", examples: &[("After a stop:", "orca services start web --wait")], ..ACT },
    Page {
        name: "orca-services-restart",
        examples: &[("New tasks, and stay until they have proven themselves:", "orca services restart web --wait=10m")],
        ..ACT
    },
    Page {
        name: "orca-services-rollback",
        examples: &[("Look first, then go back:", "orca services diff web && orca services rollback web --wait")],
        ..ACT
    },
    Page {
        name: "orca-services-update",
        exits: &[FINE, NO_GOOD, CHANGES, USAGE, ENGINE, LEFT_OUT, CONFIG, INTERRUPTED],
        environment: UPDATE_ENVIRONMENT,
        examples: &[
            ("What is new, and what would become of it?", "orca services update --dry-run"),
            ("One service:", "orca services update web"),
            ("All, and what they have replaced before goes:", "orca services update --clean"),
            (
                "All of a stack, four at a time, images three days old:",
                "orca services update --stack shop --parallel 4 --min-age 72h",
            ),
        ],
        see: &["orca-services-rollback", "orca-services-refresh-auth", "orca-history"],
        ..ACT
    },
    Page {
        name: "orca-services-refresh-auth",
        environment: UPDATE_ENVIRONMENT,
        examples: &[(
            "Before a token of twelve hours ends:",
            "docker login reg.example && orca services refresh-auth web api",
        )],
        see: &["orca-services-update"],
        ..ACT
    },
    Page {
        name: "orca-services-logs",
        exits: &[FINE, FAILED, USAGE, ENGINE, LOGS_MISSING],
        examples: &[
            ("The last lines of all replicas:", "orca services logs web"),
            ("Errors of the last hour:", "orca services logs web api --since 1h --grep ERROR"),
            ("As it comes:", "orca services logs web --follow --tail 10"),
        ],
        ..LOOK
    },
    Page { name: "orca-stacks-ls", examples: &[("All stacks:", "orca stacks ls")], ..LOOK },
    Page { name: "orca-stacks-restart", examples: &[("All of it:", "orca stacks restart shop --wait")], ..ACT },
    Page { name: "orca-stacks-stop", examples: &[("For a while:", "orca stacks stop shop")], ..ACT },
    Page { name: "orca-stacks-start", examples: &[("After a stop:", "orca stacks start shop --wait")], ..ACT },
    Page {
        name: "orca-stacks-wait",
        exits: &[FINE, SPOILT, USAGE, ENGINE, LATER, INTERRUPTED],
        examples: &[("After a deploy:", "docker stack deploy -c shop.yml shop && orca stacks wait shop --for 10m")],
        ..LOOK
    },
    Page {
        name: "orca-registry",
        see: &["orca-registry-repos", "orca-registry-tags", "orca-registry-inspect", "orca-registry-rm"],
        ..GROUP
    },
    Page {
        name: "orca-registry-repos",
        examples: &[("What is there?", "orca registry repos --registry reg.example:5000")],
        ..VISIT
    },
    Page {
        name: "orca-registry-tags",
        examples: &[("And what does each stand for?", "orca registry tags reg.example:5000/shop/web --digests")],
        ..VISIT
    },
    Page {
        name: "orca-registry-inspect",
        examples: &[("One image:", "orca registry inspect reg.example:5000/shop/web:2")],
        ..VISIT
    },
    Page {
        name: "orca-registry-rm",
        exits: &[FINE, FAILED, CHANGES, USAGE, REGISTRY, NO_CONSENT, CONFIG, INTERRUPTED],
        environment: &[REGISTRY_ENV, PASS_ENV, TIME_ENV, CONFIG_ENV, OUTPUT_ENV],
        examples: &[
            ("What would go?", "orca registry rm reg.example:5000/shop/web:1 --dry-run"),
            ("Do it:", "orca registry rm reg.example:5000/shop/web:1 --yes"),
        ],
        see: &["orca-registry-inspect", "orca-history"],
        ..VISIT
    },
    Page { name: "orca-nodes-ls", examples: &[("All nodes:", "orca nodes ls")], ..LOOK },
    Page { name: "orca-nodes-show", examples: &[("What would be without it?", "orca nodes show node-2")], ..LOOK },
    Page {
        name: "orca-nodes-drain",
        examples: &[
            ("What would that do?", "orca nodes drain node-2 --dry-run"),
            ("Do it, and stay until it is empty:", "orca nodes drain node-2 --wait"),
            ("What may run twice for a moment is never away:", "orca nodes drain node-2 --start-first --wait"),
        ],
        see: &["orca-nodes-activate", "orca-rebalance-apply"],
        ..ACT
    },
    Page { name: "orca-nodes-activate", examples: &[("After maintenance:", "orca nodes activate node-2")], ..ACT },
    Page { name: "orca-nodes-pause", examples: &[("No new tasks:", "orca nodes pause node-2")], ..ACT },
    Page {
        name: "orca-nodes-label",
        exits: PASS_EXITS,
        examples: &[("Set one, remove another:", "orca nodes label node-2 zone=a old-")],
        see: &["orca-labels-sync"],
        ..ACT
    },
];
