//! One run of `orca rebalance apply`: plan, then move task after task, each checked before and after.

use anyhow::Result;
use jiff::Timestamp;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::file::PlanFile;
use super::{APPLY, Rehearsal};
use crate::apply::moving::{Ended, Mover};
use crate::apply::prepull::{Pulled, prepull};
use crate::apply::turn::{Owner, Turn};
use crate::cycle::live::{self, Live};
use crate::cycle::{Bounds, Cycle, cluster_id, memory_key};
use crate::error::{Error, ErrorKind};
use crate::measure::{self, Figures, Measurement};
use crate::metrics::Metrics;
use crate::model::TaskId;
use crate::pass::rebalance::balance::Move;
use crate::pass::rebalance::{self, Balance, Input, Request, check};
use crate::pass::{Pass, recover};
use crate::plan::{Action, MoveOrder, Target, Warning};
use crate::report::{Cluster, Outcome, Report, ReportedAction, Run, Status};
use crate::snapshot::Snapshot;
use crate::state::Actor;

/// How often a run plans afresh because the cluster is not as the plan knew it.
const REPLANS: u32 = 3;
/// A share of memory may be so far from what the plan foresaw.
const FORESEEN: f64 = 0.10;
/// What follows an anchor is looked at so often.
const LOOK: std::time::Duration = std::time::Duration::from_millis(500);

/// How tasks are moved.
#[derive(Debug, Clone, Copy)]
pub struct How {
    /// A new task must have been running for so long before its service's spec is put back.
    pub settle: std::time::Duration,
    /// Leave a label that says where the task is to stay.
    pub pin: bool,
    /// Bring the image to the target first.
    pub prepull: bool,
}

/// A run that moves tasks.
#[derive(Debug)]
pub struct Relocation<'a> {
    /// What would be planned, and by what.
    pub rehearsal: Rehearsal<'a>,
    /// A saved plan, to be carried out instead of a fresh one.
    pub file: Option<PlanFile>,
    /// How tasks are moved.
    pub how: How,
}

/// What a run has at hand and knows so far.
struct Course<'c> {
    live: Live,
    cluster: Snapshot,
    /// Where figures come from.
    figures: Figures,
    /// The newest.
    metrics: Option<Metrics>,
    memory: crate::pass::memory::Memory,
    bounds: Bounds,
    report: &'c mut Report,
    /// Why the run ends early.
    stop: Option<anyhow::Error>,
    moved: Vec<serde_json::Value>,
    balance: Option<Balance>,
}

/// How a group's turn in a run ended.
enum Turned {
    Done,
    /// The cluster is not as the plan knew it.
    Drifted,
    /// Nothing more is to be moved.
    Stop,
}

impl Relocation<'_> {
    /// Moves what is to be moved. Whatever happens, there is a report; the balance where there is a fresh plan.
    pub async fn run(&self) -> (Report, Option<Balance>) {
        let started = Instant::now();
        let mut report = Report::new(APPLY, Run::start(false));
        let ended = self.relocate(started + self.rehearsal.options.timeout, &mut report).await;
        let balance = ended.unwrap_or_else(|error| {
            report.fail(&error);
            None
        });
        let skipped = report.outcome == Outcome::Skipped;
        report.conclude(0);
        if skipped && report.error.is_none() {
            report.outcome = Outcome::Skipped;
        }
        report.run.duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        (report, balance)
    }

    /// Says what would be moved, and writes nothing.
    pub async fn rehearse(&self) -> (Report, Option<Balance>) {
        let Some(file) = &self.file else { return self.rehearsal.run().await };
        let mut report = Report::new(APPLY, Run::start(true));
        let checked = self.check_file(file, &mut report).await;
        if let Err(error) = checked {
            report.fail(&error);
        }
        report.conclude(0);
        (report, None)
    }

    /// Checks the moves of a saved plan, each as if it were the first.
    async fn check_file(&self, file: &PlanFile, report: &mut Report) -> Result<()> {
        let Rehearsal { settings, options, .. } = self.rehearsal;
        let Rehearsal { source, interrupt, ref metrics, .. } = self.rehearsal;
        let figures = measure::prepare(metrics.as_ref(), settings, source, true)?;
        let deadline = Instant::now() + options.timeout;
        let cluster = self.rehearsal.observe(deadline).await?;
        report.cluster = Some(Cluster::of(&cluster));
        let memory = self.rehearsal.memory(&cluster, report);
        let measured = Measurement { settings, cluster: &cluster, deadline, interrupt };
        let (metrics, _) = measured.figures(figures, &memory.rebalance.samples, &mut report.warnings).await?;
        let input =
            Input { cluster: &cluster, settings, metrics: metrics.as_ref(), memory: &memory, now: cluster.taken_at };
        let moves = file.moves(cluster.cluster.as_deref(), Timestamp::now())?;
        for group in moves.chunk_by(|a, b| a.group.is_some() && a.group == b.group) {
            let why = match check::order(&input, &file.request(), &group[0])? {
                Ok(_) => None,
                Err(reasons) => Some(reasons.join("; ")),
            };
            let status = if why.is_some() { Status::Skipped } else { Status::Planned };
            report.actions.extend(group.iter().map(|m| ReportedAction::new(&action_of(m), status, why.clone())));
        }
        Ok(())
    }

    async fn relocate(&self, deadline: Instant, report: &mut Report) -> Result<Option<Balance>> {
        let Rehearsal { source, settings, options, ref metrics, .. } = self.rehearsal;
        let figures = measure::prepare(metrics.as_ref(), settings, source, options.dry_run)?;
        let engine = self.rehearsal.source.engine()?.until(deadline);
        let mut cluster = self.rehearsal.observe(deadline).await?;
        report.cluster = Some(Cluster::of(&cluster));
        if options.leader_only && !cluster.leader() {
            report.outcome = Outcome::Skipped;
            return Ok(None);
        }
        let (live, warning) = Live::enter(engine, options, &mut cluster, deadline, Snapshot::observe).await?;
        report.cluster = Some(Cluster::of(&cluster));
        report.warnings.extend(warning);
        let owner = Owner {
            host: live::host_id(&options.state_dir)?,
            node: cluster.node_name.clone(),
            run: report.run.id.clone(),
        };
        let unbounded = live.engine.until(Instant::now() + options.timeout * 2);
        let mut turn = Turn::take(&unbounded, &cluster.api, owner).await?;
        let memory = live.state.memory(&memory_key(&cluster, settings));
        let bounds = Bounds::new(live.deadline, options);
        let (metrics, stop, moved, balance) = (None, None, Vec::new(), None);
        let mut course = Course { live, cluster, figures, metrics, memory, bounds, report, stop, moved, balance };
        let ended = self.go(&mut course, &mut turn).await;
        course.bounds.progress.end();
        let Course { stop, moved, balance, report, .. } = course;
        report.data.insert("moved".to_owned(), moved.into());
        if let Err(error) = turn.end().await {
            let text =
                format!("the turn to move tasks could not be given back, and ends by itself in minutes: {error:#}");
            report.warnings.push(Warning::new("turn_not_ended", text));
        }
        match (ended, stop) {
            (Err(error), _) | (Ok(()), Some(error)) => report.fail(&error),
            (Ok(()), None) => {}
        }
        Ok(balance)
    }

    async fn go(&self, course: &mut Course<'_>, turn: &mut Turn) -> Result<()> {
        self.recover(course).await?;
        self.measure(course).await?;
        for round in 0..=REPLANS {
            let fresh;
            let (moves, request) = if let Some(file) = &self.file {
                (file.moves(course.cluster.cluster.as_deref(), Timestamp::now())?.to_vec(), file.request())
            } else {
                fresh = self.plan(course, round)?;
                (fresh, self.rehearsal.request.clone())
            };
            course.bounds.progress.begin(moves.len());
            let groups: Vec<&[Move]> = moves.chunk_by(|a, b| a.group.is_some() && a.group == b.group).collect();
            let mut drifted = false;
            for (at, group) in groups.iter().enumerate() {
                match self.group(course, turn, group, &request).await? {
                    Turned::Done => {}
                    Turned::Drifted if self.file.is_none() && round < REPLANS => {
                        drifted = true;
                        break;
                    }
                    Turned::Drifted | Turned::Stop => {
                        for left in &groups[at + 1..] {
                            course.skip_all(left, "the run had ended before its turn");
                        }
                        return Ok(());
                    }
                }
            }
            if !drifted {
                return Ok(());
            }
            course.cluster = Snapshot::observe(&course.live.engine).await?;
        }
        Ok(())
    }

    /// Measures, where there is something to ask, and remembers the samples.
    async fn measure(&self, course: &mut Course<'_>) -> Result<()> {
        let Rehearsal { settings, interrupt, .. } = self.rehearsal;
        let deadline = Instant::now() + settings.rebalance.metrics.timeout * 4;
        let measured = Measurement { settings, cluster: &course.cluster, deadline, interrupt };
        let (figures, earlier) = (course.figures.clone(), &course.memory.rebalance.samples);
        let (metrics, samples) = measured.figures(figures, earlier, &mut course.report.warnings).await?;
        course.metrics = metrics;
        if let Some(samples) = samples {
            let key = memory_key(&course.cluster, settings);
            let mut kept = course.live.state.memory(&key);
            kept.rebalance.samples.clone_from(&samples);
            course.memory.rebalance.samples = samples;
            course.live.state.remember(&key, &kept)?;
        }
        Ok(())
    }

    /// After a move: measures again, and says whether the cluster is as the plan foresaw. Figures of a file and
    /// reservations foresee themselves.
    async fn as_foreseen(&self, course: &mut Course<'_>, moved: &Move) -> Result<bool> {
        if !matches!(course.figures, Figures::Live(..)) {
            return Ok(true);
        }
        course.cluster = Snapshot::observe(&course.live.engine).await?;
        self.measure(course).await?;
        let share = |node: &str| {
            let memory = course.metrics.as_ref()?.nodes.get(node)?;
            #[expect(clippy::cast_precision_loss, reason = "a share needs no more than 15 digits")]
            let share = memory.used_bytes as f64 / memory.total_bytes as f64;
            Some(share)
        };
        for end in [&moved.from, &moved.to] {
            let Some(found) = share(&end.name).filter(|found| (found - end.expected.after).abs() > FORESEEN) else {
                continue;
            };
            let (node, found, foreseen) = (&end.name, found * 100.0, end.expected.after * 100.0);
            let text = format!("`{node}` is at {found:.1} %, not at {foreseen:.1} % as the plan foresaw");
            course.stop = Some(Error::new(ErrorKind::Refused, text).hint("plan afresh").into());
            return Ok(false);
        }
        Ok(true)
    }

    /// Ends what an earlier run has left.
    async fn recover(&self, course: &mut Course<'_>) -> Result<()> {
        if recover::plan(&course.cluster).actions.is_empty() {
            return Ok(());
        }
        self.pass(course, Pass::Recover).await;
        course.cluster = Snapshot::observe(&course.live.engine).await?;
        Ok(())
    }

    async fn pass(&self, course: &mut Course<'_>, pass: Pass) {
        let Rehearsal { source, settings, options, interrupt, .. } = self.rehearsal;
        let cycle = Cycle { command: APPLY, passes: &[pass], source, settings, options, interrupt };
        let Course { cluster, live, bounds, report, .. } = course;
        let sub = cycle.act(pass, cluster, live, bounds, report).await;
        report.actions.extend(sub.actions);
        report.warnings.extend(sub.noticed);
    }

    /// Plans on the cluster as it is, and remembers since when there has been a reason to act.
    fn plan(&self, course: &mut Course<'_>, round: u32) -> Result<Vec<Move>> {
        let settings = self.rehearsal.settings;
        let Course { cluster, metrics, memory, .. } = course;
        let input = Input { cluster, settings, metrics: metrics.as_ref(), memory, now: cluster.taken_at };
        let planned = rebalance::plan(&input, &self.rehearsal.request)?;
        if let Some(next) = planned.plan.memory
            && next != course.memory
        {
            course.live.state.remember(&memory_key(&course.cluster, settings), &next)?;
            course.memory = next;
        }
        if round == 0 {
            course.report.warnings.extend(planned.plan.warnings);
            course.report.blocked.extend(planned.plan.blocked);
        }
        let mut balance = planned.balance;
        if !check::may_act(balance.trigger.state) {
            let text = format!("nothing is moved yet: {}", balance.trigger.detail);
            course.report.warnings.push(Warning::new("not_yet", text));
            balance.moves.clear();
        }
        let moves = balance.moves.clone();
        if round == 0 {
            course.report.data.extend(super::data(&balance)?);
            course.balance = Some(balance);
        }
        Ok(moves)
    }

    /// Moves one unit: a task, or an anchor and what follows it.
    async fn group(
        &self,
        course: &mut Course<'_>,
        turn: &mut Turn,
        group: &[Move],
        request: &Request,
    ) -> Result<Turned> {
        let Some(first) = group.first() else { return Ok(Turned::Done) };
        if let Some(why) = course.obstacle(group.len(), self.rehearsal.interrupt.exit_code().is_some()) {
            course.skip_all(group, &why);
            return Ok(Turned::Stop);
        }
        course.cluster = Snapshot::observe(&course.live.engine).await?;
        let order = match self.check(course, group, request)? {
            Ok(order) => order,
            Err(reasons) => {
                let why = reasons.join("; ");
                course.skip_all(group, &why);
                if self.file.is_some() {
                    let text = format!("the plan is stale: {}.{}: {why}", first.service.name, first.slot);
                    course.stop = Some(Error::new(ErrorKind::Refused, text).hint("plan afresh").into());
                }
                return Ok(Turned::Drifted);
            }
        };
        course.bounds.budget -= group.len();
        let (started, row) = (Instant::now(), self.note(course, first)?);
        let ended = self.carry(course, turn, &order).await;
        let text = match &ended {
            Ok(Ended::Arrived { .. }) => None,
            Ok(Ended::Refused(why) | Ended::Failed(why)) => Some(why.clone()),
            Err(error) => Some(format!("{error:#}")),
        };
        let (status, word) = match &ended {
            Ok(Ended::Arrived { .. }) => (Status::Done, "done"),
            Ok(Ended::Refused(_)) => (Status::Skipped, "skipped"),
            Ok(Ended::Failed(_)) | Err(_) => (Status::Failed, "failed"),
        };
        let finished = course.live.state.finish(row, word, text.as_deref());
        finished.unwrap_or_else(|error| course.report.warnings.push(Warning::new("journal", format!("{error:#}"))));
        course.tell(first, status, started, text.clone());
        match ended {
            Ok(Ended::Arrived { task, away }) => {
                course.arrived(first, &task, away);
                match self.followers(course, &group[1..], started).await? {
                    Turned::Done if !self.as_foreseen(course, &group[group.len() - 1]).await? => Ok(Turned::Stop),
                    turned => Ok(turned),
                }
            }
            Ok(ended @ (Ended::Refused(_) | Ended::Failed(_))) => {
                let why = text.unwrap_or_default();
                course.skip_all(&group[1..], "its anchor was not moved");
                let interrupted = self.rehearsal.interrupt.exit_code().is_some();
                let kind = match ended {
                    _ if interrupted => ErrorKind::Interrupted,
                    Ended::Refused(_) => ErrorKind::Refused,
                    _ => ErrorKind::Failed,
                };
                let text = format!("{}.{} was not moved: {why}", first.service.name, first.slot);
                course.stop = Some(Error::new(kind, text).into());
                Ok(Turned::Stop)
            }
            Err(error) => Err(error),
        }
    }

    fn check(&self, course: &Course<'_>, group: &[Move], request: &Request) -> Result<Result<MoveOrder, Vec<String>>> {
        let Course { cluster, metrics, memory, .. } = course;
        let settings = self.rehearsal.settings;
        let input = Input { cluster, settings, metrics: metrics.as_ref(), memory, now: cluster.taken_at };
        let strays = check::strays(&input, &group.iter().collect::<Vec<_>>());
        if !strays.is_empty() {
            return Ok(Err(strays));
        }
        check::order(&input, request, &group[0])
    }

    /// Before the first write: the journal, and the cooldown that begins with it.
    fn note(&self, course: &mut Course<'_>, planned: &Move) -> Result<i64> {
        let now = Timestamp::now();
        // What this run plans by stays as it was: a service with two moves in one plan is no ping-pong.
        let mut kept = course.live.state.memory(&memory_key(&course.cluster, self.rehearsal.settings));
        check::note(&mut kept.rebalance, planned, now);
        course.live.state.remember(&memory_key(&course.cluster, self.rehearsal.settings), &kept)?;
        let run = course.report.run.id.clone();
        let actor = Actor { run, cluster: cluster_id(&course.cluster).to_owned(), command: APPLY };
        course.live.state.begin(&actor, &action_of(planned), now)
    }

    async fn carry(&self, course: &Course<'_>, turn: &mut Turn, order: &MoveOrder) -> Result<Ended> {
        let Course { live, cluster, bounds, .. } = course;
        if self.how.prepull && !image_is_there(cluster, order) {
            bounds.progress.waiting(&format!("{}: its image comes to `{}`", order.name, order.to_name));
            let run = format!("{}-{}", course.report.run.id, course.report.actions.len());
            let deadline = Instant::now() + order.patience;
            let engine = live.engine.until(deadline + LOOK * 20);
            let image = image_of(cluster, &order.service.0);
            if let Pulled::Missing(why) = prepull(&engine, &cluster.api, &image, &order.to, &run, deadline).await? {
                let why = format!(
                    "its image is not on `{}` and can't be brought there ({why}); --no-prepull moves it all the same",
                    order.to_name
                );
                return Ok(Ended::Refused(why));
            }
        }
        let engine = &live.engine;
        let (interrupt, progress) = (self.rehearsal.interrupt, &bounds.progress);
        let How { settle, pin, .. } = self.how;
        Mover { engine, cluster, turn, interrupt, progress, settle, pin }.run(order).await
    }

    /// The labels of the anchor move, and Swarm moves what follows it.
    async fn followers(&self, course: &mut Course<'_>, followers: &[Move], started: Instant) -> Result<Turned> {
        let patience = followers.iter().map(|moved| moved.downtime.max_ms).max().unwrap_or_default();
        let until = Instant::now() + std::time::Duration::from_millis(patience);
        let mut waiting: Vec<&Move> = followers.iter().collect();
        if waiting.is_empty() {
            return Ok(Turned::Done);
        }
        let engine = course.live.engine.until(until + LOOK * 20);
        course.cluster = Snapshot::observe(&engine).await?;
        self.pass(course, Pass::Anchors).await;
        loop {
            course.cluster = Snapshot::observe(&engine).await?;
            let (there, rest): (Vec<&Move>, Vec<&Move>) = waiting.into_iter().partition(|moved| course.follows(moved));
            for moved in there {
                course.tell(moved, Status::Done, started, None);
                if let Some(task) = course.task_at(moved) {
                    course.arrived(moved, &task, std::time::Duration::ZERO);
                }
            }
            waiting = rest;
            if waiting.is_empty() {
                return Ok(Turned::Done);
            }
            if Instant::now() >= until || self.rehearsal.interrupt.exit_code().is_some() {
                break;
            }
            sleep(LOOK).await;
        }
        for moved in &waiting {
            course.tell(moved, Status::Failed, started, Some(format!("it did not follow to `{}`", moved.to.name)));
        }
        let names: Vec<&str> = waiting.iter().map(|moved| moved.service.name.as_str()).collect();
        let text = format!("not all dependents have followed: {}", names.join(", "));
        course.stop =
            Some(Error::new(ErrorKind::Unsettled, text).hint("`orca anchors follow` goes on with them").into());
        Ok(Turned::Stop)
    }
}

impl Course<'_> {
    /// Why no other move is begun.
    fn obstacle(&mut self, moves: usize, interrupted: bool) -> Option<String> {
        let (kind, text) = if interrupted {
            (ErrorKind::Interrupted, "interrupted by a signal; moves not begun were left out")
        } else if Instant::now() >= self.bounds.deadline {
            (ErrorKind::Timeout, "the run ran out of time; moves not begun were left out")
        } else if self.bounds.budget < moves {
            return Some("over the budget of --max-actions".to_owned());
        } else {
            return None;
        };
        self.stop = Some(Error::new(kind, text).into());
        Some(text.to_owned())
    }

    fn tell(&mut self, moved: &Move, status: Status, started: Instant, error: Option<String>) {
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let told = ReportedAction { duration_ms, ..ReportedAction::new(&action_of(moved), status, error) };
        self.report.actions.push(told);
        self.bounds.progress.step(&moved.service.name, 1);
    }

    fn skip_all(&mut self, moves: &[Move], why: &str) {
        let told = |moved| ReportedAction::new(&action_of(moved), Status::Skipped, Some(why.to_owned()));
        self.report.actions.extend(moves.iter().map(told));
    }

    /// Notes where a task is now, and what that does to the figures, should they not be taken again.
    fn arrived(&mut self, moved: &Move, task: &TaskId, away: std::time::Duration) {
        if let Some(metrics) = &mut self.metrics {
            metrics.follow(&moved.from.name, &moved.to.name, &TaskId(moved.task.clone()), task);
        }
        let away_ms = u64::try_from(away.as_millis()).unwrap_or(u64::MAX);
        self.moved.push(json!({
            "action": moved.action, "task": moved.task, "new_task": task.0, "from": moved.from.name,
            "to": moved.to.name, "away_ms": away_ms,
        }));
    }

    /// Whether what follows an anchor runs where it was to.
    fn follows(&self, moved: &Move) -> bool {
        self.task_at(moved).is_some()
    }

    fn task_at(&self, moved: &Move) -> Option<TaskId> {
        let here = |task: &&crate::model::Task| {
            task.service.0 == moved.service.id
                && task.slot == moved.slot
                && task.running()
                && task.node.0 == moved.to.id
        };
        self.cluster.tasks.iter().find(here).map(|task| task.id.clone())
    }
}

/// A move as an action of the report and the journal.
fn action_of(moved: &Move) -> Action {
    let target = Target::task(&TaskId(moved.task.clone()), &moved.service.name, moved.slot);
    Action::on_task(target, moved.service.version, &moved.from.name, &moved.to.name, moved.reason.clone())
}

fn image_of(cluster: &Snapshot, service: &str) -> String {
    let found = cluster.services.iter().find(|known| known.id.0 == service);
    let spec = found.and_then(|service| serde_json::from_str::<serde_json::Value>(service.raw.get()).ok());
    let image = spec.as_ref().and_then(|spec| spec.pointer("/Spec/TaskTemplate/ContainerSpec/Image"));
    image.and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}

/// Whether a task with this image runs on the target already.
fn image_is_there(cluster: &Snapshot, order: &MoveOrder) -> bool {
    let image = image_of(cluster, &order.service.0);
    let here = cluster.tasks.iter().filter(|task| task.running() && task.node == order.to);
    let services: std::collections::BTreeSet<&str> = here.map(|task| task.service.0.as_str()).collect();
    services.into_iter().any(|service| image_of(cluster, service) == image)
}
