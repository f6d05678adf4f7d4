//! Which engine to talk to, decided as the docker CLI decides it.
//!
//! `--context` > `--host` > `DOCKER_HOST` > `DOCKER_CONTEXT` > `currentContext` in `config.json` > the default
//! socket. Environment and home directory are arguments; only files below the docker config directory are read.

use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::engine::address::{self, Address, DEFAULT_SOCKET, Endpoint, TlsFiles};
use crate::error::{Error, ErrorKind};

/// The name that means "no context": flags and environment decide.
const NO_CONTEXT: &str = "default";

/// What the command line says about the engine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Flags<'a> {
    /// `-H`, `--host`.
    pub host: Option<&'a str>,
    /// `--context`.
    pub context: Option<&'a str>,
}

/// What the surroundings say about the engine.
pub struct Surroundings<'a> {
    /// Looks an environment variable up.
    pub var: &'a dyn Fn(&str) -> Option<String>,
    /// The user's home directory.
    pub home: Option<PathBuf>,
}

impl std::fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surroundings").field("home", &self.home).finish_non_exhaustive()
    }
}

impl Surroundings<'_> {
    /// A variable that is set to something; docker takes an empty one for an unset one throughout.
    fn get(&self, name: &str) -> Option<String> {
        (self.var)(name).filter(|value| !value.is_empty())
    }

    fn config_dir(&self) -> Option<PathBuf> {
        self.get("DOCKER_CONFIG").map(PathBuf::from).or_else(|| Some(self.home.as_ref()?.join(".docker")))
    }
}

/// Where docker's own client has its config in this process.
pub fn config_dir_here() -> Option<PathBuf> {
    let var = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    Surroundings { var: &var, home: std::env::home_dir() }.config_dir()
}

/// The engine that these flags mean in this process.
pub fn select_here(flags: &Flags<'_>) -> Result<Endpoint, Error> {
    let var = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    select(flags, &Surroundings { var: &var, home: std::env::home_dir() })
}

/// The engine at this address, with TLS as this process's environment asks for it; `origin` is who named it.
pub fn named_here(host: &str, origin: &str) -> Result<Endpoint, Error> {
    let var = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    let around = Surroundings { var: &var, home: std::env::home_dir() };
    Ok(Endpoint::new(named_by(origin, host, env_tls(&around))?, origin))
}

/// The engine that these flags mean in these surroundings.
pub fn select(flags: &Flags<'_>, around: &Surroundings<'_>) -> Result<Endpoint, Error> {
    let named = flags.context.filter(|name| !name.is_empty());
    if named.is_some() && flags.host.is_some() {
        let text = "conflicting options: cannot specify both --host and --context";
        return Err(Error::new(ErrorKind::Usage, text));
    }
    let from_host = |host: &str, origin: &str| Ok(Endpoint::new(named_by(origin, host, env_tls(around))?, origin));
    if let Some(host) = flags.host {
        return from_host(host, "--host");
    }
    let env_host = around.get("DOCKER_HOST");
    let context = match named {
        Some(name) => Some((name.to_owned(), "--context")),
        None if env_host.is_some() => None,
        None => match around.get("DOCKER_CONTEXT") {
            Some(name) => Some((name, "DOCKER_CONTEXT")),
            None => current_context(around)?.map(|name| (name, "config.json")),
        },
    };
    match context.filter(|(name, _)| name != NO_CONTEXT) {
        Some((name, source)) => from_context(&name, source, around),
        None => match env_host {
            Some(host) => from_host(&host, "DOCKER_HOST"),
            None => from_host("", "default"),
        },
    }
}

/// Parses an address, and says in the error who gave it.
fn named_by(origin: &str, text: &str, tls: Option<TlsFiles>) -> Result<Address, Error> {
    address::parse(text, tls).map_err(|error| Error { message: format!("{origin}: {}", error.message), ..error })
}

/// TLS as the environment asks for it; it applies wherever no context is in play.
fn env_tls(around: &Surroundings<'_>) -> Option<TlsFiles> {
    // Any value switches these on, "0" and "false" included: that is docker's rule.
    let verify = around.get("DOCKER_TLS_VERIFY").is_some();
    if !verify && around.get("DOCKER_TLS").is_none() {
        return None;
    }
    let dir = around.get("DOCKER_CERT_PATH").map(PathBuf::from).or_else(|| around.config_dir()).unwrap_or_default();
    let files = tls_files(&dir, !verify);
    // With verification on, a missing ca.pem must not quietly become "trust the system's authorities".
    let ca = files.ca.or_else(|| verify.then(|| dir.join("ca.pem")));
    Some(TlsFiles { ca, ..files })
}

fn tls_files(dir: &Path, skip_verify: bool) -> TlsFiles {
    let file = |name: &str| {
        let path = dir.join(name);
        // Whatever can't be looked at is kept: opening it then says why.
        (!matches!(path.symlink_metadata(), Err(e) if e.kind() == io::ErrorKind::NotFound)).then_some(path)
    };
    TlsFiles { ca: file("ca.pem"), cert: file("cert.pem"), key: file("key.pem"), skip_verify }
}

#[derive(Deserialize)]
struct ConfigFile {
    #[serde(rename = "currentContext", default)]
    current_context: String,
}

/// `currentContext` of `config.json`.
///
/// Docker goes on with the default engine when the file is broken. orca doesn't: it would change the wrong cluster.
fn current_context(around: &Surroundings<'_>) -> Result<Option<String>, Error> {
    let Some(path) = around.config_dir().map(|dir| dir.join("config.json")) else { return Ok(None) };
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(None),
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied => {
            // As docker: a config of somebody else (sudo, a hardened unit) is no reason not to work.
            tracing::warn!(path = %path.display(), "docker config file not readable, going on without it");
            return Ok(None);
        }
        Err(e) => return Err(Error::new(ErrorKind::Config, format!("{}: {e}", path.display()))),
    };
    if bytes.trim_ascii().is_empty() {
        return Ok(None);
    }
    let config: ConfigFile = serde_json::from_slice(&bytes).map_err(|e| {
        // The file holds credentials; serde's message may quote a value.
        let at = format!("{}:{}:{}: not a docker config file", path.display(), e.line(), e.column());
        Error::new(ErrorKind::Config, at).hint("repair the file, or name the engine with --host or --context")
    })?;
    Ok(Some(config.current_context).filter(|name| !name.is_empty()))
}

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "Endpoints", default)]
    endpoints: MetaEndpoints,
}

#[derive(Deserialize, Default)]
struct MetaEndpoints {
    docker: Option<MetaDocker>,
}

#[derive(Deserialize)]
struct MetaDocker {
    #[serde(rename = "Host", default)]
    host: String,
    #[serde(rename = "SkipTLSVerify", default)]
    skip_tls_verify: bool,
}

fn from_context(name: &str, source: &str, around: &Surroundings<'_>) -> Result<Endpoint, Error> {
    let origin = format!("context `{name}`");
    let store = around.config_dir().unwrap_or_default().join("contexts");
    let id = hex(&Sha256::digest(name.as_bytes()));
    let path = store.join("meta").join(&id).join("meta.json");
    let bytes = std::fs::read(&path).map_err(|e| {
        if e.kind() == io::ErrorKind::NotFound {
            let text = format!("{origin} ({source}): context not found: {}", path.display());
            Error::new(ErrorKind::Usage, text).hint("`docker context ls` lists the contexts of this user")
        } else {
            Error::new(ErrorKind::Config, format!("{origin} ({source}): {}: {e}", path.display()))
        }
    })?;
    let meta: Meta = serde_json::from_slice(&bytes).map_err(|e| {
        let text = format!("{origin} ({source}): {}: {e}", path.display());
        Error::new(ErrorKind::Config, text).hint("`docker context inspect` shows what docker makes of it")
    })?;
    let Some(docker) = meta.endpoints.docker else {
        return Err(Error::new(
            ErrorKind::Config,
            format!("{origin} ({source}): cannot find docker endpoint in context"),
        ));
    };
    if docker.host.is_empty() {
        return Ok(Endpoint::new(Address::Unix(DEFAULT_SOCKET.into()), origin));
    }
    let dir = store.join("tls").join(&id).join("docker");
    let tls = (dir.is_dir() || docker.skip_tls_verify).then(|| tls_files(&dir, docker.skip_tls_verify));
    Ok(Endpoint::new(named_by(&origin, &docker.host, tls)?, origin))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
