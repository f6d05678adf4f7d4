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
use crate::error::{Error, ErrorKind, interrupted};
use crate::interrupt::Interrupt;
use crate::model::{NodeId, Service, ServiceId};
use crate::pass::Pass;
use crate::pass::nodes::impact::Impact;
use crate::pass::order::{Order, Verb, Wish};
use crate::pass::services::standing;
use crate::plan::Warning;
use crate::registry::{self, Credentials};
use crate::report::{Cluster, Outcome, Report, Run};
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
    pub credentials: Option<&'a Credentials>,
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
        if let Some(credentials) = self.credentials {
            let meant = |service: &&Service| order.wishes.contains(&Wish::RefreshAuth(service.id.clone()));
            let images = cluster.services.iter().filter(meant).map(|service| service.image.as_str());
            let (auths, problems) = registry::auths(credentials, images, ENDING).await;
            order.auths = auths;
            report.warnings.extend(problems.into_iter().map(|text| Warning::new("credentials", text)));
        }
        let unchanged = match self.source {
            Source::Engine(engine) if !read_only => {
                self.write(engine, order, &mut cluster, started, deadline, &mut report).await
            }
            _ => {
                let cycle = self.cycle();
                let sub = cycle.rehearse(&Pass::Order(self.verb, order), &cluster);
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
        let entered = Live::enter(engine.until(deadline), self.options, cluster, deadline, Snapshot::observe_history);
        let (mut live, warning) = entered.await?;
        report.warnings.extend(warning);
        let followed = self.followed(&order, cluster);
        let cycle = self.cycle();
        let mut bounds = Bounds::new(live.deadline, self.options);
        let sub = cycle.act(&Pass::Order(self.verb, order), cluster, &mut live, &mut bounds, report).await;
        bounds.progress.end();
        let unchanged = cycle.merge(vec![sub], report);
        // What was refused or failed comes to no rest; what others did is theirs.
        let wait = self.options.wait.filter(|_| report.error.is_none() && report.blocked.is_empty());
        if let Some(wait) = wait {
            let until = (started + wait).max(Instant::now() + Duration::from_secs(1));
            let attendant =
                Follower { engine: &live.engine, until, interrupt: self.interrupt, progress: &bounds.progress };
            if let Err(error) = attendant.follow(&followed, &cluster.api, report).await {
                report.fail(&error);
            }
        }
        Ok(unchanged)
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
                Wish::Scale(id, _) | Wish::Stop(id) | Wish::Start(id) | Wish::Restart(id) | Wish::Rollback(id, _) => {
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
        let restarts = matches!(self.verb, Verb::ServicesRestart | Verb::StacksRestart) || rolls_back;
        let before = cluster.services.iter().filter(|service| services.contains(&service.id));
        let before = before.map(|service| (service.id.clone(), service.update_started)).collect();
        Followed { services, emptied, before, rolls_back, restarts, rest: true }
    }
}

/// Everything, with the tasks that have ended.
pub(super) async fn look(engine: &Engine, deadline: Instant) -> Result<Snapshot> {
    Snapshot::observe_history(&engine.until(deadline)).await
}

/// The error of a wait that has ended without what was waited for.
pub(super) fn unsettled(waiting: &[String]) -> anyhow::Error {
    let text = format!("not everything came to rest in time: {}", waiting.join("; "));
    Error::new(ErrorKind::Unsettled, text).hint("`orca services ps` says why; give it more time with --wait=DUR").into()
}
