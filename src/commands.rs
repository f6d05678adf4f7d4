//! `orca commands run`: Orcastra's command file, entry by entry, by way of the passes.
//!
//! Nothing is done while the file has a mistake anywhere. An entry that restarts services is taken out of the file *before*
//! it is begun: whatever happens, it is done at most once. Every other entry is taken out *after* it: a run that is killed
//! in between does it again, which changes nothing more. What could not be tried (engine away, lock held, not the leader,
//! interrupted) stays; of those that restart only what has certainly written nothing.

mod file;

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::bootstrap::Bootstrapping;
use crate::cycle::{Cycle, Options, Source};
use crate::error::{Error, ErrorKind};
use crate::interrupt::Interrupt;
use crate::lock;
use crate::pass::Pass;
use crate::pass::bootstrap::Consent;
use crate::pause::{PauseOrder, Pausing};
use crate::plan::Warning;
use crate::report::{Cluster, Outcome, Report, ReportedError, Run};
use crate::settings::{Entry, Settings, Verb};
use crate::snapshot::Snapshot;
use crate::state;
use file::{Batch, Files};

/// The command's name in reports.
pub const COMMAND: &str = "commands run";

/// A run over a command file.
#[derive(Debug)]
pub struct Commands<'a> {
    /// The file; it need not be there.
    pub file: &'a Path,
    /// Where the snapshot comes from.
    pub source: &'a Source,
    /// What to plan by.
    pub settings: &'a Settings,
    /// The bounds; each entry has all of its time.
    pub options: &'a Options,
    /// Signals.
    pub interrupt: &'a Interrupt,
}

/// What has become of the entries so far.
struct Progress<'r> {
    report: &'r mut Report,
    told: Vec<Value>,
    /// Why the rest has to wait.
    stopped: bool,
}

impl Commands<'_> {
    /// Carries out what the file asks for. Whatever happens, there is a report; `data.commands` has every entry.
    pub async fn run(&self) -> Report {
        let started = Instant::now();
        let mut report = Report::new(COMMAND, Run::start(self.read_only()));
        let mut progress = Progress { report: &mut report, told: Vec::new(), stopped: false };
        let ended = self.work(started, &mut progress).await;
        let told = std::mem::take(&mut progress.told);
        report.data.insert("file".to_owned(), self.file.display().to_string().into());
        report.data.insert("commands".to_owned(), told.into());
        let unchanged = report.summary.unchanged;
        report.ended(started, ended.map(|()| unchanged))
    }

    fn read_only(&self) -> bool {
        self.options.dry_run || matches!(self.source, Source::File(_))
    }

    async fn work(&self, started: Instant, progress: &mut Progress<'_>) -> Result<()> {
        let (files, anchors) = (Files::new(self.file), &self.settings.anchors);
        let (left, waiting) = files.read(anchors)?;
        if left.is_none() && waiting.is_none() {
            let text = format!("there is no command file `{}`: nothing to do", self.file.display());
            progress.report.warnings.push(Warning::new("no_command_file", text));
            return Ok(());
        }
        if self.not_its_turn(started + self.options.timeout, progress).await? {
            progress.leave(left.iter().chain(&waiting).flat_map(|batch| &batch.entries), "not the leader");
            return Ok(());
        }
        if self.read_only() {
            for entry in left.iter().chain(&waiting).flat_map(|batch| &batch.entries) {
                let report = self.carry_out(entry).await;
                progress.tell(entry, report, false);
            }
            return Ok(());
        }
        state::make_dir(&self.options.state_dir)?;
        let _lock = lock::take(&self.options.state_dir, COMMAND, self.options.lock_timeout).await?;
        // Another run may have been at it while this one waited.
        let (left, waiting) = files.read(anchors)?;
        if let Some(left) = left {
            self.batch(&files, left, progress).await?;
        }
        match waiting {
            Some(waiting) if progress.stopped => progress.leave(&waiting.entries, "the run had ended before its turn"),
            Some(waiting) => {
                if let Some(claimed) = files.claim(waiting, anchors)? {
                    self.batch(&files, claimed, progress).await?;
                }
            }
            None => {}
        }
        Ok(())
    }

    /// With `--leader-only`, whether another engine's orca is to act.
    async fn not_its_turn(&self, deadline: Instant, progress: &mut Progress<'_>) -> Result<bool> {
        let (true, Source::Engine(engine)) = (self.options.leader_only, self.source) else { return Ok(false) };
        let engine = engine.until(deadline);
        let standing = engine.standing().await?;
        let cluster = Snapshot::observe_members(&engine, &standing).await?;
        progress.report.cluster = Some(Cluster::of(&cluster));
        let skipped = !cluster.leader();
        if skipped {
            progress.report.outcome = Outcome::Skipped;
        }
        Ok(skipped)
    }

    /// Does what is in `FILE.running`.
    async fn batch(&self, files: &Files, batch: Batch, progress: &mut Progress<'_>) -> Result<()> {
        let mode = batch.mode();
        let mut at = 0;
        while let Some(entry) = batch.entries.get(at) {
            let rest = batch.entries.get(at + 1..).unwrap_or_default();
            if self.interrupt.exit_code().is_some() {
                let text = "interrupted by a signal; entries not begun stay in the file";
                progress.report.fail(&Error::new(ErrorKind::Interrupted, text).into());
                progress.stopped = true;
            }
            if progress.stopped {
                progress.leave(&batch.entries[at..], "the run had ended before its turn");
                break;
            }
            if entry.restarts() {
                files.note(entry, "begun", mode)?;
                files.keep(rest, mode)?;
            }
            let report = self.carry_out(entry).await;
            let (word, untried) = (report.outcome.to_string(), untried(&report));
            if untried && (!entry.restarts() || unwritten(&report)) {
                if entry.restarts() {
                    files.keep(&batch.entries[at..], mode)?;
                    files.note(entry, &format!("not tried, it waits again, run {}", report.run.id), mode)?;
                }
                progress.tell(entry, report, false);
                progress.stopped = true;
                progress.leave(rest, "the run had ended before its turn");
                break;
            }
            progress.stopped = untried;
            files.note(entry, &format!("{word}, run {}", report.run.id), mode)?;
            progress.tell(entry, report, true);
            if !entry.restarts() {
                files.keep(rest, mode)?;
            }
            at += 1;
        }
        files.keep(&batch.entries[at..], mode)?;
        if at < batch.entries.len() {
            files.put_back();
        }
        Ok(())
    }

    async fn carry_out(&self, entry: &Entry) -> Report {
        match &entry.verb {
            Verb::RelabelAll => self.passes("reconcile", &Pass::ALL).await,
            Verb::RelabelAnchor(anchor) => self.pass(Pass::Anchors(Some(anchor.clone()))).await,
            Verb::UpdateDependents(anchor) => self.pass(Pass::UpdateDependents(anchor.clone())).await,
            Verb::RemoveAllLabels => self.pass(Pass::RemoveLabels).await,
            Verb::PauseDependents(anchor) => self.pause(entry, anchor.clone(), false).await,
            Verb::ResumeDependents(anchor) => self.pause(entry, anchor.clone(), true).await,
            Verb::BootstrapSwarm => {
                let (settings, options, interrupt) = (self.settings, self.options, self.interrupt);
                let consent = Consent::default();
                Box::pin(Bootstrapping { here: None, settings, consent, options, interrupt }.run()).await
            }
            Verb::Noop => {
                let mut report = Report::new("noop", Run::start(self.read_only()));
                report.conclude(0);
                report
            }
        }
    }

    async fn pass(&self, pass: Pass) -> Report {
        self.passes(pass.name(), &[pass]).await
    }

    async fn passes(&self, command: &'static str, passes: &[Pass]) -> Report {
        let (source, settings, options, interrupt) = (self.source, self.settings, self.options, self.interrupt);
        Box::pin(Cycle { command, passes, source, settings, options, interrupt }.run()).await
    }

    async fn pause(&self, entry: &Entry, anchor: Option<String>, resume: bool) -> Report {
        let origin = format!("{} ({}:{})", entry, self.file.display(), entry.origin.line);
        let order = PauseOrder { resume, anchor, origin, ..PauseOrder::default() };
        match self.source.engine() {
            Ok(engine) => {
                let (settings, options, interrupt) = (self.settings, self.options, self.interrupt);
                Box::pin(Pausing { engine, settings, order: &order, options, interrupt }.run()).await
            }
            Err(error) => {
                let mut report = Report::new(crate::pause::PAUSE, Run::start(true));
                report.fail(&error);
                report.conclude(0);
                report
            }
        }
    }
}

impl Progress<'_> {
    /// Takes in what became of an entry.
    fn tell(&mut self, entry: &Entry, report: Report, consumed: bool) {
        let skipped = report.outcome == Outcome::Skipped;
        self.told.push(json!({
            "command": entry.to_string(), "file": entry.origin.source, "line": entry.origin.line,
            "column": entry.origin.column, "outcome": report.outcome, "summary": report.summary,
            "error": report.error, "consumed": consumed,
        }));
        self.report.cluster = report.cluster.clone().or(self.report.cluster.take());
        let requests = |report: &Report| report.data.get("requests").and_then(Value::as_u64).unwrap_or_default();
        let sum = requests(self.report) + requests(&report);
        if let Some(paused) = report.data.get("paused") {
            self.report.data.insert("paused".to_owned(), paused.clone());
        }
        self.report.data.insert("requests".to_owned(), sum.into());
        self.report.absorb(report);
        if skipped && self.report.summary.done == 0 {
            self.report.outcome = Outcome::Skipped;
        }
    }

    /// Says of entries that they stay.
    fn leave<'e>(&mut self, entries: impl IntoIterator<Item = &'e Entry>, why: &str) {
        self.told.extend(entries.into_iter().map(|entry| {
            json!({
                "command": entry.to_string(), "file": entry.origin.source, "line": entry.origin.line,
                "column": entry.origin.column, "outcome": null, "summary": null,
                "error": ReportedError::new(ErrorKind::Refused, format!("not tried: {why}")),
                "consumed": false,
            })
        }));
    }
}

/// Whether an entry was not even tried: it is to be tried again.
fn untried(report: &Report) -> bool {
    use ErrorKind::{Interrupted, Locked, NotManager, Timeout, Unreachable};
    let error = report.error.as_ref().map(|error| error.kind);
    report.outcome == Outcome::Skipped
        || matches!(error, Some(Interrupted | Locked | NotManager | Timeout | Unreachable)) && report.summary.done == 0
}

/// Whether it is certain that an entry which was not tried has written nothing: of a lost answer nobody knows.
fn unwritten(report: &Report) -> bool {
    let error = report.error.as_ref().map(|error| error.kind);
    let turned_away = error.is_none() && report.outcome == Outcome::Skipped;
    (turned_away || matches!(error, Some(ErrorKind::Locked | ErrorKind::NotManager)))
        && report.summary.done == 0
        && report.summary.failed == 0
}
