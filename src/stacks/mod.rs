//! `orca stacks deploy` and `orca stacks remove`: from a stack's files, or its name, to a report.
//!
//! What the files refer to is looked up, the plan is made and carried out as that of any pass.

mod ask;
pub mod build;

use anyhow::Result;
use tokio::time::Instant;

use crate::catalog::desk::Desk;
use crate::compose::stack::Stack;
use crate::cycle::Source;
use crate::error::{Error, ErrorKind, Sort, interrupted};
use crate::pass::Pass;
use crate::pass::stacks::{Consent, Request, own};
use crate::plan::Warning;
use crate::registry::Keyring;
use crate::report::{Cluster, Outcome, Report};
use crate::settings::nearest;
use crate::snapshot::Snapshot;

/// How a stack is to be deployed.
#[derive(Debug, Clone, Copy, Default)]
pub struct How {
    /// Remove services that are not in the files.
    pub prune: bool,
    /// Ask the registries what the images' tags stand for now.
    pub resolve: bool,
}

impl Desk<'_> {
    /// Deploys a stack; the number of things that were as wanted.
    ///
    /// # Errors
    /// If the swarm can't be asked; what goes wrong with a part is in the report.
    pub async fn deploy_stack(&self, stack: Stack, how: How, report: &mut Report) -> Result<u64> {
        report.warnings.extend(stack.warnings.iter().cloned());
        self.work(report, async |desk, cluster, deadline, report| {
            let engine = desk.source.engine()?.until(deadline);
            let keyring = Keyring::here(&desk.settings.registry.credentials)?;
            let (request, problems) = ask::deployment(&engine, cluster, stack, how, &keyring).await?;
            report.warnings.extend(problems.into_iter().map(|text| Warning::new("credentials", text)));
            Ok(request)
        })
        .await
    }

    /// Removes a stack: services, networks, secrets and configs. Volumes stay.
    ///
    /// # Errors
    /// If there is no such stack, or the swarm can't be asked.
    pub async fn remove_stack(&self, name: &str, consent: Consent, report: &mut Report) -> Result<u64> {
        let consent = if self.read_only() { Consent::Given } else { consent };
        self.work(report, async |desk, cluster, deadline, _| {
            let engine = desk.source.engine()?.until(deadline);
            let found = ask::of_stack(&engine, name).await?;
            if found.is_empty() && own(cluster, name).next().is_none() {
                let known: Vec<String> = ask::names(cluster);
                let names: Vec<&str> = known.iter().map(String::as_str).collect();
                let meant = nearest(name, &names).map(|near| format!("did you mean `{near}`? "));
                let error = Error::new(ErrorKind::Usage, format!("there is no stack `{name}`")).sort(Sort::Absent);
                return Err(error.hint(format!("{}`orca stacks ls` lists them", meant.unwrap_or_default())).into());
            }
            Ok(Request { stack: name.to_owned(), found, remove: Some(consent), ..Request::default() })
        })
        .await
    }

    /// Looks at the swarm, asks for what the plan needs, and carries it out.
    async fn work(
        &self,
        report: &mut Report,
        ask: impl AsyncFnOnce(&Self, &Snapshot, Instant, &mut Report) -> Result<Request>,
    ) -> Result<u64> {
        let engine = self.source.engine()?;
        let deadline = Instant::now() + self.options.timeout;
        let mut cluster = tokio::select! {
            _ = self.interrupt.nth(1) => return Err(interrupted()),
            observed = async { Snapshot::observe_history(&engine.until(deadline)).await } => observed?,
        };
        report.cluster = Some(Cluster::of(&cluster));
        if self.options.leader_only && !cluster.leader() {
            report.outcome = Outcome::Skipped;
            return Ok(0);
        }
        let mut request = tokio::select! {
            _ = self.interrupt.nth(1) => return Err(interrupted()),
            request = ask(self, &cluster, deadline, report) => request?,
        };
        request.services.command = self.command;
        request.services.by_hand = true;
        let pass = Pass::Stack(Box::new(request));
        if self.read_only() || matches!(self.source, Source::File(_)) {
            let cycle = self.cycle();
            let sub = cycle.rehearse(&pass, &mut cluster);
            return Ok(cycle.merge(vec![sub], report));
        }
        self.carry_out(engine, &pass, &mut cluster, deadline, report).await
    }
}
