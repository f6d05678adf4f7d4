//! A lab of real engines (`scripts/lab`), cleaned for each scenario.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use super::cluster::{Cluster, text};
use super::door::{self, Door};
use super::http::Engine;
use super::poll;

/// Names the lab; `scripts/test` starts one.
pub const VARIABLE: &str = "ORCA_TEST_LAB";

#[derive(Debug)]
pub struct Lab {
    name: String,
    /// By number: `node-1` first.
    pub engines: Vec<Engine>,
    /// The doors that orca goes through, in the same order.
    doors: Vec<Door>,
    passed: Arc<Passed>,
}

/// What orca has sent to the lab's engines.
#[derive(Debug, Default)]
struct Passed {
    requests: AtomicU64,
    writes: AtomicU64,
}

impl Lab {
    /// The running lab, as if it had just been started.
    pub fn clean(nodes: usize) -> Result<Self> {
        let hint = "needs a lab of real engines: run `scripts/test`, which starts one, or name a running one";
        let name = std::env::var(VARIABLE).ok().filter(|name| !name.is_empty());
        let name = name.with_context(|| format!("{hint} in {VARIABLE}"))?;
        let mut lab = Self { name, engines: Vec::new(), doors: Vec::new(), passed: Arc::default() };
        for node in 1..=nodes {
            let host = lab.command(&["host", &node.to_string()])?;
            let socket = host.trim().strip_prefix("unix://").context("its engines are not on unix sockets")?;
            lab.engines.push(Engine::new(Path::new(socket)));
            let passed = lab.passed.clone();
            lab.doors.push(door::open(Path::new(socket), move |method| passed.count(method))?);
        }
        if !lab.up() {
            lab.command(&["up"])?;
        }
        lab.sweep()?;
        Ok(lab)
    }

    /// The engine of a node, by its hostname.
    pub fn engine(&self, hostname: &str) -> Result<&Engine> {
        let number = hostname.strip_prefix("node-").and_then(|number| number.parse::<usize>().ok());
        number
            .and_then(|number| self.engines.get(number - 1))
            .with_context(|| format!("`{hostname}` is no node of the lab"))
    }

    /// The way to an engine on which requests are counted.
    pub fn door(&self, engine: &Engine) -> Result<Engine> {
        let at = self.engines.iter().position(|known| known.socket == engine.socket);
        at.map(|at| Engine::new(&self.doors[at].socket())).context("an engine that is not of the lab")
    }

    /// Requests and writes that came through the doors since the last call.
    pub fn count_requests(&self) -> (u64, u64) {
        (self.passed.requests.swap(0, Ordering::SeqCst), self.passed.writes.swap(0, Ordering::SeqCst))
    }

    /// Runs `scripts/lab`.
    pub fn command(&self, args: &[&str]) -> Result<String> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/lab");
        let output =
            Command::new(script).args(["--name", &self.name]).args(args).output().context("run scripts/lab")?;
        if !output.status.success() {
            bail!("scripts/lab {}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// A node leaves without a word and comes back under a new id, as a worker.
    pub fn rejoin(&self, hostname: &str) -> Result<()> {
        let (entry, engine) = (&self.engines[0], self.engine(hostname)?);
        let cluster = Cluster::ask(entry)?;
        let id = cluster.node_id(hostname)?;
        entry.edit("nodes", &id, |spec| spec["Role"] = "worker".into())?;
        poll::until("the node is a worker", || {
            let manager = engine.get("/info")?["Swarm"]["ControlAvailable"] == true;
            Ok(if manager { vec![format!("{hostname} is a manager")] } else { Vec::new() })
        })?;
        engine.ask("POST", "/swarm/leave?force=true", None)?;
        poll::until("the old node is down", || {
            let state = text(&Cluster::ask(entry)?.node(&id)?["Status"]["State"]);
            Ok(if state == "down" { Vec::new() } else { vec![format!("{hostname} is {state}")] })
        })?;
        let token = entry.get("/swarm")?["JoinTokens"]["Worker"].clone();
        let address = |node: &Value| text(&node["Status"]["Addr"]);
        let manager = cluster.nodes.iter().find(|node| node["Spec"]["Role"] == "manager" && node["ID"] != id.as_str());
        let remote = format!("{}:2377", address(manager.context("no manager is left")?));
        let own = address(cluster.node(hostname)?);
        let body =
            json!({"ListenAddr": "0.0.0.0:2377", "AdvertiseAddr": own, "RemoteAddrs": [remote], "JoinToken": token});
        // What takes longer than a request may goes on; whether it is done is asked below.
        let joined = engine.post("/swarm/join", &body).map(drop);
        joined.or_else(|error| if format!("{error:#}").contains("in the background") { Ok(()) } else { Err(error) })?;
        poll::until("the node is back", || {
            let back = Cluster::ask(entry)?;
            let node = back.node(hostname)?;
            let ready = node["ID"] != id.as_str() && node["Status"]["State"] == "ready";
            Ok(if ready { Vec::new() } else { vec![format!("{hostname} has not joined")] })
        })
    }

    /// Whether all engines answer as managers and see each other.
    fn up(&self) -> bool {
        self.engines.iter().all(|engine| {
            let Ok(cluster) = Cluster::ask(engine) else { return false };
            let ready = cluster.nodes.iter().filter(|node| node["Status"]["State"] == "ready").count();
            ready == self.engines.len()
        })
    }

    /// No services, no labels, no ghosts; every node an active manager.
    fn sweep(&self) -> Result<()> {
        let entry = &self.engines[0];
        poll::until("the swarm answers", || calm(entry).map(|()| Vec::new()))?;
        poll::until("the lab is clean", || {
            let cluster = Cluster::ask(entry)?;
            let mut left = Vec::new();
            for service in &cluster.services {
                entry.ask("DELETE", &format!("/services/{}", text(&service["ID"])), None)?;
                left.push(format!("service {}", service["Spec"]["Name"]));
            }
            for node in &cluster.nodes {
                if let Some(what) = sweep_node(entry, &cluster, node)? {
                    left.push(what);
                }
            }
            // An old engine keeps the ended task of a removed job for good.
            let live = |task: &&Value| matches!(task["Status"]["State"].as_str(), Some("starting" | "running"));
            left.extend(cluster.tasks.iter().filter(live).map(|task| format!("task {}", text(&task["ID"]))));
            // Last, since there may be a worker until then.
            if left.is_empty() {
                self.engines.iter().try_for_each(led)?;
            }
            Ok(left)
        })
    }
}

impl Passed {
    /// Everybody may pass.
    fn count(&self, method: &str) -> bool {
        self.requests.fetch_add(1, Ordering::SeqCst);
        let write = !matches!(method, "GET" | "HEAD");
        self.writes.fetch_add(write.into(), Ordering::SeqCst);
        true
    }
}

/// Fails unless this manager itself knows a leader. One that comes back is ready and reachable to the others before it
/// stands for election; the leader steps down over it, and until the next one it knows none.
pub fn led(engine: &Engine) -> Result<()> {
    let nodes = engine.get("/nodes")?;
    let mut nodes = nodes.as_array().into_iter().flatten();
    ensure!(nodes.any(|node| node["ManagerStatus"]["Leader"] == true), "{engine:?} knows no leader");
    Ok(())
}

/// One step towards a clean node; none if it is clean.
fn sweep_node(entry: &Engine, cluster: &Cluster, node: &Value) -> Result<Option<String>> {
    let (id, name) = (text(&node["ID"]), text(&node["Description"]["Hostname"]));
    let twins = cluster.nodes.iter().filter(|other| other["Description"]["Hostname"] == name.as_str()).count();
    if node["Status"]["State"] == "down" && twins > 1 {
        if node["Spec"]["Role"] == "manager" {
            entry.edit("nodes", &id, |spec| spec["Role"] = "worker".into())?;
        } else {
            entry.ask("DELETE", &format!("/nodes/{id}?force=true"), None)?;
        }
        return Ok(Some(format!("a ghost of {name}")));
    }
    let spec = &node["Spec"];
    let labels = spec["Labels"].as_object().is_some_and(|labels| !labels.is_empty());
    if labels || spec["Availability"] != "active" || spec["Role"] != "manager" {
        entry.edit("nodes", &id, |spec| {
            *spec = json!({"Labels": {}, "Availability": "active", "Role": "manager"});
        })?;
        return Ok(Some(format!("{name} is not as it should be")));
    }
    let reachable = node["ManagerStatus"]["Reachability"] == "reachable" && node["Status"]["State"] == "ready";
    Ok((!reachable).then(|| format!("{name} is not reachable")))
}

/// A dead node is noticed after about fifteen seconds, whatever a test before this one has asked for. No sooner: a live one
/// on a busy machine may be silent for some seconds.
fn calm(entry: &Engine) -> Result<()> {
    let swarm = entry.get("/swarm")?;
    let mut spec = swarm["Spec"].clone();
    let period = json!({"HeartbeatPeriod": 5_000_000_000_u64});
    if spec["Dispatcher"] != period {
        spec["Dispatcher"] = period;
        entry.post(&format!("/swarm/update?version={}", swarm["Version"]["Index"]), &spec)?;
    }
    Ok(())
}
