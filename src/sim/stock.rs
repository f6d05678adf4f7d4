//! What lies on the engine's own node besides its tasks: containers, images, volumes, build cache, and their removal.
//!
//! Objects are whatever `POST /_sim/stock` brought, as `/system/df` lists them; a container's `Inspect` is what
//! `GET /containers/ID/json` says of it. Refusals are the engine's own: what is in use stays.

use serde::Deserialize;
use serde_json::{Value, json};

use super::api::{Body, Reply, Request};
use super::cluster::Cluster;
use super::json::{self, list, number, text};
use super::refusal::Refusal;

/// Raw objects, in the engine's order.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Stock {
    pub containers: Vec<Value>,
    pub images: Vec<Value>,
    pub volumes: Vec<Value>,
    pub networks: Vec<Value>,
    pub build_cache: Vec<Value>,
    /// What `GET /events` with an end answers.
    pub events: Vec<Value>,
}

impl Cluster {
    /// Puts objects on the node, besides those there.
    pub(super) fn add_stock(&mut self, more: Stock) {
        self.stock.containers.extend(more.containers);
        self.stock.images.extend(more.images);
        self.stock.volumes.extend(more.volumes);
        self.stock.build_cache.extend(more.build_cache);
        self.stock.events.extend(more.events);
        for network in more.networks {
            self.networks.insert(text(&network, "/Id").to_owned(), network);
        }
    }

    /// Everything about the node's own objects, but for networks.
    pub(super) fn route_stock(&mut self, request: &Request, segments: &[&str]) -> Result<Reply, Refusal> {
        match (request.method.as_str(), segments) {
            ("GET", ["system", "df"]) => Ok(Reply::json(200, self.disk_use().to_string())),
            ("GET", ["containers", "json"]) => Ok(Reply::json(200, json!(self.containers(request)?).to_string())),
            ("GET", ["images", "json"]) => Ok(Reply::json(200, json!(self.stock.images).to_string())),
            ("GET", ["volumes"]) => {
                Ok(Reply::json(200, json!({"Volumes": self.stock.volumes, "Warnings": null}).to_string()))
            }
            ("GET", ["containers", key, "json"]) => {
                let at = self.container(key)?;
                Ok(Reply::json(200, self.stock.containers[at].get("Inspect").unwrap_or(&Value::Null).to_string()))
            }
            ("POST", ["containers", key, "restart"]) => self.restart(key),
            ("DELETE", ["containers", key]) => {
                let at = self.container(key)?;
                if text(&self.stock.containers[at], "/State") == "running" {
                    return Err(Refusal::new(409, format!("cannot remove container {key}: container is running")));
                }
                self.stock.containers.remove(at);
                Ok(empty())
            }
            ("DELETE", ["images", name @ ..]) => self.remove_image(&name.join("/")),
            ("DELETE", ["volumes", name]) => self.remove_volume(name),
            ("POST", ["build", "prune"]) => Ok(self.prune()),
            _ => Err(Refusal::new(404, "page not found")),
        }
    }

    fn disk_use(&self) -> Value {
        let stock = &self.stock;
        // Shared layers are not modelled: every image is its own.
        let layers: u64 = stock.images.iter().map(|image| number(image, "/Size")).sum();
        json!({"LayersSize": layers, "Images": stock.images, "Containers": stock.containers,
            "Volumes": stock.volumes, "BuildCache": stock.build_cache})
    }

    fn containers(&self, request: &Request) -> Result<Vec<&Value>, Refusal> {
        let filters = request.query.filters(&["health", "label", "id", "name", "status"])?;
        let health = |container: &Value| {
            let found = text(container, "/Inspect/State/Health/Status");
            filters.exact("health", if found.is_empty() { "none" } else { found })
        };
        let all = request.query.flag("all");
        let shown = |container: &&Value| (all || text(container, "/State") == "running") && health(container);
        Ok(self.stock.containers.iter().filter(shown).collect())
    }

    fn container(&self, key: &str) -> Result<usize, Refusal> {
        let is = |container: &Value| {
            text(container, "/Id") == key
                || list(container, "/Names").iter().any(|name| *name == json!(format!("/{key}")))
        };
        let found = self.stock.containers.iter().position(is);
        found.ok_or_else(|| Refusal::new(404, format!("No such container: {key}")))
    }

    /// A restart makes it healthy, unless the test said `Incurable`.
    fn restart(&mut self, key: &str) -> Result<Reply, Refusal> {
        let at = self.container(key)?;
        let started = self.stamp().to_string();
        let container = &mut self.stock.containers[at];
        json::set(container, &["Inspect", "State", "StartedAt"], started);
        if container.get("Incurable").is_none() {
            json::set(container, &["Inspect", "State", "Health", "Status"], "healthy");
        }
        Ok(empty())
    }

    fn remove_image(&mut self, name: &str) -> Result<Reply, Refusal> {
        let named = |image: &Value, key: &str| list(image, key).iter().any(|own| *own == json!(name));
        let is =
            |image: &Value| text(image, "/Id") == name || named(image, "/RepoTags") || named(image, "/RepoDigests");
        let at = self.stock.images.iter().position(is);
        let at = at.ok_or_else(|| Refusal::new(404, format!("No such image: {name}")))?;
        let image = &mut self.stock.images[at];
        let id = text(image, "/Id").to_owned();
        let others = list(image, "/RepoTags").len() + list(image, "/RepoDigests").len();
        let by_id = name == id;
        if by_id && others > 1 {
            let text = format!(
                "conflict: unable to delete {id} (must be forced) - image is referenced in multiple repositories"
            );
            return Err(Refusal::new(409, text));
        }
        let used = self.stock.containers.iter().any(|container| text(container, "/ImageID") == id);
        if others <= 1 && used {
            return Err(Refusal::new(
                409,
                format!("conflict: unable to delete {id}: image is being used by a container"),
            ));
        }
        if others > 1 {
            for key in ["RepoTags", "RepoDigests"] {
                if let Some(names) = image.get_mut(key).and_then(Value::as_array_mut) {
                    names.retain(|own| *own != json!(name));
                }
            }
            return Ok(Reply::json(200, json!([{"Untagged": name}]).to_string()));
        }
        self.stock.images.remove(at);
        Ok(Reply::json(200, json!([{"Deleted": id}]).to_string()))
    }

    fn remove_volume(&mut self, name: &str) -> Result<Reply, Refusal> {
        let at = self.stock.volumes.iter().position(|volume| text(volume, "/Name") == name);
        let at = at.ok_or_else(|| Refusal::new(404, format!("get {name}: no such volume")))?;
        let has = |container: &Value| list(container, "/Mounts").iter().any(|mount| text(mount, "/Name") == name);
        if self.stock.containers.iter().any(has) {
            return Err(Refusal::new(409, format!("remove {name}: volume is in use")));
        }
        self.stock.volumes.remove(at);
        Ok(empty())
    }

    /// Age is not modelled: what no build uses goes.
    fn prune(&mut self) -> Reply {
        let in_use = |record: &Value| record.get("InUse").and_then(Value::as_bool).unwrap_or_default();
        let (kept, gone): (Vec<_>, Vec<_>) = std::mem::take(&mut self.stock.build_cache).into_iter().partition(in_use);
        self.stock.build_cache = kept;
        let freed: u64 = gone.iter().map(|record| number(record, "/Size")).sum();
        Reply::json(200, json!({"CachesDeleted": gone.len(), "SpaceReclaimed": freed}).to_string())
    }

    /// Whether a container on the node is in this network.
    pub(super) fn has_members(&self, network: &Value) -> bool {
        let (id, name) = (text(network, "/Id"), text(network, "/Name"));
        let member = |container: &Value| {
            let networks = container.pointer("/NetworkSettings/Networks").and_then(Value::as_object);
            networks.into_iter().flatten().any(|(own, endpoint)| own == name || text(endpoint, "/NetworkID") == id)
        };
        self.stock.containers.iter().any(|container| text(container, "/State") == "running" && member(container))
    }

    /// The events that a test brought, one a line.
    pub(super) fn past_events(&self) -> Reply {
        Reply::json(200, self.stock.events.iter().map(|event| format!("{event}\n")).collect())
    }
}

fn empty() -> Reply {
    Reply { status: 204, headers: Vec::new(), body: Body::Empty }
}
