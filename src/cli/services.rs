//! `orca services`: its subcommands and their arguments.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::{duration, some_time};

/// Everyday work with services.
#[derive(Debug, Subcommand)]
pub enum Services {
    /// List services: tasks running and wanted, rollout, image, newest error
    ///
    /// With --check, the registries are asked for each image once. What could not be asked for is "unknown", is named, and
    /// makes the exit code 75.
    Ls(List),
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
    /// Set the number of replicas: web=3 api=2
    Scale(Scale),
    /// Scale to nothing, and remember how many replicas there were
    ///
    /// The number is kept in the service's own label orca.stopped, so that any host can start it again.
    Stop(Acting),
    /// Bring back the replicas of services that `orca services stop` has stopped
    Start(Acting),
    /// Replace all tasks of a service by new ones of the same spec, as its update config says
    Restart(Restart),
    /// Give services the image that their tag stands for by now, and prove each rollout
    ///
    /// Asks for each image once, and writes name, tag and digest, and nothing else of the spec but the platforms. Stays with
    /// each rollout until the new image runs in every task and goes on doing so for the update config's monitor time. What
    /// fails is rolled back, by the engine where its failure_action says so, else by orca, and is not tried again until the
    /// tag changes. An image that can't be asked for is never written. Labels: orca.update=true|false|monitor,
    /// orca.update.min-age, orca.update.timeout, orca.update.rollback, orca.depends-on. Exit code 1: an image was no good.
    /// 75: something was left out, as when the registry is away.
    Update(Box<Update>),
    /// Give services the credentials of today for their registry, without restarting a task
    ///
    /// What a node pulls with is what the service was last given; short-lived tokens expire, and a task that moves then finds
    /// no image. The spec stays as it is.
    RefreshAuth(Acting),
    /// Go back to the spec before the last update; `orca services diff` shows what that changes
    Rollback(Acting),
    /// Print what the tasks of services print, merged in the order of time
    ///
    /// Each replica is asked for on its own, so that a node that is dead or stuck takes nothing from the others: what is
    /// missing is named at the end, and the exit code is 75. With -o json, one line of JSON a message.
    Logs(ServiceLogs),
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

/// `orca services ls`.
#[derive(Debug, Args)]
pub struct List {
    /// Which services.
    #[command(flatten)]
    pub chosen: Chosen,
    /// Also ask the registries whether there is a newer image
    #[arg(long)]
    pub check: bool,
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

/// What commands that change services have in common.
#[derive(Debug, Args)]
pub struct Acting {
    /// Names, ids, or the beginning of one
    #[arg(value_name = "SERVICE", required = true)]
    pub names: Vec<String>,
    /// How long to stay.
    #[command(flatten)]
    pub wait: Wait,
}

/// `orca services scale`.
#[derive(Debug, Args)]
pub struct Scale {
    /// Service and number of replicas
    #[arg(value_name = "SERVICE=N", required = true, value_parser = replicas)]
    pub wanted: Vec<(String, u64)>,
    /// How long to stay.
    #[command(flatten)]
    pub wait: Wait,
}

/// `orca services restart`.
#[derive(Debug, Args)]
pub struct Restart {
    /// Which, and how long to stay.
    #[command(flatten)]
    pub acting: Acting,
    /// Also where an update is under way or paused
    #[arg(long)]
    pub force: bool,
}

/// `orca services update`.
#[derive(Debug, Args)]
pub struct Update {
    /// Names, ids, or the beginning of one; all where none is named
    #[arg(value_name = "SERVICE")]
    pub names: Vec<String>,
    /// Only the services of this stack
    #[arg(long, value_name = "STACK")]
    pub stack: Option<String>,
    /// Only services with this label; may be given more than once, and all must fit
    #[arg(long, value_name = "KEY[=VALUE]", value_parser = key_value)]
    pub label: Vec<(String, Option<String>)>,
    /// Leave services of this name alone; * and ? stand for any text and any character
    #[arg(long, value_name = "PATTERN")]
    pub exclude: Vec<String>,
    /// How.
    #[command(flatten)]
    pub how: UpdateHow,
}

/// How services are updated.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
#[derive(Debug, Args)]
pub struct UpdateHow {
    /// Leave an image alone until it is so old, as 72h; one whose age is not known, too
    #[arg(long, value_name = "DUR", value_parser = duration)]
    pub min_age: Option<Duration>,
    /// A rollout that is not proven after this has failed [default: update.deadline, else 5m]
    #[arg(long, value_name = "DUR", value_parser = some_time)]
    pub deadline: Option<Duration>,
    /// Update so many services at a time [default: update.parallel, else 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub parallel: Option<u32>,
    /// Leave what has failed as it is
    #[arg(long)]
    pub no_rollback: bool,
    /// Of a stack update all services or none: where one fails, those that were updated in this run go back
    #[arg(long, conflicts_with = "no_rollback")]
    pub atomic: bool,
    /// Bring each image to the nodes where it is to run before any task is stopped
    #[arg(long)]
    pub prepull: bool,
    /// Remove from all nodes what earlier updates have replaced, once no service can go back to it
    #[arg(long)]
    pub clean: bool,
    /// Give services whose image has no digest one, which restarts their tasks once
    #[arg(long)]
    pub pin: bool,
    /// Update jobs, too, which runs them again; that is not waited for
    #[arg(long)]
    pub jobs: bool,
    /// Now, whatever maintenance windows say
    #[arg(long)]
    pub now: bool,
    /// Try again what has failed before
    #[arg(long)]
    pub retry_failed: bool,
}

/// `--wait`.
#[derive(Debug, Clone, Copy, Args)]
pub struct Wait {
    /// Stay until all tasks are as wanted and stay so [default time: 5m]
    #[arg(long, value_name = "DUR", value_parser = some_time, num_args = 0..=1, default_missing_value = "5m", require_equals = true)]
    pub wait: Option<Duration>,
}

/// `orca services logs`.
#[derive(Debug, Args)]
pub struct ServiceLogs {
    /// Names, ids, or the beginning of one
    #[arg(value_name = "SERVICE", required = true)]
    pub names: Vec<String>,
    /// How.
    #[command(flatten)]
    pub how: LogsHow,
}

/// How logs are read.
#[derive(Debug, Args)]
pub struct LogsHow {
    /// At most so many lines of each task, its last ones
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub tail: u64,
    /// Only what was printed in this time
    #[arg(long, value_name = "DUR", value_parser = duration)]
    pub since: Option<Duration>,
    /// Only lines with this text in them
    #[arg(long, value_name = "TEXT")]
    pub grep: Option<String>,
    /// Go on with what is printed from now on, until interrupted or out of --timeout
    #[arg(short, long)]
    pub follow: bool,
    /// Wait so long for a task that says nothing
    #[arg(long, value_name = "DUR", value_parser = some_time, default_value = "10s")]
    pub patience: Duration,
}

fn key_value(text: &str) -> Result<(String, Option<String>), String> {
    let (key, value) = text.split_once('=').map_or((text, None), |(key, value)| (key, Some(value.to_owned())));
    if key.is_empty() { Err("a label needs a key".to_owned()) } else { Ok((key.to_owned(), value)) }
}

fn replicas(text: &str) -> Result<(String, u64), String> {
    let wrong = || "write SERVICE=N, as web=3".to_owned();
    let (name, number) = text.rsplit_once('=').ok_or_else(wrong)?;
    if name.is_empty() {
        return Err(wrong());
    }
    Ok((name.to_owned(), number.parse().map_err(|_| wrong())?))
}
