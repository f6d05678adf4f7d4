//! Projects: the folders that images can be built of, and what is built of them.

use std::rc::Rc;

use maud::html;
use serde_json::Value;

use super::{Page, actions, parts};
use crate::serve::Server;
use crate::serve::access::Caller;
use crate::serve::api::catalog;
use crate::serve::problem::Problem;

/// The page.
///
/// # Errors
/// If a directory is named and can't be read, or the catalog can't.
pub(super) async fn page(server: &Rc<Server>, caller: &Caller) -> Result<Page, Problem> {
    let known = server.settings.catalog.projects.is_some();
    let found = if known { catalog::projects(server)? } else { Vec::new() };
    let entries = if known { catalog::all(server).await? } else { Vec::new() };
    let context = |entry: &Value| entry.pointer("/definition/build_context").and_then(Value::as_str).map(str::to_owned);
    let built_of = |name: &str| -> Vec<&Value> {
        let within = |path: String| path == name || path.strip_prefix(name).is_some_and(|rest| rest.starts_with('/'));
        entries.iter().filter(|entry| context(entry).is_some_and(within)).collect()
    };
    let yes = |there: bool| if there { "yes" } else { "no" };
    let rows = html! {
        @for project in &found {
            @let name = project.name.as_str();
            tr {
                th scope="row" { (name) }
                td { (yes(project.has_dockerfile)) }
                td { (yes(project.has_compose)) }
                td.wide {
                    @for entry in built_of(name) {
                        @let service = entry["name"].as_str().unwrap_or_default();
                        div { a href="/catalog" { (service) } " " (actions::of_entry(service, true, caller)) }
                    }
                }
            }
        }
    };
    let head = [("Project", false), ("Dockerfile", false), ("Compose file", false), ("Built of it", false)];
    let body = html! {
        h1 { "Projects" }
        section #projects data-live aria-label="Projects" {
            @if !known { p { "No directory is named: start orca serve with " code { "--projects DIR" } ", or set " code { "catalog.projects" } "." } }
            @else if found.is_empty() { p.dim { "There is no folder in it." } }
            @else { (parts::table("Projects", &head, &rows)) }
        }
    };
    Ok(Page { title: "Projects".to_owned(), menu: "/projects", body })
}
