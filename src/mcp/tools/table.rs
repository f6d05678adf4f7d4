//! The table of tools.

use super::line::{balance, deploy, name, named, named_in, within, words};
use super::{Effect, Tool};
use crate::mcp::asked::{Arg, Kind};

const SERVICE: Arg = Arg::must("name", Kind::Text, "Service: name, id, or the beginning of one");
const DEFINED: Arg = Arg::must("name", Kind::Text, "Service of the catalog, by its whole name");
const IMAGE: Arg =
    Arg::may("image", Kind::Text, "First put this image into the definition; makes one where there is none");
const REPLICAS: Arg =
    Arg::may("replicas", Kind::Count(1_000_000), "First put so many tasks into the definition (of a new one: 1)");
const PORTS: Arg =
    Arg::may("ports", Kind::Texts, "First put these ports into the definition, all of them, each as 8080:80");
const NODE: Arg = Arg::must("node", Kind::Text, "Node: hostname, id, or the beginning of one");
const SERVICES: Arg =
    Arg::may("names", Kind::Texts, "Services: names, ids, or the beginning of one; all if none is named");
const STACK: Arg = Arg::may("stack", Kind::Text, "Only the services of this stack");
const REGISTRY: Arg = Arg::may("registry", Kind::Text, "Registry, as HOST:PORT; else the config's own");
const GOAL: Arg =
    Arg::may("goal", Kind::Word(&["memory", "count"]), "What is evened out: memory (default) or the number of tasks");
const EMPTY: Arg = Arg::may("empty", Kind::Text, "Empty this node instead");

/// All tools, by name.
pub const TOOLS: &[Tool] = &[
    Tool {
        name: "get_health",
        title: "Is the swarm well?",
        about: "One verdict, and the names of all that is wrong: nodes down or draining, quorum, services under target with \
                their newest error, rollouts that are stuck, tasks that find no node and why.",
        effect: Effect::Reads,
        idempotent: true,
        args: &[Arg::may("lint", Kind::Flag, "Also what in the specs of services will hurt some day")],
        line: |asked| words(if asked.flag("lint") { &["health", "--lint"] } else { &["health"] }),
    },
    Tool {
        name: "list_services",
        title: "List services",
        about: "Services with running and wanted tasks, state of the rollout, image and newest error.",
        effect: Effect::Reads,
        idempotent: true,
        args: &[SERVICES, STACK],
        line: |asked| within(&["services", "ls"], asked),
    },
    Tool {
        name: "get_service",
        title: "Show a service",
        about: "What a service runs and where, what its last update did, and its spec; env values and secrets are redacted.",
        effect: Effect::Reads,
        idempotent: true,
        args: &[SERVICE],
        line: |asked| named(&["services", "show"], asked, "name"),
    },
    Tool {
        name: "diff_service",
        title: "What the last update changed",
        about: "A service's spec against the one before its last update, which a rollback would bring back.",
        effect: Effect::Reads,
        idempotent: true,
        args: &[SERVICE],
        line: |asked| named(&["services", "diff"], asked, "name"),
    },
    Tool {
        name: "explain_service",
        title: "Why is a task not running?",
        about: "The tasks of a service with their states and errors; for each pending task why it finds no node, node by node.",
        effect: Effect::Reads,
        idempotent: true,
        args: &[SERVICE, Arg::may("ended", Kind::Flag, "Also the tasks that have ended")],
        line: |asked| {
            let all = if asked.flag("ended") { &["services", "ps", "--all"][..] } else { &["services", "ps"] };
            named(all, asked, "name")
        },
    },
    Tool {
        name: "get_service_logs",
        title: "Read a service's logs",
        about: "What the tasks of a service print, merged in the order of time. A task that doesn't answer is named as missing. \
                Logs are not redacted.",
        effect: Effect::Reads,
        idempotent: true,
        args: &[
            SERVICE,
            Arg::may("tail", Kind::Count(1000), "At most so many lines of each task, its last ones (default 100)"),
            Arg::may("since", Kind::Text, "Only what was printed in this time, as 15m or 2h"),
            Arg::may("grep", Kind::Text, "Only lines with this text in them"),
        ],
        line: |asked| {
            let mut line = words(&["services", "logs"]);
            line.extend(asked.count("tail").map(|tail| format!("--tail={tail}")));
            line.extend(asked.text("since").map(|since| format!("--since={since}")));
            line.extend(asked.text("grep").map(|grep| format!("--grep={grep}")));
            name(line, asked.text("name"))
        },
    },
    Tool {
        name: "list_nodes",
        title: "List nodes",
        about: "Nodes with status, availability, role, engine, tasks and labels.",
        effect: Effect::Reads,
        idempotent: true,
        args: &[],
        line: |_| words(&["nodes", "ls"]),
    },
    Tool {
        name: "get_node",
        title: "Show a node",
        about: "What a node is, what runs there, and what would become of that without it.",
        effect: Effect::Reads,
        idempotent: true,
        args: &[NODE],
        line: |asked| named(&["nodes", "show"], asked, "node"),
    },
    Tool {
        name: "list_stacks",
        title: "List stacks",
        about: "Stacks with their services, how many of these have all their tasks, and what is under way.",
        effect: Effect::Reads,
        idempotent: true,
        args: &[],
        line: |_| words(&["stacks", "ls"]),
    },
    Tool {
        name: "list_catalog",
        title: "List the catalog",
        about: "The services that are defined in orca's catalog, and how each stands in the swarm.",
        effect: Effect::Reads,
        idempotent: true,
        args: &[],
        line: |_| words(&["catalog", "ls"]),
    },
    Tool {
        name: "get_registry_images",
        title: "What a registry has",
        about: "The repositories of a registry, or the tags of one repository. A registry that is away is an error, never an \
                empty list.",
        effect: Effect::Reads,
        idempotent: true,
        args: &[
            REGISTRY,
            Arg::may("repository", Kind::Text, "List the tags of this repository, with what they stand for"),
        ],
        line: |asked| match asked.text("repository") {
            Some(_) => named_in(words(&["registry", "tags", "--digests"]), asked, asked.text("repository")),
            None => named_in(words(&["registry", "repos"]), asked, None),
        },
    },
    Tool {
        name: "inspect_image",
        title: "What an image in a registry is",
        about: "What a tag or a digest stands for: digest, platforms, sizes, when it was built.",
        effect: Effect::Reads,
        idempotent: true,
        args: &[Arg::must("image", Kind::Text, "REPOSITORY:TAG or REPOSITORY@DIGEST"), REGISTRY],
        line: |asked| named_in(words(&["registry", "inspect"]), asked, asked.text("image")),
    },
    Tool {
        name: "get_history",
        title: "What orca has done",
        about: "The changes that orca has made from this host, newest first: what, when, why, and how it went.",
        effect: Effect::Reads,
        idempotent: true,
        args: &[Arg::may("limit", Kind::Count(1000), "At most so many (default 20)")],
        line: |asked| {
            let mut line = words(&["history"]);
            line.extend(asked.count("limit").map(|limit| format!("--limit={limit}")));
            line
        },
    },
    Tool {
        name: "plan_drain",
        title: "What would draining a node do?",
        about: "Which services would find no other node and by which filter, which have a single replica, which volumes would \
                stay behind. Changes nothing.",
        effect: Effect::Plans,
        idempotent: true,
        args: &[NODE],
        line: |asked| named(&["nodes", "drain"], asked, "node"),
    },
    Tool {
        name: "plan_updates",
        title: "Which services have newer images?",
        about: "For each service what its image's tag stands for by now, what an update would write, and what is doubtful about \
                its update config. Changes nothing.",
        effect: Effect::Plans,
        idempotent: true,
        args: &[SERVICES, STACK],
        line: |asked| within(&["services", "update"], asked),
    },
    Tool {
        name: "plan_deploy",
        title: "What would deploying a service do?",
        about: "What differs between a service's definition in the catalog and the swarm, field by field. Changes nothing.",
        effect: Effect::Plans,
        idempotent: true,
        args: &[DEFINED, IMAGE, REPLICAS, PORTS],
        line: |asked| deploy(asked),
    },
    Tool {
        name: "plan_rebalance",
        title: "Which tasks should move?",
        about: "Which tasks would move from where to where, why, and memory before and after. Changes nothing.",
        effect: Effect::Plans,
        idempotent: true,
        args: &[GOAL, EMPTY],
        line: |asked| balance(words(&["rebalance", "plan"]), asked),
    },
    Tool {
        name: "plan_gc",
        title: "What can be removed from this engine?",
        about: "Stopped containers, unused images, build cache and networks that no service needs, with their sizes; of the \
                engine that orca talks to. Changes nothing.",
        effect: Effect::Plans,
        idempotent: true,
        args: &[],
        line: |_| words(&["gc"]),
    },
    Tool {
        name: "plan_reconcile",
        title: "What would the next cycle do?",
        about: "Labels and anchors of the config file against the swarm: what `reconcile` would change, and what it refuses. \
                Changes nothing.",
        effect: Effect::Plans,
        idempotent: true,
        args: &[],
        line: |_| words(&["reconcile", "--once"]),
    },
    Tool {
        name: "deploy_service",
        title: "Deploy a service",
        about: "Makes the swarm run a service as the catalog defines it: creates what is missing, changes what differs. \
                image, replicas and ports go into the definition first; with an image, a service that the catalog doesn't \
                have is defined by them. What a file defines comes back with the next catalog reconcile.",
        effect: Effect::Changes,
        idempotent: true,
        args: &[DEFINED, IMAGE, REPLICAS, PORTS],
        line: |asked| deploy(asked),
    },
    Tool {
        name: "scale_service",
        title: "Scale a service",
        about: "Sets the number of replicas.",
        effect: Effect::Changes,
        idempotent: true,
        args: &[SERVICE, Arg::must("replicas", Kind::Count(1_000_000), "How many tasks")],
        line: |asked| {
            let wanted = asked.text("name").zip(asked.count("replicas"));
            let wanted = wanted.map(|(name, count)| format!("{name}={count}"));
            name(words(&["services", "scale"]), wanted.as_deref())
        },
    },
    Tool {
        name: "stop_service",
        title: "Stop a service",
        about: "Scales a service to nothing and remembers how many replicas there were; start_service brings them back. The \
                service itself stays.",
        effect: Effect::Changes,
        idempotent: true,
        args: &[SERVICE],
        line: |asked| named(&["services", "stop"], asked, "name"),
    },
    Tool {
        name: "start_service",
        title: "Start a stopped service",
        about: "Brings back the replicas of a service that stop_service has stopped.",
        effect: Effect::Changes,
        idempotent: true,
        args: &[SERVICE],
        line: |asked| named(&["services", "start"], asked, "name"),
    },
    Tool {
        name: "restart_service",
        title: "Restart a service",
        about: "Replaces all tasks of a service by new ones of the same spec, as its update config says.",
        effect: Effect::Changes,
        idempotent: false,
        args: &[SERVICE],
        line: |asked| named(&["services", "restart"], asked, "name"),
    },
    Tool {
        name: "rollback_service",
        title: "Roll a service back",
        about: "Goes back to the spec before the last update; diff_service shows what that changes.",
        effect: Effect::Changes,
        idempotent: false,
        args: &[SERVICE],
        line: |asked| named(&["services", "rollback"], asked, "name"),
    },
    Tool {
        name: "update_services",
        title: "Update services to the newest image",
        about: "Gives services the image that their tag stands for by now, proves each rollout, and rolls back what fails. Takes \
                minutes; get_history tells what became of it if the answer is not waited for.",
        effect: Effect::Changes,
        idempotent: true,
        args: &[SERVICES, STACK],
        line: |asked| within(&["services", "update"], asked),
    },
    Tool {
        name: "drain_node",
        title: "Drain a node",
        about: "Empties a node: its tasks go elsewhere and no new ones come. Refuses what would leave a service without a node.",
        effect: Effect::Changes,
        idempotent: true,
        args: &[NODE],
        line: |asked| named(&["nodes", "drain"], asked, "node"),
    },
    Tool {
        name: "activate_node",
        title: "Activate a node",
        about: "Lets a node take tasks again.",
        effect: Effect::Changes,
        idempotent: true,
        args: &[NODE],
        line: |asked| named(&["nodes", "activate"], asked, "node"),
    },
    Tool {
        name: "apply_rebalance",
        title: "Move tasks",
        about: "Moves the tasks that plan_rebalance names, one at a time, each verified.",
        effect: Effect::Changes,
        idempotent: true,
        args: &[GOAL, EMPTY],
        line: |asked| balance(words(&["rebalance", "apply"]), asked),
    },
    Tool {
        name: "reconcile",
        title: "Run a cycle",
        about: "Makes labels and anchors as the config file says.",
        effect: Effect::Changes,
        idempotent: true,
        args: &[],
        line: |_| words(&["reconcile", "--once"]),
    },
    Tool {
        name: "collect_garbage",
        title: "Free disk space",
        about: "Removes what plan_gc names from the engine that orca talks to. Never an image that a service runs or would roll \
                back to, never a volume.",
        effect: Effect::Removes,
        idempotent: true,
        args: &[],
        line: |_| words(&["gc"]),
    },
    Tool {
        name: "delete_registry_tag",
        title: "Remove a tag from a registry",
        about: "Removes what a tag stands for; the plan names the other tags that go with it.",
        effect: Effect::Removes,
        idempotent: true,
        args: &[
            Arg::must("repository", Kind::Text, "Repository, with its registry or without"),
            Arg::must("tag", Kind::Text, "Tag"),
            REGISTRY,
        ],
        line: |asked| {
            let image = asked.text("repository").zip(asked.text("tag"));
            let image = image.map(|(repository, tag)| format!("{repository}:{tag}"));
            named_in(words(&["registry", "rm", "--yes"]), asked, image.as_deref())
        },
    },
];
