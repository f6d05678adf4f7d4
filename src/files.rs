//! Files on this host that others may write beside orca: directories that are held open, names that are never followed
//! through a symbolic link, and compression as a stream.
//!
//! A path is walked once, component by component; from then on everything is done below the open directory. So nobody
//! who may write there can send orca elsewhere by putting a link in place of a file or a folder.

pub mod find;
pub mod squeeze;
pub mod whole;

use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path};

use jiff::Timestamp;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, RenameFlags, ResolveFlags, StatxFlags};
use rustix::io::Errno;

/// A directory that is held open.
#[derive(Debug)]
pub struct Dir {
    fd: OwnedFd,
}

/// What a name in a directory is, the link itself where it is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// Device and inode: the same file under whatever name.
    pub id: (u64, u64),
    /// File, folder, link, ...
    pub kind: Kind,
    /// Bytes.
    pub size: u64,
    /// Names that it has.
    pub links: u64,
    /// When its content last changed.
    pub modified: Timestamp,
    /// When it was made, where the file system knows.
    pub born: Option<Timestamp>,
}

/// The types of file that matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A pipe, socket or device.
    Other,
}

impl Dir {
    /// Opens the directory at this absolute path. A symbolic link on the way is followed only if it belongs to root or to
    /// this user, as `/var/run` does.
    ///
    /// # Errors
    /// If it isn't there, isn't a directory, or lies behind somebody else's link.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::open_within(path, 8)
    }

    fn open_within(path: &Path, links: u32) -> io::Result<Self> {
        let mut dir = Self { fd: rustix::fs::open("/", FOLDER, Mode::empty())? };
        for (at, component) in path.components().enumerate() {
            let name = match component {
                Component::RootDir if at == 0 => continue,
                Component::Normal(name) if at > 0 => name,
                _ => return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no absolute path without `..`")),
            };
            dir = match rustix::fs::openat(&dir.fd, name, FOLDER, Mode::empty()) {
                Ok(fd) => Self { fd },
                Err(Errno::LOOP | Errno::NOTDIR) => dir.through(name.as_ref(), links)?,
                Err(error) => return Err(error.into()),
            };
        }
        Ok(dir)
    }

    /// Goes on where a trusted link leads.
    fn through(&self, name: &Path, links: u32) -> io::Result<Self> {
        let stat = rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::Symlink {
            return Err(Errno::NOTDIR.into());
        }
        if links == 0 || (stat.st_uid != 0 && stat.st_uid != rustix::process::geteuid().as_raw()) {
            let text = format!("`{}` is somebody else's symbolic link", name.display());
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
        }
        let target = rustix::fs::readlinkat(&self.fd, name, Vec::new())?;
        let target = Path::new(std::str::from_utf8(target.as_bytes()).map_err(io::Error::other)?).to_owned();
        // Where the walk really is: `..` in a link counts from there.
        let here = std::fs::read_link(format!("/proc/self/fd/{}", self.fd.as_raw_fd()))?;
        Self::open_within(&tidy(&here.join(target)), links - 1)
    }

    /// Opens a folder in it; a link is not followed.
    ///
    /// # Errors
    /// If there is none.
    pub fn folder(&self, name: &str) -> io::Result<Self> {
        Ok(Self { fd: rustix::fs::openat(&self.fd, name, FOLDER, Mode::empty())? })
    }

    /// The same directory once more.
    ///
    /// # Errors
    /// If there are no more descriptors.
    pub fn again(&self) -> io::Result<Self> {
        Ok(Self { fd: self.fd.try_clone()? })
    }

    /// The names in it, sorted. Names that are no UTF-8 are nobody's.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(self.fd.as_fd())? {
            if let Ok(name) = entry?.file_name().to_str()
                && name != "."
                && name != ".."
            {
                names.push(name.to_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    /// What this name is; none if there is nothing of it.
    ///
    /// # Errors
    /// If that can't be told.
    pub fn stat(&self, name: &str) -> io::Result<Option<Stat>> {
        match rustix::fs::statx(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::BASIC_STATS | StatxFlags::BTIME)
        {
            Ok(statx) => Ok(Some(Stat::of(&statx))),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens a regular file in it.
    ///
    /// # Errors
    /// If there is none, or it is a link, a pipe or a device.
    pub fn file(&self, name: &str, write: bool) -> io::Result<File> {
        let how = if write { OFlags::RDWR } else { OFlags::RDONLY };
        // A pipe would make the open itself wait for its other end.
        let flags = how | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(&self.fd, name, flags, Mode::empty())?);
        if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is no regular file")) }
    }

    /// Makes a file that was not there, for this user alone.
    ///
    /// # Errors
    /// If there is something of that name.
    pub fn create(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(File::from(rustix::fs::openat(&self.fd, name, flags, Mode::RUSR | Mode::WUSR)?))
    }

    /// Gives a file another name in the same directory, if nothing has that name.
    ///
    /// # Errors
    /// If something has it.
    pub fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        match rustix::fs::renameat_with(&self.fd, from, &self.fd, to, RenameFlags::NOREPLACE) {
            // Some file systems can't do both at once.
            Err(Errno::INVAL | Errno::NOSYS) if self.stat(to)?.is_none() => {
                Ok(rustix::fs::renameat(&self.fd, from, &self.fd, to)?)
            }
            done => Ok(done?),
        }
    }

    /// Puts a file in place of another, or moves it to another directory of the same file system.
    ///
    /// # Errors
    /// If that can't be done at once.
    pub fn replace(&self, from: &str, into: &Self, to: &str) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.fd, from, &into.fd, to)?)
    }

    /// Removes a file, or a link itself; false if there is none.
    ///
    /// # Errors
    /// If it can't be removed.
    pub fn remove(&self, name: &str) -> io::Result<bool> {
        match rustix::fs::unlinkat(&self.fd, name, AtFlags::empty()) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes whatever has this name, with all that is in it; links are removed, not followed.
    ///
    /// # Errors
    /// If something in it can't be removed.
    pub fn remove_all(&self, name: &str) -> io::Result<bool> {
        match self.stat(name)? {
            None => Ok(false),
            Some(stat) if stat.kind == Kind::Folder => {
                let inner = self.folder(name)?;
                for name in inner.names()? {
                    inner.remove_all(&name)?;
                }
                rustix::fs::unlinkat(&self.fd, name, AtFlags::REMOVEDIR)?;
                Ok(true)
            }
            Some(_) => self.remove(name),
        }
    }

    /// The folder of this name, made where there is none.
    ///
    /// # Errors
    /// If something else has the name.
    pub fn make(&self, name: &str) -> io::Result<Self> {
        match rustix::fs::mkdirat(&self.fd, name, Mode::from_raw_mode(0o755)) {
            Ok(()) | Err(Errno::EXIST) => self.folder(name),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes a link in it.
    ///
    /// # Errors
    /// If there is something of that name.
    pub fn link(&self, name: &str, target: &str) -> io::Result<()> {
        Ok(rustix::fs::symlinkat(target, &self.fd, name)?)
    }

    /// Opens a file below it, by a path that may not leave it nor go through any link.
    ///
    /// # Errors
    /// If there is none, or the kernel (before 5.6) can't promise that.
    pub fn beneath(&self, path: &str) -> io::Result<File> {
        let how = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        Ok(File::from(rustix::fs::openat2(&self.fd, path, flags, Mode::empty(), how)?))
    }

    /// Makes sure that names made in it outlive a power cut.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::fsync(&self.fd)?)
    }
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

impl Stat {
    fn of(statx: &rustix::fs::Statx) -> Self {
        let kind = match FileType::from_raw_mode(statx.stx_mode.into()) {
            FileType::RegularFile => Kind::File,
            FileType::Directory => Kind::Folder,
            FileType::Symlink => Kind::Link,
            _ => Kind::Other,
        };
        let time = |sec, nsec| Timestamp::new(sec, nsec).unwrap_or(Timestamp::UNIX_EPOCH);
        let nanos = |nsec: u32| i32::try_from(nsec).unwrap_or_default();
        let born = StatxFlags::from_bits_retain(statx.stx_mask).contains(StatxFlags::BTIME);
        Self {
            id: (rustix::fs::makedev(statx.stx_dev_major, statx.stx_dev_minor), statx.stx_ino),
            kind,
            size: statx.stx_size,
            links: statx.stx_nlink.into(),
            modified: time(statx.stx_mtime.tv_sec, nanos(statx.stx_mtime.tv_nsec)),
            born: born.then(|| time(statx.stx_btime.tv_sec, nanos(statx.stx_btime.tv_nsec))),
        }
    }
}

/// Device and inode of an open file.
///
/// # Errors
/// If the file system is gone.
pub fn id_of(file: &File) -> io::Result<(u64, u64)> {
    let meta = file.metadata()?;
    Ok((meta.dev(), meta.ino()))
}

/// Gives `to` the owner and the permissions of `from`; of the owner, what this user may give away.
///
/// # Errors
/// If the permissions can't be set, or the owner neither by root.
pub fn like(from: &File, to: &File) -> io::Result<()> {
    let meta = from.metadata()?;
    match std::os::unix::fs::fchown(to, Some(meta.uid()), Some(meta.gid())) {
        Err(_) if !rustix::process::geteuid().is_root() => {}
        done => done?,
    }
    // After the owner: changing that takes bits away.
    to.set_permissions(meta.permissions())
}

/// A path without `.` and `..`, by its words alone.
fn tidy(path: &Path) -> std::path::PathBuf {
    let mut tidy = std::path::PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => _ = tidy.pop(),
            Component::CurDir => {}
            other => tidy.push(other),
        }
    }
    tidy
}

/// `*` is any text, `?` any one character. Takes at most pattern times text steps.
pub fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(b'?') => (p, t) = (p + 1, t + 1),
            Some(own) if *own == text[t] => (p, t) = (p + 1, t + 1),
            _ => {
                let Some((at, taken)) = star else { return false };
                star = Some((at, taken + 1));
                (p, t) = (at + 1, taken + 1);
            }
        }
    }
    pattern[p..].iter().all(|own| *own == b'*')
}

#[cfg(test)]
mod tests;
