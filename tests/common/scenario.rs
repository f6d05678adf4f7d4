//! A scenario file: a cluster, a config, steps, and what must be true on the way. See `tests/scenarios/README.md`.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::Value;

type Map<T> = BTreeMap<String, T>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// One sentence: what must be so.
    pub about: String,
    /// Why it can't be provoked on a real engine; absent: it runs there too.
    pub sim_only: Option<String>,
    #[serde(default)]
    pub given: Given,
    /// `orca.yml`. `@id(node-1)` becomes a node's id.
    #[serde(default)]
    pub config: String,
    /// Instead: a file of the repository, by its path.
    pub config_file: Option<String>,
    pub steps: Vec<Step>,
    /// What the last orca command must say when it is run once more; it never may do anything.
    #[serde(default)]
    pub again: Again,
}

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Given {
    /// How many nodes, `node-1` and so on, or their names; three where nothing is said.
    pub nodes: Option<Nodes>,
    /// How many of them are managers; three where nothing is said.
    pub managers: Option<usize>,
    pub labels: Map<Map<String>>,
    pub services: Vec<Service>,
    /// On the simulated engine: how long a task takes to start.
    pub start_delay: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Nodes {
    Count(usize),
    Names(Vec<String>),
}

#[derive(Debug, Deserialize, Clone)]
#[serde(deny_unknown_fields)]
pub struct Service {
    pub name: String,
    /// It starts on this node, without a constraint that would keep it there.
    pub at: Option<String>,
    pub replicas: Option<u64>,
    /// `replicated` (also where nothing is said), `global` or `job`.
    pub mode: Option<String>,
    #[serde(default)]
    pub constraints: Vec<String>,
    /// Laid over the spec, as a JSON merge patch.
    #[serde(default)]
    pub spec: Value,
}

/// Exactly one of the verbs; the other fields belong to `orca`.
#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Step {
    /// Runs orca with these arguments.
    pub orca: Option<Vec<String>>,
    /// Its exit code; 0 where nothing is said.
    pub exit: i32,
    /// What its report must say, by dotted paths.
    pub expect: Map<Value>,
    /// On the simulated engine: how many requests it made.
    pub engine: Option<Requests>,
    /// The engine it asks: `leader`, `follower`, or a node; `node-1` where nothing is said.
    pub on: Option<String>,
    pub env: Map<String>,
    /// Run it again and again until it says what is expected.
    pub until: bool,
    /// Whether there is a state directory afterwards.
    pub state_dir: Option<bool>,

    /// A new `orca.yml` from here on.
    pub config: Option<String>,
    /// orca forgets everything it keeps on this host.
    pub lose_state: bool,
    /// Availability of a node.
    pub drain: Option<String>,
    pub pause: Option<String>,
    pub activate: Option<String>,
    /// Power of a node.
    pub kill: Option<String>,
    pub start: Option<String>,
    /// Network of a node.
    pub cut: Option<String>,
    pub heal: Option<String>,
    /// A node leaves the swarm and joins it again: a new id, and the old one stays behind as `down`.
    pub rejoin: Option<String>,
    /// Someone else sets labels, or with `null` removes them.
    pub label: Map<Map<Option<String>>>,
    pub create: Option<Service>,
    pub remove: Option<String>,
    pub scale: Map<u64>,
    /// Someone else forces an update.
    pub restart: Option<String>,
    /// The containers of a service die.
    pub fail: Option<String>,
    pub rollback: Option<String>,
    /// Someone else changes a spec: a JSON merge patch, by service.
    pub patch: Map<Value>,
    /// On the simulated engine: from now on tasks of such images end up in this state. (Real ones know by themselves.)
    pub image: Option<Value>,
    /// Only on the simulated engine: its admin side.
    pub sim: Option<Admin>,
    /// Waits until all of this is so.
    pub wait: Option<Conditions>,
    /// All of this is so now.
    pub check: Option<Conditions>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Admin {
    pub post: String,
    pub body: Value,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requests {
    pub requests: Option<u64>,
    pub writes: Option<u64>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Again {
    /// `unchanged` where nothing is said.
    pub outcome: Option<String>,
    pub exit: i32,
    pub expect: Map<Value>,
    /// Something moves on and on: don't wait for it to settle.
    pub moving: bool,
}

/// What is so in the cluster.
#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Conditions {
    /// Nothing moves any more.
    pub settled: bool,
    /// So many tasks run, or just on these nodes (one entry for each task).
    pub running: Map<Where>,
    /// Every task of the one runs where one of the other does, and none anywhere else.
    pub beside: Map<String>,
    /// It runs, and on none of the nodes where it ran before the last disturbance.
    pub moved: Vec<String>,
    /// It runs, and none of the tasks is one of those before the last disturbance.
    pub replaced: Vec<String>,
    /// The same tasks run as before the last disturbance.
    pub kept: Vec<String>,
    /// It has a task that finds no node.
    pub pending: Vec<String>,
    /// Labels of nodes; `null`: there is none.
    pub labels: Map<Map<Option<String>>>,
    /// The nodes that have a label `KEY=true`, all of them; `@SERVICE` stands for those where it runs.
    pub label_on: Map<Vec<String>>,
    /// How often an update was forced: a number, or `>=2`.
    pub force_updates: Map<Value>,
    /// All constraints of a service.
    pub constraints: Map<Vec<String>>,
    /// State of nodes.
    pub nodes: Map<String>,
    /// State of the last update of services; `null`: there was none.
    pub update: Map<Option<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Where {
    Count(u64),
    Node(String),
    Nodes(Vec<String>),
}

impl Scenario {
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)?;
        serde_yaml::from_str(&text).with_context(|| format!("{} is no scenario", path.display()))
    }

    pub fn names(&self) -> Vec<String> {
        let numbered = |count| (1..=count).map(|number| format!("node-{number}")).collect();
        match &self.given.nodes {
            None => numbered(3),
            Some(Nodes::Count(count)) => numbered(*count),
            Some(Nodes::Names(names)) => names.clone(),
        }
    }
}
