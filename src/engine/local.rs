//! What one engine has on its own node, and the few things that are changed there: each by its id, never by a prune of
//! everything (but for the build cache, which nothing refers to).

use anyhow::{Context as _, Result};
use http::Method;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;

use super::path::{segment, with_query};
use super::{Engine, decode, message, refused, unwilling};
use crate::model::Pauses;
use crate::model::stock::{CacheRecord, Container, ContainerView, DiskUse, Image, Network, Volume};

/// Engines keep so many events in memory, and no more.
const EVENTS_KEPT: usize = 256;
/// The last API version whose `/system/df` lists every object.
const DF_API: (u32, u32) = (1, 51);

/// What an engine says of itself.
#[derive(Debug, Clone, Default)]
pub struct Identity {
    /// Engine id, unique.
    pub id: String,
    /// Hostname.
    pub name: String,
    /// Engine version.
    pub version: String,
    /// API version.
    pub api: String,
    /// Its clock.
    pub now: Timestamp,
    /// Where it keeps its data, on its own host.
    pub root: String,
    /// Its node id in a swarm; empty outside one.
    pub node: String,
    /// `active`, `inactive`, `pending`, `locked`, `error`.
    pub swarm: String,
    /// It is a manager.
    pub manager: bool,
    /// Of a manager: what orca was told to leave alone.
    pub pauses: Pauses,
}

/// What lies on a node.
#[derive(Debug, Clone, Default)]
pub struct Stock {
    /// The engine.
    pub engine: Identity,
    /// Sorted by name.
    pub containers: Vec<Container>,
    /// Sorted by name.
    pub images: Vec<Image>,
    /// Sorted by name.
    pub volumes: Vec<Volume>,
    /// In the engine's order.
    pub networks: Vec<Network>,
    /// In the engine's order.
    pub build_cache: Vec<CacheRecord>,
    /// Bytes of all image layers, shared ones once.
    pub layers_bytes: u64,
    /// Ids and names of images that came or got a name within the grace.
    pub arrived: Vec<String>,
    /// What happened before this is not known, though it lies within the grace.
    pub events_since: Option<Timestamp>,
}

/// How a removal ended when it didn't fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removed {
    /// It is gone, with so many bytes where the engine says so.
    Done(Option<u64>),
    /// It was gone already.
    Gone,
    /// The engine won't: somebody uses it.
    InUse(String),
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Event {
    #[serde(rename = "Type")]
    kind: String,
    action: String,
    actor: Actor,
    #[serde(rename = "time")]
    time: i64,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Actor {
    #[serde(rename = "ID")]
    id: String,
    attributes: std::collections::BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Pruned {
    space_reclaimed: u64,
}

impl Identity {
    /// Whether it speaks this version of the API, or a newer one.
    pub fn speaks(&self, api: (u32, u32)) -> bool {
        numbers(&self.api).is_some_and(|own| own >= api)
    }
}

impl Engine {
    /// Who this engine is: `/info`.
    pub async fn identity(&self) -> Result<Identity> {
        let (info, api) = self.info().await?;
        Ok(Identity {
            id: info.id,
            name: info.name,
            version: info.server_version,
            api,
            now: info.system_time.unwrap_or_else(Timestamp::now),
            root: info.docker_root_dir,
            node: info.swarm.node_id,
            swarm: info.swarm.local_node_state,
            manager: info.swarm.control_available,
            pauses: info.swarm.cluster.map(|swarm| Pauses::read(&swarm.spec.labels)).unwrap_or_default(),
        })
    }

    /// Everything on the node: `/info`, then `/system/df`, `/networks` and the events of the last `grace`, in parallel.
    pub async fn stock(&self, grace: Duration) -> Result<Stock> {
        let engine = self.identity().await?;
        let df = df_path(&engine.api);
        let (disk, networks, events) = tokio::join!(
            self.read::<DiskUse>(&df),
            self.read::<Vec<Network>>("/networks"),
            self.recent(&engine, grace)
        );
        let (mut disk, (arrived, events_since)) = (disk?, events?);
        Ok(Stock {
            containers: disk.containers(),
            images: disk.images(),
            volumes: disk.volumes(),
            networks: networks?,
            build_cache: std::mem::take(&mut disk.build_cache),
            layers_bytes: disk.layers_size,
            arrived,
            events_since,
            engine,
        })
    }

    /// Bytes of all image layers.
    pub async fn layers_bytes(&self, api: &str) -> Result<u64> {
        Ok(self.read::<DiskUse>(&df_path(api)).await?.layers_size)
    }

    /// Images that came within `grace`, and how far back the engine remembers where that is less.
    async fn recent(&self, engine: &Identity, grace: Duration) -> Result<(Vec<String>, Option<Timestamp>)> {
        if grace.is_zero() {
            return Ok((Vec::new(), None));
        }
        let since = SignedDuration::try_from(grace).ok().and_then(|grace| engine.now.checked_sub(grace).ok());
        let since = since.unwrap_or(Timestamp::UNIX_EPOCH).as_second().to_string();
        // A moment that has passed: else the engine would wait for it.
        let until = format!("{}.{:09}", engine.now.as_second(), engine.now.subsec_nanosecond());
        let path = with_query("/events", &[("since", &since), ("until", &until)]);
        let reply = self.wire.get(&path).await?;
        if !reply.is_success() {
            return Err(refused(&path, reply.status, &message(&reply)));
        }
        let events: Vec<Event> = serde_json::Deserializer::from_slice(&reply.body)
            .into_iter()
            .collect::<serde_json::Result<_>>()
            .context("the engine's events can't be read")?;
        let forgotten = (events.len() >= EVENTS_KEPT).then(|| events.iter().map(|event| event.time).min()).flatten();
        let came = |event: &Event| {
            event.kind == "image" && matches!(event.action.as_str(), "pull" | "load" | "import" | "tag" | "build")
        };
        let names = events.into_iter().filter(came).flat_map(|event| {
            let mut attributes = event.actor.attributes;
            [Some(event.actor.id), attributes.remove("name")]
        });
        let mut arrived: Vec<String> = names.flatten().collect();
        arrived.sort();
        arrived.dedup();
        Ok((arrived, forgotten.and_then(|second| Timestamp::from_second(second).ok())))
    }

    /// The containers that their healthcheck calls unhealthy.
    pub async fn unhealthy(&self) -> Result<Vec<Container>> {
        let path = with_query("/containers/json", &[("filters", r#"{"health":["unhealthy"]}"#)]);
        let views: Vec<ContainerView> = self.read(&path).await?;
        let mut containers: Vec<Container> = views.into_iter().map(ContainerView::container).collect();
        containers.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        Ok(containers)
    }

    /// The containers that run.
    pub async fn running(&self) -> Result<Vec<Container>> {
        let views: Vec<ContainerView> = self.read("/containers/json").await?;
        let mut containers: Vec<Container> = views.into_iter().map(ContainerView::container).collect();
        containers.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        Ok(containers)
    }

    /// Ids of all containers, stopped ones too.
    pub async fn container_ids(&self) -> Result<Vec<String>> {
        let views: Vec<ContainerView> = self.read(&with_query("/containers/json", &[("all", "true")])).await?;
        Ok(views.into_iter().map(|view| view.container().id).collect())
    }

    /// One container, as `docker inspect` shows it; `None` when there is none with this id.
    pub async fn container(&self, id: &str) -> Result<Option<Value>> {
        let path = format!("/containers/{}/json", segment(id));
        let reply = self.wire.get(&path).await?;
        if reply.status == 404 { Ok(None) } else { decode(&path, &reply).map(Some) }
    }

    /// Removes a stopped container, but not its volumes.
    pub async fn remove_container(&self, api: &str, id: &str) -> Result<Removed> {
        self.delete(&format!("/v{api}/containers/{}?v=false&force=false", segment(id))).await
    }

    /// Removes an image under each of its names, and at last itself; never by force.
    pub async fn remove_image(&self, api: &str, id: &str, names: &[String]) -> Result<Removed> {
        let mut removed = Removed::Gone;
        for name in names.iter().map(String::as_str).chain([id]) {
            match self.delete(&format!("/v{api}/images/{}?force=false&noprune=false", segment(name))).await? {
                // Nobody sees it any more; its layers go with the last image that was built on it.
                Removed::InUse(why) if name == id && removed != Removed::Gone && why.contains("dependent child") => {}
                Removed::InUse(why) => return Ok(Removed::InUse(why)),
                // With its last name the image itself has gone.
                Removed::Gone => {}
                done @ Removed::Done(_) => removed = done,
            }
        }
        Ok(removed)
    }

    /// Removes a volume.
    pub async fn remove_volume(&self, api: &str, name: &str) -> Result<Removed> {
        self.delete(&format!("/v{api}/volumes/{}?force=false", segment(name))).await
    }

    /// Removes a network.
    pub async fn remove_network(&self, api: &str, id: &str) -> Result<Removed> {
        self.delete(&format!("/v{api}/networks/{}", segment(id))).await
    }

    /// Removes the build cache that nothing has used for so long.
    pub async fn prune_build_cache(&self, api: &str, unused_for: Duration) -> Result<Removed> {
        let filters = format!(r#"{{"until":["{}s"]}}"#, unused_for.as_secs());
        let path = with_query(&format!("/v{api}/build/prune"), &[("all", "true"), ("filters", &filters)]);
        let reply = self.wire.request(Method::POST, &path, None).await?;
        Ok(Removed::Done(Some(decode::<Pruned>(&path, &reply)?.space_reclaimed)))
    }

    /// Restarts a container with its own stop timeout, or with this one, in seconds; false when it is gone.
    pub async fn restart_container(&self, api: &str, id: &str, stop_timeout: Option<u32>) -> Result<bool> {
        let timeout = stop_timeout.map(|seconds| format!("?t={seconds}")).unwrap_or_default();
        let path = format!("/v{api}/containers/{}/restart{timeout}", segment(id));
        let reply = self.wire.request(Method::POST, &path, None).await?;
        match reply.status {
            200..=299 => Ok(true),
            404 => Ok(false),
            status => Err(unwilling(status, &message(&reply))),
        }
    }

    async fn delete(&self, path: &str) -> Result<Removed> {
        let reply = self.wire.request(Method::DELETE, path, None).await?;
        match reply.status {
            200..=299 => Ok(Removed::Done(None)),
            404 => Ok(Removed::Gone),
            403 | 409 => Ok(Removed::InUse(message(&reply).trim().to_owned())),
            status => Err(unwilling(status, &message(&reply))),
        }
    }
}

fn numbers(api: &str) -> Option<(u32, u32)> {
    api.split_once('.').and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)))
}

fn df_path(api: &str) -> String {
    // Newer versions give sums instead of lists.
    if numbers(api).is_some_and(|numbers| numbers > DF_API) {
        format!("/v{}.{}/system/df", DF_API.0, DF_API.1)
    } else {
        "/system/df".to_owned()
    }
}
