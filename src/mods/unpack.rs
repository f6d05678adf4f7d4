//! Archives into a folder: nothing in one leads out of it, and none becomes more than it may.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _, SeekFrom};
use std::path::{Component, Path};

use anyhow::{Context as _, Result, bail};
use flate2::read::MultiGzDecoder;
use std::os::unix::fs::PermissionsExt as _;
use tar::EntryType;

use crate::files::{Dir, Kind};

/// An archive has no more entries than this.
const ENTRIES: u64 = 100_000;
/// Folders lie no deeper than this.
const DEEPEST: usize = 64;
/// A frame of zstd may ask for a window of 2 to the power of this.
const WINDOW: u32 = 24;
/// The end of a zip file, longest comment included, in which it says how many entries it has.
const ZIP_TAIL: u64 = 22 + 65_535;
/// The beginning of a name that removes what a layer below has brought.
const WHITEOUT: &str = ".wh.";
const OPAQUE: &str = ".wh..wh..opq";

/// A folder that is being filled.
#[derive(Debug)]
pub(super) struct Tree {
    root: Dir,
    left: u64,
    entries: u64,
    /// Bytes written.
    pub(super) bytes: u64,
    /// Files written.
    pub(super) files: u64,
}

impl Tree {
    /// Fills this folder with at most so many bytes.
    pub(super) fn new(root: Dir, most: u64) -> Self {
        Self { root, left: most, entries: 0, bytes: 0, files: 0 }
    }

    /// Adds what is in an archive; of an image's layers later ones may take away what earlier ones brought.
    ///
    /// # Errors
    /// If it is no archive, is damaged, or has something in it that is refused.
    pub(super) fn add(&mut self, mut archive: File, layer: bool) -> Result<()> {
        let mut magic = Vec::new();
        Read::by_ref(&mut archive).take(512).read_to_end(&mut magic)?;
        archive.seek(SeekFrom::Start(0))?;
        let from = BufReader::with_capacity(128 * 1024, archive);
        if magic.starts_with(b"PK\x03\x04") && !layer {
            self.zip(from)
        } else if magic.starts_with(&[0x1f, 0x8b]) {
            self.tar(MultiGzDecoder::new(from), layer)
        } else if magic.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            let mut decoder = zstd::Decoder::with_buffer(from)?;
            decoder.window_log_max(WINDOW)?;
            self.tar(decoder, layer)
        } else if magic.get(257..262) == Some(b"ustar") {
            self.tar(from, layer)
        } else {
            bail!("it is no archive that orca unpacks (zip, tar, tar.gz, tar.zst)")
        }
    }

    fn tar(&mut self, from: impl Read, layer: bool) -> Result<()> {
        let mut archive = tar::Archive::new(from);
        for entry in archive.entries().context("the archive can't be read")? {
            let mut entry = entry.context("the archive can't be read")?;
            let path = entry.path().context("the archive can't be read")?.into_owned();
            let name = path.to_str().with_context(|| format!("`{}` is no UTF-8", path.display()))?;
            let Some((parent, name)) = self.place(name)? else { continue };
            let mode = entry.header().mode().unwrap_or(0o644);
            if layer && whiteout(&parent, name)? {
                continue;
            }
            let target = entry.link_name()?.map(std::borrow::Cow::into_owned);
            let target =
                || target.as_deref().and_then(Path::to_str).with_context(|| format!("`{name}` links to nothing"));
            match entry.header().entry_type() {
                EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                    self.file(&parent, name, mode, &mut entry)?;
                }
                EntryType::Directory => _ = folder(&parent, name)?,
                EntryType::Symlink => make_link(&parent, &path, name, target()?)?,
                EntryType::Link => {
                    let target = target()?;
                    let inside = relative(target)?.join("/");
                    let file = self.root.beneath(&inside).with_context(|| format!("`{name}` links to `{target}`"))?;
                    if !file.metadata()?.is_file() {
                        bail!("`{name}` links to `{target}`, which is no file");
                    }
                    self.file(&parent, name, file.metadata()?.permissions().mode(), &mut &file)?;
                }
                EntryType::XGlobalHeader => {}
                other => bail!("`{name}` is neither file, folder nor link ({other:?})"),
            }
        }
        Ok(())
    }

    fn zip(&mut self, mut from: impl Read + io::Seek) -> Result<()> {
        // Its directory is held in memory: one with more entries than the plain format can count is no mod.
        let end = from.seek(SeekFrom::End(0))?;
        let mut tail = Vec::new();
        from.seek(SeekFrom::Start(end.saturating_sub(ZIP_TAIL)))?;
        Read::by_ref(&mut from).take(ZIP_TAIL).read_to_end(&mut tail)?;
        if tail.windows(12).any(|window| window.starts_with(b"PK\x05\x06") && window[10..12] == [0xff, 0xff]) {
            bail!("it has more than {ENTRIES} entries, or counts them as if");
        }
        from.seek(SeekFrom::Start(0))?;
        let mut archive = zip::ZipArchive::new(from).context("the archive can't be read")?;
        for at in 0..archive.len() {
            let mut entry = archive.by_index(at).context("the archive can't be read")?;
            let path = entry.name().to_owned();
            let Some((parent, name)) = self.place(&path)? else { continue };
            let mode = entry.unix_mode().unwrap_or(0o644);
            if entry.is_dir() {
                folder(&parent, name)?;
            } else if entry.is_symlink() {
                let mut target = String::new();
                Read::by_ref(&mut entry).take(4096).read_to_string(&mut target)?;
                make_link(&parent, Path::new(&path), name, &target)?;
            } else {
                self.file(&parent, name, mode, &mut entry)?;
            }
        }
        Ok(())
    }

    /// The folder that an entry goes into, and its name there; none for the root itself.
    fn place<'p>(&mut self, path: &'p str) -> Result<Option<(Dir, &'p str)>> {
        self.entries += 1;
        if self.entries > ENTRIES {
            bail!("it has more than {ENTRIES} entries");
        }
        let parts = relative(path)?;
        let Some((name, folders)) = parts.split_last() else { return Ok(None) };
        let mut dir = self.root.again()?;
        for part in folders {
            dir = folder(&dir, part)?;
        }
        Ok(Some((dir, name)))
    }

    fn file(&mut self, parent: &Dir, name: &str, mode: u32, from: &mut impl Read) -> Result<()> {
        if parent.stat(name)?.is_some_and(|stat| stat.kind != Kind::Folder) {
            parent.remove(name)?;
        }
        let mut to = parent.create(name).with_context(|| format!("can't make `{name}`"))?;
        let copied = io::copy(&mut from.take(self.left.saturating_add(1)), &mut to);
        let copied = copied.with_context(|| format!("can't unpack `{name}`"))?;
        if copied > self.left {
            bail!("it becomes larger than mods.max_unpacked allows");
        }
        self.left -= copied;
        self.bytes += copied;
        self.files += 1;
        // No bits that lend rights, and always readable.
        to.set_permissions(std::fs::Permissions::from_mode(mode & 0o755 | 0o644))?;
        Ok(())
    }
}

fn folder(parent: &Dir, name: &str) -> Result<Dir> {
    parent.make(name).with_context(|| format!("`{name}` is no folder of its own"))
}

fn make_link(parent: &Dir, path: &Path, name: &str, target: &str) -> Result<()> {
    let mut depth = path.components().filter(|part| matches!(part, Component::Normal(_))).count();
    depth = depth.saturating_sub(1);
    for part in Path::new(target).components() {
        depth = match part {
            Component::Normal(_) => depth + 1,
            Component::CurDir => depth,
            Component::ParentDir if depth > 0 => depth - 1,
            _ => bail!("`{}` links to `{target}`, which is not in the archive", path.display()),
        };
    }
    if target.is_empty() || target.contains('\0') {
        bail!("`{}` links to nothing", path.display());
    }
    parent.remove(name)?;
    parent.link(name, target).with_context(|| format!("can't make `{name}`"))
}

/// Whether this entry only removes something.
fn whiteout(parent: &Dir, name: &str) -> Result<bool> {
    if name == OPAQUE {
        for name in parent.names()? {
            parent.remove_all(&name)?;
        }
        return Ok(true);
    }
    let Some(gone) = name.strip_prefix(WHITEOUT) else { return Ok(false) };
    if gone.is_empty() || gone == "." || gone == ".." {
        bail!("`{name}` removes nothing that is in the archive");
    }
    parent.remove_all(gone)?;
    Ok(true)
}

/// The parts of a path that leads into the folder and nowhere else.
fn relative(path: &str) -> Result<Vec<&str>> {
    if path.contains(['\\', '\0']) {
        bail!("`{path}` is no name that every system understands");
    }
    let mut parts = Vec::new();
    for part in Path::new(path).components() {
        match part {
            Component::Normal(part) => parts.extend(part.to_str()),
            Component::CurDir => {}
            Component::RootDir | Component::ParentDir | Component::Prefix(_) => {
                bail!("`{path}` leads out of the archive")
            }
        }
    }
    if parts.len() > DEEPEST {
        bail!("`{path}` lies deeper than {DEEPEST} folders");
    }
    Ok(parts)
}
