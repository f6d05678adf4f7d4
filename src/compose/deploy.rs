//! The section `deploy` of a service.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::file::Pairs;

/// What is Swarm's alone.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Deploy {
    /// `replicated` (default), `global`, `replicated-job` or `global-job`.
    pub mode: Option<String>,
    /// How many tasks.
    pub replicas: Option<u64>,
    /// Labels of the service.
    pub labels: Option<Pairs>,
    /// How a new version is rolled out.
    pub update_config: Option<Rollout>,
    /// How an old one is brought back.
    pub rollback_config: Option<Rollout>,
    /// What a task may use, and what a node must have free for it.
    pub resources: Resources,
    /// When a task that has ended is followed by another.
    pub restart_policy: Option<RestartPolicy>,
    /// Where tasks may run.
    pub placement: Placement,
    /// `vip` (default) or `dnsrr`.
    pub endpoint_mode: Option<String>,
}

/// How tasks are replaced.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Rollout {
    /// So many tasks at a time; 0: all.
    pub parallelism: Option<u64>,
    /// Time between them.
    pub delay: Option<String>,
    /// `pause`, `continue` or `rollback`.
    pub failure_action: Option<String>,
    /// So long a new task is watched.
    pub monitor: Option<String>,
    /// A share of failures that is borne.
    pub max_failure_ratio: Option<String>,
    /// `stop-first` or `start-first`.
    pub order: Option<String>,
}

/// What a task may use, and what a node must have free for it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Resources {
    /// At most.
    pub limits: Option<Amounts>,
    /// At least.
    pub reservations: Option<Reservations>,
}

/// At most.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Amounts {
    /// Processors, as `0.5`.
    pub cpus: Option<String>,
    /// Memory, as `256M`.
    pub memory: Option<String>,
    /// Processes and threads.
    pub pids: Option<u64>,
}

/// At least.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Reservations {
    /// Processors, as `0.5`.
    pub cpus: Option<String>,
    /// Memory, as `256M`.
    pub memory: Option<String>,
    /// Of what nodes say that they have.
    pub generic_resources: Vec<Generic>,
}

/// Of what nodes say that they have.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Generic {
    /// So many of them.
    pub discrete_resource_spec: Option<Discrete>,
}

/// So many of something.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Discrete {
    /// What it is.
    pub kind: String,
    /// How many.
    pub value: u64,
}

/// When a task that has ended is followed by another.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RestartPolicy {
    /// `any` (default), `on-failure` or `none`.
    pub condition: Option<String>,
    /// Time before the next one.
    pub delay: Option<String>,
    /// At most so many.
    pub max_attempts: Option<u64>,
    /// What counts is what happens within this time.
    pub window: Option<String>,
}

/// Where tasks may run.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Placement {
    /// As `node.labels.zone == a`.
    pub constraints: Vec<String>,
    /// What tasks are spread over.
    pub preferences: Vec<Preference>,
    /// At most so many tasks on one node.
    pub max_replicas_per_node: Option<u64>,
}

/// What tasks are spread over.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Preference {
    /// As `node.labels.zone`.
    pub spread: Option<String>,
}

/// Labels of the service.
pub(super) fn labels(deploy: &Deploy) -> BTreeMap<String, String> {
    Pairs::texts(deploy.labels.as_ref())
}
