//! Events for whoever watches live: `changed` with the number of what is shown, at first and whenever that is another one; and of
//! a run each line that it prints.

use std::rc::Rc;
use std::time::Duration;

use http::StatusCode;
use http::header::CACHE_CONTROL;
use hyper::body::Bytes;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::Server;
use super::answer::{self, Answer, Content};
use super::problem::Problem;
use super::runs::Entry;

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

/// `GET /api/runs/{id}/log`: what a run has printed, as far as it is remembered, what it prints, and how it ends.
pub(super) fn log(server: &Rc<Server>, entry: Rc<Entry>) -> Result<Answer, Problem> {
    let guest = server.guest().ok_or_else(full)?;
    let (sender, receiver) = mpsc::channel::<Bytes>(QUEUE);
    let server = Rc::clone(server);
    tokio::task::spawn_local(async move {
        let _guest = guest;
        tokio::select! {
            () = sender.closed() => {}
            _ = server.interrupt.nth(1) => {}
            () = tell(&entry, &sender) => {}
        }
    });
    Ok(stream(receiver))
}

/// Tells all that a run prints, until it has ended. Who reads slowly is told how many lines were forgotten meanwhile.
async fn tell(entry: &Entry, sender: &mpsc::Sender<Bytes>) {
    let mut next = 0;
    loop {
        // Looked at before the lines are: after its end it prints none.
        let report = entry.report();
        let (lost, lines) = entry.lines_from(next);
        next += lost + lines.len();
        let lost = (lost > 0).then(|| format!("event: lost\ndata: {lost}\n\n"));
        let lines = lines.iter().map(|text| format!("event: line\ndata: {}\n\n", json!({"text": text})));
        let end = report.map(|report| format!("event: end\ndata: {}\n\n", json!({"outcome": report.outcome})));
        let ended = end.is_some();
        for event in lost.into_iter().chain(lines).chain(end) {
            // Who has gone away is noticed by whoever waits for that.
            let _ = sender.send(event.into()).await;
        }
        if ended {
            return;
        }
        if timeout(PULSE, entry.goes_on(next)).await.is_err() {
            let _ = sender.send(Bytes::from_static(b": still here\n\n")).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Report, Run};
    use crate::serve::runs::Runs;

    #[test]
    fn what_a_run_prints_is_told_as_it_comes_and_then_its_end() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let entry = Runs::default().enter("catalog build", "web", "somebody");
            let (sender, mut receiver) = mpsc::channel(QUEUE);
            entry.says("step one");
            let work = async {
                let text = |event: Option<Bytes>| String::from_utf8(event.unwrap().to_vec()).unwrap();
                assert_eq!(text(receiver.recv().await), "event: line\ndata: {\"text\":\"step one\"}\n\n");
                entry.says("two\nlines");
                assert_eq!(text(receiver.recv().await), "event: line\ndata: {\"text\":\"two\\nlines\"}\n\n");
                // More than is remembered, and nobody reads.
                (0..1000).for_each(|number| entry.says(&number.to_string()));
                assert_eq!(text(receiver.recv().await), "event: lost\ndata: 800\n\n");
                assert_eq!(text(receiver.recv().await), "event: line\ndata: {\"text\":\"800\"}\n\n");
                entry.says("last");
                entry.end(Report::new("catalog build", Run::start(false)));
                let mut rest = Vec::new();
                while let Some(event) = receiver.recv().await {
                    rest.push(text(Some(event)));
                    if rest.last().is_some_and(|last| last.starts_with("event: end")) {
                        break;
                    }
                }
                assert_eq!(rest.len(), 199 + 1 + 1, "{:?}", rest.last());
                assert!(rest[199].contains("last"), "{}", rest[199]);
            };
            tokio::join!(tell(&entry, &sender), work);
        });
    }
}
