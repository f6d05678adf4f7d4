//! What many images stand for, each asked for once: first of the engine, which has mirrors, certificates and ways of its
//! own, and where it can't say, of the registry.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::StreamExt as _;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::client::{Client, Way};
use super::credentials::{Credentials, Login, auth_for};
use super::image::{Image, Plain};
use super::manifest::Manifest;
use super::net::Net;
use super::{Platform, Resolved, Unresolved, Why, is_digest};
use crate::engine::Engine;
use crate::engine::wire::Reply;
use crate::model::or_default;

/// How long a registry has where the engine has no deadline.
const TIME: Duration = Duration::from_secs(60);

/// Resolves each image, `limit` at a time: by the engine, else by the registry itself. The results stand under the names
/// that were asked for; names that mean the same image cost one question.
///
/// `created` stays none: see [`created_all`]. Questions to registries count as requests of the engine's.
pub async fn resolve_all(
    engine: &Engine,
    credentials: &Credentials,
    images: &BTreeSet<String>,
    limit: usize,
) -> BTreeMap<String, Result<Resolved, Unresolved>> {
    let resolver = Resolver::new(engine, credentials);
    resolver.each(images, limit, async |image| resolver.resolve(image).await).await
}

/// When each image was built: of an index, the image for this machine's platform, else its first. The registry itself is
/// asked; engines don't tell. A name with a digest means that one, whatever its tag has become.
///
/// None: the image doesn't say so.
pub async fn created_all(
    engine: &Engine,
    credentials: &Credentials,
    images: &BTreeSet<String>,
    limit: usize,
) -> BTreeMap<String, Result<Option<Timestamp>, Unresolved>> {
    let resolver = Resolver::new(engine, credentials);
    resolver.each(images, limit, async |image| resolver.created(image).await).await
}

/// The tags of the repositories that these images are of, `limit` repositories at a time.
pub async fn tags_all(
    engine: &Engine,
    credentials: &Credentials,
    images: &BTreeSet<String>,
    limit: usize,
) -> BTreeMap<String, Result<Vec<String>, Unresolved>> {
    let resolver = Resolver::new(engine, credentials);
    resolver.each(images, limit, async |image| resolver.directly(image, async |client| client.tags().await).await).await
}

/// What the questions of one pass share.
struct Resolver<'a> {
    engine: &'a Engine,
    credentials: &'a Credentials,
    net: Net,
    /// Registries that the engine asks without encryption.
    plain: OnceCell<Plain>,
    until: Instant,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Distribution {
    descriptor: Descriptor,
    #[serde(default, deserialize_with = "or_default")]
    platforms: Vec<Platform>,
}

#[derive(Deserialize)]
struct Descriptor {
    digest: String,
}

impl<'a> Resolver<'a> {
    fn new(engine: &'a Engine, credentials: &'a Credentials) -> Self {
        let until = engine.wire().deadline.unwrap_or_else(|| Instant::now() + TIME);
        Self { engine, credentials, net: Net::new(), plain: OnceCell::new(), until }
    }

    async fn each<T: Clone>(
        &self,
        names: &BTreeSet<String>,
        limit: usize,
        ask: impl AsyncFn(&Image) -> Result<T, Unresolved>,
    ) -> BTreeMap<String, Result<T, Unresolved>> {
        let mut found = BTreeMap::new();
        let mut images: BTreeMap<Image, Vec<&String>> = BTreeMap::new();
        for name in names {
            match Image::parse(name) {
                Ok(image) => images.entry(image).or_default().push(name),
                Err(why) => _ = found.insert(name.clone(), Err(Unresolved::odd(why))),
            }
        }
        self.ask_helpers(images.keys(), limit).await;
        let asked = images.into_iter().map(async |(image, names)| (ask(&image).await, names));
        let mut answers = futures_util::stream::iter(asked).buffer_unordered(limit.max(1));
        while let Some((answer, names)) = answers.next().await {
            found.extend(names.into_iter().map(|name| (name.clone(), answer.clone())));
        }
        self.engine.wire().count(self.net.requests());
        found
    }

    /// Helpers first: each is then asked once, although many images wait for the same registry.
    async fn ask_helpers(&self, images: impl Iterator<Item = &Image>, limit: usize) {
        let registries: BTreeSet<&str> = images.map(|image| image.registry.as_str()).collect();
        let asked = registries.into_iter().map(async |registry| drop(self.credentials.find(registry).await));
        futures_util::stream::iter(asked).buffer_unordered(limit.max(1)).for_each(async |()| ()).await;
    }

    async fn resolve(&self, image: &Image) -> Result<Resolved, Unresolved> {
        let auth = match auth_for(self.credentials, &image.registry).await {
            Ok(auth) => auth,
            Err(error) => {
                tracing::warn!("no credentials for `{}`: {error}", image.registry);
                None
            }
        };
        let reply = self.engine.distribution_as(&image.to_string(), auth).await;
        let reply = reply.map_err(|error| Unresolved::new(Why::Unreachable, format!("{error:#}")))?;
        let by_engine = match read(image, &reply) {
            Ok(resolved) => return Ok(resolved),
            Err(error) => self.explained(image, error).await,
        };
        if by_engine.is_clear() {
            return Err(by_engine);
        }
        let direct = self.directly(image, async |client| {
            let manifest = client.manifest(&image.reference).await?;
            let platforms = platforms(client, &manifest).await?;
            Ok(Resolved { digest: manifest.digest, platforms, created: None })
        });
        direct.await.map_err(|direct| {
            let why = if direct.is_clear() || by_engine.why == Why::Odd { direct.why } else { by_engine.why };
            Unresolved::new(why, format!("{}; asked directly: {}", by_engine.text, direct.text))
        })
    }

    async fn created(&self, image: &Image) -> Result<Option<Timestamp>, Unresolved> {
        self.directly(image, async |client| {
            let mut manifest = client.manifest(&image.reference).await?;
            if manifest.is_index() {
                let first = || manifest.manifests.iter().find(|entry| entry.platform.runs());
                let one = manifest.of_this_machine().or_else(first);
                let one = one.ok_or_else(|| Unresolved::odd(format!("`{image}` has nothing in it that runs")))?;
                manifest = client.manifest(&one.digest).await?;
            }
            Ok(client.config(&manifest).await?.built())
        })
        .await
    }

    /// Asks the registry itself.
    async fn directly<T>(
        &self,
        image: &Image,
        ask: impl AsyncFnOnce(&Client<'_>) -> Result<T, Unresolved>,
    ) -> Result<T, Unresolved> {
        let plain = self.plain.get_or_init(|| self.plain()).await;
        let way = Way { net: &self.net, allowed: None, plain, until: self.until };
        let login: Option<Login> = self.credentials.find(&image.registry).await.unwrap_or_default();
        let answer = ask(&Client::pulling(way, image, login.as_ref())).await;
        match answer {
            Err(error) => Err(self.explained(image, error).await),
            answer => answer,
        }
    }

    /// Says so where credentials are missing because a helper failed.
    async fn explained(&self, image: &Image, error: Unresolved) -> Unresolved {
        match self.credentials.find(&image.registry).await {
            Err(why) if error.why == Why::Denied => Unresolved { text: format!("{}; {why}", error.text), ..error },
            Ok(Some(login)) => Unresolved { text: login.scrub(&error.text), ..error },
            _ => error,
        }
    }

    /// What the engine's own config says of registries; where that can't be had, all are encrypted but the local host's.
    async fn plain(&self) -> Plain {
        let reply = self.engine.wire().get("/info").await.ok();
        let info: Value = reply.and_then(|reply| serde_json::from_slice(&reply.body).ok()).unwrap_or_default();
        Plain::of_engine(&info["RegistryConfig"])
    }
}

/// The platforms of an image, in the words of the engine's own answer.
async fn platforms(client: &Client<'_>, manifest: &Manifest) -> Result<Vec<Platform>, Unresolved> {
    if manifest.is_index() {
        return Ok(manifest.manifests.iter().map(|entry| entry.platform.clone()).collect());
    }
    Ok(vec![client.config(manifest).await?.platform])
}

/// An engine's answer to `GET /distribution/.../json`.
fn read(image: &Image, reply: &Reply) -> Result<Resolved, Unresolved> {
    if !reply.is_success() {
        return Err(refused(image, reply.status, &crate::engine::message(reply)));
    }
    let answer: Distribution = serde_json::from_slice(&reply.body)
        .map_err(|error| Unresolved::odd(format!("`{image}`: the engine's answer can't be read: {error}")))?;
    let digest = answer.descriptor.digest;
    if !is_digest(&digest) {
        return Err(Unresolved::odd(format!("`{image}`: the engine says `{digest}`, which is no digest")));
    }
    Ok(Resolved { digest, platforms: answer.platforms, created: None })
}

/// What an engine's refusal means. Engines differ in the status: the registry's own words, which they repeat, don't.
fn refused(image: &Image, status: u16, message: &str) -> Unresolved {
    let words = message.to_ascii_lowercase();
    let says = |some: &[&str]| some.iter().any(|word| words.contains(word));
    let why = if status == 429 || says(&["toomanyrequests", "too many requests"]) {
        Why::Limited(None)
    } else if matches!(status, 401 | 403) || says(&["unauthorized", "denied", "no basic auth credentials"]) {
        Why::Denied
    } else if says(&["page not found"]) {
        // An engine, or something before it, that doesn't know the question.
        Why::Odd
    } else if status == 404 || says(&["manifest unknown", "name unknown"]) {
        Why::NotFound
    } else {
        Why::Unreachable
    };
    let message: String = message.trim().chars().take(300).collect();
    Unresolved::new(why, format!("`{image}`: the engine says: {message}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_of_engines_are_understood_by_their_words() {
        let image = Image::parse("a").unwrap();
        for (status, message, why) in [
            (404, "manifest unknown: manifest unknown", Why::NotFound),
            (500, "manifest unknown: manifest unknown", Why::NotFound),
            (404, "name unknown: repository name not known to registry", Why::NotFound),
            (404, "page not found", Why::Odd),
            (401, "errors:\ndenied: requested access to the resource is denied", Why::Denied),
            (500, "Get \"http://r/v2/\": no basic auth credentials", Why::Denied),
            (500, "toomanyrequests: You have reached your pull rate limit", Why::Limited(None)),
            (500, "Get \"https://r/v2/\": dial tcp 127.0.0.1:1: connect: connection refused", Why::Unreachable),
            (500, "Get \"https://r/v2/\": x509: certificate signed by unknown authority", Why::Unreachable),
            (500, "Head \"https://r/v2/\": dial tcp: lookup r: no such host", Why::Unreachable),
        ] {
            assert_eq!(refused(&image, status, message).why, why, "{message}");
        }
    }
}
