//! Verbs that change something: one look, the names in it, then plan and writer as every pass has them, then, if asked to,
//! staying until the change has come to rest.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Result;
use tokio::time::Instant;

use super::follow::{Followed, Follower};
use crate::cycle::live::Live;
use crate::cycle::{Bounds, Cycle, Options, Source};
use crate::engine::Engine;
use crate::error::interrupted;
use crate::interrupt::Interrupt;
use crate::model::{NodeId, Service, ServiceId};
use crate::pass::Pass;
use crate::pass::nodes::impact::Impact;
use crate::pass::order::{Order, Verb, Wish};
use crate::pass::services::order::auth_entry;
use crate::pass::services::standing;
use crate::plan::Warning;
use crate::registry::{self, Asked, Keyring};
use crate::report::{Cluster, Outcome, Report, ReportedAction, Run, Status, millis_since};
use crate::settings::Settings;
use crate::snapshot::{self, Snapshot};

/// Credentials that end sooner are told of: who gives them to services wants them to last.
const ENDING: Duration = Duration::from_secs(24 * 3600);

/// One order.
#[derive(Debug)]
pub struct Act<'a> {
    /// The command.
    pub verb: Verb,
    /// Where the snapshot comes from.
    pub source: &'a Source,
    /// What to plan by.
    pub settings: &'a Settings,
    /// The bounds; `wait` says how long to stay.
    pub options: &'a Options,
    /// For registries, where the order is about them.
    pub keyring: Option<&'a Keyring>,
    /// Signals.
    pub interrupt: &'a Interrupt,
}

impl Act<'_> {
    /// Carries the order out that `order` makes of the names.
    ///
    /// # Errors
    /// If the cluster can't be read or a name is none; nothing was changed then.
    pub async fn run(self, order: impl FnOnce(&Snapshot) -> Result<Order>) -> Result<Report> {
        let started = Instant::now();
        let read_only = self.options.dry_run || matches!(self.source, Source::File(_));
        let mut report = Report::new(self.verb.name(), Run::start(read_only));
        let deadline = started + self.options.timeout;
        let mut cluster = match self.source {
            Source::Engine(engine) => tokio::select! {
                _ = self.interrupt.nth(1) => return Err(interrupted()),
                observed = look(engine, deadline) => observed?,
            },
            Source::File(path) => snapshot::load(path)?,
        };
        report.cluster = Some(Cluster::of(&cluster));
        let mut order = order(&cluster)?;
        if self.options.leader_only && !cluster.leader() {
            report.outcome = Outcome::Skipped;
            return Ok(report.ended(started, Ok(0)));
        }
        if self.verb == Verb::StacksRedeploy && self.options.wait.is_none() && order.wishes.len() > 1 {
            let text = format!(
                "the {} services of the stack restart at once: with --wait each begins when those before it have come to rest",
                order.wishes.len()
            );
            report.warnings.push(Warning::new("at_once", text));
        }
        if let Some(keyring) = self.keyring {
            let meant = |service: &&Service| order.wishes.contains(&Wish::RefreshAuth(service.id.clone()));
            let asked = |service: &Service| Asked { name: service.image.clone(), entry: auth_entry(service) };
            let images = cluster.services.iter().filter(meant).map(asked);
            let (auths, problems) = registry::auths(keyring, images, ENDING).await;
            order.auths = auths;
            report.warnings.extend(problems.into_iter().map(|text| Warning::new("credentials", text)));
        }
        let unchanged = match self.source {
            Source::Engine(engine) if !read_only => {
                self.write(engine, order, &mut cluster, started, deadline, &mut report).await
            }
            _ => {
                let cycle = self.cycle();
                let sub = cycle.rehearse(&Pass::Order(self.verb, order), &mut cluster);
                Ok(cycle.merge(vec![sub], &mut report))
            }
        };
        if let Source::Engine(engine) = self.source {
            report.data.insert("requests".to_owned(), engine.requests().into());
        }
        Ok(report.ended(started, unchanged))
    }

    fn cycle(&self) -> Cycle<'_> {
        let (source, settings, options, interrupt) = (self.source, self.settings, self.options, self.interrupt);
        Cycle { command: self.verb.name(), passes: &[], source, settings, options, interrupt }
    }

    async fn write(
        &self,
        engine: &Engine,
        order: Order,
        cluster: &mut Snapshot,
        started: Instant,
        deadline: Instant,
        report: &mut Report,
    ) -> Result<u64> {
        let entered =
            Live::enter(engine.until(deadline), self.options, cluster, deadline, None, Snapshot::observe_history);
        let (mut live, warning) = entered.await?;
        report.warnings.extend(warning);
        let cycle = self.cycle();
        let mut bounds = Bounds::new(live.deadline, self.options);
        let (begun, mut unchanged) = (Instant::now(), 0);
        let steps = self.steps(order);
        let several = steps.len() > 1;
        for (at, step) in steps.into_iter().enumerate() {
            if at > 0 && report.error.is_none() {
                match look(&live.engine, live.deadline).await {
                    Ok(now) => *cluster = now,
                    Err(error) => report.fail(&error),
                }
            }
            if at > 0 && report.error.is_some() {
                let mut left = cycle.rehearse(&Pass::Order(self.verb, step), cluster);
                left.actions.iter_mut().for_each(leave_out);
                unchanged += cycle.merge(vec![left], report);
                continue;
            }
            let (followed, refused) = (self.followed(&step, cluster), report.blocked.len());
            let sub = cycle.act(&Pass::Order(self.verb, step), cluster, &mut live, &mut bounds, report).await;
            bounds.progress.end();
            unchanged += cycle.merge(vec![sub], report);
            // What was refused or failed comes to no rest; what others did is theirs.
            let written = report.error.is_none() && report.blocked.len() == refused;
            let Some(wait) = self.options.wait.filter(|_| written) else {
                continue;
            };
            let until = (started + wait).max(Instant::now() + Duration::from_secs(1));
            let attendant =
                Follower { engine: &live.engine, until, interrupt: self.interrupt, progress: &bounds.progress };
            let ended = attendant.follow(&followed, &cluster.api, report).await;
            if several && let Some(waited) = report.data.get_mut("waited") {
                waited["ms"] = millis_since(begun).into();
            }
            if let Err(error) = ended {
                report.fail(&error);
            }
        }
        Ok(unchanged)
    }

    /// What is done at once. Whoever waits for a stack's new tasks has its services restart one after the other, so that
    /// one that does not come up takes no more of them along.
    fn steps(&self, order: Order) -> Vec<Order> {
        if self.verb != Verb::StacksRedeploy || self.options.wait.is_none() || order.wishes.len() < 2 {
            return vec![order];
        }
        let one = |wish: &Wish| Order { wishes: vec![wish.clone()], ..order.clone() };
        order.wishes.iter().map(one).collect()
    }

    /// What `--wait` waits for.
    fn followed(&self, order: &Order, cluster: &Snapshot) -> Followed {
        // What was not at rest before, and what finds no other node, would never be waited for to an end.
        let standings = standing::all(cluster).unwrap_or_default();
        let rested: BTreeSet<&ServiceId> =
            standings.iter().filter(|one| one.unsettled().is_none()).map(|one| &one.service.id).collect();
        let drained: Vec<&NodeId> = order.wishes.iter().filter_map(Wish::drained).collect();
        let impact = Impact::of(cluster, &drained).unwrap_or_default();
        let stranded = |id: &ServiceId| impact.stranded.iter().any(|(service, ..)| service.id == *id);
        let (mut services, mut emptied) = (BTreeSet::<ServiceId>::new(), Vec::<NodeId>::new());
        for wish in &order.wishes {
            match wish {
                Wish::Scale(id, _)
                | Wish::Stop(id)
                | Wish::Start(id)
                | Wish::Restart(id)
                | Wish::Rollback(id, _)
                | Wish::PutBack(id, _) => {
                    services.insert(id.clone());
                }
                Wish::Drain(node) => {
                    // Whoever loses a task here is followed to its next place.
                    let own = cluster.tasks.iter().filter(|task| task.node == *node && task.live());
                    let own = own.map(|task| &task.service).filter(|id| rested.contains(id) && !stranded(id));
                    services.extend(own.cloned());
                    emptied.push(node.clone());
                }
                Wish::Activate(_) | Wish::Pause(_) | Wish::Label(..) | Wish::RefreshAuth(_) => {}
            }
        }
        let rolls_back = self.verb == Verb::ServicesRollback;
        let restarts =
            matches!(self.verb, Verb::ServicesRestart | Verb::StacksRestart | Verb::StacksRedeploy) || rolls_back;
        let before = cluster.services.iter().filter(|service| services.contains(&service.id));
        let before = before.map(|service| (service.id.clone(), service.update_started)).collect();
        Followed { services, emptied, before, rolls_back, restarts, rest: true }
    }
}

/// Of a service that had to wait for one that did not come to rest.
fn leave_out(action: &mut ReportedAction) {
    action.status = Status::Skipped;
    action.error = Some("left out: a service before it did not come to rest".to_owned());
}

/// Everything, with the tasks that have ended.
pub(super) async fn look(engine: &Engine, deadline: Instant) -> Result<Snapshot> {
    Snapshot::observe_history(&engine.until(deadline)).await
}
