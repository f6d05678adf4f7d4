//! The everyday verbs: `orca services`, `orca nodes`, `orca stacks` and `orca health`, from names to a report.
//!
//! What only tells takes one snapshot (five requests, whatever the size of the swarm). What changes something goes through
//! the same plan and the same writer as every pass.

mod tell;

use anyhow::Result;
use tokio::time::Instant;

use crate::cycle::{Options, Source};
use crate::error::{Error, ErrorKind};
use crate::interrupt::Interrupt;
use crate::report::{Cluster, Report, Run};
use crate::snapshot::{self, Snapshot};

pub use tell::{health, nodes_ls, nodes_show, services_diff, services_ls, services_ps, services_show, stacks_ls};

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
    pub async fn run(&self, tell: impl FnOnce(&Snapshot, &mut Report) -> Result<()>) -> Result<Report> {
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
        tell(&cluster, &mut report)?;
        if let Source::Engine(engine) = self.source {
            report.data.insert("requests".to_owned(), engine.requests().into());
        }
        Ok(report.ended(started, Ok(0)))
    }
}

fn interrupted() -> anyhow::Error {
    Error::new(ErrorKind::Interrupted, "interrupted by a signal").into()
}
