//! What one pass of a run adds to the report, and how looking again changes that.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::apply::Applied;
use crate::pass::Pass;
use crate::plan::{Blocked, Plan, Warning};
use crate::report::{Report, ReportedAction, ReportedError};

/// What one pass adds to the report.
pub(crate) struct SubReport {
    pub(crate) pass: &'static str,
    pub(crate) actions: Vec<ReportedAction>,
    pub(crate) blocked: Vec<Blocked>,
    pub(crate) warnings: Vec<Warning>,
    /// What was noticed once and stays true (`warnings` are of the newest look).
    pub(crate) noticed: Vec<Warning>,
    pub(crate) unsettled: Vec<String>,
    pub(crate) unchanged: u64,
    /// Wall time of all its looks.
    pub(crate) took: Duration,
    pub(crate) error: Option<ReportedError>,
    pub(crate) data: Map<String, Value>,
}

impl SubReport {
    pub(crate) fn of(pass: &Pass, plan: &mut Plan) -> Self {
        Self {
            pass: pass.name(),
            actions: Vec::new(),
            blocked: std::mem::take(&mut plan.blocked),
            warnings: std::mem::take(&mut plan.warnings),
            noticed: Vec::new(),
            unsettled: std::mem::take(&mut plan.unsettled),
            unchanged: plan.unchanged,
            took: Duration::ZERO,
            error: None,
            data: std::mem::take(&mut plan.data),
        }
    }

    pub(crate) fn applied(&mut self, applied: Applied, report: &mut Report) {
        self.actions = applied.actions;
        self.noticed.extend(applied.warnings);
        if let Some(error) = applied.error {
            self.error = Some(ReportedError::from_error(&error));
            report.fail(&error);
        }
    }

    /// The same pass a moment later: what was done adds up, what is known is what is known now.
    pub(crate) fn follow(&mut self, later: Self) {
        let Self { pass: _, actions, blocked, warnings, noticed, unsettled, unchanged, took, error, data } = later;
        self.actions.extend(actions);
        self.blocked = blocked;
        self.warnings = warnings;
        self.noticed.extend(noticed);
        self.unsettled = unsettled;
        self.data = data;
        self.unchanged = unchanged;
        self.took += took;
        self.error = self.error.take().or(error);
    }
}
