//! `orca catalog reconcile`: files, catalog and swarm brought to say the same, one bounded pass.

use std::path::Path;

use anyhow::Result;
use serde_json::json;
use tokio::time::Instant;

use super::deploy::Order;
use super::desk::{Desk, Found};
use super::files::{self, Files};
use super::store::Store;
use crate::error::{Error, ErrorKind, again};
use crate::pass::catalog::rows;
use crate::plan::{Action, ActionKind, Plan, Warning};
use crate::report::{Outcome, Report, Status};

/// How far a pass is to go.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reach {
    /// Even a directory without any definitions is taken at its word.
    pub allow_empty: bool,
    /// Deploy what is defined.
    pub deploy: bool,
    /// With `deploy`: remove services whose definition has gone.
    pub prune: bool,
}

impl Desk<'_> {
    /// One pass. Whatever happens, there is a report.
    pub async fn reconcile(&self, reach: Reach) -> Report {
        let (started, mut report) = (Instant::now(), self.report());
        let done = Box::pin(self.reconcile_now(reach, &mut report)).await;
        report.ended(started, done)
    }

    async fn reconcile_now(&self, reach: Reach, report: &mut Report) -> Result<u64> {
        let found = self.open(true, report).await?;
        if self.options.leader_only && found.cluster.as_ref().is_none_or(|cluster| !cluster.leader()) {
            report.outcome = Outcome::Skipped;
            return Ok(0);
        }
        let dir = self.settings.catalog.definitions.as_deref();
        let files = dir.map(|dir| self.files(dir, &found, report)).transpose()?.flatten();
        let names = files.iter().flat_map(|files| files.definitions.keys().map(String::as_str));
        let states = found.states(names)?;
        let deletes = self.settings.catalog.max_deletes as usize;
        let bounds = rows::Bounds { deletes, allow_empty: reach.allow_empty };
        let mut plan = rows::reconcile(files.as_ref(), &found.rows, states.as_ref(), bounds);
        let (remove, leaving) = if reach.deploy && reach.prune {
            rows::hold_back(&mut plan, found.cluster.as_deref(), &found.rows, &found.scope.owner)
        } else {
            (Vec::new(), Vec::new())
        };
        let mut unchanged = self.write(&found, plan, report)?;
        let mut deployed = Ok(0);
        if reach.deploy && found.cluster.is_some() && report.error.is_none() {
            let scope = found.scope.clone();
            deployed = Box::pin(self.deploy_all(found, files.as_ref(), remove, report)).await;
            let plan = Plan { actions: without_service(leaving, report), ..Plan::default() };
            let store = if self.read_only() { None } else { Some(Store::open(&self.options.state_dir)?.0) };
            self.write(&Found { scope, cluster: None, store, rows: Vec::new() }, plan, report)?;
        } else if !leaving.is_empty() {
            let names: Vec<&str> = leaving.iter().map(|row| row.target.name.as_str()).collect();
            let text = format!("they stay in the catalog until their services can be removed: {}", names.join(", "));
            report.warnings.push(Warning::new("not_pruned", text));
        }
        count(report);
        unchanged += deployed?;
        // What is wrong with one file stops no other, and is no success either.
        if let Some(problems) = files.map(|files| files.problems).filter(|problems| !problems.is_empty()) {
            report.data.insert("problems".to_owned(), json!(problems));
            report.fail(&super::desk::wrong(problems));
        }
        Ok(unchanged)
    }

    /// What the directory defines; none if it can't be read and that is only worth a refusal.
    fn files(&self, dir: &Path, found: &Found, report: &mut Report) -> Result<Option<Files>> {
        match files::read_dir(dir) {
            Ok(files) => Ok(Some(files)),
            Err(error) => {
                // The swarm's side can be noted all the same; then the error ends the pass.
                let states = found.states([])?;
                let bounds = rows::Bounds { deletes: 0, allow_empty: false };
                self.write(found, rows::reconcile(None, &found.rows, states.as_ref(), bounds), report)?;
                count(report);
                Err(again(&error.into()))
            }
        }
    }

    async fn deploy_all(
        &self,
        found: Found,
        files: Option<&Files>,
        remove: Vec<String>,
        report: &mut Report,
    ) -> Result<u64> {
        let mut definitions: Vec<_> = match &found.store {
            Some(store) if !self.read_only() => store.list(&found.scope)?,
            _ => found.rows.clone(),
        }
        .into_iter()
        // What no file defines runs when somebody has deployed it; what somebody has stopped stays so.
        .filter(|row| row.wanted.unwrap_or(row.source.is_some()) && !remove.contains(&row.definition.name))
        .map(|row| row.definition)
        .collect();
        if self.read_only() {
            // As the catalog would be.
            let stopped = |name: &str| found.rows.iter().any(|row| row.name() == name && row.wanted == Some(false));
            let defined = files.iter().flat_map(|files| &files.definitions);
            for (name, (definition, _)) in defined.filter(|(name, _)| !stopped(name)) {
                definitions.retain(|other| other.name != *name);
                definitions.push(definition.clone());
            }
            definitions.sort_by(|a, b| a.name.cmp(&b.name));
        }
        let order = Order { definitions, remove, ..Order::default() };
        self.deploy(found, order, report).await
    }

    /// Refuses a pass that could do nothing at all.
    ///
    /// # Errors
    /// If there is no directory of definitions.
    pub fn must_have_definitions(&self) -> Result<(), Error> {
        if self.settings.catalog.definitions.is_some() {
            return Ok(());
        }
        let error = Error::new(ErrorKind::Config, "no directory of definitions is named");
        Err(error.hint("write catalog.definitions into the config, or use --definitions DIR"))
    }
}

/// Of these rows those whose service has been removed, or would be.
fn without_service(rows: Vec<Action>, report: &Report) -> Vec<Action> {
    let removed = |name: &str| {
        report.actions.iter().any(|action| {
            action.kind == ActionKind::ServiceRemove
                && action.target.name == name
                && matches!(action.status, Status::Done | Status::Planned)
        })
    };
    rows.into_iter().filter(|row| removed(&row.target.name)).collect()
}

/// How many rows were changed, and how.
fn count(report: &mut Report) {
    for (key, kind) in [
        ("inserted", ActionKind::CatalogInsert),
        ("updated", ActionKind::CatalogUpdate),
        ("deleted", ActionKind::CatalogDelete),
        ("state_updated", ActionKind::CatalogStateSet),
    ] {
        let made = |status: Status| matches!(status, Status::Done | Status::Planned);
        let count = report.actions.iter().filter(|action| action.kind == kind && made(action.status)).count();
        report.data.insert(key.to_owned(), count.into());
    }
}
