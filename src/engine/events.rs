//! The engine's event stream, as a hint that it is time to look again.
//!
//! An engine reports node and service events of the whole swarm, but container events of its own host alone: an event
//! says "look now", silence says nothing. Whoever waits on events looks from time to time anyway.

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use bollard::query_parameters::EventsOptionsBuilder;
use futures_util::{Stream, StreamExt as _};

use crate::engine::wire::Wire;

/// An event stream that reconnects by itself.
pub struct Events {
    wire: Wire,
    api: String,
    stream: Option<Pin<Box<dyn Stream<Item = bool>>>>,
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("open", &self.stream.is_some()).finish_non_exhaustive()
    }
}

impl Events {
    pub(super) fn new(wire: Wire, api: &str) -> Self {
        Self { wire, api: api.to_owned(), stream: None }
    }

    /// Waits for the next event, at most so long. A broken stream is opened again by the next call.
    pub async fn next(&mut self, limit: Duration) {
        if self.stream.is_none() {
            self.stream = self.open();
        }
        let Some(stream) = &mut self.stream else { return tokio::time::sleep(limit).await };
        let broken = matches!(tokio::time::timeout(limit, stream.next()).await, Ok(None | Some(false)));
        if broken {
            self.stream = None;
            tokio::time::sleep(limit).await;
        }
    }

    /// Items tell whether they are events; an error ends the stream.
    fn open(&self) -> Option<Pin<Box<dyn Stream<Item = bool>>>> {
        let docker = self.wire.docker(&self.api).ok()?;
        let list = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        // Healthchecks make events too, of kinds that are no news here.
        let filters: HashMap<String, Vec<String>> = HashMap::from([
            ("type".to_owned(), list(&["service", "node", "container"])),
            ("event".to_owned(), list(&["create", "update", "remove", "start", "die"])),
        ]);
        let options = EventsOptionsBuilder::default().filters(&filters).build();
        Some(Box::pin(docker.events(Some(options)).map(|event| event.is_ok())))
    }
}
