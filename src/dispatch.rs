//! From a parsed command line to an exit code: reads the environment, builds what a command needs, runs it, prints.

mod autoheal;
mod bootstrap;
mod everyday;
mod exporter;
mod gc;
mod logs;
mod mods;
mod operate;
mod publish;
mod rebalance;
mod tell;
mod watch;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser as _;
use clap::error::ErrorKind as ClapErrorKind;
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::cli::{Anchors, Cli, Command, Commands, Exporter, Global, Labels, LogFormat, Logs, Mods, Output, When};
use crate::cycle::{Cycle, Options, Source};
use crate::engine::Engine;
use crate::engine::context::{self, Flags};
use crate::engine::wire::Wire;
use crate::error::{ErrorKind, interrupted, kind_of};
use crate::interrupt::Interrupt;
use crate::pass::Pass;
use crate::report::print::{Format, Printer, on_terminal};
use crate::report::{Outcome, Report, ReportedError, Run};
use crate::settings::{self, Problems, Settings};
use crate::{complete, exit, generate, sim, state};

/// A pass ends after this long, unless a flag says otherwise.
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(60);

/// Commands whose runs are counted even if they don't get as far as to begin.
const PASSES: [&str; 14] = [
    "labels sync",
    "anchors follow",
    "reconcile",
    "rebalance apply",
    "rebalance recover",
    "autoheal",
    "bootstrap",
    "exporter deploy",
    "logs rotate",
    "mods fetch",
    "gc",
    "commands run",
    "pause",
    "resume",
];

type Env = BTreeMap<String, String>;

/// Runs orca with these arguments.
pub fn main(args: impl Iterator<Item = OsString>) -> ExitCode {
    if let Some(answered) = complete::answer() {
        return answered;
    }
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    // Variables that are no UTF-8 are none of orca's.
    let env: Env = std::env::vars_os()
        .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    start_log(&cli.global, &env);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let session =
        Session { printer: printer(&cli.global, &env), env, global: cli.global, signal: Cell::new(None), within: None };
    let code = match runtime {
        Ok(runtime) => {
            let code = runtime.block_on(session.run_until_told_twice(cli.command));
            // A blocking read (stdin, say) must not keep a finished orca alive.
            runtime.shutdown_background();
            code
        }
        Err(error) => session.failed("orca", &anyhow::Error::new(error).context("can't start")),
    };
    ExitCode::from(code)
}

fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    match error.kind() {
        ClapErrorKind::DisplayHelp | ClapErrorKind::DisplayVersion => ExitCode::SUCCESS,
        _ => ExitCode::from(exit::code_of(ErrorKind::Usage, None)),
    }
}

fn start_log(global: &Global, env: &Env) {
    let debug = env.get("DEBUG").is_some_and(|value| matches!(value.as_str(), "1" | "true" | "yes"));
    let level = match (global.verbose, debug) {
        (0, false) => "warn",
        (0, true) | (1, _) => "orca=debug",
        _ => "trace",
    };
    let wanted = env.get("ORCA_LOG").and_then(|filter| filter.parse::<Targets>().ok());
    let filter = wanted.or_else(|| level.parse().ok()).unwrap_or_default();
    let log = tracing_subscriber::fmt()
        .log_internal_errors(false)
        .with_max_level(Level::TRACE)
        .with_writer(std::io::stderr)
        .with_ansi(false);
    match global.log_format {
        LogFormat::Text => log.finish().with(filter).init(),
        LogFormat::Json => log.json().finish().with(filter).init(),
    }
}

fn printer(global: &Global, env: &Env) -> Printer {
    let terminal = on_terminal();
    let format = match global.output {
        Output::Auto if terminal => Format::Text,
        Output::Text => Format::Text,
        Output::Auto | Output::Json => Format::Json,
    };
    let color = match global.color {
        When::Always => true,
        When::Never => false,
        When::Auto => terminal && env.get("NO_COLOR").is_none_or(String::is_empty),
    };
    Printer { format, color, quiet: global.quiet }
}

/// What every command is run with.
struct Session {
    global: Global,
    env: Env,
    printer: Printer,
    /// The exit code of the signal that has come, if one has.
    signal: Cell<Option<u8>>,
    /// The loop that runs the command, if one does.
    within: Option<std::rc::Rc<watch::Within>>,
}

impl Session {
    async fn run_until_told_twice(&self, command: Command) -> u8 {
        let interrupt = match Interrupt::listen() {
            Ok(interrupt) => interrupt,
            Err(error) => return self.failed("orca", &error.context("can't listen for signals")),
        };
        tokio::select! {
            code = self.run(command, &interrupt) => code,
            code = interrupt.nth(2) => code,
        }
    }

    async fn run(&self, command: Command, interrupt: &Interrupt) -> u8 {
        let wait = match &command {
            Command::Anchors(Anchors::Follow(follow)) => follow.wait,
            Command::Reconcile(reconcile) => reconcile.wait,
            _ => None,
        };
        let options = self.options(wait);
        match command {
            Command::Labels(Labels::Sync) => {
                self.passes(Pass::Labels.name(), &[Pass::Labels], &options, interrupt).await
            }
            Command::Anchors(Anchors::Follow(_)) => {
                self.passes(Pass::Anchors.name(), &[Pass::Anchors], &options, interrupt).await
            }
            Command::Rebalance(command) => Box::pin(self.rebalance(command, options, interrupt)).await,
            // A dry run says what would be done; saying it again and again tells nothing new.
            Command::Reconcile(reconcile) if reconcile.once || options.dry_run => {
                self.passes("reconcile", &Pass::ALL, &options, interrupt).await
            }
            Command::Reconcile(reconcile) => Box::pin(self.reconcile_loop(reconcile, interrupt)).await,
            Command::Watch(args) => Box::pin(self.watch(args, interrupt)).await,
            Command::Autoheal(args) => Box::pin(self.autoheal(args, &options, interrupt)).await,
            Command::Bootstrap(args) => Box::pin(self.bootstrap(args, &options, interrupt)).await,
            Command::Exporter(Exporter::Deploy(args)) => Box::pin(self.exporter_deploy(args, options, interrupt)).await,
            Command::Logs(Logs::Rotate(args)) => Box::pin(self.logs_rotate(&args, options, interrupt)).await,
            Command::Mods(Mods::Fetch(args)) => Box::pin(self.mods_fetch(args, options, interrupt)).await,
            Command::Gc(args) => Box::pin(self.gc(args, &options, interrupt)).await,
            Command::Health(args) => Box::pin(self.health(&args, &options, interrupt)).await,
            Command::Services(command) => Box::pin(self.services(command, &options, interrupt)).await,
            Command::Stacks(command) => Box::pin(self.stacks(command, &options, interrupt)).await,
            Command::Nodes(command) => Box::pin(self.nodes(command, &options, interrupt)).await,
            Command::Pause(args) => Box::pin(self.pause(args, &options, interrupt)).await,
            Command::Resume(args) => Box::pin(self.resume(args, &options, interrupt)).await,
            Command::Commands(Commands::Run(args)) => Box::pin(self.commands_run(args, &options, interrupt)).await,
            Command::Snapshot => {
                let document = tokio::select! {
                    code = interrupt.nth(1) => Err(self.interrupted(code)),
                    document = self.snapshot(options.timeout) => document,
                };
                self.finish("snapshot", document)
            }
            Command::History(history) => self.conclude("history", self.history(&options, history.limit)),
            Command::Config(config) => self.config(&config, interrupt).await,
            Command::Schema(schema) => self.finish("schema", generate::schema(schema.name)),
            Command::Probe(args) => self.probe(args, interrupt).await,
            Command::Completions(completions) => self.finish("completions", complete::script(completions.shell)),
            Command::Man(man) => self.finish("man", tell::write_man(&man)),
            Command::Sim(sim) => self.sim(sim).await,
        }
    }

    fn options(&self, wait: Option<std::time::Duration>) -> Options {
        let global = &self.global;
        let dir = |name: &str| self.env.get(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let state_dir = global.state_dir.clone();
        Options {
            dry_run: global.dry_run,
            leader_only: global.leader_only.unwrap_or(false),
            max_actions: global.max_actions,
            // Waiting is not hanging: it comes on top.
            timeout: global.timeout.unwrap_or(TIMEOUT) + wait.unwrap_or_default(),
            lock_timeout: global.lock_timeout,
            state_dir: state_dir.unwrap_or_else(|| state::default_dir(dir("HOME"), dir("XDG_STATE_HOME"), is_root())),
            wait,
            progress: !global.quiet && self.printer.format == Format::Text,
        }
    }

    /// Reads the config; a file or stdin that never ends doesn't keep a signal from ending orca.
    async fn settings(&self, interrupt: &Interrupt) -> Result<Settings> {
        if let Some(within) = &self.within {
            return Ok(within.settings());
        }
        let input = settings::Input::new(self.global.config.clone(), self.env.clone());
        tokio::select! {
            code = interrupt.nth(1) => Err(self.interrupted(code)),
            settings = tokio::task::spawn_blocking(move || settings::load(&input)) => settings?,
        }
    }

    /// The same for commands that need no config.
    async fn settings_if_any(&self, interrupt: &Interrupt) -> Result<Settings> {
        if let Some(within) = &self.within {
            return Ok(within.settings());
        }
        let input = settings::Input::new(self.global.config.clone(), self.env.clone());
        tokio::select! {
            code = interrupt.nth(1) => Err(self.interrupted(code)),
            settings = tokio::task::spawn_blocking(move || settings::load_if_any(&input)) => settings?,
        }
    }

    fn source(&self) -> Result<Source> {
        match &self.global.snapshot {
            Some(file) => Ok(Source::File(file.clone())),
            None => Ok(Source::Engine(self.engine()?)),
        }
    }

    fn engine(&self) -> Result<Engine> {
        if let Some(engine) = self.within.as_ref().and_then(|within| within.engine()) {
            return Ok(engine);
        }
        let flags = Flags { host: self.global.host.as_deref(), context: self.global.context.as_deref() };
        Ok(Engine::new(Wire::new(context::select_here(&flags)?)?))
    }

    /// One run of these passes.
    async fn passes(&self, command: &'static str, passes: &[Pass], options: &Options, interrupt: &Interrupt) -> u8 {
        let settings = self.settings(interrupt).await;
        self.passes_with(settings, command, passes, options, interrupt).await
    }

    async fn passes_with(
        &self,
        settings: Result<Settings>,
        command: &'static str,
        passes: &[Pass],
        options: &Options,
        interrupt: &Interrupt,
    ) -> u8 {
        // The config first: nothing is asked of the engine while it is wrong.
        let (settings, source) = match settings.and_then(|settings| Ok((settings, self.source()?))) {
            Ok(ready) => ready,
            Err(error) => return self.failed(command, &error),
        };
        let cycle = Cycle { command, passes, source: &source, settings: &settings, options, interrupt };
        let mut report = Box::pin(cycle.run()).await;
        let whole = passes == Pass::ALL && report.error.is_none() && report.outcome != Outcome::Skipped;
        if whole && settings.rebalance.auto {
            report.absorb(Box::pin(self.rebalance_auto(&settings, &source, options, interrupt)).await);
        }
        self.conclude_pass(report, &settings, interrupt).await
    }

    async fn sim(&self, args: crate::cli::Sim) -> u8 {
        let options = sim::Options {
            listen: args.listen,
            from: args.from,
            nodes: args.nodes,
            managers: args.managers,
            bare: args.bare,
            services: args.services,
            tasks: args.tasks,
            start_delay: args.start_delay,
            command: args.command,
            ..sim::Options::default()
        };
        match sim::run(options).await {
            Ok(code) => u8::try_from(code).unwrap_or(1),
            Err(error) => self.failed("sim", &error),
        }
    }

    /// Prints a command's document, or why there is none.
    fn finish(&self, command: &str, document: Result<String>) -> u8 {
        match document {
            Ok(text) => {
                self.printer.document(&text);
                0
            }
            Err(error) => self.failed(command, &error),
        }
    }

    /// Prints a report that has only facts in it.
    fn conclude(&self, command: &str, report: Result<Report>) -> u8 {
        match report {
            Ok(mut report) => {
                report.conclude(0);
                self.printer.report(&report);
                exit::code(&report, false, None)
            }
            Err(error) => self.failed(command, &error),
        }
    }

    fn interrupted(&self, code: u8) -> anyhow::Error {
        self.signal.set(Some(code));
        interrupted()
    }

    /// Prints a report that says why the command did not even begin.
    fn failed(&self, command: &str, error: &anyhow::Error) -> u8 {
        if kind_of(error) == ErrorKind::Usage && self.within.is_none() {
            self.printer.error(&ReportedError::from_error(error));
            return exit::code_of(ErrorKind::Usage, None);
        }
        let mut report = Report::new(command, Run::start(self.global.dry_run));
        report.fail(error);
        if let Some(problems) = error.downcast_ref::<Problems>() {
            report.data.insert("problems".to_owned(), serde_json::to_value(problems.list()).unwrap_or_default());
        }
        report.conclude(0);
        if PASSES.contains(&command) {
            self.count(&mut report);
        }
        let code = exit::code(&report, false, self.signal.get());
        self.tell(report, self.signal.get());
        code
    }

    /// Prints a pass's report, and says what the process ends with. A loop keeps it, too.
    fn tell(&self, mut report: Report, signal: Option<u8>) -> u8 {
        let code = exit::code(&report, self.global.detailed_exitcode, signal);
        let Some(within) = &self.within else {
            self.printer.report(&report);
            return code;
        };
        if within.is_news(&mut report) {
            self.printer.report(&report);
        }
        within.keep(report);
        code
    }
}

/// Whether orca runs as root, told by who owns its own process entry: no unsafe call needed.
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|meta| meta.uid() == 0)
}
