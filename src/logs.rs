//! One run of `orca logs rotate`: look at files, logrotate's configuration, containers and services; plan; act.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context as _, Result};
use futures_util::{StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::time::Instant;

use crate::apply::logs::{LogApplier, run_logrotate};
use crate::cycle::hold::Hold;
use crate::cycle::{Cycle, Options, Source};
use crate::engine::Engine;
use crate::engine::address::Address;
use crate::error::{Error, ErrorKind, interrupted};
use crate::files::Dir;
use crate::files::find::find;
use crate::interrupt::Interrupt;
use crate::pass::Pass;
use crate::pass::logs::containers::{self, ContainerLog};
use crate::pass::logs::services;
use crate::pass::logs::{Found, Kin, LogrotateSays, is_copy, is_kin, plan, plan_logrotate, read_debug};
use crate::pass::memory::{LogSize, Memory};
use crate::plan::{Action, Change, Plan, Warning};
use crate::progress::Progress;
use crate::report::{Cluster, Outcome, Report, Run};
use crate::settings::{LogRule, Origin, Settings};
use crate::snapshot::Snapshot;
use crate::state::{Actor, State};

/// The command's name in reports.
pub const COMMAND: &str = "logs rotate";
/// Containers asked about at a time.
const PARALLEL: usize = 8;

/// A run.
#[derive(Debug)]
pub struct Rotating<'a> {
    /// The engine that orca is pointed at; none: containers are of no interest.
    pub engine: Option<Engine>,
    /// What to plan by; flags are laid over the file already.
    pub settings: &'a Settings,
    /// Who wants large logs of containers to be emptied.
    pub truncate_origin: Origin,
    /// `--fix-services`.
    pub fix_services: bool,
    /// The bounds.
    pub options: &'a Options,
    /// Signals.
    pub interrupt: &'a Interrupt,
}

impl Rotating<'_> {
    /// Runs once. Whatever happens, there is a report.
    pub async fn run(&self) -> Report {
        let started = Instant::now();
        let mut report = Report::new(COMMAND, Run::start(self.options.dry_run));
        let unchanged = self.work(started + self.options.timeout, &mut report).await;
        report.ended(started, Ok(unchanged))
    }

    /// What fails is said in the report; the rest is done all the same.
    async fn work(&self, deadline: Instant, report: &mut Report) -> u64 {
        let looked = tokio::select! {
            _ = self.interrupt.nth(1) => Err(interrupted()),
            looked = self.containers(deadline, report) => looked,
        };
        // Files need no engine: what is lost with it is said at the end.
        let (logs, bounded, lost) = match looked {
            Ok(Some((logs, bounded))) => (logs, bounded, None),
            Ok(None) => {
                report.outcome = Outcome::Skipped;
                return 0;
            }
            Err(error) => (Vec::new(), BTreeSet::new(), Some(error)),
        };
        let mut unchanged = 0;
        if self.interrupt.exit_code().is_none() {
            match self.files(&logs, deadline, report).await {
                Ok(held) => unchanged = held,
                Err(error) => report.fail(&error),
            }
        }
        if let Some(error) = lost {
            report.fail(&error);
        } else if self.fix_services && self.interrupt.exit_code().is_none() {
            unchanged += self.fix(bounded, report).await;
        }
        unchanged
    }

    /// What the engine says of its containers and services; none if it is not its turn.
    async fn containers(
        &self,
        deadline: Instant,
        report: &mut Report,
    ) -> Result<Option<(Vec<ContainerLog>, BTreeSet<String>)>> {
        let Some(engine) = &self.engine else { return Ok(Some((Vec::new(), BTreeSet::new()))) };
        let engine = engine.until(deadline);
        let own = engine.identity().await?;
        let cluster = if own.manager { Some(Snapshot::observe(&engine).await?) } else { None };
        if let Some(cluster) = &cluster {
            report.cluster = Some(Cluster::of(cluster));
        } else if self.fix_services {
            let text = format!("`{}` is no swarm manager: it can't change services", own.name);
            let error = Error::new(ErrorKind::NotManager, text);
            return Err(error.hint("point -H at a manager, or leave out --fix-services").into());
        }
        if self.options.leader_only && !cluster.as_ref().is_some_and(Snapshot::leader) {
            return Ok(None);
        }
        let ids: Vec<String> = engine.container_ids().await?;
        let mut logs: Vec<ContainerLog> = futures_util::stream::iter(ids)
            .map(|id| {
                let engine = &engine;
                // Gone meanwhile: well, then.
                async move { Ok::<_, anyhow::Error>(engine.container(&id).await?.map(|raw| ContainerLog::read(&raw))) }
            })
            .buffered(PARALLEL)
            .try_filter_map(async |log| Ok(log))
            .try_collect()
            .await?;
        logs.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        let here = matches!(engine.endpoint().address, Address::Unix(_));
        for log in logs.iter_mut().filter(|log| here && log.unbounded() && !log.path.is_empty()) {
            log.seen = look(&log.path);
            log.counted = own.speaks(containers::KEEPS_COUNT);
        }
        let limited = |log: &&ContainerLog| log.driver == "json-file" && log.max_size.is_some();
        let mut bounded: BTreeSet<String> = logs.iter().filter(limited).filter_map(|log| log.service.clone()).collect();
        // One without a limit says more: the others may be from before an update.
        logs.iter().filter(|log| log.unbounded()).filter_map(|log| log.service.as_ref()).for_each(|id| {
            bounded.remove(id);
        });
        if let Some(cluster) = &cluster {
            let facts = services::unbounded(cluster, &bounded).into_iter().map(|(service, driver)| {
                let own = || logs.iter().filter(|log| log.service.as_deref() == Some(&service.id.0));
                let sizes: Vec<u64> = own().filter_map(|log| Some(log.seen.as_ref()?.0.size)).collect();
                json!({
                    "service": service.name, "id": service.id.0,
                    "driver": driver.get("Name").and_then(Value::as_str).unwrap_or(&cluster.log_driver),
                    "containers_here": own().count(),
                    "log_bytes_here": (!sizes.is_empty()).then(|| sizes.iter().sum::<u64>()),
                })
            });
            report.data.insert("services".to_owned(), facts.collect());
        }
        Ok(Some((logs, bounded)))
    }

    /// Plans and acts on this host; returns the number of logs that are as wanted.
    async fn files(&self, logs: &[ContainerLog], deadline: Instant, report: &mut Report) -> Result<u64> {
        let hold = self.options.hold(COMMAND, &mut report.warnings).await?;
        let now = Timestamp::now();
        let mut planned = self.search(now, report).await?;
        let memory = match &hold {
            Some(Hold { state, .. }) => state.memory(COMMAND)?,
            None => self.options.peek_memory(COMMAND),
        };
        let sizes = self.add_containers(logs, &memory.logs, now, &mut planned);
        let book = self.ask_logrotate(&mut planned).await;
        let unchanged = planned.unchanged;
        report.blocked.append(&mut planned.blocked);
        report.warnings.append(&mut planned.warnings);
        report.data.append(&mut planned.data);
        let Some(Hold { state, .. }) = &hold else {
            report.plan(&planned.actions);
            return Ok(unchanged);
        };
        state.remember(COMMAND, &Memory { logs: sizes, ..memory })?;
        self.carry_out(planned.actions, book, state, deadline, report).await;
        Ok(unchanged)
    }

    /// Looks for the logs that the rules are about, and plans what is to become of them.
    async fn search(&self, now: Timestamp, report: &mut Report) -> Result<Plan> {
        let settings = &self.settings.logs;
        let (rules, mut problems) = (settings.rules.clone(), Vec::new());
        let found = tokio::task::spawn_blocking(move || {
            let found = observe(&rules, &mut problems);
            (found, problems)
        });
        let (found, problems) = found.await.context("the search for logs broke off")?;
        report.warnings.extend(problems.into_iter().map(|problem| Warning::new("unreadable", problem)));
        let mut planned = plan(&found, &settings.rules, now);
        for (at, rule) in settings.rules.iter().enumerate() {
            if found.iter().all(|log| log.rule != at) {
                let text = format!("no log is found by {}", rule.origin);
                planned.warnings.push(Warning::new("no_log", text));
            }
        }
        Ok(planned)
    }

    /// Does it, and lets logrotate, run with `book`, note what is new to it.
    async fn carry_out(
        &self,
        actions: Vec<Action>,
        mut book: Vec<PathBuf>,
        state: &State,
        deadline: Instant,
        report: &mut Report,
    ) {
        let actor = Actor { run: report.run.id.clone(), cluster: "this host".to_owned(), command: COMMAND };
        let progress = Progress::new(self.options.progress);
        let due = actions.iter().any(|action| matches!(action.change, Change::Logrotate { .. }));
        let mut applier = LogApplier {
            state,
            actor: &actor,
            budget: self.options.max_actions,
            deadline,
            interrupt: self.interrupt,
            progress: &progress,
            logrotate: &book,
        };
        let outcome = applier.apply(actions).await;
        report.actions.extend(outcome.actions);
        report.warnings.extend(outcome.warnings);
        if let Some(error) = outcome.error {
            report.fail(&error);
        }
        if due {
            book.clear();
        }
        // It rotates nothing now, but notes the logs that it has not seen before.
        if let Err(error) = run_logrotate(&book).await {
            report.warnings.push(Warning::new("logrotate", format!("{error:#}")));
        }
    }

    /// Adds what is to be done about containers; returns the sizes to remember.
    fn add_containers(
        &self,
        logs: &[ContainerLog],
        before: &BTreeMap<String, LogSize>,
        now: Timestamp,
        into: &mut Plan,
    ) -> BTreeMap<String, LogSize> {
        if self.engine.is_none() {
            return before.clone();
        }
        let settings = &self.settings.logs.containers;
        let input = containers::Input { logs, settings, before, origin: &self.truncate_origin, now };
        let (more, sizes) = containers::plan(&input);
        into.actions.extend(more.actions);
        into.blocked.extend(more.blocked);
        into.warnings.extend(more.warnings);
        into.unchanged += more.unchanged;
        into.data.extend(more.data);
        sizes
    }

    /// Asks logrotate what it would do; returns what it is run with, which is nothing if it can't be.
    async fn ask_logrotate(&self, plan: &mut Plan) -> Vec<PathBuf> {
        let configs = &self.settings.logs.logrotate;
        if configs.is_empty() {
            return Vec::new();
        }
        let state = self.options.state_dir.join("logrotate.state");
        let mut command = Command::new("logrotate");
        command.arg("--debug").arg("--state").arg(&state).args(configs).stdin(Stdio::null()).kill_on_drop(true);
        let says = match command.output().await {
            Ok(output) => {
                let mut said = output.stderr;
                said.extend(output.stdout);
                read_debug(&String::from_utf8_lossy(&said))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let problem = "there is no `logrotate` on this host: install it, or write the logs into logs.rules";
                LogrotateSays { problem: Some(problem.to_owned()), ..LogrotateSays::default() }
            }
            Err(error) => {
                LogrotateSays { problem: Some(format!("can't run `logrotate`: {error}")), ..LogrotateSays::default() }
            }
        };
        let names: Vec<String> = configs.iter().map(|path| path.display().to_string()).collect();
        plan_logrotate(&names.join(" "), &says, plan);
        if says.problem.is_some() {
            return Vec::new();
        }
        std::iter::once(state).chain(configs.iter().cloned()).collect()
    }

    /// Gives services a limit, as a pass of its own over the swarm.
    async fn fix(&self, bounded: BTreeSet<String>, report: &mut Report) -> u64 {
        let Some(engine) = &self.engine else { return 0 };
        let source = Source::Engine(engine.clone());
        let mut options = self.options.clone();
        options.max_actions = options.max_actions.saturating_sub(report.actions.len());
        let (settings, options, passes) = (&self.settings, &options, &[Pass::Logs(bounded)]);
        let interrupt = self.interrupt;
        let cycle = Cycle { command: COMMAND, passes, source: &source, settings, options, interrupt };
        let swarm = Box::pin(cycle.run()).await;
        report.actions.extend(swarm.actions);
        report.blocked.extend(swarm.blocked);
        report.warnings.extend(swarm.warnings);
        if report
            .error
            .as_ref()
            .is_none_or(|error| swarm.error.as_ref().is_some_and(|new| new.kind.weight() > error.kind.weight()))
        {
            report.error = swarm.error.or(report.error.take());
        }
        swarm.summary.unchanged
    }
}

/// What a path is, and what is called by it.
fn look(path: &str) -> Option<(crate::files::Stat, Vec<Kin>)> {
    let (folder, name) = path.rsplit_once('/')?;
    let dir = Dir::open(folder.as_ref()).ok()?;
    let stat = dir.stat(name).ok()??;
    let kin = dir.names().ok()?;
    Some((stat, kin_of(&dir, name, &kin)))
}

fn kin_of(dir: &Dir, log: &str, names: &[String]) -> Vec<Kin> {
    let own = names.iter().filter(|name| is_kin(log, name));
    own.filter_map(|name| Some(Kin { name: name.clone(), stat: dir.stat(name).ok()?? })).collect()
}

/// All that the rules find; a log belongs to the first that finds it.
fn observe(rules: &[LogRule], problems: &mut Vec<String>) -> Vec<Found> {
    let mut found: BTreeMap<String, Found> = BTreeMap::new();
    for (rule, wanted) in rules.iter().enumerate() {
        for place in wanted.paths.iter().flat_map(|pattern| find(pattern, problems)) {
            let all = place.dir.names().unwrap_or_default();
            for name in place.names.iter().filter(|name| !is_copy(name)) {
                let path = place.path.join(name).display().to_string();
                let Ok(Some(stat)) = place.dir.stat(name) else { continue };
                // A folder that a pattern like `*` finds is no log, and nobody thinks so.
                if stat.kind != crate::files::Kind::Folder {
                    let kin = kin_of(&place.dir, name, &all);
                    found.entry(path.clone()).or_insert(Found { rule, path, stat, kin });
                }
            }
        }
    }
    problems.sort();
    problems.dedup();
    found.into_values().collect()
}
