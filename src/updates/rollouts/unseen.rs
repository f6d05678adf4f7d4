//! Rollouts that an earlier run began and did not see to their end: they are watched again, and nothing is written unless
//! they fail.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Rollouts;
use crate::fingerprint;
use crate::model::{Service, ServiceId};
use crate::pass::update::decide::rolled_back;
use crate::pass::update::policy::Policy;
use crate::pass::update::prove::{Watched, pace};
use crate::pass::update::{DATA, WATCH};
use crate::plan::{Action, Change};
use crate::report::{ReportedAction, Status};
use crate::updates::flight::Flight;

impl Rollouts<'_> {
    /// Takes up what the plan found to be under way, or at its end, unseen.
    pub(in crate::updates) async fn resume(&mut self) {
        self.condemn_unseen();
        let entries = self.report.data.get(DATA).and_then(Value::as_array).into_iter().flatten();
        let unseen = entries.filter(|entry| entry["verdict"] == WATCH).filter_map(|entry| entry["id"].as_str());
        let flights = unseen.filter_map(|id| {
            let id = ServiceId(id.to_owned());
            self.flight(self.service(&id)?, self.terms.policies.get(&id)?.clone())
        });
        let flights: Vec<Flight> = flights.collect();
        for flight in &flights {
            self.note(&flight.watched, flight.clock.may_take(flight.begun));
        }
        // What an earlier run has stayed with, and was killed.
        let now = self.cluster.taken_at;
        self.mind.next.proving.retain(|_, known| now < known.until);
        self.flights = flights;
        self.keep().await;
    }

    /// Notes what was rolled back unseen: the engine tells of it only until the service is next written to.
    fn condemn_unseen(&mut self) {
        let services = &self.cluster.services;
        for (id, tried) in &mut self.mind.next.updates {
            let service = services.iter().find(|service| service.id == *id);
            if let Some(why) = service.and_then(|service| rolled_back(service, tried)) {
                tried.failed = Some(why);
            }
        }
    }

    fn flight(&self, service: &Service, mut policy: Policy) -> Option<Flight> {
        let object: Value = serde_json::from_str(service.raw.get()).ok()?;
        let before = object.pointer("/PreviousSpec/TaskTemplate/ContainerSpec/Image").and_then(Value::as_str);
        let image = service.image.clone();
        // What was noted then is still known when somebody has written to it since, and the engine has forgotten it.
        let noted = self.mind.memory.proving.get(&service.id).filter(|known| known.image == image).cloned();
        let (before, platforms) = noted.map_or_else(
            || (before.unwrap_or_default().to_owned(), Vec::new()),
            |known| (known.before, known.platforms),
        );
        policy.rollback &= !before.is_empty() && before != image;
        let change = Change::ImageSet { before: before.clone(), after: image.clone(), platforms: Vec::new() };
        let action =
            Action::on_service(service, change, "an earlier run began it, and did not see how it ended".to_owned());
        // What the engine says is of this very rollout.
        let (started, going_back) = (None, false);
        let (earlier, weighed) = (BTreeSet::new(), BTreeSet::new());
        let id = service.id.clone();
        let mut watched = Watched { service: id, image, before, platforms, started, going_back, earlier, weighed };
        watched.take_up(self.cluster);
        let action = ReportedAction::new(&action, Status::Done, None);
        let (spec, time) = (fingerprint::of_spec(&object["Spec"]), pace(service, self.cluster) + policy.deadline);
        Some(Flight { unseen: true, ..Flight::new(action, watched, policy, spec, time) })
    }
}
