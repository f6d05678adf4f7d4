//! `orca mods fetch`: what has to be fetched, and what goes.
//!
//! Pure: who wants what, what is in the cache directory, what orca has put there, and what the servers say.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;

use crate::mods::manifest::Manifest;
use crate::mods::source::{Refused, Want, What};
use crate::plan::{Action, Blocked, Change, Plan, Target, TargetKind};

/// What is known of something that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Nothing has this name.
    Missing,
    /// It is there, and orca did not put it there.
    Foreign,
    /// orca put it there, and it has been changed since.
    Altered,
    /// It is there as orca put it, but something else is wanted now.
    Other(String),
    /// It is there, and the server says that it has not changed.
    Fresh,
    /// The server has something newer.
    Newer,
    /// The server can't be asked.
    Unknown(String),
}

/// What is planned on.
#[derive(Debug)]
pub struct Input<'a> {
    /// The cache directory.
    pub dest: &'a Path,
    /// What is wanted, each name once.
    pub wants: &'a [Want],
    /// What is known of each, in the same order.
    pub seen: &'a [Seen],
    /// What was refused before.
    pub refused: &'a [Refused],
    /// What orca has put there.
    pub manifest: &'a Manifest,
    /// Times of change of what orca has put there, as they are now; none: it is gone.
    pub there: &'a BTreeMap<String, Option<Timestamp>>,
    /// Remove what nobody wants any more; why not, if something that could want it is not known.
    pub prune: Option<Result<(), String>>,
}

fn target(dest: &Path, name: &str) -> Target {
    let path = dest.join(name).display().to_string();
    Target { id: path, ..Target::unknown(TargetKind::File, name) }
}

/// Decides what is fetched, refused and removed.
pub fn plan(input: &Input<'_>) -> Plan {
    let Input { dest, wants, seen, refused, manifest, there, prune } = input;
    let mut plan = Plan::default();
    let blocked = |name: &str, what: &str, reason: String| Blocked {
        id: format!("file/{name}#{what}"),
        target: target(dest, name),
        reasons: vec![reason],
    };
    plan.blocked.extend(refused.iter().map(|refused| blocked(&refused.name, "fetch", refused.reason.clone())));
    for (want, seen) in wants.iter().zip(*seen) {
        let why = match seen {
            Seen::Fresh => {
                plan.unchanged += 1;
                continue;
            }
            Seen::Foreign => {
                let reason =
                    "something is called so that orca did not put there: remove it, or give the mod another name";
                plan.blocked.push(blocked(&want.name, "fetch", reason.to_owned()));
                continue;
            }
            Seen::Unknown(why) => {
                let reason = format!("it stays as it is: {why}");
                plan.blocked.push(blocked(&want.name, "fetch", reason));
                continue;
            }
            Seen::Missing => "it is not there".to_owned(),
            Seen::Altered => "it was changed since orca fetched it".to_owned(),
            Seen::Other(why) => why.clone(),
            Seen::Newer => "the server has another version".to_owned(),
        };
        let before = manifest.mods.get(&want.name).map(|record| record.sha256.clone()).filter(|sum| !sum.is_empty());
        let change = Change::ModFetch { before, from: want.from() };
        let mut action = Action::on_file(&want.name, "fetch", change, format!("{why}; {}", want.source));
        action.target = target(dest, &want.name);
        plan.actions.push(action);
    }
    if let Some(prune) = prune {
        let wanted = |name: &str| {
            wants.iter().any(|want| want.name == name) || refused.iter().any(|refused| refused.name == name)
        };
        for (name, record) in manifest.mods.iter().filter(|(name, _)| !wanted(name)) {
            if let Err(why) = prune {
                plan.blocked.push(blocked(name, "prune", format!("whether anybody wants it is not known: {why}")));
            } else if there.get(name).copied().flatten().is_some_and(|modified| modified != record.modified) {
                let reason = "it was changed since orca fetched it: remove it yourself, if it is not needed";
                plan.blocked.push(blocked(name, "prune", reason.to_owned()));
            } else {
                let change = Change::ModRemove { from: record.from.clone() };
                let why = format!("nobody wants it any more; it came from {}", record.from);
                let mut action = Action::on_file(name, "remove", change, why);
                action.target = target(dest, name);
                plan.actions.push(action);
            }
        }
    }
    plan
}

/// What is known without asking the server; none: it has to be asked.
pub fn at_hand(want: &Want, manifest: &Manifest, modified: Option<Timestamp>) -> Option<Seen> {
    let record = manifest.mods.get(&want.name);
    let (Some(record), Some(modified)) = (record, modified) else {
        return Some(if modified.is_some() { Seen::Foreign } else { Seen::Missing });
    };
    if record.modified != modified {
        return Some(Seen::Altered);
    }
    if record.from != want.from() {
        return Some(Seen::Other(format!("it came from {}", record.from)));
    }
    if record.unpacked != want.unpacks() {
        return Some(Seen::Other("it is wanted in another form".to_owned()));
    }
    let pinned = match &want.what {
        What::File { sha256, .. } => sha256.as_deref(),
        What::Image(image) => image.pinned(),
    };
    match pinned {
        Some(pinned) if pinned == record.sha256 => Some(Seen::Fresh),
        Some(_) => Some(Seen::Other("another SHA-256 is wanted".to_owned())),
        None => None,
    }
}
