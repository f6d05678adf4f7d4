//! Finding objects as the engine does: by id, then by name, then by a unique beginning of an id; and the filtered
//! lists.

use std::collections::BTreeMap;

use serde_json::json;

use super::cluster::{Cluster, push_list, tree};
use super::json::labels;
use super::object::{Mode, Node, Service, Task};
use super::query::Query;
use super::refusal::Refusal;
use super::rollout::meaning;

const TASK_STATES: [&str; 15] = [
    "new",
    "allocated",
    "pending",
    "assigned",
    "accepted",
    "preparing",
    "ready",
    "starting",
    "running",
    "complete",
    "shutdown",
    "failed",
    "rejected",
    "remove",
    "orphaned",
];

impl Cluster {
    /// The node that a user means by `key`.
    pub(super) fn find_node(&self, key: &str) -> Result<&Node, Refusal> {
        if let Some(node) = self.nodes.get(key) {
            return Ok(node);
        }
        let named: Vec<&Node> = self.nodes.values().filter(|node| node.hostname == key).collect();
        let prefix = self.nodes.range(key.to_owned()..).map(|(_, node)| node);
        only("node", key, named, prefix.take_while(|node| node.id.starts_with(key)).collect())
    }

    /// The service that a user means by `key`.
    pub(super) fn find_service(&self, key: &str) -> Result<&Service, Refusal> {
        if let Some(service) = self.services.get(key) {
            return Ok(service);
        }
        let named: Vec<&Service> = self.services.values().filter(|service| service.name == key).collect();
        let prefix = self.services.range(key.to_owned()..).map(|(_, service)| service);
        only("service", key, named, prefix.take_while(|service| service.id.starts_with(key)).collect())
    }

    /// The task that a user means by `key`.
    pub(super) fn find_task(&self, key: &str) -> Result<&Task, Refusal> {
        match self.tasks.get(key) {
            Some(task) => Ok(task),
            None => only("task", key, Vec::new(), self.tasks.with_prefix(key)),
        }
    }

    /// `GET /nodes`.
    pub(super) fn list_nodes(&self, query: &Query) -> Result<String, Refusal> {
        let filters = query.filters(&["id", "name", "label", "node.label", "role", "membership"])?;
        let fits = |node: &&Node| {
            filters.exact("name", &node.hostname)
                && filters.prefix("id", &node.id)
                && filters.exact("role", &node.role)
                && filters.exact("membership", "accepted")
                && filters.labels("label", &node.engine_labels)
                && filters.labels("node.label", &node.labels)
        };
        let mut out = String::with_capacity(2048 * self.nodes.len());
        push_list(&mut out, self.nodes.values().filter(fits).map(|node| node.text.as_str()));
        Ok(out)
    }

    /// `GET /services`.
    pub(super) fn list_services(&self, query: &Query) -> Result<String, Refusal> {
        let filters = query.filters(&["id", "name", "label", "mode", "runtime"])?;
        let fits = |service: &&Service| {
            filters.prefix("name", &service.name)
                && filters.prefix("id", &service.id)
                && filters.exact("mode", service.mode.name())
                && filters.labels("label", &service.labels)
        };
        let listed: Vec<&Service> = self.services.values().filter(fits).collect();
        let mut out = String::with_capacity(listed.iter().map(|service| service.text.len() + 100).sum());
        if query.flag("status") {
            let texts: Vec<String> = listed.iter().map(|service| self.with_status(service)).collect();
            push_list(&mut out, texts.iter().map(String::as_str));
        } else {
            push_list(&mut out, listed.iter().map(|service| service.text.as_str()));
        }
        Ok(out)
    }

    /// A service's text with `ServiceStatus`, counted as swarmkit counts: a dead node's tasks still "run".
    fn with_status(&self, service: &Service) -> String {
        let tasks = self.tasks.of_service(&service.id);
        let job = service.mode.is_job();
        let current = || tasks.iter().filter(|task| !job || task.iteration == service.job_iteration);
        let running = current().filter(|task| task.state == "running").count();
        let completed = if job { current().filter(|task| task.state == "complete").count() } else { 0 };
        let desired = match service.mode {
            Mode::Replicated(count) | Mode::ReplicatedJob(count) => count,
            Mode::Global => {
                u64::try_from(current().filter(|task| task.desired == "running").count()).unwrap_or_default()
            }
            Mode::GlobalJob => {
                let open = current().filter(|task| task.desired == "complete" && task.state != "complete");
                u64::try_from(open.count()).unwrap_or_default()
            }
        };
        let head = service.text.strip_suffix('}').unwrap_or(&service.text);
        let status = json!({"RunningTasks": running, "DesiredTasks": desired, "CompletedTasks": completed});
        format!(r#"{head},"ServiceStatus":{status}}}"#)
    }

    /// `GET /tasks`.
    pub(super) fn list_tasks(&self, query: &Query) -> Result<String, Refusal> {
        let filters =
            query.filters(&["id", "name", "label", "service", "node", "desired-state", "_up-to-date", "runtime"])?;
        let mut services = Vec::new();
        for key in filters.of("service") {
            services.push(self.find_service(key)?.id.as_str());
        }
        let mut nodes = Vec::new();
        for key in filters.of("node") {
            nodes.push(if key == "self" { self.self_id() } else { self.find_node(key)?.id.clone() });
        }
        for state in filters.of("desired-state") {
            if !TASK_STATES.contains(&state.as_str()) {
                return Err(Refusal::new(400, format!("Invalid desired-state filter: '{state}'")));
            }
        }
        let fits = |task: &&Task| {
            (services.is_empty() || services.contains(&task.service.as_str()))
                && (nodes.is_empty() || nodes.contains(&task.node))
                && filters.exact("desired-state", &task.desired)
                && filters.prefix("id", &task.id)
                && (filters.of("name").is_empty() || filters.prefix("name", &self.task_name(task)))
                && (filters.of("label").is_empty() || filters.labels("label", &self.labels_of(task)))
                && (filters.of("_up-to-date").is_empty() || self.is_up_to_date(task))
        };
        if services.is_empty() {
            let mut out = String::with_capacity(self.tasks.bytes() + self.tasks.len() + 2);
            push_list(&mut out, self.tasks.iter().filter(fits).map(|task| task.text.as_str()));
            return Ok(out);
        }
        let mut tasks: Vec<&Task> = services.iter().flat_map(|id| self.tasks.of_service(id)).filter(fits).collect();
        tasks.sort_by(|one, other| one.id.cmp(&other.id));
        tasks.dedup_by_key(|task| &task.id);
        let mut out = String::new();
        push_list(&mut out, tasks.into_iter().map(|task| task.text.as_str()));
        Ok(out)
    }

    /// `web.1.id`, or `web.node.id` for global services.
    fn task_name(&self, task: &Task) -> String {
        let service = self.services.get(&task.service).map_or(task.service.as_str(), |service| &service.name);
        let slot = if task.slot > 0 { task.slot.to_string() } else { task.node.clone() };
        format!("{service}.{slot}.{}", task.id)
    }

    /// A task is found by its own labels and by those of its service: stacks are.
    fn labels_of(&self, task: &Task) -> BTreeMap<String, String> {
        let mut all = self.services.get(&task.service).map(|service| service.labels.clone()).unwrap_or_default();
        all.extend(tree(&task.text).map(|raw| labels(&raw, "/Labels")).unwrap_or_default());
        all
    }

    fn is_up_to_date(&self, task: &Task) -> bool {
        let Some(service) = self.services.get(&task.service) else { return false };
        if service.mode.is_job() {
            return task.iteration == service.job_iteration;
        }
        let Some(raw) = tree(&service.text) else { return false };
        !self.is_outdated(service, &meaning(&raw["Spec"]["TaskTemplate"]), task)
    }
}

/// The one object that is meant, or the engine's sentence why there is none.
fn only<'a, T>(kind: &str, key: &str, named: Vec<&'a T>, prefixed: Vec<&'a T>) -> Result<&'a T, Refusal> {
    let found = if named.is_empty() { prefixed } else { named };
    match found.as_slice() {
        [] => Err(Refusal::not_found(kind, key)),
        _ if key.is_empty() => Err(Refusal::not_found(kind, key)),
        [one] => Ok(one),
        many => Err(Refusal::new(400, format!("{kind} {key} is ambiguous ({} matches found)", many.len()))),
    }
}
