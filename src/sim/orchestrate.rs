//! What a manager does by itself: makes the tasks that services ask for, and moves them when nodes change.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use super::cluster::{Broken, Cluster, mix, tree};
use super::json;
use super::object::{Mode, Service, Task};
use super::rollout::meaning;
use super::schedule::constraints_hold;

/// The engine's default `TaskHistoryRetentionLimit`: tasks kept in a slot, the running one included.
const HISTORY: usize = 5;

impl Cluster {
    /// Lets the swarm act until nothing more would change by itself.
    pub(super) fn converge(&mut self) {
        loop {
            if let Some(id) = self.todo.pop_first() {
                self.reconcile(&id);
            } else if std::mem::take(&mut self.retry) {
                self.place_waiting();
            } else {
                return;
            }
        }
    }

    fn reconcile(&mut self, id: &str) {
        let Some(service) = self.services.get(id).cloned() else { return };
        match service.mode {
            Mode::Replicated(count) => self.reconcile_replicated(&service, count),
            Mode::Global | Mode::GlobalJob => self.reconcile_global(&service),
            Mode::ReplicatedJob(count) => self.reconcile_job(&service, count),
        }
        self.roll(id);
    }

    /// Fills free slots with the lowest numbers and empties the most crowded nodes first, as swarmkit does.
    fn reconcile_replicated(&mut self, service: &Service, count: u64) {
        let mut slots: BTreeMap<u64, &Task> = BTreeMap::new();
        // A new spec is a new start, also for a slot that was finished.
        let rolling = self.rolling.contains(&service.id).then(|| tree(&service.text)).flatten();
        let template = rolling.map(|raw| meaning(&raw["Spec"]["TaskTemplate"]));
        let renewed = |task: &Task| template.as_ref().is_some_and(|template| self.is_outdated(service, template, task));
        let mut renews = false;
        for task in self.tasks.of_service(&service.id) {
            renews |= stays_stopped(service, task) && renewed(task);
            if task.wanted() || stays_stopped(service, task) && !renewed(task) {
                slots.insert(task.slot, task);
            } else if slots.get(&task.slot).is_some_and(|held| !held.wanted()) {
                slots.remove(&task.slot);
            }
        }
        let have = u64::try_from(slots.len()).unwrap_or(u64::MAX);
        if have > count {
            let surplus = surplus_slots(&slots, usize::try_from(count).unwrap_or(usize::MAX));
            let gone: Vec<String> = self
                .tasks
                .of_service(&service.id)
                .into_iter()
                .filter(|task| surplus.contains(&task.slot))
                .map(|task| task.id.clone())
                .collect();
            self.let_go(&gone);
            return;
        }
        let wanted = usize::try_from(count - have).unwrap_or_default();
        let free: Vec<u64> = (1..).filter(|slot| !slots.contains_key(slot)).take(wanted).collect();
        if renews && !free.is_empty() {
            self.note_rollout(service);
        }
        for slot in free {
            self.create_task(service, slot, None);
        }
    }

    fn reconcile_global(&mut self, service: &Service) {
        let mut covered = BTreeSet::new();
        let mut misplaced = Vec::new();
        for task in self.tasks.of_service(&service.id) {
            let current = !service.mode.is_job() || task.iteration == service.job_iteration;
            // Constraints alone decide, as in swarmkit: what has no image for the node's platform is left pending.
            let fits = self.nodes.get(&task.node).is_some_and(|node| constraints_hold(service, node));
            if task.wanted() && current && fits || current && stays_stopped(service, task) {
                covered.insert(task.node.clone());
            } else if task.wanted() {
                misplaced.push(task.id.clone());
            }
        }
        for id in &misplaced {
            self.stop_task(id);
        }
        let eligible = self.nodes.values().filter(|node| node.takes_tasks() && constraints_hold(service, node));
        let missing: Vec<String> =
            eligible.filter(|node| !covered.contains(&node.id)).map(|node| node.id.clone()).collect();
        for node in missing {
            self.create_task(service, 0, Some(&node));
        }
    }

    /// Runs what is still missing of the current iteration; what an earlier one left behind goes.
    fn reconcile_job(&mut self, service: &Service, count: u64) {
        let tasks = self.tasks.of_service(&service.id);
        let old: Vec<String> =
            tasks.iter().filter(|task| task.iteration != service.job_iteration).map(|task| task.id.clone()).collect();
        let done = tasks.iter().filter(|task| task.iteration == service.job_iteration && task.wanted()).count();
        self.forget_tasks(&old);
        for slot in u64::try_from(done).unwrap_or(u64::MAX)..count {
            self.create_task(service, slot, None);
        }
    }

    /// Makes a task and gives it a node, or leaves it pending with the reason.
    pub(super) fn create_task(&mut self, service: &Service, slot: u64, node: Option<&str>) {
        let Some(raw_service) = tree(&service.text) else { return };
        let id = self.new_id();
        let stamp = self.stamp().to_string();
        let mut raw = json!({
            "ID": id, "Version": {"Index": 0}, "CreatedAt": stamp, "UpdatedAt": stamp, "Labels": {},
            "Spec": raw_service["Spec"]["TaskTemplate"], "ServiceID": service.id,
            "Status": {"Timestamp": stamp, "State": "new", "Message": "created", "PortStatus": {}},
            "DesiredState": if service.mode.is_job() { "complete" } else { "running" },
            "GenericResources": null, "Volumes": null,
        });
        if slot > 0 || matches!(service.mode, Mode::ReplicatedJob(_)) {
            json::set(&mut raw, &["Slot"], slot);
        }
        if service.mode.is_job() {
            json::set(&mut raw, &["JobIteration", "Index"], service.job_iteration);
        }
        if let Some(node) = node {
            json::set(&mut raw, &["NodeID"], node);
        }
        self.settle_task(service, &mut raw, node);
        self.bump(&mut raw);
        self.tasks.put(Task::read(&raw));
        self.prune_history(service, slot, node);
    }

    /// Decides where a task without a node goes and writes that into it.
    fn settle_task(&mut self, service: &Service, raw: &mut Value, only: Option<&str>) {
        match self.place(service, only) {
            Ok(node) => {
                json::set(raw, &["NodeID"], node);
                let ports: Vec<Value> = tree(&service.text)
                    .map(|raw| json::list(&raw, "/Spec/EndpointSpec/Ports").to_vec())
                    .unwrap_or_default();
                let host: Vec<Value> =
                    ports.into_iter().filter(|port| json::text(port, "/PublishMode") == "host").collect();
                if !host.is_empty() {
                    json::set(raw, &["Status", "PortStatus", "Ports"], host);
                }
                if self.start_delay.is_zero() {
                    self.run(service, raw);
                } else {
                    self.pass_through(raw, "preparing");
                }
            }
            Err(reason) => self.status(raw, "pending", "pending task scheduling", &reason),
        }
    }

    /// Writes what becomes of a started task: it runs, it completes, or its image is one that doesn't work.
    fn run(&mut self, service: &Service, raw: &mut Value) {
        let node = self.nodes.get(json::text(raw, "/NodeID")).map_or("", |node| node.hostname.as_str());
        let here = |rule: &&Broken| rule.node.is_empty() || rule.node == node;
        let rule = self.broken.iter().filter(here).find(|rule| service.image.contains(&rule.image)).cloned();
        let rule = rule.or_else(|| no_command(raw));
        if let Some(rule) = rule {
            self.status(raw, &rule.state, "started", &rule.err);
            if matches!(rule.state.as_str(), "failed" | "rejected" | "complete") {
                let id = json::text(raw, "/ID").to_owned();
                // The end is noticed a little later, or a crash loop would spin inside one request.
                self.starting.insert(id, self.after(Duration::from_nanos(service.restart_delay)));
            }
            return;
        }
        let seed = mix(json::number(raw, "/Version/Index") ^ self.index);
        let container = format!("{seed:016x}{:016x}{:016x}{:016x}", mix(seed), mix(seed ^ 1), mix(seed ^ 2));
        let pid = 1000 + seed % 30_000;
        if service.mode.is_job() {
            self.status(raw, "complete", "finished", "");
        } else {
            self.status(raw, "running", "started", "");
        }
        json::set(raw, &["Status", "ContainerStatus"], json!({"ContainerID": container, "PID": pid, "ExitCode": 0}));
    }

    /// A state on the way to running: preparing and starting take half of the delay each.
    fn pass_through(&mut self, raw: &mut Value, state: &str) {
        self.status(raw, state, state, "");
        let id = json::text(raw, "/ID").to_owned();
        self.starting.insert(id, self.after(self.start_delay / 2));
    }

    /// A task's time has come: it starts, or its failure is noticed.
    pub(super) fn start(&mut self, id: &str) {
        let Some(task) = self.tasks.get(id).cloned() else { return };
        let Some(service) = self.services.get(&task.service).cloned() else { return };
        if task.wanted() && task.ended() && !service.mode.is_job() {
            self.fail_task(id);
        } else if task.wanted()
            && !task.ended()
            && let Some(mut raw) = tree(&task.text)
        {
            if task.state == "preparing" {
                self.pass_through(&mut raw, "starting");
            } else {
                self.run(&service, &mut raw);
            }
            self.bump(&mut raw);
            self.tasks.put(Task::read(&raw));
        }
        self.todo.insert(task.service);
    }

    /// Tries again to find nodes for the tasks that wait for one.
    fn place_waiting(&mut self) {
        for id in self.tasks.waiting() {
            let Some(task) = self.tasks.get(&id).cloned() else { continue };
            let Some(service) = self.services.get(&task.service).cloned() else { continue };
            let Some(mut raw) = tree(&task.text) else { continue };
            let only = (!task.node.is_empty()).then_some(task.node.as_str());
            let before = json::text(&raw, "/Status/Err").to_owned();
            self.settle_task(&service, &mut raw, only);
            // Clients poll; a task that still waits for the same reason is not news.
            if json::text(&raw, "/Status/State") != "pending" || json::text(&raw, "/Status/Err") != before {
                self.bump(&mut raw);
                self.tasks.put(Task::read(&raw));
                self.todo.insert(task.service);
            }
        }
    }

    /// Takes a task out of service; its node, if it is reachable, stops it.
    pub(super) fn stop_task(&mut self, id: &str) {
        let Some(task) = self.tasks.get(id) else { return };
        let reachable = self.nodes.get(&task.node).is_none_or(|node| node.state != "down");
        let ended = task.ended();
        let stamp = self.stamp().to_string();
        self.starting.remove(id);
        self.stopping.remove(id);
        self.outdated.remove(id);
        self.retry = true;
        self.edit_task(id, |raw| {
            json::set(raw, &["DesiredState"], "shutdown");
            // A dead node can't report: its tasks go on looking as if they ran.
            if reachable && !ended {
                json::set(raw, &["Status", "State"], "shutdown");
                json::set(raw, &["Status", "Message"], "shutdown");
                json::set(raw, &["Status", "Timestamp"], stamp);
            }
        });
    }

    /// A task has ended by itself: the restart policy decides what follows.
    pub(super) fn fail_task(&mut self, id: &str) {
        let Some(service) = self.tasks.get(id).map(|task| task.service.clone()) else { return };
        self.stop_task(id);
        self.note_failure(&service, id);
        self.todo.insert(service);
    }

    /// Deletes tasks without a trace.
    pub(super) fn forget_tasks(&mut self, ids: &[String]) {
        for id in ids {
            self.tasks.remove(id);
            self.starting.remove(id);
            self.stopping.remove(id);
            self.outdated.remove(id);
            self.retry = true;
        }
    }

    /// Writes a task's status.
    pub(super) fn status(&mut self, raw: &mut Value, state: &str, message: &str, err: &str) {
        let stamp = self.stamp().to_string();
        json::set(raw, &["Status", "Timestamp"], stamp);
        json::set(raw, &["Status", "State"], state);
        json::set(raw, &["Status", "Message"], message);
        if err.is_empty() {
            json::unset(&mut raw["Status"], "Err");
        } else {
            json::set(raw, &["Status", "Err"], err);
        }
    }

    /// Keeps the newest tasks of a slot (of a node, for global services).
    fn prune_history(&mut self, service: &Service, slot: u64, node: Option<&str>) {
        let tasks = self.tasks.of_service(&service.id);
        let same = |task: &&&Task| task.slot == slot && node.is_none_or(|node| node == task.node);
        let held = tasks.iter().filter(same).count();
        let old: Vec<String> = tasks
            .iter()
            .filter(same)
            .filter(|task| !task.wanted() && !self.stopping.contains_key(&task.id))
            .take(held.saturating_sub(HISTORY))
            .map(|task| task.id.clone())
            .collect();
        self.forget_tasks(&old);
    }
}

/// An empty entrypoint takes away the image's own: what is left is nothing to run.
fn no_command(task: &Value) -> Option<Broken> {
    let command = json::list(task, "/Spec/ContainerSpec/Command");
    let nothing = command.len() == 1 && command[0] == "" && json::list(task, "/Spec/ContainerSpec/Args").is_empty();
    let err = "no command specified".to_owned();
    nothing.then(|| Broken { image: String::new(), state: "rejected".to_owned(), err, node: String::new() })
}

/// Whether a stopped task keeps its slot because the restart policy says that it is finished.
fn stays_stopped(service: &Service, task: &Task) -> bool {
    !task.wanted()
        && match service.restart.as_str() {
            "none" => matches!(task.state.as_str(), "complete" | "failed" | "rejected"),
            "on-failure" => task.state == "complete",
            _ => false,
        }
}

/// The slots to give up when only `keep` may stay: second and further copies on a node first, then what
/// doesn't run, then the highest numbers.
fn surplus_slots(slots: &BTreeMap<u64, &Task>, keep: usize) -> BTreeSet<u64> {
    let mut order: Vec<&Task> = slots.values().copied().collect();
    order.sort_by_key(|task| (task.state != "running", task.slot));
    let mut copies: BTreeMap<&str, usize> = BTreeMap::new();
    let mut ranked: Vec<(usize, u64)> = order
        .into_iter()
        .map(|task| {
            if task.node.is_empty() {
                return (usize::MAX, task.slot);
            }
            let copy = copies.entry(&task.node).or_default();
            *copy += 1;
            (*copy, task.slot)
        })
        .collect();
    ranked.sort_by_key(|(copy, _)| *copy);
    ranked.into_iter().skip(keep).map(|(_, slot)| slot).collect()
}
