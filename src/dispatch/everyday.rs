//! `orca services`, `nodes`, `stacks` and `health`: from their flags to a printed report.

use anyhow::Result;

use super::Session;
use crate::cli::{Health, Nodes, Services, Stacks};
use crate::cycle::Options;
use crate::everyday::{self, Look};
use crate::exit;
use crate::interrupt::Interrupt;
use crate::report::Report;
use crate::snapshot::Snapshot;

impl Session {
    pub(super) async fn services(&self, command: Services, options: &Options, interrupt: &Interrupt) -> u8 {
        match command {
            Services::Ls(args) => {
                self.look("services ls", options, interrupt, |c, report| everyday::services_ls(c, &args, report)).await
            }
            Services::Ps(args) => {
                self.look("services ps", options, interrupt, |c, report| everyday::services_ps(c, &args, report)).await
            }
            Services::Show(args) => {
                self.look("services show", options, interrupt, |c, report| everyday::services_show(c, &args, report))
                    .await
            }
            Services::Diff(args) => {
                self.look("services diff", options, interrupt, |c, report| everyday::services_diff(c, &args, report))
                    .await
            }
        }
    }

    pub(super) async fn nodes(&self, command: Nodes, options: &Options, interrupt: &Interrupt) -> u8 {
        match command {
            Nodes::Ls => self.look("nodes ls", options, interrupt, everyday::nodes_ls).await,
            Nodes::Show(args) => {
                self.look("nodes show", options, interrupt, |c, report| everyday::nodes_show(c, &args, report)).await
            }
        }
    }

    pub(super) async fn stacks(&self, command: Stacks, options: &Options, interrupt: &Interrupt) -> u8 {
        match command {
            Stacks::Ls => self.look("stacks ls", options, interrupt, everyday::stacks_ls).await,
        }
    }

    pub(super) async fn health(&self, args: &Health, options: &Options, interrupt: &Interrupt) -> u8 {
        self.look("health", options, interrupt, |c, report| everyday::health(c, args.strict, report)).await
    }

    async fn look(
        &self,
        command: &'static str,
        options: &Options,
        interrupt: &Interrupt,
        tell: impl FnOnce(&Snapshot, &mut Report) -> Result<()>,
    ) -> u8 {
        let source = match self.source() {
            Ok(source) => source,
            Err(error) => return self.failed(command, &error),
        };
        match (Look { command, source: &source, options, interrupt }).run(tell).await {
            Ok(report) => {
                self.printer.report(&report);
                exit::code(&report, false, interrupt.exit_code())
            }
            Err(error) => {
                self.signal.set(interrupt.exit_code());
                self.failed(command, &error)
            }
        }
    }
}
