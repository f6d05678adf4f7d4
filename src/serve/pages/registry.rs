//! The registry: its repositories, and one of them.

use maud::html;

use super::{Page, parts};
use crate::engine::path::segment;
use crate::serve::Server;
use crate::serve::api::types::Detail;
use crate::serve::api::{details, repositories};
use crate::serve::problem::Problem;

/// All repositories.
///
/// # Errors
/// If the registry can't be asked.
pub(super) async fn all(server: &Server) -> Result<Page, Problem> {
    let known = server.asked.registry.is_some() || server.settings.registry.default.is_some();
    let found = if known { repositories(server, false).await? } else { Vec::new() };
    let body = html! {
        h1 { "Registry" }
        section aria-label="Repositories" {
            @if !known { p { "No registry is named: start orca serve with " code { "--registry HOST" } ", or set " code { "registry.default" } "." } }
            @else if found.is_empty() { p.dim { "It has no repositories." } }
            ul.plain {
                @for one in &found {
                    li { a href={ "/registry/" (path(&one.name)) } { (one.name) } }
                }
            }
        }
    };
    Ok(Page { title: "Registry".to_owned(), menu: "/registry", body })
}

/// A repository's name in a path: its slashes stay.
fn path(name: &str) -> String {
    name.split('/').map(segment).collect::<Vec<_>>().join("/")
}

/// One repository.
///
/// # Errors
/// If the registry can't be asked.
pub(super) async fn one(server: &Server, name: &str) -> Result<Page, Problem> {
    let told = details(server, name).await?;
    let tags = told.tags;
    let rows = html! {
        @for tag in &tags {
            tr {
                th scope="row" { (tag.tag) }
                td { code { (parts::short(tag.digest.as_str().unwrap_or_default())) } }
                td { (platforms(tag)) }
                td.n { @if let Some(size) = tag.size.as_u64() { (parts::bytes(size)) } }
                td { (tag.created.as_str().unwrap_or_default()) }
                td.wide { (tag.error.as_deref().unwrap_or_default()) }
            }
        }
    };
    let head =
        [("Tag", false), ("Digest", false), ("Platforms", false), ("Size", true), ("Built", false), ("Error", false)];
    let body = html! {
        h1 { (name) }
        section aria-label="Tags" {
            @if tags.is_empty() { p.dim { "It has no tags." } } @else { (parts::table("Tags", &head, &rows)) }
        }
    };
    Ok(Page { title: name.to_owned(), menu: "/registry", body })
}

fn platforms(tag: &Detail) -> String {
    let names = tag.platforms.iter().flatten().filter_map(|one| one["platform"].as_str());
    names.collect::<Vec<_>>().join(", ")
}
