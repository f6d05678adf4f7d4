//! `orca services update` and `refresh-auth`: from their flags to a printed report.

use std::time::Duration;

use super::Session;
use crate::cli::{Acting, Update};
use crate::cycle::Options;
use crate::everyday::{self, Asked};
use crate::interrupt::Interrupt;
use crate::pass::order::Verb;
use crate::pass::update::Request;
use crate::snapshot::Snapshot;
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

    /// New credentials, and nothing else.
    pub(super) async fn refresh_auth(&self, args: Acting, options: &Options, interrupt: &Interrupt) -> u8 {
        let order = |cluster: &Snapshot| everyday::services(cluster, &args.names, Asked::RefreshAuth, false);
        self.act(Verb::ServicesRefreshAuth, args.wait, options, interrupt, order).await
    }
}
