//! `orca watch`: passes on a clock and on events, one at a time, until told to stop.
//!
//! What is decided is decided in pure parts ([`agenda`], [`debounce`], [`schedule`], [`config_file::Settling`]); [`scout`]
//! looks at the engine; here they are put together. What a pass does is not known here.

pub mod agenda;
pub mod config_file;
pub mod debounce;
pub mod schedule;
pub mod scout;
pub mod serve;
pub mod systemd;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde_json::json;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};

use crate::engine::Engine;
use crate::error::ErrorKind;
use crate::interrupt::Interrupt;
use crate::plan::Warning;
use crate::report::print::Printer;
use crate::report::{Outcome, Report, ReportedError};
use crate::settings::{Problems, Schedule, Settings, Source};
use crate::{nodes, settings};
use agenda::{Agenda, Cause, Left, Now};
use config_file::{Reader, Texts};
use scout::{Interest, Scout, Sight};
use serve::Health;
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
    pub env: &'a std::collections::BTreeMap<String, String>,
    /// This host's name, for jitter.
    pub host: String,
    /// The engine, where there is one to be asked.
    pub engine: Option<Engine>,
    /// systemd, if it listens.
    pub systemd: Systemd,
    /// What is asked over HTTP.
    pub health: Arc<Health>,
    /// Prints.
    pub printer: Printer,
    /// SIGINT and SIGTERM.
    pub interrupt: &'a Interrupt,
}

/// One run, as the loop wants it.
#[derive(Debug)]
pub struct Order {
    /// The pass, by the name of its command.
    pub pass: String,
    /// Why it runs.
    pub cause: Cause,
    /// What to plan by.
    pub settings: Arc<Settings>,
    /// Act only where the engine leads.
    pub leader_only: bool,
}

/// What a loop has under way.
struct Round<'w, 'a> {
    watch: &'w Watch<'a>,
    settings: Arc<Settings>,
    /// The texts that `settings` were made of, and those that were refused last.
    used: Vec<Source>,
    refused: Option<String>,
    agenda: Agenda,
    interest: watch::Sender<Arc<Interest>>,
    outposts: Vec<AbortHandle>,
    sights: mpsc::Sender<Sight>,
    /// The engine's events can't be heard at the moment.
    lost: bool,
    /// A command file is to be run.
    commands: bool,
    runs: u64,
    last: String,
}

/// What wakes the loop.
enum Wake {
    Sight(Sight),
    Config(Texts),
    Hangup,
    Commands,
    Pulse,
    Time,
}

/// Where it comes from.
struct Sources {
    sights: mpsc::Receiver<Sight>,
    texts: mpsc::Receiver<Texts>,
    hangup: Signal,
    user: Signal,
    pulse: Option<tokio::time::Interval>,
}

impl Sources {
    /// Waits for what comes next, at most so long. Nothing is lost when the wait is given up.
    async fn next(&mut self, limit: Duration) -> Wake {
        let pulse = async {
            match &mut self.pulse {
                Some(pulse) => pulse.tick().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Some(sight) = self.sights.recv() => Wake::Sight(sight),
            Some(texts) = self.texts.recv() => Wake::Config(texts),
            Some(()) = self.hangup.recv() => Wake::Hangup,
            Some(()) = self.user.recv() => Wake::Commands,
            _ = pulse => Wake::Pulse,
            () = tokio::time::sleep(limit) => Wake::Time,
        }
    }
}

impl Watch<'_> {
    /// Runs passes until told to stop. Returns whether all of the last runs went well.
    ///
    /// # Errors
    /// If the config is wrong from the beginning, or signals can't be listened to.
    pub async fn run(&self, settings: Settings, run: impl AsyncFn(Order) -> Vec<Report>) -> Result<bool> {
        let (sights, from_sights) = mpsc::channel(64);
        let (texts, from_texts) = mpsc::channel(4);
        let passes = (self.choose)(&settings)?;
        let settings = Arc::new(settings);
        let interest = Arc::new(self.interest(&settings, &passes));
        let (interest, watched) = watch::channel(interest);
        let mut sources = Sources {
            sights: from_sights,
            texts: from_texts,
            hangup: signal(SignalKind::hangup()).context("can't listen for SIGHUP")?,
            user: signal(SignalKind::user_defined1()).context("can't listen for SIGUSR1")?,
            pulse: self.systemd.pulse().map(tokio::time::interval),
        };
        let agenda = if self.once { Agenda::once } else { Agenda::new };
        let agenda = agenda(&passes, &settings.watch, &self.host, now());
        let mut round = Round {
            watch: self,
            settings,
            used: self.sources.clone(),
            refused: None,
            agenda,
            interest,
            outposts: Vec::new(),
            sights,
            lost: false,
            commands: false,
            runs: 0,
            last: "started".to_owned(),
        };
        let mut tasks = Vec::new();
        if let Some(reader) = self.reader.clone().filter(|_| !round.settings.watch.config_poll.is_zero()) {
            let every = round.settings.watch.config_poll;
            tasks.push(tokio::spawn(config_file::follow(reader, self.sources.clone(), every, texts)).abort_handle());
        }
        self.printer.event("start", json!({
            "command": self.command, "passes": passes.iter().map(|(pass, _)| pass).collect::<Vec<_>>(),
            "leader_only": self.leader_only.unwrap_or(round.settings.watch.leader_only),
        }));
        let listens = passes.iter().any(|(_, schedule)| schedule.events);
        if let Some(engine) = self.engine.clone().filter(|_| listens && !self.once) {
            let scout = Scout { engine, interest: watched, tell: round.sights.clone(), outpost: false };
            tasks.push(tokio::spawn(scout.run()).abort_handle());
            round.post();
            // What happens from the first look on must be heard of.
            if let Ok(Some(sight)) = timeout(FIRST, round_first(&mut sources)).await {
                round.lost = matches!(sight, Sight::Lost(_));
            }
        }
        self.systemd.ready();
        let ended = round.go(&mut sources, &run).await;
        tasks.into_iter().chain(round.outposts).for_each(|task| task.abort());
        ended
    }

    fn interest(&self, settings: &Settings, passes: &[(String, Schedule)]) -> Interest {
        let leader_only = self.leader_only.unwrap_or(settings.watch.leader_only);
        Interest::of(settings, leader_only, passes.iter().any(|(_, schedule)| schedule.events))
    }
}

/// The first sight of the engine that says whether it is there.
async fn round_first(sources: &mut Sources) -> Option<Sight> {
    loop {
        match sources.sights.recv().await? {
            sight @ (Sight::Connected | Sight::Lost(_)) => return Some(sight),
            Sight::Changed | Sight::Moved | Sight::Leads(_) => {}
        }
    }
}

fn now() -> Now {
    Now { at: Instant::now(), wall: Timestamp::now() }
}

impl Round<'_, '_> {
    async fn go(&mut self, sources: &mut Sources, run: &impl AsyncFn(Order) -> Vec<Report>) -> Result<bool> {
        let interrupt = self.watch.interrupt;
        let mut well = std::collections::BTreeMap::new();
        loop {
            if let Some(code) = interrupt.exit_code() {
                self.watch.systemd.stopping();
                self.stopped(json!({ "command": self.watch.command, "signal_exit_code": code }));
                return Ok(true);
            }
            let next = if self.commands { Some(("commands run".to_owned(), Cause::Signal)) } else { self.agenda.take(now()) };
            let Some((pass, cause)) = next else {
                if self.watch.once {
                    self.stopped(json!({ "command": self.watch.command }));
                    return Ok(well.values().all(|well| *well));
                }
                self.tell_status();
                let wake = tokio::select! {
                    _ = interrupt.nth(1) => continue,
                    wake = sources.next(self.agenda.idle(now())) => wake,
                };
                self.take(wake).await;
                continue;
            };
            self.commands &= pass != "commands run";
            let order = Order {
                pass: pass.clone(),
                cause,
                settings: Arc::clone(&self.settings),
                leader_only: self.watch.leader_only.unwrap_or(self.settings.watch.leader_only),
            };
            let Some(reports) = self.attend(run(order), sources).await else {
                self.stopped(json!({ "command": self.watch.command, "cut_short": pass }));
                return Ok(false);
            };
            well.insert(pass.clone(), reports.iter().all(|report| report.error.is_none()));
            self.note(&pass, &reports);
            if !self.watch.once {
                self.agenda.ran(&pass, left(&reports), now());
            }
        }
    }

    /// Takes in what comes while a pass runs. None if it was told to stop and did not within the grace.
    async fn attend(
        &mut self,
        run: impl Future<Output = Vec<Report>>,
        sources: &mut Sources,
    ) -> Option<Vec<Report>> {
        let mut run = std::pin::pin!(run);
        let grace = self.settings.watch.grace;
        let mut told = std::pin::pin!(async {
            self.watch.interrupt.nth(1).await;
            self.watch.systemd.stopping();
            tokio::time::sleep(grace).await;
        });
        let mut waked = Vec::new();
        let reports = loop {
            tokio::select! {
                reports = &mut run => break Some(reports),
                () = &mut told => break None,
                wake = sources.next(Duration::from_secs(3600)) => match wake {
                    Wake::Pulse => self.watch.systemd.alive(),
                    // Events are noted at once: what comes after the run has begun asks for another.
                    Wake::Sight(Sight::Changed) => self.agenda.hint(now()),
                    other => waked.push(other),
                },
            }
        };
        for wake in waked {
            self.take(wake).await;
        }
        reports
    }

    async fn take(&mut self, wake: Wake) {
        match wake {
            Wake::Time => {}
            Wake::Pulse => self.watch.systemd.alive(),
            Wake::Sight(sight) => self.see(sight),
            Wake::Config(texts) => self.change(texts, Cause::Config),
            Wake::Commands => self.commands = self.command_file().is_some(),
            Wake::Hangup => {
                self.watch.systemd.reloading();
                if let Some(read) = self.watch.reader.clone() {
                    match tokio::task::spawn_blocking(move || read()).await {
                        Ok(texts) => self.change(texts, Cause::Signal),
                        Err(error) => tracing::warn!("the config was not read: {error}"),
                    }
                }
                self.agenda.demand(Cause::Signal, now());
                self.watch.systemd.ready();
            }
        }
    }

    fn command_file(&self) -> Option<&PathBuf> {
        self.watch.commands.as_ref().or(self.settings.watch.commands.as_ref())
    }

    fn see(&mut self, sight: Sight) {
        let now = now();
        match sight {
            Sight::Changed => self.agenda.hint(now),
            Sight::Moved => self.agenda.urge(Cause::Anchor, now),
            Sight::Leads(true) => self.agenda.urge(Cause::Leader, now),
            Sight::Leads(false) => {}
            Sight::Connected => {
                if std::mem::take(&mut self.lost) {
                    self.watch.printer.event("engine", json!({ "state": "back" }));
                }
                self.agenda.urge(Cause::Gap, now);
            }
            Sight::Lost(why) => {
                self.lost = true;
                self.watch.printer.event("engine", json!({ "state": "lost", "error": why }));
            }
        }
    }

    /// Takes another config over, or says why not.
    fn change(&mut self, texts: Texts, cause: Cause) {
        if texts.as_ref().is_ok_and(|texts| *texts == self.used) {
            self.refused = None;
            return;
        }
        let parsed = texts.and_then(|texts| {
            let settings = settings::parse_all(&texts, self.watch.env)?;
            let passes = (self.watch.choose)(&settings)?;
            Ok((texts, settings, passes))
        });
        match parsed {
            Ok((texts, settings, passes)) => {
                (self.used, self.refused) = (texts, None);
                self.settings = Arc::new(settings);
                let interest = self.watch.interest(&self.settings, &passes);
                self.interest.send_replace(Arc::new(interest));
                self.agenda.change(&passes, &self.settings.watch, &self.watch.host, now());
                self.agenda.demand(cause, now());
                self.post();
                self.watch.printer.event("config", json!({ "state": "taken", "files": self.settings.files }));
            }
            Err(error) => self.refuse(&error),
        }
    }

    fn refuse(&mut self, error: &anyhow::Error) {
        let said = ReportedError::from_error(error);
        let text = format!("{} {}", said.message, said.causes.join("; "));
        if self.refused.as_ref() == Some(&text) {
            return;
        }
        let problems = error.downcast_ref::<Problems>().map(|problems| json!(problems.list()));
        self.watch.printer.event("config", json!({ "state": "refused", "error": said, "problems": problems }));
        let message = format!("the new configuration is refused, the old one stays in use: {text}");
        self.watch.printer.warnings(&[Warning::new("config_refused", message)]);
        self.refused = Some(text);
    }

    /// Listens to the engines of other nodes, where the config wants that.
    fn post(&mut self) {
        self.outposts.drain(..).for_each(|outpost| outpost.abort());
        if !self.settings.watch.subscribe_nodes {
            return;
        }
        for (name, node) in &self.settings.nodes {
            let Some(host) = &node.host else { continue };
            match nodes::engine_at(host, &format!("nodes.{name}.host")) {
                Ok(engine) => {
                    let (interest, tell) = (self.interest.subscribe(), self.sights.clone());
                    let outpost = Scout { engine, interest, tell, outpost: true };
                    self.outposts.push(tokio::spawn(outpost.run()).abort_handle());
                }
                Err(error) => tracing::warn!("not listening to `{name}`: {error:#}"),
            }
        }
    }

    fn note(&mut self, pass: &str, reports: &[Report]) {
        self.runs += 1;
        if let Some(report) = reports.last() {
            self.last = format!("{pass}: {}", word(report.outcome));
        }
        self.watch.health.note(reports);
    }

    fn tell_status(&self) {
        let away = if self.lost { "; the engine is away" } else { "" };
        let refused = if self.refused.is_some() { "; the new config is refused" } else { "" };
        self.watch.systemd.status(&format!("{} runs, last {}{away}{refused}", self.runs, self.last));
        self.watch.health.round(!self.lost);
    }

    fn stopped(&self, data: serde_json::Value) {
        self.watch.printer.event("stop", data);
    }
}

fn word(outcome: Outcome) -> String {
    serde_json::to_value(outcome).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

/// What the reports of a run say is left to do.
fn left(reports: &[Report]) -> Left {
    let kind = |report: &Report| report.error.as_ref().map(|error| error.kind);
    let again = |report: &Report| {
        use ErrorKind::{Conflict, Locked, NotManager, Timeout, Unreachable};
        matches!(kind(report), Some(Unreachable | NotManager | Locked | Conflict | Timeout))
    };
    let under_way = |report: &Report| {
        report.data.get("unsettled").and_then(|list| list.as_array()).is_some_and(|list| !list.is_empty())
    };
    if reports.iter().any(again) {
        Left::Everything
    } else if reports.iter().any(under_way) {
        Left::Unsettled
    } else {
        Left::Nothing
    }
}
