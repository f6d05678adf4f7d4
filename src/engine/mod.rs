//! Everything that speaks to a Docker Engine.
//!
//! [`wire::Wire`] carries every request; [`edit`] is the only writer of specs. Lists are read at the daemon's own
//! API version (no version in the path), writes name that version: a lower one makes the daemon drop fields in silence.

pub mod address;
pub mod again;
mod buildkit;
mod call;
pub mod context;
mod dial;
pub mod edit;
pub mod events;
pub mod fault;
pub mod images;
mod info;
pub mod local;
pub mod logs;
mod networks;
pub mod parts;
pub(crate) mod path;
mod pool;
mod ride;
pub mod secrets;
mod ssh;
pub mod swarm;
pub(crate) mod tls;
pub mod wire;

use anyhow::{Context as _, Result};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use jiff::Timestamp;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::error::{Error, ErrorKind};
use crate::model::{Node, Service, Task};
pub use events::Events;
use fault::MaybeApplied;
use parts::{Parts, SCHEMA};
use path::{segment, with_query};
pub(crate) use ssh::hint as ssh_hint;
use wire::{Reply, Wire};

/// A Docker Engine that is expected to be a swarm manager.
#[derive(Debug, Clone)]
pub struct Engine {
    wire: Wire,
}

/// How a compare-and-set write ended when it didn't fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// The engine took it.
    Done,
    /// The object has another version by now.
    Conflict,
    /// The object is gone.
    Gone,
}

impl Engine {
    /// An engine at the other end of this wire.
    pub fn new(wire: Wire) -> Self {
        Self { wire }
    }

    /// The same engine; every request fails once `deadline` has passed.
    #[must_use]
    pub fn until(&self, deadline: Instant) -> Self {
        Self { wire: self.wire.with_deadline(Some(deadline)) }
    }

    /// Reads `/_ping`, `/info`, `/nodes`, `/services` and `/tasks`, in parallel.
    ///
    /// # Errors
    /// If any of them can't be read, with the kind `NotManager` where that is the reason.
    pub async fn observe<T: DeserializeOwned>(&self, task_filters: Option<&str>) -> Result<Parts<T>> {
        let tasks = with_query("/tasks", task_filters.map(|filters| ("filters", filters)).as_slice());
        let taken_at = Timestamp::now();
        let (ping, info, nodes, services, tasks) = tokio::join!(
            self.wire.get("/_ping"),
            self.read::<Box<RawValue>>("/info"),
            self.read::<Vec<Box<RawValue>>>("/nodes"),
            self.read::<Vec<Box<RawValue>>>("/services"),
            self.read::<Vec<T>>(&tasks),
        );
        let ping = ping?;
        let api = api_version(&ping)?;
        must_be_manager(&ping)?;
        Ok(Parts {
            schema: SCHEMA.to_owned(),
            taken_at,
            api,
            info: info?,
            nodes: nodes?,
            services: services?,
            tasks: tasks?,
        })
    }

    /// Reads the nodes of the swarm.
    pub async fn nodes(&self) -> Result<Vec<Node>> {
        Ok(Node::list(self.read("/nodes").await?)?)
    }

    /// Reads the services of the swarm.
    pub async fn services(&self) -> Result<Vec<Service>> {
        Ok(Service::list(self.read("/services").await?)?)
    }

    /// Reads the tasks that these filters (JSON) let pass.
    pub async fn tasks<T: DeserializeOwned>(&self, filters: &str) -> Result<Vec<T>> {
        self.read(&with_query("/tasks", &[("filters", filters)])).await
    }

    /// Reads one node, service, ...; `None` when there is none with this id or name.
    pub async fn object(&self, collection: &str, id: &str) -> Result<Option<Box<RawValue>>> {
        let path = format!("/{collection}/{}", segment(id));
        let reply = self.wire.get(&path).await?;
        if reply.status == 404 {
            return Ok(None);
        }
        decode(&path, &reply).map(Some)
    }

    /// Writes a spec, if the object still has this version.
    ///
    /// # Errors
    /// If the engine refuses the spec, or is lost. When the connection broke after the request had been sent, the
    /// write may have happened: read the object to know.
    pub async fn update(&self, collection: &str, id: &str, api: &str, version: u64, spec: &Value) -> Result<Written> {
        self.write(&format!("/v{api}/{collection}/{}/update?version={version}", segment(id)), spec).await
    }

    /// Writes a service's spec, if it still has this version, with credentials for its registry where there are any
    /// (`X-Registry-Auth`); without, the service keeps those that it has.
    ///
    /// # Errors
    /// As [`Engine::update`].
    pub async fn update_image(
        &self,
        id: &str,
        api: &str,
        version: u64,
        spec: &Value,
        auth: Option<&HeaderValue>,
    ) -> Result<Written> {
        let path = format!("/v{api}/services/{}/update?version={version}&registryAuthFrom=spec", segment(id));
        let mut headers = HeaderMap::new();
        if let Some(auth) = auth {
            headers.insert("X-Registry-Auth", auth.clone());
        }
        self.write_with(&path, headers, spec).await
    }

    /// Puts a service's previous spec in place of this one, if it still has this version. The engine swaps them itself;
    /// what is sent is the spec that was read.
    pub async fn rollback(&self, id: &str, api: &str, version: u64, spec: &Value) -> Result<Written> {
        let how = "rollback=previous&registryAuthFrom=previous-spec";
        self.write(&format!("/v{api}/services/{}/update?version={version}&{how}", segment(id)), spec).await
    }

    async fn write(&self, path: &str, spec: &Value) -> Result<Written> {
        self.write_with(path, HeaderMap::new(), spec).await
    }

    async fn write_with(&self, path: &str, headers: HeaderMap, spec: &Value) -> Result<Written> {
        let reply = self.wire.request_with(Method::POST, path, headers, Some(serde_json::to_vec(spec)?)).await?;
        let message = message(&reply);
        match reply.status {
            // An engine says nothing, or some JSON. Whoever has said this may not have asked it.
            200..=299 if !reply.body.is_empty() && serde_json::from_slice::<IgnoredAny>(&reply.body).is_err() => {
                let odd = fault::unreachable(format!("{path}: this is no engine's answer: {message:?}"));
                Err(anyhow::Error::new(MaybeApplied).context(odd))
            }
            200..=299 => Ok(Written::Done),
            // A path that doesn't exist would be answered "page not found".
            404 if message.contains("not found") && !message.contains("page") => Ok(Written::Gone),
            409 => Ok(Written::Conflict),
            // A stale version is an internal error to every engine from 20.10 to 29.
            500 if message.contains("out of sequence") => Ok(Written::Conflict),
            // It was a manager a moment ago: it has lost the swarm's leader, or is being demoted.
            503 => Err(Error::new(ErrorKind::Unreachable, format!("the engine can't write now: {message}")).into()),
            status => Err(refused(path, status, &message)),
        }
    }

    /// Makes an object; returns its id, or `None` when there is one of that name already.
    ///
    /// # Errors
    /// As [`Engine::update`].
    pub async fn create(&self, collection: &str, api: &str, spec: &Value) -> Result<Option<String>> {
        self.create_with(collection, api, HeaderMap::new(), spec).await
    }

    /// Makes a service, with credentials for its registry where there are any; returns its id, or `None` when there is
    /// one of that name already.
    ///
    /// # Errors
    /// As [`Engine::update`].
    pub async fn create_service(&self, api: &str, spec: &Value, auth: Option<&HeaderValue>) -> Result<Option<String>> {
        let headers = auth.map(|auth| (HeaderName::from_static("x-registry-auth"), auth.clone())).into_iter().collect();
        self.create_with("services", api, headers, spec).await
    }

    async fn create_with(
        &self,
        collection: &str,
        api: &str,
        headers: HeaderMap,
        spec: &Value,
    ) -> Result<Option<String>> {
        #[derive(serde::Deserialize)]
        struct Created {
            // Networks have it in other letters.
            #[serde(rename = "ID", alias = "Id")]
            id: String,
        }
        let path = format!("/v{api}/{collection}/create");
        let reply = self.wire.request_with(Method::POST, &path, headers, Some(serde_json::to_vec(spec)?)).await?;
        if reply.status == 409 {
            return Ok(None);
        }
        decode::<Created>(&path, &reply).map(|created| Some(created.id))
    }

    /// Removes an object, if it is still there.
    ///
    /// # Errors
    /// If the engine refuses, or is lost.
    pub async fn remove(&self, collection: &str, id: &str) -> Result<()> {
        let path = format!("/{collection}/{}", segment(id));
        let reply = self.wire.request(Method::DELETE, &path, None).await?;
        match reply.status {
            200..=299 | 404 => Ok(()),
            status => Err(refused(&path, status, &message(&reply))),
        }
    }

    /// What the registry says of an image, asked by the engine without credentials.
    ///
    /// # Errors
    /// If the registry can't be asked, or knows no such image.
    pub async fn distribution<T: DeserializeOwned>(&self, image: &str) -> Result<T> {
        let segments: Vec<String> = image.split('/').map(segment).collect();
        self.read(&format!("/distribution/{}/json", segments.join("/"))).await
    }

    /// The engine's answer to the same question, whatever it is, asked with these credentials (`X-Registry-Auth`).
    ///
    /// # Errors
    /// If the engine is lost.
    pub async fn distribution_as(&self, image: &str, auth: Option<HeaderValue>) -> Result<Reply> {
        let segments: Vec<String> = image.split('/').map(segment).collect();
        let path = format!("/distribution/{}/json", segments.join("/"));
        let headers = auth.into_iter().map(|auth| (HeaderName::from_static("x-registry-auth"), auth)).collect();
        self.wire.request_with(Method::GET, &path, headers, None).await
    }

    /// All tasks of a service, those that have ended too, as far as the managers remember them.
    ///
    /// # Errors
    /// If they can't be read.
    pub async fn tasks_of(&self, service: &str) -> Result<Vec<Task>> {
        let filters = serde_json::json!({ "service": [service] }).to_string();
        let path = with_query("/tasks", &[("filters", &filters)]);
        let reply = self.wire.get(&path).await?;
        // A service that is gone is an error to the engine (measured on 20.10, 26.1 and 28.5).
        if reply.status == 404 { Ok(Vec::new()) } else { decode(&path, &reply) }
    }

    /// What happens in the swarm from now on, as far as this engine tells.
    pub fn events(&self, api: &str) -> Events {
        Events::new(self.wire.clone(), api)
    }

    /// One stream of what happens, from `since` on where that is given (nanoseconds since 1970, by the engine's clock).
    ///
    /// # Errors
    /// If there is no way to the engine.
    pub fn event_stream(&self, api: &str, since: Option<i64>) -> Result<events::EventStream> {
        events::open(&self.wire, api, since)
    }

    /// Where it is.
    pub fn endpoint(&self) -> &address::Endpoint {
        self.wire.endpoint()
    }

    /// What carries the requests, for reads that are no swarm's.
    pub(crate) fn wire(&self) -> &Wire {
        &self.wire
    }

    /// Requests made so far.
    pub fn requests(&self) -> u64 {
        self.wire.requests()
    }

    async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        decode(path, &self.wire.get(path).await?)
    }
}

fn decode<T: DeserializeOwned>(path: &str, reply: &Reply) -> Result<T> {
    if !(200..300).contains(&reply.status) {
        return Err(refused(path, reply.status, &message(reply)));
    }
    serde_json::from_slice(&reply.body).with_context(|| {
        Error::new(ErrorKind::Unreachable, format!("the answer to `GET {path}` is not what a Docker engine says"))
            .hint("is this address a Docker engine? try `docker version` with the same host")
    })
}

/// The engine's own error text.
pub(crate) fn message(reply: &Reply) -> String {
    let body: Option<Value> = serde_json::from_slice(&reply.body).ok();
    let text = body.as_ref().and_then(|body| body.get("message")).and_then(Value::as_str);
    text.map_or_else(|| String::from_utf8_lossy(&reply.body).chars().take(200).collect(), str::to_owned)
}

fn refused(path: &str, status: u16, message: &str) -> anyhow::Error {
    let path = path.split('?').next().unwrap_or(path);
    let text = format!("the engine answered {status} to `{path}`: {}", message.trim());
    match status {
        503 => not_manager(&text),
        // The engine is there but can't do its work (no raft leader, say): nothing is known.
        500.. => Error::new(ErrorKind::Unreachable, text)
            .hint("see the engine's log; orca tries again in its next pass")
            .into(),
        _ => Error::new(ErrorKind::Failed, text).into(),
    }
}

/// One object that the engine won't touch, or can't: no lost engine.
fn unwilling(status: u16, message: &str) -> anyhow::Error {
    Error::new(ErrorKind::Failed, format!("the engine answered {status}: {}", message.trim())).into()
}

fn not_manager(text: &str) -> anyhow::Error {
    Error::new(ErrorKind::NotManager, text).hint("run orca on a swarm manager, or point -H or --context at one").into()
}

/// The version that writes must name: without it they would go to a path that doesn't exist.
fn api_version(ping: &Reply) -> Result<String> {
    if !(200..300).contains(&ping.status) {
        return Err(refused("/_ping", ping.status, &message(ping)));
    }
    let api = header(ping, "api-version");
    if api.is_empty() {
        let text = "the answer to `GET /_ping` names no API version";
        return Err(Error::new(ErrorKind::Unreachable, text)
            .hint("is this address a Docker engine? try `docker version` with the same host")
            .into());
    }
    Ok(api)
}

fn must_be_manager(ping: &Reply) -> Result<()> {
    match header(ping, "swarm").as_str() {
        // Old engines don't tell in the ping: then the lists themselves do.
        "" | "active/manager" => Ok(()),
        state => Err(not_manager(&format!("this engine is not a swarm manager (swarm: {state})"))),
    }
}

fn header(reply: &Reply, name: &str) -> String {
    reply.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}
