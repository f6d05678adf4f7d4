//! What a plan knows of files.

use crate::files::squeeze::Compress;

/// A file as the plan knows it: it must still be this one when its turn comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFact {
    /// Device and inode.
    pub id: (u64, u64),
    /// Bytes.
    pub size: u64,
}

/// How a log is rotated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The log.
    pub file: FileFact,
    /// What its copy is called; none is kept if there is no name.
    pub copy: Option<String>,
    /// How the copy is kept.
    pub compress: Compress,
    /// It is copied and emptied in place; else it is renamed and made anew.
    pub copytruncate: bool,
}
