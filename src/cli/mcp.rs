//! `orca mcp`: its arguments.

use clap::Args;

/// `orca mcp`.
#[derive(Debug, Args)]
pub struct Mcp {
    /// Also offer the tools that change something; each wants the id of a plan, or confirm
    #[arg(long, env = "ORCA_MCP_ALLOW_WRITE", value_parser = clap::builder::FalseyValueParser::new(), hide_env_values = true)]
    pub allow_write: bool,
    /// Print what a client's configuration needs to start this, and end
    #[arg(long)]
    pub print_config: bool,
}
