//! Ghosts: what a swarm remembers of a host that left and joined again under another id. They go only when asked for, and
//! only when the host itself is back and Ready.

use super::managers::Leaving;
use super::{Host, Place, Planner, id, join};
use crate::model::node::NodeState;
use crate::model::{Member, Node, Role};
use crate::plan::{Action, Blocked, Change, Target, Warning};
use crate::snapshot::Snapshot;

/// The nodes that a host once was, and that are Down.
fn of<'s>(place: &Place<'_>, swarm: &'s Snapshot) -> Vec<&'s Node> {
    former(place, swarm).into_iter().filter(|node| node.state == NodeState::Down).collect()
}

/// The nodes of a host's name that are not this host now, as its engine says.
fn former<'s>(place: &Place<'_>, swarm: &'s Snapshot) -> Vec<&'s Node> {
    let (hostname, now) = match place {
        Place::Bare(standing) => (standing.name.as_str(), ""),
        Place::Member { node, .. } => (node.name.as_str(), node.id.0.as_str()),
        Place::Lost | Place::Stuck(_) => return Vec::new(),
    };
    let is = |node: &&Node| node.name == hostname && node.id.0 != now;
    swarm.nodes.iter().filter(is).collect()
}

/// The ghost of this host that still counts for the managers' majority, if there is one; it may not be Down yet.
pub(super) fn voting<'s>(place: &Place<'_>, swarm: &'s Snapshot) -> Option<&'s Node> {
    former(place, swarm).into_iter().find(|node| votes(node).is_some())
}

fn votes(node: &Node) -> Option<Member> {
    Member::read(&node.raw).ok().filter(|member| member.votes || member.role == Role::Manager)
}

impl<'a> Planner<'a> {
    /// Plans the removal of ghosts, or says that there are some; returns those that are managers and will have gone.
    pub(super) fn ghosts(&mut self, hosts: &[Host<'a>], swarm: &Snapshot) -> Vec<Leaving> {
        let mut leaving = Vec::new();
        for host in hosts.iter().filter(|host| host.concerned) {
            for ghost in of(&host.place, swarm) {
                if self.consent.remove_ghosts {
                    leaving.extend(self.ghost(host, ghost));
                } else {
                    let text = format!(
                        "the swarm still has a Down node `{}` that `{}` once was: --remove-ghosts removes it",
                        ghost.id.0, host.name
                    );
                    self.plan.warnings.push(Warning::new("ghost", text));
                }
            }
        }
        leaving
    }

    /// Plans the removal of one ghost.
    fn ghost(&mut self, host: &Host<'a>, ghost: &Node) -> Option<Leaving> {
        let voter = votes(ghost);
        let reachable = voter.as_ref().is_some_and(|member| member.reachable);
        let mut reasons = doubts(host, ghost);
        if voter.is_some() {
            reasons.extend(self.ghost_must_stay(reachable));
        }
        let key = format!("{}@{}", host.name, ghost.id.0);
        if !reasons.is_empty() {
            let target = Target::node(ghost);
            self.plan.blocked.push(Blocked { id: id(&key, "remove"), target, reasons });
            return None;
        }
        let mut requires = Vec::new();
        let reason = match &host.place {
            Place::Member { node, .. } => format!("`{}` is back as `{}`, which is Ready", host.name, node.id.0),
            _ => format!("`{}` joins again", host.name),
        };
        if let (Place::Bare(_), Some(_), Role::Manager) = (&host.place, &voter, host.role) {
            // Two votes of one host, of which one is lost, are worse than none.
            let because = format!("{}; as a worker until its ghost has given up its vote", host.because);
            let join = join(host, Role::Worker, &because, &[]);
            self.plan.actions.push(join);
        }
        if matches!(host.place, Place::Bare(_)) {
            requires.push(id(host.name, "join"));
        }
        if voter.is_some() {
            let change = Change::RoleSet { before: Role::Manager, after: Role::Worker };
            let demote = Action::on_host(&key, Some(ghost), change, reason.clone()).after(requires.clone());
            requires = vec![demote.id.clone()];
            self.plan.actions.push(demote);
        }
        let remove = Action::on_host(&key, Some(ghost), Change::NodeRemove, reason).after(requires);
        let gone = remove.id.clone();
        self.plan.actions.push(remove);
        voter.map(|_| Leaving { name: host.name.to_owned(), reachable, gone, target: Target::node(ghost) })
    }
}

/// Why a Down node may not be the ghost of this host, or must not go yet.
fn doubts(host: &Host<'_>, ghost: &Node) -> Vec<String> {
    let Place::Member { node, member } = &host.place else { return Vec::new() };
    let mut reasons = Vec::new();
    if node.state != NodeState::Ready {
        reasons.push(format!("`{}` is back as `{}`, but that is not Ready yet", host.name, node.id.0));
    }
    let address = Member::read(&ghost.raw).map(|member| member.address).unwrap_or_default();
    if !address.is_empty() && !member.address.is_empty() && address != member.address {
        reasons.push(format!(
            "it had the address {address}, and `{}` has {}: it may be another host of the same name; if it isn't, run \
             `docker node rm {}`",
            host.name, member.address, ghost.id.0
        ));
    }
    reasons
}
