//! `orca catalog` and `orca projects`: their subcommands and their arguments.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Wait;

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
    /// Make the swarm run services as the catalog defines them
    ///
    /// Makes what is missing and changes what differs, field by field; what a definition says nothing about stays as it is.
    /// A second deployment of the same changes nothing. Tags are pinned to the digest that the registry says; one that
    /// can't be asked is told of. What was stopped is started.
    Deploy(DeployEntries),
    /// Show what a deployment would change
    Diff(DiffEntries),
    /// Remove services from the swarm; the catalog keeps them
    ///
    /// Only services that were deployed from this catalog. `orca services stop` leaves the service and takes its tasks.
    Stop(Entries),
    /// Build the image of a service from its folder, and send it to its registry
    ///
    /// The folder is the definition's build_context, in the projects directory and nowhere else. The engine's BuildKit
    /// makes it, or its classic builder where an image that it is made from needs credentials, which only that one can be
    /// told. What it says goes to stderr as it comes. Credentials are those of docker's own config.
    Build(BuildEntry),
    /// Make definitions of services that run
    ///
    /// What a definition can't say of them is told of, and stays as it is when they are deployed from it.
    Import(ImportServices),
    /// Bring files, catalog and swarm to say the same
    ///
    /// What files define comes into the catalog, what they define no more goes out of it, and how services stand is noted:
    /// for this cluster and this owner alone. A file with mistakes is told of, and stops no other. A directory that is
    /// missing or empty deletes nothing, and an engine that is away changes no state. Services of the swarm are changed
    /// with --deploy only.
    Reconcile(ReconcileCatalog),
}

/// `orca catalog build`.
#[derive(Debug, Args)]
pub struct BuildEntry {
    /// Service, by name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Platform that it is built for, as linux/amd64 [default: the engine's own]
    #[arg(long, value_name = "OS/ARCH")]
    pub platform: Option<String>,
    /// Which of the engine's builders [default: buildkit, unless an image that it is made from needs credentials]
    #[arg(long, value_enum, value_name = "BUILDER")]
    pub builder: Option<BuilderName>,
    /// Leave it on the engine
    #[arg(long)]
    pub no_push: bool,
}

/// A builder of the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BuilderName {
    /// BuildKit.
    Buildkit,
    /// The classic one.
    Classic,
}

/// Folders of the projects directory.
#[derive(Debug, Subcommand)]
pub enum Projects {
    /// List the folders that images can be built of
    Ls,
}

/// `orca catalog deploy`.
#[derive(Debug, Args)]
pub struct DeployEntries {
    /// Services, by name
    #[arg(value_name = "NAME", required_unless_present = "all")]
    pub names: Vec<String>,
    /// All services of the catalog
    #[arg(long, conflicts_with = "names")]
    pub all: bool,
    /// First put this image into the definition; a service that the catalog doesn't have is made of it
    #[arg(long, conflicts_with = "all")]
    pub image: Option<String>,
    /// First put so many replicas into the definition
    #[arg(long, value_name = "N", conflicts_with = "all")]
    pub replicas: Option<u64>,
    /// First put these ports into the definition, as 8080:80 (several times)
    #[arg(long = "port", value_name = "PORT", conflicts_with = "all")]
    pub ports: Vec<String>,
    /// Keep the digests that services have; ask registries only for what is new
    #[arg(long)]
    pub no_resolve: bool,
    /// Stay until it has come to rest, at most so long
    #[command(flatten)]
    pub wait: Wait,
}

/// `orca catalog diff`.
#[derive(Debug, Args)]
pub struct DiffEntries {
    /// Services, by name; all where none is named
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
}

/// `orca catalog import`.
#[derive(Debug, Args)]
pub struct ImportServices {
    /// Services of the swarm, by name
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<String>,
}

/// `orca catalog reconcile`.
#[derive(Debug, Args)]
pub struct ReconcileCatalog {
    /// The directory of definitions [default: catalog.definitions of the config, else $DEFINITIONS_DIR]
    #[arg(long, value_name = "DIR")]
    pub definitions: Option<PathBuf>,
    /// Even a directory without any definitions is meant so
    #[arg(long)]
    pub allow_empty: bool,
    /// Deploy what is defined, too
    #[arg(long)]
    pub deploy: bool,
    /// With --deploy: remove services from the swarm whose definition has gone
    #[arg(long, requires = "deploy")]
    pub prune: bool,
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
