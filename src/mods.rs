//! One run of `orca mods fetch`: ask who wants what, look what is there, ask the servers, plan, fetch, put in place.

mod acting;
mod download;
mod fetcher;
mod layers;
pub mod manifest;
mod observe;
pub mod source;
mod unpack;

use std::cell::{Cell, RefCell};

use anyhow::{Context as _, Result};
use tokio::time::Instant;

use crate::cycle::Options;
use crate::cycle::hold::Hold;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, interrupted};
use crate::interrupt::Interrupt;
use crate::pass::mods::{Input, plan};
use crate::progress::Transfers;
use crate::registry::net::Net;
use crate::report::{Cluster, Outcome, Report, Run};
use crate::settings::Settings;
use crate::snapshot::Snapshot;
use crate::state::Actor;
use acting::Acting;
use fetcher::{Fetcher, Hosts};
use manifest::Manifest;
use observe::{look, observe};
use source::{Refused, Want};

pub use crate::registry::Image;

/// The command's name in reports.
pub const COMMAND: &str = "mods fetch";

/// A run.
#[derive(Debug)]
pub struct Fetching<'a> {
    /// The engine that orca is pointed at; none: nothing is asked of it.
    pub engine: Option<Engine>,
    /// What to plan by; flags are laid over the file already.
    pub settings: &'a Settings,
    /// `--prune`.
    pub prune: bool,
    /// The bounds.
    pub options: &'a Options,
    /// Signals.
    pub interrupt: &'a Interrupt,
}

impl Fetching<'_> {
    /// Runs once. Whatever happens, there is a report.
    pub async fn run(&self) -> Report {
        let started = Instant::now();
        let mut report = Report::new(COMMAND, Run::start(self.options.dry_run));
        let unchanged = Box::pin(self.work(started + self.options.timeout, &mut report)).await;
        report.ended(started, unchanged)
    }

    async fn work(&self, deadline: Instant, report: &mut Report) -> Result<u64> {
        let settings = &self.settings.mods;
        let mut refused = Vec::new();
        let Some((wants, unknown)) = self.wants(deadline, &mut refused, report).await? else { return Ok(0) };
        let mut wants = source::unite(wants, &mut refused);
        let hold = self.hold(report).await?;
        let manifest = Manifest::load(&settings.dest)?;
        let (net, hosts) = (Net::new(), Hosts::new(settings.per_host));
        let there = look(&settings.dest, &mut wants, &manifest, &mut refused)?;
        let fetcher = Fetcher { settings, net: &net, hosts: &hosts, deadline };
        let seen = tokio::select! {
            _ = self.interrupt.nth(1) => return Err(interrupted()),
            seen = observe(&fetcher, &wants, &manifest, &there) => seen,
        };
        let prune = self.prune.then(|| unknown.map_or(Ok(()), Err));
        let input = Input {
            dest: &settings.dest,
            wants: &wants,
            seen: &seen,
            refused: &refused,
            manifest: &manifest,
            there: &there,
            prune,
        };
        let mut planned = plan(&input);
        let unchanged = planned.unchanged;
        report.blocked.append(&mut planned.blocked);
        report.data.insert("dest".to_owned(), settings.dest.display().to_string().into());
        report.data.insert("wanted".to_owned(), wants.len().into());
        let Some(Hold { state, .. }) = &hold else {
            report.plan(&planned.actions);
            return Ok(unchanged);
        };
        let actor = Actor { run: report.run.id.clone(), cluster: "this host".to_owned(), command: COMMAND };
        let acting = Acting {
            fetcher,
            wants: &wants,
            seen: &seen,
            manifest: RefCell::new(manifest),
            state,
            actor,
            budget: Cell::new(self.options.max_actions),
            interrupt: self.interrupt,
            transfers: Transfers::new(self.options.progress),
        };
        let same = acting.all(planned.actions, report).await?;
        Ok(unchanged + same)
    }

    /// All that is wanted, and why what the engine wants is not known, if it isn't; none if it is not its turn.
    async fn wants(
        &self,
        deadline: Instant,
        refused: &mut Vec<Refused>,
        report: &mut Report,
    ) -> Result<Option<(Vec<Want>, Option<String>)>> {
        let mut wants = source::of_lists(&self.settings.mods);
        let Some(engine) = &self.engine else { return Ok(Some((wants, None))) };
        let engine = engine.until(deadline);
        let asked = tokio::select! {
            _ = self.interrupt.nth(1) => return Err(interrupted()),
            asked = self.ask_engine(&engine, refused, report) => asked,
        };
        match asked {
            Ok(Some(more)) => {
                wants.extend(more);
                Ok(Some((wants, None)))
            }
            Ok(None) => Ok(None),
            Err(error) => {
                // Lists need no engine: what is lost with it is said, and what it could want is not pruned.
                report.fail(&error);
                Ok(Some((wants, Some(format!("{error:#}")))))
            }
        }
    }

    /// The cache directory, the lock in it and the state; nothing in a dry run.
    async fn hold(&self, report: &mut Report) -> Result<Option<Hold>> {
        let dest = &self.settings.mods.dest;
        if !self.options.dry_run {
            std::fs::create_dir_all(dest.join(".orca/partial")).with_context(|| {
                let text = format!("can't make the cache directory `{}`", dest.display());
                Error::new(ErrorKind::Failed, text).hint("name one that orca may write, in mods.dest")
            })?;
        }
        self.options.hold_at(&dest.join(".orca"), "mods", &mut report.warnings).await
    }

    /// What containers and services ask for; none if it is not this engine's turn.
    async fn ask_engine(
        &self,
        engine: &Engine,
        refused: &mut Vec<Refused>,
        report: &mut Report,
    ) -> Result<Option<Vec<Want>>> {
        let settings = &self.settings.mods;
        let mut wants = Vec::new();
        if settings.docker_mods || self.options.leader_only {
            let cluster = Snapshot::observe(engine).await?;
            report.cluster = Some(Cluster::of(&cluster));
            if self.options.leader_only && !cluster.leader() {
                report.outcome = Outcome::Skipped;
                return Ok(None);
            }
            if settings.docker_mods {
                wants.extend(source::of_services(&cluster, refused));
            }
        }
        if !settings.label_hosts.is_empty() {
            wants.extend(source::of_labels(&engine.running().await?, settings, refused));
        }
        Ok(Some(wants))
    }
}
