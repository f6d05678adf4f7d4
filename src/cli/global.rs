//! The flags that every command takes.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args, ValueEnum};

use super::{duration, some_time};

/// Flags that every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]
    #[arg(short = 'H', long, value_name = "URL", global = true)]
    pub host: Option<String>,
    /// Docker context to use [env: DOCKER_CONTEXT]
    #[arg(long, value_name = "NAME", global = true)]
    pub context: Option<String>,
    /// Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else
    /// /etc/swarm-orchestration/swarm.yml]
    #[arg(short, long, value_name = "FILE", global = true)]
    pub config: Option<String>,
    /// How to print: auto is text on a terminal, JSON otherwise
    #[arg(
        short, long, env = "ORCA_OUTPUT", value_enum, default_value_t = Output::Auto, global = true,
        hide_env_values = true
    )]
    pub output: Output,
    /// Plan and report, write nothing anywhere
    #[arg(
        short = 'n', long, env = "DRY_RUN", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue,
        global = true, hide_env_values = true
    )]
    pub dry_run: bool,
    /// Exit 2 when changes were made or are pending
    #[arg(long, global = true)]
    pub detailed_exitcode: bool,
    /// Act only where the engine is the swarm's leader; else report `skipped` and exit 0 (`watch` does so unless
    /// --leader-only=false)
    #[arg(
        long, env = "ORCA_LEADER_ONLY", value_parser = FalseyValueParser::new(), value_name = "BOOL", num_args = 0..=1,
        require_equals = true, default_missing_value = "true", global = true, hide_env_values = true
    )]
    pub leader_only: Option<bool>,
    /// Make at most so many changes in one pass
    #[arg(long, value_name = "N", default_value_t = 1000, global = true)]
    pub max_actions: usize,
    /// End a pass after this long, whatever happens; what moves tasks begins no move after it, and `services update` no rollout [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m, of `services update` and `mods fetch` 1h]
    #[arg(
        long, env = "ORCA_TIMEOUT", value_name = "DUR", value_parser = some_time, global = true, hide_env_values = true
    )]
    pub timeout: Option<Duration>,
    /// Wait so long for another orca that works on the same cluster
    #[arg(long, value_name = "DUR", value_parser = duration, default_value = "0s", global = true, overrides_with = "lock_timeout")]
    pub lock_timeout: Duration,
    /// Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]
    #[arg(long, env = "ORCA_STATE_DIR", value_name = "DIR", global = true, hide_env_values = true)]
    pub state_dir: Option<PathBuf>,
    /// After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter's textfile collector
    #[arg(long, env = "ORCA_TEXTFILE", value_name = "DIR", global = true, hide_env_values = true)]
    pub textfile: Option<PathBuf>,
    /// Plan against a saved snapshot instead of a live engine; read-only
    #[arg(long, value_name = "FILE", global = true, conflicts_with_all = ["host", "context"])]
    pub snapshot: Option<PathBuf>,
    /// Say nothing but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub verbose: u8,
    /// How to log
    #[arg(long, value_enum, default_value_t = LogFormat::Text, global = true)]
    pub log_format: LogFormat,
    /// When to colour text [env: NO_COLOR]
    #[arg(long, value_enum, default_value_t = When::Auto, global = true)]
    pub color: When,
}

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// Text on a terminal, JSON otherwise.
    Auto,
    /// Tables and sentences.
    Text,
    /// One JSON document; loops print JSON Lines.
    Json,
}

/// How to log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One line an event.
    Text,
    /// One JSON object an event.
    Json,
}

/// When to do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}
