//! `orca logs rotate`: from its flags to a printed report.

use std::time::Duration;

use anyhow::Result;

use super::Session;
use super::end::Ended;
use crate::cli::Rotate;
use crate::cycle::Options;
use crate::error::{Error, ErrorKind};
use crate::interrupt::Interrupt;
use crate::logs::{COMMAND, Rotating};
use crate::settings::Origin;

/// Large logs take their time; no new one is begun after this.
pub(super) const TIMEOUT: Duration = Duration::from_secs(1800);

impl Session {
    /// One rotation.
    pub(super) async fn logs_rotate(
        &self,
        args: &Rotate,
        mut options: Options,
        interrupt: &Interrupt,
    ) -> Result<Ended> {
        let mut settings = self.settings_if_any(interrupt).await?;
        let asked = args.fix_services || args.truncate_above.is_some();
        if asked && !settings.logs.containers.list {
            let error = Error::new(ErrorKind::Config, "logs.containers.list is false: no engine is asked");
            return Err(error.hint("leave out --truncate-above and --fix-services, or set it to true").into());
        }
        let engine = settings.logs.containers.list.then(|| self.live(COMMAND)).transpose()?;
        options.timeout = self.global.timeout.unwrap_or(TIMEOUT);
        let containers = &mut settings.logs.containers;
        let path = "logs.containers.truncate_above".to_owned();
        let written = settings.origins.get(&path).filter(|_| args.truncate_above.is_none()).cloned();
        let flag =
            Origin { path: "--truncate-above".to_owned(), source: "command line".to_owned(), line: 0, column: 0 };
        containers.truncate_above = args.truncate_above.or(containers.truncate_above);
        let (settings, options, truncate_origin) = (&settings, &options, written.unwrap_or(flag));
        let fix_services = args.fix_services;
        let run = Rotating { engine, settings, truncate_origin, fix_services, options, interrupt };
        let report = Box::pin(run.run()).await;
        Ok(Ended::Pass(report))
    }
}
