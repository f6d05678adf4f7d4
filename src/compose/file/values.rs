//! What services of a compose file are made of.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

/// What is only known to be there.
#[derive(Debug, Clone, Copy)]
pub struct Anything;

impl<'de> Deserialize<'de> for Anything {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

impl JsonSchema for Anything {
    fn schema_name() -> Cow<'static, str> {
        "Anything".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["object", "array", "string", "number", "boolean", "null"]})
    }
}

// Enums of shapes are "untagged" in the schema only: see the settings' own.
/// A list of `KEY=VALUE`, or a map.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(untagged)]
pub enum Pairs {
    /// `KEY=VALUE`, or `KEY` alone.
    List(Vec<String>),
    /// By key.
    Map(BTreeMap<String, Option<String>>),
}

/// One word or a list.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(untagged)]
pub enum OneOrMany {
    /// One.
    Text(String),
    /// Several.
    List(Vec<String>),
}

/// Networks of a service.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(untagged)]
pub enum Attachments {
    /// By name.
    List(Vec<String>),
    /// By name, with what is special about it.
    Map(BTreeMap<String, Option<Attachment>>),
}

/// How a service is in a network.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Attachment {
    /// More names for it there.
    pub aliases: Vec<String>,
    /// Of the network's driver.
    pub driver_opts: BTreeMap<String, String>,
    /// Not heeded by Swarm.
    pub ipv4_address: Option<Anything>,
    /// Not heeded by Swarm.
    pub ipv6_address: Option<Anything>,
}

/// A port.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(untagged)]
pub enum Port {
    /// `80`, `8080:80`, `53:53/udp`, `8000-8010:80-90`.
    Text(String),
    /// In full.
    Map(LongPort),
}

/// A port in full.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("required" = ["target"]))]
pub struct LongPort {
    /// In the container.
    pub target: u32,
    /// Where others find it.
    pub published: Option<u32>,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: Option<String>,
    /// `ingress` or `host`.
    pub mode: Option<String>,
}

/// A mount.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(untagged)]
pub enum Mount {
    /// `[SOURCE:]TARGET[:OPTIONS]`.
    Text(String),
    /// In full.
    Map(Box<LongMount>),
}

/// A mount in full.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("required" = ["type", "target"]))]
pub struct LongMount {
    /// `volume`, `bind`, `tmpfs`, `npipe`, `cluster` or `image`.
    #[serde(rename = "type")]
    pub kind: String,
    /// A volume of this file, or a path of the host.
    pub source: Option<String>,
    /// In the container.
    pub target: String,
    /// It can't be written.
    pub read_only: Option<bool>,
    /// How the host and the container see each other's writes.
    pub consistency: Option<String>,
    /// Of a bind.
    pub bind: Option<BindOptions>,
    /// Of a volume.
    pub volume: Option<VolumeOptions>,
    /// Of a tmpfs.
    pub tmpfs: Option<TmpfsOptions>,
}

/// Of a bind mount.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BindOptions {
    /// How mounts below are shared with the host.
    pub propagation: Option<String>,
    /// Not heeded: Swarm makes no folder on a node.
    pub create_host_path: Option<bool>,
    /// Not heeded: Swarm gives no folder another label.
    pub selinux: Option<String>,
}

/// Of a volume.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VolumeOptions {
    /// A new volume is not filled with what the image has there.
    pub nocopy: Option<bool>,
    /// A folder of the volume.
    pub subpath: Option<String>,
}

/// Of a tmpfs.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TmpfsOptions {
    /// Bytes, or with a unit.
    pub size: Option<String>,
    /// Not heeded, as docker does not.
    pub mode: Option<u32>,
}

/// A secret or config of a service.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(untagged)]
pub enum Grant {
    /// Its name in this file.
    Text(String),
    /// In full.
    Map(LongGrant),
}

/// A secret or config of a service, in full.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("required" = ["source"]))]
pub struct LongGrant {
    /// Its name in this file.
    pub source: String,
    /// The file that it is in the container.
    pub target: Option<String>,
    /// Owner of that file.
    pub uid: Option<String>,
    /// Its group.
    pub gid: Option<String>,
    /// Its mode, as `0440`.
    pub mode: Option<String>,
}

/// How an image is made.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(untagged)]
pub enum Build {
    /// The folder.
    Text(String),
    /// In full.
    Map(Box<LongBuild>),
}

/// How an image is made, in full.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("patternProperties" = {"^x-": true}))]
pub struct LongBuild {
    /// The folder; default: that of the file.
    pub context: Option<String>,
    /// The file of that folder that says how.
    pub dockerfile: Option<String>,
    /// Variables of the build.
    pub args: Option<Pairs>,
    /// Labels of the image.
    pub labels: Option<Pairs>,
    /// Not heeded.
    pub cache_from: Option<Anything>,
    /// Not heeded.
    pub network: Option<Anything>,
    /// The stage that is wanted.
    pub target: Option<String>,
    /// Not heeded.
    pub shm_size: Option<Anything>,
    /// Not heeded.
    pub extra_hosts: Option<Anything>,
}

/// A health check.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Healthcheck {
    /// A line for the shell, or a list that begins with `CMD`, `CMD-SHELL` or `NONE`; default: the image's own.
    pub test: Option<OneOrMany>,
    /// Time between two checks.
    pub interval: Option<String>,
    /// The longest that one may take.
    pub timeout: Option<String>,
    /// Failures in a row that make it ill.
    pub retries: Option<u64>,
    /// Failures so early don't count.
    pub start_period: Option<String>,
    /// Time between two checks in that time.
    pub start_interval: Option<String>,
    /// Not even the image's own check.
    pub disable: Option<bool>,
}

/// Where the engine puts what containers print.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Logging {
    /// The driver; default: the engine's.
    pub driver: Option<String>,
    /// The driver's own.
    pub options: BTreeMap<String, Option<String>>,
}

/// A limit of processes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(untagged)]
pub enum Ulimit {
    /// Soft and hard.
    Text(String),
    /// Each on its own.
    Map(LongUlimit),
}

/// A limit of processes, in full.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("required" = ["soft", "hard"]))]
pub struct LongUlimit {
    /// Can be raised by the process.
    pub soft: String,
    /// Can't be exceeded.
    pub hard: String,
}

/// Of Windows containers.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CredentialSpec {
    /// A config of this file.
    pub config: Option<String>,
    /// A file of the engine.
    pub file: Option<String>,
    /// A key of the registry of Windows.
    pub registry: Option<String>,
}

impl Pairs {
    /// Key and value; none where only the key is written.
    pub fn pairs(&self) -> BTreeMap<String, Option<String>> {
        match self {
            Self::Map(map) => map.clone(),
            Self::List(list) => list
                .iter()
                .map(|text| match text.split_once('=') {
                    Some((key, value)) => (key.to_owned(), Some(value.to_owned())),
                    None => (text.clone(), None),
                })
                .collect(),
        }
    }

    /// Key and value; empty where only the key is written.
    pub fn texts(this: Option<&Self>) -> BTreeMap<String, String> {
        let pairs = this.map(Self::pairs).unwrap_or_default();
        pairs.into_iter().map(|(key, value)| (key, value.unwrap_or_default())).collect()
    }
}

impl OneOrMany {
    /// All of them.
    pub fn list(this: Option<&Self>) -> Vec<String> {
        match this {
            None => Vec::new(),
            Some(Self::Text(one)) => vec![one.clone()],
            Some(Self::List(list)) => list.clone(),
        }
    }
}
