//! What takes its time: tasks that start, and tasks that stop.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::cluster::Cluster;
use super::json;

impl Cluster {
    /// New tasks take this long to run; zero runs them at once.
    pub fn set_start_delay(&mut self, delay: Duration) {
        self.start_delay = delay;
    }

    /// Tasks that are scaled down, drained or removed run on for this long, as in a stop grace period; zero ends them at
    /// once.
    pub fn set_stop_delay(&mut self, delay: Duration) {
        self.stop_delay = delay;
    }

    /// Moves the clock, never back, and lets everything happen that was due.
    pub fn advance(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        let due = |times: &BTreeMap<String, Timestamp>| -> Vec<String> {
            times.iter().filter(|(_, at)| **at <= self.now).map(|(id, _)| id.clone()).collect()
        };
        let (starting, stopping) = (due(&self.starting), due(&self.stopping));
        for id in &starting {
            self.starting.remove(id);
            self.start(id);
        }
        for id in &stopping {
            self.stopping.remove(id);
            self.stopped(id);
        }
        if !starting.is_empty() || !stopping.is_empty() {
            self.converge();
        }
    }

    /// Whether time alone will change something.
    pub fn is_moving(&self) -> bool {
        !self.starting.is_empty() || !self.stopping.is_empty()
    }

    /// Tells a task's node to stop it, where that takes time: until then it says `running`, and the managers want
    /// `desired` of it. False where it is over at once.
    pub(super) fn lingers(&mut self, id: &str, desired: &str) -> bool {
        let Some(task) = self.tasks.get(id) else { return false };
        let there = self.nodes.get(&task.node).is_some_and(|node| node.state != "down");
        if self.stop_delay.is_zero() || !there || task.ended() || task.state == "pending" {
            return false;
        }
        let at = self.after(self.stop_delay);
        self.stopping.entry(id.to_owned()).or_insert(at);
        self.starting.remove(id);
        self.outdated.remove(id);
        self.retry = true;
        self.edit_task(id, |raw| json::set(raw, &["DesiredState"], desired))
    }

    /// Scaling down and removing a service: tasks are deleted once they have stopped.
    pub(super) fn let_go(&mut self, ids: &[String]) {
        for id in ids {
            if !self.lingers(id, "remove") {
                self.forget_tasks(std::slice::from_ref(id));
            }
        }
    }

    /// A task has stopped as it was told to, unless its node is down and can't say so.
    pub(super) fn stopped(&mut self, id: &str) {
        let Some(task) = self.tasks.get(id) else { return };
        if self.nodes.get(&task.node).is_some_and(|node| node.state == "down") {
            return;
        }
        if task.desired == "remove" {
            self.forget_tasks(&[id.to_owned()]);
        } else if !task.ended() {
            self.stop_task(id);
        }
    }
}
