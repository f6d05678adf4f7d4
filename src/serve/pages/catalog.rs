//! The catalog: services as they are defined, and how they stand.

use maud::html;

use super::{Page, actions, parts};
use crate::serve::Server;
use crate::serve::access::Caller;
use crate::serve::api::catalog;
use crate::serve::problem::Problem;

/// The page.
///
/// # Errors
/// If the catalog can't be read.
pub(super) async fn page(server: &Server, caller: &Caller) -> Result<Page, Problem> {
    let entries = catalog::all(server).await?;
    let rows = html! {
        @for entry in &entries {
            @let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
            @let image = entry.pointer("/definition/image").and_then(serde_json::Value::as_str).unwrap_or_default();
            tr {
                th scope="row" { (parts::service(&text("name"))) @if !text("description").is_empty() { div.dim { (text("description")) } } }
                td { (parts::word(&text("status"), class(&text("status")))) }
                td.wide { code { (image) } }
                td.wide { (text("source")) }
                td { (actions::of_entry(&text("name"), entry.pointer("/definition/build_context").is_some(), caller)) }
            }
        }
    };
    let head = [("Service", false), ("Status", false), ("Image", false), ("From", false), ("Change", false)];
    let body = html! {
        h1 { "Catalog" }
        section #catalog data-live aria-label="Definitions" {
            @if entries.is_empty() {
                p.dim { "It is empty. " code { "orca catalog add FILE" } ", " code { "orca catalog import" } " and POST /api/services take definitions in." }
            } @else { (parts::table("Definitions", &head, &rows)) }
        }
    };
    Ok(Page { title: "Catalog".to_owned(), menu: "/catalog", body })
}

fn class(status: &str) -> &'static str {
    match status {
        "running" => "good",
        "degraded" | "starting" => "warn",
        "failed" => "bad",
        _ => "",
    }
}
