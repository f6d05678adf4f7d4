//! Registries of images: what a tag stands for now, asked of the engine or of the registry itself.
//!
//! [`net`] makes plain HTTP requests, [`client`] speaks the registry API (version 2) over it, [`credentials`] are those of
//! docker's own config, [`resolve`] finds out about many images at once. Secrets stay in [`credentials::Login`]: no error,
//! log line or `Debug` shows them.

pub mod auths;
pub mod credentials;
pub mod image;
pub mod keyring;
pub mod resolve;

pub(crate) mod client;
mod expiry;
pub(crate) mod manifest;
pub(crate) mod net;
pub(crate) mod place;
mod token;

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use crate::error::{Error, ErrorKind, Sort};
use crate::model::or_default;

pub use auths::Auths;
pub(crate) use auths::auths;
pub use credentials::{Credentials, auth_for};
pub use image::{Image, Plain};
pub use keyring::{Asked, Keyring};
pub use resolve::{created_all, resolve_all, tags_all};

/// What a name of an image stands for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// `sha256:...`, of the index where there is one for several platforms, else of the manifest.
    pub digest: String,
    /// Platforms that it is there for, as the registry lists them: attestations are among them as `unknown`.
    pub platforms: Vec<Platform>,
    /// When it was built, where that was asked for and the image says it.
    pub created: Option<Timestamp>,
}

impl Resolved {
    /// As the docker CLI tells the scheduler: operating system and architecture of what runs, and of `arm` any.
    pub fn scheduled(&self) -> Vec<(String, String)> {
        let mut platforms: Vec<(String, String)> = Vec::new();
        for Platform { os, architecture, .. } in self.platforms.iter().filter(|platform| platform.runs()) {
            let architecture = if architecture == "arm" { String::new() } else { architecture.clone() };
            let platform = (os.clone(), architecture);
            if !platforms.contains(&platform) {
                platforms.push(platform);
            }
        }
        platforms
    }
}

/// A platform, in the words of images (`amd64`, `linux`).
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(default)]
pub struct Platform {
    /// Architecture.
    #[serde(deserialize_with = "or_default")]
    pub architecture: String,
    /// Operating system.
    #[serde(deserialize_with = "or_default")]
    pub os: String,
    /// `v7` of `arm`, say.
    #[serde(deserialize_with = "or_default")]
    pub variant: String,
}

impl Platform {
    /// It is of something that runs; attestations are not.
    pub fn runs(&self) -> bool {
        self.os != "unknown" && self.architecture != "unknown"
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        if self.variant.is_empty() { Ok(()) } else { write!(f, "/{}", self.variant) }
    }
}

/// Why something about an image, or a registry, is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    /// What kind of failure it is.
    pub why: Why,
    /// The failure in words, without secrets.
    pub text: String,
}

/// Kinds of failures, as far as what to do next depends on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The registry says that there is no such image.
    NotFound,
    /// The registry wants other credentials.
    Denied,
    /// No answer of the registry, or none that it means for good.
    Unreachable,
    /// The registry wants to be asked later, at the earliest after so long.
    Limited(Option<Duration>),
    /// The answer makes no sense, or the question.
    Odd,
}

impl Unresolved {
    pub(crate) fn new(why: Why, text: impl Into<String>) -> Self {
        Self { why, text: text.into() }
    }

    pub(crate) fn odd(text: impl Into<String>) -> Self {
        Self::new(Why::Odd, text)
    }

    /// The same as an error that ends a command.
    pub(crate) fn error(self) -> Error {
        let (kind, hint) = match self.why {
            Why::NotFound => {
                let error = Error::new(ErrorKind::Failed, self.text).sort(Sort::Absent);
                return error.hint("`orca registry repos` and `orca registry tags` list what is there");
            }
            Why::Denied => (ErrorKind::Failed, "`docker login REGISTRY`, as the user who runs orca, keeps credentials"),
            Why::Unreachable => (
                ErrorKind::Unreachable,
                "is the registry up? one without TLS must be named with http://, or in registry.insecure of the config",
            ),
            Why::Limited(_) => (ErrorKind::Refused, "try again later; who is logged in may ask more often"),
            Why::Odd => return Error::new(ErrorKind::Failed, self.text),
        };
        Error::new(kind, self.text).hint(hint)
    }

    /// Whether another way to the registry would say the same.
    fn is_clear(&self) -> bool {
        matches!(self.why, Why::NotFound | Why::Denied | Why::Limited(_))
    }
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Unresolved {}

impl From<net::Fault> for Unresolved {
    fn from(fault: net::Fault) -> Self {
        let why = match fault {
            net::Fault::Passing(..) | net::Fault::Barred(_) => Why::Unreachable,
            net::Fault::Lasting(_) => Why::Odd,
        };
        Self::new(why, fault.text())
    }
}

/// How much a registry still gives, where it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Requests left.
    pub remaining: u64,
    /// Requests within one window.
    pub limit: Option<u64>,
    /// The window.
    pub window: Option<Duration>,
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.remaining)?;
        if let Some(limit) = self.limit {
            write!(f, " of {limit}")?;
        }
        f.write_str(" requests left")?;
        match self.window {
            Some(window) => write!(f, " within {}", humantime::format_duration(window)),
            None => Ok(()),
        }
    }
}

/// `sha256:` and 64 hexadecimal digits.
pub(crate) fn is_digest(text: &str) -> bool {
    let hex = text.strip_prefix("sha256:").unwrap_or_default();
    hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_are_those_that_the_docker_cli_writes() {
        let platform = |os: &str, architecture: &str, variant: &str| Platform {
            os: os.to_owned(),
            architecture: architecture.to_owned(),
            variant: variant.to_owned(),
        };
        let platforms = vec![
            platform("linux", "amd64", ""),
            platform("unknown", "unknown", ""),
            platform("linux", "arm", "v6"),
            platform("linux", "arm", "v7"),
            platform("linux", "arm64", "v8"),
            platform("windows", "amd64", ""),
        ];
        let resolved = Resolved { digest: "sha256:x".to_owned(), platforms, created: None };
        let wanted = [("linux", "amd64"), ("linux", ""), ("linux", "arm64"), ("windows", "amd64")];
        assert_eq!(resolved.scheduled(), wanted.map(|(os, architecture)| (os.to_owned(), architecture.to_owned())));
    }
}
