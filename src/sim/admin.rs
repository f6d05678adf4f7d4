//! The simulator's own side, `/_sim/`: what tests and demos use to look behind the API and to make things happen.
//!
//! | request | effect |
//! |---|---|
//! | `GET`, `DELETE requests` | counters and list of all requests so far, with their bodies; reset |
//! | `GET state` | sizes, task states, placement by service, leader, whether the manager crashed |
//! | `GET snapshot` | the cluster as an `orca.snapshot/1` document |
//! | `POST fault {kind, method, path, after, every, times, ms}`, `DELETE fault` | see [`Fault`] |
//! | `POST nodes {hostname, role, labels, arch}` | a node joins, under any name |
//! | `POST nodes/KEY {state}`, `DELETE nodes/KEY` | goes down, comes back; is gone for good |
//! | `POST leader {name}` | leadership moves |
//! | `POST unheard {name}` | the leader has lost a node's log stream (moby#35011) |
//! | `POST stopping {ms}` | tasks that are scaled down, drained or removed run on for so long |
//! | `POST tasks {service, slot, node, state, err}` | sets the state of running tasks; ends have consequences |
//! | `POST stock {containers, images, volumes, networks, build_cache, events}` | objects on the engine's own node, raw |
//! | `POST engines/NAME {power, swarm}` | of a fleet: `on`, `off`, `dying` (with the next write); a swarm of its `own`, or `none` |
//! | `POST images {match, state, err, node}`, `DELETE images` | images that end up in this state instead of running, on all nodes or one |
//! | `POST registry {image, digest, platforms, status, message, user, password}`, `DELETE registry` | what the engine finds out about an image, or is told about it; without any, no registry can be reached |
//! | `POST membership {swarm}` | `active/manager`, `active/worker`, `inactive`: no manager any more |
//! | `POST crash`, `DELETE crash` | every connection is closed; the manager is back |

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::api::{Reply, Request};
use super::cluster::{Cluster, tree};
use super::faults::Fault;
use super::json;
use super::object::Task;
use super::refusal::Refusal;

/// Requests answered so far. The list is bounded, the counters are not.
#[derive(Debug, Default)]
pub(super) struct Log {
    entries: Vec<Value>,
    counts: BTreeMap<String, u64>,
    reads: u64,
    writes: u64,
}

/// Entries kept in the request log.
const LOGGED: usize = 10_000;

impl Log {
    /// Notes a request and its status; 0 stands for "no answer".
    pub fn note(&mut self, request: &Request, status: u16) {
        if request.writes() {
            self.writes += 1;
        } else {
            self.reads += 1;
        }
        *self.counts.entry(format!("{} {}", request.method, request.path)).or_default() += 1;
        if self.entries.len() < LOGGED {
            let body = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
            self.entries.push(json!({
                "method": request.method, "path": request.path, "version": request.version, "status": status,
                "body": body, "registry_auth": request.registry_auth,
            }));
        }
    }

    fn document(&self) -> Value {
        json!({
            "total": self.reads + self.writes, "reads": self.reads, "writes": self.writes,
            "counts": self.counts, "requests": self.entries,
        })
    }
}

#[derive(Deserialize)]
struct NodeState {
    state: String,
}

#[derive(Deserialize)]
struct NewNode {
    hostname: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    /// Empty: `x86_64`.
    #[serde(default)]
    arch: String,
}

#[derive(Deserialize)]
struct TaskState {
    service: String,
    /// Absent: the tasks of all slots.
    slot: Option<u64>,
    /// Absent: on all nodes.
    node: Option<String>,
    state: String,
    #[serde(default)]
    err: String,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct Delay {
    ms: u64,
}

#[derive(Deserialize)]
struct Membership {
    swarm: String,
}

/// Answers a request under `/_sim/`.
pub(super) fn handle(cluster: &mut Cluster, faults: &mut Vec<Fault>, log: &mut Log, request: &Request) -> Reply {
    route(cluster, faults, log, request).unwrap_or_else(Reply::from)
}

fn route(cluster: &mut Cluster, faults: &mut Vec<Fault>, log: &mut Log, request: &Request) -> Result<Reply, Refusal> {
    let path = request.path.trim_start_matches("/_sim").trim_matches('/');
    let segments: Vec<&str> = path.split('/').collect();
    let mut answer = json!({"ok": true});
    match (request.method.as_str(), segments.as_slice()) {
        ("GET", ["requests"]) => answer = log.document(),
        ("DELETE", ["requests"]) => *log = Log::default(),
        ("GET", ["state"]) => answer = state(cluster, faults),
        ("GET", ["snapshot"]) => return Ok(Reply::json(200, cluster.snapshot())),
        ("POST", ["fault"]) => faults.push(body(request)?),
        ("DELETE", ["fault"]) => faults.clear(),
        (_, ["nodes", ..] | ["leader"]) => answer = nodes(cluster, request, &segments)?,
        ("POST", ["unheard"]) => {
            let id = cluster.find_node(&body::<Named>(request)?.name)?.id.clone();
            cluster.unheard.insert(id);
        }
        ("POST", ["stopping"]) => cluster.set_stop_delay(Duration::from_millis(body::<Delay>(request)?.ms)),
        ("POST", ["tasks"]) => answer = json!({"changed": set_tasks(cluster, &body(request)?)?}),
        ("POST", ["images"]) => cluster.broken.push(body(request)?),
        ("DELETE", ["images"]) => cluster.broken.clear(),
        ("POST", ["registry"]) => cluster.publish(body(request)?),
        ("DELETE", ["registry"]) => cluster.published.clear(),
        ("POST", ["stock"]) => cluster.add_stock(body(request)?),
        ("POST", ["engines", name]) => cluster.order(name, &request.body)?,
        ("POST", ["membership"]) => cluster.membership = body::<Membership>(request)?.swarm,
        ("POST", ["crash"]) => cluster.panicked = true,
        ("DELETE", ["crash"]) => cluster.panicked = false,
        _ => return Err(Refusal::new(404, "page not found")),
    }
    Ok(Reply::json(200, answer.to_string()))
}

/// Nodes join, go down, come back, leave for good and lead.
fn nodes(cluster: &mut Cluster, request: &Request, segments: &[&str]) -> Result<Value, Refusal> {
    let id = match (request.method.as_str(), segments) {
        ("POST", ["nodes"]) => {
            let node: NewNode = body(request)?;
            let role = if node.role.is_empty() { "worker" } else { &node.role };
            let id = cluster.join(&node.hostname, role, &node.labels);
            if !node.arch.is_empty() {
                let path = ["Description", "Platform", "Architecture"];
                cluster.edit_node(&id, |raw| json::set(raw, &path, node.arch));
            }
            cluster.converge();
            id
        }
        ("POST", ["nodes", key]) => {
            let wanted: NodeState = body(request)?;
            let id = cluster.find_node(key)?.id.clone();
            cluster.set_node_state(&id, &wanted.state);
            id
        }
        ("DELETE", ["nodes", key]) => {
            let id = cluster.find_node(key)?.id.clone();
            cluster.drop_node(&id);
            id
        }
        ("POST", ["leader"]) => {
            let wanted: Named = body(request)?;
            let node = cluster.find_node(&wanted.name)?;
            if node.role != "manager" {
                return Err(Refusal::new(400, format!("node {} is not a manager", wanted.name)));
            }
            let id = node.id.clone();
            cluster.elect(Some(&id));
            id
        }
        _ => return Err(Refusal::new(404, "page not found")),
    };
    Ok(json!({"ID": id}))
}

fn body<T: serde::de::DeserializeOwned>(request: &Request) -> Result<T, Refusal> {
    serde_json::from_slice(&request.body).map_err(|error| Refusal::new(400, error.to_string()))
}

/// Sets the status of a service's wanted tasks. Ends are real: the restart policy acts on them.
fn set_tasks(cluster: &mut Cluster, wanted: &TaskState) -> Result<u64, Refusal> {
    let service = cluster.find_service(&wanted.service)?.id.clone();
    let node = wanted.node.as_deref().map(|key| cluster.find_node(key).map(|node| node.id.clone())).transpose()?;
    let fits = |task: &&Task| {
        task.wanted()
            && wanted.slot.is_none_or(|slot| slot == task.slot)
            && node.as_ref().is_none_or(|node| *node == task.node)
    };
    let ids: Vec<String> =
        cluster.tasks.of_service(&service).into_iter().filter(fits).map(|task| task.id.clone()).collect();
    for id in &ids {
        let Some(mut raw) = cluster.tasks.get(id).and_then(|task| tree(&task.text)) else { continue };
        cluster.status(&mut raw, &wanted.state, &wanted.state, &wanted.err);
        if matches!(wanted.state.as_str(), "failed" | "rejected") {
            json::set(&mut raw, &["Status", "ContainerStatus", "ExitCode"], 1);
        }
        cluster.bump(&mut raw);
        let task = Task::read(&raw);
        let ended = task.ended();
        cluster.tasks.put(task);
        if ended {
            cluster.fail_task(id);
        }
    }
    // A rollout may have waited for just that.
    cluster.todo.insert(service);
    cluster.converge();
    Ok(u64::try_from(ids.len()).unwrap_or_default())
}

/// What a test wants to know at a glance.
fn state(cluster: &Cluster, faults: &[Fault]) -> Value {
    let mut states: BTreeMap<&str, u64> = BTreeMap::new();
    let mut placement: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for task in cluster.tasks.iter() {
        *states.entry(&task.state).or_default() += 1;
        let Some(service) = cluster.services.get(&task.service) else { continue };
        if task.wanted() && task.state == "running" {
            let node = cluster.nodes.get(&task.node).map_or(task.node.as_str(), |node| &node.hostname);
            placement.entry(&service.name).or_default().push(node);
        }
    }
    for nodes in placement.values_mut() {
        nodes.sort_unstable();
    }
    json!({
        "panicked": cluster.panicked, "api": cluster.api, "index": cluster.index, "membership": cluster.membership,
        "nodes": cluster.nodes.len(), "services": cluster.services.len(), "tasks": cluster.tasks.len(),
        "task_states": states, "placement": placement,
        "leader": cluster.nodes.values().find(|node| node.leader).map(|node| &node.hostname),
        "moving": cluster.is_moving(), "faults": faults, "broken_images": cluster.broken,
    })
}
