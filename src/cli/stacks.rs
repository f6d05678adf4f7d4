//! `orca stacks`: its subcommands and their arguments.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::services::{LogsHow, UpdateHow};
use super::{Wait, some_time};

/// Everyday work with stacks.
#[derive(Debug, Subcommand)]
pub enum Stacks {
    /// List stacks: services, how many have all their tasks, what is under way
    Ls,
    /// Say how a stack stands, and why what doesn't run doesn't
    ///
    /// Exit code 1: something of it is ill. 75: something of it is under way.
    Status(StackStatus),
    /// Make the swarm run a stack as its compose files say
    ///
    /// Makes what is missing and changes what differs, field by field, to what `docker stack deploy` would write; a second
    /// deployment of the same changes nothing. Where one part can't be done, nothing is. What Swarm has no use for is told
    /// of. Variables come from the environment, then from .env beside the first file.
    Deploy(DeployStack),
    /// Give the services of a stack the images that their tags stand for by now, and prove each rollout
    ///
    /// As `orca services update --stack`.
    Update(Box<UpdateStack>),
    /// Replace all tasks of a stack by new ones of the same spec, those that others depend on first
    ///
    /// Nothing is removed. The label orca.depends-on of a service names those that come before it.
    Redeploy(RedeployStack),
    /// Remove a stack: its services, networks, secrets and configs
    ///
    /// Volumes stay. Nothing is removed without --yes; --dry-run shows what would go.
    Remove(RemoveStack),
    /// Build the images of the services that say how, and send them to their registries
    ///
    /// Folders outside of the first file's folder are refused. Credentials are those of docker's own config.
    Build(BuildStack),
    /// Print what the tasks of a stack print, merged in the order of time
    Logs(StackLogs),
    /// Restart every service of a stack
    Restart(OneStack),
    /// Stop every replicated service of a stack, and remember the replicas
    Stop(OneStack),
    /// Start the services of a stack that were stopped
    Start(OneStack),
    /// Stay until every service of a stack has its tasks and no rollout is under way
    Wait(StackWait),
}

/// Files of a stack.
#[derive(Debug, Args)]
pub struct StackFiles {
    /// Compose files; later ones are put over earlier ones, - is stdin
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// The stack's name [default: `name` of the files]
    #[arg(long, value_name = "STACK")]
    pub stack: Option<String>,
}

/// `orca stacks deploy`.
#[derive(Debug, Args)]
pub struct DeployStack {
    /// Which.
    #[command(flatten)]
    pub stack: StackFiles,
    /// Remove services of the stack that are not in its files
    #[arg(long)]
    pub prune: bool,
    /// Keep the digests that services have; ask registries only for what is new
    #[arg(long)]
    pub no_resolve: bool,
    /// How long to stay.
    #[command(flatten)]
    pub wait: Wait,
}

/// `orca stacks update`.
#[derive(Debug, Args)]
pub struct UpdateStack {
    /// The stack's name, or its beginning
    #[arg(value_name = "STACK")]
    pub name: String,
    /// How.
    #[command(flatten)]
    pub how: UpdateHow,
}

/// `orca stacks redeploy`.
#[derive(Debug, Args)]
pub struct RedeployStack {
    /// Which, and how long to stay.
    #[command(flatten)]
    pub stack: OneStack,
    /// Also where an update is under way or paused
    #[arg(long)]
    pub force: bool,
}

/// `orca stacks remove`.
#[derive(Debug, Args)]
pub struct RemoveStack {
    /// The stack's name, in full
    #[arg(value_name = "STACK")]
    pub name: String,
    /// Do it
    #[arg(long, short = 'y')]
    pub yes: bool,
}

/// `orca stacks build`.
#[derive(Debug, Args)]
pub struct BuildStack {
    /// Which.
    #[command(flatten)]
    pub stack: StackFiles,
    /// Only this service; may be given more than once
    #[arg(long, value_name = "SERVICE")]
    pub service: Vec<String>,
    /// The platform, as linux/amd64 [default: the engine's own]
    #[arg(long, value_name = "PLATFORM")]
    pub platform: Option<String>,
    /// Leave the images on the engine that built them
    #[arg(long)]
    pub no_push: bool,
}

/// `orca stacks logs`.
#[derive(Debug, Args)]
pub struct StackLogs {
    /// The stack's name, or its beginning
    #[arg(value_name = "STACK")]
    pub name: String,
    /// How.
    #[command(flatten)]
    pub how: LogsHow,
}

/// `orca stacks status`.
#[derive(Debug, Args)]
pub struct StackStatus {
    /// The stack's name, or its beginning
    #[arg(value_name = "STACK")]
    pub name: String,
}

/// A stack to change.
#[derive(Debug, Args)]
pub struct OneStack {
    /// The stack's name, or its beginning
    #[arg(value_name = "STACK")]
    pub name: String,
    /// How long to stay.
    #[command(flatten)]
    pub wait: Wait,
}

/// `orca stacks wait`.
#[derive(Debug, Args)]
pub struct StackWait {
    /// The stack's name, or its beginning
    #[arg(value_name = "STACK")]
    pub name: String,
    /// At most so long
    #[arg(long = "for", value_name = "DUR", value_parser = some_time, default_value = "5m")]
    pub patience: Duration,
}
