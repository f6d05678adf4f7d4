//! Networks of the swarm, as definitions of services name them.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::Value;

use super::path::{segment, with_query};
use super::{Engine, decode};

impl Engine {
    /// Reads a network of the swarm; `None` when there is none with this id or name.
    ///
    /// # Errors
    /// If the engine can't say.
    pub async fn swarm_network(&self, name: &str) -> Result<Option<Value>> {
        let path = with_query(&format!("/networks/{}", segment(name)), &[("scope", "swarm")]);
        let reply = self.wire.get(&path).await?;
        if reply.status == 404 { Ok(None) } else { decode(&path, &reply).map(Some) }
    }

    /// Networks, secrets or configs with this label.
    ///
    /// # Errors
    /// If they can't be read.
    pub async fn labelled(&self, collection: &str, label: &str, value: &str) -> Result<Vec<Value>> {
        let filters = serde_json::json!({"label": [format!("{label}={value}")]}).to_string();
        self.read(&with_query(&format!("/{collection}"), &[("filters", &filters)])).await
    }

    /// The names of all networks, by id.
    ///
    /// # Errors
    /// If they can't be read.
    pub async fn network_names(&self) -> Result<BTreeMap<String, String>> {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Network {
            id: String,
            name: String,
        }
        let networks: Vec<Network> = self.read("/networks").await?;
        Ok(networks.into_iter().map(|network| (network.id, network.name)).collect())
    }
}
