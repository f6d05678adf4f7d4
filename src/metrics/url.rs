//! Where figures are asked for: the few forms of URL that exporters and Prometheus have. Parsing only.

use std::fmt;

/// An address of plain HTTP or HTTPS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    /// HTTPS, verified by the system's authorities.
    pub secure: bool,
    /// Name or IP address, IPv6 without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Path and query; empty or `/...`.
    pub path: String,
}

impl Url {
    /// Reads `http://host:port/path`, `https://...`, `host:port` or `host`.
    ///
    /// # Errors
    /// What is wrong, to be read after the setting's name.
    pub fn parse(text: &str, default_port: u16) -> Result<Self, String> {
        let invalid = |why: &str| Err(format!("must be a URL as http://host:{default_port}, {why}"));
        let text = text.trim();
        let (secure, rest, own_port) = match text.split_once("://") {
            Some(("http", rest)) => (false, rest, 80),
            Some(("https", rest)) => (true, rest, 443),
            Some((scheme, _)) => return invalid(&format!("not of the scheme `{scheme}`")),
            None => (false, text, default_port),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') {
            return invalid("without user and password");
        }
        if path.contains(|c: char| c == '#' || c.is_whitespace() || c.is_control() || !c.is_ascii()) {
            return invalid("without spaces, `#` or letters that need an escape in the path");
        }
        let (host, port) = match authority.strip_prefix('[').map(|rest| rest.split_once(']')) {
            Some(Some((host, port))) => {
                (host, port.strip_prefix(':').or(if port.is_empty() { Some("") } else { None }))
            }
            Some(None) => return invalid("with `]` after `[`"),
            None if authority.matches(':').count() > 1 => return invalid("with brackets around an IPv6 address"),
            None => authority.split_once(':').map_or((authority, Some("")), |(host, port)| (host, Some(port))),
        };
        let port = match port {
            Some("") => Some(own_port),
            Some(port) => port.parse().ok().filter(|number| *number > 0 && !port.starts_with('+')),
            None => None,
        };
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%');
        match port {
            Some(port) if !host.is_empty() && host.chars().all(plain) => {
                let slash = if path.starts_with('?') { "/" } else { "" };
                Ok(Self { secure, host: host.to_owned(), port, path: format!("{slash}{path}") })
            }
            Some(_) => invalid(&format!("not with the host \"{host}\"")),
            None => invalid("with a port between 1 and 65535"),
        }
    }

    /// Whether the same server is asked in the same way.
    pub fn same_place(&self, other: &Self) -> bool {
        (self.secure, &self.host, self.port) == (other.secure, &other.host, other.port)
    }

    /// The same without its query, for messages and logs: a signature may stand there.
    #[must_use]
    pub fn bare(&self) -> Self {
        let path = self.path.split('?').next().unwrap_or_default().to_owned();
        Self { path, ..self.clone() }
    }

    /// The same with this path, where it has none of its own.
    #[must_use]
    pub fn or_path(mut self, path: &str) -> Self {
        if self.path.is_empty() || self.path == "/" {
            path.clone_into(&mut self.path);
        }
        self
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { secure, host, port, path } = self;
        let scheme = if *secure { "https" } else { "http" };
        if host.contains(':') {
            write!(f, "{scheme}://[{host}]:{port}{path}")
        } else {
            write!(f, "{scheme}://{host}:{port}{path}")
        }
    }
}

#[cfg(test)]
mod tests;
