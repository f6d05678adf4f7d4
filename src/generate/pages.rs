//! The parts of the man pages that no flag can tell: exit codes, environment, files, examples. Data only.

mod catalog;
mod everyday;
mod node_side;
mod operate;
mod passes;
mod rows;
mod stacks;
mod tools;

use rows::{FAILED, FINE, USAGE};

/// Of the pages; to be set with each release.
pub(super) const DATE: &str = "2026-11-21";

/// Of a command that only has subcommands.
pub(super) const HELP_ONLY: &str =
    "It only prints its help: 0 with --help, else 64. The pages of the subcommands say how they end.";

/// A term and what it means.
pub(super) type Row = (&'static str, &'static str);

/// What is hand-written about one command.
pub(super) struct Page {
    name: &'static str,
    pub(super) exits: &'static [&'static [Row]],
    pub(super) environment: &'static [&'static [Row]],
    pub(super) files: &'static [&'static [Row]],
    /// What it is for, and the command line.
    pub(super) examples: &'static [Row],
    pub(super) see: &'static [&'static str],
}

/// What is hand-written about the command with this page, as `orca-labels-sync`.
pub(super) fn page(name: &str) -> &'static Page {
    [passes::PAGES, node_side::PAGES, everyday::PAGES, catalog::PAGES, stacks::PAGES, operate::PAGES, tools::PAGES]
        .into_iter()
        .flatten()
        .find(|page| page.name == name)
        .unwrap_or(&OTHER)
}

const OTHER: Page =
    Page { name: "", exits: &[FINE, FAILED, USAGE], environment: &[], files: &[], examples: &[], see: &[] };

/// A command that only has subcommands: their pages say the rest.
const GROUP: Page = Page { exits: &[], ..OTHER };
