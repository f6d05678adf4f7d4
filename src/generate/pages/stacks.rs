//! Pages of what stacks have beyond the everyday verbs.

use super::rows::{
    CHANGES, CONFIG, CONFIG_ENV, CONFIG_FILES, ENGINE, ENGINE_ENV, FAILED, FINE, INTERRUPTED, OUTPUT_ENV, PASS_ENV,
    REGISTRY_ENV, STATE_ENV, STATE_FILES, TIME_ENV, USAGE,
};
use super::{Page, Row};

const FILES_ENV: &[Row] =
    &[("any name", "Values of ${NAME} in compose files; before those of the file .env beside the first of them.")];
const REFUSED: &[Row] = &[(
    "75",
    "Try later, or something was refused, and nothing was done: a network is missing, the content of a secret has changed, a \
     rollout is under way, another orca works on the cluster; the report says which.",
)];
const NO_CONSENT: &[Row] = &[(
    "75",
    "Nothing was removed: --yes is missing, a move has not ended, or another orca works on the cluster. Or everything \
     was removed but what services outside of the stack still use; the report names it.",
)];
const WRONG: &[Row] = &[("78", "The config or a compose file is invalid; each mistake is told with its place.")];
const ILL: &[Row] = &[
    ("1", "Something of the stack is ill: it stays so until somebody acts."),
    ("75", "Something of it is under way, and ends by itself."),
];

/// What takes compose files.
const ACT: Page = Page {
    name: "",
    exits: &[FINE, FAILED, CHANGES, USAGE, ENGINE, REFUSED, WRONG, INTERRUPTED],
    environment: &[FILES_ENV, CONFIG_ENV, ENGINE_ENV, REGISTRY_ENV, PASS_ENV, TIME_ENV, STATE_ENV, OUTPUT_ENV],
    files: &[CONFIG_FILES, STATE_FILES],
    examples: &[],
    see: &["orca-stacks", "orca-stacks-status", "orca-history"],
};

pub(super) const PAGES: &[Page] = &[
    Page {
        name: "orca-stacks-deploy",
        examples: &[
            ("What would it change?", "orca stacks deploy shop.yml --stack shop --dry-run"),
            ("Do it, and stay until it runs:", "orca stacks deploy shop.yml --stack shop --wait"),
            ("On a manager elsewhere:", "orca -H ssh://admin@manager stacks deploy shop.yml --stack shop"),
        ],
        ..ACT
    },
    Page {
        name: "orca-stacks-update",
        examples: &[("All of it or nothing:", "orca stacks update shop --atomic")],
        see: &["orca-services-update", "orca-stacks-redeploy"],
        ..ACT
    },
    Page {
        name: "orca-stacks-redeploy",
        environment: &[CONFIG_ENV, ENGINE_ENV, PASS_ENV, TIME_ENV, STATE_ENV, OUTPUT_ENV],
        exits: &[FINE, FAILED, CHANGES, USAGE, ENGINE, REFUSED, CONFIG, INTERRUPTED],
        examples: &[("New tasks for all of it:", "orca stacks redeploy shop --wait")],
        ..ACT
    },
    Page {
        name: "orca-stacks-remove",
        environment: &[CONFIG_ENV, ENGINE_ENV, PASS_ENV, TIME_ENV, STATE_ENV, OUTPUT_ENV],
        exits: &[FINE, FAILED, CHANGES, USAGE, ENGINE, NO_CONSENT, CONFIG, INTERRUPTED],
        examples: &[
            ("What would go?", "orca stacks remove shop --dry-run"),
            ("Do it:", "orca stacks remove shop --yes"),
        ],
        ..ACT
    },
    Page {
        name: "orca-stacks-build",
        examples: &[(
            "Build, push, deploy:",
            "orca stacks build shop.yml && orca stacks deploy shop.yml --stack shop --wait",
        )],
        see: &["orca-catalog-build", "orca-stacks-deploy"],
        ..ACT
    },
    Page {
        name: "orca-stacks-logs",
        exits: &[FINE, FAILED, USAGE, ENGINE, INTERRUPTED],
        environment: &[ENGINE_ENV, TIME_ENV, OUTPUT_ENV],
        files: &[],
        examples: &[("Errors of the last hour:", "orca stacks logs shop --since 1h --grep ERROR")],
        see: &["orca-services-logs", "orca-stacks-status"],
    },
    Page {
        name: "orca-stacks-status",
        exits: &[FINE, ILL, USAGE, ENGINE, INTERRUPTED],
        environment: &[ENGINE_ENV, TIME_ENV, OUTPUT_ENV],
        files: &[],
        examples: &[("How is it, and why?", "orca stacks status shop")],
        see: &["orca-health", "orca-services-ps", "orca-stacks-wait"],
    },
];
