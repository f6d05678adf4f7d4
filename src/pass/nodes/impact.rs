//! What becomes of a node's tasks when it is emptied: who finds another node, who doesn't and by which filter, and what
//! stays behind.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::model::{Mode, Needs, NodeId, Service, Task};
use crate::pass::autoheal::View;
use crate::pass::autoheal::pending::{Misfit, loads, misfits};
use crate::pass::services::standing::name_of;
use crate::settings;
use crate::snapshot::Snapshot;

/// What emptying some nodes does.
#[derive(Debug, Default)]
pub struct Impact {
    /// Tasks that find another node, as `web.1`.
    pub moves: Vec<String>,
    /// Tasks that find none, and why, node by node.
    pub stranded: Vec<(Service, String, Vec<String>)>,
    /// Services whose only task is here: they are away for as long as it takes to start another.
    pub single: Vec<String>,
    /// Volumes that stay behind: service and volume.
    pub volumes: Vec<(String, String)>,
    /// Global services, which simply lose this node's task.
    pub global: Vec<String>,
    /// Jobs, whose tasks stay here until they have ended.
    pub jobs: Vec<String>,
}

impl Impact {
    /// What becomes of the tasks of these nodes without them. Tasks are placed one after another, each on the first node
    /// that the scheduler's filters let it have, and take up room there.
    ///
    /// # Errors
    /// If an object can't be read.
    pub fn of(cluster: &Snapshot, emptied: &[&NodeId]) -> serde_json::Result<Self> {
        let settings = settings::Autoheal::default();
        let view = View::new(cluster, &settings)?;
        let mut loads = loads(&view);
        let mut impact = Self::default();
        let mut tasks: Vec<(&Service, &Task)> = cluster
            .tasks
            .iter()
            .filter(|task| task.live() && emptied.contains(&&task.node))
            .filter_map(|task| Some((view.service(&task.service)?, task)))
            .collect();
        tasks.sort_by(|(a, one), (b, other)| (&a.name, one.slot, &one.id).cmp(&(&b.name, other.slot, &other.id)));
        for (service, task) in tasks {
            let Some(needs) = view.needs(service) else { continue };
            impact.note(service, needs);
            // Swarm lets the tasks of jobs end where they are, drained or not (seen with 20.10 and 28.5 leading).
            if matches!(service.mode, Mode::Global | Mode::Job) {
                continue;
            }
            let name = name_of(service, task);
            let mut why = Vec::new();
            let mut taken = false;
            for (at, node) in cluster.nodes.iter().enumerate().filter(|(_, node)| !emptied.contains(&&node.id)) {
                let load = loads.entry(&node.id).or_default();
                let wrong = misfits(&view, service, needs, at, load);
                if wrong.is_empty() {
                    load.add(service, needs);
                    taken = true;
                    break;
                }
                why.push(format!("`{}`: {}", node.key, words(&wrong)));
            }
            if taken {
                impact.moves.push(name);
            } else {
                if why.is_empty() {
                    why.push("there is no other node".to_owned());
                }
                impact.stranded.push((service.clone(), name, why));
            }
        }
        Ok(impact)
    }

    fn note(&mut self, service: &Service, needs: &Needs) {
        let add = |list: &mut Vec<String>| {
            if !list.contains(&service.name) {
                list.push(service.name.clone());
            }
        };
        match service.mode {
            Mode::Replicated(1) => add(&mut self.single),
            Mode::Global => add(&mut self.global),
            Mode::Job => return add(&mut self.jobs),
            Mode::Replicated(_) | Mode::Unknown => {}
        }
        let local = |driver: &str, options: &BTreeMap<String, String>| {
            // A local volume with a device of another host (nfs, say) is the same everywhere.
            matches!(driver, "" | "local") && !options.contains_key("device")
        };
        for mount in needs.mounts.iter().filter(|mount| mount.kind == "volume" && !mount.source.is_empty()) {
            let volume = (service.name.clone(), mount.source.clone());
            if local(&mount.driver, &mount.options) && !self.volumes.contains(&volume) {
                self.volumes.push(volume);
            }
        }
    }

    /// The same as JSON.
    pub fn json(&self) -> Value {
        let stranded: Vec<Value> = self
            .stranded
            .iter()
            .map(|(service, task, why)| json!({"service": service.name, "task": task, "why": why}))
            .collect();
        let volumes: Vec<Value> =
            self.volumes.iter().map(|(service, volume)| json!({"service": service, "volume": volume})).collect();
        json!({"moves": self.moves, "stranded": stranded, "single_replica": self.single, "local_volumes": volumes,
            "global": self.global, "jobs": self.jobs})
    }
}

fn words(wrong: &[Misfit]) -> String {
    wrong.iter().map(|misfit| misfit.what.as_str()).collect::<Vec<_>>().join(", and ")
}
