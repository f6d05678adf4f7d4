//! How a rollout ends: proven, or found to be no good and taken back, or overtaken by somebody else.

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::Value;
use tokio::time::Instant;

use super::{REFUSED, Rollouts};
use crate::error::{Error, ErrorKind};
use crate::everyday::logs::last_lines;
use crate::fingerprint;
use crate::pass::Pass;
use crate::pass::order::{Order, PutBack, Verb, Wish};
use crate::pass::update::clean::replaced;
use crate::pass::update::prove::{Watched, pace, pace_back};
use crate::report::Status;
use crate::updates::clock::Clock;
use crate::updates::flight::{End, Flight, spare};

impl Rollouts<'_> {
    /// What the report says of all of them.
    pub(super) fn sum_up(&mut self) {
        if !self.ended.unproven.is_empty() {
            let text = format!("nobody knew how nodes of {} were for too long", self.ended.unproven.join(", "));
            let hint = "the engine goes on by itself: run again, which watches it on";
            self.report.fail(&Error::new(ErrorKind::Failed, text).hint(hint).into());
        }
        if self.ended.failed.is_empty() {
            return;
        }
        let text = format!("the update of {} has failed", self.ended.failed.join(", "));
        let hint =
            "`actions` and `data.updates` say why; it is not tried again until the tag changes, or with --retry-failed";
        self.report.fail(&Error::new(ErrorKind::Failed, text).hint(hint).into());
    }

    pub(super) async fn proven(&mut self, flight: Flight) {
        self.mind.next.updates.remove(&flight.watched.service);
        self.note_replaced(&flight);
        self.ended.holding.insert(flight.action.id.clone());
        self.settle(&flight);
        self.finish(flight, End::Proven, None).await;
    }

    /// Nothing runs of it: there is nothing to prove.
    pub(super) async fn written(&mut self, flight: Flight) {
        self.mind.next.updates.remove(&flight.watched.service);
        self.note_replaced(&flight);
        self.ended.holding.insert(flight.action.id.clone());
        self.settle(&flight);
        self.finish(flight, End::Written, None).await;
    }

    /// Notes which image was replaced: once nothing can go back to it, `--clean` removes it.
    fn note_replaced(&mut self, flight: &Flight) {
        let Watched { before, image, .. } = &flight.watched;
        if before != image {
            replaced(&mut self.mind.next, before, self.cluster.taken_at);
        }
    }

    /// Notes that an image is no good, and why; only the first time.
    pub(super) async fn condemn(&mut self, flight: &mut Flight, why: &str) {
        if flight.why.is_some() {
            return;
        }
        self.give_time(flight);
        if flight.drawn {
            flight.why = Some(why.to_owned());
            self.mind.next.updates.remove(&flight.watched.service);
            return self.keep().await;
        }
        let culprit = self.service(&flight.watched.service).and_then(|service| {
            let tty = serde_json::from_str::<Value>(service.raw.get()).unwrap_or_default();
            let tty = tty.pointer("/Spec/TaskTemplate/ContainerSpec/TTY").and_then(Value::as_bool).unwrap_or_default();
            Some((flight.watched.culprit(self.cluster, service)?, tty))
        });
        let mut told = why.to_owned();
        if let Some((culprit, tty)) = culprit {
            let engine = self.terms.engine.until(Instant::now() + Duration::from_secs(10));
            let lines = last_lines(&engine, &self.cluster.api, &culprit.id, tty).await;
            if !told.contains(&culprit.error) {
                told = format!("{told}; `{}` on {}: {}", culprit.name, culprit.node, culprit.error);
            }
            flight.culprit = Some((culprit, lines));
        }
        flight.why = Some(told.clone());
        if let Some(tried) = self.mind.next.updates.get_mut(&flight.watched.service) {
            tried.failed = Some(told);
        }
        self.keep().await;
    }

    /// The way back takes what its own config takes, and the deadline comes on top.
    fn give_time(&mut self, flight: &mut Flight) {
        let way = if flight.put_back { pace } else { pace_back };
        let way = self.service(&flight.watched.service).map(|service| way(service, self.cluster));
        let time = way.unwrap_or_default() + flight.policy.deadline;
        flight.clock = Clock::new(Instant::now(), time, spare(&flight.policy));
        self.note(&flight.watched, time);
    }

    /// The image is no good: back to the one before, if that is wanted.
    pub(super) async fn give_up(&mut self, mut flight: Flight, why: String) {
        if flight.watched.going_back {
            let why = flight.why.clone().unwrap_or_default();
            return self.lose(flight, End::RollbackFailed, why).await;
        }
        // First the way back, then what it was that failed: that takes a while to find out.
        let went = if flight.policy.rollback { Some(self.roll_back(&mut flight).await) } else { None };
        self.condemn(&mut flight, &why).await;
        let why = flight.why.clone().unwrap_or(why);
        match went {
            None => {
                let text = format!("{why}; it is left as it is, since it is not to be rolled back");
                self.lose(flight, End::Failed, text).await;
            }
            Some(Ok(())) => {
                // It may have been refused before: the way begins now.
                self.give_time(&mut flight);
                flight.watched.going_back = true;
                self.flights.push(flight);
            }
            Some(Err(_)) if flight.refused < REFUSED => {
                flight.refused += 1;
                self.flights.push(flight);
            }
            Some(Err(error)) => {
                self.lose(flight, End::RollbackFailed, format!("{why}; it was not rolled back: {error:#}")).await;
            }
        }
    }

    /// Tells the engine to go back. Where it has forgotten the spec before, since somebody has changed the service
    /// meanwhile, the image before is written: what else was changed stays.
    pub(super) async fn roll_back(&mut self, flight: &mut Flight) -> Result<()> {
        let Watched { service: id, image, before, platforms, .. } = flight.watched.clone();
        let found = self.service(&id).map(|service| (service.raw.get().to_owned(), service.update_started));
        let (raw, started) = found.unwrap_or_default();
        let object: Value = serde_json::from_str(&raw).unwrap_or_default();
        let previous = object.pointer("/PreviousSpec/TaskTemplate/ContainerSpec/Image").and_then(Value::as_str);
        let own = previous == Some(before.as_str()) && fingerprint::of_spec(&object["Spec"]) == flight.spec;
        flight.put_back = !own;
        let wish = if own {
            Wish::Rollback(id, flight.spec.clone())
        } else {
            Wish::PutBack(id, PutBack { from: image, to: before, platforms })
        };
        let auths = self.terms.pass.auths().cloned().unwrap_or_default();
        let order = Order { wishes: vec![wish], force: true, auths, ..Order::default() };
        let pass = Pass::Order(Verb::ServicesRollback, order);
        let mut plan = pass.plan(self.cluster, self.terms.settings, &self.mind.memory, self.cluster.taken_at);
        if let Some(blocked) = plan.blocked.pop() {
            return Err(Error::new(ErrorKind::Refused, blocked.reasons.join("; ")).into());
        }
        let actions = std::mem::take(&mut plan.actions);
        let applied = self.applier(&pass, async |applier| applier.end(actions).await).await;
        self.report.warnings.extend(applied.warnings);
        if let Some(error) = applied.error {
            return Err(error);
        }
        let done = applied.actions.iter().any(|action| action.status == Status::Done);
        // Whoever took it up has written something now.
        flight.unseen &= !done;
        let refused = applied.actions.iter().find_map(|action| action.error.clone());
        if done && !own {
            // What the engine says until it has begun is of another rollout.
            flight.watched.started = started;
        }
        done.then_some(()).with_context(|| refused.unwrap_or_else(|| "another writer was faster".to_owned()))
    }

    pub(super) async fn back(&mut self, mut flight: Flight, said: &str) {
        self.condemn(&mut flight, "the engine has rolled it back").await;
        let why = flight.why.clone().unwrap_or_default();
        if flight.watched.going_back {
            let end = if flight.drawn { End::RolledBackWithStack } else { End::RolledBack };
            return self.lose(flight, end, format!("{why}; rolled back, and the old image runs again")).await;
        }
        let said = if said.is_empty() { String::new() } else { format!(" ({said})") };
        let text = format!("{why}{said}; the old image runs again");
        self.lose(flight, End::RolledBackByEngine, text).await;
    }

    /// What became of the image is not known, and it is nobody's fault.
    pub(super) async fn overtaken(&mut self, flight: Flight, text: String) {
        if flight.why.is_none() {
            self.mind.next.updates.remove(&flight.watched.service);
        }
        let error = Error::new(ErrorKind::Conflict, format!("`{}`: {text}", flight.name()));
        self.report.fail(&error.into());
        self.finish(flight, End::Overtaken, Some(text)).await;
    }

    async fn finish(&mut self, flight: Flight, end: End, error: Option<String>) {
        // Until its stack is through, it may still have to go back.
        if !self.is_settled(&flight.watched.service) {
            self.mind.next.proving.remove(&flight.watched.service);
        }
        self.keep().await;
        self.follow_up(&flight, end);
        flight.end(end, error, self.report);
    }

    pub(super) async fn lose(&mut self, flight: Flight, end: End, error: String) {
        if !flight.drawn {
            self.ended.failed.push(format!("`{}`", flight.name()));
            let (id, name) = (flight.watched.service.clone(), flight.name().to_owned());
            self.fell(&id, &name);
        }
        self.finish(flight, end, Some(error)).await;
    }
}
