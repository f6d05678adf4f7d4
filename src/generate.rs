//! What orca prints about itself: man pages and schemas (completions: [`crate::complete`]). Committed, and compared in a test.

mod json;
mod man;
mod pages;

use std::collections::BTreeMap;

use anyhow::Result;

use crate::catalog::definition::Definition;
use crate::cli::SchemaName;
use crate::compose::file::File as ComposeFile;
use crate::report::Report;
use crate::settings::schema;

pub use man::man_pages;

/// A JSON Schema as it is committed.
pub fn schema(name: SchemaName) -> &'static str {
    match name {
        SchemaName::Config => schema::CONFIG,
        SchemaName::Mods => schema::MODS,
        SchemaName::Definition => schema::DEFINITION,
        SchemaName::Compose => schema::COMPOSE,
        SchemaName::Report => include_str!("../schema/report.json"),
    }
}

/// What is to be committed in `schema/`, by file name: the schemas that our types have now. Nothing in the program
/// calls this, so none of it is in there.
pub fn schemas() -> Result<BTreeMap<String, String>> {
    // As it is written: a field that may be null is there all the same.
    let report = schemars::generate::SchemaSettings::default().for_serialize();
    let report = serde_json::to_value(report.into_generator().into_root_schema_for::<Report>())?;
    let others = [
        ("compose.json", schema::of::<ComposeFile>()),
        ("definition.json", schema::of::<Definition>()),
        ("report.json", report),
    ];
    let all = schema::made().into_iter().chain(others);
    Ok(all.map(|(name, schema)| (name.to_owned(), format!("{schema:#}\n"))).collect())
}
