//! What every command about the catalog begins with: the cluster, whose rows are meant, and the catalog itself.

use std::rc::Rc;

use anyhow::Result;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;

use super::Scope;
use super::definition::Definition;
use super::status::Status;
use super::store::{Entry, Store};
use crate::apply;
use crate::cycle::{Options, Source};
use crate::error::{Error, ErrorKind, Sort, interrupted, kind_of};
use crate::interrupt::Interrupt;
use crate::pass::catalog::{States, rows};
use crate::pass::services::standing;
use crate::plan::{Plan, Warning};
use crate::redact::REDACTED;
use crate::report::{Cluster, Report, Run};
use crate::settings::{Problem, Problems, Settings, nearest};
use crate::snapshot::{self, Snapshot};
use crate::state::{Actor, State};

/// What a command about the catalog works with.
#[derive(Debug, Clone, Copy)]
pub struct Desk<'a> {
    /// The subcommand, as `catalog ls`.
    pub command: &'static str,
    /// Where the snapshot comes from.
    pub source: &'a Source,
    /// What to go by.
    pub settings: &'a Settings,
    /// The bounds.
    pub options: &'a Options,
    /// Signals.
    pub interrupt: &'a Interrupt,
}

/// What a command has found.
#[derive(Debug)]
pub struct Found {
    /// Whose rows are meant.
    pub scope: Scope,
    /// The swarm; none if it could not be asked.
    pub cluster: Option<Rc<Snapshot>>,
    /// The catalog; none if there is none yet and none was to be made.
    pub store: Option<Store>,
    /// Its rows.
    pub rows: Vec<Entry>,
}

impl Desk<'_> {
    /// Whether nothing is to be written.
    pub fn read_only(&self) -> bool {
        self.options.dry_run || matches!(self.source, Source::File(_))
    }

    /// An empty report of this command.
    pub fn report(&self) -> Report {
        Report::new(self.command, Run::start(self.read_only()))
    }

    /// Looks at swarm and catalog. With `write` the catalog is made where there is none.
    ///
    /// # Errors
    /// If the catalog can't be read, or nobody knows which cluster is meant: the engine is away and never was asked before.
    pub async fn open(&self, write: bool, report: &mut Report) -> Result<Found> {
        let deadline = Instant::now() + self.options.timeout;
        let observed = tokio::select! {
            _ = self.interrupt.nth(1) => return Err(interrupted()),
            observed = self.observe(deadline) => observed.map(Rc::new),
        };
        self.open_on(observed, write, report)
    }

    /// The same on a look at the swarm that was made already, or has failed.
    ///
    /// # Errors
    /// As of [`Desk::open`].
    pub fn open_on(&self, observed: Result<Rc<Snapshot>>, write: bool, report: &mut Report) -> Result<Found> {
        let store = if write && !self.read_only() {
            let (store, warning) = Store::open(&self.options.state_dir)?;
            report.warnings.extend(warning);
            Some(store)
        } else {
            Store::peek(&self.options.state_dir)?
        };
        let (cluster, id) = self.which(observed, store.as_ref(), report)?;
        let scope = Scope { cluster: id, owner: self.settings.catalog.owner.clone() };
        let rows = store.as_ref().map(|store| store.list(&scope)).transpose()?.unwrap_or_default();
        Ok(Found { scope, cluster, store, rows })
    }

    async fn observe(&self, deadline: Instant) -> Result<Snapshot> {
        match self.source {
            Source::Engine(engine) => Snapshot::observe_history(&engine.until(deadline)).await,
            Source::File(path) => snapshot::load(path),
        }
    }

    /// The cluster and its id: of an engine that is away, what it said when it was asked last.
    fn which(
        &self,
        observed: Result<Rc<Snapshot>>,
        store: Option<&Store>,
        report: &mut Report,
    ) -> Result<(Option<Rc<Snapshot>>, String)> {
        let endpoint = match self.source {
            Source::Engine(engine) => engine.endpoint().address.to_string(),
            Source::File(_) => String::new(),
        };
        match observed {
            Ok(cluster) => {
                report.cluster = Some(Cluster::of(&cluster));
                let id = cluster.cluster.clone().unwrap_or_else(|| "unknown".to_owned());
                if let Some(store) = store.filter(|_| !self.read_only() && !endpoint.is_empty()) {
                    // Only for days on which the engine is away.
                    let _ = store.remember(&endpoint, &id);
                }
                Ok((Some(cluster), id))
            }
            Err(error) if matches!(kind_of(&error), ErrorKind::Unreachable | ErrorKind::NotManager) => {
                let known = store.and_then(|store| store.cluster_at(&endpoint).ok().flatten());
                let Some(id) = known else { return Err(error) };
                let text = format!("the swarm can't be asked, so how its services stand is not known: {error:#}");
                report.warnings.push(Warning::new("swarm_unknown", text));
                Ok((None, id))
            }
            Err(error) => Err(error),
        }
    }

    /// Carries a plan for the catalog out, or says what it would be.
    ///
    /// # Errors
    /// If the journal can't be written; nothing was done then. What fails later is in the report.
    pub fn write(&self, found: &Found, mut plan: Plan, report: &mut Report) -> Result<u64> {
        report.blocked.append(&mut plan.blocked);
        report.warnings.append(&mut plan.warnings);
        report.data.append(&mut plan.data);
        let Some(store) = found.store.as_ref().filter(|_| !self.read_only()) else {
            report.plan(&plan.actions);
            return Ok(plan.unchanged);
        };
        let (journal, warning) = State::open(&self.options.state_dir)?;
        report.warnings.extend(warning);
        let actor = Actor { run: report.run.id.clone(), cluster: found.scope.cluster.clone(), command: self.command };
        let mut budget = self.options.max_actions;
        let (actions, error) = apply::catalog::write(store, &found.scope, &journal, &actor, &plan.actions, &mut budget);
        report.actions.extend(actions);
        if let Some(error) = error {
            report.fail(&error);
        }
        Ok(plan.unchanged)
    }
}

impl Found {
    /// How the services of these names stand; none where the swarm could not be asked.
    ///
    /// # Errors
    /// If the engine's services can't be read.
    pub fn states<'n>(&'n self, more: impl IntoIterator<Item = &'n str>) -> Result<Option<States>> {
        let Some(cluster) = &self.cluster else { return Ok(None) };
        let standings = standing::all(cluster)?;
        let names = self.rows.iter().map(Entry::name).chain(more);
        Ok(Some(rows::states(cluster, &standings, &self.rows, names)))
    }

    /// The row of this name, in full: what is removed or deployed is never guessed.
    ///
    /// # Errors
    /// If there is none.
    pub fn row(&self, name: &str) -> Result<&Entry, Error> {
        let names: Vec<&str> = self.rows.iter().map(Entry::name).collect();
        self.rows.iter().find(|row| row.name() == name).ok_or_else(|| {
            let meant = nearest(name, &names).map(|near| format!("did you mean `{near}`? "));
            let error = Error::new(ErrorKind::Usage, format!("the catalog has no `{name}`")).sort(Sort::Absent);
            error.hint(format!("{}`orca catalog ls` lists all {}", meant.unwrap_or_default(), names.len()))
        })
    }

    /// A row as it is shown, with how its service stands now. Values of variables are left out unless `reveal` is set.
    pub fn shown<'r>(&self, row: &'r Entry, states: Option<&States>, reveal: bool) -> Shown<'r> {
        let definition = if reveal { row.definition.shown() } else { masked(&row.definition) };
        self.shown_as(row, states, definition)
    }

    /// The same with its definition as somebody has put it already.
    pub fn shown_as<'r, D>(&self, row: &'r Entry, states: Option<&States>, definition: D) -> Shown<'r, D> {
        let (now, id) = match states.and_then(|states| states.get(row.name())) {
            Some((now, id)) => (*now, id.clone()),
            None => (Status::Unknown, row.swarm_id.clone()),
        };
        Shown {
            name: row.name(),
            description: &row.definition.description,
            definition,
            status: now.name(),
            recorded_status: row.status.name(),
            swarm_id: id,
            wanted: row.wanted,
            source: row.source.as_deref(),
            revision: row.revision,
            created_at: row.created_at.to_string(),
            updated_at: row.updated_at.to_string(),
        }
    }
}

/// A row as it is shown.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CatalogEntry")]
pub struct Shown<'a, D = Value> {
    name: &'a str,
    description: &'a str,
    /// As in a file; the values of variables are masked.
    definition: D,
    /// `registered`, `starting`, `running`, `degraded`, `stopped`, `failed`, or `unknown` where the swarm can't be asked.
    status: &'static str,
    /// As it was noted last.
    recorded_status: &'static str,
    /// The service's id, if it is in the swarm.
    swarm_id: Option<String>,
    /// Deployed, and not stopped since; null: nobody has said.
    wanted: Option<bool>,
    /// The file that it came from.
    source: Option<&'a str>,
    /// Another number after each change.
    revision: i64,
    created_at: String,
    updated_at: String,
}

/// A definition without the values of its variables.
pub fn masked(definition: &Definition) -> Value {
    let mut shown = definition.shown();
    for value in shown.get_mut("env").and_then(Value::as_object_mut).into_iter().flatten() {
        *value.1 = REDACTED.into();
    }
    shown
}

/// Mistakes in definitions, as one error.
pub fn wrong(problems: Vec<Problem>) -> anyhow::Error {
    Problems::of(problems, "the definition").into()
}

/// Definitions of the wrong name.
pub fn another_name(wanted: &str, found: &[Definition]) -> anyhow::Error {
    let names: Vec<String> = found.iter().map(|definition| format!("`{}`", definition.name)).collect();
    let text = format!("that defines {}, not `{wanted}`", names.join(", "));
    Error::new(ErrorKind::Usage, text)
        .hint("a service's name can't be changed: add the other one, and remove this")
        .into()
}
