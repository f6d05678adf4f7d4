//! `orca services update`: from its flags to a report.

use anyhow::Result;

use super::Session;
use super::end::Ended;
use crate::cli::Update;
use crate::cycle::Options;
use crate::interrupt::Interrupt;
use crate::pass::update::Request;
use crate::registry::Keyring;
use crate::updates::Updating;

impl Session {
    /// One run of updates.
    pub(super) async fn services_update(
        &self,
        args: Update,
        options: &Options,
        interrupt: &Interrupt,
    ) -> Result<Ended> {
        let Update { names, stack, label, exclude, how } = args;
        let (settings, source) = self.ready(interrupt).await?;
        let keyring = Keyring::here(&settings.registry.credentials)?;
        let options = &Options { timeout: self.global.timeout.unwrap_or(settings.update.timeout), ..options.clone() };
        let request = Request {
            labels: label,
            exclude,
            pin: how.pin,
            jobs: how.jobs,
            now: how.now,
            retry_failed: how.retry_failed,
            min_age: how.min_age,
            deadline: how.deadline,
            atomic: how.atomic || settings.update.atomic && !how.no_rollback,
            no_rollback: how.no_rollback,
            ..Request::default()
        };
        let parallel = how.parallel.unwrap_or(settings.update.parallel) as usize;
        let prepull = how.prepull || settings.update.prepull;
        let clean = how.clean || settings.update.clean;
        let (source, keyring) = (&source, &keyring);
        let (names, stack) = (names.as_slice(), stack.as_deref());
        let run = Updating {
            source,
            settings: &settings,
            request,
            names,
            stack,
            keyring,
            parallel,
            prepull,
            clean,
            options,
            interrupt,
        };
        Box::pin(run.run()).await.map(Ended::Pass)
    }
}
