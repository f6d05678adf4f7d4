//! What orca has changed, by the journal of this host.

use anyhow::Result;
use jiff::Timestamp;
use maud::html;

use super::{Page, front};
use crate::serve::Server;

/// So many changes.
const ROWS: usize = 200;

/// The page.
///
/// # Errors
/// If the journal can't be read.
pub(super) fn page(server: &Server) -> Result<Page> {
    let (rows, now) = (server.history(ROWS)?, Timestamp::now());
    let body = html! {
        h1 { "History" }
        section #history data-live aria-label="Changes" {
            p.dim { "What orca has changed on this host, newest first; at most " (ROWS) " changes." }
            @if rows.is_empty() { p { "It has changed nothing yet." } }
            ul.plain { @for row in &rows { li { (front::change(row, now)) } } }
        }
    };
    Ok(Page { title: "History".to_owned(), menu: "/history", body })
}
