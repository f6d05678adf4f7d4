//! To do something at a certain moment of a pass.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

#[path = "../common/door.rs"]
mod door;

/// Calls `act` once, before the n-th POST is passed on to the engine; false: it is not passed on, as if it had been lost.
/// Returns the door to go through, and its `DOCKER_HOST`.
pub(crate) fn at_nth_write(
    engine: &Path,
    n: usize,
    act: impl FnOnce() -> bool + Send + 'static,
) -> (door::Door, String) {
    let writes = AtomicUsize::new(0);
    let act = Mutex::new(Some(act));
    let pass = move |method: &str| {
        let due = method == "POST" && writes.fetch_add(1, Ordering::SeqCst) + 1 == n;
        let act = if due { act.lock().unwrap().take() } else { None };
        act.is_none_or(|act| act())
    };
    let door = door::open(engine, pass).unwrap();
    let host = format!("unix://{}", door.socket().display());
    (door, host)
}
