//! One service as a person defines it, in the words of the original's files and of compose.
//!
//! Values are kept as they are written (`30s`, `256M`, `80:80/tcp`): what was stored is shown again as it came. Whether
//! they mean anything is judged by [`Definition::faults`], once and for every way that a definition comes in.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use super::check;
pub use crate::settings::{Problem, parse_definitions as parse};

/// A service of a swarm, as it is to be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "a service's definition", extend("required" = ["image"]), extend("patternProperties" = {"^x-": true}))]
pub struct Definition {
    /// Name of the service; default: that of the file, without its ending.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// What it is for, for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Image, with its registry and tag.
    pub image: String,
    /// `replicated` (default), `global`, `replicated-job` or `global-job`.
    #[serde(skip_serializing_if = "is_default")]
    pub mode: Mode,
    /// How many tasks; default 1. Of a job: how many have to complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas: Option<u64>,
    /// Ports: `80`, `8080:80`, `53:53/udp`, `8000-8010:80-90`, and `8080:80/tcp@host` for the port of each node.
    #[serde(skip_serializing_if = "is_default")]
    pub ports: Vec<String>,
    /// Environment variables.
    #[serde(skip_serializing_if = "is_default")]
    pub env: BTreeMap<String, String>,
    /// Placement constraints, as `node.labels.zone == a`.
    #[serde(skip_serializing_if = "is_default")]
    pub constraints: Vec<String>,
    /// Labels of the service.
    #[serde(skip_serializing_if = "is_default")]
    pub labels: BTreeMap<String, String>,
    /// Networks of the swarm, by name.
    #[serde(skip_serializing_if = "is_default")]
    pub networks: Vec<String>,
    /// Mounts: `/host/path:/path`, `volume:/path`, each with `:ro` or not, `/path` for an unnamed volume,
    /// `tmpfs:/path`.
    #[serde(skip_serializing_if = "is_default")]
    pub mounts: Vec<String>,
    /// What the image is to run, as a list or as one line; its arguments, if it has an entrypoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<Words>,
    /// In place of the image's entrypoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<Words>,
    /// A folder of the projects directory, of which `orca catalog build` makes the image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build_context: Option<String>,
    /// How Swarm finds out whether a task is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthcheck: Option<Healthcheck>,
    /// What a task may use at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<Resources>,
    /// What a node must have free for a task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reservations: Option<Resources>,
    /// How a new version is rolled out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update: Option<Rollout>,
    /// How an old one is brought back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback: Option<Rollout>,
    /// When a task that has ended is followed by another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart: Option<Restart>,
    /// Secrets of the swarm: `NAME`, or `NAME:FILE` below /run/secrets.
    #[serde(skip_serializing_if = "is_default")]
    pub secrets: Vec<String>,
    /// Configs of the swarm: `NAME`, or `NAME:/FILE`.
    #[serde(skip_serializing_if = "is_default")]
    pub configs: Vec<String>,
    /// User, as `1000:1000`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Hostname of the containers; may hold `{{.Node.Hostname}}` and the like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// Where the command runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workdir: Option<String>,
    /// Time between the signal to stop and the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_grace_period: Option<String>,
    /// The signal to stop, as `SIGINT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_signal: Option<String>,
    /// Run an init that reaps processes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init: Option<bool>,
    /// The root file system can't be written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
    /// At most so many tasks on one node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_replicas_per_node: Option<u64>,
    /// `vip` (default) or `dnsrr`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint_mode: Option<String>,
}

/// How many tasks there are, and whether they end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// So many tasks.
    #[default]
    Replicated,
    /// One task on each node.
    Global,
    /// So many tasks have to complete.
    ReplicatedJob,
    /// One task on each node has to complete.
    GlobalJob,
}

impl Mode {
    /// Its tasks end.
    pub fn is_job(self) -> bool {
        matches!(self, Self::ReplicatedJob | Self::GlobalJob)
    }

    /// There is one task on each node.
    pub fn is_global(self) -> bool {
        matches!(self, Self::Global | Self::GlobalJob)
    }

    /// The key under `Mode` of a spec.
    pub fn key(self) -> &'static str {
        match self {
            Self::Replicated => "Replicated",
            Self::Global => "Global",
            Self::ReplicatedJob => "ReplicatedJob",
            Self::GlobalJob => "GlobalJob",
        }
    }
}

/// A command, as one line or as a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Words {
    /// As one line, split as a shell does, quotes heeded and nothing else.
    Line(String),
    /// Word by word.
    List(Vec<String>),
}

/// A health check.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Healthcheck {
    /// A line for the shell, or a list that begins with `CMD`, `CMD-SHELL` or `NONE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<Words>,
    /// Time between two checks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<String>,
    /// The longest that one may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
    /// Failures in a row that make it ill.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<u64>,
    /// Failures so early don't count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_period: Option<String>,
    /// Not even the image's own check.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disable: Option<bool>,
}

/// Amounts of a node's means.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Resources {
    /// Processors, as `0.5`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpus: Option<String>,
    /// Memory, as `256M`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<String>,
    /// Processes and threads; limits only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pids: Option<u64>,
}

/// How tasks are replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Rollout {
    /// So many tasks at a time; 0: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parallelism: Option<u64>,
    /// Time between them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<String>,
    /// So long a new task is watched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monitor: Option<String>,
    /// `stop-first` or `start-first`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// `pause`, `continue` or `rollback`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_action: Option<String>,
    /// A share of failures that is borne, as `0.25`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_failure_ratio: Option<String>,
}

/// A restart policy, as one word or in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Restart {
    /// `any`, `on-failure` or `none`.
    Condition(String),
    /// In full.
    Policy(RestartPolicy),
}

// serde's own `untagged` would take the file's numbers for text.
impl<'de> Deserialize<'de> for Restart {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RestartVisitor)
    }
}

struct RestartVisitor;

impl<'de> Visitor<'de> for RestartVisitor {
    type Value = Restart;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a word or a map")
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<Restart, E> {
        Ok(Restart::Condition(word.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Restart, A::Error> {
        RestartPolicy::deserialize(MapAccessDeserializer::new(map)).map(Restart::Policy)
    }
}

/// When a task that has ended is followed by another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RestartPolicy {
    /// `any` (default), `on-failure` or `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// Time before the next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<String>,
    /// At most so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u64>,
    /// What counts is what happens within this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<String>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Something in a definition that can't be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Keys and indices from the top to the value.
    pub path: Vec<String>,
    /// What is wrong with it.
    pub message: String,
}

impl Definition {
    /// All that is wrong with it.
    pub fn faults(&self) -> Vec<Fault> {
        check::faults(self)
    }

    /// The definition with the keys that the original's clients count on, whether they are set or not.
    pub fn shown(&self) -> Value {
        let mut shown = json!({
            "image": self.image, "replicas": self.replicas.unwrap_or(1), "ports": [], "env": {}, "constraints": [],
            "labels": {}, "networks": [], "mounts": [], "command": null, "build_context": null,
        });
        let written = serde_json::to_value(self).unwrap_or_default();
        if let (Some(into), Value::Object(written)) = (shown.as_object_mut(), written) {
            into.extend(written.into_iter().filter(|(key, _)| key != "name" && key != "description"));
        }
        shown
    }

    /// The definition as a file would have it; values that may be secret are in it.
    pub fn yaml(&self) -> String {
        serde_yaml::to_string(self).unwrap_or_default()
    }
}

impl Words {
    /// Word by word; none if a quote is never closed.
    pub fn split(&self) -> Option<Vec<String>> {
        match self {
            Self::List(words) => Some(words.clone()),
            Self::Line(line) => split(line),
        }
    }
}

/// Splits a line as a shell does, as far as quotes and backslashes go.
fn split(line: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None::<char>);
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some('\''), c) => word.get_or_insert_default().push(c),
            (_, '\\') => word.get_or_insert_default().push(chars.next()?),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_line_is_split_as_a_shell_does() {
        let words = |line| split(line).unwrap();
        assert_eq!(words("sh -c 'sleep 1; exit' x"), ["sh", "-c", "sleep 1; exit", "x"]);
        assert_eq!(words(r#"a "b \" c"  d\ e ''"#), ["a", "b \" c", "d e", ""]);
        assert_eq!(split("sh -c 'oops"), None);
    }
}
