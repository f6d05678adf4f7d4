//! From a parsed command line to an exit code: reads the environment, builds what a command needs, runs it, prints.

mod autoheal;
mod bootstrap;
mod catalog;
mod drain;
mod end;
mod everyday;
mod exporter;
mod gc;
mod init;
mod logs;
mod mcp;
mod mods;
mod operate;
mod rebalance;
mod registry;
mod serve;
mod stacks;
mod tell;
mod update;
mod watch;

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::error::ErrorKind as ClapErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _};
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::cli::{Anchors, Cli, Command, Commands, Exporter, Global, Labels, LogFormat, Logs, Mods, Output, When};
use crate::cycle::{Cycle, Options, Source};
use crate::engine::Engine;
use crate::engine::context::{self, Flags};
use crate::engine::wire::Wire;
use crate::error::{ErrorKind, interrupted};
use crate::interrupt::Interrupt;
use crate::pass::Pass;
use crate::report::Outcome;
use crate::report::print::{Format, Printer, on_terminal};
use crate::settings::{self, Notify, Settings};
use crate::{complete, exit, generate, sim, state};
use end::Ended;

/// A pass ends after this long, unless a flag says otherwise.
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(60);

type Env = BTreeMap<String, String>;

/// Runs orca with these arguments.
pub fn main(args: impl Iterator<Item = OsString>) -> ExitCode {
    if let Some(answered) = complete::answer() {
        return answered;
    }
    let (name, cli) = match parse(args) {
        Ok(parsed) => parsed,
        Err(error) => return usage(&error),
    };
    // Variables that are no UTF-8 are none of orca's.
    let env: Env = std::env::vars_os()
        .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    start_log(&cli.global, &env);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let session =
        Session { printer: printer(&cli.global, &env), env, global: cli.global, told: OnceCell::new(), within: None };
    let code = match runtime {
        Ok(runtime) => {
            let code = runtime.block_on(session.run_until_told_twice(&name, cli.command));
            // A blocking read (stdin, say) must not keep a finished orca alive.
            runtime.shutdown_background();
            code
        }
        Err(error) => session.end_at_once(&anyhow::Error::new(error).context("can't start")),
    };
    ExitCode::from(code)
}

/// The command line, and the command's name in reports, which is what it was called by.
fn parse(args: impl Iterator<Item = OsString>) -> clap::error::Result<(String, Cli)> {
    let mut matches = Cli::command().try_get_matches_from(args)?;
    let mut words = Vec::new();
    let mut at = &matches;
    while let Some((word, below)) = at.subcommand() {
        words.push(word);
        at = below;
    }
    let name = words.join(" ");
    Ok((name, Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut Cli::command()))?))
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
    /// Whom the config, once it was read, tells of a pass.
    told: OnceCell<Notify>,
    /// The loop that runs the command, if one does.
    within: Option<std::rc::Rc<watch::Within>>,
}

impl Session {
    async fn run_until_told_twice(&self, name: &str, command: Command) -> u8 {
        let interrupt = match Interrupt::listen() {
            Ok(interrupt) => interrupt,
            Err(error) => return self.end_at_once(&error.context("can't listen for signals")),
        };
        tokio::select! {
            code = self.run(name, command, &interrupt) => code,
            code = interrupt.nth(2) => code,
        }
    }

    /// One command from its beginning to its exit code.
    async fn run(&self, name: &str, command: Command, interrupt: &Interrupt) -> u8 {
        // What runs on a node, and whose output is read from there, waits to be removed.
        let linger = match &command {
            Command::Probe(args) => Some(args.linger),
            Command::Gc(args) if args.order.is_some() => Some(args.linger),
            _ => None,
        };
        let ended = self.obey(command, interrupt).await;
        let code = self.end(name, ended, interrupt).await;
        if let Some(linger) = linger {
            tokio::select! {
                _ = interrupt.nth(1) => {}
                () = tokio::time::sleep(linger) => {}
            }
        }
        code
    }

    async fn obey(&self, command: Command, interrupt: &Interrupt) -> Result<Ended> {
        let wait = match &command {
            Command::Anchors(Anchors::Follow(follow)) => follow.wait,
            Command::Reconcile(reconcile) => reconcile.wait,
            _ => None,
        };
        let options = self.options(wait);
        match command {
            Command::Init(args) => self.init(&args, &options, interrupt).await,
            Command::Labels(Labels::Sync) => {
                self.passes(Pass::Labels.name(), &[Pass::Labels], &options, interrupt).await
            }
            Command::Anchors(Anchors::Follow(_)) => {
                self.passes("anchors follow", &[Pass::Anchors(None)], &options, interrupt).await
            }
            Command::Rebalance(command) => Box::pin(self.rebalance(command, options, interrupt)).await,
            // A dry run says what would be done; saying it again and again tells nothing new.
            Command::Reconcile(reconcile) if reconcile.once || options.dry_run => {
                self.passes("reconcile", &Pass::ALL, &options, interrupt).await
            }
            Command::Reconcile(reconcile) => Box::pin(self.reconcile_loop(reconcile, interrupt)).await,
            Command::Mcp(args) => Box::pin(self.mcp(args, interrupt)).await,
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
            Command::Registry(command) => Box::pin(self.registry(&command, &options, interrupt)).await,
            Command::Catalog(command) => Box::pin(self.catalog(command, &options, interrupt)).await,
            Command::Projects(command) => self.projects(&command, &options, interrupt).await,
            Command::Serve(args) => Box::pin(self.serve(args, options, interrupt)).await,
            Command::Pause(args) => Box::pin(self.pause(args, &options, interrupt)).await,
            Command::Resume(args) => Box::pin(self.resume(args, &options, interrupt)).await,
            Command::Commands(Commands::Run(args)) => Box::pin(self.commands_run(args, &options, interrupt)).await,
            Command::Snapshot => tokio::select! {
                _ = interrupt.nth(1) => Err(interrupted()),
                document = self.snapshot(options.timeout) => document.map(Ended::Document),
            },
            Command::History(history) => self.history(&options, history.limit).map(Ended::Report),
            Command::Config(config) => self.config(&config, interrupt).await,
            Command::Schema(schema) => Ok(Ended::Document(generate::schema(schema.name).to_owned())),
            Command::Probe(args) => tell::probe(args).map(Ended::Document),
            Command::Completions(completions) => complete::script(completions.shell).map(Ended::Document),
            Command::Man(man) => tell::write_man(&man).map(Ended::Document),
            Command::Sim(sim) => self::sim(sim).await.map(Ended::Said),
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

    /// Reads the config.
    async fn settings(&self, interrupt: &Interrupt) -> Result<Settings> {
        self.load(None, settings::load, interrupt).await
    }

    /// The same for commands that need no config.
    async fn settings_if_any(&self, interrupt: &Interrupt) -> Result<Settings> {
        self.load(None, settings::load_if_any, interrupt).await
    }

    /// A file or stdin that never ends doesn't keep a signal from ending orca. `exporter` is the older file of that pass.
    async fn load(
        &self,
        exporter: Option<PathBuf>,
        load: fn(&settings::Input) -> Result<Settings>,
        interrupt: &Interrupt,
    ) -> Result<Settings> {
        if let (Some(within), None) = (&self.within, &exporter) {
            return Ok(within.settings());
        }
        let mut input = settings::Input::new(self.global.config.clone(), self.env.clone());
        input.exporter = exporter;
        let settings = interrupt.aside(move || load(&input)).await??;
        _ = self.told.set(settings.notify.clone());
        Ok(settings)
    }

    /// Whom to tell of a pass; none as long as nobody has read the config.
    fn notify(&self) -> Option<Notify> {
        let lent = || self.within.as_ref().map(|within| within.settings().notify);
        self.told.get().cloned().or_else(lent)
    }

    /// The config, and where the cluster is looked at: nothing is asked of the engine while the config is wrong.
    async fn ready(&self, interrupt: &Interrupt) -> Result<(Settings, Source)> {
        let settings = self.settings_if_any(interrupt).await?;
        Ok((settings, self.source()?))
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
    async fn passes(
        &self,
        command: &'static str,
        passes: &[Pass],
        options: &Options,
        interrupt: &Interrupt,
    ) -> Result<Ended> {
        let settings = self.settings(interrupt).await?;
        self.passes_with(&settings, command, passes, options, interrupt).await
    }

    async fn passes_with(
        &self,
        settings: &Settings,
        command: &'static str,
        passes: &[Pass],
        options: &Options,
        interrupt: &Interrupt,
    ) -> Result<Ended> {
        let source = self.source()?;
        let cycle = Cycle { command, passes, source: &source, settings, options, interrupt };
        let mut report = Box::pin(cycle.run()).await;
        let whole = passes == Pass::ALL && report.error.is_none() && report.outcome != Outcome::Skipped;
        if whole && settings.rebalance.auto {
            report.absorb(Box::pin(self.rebalance_auto(settings, &source, options, interrupt)).await);
        }
        Ok(Ended::Pass(report))
    }
}

async fn sim(args: crate::cli::Sim) -> Result<u8> {
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
    Ok(u8::try_from(sim::run(options).await?).unwrap_or(1))
}

/// Whether orca runs as root, told by who owns its own process entry: no unsafe call needed.
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|meta| meta.uid() == 0)
}
