//! The only writer: carries a plan out, one object at a time, each write a compare-and-set.
//!
//! On a conflict the object is read again and the whole pass is planned again on what is known now; what the new plan
//! says about that object is done instead. Nothing here decides what ought to be.

mod arrival;
mod beside;
pub mod catalog;
mod create;
pub mod files;
pub mod host;
mod journal;
mod judge;
mod labelled;
pub mod local;
pub mod logs;
pub mod memory;
pub mod moving;
mod object;
pub mod pause;
pub mod prepull;
pub mod registry;
pub(crate) mod setup;
pub mod swarm;
pub(crate) mod temporary;
pub mod turn;

use std::collections::BTreeSet;

use tokio::time::Instant;

use crate::engine::Engine;
use crate::error::{Error, ErrorKind, kind_of};
use crate::interrupt::Interrupt;
use crate::pass::Pass;
use crate::pass::memory::Memory;
use crate::plan::{Action, Plan, Warning};
use crate::progress::Progress;
use crate::report::{ReportedAction, Status};
use crate::settings::Settings;
use crate::snapshot::Snapshot;
use crate::state::{Actor, State};

/// Everything that carrying out a plan needs.
#[derive(Debug)]
pub struct Applier<'a> {
    /// Who writes.
    pub engine: &'a Engine,
    /// The pass, to plan again after a conflict.
    pub pass: &'a Pass,
    /// What the pass plans by.
    pub settings: &'a Settings,
    /// What the plan was made on; kept up to date as objects are written.
    pub cluster: &'a mut Snapshot,
    /// The memory that the plan was made on.
    pub memory: &'a Memory,
    /// The memory to be kept, in which attempts are noted before they are made.
    pub next: Memory,
    /// Journal and memory.
    pub state: &'a State,
    /// What of the memory the swarm keeps, where orcas take turns.
    pub shared: Option<&'a mut memory::Shared>,
    /// For the journal.
    pub actor: Actor,
    /// For the memory.
    pub memory_key: String,
    /// Actions that may still be made in this run.
    pub budget: &'a mut usize,
    /// No action is begun after this.
    pub deadline: Instant,
    /// No action is begun after a signal.
    pub interrupt: &'a Interrupt,
    /// Shown on a terminal.
    pub progress: &'a Progress,
}

/// What became of a plan.
#[derive(Debug, Default)]
pub struct Applied {
    /// Every action, in order.
    pub actions: Vec<ReportedAction>,
    /// What was noticed on the way.
    pub warnings: Vec<Warning>,
    /// Why not all of it was done.
    pub error: Option<anyhow::Error>,
    /// Ids of actions whose change holds now, whoever made it.
    holding: BTreeSet<String>,
}

impl Applied {
    /// Nothing was even tried.
    pub fn none_of(plan: &Plan, error: anyhow::Error) -> Self {
        let why = error.to_string();
        let actions = plan.actions.iter().map(|action| skipped(action, &why)).collect();
        Self { actions, error: Some(error), ..Self::default() }
    }

    /// Notes why not all of it was done. Of several reasons the weightiest stays, of equals the first.
    fn fail(&mut self, error: anyhow::Error) {
        if self.error.as_ref().is_none_or(|known| kind_of(known).weight() < kind_of(&error).weight()) {
            self.error = Some(error);
        }
    }
}

impl Applier<'_> {
    /// Carries the plan out as far as budget, deadline and signals allow.
    pub async fn apply(&mut self, plan: Plan) -> Applied {
        let mut applied = Applied::default();
        self.progress.begin(plan.actions.len());
        for group in groups(plan.actions) {
            self.progress.step(&group[0].target.name, group.len());
            let (group, skipped) = self.admit(group, &mut applied);
            applied.actions.extend(skipped);
            if !group.is_empty() {
                self.write(group, &mut applied).await;
            }
        }
        self.progress.end();
        // A restart has waited for this; what is no restart is not worth keeping a label waiting.
        if let Some(shared) = &mut self.shared {
            if let Err(error) = shared.keep(&self.memory_key, &self.next).await {
                applied.fail(error);
            }
            applied.warnings.extend(shared.warning.take());
        }
        applied
    }

    /// The same for a part of a plan whose other parts have been carried out: what these actions need of them holds.
    pub async fn apply_after(&mut self, actions: Vec<Action>, holding: &BTreeSet<String>) -> Applied {
        let mut applied = Applied { holding: holding.clone(), ..Applied::default() };
        for group in groups(actions) {
            let (group, skipped) = self.admit(group, &mut applied);
            applied.actions.extend(skipped);
            if !group.is_empty() {
                self.write(group, &mut applied).await;
            }
        }
        applied
    }

    /// Ends what was begun: asks neither for budget nor for time, nor whether a signal has come.
    pub async fn end(&mut self, actions: Vec<Action>) -> Applied {
        let mut applied = Applied::default();
        for group in groups(actions) {
            self.write(group, &mut applied).await;
        }
        applied
    }

    /// Splits off the actions that must not be begun, with the reason.
    fn admit(&mut self, group: Vec<Action>, applied: &mut Applied) -> (Vec<Action>, Vec<ReportedAction>) {
        let (mut admitted, mut skipped) = (Vec::new(), Vec::new());
        for action in group {
            if let Some(why) = obstacle(self.interrupt, self.deadline, *self.budget, &action, applied) {
                skipped.push(ReportedAction::new(&action, Status::Skipped, Some(why)));
            } else {
                *self.budget -= 1;
                admitted.push(action);
            }
        }
        (admitted, skipped)
    }
}

/// Why an action must not be begun.
fn obstacle(
    interrupt: &Interrupt,
    deadline: Instant,
    budget: usize,
    action: &Action,
    applied: &mut Applied,
) -> Option<String> {
    if interrupt.exit_code().is_some() {
        let error = Error::new(ErrorKind::Interrupted, "interrupted by a signal; actions not begun were left out");
        applied.fail(error.into());
        return Some("interrupted".to_owned());
    }
    if Instant::now() >= deadline {
        let error = Error::new(ErrorKind::Timeout, "the pass ran out of time; actions not begun were left out")
            .hint("the next pass goes on; --timeout gives a pass more time");
        applied.fail(error.into());
        return Some("out of time".to_owned());
    }
    if applied.error.as_ref().is_some_and(|error| kind_of(error) == ErrorKind::Unreachable) {
        return Some("the engine was lost".to_owned());
    }
    if budget == 0 {
        return Some("over the budget of --max-actions".to_owned());
    }
    let missing = action.requires.iter().find(|id| !applied.holding.contains(*id));
    missing.map(|id| format!("needs `{id}`, which was not done"))
}

/// An action that was not even tried.
pub fn skipped(action: &Action, why: &str) -> ReportedAction {
    ReportedAction::new(action, Status::Skipped, Some(why.to_owned()))
}

/// Neighbouring actions on one object become one write.
fn groups(actions: Vec<Action>) -> Vec<Vec<Action>> {
    let mut groups: Vec<Vec<Action>> = Vec::new();
    for action in actions {
        match groups.last_mut() {
            Some(group)
                if group[0].target.id == action.target.id
                    && !group[0].change.stands_alone()
                    && !action.change.stands_alone() =>
            {
                group.push(action);
            }
            _ => groups.push(vec![action]),
        }
    }
    groups
}
