//! One rollout under way.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::everyday::follow::LOST;
use crate::pass::update::DATA;
use crate::pass::update::policy::Policy;
use crate::pass::update::prove::{Culprit, Watched};
use crate::report::{Report, ReportedAction, Status, millis_since};
use crate::updates::clock::Clock;

/// How a rollout ended, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The new image runs everywhere, and stayed.
    Proven,
    /// The service wants no task: nothing shows whether the image is any good.
    Written,
    /// The old image runs again: the engine saw to it.
    RolledBackByEngine,
    /// The same: orca did.
    RolledBack,
    /// The same, since another service of its stack has failed.
    RolledBackWithStack,
    /// It failed, and the new image is still in place.
    Failed,
    /// It failed, and so did the way back.
    RollbackFailed,
    /// Somebody else has changed or removed the service.
    Overtaken,
    /// Nobody stayed to see, or could know.
    NotProven,
}

impl End {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Written => "written",
            Self::RolledBackByEngine => "rolled_back_by_engine",
            Self::RolledBack => "rolled_back",
            Self::RolledBackWithStack => "rolled_back_with_stack",
            Self::Failed => "failed",
            Self::RollbackFailed => "rollback_failed",
            Self::Overtaken => "overtaken",
            Self::NotProven => "not_proven",
        }
    }
}

/// A rollout under way.
#[derive(Debug, Clone)]
pub(super) struct Flight {
    /// The write that began it.
    pub(super) action: ReportedAction,
    pub(super) watched: Watched,
    pub(super) policy: Policy,
    /// The fingerprint of the spec that was written.
    pub(super) spec: String,
    pub(super) begun: Instant,
    /// If it is late by this, and neither as wanted nor back, it has failed, unless nobody knows.
    pub(super) clock: Clock,
    /// Why it has failed, once it has.
    pub(super) why: Option<String>,
    /// It goes back with its stack: nothing is wrong with its own image.
    pub(super) drawn: bool,
    /// orca has written the old image, since the engine could not go back: to the engine that is an update.
    pub(super) put_back: bool,
    /// An earlier run began it: this one has written nothing yet.
    pub(super) unseen: bool,
    /// A task of the new image that has failed, and its last lines.
    pub(super) culprit: Option<(Culprit, Vec<String>)>,
    /// The way back was refused so often.
    pub(super) refused: u32,
}

/// Time in which nobody knows how a rollout stands is added to its own, so much at most: three times what orca waits for an
/// engine, since one outage may be twice as long before it is seen, and an election follow it.
pub(super) fn spare(policy: &Policy) -> Duration {
    policy.deadline.max(LOST * 3)
}

impl Flight {
    /// One that begins now, and may take so long.
    pub(super) fn new(action: ReportedAction, watched: Watched, policy: Policy, spec: String, time: Duration) -> Self {
        let begun = Instant::now();
        let clock = Clock::new(begun, time, spare(&policy));
        Self {
            action,
            watched,
            policy,
            spec,
            begun,
            clock,
            why: None,
            drawn: false,
            put_back: false,
            unseen: false,
            culprit: None,
            refused: 0,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.action.target.name
    }

    /// It is as wanted: tells for how long it must still be; twice as long where nobody has seen its tasks outlive the
    /// engine's own monitor time: they may have started just now.
    pub(super) fn holds(&mut self, now: Instant, wanted: Duration) -> Duration {
        self.clock.holds(now, if self.unseen { wanted.saturating_mul(2) } else { wanted })
    }

    /// Puts its end into the report.
    pub(super) fn end(self, end: End, error: Option<String>, report: &mut Report) {
        let status = match end {
            End::Proven | End::Written => Status::Done,
            _ => Status::Failed,
        };
        let entries = report.data.get_mut(DATA).and_then(Value::as_array_mut).into_iter().flatten();
        for entry in entries.filter(|entry| entry["id"] == *self.action.target.id) {
            entry["outcome"] = end.name().into();
            entry["took_ms"] = millis_since(self.begun).into();
            entry["error"] = json!(error);
            if let Some((culprit, log)) = &self.culprit {
                entry["failed_task"] = json!({"id": culprit.id.0, "task": culprit.name, "node": culprit.node,
                    "error": culprit.error, "log": log});
            }
        }
        // Who only watched has done nothing.
        if self.unseen && matches!(end, End::Proven | End::Written | End::NotProven | End::Overtaken) {
            return;
        }
        let duration_ms = millis_since(self.begun);
        report.actions.push(ReportedAction { status, duration_ms, error, ..self.action });
    }
}
