//! What the registry has, in the shapes that the original's clients know. A registry that can't be asked is an error, never
//! an empty list.

use futures_util::{StreamExt as _, TryStreamExt as _};
use serde_json::Value;

use super::types::{Detail, Details, Repository};
use crate::cli::{self, InRegistry, OneImage, RemoveImage, TagsOf};
use crate::cycle::Options;
use crate::everyday::registry::Registries;
use crate::report::Report;
use crate::serve::Server;
use crate::serve::problem::Problem;

/// So many questions at a time.
const AT_ONCE: usize = 8;
/// Of so many repositories the tags are asked for; of the others only the names are told.
const MOST: usize = 200;

async fn ask(server: &Server, what: &cli::Registry) -> Result<Report, Problem> {
    let registries =
        Registries { settings: &server.settings.registry, options: &server.options, interrupt: &server.interrupt };
    let report = Box::pin(registries.run(what)).await;
    match Problem::of_report(&report) {
        Some(problem) => Err(problem),
        None => Ok(report),
    }
}

fn place(server: &Server) -> InRegistry {
    InRegistry { registry: server.asked.registry.clone() }
}

/// `GET /api/registry/repositories`.
pub(in crate::serve) async fn repositories(server: &Server, with_tags: bool) -> Result<Vec<Repository>, Problem> {
    let mut report = ask(server, &cli::Registry::Repos(place(server))).await?;
    let names: Vec<String> =
        report.data.remove("repositories").and_then(|names| serde_json::from_value(names).ok()).unwrap_or_default();
    let asked = names.into_iter().enumerate().map(async |(at, name)| {
        if !with_tags || at >= MOST {
            return Ok(Repository { name, tags: None });
        }
        tags(server, &name).await
    });
    futures_util::stream::iter(asked).buffered(AT_ONCE).try_collect().await
}

/// `GET /api/registry/repositories/{name}/tags`.
pub(in crate::serve) async fn tags(server: &Server, name: &str) -> Result<Repository, Problem> {
    let asked = cli::Registry::Tags(TagsOf { name: name.to_owned(), digests: false, place: place(server) });
    let report = ask(server, &asked).await?;
    Ok(Repository { name: name.to_owned(), tags: Some(names(&report)) })
}

fn names(report: &Report) -> Vec<String> {
    let tags = report.data.get("tags").and_then(Value::as_array).into_iter().flatten();
    tags.filter_map(|tag| tag["tag"].as_str()).map(str::to_owned).collect()
}

/// `GET /api/registry/repositories/{name}/details`.
pub(in crate::serve) async fn details(server: &Server, name: &str) -> Result<Details, Problem> {
    let asked = cli::Registry::Tags(TagsOf { name: name.to_owned(), digests: false, place: place(server) });
    let report = ask(server, &asked).await?;
    let asked = names(&report).into_iter().map(async |tag| {
        let image = OneImage { name: format!("{name}:{tag}"), place: place(server) };
        match ask(server, &cli::Registry::Inspect(image)).await {
            Ok(report) => detail(tag, report.data.get("image").unwrap_or(&Value::Null)),
            // One tag that is broken hides no others.
            Err(problem) => Detail { tag, error: Some(problem.detail), ..Detail::default() },
        }
    });
    let tags = futures_util::stream::iter(asked).buffered(AT_ONCE).collect().await;
    Ok(Details { name: name.to_owned(), tags })
}

fn detail(tag: String, image: &Value) -> Detail {
    let platforms = image["platforms"].as_array().cloned().unwrap_or_default();
    // The shape has room for one: the one that most nodes are, else the first.
    let main = platforms.iter().find(|platform| platform["platform"] == "linux/amd64").or(platforms.first());
    let main = main.cloned().unwrap_or_default();
    let (os, architecture) = main["platform"].as_str().and_then(|name| name.split_once('/')).unzip();
    Detail {
        tag,
        digest: image["digest"].clone(),
        media_type: image["media_type"].clone(),
        size: main["size_bytes"].clone(),
        architecture: architecture.map(str::to_owned),
        os: os.map(str::to_owned),
        created: image["created"].clone(),
        platforms: Some(platforms),
        error: None,
    }
}

/// Removes what a tag stands for, or says what would go.
pub(super) async fn remove(server: &Server, image: &str, dry_run: bool) -> Report {
    let options = &Options { dry_run, ..server.options.clone() };
    let registries = Registries { settings: &server.settings.registry, options, interrupt: &server.interrupt };
    let image = OneImage { name: image.to_owned(), place: place(server) };
    Box::pin(registries.run(&cli::Registry::Rm(RemoveImage { image, yes: true }))).await
}
