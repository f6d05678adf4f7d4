//! Memory figures for a pass, and one run of `orca rebalance measure`, which prints them and remembers the sample.

use anyhow::{Context as _, Result};
use tokio::time::Instant;

use crate::cycle::{Options, Source};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, interrupted, kind_of};
use crate::interrupt::Interrupt;
use crate::keys::balance_key;
use crate::lock;
use crate::metrics::collect::{self, Choice, Collector};
use crate::metrics::smooth::{Raw, Samples, smooth};
use crate::metrics::{self, Metrics, Wanted};
use crate::pass::rebalance::{self, Input};
use crate::plan::Warning;
use crate::settings::{MetricsSource, Settings};
use crate::snapshot::Snapshot;
use crate::state::State;

/// The command's name in reports.
pub const COMMAND: &str = "rebalance measure";

/// Figures that are there, or whom to ask for them.
#[derive(Debug, Clone)]
pub enum Figures {
    /// None: reservations are an estimate.
    None,
    /// Those of a file.
    Known(Metrics),
    /// To be measured by asking this engine's swarm.
    Live(MetricsSource, Engine),
}

/// Chooses where figures come from, and reads them if they are in a file. Asks nobody.
///
/// # Errors
/// If the file can't be read, a setting is missing, or the source doesn't go with a saved snapshot or a dry run.
pub fn prepare(wanted: Option<&Wanted>, settings: &Settings, source: &Source, dry_run: bool) -> Result<Figures> {
    // Said on the command line it is a usage error, written in the config an error there.
    let kind = if wanted.is_some() { ErrorKind::Usage } else { ErrorKind::Config };
    match (collect::choose(wanted, &settings.rebalance.metrics)?, source) {
        (Choice::Reservations, _) => Ok(Figures::None),
        (Choice::File(path), _) => metrics::load(&path).map(Figures::Known),
        (Choice::Live(live), Source::File(_)) => {
            let text = format!("the metrics source `{}` measures now, which doesn't go with --snapshot", live.name());
            let hint = "save figures with the snapshot (`orca rebalance measure > FILE`), and give --metrics FILE";
            Err(Error::new(kind, text).hint(hint).into())
        }
        (Choice::Live(MetricsSource::Probe), Source::Engine(_)) if dry_run => {
            let text = "the metrics source `probe` starts a service, and a dry run writes nothing anywhere";
            let hint = "leave out --dry-run (`rebalance plan` moves nothing), or use another --metrics";
            Err(Error::new(kind, text).hint(hint).into())
        }
        (Choice::Live(live), Source::Engine(engine)) => Ok(Figures::Live(live, engine.clone())),
    }
}

/// What figures are measured of.
#[derive(Debug)]
pub struct Measurement<'a> {
    /// Whom to ask.
    pub settings: &'a Settings,
    /// Whose figures.
    pub cluster: &'a Snapshot,
    /// Nothing takes longer.
    pub deadline: Instant,
    /// Signals.
    pub interrupt: &'a Interrupt,
}

impl Measurement<'_> {
    /// The figures as earlier samples make them, and the samples for the next pass where something was measured.
    ///
    /// # Errors
    /// If a signal came.
    pub async fn figures(
        &self,
        figures: Figures,
        earlier: &Samples,
        warnings: &mut Vec<Warning>,
    ) -> Result<(Option<Metrics>, Option<Samples>)> {
        match figures {
            Figures::None => Ok((None, None)),
            Figures::Known(metrics) => Ok((Some(metrics), None)),
            Figures::Live(source, engine) => {
                let raw = self.raw(source, &engine, warnings).await?;
                let (metrics, samples) = smooth(earlier, &raw, self.settings.rebalance.metrics.window);
                Ok((Some(metrics), Some(samples)))
            }
        }
    }

    /// The figures of this moment.
    ///
    /// # Errors
    /// If a signal came.
    pub async fn raw(&self, source: MetricsSource, engine: &Engine, warnings: &mut Vec<Warning>) -> Result<Raw> {
        let engine = engine.until(self.deadline);
        let Self { settings, cluster, deadline, interrupt } = *self;
        let collector = Collector { settings, cluster, engine: &engine, deadline, interrupt };
        let (raw, found) = match source {
            // It ends by itself on a signal, once its service is gone.
            MetricsSource::Probe => collector.collect(source).await,
            _ => unless(interrupt, collector.collect(source)).await?,
        };
        warnings.extend(found);
        unless(interrupt, async { raw }).await
    }
}

/// Does this, unless a signal comes first.
///
/// # Errors
/// If one does.
pub async fn unless<T>(interrupt: &Interrupt, work: impl Future<Output = T>) -> Result<T> {
    tokio::select! {
        biased;
        _ = interrupt.nth(1) => Err(interrupted()),
        done = work => Ok(done),
    }
}

/// A run of `orca rebalance measure`.
#[derive(Debug)]
pub struct Measure<'a> {
    /// Where the snapshot comes from.
    pub source: &'a Source,
    /// Whom to ask.
    pub settings: &'a Settings,
    /// `--metrics`.
    pub wanted: Option<&'a Wanted>,
    /// The bounds.
    pub options: &'a Options,
    /// Signals.
    pub interrupt: &'a Interrupt,
}

/// A sample that was taken.
#[derive(Debug)]
pub struct Taken {
    /// The figures, as a metrics file.
    pub document: String,
    /// What is not as it should be.
    pub warnings: Vec<Warning>,
}

impl Measure<'_> {
    /// Measures once, and remembers the sample unless nothing may be written.
    ///
    /// # Errors
    /// If the source measures nothing, no node answers, or the sample can't be remembered.
    pub async fn run(&self) -> Result<Taken> {
        let deadline = Instant::now() + self.options.timeout;
        let Figures::Live(live, engine) = prepare(self.wanted, self.settings, self.source, self.options.dry_run)?
        else {
            let error = Error::new(ErrorKind::Usage, "there is nothing to measure with files and reservations");
            return Err(error.hint("give --metrics node_exporter, prometheus, stats or probe").into());
        };
        let cluster = unless(self.interrupt, Box::pin(Snapshot::observe(&engine.until(deadline)))).await??;
        let mut warnings = Vec::new();
        let (settings, interrupt) = (self.settings, self.interrupt);
        let measurement = Measurement { settings, cluster: &cluster, deadline, interrupt };
        let raw = measurement.raw(live, &engine, &mut warnings).await?;
        let missing = raw.metrics.missing.iter();
        if raw.metrics.nodes.is_empty() {
            let first = missing.clone().next().map_or_else(String::new, |(name, why)| format!(", as `{name}`: {why}"));
            return Err(Error::new(ErrorKind::Refused, format!("no node's memory is known{first}")).into());
        }
        warnings.extend(missing.map(|(name, why)| Warning::new("no_metrics", format!("`{name}`: {why}"))));
        let metrics = self.remember(&cluster, &raw, &mut warnings).await?;
        let document = serde_json::to_string(&metrics).context("can't print the figures")?;
        Ok(Taken { document, warnings })
    }

    /// Smooths under the lock, so that of two samples taken at once none is lost.
    async fn remember(&self, cluster: &Snapshot, raw: &Raw, warnings: &mut Vec<Warning>) -> Result<Metrics> {
        let window = self.settings.rebalance.metrics.window;
        let key = balance_key(cluster);
        let options = self.options;
        let lock = if options.dry_run {
            None
        } else {
            crate::state::make_dir(&options.state_dir)?;
            let id = cluster.cluster.as_deref().unwrap_or("unknown");
            match lock::take(&options.state_dir, id, options.lock_timeout).await {
                Ok(lock) => Some(lock),
                // Who holds it may move tasks for minutes; the figures are good all the same.
                Err(error) if kind_of(&error) == ErrorKind::Locked => {
                    warnings.push(Warning::new("not_remembered", format!("{error}; this sample is not remembered")));
                    None
                }
                Err(error) => return Err(error),
            }
        };
        if lock.is_none() {
            return Ok(smooth(&options.peek_memory(&key).rebalance.samples, raw, window).0);
        }
        let (state, warning) = State::open(&options.state_dir)?;
        warnings.extend(warning);
        let mut memory = state.memory(&key)?;
        let (metrics, samples) = smooth(&memory.rebalance.samples, raw, window);
        let (settings, now) = (self.settings, cluster.taken_at);
        let input = Input { cluster, settings, metrics: Some(&metrics), memory: &memory, now };
        // Where too little is known, how long there has been a reason to act stays what it was.
        if let Ok(watched) = rebalance::watch(&input) {
            memory.rebalance = watched;
        }
        memory.rebalance.samples = samples;
        state.remember(&key, &memory)?;
        Ok(metrics)
    }
}
