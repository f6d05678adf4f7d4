//! Who becomes a manager and who ceases to be one. No step here may take the majority; the last may not leave an even
//! number, unless the operator agrees.

use super::{Host, Place, Planner, join};
use crate::model::{Member, Role};
use crate::plan::{Action, Blocked, Change, Target};
use crate::snapshot::Snapshot;

/// The raft group, as it is or as it will be after the steps planned so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Managers {
    now: usize,
    count: usize,
    reachable: usize,
}

/// A manager that the plan takes out of the group.
pub(super) struct Leaving {
    /// Of the host that it once was.
    pub(super) name: String,
    pub(super) reachable: bool,
    /// The action after which it has gone.
    pub(super) gone: String,
    pub(super) target: Target,
}

impl Managers {
    pub(super) fn of(swarm: &Snapshot) -> Self {
        let members = swarm.nodes.iter().filter_map(|node| Member::read(&node.raw).ok());
        let managers: Vec<Member> = members.filter(|member| member.votes || member.role == Role::Manager).collect();
        let reachable = managers.iter().filter(|member| member.reachable).count();
        Self { now: managers.len(), count: managers.len(), reachable }
    }

    pub(super) fn of_one() -> Self {
        Self { now: 0, count: 1, reachable: 1 }
    }

    pub(super) fn now(self) -> usize {
        self.now
    }

    pub(super) fn is_even_now(self) -> bool {
        self.now > 0 && self.now.is_multiple_of(2)
    }

    /// Why there must not be one more. It may fail as soon as it has a vote: while others fail, the rest must bear that.
    fn no_more(self) -> Option<String> {
        let missing = self.count - self.reachable;
        (missing > 0 && self.reachable < majority(self.count + 1)).then(|| {
            format!(
                "{missing} of {} managers can't be reached: with one more, the loss of any would end the swarm's majority; \
                 bring them back or demote them first",
                self.count
            )
        })
    }

    /// Why there must not be this one less.
    fn no_less(self, reachable: bool) -> Option<String> {
        let (count, left) = (self.count - 1, self.reachable - usize::from(reachable));
        match count {
            0 => Some("it is the only manager".to_owned()),
            _ if left < majority(count) => {
                Some(format!("of the other {count} managers only {left} can be reached: that is no majority"))
            }
            _ => None,
        }
    }
}

fn majority(count: usize) -> usize {
    count / 2 + 1
}

/// A step that gives a vote or takes one.
struct Step<'h, 'a> {
    host: &'h Host<'a>,
    up: bool,
}

impl<'a> Planner<'a> {
    /// Plans all changes of managers. `removals` are ghosts that are planned to go already.
    pub(super) fn votes(&mut self, hosts: &[Host<'a>], swarm: &Snapshot, mut ghosts: Vec<Leaving>, ready: &[String]) {
        for ghost in &ghosts {
            self.managers.count -= 1;
            self.managers.reachable -= usize::from(ghost.reachable);
        }
        let mut steps: Vec<Step<'_, 'a>> = Vec::new();
        let concerned = hosts.iter().filter(|host| host.concerned);
        for host in concerned {
            match &host.place {
                Place::Bare(_) if host.role == Role::Manager => steps.push(Step { host, up: true }),
                Place::Member { member, .. } if member.role != host.role => {
                    steps.push(Step { host, up: host.role == Role::Manager });
                }
                _ => {}
            }
        }
        // The leader of the raft group last: what follows needs no election.
        steps.sort_by_key(|step| (!step.up, matches!(&step.host.place, Place::Member { node, .. } if node.leader)));
        self.even_out(&mut steps, &mut ghosts, hosts, swarm);
        for Step { host, up } in steps {
            if up {
                self.more(host, ghosts.iter().find(|ghost| ghost.name == host.name), ready);
            } else {
                self.less(host);
            }
        }
    }

    /// Takes back the last step if the swarm would end on an even number of managers.
    fn even_out(
        &mut self,
        steps: &mut Vec<Step<'_, 'a>>,
        ghosts: &mut Vec<Leaving>,
        hosts: &[Host<'a>],
        swarm: &Snapshot,
    ) {
        let up = steps.iter().filter(|step| step.up).count();
        let end = self.managers.count + up - (steps.len() - up).min(self.managers.count);
        if self.consent.even_managers || !end.is_multiple_of(2) {
            return;
        }
        // Growth is taken back before shrinking is: it is what was asked for last.
        let at = if up > 0 { up - 1 } else { steps.len().wrapping_sub(1) };
        if at >= steps.len() {
            if let Some(ghost) = ghosts.pop() {
                self.keep_ghost(ghost, end);
            }
            return;
        }
        let Step { host, up } = steps.remove(at);
        let (bears, fewer) = ((end.max(1) - 1) / 2, end.saturating_sub(1));
        let mut text = format!(
            "the swarm would end on {end} managers, an even number: it bears the loss of {bears}, as with {fewer}; "
        );
        text += if up { "make another node a manager too, or this one a worker" } else { "demote another one too" };
        let mut reasons = vec![text + ", or agree with --allow-even-managers"];
        let missing = |host: &&Host<'_>| {
            let in_swarm = swarm.nodes.iter().any(|node| node.name == host.name || node.id.0 == host.name);
            host.role == Role::Manager && !in_swarm && matches!(host.place, Place::Lost | Place::Stuck(_))
        };
        reasons.extend(
            hosts
                .iter()
                .filter(missing)
                .map(|host| format!("`{}` is to be a manager, but can't be had now", host.name)),
        );
        reasons.extend(super::ghosts::voting(&host.place, swarm).map(|ghost| {
            format!("its ghost `{}` still is a manager: --remove-ghosts removes it once it is Down", ghost.id.0)
        }));
        self.block(host, if matches!(host.place, Place::Bare(_)) { "join" } else { "role" }, reasons);
    }

    /// A ghost keeps its vote where the swarm would end on an even number of managers without it.
    fn keep_ghost(&mut self, ghost: Leaving, end: usize) {
        self.managers.count += 1;
        self.managers.reachable += usize::from(ghost.reachable);
        let key = ghost.gone.trim_end_matches("remove").to_owned();
        self.plan.actions.retain(|action| !action.id.starts_with(&key));
        let text = format!(
            "without it the swarm would end on {end} managers, an even number: make another node a manager, or agree with \
             --allow-even-managers"
        );
        self.plan.blocked.push(Blocked { id: ghost.gone, target: ghost.target, reasons: vec![text] });
    }

    fn more(&mut self, host: &Host<'a>, ghost: Option<&Leaving>, ready: &[String]) {
        let bare = matches!(host.place, Place::Bare(_));
        if let Some(reason) = self.managers.no_more() {
            return self.block(host, if bare { "join" } else { "role" }, vec![reason]);
        }
        self.managers.count += 1;
        self.managers.reachable += 1;
        let node = match &host.place {
            Place::Member { node, .. } => Some(*node),
            _ => None,
        };
        let action = if node.is_some() || ghost.is_some() {
            let change = Change::RoleSet { before: Role::Worker, after: Role::Manager };
            let promote = Action::on_host(host.name, node, change, host.because.clone());
            promote.after(ghost.map(|ghost| ghost.gone.clone()).into_iter().collect())
        } else {
            join(host, Role::Manager, &host.because, ready)
        };
        self.plan.actions.push(action);
    }

    fn less(&mut self, host: &Host<'a>) {
        let Place::Member { node, member } = &host.place else { return };
        if let Some(reason) = self.managers.no_less(member.reachable) {
            return self.block(host, "role", vec![reason]);
        }
        self.managers.count -= 1;
        self.managers.reachable -= usize::from(member.reachable);
        let change = Change::RoleSet { before: Role::Manager, after: Role::Worker };
        self.plan.actions.push(Action::on_host(host.name, Some(node), change, host.because.clone()));
    }

    /// Why a ghost must not lose its vote.
    pub(super) fn ghost_must_stay(&self, reachable: bool) -> Option<String> {
        self.managers.no_less(reachable)
    }
}
