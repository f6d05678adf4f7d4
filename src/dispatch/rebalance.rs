//! `orca rebalance`: from its flags to a printed report.

use std::time::Duration;

use anyhow::Result;

use super::Session;
use super::end::Ended;
use crate::cli::{self, BalanceGoal, RebalanceApply, RebalanceMeasure, RebalancePlan};
use crate::cycle::{Options, Source};
use crate::error::{Error, ErrorKind};
use crate::interrupt::Interrupt;
use crate::measure::Measure;
use crate::pass::Pass;
use crate::pass::rebalance::memory::Ask;
use crate::pass::rebalance::{Goal, Request};
use crate::rebalance::apply::{How, Relocation};
use crate::rebalance::file::PlanFile;
use crate::rebalance::{self, Rehearsal};
use crate::report::Report;
use crate::settings::Settings;

/// Moving tasks takes longer than other passes.
pub(super) const TIMEOUT: Duration = Duration::from_secs(30 * 60);

impl Session {
    pub(super) async fn rebalance(
        &self,
        command: cli::Rebalance,
        options: Options,
        interrupt: &Interrupt,
    ) -> Result<Ended> {
        match command {
            cli::Rebalance::Plan(wish) => Box::pin(self.rebalance_plan(wish, &options, interrupt)).await,
            cli::Rebalance::Measure(args) => self.rebalance_measure(args, &options, interrupt).await,
            cli::Rebalance::Apply(args) => {
                let timeout = self.global.timeout.unwrap_or(TIMEOUT);
                Box::pin(self.rebalance_apply(args, &Options { timeout, ..options }, interrupt)).await
            }
            cli::Rebalance::Recover => {
                let settings = self.settings_if_any(interrupt).await?;
                self.passes_with(&settings, rebalance::RECOVER, &[Pass::Recover], &options, interrupt).await
            }
        }
    }

    /// One rebalance plan.
    async fn rebalance_plan(&self, wish: RebalancePlan, options: &Options, interrupt: &Interrupt) -> Result<Ended> {
        let request = request(&wish, false)?;
        let (settings, source) = self.ready(interrupt).await?;
        let (source, settings, metrics) = (&source, &settings, wish.metrics);
        let run = Rehearsal { command: rebalance::PLAN, source, settings, metrics, request, options, interrupt };
        let report = Box::pin(run.run()).await;
        Ok(Ended::Pass(report))
    }

    /// Moves tasks; with `--dry-run` only says which.
    async fn rebalance_apply(&self, args: RebalanceApply, options: &Options, interrupt: &Interrupt) -> Result<Ended> {
        let request = request(&args.wish, true)?;
        let file = args.plan.as_deref().map(PlanFile::load).transpose()?;
        let (settings, source) = self.ready(interrupt).await?;
        let (source, settings, metrics) = (&source, &settings, args.wish.metrics);
        let rehearsal = Rehearsal { command: rebalance::APPLY, source, settings, metrics, request, options, interrupt };
        let settle = args.settle.unwrap_or(settings.rebalance.settle);
        let how = How { settle, pin: args.pin, prepull: !args.no_prepull };
        let report = Box::pin(Relocation { rehearsal, file, how }.run()).await;
        Ok(Ended::Pass(report))
    }

    /// What `rebalance.auto` asks of `orca reconcile`: as `apply` without flags.
    pub(super) async fn rebalance_auto(
        &self,
        settings: &Settings,
        source: &Source,
        options: &Options,
        interrupt: &Interrupt,
    ) -> Report {
        let timeout = self.global.timeout.unwrap_or(TIMEOUT);
        let options = &Options { timeout, ..options.clone() };
        let (metrics, command) = (None, rebalance::APPLY);
        let request = Request { goal: Goal::Memory(Ask::Knee), guarded: true, at_once: true, start_first: false };
        let how = How { settle: settings.rebalance.settle, pin: false, prepull: true };
        let rehearsal = Rehearsal { command, source, settings, metrics, request, options, interrupt };
        Box::pin(Relocation { rehearsal, file: None, how }.run()).await
    }

    /// One sample of every node's and task's memory.
    async fn rebalance_measure(
        &self,
        args: RebalanceMeasure,
        options: &Options,
        interrupt: &Interrupt,
    ) -> Result<Ended> {
        let (settings, source) = self.ready(interrupt).await?;
        let wanted = args.metrics.as_ref();
        let run = Measure { source: &source, settings: &settings, wanted, options, interrupt };
        let taken = Box::pin(run.run()).await?;
        // The document is on stdout, and has no place for these.
        self.printer.warnings(&taken.warnings);
        Ok(Ended::Document(taken.document))
    }
}

/// What the flags ask for; `at_once` if it is to be carried out, and not only planned.
fn request(args: &RebalancePlan, at_once: bool) -> Result<Request> {
    let peak = args.max_restarts.is_some() || args.target_peak.is_some();
    if peak && args.goal == BalanceGoal::Count {
        let error = Error::new(ErrorKind::Usage, "--goal count has no peak to lower");
        return Err(error.hint("leave out --max-restarts and --target-peak").into());
    }
    let goal = match (args.max_restarts, args.target_peak, &args.empty) {
        (Some(restarts), ..) => Goal::Memory(Ask::Restarts(restarts)),
        (_, Some(peak), _) => Goal::Memory(Ask::Peak(peak)),
        (.., Some(node)) => Goal::Empty(node.clone()),
        _ if args.goal == BalanceGoal::Count => Goal::Count,
        _ => Goal::Memory(Ask::Knee),
    };
    Ok(Request { goal, guarded: !args.unguarded, at_once, start_first: false })
}
