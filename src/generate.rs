//! What orca prints about itself: man pages and schemas (completions: [`crate::complete`]). Committed, and compared in a test.

mod json;
mod man;
mod pages;

use anyhow::Result;

use crate::cli::SchemaName;
use crate::report::Report;

pub use man::man_pages;

/// A JSON Schema as text.
pub fn schema(name: SchemaName) -> Result<String> {
    let schema = match name {
        SchemaName::Config => crate::settings::schema(),
        SchemaName::Mods => crate::settings::list_schema(),
        // As it is written: a field that may be null is there all the same.
        SchemaName::Report => {
            let settings = schemars::generate::SchemaSettings::default().for_serialize();
            serde_json::to_value(settings.into_generator().into_root_schema_for::<Report>())?
        }
    };
    Ok(format!("{schema:#}\n"))
}
