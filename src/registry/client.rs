//! Registries by their API, version 2.
//!
//! Credentials go to the registry that they are for and to the token server that it names, and never over plain HTTP unless
//! the registry itself is asked that way. A redirect to another host takes none along.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, LINK};
use http::{HeaderMap, HeaderValue, Method};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::credentials::Login;
use super::image::{Image, Plain};
use super::manifest::{Config, FORMS, Manifest};
use super::net::{Allowed, Answer, Net, join, retry_after};
use super::token::{Challenge, Token, encoded};
use super::{Rate, Unresolved, Why, is_digest};
use crate::metrics::url::Url;

/// Manifests, configs, lists and tokens are small.
const LARGEST: usize = 4 << 20;
/// A registry that wants to be left alone for longer is not waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// So many names are asked for at once.
const PAGE: u32 = 1000;
/// How often it is waited for.
const WAITS: u32 = 2;

/// How registries are asked.
#[derive(Clone, Copy)]
pub(crate) struct Way<'a> {
    pub(crate) net: &'a Net,
    /// Who may be asked; none: whomever the operator has named.
    pub(crate) allowed: Option<Allowed<'a>>,
    pub(crate) plain: &'a Plain,
    pub(crate) until: Instant,
}

/// A registry that is asked about one repository, or about what repositories it has.
pub(crate) struct Client<'a> {
    way: Way<'a>,
    login: Option<&'a Login>,
    registry: String,
    repository: String,
    /// What a token has to be good for.
    scope: String,
    authorisation: RefCell<Option<HeaderValue>>,
    rate: Cell<Option<Rate>>,
}

impl<'a> Client<'a> {
    /// For reading an image's repository.
    pub(crate) fn pulling(way: Way<'a>, image: &Image, login: Option<&'a Login>) -> Self {
        Self::new(way, &image.registry, &image.repository, format!("repository:{}:pull", image.repository), login)
    }

    /// For taking something out of an image's repository.
    pub(crate) fn removing(way: Way<'a>, image: &Image, login: Option<&'a Login>) -> Self {
        let scope = format!("repository:{}:pull,delete", image.repository);
        Self::new(way, &image.registry, &image.repository, scope, login)
    }

    /// For asking which repositories there are.
    pub(crate) fn listing(way: Way<'a>, registry: &str, login: Option<&'a Login>) -> Self {
        Self::new(way, registry, "", "registry:catalog:*".to_owned(), login)
    }

    fn new(way: Way<'a>, registry: &str, repository: &str, scope: String, login: Option<&'a Login>) -> Self {
        let (registry, repository) = (registry.to_owned(), repository.to_owned());
        let (authorisation, rate) = (RefCell::default(), Cell::default());
        Self { way, login, registry, repository, scope, authorisation, rate }
    }

    /// What requests to other places of the repository need.
    pub(crate) fn authorisation(&self) -> HeaderMap {
        self.authorisation.borrow().iter().map(|value| (AUTHORIZATION, value.clone())).collect()
    }

    /// What a tag or a digest stands for, whole.
    pub(crate) async fn manifest(&self, reference: &str) -> Result<Manifest, Unresolved> {
        let what = self.name(reference);
        let answer = self.ask(&Method::GET, &self.path(&format!("manifests/{reference}")), Some(FORMS), &what).await?;
        let form = answer.header(CONTENT_TYPE.as_str()).map(str::to_owned);
        let body = answer.bytes(LARGEST, self.way.until).await?;
        let digest = digest_of(&body);
        if reference.starts_with("sha256:") && reference != digest {
            return Err(Unresolved::odd(format!("the registry's answer for {what} is not what its digest says")));
        }
        Manifest::read(digest, form.as_deref(), &body)
            .map_err(|error| Unresolved::odd(format!("{what}: {}", error.text)))
    }

    /// The digest of a tag, without fetching what it stands for where the registry tells it so: that counts as no pull.
    pub(crate) async fn digest(&self, reference: &str) -> Result<String, Unresolved> {
        let what = self.name(reference);
        let path = self.path(&format!("manifests/{reference}"));
        match self.ask(&Method::HEAD, &path, Some(FORMS), &what).await {
            Ok(answer) => {
                if let Some(digest) = answer.header("docker-content-digest").filter(|digest| is_digest(digest)) {
                    return Ok(digest.to_owned());
                }
            }
            // Some have no `HEAD`, and answer it in odd ways.
            Err(error) if error.why == Why::Odd => {}
            Err(error) => return Err(error),
        }
        Ok(self.manifest(reference).await?.digest)
    }

    /// The config of an image.
    pub(crate) async fn config(&self, manifest: &Manifest) -> Result<Config, Unresolved> {
        let what = self.name(&manifest.digest);
        let config = manifest.config.as_ref().map(|entry| entry.digest.as_str()).filter(|digest| is_digest(digest));
        let digest = config.ok_or_else(|| Unresolved::odd(format!("{what} has no config")))?;
        let body = self.read(&format!("blobs/{digest}"), &what).await?;
        if digest_of(&body) != digest {
            return Err(Unresolved::odd(format!("the config of {what} is not what its digest says")));
        }
        serde_json::from_slice(&body)
            .map_err(|error| Unresolved::odd(format!("the config of {what} can't be read: {error}")))
    }

    /// All tags of the repository, page by page, in order.
    pub(crate) async fn tags(&self) -> Result<Vec<String>, Unresolved> {
        #[derive(Deserialize)]
        struct Page {
            #[serde(default, deserialize_with = "crate::model::or_default")]
            tags: Vec<String>,
        }
        let what = format!("the tags of `{}/{}`", self.registry, self.repository);
        self.pages(&self.path("tags/list"), &what, |page: Page| page.tags).await
    }

    /// All repositories of the registry, in order.
    pub(crate) async fn repositories(&self) -> Result<Vec<String>, Unresolved> {
        #[derive(Deserialize)]
        struct Page {
            #[serde(default, deserialize_with = "crate::model::or_default")]
            repositories: Vec<String>,
        }
        let what = format!("the repositories of `{}`", self.registry);
        self.pages("_catalog", &what, |page: Page| page.repositories).await
    }

    /// Removes what has this digest, and with it every tag that stands for it.
    pub(crate) async fn delete(&self, digest: &str) -> Result<(), Unresolved> {
        let what = self.name(digest);
        let asked = self.ask(&Method::DELETE, &self.path(&format!("manifests/{digest}")), None, &what).await;
        asked.map(drop).map_err(|error| match error.why {
            Why::Odd if error.text.contains("answered 405") => {
                let text =
                    "the registry lets nobody remove anything; its REGISTRY_STORAGE_DELETE_ENABLED=true allows it";
                Unresolved::new(Why::Odd, format!("{}: {text}", error.text))
            }
            _ => error,
        })
    }

    /// A list that comes in pages: each says where the next one is.
    async fn pages<T: serde::de::DeserializeOwned>(
        &self,
        rest: &str,
        what: &str,
        part: impl Fn(T) -> Vec<String>,
    ) -> Result<Vec<String>, Unresolved> {
        let (mut all, mut asked) = (BTreeSet::new(), BTreeSet::new());
        let mut next = Some(format!("{rest}?n={PAGE}"));
        while let Some(rest) = next.take_if(|rest| asked.insert(rest.clone())) {
            let answer = self.ask(&Method::GET, &rest, None, what).await?;
            let follows = answer.header(LINK.as_str()).and_then(|link| follows(&answer.url, link));
            let body = answer.bytes(LARGEST, self.way.until).await?;
            let page = serde_json::from_slice(&body)
                .map_err(|error| Unresolved::odd(format!("{what}: the answer can't be read: {error}")))?;
            all.extend(part(page));
            next = follows;
        }
        Ok(all.into_iter().collect())
    }

    async fn read(&self, rest: &str, what: &str) -> Result<Vec<u8>, Unresolved> {
        let answer = self.ask(&Method::GET, &self.path(rest), None, what).await?;
        Ok(answer.bytes(LARGEST, self.way.until).await?)
    }

    fn path(&self, rest: &str) -> String {
        format!("{}/{rest}", self.repository)
    }

    fn name(&self, reference: &str) -> String {
        let sign = if reference.starts_with("sha256:") { '@' } else { ':' };
        format!("`{}/{}{sign}{reference}`", self.registry, self.repository)
    }

    /// Asks, with a token where one is wanted, and waits a little where the registry wants that.
    pub(crate) async fn ask(
        &self,
        method: &Method,
        rest: &str,
        accept: Option<&'static str>,
        what: &str,
    ) -> Result<Answer, Unresolved> {
        let url = self.way.plain.url(&self.registry, rest)?;
        let (mut tokens, mut waits) = (0, 0);
        loop {
            let mut headers = self.authorisation();
            headers.extend(accept.map(|forms| (ACCEPT, HeaderValue::from_static(forms))));
            let answer = self.way.net.ask(method, &url, &headers, self.way.allowed, self.way.until).await?;
            if let Some(rate) = rate(&answer) {
                self.rate.set(Some(rate));
            }
            match answer.status {
                200..=299 => return Ok(answer),
                // What was good for the request before may have expired. What somebody else wants, to whom the registry
                // redirects, is none of the registry's words: credentials are not for that one to send anywhere.
                401 if tokens == 0 && answer.url.same_place(&url) => {
                    tokens += 1;
                    let authorisation = self.authorise(&answer, what).await?;
                    *self.authorisation.borrow_mut() = Some(authorisation);
                }
                429 if waits < WAITS => {
                    let wait = retry_after(&answer).unwrap_or(Duration::from_secs(1));
                    if wait > PATIENCE || Instant::now() + wait >= self.way.until {
                        return Err(self.judge(answer, what).await);
                    }
                    waits += 1;
                    tokio::time::sleep(wait).await;
                }
                _ => return Err(self.judge(answer, what).await),
            }
        }
    }

    /// What the registry wants to be told, from its challenge.
    async fn authorise(&self, answer: &Answer, what: &str) -> Result<HeaderValue, Unresolved> {
        let refused = |why: &str| Unresolved::new(Why::Denied, format!("{what}: the registry wants credentials{why}"));
        match (Challenge::of(&answer.headers), self.login) {
            (Some(Challenge::Bearer { realm, service }), login) => match login {
                Some(Login::Token(word)) => {
                    sensitive(format!("Bearer {}", word.expose())).ok_or_else(|| refused(": the token there is none"))
                }
                login => self.token(&realm, &service, login, what).await,
            },
            (Some(Challenge::Basic), Some(login)) => {
                login.basic().ok_or_else(|| refused(" of another kind than there are"))
            }
            (Some(Challenge::Basic), None) => Err(refused(", and there are none for it")),
            (None, _) => Err(refused(" in a way that orca doesn't understand")),
        }
    }

    /// A token from whom the registry names.
    async fn token(
        &self,
        realm: &str,
        service: &str,
        login: Option<&Login>,
        what: &str,
    ) -> Result<HeaderValue, Unresolved> {
        let what = format!("the token for {what}");
        let url = Url::parse(realm, 443);
        let url = url.map_err(|why| Unresolved::odd(format!("{what}: the registry's realm {why}")))?;
        if !url.secure && !self.way.plain.has(&self.registry) {
            let text = format!("{what}: the registry wants it from {}, which is not encrypted", url.bare());
            return Err(Unresolved::odd(text));
        }
        let (service, scope) = (encoded(service), encoded(&self.scope));
        let answer = if let Some(word) = login.and_then(Login::identity_token) {
            let form = format!(
                "grant_type=refresh_token&client_id=orca&service={service}&scope={scope}&refresh_token={}",
                encoded(word)
            );
            let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
            self.way.net.post(&url, &HeaderMap::from_iter([(CONTENT_TYPE, kind)]), form, self.way.until).await?
        } else {
            let sign = if url.path.contains('?') { '&' } else { '?' };
            let path = if url.path.is_empty() { "/" } else { &url.path };
            let url = Url { path: format!("{path}{sign}service={service}&scope={scope}"), ..url };
            let headers: HeaderMap =
                login.and_then(Login::basic).into_iter().map(|value| (AUTHORIZATION, value)).collect();
            self.way.net.ask(&Method::GET, &url, &headers, self.way.allowed, self.way.until).await?
        };
        if !(200..300).contains(&answer.status) {
            return Err(self.judge(answer, &what).await);
        }
        let body = answer.bytes(LARGEST, self.way.until).await?;
        let word = serde_json::from_slice::<Token>(&body).ok().and_then(Token::word);
        let word = word.ok_or_else(|| Unresolved::odd(format!("{what}: the answer has none in it")))?;
        sensitive(format!("Bearer {word}")).ok_or_else(|| Unresolved::odd(format!("{what}: it is none")))
    }

    /// What a status that is no success means.
    async fn judge(&self, answer: Answer, what: &str) -> Unresolved {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Errors {
            errors: Vec<Said>,
        }
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Said {
            #[serde(deserialize_with = "crate::model::or_default")]
            message: String,
        }
        let (status, from, wait) = (answer.status, answer.url.clone(), retry_after(&answer));
        let why = match status {
            404 => Why::NotFound,
            401 | 403 => Why::Denied,
            429 => Why::Limited(wait),
            408 | 425 | 500..=599 => Why::Unreachable,
            _ => Why::Odd,
        };
        let until = self.way.until.min(Instant::now() + Duration::from_secs(2));
        let body = answer.bytes(LARGEST, until).await.unwrap_or_default();
        let said = serde_json::from_slice::<Errors>(&body).unwrap_or_default().errors;
        let said = said.first().map(|said| said.message.chars().take(200).collect::<String>());
        let mut text = format!("{what}: {from} answered {status}");
        text.extend(said.filter(|said| !said.is_empty()).map(|said| format!(" ({said})")));
        if let Why::Limited(Some(wait)) = why {
            text.extend([", and wants to be left alone for ", &humantime::format_duration(wait).to_string()]);
        }
        if let Some(rate) = self.rate.get().filter(|_| matches!(why, Why::Limited(_))) {
            text.extend([", ", &rate.to_string()]);
        }
        Unresolved::new(why, self.login.map_or(text.clone(), |login| login.scrub(&text)))
    }

    /// How much the registry still gives, where it has said so.
    pub(crate) fn rate(&self) -> Option<Rate> {
        self.rate.get()
    }
}

/// `ratelimit-remaining: 76;w=21600`.
fn rate(answer: &Answer) -> Option<Rate> {
    let read = |name: &str| {
        let text = answer.header(name)?;
        let (count, window) = text.split_once(";w=").map_or((text, None), |(count, window)| (count, Some(window)));
        Some((count.trim().parse().ok()?, window.and_then(|window| window.trim().parse().ok())))
    };
    let (remaining, window): (u64, Option<u64>) = read("ratelimit-remaining")?;
    let limit = read("ratelimit-limit");
    let window = window.or(limit.and_then(|(_, window)| window)).map(Duration::from_secs);
    Some(Rate { remaining, limit: limit.map(|(count, _)| count), window })
}

/// Where a `Link: </v2/...?last=x&n=5>; rel="next"` leads, within the API of the same registry: names only are taken from
/// it.
fn follows(from: &Url, link: &str) -> Option<String> {
    let (target, more) = link.trim().strip_prefix('<')?.split_once('>')?;
    let next = more.to_ascii_lowercase().replace([' ', '"'], "").contains("rel=next");
    let path = join(from, target).filter(|_| next)?.path;
    let (_, rest) = path.split_once("/v2/")?;
    Some(rest.to_owned())
}

/// A header that no `Debug` shows.
pub(super) fn sensitive(text: String) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn digest_of(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}
