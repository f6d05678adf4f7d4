//! `rebalance:` and Orcastra's `rebalance_config.yml` as they are written; see `fragment` for the rules.

use schemars::JsonSchema;
use serde::Deserialize;

use super::de::Spanned;
use super::fragment::{Entries, Percent, Span};
use super::metrics::MetricsSource;

/// Moving tasks so that no node runs out of memory: where figures come from, and guard rails.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RebalanceEntry {
    /// Whether `orca reconcile` moves tasks, as `orca rebalance apply` does; default false.
    pub(super) auto: Option<Spanned<bool>>,
    /// Where memory figures come from.
    pub(super) metrics: Option<MetricsEntry>,
    /// What differs for single services, by full name.
    pub(super) services: Option<Entries<Option<ServiceEntry>>>,
    /// Act when a node uses more than this, in percent, for `high_for`; default 80.
    pub(super) high: Option<Percent>,
    /// How long a node must be above `high`; default `10m`.
    pub(super) high_for: Option<Spanned<Span>>,
    /// Once acting, go on until no node uses more than this, in percent; default 70.
    pub(super) clear_high: Option<Percent>,
    /// Act when the fullest node is this far above the emptiest, in points, for `spread_for`; default 20.
    pub(super) spread: Option<Percent>,
    /// How long nodes must be `spread` apart; default `30m`.
    pub(super) spread_for: Option<Spanned<Span>>,
    /// Once acting, go on until nodes are no further apart than this, in points; default 10.
    pub(super) clear_spread: Option<Percent>,
    /// Points that the fullest node must lose for each restart; default 1.
    pub(super) min_gain: Option<Percent>,
    /// Move at most so many tasks in one run; default 5.
    pub(super) max_moves: Option<Spanned<u32>>,
    /// Fill no target above this, in percent; default 80.
    pub(super) target_max: Option<Percent>,
    /// Fill no target further above the mean than this, in points; default 5.
    pub(super) target_above_mean: Option<Percent>,
    /// Leave a service alone for so long after it was moved; default `6h`.
    pub(super) cooldown: Option<Spanned<Span>>,
    /// Don't move a service back for so long to a node that it left; default `24h`.
    pub(super) no_return: Option<Spanned<Span>>,
    /// Leave a service alone that was moved twice within so long: it doesn't help; default `7days`, `0` for never.
    pub(super) quarantine: Option<Spanned<Span>>,
    /// Leave tasks alone that have been running for less; default `10m`.
    pub(super) min_age: Option<Spanned<Span>>,
    /// Put a service's spec back when the moved task has been running for so long; default `10s`.
    pub(super) settle: Option<Spanned<Span>>,
}

/// What differs for one service.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceEntry {
    /// Whether it may be moved; default true.
    pub(super) enabled: Option<Spanned<bool>>,
    /// Overrules `rebalance.cooldown`.
    pub(super) cooldown: Option<Spanned<Span>>,
}

/// Where memory figures come from.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MetricsEntry {
    /// Where from; default is the file, if one is named, else reservations (an estimate).
    pub(super) source: Option<Spanned<MetricsSource>>,
    /// Metrics file (schema `orca.metrics/1`) where `--metrics` names none.
    pub(super) file: Option<Spanned<String>>,
    /// URL of Prometheus, which scrapes `node_exporter` and cAdvisor; with `node_exporter`, it is asked for tasks.
    pub(super) prometheus: Option<Spanned<String>>,
    /// The exporter of each node, by hostname or node id: a URL or `host:port`; default is the node's address in the
    /// swarm with `node_exporter_port`.
    pub(super) node_exporters: Option<Entries<Spanned<String>>>,
    /// Exporters of machines that nodes run on, by the name that the machine gives itself; see `node_map`.
    pub(super) node_exporter_nodes: Option<Entries<ExporterEntry>>,
    /// The machine whose memory is a node's, by the node's hostname or id: the host of a VM, or the name that an
    /// exporter in a container gives itself.
    pub(super) node_map: Option<Entries<Spanned<String>>>,
    /// Port of exporters that are named nowhere; default 9100.
    pub(super) node_exporter_port: Option<Spanned<u32>>,
    /// Don't believe figures that are further apart from the snapshot; default `10m`.
    pub(super) max_age: Option<Spanned<Span>>,
    /// How far back samples count; default `10m`.
    pub(super) window: Option<Spanned<Span>>,
    /// The longest wait for one target; default `5s`.
    pub(super) timeout: Option<Spanned<Span>>,
    /// An image that has `orca` in its `PATH`, for the source `probe`.
    pub(super) probe_image: Option<Spanned<String>>,
}

/// The exporter of a machine.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExporterEntry {
    /// URL or `host:port`.
    pub(super) exporter_url: Spanned<String>,
}

/// A number of minutes.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(transparent)]
pub(super) struct Minutes(pub(super) f64);

impl JsonSchema for Minutes {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Minutes".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "number", "minimum": 0})
    }
}

/// Orcastra's `rebalance_config.yml`. What has no field in here to be read by means nothing to orca.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OlderRebalance {
    pub(super) default: Option<OlderPolicy>,
    pub(super) services: Option<Entries<Option<OlderPolicy>>>,
    pub(super) node_exporters: Option<Entries<Spanned<String>>>,
    pub(super) node_exporter_nodes: Option<Entries<ExporterEntry>>,
    pub(super) node_map: Option<Entries<Spanned<String>>>,
    #[serde(rename = "monitor_interval_seconds")]
    _interval: Option<Minutes>,
    #[serde(rename = "comonitor_interval_seconds")]
    _co_interval: Option<Minutes>,
}

/// `default:` and `services.*:` of that file.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OlderPolicy {
    pub(super) cooldown_minutes: Option<Spanned<Minutes>>,
    pub(super) sustained_high_minutes: Option<Spanned<Minutes>>,
    #[serde(rename = "memory_difference_gb")]
    _difference: Option<Minutes>,
    #[serde(rename = "rebalance_buffer_gb")]
    _buffer: Option<Minutes>,
    #[serde(rename = "check_interval_seconds")]
    _interval: Option<Minutes>,
    #[serde(rename = "dependencies_file")]
    _file: Option<Spanned<String>>,
}
