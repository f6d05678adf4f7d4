//! Brings an image to a node before a task is moved there, with nothing but the manager: a job on that node, which has
//! no command. An engine pulls the image, looks whether it has it, and only then refuses to make a container of nothing
//! (measured on 20.10, 26.1 and 28.5); a path that doesn't exist would be refused first, image or not.

use std::time::Duration;

use anyhow::{Context as _, Result};
use http::HeaderValue;
use jiff::Timestamp;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::temporary;
use super::turn::Turn;
use crate::engine::Engine;
use crate::interrupt::Interrupt;
use crate::model::service::{TEMPORARY_LABEL, Temporary, UNTIL_LABEL};
use crate::model::{NodeId, TaskState};

/// What an engine says when it has the image; older ones with a capital letter.
const NO_COMMAND: &str = "o command specified";
/// How often the job is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// After it has given up, it removes its job.
const GRACE: Duration = Duration::from_secs(60);

/// Whether the image is there now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pulled {
    /// It is.
    There,
    /// It is not: the engine's words.
    Missing(String),
    /// A signal came first.
    Interrupted,
}

/// What is to be brought where, and by whom.
#[derive(Debug)]
pub struct Prepull<'a> {
    /// The manager.
    pub engine: &'a Engine,
    /// Its API version.
    pub api: &'a str,
    /// The image.
    pub image: &'a str,
    /// For its registry.
    pub auth: Option<&'a HeaderValue>,
    /// The node.
    pub node: &'a NodeId,
    /// For the job's name: no other has it.
    pub run: &'a str,
    /// When to give up.
    pub deadline: Instant,
    /// Signals.
    pub interrupt: &'a Interrupt,
    /// The right to move tasks, where that is what it is for; pulling may outlast its term.
    pub turn: Option<&'a mut Turn>,
}

/// Brings the image to the node, and waits for that until the deadline.
///
/// # Errors
/// If the job can't be made or looked at. It is removed in any case, if the engine can be reached.
pub async fn prepull(order: Prepull<'_>) -> Result<Pulled> {
    let Prepull { engine, api, image, auth, node, run, .. } = order;
    let name = format!("orca-prepull-{run}");
    let mut labels = json!({ TEMPORARY_LABEL: "prepull" });
    if order.turn.is_none() {
        // By nothing else could others tell that it is still wanted.
        let patience = order.deadline.saturating_duration_since(Instant::now()) + GRACE;
        labels[UNTIL_LABEL] = Temporary::until(Timestamp::now(), patience).into();
    }
    let spec = json!({
        "Name": name,
        "Labels": labels,
        "Mode": { "ReplicatedJob": { "MaxConcurrent": 1, "TotalCompletions": 1 } },
        "TaskTemplate": {
            // An empty entrypoint takes away the image's own, and its command with it.
            "ContainerSpec": { "Image": image, "Command": [""] },
            "RestartPolicy": { "Condition": "none" },
            "Placement": { "Constraints": [format!("node.id=={}", node.0)] },
        },
    });
    let id = engine.create_service(api, &spec, auth).await.context("can't make the job that pulls the image")?;
    let id = id.with_context(|| format!("there is a service `{name}` already"))?;
    let pulled = watch(order, &id).await;
    temporary::remove(engine, &["services"], &id)
        .await
        .with_context(|| format!("can't remove the service `{name}`"))?;
    pulled
}

async fn watch(order: Prepull<'_>, id: &str) -> Result<Pulled> {
    let Prepull { engine, deadline, interrupt, mut turn, .. } = order;
    loop {
        if let Some(turn) = &mut turn {
            turn.renew().await?;
        }
        let tasks = engine.tasks_of(id).await?;
        let ended = tasks
            .iter()
            .find(|task| matches!(task.status.state, TaskState::Failed | TaskState::Rejected | TaskState::Complete));
        if let Some(task) = ended {
            let err = &task.status.err;
            return Ok(if err.contains(NO_COMMAND) { Pulled::There } else { Pulled::Missing(err.clone()) });
        }
        if Instant::now() >= deadline {
            let state = tasks.first().map_or_else(|| "not begun".to_owned(), |task| task.status.err.clone());
            return Ok(Pulled::Missing(format!("pulling it took too long {state}").trim_end().to_owned()));
        }
        tokio::select! {
            () = sleep(LOOK) => {}
            _ = interrupt.nth(1) => return Ok(Pulled::Interrupted),
        }
    }
}
