//! Which swarm is the one of the file, and where each host stands.

use std::collections::BTreeSet;

use super::{HostSight, World, member};
use crate::engine::swarm::Standing;
use crate::model::{Member, Node};
use crate::settings::Settings;
use crate::snapshot::Snapshot;

/// The swarm of the file.
#[derive(Debug)]
pub enum Home<'a> {
    /// There is none yet; this node makes it.
    Bare(&'a str),
    /// This one.
    Swarm(&'a Snapshot),
    /// Which one it is can't be told, and why.
    Refused(Vec<String>),
}

/// Finds the swarm of the file: the leader's. Where the leader is in none, the swarm that has had a node of its name; a new
/// one is made only if nothing looks like this cluster.
pub fn home<'a>(world: &'a World, settings: &'a Settings) -> Home<'a> {
    let refused = |reason: String| Home::Refused(vec![reason]);
    let Some(leader) = settings.leader.as_deref() else {
        let mut swarms = world.swarms.values();
        return match (swarms.next(), swarms.next()) {
            (Some(swarm), None) => Home::Swarm(swarm),
            (None, _) => {
                refused("no node is in a swarm, and the file names no leader to make one: set `leader`".into())
            }
            _ => refused(format!("these nodes are managers of {} swarms: set `leader`", world.swarms.len())),
        };
    };
    let sight = world.hosts.get(leader);
    if let Some(HostSight::Seen(standing)) = sight
        && standing.state == "active"
    {
        if let Some(swarm) = world.swarms.values().find(|swarm| member(swarm, standing).is_some()) {
            return Home::Swarm(swarm);
        }
        let told = world.silent.iter().map(|silent| format!("; {silent}")).collect::<String>();
        return refused(format!("the leader `{leader}` is in a swarm none of whose managers could be asked{told}"));
    }
    let named = |swarm: &&Snapshot| swarm.nodes.iter().any(|node| node.name == leader || node.id.0 == leader);
    let known: Vec<&Snapshot> = world.swarms.values().filter(named).collect();
    match (known.as_slice(), sight) {
        ([swarm], _) => Home::Swarm(swarm),
        ([_, _, ..], _) => refused(format!("{} swarms have a node `{leader}`", known.len())),
        ([], Some(HostSight::Seen(standing))) if standing.state == "inactive" => bare(leader, world),
        ([], Some(HostSight::Seen(standing))) => Home::Refused(stuck(standing)),
        ([], Some(HostSight::Lost(why))) => refused(format!("the leader `{leader}` can't be reached: {why}")),
        ([], None) => refused(format!("the leader `{leader}` is none of `nodes`")),
    }
}

/// Nobody is in a swarm with the leader. Two nodes that are in one together look like this cluster without it.
fn bare<'a>(leader: &'a str, world: &World) -> Home<'a> {
    for swarm in world.swarms.values() {
        let together: Vec<&str> =
            world.hosts.iter().filter(|(_, sight)| is_in(sight, swarm)).map(|(name, _)| name.as_str()).collect();
        if together.len() > 1 {
            let names = together.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let text = format!(
                "{names} are in a swarm (`{}`) that doesn't know the leader `{leader}`, which is in none: name one of its \
                 managers as `leader`, or let them leave it",
                swarm.cluster.as_deref().unwrap_or("unknown")
            );
            return Home::Refused(vec![text]);
        }
    }
    Home::Bare(leader)
}

fn is_in(sight: &HostSight, swarm: &Snapshot) -> bool {
    matches!(sight, HostSight::Seen(standing) if member(swarm, standing).is_some())
}

/// Where a host of the file stands.
#[derive(Debug)]
pub(super) enum Place<'a> {
    /// It didn't answer: nothing is planned for it.
    Lost,
    /// In no swarm.
    Bare(&'a Standing),
    /// In ours.
    Member { node: &'a Node, member: Member },
    /// It can't be had as things are, and why.
    Stuck(Vec<String>),
}

impl<'a> Place<'a> {
    pub(super) fn of(name: &str, world: &'a World, swarm: Option<&'a Snapshot>, taken: &mut BTreeSet<&'a str>) -> Self {
        let standing = match world.hosts.get(name) {
            Some(HostSight::Seen(standing)) => standing,
            Some(HostSight::Lost(_)) | None => return Self::Lost,
        };
        if standing.name != name && standing.node != name {
            let text =
                format!("the engine there is `{}`: correct nodes.{name}.host, or its name in the file", standing.name);
            return Self::Stuck(vec![text]);
        }
        if !standing.node.is_empty() && !taken.insert(&standing.node) {
            return Self::Stuck(vec![format!(
                "another entry of `nodes` is the same node `{}`: keep one",
                standing.node
            )]);
        }
        match (standing.state.as_str(), swarm.and_then(|swarm| member(swarm, standing))) {
            ("inactive", _) => Self::Bare(standing),
            ("active", Some(node)) => match Member::read(&node.raw) {
                Ok(member) => Self::Member { node, member },
                Err(error) => Self::Stuck(vec![format!("what the managers say of it can't be read: {error}")]),
            },
            _ => Self::Stuck(stuck(standing)),
        }
    }
}

/// Why an engine can't be had.
fn stuck(standing: &Standing) -> Vec<String> {
    let error = if standing.error.is_empty() { String::new() } else { format!(" ({})", standing.error) };
    vec![match standing.state.as_str() {
        "active" => {
            let managers: Vec<&str> = standing.managers.values().map(String::as_str).collect();
            let whose = match &standing.swarm {
                Some(swarm) => format!("`{}`", swarm.id),
                None => format!("of the managers {}", managers.join(", ")),
            };
            format!(
                "it belongs to another swarm, {whose}, or was removed from this one: if it is to come here, run `docker swarm \
                 leave` on it"
            )
        }
        "pending" => format!("it is on its way into a swarm, or waits for its managers{error}: run again later"),
        "locked" => "its swarm is locked: run `docker swarm unlock` on it".to_owned(),
        state => format!("its swarm is in the state `{state}`{error}: see `docker info` on it"),
    }]
}
