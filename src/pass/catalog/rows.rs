//! What is to become of the catalog's rows: definitions come in, change and go, and how their services stand is noted.
//!
//! What could not be read is unknown, never "nothing there": a directory that is missing deletes nothing, and an engine
//! that is away changes no state.

use std::collections::{BTreeMap, BTreeSet};

use super::deploy::owner_of;
use crate::catalog::definition::Definition;
use crate::catalog::files::Files;
use crate::catalog::status::{self, Status};
use crate::catalog::store::Entry;
use crate::pass::order::changed;
use crate::pass::services::Standing;
use crate::plan::{Action, Blocked, Change, Plan, Target, TargetKind, Warning};
use crate::snapshot::Snapshot;

/// By name: how a service stands, and its id in the swarm.
pub type States = BTreeMap<String, (Status, Option<String>)>;

/// How far a pass may go.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Rows that may be deleted.
    pub deletes: usize,
    /// Even a directory without any definitions is taken at its word.
    pub allow_empty: bool,
}

/// How the services of these names stand, by what the swarm says now.
pub fn states<'n>(
    cluster: &Snapshot,
    standings: &[Standing<'_>],
    rows: &[Entry],
    names: impl IntoIterator<Item = &'n str>,
) -> States {
    let deployed: BTreeSet<&str> = rows.iter().filter(|row| was_deployed(row)).map(Entry::name).collect();
    let standings: BTreeMap<&str, &Standing<'_>> =
        standings.iter().map(|one| (one.service.name.as_str(), one)).collect();
    let state = |name: &str| {
        let standing = standings.get(name).copied();
        let id = standing.map(|one| one.service.id.0.clone());
        (status::of(cluster, standing, deployed.contains(name)), id)
    };
    names.into_iter().map(|name| (name.to_owned(), state(name))).collect()
}

/// Whether the swarm has had its service.
fn was_deployed(row: &Entry) -> bool {
    match row.status {
        Status::Registered => false,
        // Nobody could look: its id tells.
        Status::Unknown => row.swarm_id.is_some(),
        _ => true,
    }
}

/// Takes definitions in, each with the file that it is from; one of a name that is there is refused.
pub fn add(rows: &[Entry], definitions: Vec<(Definition, Option<String>)>, states: Option<&States>) -> Plan {
    let mut plan = Plan::default();
    for (definition, source) in definitions {
        let name = definition.name.clone();
        if rows.iter().any(|row| row.name() == name) {
            let reason = format!("`{name}` is in the catalog: `orca catalog edit {name} --file FILE` replaces it");
            plan.blocked.push(blocked(&name, "insert", reason));
        } else {
            plan.actions.push(insert(definition, source, states, "asked for".to_owned()));
        }
    }
    plan
}

/// Puts another definition in place of a row's; its name stays.
pub fn edit(row: &Entry, definition: Definition, source: Option<String>) -> Plan {
    let mut plan = Plan::default();
    if row.definition == definition {
        plan.unchanged = 1;
    } else {
        if let Some(source) = &source {
            let text = format!("the next `orca catalog reconcile` takes `{}` from {source} again", row.name());
            plan.warnings.push(Warning::new("defined_by_file", text));
        }
        plan.actions.push(update(row, definition, source, "asked for".to_owned()));
    }
    plan
}

/// Why a row is left alone, if it has another revision than the one that was seen.
pub fn stale(row: &Entry, seen: Option<u64>) -> Option<Blocked> {
    let another = seen.is_some_and(|seen| i64::try_from(seen) != Ok(row.revision));
    another.then(|| changed(Target::unknown(TargetKind::Catalog, row.name())))
}

/// Takes rows out.
pub fn remove(rows: &[&Entry]) -> Plan {
    let mut plan = Plan::default();
    for row in rows {
        plan.actions.push(delete(row, "asked for".to_owned()));
        if let Some(source) = &row.source {
            let text =
                format!("`{}` comes back with the next `orca catalog reconcile`: {source} defines it", row.name());
            plan.warnings.push(Warning::new("defined_by_file", text));
        }
    }
    plan
}

/// Brings the catalog to what the files define and to how the swarm's services stand. `files` is none where there is no
/// directory; `states` is none where the swarm could not be asked.
pub fn reconcile(files: Option<&Files>, rows: &[Entry], states: Option<&States>, bounds: Bounds) -> Plan {
    let mut plan = Plan::default();
    if let Some(files) = files {
        defined(files, rows, states, &mut plan);
        vanished(files, rows, bounds, &mut plan);
    }
    let gone: Vec<String> = plan
        .actions
        .iter()
        .filter(|action| matches!(action.change, Change::CatalogDelete { .. }))
        .map(|action| action.target.name.clone())
        .collect();
    for row in rows.iter().filter(|row| !gone.contains(&row.definition.name)) {
        let Some((now, id)) = states.and_then(|states| states.get(row.name())) else { continue };
        if (row.status, &row.swarm_id) == (*now, id) {
            plan.unchanged += 1;
            continue;
        }
        let change = Change::CatalogState { before: row.status, after: *now, swarm_id: id.clone() };
        plan.actions.push(Action::in_catalog(row.name(), "state", change, "so it stands in the swarm"));
    }
    plan
}

/// Which services go with rows that the plan deletes, and the rows that are to go after theirs, taken out of the plan: without
/// the row nobody would know of a service that could not be removed now. What others keep is named, too: that is refused,
/// and told.
pub fn hold_back(
    plan: &mut Plan,
    cluster: Option<&Snapshot>,
    rows: &[Entry],
    owner: &str,
) -> (Vec<String>, Vec<Action>) {
    let deleted = |action: &Action| matches!(action.change, Change::CatalogDelete { .. });
    let service = |name: &str| cluster.and_then(|cluster| cluster.service(name));
    let there = plan.actions.iter().filter(|action| deleted(action) && service(&action.target.name).is_some());
    let services = there.map(|action| action.target.name.clone()).collect();
    let has_own = |name: &str| match cluster {
        Some(_) => service(name).and_then(owner_of).is_some_and(|of| of == owner),
        None => rows.iter().any(|row| row.name() == name && row.swarm_id.is_some()),
    };
    let held = plan.actions.extract_if(.., |action| deleted(action) && has_own(&action.target.name)).collect();
    (services, held)
}

/// Files to rows.
fn defined(files: &Files, rows: &[Entry], states: Option<&States>, plan: &mut Plan) {
    for (name, (definition, source)) in &files.definitions {
        match rows.iter().find(|row| row.name() == name) {
            None => plan.actions.push(insert(
                definition.clone(),
                Some(source.clone()),
                states,
                format!("{source} defines it"),
            )),
            Some(row) if row.definition == *definition && row.source.as_ref() == Some(source) => plan.unchanged += 1,
            Some(row) => {
                let reason = match &row.source {
                    None => format!("{source} defines it now; it was added by hand before"),
                    Some(before) if before != source => format!("{source} defines it now; {before} did before"),
                    Some(_) => format!("{source} has changed"),
                };
                plan.actions.push(update(row, definition.clone(), Some(source.clone()), reason));
            }
        }
    }
}

/// Rows that no file defines any more.
fn vanished(files: &Files, rows: &[Entry], bounds: Bounds, plan: &mut Plan) {
    // What was added by hand has never had a file; what stands in a file that can't be read may be there still.
    let doubtful = |row: &&Entry| {
        let known = |word: &String| files.doubtful.contains(word);
        known(&row.definition.name) || row.source.as_ref().is_some_and(known)
    };
    let gone: Vec<&Entry> = rows
        .iter()
        .filter(|row| row.source.is_some() && !files.definitions.contains_key(row.name()) && !doubtful(row))
        .collect();
    if files.count == 0 && !bounds.allow_empty {
        for row in &gone {
            let reason = "the directory has no definitions at all: if that is meant, say --allow-empty".to_owned();
            plan.blocked.push(blocked(row.name(), "delete", reason));
        }
        return;
    }
    for (at, row) in gone.iter().enumerate() {
        let source = row.source.as_deref().unwrap_or_default();
        if at < bounds.deletes {
            let reason = format!("{source} defines it no more");
            plan.actions.push(delete(row, reason));
        } else {
            let reason = format!(
                "{} services would be deleted, more than the {} of one pass: the next one goes on, or raise \
                 catalog.max_deletes",
                gone.len(),
                bounds.deletes
            );
            plan.blocked.push(blocked(row.name(), "delete", reason));
        }
    }
}

fn insert(definition: Definition, source: Option<String>, states: Option<&States>, reason: String) -> Action {
    let name = definition.name.clone();
    let unseen = if states.is_some() { Status::Registered } else { Status::Unknown };
    let (stands, swarm_id) = states.and_then(|known| known.get(&name).cloned()).unwrap_or((unseen, None));
    let change = Change::CatalogInsert { definition: Box::new(definition), source, status: stands, swarm_id };
    Action::in_catalog(&name, "insert", change, reason)
}

fn update(row: &Entry, definition: Definition, source: Option<String>, reason: String) -> Action {
    let change = Change::CatalogUpdate { definition: Box::new(definition), source, revision: row.revision };
    Action::in_catalog(row.name(), "update", change, reason)
}

fn delete(row: &Entry, reason: String) -> Action {
    Action::in_catalog(row.name(), "delete", Change::CatalogDelete { revision: row.revision }, reason)
}

fn blocked(name: &str, what: &str, reason: String) -> Blocked {
    let target = Target::unknown(TargetKind::Catalog, name);
    Blocked { id: format!("catalog/{name}#{what}"), target, reasons: vec![reason] }
}
