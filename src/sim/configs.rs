//! Configs and secrets: named data that the managers keep. Only their labels can be changed, and what a secret holds is
//! told to nobody.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::api::{Body, Reply, Request};
use super::cluster::Cluster;
use super::json;
use super::refusal::Refusal;

impl Cluster {
    /// Everything under `/configs` and `/secrets`.
    pub(super) fn route_configs(&mut self, request: &Request, segments: &[&str]) -> Result<Reply, Refusal> {
        let empty = |status| Reply { status, headers: Vec::new(), body: Body::Empty };
        let kind = if segments.first() == Some(&"secrets") { "secret" } else { "config" };
        let told = |raw: &Value| {
            let mut raw = raw.clone();
            if let Some(spec) = raw["Spec"].as_object_mut().filter(|_| kind == "secret") {
                spec.remove("Data");
            }
            raw
        };
        match (request.method.as_str(), segments) {
            ("GET", [_]) => {
                let filters = request.query.filters(&["id", "name", "label"])?;
                let fits = |raw: &&Value| filters.labels("label", &json::labels(raw, "/Spec/Labels"));
                let listed: Vec<Value> = self.data_of(kind).values().filter(fits).map(told).collect();
                Ok(Reply::json(200, json!(listed).to_string()))
            }
            ("GET", [_, key]) => Ok(Reply::json(200, told(self.find_data(kind, key)?).to_string())),
            ("POST", [_, "create"]) => self.create_data(kind, &request.json()?),
            ("POST", [_, key, "update"]) => {
                self.update_data(kind, key, request.object_version(kind)?, &request.json()?)?;
                Ok(empty(200))
            }
            ("DELETE", [_, key]) => {
                let raw = self.find_data(kind, key)?;
                let (id, name) = (json::text(raw, "/ID").to_owned(), json::text(raw, "/Spec/Name").to_owned());
                if let Some(service) =
                    self.services.values().find(|service| service.text.contains(&format!("\"{id}\"")))
                {
                    let text = format!("{kind} '{name}' is in use by the following service: {}", service.name);
                    return Err(Refusal::rpc("InvalidArgument", text));
                }
                self.data_of_mut(kind).remove(&id);
                Ok(empty(204))
            }
            _ => Err(Refusal::new(404, "page not found")),
        }
    }

    fn data_of(&self, kind: &str) -> &BTreeMap<String, Value> {
        if kind == "secret" { &self.secrets } else { &self.configs }
    }

    fn data_of_mut(&mut self, kind: &str) -> &mut BTreeMap<String, Value> {
        if kind == "secret" { &mut self.secrets } else { &mut self.configs }
    }

    fn create_data(&mut self, kind: &str, spec: &Value) -> Result<Reply, Refusal> {
        let name = json::text(spec, "/Name").to_owned();
        if name.is_empty() || json::text(spec, "/Data").is_empty() {
            return Err(Refusal::rpc("InvalidArgument", format!("{kind} must have a name and data")));
        }
        if self.find_data(kind, &name).is_ok() {
            return Err(Refusal::rpc("AlreadyExists", format!("{kind} {name} already exists")));
        }
        let (id, stamp) = (self.new_id(), self.stamp().to_string());
        let mut raw = json!({"ID": id, "Version": {"Index": 0}, "CreatedAt": stamp, "UpdatedAt": stamp, "Spec": spec});
        self.bump(&mut raw);
        self.data_of_mut(kind).insert(id.clone(), raw);
        Ok(Reply::json(201, json!({"ID": id}).to_string()))
    }

    fn update_data(&mut self, kind: &str, key: &str, version: u64, spec: &Value) -> Result<(), Refusal> {
        let mut raw = self.find_data(kind, key)?.clone();
        let fixed = |of: &Value| (json::text(of, "/Name").to_owned(), json::text(of, "/Data").to_owned());
        // The content is looked at before the version: as swarmkit does.
        if fixed(&raw["Spec"]) != fixed(spec) {
            return Err(Refusal::rpc("InvalidArgument", "only updates to Labels are allowed"));
        }
        if json::number(&raw, "/Version/Index") != version {
            return Err(Refusal::out_of_sequence());
        }
        json::set(&mut raw, &["Spec", "Labels"], spec["Labels"].clone());
        self.bump(&mut raw);
        self.data_of_mut(kind).insert(json::text(&raw, "/ID").to_owned(), raw);
        Ok(())
    }

    fn find_data(&self, kind: &str, key: &str) -> Result<&Value, Refusal> {
        let is = |config: &&Value| json::text(config, "/ID") == key || json::text(config, "/Spec/Name") == key;
        self.data_of(kind).values().find(is).ok_or_else(|| Refusal::not_found(kind, key))
    }
}
