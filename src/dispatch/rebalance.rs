//! `orca rebalance`: from its flags to a printed report.

use std::path::Path;

use super::Session;
use crate::cli::{Probe, RebalanceMeasure, RebalancePlan};
use crate::cycle::Options;
use crate::exit;
use crate::interrupt::Interrupt;
use crate::measure::{self, Measure};
use crate::metrics::probe;
use crate::rebalance::{self, Rehearsal};
use crate::report::balance;
use crate::report::print::Format;

impl Session {
    /// One rebalance plan.
    pub(super) async fn rebalance_plan(&self, args: RebalancePlan, options: &Options, interrupt: &Interrupt) -> u8 {
        let settings = self.settings(interrupt).await;
        let ready = rebalance::request(&args).and_then(|request| Ok((request, settings?, self.source()?)));
        let (request, settings, source) = match ready {
            Ok(ready) => ready,
            Err(error) => return self.failed(rebalance::COMMAND, &error),
        };
        let (source, settings, metrics) = (&source, &settings, args.metrics);
        let run = Rehearsal { source, settings, metrics, request, options, interrupt };
        let (mut report, balance) = Box::pin(run.run()).await;
        if let (Format::Text, Some(balance)) = (self.printer.format, balance) {
            report.data.insert("picture".to_owned(), balance::render(&balance, self.printer.color).into());
        }
        self.printer.report(&report);
        exit::code(&report, self.global.detailed_exitcode, interrupt.exit_code())
    }

    /// One sample of every node's and task's memory.
    pub(super) async fn rebalance_measure(
        &self,
        args: RebalanceMeasure,
        options: &Options,
        interrupt: &Interrupt,
    ) -> u8 {
        let settings = self.settings(interrupt).await;
        let (settings, source) = match settings.and_then(|settings| Ok((settings, self.source()?))) {
            Ok(ready) => ready,
            Err(error) => return self.failed(measure::COMMAND, &error),
        };
        let wanted = args.metrics.as_ref();
        let run = Measure { source: &source, settings: &settings, wanted, options, interrupt };
        match Box::pin(run.run()).await {
            Ok(taken) => {
                // The document is on stdout, and has no place for these.
                taken.warnings.iter().for_each(|warning| tracing::warn!("{}: {}", warning.code, warning.message));
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
