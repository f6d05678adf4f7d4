//! The loop itself: takes in what comes, runs what is due.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use serde_json::json;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::agenda::{Agenda, Cause, LOOK, Left};
use super::config_file::Texts;
use super::inbox::{Inbox, Wake};
use super::outposts::Outposts;
use super::scout::{Interest, Sight};
use super::{Due, Watch, now};
use crate::cli::Whose;
use crate::error::ErrorKind;
use crate::health::Heartbeat;
use crate::plan::Warning;
use crate::report::{Outcome, Report, ReportedError};
use crate::settings::{self, Problems, Settings, Source};

/// The heartbeat is written again after this, if nothing else makes it.
const BEAT: Duration = Duration::from_secs(10);

/// A pass that the others don't wait for, while it runs.
type Aside<'r> = Option<(String, Pin<Box<dyn Future<Output = Vec<Report>> + 'r>>)>;

/// What a loop has under way.
pub(super) struct Round<'w, 'a> {
    watch: &'w Watch<'a>,
    settings: Arc<Settings>,
    /// The texts that `settings` were made of, and those that were refused last.
    used: Vec<Source>,
    refused: Option<String>,
    agenda: Agenda,
    interest: watch::Sender<Arc<Interest>>,
    outposts: Outposts,
    reread: mpsc::Sender<Texts>,
    /// The engine is away, or not; none: that has not been seen yet.
    lost: Option<bool>,
    /// A command file is to be run.
    commands: bool,
    runs: u64,
    /// Of each pass, whether its last run went well.
    well: BTreeMap<String, bool>,
    last: Option<(String, Outcome)>,
    /// When the heartbeat was last written.
    beat: Option<Instant>,
}

impl<'w, 'a> Round<'w, 'a> {
    pub(super) fn new(
        watch: &'w Watch<'a>,
        settings: Arc<Settings>,
        agenda: Agenda,
        interest: watch::Sender<Arc<Interest>>,
        outposts: Outposts,
        reread: mpsc::Sender<Texts>,
    ) -> Self {
        Self {
            watch,
            settings,
            used: watch.sources.clone(),
            refused: None,
            agenda,
            interest,
            outposts,
            reread,
            lost: None,
            commands: false,
            runs: 0,
            well: BTreeMap::new(),
            last: None,
            beat: None,
        }
    }

    /// Notes what was seen before the first pass.
    pub(super) fn begin(&mut self, seen: Option<&Sight>) {
        self.lost = seen.map(|seen| matches!(seen, Sight::Lost(_)));
        self.post();
    }

    pub(super) async fn go(&mut self, inbox: &mut Inbox, run: &impl AsyncFn(Due) -> Vec<Report>) -> Result<bool> {
        let interrupt = self.watch.interrupt;
        let mut aside: Aside<'_> = None;
        loop {
            if let Some(code) = interrupt.exit_code() {
                self.watch.systemd.stopping();
                if let Some((pass, run)) = aside.take()
                    && !self.finish(pass, run, inbox, &mut None).await
                {
                    return Ok(false);
                }
                self.stopped(json!({ "command": self.watch.command, "signal_exit_code": code }));
                return Ok(true);
            }
            let next =
                if self.commands { Some(("commands run".to_owned(), Cause::Signal)) } else { self.agenda.take(now()) };
            let Some((pass, cause)) = next else {
                if self.watch.once {
                    self.stopped(json!({ "command": self.watch.command }));
                    return Ok(self.well.values().all(|well| *well));
                }
                self.tell_status();
                self.beat();
                tokio::select! {
                    _ = interrupt.nth(1) => {}
                    (pass, reports) = ended(&mut aside) => self.note(&pass, &reports),
                    wake = inbox.next(self.agenda.idle(now())) => self.take(wake),
                }
                continue;
            };
            self.commands &= pass != "commands run";
            let due = Due {
                pass: pass.clone(),
                cause,
                settings: Arc::clone(&self.settings),
                leader_only: self.watch.leader_only.unwrap_or(self.settings.watch.leader_only),
            };
            let run = Box::pin(run(due));
            if !self.watch.once && self.watch.aside.contains(&pass.as_str()) {
                aside = Some((pass, run));
            } else if !self.finish(pass, run, inbox, &mut aside).await {
                return Ok(false);
            }
        }
    }

    /// Stays with a pass until it has ended; false if it was told to stop and did not within the grace.
    async fn finish(
        &mut self,
        pass: String,
        run: impl Future<Output = Vec<Report>>,
        inbox: &mut Inbox,
        aside: &mut Aside<'_>,
    ) -> bool {
        let Some(reports) = self.attend(run, inbox, aside).await else {
            let mut told = json!({ "command": self.watch.command, "cut_short": pass });
            if let Some((aside, _)) = aside {
                told["cut_short_aside"] = aside.as_str().into();
            }
            self.stopped(told);
            return false;
        };
        self.note(&pass, &reports);
        true
    }

    /// Takes in what comes while a pass runs. None if it was told to stop and did not within the grace.
    async fn attend(
        &mut self,
        run: impl Future<Output = Vec<Report>>,
        inbox: &mut Inbox,
        aside: &mut Aside<'_>,
    ) -> Option<Vec<Report>> {
        let mut run = std::pin::pin!(run);
        let grace = self.settings.watch.grace;
        let mut told = std::pin::pin!(async {
            self.watch.interrupt.nth(1).await;
            self.watch.systemd.stopping();
            self.watch.interrupt.past(grace).await;
        });
        let mut waked = Vec::new();
        let reports = loop {
            tokio::select! {
                reports = &mut run => break Some(reports),
                () = &mut told => break None,
                (pass, reports) = ended(aside) => self.note(&pass, &reports),
                wake = inbox.next(BEAT) => {
                    match wake {
                        Wake::Time => {}
                        Wake::Pulse => self.watch.systemd.alive(),
                        // Events are noted at once: what comes after the run has begun asks for another.
                        Wake::Sight(Sight::Changed) => self.agenda.hint(now()),
                        other => waked.push(other),
                    }
                    self.beat();
                }
            }
        };
        for wake in waked {
            self.take(wake);
        }
        reports
    }

    fn take(&mut self, wake: Wake) {
        match wake {
            Wake::Time => {}
            Wake::Pulse => self.watch.systemd.alive(),
            Wake::Sight(sight) => self.see(sight),
            Wake::Config(texts) => self.change(texts, Cause::Config),
            Wake::Commands => self.commands = self.command_file().is_some(),
            Wake::Hangup => {
                self.watch.systemd.reloading();
                let Some(read) = self.watch.reader.clone() else { return self.reloaded() };
                let tell = self.reread.clone();
                // Files may be far away: the loop goes on meanwhile. If it ends, nobody needs to be told.
                tokio::task::spawn_blocking(move || tell.blocking_send(read()).ok());
            }
            Wake::Reread(texts) => {
                self.change(texts, Cause::Signal);
                self.reloaded();
            }
        }
    }

    /// Does what SIGHUP asks for, by the config that is in use now.
    fn reloaded(&mut self) {
        self.agenda.demand(Cause::Signal, now());
        self.watch.systemd.ready();
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
                if self.lost.replace(false) == Some(true) {
                    self.watch.printer.event("engine", json!({ "state": "back" }));
                }
                self.agenda.urge(Cause::Gap, now);
            }
            Sight::Lost(why) => {
                self.lost = Some(true);
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
        if self.watch.scouts() {
            self.outposts.post(&self.settings, &self.interest);
        }
    }

    /// A pass has ended.
    fn note(&mut self, pass: &str, reports: &[Report]) {
        self.runs += 1;
        self.well.insert(pass.to_owned(), reports.iter().all(|report| report.error.is_none()));
        if !self.watch.once {
            self.agenda.ran(pass, left(reports), now());
        }
        if let Some(report) = reports.last() {
            self.last = Some((pass.to_owned(), report.outcome));
        }
        let away = reports.iter().any(|report| report.error.as_ref().is_some_and(|e| e.kind == ErrorKind::Unreachable));
        let reached = reports.iter().any(|report| report.cluster.is_some());
        // Whoever looks at the engine itself knows better: a pass may have missed another node's.
        if !self.watch.scouts() && (away || reached) {
            self.lost = Some(away);
        } else if self.lost.is_none() && reached && !away {
            self.lost = Some(false);
        }
        self.watch.condition.note(reports);
        self.beat = None;
    }

    /// Says that the loop is alive, to whoever looks at its file. What can't be written is as if it were not.
    fn beat(&mut self) {
        let Some(dir) = &self.watch.heartbeat else { return };
        if self.beat.is_some_and(|beat| beat.elapsed() < BEAT) {
            return;
        }
        let (pass, outcome) = self.last.clone().unzip();
        if let Err(error) = Heartbeat::now(LOOK, pass, outcome).write(dir, Whose::Watch) {
            tracing::warn!("no heartbeat: {error:#}");
        }
        self.beat = Some(Instant::now());
    }

    fn tell_status(&self) {
        let last = self.last.as_ref().map_or_else(|| "none".to_owned(), |(pass, how)| format!("{pass}: {how}"));
        let away = if self.lost == Some(true) { "; the engine is away" } else { "" };
        let refused = if self.refused.is_some() { "; the new config is refused" } else { "" };
        self.watch.systemd.status(&format!("{} runs, last {}{away}{refused}", self.runs, last));
        self.watch.condition.round(self.lost == Some(false));
    }

    fn stopped(&self, data: serde_json::Value) {
        self.watch.printer.event("stop", data);
    }
}

/// Waits for the end of what runs aside; for ever where nothing does.
async fn ended(aside: &mut Aside<'_>) -> (String, Vec<Report>) {
    let Some((_, run)) = aside else { return std::future::pending().await };
    let reports = run.await;
    (aside.take().map(|(pass, _)| pass).unwrap_or_default(), reports)
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
