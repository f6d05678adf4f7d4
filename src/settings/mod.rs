//! `orca.yml` and the older files: text -> spanned tree -> fragment -> merged, checked [`Settings`].
//!
//! Parsing a `&str` is pure; only [`load`] reads files. Nothing here contacts an engine.

mod autoheal;
mod bootstrap;
mod catalog;
mod check;
mod command_file;
mod compose;
mod conflicts;
mod de;
mod definition;
mod exporter;
mod exporter_file;
mod fragment;
mod gc;
mod load;
mod logs;
mod merge;
mod metrics;
mod mods;
mod notify;
mod policy;
mod problem;
mod rebalance;
mod rebalance_file;
mod registry;
mod resolve;
pub mod schema;
mod section;
mod show;
mod tree;
mod update;
mod watch;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

pub use autoheal::{Autoheal, HealContainers, HealServices, PendingTasks, Step};
pub use bootstrap::Bootstrap;
pub use catalog::Catalog;
pub(crate) use check::nearest;
pub use command_file::{Entry, Verb, parse_commands};
pub use compose::{Composed, parse_compose};
pub use definition::parse_definitions;
pub use exporter::{Asked, Exporter, ExporterSsh, Older};
pub(crate) use exporter_file::nanos;
pub use gc::{Exclude, Gc, GcService};
pub use load::{Input, load, load_if_any, parse_all, read, read_if_any};
pub use logs::{ContainerLogs, LogRule, Logs, Signal, parse_size};
pub use metrics::{MetricsSettings, MetricsSource};
pub use mods::{ModSource, Mods, Network, read_url, safe_name};
pub use notify::{Event, Form, Hidden, Kept, Notify};
pub use problem::{Problem, Problems};
pub use rebalance::{Rebalance, ServicePolicy};
pub use registry::Registry;
pub(crate) use registry::is_host as is_registry;
pub use show::{Row, rows, yaml};
pub use update::{Hook, LONGEST, Update};
pub use watch::{Rhythm, Schedule, Watch, watchable};

/// One text to read settings from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The file as the user named it.
    pub name: String,
    /// Which grammar the text has.
    pub kind: SourceKind,
    /// The text.
    pub text: String,
}

/// What a source may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// `orca.yml` or Orcastra's `swarm.yml`.
    Main,
    /// Orcastra's `dependencies.yml`: the anchors themselves at the top level, or under `dependencies:`.
    Dependencies,
    /// Orcastra's `nodes.yml`: the half of `swarm.yml` without `dependencies`.
    Nodes,
    /// Orcastra's `rebalance_config.yml`.
    Rebalance,
    /// Orcastra's `deploy_node_exporter.yml`.
    Exporter,
    /// A list of mods, as `mods.list` is: the file of `$MOD_MANAGER_CONFIG`.
    Mods,
}

/// Merges and checks sources. Pure: equal input gives equal settings, or the same problems in the same order.
///
/// # Errors
/// Every problem of every source and of the environment, sorted by source and position.
pub fn parse(sources: &[Source], env: &BTreeMap<String, String>) -> Result<Settings, Vec<Problem>> {
    let mut log = problem::Log::new(sources.iter().map(|source| source.name.as_str()).collect());
    let merged = merge::merge(sources, &mut log);
    let mut settings = resolve::resolve(&merged, env, &mut log);
    settings.files = sources.iter().map(|source| source.name.clone()).collect();
    log.extend(conflicts::conflicts(&settings));
    let problems = log.finish();
    if problems.is_empty() { Ok(settings) } else { Err(problems) }
}

/// Where a value was written, for reasons and for `orca config show`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The setting's path, as `nodes.node-2.labels`.
    pub path: String,
    /// The file as the user named it, `$NAME` for an environment variable, or `default`.
    pub source: String,
    /// 1-based line; 0 where the source has no lines.
    pub line: usize,
    /// 1-based column; 0 where the source has no lines.
    pub column: usize,
}

impl fmt::Display for Origin {
    /// `nodes.node-2.labels (orca.yml:12)`; the file without its folders.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.source.rsplit('/').next().unwrap_or(&self.source);
        match self.line {
            0 => write!(f, "{} ({file})", self.path),
            line => write!(f, "{} ({file}:{line})", self.path),
        }
    }
}

/// The merged, checked configuration: the only thing passes see of the files.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The first manager, a key of `nodes` (for `bootstrap`).
    pub leader: Option<String>,
    /// `--advertise-addr` of the first manager (for `bootstrap`).
    pub advertise_addr: Option<String>,
    /// Configured nodes by hostname or node id.
    pub nodes: BTreeMap<String, Node>,
    /// `options:`.
    pub options: Options,
    /// `dependencies:`, in the order of the file.
    pub anchors: Vec<Anchor>,
    /// The stack of anchors that name none.
    pub stack: String,
    /// `rebalance:`.
    pub rebalance: Rebalance,
    /// `gc:`.
    pub gc: Gc,
    /// `notify:`.
    pub notify: Notify,
    /// `autoheal:`.
    pub autoheal: Autoheal,
    /// `bootstrap:`.
    pub bootstrap: Bootstrap,
    /// `exporter:`.
    pub exporter: Exporter,
    /// `logs:`.
    pub logs: Logs,
    /// `mods:`.
    pub mods: Mods,
    /// `registry:`.
    pub registry: Registry,
    /// `catalog:`.
    pub catalog: Catalog,
    /// `update:`.
    pub update: Update,
    /// `watch:`.
    pub watch: Watch,
    /// The files that were read, as the user named them.
    pub files: Vec<String>,
    /// Where values without an [`Origin`] of their own came from, by path.
    pub origins: BTreeMap<String, Origin>,
}

/// One entry of `nodes:`.
#[derive(Debug, Clone)]
pub struct Node {
    /// Address for SSH and for joining (for `bootstrap`).
    pub ip: Option<String>,
    /// Engine URL (`ssh://` or `tcp://`) for passes that act on the node itself.
    pub host: Option<String>,
    /// `manager` or `worker` (for `bootstrap`).
    pub role: Option<String>,
    /// `active`, `pause` or `drain` (for `bootstrap`).
    pub availability: Option<String>,
    /// Static labels: key to value and where that was said.
    pub labels: BTreeMap<String, (String, Origin)>,
    /// Where the node's entry begins.
    pub origin: Origin,
}

/// `options:`.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Remove every label that the file doesn't name, except anchor labels and orca's record.
    pub prune_unknown_labels: bool,
}

/// One anchor: a service that others want to live beside.
#[derive(Debug, Clone)]
pub struct Anchor {
    /// The name in the file.
    pub name: String,
    /// Service names to try, best first: `<stack>_<name>`, then the name as a full name.
    pub service: Vec<String>,
    /// The node label that marks the anchor's nodes.
    pub label: Label,
    /// Services that follow the anchor, in the order of the file.
    pub dependents: Vec<Dependent>,
    /// Restart dependents once when the anchor's task was replaced.
    pub restart_dependents: bool,
    /// Seconds to wait before each force update of a misplaced dependent; the last one repeats.
    pub retry_intervals: Vec<Duration>,
    /// Give up on a misplaced dependent after this long.
    pub max_mismatch: Duration,
    /// Drop the label when the anchor has run nowhere for this long; `None` keeps it.
    pub hold: Option<Duration>,
    /// Add a missing constraint to dependents instead of reporting it.
    pub enforce: bool,
    /// Where the anchor's entry begins.
    pub origin: Origin,
}

/// A node label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label {
    /// Label key.
    pub key: String,
    /// Label value.
    pub value: String,
}

/// One dependent of an anchor.
#[derive(Debug, Clone)]
pub struct Dependent {
    /// The name in the file.
    pub name: String,
    /// Service names to try, best first: `<stack>_<name>`, then the name as a full name.
    pub service: Vec<String>,
    /// Where the dependent stands in the file.
    pub origin: Origin,
}
