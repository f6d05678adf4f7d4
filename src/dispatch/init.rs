//! `orca init`: from its flags to a printed report.

use std::cell::RefCell;
use std::io::IsTerminal as _;

use anyhow::Result;

use super::Session;
use super::end::Ended;
use crate::cli::Init;
use crate::cycle::Options;
use crate::init::Setup;
use crate::init::answers::Asker;
use crate::init::render::Variables;
use crate::interrupt::Interrupt;

/// What says where an engine is, besides the flags.
const ENGINE: [&str; 4] = ["DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"];

impl Session {
    pub(super) async fn init(&self, flags: &Init, options: &Options, interrupt: &Interrupt) -> Result<Ended> {
        let source = self.source()?;
        let terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        let asks = flags.ask || terminal && !flags.yes;
        let asker = Asker { printer: &self.printer, interrupt, asks, told: RefCell::default() };
        let setup =
            Setup { flags, source: &source, env: &self.env, engine: self.named_engine(), asker, options, interrupt };
        Ok(Ended::Report(Box::pin(setup.run()).await))
    }

    /// What has to be said elsewhere, so that the same engine is meant.
    fn named_engine(&self) -> Variables {
        if let Some(host) = &self.global.host {
            return Variables::from([("DOCKER_HOST", host.clone())]);
        }
        if let Some(context) = &self.global.context {
            return Variables::from([("DOCKER_CONTEXT", context.clone())]);
        }
        let set = |name: &'static str| Some((name, self.env.get(name).filter(|value| !value.is_empty())?.clone()));
        ENGINE.into_iter().filter_map(set).collect()
    }
}
