//! What a pause does to plans, and the plan that sets or ends one.
//!
//! A pause stops what changes the swarm, or what lies on its nodes: labels, restarts, moves, removals. What was half done
//! when it came is still ended (`rebalance recover`), and files on the host that orca runs on are no part of the swarm.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::model::Pause;
use crate::model::pause::label;
use crate::pass::memory::Memory;
use crate::plan::{Action, Blocked, Change, Plan, Warning};
use crate::settings::{Anchor, Settings};
use crate::snapshot::Snapshot;

/// The key of `data` that lists the pauses in force.
pub const DATA: &str = "paused";

/// What is asked for: to leave the swarm, or one anchor, alone, or not to any more.
#[derive(Debug, Clone)]
pub struct PauseWish {
    /// The anchor; none: the whole swarm.
    pub anchor: Option<String>,
    /// The pause that is to be; none: it ends. `since` is filled in here.
    pub pause: Option<Pause>,
    /// Who asks, for the report.
    pub origin: String,
}

/// Decides what to write into the label that was found.
pub fn plan(found: Option<&str>, cluster: &str, wish: &PauseWish, now: Timestamp) -> Plan {
    let mut plan = Plan::default();
    let known = found.map(|value| serde_json::from_str::<Pause>(value).unwrap_or_default());
    let over =
        |pause: &Pause| pause.until.as_ref().is_some_and(|until| until.parse().is_ok_and(|at: Timestamp| at <= now));
    let after = match (&wish.pause, &known) {
        // Asked for once more: it is the same pause, from its beginning.
        (Some(wanted), Some(known)) if !over(known) => Some(Pause { since: known.since.clone(), ..wanted.clone() }),
        (Some(wanted), _) => Some(Pause { since: Some(format!("{now:.0}")), ..wanted.clone() }),
        (None, _) => None,
    };
    let same = match (&after, &known) {
        (None, None) => true,
        (Some(after), Some(known)) => (&after.until, &after.reason) == (&known.until, &known.reason) && !over(known),
        _ => false,
    };
    if same {
        plan.unchanged = 1;
        return plan;
    }
    let change = Change::SwarmPause { before: found.map(str::to_owned), after: after.as_ref().map(written) };
    plan.actions.push(Action::on_swarm(cluster, wish.anchor.as_deref(), change, wish.origin.clone()));
    plan
}

/// The label's value: what is said, and nothing else.
fn written(pause: &Pause) -> String {
    let parts = [("since", &pause.since), ("until", &pause.until), ("by", &pause.by), ("reason", &pause.reason)];
    let said = parts.into_iter().filter_map(|(key, said)| Some((key, said.as_ref()?)));
    serde_json::Value::Object(said.map(|(key, said)| (key.to_owned(), said.clone().into())).collect()).to_string()
}

/// Turns what a pause keeps orca from doing into refusals. What is remembered stays as it is, its clocks stopped: time that
/// orca was told to do nothing in is nobody's fault.
pub fn honour(mut plan: Plan, cluster: &Snapshot, settings: &Settings, memory: &Memory, now: Timestamp) -> Plan {
    plan = told(plan, cluster, now);
    if let Some(whole) = cluster.pauses.whole(now) {
        withhold(&mut plan, |_| Some(whole.words()));
        // Nobody is going to settle it.
        plan.unsettled.clear();
        plan.memory = plan.memory.map(|_| memory.halted());
        return plan;
    }
    let idle: Vec<(&Pause, BTreeSet<&str>)> = settings
        .anchors
        .iter()
        .filter_map(|anchor| Some((cluster.pauses.anchor(&anchor.name, now)?, services(cluster, anchor))))
        .collect();
    withhold(&mut plan, |action| {
        let name = action.target.service.as_deref().unwrap_or(&action.target.name);
        idle.iter().find(|(_, services)| services.contains(name)).map(|(pause, _)| pause.words())
    });
    plan
}

/// Says in a plan which pauses are in force, and stops nothing.
pub fn told(mut plan: Plan, cluster: &Snapshot, now: Timestamp) -> Plan {
    let paused = cluster.pauses.at(now);
    if !paused.is_empty() {
        plan.warnings.extend(paused.iter().map(|pause| warning(pause)));
        plan.data.insert(DATA.to_owned(), paused.iter().filter_map(|pause| serde_json::to_value(pause).ok()).collect());
    }
    plan
}

/// An anchor's own service and its dependents, as they are called in the swarm.
pub fn services<'a>(cluster: &'a Snapshot, anchor: &Anchor) -> BTreeSet<&'a str> {
    let lists = std::iter::once(&anchor.service).chain(anchor.dependents.iter().map(|dependent| &dependent.service));
    let deployed = |names: &Vec<String>| names.iter().find_map(|name| cluster.service(name));
    lists.filter_map(deployed).map(|service| service.name.as_str()).collect()
}

/// The warning that every report has while a pause is in force.
pub fn warning(pause: &Pause) -> Warning {
    Warning::new("paused", pause.words())
}

/// What an action becomes that a pause is against.
pub fn refused(action: Action, why: String) -> Blocked {
    let waits = waits(&action.id, &action.reason);
    Blocked { id: action.id, target: action.target, reasons: vec![why, waits] }
}

/// What is to be done once the pause has ended.
pub fn waits(id: &str, reason: &str) -> String {
    format!("`{id}` waits for that: {reason}")
}

/// Refuses the actions that there is a reason against, and those that need one of them.
fn withhold(plan: &mut Plan, why: impl Fn(&Action) -> Option<String>) {
    let (mut withheld, mut kept) = (BTreeSet::new(), Vec::new());
    for action in std::mem::take(&mut plan.actions) {
        let needs = || action.requires.iter().find(|id| withheld.contains(*id));
        let Some(reason) = why(&action).or_else(|| needs().map(|id| format!("paused: needs `{id}`"))) else {
            kept.push(action);
            continue;
        };
        withheld.insert(action.id.clone());
        plan.blocked.push(refused(action, reason));
    }
    plan.actions = kept;
}

/// The label that a wish is about.
pub fn label_of(wish: &PauseWish) -> String {
    label(wish.anchor.as_deref())
}
