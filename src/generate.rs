//! What orca prints about itself: man pages, completions, schemas. Committed, and compared in a test.

use std::collections::BTreeMap;

use anyhow::Result;
use clap::CommandFactory as _;

use crate::cli::{Cli, SchemaName};
use crate::report::Report;

/// A JSON Schema as text.
pub fn schema(name: SchemaName) -> Result<String> {
    let schema = match name {
        SchemaName::Config => crate::settings::schema(),
        SchemaName::Report => serde_json::to_value(schemars::schema_for!(Report))?,
    };
    Ok(format!("{schema:#}\n"))
}

/// All man pages by name, as `orca-labels-sync`.
pub fn man_pages() -> Result<BTreeMap<String, String>> {
    let mut command = Cli::command();
    command.build();
    let mut pages = BTreeMap::new();
    collect(&command, "orca", &mut pages)?;
    Ok(pages)
}

fn collect(command: &clap::Command, name: &str, pages: &mut BTreeMap<String, String>) -> Result<()> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).title(name.to_uppercase()).date("").render(&mut page)?;
    pages.insert(name.to_owned(), String::from_utf8(page)?);
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        collect(sub, &format!("{name}-{}", sub.get_name()), pages)?;
    }
    Ok(())
}

/// A shell completion script.
pub fn completions(shell: clap_complete::Shell) -> Result<String> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "orca", &mut script);
    Ok(String::from_utf8(script)?)
}
