//! What files are checked against: JSON Schemas, made of the types in here.
//!
//! They are committed in `schema/` and built into the program as text. Making them anew for each file takes longer than
//! all else that is done with it, and code that only makes them would be a twentieth of the program.

use std::sync::LazyLock;

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::Value;

use super::exporter_file::OlderExporter;
use super::fragment::File;
use super::mods::ModEntry;
use super::rebalance_file::OlderRebalance;

/// Of `orca.yml`, as committed.
pub const CONFIG: &str = include_str!("../../schema/config.json");
/// Of the list in `$MOD_MANAGER_CONFIG`, as committed.
pub const MODS: &str = include_str!("../../schema/mods.json");
/// Of a service's definition, as committed.
pub const DEFINITION: &str = include_str!("../../schema/definition.json");
/// Of a stack's compose file, as committed.
pub const COMPOSE: &str = include_str!("../../schema/compose.json");
const OLDER_EXPORTER: &str = include_str!("../../schema/orcastra-exporter.json");
const OLDER_REBALANCE: &str = include_str!("../../schema/orcastra-rebalance.json");

pub(super) static CONFIG_TREE: LazyLock<Value> = LazyLock::new(|| tree(CONFIG));
pub(super) static MODS_TREE: LazyLock<Value> = LazyLock::new(|| tree(MODS));
pub(super) static DEFINITION_TREE: LazyLock<Value> = LazyLock::new(|| tree(DEFINITION));
pub(super) static COMPOSE_TREE: LazyLock<Value> = LazyLock::new(|| tree(COMPOSE));
pub(super) static OLDER_EXPORTER_TREE: LazyLock<Value> = LazyLock::new(|| tree(OLDER_EXPORTER));
pub(super) static OLDER_REBALANCE_TREE: LazyLock<Value> = LazyLock::new(|| tree(OLDER_REBALANCE));

/// A test compares what is committed with what is made; what is no JSON would fail there.
fn tree(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// The schemas of settings as the types have them now, by the names they are committed under.
pub fn made() -> [(&'static str, Value); 4] {
    [
        ("config.json", of::<File>()),
        ("mods.json", of::<Vec<ModEntry>>()),
        ("orcastra-exporter.json", of::<OlderExporter>()),
        ("orcastra-rebalance.json", of::<OlderRebalance>()),
    ]
}

/// The schema of a type that files are read as.
pub fn of<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value()
}
