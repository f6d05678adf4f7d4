//! What programs are told, as types: answers are made of them, and the `OpenAPI` document too. Names and meanings are those of
//! the original where it had them; what is further is orca's own.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::report::Report;
use crate::state::JournalRow;

/// The server is there.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::serve) struct Health {
    /// `ok`.
    pub(in crate::serve) status: &'static str,
    /// Of orca.
    pub(in crate::serve) version: &'static str,
}

/// Whether the swarm can be read. What is not known is null.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::serve) struct Detailed {
    /// `healthy`: all was read; else `degraded`.
    pub(in crate::serve) status: &'static str,
    pub(in crate::serve) swarm_id: Option<String>,
    pub(in crate::serve) node_count: Option<usize>,
    pub(in crate::serve) service_count: Option<usize>,
    pub(in crate::serve) nodes: Option<Vec<Node>>,
    /// What failed.
    pub(in crate::serve) errors: Vec<String>,
    /// As `orca health` has it: `healthy`, `settling`, `ill`, or `unknown`.
    pub(in crate::serve) verdict: Value,
    /// What is wrong, as `orca health` has it.
    pub(in crate::serve) findings: Value,
    /// Nodes, managers, services and tasks in numbers.
    pub(in crate::serve) counts: Value,
    /// When the swarm was read.
    pub(in crate::serve) as_of: Option<String>,
}

/// A service of the swarm.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::serve) struct LiveService {
    pub(in crate::serve) id: String,
    pub(in crate::serve) name: String,
    pub(in crate::serve) image: String,
    /// Tasks that it wants; null for jobs.
    pub(in crate::serve) replicas: Option<u64>,
    pub(in crate::serve) running_replicas: u64,
    pub(in crate::serve) completed_replicas: usize,
    /// `PUBLISHED:TARGET`, with `/udp` or `/sctp` where it is not TCP.
    pub(in crate::serve) ports: Vec<String>,
    /// Hostnames of the nodes where it runs.
    pub(in crate::serve) nodes: BTreeSet<String>,
    pub(in crate::serve) created_at: String,
    /// `running`, `starting`, `degraded`, `stopped` or `failed`.
    pub(in crate::serve) status: &'static str,
    /// The same in the words of `orca services ls`.
    pub(in crate::serve) state: &'static str,
    /// `replicated`, `global` or `job`.
    pub(in crate::serve) mode: &'static str,
    pub(in crate::serve) stack: Option<String>,
    /// For `expected_version`.
    pub(in crate::serve) version: u64,
    /// The engine's text of its newest failure.
    pub(in crate::serve) newest_error: Option<String>,
}

/// A node.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::serve) struct Node {
    pub(in crate::serve) id: String,
    pub(in crate::serve) hostname: String,
    /// `manager` or `worker`.
    pub(in crate::serve) role: Value,
    /// `ready`, `down`, `disconnected` or `unknown`.
    pub(in crate::serve) status: Value,
    /// `active`, `pause` or `drain`.
    pub(in crate::serve) availability: Value,
    pub(in crate::serve) addr: Value,
    pub(in crate::serve) platform_os: String,
    pub(in crate::serve) platform_arch: String,
    pub(in crate::serve) engine_version: Value,
    pub(in crate::serve) labels: BTreeMap<String, String>,
    pub(in crate::serve) resources: Resources,
    pub(in crate::serve) services: Vec<Here>,
    pub(in crate::serve) leader: bool,
    /// Of a manager: whether the others hear from it.
    pub(in crate::serve) reachable: Value,
    /// Down, and another of the same name is up.
    pub(in crate::serve) ghost: Value,
    /// How many it has.
    pub(in crate::serve) tasks: Value,
    pub(in crate::serve) version: u64,
}

/// What a node has.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::serve) struct Resources {
    pub(in crate::serve) cpus: f64,
    /// In MiB.
    pub(in crate::serve) memory_mb: u64,
    pub(in crate::serve) gpus: u64,
}

/// A service on a node.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::serve) struct Here {
    pub(in crate::serve) name: String,
    pub(in crate::serve) image: String,
    pub(in crate::serve) replicas_on_node: u64,
}

/// A stack: services of one `com.docker.stack.namespace`.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::serve) struct Stack {
    pub(in crate::serve) name: String,
    /// `running`, `starting`, `degraded`, `stopped` or `failed`.
    pub(in crate::serve) status: &'static str,
    pub(in crate::serve) services: Vec<String>,
    pub(in crate::serve) service_count: usize,
    pub(in crate::serve) running_replicas: u64,
    pub(in crate::serve) desired_replicas: u64,
    pub(in crate::serve) ports: BTreeSet<String>,
    pub(in crate::serve) nodes: BTreeSet<String>,
}

/// What became of an order.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::serve) struct Said<'a> {
    /// `scaled`, `stopped`, `deployed`, `draining`, ...; `planned` with `dry_run`; `running`: it goes on at `/api/runs/RUN`.
    pub(in crate::serve) status: &'static str,
    /// Of services and stacks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::serve) name: Option<String>,
    /// Of nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::serve) node_id: Option<String>,
    /// Of a deployment: the service's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::serve) swarm_id: Option<String>,
    /// Of a build.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::serve) image: Option<String>,
    /// Of a build: the end of what it printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::serve) logs: Option<String>,
    /// Of scaling.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::serve) replicas: Option<u64>,
    /// The run's number; null where nothing was begun.
    pub(in crate::serve) run: Option<String>,
    /// What was done.
    pub(in crate::serve) report: Option<&'a Report>,
}

/// A repository of the registry.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::serve) struct Repository {
    pub(in crate::serve) name: String,
    /// Null where they were not asked for.
    pub(in crate::serve) tags: Option<Vec<String>>,
}

/// A repository, and what each of its tags stands for.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::serve) struct Details {
    pub(in crate::serve) name: String,
    pub(in crate::serve) tags: Vec<Detail>,
}

/// What a tag stands for; what is not known is null.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(in crate::serve) struct Detail {
    pub(in crate::serve) tag: String,
    pub(in crate::serve) digest: Value,
    pub(in crate::serve) media_type: Value,
    /// In bytes, of the platform that is told.
    pub(in crate::serve) size: Value,
    pub(in crate::serve) architecture: Option<String>,
    pub(in crate::serve) os: Option<String>,
    pub(in crate::serve) created: Value,
    /// All of them.
    pub(in crate::serve) platforms: Option<Vec<Value>>,
    /// Why it is not known.
    pub(in crate::serve) error: Option<String>,
}

/// A tag that was removed.
#[derive(Debug, Serialize, JsonSchema)]
#[expect(clippy::struct_field_names, reason = "as the original has it")]
pub(in crate::serve) struct Deleted<'a> {
    pub(in crate::serve) deleted: bool,
    /// What it stood for.
    pub(in crate::serve) digest: Option<&'a Value>,
    /// The tags that went with it.
    pub(in crate::serve) tags: Option<&'a Value>,
    pub(in crate::serve) report: &'a Report,
}

/// What became of an entry of the catalog that is no more, or would become of one.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CatalogChange")]
pub(in crate::serve) struct Changed {
    /// `deleted`; `planned` with `dry_run`.
    pub(in crate::serve) status: &'static str,
    pub(in crate::serve) name: String,
    pub(in crate::serve) report: Report,
}

/// What was begun over HTTP.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ServerRun")]
pub(in crate::serve) struct Run<'a> {
    pub(in crate::serve) id: &'a str,
    /// As `services scale`.
    pub(in crate::serve) command: &'a str,
    pub(in crate::serve) target: &'a str,
    /// Who asked for it.
    pub(in crate::serve) by: &'a str,
    pub(in crate::serve) started: String,
    /// `running` or `ended`.
    pub(in crate::serve) status: &'static str,
    /// Of what a build has printed until now: the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::serve) logs: Option<String>,
    /// Once it has ended.
    pub(in crate::serve) report: Option<&'a Report>,
}

/// The changes that orca made on this host.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::serve) struct History {
    /// Newest first.
    pub(in crate::serve) history: Vec<JournalRow>,
}
