//! Rollouts that an earlier run began and did not see to their end: they are watched again, and nothing is written unless
//! they fail.

use std::collections::BTreeSet;

use serde_json::Value;
use tokio::time::Instant;

use super::Rollouts;
use crate::fingerprint;
use crate::model::{Service, ServiceId};
use crate::pass::update::policy::Policy;
use crate::pass::update::prove::{Watched, pace};
use crate::pass::update::{DATA, WATCH};
use crate::plan::{Action, Change};
use crate::report::{ReportedAction, Status};
use crate::updates::flight::Flight;

impl Rollouts<'_> {
    /// Takes up what the plan found to be under way, or at its end, unseen.
    pub(in crate::updates) fn resume(&mut self) {
        let entries = self.report.data.get(DATA).and_then(Value::as_array).into_iter().flatten();
        let unseen = entries.filter(|entry| entry["verdict"] == WATCH).filter_map(|entry| entry["id"].as_str());
        let flights = unseen.filter_map(|id| {
            let id = ServiceId(id.to_owned());
            self.flight(self.service(&id)?, self.policies.get(&id)?.clone())
        });
        self.flights = flights.collect();
    }

    fn flight(&self, service: &Service, mut policy: Policy) -> Option<Flight> {
        let object: Value = serde_json::from_str(service.raw.get()).ok()?;
        let before = object.pointer("/PreviousSpec/TaskTemplate/ContainerSpec/Image").and_then(Value::as_str);
        let (image, before) = (service.image.clone(), before.unwrap_or_default().to_owned());
        // Somebody has written to it since: what the engine would go back to has the same image.
        policy.rollback &= !before.is_empty() && before != image;
        let change = Change::ImageSet { before: before.clone(), after: image.clone(), platforms: Vec::new() };
        let action =
            Action::on_service(service, change, "an earlier run began it, and did not see how it ended".to_owned());
        let begun = Instant::now();
        Some(Flight {
            action: ReportedAction::new(&action, Status::Done, None),
            watched: Watched {
                service: service.id.clone(),
                image,
                before,
                // What the engine says is of this very rollout,
                started: None,
                going_back: false,
                // and so is every task of this image that has failed.
                earlier: BTreeSet::new(),
                weighed: BTreeSet::new(),
            },
            spec: fingerprint::of_spec(&object["Spec"]),
            begun,
            until: begun + pace(service, self.cluster) + policy.deadline,
            policy,
            since: None,
            why: None,
            drawn: false,
            unseen: true,
            culprit: None,
            refused: 0,
        })
    }
}
