//! What comes before and after an update: images that are brought to the nodes, and programs of the config. Meanwhile
//! other rollouts are watched.

use std::collections::BTreeSet;
use std::future::Future;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use futures_util::StreamExt as _;
use http::HeaderValue;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::Rollouts;
use crate::apply::prepull::{Prepull, Pulled, prepull};
use crate::engine::Engine;
use crate::error::{ErrorKind, interrupted, kind_of};
use crate::interrupt::Interrupt;
use crate::model::node::{Availability, NodeState};
use crate::model::{NodeId, ServiceId};
use crate::notify;
use crate::pass::update::policy::Policy;
use crate::plan::{Action, Blocked, Change, Warning};
use crate::program::Program;
use crate::report::{ReportedAction, Status};
use crate::updates::flight::{End, Flight};

/// So many nodes pull at a time.
const AT_ONCE: usize = 8;

/// What is not wanted any more has so long to end.
const LEAVE: Duration = Duration::from_secs(10);

/// What runs by itself.
pub(in crate::updates) type Running = JoinHandle<Result<()>>;

/// An image that is to be on some nodes.
struct Pull {
    engine: Engine,
    api: String,
    image: String,
    auth: Option<HeaderValue>,
    /// Each with its hostname, and a name for its job that no other has.
    nodes: Vec<(NodeId, String, String)>,
    deadline: Instant,
    interrupt: Interrupt,
}

impl Rollouts<'_> {
    /// Begins an update, or first what comes before it.
    pub(super) async fn prepare(&mut self, action: Action) {
        let id = ServiceId(action.target.id.clone());
        let policy = self.terms.policies.get(&id);
        // What would not be begun anyway needs nothing before it.
        let open = self.bounds.budget > 0
            && Instant::now() < self.bounds.deadline
            && self.terms.interrupt.exit_code().is_none()
            && action.requires.iter().all(|id| self.ended.holding.contains(id));
        let Change::ImageSet { before, after, .. } = &action.change else { return };
        let pull = policy.filter(|_| open && self.terms.prepull).and_then(|policy| self.pull(&id, after, policy));
        let hook = policy.and_then(|policy| policy.pre.as_ref()).filter(|_| open);
        if pull.is_none() && hook.is_none() {
            return self.begin(action).await;
        }
        let hook = hook.map(|name| {
            let run = self.hook(name, self.about(&id, &action.target.name, "pre", (before, after)));
            (format!("the hook `{name}` before its update has failed"), run)
        });
        let interrupt = self.terms.interrupt.clone();
        let running = tokio::spawn(async move {
            if let Some(pull) = pull {
                pull.run().await?;
            }
            match hook {
                Some((failed, run)) => tokio::select! {
                    _ = interrupt.nth(1) => Err(interrupted()),
                    ended = run => ended.context(failed),
                },
                None => Ok(()),
            }
        });
        self.aside.preparing.push((action, running));
    }

    /// Begins the updates for which all is ready.
    pub(super) async fn take_prepared(&mut self) {
        for (action, running) in std::mem::take(&mut self.aside.preparing) {
            if !running.is_finished() {
                self.aside.preparing.push((action, running));
                continue;
            }
            match running.await.unwrap_or_else(|error| Err(error.into())) {
                // It took its time, and others were not idle.
                Ok(()) => {
                    if let Some(action) = self.still_wanted(action) {
                        self.begin(action).await;
                    }
                }
                Err(error) if kind_of(&error) == ErrorKind::Interrupted => {
                    self.report.fail(&error);
                    let text = format!("not begun: {error:#}");
                    self.report.actions.push(ReportedAction::new(&action, Status::Skipped, Some(text)));
                }
                Err(error) => {
                    let (id, target, text) = (action.id.clone(), action.target.clone(), format!("{error:#}"));
                    self.fell(&ServiceId(target.id.clone()), &target.name);
                    self.report.blocked.push(Blocked { id, target, reasons: vec![text.clone()] });
                    let text = format!("not begun: {text}");
                    self.report.actions.push(ReportedAction::new(&action, Status::Skipped, Some(text)));
                }
            }
        }
    }

    /// The hook after an update.
    pub(super) fn follow_up(&mut self, flight: &Flight, end: End) {
        let Policy { post: Some(name), .. } = &flight.policy else { return };
        let watched = &flight.watched;
        let mut given = self.about(&watched.service, flight.name(), "post", (&watched.before, &watched.image));
        given.push(("ORCA_OUTCOME", end.name().to_owned()));
        let failed = format!("the hook `{name}` after the update of `{}` has failed", flight.name());
        let run = self.hook(name, given);
        self.aside.finishing.push(tokio::spawn(async { run.await.context(failed) }));
    }

    /// Waits for the hooks that still run: each has a bound of its own. What was to come before an update that is not
    /// begun is left alone: pulls remove their jobs when they are told to end.
    pub(super) async fn await_hooks(&mut self) {
        for mut running in std::mem::take(&mut self.aside.left) {
            if timeout(LEAVE, &mut running).await.is_err() {
                running.abort();
            }
        }
        for running in std::mem::take(&mut self.aside.finishing) {
            if let Err(error) = running.await.unwrap_or_else(|error| Err(error.into())) {
                self.report.warnings.push(Warning::new("hook", format!("{error:#}")));
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
            ("ORCA_RUN", self.terms.actor.run.clone()),
            ("ORCA_SERVICE", name.to_owned()),
            ("ORCA_SERVICE_ID", id.0.clone()),
            ("ORCA_IMAGE_BEFORE", before.to_owned()),
            ("ORCA_IMAGE", after.to_owned()),
        ]
    }

    fn hook(&self, name: &str, given: Vec<(&'static str, String)>) -> impl Future<Output = Result<()>> + Send + use<> {
        let hook = self.terms.settings.update.hooks.get(name).cloned();
        // URLs and secrets of whom orca tells of what it does are none of its business.
        let secret: Vec<String> = notify::variables(&self.terms.settings.notify).map(str::to_owned).collect();
        async move {
            let Some(hook) = hook else { bail!("update.hooks of the config has none of that name") };
            let withheld = secret.iter().map(String::as_str).collect();
            let until = Instant::now() + hook.timeout;
            Program { words: &hook.command, given, withheld, input: &[], until }.run().await
        }
    }

    /// An image, and the nodes on which tasks of the service run now; none where none does. A node that takes no new tasks
    /// takes neither the job that pulls nor the service's new task.
    fn pull(&self, id: &ServiceId, image: &str, policy: &Policy) -> Option<Pull> {
        let own = self.cluster.tasks.iter().filter(|task| task.service == *id && task.live());
        let nodes: BTreeSet<&NodeId> = own.map(|task| &task.node).collect();
        let ready = nodes.into_iter().filter_map(|node| self.cluster.node(node));
        let ready = ready.filter(|node| node.state == NodeState::Ready && node.availability == Availability::Active);
        let short = id.0.get(..6).unwrap_or(&id.0);
        let run = |at: usize| format!("{}-{short}-{at}", self.terms.actor.run);
        let nodes: Vec<_> = ready.enumerate().map(|(at, node)| (node.id.clone(), node.key.clone(), run(at))).collect();
        (!nodes.is_empty()).then(|| Pull {
            engine: self.terms.engine.clone(),
            api: self.cluster.api.clone(),
            image: image.to_owned(),
            auth: self.terms.pass.auths().and_then(|auths| auths.of(policy.auth.clone(), image)).cloned(),
            nodes,
            deadline: Instant::now() + policy.deadline,
            interrupt: self.terms.interrupt.clone(),
        })
    }
}

impl Pull {
    async fn run(self) -> Result<()> {
        let pulls: Vec<_> = self.nodes.iter().map(|(node, name, run)| self.on(node, name, run)).collect();
        // Each to its end, whatever becomes of the others: it removes its job.
        let ended: Vec<Result<()>> = futures_util::stream::iter(pulls).buffer_unordered(AT_ONCE).collect().await;
        ended.into_iter().collect()
    }

    async fn on(&self, node: &NodeId, name: &str, run: &str) -> Result<()> {
        let Self { engine, api, image, auth, deadline, interrupt, .. } = self;
        let (auth, deadline) = (auth.as_ref(), *deadline);
        match prepull(Prepull { engine, api, image, auth, node, run, deadline, interrupt, turn: None }).await? {
            Pulled::There => Ok(()),
            Pulled::Missing(why) => bail!("its image can't be brought to `{name}`, as --prepull wants: {why}"),
            Pulled::Interrupted => Err(interrupted()),
        }
    }
}
