//! Which service is updated before which: anchors before their dependents, then what labels say, then by stack and name;
//! orca itself comes last.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::ServiceId;
use crate::model::service::STACK_LABEL;
use crate::settings::Settings;
use crate::snapshot::Snapshot;

use super::policy::DEPENDS_LABEL;
use super::select::Candidate;

/// The order, as places in `candidates`, each with the places of those that must have ended well before it.
pub fn order(
    candidates: &[&Candidate<'_>],
    cluster: &Snapshot,
    settings: &Settings,
) -> (Vec<(usize, BTreeSet<usize>)>, Vec<String>) {
    let at: BTreeMap<&ServiceId, usize> =
        candidates.iter().enumerate().map(|(at, candidate)| (&candidate.service.id, at)).collect();
    let mut needs: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); candidates.len()];
    let find = |names: &[String]| names.iter().find_map(|name| cluster.service(name)).and_then(|one| at.get(&one.id));
    for anchor in &settings.anchors {
        let Some(first) = find(&anchor.service) else { continue };
        for then in anchor.dependents.iter().filter_map(|dependent| find(&dependent.service)) {
            needs[*then].insert(*first);
        }
    }
    for (then, candidate) in candidates.iter().enumerate() {
        let listed = candidate.labels.get(DEPENDS_LABEL).map(String::as_str).unwrap_or_default();
        let stack = candidate.labels.get(STACK_LABEL);
        for name in listed.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let own = stack.map(|stack| format!("{stack}_{name}"));
            let names: Vec<String> = own.into_iter().chain([name.to_owned()]).collect();
            needs[then].extend(find(&names));
        }
    }
    let (own, others): (Vec<usize>, Vec<usize>) = (0..candidates.len()).partition(|at| candidates[*at].is_orca());
    let (mut ordered, mut done, mut cycles) = (Vec::new(), BTreeSet::new(), Vec::new());
    // orca's own rollout may be the end of this run.
    for mut left in [others, own] {
        left.sort_by_cached_key(|at| {
            let candidate = candidates[*at];
            (candidate.labels.get(STACK_LABEL).cloned(), candidate.service.name.clone())
        });
        while !left.is_empty() {
            let ready = left.iter().position(|at| needs[*at].iter().all(|need| *need == *at || done.contains(need)));
            if ready.is_none() {
                let name = &candidates[left[0]].service.name;
                cycles.push(format!("`{name}` can't wait for all that it depends on: it is updated without that"));
            }
            let at = left.remove(ready.unwrap_or(0));
            let mut own = std::mem::take(&mut needs[at]);
            own.retain(|need| done.contains(need));
            done.insert(at);
            ordered.push((at, own));
        }
    }
    (ordered, cycles)
}
