//! Compression as a stream, in memory that doesn't depend on the size of the file.

use std::io::{self, Read, Write};

use flate2::write::GzEncoder;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A read takes so much at a time.
pub const CHUNK: usize = 256 * 1024;

/// How a copy is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compress {
    /// As it is.
    None,
    /// As `gzip -6` does it.
    Gzip,
    /// As `zstd -3` does it.
    Zstd,
}

impl Compress {
    /// The word in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// What such files are called.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Gzip => ".gz",
            Self::Zstd => ".zst",
        }
    }
}

/// How much time a copy may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// As the tools themselves do it.
    Normal,
    /// What grows meanwhile must be caught up with.
    Quick,
    /// As fast as can be, however large it gets.
    Least,
}

impl Effort {
    /// The next one down.
    #[must_use]
    pub fn less(self) -> Self {
        match self {
            Self::Normal => Self::Quick,
            Self::Quick | Self::Least => Self::Least,
        }
    }

    fn gzip(self) -> flate2::Compression {
        match self {
            Self::Normal => flate2::Compression::default(),
            Self::Quick => flate2::Compression::fast(),
            Self::Least => flate2::Compression::none(),
        }
    }

    fn zstd(self) -> i32 {
        match self {
            Self::Normal => zstd::DEFAULT_COMPRESSION_LEVEL,
            Self::Quick => 1,
            Self::Least => -20,
        }
    }
}

enum Encoder<W: Write> {
    None(W),
    Gzip(GzEncoder<W>),
    Zstd(zstd::Encoder<'static, W>),
}

/// Copies all that can be read, compressed: one complete member (or frame), so that several after another make one file.
/// Returns how much was read.
///
/// # Errors
/// If one of both fails; a full disk among others.
pub fn copy(
    from: &mut impl Read,
    to: &mut impl Write,
    how: Compress,
    effort: Effort,
    buffer: &mut Vec<u8>,
) -> io::Result<u64> {
    buffer.resize(CHUNK, 0);
    let mut encoder = match how {
        Compress::None => Encoder::None(to),
        Compress::Gzip => Encoder::Gzip(GzEncoder::new(to, effort.gzip())),
        Compress::Zstd => {
            let mut encoder = zstd::Encoder::new(to, effort.zstd())?;
            encoder.include_checksum(true)?;
            Encoder::Zstd(encoder)
        }
    };
    let mut read = 0;
    loop {
        let count = match from.read(buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let bytes = &buffer[..count];
        match &mut encoder {
            Encoder::None(to) => to.write_all(bytes)?,
            Encoder::Gzip(to) => to.write_all(bytes)?,
            Encoder::Zstd(to) => to.write_all(bytes)?,
        }
        read += count as u64;
    }
    match encoder {
        Encoder::None(to) => to.flush()?,
        Encoder::Gzip(to) => to.finish()?.flush()?,
        Encoder::Zstd(to) => to.finish()?.flush()?,
    }
    Ok(read)
}
