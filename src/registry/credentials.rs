//! Credentials for registries, from where docker's own client has them: `config.json` and the helpers that it names.
//!
//! Nothing is written, and nothing here prints. A helper is started without a shell and is told the registry on its stdin.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};
use http::HeaderValue;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::client::sensitive;
use super::expiry::expires;
use super::image::DOCKER_HUB;
use crate::engine::context;
use crate::engine::swarm::Secret;
use crate::error::{Error, ErrorKind};
use crate::model::or_default;

/// A helper that takes longer is ended.
const HELPER: Duration = Duration::from_secs(20);
/// Nothing that a helper says is longer.
const SAID: u64 = 64 * 1024;
/// What docker's own client calls its default registry.
const HUB_SERVER: &str = "https://index.docker.io/v1/";

/// What convinces a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Login {
    /// A user's password, or what stands for it.
    Password {
        /// User.
        user: String,
        /// Password.
        password: Secret,
    },
    /// What a token server gives tokens for.
    Identity(Secret),
    /// A token of the registry itself.
    Token(Secret),
}

impl Login {
    pub(super) fn identity_token(&self) -> Option<&str> {
        match self {
            Self::Identity(word) => Some(word.expose()),
            _ => None,
        }
    }

    /// As HTTP has it.
    pub(super) fn basic(&self) -> Option<HeaderValue> {
        let Self::Password { user, password } = self else { return None };
        sensitive(format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{}", password.expose()))))
    }

    /// When it is over, where it says so itself.
    pub(super) fn expires(&self) -> Option<Timestamp> {
        match self {
            Self::Password { password: word, .. } | Self::Identity(word) | Self::Token(word) => expires(word.expose()),
        }
    }

    /// A text without the secret.
    pub(super) fn scrub(&self, text: &str) -> String {
        match self {
            Self::Password { password: word, .. } | Self::Identity(word) | Self::Token(word) => word.scrub(text),
        }
    }

    /// As engines want it.
    fn for_engine(&self, registry: &str) -> Option<HeaderValue> {
        let server = server(registry);
        let document = match self {
            Self::Password { user, password } => {
                json!({"username": user, "password": password.expose(), "serveraddress": server})
            }
            Self::Identity(word) => json!({"identitytoken": word.expose(), "serveraddress": server}),
            Self::Token(word) => json!({"registrytoken": word.expose(), "serveraddress": server}),
        };
        sensitive(BASE64_URL_SAFE.encode(document.to_string()))
    }
}

/// Credentials of docker's own config.
#[derive(Debug, Default)]
pub struct Credentials {
    /// By the name that stands in the file.
    auths: BTreeMap<String, Login>,
    /// The helper for all other registries.
    store: Option<String>,
    /// Helpers, by registry.
    helpers: BTreeMap<String, String>,
    /// What helpers have said.
    told: Mutex<BTreeMap<String, Result<Option<Login>, String>>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ConfigFile {
    #[serde(deserialize_with = "or_default")]
    auths: BTreeMap<String, Stored>,
    #[serde(deserialize_with = "or_default")]
    creds_store: String,
    #[serde(deserialize_with = "or_default")]
    cred_helpers: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Stored {
    #[serde(deserialize_with = "or_default")]
    auth: String,
    #[serde(deserialize_with = "or_default")]
    username: String,
    #[serde(deserialize_with = "or_default")]
    password: String,
    #[serde(deserialize_with = "or_default")]
    identitytoken: String,
    #[serde(deserialize_with = "or_default")]
    registrytoken: String,
}

impl Stored {
    /// What it says; none if it says nothing, or nothing that can be read.
    fn login(self) -> Option<Login> {
        if !self.registrytoken.is_empty() {
            return Some(Login::Token(Secret::new(self.registrytoken)));
        }
        if !self.identitytoken.is_empty() {
            return Some(Login::Identity(Secret::new(self.identitytoken)));
        }
        let (user, password) = if self.auth.is_empty() {
            (self.username, self.password)
        } else {
            let text = String::from_utf8(BASE64_STANDARD.decode(self.auth.trim()).ok()?).ok()?;
            let (user, password) = text.split_once(':')?;
            (user.to_owned(), password.trim_matches('\0').to_owned())
        };
        (!user.is_empty()).then(|| Login::Password { user, password: Secret::new(password) })
    }
}

impl Credentials {
    /// Those of this process's user: `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`.
    ///
    /// # Errors
    /// As [`Credentials::load`].
    pub fn here() -> Result<Self, Error> {
        context::config_dir_here().map_or_else(|| Ok(Self::default()), |dir| Self::load(&dir))
    }

    /// Those of the `config.json` in this folder; none if there is no such file.
    ///
    /// # Errors
    /// If it is no such file; the message quotes nothing of it.
    pub fn load(dir: &Path) -> Result<Self, Error> {
        let path = dir.join("config.json");
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(Self::default());
            }
            Err(e) if e.kind() == io::ErrorKind::PermissionDenied => {
                // As docker: a config of somebody else (sudo, a hardened unit) is no reason not to work.
                tracing::warn!(path = %path.display(), "docker config file not readable, no credentials from there");
                return Ok(Self::default());
            }
            Err(e) => return Err(Error::new(ErrorKind::Config, format!("{}: {e}", path.display()))),
        };
        if bytes.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        Self::read(&bytes).map_err(|(line, column)| {
            let text = format!("{}:{line}:{column}: not a docker config file", path.display());
            Error::new(ErrorKind::Config, text).hint("repair the file, or name another folder in DOCKER_CONFIG")
        })
    }

    fn read(bytes: &[u8]) -> Result<Self, (usize, usize)> {
        let file: ConfigFile = serde_json::from_slice(bytes).map_err(|error| (error.line(), error.column()))?;
        Ok(Self {
            auths: file.auths.into_iter().filter_map(|(name, stored)| Some((name, stored.login()?))).collect(),
            store: Some(file.creds_store).filter(|store| !store.is_empty()),
            helpers: file.cred_helpers,
            told: Mutex::default(),
        })
    }

    /// What there is for this registry (`host`, `host:port`, `docker.io`); a helper is asked once.
    ///
    /// # Errors
    /// If a helper fails, in words without secrets.
    pub async fn find(&self, registry: &str) -> Result<Option<Login>, String> {
        let server = server(registry);
        let own = self.helpers.get(server).or_else(|| self.helpers.get(registry));
        let Some(helper) = own.or(self.store.as_ref()) else { return Ok(self.stored(server)) };
        if let Some(told) = self.told.lock().unwrap_or_else(PoisonError::into_inner).get(registry) {
            return told.clone();
        }
        let told = ask(helper, server).await;
        self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(registry.to_owned(), told.clone());
        told
    }

    /// What the file itself says: under the very name, else under a URL with this host.
    fn stored(&self, server: &str) -> Option<Login> {
        let host = |name: &str| {
            let name = name.split_once("://").map_or(name, |(_, rest)| rest);
            name.split('/').next().unwrap_or_default().to_owned()
        };
        let wanted = host(server);
        let by_host = || self.auths.iter().find(|(name, _)| host(name) == wanted).map(|(_, login)| login);
        self.auths.get(server).or_else(by_host).cloned()
    }
}

/// The `X-Registry-Auth` header for this registry, for a write to an engine or for a question by way of it; none if there
/// are no credentials for it.
///
/// # Errors
/// If a credential helper fails, in words without secrets.
pub async fn auth_for(credentials: &Credentials, registry: &str) -> Result<Option<HeaderValue>, String> {
    Ok(credentials.find(registry).await?.and_then(|login| login.for_engine(registry)))
}

/// What a registry is called in docker's config.
fn server(registry: &str) -> &str {
    if registry == DOCKER_HUB { HUB_SERVER } else { registry }
}

/// Asks a helper, `docker-credential-NAME get`.
async fn ask(helper: &str, server: &str) -> Result<Option<Login>, String> {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "PascalCase", default)]
    struct Said {
        username: String,
        secret: String,
    }
    if !helper.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)) {
        return Err(format!("`{helper}` is no name of a credential helper"));
    }
    let program = format!("docker-credential-{helper}");
    let hint = format!("`echo {server} | {program} get` shows what it says");
    let run = async {
        let mut child = tokio::process::Command::new(&program)
            .arg("get")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("the credential helper `{program}` can't be started: {error}"))?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let given = async {
            if let Some(mut stdin) = stdin {
                // It need not read what it is given.
                let _ = stdin.write_all(server.as_bytes()).await;
            }
        };
        let heard = async {
            let mut said = Vec::new();
            if let Some(stdout) = stdout {
                let _ = stdout.take(SAID).read_to_end(&mut said).await;
            }
            said
        };
        let (ended, (), said) = tokio::join!(child.wait(), given, heard);
        let ended = ended.map_err(|error| format!("the credential helper `{program}` was lost: {error}"))?;
        if !ended.success() {
            // What it says then is no secret as a rule, but who knows.
            let none = String::from_utf8_lossy(&said).contains("credentials not found");
            return if none {
                Ok(None)
            } else {
                Err(format!("the credential helper `{program}` failed ({ended}): {hint}"))
            };
        }
        let said: Said = serde_json::from_slice(&said)
            .map_err(|_| format!("the credential helper `{program}` says nothing that can be read: {hint}"))?;
        let secret = Secret::new(said.secret);
        Ok(match said.username.as_str() {
            "" => None,
            "<token>" => Some(Login::Identity(secret)),
            user => Some(Login::Password { user: user.to_owned(), password: secret }),
        })
    };
    tokio::time::timeout(HELPER, run).await.unwrap_or_else(|_| {
        Err(format!("the credential helper `{program}` did not end within {} s: {hint}", HELPER.as_secs()))
    })
}

#[cfg(test)]
mod tests;
