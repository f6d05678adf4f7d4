//! A simulated cluster with memory figures, an orca beside it, and the witness's questions.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::common::cluster::{Cluster, text};
use crate::common::orca::{Ended, Orca, Running};
use crate::common::poll;
use crate::common::sim::Sim;

const MIB: u64 = 1 << 20;
/// Of every node, MiB.
const TOTAL: u64 = 10_000;
/// Used on every node beside tasks, MiB.
const BASE: u64 = 1_000;

pub(crate) struct Stage {
    pub(crate) sim: Sim,
    pub(crate) orca: Orca,
    /// Footprints in MiB, by service and slot.
    memory: BTreeMap<(String, u64), u64>,
}

/// What must not change.
pub(crate) struct Before {
    specs: BTreeMap<String, String>,
    pub(crate) tasks: BTreeMap<String, BTreeSet<String>>,
}

impl Stage {
    pub(crate) fn new(nodes: usize) -> Result<Self> {
        Self::slow(nodes, "0s")
    }

    /// Whose tasks take so long to start.
    pub(crate) fn slow(nodes: usize, start_delay: &str) -> Result<Self> {
        let names: Vec<String> = (1..=nodes).map(|number| format!("node-{number}")).collect();
        let sim = Sim::start(&names, nodes.min(3), start_delay)?;
        let orca = Orca::new(&sim.engine.host())?;
        orca.config("nodes: {}\n")?;
        Ok(Self { sim, orca, memory: BTreeMap::new() })
    }

    /// A cluster with one obvious move: `web` on node-1, with most of the memory there, to node-3.
    pub(crate) fn hog(start_delay: &str) -> Result<Self> {
        let mut stage = Self::slow(3, start_delay)?;
        stage.service("web", &[("node-1", 4_000)])?;
        stage.pinned("big", "node-1", 3_000)?;
        stage.pinned("mid", "node-2", 2_500)?;
        stage.pinned("low", "node-3", 500)?;
        stage.settled()?;
        Ok(stage)
    }

    /// A replicated service with one task for each place: node and MiB in use. The tasks are put there by constraints
    /// that are taken away again, which moves nothing.
    pub(crate) fn service(&mut self, name: &str, places: &[(&str, u64)]) -> Result<()> {
        self.service_with(name, places, |_| ())
    }

    /// One task that can't move.
    pub(crate) fn pinned(&mut self, name: &str, node: &str, memory: u64) -> Result<()> {
        self.service_with(name, &[(node, memory)], |spec| {
            spec["TaskTemplate"]["Placement"]["Constraints"] = json!([format!("node.hostname=={node}")]);
        })
    }

    /// A cluster with two obvious moves, `one` and `two`, to node-2 and node-3.
    pub(crate) fn crowd() -> Result<Self> {
        let mut stage = Self::new(3)?;
        stage.pinned("big", "node-1", 2_500)?;
        stage.pinned("mid", "node-2", 100)?;
        stage.pinned("low", "node-3", 100)?;
        stage.service("one", &[("node-1", 2_000)])?;
        stage.service("two", &[("node-1", 2_100)])?;
        Ok(stage)
    }

    /// As [`Self::service`], with more in its spec.
    pub(crate) fn service_with(
        &mut self,
        name: &str,
        places: &[(&str, u64)],
        change: impl Fn(&mut Value),
    ) -> Result<()> {
        let mut spec = json!({
            "Name": name, "Labels": {"team": "x"}, "Mode": {"Replicated": {"Replicas": 0}},
            "TaskTemplate": {
                "ContainerSpec": {"Image": "127.0.0.1:1/bb:1", "Env": ["A=b"]}, "Resources": {},
                "Placement": {"Constraints": [], "Platforms": [{"Architecture": "amd64", "OS": "linux"}]},
            },
            "UpdateConfig": {"Parallelism": 2, "FailureAction": "pause", "MaxFailureRatio": 0, "Order": "stop-first"},
            "EndpointSpec": {"Mode": "vip"},
        });
        change(&mut spec);
        let id = text(&self.sim.engine.post("/services/create", &spec)?["ID"]);
        let wanted = spec["TaskTemplate"]["Placement"]["Constraints"].clone();
        for (at, (node, memory)) in places.iter().enumerate() {
            self.sim.engine.edit("services", &id, |spec| {
                spec["Mode"]["Replicated"]["Replicas"] = json!(at + 1);
                spec["TaskTemplate"]["Placement"]["Constraints"] = json!([]);
            })?;
            // Whatever Swarm chose for the new one, it goes where it is meant to: the others' nodes can't be excluded.
            self.settled()?;
            self.put(&id, at as u64 + 1, node)?;
            self.memory.insert((name.to_owned(), at as u64 + 1), *memory);
        }
        self.sim.engine.edit("services", &id, |spec| spec["TaskTemplate"]["Placement"]["Constraints"] = wanted.clone())
    }

    /// Makes the task of a slot run on this node: all other nodes are drained for as long as it takes.
    fn put(&self, service: &str, slot: u64, node: &str) -> Result<()> {
        let here = |cluster: &Cluster| {
            cluster.tasks.iter().any(|task| {
                task["ServiceID"] == service
                    && task["Slot"] == slot
                    && task["DesiredState"] == "running"
                    && cluster.hostname(&text(&task["NodeID"])) == node
            })
        };
        if here(&self.cluster()?) {
            return Ok(());
        }
        // A new start of that slot on the only node that takes tasks.
        let names: Vec<String> =
            self.cluster()?.nodes.iter().map(|node| text(&node["Description"]["Hostname"])).collect();
        let availability = |to: &str| -> Result<()> {
            for name in names.iter().filter(|name| *name != node) {
                let id = self.cluster()?.node_id(name)?;
                self.sim.engine.edit("nodes", &id, |spec| spec["Availability"] = to.into())?;
            }
            Ok(())
        };
        availability("pause")?;
        let name = text(&self.sim.engine.get(&format!("/services/{service}"))?["Spec"]["Name"]);
        self.sim.admin("/tasks", &json!({"service": name, "slot": slot, "state": "failed"}))?;
        availability("active")?;
        ensure!(here(&self.cluster()?), "{name}.{slot} is not on {node}");
        Ok(())
    }

    pub(crate) fn cluster(&self) -> Result<Cluster> {
        Cluster::peek(&self.sim.engine)
    }

    pub(crate) fn settled(&self) -> Result<()> {
        poll::until("the cluster rests", || self.cluster()?.unsettled())
    }

    /// From now on a task of a service holds so many MiB.
    pub(crate) fn weighs(&mut self, service: &str, slot: u64, memory: u64) {
        self.memory.insert((service.to_owned(), slot), memory);
    }

    /// Writes the figures of the tasks that run now.
    pub(crate) fn measure(&self) -> Result<()> {
        let cluster = self.cluster()?;
        let mut used: BTreeMap<String, u64> =
            cluster.nodes.iter().map(|node| (text(&node["Description"]["Hostname"]), BASE)).collect();
        let mut tasks = BTreeMap::new();
        for ((service, slot), memory) in &self.memory {
            let Ok(running) = cluster.running(service) else { continue };
            for task in running.into_iter().filter(|task| task["Slot"] == *slot) {
                let bytes = memory * MIB;
                tasks.insert(text(&task["ID"]), json!({"footprint_bytes": bytes, "working_set_bytes": bytes}));
                *used.entry(cluster.hostname(&text(&task["NodeID"]))).or_default() += memory;
            }
        }
        let nodes: BTreeMap<_, _> = used
            .into_iter()
            .map(|(name, used)| (name, json!({"total_bytes": TOTAL * MIB, "used_bytes": used * MIB})))
            .collect();
        let taken_at = jiff::Timestamp::now().to_string();
        let document = json!({"schema": "orca.metrics/1", "taken_at": taken_at, "nodes": nodes, "tasks": tasks});
        Ok(std::fs::write(self.orca.path("metrics.json"), document.to_string())?)
    }

    /// `rebalance apply` of one restart without guard rails, and with nothing to wait for, after a fresh measurement.
    pub(crate) fn args<'a>(&self, more: &[&'a str]) -> Result<Vec<&'a str>> {
        self.measure()?;
        let wish: &[&str] = &["--unguarded", "--max-restarts", "1"];
        let goal = ["--max-restarts", "--goal", "--empty", "--target-peak"];
        let wish = if more.iter().any(|word| goal.contains(word)) { &wish[..1] } else { wish };
        Ok([&["rebalance", "apply", "--metrics", "metrics.json", "--settle", "0s"], wish, more].concat())
    }

    pub(crate) fn apply(&self, more: &[&str]) -> Result<(Ended, Value)> {
        self.run(&self.args(more)?)
    }

    pub(crate) fn start(&self, more: &[&str]) -> Result<Running> {
        self.orca.start(&self.args(more)?)
    }

    pub(crate) fn run(&self, args: &[&str]) -> Result<(Ended, Value)> {
        let ended = self.orca.run(args)?;
        let report = ended.report()?;
        Ok((ended, report))
    }

    pub(crate) fn fault(&self, fault: &Value) -> Result<()> {
        self.sim.admin("/fault", fault).map(drop)
    }

    pub(crate) fn clear(&self) -> Result<()> {
        self.sim.engine.ask("DELETE", "/_sim/fault", None).map(drop)
    }

    /// How often the rules have struck.
    pub(crate) fn struck(&self) -> Result<u64> {
        let state = self.sim.engine.get("/_sim/state")?;
        Ok(state["faults"].as_array().into_iter().flatten().filter_map(|fault| fault["struck"].as_u64()).sum())
    }

    pub(crate) fn writes(&self) -> Result<u64> {
        Ok(self.sim.requests()?["writes"].as_u64().unwrap_or_default())
    }

    /// The writes so far, as `POST /services/create`.
    pub(crate) fn written(&self) -> Result<Vec<String>> {
        let requests = self.sim.requests()?;
        let write = |request: &&Value| request["method"] != "GET" && request["method"] != "HEAD";
        let line = |request: &Value| format!("{} {}", text(&request["method"]), text(&request["path"]));
        Ok(requests["requests"].as_array().into_iter().flatten().filter(write).map(line).collect())
    }

    /// Waits until a service carries a move's traces.
    pub(crate) fn begun(&self, service: &str) -> Result<()> {
        poll::until("the move has begun", || {
            let label = self.cluster()?.service(service)?["Spec"]["Labels"]["orca.move.restore"].is_string();
            Ok(if label { Vec::new() } else { vec!["no traces".to_owned()] })
        })
    }

    /// Changes a service's spec as somebody else.
    pub(crate) fn edit(&self, service: &str, change: impl Fn(&mut Value)) -> Result<()> {
        self.sim.engine.edit("services", &self.cluster()?.service_id(service)?, change)
    }

    pub(crate) fn before(&self) -> Result<Before> {
        let cluster = self.cluster()?;
        self.sim.reset_requests()?;
        Ok(Before { specs: specs(&cluster), tasks: cluster.running_ids()? })
    }

    /// Nothing of a move is left anywhere, and no request could have crashed a manager.
    pub(crate) fn no_traces(&self) -> Result<()> {
        let cluster = self.cluster()?;
        for service in &cluster.services {
            for part in ["Spec", "PreviousSpec"] {
                let spec = service[part].to_string();
                ensure!(!spec.contains("orca."), "{part} of {} has traces: {spec}", service["Spec"]["Name"]);
                ensure!(!spec.contains("node.id"), "{part} of {} is steered: {spec}", service["Spec"]["Name"]);
            }
        }
        for node in &cluster.nodes {
            let labels = node["Spec"]["Labels"].to_string();
            ensure!(!labels.contains("orca."), "labels of {}: {labels}", node["Description"]["Hostname"]);
        }
        let configs = self.sim.engine.get("/configs")?;
        ensure!(configs == json!([]), "configs are left: {configs}");
        self.no_crash()
    }

    pub(crate) fn no_crash(&self) -> Result<()> {
        ensure!(self.sim.engine.get("/_sim/state")?["panicked"] == false, "a write has crashed the manager");
        let requests = self.sim.requests()?;
        for request in requests["requests"].as_array().into_iter().flatten() {
            let (path, body) = (text(&request["path"]), &request["body"]);
            let writes_spec = path.starts_with("/services/") && request["method"] == "POST";
            ensure!(!writes_spec || body["TaskTemplate"]["Placement"].is_object(), "no Placement in {request}");
        }
        Ok(())
    }

    /// No traces, all specs byte for byte as before, and every service whole.
    pub(crate) fn as_before(&self, before: &Before) -> Result<()> {
        self.no_traces()?;
        let now = specs(&self.cluster()?);
        ensure!(now == before.specs, "specs have changed:\n{:#?}\nwas\n{:#?}", now, before.specs);
        self.settled()
    }

    /// After a move of a service's task: the number of its tasks that are new, everywhere else none.
    pub(crate) fn only_moved(&self, before: &Before, moved: &[(&str, usize)]) -> Result<()> {
        let now = self.cluster()?.running_ids()?;
        for (service, ids) in &before.tasks {
            let new = now.get(service).context("a service is gone")?.difference(ids).count();
            let allowed = moved.iter().find(|(name, _)| name == service).map_or(0, |(_, count)| *count);
            ensure!(new == allowed, "{service}: {new} tasks are new, not {allowed}");
            ensure!(now[service].len() == ids.len(), "{service}: {} tasks, were {}", now[service].len(), ids.len());
        }
        Ok(())
    }

    /// `recover` undoes whatever is left at once; another one has nothing to write.
    pub(crate) fn recovers(&self, before: &Before) -> Result<()> {
        self.clear()?;
        let (ended, _) = self.run(&["rebalance", "recover"])?;
        ensure!(ended.exit == Some(0), "recover: {ended}");
        self.as_before(before)?;
        self.sim.reset_requests()?;
        let (ended, report) = self.run(&["rebalance", "recover"])?;
        ensure!(ended.exit == Some(0) && report["outcome"] == "unchanged", "recover once more: {ended}");
        ensure!(self.writes()? == 0, "recover once more wrote: {:?}", self.written()?);
        Ok(())
    }
}

fn specs(cluster: &Cluster) -> BTreeMap<String, String> {
    cluster.services.iter().map(|service| (text(&service["Spec"]["Name"]), service["Spec"].to_string())).collect()
}

/// The status of each action, in order.
pub(crate) fn statuses(report: &Value) -> Vec<&str> {
    report["actions"].as_array().into_iter().flatten().filter_map(|action| action["status"].as_str()).collect()
}
