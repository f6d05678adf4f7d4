//! `orca serve`: from its flags to a server that runs until told to stop.

use anyhow::Result;
use serde_json::json;
use tokio::sync::mpsc;

use super::Session;
use super::end::Ended;
use super::mcp::UnderWay;
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
        // Where nothing may be written, nobody may ask for it.
        let args = Serve { read_only: args.read_only || options.dry_run, ..args };
        let grace = args.grace;
        let (calls, waiting) = mpsc::channel(1);
        let start = Start { asked: args, settings, source, options, interrupt: interrupt.clone(), calls };
        let systemd = Systemd::new(&self.env);
        let started = |data: serde_json::Value| {
            systemd.status(&format!("answers at {}", data["url"].as_str().unwrap_or_default()));
            systemd.ready();
            self.printer.for_loops().event("start", data);
        };
        let under_way = UnderWay::default();
        // The tools have the same grace as all else.
        let desk = async {
            tokio::select! {
                () = self.desk(waiting, interrupt, &under_way) => {}
                () = interrupt.past(grace) => {}
            }
        };
        let (served, ()) = tokio::join!(serve::run(start, started), desk);
        let mut left = served?;
        left.extend(under_way.take().into_iter().map(str::to_owned));
        let mut told = json!({"signal": interrupt.exit_code()});
        if !left.is_empty() {
            told["cut_short"] = json!(left);
        }
        self.printer.for_loops().event("stop", told);
        Ok(Ended::Said(u8::from(!left.is_empty())))
    }
}
