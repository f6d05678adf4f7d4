//! `orca registry`: its subcommands and their arguments.

use clap::{Args, Subcommand};

/// What registries have.
#[derive(Debug, Subcommand)]
pub enum Registry {
    /// List the repositories of a registry
    ///
    /// Not every registry tells: Docker Hub, GHCR and other public ones don't.
    Repos(InRegistry),
    /// List the tags of a repository
    Tags(TagsOf),
    /// Show what a tag or a digest stands for: digest, platforms, sizes, when it was built
    Inspect(OneImage),
    /// Remove what a tag stands for
    ///
    /// A registry removes by digest: every other tag that stands for the same goes with it, and is named before. Nothing is
    /// removed without --yes; --dry-run shows what would go. The disk is freed later, by the registry's own garbage
    /// collection.
    Rm(RemoveImage),
}

/// Which registry.
#[derive(Debug, Args)]
pub struct InRegistry {
    /// The registry, as HOST:PORT, or HOST with a dot in it; http:// before it: without encryption [default: registry.default of the config]
    #[arg(long, value_name = "HOST")]
    pub registry: Option<String>,
}

/// `orca registry tags`.
#[derive(Debug, Args)]
pub struct TagsOf {
    /// Repository, with its registry or without
    #[arg(value_name = "REPOSITORY")]
    pub name: String,
    /// Also ask what each tag stands for
    #[arg(long)]
    pub digests: bool,
    /// Which registry.
    #[command(flatten)]
    pub place: InRegistry,
}

/// One image in a registry.
#[derive(Debug, Args)]
pub struct OneImage {
    /// REPOSITORY:TAG or REPOSITORY@DIGEST, with its registry or without
    #[arg(value_name = "IMAGE")]
    pub name: String,
    /// Which registry.
    #[command(flatten)]
    pub place: InRegistry,
}

/// `orca registry rm`.
#[derive(Debug, Args)]
pub struct RemoveImage {
    /// The image.
    #[command(flatten)]
    pub image: OneImage,
    /// Do it
    #[arg(long, short = 'y')]
    pub yes: bool,
}
