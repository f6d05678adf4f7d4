//! What `orca init` takes.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `orca init`.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, Args)]
pub struct Init {
    /// The folder that the files go into [default: the current one]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// First manager [default: the one that leads the swarm]
    #[arg(long, value_name = "NODE")]
    pub leader: Option<String>,
    /// The address that the first manager tells the others [default: as the swarm has it]
    #[arg(long, value_name = "ADDRESS")]
    pub advertise_addr: Option<String>,
    /// Stack of the anchors, or none [default: the one with the most services]
    #[arg(long, value_name = "NAME")]
    pub stack: Option<String>,
    /// Registry of built images as HOST:PORT, or none [default: the one that most services are from]
    #[arg(long, value_name = "HOST:PORT", env = "REGISTRY_URL", hide_env_values = true)]
    pub registry: Option<String>,
    /// node_exporter: use those that answer, let orca deploy them, or none [default: what the nodes answer]
    #[arg(long, value_enum, value_name = "HOW")]
    pub exporter: Option<ExporterUse>,
    /// The nodes' port where exporters are looked for
    #[arg(long, value_name = "PORT", default_value_t = 9100, value_parser = clap::value_parser!(u16).range(1..))]
    pub exporter_port: u16,
    /// The directory of definitions of services, or none [default: services, where it is there]
    #[arg(long, value_name = "DIR", env = "DEFINITIONS_DIR", hide_env_values = true)]
    pub definitions: Option<String>,
    /// The directory that build contexts lie in, or none
    #[arg(long, value_name = "DIR", env = "PROJECTS_DIR", hide_env_values = true)]
    pub projects: Option<String>,
    /// Orcastra's swarm.yml to take over, or none [default: $SWARM_FILE, else the one in /etc/swarm-orchestration]
    #[arg(long, value_name = "FILE", env = "SWARM_FILE", hide_env_values = true)]
    pub from: Option<String>,
    /// Let the programs that .mcp.json is for change the swarm
    #[arg(long)]
    pub allow_write: bool,
    /// Ask, even without a terminal: one answer a line on stdin
    #[arg(long, conflicts_with = "yes")]
    pub ask: bool,
    /// Ask nothing, even on a terminal: take what is found
    #[arg(short, long)]
    pub yes: bool,
    /// Replace files that are there and say something else
    #[arg(long)]
    pub force: bool,
}

/// Where memory figures come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExporterUse {
    /// Use those that answer on the nodes.
    Use,
    /// Let orca keep one on every node.
    Deploy,
    /// Do without.
    None,
}

impl ExporterUse {
    /// The word on the command line and in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Use => "use",
            Self::Deploy => "deploy",
            Self::None => "none",
        }
    }
}
