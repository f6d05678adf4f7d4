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
mod tests {
    use super::*;

    fn entry(url: &str) -> Entry {
        let labels = BTreeMap::from([("node".to_owned(), "n1".to_owned())]);
        Entry::new(&Url::parse(url, 9100).unwrap().or_path("/metrics"), labels)
    }

    #[test]
    fn what_differs_from_prometheus_defaults_is_said() {
        let shown = |url: &str| serde_json::to_string(&entry(url)).unwrap();
        assert_eq!(shown("http://10.0.0.1:9100"), r#"{"targets":["10.0.0.1:9100"],"labels":{"node":"n1"}}"#);
        assert_eq!(
            shown("https://[fd00::1]:9101/m"),
            r#"{"targets":["[fd00::1]:9101"],"labels":{"__metrics_path__":"/m","__scheme__":"https","node":"n1"}}"#
        );
        assert_eq!(label_name("a.b/c-d 1é"), "a_b_c_d_1_");
    }

    #[test]
    fn a_file_is_replaced_whole_and_only_when_it_differs() {
        let dir = tempfile::tempdir().unwrap();
        let (path, link) = (dir.path().join("targets.json"), dir.path().join("link.json"));
        assert!(write(&path, &[entry("a")], true).unwrap() && !path.exists(), "a dry run writes nothing");
        assert!(write(&path, &[entry("a")], false).unwrap());
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o644);
        assert!(!write(&path, &[entry("a")], false).unwrap(), "it says the same");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(write(&link, &[entry("a"), entry("b")], false).unwrap());
        assert!(link.is_symlink(), "what the link leads to was replaced");
        assert_eq!(mode(&path), 0o640);
        let read: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(read.as_array().unwrap().len(), 2);
        let names = std::fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(names, 2, "nothing else is left there");
        assert!(write(&dir.path().join("nowhere/x.json"), &[], false).is_err());
        assert!(check_name(Path::new("x.txt")).is_err() && check_name(&path).is_ok());
    }
}
