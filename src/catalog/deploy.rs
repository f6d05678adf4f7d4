//! One deployment: what definitions refer to is looked up, the plan is made and carried out as that of any pass, and the
//! catalog notes what has come of it.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use anyhow::Result;
use jiff::Timestamp;
use tokio::time::Instant;

use super::build::image_of;
use super::definition::Definition;
use super::desk::{Desk, Found};
use super::facts;
use crate::cycle::live::Live;
use crate::cycle::{Bounds, Cycle, Source};
use crate::engine::Engine;
use crate::error::interrupted;
use crate::everyday::follow::{Followed, Follower};
use crate::pass::Pass;
use crate::pass::catalog::deploy::Request;
use crate::plan::{ActionKind, TargetKind, Warning};
use crate::registry::auths::SOON;
use crate::registry::keyring::entry_of;
use crate::registry::{self, Asked, Keyring};
use crate::report::{Outcome, Report, Status as Made};
use crate::snapshot::Snapshot;

/// What is to be deployed, and how.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// Definitions of what is to run.
    pub definitions: Vec<Definition>,
    /// Names of services that are to be removed from the swarm.
    pub remove: Vec<String>,
    /// A person has named them.
    pub by_hand: bool,
    /// Ask the registries what the images' tags stand for now. Services that are there keep what they have otherwise.
    pub resolve: bool,
    /// The version of the one service, as whoever asks has seen it.
    pub seen: Option<u64>,
}

impl Desk<'_> {
    /// Deploys, and notes in the catalog how it went; the number of services that were as wanted.
    ///
    /// # Errors
    /// If the swarm can't be asked; what goes wrong with a service is in the report.
    pub async fn deploy(&self, mut found: Found, order: Order, report: &mut Report) -> Result<u64> {
        let started = Instant::now();
        let Some(mut cluster) = found.cluster.take().map(Rc::unwrap_or_clone) else {
            // Nothing is known of the swarm, so nothing is changed in it: the same question again says why.
            let Source::Engine(engine) = self.source else { return Ok(0) };
            Snapshot::observe(&engine.until(started + self.options.timeout)).await?;
            return Ok(0);
        };
        if self.options.leader_only && !cluster.leader() {
            report.outcome = Outcome::Skipped;
            return Ok(0);
        }
        let deadline = started + self.options.timeout;
        let request = tokio::select! {
            _ = self.interrupt.nth(1) => return Err(interrupted()),
            request = self.request(order, &cluster, deadline, report) => request?,
        };
        let names: Vec<String> = request.definitions.iter().map(|definition| definition.name.clone()).collect();
        // A row whose file has gone goes next; what is noted of it would stay if that were broken off.
        let removed = if request.by_hand { request.remove.clone() } else { Vec::new() };
        let pass = Pass::Catalog(Box::new(request));
        let unchanged = match self.source {
            Source::Engine(engine) if !self.read_only() => {
                self.carry_out(engine, &pass, &mut cluster, deadline, report).await?
            }
            _ => {
                let cycle = self.cycle();
                let sub = cycle.rehearse(&pass, &mut cluster);
                return Ok(cycle.merge(vec![sub], report));
            }
        };
        found.cluster = Some(Rc::new(cluster));
        self.note(&mut found, &names, &removed, report).await?;
        Ok(unchanged)
    }

    pub(crate) fn cycle(&self) -> Cycle<'_> {
        let (source, settings, options, interrupt) = (self.source, self.settings, self.options, self.interrupt);
        Cycle { command: self.command, passes: &[], source, settings, options, interrupt }
    }

    async fn request(
        &self,
        order: Order,
        cluster: &Snapshot,
        deadline: Instant,
        report: &mut Report,
    ) -> Result<Request> {
        let Order { mut definitions, remove, by_hand, resolve, seen } = order;
        for definition in &mut definitions {
            definition.image = image_of(definition, self.settings);
        }
        let keyring = Keyring::here(&self.settings.registry.credentials)?;
        let mut request = Request {
            command: self.command,
            owner: self.settings.catalog.owner.clone(),
            definitions,
            remove,
            by_hand,
            seen,
            ..Request::default()
        };
        if let Source::Engine(engine) = self.source {
            let engine = engine.until(deadline);
            // Of what is new the digest is wanted in any case: all nodes are to run the same.
            let missing = |definition: &&Definition| resolve || cluster.service(&definition.name).is_none();
            let asked: Vec<Definition> = request.definitions.iter().filter(missing).cloned().collect();
            request.facts = facts::ask(&engine, &request.definitions, None).await;
            request.facts.images = facts::ask(&engine, &asked, Some(&keyring)).await.images;
        }
        let asked = |own: &Definition| Asked { name: own.image.clone(), entry: entry_of(&own.labels) };
        let images = request.definitions.iter().map(asked);
        let (auths, problems) = registry::auths(&keyring, images, SOON).await;
        request.auths = auths;
        report.warnings.extend(problems.into_iter().map(|text| Warning::new("credentials", text)));
        Ok(request)
    }

    /// Makes the pass's plan, carries it out, and waits for it where that is asked for.
    pub(crate) async fn carry_out(
        &self,
        engine: &Engine,
        pass: &Pass,
        cluster: &mut Snapshot,
        deadline: Instant,
        report: &mut Report,
    ) -> Result<u64> {
        let entered =
            Live::enter(engine.until(deadline), self.options, cluster, deadline, None, Snapshot::observe_history);
        let (mut live, warning) = Box::pin(entered).await?;
        report.warnings.extend(warning);
        let before = cluster.services.iter().map(|service| (service.id.clone(), service.update_started)).collect();
        let cycle = self.cycle();
        let mut bounds = Bounds::new(live.deadline, self.options);
        let sub = Box::pin(cycle.act(pass, cluster, &mut live, &mut bounds, report)).await;
        bounds.progress.end();
        let unchanged = cycle.merge(vec![sub], report);
        if let Some(wait) = self.options.wait.filter(|_| report.error.is_none()) {
            let touched: BTreeSet<&str> = report
                .actions
                .iter()
                .filter(|action| action.status == Made::Done && action.kind != ActionKind::ServiceRemove)
                .filter(|action| action.target.kind == TargetKind::Service)
                .map(|action| action.target.name.as_str())
                .collect();
            let services = cluster.services.iter().filter(|service| touched.contains(service.name.as_str()));
            let services = services.map(|service| service.id.clone()).collect();
            let followed = Followed { services, before, rest: true, ..Followed::default() };
            let until = Instant::now() + wait.max(Duration::from_secs(1));
            let engine = &live.engine.until(until + Duration::from_secs(10));
            let attendant = Follower { engine, until, interrupt: self.interrupt, progress: &bounds.progress };
            if let Err(error) = attendant.follow(&followed, &cluster.api, report).await {
                report.fail(&error);
            }
        }
        Ok(unchanged)
    }

    /// Notes in the catalog what is to run from now on, and how it stands.
    async fn note(&self, found: &mut Found, names: &[String], removed: &[String], report: &Report) -> Result<()> {
        let (Some(store), Source::Engine(engine)) = (found.store.as_ref(), self.source) else { return Ok(()) };
        let refused = |name: &String| {
            report.blocked.iter().any(|blocked| blocked.target.name == *name)
                || report.actions.iter().any(|action| action.target.name == *name && action.status != Made::Done)
        };
        for name in names.iter().filter(|name| !refused(name)) {
            store.set_wanted(&found.scope, name, true)?;
        }
        for name in removed.iter().filter(|name| !refused(name)) {
            store.set_wanted(&found.scope, name, false)?;
        }
        // What can't be looked at now is for the next reconcile.
        let Ok(cluster) = Snapshot::observe_history(&engine.until(Instant::now() + self.options.timeout)).await else {
            return Ok(());
        };
        found.cluster = Some(Rc::new(cluster));
        found.rows = store.list(&found.scope)?;
        let Some(states) = found.states([])? else { return Ok(()) };
        for name in names.iter().chain(removed) {
            if let Some((status, id)) = states.get(name) {
                store.set_state(&found.scope, name, *status, id.as_deref(), Timestamp::now())?;
            }
        }
        Ok(())
    }
}
