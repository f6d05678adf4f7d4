//! `orca watch`, and the loop of `orca reconcile`: runs the same commands as people do, again and again.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use clap::Parser as _;
use futures_util::FutureExt as _;
use futures_util::future::Either;

use super::Session;
use super::end::Ended;
use crate::cli::{self, Cli, Command, Global};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::interrupt::Interrupt;
use crate::report::{Outcome, Report};
use crate::settings::{self, Rhythm, Schedule, Settings};
use crate::watch::config_file::Reader;
use crate::watch::systemd::Systemd;
use crate::watch::{self, Due, serve};

/// A pass has its own limit; one that doesn't heed it is ended so much later.
const HUNG: Duration = Duration::from_secs(30);
/// Passes that need a config, since without one they have nothing to do.
const CONFIGURED: [&str; 4] = ["reconcile", "labels sync", "anchors follow", "bootstrap"];
/// Passes that stay with what they have begun for minutes: anchors are not kept waiting for so long.
const ASIDE: [&str; 1] = [crate::updates::COMMAND];
/// Passes that work on the host itself: whoever leads, each host has its own.
const LOCAL: [&str; 3] = ["gc", "logs rotate", "mods fetch"];

/// What a loop lends to the commands that it runs, and what it wants back.
pub(super) struct Within {
    engine: Option<Engine>,
    settings: RefCell<Arc<Settings>>,
    cause: Cell<&'static str>,
    reports: RefCell<Vec<Report>>,
    /// Of each command, what its last report said in short.
    said: RefCell<BTreeMap<String, String>>,
}

impl Within {
    fn new(engine: Engine, settings: &Settings) -> Self {
        Self {
            engine: Some(engine),
            settings: RefCell::new(Arc::new(settings.clone())),
            cause: Cell::new("start"),
            reports: RefCell::default(),
            said: RefCell::default(),
        }
    }

    pub(super) fn settings(&self) -> Settings {
        Settings::clone(&self.settings.borrow())
    }

    pub(super) fn engine(&self) -> Option<Engine> {
        self.engine.clone()
    }

    /// Whether a report is worth a line: that it is still another's turn, or that the engine is still away, is not.
    pub(super) fn is_news(&self, report: &mut Report) -> bool {
        report.data.insert("cause".to_owned(), self.cause.get().into());
        let error = report.error.as_ref();
        let said = format!("{:?} {:?}", report.outcome, error.map(|error| (error.kind, &error.message)));
        let away = matches!(
            error.map(|error| error.kind),
            Some(ErrorKind::Unreachable | ErrorKind::NotManager | ErrorKind::Locked)
        );
        let before = self.said.borrow_mut().insert(report.command.clone(), said.clone());
        let repeats = (report.outcome == Outcome::Skipped || away) && report.actions.is_empty();
        !repeats || before != Some(said)
    }

    pub(super) fn keep(&self, report: Report) {
        self.reports.borrow_mut().push(report);
    }
}

impl Session {
    /// Runs passes until told to stop.
    pub(super) async fn watch(&self, args: cli::Watch, interrupt: &Interrupt) -> Result<Ended> {
        let asked_for = args.pass;
        let choose = |settings: &Settings| -> Result<Vec<(String, Schedule)>> {
            let known = &settings.watch;
            let names: Vec<String> = match (asked_for.is_empty(), known.passes.is_empty()) {
                (false, _) => asked_for.clone(),
                (true, false) => known.passes.keys().cloned().collect(),
                (true, true) => vec!["reconcile".to_owned()],
            };
            let schedule = |name: String| known.schedule(&name).map(|schedule| (name, schedule));
            Ok(names.into_iter().filter_map(schedule).collect())
        };
        let needs_config = asked_for.is_empty() || asked_for.iter().any(|pass| CONFIGURED.contains(&pass.as_str()));
        let (command, metrics) = (watch::COMMAND, args.metrics_listen);
        let (once, commands) = (args.once, args.commands);
        let asked = Asked { needs_config, once, commands, metrics, ..Asked::new(command, &choose) };
        self.repeat(asked, interrupt).await
    }

    /// A cycle every `interval`, until a signal.
    pub(super) async fn reconcile_loop(&self, args: cli::Reconcile, interrupt: &Interrupt) -> Result<Ended> {
        let rhythm = Rhythm::Every(args.interval);
        let schedule = Schedule { rhythm, jitter: Some(Duration::ZERO), events: false };
        let choose = |_: &Settings| Ok(vec![("reconcile".to_owned(), schedule.clone())]);
        let wait = args.wait;
        let asked = Asked { wait, ..Asked::new("reconcile", &choose) };
        self.repeat(asked, interrupt).await
    }

    async fn repeat(&self, asked: Asked<'_>, interrupt: &Interrupt) -> Result<Ended> {
        if self.global.snapshot.is_some() {
            let error = Error::new(ErrorKind::Usage, "a snapshot stays as it is: there is nothing to watch");
            return Err(error.hint("leave out --snapshot, or use `orca reconcile --once`").into());
        }
        let (sources, reader) = self.first_read(&asked, interrupt).await?;
        let settings = settings::parse_all(&sources, &self.env)?;
        let engine = self.engine()?;
        let condition = Arc::new(serve::Condition::default());
        let mut server = None;
        if let Some(address) = asked.metrics.or(settings.watch.metrics_listen) {
            let listener = serve::listen(address).await?;
            server = Some(tokio::spawn(serve::serve(listener, Arc::clone(&condition))));
        }
        let watches = asked.command == watch::COMMAND;
        let heartbeat = (watches && !self.global.dry_run).then(|| self.options(None).state_dir);
        heartbeat.as_deref().map_or(Ok(()), crate::state::make_dir)?;
        let watch = watch::Watch {
            command: asked.command,
            choose: asked.choose,
            aside: &ASIDE,
            once: asked.once,
            leader_only: self.global.leader_only.or((!watches).then_some(false)),
            commands: asked.commands.clone(),
            sources,
            reader,
            env: &self.env,
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            engine: Some(engine),
            systemd: Systemd::new(&self.env),
            heartbeat,
            condition,
            printer: self.printer.for_loops(),
            interrupt,
        };
        // Of its own: what a pass asks of the engine is counted.
        let lender = || -> Result<Lender<'_>> {
            let within = Rc::new(Within::new(self.engine()?, &settings));
            Ok(Lender { session: self, within, asked: &asked })
        };
        let (alone, aside) = (lender()?, lender()?);
        let run = async |due: Due| {
            let lender = if ASIDE.contains(&due.pass.as_str()) { &aside } else { &alone };
            Box::pin(run(lender, due, interrupt)).await
        };
        let ended = Box::pin(watch.run(settings, run)).await;
        if let Some(server) = server {
            server.abort();
        }
        // A loop ends by a signal; what should have come to an end by itself has been cut short.
        let well = ended?;
        Ok(Ended::Said(interrupt.exit_code().filter(|_| asked.once).unwrap_or(u8::from(!well))))
    }

    /// What the config says now, and what reads it again; none: standard input can be read only once.
    async fn first_read(
        &self,
        asked: &Asked<'_>,
        interrupt: &Interrupt,
    ) -> Result<(Vec<settings::Source>, Option<Reader>)> {
        let input = settings::Input::new(self.global.config.clone(), self.env.clone());
        let read = if asked.needs_config { settings::read } else { settings::read_if_any };
        let reader: Reader = Arc::new(move || read(&input));
        let first = Arc::clone(&reader);
        let sources = interrupt.aside(move || first()).await??;
        let standard_input = self.global.config.as_deref() == Some("-");
        Ok((sources, (!standard_input).then_some(reader)))
    }
}

/// Who lends what to each run.
struct Lender<'a> {
    session: &'a Session,
    within: Rc<Within>,
    asked: &'a Asked<'a>,
}

/// What the command line says of a loop.
struct Asked<'a> {
    command: &'static str,
    choose: watch::Choose<'a>,
    needs_config: bool,
    once: bool,
    /// `reconcile --wait`.
    wait: Option<Duration>,
    commands: Option<std::path::PathBuf>,
    /// `--metrics-listen`.
    metrics: Option<std::net::SocketAddr>,
}

impl<'a> Asked<'a> {
    /// A loop without an end, by a config.
    fn new(command: &'static str, choose: watch::Choose<'a>) -> Self {
        Self { command, choose, needs_config: true, once: false, wait: None, commands: None, metrics: None }
    }
}

/// One run of a pass, as if it had been called by its name. Whatever becomes of it, there is a report.
async fn run(lender: &Lender<'_>, due: Due, interrupt: &Interrupt) -> Vec<Report> {
    let within = &lender.within;
    let (pass, settings) = (due.pass.as_str(), Arc::clone(&due.settings));
    within.settings.replace(due.settings);
    within.cause.set(due.cause.name());
    for (line, leader_only) in lines(pass, due.leader_only) {
        let mut global = lender.session.global.clone();
        global.leader_only = Some(leader_only);
        let limit = limit(pass, &global, &settings, lender.asked.wait);
        let session = Session {
            global,
            env: lender.session.env.clone(),
            printer: lender.session.printer.for_loops(),
            told: OnceCell::new(),
            within: Some(Rc::clone(within)),
        };
        match command(&line, &settings, lender.asked) {
            Ok(command) => {
                let run = Box::pin(session.run(pass, command, interrupt));
                attend(&session, pass, limit, run, interrupt).await;
            }
            Err(error) => _ = session.end(pass, Err(error.into()), interrupt).await,
        }
    }
    within.reports.take()
}

/// Lets a pass run; if it does not come back by itself, that is how it ends.
async fn attend(
    session: &Session,
    pass: &str,
    limit: Option<Duration>,
    run: impl Future<Output = u8>,
    interrupt: &Interrupt,
) {
    if let Some(error) = guarded(limit, run).await {
        session.end(pass, Err(error.into()), interrupt).await;
    }
}

/// The command lines of a pass, each with whether it is the leader's alone.
fn lines(pass: &str, leader_only: bool) -> Vec<(String, bool)> {
    match pass {
        // The swarm's services are the leader's, a host's own containers its own.
        "autoheal" if leader_only => {
            vec![("autoheal --only services".to_owned(), true), ("autoheal --only containers".to_owned(), false)]
        }
        _ => vec![(pass.to_owned(), leader_only && !LOCAL.contains(&pass))],
    }
}

/// Lets a pass run, whatever it does; what became of it if it did not come back by itself.
async fn guarded(limit: Option<Duration>, pass: impl Future<Output = u8>) -> Option<Error> {
    let pass = AssertUnwindSafe(Box::pin(pass)).catch_unwind();
    let hung = async {
        match limit {
            Some(limit) => tokio::time::sleep(limit).await,
            None => std::future::pending().await,
        }
        limit.unwrap_or_default()
    };
    let text = match futures_util::future::select(pass, std::pin::pin!(hung)).await {
        Either::Left((Ok(_), _)) => return None,
        Either::Left((Err(panic), _)) => {
            let text = panic.downcast_ref::<&str>().copied();
            let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
            format!("the pass panicked: {}", text.unwrap_or("no message"))
        }
        Either::Right((limit, _)) => {
            format!("the pass hung: it was ended after {}", humantime::format_duration(limit))
        }
    };
    Some(Error::new(ErrorKind::Failed, text).hint("this is a bug in orca; please report it"))
}

/// The command of a pass, as the command line has it.
fn command(pass: &str, settings: &Settings, asked: &Asked<'_>) -> Result<Command, Error> {
    let mut words: Vec<std::ffi::OsString> = std::iter::once("orca").chain(pass.split(' ')).map(Into::into).collect();
    match pass {
        "reconcile" => words.push("--once".into()),
        "commands run" => words.extend(asked.commands.as_ref().or(settings.watch.commands.as_ref()).map(Into::into)),
        _ => {}
    }
    let parsed = Cli::try_parse_from(words).map_err(|error| {
        let text = error.to_string();
        Error::new(ErrorKind::Failed, format!("`{pass}` can't be run: {}", text.lines().next().unwrap_or_default()))
    })?;
    Ok(match parsed.command {
        Command::Reconcile(reconcile) => Command::Reconcile(cli::Reconcile { wait: asked.wait, ..reconcile }),
        command => command,
    })
}

/// The longest that a pass may take: all of its parts, each with its own time and its own wait for a lock, and what it
/// takes to tell others. None where only the parts have a limit.
fn limit(pass: &str, global: &Global, settings: &Settings, wait: Option<Duration>) -> Option<Duration> {
    let part = |usual: Duration| global.timeout.unwrap_or(usual) + global.lock_timeout;
    let own = match pass {
        // Each entry of the file has all of the time, each rollout a deadline, and there may be any number.
        "commands run" | "services update" => return None,
        "reconcile" if settings.rebalance.auto => part(super::TIMEOUT) + part(super::rebalance::TIMEOUT),
        // The services, then the containers.
        "autoheal" => part(super::TIMEOUT) * 2,
        "rebalance apply" => part(super::rebalance::TIMEOUT),
        "mods fetch" => part(super::mods::TIMEOUT),
        "logs rotate" => part(super::logs::TIMEOUT),
        "exporter deploy" => part(super::exporter::TIMEOUT),
        _ => part(super::TIMEOUT),
    };
    Some(own + wait.unwrap_or_default() + settings.notify.timeout + HUNG)
}

#[cfg(test)]
mod tests;
