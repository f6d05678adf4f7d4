//! `orca gc --via service`: a global service of orca's own works on the nodes, for those whose engines can't be reached
//! from here, and is removed again, whatever happens.
//!
//! It is no job, see [`crate::apply::temporary`]: containers that stay would be rubbish of gc's own.

use std::time::Duration;

use anyhow::Result;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::node::Visited;
use super::order::{GcOrder, Heard};
use crate::apply::temporary::{self, Answers, Listener, RESERVE};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, interrupted};
use crate::interrupt::Interrupt;
use crate::model::node::{Availability, NodeState};
use crate::model::{Node, NodeId, Service};
use crate::plan::Warning;
use crate::snapshot::Snapshot;

/// Of the state directory whose orca made the service: whoever has its lock knows that its run is over.
const HOST_LABEL: &str = "orca.gc.host";
/// When it is over in any case, RFC 3339.
const UNTIL_LABEL: &str = "orca.gc.until";
/// Much longer than clocks of managers are apart.
const CLOCKS: Duration = Duration::from_secs(180);
/// What is kept for starting the tasks and for hearing them.
const TALK: Duration = Duration::from_secs(10);
/// What is made, in the order in which it goes.
const MADE: [&str; 2] = ["services", "configs"];
/// Where the tasks find their order.
const ORDER: &str = "/orca-order.json";
/// Where the tasks find the disk under the engine's data: the engine keeps this file there.
pub(super) const DISK: &str = "/etc/hostname";

/// A service to be sent to the nodes.
#[derive(Debug)]
pub(super) struct Errand<'a> {
    pub(super) engine: &'a Engine,
    pub(super) cluster: &'a Snapshot,
    pub(super) nodes: Vec<&'a Node>,
    pub(super) order: GcOrder,
    /// See [`HOST_LABEL`].
    pub(super) host: &'a str,
    pub(super) deadline: Instant,
    pub(super) interrupt: &'a Interrupt,
}

impl Errand<'_> {
    /// Sends it, listens, removes it. A signal ends the listening, not the removal.
    pub(super) async fn run(mut self, image: &str, warnings: &mut Vec<Warning>) -> Result<Vec<Visited>> {
        let now = Instant::now();
        let until = self.deadline.checked_sub(RESERVE).unwrap_or(self.deadline).max(now);
        let (able, unable): (Vec<&Node>, Vec<&Node>) = self.nodes.iter().partition(|node| obstacle(node).is_none());
        let mut visited: Vec<Visited> = unable
            .into_iter()
            .filter_map(|node| Some(Visited::in_vain(&node.key, failed(&node.key, obstacle(node)?))))
            .collect();
        if able.is_empty() {
            return Ok(visited);
        }
        self.order.nodes = able.iter().map(|node| (node.id.0.clone(), node.key.clone())).collect();
        self.order.max_actions /= able.len();
        self.order.timeout = until.duration_since(now).saturating_sub(TALK).max(Duration::from_secs(1));
        let (name, mut heard) = (format!("orca-gc-{}", Timestamp::now().as_millisecond()), Answers::default());
        let nodes: Vec<NodeId> = self.order.nodes.keys().cloned().map(NodeId).collect();
        let made = self.send(&name, image, until).await;
        if let Ok(id) = &made {
            let Self { engine, interrupt, .. } = self;
            let listener = Listener { engine, api: &self.cluster.api, id, nodes: nodes.clone(), until, interrupt };
            listener.listen(&mut heard).await;
        }
        // Not within a deadline that is over.
        let late = self.engine.until(self.deadline.max(Instant::now() + RESERVE));
        match temporary::remove(&late, &MADE, &name).await {
            Ok(()) if made.is_ok() => {
                let text = format!("the service `{name}` was started on the nodes and removed again");
                warnings.push(Warning::new("gc_service", text));
            }
            Ok(()) => {}
            Err(error) => {
                let text = format!(
                    "`{name}` could not be removed: {error:#}; docker service rm {name}, or the next gc does it"
                );
                warnings.push(Warning::new("gc_service_left_behind", text));
            }
        }
        made?;
        if self.interrupt.exit_code().is_some() && !nodes.iter().all(|node| heard.done(node)) {
            let text = "interrupted by a signal: what the nodes had removed until then was not heard";
            return Err(Error::new(ErrorKind::Interrupted, text).into());
        }
        visited.extend(nodes.iter().zip(self.order.nodes.values()).map(|(id, key)| answer_of(&heard, id, key)));
        visited.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(visited)
    }

    async fn send(&self, name: &str, image: &str, until: Instant) -> Result<String> {
        if self.interrupt.exit_code().is_some() {
            return Err(interrupted());
        }
        let engine = self.engine.until(until);
        let left = until.duration_since(Instant::now()) + CLOCKS;
        let over = Timestamp::now().checked_add(left).unwrap_or(Timestamp::MAX);
        let labels = json!({ HOST_LABEL: self.host, UNTIL_LABEL: format!("{over:.0}") });
        let spec = json!({ "Name": name, "Labels": &labels, "Data": self.order.data()? });
        let config = temporary::make(&engine, &self.cluster.api, "configs", &spec).await?;
        let only = match self.order.nodes.keys().collect::<Vec<_>>().as_slice() {
            [one] => vec![format!("node.id=={one}")],
            _ => Vec::new(),
        };
        let linger = format!("{}s", left.as_secs());
        let spec = service(name, image, &labels, &config, &self.order.settings.service.socket, &only, &linger);
        temporary::make(&engine, &self.cluster.api, "services", &spec).await
    }
}

/// What came of one node.
fn answer_of(heard: &Answers<Heard>, id: &NodeId, key: &str) -> Visited {
    match heard.said.get(id).and_then(Heard::answer) {
        Some(Ok(visited)) if visited.name.is_empty() => {
            Visited::in_vain(key, visited.error.unwrap_or_else(|| failed(key, "it had nothing to do there")))
        }
        Some(Ok(visited)) => visited,
        Some(Err(error)) => Visited::in_vain(key, error),
        None => {
            let why = heard.failed.get(id).map_or_else(
                || "its task said nothing in time; --timeout gives it more".to_owned(),
                |why| format!("its task ended: {why}"),
            );
            Visited::in_vain(key, failed(key, why))
        }
    }
}

fn failed(node: &str, why: impl std::fmt::Display) -> anyhow::Error {
    Error::new(ErrorKind::Failed, format!("no answer from `{node}`: {why}")).into()
}

/// Why no task of a new global service runs there.
fn obstacle(node: &Node) -> Option<&'static str> {
    match (node.state, node.availability) {
        (NodeState::Ready, Availability::Active) => None,
        (NodeState::Ready, Availability::Drain) => Some("it is drained, and takes no tasks"),
        (NodeState::Ready, _) => Some("it is paused, and takes no tasks"),
        _ => Some("the managers say that it is not ready"),
    }
}

/// Removes what an orca that was killed has left behind: this host's at once, since its lock is held; others' in time.
pub(super) async fn sweep(engine: &Engine, cluster: &Snapshot, host: &str, warnings: &mut Vec<Warning>) {
    let left = cluster.services.iter().filter(|service| left_behind(service, host));
    let words = ("stale_gc_service", "which an orca that was killed had left behind");
    temporary::sweep(engine, left, &MADE, words, warnings).await;
}

fn left_behind(service: &Service, host: &str) -> bool {
    let raw: Value = serde_json::from_str(service.raw.get()).unwrap_or_default();
    let label = |key: &str| raw.pointer("/Spec/Labels").and_then(|labels| labels.get(key)).and_then(Value::as_str);
    let over = || {
        label(UNTIL_LABEL)
            .and_then(|until| until.parse::<Timestamp>().ok())
            .is_some_and(|until| until < Timestamp::now())
    };
    label(HOST_LABEL).is_some_and(|maker| maker == host || over())
}

/// The service: no network, no port, nothing that it may write but by way of the engine's socket.
fn service(
    name: &str,
    image: &str,
    labels: &Value,
    config: &str,
    socket: &str,
    constraints: &[String],
    linger: &str,
) -> Value {
    let order = json!({"ConfigID": config, "ConfigName": name,
        "File": {"Name": ORDER, "UID": "0", "GID": "0", "Mode": 0o444}});
    let args =
        ["gc", "--order", ORDER, "--linger", linger, "--host", "unix:///orca-engine.sock", "--state-dir", "/tmp"];
    json!({
        "Name": name,
        "Labels": labels,
        "TaskTemplate": {
            "ContainerSpec": {
                "Image": image, "Command": ["orca"], "Args": args,
                "Mounts": [
                    {"Type": "bind", "Source": socket, "Target": "/orca-engine.sock"},
                    {"Type": "tmpfs", "Target": "/tmp"},
                ],
                "Configs": [order], "ReadOnly": true, "CapabilityDrop": ["ALL"], "User": "0",
                "StopGracePeriod": 10_000_000_000_u64,
            },
            "Resources": {"Limits": {"MemoryBytes": 256 << 20}},
            "RestartPolicy": {"Condition": "none"},
            // Never null: managers crash on it.
            "Placement": {"Constraints": constraints},
            // Other drivers may not give logs back.
            "LogDriver": {"Name": "json-file"},
        },
        "Mode": {"Global": {}},
    })
}
