//! Config objects: named data that the managers keep. Only their labels can be changed.

use serde_json::{Value, json};

use super::api::{Body, Reply, Request};
use super::cluster::Cluster;
use super::json;
use super::refusal::Refusal;

impl Cluster {
    /// Everything under `/configs`.
    pub(super) fn route_configs(&mut self, request: &Request, segments: &[&str]) -> Result<Reply, Refusal> {
        let empty = |status| Reply { status, headers: Vec::new(), body: Body::Empty };
        match (request.method.as_str(), segments) {
            ("GET", ["configs"]) => {
                let listed: Vec<&Value> = self.configs.values().collect();
                Ok(Reply::json(200, json!(listed).to_string()))
            }
            ("GET", ["configs", key]) => Ok(Reply::json(200, self.find_config(key)?.to_string())),
            ("POST", ["configs", "create"]) => self.create_config(&request.json()?),
            ("POST", ["configs", key, "update"]) => {
                self.update_config(key, request.object_version("config")?, &request.json()?)?;
                Ok(empty(200))
            }
            ("DELETE", ["configs", key]) => {
                let id = json::text(self.find_config(key)?, "/ID").to_owned();
                self.configs.remove(&id);
                Ok(empty(204))
            }
            _ => Err(Refusal::new(404, "page not found")),
        }
    }

    fn create_config(&mut self, spec: &Value) -> Result<Reply, Refusal> {
        let name = json::text(spec, "/Name").to_owned();
        if name.is_empty() || json::text(spec, "/Data").is_empty() {
            return Err(Refusal::rpc("InvalidArgument", "config must have a name and data"));
        }
        if self.find_config(&name).is_ok() {
            return Err(Refusal::rpc("AlreadyExists", format!("config {name} already exists")));
        }
        let (id, stamp) = (self.new_id(), self.stamp().to_string());
        let mut raw = json!({"ID": id, "Version": {"Index": 0}, "CreatedAt": stamp, "UpdatedAt": stamp, "Spec": spec});
        self.bump(&mut raw);
        self.configs.insert(id.clone(), raw);
        Ok(Reply::json(201, json!({"ID": id}).to_string()))
    }

    fn update_config(&mut self, key: &str, version: u64, spec: &Value) -> Result<(), Refusal> {
        let mut raw = self.find_config(key)?.clone();
        if json::number(&raw, "/Version/Index") != version {
            return Err(Refusal::out_of_sequence());
        }
        let fixed = |of: &Value| (json::text(of, "/Name").to_owned(), json::text(of, "/Data").to_owned());
        if fixed(&raw["Spec"]) != fixed(spec) {
            return Err(Refusal::rpc("InvalidArgument", "only updates to Labels are allowed"));
        }
        json::set(&mut raw, &["Spec", "Labels"], spec["Labels"].clone());
        self.bump(&mut raw);
        self.configs.insert(json::text(&raw, "/ID").to_owned(), raw);
        Ok(())
    }

    fn find_config(&self, key: &str) -> Result<&Value, Refusal> {
        let is = |config: &&Value| json::text(config, "/ID") == key || json::text(config, "/Spec/Name") == key;
        self.configs.values().find(is).ok_or_else(|| Refusal::not_found("config", key))
    }
}
