//! Whether every node's exporter answers, and is that node.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use futures_util::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::file_sd::Entry;
use crate::engine::Engine;
use crate::metrics::targets::{Aim, own_target, read};
use crate::model::node::{Availability, NodeState};
use crate::model::{Node, NodeId, Offer, Service, Task, TaskState, UpdateState};
use crate::pass::exporter::own;
use crate::plan::Warning;
use crate::settings::Settings;
use crate::snapshot::Snapshot;

/// Exporters that are asked at once.
const AT_ONCE: usize = 32;
/// How often, while a rollout is waited for.
const LOOK: Duration = Duration::from_millis(300);
/// What is kept of a run for telling what was found.
const RESERVE: Duration = Duration::from_secs(2);
/// A rollout that has not begun by then was none.
const BEGIN: Duration = Duration::from_secs(15);
/// A task that finds no place for so long gets no more time.
const HOMELESS: Duration = Duration::from_secs(5);
/// A node on which so many new tasks have ended gets no more time.
const IN_VAIN: usize = 2;

/// What to verify, and how long.
#[derive(Debug)]
pub(super) struct Verifier<'a> {
    pub(super) engine: &'a Engine,
    pub(super) settings: &'a Settings,
    /// Something was written: tasks may be on their way.
    pub(super) changed: bool,
    /// What was written replaces tasks.
    pub(super) replaced: bool,
    /// When the rollout before that began.
    pub(super) before: Option<Timestamp>,
    pub(super) deadline: Instant,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) targets: Vec<Target>,
    pub(super) warnings: Vec<Warning>,
    /// Why its update goes no further.
    pub(super) stuck: Option<&'static str>,
}

/// The exporter of one node.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) node: Node,
    aim: Option<Aim>,
    state: State,
}

/// What is known of an exporter.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum State {
    /// It answers, and is that node.
    Up,
    /// It says nothing, or nothing credible.
    Silent(String),
    /// It is another machine's.
    Other(String),
    /// The managers don't hear from the node.
    Down,
    /// Nobody asked.
    Unasked,
}

impl Verifier<'_> {
    /// The targets alone, for a rehearsal.
    pub(super) async fn unasked(&self) -> Result<Found> {
        let cluster = Snapshot::observe(&self.engine.until(self.deadline)).await?;
        let (targets, warnings) = self.targets(&cluster, None);
        Ok(Found { targets, warnings, stuck: None })
    }

    /// Asks, again and again while a rollout is under way.
    pub(super) async fn verify(&self) -> Result<Found> {
        let until = self.deadline.checked_sub(RESERVE).unwrap_or(self.deadline);
        let (engine, begun, mut since) = (self.engine.until(self.deadline), Instant::now(), None);
        loop {
            let cluster = Snapshot::observe(&engine).await?;
            let service = cluster.service(&self.settings.exporter.name).filter(|service| own(service));
            let tasks = match service {
                Some(service) => engine.tasks_of(&service.id.0).await?,
                None => Vec::new(),
            };
            let (mut targets, warnings) = self.targets(&cluster, Some(&by_node(&tasks)));
            let rolling = service.is_some_and(|service| self.rolling(service, begun));
            ask(&mut targets, self.settings.rebalance.metrics.timeout, until.max(Instant::now() + LOOK)).await;
            // What was written a moment ago has made tasks a moment ago.
            let since = *since.get_or_insert(cluster.engine_time - SignedDuration::from_secs(10));
            let patient = |target: &Target| {
                let failed = |task: &&Task| task.ended() && task.status.state != TaskState::Shutdown;
                let own = tasks.iter().filter(|task| task.node == target.node.id).filter(failed);
                let fresh = own.filter(|task| task.created_at.is_some_and(|at| at >= since));
                // Its port is taken by another service, say.
                let homeless = tasks.iter().any(|task| {
                    task.node == target.node.id
                        && task.status.state == TaskState::Pending
                        && !task.status.err.is_empty()
                });
                target.complaint().is_some() && fresh.count() < IN_VAIN && !(homeless && begun.elapsed() > HOMELESS)
            };
            let waits = rolling || self.changed && targets.iter().any(patient);
            if !waits || Instant::now() >= until {
                let stuck = service.and_then(|service| service.update).and_then(UpdateState::stuck);
                return Ok(Found { targets, warnings, stuck });
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Asks once, on what is known already.
    pub(super) async fn once(&self, cluster: &Snapshot, tasks: &[&Task]) -> Vec<Target> {
        let (mut targets, _) = self.targets(cluster, Some(&by_node(tasks.iter().copied())));
        ask(&mut targets, self.settings.rebalance.metrics.timeout, self.deadline).await;
        targets
    }

    /// Whether its tasks are being replaced, or are about to be.
    fn rolling(&self, service: &Service, begun: Instant) -> bool {
        if service.update.and_then(UpdateState::under_way).is_some() {
            return true;
        }
        // The engine forgets the last one as soon as the spec is another.
        let not_begun = service.update_started.is_none_or(|at| Some(at) == self.before);
        self.replaced && not_begun && begun.elapsed() < BEGIN
    }

    /// The exporter of each node that should have one.
    fn targets(&self, cluster: &Snapshot, tasks: Option<&BTreeMap<NodeId, Vec<&Task>>>) -> (Vec<Target>, Vec<Warning>) {
        let (mut targets, mut warnings) = (Vec::new(), Vec::new());
        let constraints: Vec<_> =
            self.settings.exporter.constraints.iter().map(|text| crate::model::Constraint::parse(text)).collect();
        for node in &cluster.nodes {
            let offer = Offer::read(&node.raw).unwrap_or_default();
            let twin =
                |other: &&Node| other.name == node.name && other.id != node.id && other.state == NodeState::Ready;
            let own = tasks.and_then(|tasks| tasks.get(&node.id)).map(Vec::as_slice).unwrap_or_default();
            let runs = own.iter().any(|task| task.running());
            if node.state != NodeState::Ready && cluster.nodes.iter().find(twin).is_some() {
                continue;
            }
            if let Some(constraint) = constraints.iter().find(|constraint| !constraint.matches(node, &offer)) {
                let text = format!("`{}` has no exporter: it doesn't meet `{}`", node.key, constraint.text);
                warnings.push(Warning::new("left_out", text));
                continue;
            }
            if node.state == NodeState::Ready && node.availability != Availability::Active && !runs {
                let text = format!("`{}` has no exporter: it is drained or paused, and takes no tasks", node.key);
                warnings.push(Warning::new("left_out", text));
                continue;
            }
            let aim = own_target(node, self.settings, self.settings.exporter.port);
            let state = match (&aim, node.state) {
                (_, state) if state != NodeState::Ready => {
                    warnings
                        .push(Warning::new("node_down", format!("`{}` is down: its exporter was not asked", node.key)));
                    State::Down
                }
                (Err(why), _) => State::Silent(why.clone()),
                (Ok(_), _) if runs || tasks.is_none() => State::Unasked,
                (Ok(_), _) => State::Silent(no_task(own)),
            };
            targets.push(Target { node: node.clone(), aim: aim.ok(), state });
        }
        (targets, warnings)
    }
}

fn by_node<'t>(tasks: impl IntoIterator<Item = &'t Task>) -> BTreeMap<NodeId, Vec<&'t Task>> {
    let mut found: BTreeMap<NodeId, Vec<&'t Task>> = BTreeMap::new();
    for task in tasks {
        found.entry(task.node.clone()).or_default().push(task);
    }
    found
}

/// Why there is no running task, as far as the newest ones tell.
fn no_task(tasks: &[&Task]) -> String {
    let mut tasks = tasks.to_vec();
    tasks.sort_by_key(|task| std::cmp::Reverse(task.created_at));
    let Some(newest) = tasks.first() else { return "the service has no task there".to_owned() };
    let Some(said) = tasks.iter().find(|task| !task.status.err.is_empty()) else {
        return format!("its task is {}", newest.status.state.name());
    };
    let (state, err) = (said.status.state.name(), &said.status.err);
    let hint = if err.contains("not a shared or slave mount") {
        " (there: mount --make-rshared /, which systemd does at boot)"
    } else {
        ""
    };
    let which = if said.id == newest.id { "its task is" } else { "its last task is" };
    format!("{which} {state}: {err}{hint}")
}

/// Asks those of whom nothing speaks against it.
async fn ask(targets: &mut [Target], timeout: Duration, deadline: Instant) {
    let asked = targets.iter_mut().filter(|target| target.state == State::Unasked).map(|target| async move {
        let Some(aim) = &target.aim else { return };
        target.state = judge(aim, timeout, deadline).await;
    });
    futures_util::stream::iter(asked).for_each_concurrent(AT_ONCE, |asked| asked).await;
}

/// Asks one exporter who it is.
pub(super) async fn judge(aim: &Aim, timeout: Duration, deadline: Instant) -> State {
    match read(aim, timeout, deadline).await {
        Err(why) => State::Silent(why),
        Ok(reading) => match &reading.nodename {
            None => State::Silent(format!("{} doesn't say which machine it is (no node_uname_info)", aim.url)),
            Some(name) if *name != aim.expected => {
                State::Other(format!("{} is that of `{name}`, not of `{}`", aim.url, aim.expected))
            }
            Some(_) => State::Up,
        },
    }
}

impl State {
    /// The word for scripts, and why.
    pub(super) fn told(&self) -> (&'static str, Option<&str>) {
        match self {
            Self::Up => ("up", None),
            Self::Silent(why) => ("silent", Some(why)),
            Self::Other(why) => ("other", Some(why)),
            Self::Down => ("down", None),
            Self::Unasked => ("unasked", None),
        }
    }
}

impl Target {
    pub(super) fn json(&self) -> Value {
        let (state, error) = self.state.told();
        let url = self.aim.as_ref().map(|aim| aim.url.to_string());
        json!({"node": self.node.key, "id": self.node.id.0, "url": url, "state": state, "error": error})
    }

    /// What is wrong with it.
    pub(super) fn complaint(&self) -> Option<String> {
        self.wrong().map(|why| format!("`{}`: {why}", self.node.key))
    }

    /// The same without the node's name.
    pub(super) fn wrong(&self) -> Option<String> {
        self.state.told().1.map(str::to_owned)
    }

    /// For Prometheus: one that is silent stays, so that its silence is noticed; one that is another machine's would be
    /// taken for what it is not.
    pub(super) fn entry(&self) -> Option<Entry> {
        let aim = self.aim.as_ref().filter(|_| !matches!(self.state, State::Other(_)))?;
        let mut labels = BTreeMap::from([
            ("node".to_owned(), self.node.name.clone()),
            ("node_id".to_owned(), self.node.id.0.clone()),
        ]);
        for (key, value) in self.node.labels.iter().filter(|(key, _)| !key.starts_with("orca.")) {
            labels.entry(format!("node_label_{}", super::file_sd::label_name(key))).or_insert_with(|| value.clone());
        }
        Some(Entry::new(&aim.url, labels))
    }
}
