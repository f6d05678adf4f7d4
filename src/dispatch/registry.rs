//! `orca registry`: from its flags to a printed report.

use super::Session;
use crate::cli::Registry;
use crate::cycle::Options;
use crate::everyday::registry::{Registries, command};
use crate::exit;
use crate::interrupt::Interrupt;

impl Session {
    pub(super) async fn registry(&self, asked: &Registry, options: &Options, interrupt: &Interrupt) -> u8 {
        let settings = match self.settings_if_any(interrupt).await {
            Ok(settings) => settings,
            Err(error) => return self.failed(command(asked), &error),
        };
        let report = Registries { settings: &settings.registry, options, interrupt }.run(asked).await;
        self.printer.report(&report);
        exit::code(&report, self.global.detailed_exitcode, interrupt.exit_code())
    }
}
