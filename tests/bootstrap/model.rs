//! A cluster in a few lines: what engines say, what managers say, and what a step does to both.

use std::collections::BTreeMap;

use orca::engine::swarm::{Constitution, Standing};
use orca::model::{Node, Role};
use orca::pass::bootstrap::{Consent, HostSight, World};
use orca::plan::{Action, Change};
use orca::settings::{Settings, Source, SourceKind, parse};
use orca::snapshot::Snapshot;
use serde_json::{Value, json};

pub fn settings(text: &str) -> Settings {
    let source = Source { name: "orca.yml".to_owned(), kind: SourceKind::Main, text: text.to_owned() };
    parse(&[source], &BTreeMap::new()).unwrap()
}

/// One engine.
#[derive(Debug, Clone)]
pub struct Host {
    pub up: bool,
    pub hostname: String,
    pub state: &'static str,
    /// Its node id; in our swarm if that lists it.
    pub node: String,
    /// It manages a swarm of its own with this id.
    pub own: Option<String>,
}

/// One node of our swarm.
#[derive(Debug, Clone)]
pub struct Member {
    pub id: String,
    pub name: String,
    pub role: Role,
    pub ready: bool,
    pub address: String,
    pub availability: String,
    pub labels: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Default)]
pub struct Model {
    pub hosts: BTreeMap<String, Host>,
    pub members: Vec<Member>,
    pub constitution: Constitution,
    pub key_saved: bool,
    made: usize,
}

impl Model {
    /// Engines in no swarm.
    pub fn bare(names: &[&str]) -> Self {
        let host = |name: &&str| {
            let host =
                Host { up: true, hostname: (*name).to_owned(), state: "inactive", node: String::new(), own: None };
            ((*name).to_owned(), host)
        };
        Self { hosts: names.iter().map(host).collect(), ..Self::default() }
    }

    /// The same, these of them in our swarm.
    pub fn with(names: &[&str], managers: &[&str], workers: &[&str]) -> Self {
        let mut model = Self::bare(names);
        for name in managers {
            model.enter(name, Role::Manager);
        }
        for name in workers {
            model.enter(name, Role::Worker);
        }
        model
    }

    pub fn enter(&mut self, name: &str, role: Role) {
        self.made += 1;
        let id = format!("id{}", self.made);
        let host = self.hosts.get_mut(name).unwrap();
        (host.state, host.node) = ("active", id.clone());
        self.members.push(Member {
            id,
            name: host.hostname.clone(),
            role,
            ready: true,
            address: format!("10.0.0.{name}"),
            availability: "active".to_owned(),
            labels: BTreeMap::new(),
        });
    }

    /// The host was installed anew: the swarm remembers it, it doesn't remember the swarm.
    pub fn reinstall(&mut self, name: &str) {
        self.power(name, false);
        let host = self.hosts.get_mut(name).unwrap();
        (host.up, host.state) = (true, "inactive");
        host.node.clear();
    }

    pub fn power(&mut self, name: &str, up: bool) {
        let host = self.hosts.get_mut(name).unwrap();
        host.up = up;
        self.members
            .iter_mut()
            .filter(|member| !host.node.is_empty() && member.id == host.node)
            .for_each(|m| m.ready = up);
    }

    pub fn host(&mut self, name: &str) -> &mut Host {
        self.hosts.get_mut(name).unwrap()
    }

    pub fn managers(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| member.role == Role::Manager)
    }

    /// More than half of the managers reach each other.
    pub fn is_quorate(&self) -> bool {
        self.managers().filter(|member| member.ready).count() * 2 > self.managers().count()
    }

    pub fn world(&self) -> World {
        let mut world = World { key_saved: self.key_saved, ..World::default() };
        for (name, host) in &self.hosts {
            world.hosts.insert(name.clone(), self.sight(host));
            if let (Some(id), true) = (&host.own, host.up) {
                let node =
                    json!({"ID": host.node, "Version": {"Index": 1}, "Description": {"Hostname": host.hostname}});
                world.swarms.insert(id.clone(), snapshot(id, vec![node]));
            }
        }
        let asked = self.hosts.values().any(|host| host.up && self.is_manager(host));
        if asked && self.is_quorate() {
            world.swarms.insert("ours".to_owned(), snapshot("ours", self.members.iter().map(node).collect()));
        }
        world
    }

    fn is_manager(&self, host: &Host) -> bool {
        host.state == "active" && self.managers().any(|member| member.id == host.node)
    }

    fn sight(&self, host: &Host) -> HostSight {
        if !host.up {
            return HostSight::Lost("no route to host".to_owned());
        }
        let ours = self.is_manager(host);
        let swarm = host.own.clone().or_else(|| ours.then(|| "ours".to_owned()));
        HostSight::Seen(Box::new(Standing {
            engine: format!("engine of {}", host.hostname),
            name: host.hostname.clone(),
            api: "1.51".to_owned(),
            state: host.state.to_owned(),
            node: host.node.clone(),
            manager: swarm.is_some(),
            swarm: swarm.map(|id| Constitution { id, ..self.constitution.clone() }),
            ..Standing::default()
        }))
    }

    /// What a step does, where nothing goes wrong.
    pub fn make(&mut self, action: &Action) {
        let key = action.id.strip_prefix("node/").unwrap().split('#').next().unwrap();
        let member = |members: &mut Vec<Member>| members.iter_mut().position(|member| member.id == action.target.id);
        let at = member(&mut self.members);
        match (&action.change, at) {
            (Change::SwarmInit, None) => self.enter(key, Role::Manager),
            (Change::NodeJoin { role }, None) => self.enter(key, *role),
            (Change::UnlockKeySave { .. }, _) => self.key_saved = true,
            (Change::RoleSet { after, .. }, Some(at)) => self.members[at].role = *after,
            (Change::AvailabilitySet { after, .. }, Some(at)) => self.members[at].availability.clone_from(after),
            (Change::LabelSet { key, after, .. }, Some(at)) => {
                self.members[at].labels.insert(key.clone(), after.clone());
                let record = self.members[at].labels.entry("orca.labels".to_owned()).or_default();
                *record = format!("{record},{key}");
            }
            (Change::NodeRemove, Some(at)) => _ = self.members.remove(at),
            (change, at) => panic!("{change:?} of {at:?}: {}", action.id),
        }
    }
}

fn node(member: &Member) -> Value {
    let mut node = json!({
        "ID": member.id, "Version": {"Index": 7},
        "Spec": {"Role": member.role.name(), "Availability": member.availability, "Labels": member.labels},
        "Description": {"Hostname": member.name},
        "Status": {"State": if member.ready { "ready" } else { "down" }, "Addr": member.address},
    });
    if member.role == Role::Manager {
        let reachability = if member.ready { "reachable" } else { "unreachable" };
        node["ManagerStatus"] = json!({"Reachability": reachability, "Addr": format!("{}:2377", member.address)});
    }
    node
}

fn snapshot(id: &str, nodes: Vec<Value>) -> Snapshot {
    let raw = nodes.into_iter().map(|node| serde_json::value::to_raw_value(&node).unwrap()).collect();
    Snapshot { cluster: Some(id.to_owned()), nodes: Node::list(raw).unwrap(), ..Snapshot::nothing() }
}

pub fn ghosts() -> Consent {
    Consent { remove_ghosts: true, ..Consent::default() }
}
