//! One unit's turn in a run: a task, or an anchor and what follows it.

use anyhow::Result;
use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::apply::{How, Relocation};
use super::course::{Course, Turned, action_of, image_is_there, image_of, stale_plan};
use crate::apply::moving::{Ended, Mover};
use crate::apply::prepull::{Prepull, Pulled, prepull};
use crate::apply::turn::Turn;
use crate::error::{Error, ErrorKind};
use crate::keys::cluster_id;
use crate::pass::Pass;
use crate::pass::rebalance::balance::Move;
use crate::pass::rebalance::{Input, Request, check};
use crate::plan::{MoveOrder, Warning};
use crate::report::Status;
use crate::state::Actor;

/// What follows an anchor is looked at so often.
const LOOK: std::time::Duration = std::time::Duration::from_millis(500);

impl Relocation<'_> {
    /// Moves one unit: a task, or an anchor and what follows it.
    pub(super) async fn group(
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
        let order = match self.check(course, group, request).await {
            Err(error) => {
                course.skip_all(group, &format!("{error:#}"));
                return Err(error);
            }
            Ok(Ok(order)) => order,
            Ok(Err(reasons)) => {
                let why = reasons.join("; ");
                course.skip_all(group, &why);
                if self.file.is_some() {
                    course.stop = Some(stale_plan(first, &why).into());
                }
                return Ok(Turned::Drifted);
            }
        };
        if let Some(why) = course.paused() {
            course.skip_all(group, &why);
            return Ok(Turned::Stop);
        }
        course.bounds.budget -= group.len();
        let (started, row) = (Instant::now(), self.note(course, first).await?);
        let ended = self.carry(course, turn, &order).await;
        Self::tell(course, first, &ended, row, started).await;
        match ended {
            Ok(Ended::Arrived { task, away, changed }) => {
                course.arrived(first, &task, away, changed);
                let turned = self.followers(course, turn, &group[1..], started).await?;
                if matches!(turned, Turned::Done) {
                    self.look_whether_as_foreseen(course, &group[group.len() - 1]).await?;
                }
                Ok(turned)
            }
            Ok(Ended::Refused(_) | Ended::Failed(_)) | Err(_) => {
                course.skip_all(&group[1..], "its anchor was not moved");
                let (kind, why) = match ended {
                    Ok(Ended::Refused(why)) => (ErrorKind::Refused, why),
                    Ok(Ended::Failed(why)) => (ErrorKind::Failed, why),
                    Err(error) => return Err(error),
                    Ok(Ended::Arrived { .. }) => return Ok(Turned::Done),
                };
                let kind = if self.rehearsal.interrupt.exit_code().is_some() { ErrorKind::Interrupted } else { kind };
                let text = format!("{}.{} was not moved: {why}", first.service.name, first.slot);
                course.stop = Some(Error::new(kind, text).into());
                Ok(Turned::Stop)
            }
        }
    }

    /// How a move ended: in the report, the journal, and the memory of moves.
    async fn tell(course: &mut Course<'_>, planned: &Move, ended: &Result<Ended>, row: i64, started: Instant) {
        let (status, word, text) = match ended {
            Ok(Ended::Arrived { .. }) => (Status::Done, "done", None),
            Ok(Ended::Refused(why)) => (Status::Skipped, "skipped", Some(why.clone())),
            Ok(Ended::Failed(why)) => (Status::Failed, "failed", Some(why.clone())),
            Err(error) => (Status::Failed, "failed", Some(format!("{error:#}"))),
        };
        let finished = course.live.state.finish(row, word, text.as_deref());
        let corrected = match status {
            Status::Done => Ok(()),
            status => course.remember(|memory| check::correct(memory, planned, status == Status::Skipped)).await,
        };
        for error in [finished, corrected].into_iter().filter_map(Result::err) {
            course.report.warnings.push(Warning::new("journal", format!("{error:#}")));
        }
        course.tell(planned, status, started, text);
    }

    /// Looks at the cluster as it is now; the inner error says what has changed.
    async fn check(
        &self,
        course: &mut Course<'_>,
        group: &[Move],
        request: &Request,
    ) -> Result<Result<MoveOrder, Vec<String>>> {
        let engine = course.live.engine.clone();
        course.look(&engine).await?;
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
    async fn note(&self, course: &mut Course<'_>, planned: &Move) -> Result<i64> {
        let now = Timestamp::now();
        let run = course.report.run.id.clone();
        course.remember(|memory| check::note(memory, planned, &run, now)).await?;
        let (cluster, command) = (cluster_id(&course.cluster).to_owned(), self.rehearsal.command);
        let actor = Actor { run, cluster, command };
        course.live.state.begin(&actor, &action_of(planned), now)
    }

    async fn carry(&self, course: &Course<'_>, turn: &mut Turn, order: &MoveOrder) -> Result<Ended> {
        let Course { live, cluster, bounds, .. } = course;
        if self.how.prepull && !image_is_there(cluster, order) {
            bounds.progress.waiting(&format!("{}: its image comes to `{}`", order.name, order.to_name));
            let run = format!("{}-{}", course.report.run.id, course.report.actions.len());
            let deadline = Instant::now() + order.patience;
            let engine = live.engine.until(deadline + LOOK * 20);
            let (image, interrupt) = (&image_of(cluster, &order.service.0), self.rehearsal.interrupt);
            let (api, node, run) = (&cluster.api, &order.to, &run);
            let (auth, turn) = (None, Some(&mut *turn));
            match prepull(Prepull { engine: &engine, api, image, auth, node, run, deadline, interrupt, turn }).await? {
                Pulled::There => {}
                Pulled::Missing(why) => {
                    let why = format!(
                        "its image is not on `{}` and can't be brought there ({why}); --no-prepull moves it all the same",
                        order.to_name
                    );
                    return Ok(Ended::Refused(why));
                }
                Pulled::Interrupted => return Ok(Ended::Refused("interrupted by a signal".to_owned())),
            }
        }
        let engine = &live.engine;
        let (interrupt, progress) = (self.rehearsal.interrupt, &bounds.progress);
        let How { settle, pin, .. } = self.how;
        Mover { engine, cluster, turn, interrupt, progress, settle, pin }.run(order).await
    }

    /// The labels of the anchor move, and Swarm moves what follows it.
    async fn followers(
        &self,
        course: &mut Course<'_>,
        turn: &mut Turn,
        followers: &[Move],
        started: Instant,
    ) -> Result<Turned> {
        let patience = followers.iter().map(|moved| moved.downtime.max_ms).max().unwrap_or_default();
        let until = Instant::now() + std::time::Duration::from_millis(patience);
        let mut waiting: Vec<&Move> = followers.iter().collect();
        if waiting.is_empty() {
            return Ok(Turned::Done);
        }
        let engine = course.live.engine.until(until + LOOK * 20);
        course.look(&engine).await?;
        // Its labels belong to the moves, which have been counted.
        let budget = std::mem::replace(&mut course.bounds.budget, usize::MAX);
        self.pass(course, Pass::Anchors(None)).await;
        course.bounds.budget = budget;
        loop {
            course.look(&engine).await?;
            turn.renew().await?;
            let (there, rest): (Vec<&Move>, Vec<&Move>) = waiting.into_iter().partition(|moved| course.follows(moved));
            for moved in there {
                course.tell(moved, Status::Done, started, None);
                if let Some(task) = course.task_at(moved) {
                    course.arrived(moved, &task, std::time::Duration::ZERO, false);
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
