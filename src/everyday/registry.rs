//! `orca registry`: what registries have, and taking something out of them. No engine is asked.

use anyhow::Result;
use futures_util::StreamExt as _;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::apply;
use crate::cli;
use crate::cycle::Options;
use crate::error::{Error, ErrorKind, interrupted};
use crate::interrupt::Interrupt;
use crate::pass::registry::{Beside, Found, plan};
use crate::plan::Warning;
use crate::registry::client::{Client, Way};
use crate::registry::credentials::{Credentials, Login};
use crate::registry::image::{Image, Plain};
use crate::registry::manifest::{Entry, Manifest};
use crate::registry::net::Net;
use crate::registry::place::Place;
use crate::registry::{Unresolved, Why};
use crate::report::{Report, ReportedAction, Run, Status};
use crate::settings;
use crate::state::{Actor, State};

/// So many questions at a time to one registry.
const AT_ONCE: usize = 8;

/// One command.
#[derive(Debug)]
pub struct Registries<'a> {
    /// `registry:` of the config.
    pub settings: &'a settings::Registry,
    /// The bounds.
    pub options: &'a Options,
    /// Signals.
    pub interrupt: &'a Interrupt,
}

/// What one command asks with.
struct Asking {
    place: Place,
    net: Net,
    login: Option<Login>,
    until: Instant,
}

impl Asking {
    fn way(&self) -> Way<'_> {
        let plain: &Plain = &self.place.plain;
        Way { net: &self.net, allowed: None, plain, until: self.until }
    }

    fn client(&self, image: &Image) -> Client<'_> {
        Client::pulling(self.way(), image, self.login.as_ref())
    }
}

/// The command's name in reports.
fn command(command: &cli::Registry) -> &'static str {
    match command {
        cli::Registry::Repos(_) => "registry repos",
        cli::Registry::Tags(_) => "registry tags",
        cli::Registry::Inspect(_) => "registry inspect",
        cli::Registry::Rm(_) => "registry rm",
    }
}

impl Registries<'_> {
    /// Runs it once. Whatever happens, there is a report.
    pub async fn run(&self, asked: &cli::Registry) -> Report {
        let started = Instant::now();
        let mut report = Report::new(command(asked), Run::start(self.options.dry_run));
        let done = self.work(asked, started + self.options.timeout, &mut report).await;
        report.ended(started, done.map(|()| 0))
    }

    async fn work(&self, asked: &cli::Registry, until: Instant, report: &mut Report) -> Result<()> {
        let (place, name) = match asked {
            cli::Registry::Repos(place) => (place, None),
            cli::Registry::Tags(args) => (&args.place, Some(&args.name)),
            cli::Registry::Inspect(args) => (&args.place, Some(&args.name)),
            cli::Registry::Rm(args) => (&args.image.place, Some(&args.image.name)),
        };
        let place = Place::new(place.registry.as_deref(), self.settings)?;
        let image = name.map(|name| place.image(name)).transpose()?;
        let registry = match &image {
            Some(image) => image.registry.clone(),
            None => place.registry()?.to_owned(),
        };
        let credentials = Credentials::here()?;
        let found = tokio::select! {
            _ = self.interrupt.nth(1) => return Err(interrupted()),
            found = credentials.find(&registry) => found,
        };
        let login = found.unwrap_or_else(|why| {
            report.warnings.push(Warning::new("no_credentials", format!("asked without credentials: {why}")));
            None
        });
        report.data.insert("registry".to_owned(), registry.as_str().into());
        let asking = Asking { place, net: Net::new(), login, until };
        let ended = match (asked, image) {
            (cli::Registry::Rm(args), Some(image)) => self.remove(&asking, &image, args.yes, report).await,
            (asked, image) => tokio::select! {
                _ = self.interrupt.nth(1) => Err(interrupted()),
                told = tell(&asking, asked, image.as_ref(), &registry, report) => Ok(told?),
            },
        };
        report.data.insert("requests".to_owned(), asking.net.requests().into());
        ended
    }

    async fn remove(&self, asking: &Asking, image: &Image, yes: bool, report: &mut Report) -> Result<()> {
        let client = Client::removing(asking.way(), image, asking.login.as_ref());
        let found = tokio::select! {
            _ = self.interrupt.nth(1) => return Err(interrupted()),
            found = look(&client, image) => found.map_err(Unresolved::error)?,
        };
        report.data.insert("digest".to_owned(), found.digest.as_str().into());
        report.data.insert("tags".to_owned(), found.same().into());
        let mut planned = plan(&found, yes || self.options.dry_run);
        report.blocked.append(&mut planned.blocked);
        report.warnings.append(&mut planned.warnings);
        if self.options.dry_run {
            let actions = planned.actions.iter().map(|action| ReportedAction::new(action, Status::Planned, None));
            report.actions.extend(actions);
            return Ok(());
        }
        for action in &planned.actions {
            let (state, warning) = State::open(&self.options.state_dir)?;
            report.warnings.extend(warning);
            let cluster = image.registry.clone();
            let actor = Actor { run: report.run.id.clone(), cluster, command: "registry rm" };
            let (reported, error) = apply::registry::remove(&client, &state, &actor, action).await;
            report.actions.push(reported);
            if let Some(error) = error {
                report.fail(&error.error().into());
            }
        }
        Ok(())
    }
}

/// What a tag stands for, which other tags do, and which indexes it is a part of.
async fn look(client: &Client<'_>, image: &Image) -> Result<Found, Unresolved> {
    let digest = client.digest(&image.reference).await?;
    let beside = async {
        let all = client.tags().await?;
        let asked = all.into_iter().map(async |tag| (client.manifest(&tag).await, tag));
        let mut beside = Beside::default();
        let mut answers = futures_util::stream::iter(asked).buffered(AT_ONCE);
        while let Some((answer, tag)) = answers.next().await {
            match answer {
                Ok(other) if other.digest == digest => beside.same.push(tag),
                Ok(other) if other.manifests.iter().any(|entry| entry.digest == digest) => beside.indexes.push(tag),
                // A tag that has gone meanwhile stands for nothing.
                Err(error) if error.why != Why::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(beside)
    };
    let beside = beside.await.map_err(|error: Unresolved| error.text);
    Ok(Found { image: image.clone(), digest, beside })
}

async fn tell(
    asking: &Asking,
    asked: &cli::Registry,
    image: Option<&Image>,
    registry: &str,
    report: &mut Report,
) -> Result<(), Error> {
    let mut put = |key: &str, value: Value| _ = report.data.insert(key.to_owned(), value);
    match (asked, image) {
        (cli::Registry::Tags(args), Some(image)) => {
            put("repository", image.repository.as_str().into());
            put("tags", tags(&asking.client(image), args.digests).await.map_err(Unresolved::error)?);
        }
        (_, Some(image)) => {
            let entry = inspect(&asking.client(image), image).await.map_err(Unresolved::error)?;
            put("image", entry);
        }
        (_, None) => {
            let client = Client::listing(asking.way(), registry, asking.login.as_ref());
            let found = client.repositories().await.map_err(|error| match error.why {
                // Whoever can't list may still be asked for what is known to be there.
                Why::NotFound => {
                    let error = Error::new(ErrorKind::Failed, error.text);
                    error.hint("not every registry lists its repositories; ask for one by `orca registry tags NAME`")
                }
                _ => error.error(),
            })?;
            put("repositories", found.into());
        }
    }
    Ok(())
}

async fn tags(client: &Client<'_>, digests: bool) -> Result<Value, Unresolved> {
    let all = client.tags().await?;
    if !digests {
        return Ok(all.into_iter().map(|tag| json!({"tag": tag})).collect());
    }
    let asked = all.into_iter().map(async |tag| match client.digest(&tag).await {
        Ok(digest) => json!({"tag": tag, "digest": digest, "error": null}),
        // One tag that is broken hides no others.
        Err(error) => json!({"tag": tag, "digest": null, "error": error.text}),
    });
    Ok(futures_util::stream::iter(asked).buffered(AT_ONCE).collect::<Vec<Value>>().await.into())
}

async fn inspect(client: &Client<'_>, image: &Image) -> Result<Value, Unresolved> {
    let manifest = client.manifest(&image.reference).await?;
    let runs: Vec<&Entry> = manifest.manifests.iter().filter(|entry| entry.platform.runs()).collect();
    let platforms: Vec<Value> = if manifest.is_index() {
        let asked = runs.iter().map(async |entry| {
            // An index may name platforms that were never pushed.
            match async { platform(client, &client.manifest(&entry.digest).await?, Some(entry)).await }.await {
                Ok(told) => told,
                Err(error) => {
                    let (name, digest) = (entry.platform.to_string(), &entry.digest);
                    let text = if error.why == Why::NotFound { "the registry doesn't have it" } else { &error.text };
                    json!({"platform": name, "digest": digest, "size_bytes": null, "created": null, "error": text})
                }
            }
        });
        futures_util::stream::iter(asked).buffered(AT_ONCE).collect().await
    } else {
        vec![platform(client, &manifest, None).await?]
    };
    let newest = platforms.iter().filter_map(|platform| platform["created"].as_str()).max().map(str::to_owned);
    Ok(json!({
        "name": image.to_string(), "repository": image.repository, "reference": image.reference,
        "digest": manifest.digest, "media_type": manifest.media_type, "index": manifest.is_index(),
        "created": newest, "attestations": manifest.manifests.len() - runs.len(), "platforms": platforms,
        "rate": client.rate().map(|rate| json!({
            "remaining": rate.remaining, "limit": rate.limit, "window_s": rate.window.map(|window| window.as_secs()),
        })),
    }))
}

async fn platform(client: &Client<'_>, manifest: &Manifest, listed: Option<&Entry>) -> Result<Value, Unresolved> {
    let config = client.config(manifest).await?;
    let name = listed.map_or(&config.platform, |entry| &entry.platform).to_string();
    let created: Option<Timestamp> = config.built();
    Ok(json!({
        "platform": name, "digest": manifest.digest, "size_bytes": manifest.size(),
        "created": created.map(|created| created.to_string()), "error": null,
    }))
}
