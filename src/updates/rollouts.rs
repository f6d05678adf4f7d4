//! Rollouts, a few at a time: each begun by one write, watched together by one look after another, and ended by a proof
//! or by a rollback.

mod ends;
mod hooks;
mod stack;
mod unseen;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use anyhow::Result;
use hooks::Running;
use serde_json::Value;
use tokio::time::Instant;

use super::flight::{End, Flight};
use crate::apply::{Applied, Applier};
use crate::cycle::Bounds;
use crate::cycle::live::Live;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, again, kind_of};
use crate::everyday::follow::Looks;
use crate::fingerprint;
use crate::interrupt::Interrupt;
use crate::model::ServiceId;
use crate::pass::Pass;
use crate::pass::memory::Memory;
use crate::pass::services::standing;
use crate::pass::update::policy::Policy;
use crate::pass::update::prove::{Sight, Watched, pace};
use crate::plan::{Action, Change, Target};
use crate::report::{Report, ReportedAction, Status};
use crate::settings::Settings;
use crate::snapshot::Snapshot;
use crate::state::Actor;

/// An engine that doesn't answer is waited for so long: managers elect a new leader in less.
const LOST: Duration = Duration::from_secs(60);

/// A rollback that is refused is tried again at the next look, so often: the engine may be going back by itself.
const REFUSED: u32 = 3;

/// All rollouts of a run.
pub(super) struct Rollouts<'a> {
    /// What is asked for.
    pub(super) pass: &'a Pass,
    pub(super) settings: &'a Settings,
    pub(super) interrupt: &'a Interrupt,
    pub(super) parallel: usize,
    /// Without a deadline: what was begun is seen to its end.
    pub(super) engine: &'a Engine,
    pub(super) live: Live,
    pub(super) cluster: &'a mut Snapshot,
    pub(super) policies: BTreeMap<ServiceId, Policy>,
    /// Ids of services that are orca itself.
    pub(super) own: BTreeSet<String>,
    pub(super) actor: Actor,
    pub(super) bounds: Bounds,
    pub(super) report: &'a mut Report,
    /// What the plan was made on.
    pub(super) memory: Memory,
    /// What is remembered by now.
    pub(super) next: Memory,
    pub(super) key: String,
    /// Ids of actions that have gone well.
    pub(super) holding: BTreeSet<String>,
    pub(super) flights: Vec<Flight>,
    /// Images are brought to the nodes first.
    pub(super) prepull: bool,
    /// Updates before which something runs.
    pub(super) preparing: Vec<(Action, Running)>,
    /// The same of what is not begun any more.
    pub(super) left: Vec<Running>,
    /// Hooks that run after updates.
    pub(super) finishing: Vec<Running>,
    /// A stack gets its images all, or none of them.
    pub(super) atomic: bool,
    /// Rollouts that went well, of stacks that may still have to go back,
    pub(super) settled: Vec<Flight>,
    /// and stacks that have to, each with the service that has failed.
    pub(super) fallen: Vec<(String, String)>,
    /// Names of services whose update has failed.
    pub(super) failed: Vec<String>,
}

impl Rollouts<'_> {
    /// Carries the plan out.
    pub(super) async fn run(&mut self, actions: Vec<Action>) {
        self.bounds.progress.begin(actions.len());
        let mut queue: VecDeque<Action> = actions.into();
        let mut looks = Looks::new(self.engine, &self.cluster.api, self.interrupt);
        let mut lost = None;
        loop {
            self.take_prepared().await;
            self.take_back(&mut queue).await;
            self.begin_next(&mut queue, &mut looks).await;
            if !self.is_busy() && self.fallen.is_empty() {
                break;
            }
            let looked = looks.look().await;
            if let Err(error) = self.take_in(looked, &mut lost).await {
                self.leave(&error, &mut queue);
            } else if self.is_busy()
                && let Err(error) = looks.rest().await
            {
                self.leave(&error, &mut queue);
            }
        }
        self.bounds.progress.end();
        self.await_hooks().await;
        self.sum_up();
    }

    /// Something is under way.
    fn is_busy(&self) -> bool {
        !self.flights.is_empty() || !self.preparing.is_empty()
    }

    /// Judges by a look. One that failed, or can't be read, says nothing of any rollout; for how long it is borne with,
    /// is in `lost`.
    async fn take_in(&mut self, looked: Result<Snapshot>, lost: &mut Option<Instant>) -> Result<()> {
        let readable = |cluster: Snapshot| match standing::all(&cluster) {
            Ok(_) => Ok(cluster),
            Err(error) => Err(anyhow::Error::from(error).context("the engine's objects can't be read")),
        };
        match looked.and_then(readable) {
            Ok(cluster) => {
                *lost = None;
                *self.cluster = cluster;
                self.judge().await;
                Ok(())
            }
            Err(error) => {
                let since = *lost.get_or_insert_with(Instant::now);
                let over = kind_of(&error) == ErrorKind::Interrupted || since.elapsed() >= LOST;
                if over { Err(error) } else { Ok(()) }
            }
        }
    }

    /// Begins what may be begun: in order, and only once everything that it needs has ended.
    async fn begin_next(&mut self, queue: &mut VecDeque<Action>, looks: &mut Looks<'_>) {
        while self.places_taken() + self.preparing.len() < self.parallel {
            let under_way = |id: &String| {
                self.flights.iter().any(|flight| flight.action.id == *id)
                    || self.preparing.iter().map(|(action, _)| action).chain(queue.iter()).any(|other| other.id == *id)
            };
            let Some(at) = queue.iter().position(|action| !action.requires.iter().any(under_way)) else { return };
            // The rollout of orca itself may be the end of this run: nobody would see how the others end.
            if self.own.contains(&queue[at].target.id) && self.is_busy() {
                return;
            }
            let Some(action) = queue.remove(at) else { return };
            if let Some(action) = self.still_wanted(action) {
                self.prepare(action).await;
            }
            looks.quicken();
        }
    }

    /// Rollouts that others have to wait for. What the engine has completed, and what only has to go on running, gives its
    /// place up, so that the engine has something to do meanwhile; where one goes at a time, each is proven before the next.
    fn places_taken(&self) -> usize {
        let proving = self.flights.iter().filter(|flight| flight.since.is_some()).count();
        let most = if self.parallel > 1 { self.parallel } else { 0 };
        self.flights.len() - proving.min(most)
    }

    /// The action as it is planned on what is known by now: it may have waited for long, and others were not idle.
    fn still_wanted(&mut self, action: Action) -> Option<Action> {
        let failed = |id: &String| !self.holding.contains(id);
        if action.requires.iter().any(failed) {
            // It is said by whom it is not begun.
            return Some(action);
        }
        let now = self.cluster.taken_at;
        let plan = self.pass.plan(self.cluster, self.settings, &self.next, now);
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

    async fn begin(&mut self, action: Action) {
        let id = ServiceId(action.target.id.clone());
        let started = self.service(&id).and_then(|service| service.update_started);
        let name = action.target.name.clone();
        self.bounds.progress.step(&name, 1);
        let Change::ImageSet { before, after, .. } = &action.change else { return };
        let (image, before) = (after.clone(), before.clone());
        let (service, going_back) = (id.clone(), false);
        let (earlier, weighed) = (BTreeSet::new(), BTreeSet::new());
        let mut watched = Watched { service, image, before, started, going_back, earlier, weighed };
        watched.begin(self.cluster);
        let holding = self.holding.clone();
        let applied = self.applier(self.pass, async |applier| applier.apply_after(vec![action], &holding).await).await;
        let Applied { mut actions, warnings, error, .. } = applied;
        self.report.warnings.extend(warnings);
        if let Some(error) = error {
            self.report.fail(&error);
        }
        let done = actions.pop_if(|action| action.status == Status::Done);
        self.report.actions.extend(actions);
        let (Some(action), Some(policy)) = (done, self.policies.get(&id).cloned()) else {
            return self.fell(&id, &name);
        };
        let object: Value =
            self.service(&id).and_then(|service| serde_json::from_str(service.raw.get()).ok()).unwrap_or_default();
        // After a re-plan it may have been another one.
        action.before.as_str().unwrap_or_default().clone_into(&mut watched.before);
        let begun = Instant::now();
        let pace = self.service(&id).map(|service| pace(service, self.cluster)).unwrap_or_default();
        let (spec, until) = (fingerprint::of_spec(&object["Spec"]), begun + pace + policy.deadline);
        let (since, why, drawn, unseen, culprit, refused) = (None, None, false, false, None, 0);
        self.flights.push(Flight {
            action,
            watched,
            policy,
            spec,
            begun,
            until,
            since,
            why,
            drawn,
            unseen,
            culprit,
            refused,
        });
    }

    /// One look at all that is under way.
    async fn judge(&mut self) {
        let mut waiting = Vec::new();
        for mut flight in std::mem::take(&mut self.flights) {
            let Ok(standings) = standing::all(self.cluster) else {
                self.flights.push(flight);
                continue;
            };
            match flight.watched.look(self.cluster, &standings) {
                // The way back was refused.
                Sight::Stopped | Sight::Holds(_) | Sight::Waiting(_) | Sight::Failed(_)
                    if flight.drawn && !flight.watched.going_back =>
                {
                    let why = flight.why.clone().unwrap_or_default();
                    self.give_up(flight, why).await;
                }
                Sight::Stopped => self.written(flight).await,
                Sight::Holds(wanted) if flight.held(wanted) => self.proven(flight).await,
                Sight::Holds(_) => {
                    waiting.push(format!("`{}` stays so", flight.name()));
                    self.flights.push(flight);
                }
                Sight::Waiting(text) if flight.is_late() => {
                    let limit = humantime::format_duration(flight.policy.deadline);
                    self.give_up(flight, format!("it was not proven within {limit}: {text}")).await;
                }
                Sight::Waiting(text) => {
                    flight.since = None;
                    waiting.push(text);
                    self.flights.push(flight);
                }
                Sight::Failed(why) => self.give_up(flight, why).await,
                Sight::GoingBack(text) if flight.why.is_some() && flight.is_late() => {
                    let why = flight.why.clone().unwrap_or_default();
                    let limit = humantime::format_duration(flight.policy.deadline);
                    self.lose(
                        flight,
                        End::RollbackFailed,
                        format!("{why}; the rollback has not ended within {limit}: {text}"),
                    );
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
                    self.lose(flight, End::RollbackFailed, format!("{why}; {text}"));
                }
                Sight::Superseded(text) => self.overtaken(flight, text).await,
                Sight::Gone => self.overtaken(flight, "the service was removed in mid-rollout".to_owned()).await,
            }
        }
        self.bounds.progress.waiting(&waiting.join("; "));
    }

    /// Nobody stays with what is under way, and nothing more is begun.
    fn leave(&mut self, error: &anyhow::Error, queue: &mut VecDeque<Action>) {
        self.fallen.clear();
        for (action, running) in std::mem::take(&mut self.preparing) {
            self.left.push(running);
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

    fn sum_up(&mut self) {
        if self.failed.is_empty() {
            return;
        }
        let text = format!("the new image of {} is no good", self.failed.join(", "));
        let hint =
            "`actions` and `data.updates` say why; it is not tried again until the tag changes, or with --retry-failed";
        self.report.fail(&Error::new(ErrorKind::Failed, text).hint(hint).into());
    }

    fn service(&self, id: &ServiceId) -> Option<&crate::model::Service> {
        self.cluster.services.iter().find(|service| service.id == *id)
    }

    /// Remembers what is known now.
    async fn keep(&mut self) {
        if let Err(error) = self.live.remember(&self.key, &self.next).await {
            self.report.fail(&error);
        }
    }

    async fn applier<T>(&mut self, pass: &Pass, work: impl AsyncFnOnce(&mut Applier<'_>) -> T) -> T {
        let mut applier = Applier {
            engine: self.engine,
            pass,
            settings: self.settings,
            actor: self.actor.clone(),
            cluster: self.cluster,
            memory: &self.memory,
            next: self.next.clone(),
            state: &self.live.state,
            shared: self.live.shared.as_mut(),
            memory_key: self.key.clone(),
            budget: &mut self.bounds.budget,
            deadline: self.bounds.deadline,
            interrupt: self.interrupt,
            progress: &self.bounds.progress,
        };
        let done = work(&mut applier).await;
        self.next = applier.next;
        done
    }
}
