//! `orca services update`: from its flags to a report.

use anyhow::Result;

use super::Session;
use super::end::Ended;
use crate::cli::Update;
use crate::cycle::Options;
use crate::interrupt::Interrupt;
use crate::pass::update::Request;
use crate::registry::Credentials;
use crate::updates::Updating;

impl Session {
    /// One run of updates.
    pub(super) async fn services_update(
        &self,
        args: Update,
        options: &Options,
        interrupt: &Interrupt,
    ) -> Result<Ended> {
        let (settings, source) = self.ready(interrupt).await?;
        let credentials = Credentials::here()?;
        let options = &Options { timeout: self.global.timeout.unwrap_or(settings.update.timeout), ..options.clone() };
        let request = Request {
            labels: args.label,
            exclude: args.exclude,
            pin: args.pin,
            jobs: args.jobs,
            now: args.now,
            retry_failed: args.retry_failed,
            min_age: args.min_age,
            deadline: args.deadline,
            atomic: args.atomic || settings.update.atomic && !args.no_rollback,
            no_rollback: args.no_rollback,
            ..Request::default()
        };
        let parallel = args.parallel.unwrap_or(settings.update.parallel) as usize;
        let prepull = args.prepull || settings.update.prepull;
        let (source, credentials) = (&source, &credentials);
        let (names, stack) = (args.names.as_slice(), args.stack.as_deref());
        let run = Updating {
            source,
            settings: &settings,
            request,
            names,
            stack,
            credentials,
            parallel,
            prepull,
            options,
            interrupt,
        };
        Box::pin(run.run()).await.map(Ended::Pass)
    }
}
