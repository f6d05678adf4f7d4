//! What passes that work on nodes themselves take: `orca bootstrap`, `orca gc`, `orca autoheal`, `orca exporter`, `orca
//! logs` and `orca mods`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::{duration, share};

/// `orca bootstrap`.
#[derive(Debug, Args)]
pub struct Bootstrap {
    /// Change only this node of the config; may be given several times
    #[arg(long, value_name = "NAME")]
    pub node: Vec<String>,
    /// Accept an even number of managers in the end
    #[arg(long)]
    pub allow_even_managers: bool,
    /// Remove the Down node that a host was before it left and joined again, once the host is Ready under its new id
    #[arg(long)]
    pub remove_ghosts: bool,
    /// Ask so many engines at a time [default: bootstrap.parallel, else 8]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub parallel: Option<u32>,
}

/// How nodes are reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CollectVia {
    /// By their own engines.
    Engines,
    /// By a service that runs orca on each of them, and is removed again.
    Service,
}

/// `orca gc`.
#[derive(Debug, Args)]
pub struct Collect {
    /// Which nodes.
    #[command(flatten)]
    pub reach: NodeArgs,
    /// Leave alone what is younger than this [default: gc.grace, else 3h]
    #[arg(long, value_name = "DUR", value_parser = duration)]
    pub grace: Option<Duration>,
    /// Keep the newest N images of each repository [default: gc.keep_images, else 0]
    #[arg(long, value_name = "N")]
    pub keep_images: Option<u32>,
    /// Also remove anonymous volumes that nothing uses
    #[arg(long)]
    pub volumes: bool,
    /// Also remove the volume of this name, if nothing uses it; may be given several times
    #[arg(long, value_name = "NAME")]
    pub volume: Vec<String>,
    /// Work on so many nodes at a time [default: gc.parallel, else 4]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub parallel: Option<u32>,
    /// Do something only where the disk under the engine's data is used more than this, as 80%
    #[arg(long, value_name = "P", value_parser = share)]
    pub when_disk_above: Option<f64>,
    /// How nodes are reached; `service` runs orca on all of them (or those of --node) for as long as it takes
    #[arg(long, value_enum, value_name = "HOW", default_value_t = CollectVia::Engines)]
    pub via: CollectVia,
    /// Do what an orca elsewhere has written here, and answer in lines for a log
    #[arg(long, value_name = "FILE", hide = true)]
    pub order: Option<PathBuf>,
    /// Stay so long after that
    #[arg(long, value_name = "DUR", value_parser = duration, default_value = "0s", hide = true)]
    pub linger: Duration,
}

/// `orca autoheal`.
#[derive(Debug, Args)]
pub struct Heal {
    /// Which nodes.
    #[command(flatten)]
    pub reach: NodeArgs,
    /// Look only at this
    #[arg(long, value_enum, value_name = "WHAT")]
    pub only: Option<Ill>,
    /// Restart any unhealthy container that is no swarm task, not only those with the label autoheal=true
    #[arg(long)]
    pub all: bool,
    /// Let a container be unhealthy for so long [default: autoheal.containers.grace, else 60s]
    #[arg(long, value_name = "DUR", value_parser = duration)]
    pub grace: Option<Duration>,
}

/// `orca exporter`.
#[derive(Debug, Subcommand)]
pub enum Exporter {
    /// Run node_exporter on every node, and see that each one answers
    ///
    /// Makes a global service with a pinned image that can read the host's /proc, /sys and / and nothing more, on a port of
    /// each node itself. One that is there and as it should be is left alone; where it has drifted, only those fields are
    /// set. Then every node's exporter is asked whether it is that node's. A service of that name which orca has not made
    /// is never touched. With --via ssh it is a systemd unit on machines outside of the swarm.
    Deploy(Deploy),
}

/// How exporters get to where they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DeployVia {
    /// As a global service of the swarm.
    Service,
    /// As a systemd unit on machines outside of the swarm.
    Ssh,
}

/// `orca exporter deploy`.
#[derive(Debug, Args)]
pub struct Deploy {
    /// How exporters get there: as a service of the swarm, or by ssh to machines outside of it
    #[arg(long, value_enum, value_name = "HOW", default_value_t = DeployVia::Service)]
    pub via: DeployVia,
    /// Write the targets there as Prometheus' file_sd_configs reads them; the name ends in .json
    #[arg(long, value_name = "PATH")]
    pub file_sd: Option<PathBuf>,
    /// Orcastra's file; what orca.yml says of the exporter overrules it [default:
    /// /etc/swarm-orchestration/deploy_node_exporter.yml, if it is there]
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
}

/// What may be ill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Ill {
    /// Containers that are no swarm tasks.
    Containers,
    /// Services, and tasks that find no node.
    Services,
}

/// Log files.
#[derive(Debug, Subcommand)]
pub enum Logs {
    /// Keep log files on this host bounded
    ///
    /// Rotates the logs that logs.rules name, by copying and emptying them in place or by renaming them and telling their
    /// program; compresses copies and removes old ones. Hands logrotate's own configuration (logs.logrotate) to
    /// logrotate, with a state file of orca's. Lists containers and services whose json-file log has no max-size.
    ///
    /// Copying and emptying loses what a program writes between the last look at its log and the emptying, a few
    /// microseconds; a program that doesn't open its log for appending goes on writing where it was, and leaves a hole.
    /// Renaming loses nothing.
    Rotate(Rotate),
}

/// `orca logs rotate`.
#[derive(Debug, Args)]
pub struct Rotate {
    /// Copy and empty logs of containers that have no max-size and are larger than this, as 1G
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub truncate_above: Option<u64>,
    /// Give services whose tasks log to json-file without a limit a max-size and max-file: one rolling update each
    #[arg(long)]
    pub fix_services: bool,
}

/// Mod files in a cache directory.
#[derive(Debug, Subcommand)]
pub enum Mods {
    /// Fetch mod files and mod images into a cache directory, once for each content
    ///
    /// Takes what mods.list and the file of $MOD_MANAGER_CONFIG name, and where that is switched on, what labels
    /// com.linuxserver.mod.* of running containers (mods.label_hosts) and DOCKER_MODS of services (mods.docker_mods)
    /// name. What is there already is fetched again only if its server has another version. Nothing is in its place
    /// before it is whole, has the right checksum and is unpacked. Private addresses are not asked unless
    /// mods.allow_addresses has them. Needs no engine for lists alone.
    Fetch(FetchMods),
}

/// `orca mods fetch`.
#[derive(Debug, Args)]
pub struct FetchMods {
    /// The cache directory [default: mods.dest, else $MOD_MANAGER_DEST, else /modcache]
    #[arg(long, value_name = "DIR")]
    pub dest: Option<PathBuf>,
    /// Also remove what orca has fetched and nobody wants any more
    #[arg(long)]
    pub prune: bool,
}

fn size(text: &str) -> Result<u64, String> {
    crate::settings::parse_size(text)
}

/// Which nodes a node-side pass works on; without any, the engine it is pointed at.
#[derive(Debug, Clone, Args)]
pub struct NodeArgs {
    /// Work on this node, by hostname or id, through nodes.NAME.host; may be given several times
    #[arg(long, value_name = "NAME", conflicts_with = "all_nodes")]
    pub node: Vec<String>,
    /// Work on every node of the swarm
    #[arg(long)]
    pub all_nodes: bool,
    /// Ask this manager's engine about the cluster, where the engine worked on is none
    #[arg(long, env = "ORCA_MANAGER", value_name = "URL", hide_env_values = true)]
    pub manager: Option<String>,
}
