//! Stacks.

use anyhow::Result;
use maud::html;
use serde_json::Value;

use super::{Page, actions, parts};
use crate::engine::path::with_query;
use crate::serve::access::Caller;
use crate::serve::api::shapes;
use crate::serve::warm::View;

/// All stacks.
///
/// # Errors
/// If an object can't be read.
pub(super) fn all(view: &View, caller: &Caller) -> Result<Page> {
    let stacks = shapes::stacks(&view.cluster)?;
    let stacks = stacks.as_array().map(Vec::as_slice).unwrap_or_default();
    let words = |stack: &Value, key: &str| -> String {
        let words: Vec<&str> = stack[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        words.join(", ")
    };
    let rows = html! {
        @for stack in stacks {
            @let name = stack["name"].as_str().unwrap_or_default();
            @let status = stack["status"].as_str().unwrap_or_default();
            tr {
                th scope="row" { a href=(with_query("/services", &[("stack", name)])) { (name) } }
                td { (parts::word(status, class(status))) }
                td.n { (stack["running_replicas"]) "/" (stack["desired_replicas"]) }
                td.wide { (words(stack, "services")) }
                td { (words(stack, "ports")) }
                td.wide { (words(stack, "nodes")) }
                td { (actions::of_stack(name, caller)) }
            }
        }
    };
    let head = [
        ("Stack", false),
        ("Status", false),
        ("Tasks", true),
        ("Services", false),
        ("Ports", false),
        ("Nodes", false),
        ("Change", false),
    ];
    let body = html! {
        h1 { "Stacks" }
        section #stacks data-live aria-label="Stacks" {
            @if stacks.is_empty() { p.dim { "There is none." } } @else { (parts::table("Stacks", &head, &rows)) }
        }
    };
    Ok(Page { title: "Stacks".to_owned(), menu: "/stacks", body })
}

fn class(status: &str) -> &'static str {
    match status {
        "running" => "good",
        "stopped" => "",
        "starting" => "warn",
        _ => "bad",
    }
}
