//! One file as it is written: the types that its JSON Schema, its checks and its conversion all come from.
//!
//! Doc comments here are the descriptions in the schema. Nothing is merged, defaulted or judged here.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

use super::autoheal::AutohealEntry;
use super::bootstrap::BootstrapEntry;
use super::catalog::CatalogEntry;
use super::de::Spanned;
use super::exporter::ExporterEntry;
use super::exporter_file::OlderExporter;
use super::gc::GcEntry;
use super::logs::LogsEntry;
use super::mods::{ModEntry, ModsEntry};
use super::notify::NotifyEntry;
use super::rebalance_file::{OlderRebalance, RebalanceEntry};
use super::registry::RegistryEntry;
use super::update::UpdateEntry;
use super::watch::WatchEntry;

/// Configuration of orca, a superset of Orcastra's `swarm.yml`. Top-level keys that begin with `x-` are ignored;
/// they are a place for YAML anchors.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "orca.yml", extend("patternProperties" = {"^x-": true}))]
pub(super) struct File {
    /// The node that is the first manager; a key of `nodes`.
    pub(super) leader: Option<Spanned<String>>,
    /// `--advertise-addr` of the first manager.
    pub(super) advertise_addr: Option<Spanned<String>>,
    /// The stack of anchors that name none; default `$STACK_NAME`, else `swarm-dev`.
    pub(super) stack: Option<Spanned<String>>,
    /// Nodes of the swarm, by hostname or node id.
    pub(super) nodes: Option<Entries<Option<NodeEntry>>>,
    /// Options of the whole cluster, and defaults for all anchors.
    pub(super) options: Option<OptionsEntry>,
    /// Anchors and the services that follow them, by the anchor's service name without its stack.
    pub(super) dependencies: Option<Entries<Option<AnchorEntry>>>,
    /// Moving tasks so that no node runs out of memory.
    pub(super) rebalance: Option<Spanned<RebalanceEntry>>,
    /// Freeing disk space on nodes without hurting a service.
    pub(super) gc: Option<Spanned<GcEntry>>,
    /// Unhealthy containers, services whose tasks keep failing, tasks that find no node.
    pub(super) autoheal: Option<Spanned<AutohealEntry>>,
    /// Making a swarm of engines.
    pub(super) bootstrap: Option<Spanned<BootstrapEntry>>,
    /// `node_exporter` on every node.
    pub(super) exporter: Option<Spanned<ExporterEntry>>,
    /// Bounded log files on a node.
    pub(super) logs: Option<Spanned<LogsEntry>>,
    /// Mod files in a cache directory.
    pub(super) mods: Option<Spanned<ModsEntry>>,
    /// Registries of images, as `orca registry` asks them.
    pub(super) registry: Option<Spanned<RegistryEntry>>,
    /// Definitions of services: `orca catalog`.
    pub(super) catalog: Option<Spanned<CatalogEntry>>,
    /// New images for services: `orca services update`.
    pub(super) update: Option<Spanned<UpdateEntry>>,
    /// Passes on a clock and on events: `orca watch`.
    pub(super) watch: Option<Spanned<WatchEntry>>,
    /// Who is told of what passes did.
    pub(super) notify: Option<Spanned<NotifyEntry>>,
    /// What `$MOD_MANAGER_CONFIG` lists.
    #[serde(skip)]
    #[schemars(skip)]
    pub(super) more_mods: Vec<Spanned<ModEntry>>,
    /// Orcastra's own file of the same, which has its own grammar.
    #[serde(skip)]
    #[schemars(skip)]
    pub(super) older_rebalance: Option<OlderRebalance>,
    /// And another of the same kind.
    #[serde(skip)]
    #[schemars(skip)]
    pub(super) older_exporter: Option<OlderExporter>,
}

/// A percentage, or points of one.
pub(super) type Percent = Spanned<Share>;

/// A node of the swarm.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NodeEntry {
    /// Address for SSH and for joining the swarm.
    pub(super) ip: Option<Spanned<String>>,
    /// URL of the node's own engine, `ssh://` or `tcp://`.
    pub(super) host: Option<Spanned<String>>,
    /// Role of the node in the swarm.
    pub(super) role: Option<Spanned<Role>>,
    /// Whether the node takes tasks.
    pub(super) availability: Option<Spanned<Availability>>,
    /// Node labels: a list (`[ssd, rack=b]`; a lone key gets the value `true`) or a map (`{zone: a}`).
    pub(super) labels: Option<Labels>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Role {
    Manager,
    Worker,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Availability {
    Active,
    Pause,
    Drain,
}

// Enums of shapes are "untagged" in the schema only: the tree's deserializer picks the variant by the node's shape,
// where serde's own `untagged` would buffer the value and lose its place.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(untagged)]
pub(super) enum Labels {
    List(Vec<Spanned<String>>),
    Map(Entries<Option<Text>>),
}

/// Options of the whole cluster, and defaults for all anchors.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OptionsEntry {
    /// Remove every node label that this file doesn't name, except anchor labels and orca's own record.
    pub(super) prune_unknown_labels: Option<Spanned<bool>>,
    /// Default of `dependencies.*.restart_dependents`.
    pub(super) restart_dependents: Option<Spanned<bool>>,
    /// Default of `dependencies.*.retry_intervals`.
    pub(super) retry_intervals: Option<Spanned<Intervals>>,
    /// Default of `dependencies.*.max_mismatch`.
    pub(super) max_mismatch: Option<Spanned<Span>>,
    /// Default of `dependencies.*.hold`.
    pub(super) hold: Option<Spanned<Span>>,
    /// Default of `dependencies.*.enforce`.
    pub(super) enforce: Option<Spanned<bool>>,
}

/// An anchor: only its dependents, or everything about it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(untagged)]
pub(super) enum AnchorEntry {
    /// Names of the services that follow the anchor.
    List(Vec<Spanned<String>>),
    Map(Box<AnchorFields>),
}

/// An anchor and the services that follow it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AnchorFields {
    /// Stack of the anchor and of its dependents: their services are called `<stack>_<name>`.
    pub(super) stack: Option<Spanned<String>>,
    /// Full name of the anchor's service, where it isn't `<stack>_<name>` or the plain name.
    pub(super) service: Option<Spanned<String>>,
    /// Services that follow the anchor.
    pub(super) services: Option<Vec<Spanned<String>>>,
    /// The node label that marks the anchor's nodes: `key`, `key=value` or a map; default `<anchor>=true`.
    pub(super) label: Option<LabelEntry>,
    /// Restart dependents once when the anchor's task was replaced; default false.
    pub(super) restart_dependents: Option<Spanned<bool>>,
    /// Wait this long before each force update of a misplaced dependent, the last one again and again; default
    /// `[2, 10, 60, 300, 900]`.
    pub(super) retry_intervals: Option<Spanned<Intervals>>,
    /// Give up on a misplaced dependent after this long; default `10m`.
    pub(super) max_mismatch: Option<Spanned<Span>>,
    /// Drop the label when the anchor has run nowhere for this long; `none`, the default, keeps it.
    pub(super) hold: Option<Spanned<Span>>,
    /// Add a missing placement constraint to dependents instead of reporting it; default false.
    pub(super) enforce: Option<Spanned<bool>>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(untagged)]
pub(super) enum LabelEntry {
    Text(Spanned<String>),
    Map(LabelFields),
}

/// A node label.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LabelFields {
    /// Label key; default is the anchor's name.
    pub(super) key: Option<Spanned<String>>,
    /// Label value; default `true`.
    pub(super) value: Option<Spanned<Text>>,
}

/// A scalar that is kept as it was written.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Text(pub(super) String);

impl JsonSchema for Text {
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"title": "text", "type": ["string", "number", "boolean"]})
    }
}

/// A duration as it was written.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Span(pub(super) String);

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "title": "a duration (10m, 1h30m, 7d) or a number of seconds",
            "type": ["string", "number"],
            "minimum": 0,
        })
    }
}

/// A percentage.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(transparent)]
pub(super) struct Share(pub(super) f64);

impl JsonSchema for Share {
    fn schema_name() -> Cow<'static, str> {
        "Percent".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "number", "minimum": 0, "maximum": 100})
    }
}

/// The ladder of `retry_intervals`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(super) struct Intervals(#[schemars(length(min = 1))] pub(super) Vec<Spanned<Span>>);

impl<T: JsonSchema> JsonSchema for Spanned<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// A map that keeps the order of the file and the places of its keys.
#[derive(Debug, Clone)]
pub(super) struct Entries<T>(pub(super) Vec<(Spanned<String>, T)>);

// Derived, it would want `T: Default`.
impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: JsonSchema> JsonSchema for Entries<T> {
    fn schema_name() -> Cow<'static, str> {
        BTreeMap::<String, T>::schema_name()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        BTreeMap::<String, T>::json_schema(generator)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor(PhantomData))
    }
}

struct EntriesVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for EntriesVisitor<T> {
    type Value = Entries<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Entries(entries))
    }
}
