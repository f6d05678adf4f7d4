//! `orca services logs`: what tasks print, each asked for on its own, merged in the order of time.
//!
//! A node that is gone, or a stream that gets stuck, takes nothing from the others: what is missing is named.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, timeout_at};

use self::reader::Reader;
use super::tell::{chosen, standings};
use crate::engine::Engine;
use crate::engine::logs::{Extract, Message};
use crate::error::{Error, ErrorKind, interrupted};
use crate::interrupt::Interrupt;
use crate::model::node::NodeState;
use crate::model::{Task, TaskId, TaskState};
use crate::pass::services::Standing;
use crate::pass::services::standing::name_of;
use crate::report::{Cluster, Report, Run};
use crate::snapshot::Snapshot;

mod reader;

/// The command's name in reports.
pub const COMMAND: &str = "services logs";
/// Messages that come so close together are put in order when they are followed.
const SETTLE: Duration = Duration::from_millis(200);
/// Messages under way from all streams.
const QUEUE: usize = 1024;
/// So many lines tell why a task has failed.
const LAST: u64 = 10;
/// A node that is gone says nothing: for those lines nobody waits longer.
const LAST_PATIENCE: Duration = Duration::from_secs(5);
/// Streams that are read at a time.
const AT_ONCE: usize = 16;

/// What is to be read.
#[derive(Debug)]
pub struct Reading<'a> {
    /// The manager.
    pub engine: &'a Engine,
    /// Names of services.
    pub names: &'a [String],
    /// Of each task the last messages, so many.
    pub tail: u64,
    /// Only those of this time.
    pub since: Option<Duration>,
    /// Only those with this text.
    pub grep: Option<&'a str>,
    /// Go on with what is yet to come.
    pub follow: bool,
    /// A task that says nothing is given up after this; while following, one that doesn't even answer.
    pub patience: Duration,
    /// It ends then, whatever happens; a follower without one goes on.
    pub deadline: Option<Instant>,
    /// Signals.
    pub interrupt: &'a Interrupt,
}

/// A task that is read.
#[derive(Debug, Clone)]
struct Source {
    id: String,
    name: String,
    node: String,
    tty: bool,
}

/// What comes from a task.
enum News {
    Said(usize, Message),
    /// Its stream has ended; why, if not by itself.
    Ended(usize, Option<String>),
}

impl Reading<'_> {
    /// Reads; while following, each line goes to `show` as soon as it is in its place.
    ///
    /// # Errors
    /// If the cluster can't be read, or a name is none. What is missing of the logs is in the report.
    pub async fn run(&self, show: &mut dyn FnMut(&Value)) -> Result<Report> {
        let started = Instant::now();
        let mut report = Report::new(COMMAND, Run::start(false));
        let cluster = tokio::select! {
            _ = self.interrupt.nth(1) => return Err(interrupted()),
            observed = Snapshot::observe_history(self.engine) => observed?,
        };
        report.cluster = Some(Cluster::of(&cluster));
        let (sources, mut missing) = self.sources(&cluster)?;
        let asked = sources.len() + missing.len();
        let since =
            self.since.and_then(|since| cluster.engine_time.checked_sub(SignedDuration::try_from(since).ok()?).ok());
        let mut news = self.open(&cluster.api, &sources, since);
        let lines = if self.follow {
            self.follow(&mut news, &sources, &mut missing, show).await;
            Vec::new()
        } else {
            self.collect(&mut news, &sources, &mut missing).await
        };
        report.data.insert("lines".to_owned(), lines.into());
        report.data.insert("tasks".to_owned(), sources.iter().map(|source| source.name.as_str()).collect());
        report.data.insert("missing".to_owned(), missing.clone().into());
        if !missing.is_empty() {
            let text =
                format!("the logs of {} of {asked} tasks are not all here: {}", missing.len(), missing.join("; "));
            report.fail(&Error::new(ErrorKind::Unsettled, text).into());
        }
        Ok(report.ended(started, Ok(0)))
    }

    /// Whom to ask, and whom not: of each slot the task that runs, else the newest that has ended.
    fn sources(&self, cluster: &Snapshot) -> Result<(Vec<Source>, Vec<String>)> {
        let standings = standings(cluster)?;
        let (mut sources, mut missing) = (Vec::new(), Vec::new());
        for one in chosen(&standings, self.names, None)? {
            for task in tasks(cluster, one) {
                let name = name_of(one.service, task);
                let node = cluster.node(&task.node);
                let key = node.map_or(task.node.0.as_str(), |node| node.key.as_str());
                match node.map(|node| node.state) {
                    Some(NodeState::Down | NodeState::Disconnected) => {
                        missing.push(format!("`{name}`: its node `{key}` is down"));
                    }
                    None => missing.push(format!("`{name}`: its node is gone from the swarm")),
                    Some(_) => {
                        let id = task.id.0.clone();
                        let name = if task.slot == 0 { format!("{name}@{key}") } else { name };
                        sources.push(Source { id, name, node: key.to_owned(), tty: tty(one) });
                    }
                }
            }
        }
        Ok((sources, missing))
    }

    fn open(&self, api: &str, sources: &[Source], since: Option<Timestamp>) -> mpsc::Receiver<News> {
        let (sender, receiver) = mpsc::channel(QUEUE);
        // What is looked for may be further back than the tail.
        let tail = self.grep.is_none().then_some(self.tail);
        let extract = Extract { tail, since, follow: self.follow };
        // Who follows needs them all; else a few at a time do, each a connection of its own.
        let turns = Arc::new(Semaphore::new(if self.follow { sources.len().max(1) } else { AT_ONCE }));
        for (at, source) in sources.iter().cloned().enumerate() {
            let (engine, api, sender, patience) = (self.engine.clone(), api.to_owned(), sender.clone(), self.patience);
            let reader = Reader { engine, api, source, at, patience, sender };
            let turns = Arc::clone(&turns);
            tokio::spawn(async move {
                let _turn = turns.acquire_owned().await;
                let why = reader.read(extract).await;
                // Nobody listens any more: then it doesn't matter.
                let _ = reader.sender.send(News::Ended(at, why)).await;
            });
        }
        receiver
    }

    fn wanted(&self, message: &Message) -> bool {
        self.grep.is_none_or(|text| message.text.contains(text))
    }

    /// Everything until all streams have ended, in the order of time.
    async fn collect(
        &self,
        news: &mut mpsc::Receiver<News>,
        sources: &[Source],
        missing: &mut Vec<String>,
    ) -> Vec<Value> {
        let tail = usize::try_from(self.tail).unwrap_or(usize::MAX);
        let mut said: Vec<VecDeque<Message>> = vec![VecDeque::new(); sources.len()];
        let mut open: BTreeMap<usize, &Source> = sources.iter().enumerate().collect();
        while !open.is_empty() {
            let next = tokio::select! {
                _ = self.interrupt.nth(1) => None,
                next = until(self.deadline, news.recv()) => next,
            };
            match next {
                Some(News::Said(at, message)) if self.wanted(&message) => {
                    said[at].push_back(message);
                    if said[at].len() > tail {
                        said[at].pop_front();
                    }
                }
                Some(News::Said(..)) => {}
                Some(News::Ended(at, why)) => {
                    open.remove(&at);
                    missing.extend(why.map(|why| format!("`{}` on `{}`: {why}", sources[at].name, sources[at].node)));
                }
                None => {
                    let why = if self.interrupt.exit_code().is_some() { "interrupted" } else { "out of time" };
                    missing.extend(open.values().map(|one| format!("`{}` on `{}`: {why}", one.name, one.node)));
                    break;
                }
            }
        }
        let mut lines: Vec<(usize, Message)> =
            said.into_iter().enumerate().flat_map(|(at, said)| said.into_iter().map(move |one| (at, one))).collect();
        // Stable: a task's own order stays, whatever its clock does within one instant.
        lines.sort_by_key(|(_, message)| message.at);
        lines.iter().map(|(at, message)| line(&sources[*at], message)).collect()
    }

    /// Shows what comes, until a signal, the deadline, or the end of all streams.
    async fn follow(
        &self,
        news: &mut mpsc::Receiver<News>,
        sources: &[Source],
        missing: &mut Vec<String>,
        show: &mut dyn FnMut(&Value),
    ) {
        let mut open = sources.len();
        let mut held: Vec<(usize, Message)> = Vec::new();
        let mut release: Option<Instant> = None;
        while open > 0 {
            let next = tokio::select! {
                _ = self.interrupt.nth(1) => break,
                () = at(self.deadline) => break,
                () = at(release) => None,
                next = news.recv() => match next {
                    Some(next) => Some(next),
                    None => break,
                },
            };
            match next {
                Some(News::Said(at, message)) if self.wanted(&message) => {
                    held.push((at, message));
                    release.get_or_insert_with(|| Instant::now() + SETTLE);
                }
                Some(News::Said(..)) => {}
                Some(News::Ended(at, why)) => {
                    open -= 1;
                    missing.extend(why.map(|why| format!("`{}` on `{}`: {why}", sources[at].name, sources[at].node)));
                }
                None => {
                    release = None;
                    flush(&mut held, sources, show);
                }
            }
        }
        flush(&mut held, sources, show);
    }
}

/// The last lines of a task that has failed; what can't be had in time is left out.
pub(crate) async fn last_lines(engine: &Engine, api: &str, task: &TaskId, tty: bool) -> Vec<String> {
    let (sender, mut receiver) = mpsc::channel(QUEUE);
    let source = Source { id: task.0.clone(), name: String::new(), node: String::new(), tty };
    let reader = Reader { engine: engine.clone(), api: api.to_owned(), source, at: 0, patience: LAST_PATIENCE, sender };
    let mut lines = VecDeque::new();
    let gathering = async {
        while let Some(News::Said(_, message)) = receiver.recv().await {
            lines.push_back(message.text);
        }
    };
    let reading = async move {
        reader.read(Extract { tail: Some(LAST), since: None, follow: false }).await;
    };
    // What came in time is kept.
    let _ = timeout_at(Instant::now() + LAST_PATIENCE, async { tokio::join!(reading, gathering) }).await;
    let most = usize::try_from(LAST).unwrap_or(usize::MAX);
    lines.split_off(lines.len().saturating_sub(most)).into()
}

fn flush(held: &mut Vec<(usize, Message)>, sources: &[Source], show: &mut dyn FnMut(&Value)) {
    held.sort_by_key(|(_, message)| message.at);
    for (at, message) in held.drain(..) {
        show(&line(&sources[at], &message));
    }
}

fn line(source: &Source, message: &Message) -> Value {
    json!({"at": message.at, "task": source.name, "node": source.node,
        "stream": if message.stderr { "stderr" } else { "stdout" }, "text": message.text})
}

/// Of each slot the task that runs, else the newest that has ended.
fn tasks<'a>(cluster: &'a Snapshot, one: &Standing<'a>) -> Vec<&'a Task> {
    let mut of_slot: BTreeMap<String, &Task> = BTreeMap::new();
    let began = |task: &&Task| {
        !task.node.0.is_empty()
            && (task.status.state == TaskState::Running || task.ended() && task.status.state != TaskState::Rejected)
    };
    for task in cluster.tasks.iter().filter(|task| task.service == one.service.id).filter(began) {
        let rank = |task: &Task| (task.running(), task.status.timestamp);
        of_slot
            .entry(task.place())
            .and_modify(|known| {
                if rank(task) > rank(known) {
                    *known = task;
                }
            })
            .or_insert(task);
    }
    let wanted = one.live.iter().map(|task| task.place()).collect::<std::collections::BTreeSet<_>>();
    // Slots that the service no longer has are history; a job's tasks have all ended. What ran on a node when that was lost,
    // and has no successor, is neither: a global service wants nothing there for as long.
    let down = |task: &Task| cluster.node(&task.node).is_some_and(|node| node.state == NodeState::Down);
    let lost = |task: &Task| {
        task.status.state == TaskState::Running && task.desired_state == TaskState::Shutdown && down(task)
    };
    let meant = |place: &String, task: &Task| wanted.is_empty() || wanted.contains(place) || lost(task);
    of_slot.into_iter().filter(|(place, task)| meant(place, task)).map(|(_, task)| task).collect()
}

fn tty(one: &Standing<'_>) -> bool {
    let object: Value = serde_json::from_str(one.service.raw.get()).unwrap_or_default();
    object.pointer("/Spec/TaskTemplate/ContainerSpec/TTY").and_then(Value::as_bool).unwrap_or_default()
}

/// Until then; without a time, for ever.
async fn at(when: Option<Instant>) {
    match when {
        Some(when) => tokio::time::sleep_until(when).await,
        None => std::future::pending().await,
    }
}

async fn until<T>(when: Option<Instant>, what: impl Future<Output = Option<T>>) -> Option<T> {
    match when {
        Some(when) => timeout_at(when, what).await.ok().flatten(),
        None => what.await,
    }
}
