//! What a service asks of the node that runs its tasks: the scheduler's view of a service spec.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::or_default;

/// What a service asks of a node.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// `Spec.Labels`.
    pub labels: BTreeMap<String, String>,
    /// Reserved CPU, billionths of a CPU, per task.
    pub nano_cpus: u64,
    /// Reserved memory, bytes, per task.
    pub memory: u64,
    /// Memory limit, bytes, per task; 0 is no limit.
    pub memory_limit: u64,
    /// Reserved generic resources by kind, per task.
    pub generic: BTreeMap<String, u64>,
    /// Operating system and architecture of which one must fit; empty halves fit all.
    pub platforms: Vec<(String, String)>,
    /// At most so many tasks on a node; 0 is no limit.
    pub max_replicas: u64,
    /// `TaskTemplate.Placement` is there. Without it a placement must never be written (moby/moby#37883).
    pub has_placement: bool,
    /// Ports that the managers have published for it.
    pub published: Vec<Port>,
    /// Published ports in host mode, with their protocol.
    pub host_ports: Vec<(String, u64)>,
    /// Mounts of the container.
    pub mounts: Vec<Mount>,
    /// Log driver, where one is named.
    pub log_driver: Option<String>,
    /// Time between SIGTERM and SIGKILL.
    pub stop_grace: Duration,
    /// Ended tasks are not replaced.
    pub never_restarts: bool,
    /// An update starts the new task before it stops the old one.
    pub start_first: bool,
    /// Time between two health checks, where there are any.
    pub health_interval: Option<Duration>,
    /// Something depends on the task's slot number.
    pub uses_slot: bool,
}

/// A mount of a container.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mount {
    /// `bind`, `volume`, `tmpfs`, `cluster`, ...
    pub kind: String,
    /// Path or volume name; empty for an anonymous volume.
    pub source: String,
    /// Volume driver; empty where none is named.
    pub driver: String,
    /// Volume driver options.
    pub options: BTreeMap<String, String>,
}

/// Docker's own stop grace period.
const STOP_GRACE: Duration = Duration::from_secs(10);
/// Docker's own health check interval.
const HEALTH_INTERVAL: Duration = Duration::from_secs(30);

impl Needs {
    /// Reads them from one element of `GET /services`.
    pub fn read(raw: &RawValue) -> serde_json::Result<Self> {
        let View { spec, endpoint } = serde_json::from_str(raw.get())?;
        let template = spec.task_template;
        let placement = template.placement;
        let reserved = template.resources.reservations;
        let container = template.container_spec;
        let uses_slot = std::iter::once(&container.hostname)
            .chain(container.mounts.iter().map(|mount| &mount.source))
            .any(|text| text.contains(".Task.Slot"));
        let has_placement = placement.is_some();
        let placement = placement.unwrap_or_default();
        Ok(Self {
            labels: spec.labels,
            nano_cpus: reserved.nano_cpus,
            memory: reserved.memory_bytes,
            memory_limit: template.resources.limits.memory_bytes,
            generic: amounts(&reserved.generic_resources),
            platforms: placement.platforms.into_iter().map(|platform| (platform.os, platform.architecture)).collect(),
            max_replicas: placement.max_replicas,
            has_placement,
            published: endpoint.ports,
            host_ports: spec
                .endpoint
                .ports
                .into_iter()
                .filter(|port| port.publish_mode == "host" && port.published > 0)
                .map(|port| (port.protocol, port.published))
                .collect(),
            mounts: container.mounts.into_iter().map(MountView::mount).collect(),
            log_driver: template.log_driver.map(|driver| driver.name).filter(|name| !name.is_empty()),
            stop_grace: container.stop_grace_period.map_or(STOP_GRACE, Duration::from_nanos),
            never_restarts: template.restart_policy.condition == "none",
            start_first: spec.update_config.order == "start-first",
            health_interval: container.healthcheck.and_then(HealthView::interval),
            uses_slot,
        })
    }
}

/// Generic resources by kind: discrete ones count what they say, named ones count one each.
pub(super) fn amounts(resources: &[GenericView]) -> BTreeMap<String, u64> {
    let mut amounts = BTreeMap::new();
    for resource in resources {
        if let Some(discrete) = &resource.discrete_resource_spec {
            *amounts.entry(discrete.kind.clone()).or_default() += discrete.value;
        }
        if let Some(named) = &resource.named_resource_spec {
            *amounts.entry(named.kind.clone()).or_default() += 1;
        }
    }
    amounts
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct View {
    #[serde(default, deserialize_with = "or_default")]
    spec: Spec,
    #[serde(default, deserialize_with = "or_default")]
    endpoint: Endpoint,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Spec {
    #[serde(deserialize_with = "or_default")]
    labels: BTreeMap<String, String>,
    #[serde(deserialize_with = "or_default")]
    task_template: Template,
    #[serde(deserialize_with = "or_default")]
    update_config: UpdateConfig,
    #[serde(rename = "EndpointSpec", deserialize_with = "or_default")]
    endpoint: Endpoint,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Template {
    #[serde(deserialize_with = "or_default")]
    container_spec: Container,
    #[serde(deserialize_with = "or_default")]
    resources: Resources,
    #[serde(deserialize_with = "or_default")]
    restart_policy: RestartPolicy,
    placement: Option<Placement>,
    log_driver: Option<LogDriver>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Container {
    #[serde(deserialize_with = "or_default")]
    hostname: String,
    #[serde(deserialize_with = "or_default")]
    mounts: Vec<MountView>,
    stop_grace_period: Option<u64>,
    healthcheck: Option<HealthView>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct HealthView {
    #[serde(deserialize_with = "or_default")]
    test: Vec<String>,
    interval: Option<u64>,
}

impl HealthView {
    /// None where the check is switched off.
    fn interval(self) -> Option<Duration> {
        let off = self.test.first().is_none_or(|first| first == "NONE");
        let interval = self.interval.filter(|interval| *interval > 0);
        (!off).then(|| interval.map_or(HEALTH_INTERVAL, Duration::from_nanos))
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct MountView {
    #[serde(rename = "Type")]
    kind: String,
    source: String,
    volume_options: Option<VolumeOptions>,
}

impl MountView {
    fn mount(self) -> Mount {
        let driver = self.volume_options.unwrap_or_default().driver_config.unwrap_or_default();
        Mount { kind: self.kind, source: self.source, driver: driver.name, options: driver.options }
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct VolumeOptions {
    driver_config: Option<DriverConfig>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct DriverConfig {
    name: String,
    #[serde(deserialize_with = "or_default")]
    options: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Resources {
    #[serde(deserialize_with = "or_default")]
    reservations: Reservations,
    #[serde(deserialize_with = "or_default")]
    limits: Limits,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Limits {
    memory_bytes: u64,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Reservations {
    #[serde(rename = "NanoCPUs")]
    nano_cpus: u64,
    memory_bytes: u64,
    #[serde(deserialize_with = "or_default")]
    generic_resources: Vec<GenericView>,
}

/// A generic resource, of a node or reserved.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct GenericView {
    discrete_resource_spec: Option<Discrete>,
    named_resource_spec: Option<Named>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Discrete {
    kind: String,
    value: u64,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Named {
    kind: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct RestartPolicy {
    condition: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Placement {
    #[serde(deserialize_with = "or_default")]
    platforms: Vec<Platform>,
    max_replicas: u64,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Platform {
    #[serde(rename = "OS")]
    os: String,
    architecture: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct LogDriver {
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct UpdateConfig {
    order: String,
}

/// `EndpointSpec`, or `Endpoint`, which has the ports that were given out, too.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Endpoint {
    #[serde(deserialize_with = "or_default")]
    pub(crate) ports: Vec<Port>,
}

/// A port that is published.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Port {
    /// `tcp`, `udp` or `sctp`; may be empty, which is TCP.
    #[serde(deserialize_with = "or_default")]
    pub protocol: String,
    /// Where clients reach it; 0 until the managers have chosen one.
    #[serde(rename = "PublishedPort", deserialize_with = "or_default")]
    pub published: u64,
    /// Where the container listens.
    #[serde(rename = "TargetPort", deserialize_with = "or_default")]
    pub target: u64,
    /// `ingress` or `host`.
    #[serde(deserialize_with = "or_default")]
    pub publish_mode: String,
}
