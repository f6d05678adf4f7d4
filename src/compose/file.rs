//! A compose file as it is written: what version 3.13 of the format has, which is what stacks are made of.
//!
//! Nothing is judged here but shapes. Scalars are kept as text where their meaning needs more than a look.

mod objects;
mod values;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::deploy::Deploy;
use crate::catalog::definition::Words;

pub use objects::{External, ExternalName, Ipam, Network, Object, Subnet, Volume};
pub use values::{
    Anything, Attachment, Attachments, BindOptions, Build, CredentialSpec, Grant, Healthcheck, Logging, LongBuild,
    LongGrant, LongMount, LongPort, LongUlimit, Mount, OneOrMany, Pairs, Port, TmpfsOptions, Ulimit, VolumeOptions,
};

/// A compose file, as `orca stacks deploy` and `docker stack deploy` take it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "a stack's compose file", extend("required" = ["services"]), extend("patternProperties" = {"^x-": true}))]
pub struct File {
    /// Of the format; it changes nothing.
    pub version: Option<String>,
    /// The stack's name, where the command line has none.
    pub name: Option<String>,
    /// The services, by the name that the stack's is put before.
    pub services: BTreeMap<String, Service>,
    /// Networks that services name.
    pub networks: BTreeMap<String, Option<Network>>,
    /// Volumes that services name.
    pub volumes: BTreeMap<String, Option<Volume>>,
    /// Secrets that services name.
    pub secrets: BTreeMap<String, Option<Object>>,
    /// Configs that services name.
    pub configs: BTreeMap<String, Option<Object>>,
}

/// A service.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("patternProperties" = {"^x-": true}))]
pub struct Service {
    /// What it runs.
    pub image: Option<String>,
    /// How `orca stacks build` makes the image.
    pub build: Option<Build>,
    /// What the image is to run; its arguments, if it has an entrypoint.
    pub command: Option<Words>,
    /// In place of the image's entrypoint.
    pub entrypoint: Option<Words>,
    /// Variables.
    pub environment: Option<Pairs>,
    /// Files with variables.
    pub env_file: Option<OneOrMany>,
    /// Labels of the containers; those of the service are `deploy.labels`.
    pub labels: Option<Pairs>,
    /// Networks, by their names in this file.
    pub networks: Option<Attachments>,
    /// Ports.
    pub ports: Vec<Port>,
    /// Mounts.
    pub volumes: Vec<Mount>,
    /// Secrets, by their names in this file.
    pub secrets: Vec<Grant>,
    /// Configs, by their names in this file.
    pub configs: Vec<Grant>,
    /// What is Swarm's alone.
    pub deploy: Option<Deploy>,
    /// How Swarm finds out whether a task is well.
    pub healthcheck: Option<Healthcheck>,
    /// Where the engine puts what the containers print.
    pub logging: Option<Logging>,
    /// Capabilities beyond the usual ones.
    pub cap_add: Vec<String>,
    /// Usual capabilities that are taken away.
    pub cap_drop: Vec<String>,
    /// Limits of processes.
    pub ulimits: BTreeMap<String, Ulimit>,
    /// Settings of the kernel.
    pub sysctls: Option<Pairs>,
    /// Name servers.
    pub dns: Option<OneOrMany>,
    /// Domains that names are looked for in.
    pub dns_search: Option<OneOrMany>,
    /// Names of hosts: `name:address`.
    pub extra_hosts: Option<Pairs>,
    /// Of the containers.
    pub hostname: Option<String>,
    /// User, as `1000:1000`.
    pub user: Option<String>,
    /// Where the command runs.
    pub working_dir: Option<String>,
    /// Run an init that reaps processes.
    pub init: Option<bool>,
    /// The root file system can't be written.
    pub read_only: Option<bool>,
    /// Keep stdin open.
    pub stdin_open: Option<bool>,
    /// Give it a terminal.
    pub tty: Option<bool>,
    /// Time between the signal to stop and the end.
    pub stop_grace_period: Option<String>,
    /// The signal to stop.
    pub stop_signal: Option<String>,
    /// Of Windows containers.
    pub isolation: Option<String>,
    /// Of Windows containers.
    pub credential_spec: Option<CredentialSpec>,
    /// How likely the kernel is to kill it for memory.
    pub oom_score_adj: Option<String>,
    /// Swarm goes by `deploy.restart_policy`; this counts where there is none.
    pub restart: Option<String>,
    /// Swarm starts all services at once: not heeded.
    pub depends_on: Option<Anything>,
    /// Not heeded by Swarm.
    pub container_name: Option<Anything>,
    /// Not heeded by Swarm.
    pub expose: Option<Anything>,
    /// Not heeded by Swarm.
    pub cgroupns_mode: Option<Anything>,
    /// Not heeded by Swarm.
    pub cgroup_parent: Option<Anything>,
    /// Not heeded by Swarm.
    pub devices: Option<Anything>,
    /// Not heeded by Swarm.
    pub domainname: Option<Anything>,
    /// Not heeded by Swarm.
    pub external_links: Option<Anything>,
    /// Not heeded by Swarm.
    pub ipc: Option<Anything>,
    /// Not heeded by Swarm.
    pub links: Option<Anything>,
    /// Not heeded by Swarm.
    pub mac_address: Option<Anything>,
    /// Not heeded by Swarm.
    pub network_mode: Option<Anything>,
    /// Not heeded by Swarm.
    pub pid: Option<Anything>,
    /// Not heeded by Swarm.
    pub privileged: Option<Anything>,
    /// Not heeded by Swarm.
    pub security_opt: Option<Anything>,
    /// Not heeded by Swarm.
    pub shm_size: Option<Anything>,
    /// Not heeded by Swarm.
    pub tmpfs: Option<Anything>,
    /// Not heeded by Swarm.
    pub userns_mode: Option<Anything>,
    /// Refused: write out what is extended.
    pub extends: Option<Anything>,
    /// Refused: a volume has a driver, a service has none.
    pub volume_driver: Option<Anything>,
    /// Refused: name the volume in both services.
    pub volumes_from: Option<Anything>,
    /// Refused: see `deploy.resources`.
    pub cpu_quota: Option<Anything>,
    /// Refused: see `deploy.resources`.
    pub cpu_shares: Option<Anything>,
    /// Refused: see `deploy.resources`.
    pub cpuset: Option<Anything>,
    /// Refused: see `deploy.resources`.
    pub mem_limit: Option<Anything>,
    /// Refused: see `deploy.resources`.
    pub memswap_limit: Option<Anything>,
}
