//! `orca serve`: from its flags to a server that runs until told to stop.

use anyhow::Result;
use tokio::sync::mpsc;

use super::Session;
use super::end::Ended;
use crate::cli::Serve;
use crate::cycle::Options;
use crate::interrupt::Interrupt;
use crate::serve::{self, Start};
use crate::watch::systemd::Systemd;

impl Session {
    pub(super) async fn serve(&self, args: Serve, options: Options, interrupt: &Interrupt) -> Result<Ended> {
        if let (Some(right), Some(file)) = (args.new_token, &args.token_file) {
            return serve::tokens::make(file, right, &args.token_name).map(Ended::Document);
        }
        let (settings, source) = self.ready(interrupt).await?;
        let options = Options { progress: false, ..options };
        let (calls, waiting) = mpsc::channel(1);
        let start = Start { asked: args, settings, source, options, interrupt: interrupt.clone(), calls };
        let systemd = Systemd::new(&self.env);
        let started = |data: serde_json::Value| {
            systemd.status(&format!("answers at {}", data["url"].as_str().unwrap_or_default()));
            systemd.ready();
            self.printer.for_loops().event("start", data);
        };
        let (served, ()) = tokio::join!(serve::run(start, started), self.desk(waiting, interrupt));
        served?;
        self.printer.for_loops().event("stop", serde_json::json!({"signal": interrupt.exit_code()}));
        Ok(Ended::Said(0))
    }
}
