//! All tasks with the indexes that orchestration needs, so that no change ever scans 50,000 of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::object::{Port, Task};

/// What runs on one node, as the scheduler counts it.
#[derive(Debug, Clone, Default)]
pub(super) struct Load {
    /// Every task that names the node, ended ones too.
    pub tasks: BTreeSet<String>,
    /// Tasks that take up room.
    pub live: u64,
    pub nano_cpus: u64,
    pub memory: u64,
    pub host_ports: Vec<Port>,
    /// Live tasks by service.
    pub by_service: HashMap<String, u64>,
}

/// The task table.
#[derive(Debug, Clone, Default)]
pub(super) struct Tasks {
    by_id: BTreeMap<String, Task>,
    by_service: HashMap<String, BTreeSet<String>>,
    loads: HashMap<String, Load>,
    waiting: BTreeSet<String>,
    /// Bytes of all texts, to size a list before it is written.
    bytes: usize,
}

impl Tasks {
    /// Adds a task or replaces the one with its id.
    pub fn put(&mut self, task: Task) {
        self.remove(&task.id);
        self.bytes += task.text.len();
        self.by_service.entry(task.service.clone()).or_default().insert(task.id.clone());
        if task.waits_for_node() {
            self.waiting.insert(task.id.clone());
        }
        if !task.node.is_empty() {
            let load = self.loads.entry(task.node.clone()).or_default();
            load.tasks.insert(task.id.clone());
            if task.occupies() {
                load.live += 1;
                load.nano_cpus += task.nano_cpus;
                load.memory += task.memory;
                load.host_ports.extend(task.host_ports.iter().cloned());
                *load.by_service.entry(task.service.clone()).or_default() += 1;
            }
        }
        self.by_id.insert(task.id.clone(), task);
    }

    /// Forgets a task.
    pub fn remove(&mut self, id: &str) -> Option<Task> {
        let task = self.by_id.remove(id)?;
        self.bytes -= task.text.len();
        self.waiting.remove(id);
        if let Some(ids) = self.by_service.get_mut(&task.service) {
            ids.remove(id);
        }
        if let Some(load) = self.loads.get_mut(&task.node) {
            load.tasks.remove(id);
            if task.occupies() {
                load.live -= 1;
                load.nano_cpus -= task.nano_cpus;
                load.memory -= task.memory;
                for port in &task.host_ports {
                    if let Some(at) = load.host_ports.iter().position(|held| held == port) {
                        load.host_ports.swap_remove(at);
                    }
                }
                if let Some(count) = load.by_service.get_mut(&task.service) {
                    *count -= 1;
                }
            }
        }
        Some(task)
    }

    /// The task with this id.
    pub fn get(&self, id: &str) -> Option<&Task> {
        self.by_id.get(id)
    }

    /// All tasks by id.
    pub fn iter(&self) -> impl Iterator<Item = &Task> {
        self.by_id.values()
    }

    /// The tasks whose id starts with `prefix`.
    pub fn with_prefix(&self, prefix: &str) -> Vec<&Task> {
        let from = self.by_id.range(prefix.to_owned()..).map(|(_, task)| task);
        from.take_while(|task| task.id.starts_with(prefix)).collect()
    }

    /// All tasks of a service, oldest first.
    pub fn of_service(&self, service: &str) -> Vec<&Task> {
        let ids = self.by_service.get(service).into_iter().flatten();
        let mut tasks: Vec<&Task> = ids.filter_map(|id| self.by_id.get(id)).collect();
        tasks.sort_by_key(|task| task.created);
        tasks
    }

    /// The ids of all tasks that name this node.
    pub fn on_node(&self, node: &str) -> Vec<String> {
        self.loads.get(node).map(|load| load.tasks.iter().cloned().collect()).unwrap_or_default()
    }

    /// The node's load, if it ever had a task.
    pub fn load(&self, node: &str) -> Option<&Load> {
        self.loads.get(node)
    }

    /// Tasks that wait for a node.
    pub fn waiting(&self) -> Vec<String> {
        self.waiting.iter().cloned().collect()
    }

    /// How many tasks there are.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Bytes of all texts together.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}
