//! `orca rebalance`: its subcommands and their arguments.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::{duration, share};
use crate::metrics::Wanted;

/// Tasks that should run elsewhere, from real memory use.
#[derive(Debug, Subcommand)]
pub enum Rebalance {
    /// Say which tasks should move where, and why; move nothing
    ///
    /// Finds the lowest memory peak for a number of restarts, or the fewest restarts for a peak; without either, the
    /// number of restarts after which more gain little. Works on a live swarm, or offline with --snapshot. Without
    /// memory figures, reservations are taken as an estimate, and the report says so. Nothing is written, with one
    /// exception: `--metrics probe` starts a service of orca's own on every node, and removes it again.
    Plan(RebalancePlan),
    /// Measure the memory of nodes and tasks, and print it as a metrics file
    ///
    /// Prints what `plan` goes by with the same --metrics, schema orca.metrics/1, and remembers the sample (not with
    /// --dry-run): run every minute or so, figures are smoothed over time, and `plan` knows which tasks still grow.
    Measure(RebalanceMeasure),
    /// Move tasks to where the plan says, one at a time, each with exactly one restart
    ///
    /// Plans afresh, or carries out a saved plan. Each move is checked again, made, watched until it has settled, and leaves
    /// no trace in the service. The first that fails ends the run.
    Apply(RebalanceApply),
    /// Undo what a stopped run has left half done
    ///
    /// What there is to undo is written in the services themselves. `apply` and `reconcile` do the same before they begin.
    Recover,
}

/// `orca rebalance measure`.
#[derive(Debug, Args)]
pub struct RebalanceMeasure {
    /// Whom to ask: node_exporter, prometheus, stats or probe [default: rebalance.metrics.source]
    #[arg(long, value_name = "SOURCE")]
    pub metrics: Option<Wanted>,
}

/// `orca rebalance apply`.
#[derive(Debug, Args)]
pub struct RebalanceApply {
    /// What is wished for.
    #[command(flatten)]
    pub wish: RebalancePlan,
    /// A saved plan (`orca rebalance plan -o json`), at most 15 minutes old
    #[arg(value_name = "PLAN.json", conflicts_with_all = ["max_restarts", "target_peak", "goal", "empty", "unguarded"])]
    pub plan: Option<PathBuf>,
    /// A moved task must have been running for so long before its service's spec is put back [default: rebalance.settle,
    /// else 10s]
    #[arg(long, value_name = "DUR", value_parser = duration)]
    pub settle: Option<Duration>,
    /// Label each moved service with the node where its task is to stay (orca.rebalance.node)
    #[arg(long)]
    pub pin: bool,
    /// Don't bring images to their new nodes before tasks are stopped
    #[arg(long)]
    pub no_prepull: bool,
}

/// What is wished for of a balance.
#[derive(Debug, Args)]
pub struct RebalancePlan {
    /// Where memory figures come from: node_exporter, prometheus, stats, probe, reservations, or a file of the schema
    /// orca.metrics/1 [default: rebalance.metrics.source]
    #[arg(long, value_name = "SOURCE|FILE")]
    pub metrics: Option<Wanted>,
    /// Lower the peak as far as so many restarts can
    #[arg(long, value_name = "K", group = "wish")]
    pub max_restarts: Option<u32>,
    /// Bring the fullest node down to this with the fewest restarts, as 75% or 0.75
    #[arg(long, value_name = "P", group = "wish", value_parser = share)]
    pub target_peak: Option<f64>,
    /// What to even out: memory, or the number of replicas and tasks on each node
    #[arg(long, value_enum, default_value_t = BalanceGoal::Memory)]
    pub goal: BalanceGoal,
    /// Move everything off this node, before maintenance
    #[arg(long, value_name = "NODE", group = "wish", conflicts_with = "goal")]
    pub empty: Option<String>,
    /// Without guard rails: only what Swarm can do and data needs counts
    #[arg(long)]
    pub unguarded: bool,
}

/// What to even out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BalanceGoal {
    /// The share of memory in use.
    Memory,
    /// The number of replicas of each service, then of tasks.
    Count,
}
