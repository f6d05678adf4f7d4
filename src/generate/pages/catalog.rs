//! Pages of the catalog.

use super::rows::{
    CHANGES, CONFIG, CONFIG_ENV, CONFIG_FILES, ENGINE, ENGINE_ENV, FAILED, FINE, INTERRUPTED, LATER, OUTPUT_ENV,
    PASS_ENV, REGISTRY_ENV, STATE_ENV, STATE_FILES, TIME_ENV, USAGE,
};
use super::{GROUP, Page, Row};

const CATALOG_ENV: &[Row] =
    &[("DEFINITIONS_DIR, PROJECTS_DIR", "The original's; defaults of catalog.definitions and catalog.projects.")];
const CATALOG_FILES: &[Row] = &[(
    "/var/lib/orca/catalog.db",
    "The catalog, an SQLite file. Without root: ~/.local/state/orca/catalog.db. One that is corrupt is moved aside, and \
     orca catalog reconcile fills it from the definitions again.",
)];
const REFUSED: &[Row] = &[(
    "75",
    "Try later, or something was refused: another program holds the catalog, another orca works on the cluster, a rollout \
     is under way, or what stands against it is in the report.",
)];
const WRONG: &[Row] = &[("78", "The config or a definition is invalid; each mistake is told with its place.")];

const ENVIRONMENT: &[&[Row]] =
    &[CONFIG_ENV, CATALOG_ENV, ENGINE_ENV, REGISTRY_ENV, PASS_ENV, TIME_ENV, STATE_ENV, OUTPUT_ENV];

/// What only tells.
const LOOK: Page = Page {
    name: "",
    exits: &[FINE, FAILED, CHANGES, USAGE, ENGINE, LATER, CONFIG, INTERRUPTED],
    environment: ENVIRONMENT,
    files: &[CONFIG_FILES, CATALOG_FILES],
    examples: &[],
    see: &["orca-catalog", "orca-catalog-reconcile"],
};

/// What changes the catalog or the swarm.
const ACT: Page = Page {
    exits: &[FINE, FAILED, CHANGES, USAGE, ENGINE, REFUSED, WRONG, INTERRUPTED],
    files: &[CONFIG_FILES, CATALOG_FILES, STATE_FILES],
    see: &["orca-catalog", "orca-catalog-ls", "orca-history"],
    ..LOOK
};

pub(super) const PAGES: &[Page] = &[
    Page {
        name: "orca-catalog",
        see: &["orca-catalog-ls", "orca-catalog-deploy", "orca-catalog-reconcile", "orca-projects"],
        ..GROUP
    },
    Page { name: "orca-projects", see: &["orca-projects-ls", "orca-catalog-build"], ..GROUP },
    Page { name: "orca-catalog-ls", examples: &[("What is there, and does it run?", "orca catalog ls")], ..LOOK },
    Page {
        name: "orca-catalog-show",
        examples: &[
            ("One service:", "orca catalog show web"),
            ("Its definition as a file:", "orca catalog show web --yaml > web.yml"),
        ],
        ..LOOK
    },
    Page {
        name: "orca-catalog-add",
        examples: &[
            ("From a file:", "orca catalog add web.yml"),
            ("What would become of it?", "orca catalog add -n web.yml"),
        ],
        ..ACT
    },
    Page {
        name: "orca-catalog-edit",
        examples: &[
            ("In an editor:", "orca catalog edit web"),
            ("From a file:", "orca catalog edit web --file web.yml"),
        ],
        ..ACT
    },
    Page { name: "orca-catalog-rm", examples: &[("Forget it:", "orca catalog rm web")], ..ACT },
    Page {
        name: "orca-catalog-deploy",
        examples: &[
            ("What would change?", "orca catalog deploy web --dry-run"),
            ("Do it, and stay until it runs:", "orca catalog deploy web --wait"),
        ],
        ..ACT
    },
    Page { name: "orca-catalog-diff", examples: &[("All services:", "orca catalog diff")], ..LOOK },
    Page { name: "orca-catalog-stop", examples: &[("Out of the swarm:", "orca catalog stop web")], ..ACT },
    Page {
        name: "orca-catalog-build",
        examples: &[
            ("Build, push, deploy what was built:", "orca catalog build web && orca catalog deploy web --wait"),
            ("For another platform:", "orca catalog build web --platform linux/arm64"),
        ],
        see: &["orca-projects-ls", "orca-catalog-deploy", "docker-build"],
        ..ACT
    },
    Page { name: "orca-catalog-import", examples: &[("From what runs:", "orca catalog import web")], ..ACT },
    Page {
        name: "orca-catalog-reconcile",
        examples: &[
            ("Files, catalog and states:", "orca catalog reconcile"),
            (
                "And the swarm, after a look:",
                "orca catalog reconcile --deploy --dry-run && orca catalog reconcile --deploy",
            ),
        ],
        see: &["orca-catalog-ls", "orca-reconcile", "orca-history"],
        ..ACT
    },
    Page {
        name: "orca-projects-ls",
        exits: &[FINE, FAILED, USAGE, CONFIG, INTERRUPTED],
        environment: &[CONFIG_ENV, CATALOG_ENV, OUTPUT_ENV],
        files: &[CONFIG_FILES],
        examples: &[("What can be built?", "orca projects ls")],
        see: &["orca-catalog-build"],
    },
];
