//! The engine's event stream, as a hint that it is time to look again.
//!
//! An engine reports node and service events of the whole swarm, but container events of its own host alone: an event
//! says "look now", silence says nothing. Whoever waits on events looks from time to time anyway.

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use anyhow::Result;
use bollard::models::{EventMessage, EventMessageTypeEnum};
use bollard::query_parameters::EventsOptionsBuilder;
use futures_util::{Stream, StreamExt as _};

use crate::engine::wire::Wire;

/// The label of a task's container that names its service.
const SERVICE_NAME: &str = "com.docker.swarm.service.name";

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// A node of the swarm.
    Node,
    /// A service of the swarm.
    Service,
    /// A container on the engine's own host.
    Container,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What it is about.
    pub about: About,
    /// The node's hostname or the service's name (of a container, that of its service), where the engine tells.
    pub name: String,
    /// When it was, in nanoseconds since 1970 by the engine's clock; 0 where the engine doesn't tell.
    pub nanos: i64,
}

/// An open stream of events; the first error is its end.
pub type EventStream = Pin<Box<dyn Stream<Item = Result<Event>> + Send>>;

/// An event stream that reconnects by itself.
pub struct Events {
    wire: Wire,
    api: String,
    stream: Option<EventStream>,
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
            self.stream = open(&self.wire, &self.api, None).ok();
        }
        let Some(stream) = &mut self.stream else { return tokio::time::sleep(limit).await };
        let broken = matches!(tokio::time::timeout(limit, stream.next()).await, Ok(None | Some(Err(_))));
        if broken {
            self.stream = None;
            tokio::time::sleep(limit).await;
        }
    }
}

/// What happens from now on, or from `since` (nanoseconds since 1970, by the engine's clock). The request is made when
/// the stream is first polled.
pub(super) fn open(wire: &Wire, api: &str, since: Option<i64>) -> Result<EventStream> {
    let docker = wire.docker(api)?;
    let list = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    // Healthchecks make events too, of kinds that are no news here.
    let filters: HashMap<String, Vec<String>> = HashMap::from([
        ("type".to_owned(), list(&["service", "node", "container"])),
        ("event".to_owned(), list(&["create", "update", "remove", "start", "die"])),
    ]);
    let mut options = EventsOptionsBuilder::default().filters(&filters);
    if let Some(nanos) = since {
        let (seconds, rest) = (nanos.div_euclid(1_000_000_000), nanos.rem_euclid(1_000_000_000));
        options = options.since(&format!("{seconds}.{rest:09}"));
    }
    Ok(Box::pin(docker.events(Some(options.build())).map(|event| event.map(read).map_err(Into::into))))
}

fn read(event: EventMessage) -> Event {
    let about = match event.typ {
        Some(EventMessageTypeEnum::NODE) => About::Node,
        Some(EventMessageTypeEnum::SERVICE) => About::Service,
        _ => About::Container,
    };
    let mut attributes = event.actor.and_then(|actor| actor.attributes).unwrap_or_default();
    let key = if about == About::Container { SERVICE_NAME } else { "name" };
    Event { about, name: attributes.remove(key).unwrap_or_default(), nanos: event.time_nano.unwrap_or_default() }
}
