//! The only writer to registries.

use jiff::Timestamp;
use tokio::time::Instant;

use crate::plan::{Action, Change};
use crate::registry::client::Client;
use crate::registry::{Unresolved, Why};
use crate::report::{ReportedAction, Status, millis_since};
use crate::state::{Actor, State};

/// Takes an image out of its registry, enters that into the journal, and looks whether it is gone.
pub(crate) async fn remove(
    client: &Client<'_>,
    state: &State,
    actor: &Actor,
    action: &Action,
) -> (ReportedAction, Option<Unresolved>) {
    let started = Instant::now();
    let failed = |error: Unresolved| {
        let reported = ReportedAction::new(action, Status::Failed, Some(error.text.clone()));
        (ReportedAction { duration_ms: millis_since(started), ..reported }, Some(error))
    };
    let Change::ImageForget { digest, .. } = &action.change else {
        return failed(Unresolved::odd("that is nothing a registry could do"));
    };
    let row = match state.begin(actor, action, Timestamp::now()) {
        Ok(row) => row,
        Err(error) => return failed(Unresolved::odd(format!("{error:#}"))),
    };
    let ended = deleted(client, digest).await;
    // The journal is for people; what it lacks, the report has.
    let _ = match &ended {
        Ok(()) => state.finish(row, "done", None),
        Err(error) => state.finish(row, "failed", Some(&error.text)),
    };
    match ended {
        Ok(()) => {
            let reported = ReportedAction::new(action, Status::Done, None);
            (ReportedAction { duration_ms: millis_since(started), ..reported }, None)
        }
        Err(error) => failed(error),
    }
}

/// Removes it, and looks whether it is gone: a registry may say so without having done it, and may have done it without its
/// answer having come through.
async fn deleted(client: &Client<'_>, digest: &str) -> Result<(), Unresolved> {
    let asked = match client.delete(digest).await {
        Err(error) if error.why != Why::Unreachable => return Err(error),
        asked => asked,
    };
    let (why, said) = match asked {
        Ok(()) => (Why::Odd, "the registry says that it has removed it".to_owned()),
        Err(lost) => (lost.why, lost.text),
    };
    match client.digest(digest).await {
        Err(error) if error.why == Why::NotFound => Ok(()),
        Ok(_) => Err(Unresolved::new(why, format!("{said}, and it is there still"))),
        Err(error) => Err(Unresolved::new(
            error.why,
            format!("{said}, and whether it is gone is not known: {error}; `orca registry inspect` looks again"),
        )),
    }
}
