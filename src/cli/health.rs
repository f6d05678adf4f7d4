//! `orca health`.

use clap::Args;

/// `orca health`.
#[derive(Debug, Args)]
pub struct Health {
    /// Notices count as errors too: drained nodes, ghosts, too few managers, updates that were rolled back
    #[arg(long)]
    pub strict: bool,
}
