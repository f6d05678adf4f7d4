//! Small parts that pages are made of.

use std::time::Duration;

use jiff::Timestamp;
use maud::{Markup, html};

use crate::engine::path::segment;
use crate::model::stock::age;
pub(super) use crate::pass::rebalance::words::bytes;
use crate::pass::services::State;
use crate::pass::words::spoken;

/// How long ago, in words.
pub(super) fn ago(time: Duration) -> String {
    if time < Duration::from_secs(1) { "just now".to_owned() } else { format!("{} ago", spoken(time)) }
}

/// A moment: how long ago it was, and when.
pub(super) fn moment(at: Option<Timestamp>, now: Timestamp) -> Markup {
    html! {
        @if let Some(at) = at {
            time datetime=(at) title=(at) { (ago(age(at, now))) }
        }
    }
}

/// A service's name, as a link to its page.
pub(super) fn service(name: &str) -> Markup {
    html! { a href={ "/services/" (segment(name)) } { (name) } }
}

/// A node's name, as a link to its page.
pub(super) fn node(id: &str, name: &str) -> Markup {
    html! { a href={ "/nodes/" (segment(id)) } { (name) } }
}

/// How a service stands, coloured.
pub(super) fn state(state: State) -> Markup {
    let class = match state {
        State::Ok => "good",
        State::Stopped => "",
        State::Starting | State::Updating | State::RollingBack => "warn",
        State::Pending | State::Failing | State::Paused => "bad",
    };
    word(&state.name().replace('_', " "), class)
}

/// A word in a coloured field: `good`, `warn`, `bad` or nothing.
pub(super) fn word(text: &str, class: &str) -> Markup {
    html! { span class={ "tag " (class) } { (text) } }
}

/// A digest as people compare them.
pub(super) fn short(digest: &str) -> String {
    digest.split_once(':').map_or(digest, |(_, hex)| hex).chars().take(12).collect()
}

/// How much of something is taken, as a bar and in words.
pub(super) fn share(label: &str, part: u64, whole: u64, words: &str) -> Markup {
    let percent = part.saturating_mul(100).checked_div(whole).unwrap_or_default().min(100);
    html! {
        meter min="0" max="100" value=(percent) aria-label=(label) { (percent) " %" }
        " " (words)
    }
}

/// A table that scrolls by itself where the page is narrow.
pub(super) fn table(label: &str, head: &[(&str, bool)], rows: &Markup) -> Markup {
    html! {
        div.scroll role="region" aria-label=(label) tabindex="0" {
            table {
                thead { tr { @for (word, number) in head { th.n[*number] scope="col" { (word) } } } }
                tbody { (rows) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_ever_markup() {
        let name = "<script>alert(1)</script>\"'";
        let made = service(name).into_string() + &node(name, name).into_string() + &word(name, "bad").into_string();
        assert!(!made.contains("<script"), "{made}");
        assert!(!made.contains("\"'"), "{made}");
    }
}
