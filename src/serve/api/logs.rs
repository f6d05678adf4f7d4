//! What the tasks of a service print: as one text, or line by line as it comes.

use std::rc::Rc;
use std::time::Duration;

use http::StatusCode;
use hyper::body::Bytes;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::Asked;
use crate::everyday::logs::Reading;
use crate::serve::Server;
use crate::serve::answer::{self, Answer};
use crate::serve::problem::Problem;

/// Lines of each task, where none is said.
const TAIL: u64 = 100;
/// No more of them.
const MOST: u64 = 10_000;
/// A task that says nothing is given up after this.
const PATIENCE: Duration = Duration::from_secs(5);
/// All of it ends then.
const LONGEST: Duration = Duration::from_secs(20);
/// Lines under way to somebody who reads slowly; beyond, lines are lost, and that is told.
const QUEUE: usize = 1024;

/// `GET /api/services/{name}/logs`.
pub(super) async fn answer(server: &Rc<Server>, name: &str, asked: &Asked) -> Result<Answer, Problem> {
    let tail = asked.number("tail", TAIL, MOST)?;
    let grep = asked.says("grep").filter(|text| !text.is_empty());
    if asked.wants("follow") {
        return follow(server, name, tail, grep).await;
    }
    let document = read(server, name, tail, grep).await?;
    Ok(answer::json(StatusCode::OK, &document))
}

/// The last lines of each task in the order of time, and what is missing of them.
///
/// # Errors
/// If the swarm can't be read, or has no such service.
pub(in crate::serve) async fn read(
    server: &Server,
    name: &str,
    tail: u64,
    grep: Option<&str>,
) -> Result<Value, Problem> {
    let deadline = Instant::now() + LONGEST;
    let engine = server.warm.source().engine()?.until(deadline);
    let reading = Reading {
        engine: &engine,
        names: &[name.to_owned()],
        tail,
        since: None,
        grep,
        follow: false,
        patience: PATIENCE,
        deadline: Some(deadline),
        interrupt: &server.interrupt,
    };
    let mut report = Box::pin(reading.run(&mut |_| {})).await?;
    let mut take = |key: &str| report.data.remove(key).unwrap_or_default();
    let (lines, missing, tasks) = (take("lines"), take("missing"), take("tasks"));
    let text = lines.as_array().into_iter().flatten().fold(String::new(), |text, line| text + &plain(line));
    Ok(json!({"name": name, "logs": text, "lines": lines, "tasks": tasks, "missing": missing, "tail_per_task": tail}))
}

fn plain(line: &Value) -> String {
    let word = |key: &str| line[key].as_str().unwrap_or_default();
    format!("{} {} | {}\n", word("at"), word("task"), word("text"))
}

/// Line by line, until whoever listens goes away.
async fn follow(server: &Rc<Server>, name: &str, tail: u64, grep: Option<&str>) -> Result<Answer, Problem> {
    // What is wrong with the name is said before anything is begun.
    let view = server.warm.look().await?;
    let id = crate::everyday::ids(&view.cluster, &[name.to_owned()], None)?;
    let names: Vec<String> = id.into_iter().map(|id| id.0).collect();
    let engine = server.warm.source().engine()?.clone();
    let guest = server.guest().ok_or_else(super::super::sse::full)?;
    let (sender, receiver) = mpsc::channel::<Bytes>(QUEUE);
    let (interrupt, grep) = (server.interrupt.clone(), grep.map(str::to_owned));
    tokio::task::spawn_local(async move {
        let _guest = guest;
        let reading = Reading {
            engine: &engine,
            names: &names,
            tail,
            since: None,
            grep: grep.as_deref(),
            follow: true,
            patience: PATIENCE,
            deadline: None,
            interrupt: &interrupt,
        };
        let mut lost = 0_u64;
        let mut show = |line: &Value| {
            let event = if lost > 0 {
                format!("event: lost\ndata: {lost}\n\nevent: line\ndata: {line}\n\n")
            } else {
                format!("event: line\ndata: {line}\n\n")
            };
            lost = if sender.try_send(event.into()).is_ok() { 0 } else { lost + 1 };
        };
        let missing = tokio::select! {
            () = sender.closed() => return,
            ended = reading.run(&mut show) => ended.map_or_else(|error| json!([format!("{error:#}")]), |mut report| report.data.remove("missing").unwrap_or_default()),
        };
        let _ = sender.send(format!("event: end\ndata: {}\n\n", json!({"missing": missing})).into()).await;
    });
    Ok(super::super::sse::stream(receiver))
}
