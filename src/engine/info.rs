//! What an engine says of itself: `GET /info`.

use std::collections::BTreeMap;

use anyhow::Result;
use jiff::Timestamp;
use serde::Deserialize;

use super::{Engine, decode, header};
use crate::model::or_default;

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Info {
    #[serde(rename = "ID")]
    pub(super) id: String,
    pub(super) name: String,
    pub(super) server_version: String,
    pub(super) system_time: Option<Timestamp>,
    pub(super) docker_root_dir: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) swarm: Swarm,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Swarm {
    #[serde(rename = "NodeID")]
    pub(super) node_id: String,
    pub(super) local_node_state: String,
    pub(super) control_available: bool,
    pub(super) error: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) remote_managers: Vec<Peer>,
    pub(super) cluster: Option<Cluster>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Peer {
    #[serde(rename = "NodeID")]
    pub(super) node_id: String,
    pub(super) addr: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Cluster {
    #[serde(rename = "ID")]
    pub(super) id: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) default_addr_pool: Vec<String>,
    pub(super) subnet_size: u32,
    pub(super) data_path_port: u32,
    #[serde(deserialize_with = "or_default")]
    pub(super) spec: Spec,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Spec {
    #[serde(deserialize_with = "or_default")]
    pub(super) labels: BTreeMap<String, String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) encryption_config: Encryption,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Encryption {
    pub(super) auto_lock_managers: bool,
}

impl Engine {
    /// What it says, and the API version that it speaks.
    pub(super) async fn info(&self) -> Result<(Info, String)> {
        let reply = self.wire.get("/info").await?;
        Ok((decode("/info", &reply)?, header(&reply, "api-version")))
    }
}
