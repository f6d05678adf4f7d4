//! How a command ends: what it has come to is printed, and what a pass has come to is counted for `node_exporter` and told
//! to others; then there is an exit code. Nothing else in here, and nowhere else.

use std::path::Path;

use anyhow::{Context as _, Result};
use jiff::Timestamp;

use super::Session;
use crate::error::{Error, ErrorKind, kind_of};
use crate::exit;
use crate::files::whole;
use crate::interrupt::Interrupt;
use crate::notify;
use crate::plan::Warning;
use crate::report::metrics::{Tally, render_pass};
use crate::report::{Report, ReportedError, Run};
use crate::settings::Problems;
use crate::state::State;

/// Where the state file has what was counted.
const TALLY: &str = "#metrics";

/// Commands whose runs are counted, and told of, even if they don't get as far as to begin.
const PASSES: [&str; 27] = [
    "labels sync",
    "anchors follow",
    "reconcile",
    "rebalance apply",
    "rebalance recover",
    "autoheal",
    "bootstrap",
    "exporter deploy",
    "logs rotate",
    "mods fetch",
    "gc",
    "services update",
    "commands run",
    "pause",
    "resume",
    "catalog add",
    "catalog edit",
    "catalog rm",
    "catalog deploy",
    "catalog stop",
    "catalog import",
    "catalog build",
    "catalog reconcile",
    "stacks deploy",
    "stacks remove",
    "stacks update",
    "stacks build",
];

/// What a command has come to.
pub(super) enum Ended {
    /// A document that is no report: a schema, a snapshot, a script.
    Document(String),
    /// A report that is the asker's alone.
    Report(Report),
    /// The report of a pass.
    Pass(Report),
    /// The report after lines that were printed before it.
    LastLine(Report),
    /// A loop, or another program: all is said.
    Said(u8),
}

impl Session {
    /// The end of a command, whatever it has come to. Returns the exit code.
    pub(super) async fn end(&self, command: &str, ended: Result<Ended>, interrupt: &Interrupt) -> u8 {
        let signal = interrupt.exit_code();
        match ended {
            Ok(Ended::Said(code)) => code,
            Ok(Ended::Document(text)) => {
                self.printer.document(&text);
                0
            }
            Ok(Ended::Report(report)) => self.print(report, signal),
            Ok(Ended::LastLine(report)) => {
                self.printer.for_loops().report(&report);
                exit::code(&report, self.global.detailed_exitcode, signal)
            }
            Ok(Ended::Pass(report)) => {
                let report = self.publish(report).await;
                self.print(report, signal)
            }
            Err(error) => match self.failure(command, &error) {
                Some(report) if PASSES.contains(&command) => {
                    let report = self.publish(report).await;
                    self.print(report, signal)
                }
                Some(report) => self.print(report, signal),
                None => exit::code_of(ErrorKind::Usage, None),
            },
        }
    }

    /// The report of what a command has come to, for who asked for it by other means than a terminal.
    pub(super) async fn report_of(&self, command: &str, ended: Result<Ended>) -> Report {
        match ended {
            Ok(Ended::Report(report) | Ended::LastLine(report)) => report,
            Ok(Ended::Pass(report)) => self.publish(report).await,
            Ok(Ended::Document(_) | Ended::Said(_)) => {
                let mut report = Report::new(command, Run::start(self.global.dry_run));
                report.conclude(0);
                report
            }
            Err(error) => {
                let report = self.report_of_failure(command, &error);
                if PASSES.contains(&command) { self.publish(report).await } else { report }
            }
        }
    }

    /// The end of an orca that can't even listen for signals.
    pub(super) fn end_at_once(&self, error: &anyhow::Error) -> u8 {
        let report = self.failure("orca", error);
        report.map_or(exit::code_of(ErrorKind::Usage, None), |report| self.print(report, None))
    }

    /// The report of a command that did not even begin. What is wrong with the command line is only said.
    fn failure(&self, command: &str, error: &anyhow::Error) -> Option<Report> {
        if kind_of(error) == ErrorKind::Usage && self.within.is_none() {
            self.printer.error(&ReportedError::from_error(error));
            return None;
        }
        Some(self.report_of_failure(command, error))
    }

    fn report_of_failure(&self, command: &str, error: &anyhow::Error) -> Report {
        let mut report = Report::new(command, Run::start(self.global.dry_run));
        report.fail(error);
        if let Some(problems) = error.downcast_ref::<Problems>() {
            report.data.insert("problems".to_owned(), serde_json::to_value(problems.list()).unwrap_or_default());
        }
        report.conclude(0);
        report
    }

    /// Prints a report, and says what the process ends with. A loop keeps it, too.
    fn print(&self, mut report: Report, signal: Option<u8>) -> u8 {
        let code = exit::code(&report, self.global.detailed_exitcode, signal);
        let Some(within) = &self.within else {
            self.printer.report(&report);
            return code;
        };
        if within.is_news(&mut report) {
            self.printer.report(&report);
        }
        within.keep(report);
        code
    }

    /// Tells others of a pass, and counts it, where that is wanted. What can't be told or counted fails no pass.
    async fn publish(&self, mut report: Report) -> Report {
        let state_dir = self.options(None).state_dir;
        if let Some(notify) = self.notify() {
            report.warnings.extend(notify::tell(&notify, &state_dir, &report).await);
        }
        if let Some(dir) = self.global.textfile.as_deref().filter(|_| !report.run.dry_run)
            && let Err(error) = write_textfiles(dir, &state_dir, &report)
        {
            report.warnings.push(Warning::new("textfile", format!("{error:#}")));
        }
        report
    }
}

/// Counts a report in with those before it, and writes one file for each pass in it.
fn write_textfiles(dir: &Path, state_dir: &Path, report: &Report) -> Result<()> {
    let (state, _) = State::open(state_dir)?;
    let mut names = Vec::new();
    let tally = state.revise(TALLY, |tally: &mut Tally| names = tally.count(report, Timestamp::now()))?;
    for name in names {
        let path = dir.join(format!("orca_{name}.prom"));
        // node_exporter is another user, as a rule.
        whole::write(&path, &render_pass(&tally, &name), 0o644).with_context(|| {
            Error::new(ErrorKind::Failed, format!("can't write the metrics to `{}`", path.display()))
                .hint("--textfile names the folder of node_exporter's --collector.textfile.directory")
        })?;
    }
    Ok(())
}
