//! What happens to a pass's report besides being printed: metrics for `node_exporter`, and notifications.

use std::path::Path;

use anyhow::{Context as _, Result};
use jiff::Timestamp;

use super::Session;
use crate::error::{Error, ErrorKind};
use crate::files::whole;
use crate::interrupt::Interrupt;
use crate::notify;
use crate::plan::Warning;
use crate::report::Report;
use crate::report::metrics::{Tally, render_pass};
use crate::settings::Settings;
use crate::state::State;

/// Where the state file has what was counted.
const TALLY: &str = "#metrics";

impl Session {
    /// The end of a pass: metrics, notifications, the report, the exit code.
    pub(super) async fn conclude_pass(&self, mut report: Report, settings: &Settings, interrupt: &Interrupt) -> u8 {
        let told = notify::tell(&settings.notify, &self.options(None).state_dir, &report).await;
        report.warnings.extend(told);
        self.count(&mut report);
        self.tell(report, interrupt.exit_code())
    }

    /// Writes the pass's metrics, where that is wanted. A pass is not failed by what can't be counted.
    pub(super) fn count(&self, report: &mut Report) {
        let Some(dir) = &self.global.textfile else { return };
        if report.run.dry_run {
            return;
        }
        if let Err(error) = write_textfiles(dir, &self.options(None).state_dir, report) {
            report.warnings.push(Warning::new("textfile", format!("{error:#}")));
        }
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
