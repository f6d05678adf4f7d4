//! One unit's turn in a run: a task, or an anchor and what follows it.

use anyhow::Result;
use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::APPLY;
use super::apply::{How, Relocation};
use super::course::{Course, Turned, action_of, image_is_there, image_of, stale_plan};
use crate::apply::moving::{Ended, Mover, patiently};
use crate::apply::prepull::{Pulled, prepull};
use crate::apply::turn::Turn;
use crate::cycle::{cluster_id, memory_key};
use crate::error::{Error, ErrorKind};
use crate::pass::Pass;
use crate::pass::rebalance::balance::Move;
use crate::pass::rebalance::{Input, Request, check};
use crate::plan::{MoveOrder, Warning};
use crate::report::Status;
use crate::snapshot::Snapshot;
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
            Err(error) => {
                course.skip_all(&group[1..], "its anchor was not moved");
                Err(error)
            }
        }
    }

    /// Looks at the cluster as it is now; the inner error says what has changed.
    async fn check(
        &self,
        course: &mut Course<'_>,
        group: &[Move],
        request: &Request,
    ) -> Result<Result<MoveOrder, Vec<String>>> {
        course.cluster = Snapshot::observe(&course.live.engine).await?;
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
            let interrupt = self.rehearsal.interrupt;
            match prepull(&engine, &cluster.api, &image, &order.to, &run, deadline, interrupt).await? {
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
    async fn followers(&self, course: &mut Course<'_>, followers: &[Move], started: Instant) -> Result<Turned> {
        let patience = followers.iter().map(|moved| moved.downtime.max_ms).max().unwrap_or_default();
        let until = Instant::now() + std::time::Duration::from_millis(patience);
        let mut waiting: Vec<&Move> = followers.iter().collect();
        if waiting.is_empty() {
            return Ok(Turned::Done);
        }
        let engine = course.live.engine.until(until + LOOK * 20);
        course.cluster = patiently(|| Snapshot::observe(&engine)).await?;
        // Its labels belong to the moves, which have been counted.
        let budget = std::mem::replace(&mut course.bounds.budget, usize::MAX);
        self.pass(course, Pass::Anchors).await;
        course.bounds.budget = budget;
        loop {
            course.cluster = patiently(|| Snapshot::observe(&engine)).await?;
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
