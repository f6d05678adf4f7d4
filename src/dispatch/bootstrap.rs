//! `orca bootstrap`: from its flags to a printed report.

use super::Session;
use crate::bootstrap::{Bootstrapping, COMMAND};
use crate::cli::Bootstrap;
use crate::cycle::Options;
use crate::interrupt::Interrupt;
use crate::pass::bootstrap::Consent;

impl Session {
    /// One run.
    pub(super) async fn bootstrap(&self, args: Bootstrap, options: &Options, interrupt: &Interrupt) -> u8 {
        let here = if options.leader_only || self.global.snapshot.is_some() { Some(self.live(COMMAND)) } else { None };
        let ready = self.settings(interrupt).await.and_then(|settings| Ok((settings, here.transpose()?)));
        let (mut settings, here) = match ready {
            Ok(ready) => ready,
            Err(error) => return self.failed(COMMAND, &error),
        };
        let parallel = &mut settings.bootstrap.parallel;
        *parallel = args.parallel.unwrap_or(*parallel);
        let consent = Consent {
            even_managers: args.allow_even_managers,
            remove_ghosts: args.remove_ghosts,
            only: args.node.into_iter().collect(),
            ..Consent::default()
        };
        let report = Bootstrapping { here, settings: &settings, consent, options, interrupt }.run().await;
        self.conclude_pass(report, &settings, interrupt).await
    }
}
