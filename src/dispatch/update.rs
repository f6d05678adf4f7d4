//! `orca services update`: from its flags to a printed report.

use std::time::Duration;

use super::Session;
use crate::cli::Update;
use crate::cycle::Options;
use crate::interrupt::Interrupt;
use crate::pass::update::Request;
use crate::registry::Credentials;
use crate::updates::{COMMAND, Updating};

/// No rollout is begun after this, if --timeout doesn't say.
const TIMEOUT: Duration = Duration::from_secs(3600);

impl Session {
    /// One run of updates.
    pub(super) async fn services_update(&self, args: Update, options: &Options, interrupt: &Interrupt) -> u8 {
        let ready = self.settings_if_any(interrupt).await.and_then(|settings| Ok((settings, self.source()?)));
        let (settings, source) = match ready {
            Ok(ready) => ready,
            Err(error) => return self.failed(COMMAND, &error),
        };
        let credentials = match Credentials::here() {
            Ok(credentials) => credentials,
            Err(error) => return self.failed(COMMAND, &error.into()),
        };
        let options = &Options { timeout: self.global.timeout.unwrap_or(TIMEOUT), ..options.clone() };
        let request = Request {
            labels: args.label,
            exclude: args.exclude,
            pin: args.pin,
            retry_failed: args.retry_failed,
            min_age: args.min_age,
            deadline: args.deadline,
            no_rollback: args.no_rollback,
            ..Request::default()
        };
        let parallel = args.parallel.unwrap_or(settings.update.parallel) as usize;
        let (names, stack) = (args.names.as_slice(), args.stack.as_deref());
        let run = Updating {
            source: &source,
            settings: settings.clone(),
            request,
            names,
            stack,
            credentials: &credentials,
            parallel,
            options,
            interrupt,
        };
        match Box::pin(run.run()).await {
            Ok(report) => self.conclude_pass(report, &settings, interrupt).await,
            Err(error) => {
                self.signal.set(interrupt.exit_code());
                self.failed(COMMAND, &error)
            }
        }
    }
}
