//! `orca exporter deploy`: from its flags to a printed report.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use super::Session;
use super::end::Ended;
use crate::cli::{Deploy, DeployVia};
use crate::cycle::Options;
use crate::error::{Error, ErrorKind};
use crate::exporter::machines::Machines;
use crate::exporter::{COMMAND, Deployment, file_sd};
use crate::interrupt::Interrupt;
use crate::settings;

/// Where Orcastra has its file.
const OLDER: &str = "/etc/swarm-orchestration/deploy_node_exporter.yml";
/// The longest run, if --timeout doesn't say: nodes may have to pull the image, one after the other.
pub(super) const TIMEOUT: Duration = Duration::from_secs(300);

impl Session {
    /// One deployment.
    pub(super) async fn exporter_deploy(
        &self,
        args: Deploy,
        mut options: Options,
        interrupt: &Interrupt,
    ) -> Result<Ended> {
        options.timeout = self.global.timeout.unwrap_or(TIMEOUT);
        if options.leader_only && args.via == DeployVia::Ssh {
            let error = Error::new(ErrorKind::Usage, "--via ssh asks no manager: --leader-only can't be heeded");
            return Err(error.hint("run it from one place").into());
        }
        args.file_sd.as_deref().map_or(Ok(()), file_sd::check_name)?;
        let older = args.from.or_else(|| Some(PathBuf::from(OLDER)).filter(|path| Path::exists(path)));
        let settings = self.load(older, settings::load_if_any, interrupt).await?;
        let file_sd = args.file_sd;
        let report = match args.via {
            DeployVia::Ssh => {
                let (settings, options) = (&settings, &options);
                Box::pin(Machines { settings, file_sd, options, interrupt }.run()).await
            }
            DeployVia::Service => {
                let (engine, options) = (&self.live(COMMAND)?, &options);
                Box::pin(Deployment { engine, settings, file_sd, options, interrupt }.run()).await
            }
        };
        Ok(Ended::Pass(report))
    }
}
