//! The command line: clap types only. Their doc comments are the help and the man pages.

#![expect(clippy::doc_markdown, reason = "these comments are the help text, where backticks would show")]

mod catalog;
mod global;
mod init;
mod mcp;
mod node_side;
mod nodes;
mod operate;
mod rebalance;
mod registry;
mod serve;
mod services;
mod stacks;
mod watch;

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

pub use catalog::{
    AddEntries, BuildEntry, BuilderName, Catalog, DeployEntries, DiffEntries, EditEntry, Entries, ImportServices,
    Projects, ReconcileCatalog, ShowEntry,
};
pub use global::{Global, LogFormat, Output, When};
pub use init::{ExporterUse, Init};
pub use mcp::Mcp;
pub use node_side::{
    Bootstrap, Collect, CollectVia, Deploy, DeployVia, Exporter, FetchMods, Heal, Ill, Logs, Mods, NodeArgs, Rotate,
};
pub use nodes::{Drain, Nodes, OneNode};
pub use operate::{CommandFile, Commands, HealthArgs, PauseArgs, ResumeArgs, Whose};
pub use rebalance::{BalanceGoal, Rebalance, RebalanceApply, RebalanceMeasure, RebalancePlan};
pub use registry::{InRegistry, OneImage, Registry, RemoveImage, TagsOf};
pub use serve::{Serve, TokenRight};
pub use services::{
    Acting, Chosen, List, LogsHow, OneService, Restart, ServiceLogs, Services, Tasks, Update, UpdateHow, Wait,
};
pub use stacks::{
    BuildStack, DeployStack, OneStack, RedeployStack, RemoveStack, StackFiles, StackLogs, StackWait, Stacks,
};
pub use watch::Watch;

use crate::settings::LONGEST;

/// Makes a Docker Swarm look after itself.
///
/// Every subcommand is one bounded pass: observe the cluster, plan, apply, report. It prints one JSON document on
/// stdout (text on a terminal) and ends with an honest exit code, so that cron, systemd timers, CI jobs and people
/// can all call it.
#[derive(Debug, Parser)]
#[command(name = "orca", version, arg_required_else_help = true, max_term_width = 110)]
pub struct Cli {
    /// Flags that every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Set orca up: look at the swarm, ask the rest, write orca.yml and what goes with it
    ///
    /// Writes orca.yml, .env and .mcp.json. Finds nodes with their roles and labels, stacks, the registry of images, and whether exporters answer. On a terminal
    /// it asks, with what it found as the answer to each question; each answer is also a flag, and without a terminal what
    /// was found is taken, and said. Orcastra's swarm.yml is taken over as it is. No file that is there is replaced without
    /// --force; lines of .env and servers of .mcp.json that are not orca's stay even then.
    Init(Box<Init>),
    /// Node labels
    #[command(subcommand)]
    Labels(Labels),
    /// Services that live where their anchor lives
    #[command(subcommand)]
    Anchors(Anchors),
    /// Tasks that should run elsewhere, from real memory use
    #[command(subcommand)]
    Rebalance(Rebalance),
    /// Free disk space on nodes without hurting a service
    ///
    /// Removes stopped containers, unused images, build cache and unused networks that are older than the grace, each
    /// by its own id. Never removes an image that any service in the swarm runs, ran before its last update, or that a
    /// container has; never a volume that a service mounts anywhere. Volumes go with --volumes (anonymous ones) or
    /// --volume NAME only. What is labelled orca.gc=keep stays. Works on the engine it is pointed at; a worker's engine
    /// needs --manager, without which images and volumes stay and the exit code is 75.
    Gc(Collect),
    /// Say what is ill and why, and heal what may be healed
    ///
    /// Services whose tasks keep failing: why, in words, and what to do next; the service label
    /// orca.autoheal=restart|rollback|scale-zero|report (or several, as a ladder) lets orca do it. Tasks that find no
    /// node: why, node by node, and which node comes closest. Unhealthy containers that are no swarm tasks and have the
    /// label autoheal=true: restarted, ever more seldom, and given up at last. Works on the engine it is pointed at;
    /// services need a manager.
    Autoheal(Heal),
    /// Make a swarm of the engines that the config names
    ///
    /// Reaches each node's engine by nodes.NAME.host (default ssh://IP), not by --host. Makes a swarm on the leader if it is
    /// in none; lets the other nodes join with the token of their role (worker unless role: manager is set), managers one
    /// at a time; promotes and demotes; sets labels and availability. A node in another swarm is refused, never forced. The
    /// swarm never loses its majority of managers, and doesn't end on an even number of them. A run that was stopped goes
    /// on with the next one; a swarm that is as the config says is left alone.
    Bootstrap(Bootstrap),
    /// node_exporter on every node
    #[command(subcommand)]
    Exporter(Exporter),
    /// Log files
    #[command(subcommand)]
    Logs(Logs),
    /// Mod files in a cache directory
    #[command(subcommand)]
    Mods(Mods),
    /// Run every pass: half-done moves, labels, then anchors
    ///
    /// With --once, one full cycle from one snapshot and one report. Without it a cycle every --interval until SIGTERM;
    /// a cycle that fails is reported, and the loop goes on.
    Reconcile(Reconcile),
    /// Say in one verdict whether the swarm is well, and name what is not
    ///
    /// Nodes that are down, draining or ghosts; managers, quorum and how many may be lost; services under target with their
    /// newest error; rollouts that are stuck; tasks that find no node, and why; exporters that are silent, where the config has
    /// exporter. Exit code 0: well. 1: something stays wrong until somebody acts. 75: something is under way and ends by
    /// itself. With --self: whether the `orca watch` (or `orca serve`) of this host is alive, for a container's healthcheck.
    Health(HealthArgs),
    /// Everyday work with services
    #[command(subcommand)]
    Services(Services),
    /// Everyday work with stacks
    #[command(subcommand)]
    Stacks(Stacks),
    /// Everyday work with nodes
    #[command(subcommand)]
    Nodes(Nodes),
    /// Registries of images: what they have, and taking something out of them
    #[command(subcommand)]
    Registry(Registry),
    /// Services as files define them, as the catalog has them, and as they run
    #[command(subcommand)]
    Catalog(Catalog),
    /// Folders that images can be built of
    #[command(subcommand)]
    Projects(Projects),
    /// Run passes on a clock and on events, until told to stop
    ///
    /// Runs the passes that are named, else those of watch.passes, else reconcile every minute: one at a time, when their
    /// time has come, and what follows the swarm also when something happens in it. Only where the engine leads the swarm,
    /// unless --leader-only=false: every manager may run it. A pass that fails, hangs or panics is reported, and the loop
    /// goes on; an engine that is away is waited for. SIGHUP: read the config again and run now. SIGUSR1: run the command
    /// file. SIGTERM: finish the action that is under way, and stop.
    Watch(Watch),
    /// Offer commands as tools of the Model Context Protocol, on stdin and stdout
    ///
    /// For programs that speak the protocol, in its revision 2026-07-28 and those before it. Tools only look, unless
    /// --allow-write is given; those that change something return a plan first, and want its id, or confirm. What is
    /// under way when stdin ends finishes its current action.
    Mcp(Mcp),
    /// Answer browsers and programs: a dashboard and a REST API over the same passes
    ///
    /// Answers on this host alone, and whoever is on it may look; with --token-file who shows a token may, and it may answer
    /// others too. One look at the swarm serves all who ask; what changes something goes the same way as on the command
    /// line: a plan, the lock, the one writer, the journal. SIGTERM: finish what is under way, and stop.
    Serve(Serve),
    /// Leave the swarm, or one anchor, alone until told otherwise
    ///
    /// Holds for every orca of the swarm: it is a label of the swarm itself. Passes refuse what they would do and say so;
    /// half-done moves are still ended, and files on the host are still rotated and fetched.
    Pause(PauseArgs),
    /// End a pause
    Resume(ResumeArgs),
    /// Orcastra's command file
    #[command(subcommand)]
    Commands(Commands),
    /// Print the cluster as one JSON file, env values and secrets redacted
    ///
    /// The file can be planned against with --snapshot, served with `orca sim`, and sent with a bug report.
    Snapshot,
    /// List the changes that orca made, newest first
    History(History),
    /// Check or show the config
    #[command(subcommand)]
    Config(Config),
    /// Print a JSON Schema
    Schema(Schema),
    /// Serve a simulated swarm, to rehearse on
    ///
    /// `orca sim --from cluster.json -- orca reconcile --once` runs a command against a copy of your cluster.
    Sim(Sim),
    /// Print the memory of this machine and of its containers, as lines of JSON
    ///
    /// The metrics source `probe` runs it on every node. It reads /proc and the cgroups, needs no engine and no config,
    /// and writes nothing.
    Probe(Probe),
    /// Print a shell completion script
    Completions(Completions),
    /// Print a man page, or write all of them into a directory
    Man(Man),
}

/// Node labels.
#[derive(Debug, Subcommand)]
pub enum Labels {
    /// Make node labels as the config says
    ///
    /// Sets what the file says. Removes a label from a node when the file gives its key to other nodes only, or when
    /// orca set it and it has gone from the file. Never touches other labels, unless options.prune_unknown_labels is
    /// set.
    Sync,
}

/// Services that live where their anchor lives.
#[derive(Debug, Subcommand)]
pub enum Anchors {
    /// Keep each anchor's label where the anchor runs, so that its dependents follow
    Follow(Follow),
}

/// `orca anchors follow`.
#[derive(Debug, Args)]
pub struct Follow {
    /// Stay until dependents run beside their anchors, at most so long
    #[arg(long, value_name = "DUR", value_parser = duration)]
    pub wait: Option<Duration>,
}

/// `orca reconcile`.
#[derive(Debug, Args)]
pub struct Reconcile {
    /// One cycle, then end; a dry run is always one cycle
    #[arg(
        long, env = "RUN_ONCE", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue,
        hide_env_values = true
    )]
    pub once: bool,
    /// Time from the end of a cycle to the beginning of the next
    #[arg(long, value_name = "DUR", value_parser = some_time, default_value = "30s")]
    pub interval: Duration,
    /// In each cycle, stay until dependents run beside their anchors, at most so long
    #[arg(long, value_name = "DUR", value_parser = duration)]
    pub wait: Option<Duration>,
}

/// `orca history`.
#[derive(Debug, Args)]
pub struct History {
    /// Show at most so many changes
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: usize,
}

/// `orca config`.
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Check the config; contacts no engine
    Check,
    /// Print the merged config, with where each value came from
    Show,
}

/// `orca schema`.
#[derive(Debug, Args)]
pub struct Schema {
    /// Which schema
    #[arg(value_enum)]
    pub name: SchemaName,
}

/// A schema that orca can print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaName {
    /// Of orca.yml, for editors.
    Config,
    /// Of what commands print.
    Report,
    /// Of the list of mods in $MOD_MANAGER_CONFIG.
    Mods,
    /// Of a definition of the catalog.
    Definition,
    /// Of a stack's compose file.
    Compose,
}

/// `orca sim`.
#[derive(Debug, Args)]
pub struct Sim {
    /// Serve on this unix socket until interrupted
    #[arg(long, value_name = "SOCK", required_unless_present = "command")]
    pub listen: Option<PathBuf>,
    /// Begin as this snapshot (see `orca snapshot`)
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// Without --from: so many nodes
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub nodes: usize,
    /// Without --from: so many of them managers
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub managers: usize,
    /// So many engines in no swarm instead, as n1.sock, n2.sock, ... in the folder --listen, for `orca bootstrap`
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, conflicts_with_all = ["from", "nodes", "managers", "services", "tasks"])]
    pub bare: usize,
    /// Without --from: so many services
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub services: usize,
    /// Without --from: so many tasks
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub tasks: usize,
    /// Tasks take this long to start
    #[arg(long, value_name = "DUR", value_parser = duration, default_value = "0s")]
    pub start_delay: Duration,
    /// Run this command against the simulated swarm, and end with its exit code
    #[arg(last = true, value_name = "CMD")]
    pub command: Vec<std::ffi::OsString>,
}

/// `orca probe`.
#[derive(Debug, Args)]
pub struct Probe {
    /// The node's cgroup tree [default: /host/cgroup where that is mounted, else /sys/fs/cgroup]
    #[arg(long, value_name = "DIR")]
    pub cgroup: Option<PathBuf>,
    /// Stay so long afterwards, for whoever reads the output in a log
    #[arg(long, value_name = "DUR", value_parser = duration, default_value = "0s")]
    pub linger: Duration,
}

/// `orca completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// Which shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// `orca man`.
#[derive(Debug, Args)]
pub struct Man {
    /// The page, as `orca-labels-sync` or `labels-sync`
    #[arg(value_name = "PAGE", default_value = "orca")]
    pub page: String,
    /// Write all pages into this directory instead
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// A share: `75%`, `75` or `0.75`.
fn share(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_end_matches('%').trim_end();
    let value: f64 = number.parse().map_err(|_| "write 75% or 0.75".to_owned())?;
    let share = if text.contains('%') || value > 1.0 { value / 100.0 } else { value };
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err("must be between 0 and 100 %".to_owned()) }
}

fn some_time(text: &str) -> Result<Duration, String> {
    duration(text).and_then(|time| if time.is_zero() { Err("must be more than nothing".to_owned()) } else { Ok(time) })
}

fn duration(text: &str) -> Result<Duration, String> {
    // Bare numbers are seconds, as in Orcastra's variables.
    let seconds = text.parse::<u64>().map(Duration::from_secs).ok();
    let parsed = seconds
        .map_or_else(|| humantime::parse_duration(text).map_err(|e| format!("{e} (write 90s, 5m, 1h30m)")), Ok)?;
    if parsed > LONGEST { Err("longer than ten years".to_owned()) } else { Ok(parsed) }
}
