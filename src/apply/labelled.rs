//! Objects of the swarm in whose labels orca keeps something: the swarm itself, and config objects of orca's own.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::model::or_default;

/// Such an object, as it was read.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Labelled {
    #[serde(rename = "ID")]
    pub(super) id: String,
    version: Version,
    #[serde(default)]
    spec: Spec,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Version {
    index: u64,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Spec {
    #[serde(deserialize_with = "or_default")]
    labels: BTreeMap<String, String>,
}

impl Labelled {
    pub(super) fn read(raw: &RawValue) -> serde_json::Result<Self> {
        serde_json::from_str(raw.get())
    }

    /// For compare-and-set.
    pub(super) fn version(&self) -> u64 {
        self.version.index
    }

    pub(super) fn label(&self, key: &str) -> Option<&str> {
        self.spec.labels.get(key).map(String::as_str)
    }
}

/// The spec of a config object that is there for its labels alone. Data must not be empty: `orca`, as base64.
pub(super) fn config_spec(name: &str, labels: &Value) -> Value {
    json!({ "Name": name, "Data": "b3JjYQ==", "Labels": labels })
}
