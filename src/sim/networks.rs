//! Networks, as far as stacks and `service create --network` need them.

use serde_json::{Value, json};

use super::api::{Reply, Request};
use super::cluster::Cluster;
use super::json;
use super::query::Filters;
use super::refusal::Refusal;

impl Cluster {
    /// Everything under `/networks`.
    pub(super) fn route_networks(&mut self, request: &Request, segments: &[&str]) -> Result<Reply, Refusal> {
        match (request.method.as_str(), segments) {
            ("GET", ["networks"]) => {
                let filters = request.query.filters(&["id", "name", "label", "driver", "scope", "type", "dangling"])?;
                let fits = |network: &Value| fits(network, &filters);
                let listed: Vec<Value> = self.all_networks().into_iter().filter(fits).collect();
                Ok(Reply::json(200, json!(listed).to_string()))
            }
            ("GET", ["networks", key]) => Ok(Reply::json(200, self.find_network(key)?.to_string())),
            ("POST", ["networks", "create"]) => self.create_network(&request.body),
            ("DELETE", ["networks", key]) => {
                let network = self.find_network(key)?;
                if self.has_members(&network) {
                    return Err(Refusal::new(403, format!("error while removing network: {key} has active endpoints")));
                }
                let id = json::text(&network, "/Id").to_owned();
                if self.networks.remove(&id).is_none() {
                    return Err(Refusal::new(403, format!("{key} is a pre-defined network and cannot be removed")));
                }
                Ok(Reply { status: 204, headers: Vec::new(), body: super::api::Body::Empty })
            }
            _ => Err(Refusal::new(404, "page not found")),
        }
    }

    fn create_network(&mut self, body: &[u8]) -> Result<Reply, Refusal> {
        let mut raw: Value =
            serde_json::from_slice(body).map_err(|error| Refusal::new(400, format!("invalid JSON: {error}")))?;
        let name = json::text(&raw, "/Name").to_owned();
        if self.all_networks().iter().any(|network| json::text(network, "/Name") == name) {
            return Err(Refusal::new(409, format!("network with name {name} already exists")));
        }
        let id = self.new_id();
        json::set(&mut raw, &["Id"], id.as_str());
        json::set(&mut raw, &["Created"], self.stamp().to_string());
        json::set(&mut raw, &["Scope"], "swarm");
        if json::text(&raw, "/Driver").is_empty() {
            json::set(&mut raw, &["Driver"], "overlay");
        }
        self.networks.insert(id.clone(), raw);
        Ok(Reply::json(201, json!({"Id": id, "Warning": ""}).to_string()))
    }

    fn find_network(&self, key: &str) -> Result<Value, Refusal> {
        let is = |network: &Value| json::text(network, "/Id") == key || json::text(network, "/Name") == key;
        let found = self.all_networks().into_iter().find(is);
        found.ok_or_else(|| Refusal::new(404, format!("network {key} not found")))
    }

    /// A spec with the ids of networks in place of their names, as engines keep it.
    pub(super) fn with_network_ids(&self, mut spec: Value) -> Value {
        let networks = spec.pointer_mut("/TaskTemplate/Networks").and_then(Value::as_array_mut);
        for network in networks.into_iter().flatten() {
            if let Ok(found) = self.find_network(json::text(network, "/Target")) {
                json::set(network, &["Target"], found["Id"].clone());
            }
        }
        spec
    }

    /// The user's networks and the ones that every swarm node has.
    fn all_networks(&self) -> Vec<Value> {
        let built_in = [("ingress", "overlay", "swarm"), ("bridge", "bridge", "local"), ("host", "host", "local")];
        let built_in = built_in.iter().map(|(name, driver, scope)| {
            json!({
                "Name": name, "Id": format!("simulated{name}"), "Created": "2026-01-01T00:00:00Z", "Scope": scope,
                "Driver": driver, "EnableIPv6": false, "IPAM": {"Driver": "default", "Options": null, "Config": []},
                "Internal": false, "Attachable": false, "Ingress": *name == "ingress", "ConfigOnly": false,
                "Containers": {}, "Options": {}, "Labels": {},
            })
        });
        built_in.chain(self.networks.values().cloned()).collect()
    }
}

fn fits(network: &Value, filters: &Filters) -> bool {
    filters.prefix("name", json::text(network, "/Name"))
        && filters.prefix("id", json::text(network, "/Id"))
        && filters.exact("driver", json::text(network, "/Driver"))
        && filters.exact("scope", json::text(network, "/Scope"))
        && filters.labels("label", &json::labels(network, "/Labels"))
}
