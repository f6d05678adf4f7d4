//! What makes and changes the membership of a swarm: one engine's standing in it, init, join, removal.
//!
//! Join tokens and unlock keys are held here only; they show in no message, no log and no `Debug`.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::Result;
use http::Method;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::info::{Cluster, Info};
use super::path::segment;
use super::{Engine, Written, message, unwilling};
use crate::error::{Error, ErrorKind};
use crate::model::Pauses;

/// What an engine says of its own place in a swarm (`GET /info`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Engine id.
    pub engine: String,
    /// Hostname.
    pub name: String,
    /// Engine version.
    pub version: String,
    /// API version.
    pub api: String,
    /// Its clock.
    pub now: Timestamp,
    /// `inactive`, `pending`, `active`, `locked`, `error`, or empty from an engine that doesn't tell.
    pub state: String,
    /// What is wrong with the swarm, in the engine's words.
    pub error: String,
    /// Node id; empty outside a swarm.
    pub node: String,
    /// It is a manager that can be asked.
    pub manager: bool,
    /// The managers that it knows: address by node id.
    pub managers: BTreeMap<String, String>,
    /// Of a manager: the swarm.
    pub swarm: Option<Constitution>,
}

/// What was laid down when a swarm was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Constitution {
    /// Cluster id.
    pub id: String,
    /// Where overlay networks get their subnets from.
    pub address_pool: Vec<String>,
    /// The size of each, as the prefix length.
    pub subnet_size: u32,
    /// UDP port of overlay traffic.
    pub data_path_port: u32,
    /// Whether a manager that restarts needs the unlock key.
    pub autolock: bool,
    /// What orca was told to leave alone.
    pub pauses: Pauses,
}

/// How a swarm is to be made. Zero and empty: as the engine likes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Init {
    /// What the other nodes are told to reach this one by.
    pub advertise: String,
    /// See [`Constitution`].
    pub address_pool: Vec<String>,
    /// See [`Constitution`].
    pub subnet_size: u32,
    /// See [`Constitution`].
    pub data_path_port: u32,
    /// See [`Constitution`].
    pub autolock: bool,
    /// `active`, `pause` or `drain`.
    pub availability: String,
}

/// How an engine is to join a swarm.
#[derive(Debug)]
pub struct Join<'a> {
    /// Addresses of managers.
    pub managers: &'a [String],
    /// What the other nodes are told to reach this one by; empty: as the engine finds it.
    pub advertise: &'a str,
    /// `active`, `pause` or `drain`; empty for active.
    pub availability: &'a str,
    /// Of the role that it is to have.
    pub token: &'a Secret,
}

/// A word that nobody is to see.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub(crate) fn new(word: impl Into<String>) -> Self {
        Self(word.into())
    }

    /// The word itself, to be sent or to be written into a file that only its owner can read.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// A text without it.
    pub(crate) fn scrub(&self, text: &str) -> String {
        if self.0.is_empty() { text.to_owned() } else { text.replace(&self.0, "(token)") }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// What lets an engine join.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// As a manager.
    pub manager: Secret,
    /// As a worker.
    pub worker: Secret,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Inspected {
    join_tokens: JoinTokens,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct JoinTokens {
    worker: String,
    manager: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Unlock {
    unlock_key: String,
}

impl Engine {
    /// Where this engine stands.
    pub async fn standing(&self) -> Result<Standing> {
        let (Info { id, name, server_version, system_time, swarm, .. }, api) = self.info().await?;
        let constitution = |cluster: Cluster| Constitution {
            id: cluster.id,
            address_pool: cluster.default_addr_pool,
            subnet_size: cluster.subnet_size,
            data_path_port: cluster.data_path_port,
            autolock: cluster.spec.encryption_config.auto_lock_managers,
            pauses: Pauses::read(&cluster.spec.labels),
        };
        Ok(Standing {
            engine: id,
            name,
            version: server_version,
            api,
            now: system_time.unwrap_or_else(Timestamp::now),
            state: swarm.local_node_state,
            error: swarm.error,
            node: swarm.node_id,
            manager: swarm.control_available,
            managers: swarm.remote_managers.into_iter().map(|peer| (peer.node_id, peer.addr)).collect(),
            swarm: swarm.cluster.map(constitution).filter(|swarm| !swarm.id.is_empty()),
        })
    }

    /// Makes a swarm of this engine.
    ///
    /// # Errors
    /// If the engine refuses, is in a swarm already, or is lost; then it may have been made all the same.
    pub async fn init_swarm(&self, api: &str, init: &Init) -> Result<()> {
        let body = json!({
            "ListenAddr": "0.0.0.0:2377",
            "AdvertiseAddr": init.advertise,
            "DataPathPort": init.data_path_port,
            "DefaultAddrPool": init.address_pool,
            "SubnetSize": init.subnet_size,
            "ForceNewCluster": false,
            "AutoLockManagers": init.autolock,
            "Availability": init.availability,
            "Spec": {"EncryptionConfig": {"AutoLockManagers": init.autolock}},
        });
        self.membership(&format!("/v{api}/swarm/init"), &body).await
    }

    /// Lets this engine join a swarm. An engine that can't join in time goes on trying by itself.
    ///
    /// # Errors
    /// As of [`Engine::init_swarm`].
    pub async fn join_swarm(&self, api: &str, join: &Join<'_>) -> Result<()> {
        let body = json!({
            "ListenAddr": "0.0.0.0:2377",
            "AdvertiseAddr": join.advertise,
            "RemoteAddrs": join.managers,
            "JoinToken": join.token.expose(),
            "Availability": join.availability,
        });
        let joined = self.membership(&format!("/v{api}/swarm/join"), &body).await;
        // Engines don't repeat what they were sent; should one ever do so, it ends here.
        joined.map_err(|error| match format!("{error:#}") {
            text if text.contains(join.token.expose()) => {
                Error::new(crate::error::kind_of(&error), join.token.scrub(&text)).into()
            }
            _ => error,
        })
    }

    async fn membership(&self, path: &str, body: &Value) -> Result<()> {
        let reply = self.wire.request(Method::POST, path, Some(serde_json::to_vec(body)?)).await?;
        if reply.is_success() {
            return Ok(());
        }
        // One engine that can't be had in the swarm is no lost engine.
        Err(unwilling(reply.status, &message(&reply)))
    }

    /// The swarm's own object, from a manager. It has the join tokens in it: only its spec may go anywhere.
    pub async fn swarm(&self) -> Result<Box<RawValue>> {
        self.read("/swarm").await
    }

    /// Writes the swarm's own spec, if it still has this version.
    ///
    /// # Errors
    /// As of [`Engine::update`].
    pub async fn update_swarm(&self, api: &str, version: u64, spec: &Value) -> Result<Written> {
        self.write(&format!("/v{api}/swarm/update?version={version}"), spec).await
    }

    /// All nodes and services, as a manager has them.
    pub async fn members(&self) -> Result<(Vec<Box<RawValue>>, Vec<Box<RawValue>>)> {
        tokio::try_join!(self.read("/nodes"), self.read("/services"))
    }

    /// The join tokens, from a manager.
    pub async fn join_tokens(&self) -> Result<Tokens> {
        let JoinTokens { worker, manager } = self.read::<Inspected>("/swarm").await?.join_tokens;
        if worker.is_empty() || manager.is_empty() {
            return Err(Error::new(ErrorKind::Failed, "the manager's engine names no join tokens").into());
        }
        Ok(Tokens { manager: Secret(manager), worker: Secret(worker) })
    }

    /// The key that a restarted manager of an autolocked swarm needs, from a manager.
    pub async fn unlock_key(&self) -> Result<Secret> {
        let Unlock { unlock_key } = self.read("/swarm/unlockkey").await?;
        if unlock_key.is_empty() {
            return Err(Error::new(ErrorKind::Failed, "the manager's engine names no unlock key").into());
        }
        Ok(Secret(unlock_key))
    }

    /// Removes a node from the swarm, by way of a manager; false when it was gone already. Never by force: a node that is
    /// up stays.
    pub async fn remove_node(&self, api: &str, id: &str) -> Result<bool> {
        let reply =
            self.wire.request(Method::DELETE, &format!("/v{api}/nodes/{}?force=false", segment(id)), None).await?;
        match reply.status {
            200..=299 => Ok(true),
            404 => Ok(false),
            status => Err(unwilling(status, &message(&reply))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_nowhere() {
        let token = Secret("SWMTKN-1-abc-def".to_owned());
        let tokens = Tokens { manager: token.clone(), worker: token.clone() };
        let join = Join { managers: &[], advertise: "", availability: "", token: &token };
        assert!(!format!("{tokens:?} {join:?}").contains("SWMTKN"));
        assert_eq!(token.scrub("bad token SWMTKN-1-abc-def!"), "bad token (token)!");
    }
}
