//! `orca nodes`: its subcommands and their arguments.

use clap::{Args, Subcommand};

use super::services::Wait;

/// Everyday work with nodes.
#[derive(Debug, Subcommand)]
pub enum Nodes {
    /// List nodes: status, availability, role, engine, tasks, labels
    Ls,
    /// Show one node: what it is, what runs there, and what would become of that without it
    Show(OneNode),
    /// Empty a node: its tasks go elsewhere, and no new ones come
    ///
    /// First says what that does: services that find no other node and by which filter, services with a single replica,
    /// volumes that stay behind. Refuses what would leave a service without a node, unless --force is given.
    Drain(Drain),
    /// Let a node take tasks again
    Activate(ActNodes),
    /// Keep new tasks off a node; those that run there stay
    Pause(ActNodes),
    /// Set labels (KEY=VALUE) and remove them (KEY-)
    ///
    /// Taking away a label that a running task's constraint needs ends that task at once; that is refused without --force.
    Label(LabelNode),
}

/// One node.
#[derive(Debug, Args)]
pub struct OneNode {
    /// Hostname, id, or the beginning of one
    #[arg(value_name = "NODE")]
    pub name: String,
}

/// Nodes to change.
#[derive(Debug, Args)]
pub struct ActNodes {
    /// Hostnames, ids, or the beginning of one
    #[arg(value_name = "NODE", required = true)]
    pub names: Vec<String>,
}

/// `orca nodes drain`.
#[derive(Debug, Args)]
pub struct Drain {
    /// Hostnames, ids, or the beginning of one
    #[arg(value_name = "NODE", required = true)]
    pub names: Vec<String>,
    /// Also if services are left without a node
    #[arg(long)]
    pub force: bool,
    /// First move the tasks whose update config says start-first, one at a time, each proven before the old one ends
    ///
    /// As `orca rebalance apply --empty` does: the image is brought to the new node, the new task runs, then the old one
    /// ends. What can't be moved so is ended by the drain, as ever, and named. A move that fails ends the run, and the node is
    /// not emptied. One node at a time.
    #[arg(long)]
    pub start_first: bool,
    /// How long to stay.
    #[command(flatten)]
    pub wait: Wait,
}

/// `orca nodes label`.
#[derive(Debug, Args)]
pub struct LabelNode {
    /// Hostname, id, or the beginning of one
    #[arg(value_name = "NODE")]
    pub name: String,
    /// KEY=VALUE sets a label, KEY- removes it
    #[arg(value_name = "LABEL", required = true, value_parser = label)]
    pub labels: Vec<(String, Option<String>)>,
    /// Also if that ends tasks
    #[arg(long)]
    pub force: bool,
}

fn label(text: &str) -> Result<(String, Option<String>), String> {
    let (key, value) = match text.split_once('=') {
        Some((key, value)) => (key, Some(value.to_owned())),
        None => (text.strip_suffix('-').ok_or_else(|| "write KEY=VALUE, or KEY- to remove it".to_owned())?, None),
    };
    if key.is_empty() || key.starts_with('-') {
        return Err("a label needs a key".to_owned());
    }
    Ok((key.to_owned(), value))
}
