//! `orca mods fetch`: from its flags to a printed report.

use std::time::Duration;

use super::Session;
use crate::cli::FetchMods;
use crate::cycle::Options;
use crate::error::{Error, ErrorKind};
use crate::interrupt::Interrupt;
use crate::mods::{COMMAND, Fetching};

/// Large files take their time; each has a bound of its own.
pub(super) const TIMEOUT: Duration = Duration::from_secs(3600);

impl Session {
    /// One fetch.
    pub(super) async fn mods_fetch(&self, args: FetchMods, mut options: Options, interrupt: &Interrupt) -> u8 {
        let ready = self.settings_if_any(interrupt).await.and_then(|mut settings| {
            if let Some(dest) = args.dest {
                if !dest.is_absolute() {
                    let text = format!("--dest must be an absolute path, not `{}`", dest.display());
                    return Err(Error::new(ErrorKind::Usage, text).into());
                }
                settings.mods.dest = dest;
            }
            let asks = settings.mods.asks_engine() || options.leader_only;
            let engine = asks.then(|| self.live(COMMAND)).transpose()?;
            Ok((settings, engine))
        });
        let (settings, engine) = match ready {
            Ok(ready) => ready,
            Err(error) => return self.failed(COMMAND, &error),
        };
        options.timeout = self.global.timeout.unwrap_or(TIMEOUT);
        let (settings, options, prune) = (&settings, &options, args.prune);
        let report = Box::pin(Fetching { engine, settings, prune, options, interrupt }.run()).await;
        self.conclude_pass(report, settings, interrupt).await
    }
}
