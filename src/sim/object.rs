//! Nodes, services and tasks: each is its JSON text as the API serves it, plus what the simulator itself looks at.
//!
//! The text is the truth and keeps every field, known or not; the other fields are read from it once per change.
//! A tree of 50,000 tasks would cost ten times the text, and listing would serialise it again on every request.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::constraint::{self, Constraint};
use super::json::{self, labels, list, number, present, text};

/// A node as the scheduler sees it.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub text: String,
    pub id: String,
    pub version: u64,
    pub hostname: String,
    pub role: String,
    pub availability: String,
    pub state: String,
    pub addr: String,
    pub os: String,
    pub arch: String,
    pub labels: BTreeMap<String, String>,
    pub engine_labels: BTreeMap<String, String>,
    pub nano_cpus: u64,
    pub memory: u64,
    pub leader: bool,
}

impl Node {
    /// Reads a raw node.
    pub fn read(raw: &Value) -> Self {
        Self {
            text: raw.to_string(),
            id: text(raw, "/ID").to_owned(),
            version: number(raw, "/Version/Index"),
            hostname: text(raw, "/Description/Hostname").to_owned(),
            role: text(raw, "/Spec/Role").to_owned(),
            availability: text(raw, "/Spec/Availability").to_owned(),
            state: text(raw, "/Status/State").to_owned(),
            addr: text(raw, "/Status/Addr").to_owned(),
            os: text(raw, "/Description/Platform/OS").to_owned(),
            arch: text(raw, "/Description/Platform/Architecture").to_owned(),
            labels: labels(raw, "/Spec/Labels"),
            engine_labels: labels(raw, "/Description/Engine/Labels"),
            nano_cpus: number(raw, "/Description/Resources/NanoCPUs"),
            memory: number(raw, "/Description/Resources/MemoryBytes"),
            leader: raw.pointer("/ManagerStatus/Leader").and_then(Value::as_bool).unwrap_or_default(),
        }
    }

    /// Whether new tasks may be placed here.
    pub fn takes_tasks(&self) -> bool {
        self.state == "ready" && self.availability == "active"
    }

    /// Whether tasks must leave: drained, or not heard of any more.
    pub fn loses_tasks(&self) -> bool {
        self.state == "down" || self.availability == "drain"
    }
}

/// How many tasks a service wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// This many, anywhere.
    Replicated(u64),
    /// One on each node.
    Global,
    /// This many runs to completion.
    ReplicatedJob(u64),
    /// One run on each node.
    GlobalJob,
}

impl Mode {
    fn read(spec: &Value) -> Self {
        if present(spec, "/Mode/Global") {
            Self::Global
        } else if present(spec, "/Mode/GlobalJob") {
            Self::GlobalJob
        } else if present(spec, "/Mode/ReplicatedJob") {
            let total = spec.pointer("/Mode/ReplicatedJob/TotalCompletions").and_then(Value::as_u64);
            Self::ReplicatedJob(total.unwrap_or(1))
        } else {
            Self::Replicated(spec.pointer("/Mode/Replicated/Replicas").and_then(Value::as_u64).unwrap_or(1))
        }
    }

    /// The name the engine's filters use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Replicated(_) => "replicated",
            Self::Global => "global",
            Self::ReplicatedJob(_) => "replicated-job",
            Self::GlobalJob => "global-job",
        }
    }

    /// Whether its tasks run to completion.
    pub fn is_job(self) -> bool {
        matches!(self, Self::ReplicatedJob(_) | Self::GlobalJob)
    }
}

/// A published host-mode port: protocol and number.
pub(super) type Port = (String, u64);

/// A service as the orchestrator sees it.
#[derive(Debug, Clone)]
pub(super) struct Service {
    pub text: String,
    pub id: String,
    pub version: u64,
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub mode: Mode,
    pub image: String,
    pub constraints: Vec<Constraint>,
    /// Label paths of the spread preferences, outermost first.
    pub spread: Vec<String>,
    pub platforms: Vec<(String, String)>,
    pub max_replicas: u64,
    pub nano_cpus: u64,
    pub memory: u64,
    pub host_ports: Vec<Port>,
    /// `any`, `on-failure` or `none`.
    pub restart: String,
    /// Nanoseconds between a failure and the next start.
    pub restart_delay: u64,
    /// State of the last rollout, empty when there was none.
    pub update_state: String,
    pub job_iteration: u64,
}

impl Service {
    /// Reads a raw service.
    pub fn read(raw: &Value) -> Self {
        let spec = &raw["Spec"];
        let constraints = list(spec, "/TaskTemplate/Placement/Constraints").iter().filter_map(Value::as_str);
        let spread = list(spec, "/TaskTemplate/Placement/Preferences").iter();
        let platforms = list(spec, "/TaskTemplate/Placement/Platforms").iter();
        Self {
            text: raw.to_string(),
            id: text(raw, "/ID").to_owned(),
            version: number(raw, "/Version/Index"),
            name: text(spec, "/Name").to_owned(),
            labels: labels(spec, "/Labels"),
            mode: Mode::read(spec),
            image: text(spec, "/TaskTemplate/ContainerSpec/Image").to_owned(),
            constraints: constraints.filter_map(|text| constraint::parse(text).ok()).collect(),
            spread: spread.map(|p| text(p, "/Spread/SpreadDescriptor").to_owned()).collect(),
            platforms: platforms.map(|p| (text(p, "/OS").to_owned(), text(p, "/Architecture").to_owned())).collect(),
            max_replicas: number(spec, "/TaskTemplate/Placement/MaxReplicas"),
            nano_cpus: number(spec, "/TaskTemplate/Resources/Reservations/NanoCPUs"),
            memory: number(spec, "/TaskTemplate/Resources/Reservations/MemoryBytes"),
            host_ports: host_ports(list(spec, "/EndpointSpec/Ports")),
            restart: match text(spec, "/TaskTemplate/RestartPolicy/Condition") {
                "" => "any".to_owned(),
                condition => condition.to_owned(),
            },
            restart_delay: spec
                .pointer("/TaskTemplate/RestartPolicy/Delay")
                .and_then(Value::as_u64)
                .unwrap_or(5_000_000_000),
            update_state: text(raw, "/UpdateStatus/State").to_owned(),
            job_iteration: number(raw, "/JobStatus/JobIteration/Index"),
        }
    }
}

/// A task as scheduler and orchestrator see it.
#[derive(Debug, Clone)]
pub(super) struct Task {
    pub text: String,
    pub id: String,
    pub service: String,
    pub node: String,
    /// 0 for tasks of global services.
    pub slot: u64,
    pub desired: String,
    pub state: String,
    pub created: Timestamp,
    pub nano_cpus: u64,
    pub memory: u64,
    pub host_ports: Vec<Port>,
    pub iteration: u64,
}

impl Task {
    /// Reads a raw task.
    pub fn read(raw: &Value) -> Self {
        Self {
            text: raw.to_string(),
            id: text(raw, "/ID").to_owned(),
            service: text(raw, "/ServiceID").to_owned(),
            node: text(raw, "/NodeID").to_owned(),
            slot: number(raw, "/Slot"),
            desired: text(raw, "/DesiredState").to_owned(),
            state: text(raw, "/Status/State").to_owned(),
            created: text(raw, "/CreatedAt").parse().unwrap_or_default(),
            nano_cpus: number(raw, "/Spec/Resources/Reservations/NanoCPUs"),
            memory: number(raw, "/Spec/Resources/Reservations/MemoryBytes"),
            host_ports: host_ports(list(raw, "/Status/PortStatus/Ports")),
            iteration: number(raw, "/JobIteration/Index"),
        }
    }

    /// Whether the orchestrator still wants this task.
    pub fn wanted(&self) -> bool {
        !matches!(self.desired.as_str(), "shutdown" | "failed" | "rejected" | "remove" | "orphaned")
    }

    /// Whether it has ended, whatever was wanted.
    pub fn ended(&self) -> bool {
        matches!(self.state.as_str(), "complete" | "shutdown" | "failed" | "rejected" | "remove" | "orphaned")
    }

    /// Whether it takes up room on its node, as the scheduler counts.
    pub fn occupies(&self) -> bool {
        self.wanted() && !self.ended() && !self.node.is_empty()
    }

    /// Whether it waits for a node.
    pub fn waits_for_node(&self) -> bool {
        self.wanted() && self.state == "pending"
    }
}

fn host_ports(ports: &[Value]) -> Vec<Port> {
    let host = ports.iter().filter(|port| text(port, "/PublishMode") == "host");
    host.filter(|port| number(port, "/PublishedPort") > 0)
        .map(|port| (json::text(port, "/Protocol").to_owned(), number(port, "/PublishedPort")))
        .collect()
}
