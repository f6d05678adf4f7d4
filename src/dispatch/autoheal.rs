//! `orca autoheal`: from its flags to a printed report.

use anyhow::Result;

use super::Session;
use super::end::Ended;
use crate::autoheal::Healing;
use crate::cli::{Heal, Ill};
use crate::cycle::{Options, Source};
use crate::interrupt::Interrupt;
use crate::nodes::Reach;

impl Session {
    /// One look at what is ill.
    pub(super) async fn autoheal(&self, args: Heal, options: &Options, interrupt: &Interrupt) -> Result<Ended> {
        let (mut settings, source) = self.ready(interrupt).await?;
        settings.autoheal.containers.all |= args.all;
        let grace = &mut settings.autoheal.containers.grace;
        *grace = args.grace.unwrap_or(*grace);
        let file = matches!(source, Source::File(_));
        let (services, containers) = match args.only {
            Some(Ill::Services) => (Some(true), false),
            Some(Ill::Containers) => (Some(false), true),
            // A file has no containers in it.
            None => (None, !file),
        };
        let (source, settings, reach) = (&source, &settings, Reach::from(args.reach));
        let report = Healing { source, settings, reach, services, containers, options, interrupt }.run().await;
        Ok(Ended::Pass(report))
    }
}
