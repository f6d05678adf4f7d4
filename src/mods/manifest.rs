//! What orca has fetched into a cache directory, and from where: `.orca/manifest.json` in it.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};

/// The schema's name.
pub const SCHEMA: &str = "orca.mods/1";

/// All that orca has fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// `orca.mods/1`.
    pub schema: String,
    /// By name.
    pub mods: BTreeMap<String, Record>,
}

/// Something that orca has fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The URL, or the reference of the image.
    pub from: String,
    /// Who asked for it: the place in a file, a container's label, a service's variable.
    pub source: String,
    /// Of what was fetched; of an image, of its manifest.
    pub sha256: String,
    /// Bytes fetched.
    pub size: u64,
    /// It was an archive, and is a folder now.
    pub unpacked: bool,
    /// When.
    pub fetched_at: Timestamp,
    /// What the server calls this version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// What the server says of its age.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    /// The file's (or folder's) own time of change after it was put in place: another one means another hand.
    pub modified: Timestamp,
}

impl Record {
    /// Of what is about to be there.
    pub(super) fn announced(from: String, source: String) -> Self {
        Self {
            from,
            source,
            sha256: String::new(),
            size: 0,
            unpacked: false,
            fetched_at: Timestamp::now(),
            etag: None,
            last_modified: None,
            modified: Timestamp::UNIX_EPOCH,
        }
    }
}

impl Default for Manifest {
    fn default() -> Self {
        Self { schema: SCHEMA.to_owned(), mods: BTreeMap::new() }
    }
}

impl Manifest {
    /// Reads it; an absent one is empty.
    ///
    /// # Errors
    /// If there is one that can't be read: what is orca's own is then not known.
    pub fn load(dest: &Path) -> Result<Self> {
        let path = dest.join(".orca/manifest.json");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error).with_context(|| format!("can't read `{}`", path.display())),
        };
        let hint =
            "it says what orca has fetched: move the whole cache directory aside, and orca fetches all of it again";
        let failed = || {
            let text = format!("`{}` is not a manifest of the schema `{SCHEMA}`", path.display());
            Error::new(ErrorKind::Failed, text).hint(hint)
        };
        let manifest: Self = serde_json::from_str(&text).with_context(failed)?;
        if manifest.schema == SCHEMA { Ok(manifest) } else { Err(failed().into()) }
    }

    /// Writes it, in one step.
    ///
    /// # Errors
    /// If the disk is full, say.
    pub fn save(&self, dest: &Path) -> Result<()> {
        let folder = dest.join(".orca");
        let mut file = tempfile::NamedTempFile::new_in(&folder).context("can't write the manifest")?;
        file.write_all(format!("{:#}\n", serde_json::to_value(self)?).as_bytes())
            .context("can't write the manifest")?;
        file.as_file().sync_all().context("can't write the manifest")?;
        file.persist(folder.join("manifest.json")).context("can't write the manifest")?;
        Ok(())
    }
}
