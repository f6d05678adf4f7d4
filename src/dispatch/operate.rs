//! `orca pause`, `orca resume`, `orca commands` and `orca health`: from their flags to a printed report.

use super::Session;
use crate::cli::{CommandFile, HealthArgs, PauseArgs, ResumeArgs};
use crate::commands::{COMMAND, Commands};
use crate::cycle::Options;
use crate::health;
use crate::interrupt::Interrupt;
use crate::pause::{PAUSE, PauseOrder, Pausing, RESUME};

impl Session {
    pub(super) async fn pause(&self, args: PauseArgs, options: &Options, interrupt: &Interrupt) -> u8 {
        let PauseArgs { anchor, lasting, reason } = args;
        let origin = "orca pause".to_owned();
        self.pausing(PAUSE, &PauseOrder { resume: false, anchor, lasting, reason, origin }, options, interrupt).await
    }

    pub(super) async fn resume(&self, args: ResumeArgs, options: &Options, interrupt: &Interrupt) -> u8 {
        let (anchor, origin) = (args.anchor, "orca resume".to_owned());
        self.pausing(RESUME, &PauseOrder { resume: true, anchor, origin, ..PauseOrder::default() }, options, interrupt)
            .await
    }

    async fn pausing(&self, command: &str, order: &PauseOrder, options: &Options, interrupt: &Interrupt) -> u8 {
        let ready = self.settings_if_any(interrupt).await.and_then(|settings| {
            let source = self.source()?;
            source.engine()?;
            Ok((settings, source))
        });
        let (settings, source) = match ready {
            Ok(ready) => ready,
            Err(error) => return self.failed(command, &error),
        };
        let report = match source.engine() {
            Ok(engine) => Pausing { engine, settings: &settings, order, options, interrupt }.run().await,
            Err(error) => return self.failed(command, &error),
        };
        self.conclude_pass(report, &settings, interrupt).await
    }

    pub(super) async fn commands_run(&self, args: CommandFile, options: &Options, interrupt: &Interrupt) -> u8 {
        let ready = self.settings(interrupt).await.and_then(|settings| Ok((settings, self.source()?)));
        let (settings, source) = match ready {
            Ok(ready) => ready,
            Err(error) => return self.failed(COMMAND, &error),
        };
        let (file, source) = (args.file.as_path(), &source);
        let report = Commands { file, source, settings: &settings, options, interrupt }.run().await;
        self.conclude_pass(report, &settings, interrupt).await
    }

    /// Asks the watch's own file alone: a healthcheck must not wait for an engine.
    pub(super) fn health_of_watch(&self, args: &HealthArgs, options: &Options) -> u8 {
        self.conclude(health::COMMAND, health::look(&options.state_dir, args.max_age))
    }
}
