//! `orca exporter deploy`: from its flags to a printed report.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use super::Session;
use crate::cli::Deploy;
use crate::cycle::Options;
use crate::error::{Error, ErrorKind};
use crate::exporter::machines::Machines;
use crate::exporter::{COMMAND, Deployment, Via, file_sd};
use crate::interrupt::Interrupt;
use crate::settings::{self, Settings};

/// Where Orcastra has its file.
const OLDER: &str = "/etc/swarm-orchestration/deploy_node_exporter.yml";
/// The longest run, if --timeout doesn't say: nodes may have to pull the image, one after the other.
pub(super) const TIMEOUT: Duration = Duration::from_secs(300);

impl Session {
    /// One deployment.
    pub(super) async fn exporter_deploy(&self, args: Deploy, mut options: Options, interrupt: &Interrupt) -> u8 {
        options.timeout = self.global.timeout.unwrap_or(TIMEOUT);
        let named = args.file_sd.as_deref().map_or(Ok(()), file_sd::check_name);
        let named = if options.leader_only && args.via == Via::Ssh {
            let error = Error::new(ErrorKind::Usage, "--via ssh asks no manager: --leader-only can't be heeded");
            Err(error.hint("run it from one place").into())
        } else {
            named
        };
        let older = args.from.or_else(|| Some(PathBuf::from(OLDER)).filter(|path| Path::exists(path)));
        let settings = match named {
            Ok(()) => self.exporter_settings(older, interrupt).await,
            Err(error) => Err(error),
        };
        let settings = match settings {
            Ok(settings) => settings,
            Err(error) => return self.failed(COMMAND, &error),
        };
        let notify = settings.clone();
        let file_sd = args.file_sd;
        let made = match args.via {
            Via::Ssh => {
                let (settings, options) = (&settings, &options);
                Ok(Box::pin(Machines { settings, file_sd, options, interrupt }.run()).await)
            }
            Via::Service => match self.live(COMMAND) {
                Ok(engine) => {
                    let (engine, options) = (&engine, &options);
                    Ok(Box::pin(Deployment { engine, settings, file_sd, options, interrupt }.run()).await)
                }
                Err(error) => Err(error),
            },
        };
        let report = match made {
            Ok(report) => report,
            Err(error) => return self.failed(COMMAND, &error),
        };
        self.conclude_pass(report, &notify, interrupt).await
    }

    async fn exporter_settings(&self, older: Option<PathBuf>, interrupt: &Interrupt) -> Result<Settings> {
        if let (Some(within), None) = (&self.within, &older) {
            return Ok(within.settings());
        }
        let mut input = settings::Input::new(self.global.config.clone(), self.env.clone());
        input.exporter = older;
        tokio::select! {
            code = interrupt.nth(1) => Err(self.interrupted(code)),
            settings = tokio::task::spawn_blocking(move || settings::load_if_any(&input)) => settings?,
        }
    }
}
