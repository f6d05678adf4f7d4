//! From names to an order.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};

use super::tell::{chosen, node, services_of, standings};
use crate::error::{Error, ErrorKind};
use crate::fingerprint;
use crate::model::{NodeId, Service, ServiceId};
use crate::pass::order::{Order, Wish};
use crate::pass::update::policy::DEPENDS_LABEL;
use crate::snapshot::Snapshot;

/// What is asked for of services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// None of their tasks.
    Stop,
    /// The replicas from before.
    Start,
    /// New tasks.
    Restart,
    /// The spec before.
    Rollback,
    /// The credentials of today for their registry.
    RefreshAuth,
}

impl Asked {
    fn of(self, service: &Service) -> Wish {
        let id = service.id.clone();
        match self {
            Self::Stop => Wish::Stop(id),
            Self::Start => Wish::Start(id),
            Self::Restart => Wish::Restart(id),
            Self::RefreshAuth => Wish::RefreshAuth(id),
            Self::Rollback => {
                let object: serde_json::Value = serde_json::from_str(service.raw.get()).unwrap_or_default();
                Wish::Rollback(id, fingerprint::of_spec(&object["Spec"]))
            }
        }
    }
}

/// The same for each of these services.
///
/// # Errors
/// If a name is none, or may be several.
pub fn services(cluster: &Snapshot, names: &[String], asked: Asked, force: bool) -> Result<Order> {
    let standings = standings(cluster)?;
    let wishes = chosen(&standings, names, None)?.into_iter().map(|one| asked.of(one.service)).collect();
    Ok(Order { wishes, force, ..Order::default() })
}

/// A number of replicas for each service.
///
/// # Errors
/// As of [`services`].
pub fn scale(cluster: &Snapshot, wanted: &[(String, u64)]) -> Result<Order> {
    let standings = standings(cluster)?;
    let mut wishes = Vec::new();
    for (name, replicas) in wanted {
        for one in chosen(&standings, std::slice::from_ref(name), None)? {
            let id = &one.service.id;
            if wishes.iter().any(|wish| matches!(wish, Wish::Scale(other, _) if other == id)) {
                let text = format!("`{}` is named twice", one.service.name);
                return Err(Error::new(ErrorKind::Usage, text).hint("say once how many replicas it is to have").into());
            }
            wishes.push(Wish::Scale(id.clone(), *replicas));
        }
    }
    Ok(Order { wishes, ..Order::default() })
}

/// The same for each service of a stack that it can be asked of.
///
/// # Errors
/// If there is no such stack.
pub fn stack(cluster: &Snapshot, name: &str, asked: Asked) -> Result<Order> {
    let standings = standings(cluster)?;
    let services = services_of(&standings, name)?.1;
    let stopped = |one: &&&crate::pass::services::Standing<'_>| asked != Asked::Start || one.stopped.is_some();
    let wishes = services.iter().filter(stopped).map(|one| asked.of(one.service)).collect();
    Ok(Order { wishes, lenient: true, ..Order::default() })
}

/// New tasks for each service of a stack, those that others depend on (label `orca.depends-on`) first.
///
/// # Errors
/// If there is no such stack.
pub fn redeploy(cluster: &Snapshot, name: &str, force: bool) -> Result<Order> {
    let standings = standings(cluster)?;
    let (stack, services) = services_of(&standings, name)?;
    let mut left: Vec<(&Service, BTreeSet<String>)> = Vec::new();
    for one in services {
        let labels = &one.service.needs().context("the engine's services can't be read")?.labels;
        let listed = labels.get(DEPENDS_LABEL).map(String::as_str).unwrap_or_default().split(',').map(str::trim);
        let named =
            listed.filter(|name| !name.is_empty()).flat_map(|name| [format!("{stack}_{name}"), name.to_owned()]);
        left.push((one.service, named.collect()));
    }
    let mut wishes = Vec::new();
    while !left.is_empty() {
        let waits = |needs: &BTreeSet<String>, own: &Service| {
            left.iter().any(|(other, _)| other.id != own.id && needs.contains(&other.name))
        };
        // Of services that wait for each other, the first begins.
        let next = left.iter().position(|(service, needs)| !waits(needs, service)).unwrap_or(0);
        wishes.push(Wish::Restart(left.remove(next).0.id.clone()));
    }
    Ok(Order { wishes, force, lenient: true, ..Order::default() })
}

/// The services of a stack, by name.
///
/// # Errors
/// If there is no such stack.
pub fn names_of_stack(cluster: &Snapshot, name: &str) -> Result<Vec<String>> {
    let standings = standings(cluster)?;
    Ok(services_of(&standings, name)?.1.into_iter().map(|one| one.service.name.clone()).collect())
}

/// The services that are meant, by id.
///
/// # Errors
/// As of [`services`].
pub(crate) fn ids(cluster: &Snapshot, names: &[String], stack: Option<&str>) -> Result<BTreeSet<ServiceId>> {
    let standings = standings(cluster)?;
    Ok(chosen(&standings, names, stack)?.into_iter().map(|one| one.service.id.clone()).collect())
}

/// The services of a stack, by id.
///
/// # Errors
/// If there is no such stack.
pub(super) fn ids_of_stack(cluster: &Snapshot, name: &str) -> Result<Vec<ServiceId>> {
    let standings = standings(cluster)?;
    Ok(services_of(&standings, name)?.1.into_iter().map(|one| one.service.id.clone()).collect())
}

/// The same for each of these nodes.
///
/// # Errors
/// If a name is none, or may be several.
pub fn nodes(cluster: &Snapshot, names: &[String], wish: fn(NodeId) -> Wish, force: bool) -> Result<Order> {
    let mut ids = names.iter().map(|name| Ok(node(cluster, name)?.id.clone())).collect::<Result<Vec<NodeId>>>()?;
    ids.sort();
    ids.dedup();
    Ok(Order { wishes: ids.into_iter().map(wish).collect(), force, ..Order::default() })
}

/// Labels of one node.
///
/// # Errors
/// As of [`nodes`].
pub fn labels(cluster: &Snapshot, name: &str, labels: &[(String, Option<String>)], force: bool) -> Result<Order> {
    let id = &node(cluster, name)?.id;
    let wish = |(key, value): &(String, Option<String>)| Wish::Label(id.clone(), key.clone(), value.clone());
    Ok(Order { wishes: labels.iter().map(wish).collect(), force, ..Order::default() })
}
