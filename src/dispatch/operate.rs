//! `orca pause`, `orca resume` and `orca commands`: from their flags to a printed report.

use anyhow::Result;

use super::Session;
use super::end::Ended;
use crate::cli::{CommandFile, PauseArgs, ResumeArgs};
use crate::commands::Commands;
use crate::cycle::Options;
use crate::interrupt::Interrupt;
use crate::pause::{PauseOrder, Pausing};

impl Session {
    pub(super) async fn pause(&self, args: PauseArgs, options: &Options, interrupt: &Interrupt) -> Result<Ended> {
        let PauseArgs { anchor, lasting, reason } = args;
        let origin = "orca pause".to_owned();
        self.pausing(&PauseOrder { resume: false, anchor, lasting, reason, origin }, options, interrupt).await
    }

    pub(super) async fn resume(&self, args: ResumeArgs, options: &Options, interrupt: &Interrupt) -> Result<Ended> {
        let (anchor, origin) = (args.anchor, "orca resume".to_owned());
        self.pausing(&PauseOrder { resume: true, anchor, origin, ..PauseOrder::default() }, options, interrupt).await
    }

    async fn pausing(&self, order: &PauseOrder, options: &Options, interrupt: &Interrupt) -> Result<Ended> {
        let (settings, source) = self.ready(interrupt).await?;
        let engine = source.engine()?;
        Ok(Ended::Pass(Pausing { engine, settings: &settings, order, options, interrupt }.run().await))
    }

    pub(super) async fn commands_run(
        &self,
        args: CommandFile,
        options: &Options,
        interrupt: &Interrupt,
    ) -> Result<Ended> {
        let settings = self.settings(interrupt).await?;
        let source = self.source()?;
        let (file, source) = (args.file.as_path(), &source);
        let report = Commands { file, source, settings: &settings, options, interrupt }.run().await;
        Ok(Ended::Pass(report))
    }
}
