//! Targets as Prometheus' `file_sd_configs` reads them.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Serialize;

use crate::error::{Error, ErrorKind};
use crate::metrics::url::Url;

/// One group of targets, which here is one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    targets: [String; 1],
    labels: BTreeMap<String, String>,
}

impl Entry {
    /// A target at this URL.
    pub fn new(url: &Url, mut labels: BTreeMap<String, String>) -> Self {
        let host = if url.host.contains(':') { format!("[{}]", url.host) } else { url.host.clone() };
        if url.secure {
            labels.insert("__scheme__".to_owned(), "https".to_owned());
        }
        if url.path != "/metrics" {
            labels.insert("__metrics_path__".to_owned(), url.path.clone());
        }
        Self { targets: [format!("{host}:{}", url.port)], labels }
    }
}

/// A name that Prometheus takes for a label's.
pub fn label_name(key: &str) -> String {
    key.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

/// Whether Prometheus reads a file of this name.
///
/// # Errors
/// If it doesn't.
pub fn check_name(path: &Path) -> Result<()> {
    if path.extension().is_some_and(|extension| extension == "json") {
        return Ok(());
    }
    let text = format!("Prometheus reads targets from files that end in .json, which `{}` doesn't", path.display());
    Err(Error::new(ErrorKind::Usage, text).hint("name it targets.json, say").into())
}

/// Writes the file as a whole or not at all, unless it says the same already; whether it says something else.
///
/// # Errors
/// If it can't be written. Then the file that was there is as it was.
pub fn write(path: &Path, entries: &[Entry], dry: bool) -> Result<bool> {
    let text = serde_json::to_string_pretty(entries)? + "\n";
    // What a link leads to is replaced, not the link.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if std::fs::read_to_string(&path).is_ok_and(|found| found == text) {
        return Ok(false);
    }
    if dry {
        return Ok(true);
    }
    let unusable = || Error::new(ErrorKind::Failed, format!("can't write the targets to `{}`", path.display()));
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".orca-").tempfile_in(folder).with_context(unusable)?;
    file.write_all(text.as_bytes()).with_context(unusable)?;
    // Prometheus is another user, as a rule.
    let mode = std::fs::metadata(&path).map_or(0o644, |found| found.permissions().mode() & 0o777);
    file.as_file().set_permissions(std::fs::Permissions::from_mode(mode)).with_context(unusable)?;
    file.as_file().sync_all().with_context(unusable)?;
    file.persist(&path).with_context(unusable)?;
    Ok(true)
}

#[cfg(test)]
mod tests;
