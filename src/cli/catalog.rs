//! `orca catalog` and `orca projects`: their subcommands and their arguments.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Services as they are defined.
#[derive(Debug, Subcommand)]
pub enum Catalog {
    /// List the services of the catalog, and how they stand
    Ls,
    /// Show one service: its definition and how it stands
    Show(ShowEntry),
    /// Take definitions into the catalog
    ///
    /// Nothing of the swarm is changed. A definition that is there already is refused; a wrong file is refused as a whole,
    /// with every mistake at its place.
    Add(AddEntries),
    /// Change one definition
    ///
    /// Opens it in $VISUAL, $EDITOR or vi; with --file, takes that instead. What runs is left alone until it is deployed.
    Edit(EditEntry),
    /// Take services out of the catalog
    ///
    /// What runs in the swarm goes on. A service that a file defines comes back with the next reconcile, unless the file
    /// goes, too.
    Rm(Entries),
}

/// Services of the catalog.
#[derive(Debug, Args)]
pub struct Entries {
    /// Services, by name
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<String>,
}

/// `orca catalog show`.
#[derive(Debug, Args)]
pub struct ShowEntry {
    /// Service, by name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Print the definition alone, as a file would have it, values of variables included
    #[arg(long)]
    pub yaml: bool,
}

/// `orca catalog add`.
#[derive(Debug, Args)]
pub struct AddEntries {
    /// Files of definitions; - reads one from stdin
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
}

/// `orca catalog edit`.
#[derive(Debug, Args)]
pub struct EditEntry {
    /// Service, by name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Take the definition from this file; - reads it from stdin
    #[arg(long, short = 'f', value_name = "FILE")]
    pub file: Option<PathBuf>,
}
