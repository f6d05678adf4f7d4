//! Where an engine listens: the forms of address that the docker CLI takes, and what they mean.
//!
//! Parsing only. Nothing is opened here, and a password in an address never gets into a message.

use std::fmt;
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;

use crate::error::{Error, ErrorKind};

/// Where the engine listens when nothing says otherwise.
pub const DEFAULT_SOCKET: &str = "/var/run/docker.sock";

/// What to write.
pub(crate) const FORMS: &str = "orca takes unix:///PATH, tcp://HOST:PORT, http://, https:// and ssh://USER@HOST";

/// One engine to talk to, and who named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// How to get there.
    pub address: Address,
    /// Who named it: `--host`, `DOCKER_HOST`, ``context `lab` ``, `default`.
    pub origin: String,
}

impl Endpoint {
    /// An endpoint at `address`, named by `origin`.
    pub fn new(address: Address, origin: impl Into<String>) -> Self {
        Self { address, origin: origin.into() }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.address, self.origin)
    }
}

/// How an engine is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A socket on this host.
    Unix(PathBuf),
    /// A TCP port, with or without TLS.
    Tcp {
        /// Name or IP address, IPv6 without brackets.
        host: String,
        /// Port.
        port: u16,
        /// What a reverse proxy wants before every path: empty, or `/...` without a slash at the end.
        base: String,
        /// TLS material; `None` speaks plain HTTP.
        tls: Option<TlsFiles>,
    },
    /// `docker system dial-stdio` on another host.
    Ssh(SshTarget),
}

/// The other side of an `ssh://` address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshTarget {
    /// `None` leaves the user to ssh's own config.
    pub user: Option<String>,
    /// Host name, or an alias of ssh's own config.
    pub host: String,
    /// `None` leaves the port to ssh's own config.
    pub port: Option<u16>,
    /// The engine's socket over there, if not the default one.
    pub socket: Option<String>,
}

/// TLS material on disk. Files that aren't there are `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// Authorities to trust; without it, the system's.
    pub ca: Option<PathBuf>,
    /// This client's certificate.
    pub cert: Option<PathBuf>,
    /// The key of `cert`.
    pub key: Option<PathBuf>,
    /// Take any server certificate.
    pub skip_verify: bool,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp { host, port, base, .. } if host.contains(':') => write!(f, "tcp://[{host}]:{port}{base}"),
            Self::Tcp { host, port, base, .. } => write!(f, "tcp://{host}:{port}{base}"),
            Self::Ssh(target) => {
                f.write_str("ssh://")?;
                if let Some(user) = &target.user {
                    write!(f, "{user}@")?;
                }
                if target.host.contains(':') { write!(f, "[{}]", target.host) } else { f.write_str(&target.host) }?;
                if let Some(port) = target.port {
                    write!(f, ":{port}")?;
                }
                f.write_str(target.socket.as_deref().unwrap_or(""))
            }
        }
    }
}

/// Reads an address as the docker CLI does; `tls` is what TCP addresses are to be secured with.
///
/// An empty address is the default socket, or with `tls` the TLS port of this host. Unlike docker, a TCP address
/// without port means 2376 when TLS is on: no engine speaks TLS on 2375.
pub fn parse(text: &str, tls: Option<TlsFiles>) -> Result<Address, Error> {
    let text = text.trim();
    if text.is_empty() {
        return if tls.is_some() { tcp("", "", tls, 0) } else { Ok(Address::Unix(DEFAULT_SOCKET.into())) };
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        if text.starts_with(['/', '.', '~']) {
            return Err(invalid(text, "a path needs `unix://` before it").hint(format!("try `unix://{text}`")));
        }
        return tcp(text, text, tls, 0);
    };
    match scheme {
        "unix" if rest.contains("://") => Err(invalid(text, "it has two schemes")),
        "unix" if rest.is_empty() => Ok(Address::Unix(DEFAULT_SOCKET.into())),
        "unix" => Ok(Address::Unix(Path::new(rest).to_path_buf())),
        "tcp" => tcp(text, rest, tls, 0),
        "http" => tcp(text, rest, tls, 80),
        "https" => tcp(text, rest, Some(tls.unwrap_or_default()), 443),
        "ssh" => ssh(text, rest).map(Address::Ssh),
        "fd" => Err(invalid(text, "`fd://` is where an engine listens, not where a client connects")
            .hint("use the socket that systemd hands to the engine, as a rule `unix:///var/run/docker.sock`")),
        "npipe" => Err(invalid(text, "named pipes exist on Windows only")),
        _ => Err(invalid(text, "unknown scheme")),
    }
}

/// What stands between `://` and the path, and the path without the slashes at its end.
fn split_path(rest: &str) -> (&str, &str) {
    let at = rest.find('/').unwrap_or(rest.len());
    (&rest[..at], rest[at..].trim_end_matches('/'))
}

fn tcp(text: &str, rest: &str, tls: Option<TlsFiles>, default_port: u16) -> Result<Address, Error> {
    let (authority, base) = split_path(rest);
    if authority.contains('@') {
        return Err(invalid(text, "an engine has no user names or passwords"));
    }
    if rest.contains("://") || rest.contains(['?', '#', ' ']) {
        return Err(invalid(text, "it must be `tcp://host:port`"));
    }
    let (host, port) = host_port(text, authority)?;
    let engine_port = if tls.is_some() { 2376 } else { 2375 };
    let port = port.unwrap_or(if default_port == 0 { engine_port } else { default_port });
    let host = if host.is_empty() { "localhost".to_owned() } else { host };
    Ok(Address::Tcp { host, port, base: base.to_owned(), tls })
}

fn ssh(text: &str, rest: &str) -> Result<SshTarget, Error> {
    if rest.contains(['?', '#']) {
        return Err(invalid(text, "an ssh address has no query or fragment"));
    }
    let at = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = (&rest[..at], decode(text, &rest[at..])?);
    let (user, authority) = match authority.rsplit_once('@') {
        Some((user, _)) if user.contains(':') => {
            return Err(invalid(text, "plain-text password is not supported")
                .hint("let ssh authenticate with a key: `ssh-copy-id`, an agent, or ssh's own config"));
        }
        Some((user, authority)) => (Some(decode(text, user)?), authority),
        None => (None, authority),
    };
    let (host, port) = host_port(text, authority)?;
    let host = decode(text, &host)?;
    if host.is_empty() {
        return Err(invalid(text, "it names no host"));
    }
    for part in user.iter().chain([&host]) {
        // ssh takes what begins with a dash for an option, `-oProxyCommand=...` among them.
        if part.starts_with('-') || part.is_empty() || part.contains(|c: char| c.is_control() || c.is_whitespace()) {
            return Err(invalid(text, "ssh can't take this user or host"));
        }
    }
    if path.contains(char::is_control) {
        return Err(invalid(text, "the path of the socket has control characters"));
    }
    let socket = Some(path).filter(|path| !path.trim_matches('/').is_empty());
    Ok(SshTarget { user: user.filter(|user| !user.is_empty()), host, port, socket })
}

/// Splits `host:port`, where an IPv6 host may stand in brackets, and both parts may be missing.
fn host_port(text: &str, authority: &str) -> Result<(String, Option<u16>), Error> {
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, port) = rest.split_once(']').ok_or_else(|| invalid(text, "`[` without `]`"))?;
        if !port.is_empty() && !port.starts_with(':') {
            return Err(invalid(text, "after `]` only a port may follow"));
        }
        (host.replace("%25", "%"), port.trim_start_matches(':'))
    } else if authority.matches(':').count() > 1 {
        return Err(invalid(text, "an IPv6 address needs brackets"));
    } else {
        let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
        (host.to_owned(), port)
    };
    if port.is_empty() {
        return Ok((host, None));
    }
    let number = port.parse::<u16>().ok().filter(|&n| n > 0 && !port.starts_with('+'));
    let number = number.ok_or_else(|| invalid(text, "the port must be a number between 1 and 65535"))?;
    Ok((host, Some(number)))
}

fn decode(text: &str, part: &str) -> Result<String, Error> {
    let decoded = percent_decode_str(part).decode_utf8();
    decoded.map(String::from).map_err(|_| invalid(text, "it is not UTF-8"))
}

fn invalid(text: &str, why: &str) -> Error {
    Error::new(ErrorKind::Usage, format!("invalid engine address `{}`: {why}", without_secrets(text))).hint(FORMS)
}

/// The address with everything before an `@` left out: that is where people put passwords.
fn without_secrets(text: &str) -> String {
    match (text.find("://"), text.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => format!("{}***{}", &text[..scheme + 3], &text[at..]),
        (_, Some(at)) => format!("***{}", &text[at..]),
        _ => text.to_owned(),
    }
}
