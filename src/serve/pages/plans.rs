//! What the passes would do now, each as its command says it with `--dry-run`.

use std::rc::Rc;

use maud::{Markup, html};
use serde_json::Value;

use super::{Page, actions, front, parts};
use crate::report::Report;
use crate::serve::Server;
use crate::serve::aside::{self, Told};
use crate::serve::warm::View;

/// The page.
pub(super) async fn page(server: &Rc<Server>, view: &View) -> Page {
    let (updates, balance) = tokio::join!(Box::pin(aside::updates(server)), Box::pin(aside::balance(server)));
    let body = html! {
        h1 { "Plans" }
        (front::next(server, &view.cluster))
        section #updates data-live data-poll[updates.late] aria-labelledby="h-updates" {
            h2 #h-updates { "What an update of all services would do" }
            p.dim { "As " code { "orca services update --dry-run" } " says it; the registries were asked within the last quarter of an hour." }
            (told(&updates, "the registries have not all answered yet", actions::outcome))
        }
        section #balance data-live data-poll[balance.late] aria-labelledby="h-balance" {
            h2 #h-balance { "What a rebalance would do" }
            p.dim { "As " code { "orca rebalance plan" } " says it; " code { "orca rebalance apply" } " does it." }
            (told(&balance, "it is being measured", |report| html! {
                (peaks(&Value::Object(report.data.clone())))
                (actions::outcome(report))
            }))
        }
    };
    Page { title: "Plans".to_owned(), menu: "/plans", body }
}

/// What is known, and what is not known yet.
fn told(told: &Told<Report>, waits: &str, show: impl Fn(&Report) -> Markup) -> Markup {
    html! {
        @if told.late {
            p role="status" {
                (parts::word("not known yet", "warn")) " " (waits)
                @if told.known.is_some() { "; this is what was known before" }
            }
            noscript { p { a href="" { "Look again" } } }
        }
        @match told.known.as_deref() {
            Some(Ok(report)) => { (show(report)) }
            Some(Err(error)) => { p { (parts::word("not known", "warn")) " " (format!("{error:#}")) } }
            None => {}
        }
    }
}

/// How full the nodes are, and would be.
fn peaks(data: &Value) -> Markup {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share in percent")]
    let percent = |share: Option<f64>| share.map(|share| (share * 100.0).round().clamp(0.0, 1000.0) as u64);
    let peak = |when: &str| percent(data.pointer(&format!("/peak/{when}")).and_then(Value::as_f64));
    html! {
        @if let (Some(before), Some(after)) = (peak("before"), peak("after")) {
            p { "The fullest node: " (before) " % of its memory; after it " b { (after) " %" } "." }
        }
    }
}
