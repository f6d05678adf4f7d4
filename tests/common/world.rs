//! A cluster that a scenario happens on: simulated, or a lab of real engines. Both are spoken to through the same API.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::cluster::{Cluster, text};
use super::http::Engine;
use super::lab::{self, Lab};
use super::poll;
use super::scenario::{Scenario, Service};
use super::sim::Sim;

/// Nothing listens there: an engine that tries to pull it is refused at once, and starts what it has.
const IMAGE: &str = "127.0.0.1:1/bb:1";
/// Ends when it is told to, not ten seconds later.
const SCRIPT: &str = "trap 'exit 0' TERM; while :; do sleep 0.2; done";

#[derive(Debug)]
pub enum World {
    Sim(Sim),
    Lab(Lab),
}

impl World {
    /// A cluster as the scenario is given it.
    pub fn make(scenario: &Scenario, real: bool) -> Result<Self> {
        let names = scenario.names();
        let world = if real {
            Self::Lab(Lab::clean(names.len()).context("clean the lab")?)
        } else {
            let delay = scenario.given.start_delay.as_deref().unwrap_or("0s");
            Self::Sim(Sim::start(&names, scenario.given.managers.unwrap_or(3), delay)?)
        };
        world.realise(scenario).context("make the cluster as given")?;
        Ok(world)
    }

    fn realise(&self, scenario: &Scenario) -> Result<()> {
        for (name, labels) in &scenario.given.labels {
            let labels = labels.iter().map(|(key, value)| (key.clone(), Some(value.clone()))).collect();
            self.label(name, &labels)?;
        }
        for service in &scenario.given.services {
            self.create(service)?;
        }
        self.settle()
    }

    /// The engine that is asked where nothing else is said.
    pub fn engine(&self) -> &Engine {
        match self {
            Self::Sim(sim) => &sim.engine,
            Self::Lab(lab) => &lab.engines[0],
        }
    }

    /// The engine that is meant by `leader`, `follower` or a node's name.
    pub fn engine_on(&self, place: &str) -> Result<&Engine> {
        match self {
            Self::Sim(sim) => {
                // One process is one manager's view: leadership moves instead.
                let leader = match place {
                    "leader" | "node-1" => "node-1",
                    "follower" => "node-2",
                    other => bail!("the simulated engine is node-1, not `{other}`"),
                };
                sim.admin("/leader", &json!({"name": leader}))?;
                Ok(&sim.engine)
            }
            Self::Lab(lab) => {
                let leads = |node: &&Value| node["ManagerStatus"]["Leader"] == true;
                let cluster = self.cluster()?;
                let leader = cluster.nodes.iter().find(leads).context("nobody leads the swarm")?;
                let leader = text(&leader["Description"]["Hostname"]);
                let name = match place {
                    "leader" => leader,
                    "follower" if leader == "node-1" => "node-2".to_owned(),
                    "follower" => "node-1".to_owned(),
                    name => name.to_owned(),
                };
                lab.engine(&name)
            }
        }
    }

    pub fn cluster(&self) -> Result<Cluster> {
        match self {
            Self::Sim(sim) => Cluster::peek(&sim.engine),
            Self::Lab(lab) => Cluster::ask(&lab.engines[0]),
        }
    }

    /// Waits until nothing moves by itself.
    pub fn settle(&self) -> Result<()> {
        poll::until("the cluster settles", || self.cluster()?.unsettled())
    }

    /// How orca is to reach an engine, so that its requests are counted.
    pub fn host(&self, engine: &Engine) -> Result<String> {
        match self {
            Self::Sim(_) => Ok(engine.host()),
            Self::Lab(lab) => Ok(lab.door(engine)?.host()),
        }
    }

    /// Requests and writes since the last call.
    pub fn count_requests(&self) -> Result<(u64, u64)> {
        match self {
            Self::Sim(sim) => {
                let log = sim.requests()?;
                sim.reset_requests()?;
                Ok((log["total"].as_u64().unwrap_or_default(), log["writes"].as_u64().unwrap_or_default()))
            }
            Self::Lab(lab) => Ok(lab.count_requests()),
        }
    }

    /// Sets labels of a node, or removes those without a value.
    pub fn label(&self, node: &str, labels: &BTreeMap<String, Option<String>>) -> Result<()> {
        let id = self.cluster()?.node_id(node)?;
        self.engine().edit("nodes", &id, |spec| {
            for (key, value) in labels {
                match value {
                    Some(value) => spec["Labels"][key] = value.as_str().into(),
                    None => drop(spec["Labels"].as_object_mut().and_then(|labels| labels.remove(key))),
                }
            }
        })
    }

    pub fn availability(&self, node: &str, wanted: &str) -> Result<()> {
        let id = self.cluster()?.node_id(node)?;
        self.engine().edit("nodes", &id, |spec| spec["Availability"] = wanted.into())
    }

    pub fn create(&self, service: &Service) -> Result<()> {
        let mut others = Vec::new();
        if let Some(at) = &service.at {
            let cluster = self.cluster()?;
            let open = |node: &&Value| node["Spec"]["Availability"] == "active" && node["Status"]["State"] == "ready";
            let names = cluster.nodes.iter().filter(open).map(|node| text(&node["Description"]["Hostname"]));
            others.extend(names.filter(|name| name != at));
        }
        for node in &others {
            self.availability(node, "pause")?;
        }
        self.engine().post("/services/create", &spec_of(service)?)?;
        if !others.is_empty() {
            let replicas = service.replicas.unwrap_or(1);
            poll::until(&format!("`{}` runs", service.name), || {
                let running = self.cluster()?.running(&service.name)?.len() as u64;
                Ok(if running == replicas { Vec::new() } else { vec![self.cluster()?.describe(&service.name)] })
            })?;
        }
        others.iter().try_for_each(|node| self.availability(node, "active"))
    }

    /// Changes a service as another client would.
    pub fn change(&self, service: &str, change: impl Fn(&mut Value)) -> Result<()> {
        let id = self.cluster()?.service_id(service)?;
        self.engine().edit("services", &id, change)
    }

    pub fn remove(&self, service: &str) -> Result<()> {
        let id = self.cluster()?.service_id(service)?;
        self.engine().ask("DELETE", &format!("/services/{id}"), None).map(drop)
    }

    pub fn rollback(&self, name: &str) -> Result<()> {
        let cluster = self.cluster()?;
        let service = cluster.service(name)?;
        let (id, version) = (text(&service["ID"]), &service["Version"]["Index"]);
        let path = format!("/services/{id}/update?version={version}&rollback=previous");
        self.engine().post(&path, &service["Spec"]).map(drop)
    }

    /// Fails unless this manager itself knows who leads; a simulated swarm is always led.
    pub fn led(&self, node: &str) -> Result<()> {
        match self {
            Self::Sim(_) => Ok(()),
            Self::Lab(lab) => lab::led(lab.engine(node)?),
        }
    }

    /// Power and network of a node: `kill`, `start`, `cut`, `heal`, `rejoin`.
    pub fn disturb(&self, verb: &str, node: &str) -> Result<()> {
        match (self, verb) {
            (Self::Sim(sim), "kill" | "cut") => {
                sim.admin(&format!("/nodes/{node}"), &json!({"state": "down"})).map(drop)
            }
            (Self::Sim(sim), "start" | "heal") => {
                sim.admin(&format!("/nodes/{node}"), &json!({"state": "ready"})).map(drop)
            }
            (Self::Sim(sim), _) => {
                sim.admin(&format!("/nodes/{node}"), &json!({"state": "down"}))?;
                sim.admin("/nodes", &json!({"hostname": node})).map(drop)
            }
            (Self::Lab(lab), "rejoin") => lab.rejoin(node),
            (Self::Lab(lab), verb) => lab.command(&[verb, node]).map(drop),
        }
    }

    /// The containers of a service die.
    pub fn fail(&self, service: &str) -> Result<()> {
        match self {
            Self::Sim(sim) => {
                let body = json!({"service": service, "state": "failed", "err": "task: non-zero exit (137)"});
                sim.admin("/tasks", &body).map(drop)
            }
            Self::Lab(lab) => {
                let cluster = self.cluster()?;
                for task in cluster.running(service)? {
                    let engine = lab.engine(&cluster.hostname(&text(&task["NodeID"])))?;
                    let container = text(&task["Status"]["ContainerStatus"]["ContainerID"]);
                    engine.ask("POST", &format!("/containers/{container}/kill"), None)?;
                }
                Ok(())
            }
        }
    }
}

/// What the docker CLI would send.
fn spec_of(service: &Service) -> Result<Value> {
    let Service { name, at: _, replicas, mode, constraints, spec } = service;
    let mode = match mode.as_deref() {
        None | Some("replicated") => json!({"Replicated": {"Replicas": replicas.unwrap_or(1)}}),
        Some("global") => json!({"Global": {}}),
        Some("job") => json!({"ReplicatedJob": {"MaxConcurrent": 1, "TotalCompletions": 1}}),
        Some(other) => bail!("`{other}` is no mode"),
    };
    let job = mode["ReplicatedJob"].is_object();
    let script = if job { "true" } else { SCRIPT };
    let mut whole = json!({
        "Name": name, "Labels": {}, "Mode": mode,
        "TaskTemplate": {
            "ContainerSpec": {"Image": IMAGE, "Command": ["sh", "-c", script]},
            "RestartPolicy": {"Condition": if job { "none" } else { "any" }, "Delay": 100_000_000},
            "Placement": {"Constraints": constraints}, "ForceUpdate": 0,
        },
    });
    merge(&mut whole, spec);
    Ok(whole)
}

/// A JSON merge patch (RFC 7386).
pub fn merge(target: &mut Value, patch: &Value) {
    match (target, patch) {
        (Value::Object(target), Value::Object(patch)) => {
            for (key, value) in patch {
                if value.is_null() {
                    target.remove(key);
                } else {
                    merge(target.entry(key).or_insert(Value::Null), value);
                }
            }
        }
        (_, Value::Null) => {}
        (target, patch) => *target = patch.clone(),
    }
}
