//! Services at chosen places of the lab, memory figures for them, an orca, and what must be so afterwards.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::lab::Lab;
use crate::orca::{Ended, Orca, Running};

const MIB: u64 = 1 << 20;
/// Of every node, MiB.
const TOTAL: u64 = 10_000;
/// Used on every node beside tasks, MiB.
const BASE: u64 = 1_000;
/// However many tasks of a service are new.
pub(crate) const ANY: usize = usize::MAX;
/// Ends as soon as it is told to.
pub(crate) const SERVE: &str = "trap 'exit 0' TERM; while :; do sleep 0.1; done";
/// Ends twenty seconds after it is told to: a move can be met on its way, on a busy machine too.
pub(crate) const LINGER: &str = "trap 'sleep 20; exit 0' TERM; while :; do sleep 0.1; done";

pub(crate) struct Scene {
    pub(crate) lab: Lab,
    pub(crate) orca: Orca,
    /// The node whose engine orca and the witness talk to.
    pub(crate) at: usize,
    /// Footprint of one task of each service, MiB.
    memory: BTreeMap<String, u64>,
}

/// What must not change.
pub(crate) struct Before {
    specs: BTreeMap<String, Value>,
    tasks: BTreeMap<String, BTreeSet<String>>,
}

impl Scene {
    /// An empty lab; orca talks to this node.
    pub(crate) fn new(at: usize) -> Self {
        let lab = Lab::clean();
        let left = lab.docker(1, "config ls -q");
        left.lines().for_each(|config| drop(lab.docker(1, &format!("config rm {config}"))));
        let orca = Orca::new(&lab.host(at)).unwrap();
        orca.config("nodes: {}\n").unwrap();
        Self { lab, orca, at, memory: BTreeMap::new() }
    }

    /// One obvious move: `web`, from node-1, to node-3. Every node has the image.
    pub(crate) fn hog(at: usize, options: &[&str], script: &str) -> Self {
        let mut scene = Self::new(at);
        scene.pinned([1, 2, 3]);
        scene.service_with("web", &[1], 4_000, options, script);
        scene
    }

    /// One task on each node that stays there: the first is full, the last nearly empty.
    pub(crate) fn pinned(&mut self, nodes: [usize; 3]) {
        for ((name, memory), node) in [("big", 3_000), ("mid", 2_500), ("low", 500)].into_iter().zip(nodes) {
            let constraint = format!("node.hostname==node-{node}");
            self.create(name, memory, &["--constraint", &constraint], SERVE);
        }
        self.settled();
    }

    /// A service with a task on each of these nodes, in the order of their slots.
    pub(crate) fn service(&mut self, name: &str, nodes: &[usize], memory: u64, options: &[&str]) {
        self.service_with(name, nodes, memory, options, SERVE);
    }

    pub(crate) fn service_with(&mut self, name: &str, nodes: &[usize], memory: u64, options: &[&str], script: &str) {
        self.create(name, memory, &[&["--replicas", "0"], options].concat(), script);
        let mut paused = BTreeSet::new();
        for (slot, node) in nodes.iter().enumerate() {
            for other in 1..=3 {
                let pause = other != *node;
                if pause != paused.contains(&other) {
                    self.availability(other, if pause { "pause" } else { "active" });
                    if pause {
                        paused.insert(other)
                    } else {
                        paused.remove(&other)
                    };
                }
            }
            self.docker(&format!("service scale -d {name}={}", slot + 1));
            self.lab.wait_for(name, || self.places(name).len() == slot + 1);
        }
        for node in paused {
            self.availability(node, "active");
        }
        let mut sorted: Vec<String> = nodes.iter().map(|node| format!("node-{node}")).collect();
        sorted.sort();
        assert_eq!(self.places(name), sorted);
    }

    fn create(&mut self, name: &str, memory: u64, options: &[&str], script: &str) {
        let first = ["service", "create", "-d", "--no-resolve-image", "--name", name, "--stop-grace-period", "30s"];
        let own_image = options.iter().any(|word| word.starts_with("127.0.0.1:1/"));
        let image: &[&str] = if own_image { &[] } else { &["127.0.0.1:1/bb:1"] };
        self.lab.docker_words(self.at, &[&first[..], options, image, &["sh", "-c", script]].concat());
        self.memory.insert(name.to_owned(), memory);
    }

    /// What one task of a service holds that was made by other means.
    pub(crate) fn holds(&mut self, service: &str, memory: u64) {
        self.memory.insert(service.to_owned(), memory);
    }

    pub(crate) fn availability(&self, node: usize, to: &str) {
        self.docker(&format!("node update --availability {to} node-{node}"));
    }

    /// The docker CLI at orca's node.
    pub(crate) fn docker(&self, args: &str) -> String {
        self.lab.docker(self.at, args)
    }

    /// Id and node of each running task of a service.
    fn tasks(&self, service: &str) -> Vec<(String, String)> {
        let format = "{{.ID}} {{.Node}} {{.CurrentState}}";
        let words = ["service", "ps", service, "--no-trunc", "--filter", "desired-state=running", "--format", format];
        let lines = self.lab.docker_words(self.at, &words);
        let running = lines.lines().map(|line| line.split(' ').collect::<Vec<_>>());
        running.filter(|line| line.get(2) == Some(&"Running")).map(|line| (line[0].into(), line[1].into())).collect()
    }

    /// The nodes where a service runs, sorted.
    pub(crate) fn places(&self, service: &str) -> Vec<String> {
        let mut places: Vec<String> = self.tasks(service).into_iter().map(|(_, node)| node).collect();
        places.sort();
        places
    }

    pub(crate) fn task_ids(&self, service: &str) -> BTreeSet<String> {
        self.tasks(service).into_iter().map(|(id, _)| id).collect()
    }

    pub(crate) fn node_of(&self, service: &str, task: &str) -> Option<String> {
        self.tasks(service).into_iter().find(|(id, _)| id == task).map(|(_, node)| node)
    }

    fn services(&self) -> Vec<Value> {
        let ids = self.docker("service ls -q").split_whitespace().collect::<Vec<_>>().join(" ");
        serde_json::from_str(&self.docker(&format!("service inspect {ids}"))).unwrap()
    }

    pub(crate) fn inspect(&self, service: &str) -> Value {
        let mut found: Value = serde_json::from_str(&self.docker(&format!("service inspect {service}"))).unwrap();
        found[0].take()
    }

    /// Every service has as many running tasks as it wants, and those are no old ones on their way out.
    pub(crate) fn settled(&self) {
        self.lab.wait_for("every service is whole", || {
            let whole = |service: &Value| {
                let wanted = service["Spec"]["Mode"]["Replicated"]["Replicas"].as_u64().unwrap();
                self.places(service["Spec"]["Name"].as_str().unwrap()).len() as u64 == wanted
            };
            self.services().iter().all(whole)
        });
    }

    /// Writes the figures of the tasks that run now.
    pub(crate) fn measure(&self) {
        let mut used: BTreeMap<String, u64> = (1..=3).map(|node| (format!("node-{node}"), BASE)).collect();
        let mut tasks = BTreeMap::new();
        for (service, memory) in &self.memory {
            for (id, node) in self.tasks(service) {
                let bytes = memory * MIB;
                tasks.insert(id, json!({"footprint_bytes": bytes, "working_set_bytes": bytes}));
                *used.get_mut(&node).unwrap() += memory;
            }
        }
        let share = |used: &u64| json!({"total_bytes": TOTAL * MIB, "used_bytes": used * MIB});
        let nodes: BTreeMap<&String, Value> = used.iter().map(|(name, used)| (name, share(used))).collect();
        let taken_at = jiff::Timestamp::now().to_string();
        let document = json!({"schema": "orca.metrics/1", "taken_at": taken_at, "nodes": nodes, "tasks": tasks});
        std::fs::write(self.orca.path("metrics.json"), document.to_string()).unwrap();
    }

    /// `rebalance apply` without guard rails, of one restart if nothing else is asked for, after a measurement.
    pub(crate) fn start(&self, more: &[&str]) -> Running {
        self.measure();
        let asked = ["--goal", "--empty", "--max-restarts"].iter().any(|goal| more.contains(goal));
        let wish: &[&str] = if asked { &[] } else { &["--max-restarts", "1"] };
        let settle: &[&str] = if more.contains(&"--settle") { &[] } else { &["--settle", "500ms"] };
        let first = ["rebalance", "apply", "-o", "json", "--metrics", "metrics.json", "--unguarded"];
        self.orca.start(&[&first[..], settle, wish, more].concat()).unwrap()
    }

    pub(crate) fn apply(&self, more: &[&str]) -> (Ended, Value) {
        ended(self.start(more))
    }

    pub(crate) fn run(&self, args: &[&str]) -> (Ended, Value) {
        ended(self.orca.start(&[args, &["-o", "json"]].concat()).unwrap())
    }

    /// Another orca, on another host, that talks to this socket.
    pub(crate) fn other(&self, host: &str) -> Orca {
        let orca = Orca::new(host).unwrap();
        orca.config("nodes: {}\n").unwrap();
        std::fs::copy(self.orca.path("metrics.json"), orca.path("metrics.json")).unwrap();
        orca
    }

    /// Waits until a service carries the traces of the move that an orca makes.
    pub(crate) fn begun(&self, service: &str, mut running: Running) -> Running {
        let mut over = false;
        self.lab.wait_for("the move begins", || {
            over = running.child.try_wait().unwrap().is_some();
            over || self.steered(service)
        });
        assert!(!over, "it has ended before: {}", running.end().unwrap());
        running
    }

    pub(crate) fn steered(&self, service: &str) -> bool {
        self.inspect(service)["Spec"]["Labels"]["orca.move.restore"].is_string()
    }

    pub(crate) fn before(&self) -> Before {
        let name = |service: &Value| service["Spec"]["Name"].as_str().unwrap().to_owned();
        let services = self.services();
        let specs = services.iter().map(|service| (name(service), service["Spec"].clone())).collect();
        let tasks = services.iter().map(|service| (name(service), self.task_ids(&name(service)))).collect();
        Before { specs, tasks }
    }

    /// Nothing of a move is left anywhere, and a rollback by hand doesn't bring it back.
    pub(crate) fn no_traces(&self) {
        for service in self.services() {
            let name = service["Spec"]["Name"].as_str().unwrap().to_owned();
            assert!(!name.starts_with("orca-"), "{name} is left");
            for part in ["Spec", "PreviousSpec"] {
                let text = service[part].to_string();
                assert!(!text.contains("orca.") && !text.contains("node.id"), "{part} of {name}: {text}");
            }
        }
        assert_eq!(self.docker("config ls -q"), "", "configs are left");
        let labels = self.docker("node inspect node-1 node-2 node-3 --format {{.Spec.Labels}}");
        assert!(!labels.contains("orca."), "{labels}");
    }

    /// No traces, every spec as before, and of these services so many tasks are new, of others none.
    pub(crate) fn as_before(&self, before: &Before, moved: &[(&str, usize)]) {
        self.settled();
        self.no_traces();
        let now = self.before();
        assert_eq!(now.specs, before.specs);
        for (service, ids) in &before.tasks {
            let new = now.tasks[service].difference(ids).count();
            let allowed = moved.iter().find(|(name, _)| name == service).map_or(0, |(_, count)| *count);
            assert!(new == allowed || allowed == ANY, "{service}: {new} tasks are new");
            assert_eq!(now.tasks[service].len(), ids.len(), "{service}");
        }
    }

    /// `docker service rollback` finds nothing that moves a task: they all run on. Where Swarm itself has undone a move
    /// there is nothing to go back to.
    pub(crate) fn rolls_back_to_the_same(&self, service: &str) {
        let (before, tasks) = (self.inspect(service), self.task_ids(service));
        let spec = before["Spec"].clone();
        if before["PreviousSpec"].is_null() {
            return;
        }
        self.docker(&format!("service rollback -d {service}"));
        assert_eq!(self.inspect(service)["Spec"], spec);
        self.lab.wait_for("the rollback is over", || {
            let state = self.inspect(service)["UpdateStatus"]["State"].clone();
            state.is_null() || state == "rollback_completed"
        });
        assert_eq!(self.task_ids(service), tasks, "{service} was restarted");
    }
}

pub(crate) fn ended(running: Running) -> (Ended, Value) {
    let ended = running.end().unwrap();
    let report = ended.report().unwrap();
    (ended, report)
}

/// The status of each action, in order.
pub(crate) fn statuses(report: &Value) -> Vec<&str> {
    report["actions"].as_array().into_iter().flatten().filter_map(|action| action["status"].as_str()).collect()
}
