//! `rebalance.metrics:`: where memory figures come from.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::metrics::url::Url;

/// `rebalance.metrics:`.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricsSettings {
    /// Where from; none says: the file, if one is named, else reservations.
    pub source: Option<MetricsSource>,
    /// The file, where `--metrics` names none.
    pub file: Option<PathBuf>,
    /// Prometheus' own URL.
    pub prometheus: Option<Url>,
    /// The exporters of swarm nodes, by hostname or node id.
    pub node_exporters: BTreeMap<String, Url>,
    /// The exporters of machines that need not be in the swarm, by the name that they give themselves.
    pub node_exporter_nodes: BTreeMap<String, Url>,
    /// The machine whose memory is a node's, by the node's hostname or id: a VM's host.
    pub node_map: BTreeMap<String, String>,
    /// Where exporters listen that are named nowhere.
    pub node_exporter_port: u16,
    /// Figures may be so far apart from the snapshot.
    pub max_age: Duration,
    /// How far back samples count.
    pub window: Duration,
    /// The longest wait for one target.
    pub timeout: Duration,
    /// An image with orca in it, for `probe`.
    pub probe_image: Option<String>,
}

impl Default for MetricsSettings {
    fn default() -> Self {
        Self {
            source: None,
            file: None,
            prometheus: None,
            node_exporters: BTreeMap::new(),
            node_exporter_nodes: BTreeMap::new(),
            node_map: BTreeMap::new(),
            node_exporter_port: 9100,
            max_age: Duration::from_secs(600),
            window: Duration::from_secs(600),
            timeout: Duration::from_secs(5),
            probe_image: None,
        }
    }
}

/// Where memory figures come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MetricsSource {
    /// A file in the schema `orca.metrics/1` that doesn't say where its figures come from.
    File,
    /// What services reserve, taken for what they use: an estimate.
    Reservations,
    /// The `node_exporter` of each node; tasks as far as engines or Prometheus tell.
    NodeExporter,
    /// A service of orca's own that looks at each node and is gone again.
    Probe,
    /// Prometheus: `node_exporter`'s and cAdvisor's series.
    Prometheus,
    /// The engines of the nodes whose `host` is configured.
    Stats,
}

impl MetricsSource {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::File, Self::Reservations, Self::NodeExporter, Self::Probe, Self::Prometheus, Self::Stats];

    /// The word in the file and for `--metrics`.
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Reservations => "reservations",
            Self::NodeExporter => "node_exporter",
            Self::Probe => "probe",
            Self::Prometheus => "prometheus",
            Self::Stats => "stats",
        }
    }

    /// The source that a word means.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.name() == word)
    }

    /// Whether it has to be asked.
    pub fn live(self) -> bool {
        !matches!(self, Self::File | Self::Reservations)
    }
}
