//! One run of `orca rebalance apply`: plan, then move task after task, each checked before and after.

use anyhow::Result;
use jiff::Timestamp;
use tokio::time::Instant;

use super::Rehearsal;
use super::course::{Course, Turned, action_of, stale_plan};
use super::file::PlanFile;
use crate::apply::turn::{Owner, Turn};
use crate::cycle::live::{self, Live};
use crate::cycle::{Bounds, Cycle, Source};
use crate::error::{Error, ErrorKind};
use crate::keys::balance_key;
use crate::measure::{self, Figures, Measurement};
use crate::metrics::{Metrics, NodeMemory};
use crate::pass::rebalance::balance::Move;
use crate::pass::rebalance::memory::Ask;
use crate::pass::rebalance::{self, Goal, Input, Request, check};
use crate::pass::{Pass, recover};
use crate::plan::Warning;
use crate::report::{Cluster, Outcome, Report, ReportedAction, Run, Status};
use crate::snapshot::Snapshot;

/// How often a run plans afresh because the cluster is not as the plan knew it.
const REPLANS: u32 = 3;
/// A share of memory may be so far from what the plan foresaw.
const FORESEEN: f64 = 0.10;

/// The look after a move takes no longer.
const AFTERWARDS: std::time::Duration = std::time::Duration::from_secs(60);

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

impl Relocation<'_> {
    /// Moves what is to be moved; in a dry run, and where there is no engine, only says what that is. Whatever happens,
    /// there is a report.
    pub async fn run(&self) -> Report {
        let read_only = self.rehearsal.options.dry_run || matches!(self.rehearsal.source, Source::File(_));
        if read_only { self.rehearse().await } else { Box::pin(self.carry_out()).await }
    }

    async fn carry_out(&self) -> Report {
        let started = Instant::now();
        let mut report = Report::new(self.rehearsal.command, Run::start(false));
        let ended = Box::pin(self.relocate(started + self.rehearsal.options.timeout, &mut report)).await;
        report.ended(started, ended.map(|()| 0))
    }

    /// Says what would be moved, and writes nothing.
    async fn rehearse(&self) -> Report {
        let Some(file) = &self.file else { return self.rehearsal.run().await };
        let started = Instant::now();
        let mut report = Report::new(self.rehearsal.command, Run::start(true));
        let checked = self.check_file(file, &mut report).await;
        report.ended(started, checked.map(|()| 0))
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
        if metrics.is_none() {
            report.warnings.extend(file.unmeasured());
        }
        let paused = report.paused(&cluster.pauses, cluster.taken_at);
        let moves = file.moves(cluster.cluster.as_deref(), Timestamp::now())?;
        let mut stale = None;
        for (at, group) in moves.chunk_by(|a, b| a.group.is_some() && a.group == b.group).enumerate() {
            let why = match check::order(&input, &file.request(), &group[0])? {
                Ok(_) => None,
                Err(reasons) => Some(reasons.join("; ")),
            };
            let status = if why.is_some() { Status::Skipped } else { Status::Planned };
            report.actions.extend(group.iter().map(|m| ReportedAction::new(&action_of(m), status, why.clone())));
            // Those after the first may only lack the room that the first makes.
            stale = stale.or(why.filter(|_| at == 0).map(|why| stale_plan(&group[0], &why)));
        }
        if paused {
            report.withhold();
        }
        stale.map_or(Ok(()), |error| Err(error.into()))
    }

    async fn relocate(&self, deadline: Instant, report: &mut Report) -> Result<()> {
        let Rehearsal { source, settings, options, ref metrics, .. } = self.rehearsal;
        let figures = measure::prepare(metrics.as_ref(), settings, source, options.dry_run)?;
        let engine = self.rehearsal.source.engine()?.until(deadline);
        let mut cluster = self.rehearsal.observe(deadline).await?;
        report.cluster = Some(Cluster::of(&cluster));
        if options.leader_only && !cluster.leader() {
            report.outcome = Outcome::Skipped;
            return Ok(());
        }
        if report.paused(&cluster.pauses, cluster.taken_at) {
            // What an earlier run has left half done is ended by `reconcile` and `rebalance recover`.
            return match &self.file {
                Some(file) => self.check_file(file, report).await,
                None => self.rehearsal.plan(deadline, report).await.map(drop),
            };
        }
        let entering = Live::enter(engine, options, &mut cluster, deadline, None, Snapshot::observe);
        let (live, warning) = measure::unless(self.rehearsal.interrupt, Box::pin(entering)).await??;
        report.cluster = Some(Cluster::of(&cluster));
        report.warnings.extend(warning);
        let memory = live.memory(&balance_key(&cluster))?;
        let bounds = Bounds::new(live.deadline, options);
        let (metrics, stop, off_plan, moved) = (None, None, None, Vec::new());
        let mut course = Course { live, cluster, figures, metrics, memory, bounds, report, stop, off_plan, moved };
        let mut turn = None;
        let ended = self.go(&mut course, &mut turn).await;
        course.bounds.progress.end();
        let Course { stop, moved, report, .. } = course;
        report.data.insert("moved".to_owned(), moved.into());
        if let Some(turn) = turn
            && let Err(error) = turn.end().await
        {
            let text =
                format!("the turn to move tasks could not be given back, and ends by itself in minutes: {error:#}");
            report.warnings.push(Warning::new("turn_not_ended", text));
        }
        match (ended, stop) {
            (Err(error), _) | (Ok(()), Some(error)) => report.fail(&error),
            (Ok(()), None) if self.rehearsal.interrupt.exit_code().is_some() => {
                let text = "interrupted by a signal; the move that was under way is finished";
                report.fail(&Error::new(ErrorKind::Interrupted, text).into());
            }
            (Ok(()), None) => {}
        }
        Ok(())
    }

    async fn go(&self, course: &mut Course<'_>, turn: &mut Option<Turn>) -> Result<()> {
        self.recover(course, turn).await?;
        self.measure(course).await?;
        if course.metrics.is_none() {
            course.report.warnings.extend(self.file.as_ref().and_then(PlanFile::unmeasured));
        }
        let (mut round, mut drifts) = (0, 0);
        loop {
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
                let turned = self.group(course, self.turn(course, turn).await?, group, &request).await;
                match turned {
                    Ok(Turned::Done) if Self::ends_here(course, &groups[at + 1..], &request) => return Ok(()),
                    Ok(Turned::Done) => continue,
                    Ok(Turned::Drifted) if self.file.is_none() && drifts < REPLANS => {
                        drifted = true;
                        break;
                    }
                    Ok(Turned::Drifted | Turned::Stop) | Err(_) => {}
                }
                for left in &groups[at + 1..] {
                    course.skip_all(left, "the run had ended before its turn");
                }
                return turned.map(drop);
            }
            if !drifted && (moves.is_empty() || !self.goes_on(course)) {
                return Ok(());
            }
            (round, drifts) = (round + 1, drifts + u32::from(drifted));
            course.cluster = Snapshot::observe(&course.live.engine).await?;
        }
    }

    /// The turn to move tasks: taken when there is something to move, and not before.
    async fn turn<'t>(&self, course: &Course<'_>, turn: &'t mut Option<Turn>) -> Result<&'t mut Turn> {
        let taken = if let Some(turn) = turn.take() {
            turn
        } else {
            let host = live::host_id(&self.rehearsal.options.state_dir)?;
            let owner = Owner { host, node: course.cluster.node_name.clone(), run: course.report.run.id.clone() };
            Turn::take(&course.live.engine, &course.cluster.api, owner).await?
        };
        Ok(turn.insert(taken))
    }

    /// After a move that went well: whether the rest of the plan is not to be carried out.
    fn ends_here(course: &mut Course<'_>, left: &[&[Move]], request: &Request) -> bool {
        let off_plan = course.off_plan.take();
        if left.is_empty() {
            course.report.warnings.extend(off_plan.map(|text| Warning::new("not_as_foreseen", text)));
            return false;
        }
        if let Some(text) = off_plan {
            course.stop = Some(Error::new(ErrorKind::Refused, text).hint("plan afresh").into());
            for moves in left {
                course.skip_all(moves, "the run had ended before its turn");
            }
            return true;
        }
        let peak = course.metrics.as_ref().map(Metrics::peak);
        let met = matches!((&request.goal, peak), (Goal::Memory(Ask::Peak(goal)), Some(peak)) if peak <= *goal);
        if met && matches!(course.figures, Figures::Live(..)) {
            let text = format!("the goal is met; moves that were planned and are not needed: {}", left.len());
            course.report.warnings.push(Warning::new("goal_met", text));
            return true;
        }
        false
    }

    /// Whether there may be more to move when a plan has been carried out: of several replicas on a node Swarm gives up
    /// only the last, so that a plan has at most one of them.
    fn goes_on(&self, course: &Course<'_>) -> bool {
        let Rehearsal { settings, request, .. } = &self.rehearsal;
        let most = if request.guarded { settings.rebalance.max_moves as usize } else { usize::MAX };
        let all_or_nothing = matches!(request.goal, Goal::Count | Goal::Empty(_));
        self.file.is_none() && all_or_nothing && course.moved.len() < most
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
            let key = balance_key(&course.cluster);
            let mut kept = course.live.memory(&key)?;
            kept.rebalance.samples.clone_from(&samples);
            course.memory.rebalance.samples = samples;
            course.live.state.remember(&key, &kept)?;
        }
        Ok(())
    }

    /// After a move: measures again, and notes what is not as the plan foresaw. Figures of a file and reservations foresee
    /// themselves.
    pub(super) async fn look_whether_as_foreseen(&self, course: &mut Course<'_>, moved: &Move) -> Result<()> {
        if !matches!(course.figures, Figures::Live(..)) {
            return Ok(());
        }
        // The move is made: whatever time the run has left, this look belongs to it.
        let engine = course.live.engine.until(Instant::now() + AFTERWARDS);
        course.look(&engine).await?;
        self.measure(course).await?;
        for end in [&moved.from, &moved.to] {
            let memory = course.metrics.as_ref().and_then(|metrics| metrics.nodes.get(&end.name));
            let found = memory.map(NodeMemory::share);
            if let Some(found) = found.filter(|found| (found - end.expected.after).abs() > FORESEEN) {
                let (node, found, foreseen) = (&end.name, found * 100.0, end.expected.after * 100.0);
                let text = format!("`{node}` is at {found:.1} %, not at {foreseen:.1} % as the plan foresaw");
                course.off_plan = Some(text);
            }
        }
        Ok(())
    }

    /// Ends what an earlier run has left.
    async fn recover(&self, course: &mut Course<'_>, turn: &mut Option<Turn>) -> Result<()> {
        if recover::plan(&course.cluster).actions.is_empty() {
            return Ok(());
        }
        self.turn(course, turn).await?;
        // What was under way may have been ended until now.
        course.cluster = Snapshot::observe(&course.live.engine).await?;
        self.pass(course, Pass::Recover).await;
        course.cluster = Snapshot::observe(&course.live.engine).await?;
        Ok(())
    }

    pub(super) async fn pass(&self, course: &mut Course<'_>, pass: Pass) {
        let Rehearsal { source, settings, options, interrupt, .. } = self.rehearsal;
        let cycle = Cycle { command: self.rehearsal.command, passes: &[], source, settings, options, interrupt };
        let Course { cluster, live, bounds, report, .. } = course;
        let sub = cycle.act(&pass, cluster, live, bounds, report).await;
        report.actions.extend(sub.actions);
        report.warnings.extend(sub.noticed);
    }

    /// Plans on the cluster as it is, and remembers since when there has been a reason to act.
    fn plan(&self, course: &mut Course<'_>, round: u32) -> Result<Vec<Move>> {
        let settings = self.rehearsal.settings;
        course.live.mark(&mut course.cluster)?;
        let Course { cluster, metrics, memory, .. } = course;
        let input = Input { cluster, settings, metrics: metrics.as_ref(), memory, now: cluster.taken_at };
        let planned = rebalance::plan(&input, &self.rehearsal.request)?;
        if let Some(next) = planned.plan.memory
            && next != course.memory
        {
            let key = balance_key(&course.cluster);
            // What this run has moved is noted there, and not in what it plans by.
            let services = course.live.memory(&key)?.rebalance.services;
            let mut kept = next.clone();
            kept.rebalance.services = services;
            course.live.state.remember(&key, &kept)?;
            course.memory = next;
        }
        if round == 0 {
            course.report.warnings.extend(planned.plan.warnings);
        }
        // What an earlier plan of this run could not move may have found its way.
        course.report.blocked = planned.plan.blocked;
        let mut data = super::data(&planned.balance)?;
        if round == 0 {
            course.report.data.extend(data);
        } else if let Some(goal) = data.remove("goal") {
            course.report.data.insert("goal".to_owned(), goal);
        }
        Ok(planned.balance.moves)
    }
}
