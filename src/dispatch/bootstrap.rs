//! `orca bootstrap`: from its flags to a printed report.

use anyhow::Result;

use super::Session;
use super::end::Ended;
use crate::bootstrap::{Bootstrapping, COMMAND};
use crate::cli::Bootstrap;
use crate::cycle::Options;
use crate::interrupt::Interrupt;
use crate::pass::bootstrap::Consent;

impl Session {
    /// One run.
    pub(super) async fn bootstrap(&self, args: Bootstrap, options: &Options, interrupt: &Interrupt) -> Result<Ended> {
        let here = if options.leader_only || self.global.snapshot.is_some() { Some(self.live(COMMAND)) } else { None };
        let mut settings = self.settings(interrupt).await?;
        let here = here.transpose()?;
        let parallel = &mut settings.bootstrap.parallel;
        *parallel = args.parallel.unwrap_or(*parallel);
        let consent = Consent {
            even_managers: args.allow_even_managers,
            remove_ghosts: args.remove_ghosts,
            only: args.node.into_iter().collect(),
            ..Consent::default()
        };
        let report = Bootstrapping { here, settings: &settings, consent, options, interrupt }.run().await;
        Ok(Ended::Pass(report))
    }
}
