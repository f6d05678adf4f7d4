//! `orca watch`: passes on a clock and on events, one at a time but for those that take long, until told to stop.
//!
//! What is decided is decided in pure parts ([`agenda`], [`debounce`], [`schedule`], [`config_file::Settling`]); [`scout`]
//! looks at the engine; here they are put together. What a pass does is not known here.

pub mod agenda;
pub mod config_file;
pub mod debounce;
mod inbox;
mod outposts;
mod round;
pub mod schedule;
pub mod scout;
pub mod serve;
pub mod systemd;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, timeout};

use crate::engine::Engine;
use crate::interrupt::Interrupt;
use crate::report::Report;
use crate::report::print::Printer;
use crate::settings::{Schedule, Settings, Source};
use agenda::{Agenda, Cause, Now};
use config_file::Reader;
use inbox::Inbox;
use outposts::Outposts;
use round::Round;
use scout::{Interest, Scout};
use serve::Condition;
use systemd::Systemd;

/// The command's name.
pub const COMMAND: &str = "watch";
/// The first pass waits so long for the event stream to be open.
const FIRST: Duration = Duration::from_secs(2);

/// Chooses passes and their times from the settings; tells why it can't.
pub type Choose<'a> = &'a dyn Fn(&Settings) -> Result<Vec<(String, Schedule)>>;

/// What a loop is made of.
#[expect(missing_debug_implementations, reason = "it holds closures")]
pub struct Watch<'a> {
    /// The command, as `watch` or `reconcile`.
    pub command: &'static str,
    /// The passes to run by these settings.
    pub choose: Choose<'a>,
    /// Passes that the others don't wait for.
    pub aside: &'static [&'static str],
    /// Runs of all passes end after one.
    pub once: bool,
    /// `--leader-only`, where it was said.
    pub leader_only: Option<bool>,
    /// The command file of SIGUSR1; none: that of the settings.
    pub commands: Option<PathBuf>,
    /// What the config said when it was first read.
    pub sources: Vec<Source>,
    /// Reads it again; none: it can be read only once.
    pub reader: Option<Reader>,
    /// Its variables.
    pub env: &'a BTreeMap<String, String>,
    /// This host's name, for jitter.
    pub host: String,
    /// The engine, where there is one to be asked.
    pub engine: Option<Engine>,
    /// systemd, if it listens.
    pub systemd: Systemd,
    /// Where the heartbeat of `orca health --self` is written; none for what is no watch.
    pub heartbeat: Option<PathBuf>,
    /// What is asked over HTTP.
    pub condition: Arc<Condition>,
    /// Prints.
    pub printer: Printer,
    /// SIGINT and SIGTERM.
    pub interrupt: &'a Interrupt,
}

/// A run of a pass that is due.
#[derive(Debug)]
pub struct Due {
    /// The pass, by the name of its command.
    pub pass: String,
    /// Why it runs.
    pub cause: Cause,
    /// What to plan by.
    pub settings: Arc<Settings>,
    /// Act only where the engine leads.
    pub leader_only: bool,
}

impl Watch<'_> {
    /// Runs passes until told to stop. Returns whether all of the last runs went well.
    ///
    /// # Errors
    /// If the config is wrong from the beginning, or signals can't be listened to.
    pub async fn run(&self, settings: Settings, run: impl AsyncFn(Due) -> Vec<Report>) -> Result<bool> {
        let (sights, from_sights) = mpsc::channel(64);
        let (texts, from_texts) = mpsc::channel(4);
        let (reread, from_reread) = mpsc::channel(4);
        let passes = (self.choose)(&settings)?;
        let settings = Arc::new(settings);
        let interest = Arc::new(self.interest(&settings, &passes));
        let (interest, watched) = watch::channel(interest);
        let mut inbox = Inbox::new(from_sights, from_texts, from_reread, self.systemd.pulse())?;
        let agenda = if self.once { Agenda::once } else { Agenda::new };
        let agenda = agenda(&passes, &settings.watch, &self.host, now());
        let every = settings.watch.config_poll;
        let leader_only = self.leader_only.unwrap_or(settings.watch.leader_only);
        let alarm = Arc::new(Notify::new());
        let outposts = Outposts::new(sights.clone(), Arc::clone(&alarm));
        let mut round = Round::new(self, settings, agenda, interest, outposts, reread);
        let mut tasks = Vec::new();
        if let Some(reader) = self.reader.clone().filter(|_| !every.is_zero()) {
            tasks.push(tokio::spawn(config_file::follow(reader, self.sources.clone(), every, texts)).abort_handle());
        }
        let names: Vec<&String> = passes.iter().map(|(pass, _)| pass).collect();
        let start = json!({ "command": self.command, "passes": names, "leader_only": leader_only });
        self.printer.event("start", start);
        let listens = passes.iter().any(|(_, schedule)| schedule.events);
        // Where no pass listens now, another config may have one that does.
        if let Some(engine) = self.engine.clone().filter(|_| self.scouts()) {
            let scout = Scout { engine, interest: watched, tell: sights, alarm, outpost: false };
            tasks.push(tokio::spawn(scout.run()).abort_handle());
            // What happens from the first look on must be heard of.
            let first = async { if listens { inbox.first().await } else { None } };
            let seen = timeout(FIRST, first).await.ok().flatten();
            round.begin(seen.as_ref());
        }
        self.systemd.ready();
        let ended = round.go(&mut inbox, &run).await;
        for task in tasks {
            task.abort();
        }
        ended
    }

    /// Whether the engine is looked at beside the passes.
    fn scouts(&self) -> bool {
        self.command == COMMAND && !self.once
    }

    fn interest(&self, settings: &Settings, passes: &[(String, Schedule)]) -> Interest {
        let leader_only = self.leader_only.unwrap_or(settings.watch.leader_only);
        Interest::of(settings, leader_only, passes.iter().any(|(_, schedule)| schedule.events))
    }
}

fn now() -> Now {
    Now { at: Instant::now(), wall: Timestamp::now() }
}
