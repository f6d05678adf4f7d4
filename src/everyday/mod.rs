//! The everyday verbs: `orca services`, `orca nodes`, `orca stacks` and `orca health`, from names to a report.
//!
//! What only tells takes one snapshot (five requests, whatever the size of the swarm). What changes something goes through
//! the same plan and the same writer as every pass.

mod act;
pub(crate) mod follow;
pub mod logs;
mod order;
pub mod registry;
mod tell;

use std::time::Duration;

use anyhow::Result;
use tokio::time::Instant;

use crate::cycle::{Options, Source};
use crate::engine::Engine;
use crate::error::interrupted;
use crate::interrupt::Interrupt;
use crate::progress::Progress;
use crate::report::{Cluster, Report, Run};
use crate::snapshot::{self, Snapshot};

use follow::{Followed, Follower};

pub use act::Act;
pub(crate) use order::ids;
pub use order::{Asked, labels, names_of_stack, nodes, redeploy, scale, services, stack};
pub(crate) use tell::node;
pub use tell::{
    Registries, health, nodes_ls, nodes_show, services_diff, services_ls, services_ps, services_show, stacks_ls,
    stacks_status, verdict,
};

/// What the last look of a wait may take beyond it.
const LAST_LOOK: Duration = Duration::from_secs(10);

/// A command that tells and changes nothing.
#[derive(Debug)]
pub struct Look<'a> {
    /// The subcommand, as `services ls`.
    pub command: &'static str,
    /// Where the snapshot comes from.
    pub source: &'a Source,
    /// The bounds.
    pub options: &'a Options,
    /// Signals.
    pub interrupt: &'a Interrupt,
}

impl Look<'_> {
    /// Looks once, and tells.
    ///
    /// # Errors
    /// If the cluster can't be read, or what was asked about is not in it.
    pub async fn run(&self, tell: impl AsyncFnOnce(&Snapshot, &mut Report) -> Result<()>) -> Result<Report> {
        let started = Instant::now();
        let mut report = Report::new(self.command, Run::start(self.options.dry_run));
        let cluster = match self.source {
            Source::Engine(engine) => tokio::select! {
                _ = self.interrupt.nth(1) => return Err(interrupted()),
                observed = async { Snapshot::observe_history(&engine.until(started + self.options.timeout)).await } => observed?,
            },
            Source::File(path) => snapshot::load(path)?,
        };
        report.cluster = Some(Cluster::of(&cluster));
        tokio::select! {
            _ = self.interrupt.nth(1) => return Err(interrupted()),
            told = tell(&cluster, &mut report) => told?,
        }
        if let Source::Engine(engine) = self.source {
            report.data.insert("requests".to_owned(), engine.requests().into());
        }
        Ok(report.ended(started, Ok(0)))
    }
}

/// `orca stacks wait`: until every service of a stack has come to rest. Changes nothing.
#[derive(Debug)]
pub struct Await<'a> {
    /// The manager.
    pub engine: &'a Engine,
    /// The stack's name, or its beginning.
    pub stack: &'a str,
    /// At most so long.
    pub patience: Duration,
    /// Signals.
    pub interrupt: &'a Interrupt,
    /// Show progress on a terminal.
    pub progress: bool,
}

impl Await<'_> {
    /// Waits.
    ///
    /// # Errors
    /// If the cluster can't be read, or there is no such stack; how the wait ended is in the report.
    pub async fn run(&self) -> Result<Report> {
        let started = Instant::now();
        let until = started + self.patience;
        // One look may begin just before the end.
        let engine = self.engine.until(until + LAST_LOOK);
        let mut report = Report::new("stacks wait", Run::start(false));
        let cluster = tokio::select! {
            _ = self.interrupt.nth(1) => return Err(interrupted()),
            observed = Snapshot::observe_history(&engine) => observed?,
        };
        report.cluster = Some(Cluster::of(&cluster));
        let services = order::ids_of_stack(&cluster, self.stack)?.into_iter().collect();
        let followed = Followed { services, rest: false, ..Followed::default() };
        let progress = Progress::new(self.progress);
        let attendant = Follower { engine: &engine, until, interrupt: self.interrupt, progress: &progress };
        let ended = attendant.follow(&followed, &cluster.api, &mut report).await;
        progress.end();
        let count = followed.services.len() as u64;
        Ok(report.ended(started, ended.map(|()| count)))
    }
}
