//! Events for whoever watches live: `changed` with the number of the look at hand, whenever that is another one.

use std::rc::Rc;
use std::time::Duration;

use http::StatusCode;
use http::header::CACHE_CONTROL;
use hyper::body::Bytes;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::Server;
use super::answer::{self, Answer, Content};
use super::problem::Problem;

/// What is in between mustn't think that nobody speaks any more.
const PULSE: Duration = Duration::from_secs(15);
/// Events under way to one client; who takes none is sent away.
const QUEUE: usize = 16;

/// There are too many of them.
pub(super) fn full() -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_watchers", "too many clients watch live already")
}

/// An answer that goes on.
pub(super) fn stream(receiver: mpsc::Receiver<Bytes>) -> Answer {
    let mut answer = answer::bytes(StatusCode::OK, "text/event-stream", Bytes::new());
    *answer.body_mut() = Content::Stream(receiver);
    answer::set(&mut answer, CACHE_CONTROL, "no-store");
    // A proxy that gathers before it passes on would keep everything to itself.
    answer::set(&mut answer, http::HeaderName::from_static("x-accel-buffering"), "no");
    answer
}

/// `GET /api/events`.
pub(super) fn events(server: &Rc<Server>) -> Result<Answer, Problem> {
    let guest = server.guest().ok_or_else(full)?;
    let (sender, receiver) = mpsc::channel::<Bytes>(QUEUE);
    let mut watcher = server.warm.watch();
    let server = Rc::clone(server);
    tokio::task::spawn_local(async move {
        let _guest = guest;
        let mut told = None;
        loop {
            let (turn, well) = *watcher.news.borrow_and_update();
            let event = match told.replace((turn, well)) {
                Some(before) if before == (turn, well) => Bytes::from_static(b": still here\n\n"),
                _ => format!("event: changed\ndata: {{\"turn\":{turn},\"well\":{well}}}\n\n").into(),
            };
            if sender.try_send(event).is_err() {
                return;
            }
            tokio::select! {
                () = sender.closed() => return,
                _ = server.interrupt.nth(1) => return,
                _ = timeout(PULSE, watcher.news.wait_for(|news| *news != (turn, well))) => {}
            }
        }
    });
    Ok(stream(receiver))
}
