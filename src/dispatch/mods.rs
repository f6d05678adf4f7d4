//! `orca mods fetch`: from its flags to a printed report.

use std::time::Duration;

use anyhow::Result;

use super::Session;
use super::end::Ended;
use crate::cli::FetchMods;
use crate::cycle::Options;
use crate::error::{Error, ErrorKind};
use crate::interrupt::Interrupt;
use crate::mods::{COMMAND, Fetching};

/// Large files take their time; each has a bound of its own.
pub(super) const TIMEOUT: Duration = Duration::from_secs(3600);

impl Session {
    /// One fetch.
    pub(super) async fn mods_fetch(
        &self,
        args: FetchMods,
        mut options: Options,
        interrupt: &Interrupt,
    ) -> Result<Ended> {
        let mut settings = self.settings_if_any(interrupt).await?;
        if let Some(dest) = args.dest {
            if !dest.is_absolute() {
                let text = format!("--dest must be an absolute path, not `{}`", dest.display());
                return Err(Error::new(ErrorKind::Usage, text).into());
            }
            settings.mods.dest = dest;
        }
        let asks = settings.mods.asks_engine() || options.leader_only;
        let engine = asks.then(|| self.live(COMMAND)).transpose()?;
        options.timeout = self.global.timeout.unwrap_or(TIMEOUT);
        let (settings, options, prune) = (&settings, &options, args.prune);
        let report = Box::pin(Fetching { engine, settings, prune, options, interrupt }.run()).await;
        Ok(Ended::Pass(report))
    }
}
