//! `orca nodes drain --start-first`: what may run twice for a moment is moved first, then the node is emptied.

use anyhow::Result;

use super::Session;
use super::end::Ended;
use super::rebalance::TIMEOUT;
use crate::cli::{Drain, Wait};
use crate::cycle::Options;
use crate::error::{Error, ErrorKind};
use crate::everyday;
use crate::interrupt::Interrupt;
use crate::metrics::Wanted;
use crate::pass::order::{Verb, Wish};
use crate::pass::rebalance::{Goal, Request};
use crate::plan::{Blocked, Warning};
use crate::rebalance::Rehearsal;
use crate::rebalance::apply::{How, Relocation};
use crate::report::{Outcome, Report};
use crate::settings::MetricsSource;
use crate::snapshot::Snapshot;

impl Session {
    pub(super) async fn drain_start_first(
        &self,
        args: &Drain,
        options: &Options,
        interrupt: &Interrupt,
    ) -> Result<Ended> {
        if args.names.len() != 1 {
            let error = Error::new(ErrorKind::Usage, "--start-first empties one node at a time");
            return Err(error.hint("what leaves one would go to the other: run it once for each").into());
        }
        let timeout = self.global.timeout.unwrap_or(TIMEOUT);
        let options = &Options { timeout, ..options.clone() };
        // Whom it would strand is to be known before anything is moved.
        let mut rehearsed = self.drain(args, &Options { dry_run: true, ..options.clone() }, interrupt).await?;
        if rehearsed.outcome == Outcome::Skipped || rehearsed.error.is_some() || !rehearsed.blocked.is_empty() {
            rehearsed.run.dry_run = options.dry_run;
            rehearsed.conclude(rehearsed.summary.unchanged);
            return Ok(Ended::Report(rehearsed));
        }
        let Some(node) = rehearsed.actions.first().map(|action| action.target.id.clone()) else {
            // It is drained already.
            return self.drain(args, options, interrupt).await.map(Ended::Report);
        };
        let moved = self.hand_over(node, options, interrupt).await?;
        let withheld = moved.data.get("paused").and_then(|paused| paused.as_array()).is_some_and(|all| !all.is_empty());
        if moved.error.is_some() || withheld && !options.dry_run {
            // It is not emptied: what was to run elsewhere first doesn't.
            return Ok(Ended::Report(moved));
        }
        let mut report = self.drain(args, options, interrupt).await?;
        join(&mut report, moved);
        Ok(Ended::Report(report))
    }

    async fn drain(&self, args: &Drain, options: &Options, interrupt: &Interrupt) -> Result<Report> {
        let order = |cluster: &Snapshot| everyday::nodes(cluster, &args.names, Wish::Drain, args.force);
        let wait = if options.dry_run { Wait { wait: None } } else { args.wait };
        match self.act(Verb::NodesDrain, wait, options, interrupt, order).await? {
            Ended::Report(report) => Ok(report),
            _ => Err(Error::new(ErrorKind::Failed, "an order has ended without a report").into()),
        }
    }

    /// Moves what starts its successor first.
    async fn hand_over(&self, node: String, options: &Options, interrupt: &Interrupt) -> Result<Report> {
        let (settings, source) = self.ready(interrupt).await?;
        let settle = settings.rebalance.settle;
        // Where room is, Swarm judges by reservations too; nobody is asked for figures to empty a node.
        let metrics = Some(Wanted::Source(MetricsSource::Reservations));
        let request = Request { goal: Goal::Empty(node), guarded: false, at_once: true, start_first: true };
        // The journal says what was run.
        let (command, settings, source) = (Verb::NodesDrain.name(), &settings, &source);
        let rehearsal = Rehearsal { command, source, settings, metrics, request, options, interrupt };
        let how = How { settle, pin: false, prepull: true };
        Ok(Box::pin(Relocation { rehearsal, file: None, how }.run()).await)
    }
}

/// One report of both: what was moved comes first. What could not be moved is no refusal: the drain has ended it.
fn join(report: &mut Report, moved: Report) {
    let mut actions = moved.actions;
    actions.append(&mut report.actions);
    report.actions = actions;
    report.warnings.extend(moved.warnings.into_iter().filter(|warning| warning.code != "unmeasured"));
    let jobs = report.data.get("impact").and_then(|impact| impact["jobs"].as_array()).cloned().unwrap_or_default();
    // What is of a job is not ended by a drain, either.
    let stays = |left: &Blocked| jobs.iter().any(|job| job.as_str() == left.target.service.as_deref());
    for left in moved.blocked.into_iter().filter(|left| !stays(left)) {
        let text = format!("`{}` ends before its successor runs: {}", left.target.name, left.reasons.join("; "));
        report.warnings.push(Warning::new("not_start_first", text));
    }
    report.data.extend(moved.data.into_iter().filter(|(key, _)| key == "moved"));
    report.run.duration_ms += moved.run.duration_ms;
    report.run.started = moved.run.started;
    report.conclude(report.summary.unchanged);
}
