//! Whether a cluster is as a scenario says.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde_json::{Value, json};

use super::cluster::{Cluster, text};
use super::matching::fits;
use super::scenario::{Conditions, Where};

/// What ran, and where, before the last disturbance.
#[derive(Debug, Default)]
pub struct Mark {
    tasks: BTreeMap<String, BTreeSet<String>>,
    places: BTreeMap<String, Vec<String>>,
}

impl Mark {
    pub fn of(cluster: &Cluster) -> Result<Self> {
        let tasks = cluster.running_ids()?;
        let places = tasks.keys().map(|name| Ok((name.clone(), cluster.places(name)?))).collect::<Result<_>>()?;
        Ok(Self { tasks, places })
    }
}

/// What is not as it should be, in words.
pub fn complaints(cluster: &Cluster, wanted: &Conditions, mark: &Mark) -> Result<Vec<String>> {
    let mut found = if wanted.settled { cluster.unsettled()? } else { Vec::new() };
    services(cluster, wanted, mark, &mut found)?;
    nodes(cluster, wanted, &mut found)?;
    Ok(found)
}

fn services(cluster: &Cluster, wanted: &Conditions, mark: &Mark, found: &mut Vec<String>) -> Result<()> {
    let mut complain = |ok: bool, name: &str, what: String| {
        if !ok {
            found.push(format!("{name}: {what}; its tasks: {}", cluster.describe(name)));
        }
    };
    for (name, place) in &wanted.running {
        let places = cluster.places(name)?;
        let ok = match place {
            Where::Count(count) => places.len() as u64 == *count,
            Where::Node(node) => places == [node.clone()],
            Where::Nodes(nodes) => {
                let mut nodes = nodes.clone();
                nodes.sort();
                places == nodes
            }
        };
        complain(ok, name, format!("runs on {places:?}, expected {place:?}"));
    }
    for (name, anchor) in &wanted.beside {
        let (places, allowed) = (cluster.places(name)?, cluster.places(anchor)?);
        let all = places.len() as u64 == cluster.replicas(name)? && !places.is_empty();
        let ok =
            all && cluster.wanted(name)?.len() == places.len() && places.iter().all(|place| allowed.contains(place));
        complain(ok, name, format!("runs on {places:?}, `{anchor}` on {allowed:?}"));
    }
    for name in &wanted.moved {
        let (now, before) = (cluster.places(name)?, mark.places.get(name).cloned().unwrap_or_default());
        let ok = now.len() as u64 == cluster.replicas(name)? && !now.iter().any(|place| before.contains(place));
        complain(ok, name, format!("was on {before:?}, is on {now:?}"));
    }
    let ids = cluster.running_ids()?;
    for (name, same) in
        wanted.replaced.iter().map(|name| (name, false)).chain(wanted.kept.iter().map(|name| (name, true)))
    {
        let (now, before) =
            (ids.get(name).cloned().unwrap_or_default(), mark.tasks.get(name).cloned().unwrap_or_default());
        let all = now.len() as u64 == cluster.replicas(name)?;
        let ok = if same { now == before } else { all && now.is_disjoint(&before) };
        complain(ok, name, format!("had the tasks {before:?}, has {now:?}"));
    }
    for name in &wanted.pending {
        let placeless =
            |task: &&Value| task["Status"]["State"] == "pending" && !text(&task["Status"]["Err"]).is_empty();
        complain(cluster.wanted(name)?.iter().any(placeless), name, "has no pending task".to_owned());
    }
    for (name, wanted) in &wanted.force_updates {
        let count = cluster.service(name)?["Spec"]["TaskTemplate"]["ForceUpdate"].as_u64().unwrap_or_default();
        complain(fits(&count.into(), wanted), name, format!("was forced {count} times, expected {wanted}"));
    }
    for (name, wanted) in &wanted.constraints {
        let constraints = &cluster.service(name)?["Spec"]["TaskTemplate"]["Placement"]["Constraints"];
        let same = *constraints == json!(wanted) || (wanted.is_empty() && constraints.is_null());
        complain(same, name, format!("has the constraints {constraints}, expected {wanted:?}"));
    }
    for (name, wanted) in &wanted.update {
        let state = cluster.service(name)?["UpdateStatus"]["State"].as_str().map(str::to_owned);
        complain(state == *wanted, name, format!("its last update is {state:?}, expected {wanted:?}"));
    }
    Ok(())
}

fn nodes(cluster: &Cluster, wanted: &Conditions, found: &mut Vec<String>) -> Result<()> {
    for (name, labels) in &wanted.labels {
        let node = cluster.node(name)?;
        for (key, wanted) in labels {
            let value = node["Spec"]["Labels"].get(key).map(text);
            if value != *wanted {
                found.push(format!("{name}: label {key} is {value:?}, expected {wanted:?}"));
            }
        }
    }
    for (key, wanted) in &wanted.label_on {
        let mut places = BTreeSet::new();
        for name in wanted {
            match name.strip_prefix('@') {
                Some(service) => places.extend(cluster.places(service)?),
                None => drop(places.insert(name.clone())),
            }
        }
        let has = |node: &&Value| node["Spec"]["Labels"].get(key).is_some_and(|value| value == "true");
        let labelled: BTreeSet<_> =
            cluster.nodes.iter().filter(has).map(|node| text(&node["Description"]["Hostname"])).collect();
        if labelled != places {
            found.push(format!("label {key} is on {labelled:?}, expected {places:?}"));
        }
    }
    for (name, wanted) in &wanted.nodes {
        let node = cluster.node(name)?;
        let state = text(&node["Status"]["State"]);
        if state != *wanted {
            found.push(format!("{name} is {state}, expected {wanted}"));
        } else if state == "ready" && !managed(cluster, node) {
            // A manager that comes back begins an election, some seconds after its node is ready.
            found.push(format!("{name} is ready, but as a manager it is not reached yet, or nobody leads"));
        }
    }
    Ok(())
}

/// Somebody leads, and reaches this node if it is a manager.
fn managed(cluster: &Cluster, node: &Value) -> bool {
    let manager = &node["ManagerStatus"];
    let leads = cluster.nodes.iter().any(|node| node["ManagerStatus"]["Leader"] == true);
    leads && (manager.is_null() || manager["Reachability"] == "reachable")
}
