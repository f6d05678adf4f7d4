//! What `orca watch` takes.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::{FalseyValueParser, PossibleValuesParser};
use clap::{ArgAction, Args};

use crate::settings::watchable;

/// `orca watch`.
#[derive(Debug, Args)]
pub struct Watch {
    /// Passes to run, by their commands (quoted where they are two words) [default: those of watch.passes, else reconcile]
    #[arg(value_name = "PASS", value_parser = PossibleValuesParser::new(watchable()), hide_possible_values = false)]
    pub pass: Vec<String>,
    /// Run each of them once, and end
    #[arg(
        long, env = "RUN_ONCE", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue,
        hide_env_values = true
    )]
    pub once: bool,
    /// The command file that SIGUSR1 runs [default: watch.commands]
    #[arg(long, value_name = "FILE")]
    pub commands: Option<PathBuf>,
    /// Answer GET /metrics, /livez and /readyz here, as 127.0.0.1:9323 [default: watch.metrics_listen]
    #[arg(long, value_name = "ADDR")]
    pub metrics_listen: Option<SocketAddr>,
}
