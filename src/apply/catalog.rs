//! The only writer of the catalog.

use anyhow::{Result, bail};
use jiff::Timestamp;

use super::skipped;
use crate::catalog::Scope;
use crate::catalog::store::{Changed, Store};
use crate::error::{Error, ErrorKind};
use crate::plan::{Action, Change};
use crate::report::{ReportedAction, Status};
use crate::state::{Actor, State};

/// Carries changes of the catalog out, as many as `budget` allows, and enters them into the journal. After the first that
/// fails no other is begun: its error.
pub fn write(
    store: &Store,
    scope: &Scope,
    journal: &State,
    actor: &Actor,
    actions: &[Action],
    budget: &mut usize,
) -> (Vec<ReportedAction>, Option<anyhow::Error>) {
    let (mut reported, mut failure) = (Vec::new(), None);
    for action in actions {
        if failure.is_some() {
            reported.push(skipped(action, "an action before it has failed"));
        } else if *budget == 0 {
            reported.push(skipped(action, "over the budget of --max-actions"));
        } else {
            *budget -= 1;
            match one(store, scope, journal, actor, action) {
                Ok(()) => reported.push(ReportedAction::new(action, Status::Done, None)),
                Err(error) => {
                    reported.push(ReportedAction::new(action, Status::Failed, Some(format!("{error:#}"))));
                    failure = Some(error);
                }
            }
        }
    }
    (reported, failure)
}

fn one(store: &Store, scope: &Scope, journal: &State, actor: &Actor, action: &Action) -> Result<()> {
    let now = Timestamp::now();
    // How a service stands changes by itself, again and again.
    let row = match action.change {
        Change::CatalogState { .. } => None,
        _ => Some(journal.begin(actor, action, now)?),
    };
    let done = store.together(|| change(store, scope, action, now));
    if let Some(row) = row {
        let said = done.as_ref().err().map(|error| format!("{error:#}"));
        // The journal is for people; what it lacks, the report has.
        let _ = journal.finish(row, if done.is_ok() { "done" } else { "failed" }, said.as_deref());
    }
    done
}

fn change(store: &Store, scope: &Scope, action: &Action, now: Timestamp) -> Result<()> {
    let name = action.target.name.as_str();
    match &action.change {
        Change::CatalogInsert { definition, source, status, swarm_id } => {
            if !store.insert(scope, definition, source.as_deref(), now)? {
                return Err(moved(name, "came into the catalog"));
            }
            store.set_state(scope, name, *status, swarm_id.as_deref(), now)?;
        }
        Change::CatalogUpdate { definition, source, revision } => {
            match store.update(scope, definition, source.as_deref(), Some(*revision), now)? {
                Changed::Done => {}
                Changed::Absent => return Err(moved(name, "went out of the catalog")),
                Changed::Outdated => return Err(moved(name, "was changed in the catalog")),
            }
        }
        Change::CatalogDelete { revision } => match store.delete(scope, name, *revision)? {
            // What is gone is gone.
            Changed::Done | Changed::Absent => {}
            Changed::Outdated => return Err(moved(name, "was changed in the catalog")),
        },
        Change::CatalogState { after, swarm_id, .. } => {
            _ = store.set_state(scope, name, *after, swarm_id.as_deref(), now)?;
        }
        other => bail!("`{}` is no change of the catalog", other.kind()),
    }
    Ok(())
}

fn moved(name: &str, what: &str) -> anyhow::Error {
    Error::new(ErrorKind::Conflict, format!("`{name}` {what} meanwhile")).hint("run again").into()
}
