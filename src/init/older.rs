//! Orcastra's own `swarm.yml`, taken over as it is where that is simple.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::error::{Error, ErrorKind};
use crate::plan::Warning;
use crate::settings::{Source, SourceKind, parse_all};

/// Orcastra's place.
const USUAL: &str = "/etc/swarm-orchestration/swarm.yml";

/// The name and the text of the file to take over; none if there is none, or if it has to be looked at by somebody.
///
/// # Errors
/// If one was named and can't be read.
pub(super) fn find(
    named: Option<&str>,
    env: &BTreeMap<String, String>,
    warnings: &mut Vec<Warning>,
) -> Result<Option<(String, String)>> {
    let name = match named {
        Some("none") => return Ok(None),
        Some(name) => name,
        None if Path::new(USUAL).exists() => USUAL,
        None => return Ok(None),
    };
    let text = std::fs::read_to_string(name).with_context(|| {
        Error::new(ErrorKind::Config, format!("can't read `{name}`"))
            .hint("name Orcastra's swarm.yml with --from, or --from none")
    })?;
    let source = Source { name: name.to_owned(), kind: SourceKind::Main, text: text.clone() };
    // Mistakes in variables and in other files are not this file's.
    let why = match parse_all(&[source], &BTreeMap::new()) {
        Err(problems) => format!("{problems:#}"),
        Ok(_) if text.lines().any(|line| matches!(line.trim_end(), "---" | "...")) => {
            "it is more than one document".to_owned()
        }
        Ok(_) => {
            for name in ["NODES_FILE", "DEPENDENCIES_FILE", "REBALANCE_CONFIG"] {
                if let Some(file) = env.get(name).filter(|file| !file.is_empty()) {
                    let text = format!("`{file}` (${name}) is read in addition, as before: .env names it");
                    warnings.push(Warning::new("older_file", text));
                }
            }
            return Ok(Some((name.to_owned(), text)));
        }
    };
    let text = format!("`{name}` is not taken over: {why}; `orca config check -c {name}` says where");
    warnings.push(Warning::new("not_taken_over", text));
    Ok(None)
}
