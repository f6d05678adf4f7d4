//! A look at a swarm by somebody who has looked before: most of it says what it said then, and that is not read once more.

use std::sync::Arc;

use anyhow::Result;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::{Engine, api_version, decode, must_be_manager};
use crate::model::Task;

/// The long lists, word for word.
#[derive(Debug)]
pub struct Heard {
    services: Arc<Vec<u8>>,
    tasks: Arc<Vec<u8>>,
}

impl Heard {
    /// Bytes that it takes to remember it.
    pub fn size(&self) -> usize {
        self.services.len() + self.tasks.len()
    }
}

/// What an engine says of its swarm.
#[derive(Debug)]
pub struct Again {
    /// When it was read.
    pub taken_at: Timestamp,
    /// API version of the engine.
    pub api: String,
    /// `GET /info`.
    pub info: Box<RawValue>,
    /// `GET /nodes`.
    pub nodes: Vec<Box<RawValue>>,
    /// `GET /services`; none: the same as before.
    pub services: Option<Vec<Box<RawValue>>>,
    /// `GET /tasks`; none: the same as before.
    pub tasks: Option<Vec<Task>>,
    /// For the next look.
    pub heard: Heard,
}

impl Engine {
    /// Reads `/_ping`, `/info`, `/nodes`, `/services` and all `/tasks`, in parallel.
    ///
    /// # Errors
    /// As of [`Engine::observe`].
    pub async fn observe_again(&self, before: Option<&Heard>) -> Result<Again> {
        let taken_at = Timestamp::now();
        let (ping, info, nodes, services, tasks) = tokio::join!(
            self.wire.get("/_ping"),
            self.read("/info"),
            self.read("/nodes"),
            self.read_again("/services", before.map(|before| &before.services)),
            self.read_again("/tasks", before.map(|before| &before.tasks)),
        );
        let ping = ping?;
        let api = api_version(&ping)?;
        must_be_manager(&ping)?;
        let (info, nodes) = (info?, nodes?);
        let ((services, heard_services), (tasks, heard_tasks)) = (services?, tasks?);
        let heard = Heard { services: heard_services, tasks: heard_tasks };
        Ok(Again { taken_at, api, info, nodes, services, tasks, heard })
    }

    /// What is at this path, unless it is the same as before, and how it was said.
    async fn read_again<T: DeserializeOwned>(
        &self,
        path: &str,
        before: Option<&Arc<Vec<u8>>>,
    ) -> Result<(Option<T>, Arc<Vec<u8>>)> {
        let known = before.map(|before| before.as_slice()).unwrap_or_default();
        let Some(mut reply) = self.wire.get_again(path, known).await? else {
            return Ok((None, before.cloned().unwrap_or_default()));
        };
        let read = decode(path, &reply)?;
        reply.body.shrink_to_fit();
        Ok((Some(read), Arc::new(reply.body)))
    }
}
