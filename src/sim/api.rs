//! The Engine API: one request in, one reply out. Pure; sockets, faults and the clock are elsewhere.

use serde_json::{Value, json};

use super::cluster::Cluster;
use super::info::numbers;
use super::query::{Filters, Query, decode};
use super::refusal::Refusal;
use super::services::strip_newer;

/// A request as the engine sees it.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub method: String,
    /// The version in the path, if there was one.
    pub version: Option<String>,
    /// The path without version.
    pub path: String,
    pub query: Query,
    pub body: Vec<u8>,
    /// The header `X-Registry-Auth`; empty if there is none.
    pub registry_auth: String,
}

/// What is sent back.
#[derive(Debug)]
pub(super) struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Body,
}

/// A reply's body.
#[derive(Debug)]
pub(super) enum Body {
    /// A JSON document.
    Json(String),
    /// Plain text.
    Text(&'static str),
    /// A stream of log frames.
    Frames(Vec<u8>),
    /// Nothing.
    Empty,
    /// The event stream, which goes on.
    Events(Filters),
}

impl Reply {
    /// A JSON document with this status.
    pub fn json(status: u16, text: String) -> Self {
        Self { status, headers: Vec::new(), body: Body::Json(text) }
    }

    fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Body::Empty }
    }
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        Self::json(refusal.status, json!({"message": refusal.message}).to_string())
    }
}

impl Request {
    /// Takes `/v1.51/nodes?x=y` apart.
    pub fn new(method: &str, path: &str, query: &str, body: Vec<u8>) -> Self {
        let versioned = path.strip_prefix("/v").and_then(|rest| rest.split_once('/'));
        let is_version = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '.');
        let (version, path) = match versioned {
            Some((version, rest)) if is_version(version) => (Some(version.to_owned()), format!("/{rest}")),
            _ => (None, path.to_owned()),
        };
        Self {
            method: method.to_owned(),
            version,
            path,
            query: Query::parse(query),
            body,
            registry_auth: String::new(),
        }
    }

    /// Whether it changes the cluster.
    pub fn writes(&self) -> bool {
        !matches!(self.method.as_str(), "GET" | "HEAD")
    }

    pub(super) fn json(&self) -> Result<Value, Refusal> {
        serde_json::from_slice(&self.body).map_err(|error| Refusal::new(400, format!("invalid JSON: {error}")))
    }

    /// The body as a service spec, as far as the version in the path knows it.
    fn service_spec(&self) -> Result<Value, Refusal> {
        let mut spec = self.json()?;
        if let Some(version) = &self.version {
            strip_newer(&mut spec, numbers(version).1);
        }
        Ok(spec)
    }

    pub(super) fn object_version(&self, kind: &str) -> Result<u64, Refusal> {
        let text = self.query.get("version");
        text.parse().map_err(|_| Refusal::new(400, format!("invalid {kind} version '{text}'")))
    }
}

impl Cluster {
    /// Answers one request.
    pub(super) fn handle(&mut self, request: &Request) -> Reply {
        let mut reply = self.route(request).unwrap_or_else(Reply::from);
        let server = format!("Docker/{} (linux)", self.engine_version());
        reply.headers.extend([
            ("Api-Version", self.api.clone()),
            ("Docker-Experimental", "false".to_owned()),
            ("Ostype", "linux".to_owned()),
            ("Server", server),
        ]);
        reply
    }

    fn route(&mut self, request: &Request) -> Result<Reply, Refusal> {
        self.check_version(request.version.as_deref())?;
        let segments: Vec<String> = request.path.trim_matches('/').split('/').map(decode).collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let reads = !request.writes();
        match segments.as_slice() {
            ["_ping"] if reads => Ok(self.ping()),
            ["version"] if reads => Ok(Reply::json(200, self.version_document().to_string())),
            ["info"] if reads => Ok(Reply::json(200, self.info_document().to_string())),
            ["events"] if reads && !request.query.get("until").is_empty() => Ok(self.past_events()),
            ["events"] if reads => {
                let filters = request.query.filters(&EVENT_FILTERS)?;
                Ok(Reply { status: 200, headers: Vec::new(), body: Body::Events(filters) })
            }
            ["distribution", image @ .., "json"] if reads && !image.is_empty() => {
                self.distribution(&image.join("/"), &request.registry_auth)
            }
            ["swarm" | "nodes" | "services" | "tasks", ..] => {
                self.check_manager()?;
                self.route_swarm(request, &segments)
            }
            ["configs" | "secrets", ..] => {
                self.check_manager()?;
                self.route_configs(request, &segments)
            }
            ["networks", ..] => self.route_networks(request, &segments),
            ["containers" | "images" | "volumes" | "system" | "build", ..] => self.route_stock(request, &segments),
            _ => Err(Refusal::new(404, "page not found")),
        }
    }

    fn route_swarm(&mut self, request: &Request, segments: &[&str]) -> Result<Reply, Refusal> {
        match (request.method.as_str(), segments) {
            ("GET", ["swarm"]) => Ok(Reply::json(200, self.swarm_document().to_string())),
            ("POST", ["swarm", "update"]) => {
                self.update_swarm(request.object_version("swarm")?, &request.json()?)?;
                Ok(Reply::empty(200))
            }
            ("GET", ["nodes"]) => Ok(Reply::json(200, self.list_nodes(&request.query)?)),
            ("GET", ["nodes", key]) => Ok(Reply::json(200, self.find_node(key)?.text.clone())),
            ("POST", ["nodes", key, "update"]) => {
                let (version, spec) = (request.object_version("node")?, request.json()?);
                let id = self.find_node(key)?.id.clone();
                self.update_node(&id, version, spec)?;
                Ok(Reply::empty(200))
            }
            ("DELETE", ["nodes", key]) => {
                let id = self.find_node(key)?.id.clone();
                self.remove_node(&id, request.query.flag("force"))?;
                Ok(Reply::empty(200))
            }
            ("GET", ["services"]) => Ok(Reply::json(200, self.list_services(&request.query)?)),
            ("POST", ["services", "create"]) => {
                let id = self.create_service(self.with_network_ids(request.service_spec()?))?;
                Ok(Reply::json(201, json!({"ID": id}).to_string()))
            }
            ("GET", ["services", key]) => Ok(Reply::json(200, self.find_service(key)?.text.clone())),
            ("POST", ["services", key, "update"]) => {
                let (version, spec) =
                    (request.object_version("service")?, self.with_network_ids(request.service_spec()?));
                let rollback = match request.query.get("rollback") {
                    "" | "none" => false,
                    "previous" => true,
                    other => return Err(Refusal::new(400, format!("unrecognized rollback option {other}"))),
                };
                let id = self.find_service(key)?.id.clone();
                self.update_service(&id, version, spec, rollback)?;
                Ok(Reply::json(200, r#"{"Warnings":null}"#.to_owned()))
            }
            ("DELETE", ["services", key]) => {
                let id = self.find_service(key)?.id.clone();
                self.remove_service(&id)?;
                Ok(Reply::empty(200))
            }
            ("GET", ["services", key, "logs"]) => {
                let body = Body::Frames(self.logs(&self.find_service(key)?.id));
                Ok(Reply { status: 200, headers: Vec::new(), body })
            }
            ("GET", ["tasks"]) => Ok(Reply::json(200, self.list_tasks(&request.query)?)),
            ("GET", ["tasks", key, "logs"]) => {
                let body = Body::Frames(self.task_logs(self.find_task(key)?, &request.query));
                Ok(Reply { status: 200, headers: Vec::new(), body })
            }
            ("GET", ["tasks", key]) => Ok(Reply::json(200, self.find_task(key)?.text.clone())),
            _ => Err(Refusal::new(404, "page not found")),
        }
    }

    fn ping(&self) -> Reply {
        let headers = vec![
            ("Swarm", self.membership.clone()),
            ("Builder-Version", "2".to_owned()),
            ("Cache-Control", "no-cache, no-store, must-revalidate".to_owned()),
            ("Pragma", "no-cache".to_owned()),
        ];
        Reply { status: 200, headers, body: Body::Text("OK") }
    }

    fn check_version(&self, version: Option<&str>) -> Result<(), Refusal> {
        let Some(version) = version else { return Ok(()) };
        let (newest, oldest) = (&self.api, self.oldest_api());
        if numbers(version) > numbers(newest) {
            let text = format!("client version {version} is too new. Maximum supported API version is {newest}");
            return Err(Refusal::new(400, text));
        }
        if numbers(version) < numbers(oldest) {
            let text = format!(
                "client version {version} is too old. \
                 Minimum supported API version is {oldest}, please upgrade your client to a newer version"
            );
            return Err(Refusal::new(400, text));
        }
        Ok(())
    }

    fn check_manager(&self) -> Result<(), Refusal> {
        let text = match self.membership.as_str() {
            "active/manager" => return Ok(()),
            "active/worker" => {
                "This node is not a swarm manager. \
                 Worker nodes can't be used to view or modify cluster state. \
                 Please run this command on a manager node or promote the current node to a manager."
            }
            _ => {
                "This node is not a swarm manager. \
                 Use \"docker swarm init\" or \"docker swarm join\" to connect this node to swarm and try again."
            }
        };
        Err(Refusal::new(503, text))
    }
}

const EVENT_FILTERS: [&str; 16] = [
    "type",
    "event",
    "scope",
    "service",
    "node",
    "label",
    "container",
    "image",
    "volume",
    "network",
    "daemon",
    "plugin",
    "config",
    "secret",
    "id",
    "name",
];
