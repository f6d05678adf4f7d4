//! How a rollout begins: by one write, and by a note for all other passes that it is not proven yet.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::Rollouts;
use crate::apply::Applied;
use crate::error::{ErrorKind, kind_of};
use crate::fingerprint;
use crate::model::{Service, ServiceId};
use crate::pass::memory::Proving;
use crate::pass::update::prove::{Watched, pace};
use crate::plan::{Action, Change};
use crate::report::Status;
use crate::updates::flight::Flight;

/// What is proven, or back, is said at the next look; so long after its time a rollout is nobody's any more.
const MARGIN: Duration = Duration::from_secs(60);

impl Rollouts<'_> {
    pub(super) async fn begin(&mut self, action: Action) {
        let id = ServiceId(action.target.id.clone());
        let started = self.service(&id).and_then(|service| service.update_started);
        let name = action.target.name.clone();
        self.bounds.progress.step(&name, 1);
        let Change::ImageSet { before, after, .. } = &action.change else { return };
        let (image, before) = (after.clone(), before.clone());
        let (service, going_back) = (id.clone(), false);
        let (earlier, weighed) = (BTreeSet::new(), BTreeSet::new());
        let platforms = self.service(&id).map(platforms).unwrap_or_default();
        let mut watched = Watched { service, image, before, platforms, started, going_back, earlier, weighed };
        watched.begin(self.cluster);
        let Some(policy) = self.terms.policies.get(&id).cloned() else { return };
        let pace = self.service(&id).map(|service| pace(service, self.cluster)).unwrap_or_default();
        // It is kept with the attempt, before the write.
        self.note(&watched, pace + policy.deadline);
        let holding = self.ended.holding.clone();
        let applied =
            self.applier(self.terms.pass, async |applier| applier.apply_after(vec![action], &holding).await).await;
        let Applied { mut actions, warnings, error, .. } = applied;
        self.report.warnings.extend(warnings);
        // Then it may have been written.
        let unclear = error.as_ref().is_some_and(|error| kind_of(error) == ErrorKind::Unreachable);
        if let Some(error) = error {
            self.report.fail(&error);
        }
        let done = actions.pop_if(|action| action.status == Status::Done);
        self.report.actions.extend(actions);
        let Some(action) = done else {
            if !unclear {
                self.mind.next.proving.remove(&id);
                self.keep().await;
            }
            return self.fell(&id, &name);
        };
        let object: Value =
            self.service(&id).and_then(|service| serde_json::from_str(service.raw.get()).ok()).unwrap_or_default();
        // After a re-plan it may have been another one.
        let before = action.before.as_str().unwrap_or_default();
        if before != watched.before {
            before.clone_into(&mut watched.before);
            // What that one was made for is not known.
            watched.platforms.clear();
            self.note(&watched, pace + policy.deadline);
            self.keep().await;
        }
        let spec = fingerprint::of_spec(&object["Spec"]);
        let time = pace + policy.deadline;
        self.flights.push(Flight::new(action, watched, policy, spec, time));
    }

    /// Notes what is under way and may take longer than was thought when it was last noted.
    pub(super) async fn note_longer(&mut self) {
        let (now, at) = (jiff::Timestamp::now(), Instant::now());
        let longer = |flight: &&Flight| {
            // Not for a few seconds: it is a write.
            let until = now.saturating_add(flight.clock.may_take(at).saturating_add(MARGIN / 2)).unwrap_or(now);
            self.mind.next.proving.get(&flight.watched.service).is_none_or(|known| known.until < until)
        };
        let longer =
            self.flights.iter().filter(longer).map(|flight| (flight.watched.clone(), flight.clock.may_take(at)));
        let longer: Vec<_> = longer.collect();
        if longer.is_empty() {
            return;
        }
        for (watched, time) in longer {
            self.note(&watched, time);
        }
        self.keep().await;
    }

    /// Notes that a rollout is under way, and for how long at most; what of its stack still may have to go back is as
    /// long.
    pub(super) fn note(&mut self, watched: &Watched, time: Duration) {
        let now = jiff::Timestamp::now();
        let until = now.saturating_add(time.saturating_add(MARGIN)).unwrap_or(now);
        let Watched { service, image, before, platforms, .. } = watched.clone();
        let known = self.mind.next.proving.remove(&service).map_or(until, |known| known.until);
        let proving = Proving { image, before, platforms, since: now, until: until.max(known) };
        self.mind.next.proving.insert(service.clone(), proving);
        for id in self.settled_with(&service) {
            if let Some(settled) = self.mind.next.proving.get_mut(&id) {
                settled.until = settled.until.max(until);
            }
        }
    }
}

/// What the image of a service is made for, as its spec has it.
pub(super) fn platforms(service: &Service) -> Vec<(String, String)> {
    service.needs().map(|needs| needs.platforms.clone()).unwrap_or_default()
}
