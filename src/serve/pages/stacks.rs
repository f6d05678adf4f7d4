//! Stacks.

use std::collections::BTreeSet;

use anyhow::Result;
use maud::html;

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
    let words = |words: &BTreeSet<String>| words.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let rows = html! {
        @for stack in &stacks {
            @let name = stack.name.as_str();
            tr {
                th scope="row" { a href=(with_query("/services", &[("stack", name)])) { (name) } }
                td { (parts::word(stack.status, class(stack.status))) }
                td.n { (stack.running_replicas) "/" (stack.desired_replicas) }
                td.wide { (stack.services.join(", ")) }
                td { (words(&stack.ports)) }
                td.wide { (words(&stack.nodes)) }
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
