//! `orca services` and `orca stacks`: their subcommands and their arguments.

use clap::{Args, Subcommand};

/// Everyday work with services.
#[derive(Debug, Subcommand)]
pub enum Services {
    /// List services: tasks running and wanted, rollout, image, newest error
    Ls(Chosen),
    /// List the tasks of services, and say why a task is pending
    Ps(Tasks),
    /// Show one service: what it runs, where, and what its last update did
    ///
    /// Env values, command lines and whatever looks secret are redacted.
    Show(OneService),
    /// Compare a service's spec with the one before its last update, which a rollback would bring back
    ///
    /// Env values, command lines and whatever looks secret are compared, and shown as "(redacted)".
    Diff(OneService),
}

/// Names of services.
#[derive(Debug, Args)]
pub struct Chosen {
    /// Names, ids, or the beginning of one; all where none is named
    #[arg(value_name = "SERVICE")]
    pub names: Vec<String>,
    /// Only the services of this stack
    #[arg(long, value_name = "STACK")]
    pub stack: Option<String>,
}

/// `orca services ps`.
#[derive(Debug, Args)]
pub struct Tasks {
    /// Which services.
    #[command(flatten)]
    pub chosen: Chosen,
    /// Also the tasks that have ended, as far as the managers remember them
    #[arg(short, long)]
    pub all: bool,
}

/// One service.
#[derive(Debug, Args)]
pub struct OneService {
    /// Name, id, or the beginning of one
    #[arg(value_name = "SERVICE")]
    pub name: String,
}

/// Everyday work with stacks.
#[derive(Debug, Subcommand)]
pub enum Stacks {
    /// List stacks: services, how many have all their tasks, what is under way
    Ls,
}
