//! A file that is written as a whole or not at all.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Puts a file in place of what has this name. Readers find the old one or the new one; a kill leaves the old one.
///
/// # Errors
/// If it can't be written. Then what was there is as it was, but where it is only the folder that can't be synced.
pub fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    beside(path, text, mode)?.persist(path).map_err(|error| error.error)?;
    settle(path)
}

/// Makes a file that is not there.
///
/// # Errors
/// If something has this name, or it can't be written.
pub fn create(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    beside(path, text, mode)?.persist_noclobber(path).map_err(|error| error.error)?;
    settle(path)
}

/// The whole text, on the disk, under a name of its own.
fn beside(path: &Path, text: &str, mode: u32) -> io::Result<tempfile::NamedTempFile> {
    let mut file = tempfile::Builder::new().prefix(".orca-").tempfile_in(folder(path))?;
    file.write_all(text.as_bytes())?;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(mode))?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Waits until the disk has which files are in the folder of this one: a name that came or went stays so after a crash.
///
/// # Errors
/// If the folder can't be opened or the disk refuses.
pub fn settle(path: &Path) -> io::Result<()> {
    File::open(folder(path))?.sync_all()
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
