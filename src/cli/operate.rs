//! What surrounds the passes: `orca pause`, `orca resume`, `orca commands` and `orca health`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::{duration, some_time};

/// `orca pause`.
#[derive(Debug, Args)]
pub struct PauseArgs {
    /// Leave only this anchor and what follows it alone; else the whole swarm
    #[arg(value_name = "ANCHOR")]
    pub anchor: Option<String>,
    /// Go on by itself after this
    #[arg(long = "for", value_name = "DUR", value_parser = some_time)]
    pub lasting: Option<Duration>,
    /// Why, in a line that every report shows
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// `orca resume`.
#[derive(Debug, Args)]
pub struct ResumeArgs {
    /// End the pause of this anchor; else that of the whole swarm
    #[arg(value_name = "ANCHOR")]
    pub anchor: Option<String>,
}

/// The command file.
#[derive(Debug, Subcommand)]
pub enum Commands {
    /// Do what a command file asks for, entry by entry
    ///
    /// The file is a YAML list: relabel_all, relabel_anchor:NAME, update_dependents[:NAME], pause_dependents[:NAME],
    /// resume_dependents[:NAME], remove_all_labels, bootstrap_swarm, noop. Nothing is done while it has a mistake anywhere.
    /// Entries that were done move to FILE.done; what could not be tried stays. Services are restarted at most once for an
    /// entry, whatever happens; all others change nothing when they are done again.
    Run(CommandFile),
}

/// `orca commands run`.
#[derive(Debug, Args)]
pub struct CommandFile {
    /// The command file; if there is none, there is nothing to do
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Which process of this host leaves signs of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Whose {
    /// `orca watch`
    Watch,
    /// `orca serve`
    Serve,
}

/// `orca health`.
#[derive(Debug, Args)]
pub struct HealthArgs {
    /// Whether the `orca watch` of this host is alive, or with =serve its `orca serve`; asks no engine
    #[arg(long = "self", value_name = "WHOSE", require_equals = true, value_enum)]
    pub own: Option<Option<Whose>>,
    /// How old its last sign of life may be [default: three of its intervals]
    #[arg(long, value_name = "DUR", value_parser = duration, requires = "own")]
    pub max_age: Option<Duration>,
    /// Of the swarm: notices count as errors too (drained nodes, ghosts, too few managers, updates that were rolled back)
    #[arg(long, conflicts_with = "own")]
    pub strict: bool,
    /// Of the swarm: also what in the specs of services will hurt some day, as notices
    #[arg(long, conflicts_with = "own")]
    pub lint: bool,
}
