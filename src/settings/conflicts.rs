//! What is right by itself but contradicts something else: all of it, each with both places. Pure.

use std::collections::{BTreeMap, HashMap};

use super::problem::{Problem, quoted};
use super::{Anchor, Dependent, Origin, Settings};

/// Everything in the settings that can't be true together.
pub(super) fn conflicts(settings: &Settings) -> Vec<Problem> {
    let mut found = Vec::new();
    labels_claimed_twice(settings, &mut found);
    dependents_claimed_twice(&settings.anchors, &mut found);
    let parents = parents(&settings.anchors, &mut found);
    cycles(&settings.anchors, &parents, &mut found);
    found
}

fn problem(origin: &Origin, message: String) -> Problem {
    Problem { source: origin.source.clone(), line: origin.line, column: origin.column, message }
}

fn place(origin: &Origin) -> String {
    format!("{}:{}:{}", origin.source, origin.line, origin.column)
}

fn labels_claimed_twice(settings: &Settings, found: &mut Vec<Problem>) {
    let mut fixed: BTreeMap<&str, &Origin> = BTreeMap::new();
    for node in settings.nodes.values() {
        for (key, (_, origin)) in &node.labels {
            let first = fixed.entry(key).or_insert(origin);
            if (origin.line, origin.column) < (first.line, first.column) {
                *first = origin;
            }
        }
    }
    // By key: a node has one value for it, so two anchors on one node would take it from each other for ever.
    let mut claimed: HashMap<&str, &Anchor> = HashMap::new();
    for anchor in &settings.anchors {
        let key = anchor.label.key.as_str();
        if let Some(origin) = fixed.get(key) {
            let other = format!("dependencies.{} ({})", anchor.name, place(&anchor.origin));
            let message = format!("{}: label {} is also the label of the anchor {other}", origin.path, quoted(key));
            found.push(problem(origin, message));
        }
        if let Some(first) = claimed.get(key) {
            let other = format!("dependencies.{} ({})", first.name, place(&first.origin));
            let message = format!("dependencies.{} has the label {}, as has {other}", anchor.name, quoted(key));
            found.push(problem(&anchor.origin, message));
        } else {
            claimed.insert(key, anchor);
        }
    }
}

/// Finds the first of several services that a list of candidate names means.
///
/// Two lists mean the same service when their best names are equal, or one's full name is the other's best name.
#[derive(Default)]
struct Index<'s> {
    best: HashMap<&'s str, usize>,
    full: HashMap<&'s str, usize>,
}

impl<'s> Index<'s> {
    fn insert(&mut self, service: &'s [String], at: usize) {
        if let [best, .., full] | [best @ full] = service {
            self.best.entry(best).or_insert(at);
            self.full.entry(full).or_insert(at);
        }
    }

    fn get(&self, service: &[String]) -> Option<usize> {
        let ([best, .., full] | [best @ full]) = service else { return None };
        let hits = [self.best.get(best.as_str()), self.best.get(full.as_str()), self.full.get(best.as_str())];
        hits.into_iter().flatten().min().copied()
    }
}

fn dependents_claimed_twice(anchors: &[Anchor], found: &mut Vec<Problem>) {
    let all: Vec<(&Anchor, &Dependent)> =
        anchors.iter().flat_map(|anchor| anchor.dependents.iter().map(move |dependent| (anchor, dependent))).collect();
    let mut index = Index::default();
    for (at, (anchor, dependent)) in all.iter().enumerate() {
        if let Some((first_anchor, first)) = index.get(&dependent.service).and_then(|at| all.get(at)) {
            let name = quoted(&dependent.name);
            let message = if first_anchor.name == anchor.name {
                format!("{name} is listed twice under dependencies.{} (first at {})", anchor.name, place(&first.origin))
            } else {
                let other = format!("dependencies.{} ({})", first_anchor.name, place(&first.origin));
                format!("{name} follows dependencies.{} and {other}; a service has one anchor", anchor.name)
            };
            found.push(problem(&dependent.origin, message));
        }
        index.insert(&dependent.service, at);
    }
}

/// Which anchor each anchor follows, and through which dependent; reports those that follow themselves.
fn parents<'a>(anchors: &'a [Anchor], found: &mut Vec<Problem>) -> Vec<Option<(usize, &'a Dependent)>> {
    let mut index = Index::default();
    for (at, anchor) in anchors.iter().enumerate() {
        index.insert(&anchor.service, at);
    }
    let mut parents = vec![None; anchors.len()];
    for (at, anchor) in anchors.iter().enumerate() {
        let mut own = Index::default();
        own.insert(&anchor.service, at);
        for dependent in &anchor.dependents {
            if own.get(&dependent.service).is_some() {
                let message = format!("dependencies.{} lists itself as its dependent", anchor.name);
                found.push(problem(&dependent.origin, message));
            } else if let Some(parent) = index.get(&dependent.service).and_then(|child| parents.get_mut(child)) {
                // Under two anchors it is reported already; the first is enough to look for cycles.
                parent.get_or_insert((at, dependent));
            }
        }
    }
    parents
}

/// Every anchor has at most one parent, so a walk upwards either ends or comes back.
fn cycles(anchors: &[Anchor], parents: &[Option<(usize, &Dependent)>], found: &mut Vec<Problem>) {
    let up = |at: usize| parents.get(at).copied().flatten();
    let mut walk_of: Vec<Option<usize>> = vec![None; anchors.len()];
    for start in 0..anchors.len() {
        let mut at = start;
        while let Some(mark @ None) = walk_of.get_mut(at) {
            *mark = Some(start);
            match up(at) {
                Some((parent, _)) => at = parent,
                None => break,
            }
        }
        let back_on_this_walk = walk_of.get(at) == Some(&Some(start)) && up(at).is_some();
        if back_on_this_walk {
            cycle(anchors, at, &up, found);
        }
    }
}

/// Reports the cycle through `at`, from its first anchor in the file, in the direction anchor -> dependent.
fn cycle<'a>(
    anchors: &[Anchor],
    at: usize,
    up: &impl Fn(usize) -> Option<(usize, &'a Dependent)>,
    found: &mut Vec<Problem>,
) {
    let mut members = vec![at];
    while let Some((parent, _)) = members.last().and_then(|last| up(*last)).filter(|(parent, _)| *parent != at) {
        members.push(parent);
    }
    members.reverse();
    let first = members.iter().enumerate().min_by_key(|(_, member)| **member).map_or(0, |(place, _)| place);
    members.rotate_left(first);
    let names = members.iter().chain(members.first()).filter_map(|member| anchors.get(*member));
    let chain: Vec<&str> = names.map(|anchor| anchor.name.as_str()).collect();
    // The dependent through which the second member follows the first.
    let link = members.get(1).and_then(|second| up(*second));
    if let Some((_, dependent)) = link {
        found.push(problem(&dependent.origin, format!("anchors follow each other in a cycle: {}", chain.join(" -> "))));
    }
}
