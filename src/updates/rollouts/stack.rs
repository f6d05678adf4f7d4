//! `--atomic`: the services of a stack get their images all, or none of them does.

use std::collections::VecDeque;

use tokio::time::Instant;

use super::Rollouts;
use crate::model::service::STACK_LABEL;
use crate::model::{Mode, ServiceId};
use crate::plan::Action;
use crate::report::{ReportedAction, Status};
use crate::updates::flight::Flight;

impl Rollouts<'_> {
    /// Keeps a rollout that went well: another service of its stack may still fail.
    pub(super) fn settle(&mut self, flight: &Flight) {
        // To roll a job back would run it once more.
        let is_job = self.service(&flight.watched.service).is_some_and(|service| service.mode == Mode::Job);
        if self.terms.atomic && !is_job && self.stack_of(&flight.watched.service).is_some() {
            self.ended.settled.push(flight.clone());
            // Each rollout of its stack that begins makes it longer; one that has begun may take longer than this.
            let now = Instant::now();
            let time = self.flights.iter().map(|other| other.clock.may_take(now)).max().unwrap_or_default();
            self.note(&flight.watched, time.max(flight.policy.deadline));
        }
    }

    /// Whether its stack may still have to go back, itself included.
    pub(super) fn is_settled(&self, id: &ServiceId) -> bool {
        self.ended.settled.iter().any(|flight| flight.watched.service == *id)
    }

    /// Services of the same stack that have gone well, and may have to go back.
    pub(super) fn settled_with(&self, id: &ServiceId) -> Vec<ServiceId> {
        let Some(stack) = self.stack_of(id).filter(|_| !self.ended.settled.is_empty()) else { return Vec::new() };
        let settled = self.ended.settled.iter().map(|flight| flight.watched.service.clone());
        settled.filter(|other| self.is_of(&other.0, &stack)).collect()
    }

    /// Stacks of which nothing is left that could fail: what went well of them stays, and is anybody's to touch.
    pub(super) async fn release(&mut self, queue: &VecDeque<Action>) {
        let (kept, done): (Vec<Flight>, Vec<Flight>) =
            std::mem::take(&mut self.ended.settled).into_iter().partition(|flight| {
                let Some(stack) = self.stack_of(&flight.watched.service) else { return false };
                let preparing = self.aside.preparing.iter().map(|(action, _)| action);
                self.ended.fallen.iter().any(|(fallen, _)| *fallen == stack)
                    || queue.iter().chain(preparing).any(|action| self.is_of(&action.target.id, &stack))
                    || self.flights.iter().any(|other| self.is_of(&other.watched.service.0, &stack))
            });
        self.ended.settled = kept;
        for flight in &done {
            self.mind.next.proving.remove(&flight.watched.service);
        }
        if !done.is_empty() {
            self.keep().await;
        }
    }

    /// Notes that a service keeps the image that it has, or was given it back: nor does its stack get others.
    pub(super) fn fell(&mut self, id: &ServiceId, name: &str) {
        let stack = self.stack_of(id).filter(|_| self.terms.atomic);
        self.ended.fallen.extend(stack.map(|stack| (stack, name.to_owned())));
    }

    /// Takes the stacks of what has failed back: what is not begun is not, what is begun or done is rolled back.
    pub(super) async fn take_back(&mut self, queue: &mut VecDeque<Action>) {
        for (stack, culprit) in std::mem::take(&mut self.ended.fallen) {
            let why =
                format!("`{culprit}` of its stack `{stack}` did not get its image, and --atomic wants all or none");
            let waiting = std::mem::take(&mut self.aside.preparing);
            let (own, others) = waiting.into_iter().partition(|(action, _)| self.is_of(&action.target.id, &stack));
            self.aside.preparing = others;
            for (action, running) in own {
                self.aside.left.push(running);
                queue.push_front(action);
            }
            let (own, others): (VecDeque<Action>, VecDeque<Action>) =
                std::mem::take(queue).into_iter().partition(|action| self.is_of(&action.target.id, &stack));
            *queue = others;
            for action in own {
                let text = format!("not begun: {why}");
                self.report.actions.push(ReportedAction::new(&action, Status::Skipped, Some(text)));
            }
            let (settled, flights) = (std::mem::take(&mut self.ended.settled), std::mem::take(&mut self.flights));
            let is_of = |flight: &Flight| self.is_of(&flight.watched.service.0, &stack);
            let (settled, rest): (Vec<Flight>, Vec<Flight>) = settled.into_iter().partition(is_of);
            // Those that have failed by themselves are on their way already.
            let (begun, flying): (Vec<Flight>, Vec<Flight>) =
                flights.into_iter().partition(|flight| is_of(flight) && flight.why.is_none());
            (self.ended.settled, self.flights) = (rest, flying);
            for flight in &settled {
                // It is told of when it is back.
                self.report.actions.retain(|action| action.id != flight.action.id);
                self.ended.holding.remove(&flight.action.id);
            }
            for mut flight in settled.into_iter().chain(begun) {
                flight.drawn = true;
                self.give_up(flight, why.clone()).await;
            }
        }
    }

    fn is_of(&self, id: &str, stack: &str) -> bool {
        self.stack_of(&ServiceId(id.to_owned())).as_deref() == Some(stack)
    }

    fn stack_of(&self, id: &ServiceId) -> Option<String> {
        self.service(id)?.needs().ok()?.labels.get(STACK_LABEL).cloned()
    }
}
