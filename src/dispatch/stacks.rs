//! `orca stacks`: from its flags to a report.

use std::time::Duration;

use anyhow::Result;
use tokio::time::Instant;

use super::Session;
use super::end::Ended;
use crate::catalog::desk::Desk;
use crate::cli::{
    BuildStack, DeployStack, RedeployStack, RemoveStack, StackFiles, StackLogs, StackWait, Stacks, Update,
};
use crate::compose::stack::{self, Purpose, Stack};
use crate::cycle::Options;
use crate::everyday::{self, Asked, Await};
use crate::interrupt::Interrupt;
use crate::pass::order::Verb;
use crate::pass::stacks::Consent;
use crate::settings::Problems;
use crate::snapshot::Snapshot;
use crate::stacks::How;
use crate::stacks::build::{Builds, for_builds};

/// A deployment asks registries, too; what is removed is let go by its tasks first.
const TIMEOUT: Duration = Duration::from_secs(120);
/// Builds take their time.
const BUILD_TIMEOUT: Duration = Duration::from_secs(1800);

impl Session {
    pub(super) async fn stacks(&self, command: Stacks, options: &Options, interrupt: &Interrupt) -> Result<Ended> {
        let (verb, asked, args) = match command {
            Stacks::Ls => return self.look("stacks ls", options, interrupt, everyday::stacks_ls).await,
            Stacks::Status(args) => {
                let tell = |cluster: &Snapshot, report: &mut _| everyday::stacks_status(cluster, &args.name, report);
                return self.look("stacks status", options, interrupt, tell).await;
            }
            Stacks::Wait(args) => return self.stacks_wait(&args, options, interrupt).await,
            Stacks::Deploy(args) => return self.deploy_stack(&args, options, interrupt).await,
            Stacks::Remove(args) => return self.remove_stack(&args, options, interrupt).await,
            Stacks::Build(args) => return self.build_stack(&args, options, interrupt).await,
            Stacks::Logs(args) => return self.stack_logs(&args, options, interrupt).await,
            Stacks::Update(args) => {
                let (stack, names) = (Some(args.name), Vec::new());
                let update = Update { names, stack, label: Vec::new(), exclude: Vec::new(), how: args.how };
                return named("stacks update", Box::pin(self.services_update(update, options, interrupt)).await);
            }
            Stacks::Redeploy(RedeployStack { stack, force }) => {
                let order = |cluster: &Snapshot| everyday::redeploy(cluster, &stack.name, force);
                return self.act(Verb::StacksRedeploy, stack.wait, options, interrupt, order).await;
            }
            Stacks::Restart(args) => (Verb::StacksRestart, Asked::Restart, args),
            Stacks::Stop(args) => (Verb::StacksStop, Asked::Stop, args),
            Stacks::Start(args) => (Verb::StacksStart, Asked::Start, args),
        };
        let order = |cluster: &Snapshot| everyday::stack(cluster, &args.name, asked);
        self.act(verb, args.wait, options, interrupt, order).await
    }

    async fn stacks_wait(&self, args: &StackWait, options: &Options, interrupt: &Interrupt) -> Result<Ended> {
        let engine = self.live("stacks wait")?;
        let (stack, patience, progress) = (args.name.as_str(), args.patience, options.progress);
        Await { engine: &engine, stack, patience, interrupt, progress }.run().await.map(Ended::Report)
    }

    async fn deploy_stack(&self, args: &DeployStack, options: &Options, interrupt: &Interrupt) -> Result<Ended> {
        let started = Instant::now();
        // What is wrong with the files is said before anything is asked.
        let stack = read(&args.stack, Purpose::Deployment, interrupt).await?;
        let (settings, source) = self.ready(interrupt).await?;
        let timeout = self.global.timeout.unwrap_or(TIMEOUT) + args.wait.wait.unwrap_or_default();
        let options = &Options { wait: args.wait.wait, timeout, ..options.clone() };
        let desk = Desk { command: "stacks deploy", source: &source, settings: &settings, options, interrupt };
        let mut report = desk.report();
        let how = How { prune: args.prune, resolve: !args.no_resolve };
        let unchanged = Box::pin(desk.deploy_stack(stack, how, &mut report)).await;
        Ok(Ended::Pass(report.ended(started, unchanged)))
    }

    async fn remove_stack(&self, args: &RemoveStack, options: &Options, interrupt: &Interrupt) -> Result<Ended> {
        let started = Instant::now();
        let (settings, source) = self.ready(interrupt).await?;
        let options = &Options { timeout: self.global.timeout.unwrap_or(TIMEOUT), ..options.clone() };
        let desk = Desk { command: "stacks remove", source: &source, settings: &settings, options, interrupt };
        let mut report = desk.report();
        let consent = if args.yes { Consent::Given } else { Consent::Missing };
        let unchanged = Box::pin(desk.remove_stack(&args.name, consent, &mut report)).await;
        Ok(Ended::Pass(report.ended(started, unchanged)))
    }

    async fn build_stack(&self, args: &BuildStack, options: &Options, interrupt: &Interrupt) -> Result<Ended> {
        let started = Instant::now();
        let stack = read(&args.stack, Purpose::Build, interrupt).await?;
        let (settings, source) = self.ready(interrupt).await?;
        let options = &Options { timeout: self.global.timeout.unwrap_or(BUILD_TIMEOUT), ..options.clone() };
        let settings = for_builds(&settings, &stack);
        let desk = Desk { command: "stacks build", source: &source, settings: &settings, options, interrupt };
        let mut report = desk.report();
        let how = Builds { services: &args.service, platform: args.platform.as_deref(), push: !args.no_push };
        let mut say = |line: &str| self.printer.aside(line);
        let built = Box::pin(desk.build_stack(&stack, &how, &mut report, &mut say)).await;
        Ok(Ended::Pass(report.ended(started, built.map(|()| 0))))
    }

    async fn stack_logs(&self, args: &StackLogs, options: &Options, interrupt: &Interrupt) -> Result<Ended> {
        let engine = self.live("stacks logs")?.until(Instant::now() + options.timeout);
        let cluster = tokio::select! {
            _ = interrupt.nth(1) => return Err(crate::error::interrupted()),
            observed = Snapshot::observe(&engine) => observed?,
        };
        let names = everyday::names_of_stack(&cluster, &args.name)?;
        named("stacks logs", self.service_logs(&names, &args.how, options, interrupt).await)
    }
}

/// The stack that these files are; its mistakes are one error. Stdin may never end.
async fn read(stack: &StackFiles, purpose: Purpose, interrupt: &Interrupt) -> Result<Stack> {
    let (files, name) = (stack.files.clone(), stack.stack.clone());
    let read = interrupt.aside(move || stack::read(&files, name.as_deref(), purpose)).await?;
    read.map_err(|problems| Problems::of(problems, "the stack's file").into())
}

/// The same report, under the name that was asked for.
fn named(command: &str, ended: Result<Ended>) -> Result<Ended> {
    let rename = |mut report: crate::report::Report| {
        command.clone_into(&mut report.command);
        report
    };
    ended.map(|ended| match ended {
        Ended::Report(report) => Ended::Report(rename(report)),
        Ended::Pass(report) => Ended::Pass(rename(report)),
        Ended::LastLine(report) => Ended::LastLine(rename(report)),
        other => other,
    })
}
