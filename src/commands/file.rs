//! The command file on the disk, and what becomes of its entries.
//!
//! `FILE` is claimed by renaming it to `FILE.running`, so that whoever writes a new `FILE` meanwhile loses nothing. From
//! there each entry goes to `FILE.done`. What could not be tried goes back to `FILE`, or, if there is a new one, stays in
//! `FILE.running`, which the next run does first.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::error::{Error, ErrorKind};
use crate::files::whole;
use crate::settings::{Anchor, Entry, Problems, parse_commands};

/// Longer ones are no command files.
const LARGEST: u64 = 1024 * 1024;
/// Beyond this `FILE.done` begins anew, and what was in it is `FILE.done.1`.
const DONE: u64 = 1024 * 1024;

/// The command file and those beside it.
#[derive(Debug)]
pub(super) struct Files {
    waiting: PathBuf,
    running: PathBuf,
    done: PathBuf,
}

/// Entries that were read from one file.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) entries: Vec<Entry>,
    text: String,
    mode: u32,
}

impl Files {
    pub(super) fn new(path: &Path) -> Self {
        let beside = |suffix: &str| {
            let mut name = OsString::from(path);
            name.push(suffix);
            PathBuf::from(name)
        };
        Self { waiting: path.to_owned(), running: beside(".running"), done: beside(".done") }
    }

    /// What an earlier run has left, and what waits; none where there is no such file.
    ///
    /// # Errors
    /// With all problems of both, before anything is done.
    pub(super) fn read(&self, anchors: &[Anchor]) -> Result<(Option<Batch>, Option<Batch>)> {
        match (read(&self.running, anchors), read(&self.waiting, anchors)) {
            (Ok(left), Ok(waiting)) => Ok((left, waiting)),
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    }

    /// Takes what waits for its own, if it is still what was read.
    pub(super) fn claim(&self, read_before: Batch, anchors: &[Anchor]) -> Result<Option<Batch>> {
        match fs::rename(&self.waiting, &self.running) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(error).with_context(|| {
                    let text = format!("can't rename `{}`", self.waiting.display());
                    let hint =
                        "orca must be able to write the folder: mount the folder of the command file, not the file";
                    Error::new(ErrorKind::Failed, text).hint(hint)
                });
            }
        }
        match read(&self.running, anchors) {
            Ok(Some(batch)) if batch.text == read_before.text => Ok(Some(read_before)),
            Ok(claimed) => Ok(claimed),
            Err(error) => {
                // It was changed meanwhile, into one that has a mistake in it: nothing of it is done.
                self.put_back();
                Err(error)
            }
        }
    }

    /// Keeps only these as what is still to be done.
    pub(super) fn keep(&self, left: &[Entry], mode: u32) -> Result<()> {
        let kept = if left.is_empty() {
            match fs::remove_file(&self.running) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => whole::settle(&self.running),
            }
        } else {
            let text: String = left.iter().map(|entry| format!("- {}\n", quoted(entry))).collect();
            whole::write(&self.running, &text, mode)
        };
        kept.with_context(|| format!("can't take what is done out of `{}`", self.running.display()))
    }

    /// Notes an entry in `FILE.done`, with what became of it.
    pub(super) fn note(&self, entry: &Entry, what: &str, mode: u32) -> Result<()> {
        let noted = || -> io::Result<()> {
            if fs::metadata(&self.done).is_ok_and(|meta| meta.len() > DONE) {
                let mut older = OsString::from(&self.done);
                older.push(".1");
                fs::rename(&self.done, older)?;
            }
            let mut file = File::options().append(true).create(true).mode(mode).open(&self.done)?;
            // One write: lines of two runs don't mix.
            file.write_all(format!("- {} # {:.0} {what}\n", quoted(entry), Timestamp::now()).as_bytes())?;
            file.sync_data()
        };
        noted().with_context(|| format!("can't write `{}`", self.done.display()))
    }

    /// Makes what could not be tried wait again, unless there is something new that waits.
    pub(super) fn put_back(&self) {
        // Both names must never be there at once, or a kill in between would have the rest done twice. If this fails, also
        // because the file system knows no such renaming, the next run finds the rest where it is.
        let _ = renameat_with(CWD, &self.running, CWD, &self.waiting, RenameFlags::NOREPLACE);
    }
}

impl Batch {
    pub(super) fn mode(&self) -> u32 {
        self.mode
    }
}

/// As it can be read again.
fn quoted(entry: &Entry) -> String {
    serde_json::Value::from(entry.to_string()).to_string()
}

fn read(path: &Path, anchors: &[Anchor]) -> Result<Option<Batch>> {
    let unreadable = || {
        Error::new(ErrorKind::Config, format!("can't read the command file `{}`", path.display()))
            .hint("it must be a text file that orca may read")
    };
    let file =
        match File::options().read(true).custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed()).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(unreadable),
        };
    let meta = file.metadata().with_context(unreadable)?;
    if !meta.is_file() {
        return Err(unreadable().into());
    }
    if meta.mode() & 0o002 != 0 {
        let text = format!("everybody can write the command file `{}`", path.display());
        let error = Error::new(ErrorKind::Refused, text);
        return Err(error.hint(format!("take that from it: chmod o-w {}", path.display())).into());
    }
    let mut text = String::new();
    file.take(LARGEST + 1).read_to_string(&mut text).with_context(unreadable)?;
    if text.len() as u64 > LARGEST {
        return Err(unreadable().into());
    }
    let entries = parse_commands(&path.display().to_string(), &text, anchors)
        .map_err(|problems| anyhow::Error::new(Problems::of(problems, "the command file")))?;
    Ok(Some(Batch { entries, text, mode: meta.mode() & 0o777 }))
}
