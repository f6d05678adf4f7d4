//! Who may ask, and for what. Decided on the head of a request alone, before any of its body is read.
//!
//! Against other pages in the user's browser there are three walls: only this server's own names are answered to (no name
//! of somebody else's can be made to point here), a write must not come from another origin (browsers say from which), and
//! a session's cookie is sent along with requests of this server's own pages only. No other origin is ever let in (CORS).

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use anyhow::Result;
use http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN};
use http::request::Parts;
use http::{Method, StatusCode};
use tokio::time::Instant;

use super::limits::Rate;
use super::problem::Problem;
use super::tls::Bearer;
use super::tokens::{self, Tokens};
use crate::cli::{self, TokenRight};

/// The cookie of a browser that has come in.
const COOKIE_NAME: &str = "orca_session";
/// A session ends after this.
const SESSION: Duration = Duration::from_secs(12 * 3600);
/// So many sessions at a time; the oldest ends for one more.
const SESSIONS: usize = 256;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Caller {
    /// For logs and reasons.
    pub(super) name: String,
    /// Whether he may change anything.
    pub(super) writes: bool,
    /// The word that his forms bear.
    pub(super) seal: String,
    /// By a session, which can be ended.
    pub(super) session: bool,
}

#[derive(Debug, Clone)]
struct Session {
    caller: Caller,
    ends: Instant,
}

/// What is let in.
#[derive(Debug)]
pub(super) struct Gate {
    tokens: Option<Tokens>,
    hosts: Vec<String>,
    read_only: bool,
    trust_local: bool,
    /// Browsers reach it over TLS alone, and must send the cookie over nothing else.
    secure: bool,
    /// The word in forms where there are no sessions.
    seal: String,
    sessions: RefCell<BTreeMap<String, Session>>,
    asks: RefCell<Rate>,
    writes: RefCell<Rate>,
    wrong: RefCell<Rate>,
}

impl Gate {
    /// Lets in whom these tokens say; without tokens everybody, to look, and who shows a certificate, to change.
    ///
    /// # Errors
    /// If there is no chance to be had.
    pub(super) fn new(tokens: Option<Tokens>, asked: &cli::Serve) -> Result<Self> {
        Ok(Self {
            tokens,
            hosts: asked.hosts.iter().map(|host| host.to_ascii_lowercase()).collect(),
            read_only: asked.read_only,
            trust_local: asked.trust_local,
            secure: asked.tls_cert.is_some(),
            seal: tokens::random()?,
            sessions: RefCell::default(),
            asks: RefCell::new(Rate::new(500.0, 1000.0)),
            writes: RefCell::new(Rate::new(5.0, 30.0)),
            // Ten wrong tokens, then one each ten seconds.
            wrong: RefCell::new(Rate::new(0.1, 10.0)),
        })
    }

    /// Whether anybody needs a token.
    pub(super) fn locked(&self) -> bool {
        self.tokens.is_some()
    }

    /// Whether this request comes by a name of this server's, and not too often.
    pub(super) fn admit(&self, parts: &Parts, client: IpAddr) -> Result<(), Problem> {
        if !self.asks.borrow_mut().take(client, Instant::now()) {
            return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "too many requests"));
        }
        let host = host(parts).unwrap_or_default();
        if self.knows(&host) {
            return Ok(());
        }
        let text = format!("this server doesn't go by the name `{host}`");
        Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, "foreign_host", text)
            .hint("name it with --allow-host, or ask by address"))
    }

    /// An address can't be made to point elsewhere; a name can, by whom it belongs to.
    fn knows(&self, host: &str) -> bool {
        let name = match host.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => host.rsplit_once(':').map_or(host, |(name, _)| name),
        };
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        name == "localhost" || name.parse::<IpAddr>().is_ok() || self.hosts.contains(&name)
    }

    /// Who asks; none may: he has to come in first.
    pub(super) fn caller(&self, parts: &Parts, client: IpAddr) -> Result<Caller, Problem> {
        let Some(tokens) = &self.tokens else {
            // There is a bearer only where the authority that is trusted has signed his certificate.
            let (name, writes) = match parts.extensions.get::<Bearer>() {
                Some(Bearer(hash)) => (format!("the bearer of certificate {hash}"), true),
                None => ("anybody on this host".to_owned(), self.trust_local),
            };
            return Ok(Caller { name, writes: writes && !self.read_only, seal: self.seal.clone(), session: false });
        };
        if let Some(given) = parts.headers.get(AUTHORIZATION) {
            let secret = given.to_str().ok().and_then(|text| text.split_once(' '));
            let secret =
                secret.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, secret)| secret.trim());
            return self.known(tokens, secret.unwrap_or_default(), client);
        }
        if let Some(session) = self.session(parts) {
            return Ok(session.caller);
        }
        Err(Problem::new(StatusCode::UNAUTHORIZED, "no_token", "who asks must show a token")
            .hint("send `Authorization: Bearer TOKEN`, or come in at /login"))
    }

    fn known(&self, tokens: &Tokens, secret: &str, client: IpAddr) -> Result<Caller, Problem> {
        if !self.wrong.borrow().has_room(client, Instant::now()) {
            let text = "too many wrong tokens from here";
            return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", text).hint("wait ten seconds"));
        }
        let Some(token) = tokens.find(secret) else {
            self.wrong.borrow_mut().take(client, Instant::now());
            return Err(Problem::new(StatusCode::UNAUTHORIZED, "wrong_token", "nobody has this token"));
        };
        let writes = token.right == TokenRight::ReadWrite && !self.read_only;
        Ok(Caller { name: token.name.clone(), writes, seal: self.seal.clone(), session: false })
    }

    fn session(&self, parts: &Parts) -> Option<Session> {
        let id = cookie(parts)?;
        let sessions = self.sessions.borrow();
        sessions.get(id).filter(|session| session.ends > Instant::now()).cloned()
    }

    /// A browser comes in with a token: the cookie that it is to send from now on.
    pub(super) fn enter(&self, secret: &str, client: IpAddr) -> Result<String, Problem> {
        let Some(tokens) = &self.tokens else { return Err(Problem::nothing_here()) };
        let failed = |error: anyhow::Error| Problem::of(&error);
        let caller = self.known(tokens, secret, client)?;
        let (id, seal) = (tokens::random().map_err(failed)?, tokens::random().map_err(failed)?);
        let mut sessions = self.sessions.borrow_mut();
        sessions.retain(|_, session| session.ends > Instant::now());
        if sessions.len() >= SESSIONS {
            let oldest = sessions.iter().min_by_key(|(_, session)| session.ends).map(|(id, _)| id.clone());
            oldest.map(|oldest| sessions.remove(&oldest));
        }
        let caller = Caller { seal, session: true, ..caller };
        sessions.insert(id.clone(), Session { caller, ends: Instant::now() + SESSION });
        let secure = if self.secure { "; Secure" } else { "" };
        Ok(format!("{COOKIE_NAME}={id}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{secure}", SESSION.as_secs()))
    }

    /// A browser goes: the cookie that makes it forget.
    pub(super) fn leave(&self, parts: &Parts) -> String {
        if let Some(id) = cookie(parts) {
            self.sessions.borrow_mut().remove(id);
        }
        format!("{COOKIE_NAME}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0")
    }

    /// Whether this caller may change something by this request.
    pub(super) fn may_write(&self, parts: &Parts, caller: &Caller, client: IpAddr) -> Result<(), Problem> {
        own_page(parts)?;
        let forbid = |code, text: &str, hint: &str| Err(Problem::new(StatusCode::FORBIDDEN, code, text).hint(hint));
        if self.read_only {
            return forbid("read_only", "this server changes nothing", "it was started with --read-only");
        }
        if !caller.writes && self.tokens.is_none() {
            let hint = "start orca serve with --token-file, or with --trust-local where everybody on the host may";
            return forbid("read_only", "without tokens nobody may change anything", hint);
        }
        if !caller.writes {
            return forbid(
                "read_only_token",
                "this token is for looking only",
                "ask for one that was made with --new-token read-write",
            );
        }
        if !self.writes.borrow_mut().take(client, Instant::now()) {
            return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "too many changes at once"));
        }
        Ok(())
    }
}

/// A browser says where a request comes from; what is no browser says nothing, and carries no cookie along unasked.
pub(super) fn own_page(parts: &Parts) -> Result<(), Problem> {
    if matches!(parts.method, Method::GET | Method::HEAD) {
        return Ok(());
    }
    let header = |name: &str| parts.headers.get(name).map(|value| value.to_str().unwrap_or("?").to_ascii_lowercase());
    let foreign = |from: &str| {
        let text = format!("another site asks for this: `{from}`");
        Err(Problem::new(StatusCode::FORBIDDEN, "foreign_origin", text))
    };
    if let Some(site) = header("sec-fetch-site")
        && !matches!(site.as_str(), "same-origin" | "none")
    {
        return foreign(&header(ORIGIN.as_str()).unwrap_or(site));
    }
    if let Some(origin) = header(ORIGIN.as_str()) {
        let from = origin.split_once("://").map_or(origin.as_str(), |(_, from)| from);
        if host(parts).is_none_or(|host| host.to_ascii_lowercase() != from) {
            return foreign(&origin);
        }
    }
    Ok(())
}

/// By what name the server was asked.
pub(super) fn host(parts: &Parts) -> Option<String> {
    let of_target = parts.uri.authority().map(|authority| authority.as_str().to_owned());
    of_target.or_else(|| Some(parts.headers.get(HOST)?.to_str().ok()?.to_owned()))
}

fn cookie(parts: &Parts) -> Option<&str> {
    let cookies = parts.headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|line| line.split(';')).find_map(|pair| pair.trim().strip_prefix(COOKIE_NAME)?.strip_prefix('='))
}
