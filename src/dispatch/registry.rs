//! `orca registry`: from its flags to a report.

use anyhow::Result;

use super::Session;
use super::end::Ended;
use crate::cli::Registry;
use crate::cycle::Options;
use crate::everyday::registry::Registries;
use crate::interrupt::Interrupt;

impl Session {
    pub(super) async fn registry(&self, asked: &Registry, options: &Options, interrupt: &Interrupt) -> Result<Ended> {
        let settings = self.settings_if_any(interrupt).await?;
        let report = Registries { settings: &settings.registry, options, interrupt }.run(asked).await;
        Ok(Ended::Report(report))
    }
}
