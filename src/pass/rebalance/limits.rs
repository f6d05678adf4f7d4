//! The scheduler's filters as numbers: where a unit may be at all (classes), and what of it fits there (rows).

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::edit::moving::PREFERRED_LABEL;
use crate::model::node::{Availability, NodeState};
use crate::model::{Constraint, Needs};

use super::group::Group;
use super::reason::{Finding, Reason};
use super::scene::Terms;
use super::solve::problem::Row;
use super::steer;
use super::world::{Seen, World};

/// The rows of the problem, by what they stand for.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// Handed to the problem once all is known.
    pub(super) all: Vec<Row>,
    /// Why a task stays when its row is full everywhere.
    pub(super) reasons: Vec<Reason>,
    memory: Option<usize>,
    cpu: Option<usize>,
    generic: BTreeMap<String, usize>,
    /// By service, of those with several tasks.
    spread: BTreeMap<usize, usize>,
    ports: BTreeMap<(String, u64), usize>,
}

impl Rows {
    pub(super) fn new(world: &World<'_>, node_of: &[usize]) -> Self {
        let mut rows = Self::default();
        let offer = |of: &dyn Fn(usize) -> u64| node_of.iter().map(|node| of(*node)).collect::<Vec<_>>();
        if world.services.iter().any(|seen| seen.needs.memory > 0) {
            rows.memory = Some(rows.add(Reason::ReservationNoFit, offer(&|node| world.offers[node].memory)));
        }
        if world.services.iter().any(|seen| seen.needs.nano_cpus > 0) {
            rows.cpu = Some(rows.add(Reason::ReservationNoFit, offer(&|node| world.offers[node].nano_cpus)));
        }
        let kinds: BTreeSet<&String> = world.services.iter().flat_map(|seen| seen.needs.generic.keys()).collect();
        for kind in kinds {
            let room = offer(&|node| world.offers[node].generic.get(kind).copied().unwrap_or_default());
            let row = rows.add(Reason::GenericResource, room);
            rows.generic.insert(kind.clone(), row);
        }
        for port in world.services.iter().flat_map(|seen| &seen.needs.host_ports) {
            if !rows.ports.contains_key(port) {
                let row = rows.add(Reason::HostPortConflict, vec![1; node_of.len()]);
                rows.ports.insert(port.clone(), row);
            }
        }
        for (at, seen) in world.services.iter().enumerate().filter(|(_, seen)| seen.tasks.len() > 1) {
            let (limit, reason) = spread(seen);
            let row = rows.add(reason, vec![limit; node_of.len()]);
            rows.spread.insert(at, row);
        }
        rows.count(world, node_of);
        rows
    }

    fn add(&mut self, reason: Reason, room: Vec<u64>) -> usize {
        self.all.push(Row { used: vec![0; room.len()], room });
        self.reasons.push(reason);
        self.all.len() - 1
    }

    /// Takes from the rows what runs now, movable or not.
    fn count(&mut self, world: &World<'_>, node_of: &[usize]) {
        let mut bin_of = vec![None; world.cluster.nodes.len()];
        node_of.iter().enumerate().for_each(|(bin, node)| bin_of[*node] = Some(bin));
        for (task, placed) in world.tasks.iter().enumerate() {
            let Some(bin) = bin_of[placed.node] else { continue };
            for (row, amount) in self.needs(world, &[task]) {
                self.all[row].used[bin] += amount;
            }
        }
    }

    /// What these tasks together take of each row.
    pub(super) fn needs(&self, world: &World<'_>, tasks: &[usize]) -> Vec<(usize, u64)> {
        let mut needs: BTreeMap<usize, u64> = BTreeMap::new();
        for task in tasks {
            let service = world.tasks[*task].service;
            let Needs { memory, nano_cpus, generic, host_ports, .. } = &world.services[service].needs;
            let amounts = [(self.memory, *memory), (self.cpu, *nano_cpus), (self.spread.get(&service).copied(), 1)];
            let generic = generic.iter().map(|(kind, amount)| (self.generic.get(kind).copied(), *amount));
            let ports = host_ports.iter().map(|port| (self.ports.get(port).copied(), 1));
            for (row, amount) in amounts.into_iter().chain(generic).chain(ports) {
                if let Some(row) = row.filter(|_| amount > 0) {
                    *needs.entry(row).or_default() += amount;
                }
            }
        }
        needs.into_iter().collect()
    }
}

/// No node ends with more replicas of a service than the most crowded one had, nor with more than it allows.
fn spread(seen: &Seen<'_>) -> (u64, Reason) {
    let crowd = seen.per_node.values().copied().max().unwrap_or_default().max(1);
    match seen.needs.max_replicas {
        limit if limit > 0 && limit <= crowd => (limit, Reason::MaxReplicas),
        _ => (crowd, Reason::SpreadWouldWorsen),
    }
}

/// Labels of a service that say where it is to run: orca's own, and Orcastra's.
const PREFERENCES: [&str; 2] = [PREFERRED_LABEL, "orchestration.preferred.node"];

/// Where units may be, whatever runs there: each different answer once.
#[derive(Debug)]
pub(super) struct Classes<'a> {
    world: &'a World<'a>,
    node_of: &'a [usize],
    left: BTreeMap<usize, BTreeSet<usize>>,
    terms: Terms,
    known: BTreeMap<Vec<bool>, usize>,
    by_key: BTreeMap<Key<'a>, Vec<bool>>,
}

/// What the answer for one service depends on.
type Key<'a> = (Vec<&'a str>, &'a [(String, String)], Vec<&'a str>, Vec<usize>, Option<usize>);

impl<'a> Classes<'a> {
    pub(super) fn new(
        world: &'a World<'_>,
        node_of: &'a [usize],
        left: BTreeMap<usize, BTreeSet<usize>>,
        terms: Terms,
    ) -> Self {
        Self { world, node_of, left, terms, known: BTreeMap::new(), by_key: BTreeMap::new() }
    }

    /// The class of these tasks; if there is no other place for them, why.
    pub(super) fn of(&mut self, tasks: &[usize], group: Option<&Group>, home: usize) -> Result<usize, Vec<Finding>> {
        let services: BTreeSet<usize> = tasks.iter().map(|task| self.world.tasks[*task].service).collect();
        let mut allowed = vec![true; self.node_of.len()];
        for service in &services {
            let own = self.service(*service, group);
            allowed.iter_mut().zip(own).for_each(|(all, own)| *all &= own);
            if self.preferred(*service).is_some_and(|(_, node)| node == self.node_of[home]) {
                allowed.fill(false);
            }
        }
        let elsewhere = allowed.iter().enumerate().any(|(bin, allowed)| *allowed && bin != home);
        self.only_where_it_can_be_sent(tasks[0], home, &mut allowed);
        if elsewhere && !allowed.iter().enumerate().any(|(bin, allowed)| *allowed && bin != home) {
            let detail = "Swarm can't be told which of the other nodes with replicas takes it".to_owned();
            return Err(vec![Finding::new(Reason::MultiCopyOnSource, detail)]);
        }
        if !allowed.iter().enumerate().any(|(bin, allowed)| *allowed && bin != home) {
            return Err(self.nowhere(&services, group, home));
        }
        let next = self.known.len();
        Ok(*self.known.entry(allowed).or_insert(next))
    }

    /// By class, whether each bin may be a target.
    pub(super) fn into_allowed(self) -> Vec<Vec<bool>> {
        let mut allowed = vec![Vec::new(); self.known.len()];
        for (bins, class) in self.known {
            allowed[class] = bins;
        }
        allowed
    }

    /// A node that has replicas of the service already is chosen before others with as many only by chance.
    fn only_where_it_can_be_sent(&self, task: usize, home: usize, allowed: &mut [bool]) {
        let seen = self.world.service_of(task);
        if seen.per_node.values().all(|count| *count < 2) {
            // Then the spread row leaves it nodes without any.
            return;
        }
        for (bin, allowed) in allowed.iter_mut().enumerate().filter(|(bin, _)| *bin != home) {
            *allowed &= steer::way(&seen.per_node, self.node_of[home], self.node_of[bin]).is_ok();
        }
    }

    fn service(&mut self, service: usize, group: Option<&Group>) -> Vec<bool> {
        let world = self.world;
        let seen = &world.services[service];
        let needs = &seen.needs;
        let constraints = own_constraints(seen, group);
        // One of several replicas is where it is to be, and the others may be anywhere.
        let single = seen.tasks.len() == 1;
        let preferred = self.preferred(service).map(|(_, node)| node).filter(|node| single && self.takes(*node));
        let key: Key<'a> = (
            constraints.iter().map(|constraint| constraint.text.as_str()).collect(),
            &needs.platforms,
            needs.mounts.iter().map(|mount| mount.driver.as_str()).chain(needs.log_driver.as_deref()).collect(),
            self.left.get(&service).into_iter().flatten().copied().collect(),
            preferred,
        );
        if let Some(allowed) = self.by_key.get(&key) {
            return allowed.clone();
        }
        let allowed: Vec<bool> = self
            .node_of
            .iter()
            .map(|node| {
                let (facts, offer) = (&world.cluster.nodes[*node], &world.offers[*node]);
                self.takes(*node)
                    && constraints.iter().all(|constraint| constraint.matches(facts, offer))
                    && offer.has_platform(needs)
                    && offer.missing_plugin(needs).is_none()
                    && !key.3.contains(node)
                    && preferred.is_none_or(|other| other == *node)
            })
            .collect();
        self.by_key.insert(key, allowed.clone());
        allowed
    }

    /// The node that a label of the service prefers, if there is one and guard rails are on, and the label's key.
    fn preferred(&self, service: usize) -> Option<(&'static str, usize)> {
        if !self.terms.guarded || self.terms.evacuate.is_some() {
            return None;
        }
        let labels = &self.world.services[service].needs.labels;
        PREFERENCES.iter().find_map(|key| {
            let wanted = labels.get(*key)?;
            let nodes = &self.world.cluster.nodes;
            let mut called =
                (0..nodes.len()).filter(|node| nodes[*node].name == *wanted || nodes[*node].id.0 == *wanted);
            // Of two nodes with that hostname none is meant.
            called.next().filter(|_| called.next().is_none()).map(|node| (*key, node))
        })
    }

    fn takes(&self, node: usize) -> bool {
        let facts = &self.world.cluster.nodes[node];
        facts.state == NodeState::Ready
            && facts.availability == Availability::Active
            && self.terms.evacuate != Some(node)
    }

    /// Which filters leave no other place.
    fn nowhere(&self, services: &BTreeSet<usize>, group: Option<&Group>, home: usize) -> Vec<Finding> {
        let mut found = BTreeSet::new();
        for service in services {
            let seen = &self.world.services[*service];
            let needs = &seen.needs;
            let constraints = own_constraints(seen, group);
            let others = || self.node_of.iter().filter(|node| **node != self.node_of[home] && self.takes(**node));
            if let Some((key, _)) = self.preferred(*service).filter(|(_, node)| *node == self.node_of[home]) {
                let detail = format!("{key}={}", self.world.services[*service].needs.labels[key]);
                found.insert(Finding::new(Reason::PreferredNode, detail));
                continue;
            }
            let matches = |node: &usize| {
                constraints.iter().all(|c| c.matches(&self.world.cluster.nodes[*node], &self.world.offers[*node]))
            };
            if !others().any(matches) {
                let texts: Vec<&str> = constraints.iter().map(|constraint| constraint.text.as_str()).collect();
                let detail = match texts.as_slice() {
                    [] => "there is no other node that takes tasks".to_owned(),
                    _ => format!("no other node satisfies {}", texts.join(", ")),
                };
                found.insert(Finding::new(Reason::Pinned, detail));
            } else if !others().any(|node| self.world.offers[*node].has_platform(needs)) {
                let detail = "no other node has a platform of its image".to_owned();
                found.insert(Finding::new(Reason::Platform, detail));
            } else if let Some(plugin) = others().find_map(|n| self.world.offers[*n].missing_plugin(needs)) {
                found.insert(Finding::new(Reason::PluginMissing, format!("the plugin {plugin}")));
            } else if self.left.contains_key(service) {
                found.insert(Finding::new(Reason::Cooldown, "it left every other node a short while ago".to_owned()));
            }
        }
        if found.is_empty() {
            found.insert(Finding::new(Reason::Pinned, "no other node passes all of its filters".to_owned()));
        }
        found.into_iter().collect()
    }
}

/// The constraints of a service without those that its group takes along.
fn own_constraints<'s>(seen: &'s Seen<'_>, group: Option<&Group>) -> Vec<&'s Constraint> {
    let moves_along = |constraint: &Constraint| {
        group.zip(constraint.node_label()).is_some_and(|(group, label)| group.labels.contains(label))
    };
    seen.service.constraints.iter().filter(|constraint| !moves_along(constraint)).collect()
}
