//! Rollouts, a few at a time: each begun by one write, watched together by one look after another, and ended by a proof
//! or by a rollback.

mod begin;
mod ends;
mod hooks;
mod stack;
mod unseen;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use anyhow::Result;
use hooks::Running;
use tokio::time::Instant;

use super::flight::{End, Flight};
use crate::apply::Applier;
use crate::cycle::Bounds;
use crate::cycle::live::Live;
use crate::engine::Engine;
use crate::error::{ErrorKind, again, kind_of};
use crate::everyday::follow::{LOST, Looks};
use crate::interrupt::Interrupt;
use crate::model::{ServiceId, UpdateState};
use crate::pass::Pass;
use crate::pass::memory::Memory;
use crate::pass::services::standing;
use crate::pass::update::policy::Policy;
use crate::pass::update::prove::Sight;
use crate::plan::{Action, Target};
use crate::report::{Report, ReportedAction, Status};
use crate::settings::Settings;
use crate::snapshot::Snapshot;
use crate::state::Actor;

/// A rollback that is refused is tried again at the next look, so often: the engine may be going back by itself.
const REFUSED: u32 = 3;

/// Looks are usually no further apart than this, unless something keeps orca from looking.
const USUAL: Duration = Duration::from_secs(3);

/// All rollouts of a run.
pub(super) struct Rollouts<'a> {
    pub(super) terms: Terms<'a>,
    pub(super) mind: Mind,
    pub(super) cluster: &'a mut Snapshot,
    pub(super) bounds: Bounds,
    pub(super) report: &'a mut Report,
    /// What runs beside them.
    pub(super) aside: Aside,
    /// Those under way.
    pub(super) flights: Vec<Flight>,
    /// What has come of those before.
    pub(super) ended: Ended,
}

/// What all rollouts of a run are made by.
pub(super) struct Terms<'a> {
    /// What is asked for.
    pub(super) pass: &'a Pass,
    pub(super) settings: &'a Settings,
    pub(super) interrupt: &'a Interrupt,
    pub(super) parallel: usize,
    /// Without a deadline: what was begun is seen to its end.
    pub(super) engine: &'a Engine,
    pub(super) policies: BTreeMap<ServiceId, Policy>,
    /// Ids of services that are orca itself.
    pub(super) own: BTreeSet<String>,
    pub(super) actor: Actor,
    /// Images are brought to the nodes first.
    pub(super) prepull: bool,
    /// A stack gets its images all, or none of them.
    pub(super) atomic: bool,
}

/// What is remembered, and where.
pub(super) struct Mind {
    pub(super) live: Live,
    pub(super) key: String,
    /// What the plan was made on.
    pub(super) memory: Memory,
    /// What is remembered by now.
    pub(super) next: Memory,
}

/// Hooks, and images on their way to nodes.
#[derive(Default)]
pub(super) struct Aside {
    /// Updates before which something runs.
    preparing: Vec<(Action, Running)>,
    /// The same of what is not begun any more.
    left: Vec<Running>,
    /// Hooks that run after updates.
    finishing: Vec<Running>,
}

/// When the cluster was looked at.
struct Seen {
    /// The last time that it could be.
    last: Instant,
    /// The first time since then that it couldn't.
    lost: Option<Instant>,
}

/// What has come of rollouts.
#[derive(Default)]
pub(super) struct Ended {
    /// Ids of actions that have gone well.
    holding: BTreeSet<String>,
    /// Rollouts that went well, of stacks that may still have to go back,
    settled: Vec<Flight>,
    /// and stacks that have to, each with the service that has failed.
    fallen: Vec<(String, String)>,
    /// Names of services whose update has failed,
    failed: Vec<String>,
    /// and of those of which nobody knows.
    unproven: Vec<String>,
}

impl Rollouts<'_> {
    /// Carries the plan out.
    pub(super) async fn run(&mut self, actions: Vec<Action>) {
        self.bounds.progress.begin(actions.len());
        let mut queue: VecDeque<Action> = actions.into();
        let mut looks = Looks::new(self.terms.engine, &self.cluster.api, self.terms.interrupt);
        let mut seen = Seen { last: Instant::now(), lost: None };
        loop {
            self.take_prepared().await;
            self.take_back(&mut queue).await;
            self.release(&queue).await;
            self.begin_next(&mut queue, &mut looks).await;
            if !self.is_busy() && self.ended.fallen.is_empty() && queue.is_empty() {
                break;
            }
            let looked = looks.look().await;
            if let Err(error) = self.take_in(looked, &mut seen).await {
                self.leave(&error, &mut queue);
            } else if (self.is_busy() || !queue.is_empty())
                && let Err(error) = looks.rest().await
            {
                self.leave(&error, &mut queue);
            }
        }
        self.release(&VecDeque::new()).await;
        self.bounds.progress.end();
        self.await_hooks().await;
        self.sum_up();
    }

    /// Something is under way.
    fn is_busy(&self) -> bool {
        !self.flights.is_empty() || !self.aside.preparing.is_empty()
    }

    /// Judges by a look. One that failed, or can't be read, says nothing of any rollout, and is borne with for a while.
    async fn take_in(&mut self, looked: Result<Snapshot>, seen: &mut Seen) -> Result<()> {
        let readable = |cluster: Snapshot| match standing::all(&cluster) {
            Ok(_) => Ok(cluster),
            Err(error) => Err(anyhow::Error::from(error).context("the engine's objects can't be read")),
        };
        match looked.and_then(readable) {
            Ok(cluster) => {
                *self.cluster = cluster;
                let (now, before) = (Instant::now(), seen.last);
                *seen = Seen { last: now, lost: None };
                // The look before was so long ago: a leader was elected, the way there was broken, or there was more to do.
                let missed = now.saturating_duration_since(before).saturating_sub(USUAL);
                for flight in &mut self.flights {
                    flight.clock.missed(now, missed);
                }
                self.judge(now).await;
                Ok(())
            }
            Err(error) => {
                let since = *seen.lost.get_or_insert_with(Instant::now);
                let over = kind_of(&error) == ErrorKind::Interrupted || since.elapsed() >= LOST;
                if over { Err(error) } else { Ok(()) }
            }
        }
    }

    /// Begins what may be begun: in order, and only once everything that it needs has ended.
    async fn begin_next(&mut self, queue: &mut VecDeque<Action>, looks: &mut Looks<'_>) {
        while self.places_taken() + self.aside.preparing.len() < self.terms.parallel {
            let under_way = |id: &String| {
                self.flights.iter().any(|flight| flight.action.id == *id)
                    || self
                        .aside
                        .preparing
                        .iter()
                        .map(|(action, _)| action)
                        .chain(queue.iter())
                        .any(|other| other.id == *id)
            };
            let may = |action: &Action| !action.requires.iter().any(under_way) && !self.is_held_up(action);
            let Some(at) = queue.iter().position(may) else { return };
            // The rollout of orca itself may be the end of this run: nobody would see how the others end.
            if self.terms.own.contains(&queue[at].target.id) && self.is_busy() {
                return;
            }
            let Some(action) = queue.remove(at) else { return };
            if let Some(action) = self.still_wanted(action) {
                self.prepare(action).await;
            }
            looks.quicken();
        }
    }

    /// Somebody else's rollout of the service is under way, as of what follows an anchor that has its new image; or a new
    /// leader has not heard from all nodes yet. Its turn comes when that is over, as long as rollouts may be begun.
    fn is_held_up(&self, action: &Action) -> bool {
        let service = self.service(&ServiceId(action.target.id.clone()));
        let moved = service.and_then(|service| service.update).and_then(UpdateState::under_way);
        let unheard = self.cluster.nodes.iter().any(|node| node.state.is_unheard());
        (moved.is_some() || unheard) && Instant::now() < self.bounds.deadline
    }

    /// Rollouts that others have to wait for. What the engine has completed, and what only has to go on running, gives its
    /// place up, so that the engine has something to do meanwhile; where one goes at a time, each is proven before the next.
    fn places_taken(&self) -> usize {
        let proving = self.flights.iter().filter(|flight| flight.clock.is_holding()).count();
        let most = if self.terms.parallel > 1 { self.terms.parallel } else { 0 };
        self.flights.len() - proving.min(most)
    }

    /// The action as it is planned on what is known by now: it may have waited for long, and others were not idle.
    fn still_wanted(&mut self, action: Action) -> Option<Action> {
        let failed = |id: &String| !self.ended.holding.contains(id);
        if action.requires.iter().any(failed) {
            // It is said by whom it is not begun.
            return Some(action);
        }
        let now = self.cluster.taken_at;
        let plan = self.terms.pass.plan(self.cluster, self.terms.settings, &self.mind.next, now);
        let mine = |target: &Target| target.id == action.target.id;
        if let Some(fresh) = plan.actions.into_iter().find(|fresh| mine(&fresh.target)) {
            return Some(Action { requires: action.requires, ..fresh });
        }
        let refused = plan.blocked.into_iter().find(|blocked| mine(&blocked.target));
        let why = refused.as_ref().map_or("it is not wanted any more".to_owned(), |blocked| blocked.reasons.join("; "));
        if refused.is_some() {
            self.fell(&ServiceId(action.target.id.clone()), &action.target.name);
        }
        let said = self.report.blocked.iter().any(|blocked| mine(&blocked.target));
        self.report.blocked.extend(refused.filter(|_| !said));
        let text = format!("not begun, since meanwhile: {why}");
        self.report.actions.push(ReportedAction::new(&action, Status::Skipped, Some(text)));
        None
    }

    /// Judges all that is under way by what was seen now, however long that takes.
    async fn judge(&mut self, now: Instant) {
        let mut waiting = Vec::new();
        for mut flight in std::mem::take(&mut self.flights) {
            let Ok(standings) = standing::all(self.cluster) else {
                self.flights.push(flight);
                continue;
            };
            let sight = flight.watched.look(self.cluster, &standings);
            let unheard = standings.iter().any(|one| one.service.id == flight.watched.service && one.unheard);
            flight.clock.bears_with(now, unheard);
            if matches!(sight, Sight::Waiting(_)) {
                flight.clock.lets_go(now);
            }
            match sight {
                // The way back was refused: that is no reason to wait until it is late once more.
                Sight::Stopped | Sight::Holds(_) | Sight::Waiting(_) | Sight::Failed(_)
                    if flight.refused > 0 && !flight.watched.going_back =>
                {
                    let why = flight.why.clone().unwrap_or_default();
                    self.give_up(flight, why).await;
                }
                Sight::Stopped => self.written(flight).await,
                Sight::Holds(wanted) if flight.holds(now, wanted).is_zero() => self.proven(flight).await,
                Sight::Holds(_) => {
                    waiting.push(format!("`{}` stays so", flight.name()));
                    self.flights.push(flight);
                }
                Sight::Waiting(text) if flight.clock.is_late(now) => {
                    let limit = humantime::format_duration(flight.policy.deadline);
                    let why = format!("it was not proven within {limit}: {text}");
                    if unheard {
                        // Of what nobody knows, nothing is undone; the next run watches it on.
                        self.ended.unproven.push(format!("`{}`", flight.name()));
                        flight.end(End::NotProven, Some(why), self.report);
                    } else {
                        self.give_up(flight, why).await;
                    }
                }
                Sight::Waiting(text) => {
                    waiting.push(text);
                    self.flights.push(flight);
                }
                Sight::Failed(why) => self.give_up(flight, why).await,
                Sight::GoingBack(text) if flight.why.is_some() && flight.clock.is_late(now) => {
                    let why = flight.why.clone().unwrap_or_default();
                    let limit = humantime::format_duration(flight.policy.deadline);
                    let text = format!("{why}; the rollback has not ended within {limit}: {text}");
                    // What nobody knows has not failed.
                    self.lose(flight, if unheard { End::NotProven } else { End::RollbackFailed }, text).await;
                }
                Sight::GoingBack(text) => {
                    self.condemn(&mut flight, "the engine rolls it back").await;
                    waiting.push(text);
                    self.flights.push(flight);
                }
                Sight::Back(said) => self.back(flight, &said).await,
                Sight::Stuck(text) => {
                    self.condemn(&mut flight, "the engine has rolled it back").await;
                    let why = flight.why.clone().unwrap_or_default();
                    self.lose(flight, End::RollbackFailed, format!("{why}; {text}")).await;
                }
                Sight::Superseded(text) => self.overtaken(flight, text).await,
                Sight::Gone => self.overtaken(flight, "the service was removed in mid-rollout".to_owned()).await,
            }
        }
        self.note_longer().await;
        self.bounds.progress.waiting(&waiting.join("; "));
    }

    /// Nobody stays with what is under way, and nothing more is begun.
    fn leave(&mut self, error: &anyhow::Error, queue: &mut VecDeque<Action>) {
        self.ended.fallen.clear();
        for (action, running) in std::mem::take(&mut self.aside.preparing) {
            self.aside.left.push(running);
            queue.push_front(action);
        }
        for action in queue.drain(..) {
            let text = format!("not begun: {error:#}");
            self.report.actions.push(ReportedAction::new(&action, Status::Skipped, Some(text)));
        }
        for flight in std::mem::take(&mut self.flights) {
            let text = format!("{error:#}: the engine goes on by itself");
            let text = flight.why.clone().map_or(text.clone(), |why| format!("{why}; {text}"));
            flight.end(End::NotProven, Some(text), self.report);
        }
        self.report.fail(&again(error));
    }

    fn service(&self, id: &ServiceId) -> Option<&crate::model::Service> {
        self.cluster.services.iter().find(|service| service.id == *id)
    }

    /// Remembers what is known now.
    pub(super) async fn keep(&mut self) {
        if let Err(error) = self.mind.live.remember(&self.mind.key, &self.mind.next).await {
            self.report.fail(&error);
        }
    }

    async fn applier<T>(&mut self, pass: &Pass, work: impl AsyncFnOnce(&mut Applier<'_>) -> T) -> T {
        let mut applier = Applier {
            engine: self.terms.engine,
            pass,
            settings: self.terms.settings,
            actor: self.terms.actor.clone(),
            cluster: self.cluster,
            memory: &self.mind.memory,
            next: self.mind.next.clone(),
            state: &self.mind.live.state,
            shared: self.mind.live.shared.as_mut(),
            memory_key: self.mind.key.clone(),
            budget: &mut self.bounds.budget,
            deadline: self.bounds.deadline,
            interrupt: self.terms.interrupt,
            progress: &self.bounds.progress,
        };
        let done = work(&mut applier).await;
        self.mind.next = applier.next;
        done
    }
}
