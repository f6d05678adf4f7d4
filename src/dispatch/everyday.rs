//! `orca services`, `nodes`, `stacks` and `health`: from their flags to a printed report.

use anyhow::Result;
use tokio::time::Instant;

use super::Session;
use super::end::Ended;
use crate::cli::{HealthArgs, List, LogsHow, Nodes, Restart, Services, Wait};
use crate::cycle::{Options, Source};
use crate::error::{Error, ErrorKind};
use crate::everyday::logs::Reading;
use crate::everyday::{self, Act, Asked, Look, Registries};
use crate::health;
use crate::interrupt::Interrupt;
use crate::pass::order::{Order, Verb, Wish};
use crate::registry::Keyring;
use crate::report::Report;
use crate::settings;
use crate::snapshot::Snapshot;

impl Session {
    pub(super) async fn services(&self, command: Services, options: &Options, interrupt: &Interrupt) -> Result<Ended> {
        match command {
            Services::Ls(args) => self.services_ls(&args, options, interrupt).await,
            Services::Ps(args) => {
                self.look("services ps", options, interrupt, |c, report| everyday::services_ps(c, &args, report)).await
            }
            Services::Show(args) => {
                self.look("services show", options, interrupt, |c, report| everyday::services_show(c, &args, report))
                    .await
            }
            Services::Diff(args) => {
                self.look("services diff", options, interrupt, |c, report| everyday::services_diff(c, &args, report))
                    .await
            }
            Services::Scale(args) => {
                let order = |cluster: &Snapshot| everyday::scale(cluster, &args.wanted);
                self.act(Verb::ServicesScale, args.wait, options, interrupt, order).await
            }
            Services::Stop(args) => {
                let order = |cluster: &Snapshot| everyday::services(cluster, &args.names, Asked::Stop, false);
                self.act(Verb::ServicesStop, args.wait, options, interrupt, order).await
            }
            Services::Start(args) => {
                let order = |cluster: &Snapshot| everyday::services(cluster, &args.names, Asked::Start, false);
                self.act(Verb::ServicesStart, args.wait, options, interrupt, order).await
            }
            Services::Restart(Restart { acting, force }) => {
                let order = |cluster: &Snapshot| everyday::services(cluster, &acting.names, Asked::Restart, force);
                self.act(Verb::ServicesRestart, acting.wait, options, interrupt, order).await
            }
            Services::Rollback(args) => {
                let order = |cluster: &Snapshot| everyday::services(cluster, &args.names, Asked::Rollback, false);
                self.act(Verb::ServicesRollback, args.wait, options, interrupt, order).await
            }
            Services::Update(args) => Box::pin(self.services_update(*args, options, interrupt)).await,
            Services::RefreshAuth(args) => {
                let order = |cluster: &Snapshot| everyday::services(cluster, &args.names, Asked::RefreshAuth, false);
                self.act(Verb::ServicesRefreshAuth, args.wait, options, interrupt, order).await
            }
            Services::Logs(args) => self.service_logs(&args.names, &args.how, options, interrupt).await,
        }
    }

    pub(super) async fn nodes(&self, command: Nodes, options: &Options, interrupt: &Interrupt) -> Result<Ended> {
        let here = Wait { wait: None };
        match command {
            Nodes::Ls => self.look("nodes ls", options, interrupt, everyday::nodes_ls).await,
            Nodes::Show(args) => {
                self.look("nodes show", options, interrupt, |c, report| everyday::nodes_show(c, &args, report)).await
            }
            Nodes::Drain(args) if args.start_first => Box::pin(self.drain_start_first(&args, options, interrupt)).await,
            Nodes::Drain(args) => {
                let order = |cluster: &Snapshot| everyday::nodes(cluster, &args.names, Wish::Drain, args.force);
                self.act(Verb::NodesDrain, args.wait, options, interrupt, order).await
            }
            Nodes::Activate(args) => {
                let order = |cluster: &Snapshot| everyday::nodes(cluster, &args.names, Wish::Activate, false);
                self.act(Verb::NodesActivate, here, options, interrupt, order).await
            }
            Nodes::Pause(args) => {
                let order = |cluster: &Snapshot| everyday::nodes(cluster, &args.names, Wish::Pause, false);
                self.act(Verb::NodesPause, here, options, interrupt, order).await
            }
            Nodes::Label(args) => {
                let order = |cluster: &Snapshot| everyday::labels(cluster, &args.name, &args.labels, args.force);
                self.act(Verb::NodesLabel, here, options, interrupt, order).await
            }
        }
    }

    /// What these services print.
    pub(super) async fn service_logs(
        &self,
        names: &[String],
        how: &LogsHow,
        options: &Options,
        interrupt: &Interrupt,
    ) -> Result<Ended> {
        let engine = self.live(everyday::logs::COMMAND)?;
        let deadline = Instant::now() + options.timeout;
        let reading = Reading {
            engine: &engine.until(deadline),
            names,
            tail: how.tail,
            since: how.since,
            grep: how.grep.as_deref(),
            follow: how.follow,
            patience: how.patience,
            // Whoever follows goes on, unless told how long.
            deadline: (!how.follow || self.global.timeout.is_some()).then_some(deadline),
            interrupt,
        };
        let report = Box::pin(reading.run(&mut |line| self.printer.log_line(line))).await?;
        Ok(if how.follow { Ended::LastLine(report) } else { Ended::Report(report) })
    }

    async fn services_ls(&self, args: &List, options: &Options, interrupt: &Interrupt) -> Result<Ended> {
        let source = self.source()?;
        let settings = if args.check { Some(self.settings_if_any(interrupt).await?) } else { None };
        let keyring = settings.as_ref().map(|own| Keyring::here(&own.registry.credentials)).transpose()?;
        let engine = match &source {
            Source::Engine(engine) => Some(engine.until(Instant::now() + options.timeout)),
            Source::File(_) if args.check => {
                let error = Error::new(ErrorKind::Usage, "a snapshot has no engine that could ask a registry");
                return Err(error.hint("leave out --snapshot, or --check").into());
            }
            Source::File(_) => None,
        };
        let asking = match (&engine, &settings, &keyring) {
            (Some(engine), Some(settings), Some(keyring)) => Some(Registries { engine, settings, keyring }),
            _ => None,
        };
        let look = Look { command: "services ls", source: &source, options, interrupt };
        let tell =
            async |c: &Snapshot, report: &mut Report| everyday::services_ls(c, args, asking.as_ref(), report).await;
        Box::pin(look.run(tell)).await.map(Ended::Report)
    }

    /// Something that changes the swarm.
    pub(super) async fn act(
        &self,
        verb: Verb,
        wait: Wait,
        options: &Options,
        interrupt: &Interrupt,
        order: impl FnOnce(&Snapshot) -> Result<Order>,
    ) -> Result<Ended> {
        let (settings, source) = self.ready(interrupt).await?;
        let asks = verb == Verb::ServicesRefreshAuth;
        let keyring = asks.then(|| Keyring::here(&settings.registry.credentials)).transpose()?;
        // Waiting is not hanging: it comes on top.
        let timeout = options.timeout + wait.wait.unwrap_or_default();
        let options = &Options { wait: wait.wait, timeout, ..options.clone() };
        let act = Act { verb, source: &source, settings: &settings, options, keyring: keyring.as_ref(), interrupt };
        Box::pin(act.run(order)).await.map(Ended::Report)
    }

    pub(super) async fn health(&self, args: &HealthArgs, options: &Options, interrupt: &Interrupt) -> Result<Ended> {
        if let Some(whose) = args.own {
            // Its own file alone: a healthcheck must not wait for an engine.
            return health::look(&options.state_dir, whose, args.max_age).map(Ended::Report);
        }
        let settings = self.load(None, settings::load_if_any, interrupt).await?;
        let source = self.source()?;
        let engine = match &source {
            Source::Engine(engine) => Some(engine.until(Instant::now() + options.timeout)),
            Source::File(_) => None,
        };
        let by = (&settings, engine.as_ref());
        let look = Look { command: "health", source: &source, options, interrupt };
        let tell = async |c: &Snapshot, report: &mut Report| everyday::health(c, args, by, report).await;
        Box::pin(look.run(tell)).await.map(Ended::Report)
    }

    /// Something that only tells.
    pub(super) async fn look(
        &self,
        command: &'static str,
        options: &Options,
        interrupt: &Interrupt,
        tell: impl FnOnce(&Snapshot, &mut Report) -> Result<()>,
    ) -> Result<Ended> {
        let source = self.source()?;
        Look { command, source: &source, options, interrupt }
            .run(async |c: &Snapshot, report: &mut Report| tell(c, report))
            .await
            .map(Ended::Report)
    }
}
