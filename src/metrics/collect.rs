//! The one way to figures: which source, whom to ask, and what to do with what is not answered.
//!
//! Whoever does not answer, or not credibly, is missing with the reason; nobody is waited for longer than
//! `rebalance.metrics.timeout`, and so many are asked at once that a few silent ones don't add up.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use anyhow::Result;
use futures_util::StreamExt as _;
use jiff::Timestamp;
use tokio::time::Instant;

use super::estimate::estimate;
use super::fetch::Target;
use super::node_exporter::Reading;
use super::probe::Told;
use super::probe_service::Probe;
use super::smooth::{Counters, Raw};
use super::targets::{Aim, by_node, read, ready, targets};
use super::url::Url;
use super::{Metrics, NodeMemory, SCHEMA, TaskMemory, Wanted, prometheus, stats};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::interrupt::Interrupt;
use crate::model::node::Availability;
use crate::model::{Task, TaskId};
use crate::plan::Warning;
use crate::settings::{MetricsSettings, MetricsSource, Settings};
use crate::snapshot::Snapshot;

/// Targets that are asked at once.
const AT_ONCE: usize = 32;

/// Where figures are to come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// From nowhere: reservations are an estimate.
    Reservations,
    /// From a file.
    File(PathBuf),
    /// From whom this source asks.
    Live(MetricsSource),
}

/// What is chosen by `--metrics` and the settings; the flag is said later.
///
/// # Errors
/// If the source lacks a setting that it needs.
pub fn choose(flag: Option<&Wanted>, settings: &MetricsSettings) -> Result<Choice> {
    let source = match (flag, settings.source, &settings.file) {
        (Some(Wanted::File(path)), ..) => return Ok(Choice::File(path.clone())),
        (Some(Wanted::Source(source)), ..) => *source,
        (None, Some(source), _) => source,
        (None, None, Some(_)) => MetricsSource::File,
        (None, None, None) => MetricsSource::Reservations,
    };
    let lacks = |what: &str, hint: &str| {
        let error = Error::new(ErrorKind::Config, format!("the metrics source is `{}`, but {what}", source.name()));
        Err(error.hint(hint).into())
    };
    match (source, &settings.file) {
        (MetricsSource::File, Some(path)) => Ok(Choice::File(path.clone())),
        (MetricsSource::File, None) => lacks("no file is named", "give --metrics FILE, or set rebalance.metrics.file"),
        (MetricsSource::Reservations, _) => Ok(Choice::Reservations),
        (MetricsSource::Prometheus, _) if settings.prometheus.is_none() => {
            lacks("no URL is set", "set rebalance.metrics.prometheus to Prometheus' own URL")
        }
        (MetricsSource::Probe, _) if settings.probe_image.is_none() => {
            lacks("no image is named", "set rebalance.metrics.probe_image to an image that has orca in its PATH")
        }
        (source, _) => Ok(Choice::Live(source)),
    }
}

/// Asks for figures.
#[derive(Debug)]
pub struct Collector<'a> {
    /// Whom to ask.
    pub settings: &'a Settings,
    /// Whose figures.
    pub cluster: &'a Snapshot,
    /// The manager that the snapshot is of.
    pub engine: &'a Engine,
    /// Nothing takes longer.
    pub deadline: Instant,
    /// Signals: what was started to measure is removed first.
    pub interrupt: &'a Interrupt,
}

/// What was found of the nodes, by position in the snapshot, and of tasks.
#[derive(Debug, Default)]
struct Found {
    nodes: BTreeMap<usize, Result<(NodeMemory, Counters), String>>,
    tasks: BTreeMap<TaskId, TaskMemory>,
    warnings: Vec<Warning>,
}

impl Collector<'_> {
    /// Asks everyone that this source is about. That nobody answers is no error of this run: all nodes are missing.
    pub async fn collect(&self, source: MetricsSource) -> (Raw, Vec<Warning>) {
        let found = match source {
            MetricsSource::Prometheus => self.prometheus().await,
            MetricsSource::Stats => self.stats().await,
            MetricsSource::NodeExporter => self.node_exporters().await,
            MetricsSource::Probe => self.probe().await,
            MetricsSource::File | MetricsSource::Reservations => Found::default(),
        };
        self.complete(source, found)
    }

    async fn node_exporters(&self) -> Found {
        let mut found = Found { nodes: self.exporters().await, ..Found::default() };
        match &self.settings.rebalance.metrics.prometheus {
            Some(url) => match self.target(url) {
                Ok(target) => found.take_tasks(prometheus::tasks(&target).await),
                Err(why) => found.take_tasks(Err(why)),
            },
            None => {
                for (at, told) in self.engines(false).await {
                    match told {
                        Ok(told) => found.tasks.extend(told.tasks),
                        Err(why) => found.warnings.push(self.no_tasks_of(at, &why)),
                    }
                }
            }
        }
        found
    }

    /// Scrapes the exporter of every ready node.
    async fn exporters(&self) -> BTreeMap<usize, Result<(NodeMemory, Counters), String>> {
        let asked = targets(self.cluster, &self.settings.rebalance.metrics).into_iter().map(|(at, aim)| async move {
            let answer = match &aim {
                Ok(aim) => self.scrape(aim).await,
                Err(why) => Err(why.clone()),
            };
            (at, answer)
        });
        futures_util::stream::iter(asked).buffer_unordered(AT_ONCE).collect().await
    }

    async fn scrape(&self, aim: &Aim) -> Result<(NodeMemory, Counters), String> {
        let reading = read(aim, self.settings.rebalance.metrics.timeout, self.deadline).await?;
        self.judge(&reading, &aim.expected).map_err(|why| format!("{}: {why}", aim.url))
    }

    fn judge(&self, reading: &Reading, expected: &str) -> Result<(NodeMemory, Counters), String> {
        let max_age = self.settings.rebalance.metrics.max_age;
        reading.check(expected, Timestamp::now(), max_age)?;
        Ok((reading.memory()?, reading.counters()))
    }

    async fn prometheus(&self) -> Found {
        let mut found = Found::default();
        let url = self.settings.rebalance.metrics.prometheus.as_ref();
        let target = url.ok_or_else(|| "no URL".to_owned()).and_then(|url| self.target(url));
        let readings = match &target {
            Ok(target) => prometheus::nodes(target).await,
            Err(why) => Err(why.clone()),
        };
        let metrics = &self.settings.rebalance.metrics;
        for (at, node) in ready(self.cluster) {
            let expected = by_node(&metrics.node_map, node).map_or(node.name.as_str(), String::as_str);
            let answer = match &readings {
                Err(why) => Err(why.clone()),
                Ok(readings) => match of_machine(readings, expected).as_slice() {
                    [] => Err(format!("Prometheus knows no node_exporter of `{expected}` (node_uname_info)")),
                    [(_, reading)] => self.judge(reading, expected),
                    several => {
                        let names: Vec<&str> = several.iter().map(|(name, _)| name.trim()).collect();
                        Err(format!("several exporters are that of `{expected}`: {}", names.join(", ")))
                    }
                },
            };
            found.nodes.insert(at, answer);
        }
        if let Ok(target) = &target
            && readings.is_ok()
        {
            found.take_tasks(prometheus::tasks(target).await);
        }
        found
    }

    async fn probe(&self) -> Found {
        let image = self.settings.rebalance.metrics.probe_image.as_deref().unwrap_or_default();
        let Self { cluster, engine, deadline, interrupt, .. } = *self;
        let mut probed = Probe { cluster, engine, image, deadline, interrupt }.run().await;
        let mut found = Found { warnings: std::mem::take(&mut probed.warnings), ..Found::default() };
        for (at, node) in ready(cluster) {
            let answer = match probed.heard.said.get(&node.id).and_then(Told::memory) {
                Some((memory, counters, containers)) => {
                    found.tasks.extend(probed.tasks(containers));
                    Ok((memory, counters))
                }
                None if node.availability != Availability::Active => {
                    Err("the probe doesn't run there: the node is not active".to_owned())
                }
                None => Err(probed.heard.failed.get(&node.id).map_or_else(
                    || "the probe said nothing in time".to_owned(),
                    |why| format!("the probe's task ended: {why}"),
                )),
            };
            found.nodes.insert(at, answer);
        }
        found
    }

    async fn stats(&self) -> Found {
        let metrics = &self.settings.rebalance.metrics;
        let exporters = !metrics.node_exporters.is_empty() || !metrics.node_exporter_nodes.is_empty();
        let mut found = Found::default();
        for (at, _) in ready(self.cluster) {
            found.nodes.insert(at, Err("its engine is not known: set nodes.<hostname>.host".to_owned()));
        }
        for (at, told) in self.engines(!exporters).await {
            let memory = told.map(|told| {
                found.tasks.extend(told.tasks);
                let used_bytes = told.containers_bytes.min(told.total_bytes);
                (NodeMemory { total_bytes: told.total_bytes, used_bytes, pressure: None }, Counters::default())
            });
            found.nodes.insert(at, memory);
        }
        if exporters {
            found.nodes = self.exporters().await;
        } else {
            let text = "nodes seem emptier than they are: engines tell of containers alone; name node_exporters, too";
            found.warnings.push(Warning::new("containers_only", text));
        }
        found
    }

    /// Asks the engines that are known: those of the config, and the one that the snapshot is of.
    async fn engines(&self, all: bool) -> Vec<(usize, Result<stats::Told, String>)> {
        let timeout = self.settings.rebalance.metrics.timeout;
        let deadline = self.deadline.min(Instant::now() + timeout);
        let asked = ready(self.cluster).filter_map(|(at, node)| {
            let entry = by_node(&self.settings.nodes, node).and_then(|entry| entry.host.as_deref());
            let own = node.id == self.cluster.node_id;
            (entry.is_some() || own).then_some(async move {
                let wire = match entry {
                    Some(host) => stats::wire(host, timeout, deadline),
                    None => Ok(self.engine.until(deadline).wire().clone()),
                };
                let told = match wire {
                    Ok(wire) => stats::ask(&wire, &node.id, all).await,
                    Err(why) => Err(why),
                };
                (at, told)
            })
        });
        let mut told: Vec<_> = futures_util::stream::iter(asked).buffer_unordered(AT_ONCE).collect().await;
        told.sort_by_key(|(at, _)| *at);
        told
    }

    fn target(&self, url: &Url) -> Result<Target, String> {
        Target::new(url, self.settings.rebalance.metrics.timeout, self.deadline)
    }

    fn no_tasks_of(&self, at: usize, why: &str) -> Warning {
        let text = format!("the tasks of `{}` are not measured: {why}", self.cluster.nodes[at].name);
        Warning::new("no_task_metrics", text)
    }

    /// Figures go by hostname: nodes that share one have none. Tasks that nobody measured are estimated.
    fn complete(&self, source: MetricsSource, mut found: Found) -> (Raw, Vec<Warning>) {
        let (mut nodes, mut counters, mut missing) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (at, answer) in std::mem::take(&mut found.nodes) {
            let name = &self.cluster.nodes[at].name;
            if ready(self.cluster).filter(|(_, node)| node.name == *name).count() > 1 {
                missing.insert(name.clone(), format!("several ready nodes are called `{name}`"));
                continue;
            }
            match answer {
                Ok((memory, counted)) => {
                    nodes.insert(name.clone(), memory);
                    counters.insert(name.clone(), counted);
                }
                Err(why) => _ = missing.insert(name.clone(), why),
            }
        }
        let live: Vec<_> = self.cluster.tasks.iter().filter(|task| task.live()).collect();
        let known: BTreeSet<&TaskId> = live.iter().map(|task| &task.id).collect();
        found.tasks.retain(|id, _| known.contains(id));
        let names: HashMap<_, _> = self.cluster.nodes.iter().map(|node| (&node.id, &node.name)).collect();
        let home = |task: &Task| names.get(&task.node).map(|name| (*name).clone());
        let homes: BTreeMap<TaskId, String> =
            live.iter().filter_map(|task| Some((task.id.clone(), home(task)?))).collect();
        let metrics = Metrics {
            schema: SCHEMA.to_owned(),
            source,
            taken_at: Timestamp::now(),
            nodes,
            tasks: found.tasks,
            missing,
        };
        let mut raw = Raw { metrics, counters, homes };
        let estimated = estimate(self.cluster, &mut raw);
        if estimated > 0 {
            let text =
                format!("{estimated} of {} tasks are not measured: what they reserve is an estimate", live.len());
            found.warnings.push(Warning::new("estimated_tasks", text));
        }
        (raw, found.warnings)
    }
}

impl Found {
    fn take_tasks(&mut self, tasks: Result<BTreeMap<TaskId, TaskMemory>, String>) {
        match tasks {
            Ok(tasks) => self.tasks.extend(tasks),
            Err(why) => self.warnings.push(Warning::new("no_task_metrics", format!("no tasks are measured: {why}"))),
        }
    }
}

fn of_machine<'r>(readings: &'r BTreeMap<String, Reading>, machine: &str) -> Vec<(&'r String, &'r Reading)> {
    readings.iter().filter(|(_, reading)| reading.nodename.as_deref() == Some(machine)).collect()
}
