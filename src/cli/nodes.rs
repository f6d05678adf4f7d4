//! `orca nodes`: its subcommands and their arguments.

use clap::{Args, Subcommand};

/// Everyday work with nodes.
#[derive(Debug, Subcommand)]
pub enum Nodes {
    /// List nodes: status, availability, role, engine, tasks, labels
    Ls,
    /// Show one node: what it is, what runs there, and what would become of that without it
    Show(OneNode),
}

/// One node.
#[derive(Debug, Args)]
pub struct OneNode {
    /// Hostname, id, or the beginning of one
    #[arg(value_name = "NODE")]
    pub name: String,
}
