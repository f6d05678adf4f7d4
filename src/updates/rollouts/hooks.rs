//! Programs of the config that run before and after updates. Meanwhile other rollouts are watched.

use tokio::task::JoinHandle;
use tokio::time::Instant;

use anyhow::Result;

use super::Rollouts;
use crate::model::ServiceId;
use crate::notify;
use crate::pass::update::policy::Policy;
use crate::plan::{Action, Blocked, Change, Warning};
use crate::program::Program;
use crate::report::{ReportedAction, Status};
use crate::updates::flight::{End, Flight};

/// A hook that runs.
#[derive(Debug)]
pub(in crate::updates) struct Running {
    /// Its name.
    hook: String,
    ended: JoinHandle<Result<()>>,
}

impl Rollouts<'_> {
    /// Begins an update, or first the hook before it.
    pub(super) async fn prepare(&mut self, action: Action) {
        let id = ServiceId(action.target.id.clone());
        let hook = self.policies.get(&id).and_then(|policy| policy.pre.clone());
        // What would not be begun anyway needs no hook.
        let open = self.bounds.budget > 0
            && Instant::now() < self.bounds.deadline
            && self.interrupt.exit_code().is_none()
            && action.requires.iter().all(|id| self.holding.contains(id));
        let Some(hook) = hook.filter(|_| open) else { return self.begin(action).await };
        let Change::ImageSet { before, after, .. } = &action.change else { return };
        let given = self.about(&id, &action.target.name, "pre", (before, after));
        let running = self.start(hook, given);
        self.preparing.push((action, running));
    }

    /// Begins the updates whose hook has ended well.
    pub(super) async fn take_prepared(&mut self) {
        for (action, running) in std::mem::take(&mut self.preparing) {
            if !running.ended.is_finished() {
                self.preparing.push((action, running));
                continue;
            }
            match running.ended.await.unwrap_or_else(|error| Err(error.into())) {
                // It took its time, and others were not idle.
                Ok(()) => {
                    if let Some(action) = self.still_wanted(action) {
                        self.begin(action).await;
                    }
                }
                Err(error) => {
                    let text = format!("the hook `{}` before its update has failed: {error:#}", running.hook);
                    let (id, target) = (action.id.clone(), action.target.clone());
                    self.report.blocked.push(Blocked { id, target, reasons: vec![text.clone()] });
                    let text = format!("not begun: {text}");
                    self.report.actions.push(ReportedAction::new(&action, Status::Skipped, Some(text)));
                }
            }
        }
    }

    /// The hook after an update.
    pub(super) fn follow_up(&mut self, flight: &Flight, end: End) {
        let Policy { post: Some(hook), .. } = &flight.policy else { return };
        let (name, watched) = (flight.name().to_owned(), &flight.watched);
        let mut given = self.about(&watched.service, &name, "post", (&watched.before, &watched.image));
        given.push(("ORCA_OUTCOME", end.name().to_owned()));
        let running = self.start(hook.clone(), given);
        self.finishing.push((name, running));
    }

    /// Waits for the hooks that still run: each has a bound of its own.
    pub(super) async fn await_hooks(&mut self) {
        for (name, running) in std::mem::take(&mut self.finishing) {
            if let Err(error) = running.ended.await.unwrap_or_else(|error| Err(error.into())) {
                let text = format!("the hook `{}` after the update of `{name}` has failed: {error:#}", running.hook);
                self.report.warnings.push(Warning::new("hook", text));
            }
        }
    }

    fn about(
        &self,
        id: &ServiceId,
        name: &str,
        when: &str,
        (before, after): (&str, &str),
    ) -> Vec<(&'static str, String)> {
        vec![
            ("ORCA_HOOK", when.to_owned()),
            ("ORCA_RUN", self.actor.run.clone()),
            ("ORCA_SERVICE", name.to_owned()),
            ("ORCA_SERVICE_ID", id.0.clone()),
            ("ORCA_IMAGE_BEFORE", before.to_owned()),
            ("ORCA_IMAGE", after.to_owned()),
        ]
    }

    fn start(&self, name: String, given: Vec<(&'static str, String)>) -> Running {
        let hook = self.settings.update.hooks.get(&name).cloned();
        // URLs and secrets of whom orca tells of what it does are none of its business.
        let secret: Vec<String> = notify::variables(&self.settings.notify).map(str::to_owned).collect();
        let ended = tokio::spawn(async move {
            let Some(hook) = hook else { anyhow::bail!("update.hooks of the config has none of that name") };
            let withheld = secret.iter().map(String::as_str).collect();
            let until = Instant::now() + hook.timeout;
            Program { words: &hook.command, given, withheld, input: &[], until }.run().await
        });
        Running { hook: name, ended }
    }
}

impl Running {
    /// Ends it.
    pub(super) fn stop(&self) {
        self.ended.abort();
    }
}
