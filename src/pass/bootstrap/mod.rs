//! `orca bootstrap`: from engines to the swarm that the file describes.
//!
//! Decides who joins as what, who is promoted or demoted, which labels and availability nodes get, and what is refused.
//! Never plans anything for an engine that didn't answer, is another host than the file says, or is in another swarm; no
//! step of a plan takes the managers' majority. Steps that change the managers come one at a time: the plan is made anew
//! after each.

mod ghosts;
mod managers;
mod place;

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::edit::moving::PAUSE_LABEL;
use crate::engine::swarm::Standing;
use crate::model::node::Availability;
use crate::model::{Node, Role};
use crate::plan::{Action, Blocked, Change, Plan, Target, TargetKind, Warning};
use crate::settings::{self, Settings};
use crate::snapshot::Snapshot;

use super::labels;
use managers::Managers;
use place::Place;
pub use place::{Home, home};

/// What was seen at the address of a node that the file names.
#[derive(Debug, Clone)]
pub enum HostSight {
    /// Its engine answered.
    Seen(Box<Standing>),
    /// It didn't, and why.
    Lost(String),
}

/// All that was seen.
#[derive(Debug, Default)]
pub struct World {
    /// By the name in the file.
    pub hosts: BTreeMap<String, HostSight>,
    /// The swarms that these hosts manage, by cluster id.
    pub swarms: BTreeMap<String, Snapshot>,
    /// What kept managers from saying who is in their swarm.
    pub silent: Vec<String>,
    /// There is a file at the place for the unlock key.
    pub key_saved: bool,
}

/// What the operator has agreed to, and to what it is limited.
#[derive(Debug, Clone, Default)]
pub struct Consent {
    /// `--allow-even-managers`.
    pub even_managers: bool,
    /// `--remove-ghosts`.
    pub remove_ghosts: bool,
    /// `--node`; empty for all nodes.
    pub only: BTreeSet<String>,
    /// Where the unlock key goes.
    pub key_file: String,
}

/// Decides what to do next and after that. Pure: same world and settings, same plan.
pub fn plan(world: &World, settings: &Settings, consent: &Consent) -> Plan {
    let mut planner = Planner { world, settings, consent, plan: Plan::default(), managers: Managers::default() };
    match home(world, settings) {
        Home::Refused(reasons) => {
            let name = settings.leader.clone().unwrap_or_default();
            let target = Target::unknown(TargetKind::Node, &name);
            planner.plan.blocked.push(Blocked { id: format!("node/{name}#swarm"), target, reasons });
        }
        Home::Bare(leader) => planner.new_swarm(leader),
        Home::Swarm(swarm) => planner.swarm(swarm),
    }
    drop_the_impossible(&mut planner.plan.actions);
    planner.plan.actions.sort_by_cached_key(order);
    planner.plan
}

struct Planner<'a> {
    world: &'a World,
    settings: &'a Settings,
    consent: &'a Consent,
    plan: Plan,
    managers: Managers,
}

/// A node of the file, where it is, and what it is to be.
struct Host<'a> {
    name: &'a str,
    wanted: &'a settings::Node,
    place: Place<'a>,
    role: Role,
    /// Why it is to have this role.
    because: String,
    /// Whether it is to be changed in this run (`--node`).
    concerned: bool,
}

impl<'a> Planner<'a> {
    /// There is no swarm yet.
    fn new_swarm(&mut self, leader: &'a str) {
        let mut hosts = self.hosts(None);
        let Some(at) = hosts.iter().position(|host| host.name == leader) else { return };
        let first = hosts.remove(at);
        if let Some(reasons) = self.no_init(&first) {
            self.block(&first, "init", reasons);
            return;
        }
        let mut reason = format!("it is the leader, and there is no swarm yet: {}", self.origin("leader"));
        if let Some(availability) = &first.wanted.availability {
            reason = format!("{reason}; {availability}");
        }
        let init = Action::on_host(leader, None, Change::SwarmInit, reason);
        let ready = vec![init.id.clone()];
        self.plan.actions.push(init);
        if self.settings.bootstrap.autolock {
            self.save_key(leader, ready.clone());
        }
        self.managers = Managers::of_one();
        let swarm = Snapshot::nothing();
        self.changes(&hosts, &swarm, &ready);
        self.labels_to_come(&first, &ready);
    }

    /// Why no swarm must be made now.
    fn no_init(&self, leader: &Host<'_>) -> Option<Vec<String>> {
        let mut reasons = Vec::new();
        if !leader.concerned {
            reasons
                .push(format!("there is no swarm yet, and `{}` is left out by --node: it has to make it", leader.name));
        }
        if let Place::Stuck(stuck) = &leader.place {
            reasons.extend(stuck.iter().cloned());
        }
        if self.settings.bootstrap.autolock && self.world.key_saved {
            let file = &self.consent.key_file;
            reasons.push(format!("`{file}` may hold the unlock key of another swarm: move it away first"));
        }
        (!reasons.is_empty()).then_some(reasons)
    }

    /// There is a swarm to join.
    fn swarm(&mut self, swarm: &'a Snapshot) {
        self.managers = Managers::of(swarm);
        self.constitution();
        let hosts = self.hosts(Some(swarm));
        self.changes(&hosts, swarm, &[]);
        self.members(&hosts, swarm);
        if self.managers.is_even_now() && !self.consent.even_managers {
            let count = self.managers.now();
            let text = format!("the swarm has {count} managers: it bears no more losses than with {}", count - 1);
            self.plan.warnings.push(Warning::new("even_managers", text));
        }
    }

    /// Who joins, who is promoted and demoted, which ghosts go.
    fn changes(&mut self, hosts: &[Host<'a>], swarm: &Snapshot, ready: &[String]) {
        for host in hosts.iter().filter(|host| host.concerned) {
            if let Place::Stuck(reasons) = &host.place {
                self.block(host, "swarm", reasons.clone());
            }
        }
        let removals = self.ghosts(hosts, swarm);
        self.votes(hosts, swarm, removals, ready);
        for host in hosts.iter().filter(|host| host.concerned) {
            if let (Place::Bare(_), Role::Worker) = (&host.place, host.role) {
                let join = join(host, Role::Worker, &host.because, ready);
                self.plan.actions.push(join);
            }
            let join = id(host.name, "join");
            if matches!(host.place, Place::Bare(_)) && self.plan.actions.iter().any(|action| action.id == join) {
                self.labels_to_come(host, &[join]);
            }
        }
    }

    /// What members get besides their role.
    fn members(&mut self, hosts: &[Host<'a>], swarm: &Snapshot) {
        let mut ours: BTreeMap<&str, &str> = BTreeMap::new();
        for host in hosts.iter().filter(|host| host.concerned) {
            let Place::Member { node, member, .. } = &host.place else { continue };
            ours.insert(&node.id.0, host.name);
            self.plan.unchanged += 1 + u64::from(member.role == host.role);
            let Some(after) = &host.wanted.availability else { continue };
            let before = match node.availability {
                Availability::Active => "active",
                Availability::Pause => "pause",
                Availability::Drain => "drain",
                Availability::Unknown => "unknown",
            };
            // A pause of a move belongs to that move, which ends it.
            if before == after || node.labels.contains_key(PAUSE_LABEL) {
                self.plan.unchanged += 1;
                continue;
            }
            let change = Change::AvailabilitySet { before: before.to_owned(), after: after.clone() };
            let reason = self.origin(&format!("nodes.{}.availability", host.name));
            let action = Action::on_host(host.name, Some(node), change, reason);
            self.plan.actions.push(if after == "drain" { action.disruptive() } else { action });
        }
        self.labels(&ours, swarm);
    }

    /// The labels of nodes that are known to be the hosts of the file, as `labels sync` sets them.
    fn labels(&mut self, ours: &BTreeMap<&str, &str>, swarm: &Snapshot) {
        let proven = without_twins(swarm, ours);
        let Plan { actions, blocked, unchanged, .. } = labels::plan(proven.as_ref().unwrap_or(swarm), self.settings);
        self.plan.unchanged += unchanged;
        let named: BTreeSet<&str> = ours.values().copied().collect();
        self.plan.blocked.extend(blocked.into_iter().filter(|blocked| named.contains(blocked.target.name.as_str())));
        let keys: BTreeMap<&str, &str> =
            swarm.nodes.iter().map(|node| (node.key.as_str(), node.id.0.as_str())).collect();
        // Named as before it joined, even where a ghost shares its hostname.
        let rename = |id: &str| {
            let key = id.strip_prefix("node/").and_then(|rest| rest.split_once('#'));
            let name = key.and_then(|(key, what)| Some((ours.get(keys.get(key)?)?, what)));
            name.map_or_else(|| id.to_owned(), |(name, what)| format!("node/{name}#{what}"))
        };
        for mut action in actions.into_iter().filter(|action| ours.contains_key(action.target.id.as_str())) {
            action.id = rename(&action.id);
            action.requires = action.requires.iter().map(|id| rename(id)).collect();
            self.plan.actions.push(action);
        }
    }

    /// The labels that a node gets once it is in the swarm.
    fn labels_to_come(&mut self, host: &Host<'_>, requires: &[String]) {
        for (key, (value, origin)) in &host.wanted.labels {
            let change = Change::LabelSet { key: key.clone(), before: None, after: value.clone(), record: true };
            let action = Action::on_host(host.name, None, change, origin.to_string());
            self.plan.actions.push(action.after(requires.to_vec()));
        }
    }

    fn save_key(&mut self, name: &str, requires: Vec<String>) {
        let change = Change::UnlockKeySave { file: self.consent.key_file.clone() };
        let reason = self.origin("bootstrap.autolock");
        self.plan.actions.push(Action::on_host(name, None, change, reason).after(requires));
    }

    /// What was laid down when the swarm was made, against what the file says.
    fn constitution(&mut self) {
        let Home::Swarm(swarm) = home(self.world, self.settings) else { return };
        let seen = self.world.hosts.values().find_map(|sight| match sight {
            HostSight::Seen(standing) => standing.swarm.as_ref().filter(|s| Some(&s.id) == swarm.cluster.as_ref()),
            HostSight::Lost(_) => None,
        });
        let Some(seen) = seen else { return };
        let wanted = &self.settings.bootstrap;
        let differs = [
            (
                "default_addr_pool",
                !wanted.default_addr_pool.is_empty() && wanted.default_addr_pool != seen.address_pool,
            ),
            ("subnet_size", wanted.subnet_size > 0 && wanted.subnet_size != seen.subnet_size),
            ("data_path_port", wanted.data_path_port > 0 && wanted.data_path_port != seen.data_path_port),
            ("autolock", wanted.autolock && !seen.autolock),
        ];
        for (key, _) in differs.into_iter().filter(|(_, differs)| *differs) {
            let place = self.origin(&format!("bootstrap.{key}"));
            let text = format!("the swarm was made with another {key}, and orca doesn't change it afterwards: {place}");
            self.plan.warnings.push(Warning::new("init_option", text));
        }
        if wanted.autolock && seen.autolock {
            if self.world.key_saved {
                self.plan.unchanged += 1;
            } else if let Some(name) = self.settings.leader.clone() {
                self.save_key(&name, Vec::new());
            }
        }
    }

    /// The nodes of the file, the leader first.
    fn hosts(&self, swarm: Option<&'a Snapshot>) -> Vec<Host<'a>> {
        let settings = self.settings;
        let leader = settings.leader.as_deref();
        let mut taken = BTreeSet::new();
        let mut hosts: Vec<Host<'a>> = Vec::new();
        for (name, wanted) in &settings.nodes {
            let place = Place::of(name, self.world, swarm, &mut taken);
            let path = format!("nodes.{name}.role");
            let (role, because) = match (leader == Some(name), wanted.role.as_deref()) {
                (true, _) => (Role::Manager, format!("it is the leader: {}", self.origin("leader"))),
                (false, Some("manager")) => (Role::Manager, self.origin(&path)),
                (false, Some(_)) => (Role::Worker, self.origin(&path)),
                (false, None) => (Role::Worker, format!("no role is set, so worker: {}", wanted.origin)),
            };
            let concerned = self.consent.only.is_empty() || self.consent.only.contains(name);
            hosts.push(Host { name, wanted, place, role, because, concerned });
        }
        hosts.sort_by_key(|host| leader != Some(host.name));
        hosts
    }

    fn block(&mut self, host: &Host<'_>, what: &str, reasons: Vec<String>) {
        let target = match &host.place {
            Place::Member { node, .. } => Target::node(node),
            _ => Target::unknown(TargetKind::Node, host.name),
        };
        self.plan.blocked.push(Blocked { id: id(host.name, what), target, reasons });
    }

    /// Where a setting was written, as reasons name it.
    fn origin(&self, path: &str) -> String {
        self.settings.origins.get(path).map_or_else(|| path.to_owned(), ToString::to_string)
    }
}

/// The swarm without nodes that share a hostname with a host of the file and, as its engine says, are not that host; none
/// if there is no such node.
fn without_twins(swarm: &Snapshot, ours: &BTreeMap<&str, &str>) -> Option<Snapshot> {
    let names: BTreeSet<&str> = ours.values().copied().collect();
    let is_twin = |node: &Node| names.contains(node.name.as_str()) && !ours.contains_key(node.id.0.as_str());
    swarm.nodes.iter().any(is_twin).then(|| Snapshot {
        nodes: swarm.nodes.iter().filter(|node| !is_twin(node)).cloned().collect(),
        services: swarm.services.clone(),
        cluster: swarm.cluster.clone(),
        ..Snapshot::nothing()
    })
}

/// What waits for an action that is refused, or for a node that this run leaves alone, is not planned either.
fn drop_the_impossible(actions: &mut Vec<Action>) {
    loop {
        let planned: BTreeSet<String> = actions.iter().map(|action| action.id.clone()).collect();
        let before = actions.len();
        actions.retain(|action| action.requires.iter().all(|id| planned.contains(id)));
        if actions.len() == before {
            return;
        }
    }
}

/// The action that lets a host join.
fn join(host: &Host<'_>, role: Role, because: &str, ready: &[String]) -> Action {
    let availability = host.wanted.availability.as_ref().map(|text| format!("; {text}")).unwrap_or_default();
    let reason = format!("{because}{availability}");
    Action::on_host(host.name, None, Change::NodeJoin { role }, reason).after(ready.to_vec())
}

/// The id of an action on a node of the file.
fn id(name: &str, what: &str) -> String {
    format!("node/{name}#{what}")
}

/// The swarm grows; then nodes get what is theirs; then it shrinks. What waits for another action comes after it.
fn order(action: &Action) -> u8 {
    match &action.change {
        Change::SwarmInit | Change::UnlockKeySave { .. } => 0,
        Change::NodeJoin { role: Role::Manager } => 1,
        Change::NodeJoin { role: Role::Worker } => 2,
        Change::RoleSet { after: Role::Manager, .. } if action.requires.is_empty() => 3,
        Change::RoleSet { after: Role::Worker, .. } => 5,
        Change::NodeRemove => 6,
        Change::RoleSet { .. } => 7,
        _ => 4,
    }
}

/// The node in this list that an engine is.
fn member<'a>(swarm: &'a Snapshot, standing: &Standing) -> Option<&'a Node> {
    if standing.swarm.as_ref().is_some_and(|own| Some(&own.id) != swarm.cluster.as_ref()) {
        return None;
    }
    swarm.nodes.iter().find(|node| !standing.node.is_empty() && node.id.0 == standing.node)
}
