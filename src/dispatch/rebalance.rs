//! `orca rebalance`: from its flags to a printed report.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::Session;
use crate::cli::{self, BalanceGoal, Probe, RebalanceApply, RebalanceMeasure, RebalancePlan};
use crate::cycle::{Options, Source};
use crate::error::{Error, ErrorKind};
use crate::interrupt::Interrupt;
use crate::measure::{self, Measure};
use crate::metrics::probe;
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
    pub(super) async fn rebalance(&self, command: cli::Rebalance, options: Options, interrupt: &Interrupt) -> u8 {
        match command {
            cli::Rebalance::Plan(wish) => Box::pin(self.rebalance_plan(wish, &options, interrupt)).await,
            cli::Rebalance::Measure(args) => self.rebalance_measure(args, &options, interrupt).await,
            cli::Rebalance::Apply(args) => {
                let timeout = self.global.timeout.unwrap_or(TIMEOUT);
                Box::pin(self.rebalance_apply(args, &Options { timeout, ..options }, interrupt)).await
            }
            cli::Rebalance::Recover => {
                let settings = self.settings_if_any(interrupt).await;
                self.passes_with(settings, rebalance::RECOVER, &[Pass::Recover], &options, interrupt).await
            }
        }
    }

    /// One rebalance plan.
    async fn rebalance_plan(&self, wish: RebalancePlan, options: &Options, interrupt: &Interrupt) -> u8 {
        let ready = match request(&wish, false) {
            Ok(request) => self.ready(interrupt).await.map(|(settings, source)| (request, settings, source)),
            Err(error) => Err(error),
        };
        let (request, settings, source) = match ready {
            Ok(ready) => ready,
            Err(error) => return self.failed(rebalance::PLAN, &error),
        };
        let (source, settings, metrics) = (&source, &settings, wish.metrics);
        let run = Rehearsal { command: rebalance::PLAN, source, settings, metrics, request, options, interrupt };
        let report = Box::pin(run.run()).await;
        self.conclude_pass(report, settings, interrupt).await
    }

    /// Moves tasks; with `--dry-run` only says which.
    async fn rebalance_apply(&self, args: RebalanceApply, options: &Options, interrupt: &Interrupt) -> u8 {
        let file = args.plan.as_deref().map(PlanFile::load).transpose();
        let ready = match request(&args.wish, true).and_then(|request| Ok((request, file?))) {
            Ok((request, file)) => self.ready(interrupt).await.map(|ready| (request, file, ready)),
            Err(error) => Err(error),
        };
        let (request, file, (settings, source)) = match ready {
            Ok(ready) => ready,
            Err(error) => return self.failed(rebalance::APPLY, &error),
        };
        let (source, settings, metrics) = (&source, &settings, args.wish.metrics);
        let rehearsal = Rehearsal { command: rebalance::APPLY, source, settings, metrics, request, options, interrupt };
        let settle = args.settle.unwrap_or(settings.rebalance.settle);
        let how = How { settle, pin: args.pin, prepull: !args.no_prepull };
        let report = Box::pin(Relocation { rehearsal, file, how }.run()).await;
        self.conclude_pass(report, settings, interrupt).await
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
        let request = Request { goal: Goal::Memory(Ask::Knee), guarded: true, at_once: true };
        let how = How { settle: settings.rebalance.settle, pin: false, prepull: true };
        let rehearsal = Rehearsal { command, source, settings, metrics, request, options, interrupt };
        Box::pin(Relocation { rehearsal, file: None, how }.run()).await
    }

    /// The config first: nothing is asked of the engine while it is wrong.
    async fn ready(&self, interrupt: &Interrupt) -> Result<(Settings, Source)> {
        let settings = self.settings_if_any(interrupt).await?;
        Ok((settings, self.source()?))
    }

    /// One sample of every node's and task's memory.
    async fn rebalance_measure(&self, args: RebalanceMeasure, options: &Options, interrupt: &Interrupt) -> u8 {
        let (settings, source) = match self.ready(interrupt).await {
            Ok(ready) => ready,
            Err(error) => return self.failed(measure::COMMAND, &error),
        };
        let wanted = args.metrics.as_ref();
        let run = Measure { source: &source, settings: &settings, wanted, options, interrupt };
        match Box::pin(run.run()).await {
            Ok(taken) => {
                // The document is on stdout, and has no place for these.
                self.printer.warnings(&taken.warnings);
                self.finish(measure::COMMAND, Ok(taken.document))
            }
            Err(error) => {
                self.signal.set(interrupt.exit_code());
                self.failed(measure::COMMAND, &error)
            }
        }
    }

    /// The memory of this machine; then it waits to be removed.
    pub(super) async fn probe(&self, args: Probe, interrupt: &Interrupt) -> u8 {
        let cgroups = args.cgroup.unwrap_or_else(probe::cgroups);
        let code = self.finish("probe", probe::look(Path::new("/proc"), &cgroups));
        tokio::select! {
            _ = interrupt.nth(1) => {}
            () = tokio::time::sleep(args.linger) => {}
        }
        code
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
    Ok(Request { goal, guarded: !args.unguarded, at_once })
}
