//! Rolling updates: which tasks a new spec makes outdated, and replacing them slot by slot.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::cluster::{Cluster, tree};
use super::json;
use super::object::{Mode, Node, Service, Task};
use super::schedule::constraints_hold;

/// How a service's tasks stand in a rollout.
#[derive(Default)]
struct Slots {
    /// Tasks to replace, one per slot, with what a new task needs to know.
    outdated: Vec<String>,
    /// Old tasks whose successor runs already.
    replaced: Vec<String>,
    /// Slots whose new task, made by this rollout, doesn't run yet.
    in_flight: usize,
}

impl Cluster {
    /// Goes as far with a rollout as its parallelism allows.
    pub(super) fn roll(&mut self, id: &str) {
        while self.rolling.contains(id) {
            let Some(service) = self.services.get(id).cloned() else { return };
            let Some(raw) = tree(&service.text) else { return };
            if service.mode.is_job() || service.update_state.ends_with("paused") {
                self.rolling.remove(id);
                return;
            }
            let slots = self.slots(&service, &raw);
            for task in &slots.replaced {
                self.stop_task(task);
            }
            let config = if service.update_state.starts_with("rollback") { "RollbackConfig" } else { "UpdateConfig" };
            let parallelism = match raw["Spec"][config]["Parallelism"].as_u64() {
                Some(0) => usize::MAX,
                Some(count) => usize::try_from(count).unwrap_or(usize::MAX),
                None => 1,
            };
            let start_first = raw["Spec"][config]["Order"] == "start-first";
            let room = parallelism.saturating_sub(slots.in_flight);
            let under_way = matches!(service.update_state.as_str(), "updating" | "rollback_started");
            if slots.outdated.is_empty() {
                if slots.in_flight == 0 {
                    self.finish_rollout(&service, under_way);
                }
                return;
            }
            self.note_rollout(&service);
            if room == 0 {
                return;
            }
            for task in slots.outdated.iter().take(room) {
                self.replace_task(&service, task, start_first);
            }
        }
    }

    fn replace_task(&mut self, service: &Service, id: &str, start_first: bool) {
        let Some(task) = self.tasks.get(id).cloned() else { return };
        if !start_first {
            self.stop_task(id);
        }
        let node = (service.mode == Mode::Global).then_some(task.node.as_str());
        self.create_task(service, task.slot, node);
    }

    fn finish_rollout(&mut self, service: &Service, under_way: bool) {
        self.rolling.remove(&service.id);
        if !under_way {
            return;
        }
        let (state, message) = if service.update_state == "rollback_started" {
            ("rollback_completed", "rollback completed")
        } else {
            ("completed", "update completed")
        };
        let stamp = self.stamp().to_string();
        self.edit_service(&service.id, |raw| {
            json::set(raw, &["UpdateStatus", "State"], state);
            json::set(raw, &["UpdateStatus", "Message"], message);
            json::set(raw, &["UpdateStatus", "CompletedAt"], stamp);
        });
    }

    /// Sorts the service's slots into outdated, replaced and under way.
    fn slots(&self, service: &Service, raw: &Value) -> Slots {
        let mut groups: BTreeMap<(u64, &str), Vec<&Task>> = BTreeMap::new();
        let rolled = |task: &&Task| task.wanted() && !self.is_held(service, task);
        for task in self.tasks.of_service(&service.id).into_iter().filter(rolled) {
            let node = if service.mode == Mode::Global { task.node.as_str() } else { "" };
            groups.entry((task.slot, node)).or_default().push(task);
        }
        let template = meaning(&raw["Spec"]["TaskTemplate"]);
        // Whatever else doesn't run was so before the rollout, and isn't waited for.
        let started = json::text(raw, "/UpdateStatus/StartedAt").parse().unwrap_or(Timestamp::MAX);
        let mut slots = Slots::default();
        for tasks in groups.into_values() {
            let (old, new): (Vec<&Task>, Vec<&Task>) =
                tasks.into_iter().partition(|task| self.is_outdated(service, &template, task));
            if new.iter().any(|task| task.state == "running") {
                slots.replaced.extend(old.iter().map(|task| task.id.clone()));
            } else if new.is_empty() {
                slots.outdated.extend(old.first().map(|task| task.id.clone()));
            } else if new.iter().any(|task| task.created >= started) {
                slots.in_flight += 1;
            }
        }
        slots
    }

    /// A global service's task on a paused node is neither replaced nor waited for.
    fn is_held(&self, service: &Service, task: &Task) -> bool {
        service.mode == Mode::Global && self.nodes.get(&task.node).is_some_and(|node| node.availability == "pause")
    }

    /// A node takes tasks (again): what a rollout of a global service has passed by there is replaced, whatever the
    /// update config says.
    pub(super) fn renew_on(&mut self, node: &Node) {
        if !node.takes_tasks() {
            return;
        }
        let meant = |service: &&Service| {
            service.mode == Mode::Global && !self.rolling.contains(&service.id) && constraints_hold(service, node)
        };
        let services: Vec<Service> = self.services.values().filter(meant).cloned().collect();
        for service in services {
            let Some(raw) = tree(&service.text) else { continue };
            let template = meaning(&raw["Spec"]["TaskTemplate"]);
            let passed =
                |task: &&Task| task.wanted() && task.node == node.id && self.is_outdated(&service, &template, task);
            let own = self.tasks.of_service(&service.id);
            let old: Vec<String> = own.into_iter().filter(passed).map(|task| task.id.clone()).collect();
            for id in &old {
                self.stop_task(id);
            }
            if !old.is_empty() {
                self.create_task(&service, 0, Some(&node.id));
            }
        }
    }

    /// The engine says that a rollout is under way, unless it has said so.
    pub(super) fn note_rollout(&mut self, service: &Service) {
        if matches!(service.update_state.as_str(), "updating" | "rollback_started") {
            return;
        }
        let status =
            json!({"State": "updating", "StartedAt": self.stamp().to_string(), "Message": "update in progress"});
        self.edit_service(&service.id, |raw| json::set(raw, &["UpdateStatus"], status));
    }

    /// Whether a task no longer is what the service's spec asks for.
    ///
    /// A difference in Placement alone is none while the task's node still satisfies the new constraints.
    pub(super) fn is_outdated(&self, service: &Service, template: &Value, task: &Task) -> bool {
        if self.outdated.contains(&task.id) {
            return true;
        }
        let Some(raw) = tree(&task.text) else { return true };
        let mut have = meaning(&raw["Spec"]);
        if have == *template {
            return false;
        }
        let mut want = template.clone();
        json::unset(&mut have, "Placement");
        json::unset(&mut want, "Placement");
        have != want || !self.nodes.get(&task.node).is_some_and(|node| constraints_hold(service, node))
    }

    /// A task of a rollout failed: the update's failure action decides.
    pub(super) fn note_failure(&mut self, id: &str, task: &str) {
        let Some(service) = self.services.get(id).cloned() else { return };
        let Some(raw) = tree(&service.text) else { return };
        let back = service.update_state == "rollback_started";
        if !self.rolling.contains(id) || !(back || service.update_state == "updating") {
            return;
        }
        let config = if back { "RollbackConfig" } else { "UpdateConfig" };
        let action = json::text(&raw, &format!("/Spec/{config}/FailureAction")).to_owned();
        let cause = format!("due to failure or early termination of task {task}");
        match (action.as_str(), back) {
            ("continue", _) => {}
            ("rollback", false) if json::present(&raw, "/PreviousSpec") => {
                let status = json!({"State": "rollback_started", "StartedAt": self.stamp().to_string(),
                    "Message": format!("update rolled back {cause}")});
                self.edit_service(id, |raw| {
                    // The engine forgets the failed spec: a rollback can't be rolled back.
                    if let Some(previous) = json::unset(raw, "PreviousSpec") {
                        json::set(raw, &["Spec"], previous);
                    }
                    json::set(raw, &["UpdateStatus"], status);
                });
            }
            _ => {
                let (state, what) = if back { ("rollback_paused", "rollback") } else { ("paused", "update") };
                self.edit_service(id, |raw| {
                    json::set(raw, &["UpdateStatus", "State"], state);
                    json::set(raw, &["UpdateStatus", "Message"], format!("{what} paused {cause}"));
                });
            }
        }
    }
}

/// A spec without what means nothing: null, zero, empty text, empty lists and objects.
///
/// The engine compares its own decoded form, in which these are all "not set"; clients differ in what they send.
pub(super) fn meaning(raw: &Value) -> Value {
    fn says_something(value: &Value) -> bool {
        match value {
            Value::Null => false,
            Value::Bool(flag) => *flag,
            Value::Number(number) => number.as_f64() != Some(0.0),
            Value::String(text) => !text.is_empty(),
            Value::Array(items) => !items.is_empty(),
            Value::Object(map) => !map.is_empty(),
        }
    }
    match raw {
        // Items of a list keep their place, even when they are empty.
        Value::Array(items) => Value::Array(items.iter().map(meaning).collect()),
        Value::Object(map) => {
            let kept = map.iter().map(|(key, value)| (key.clone(), meaning(value)));
            Value::Object(kept.filter(|(_, value)| says_something(value)).collect())
        }
        other => other.clone(),
    }
}
