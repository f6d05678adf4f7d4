//! Whom to ask: the exporter of each node, and what it says.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;

use super::fetch::Target;
use super::node_exporter::Reading;
use super::url::Url;
use crate::model::Node;
use crate::model::node::NodeState;
use crate::settings::{MetricsSettings, Settings};
use crate::snapshot::Snapshot;

/// One exporter to ask, and the name that it must give itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aim {
    /// Where it listens.
    pub url: Url,
    /// The hostname of the machine that it must be on.
    pub expected: String,
}

/// The exporter of each ready node, by position in the snapshot; where there is none, why.
///
/// The node's own entry in `node_exporters` wins; then that of the machine that `node_map` gives it, or that has its
/// name, in `node_exporter_nodes`; then its address in the swarm.
pub fn targets(cluster: &Snapshot, metrics: &MetricsSettings) -> Vec<(usize, Result<Aim, String>)> {
    let aim = |node: &Node| {
        let machine = by_node(&metrics.node_map, node);
        let expected = machine.unwrap_or(&node.name).clone();
        let named = by_node(&metrics.node_exporters, node).or_else(|| metrics.node_exporter_nodes.get(&expected));
        let url = match named {
            Some(url) => url.clone(),
            None => at_its_address(node, metrics.node_exporter_port)?,
        };
        Ok(Aim { url: url.or_path("/metrics"), expected })
    };
    ready(cluster).map(|(at, node)| (at, aim(node))).collect()
}

/// The exporter that runs on the node itself, at this port: not that of a machine beneath it.
///
/// # Errors
/// If no address of the node is known.
pub fn own_target(node: &Node, settings: &Settings, port: u16) -> Result<Aim, String> {
    let named = by_node(&settings.rebalance.metrics.node_exporters, node);
    let ip = || by_node(&settings.nodes, node).and_then(|entry| entry.ip.clone());
    let url = match (named, at_its_address(node, port)) {
        (Some(url), _) => url.clone(),
        (None, Ok(url)) => url,
        (None, Err(why)) => Url { secure: false, host: ip().ok_or(why)?, port, path: String::new() },
    };
    Ok(Aim { url: url.or_path("/metrics"), expected: node.name.clone() })
}

/// What the exporter says.
///
/// # Errors
/// Why it says nothing, in words.
pub async fn read(aim: &Aim, timeout: Duration, deadline: Instant) -> Result<Reading, String> {
    let text = Target::new(&aim.url, timeout, deadline)?.text().await?;
    Ok(Reading::parse(&text))
}

fn at_its_address(node: &Node, port: u16) -> Result<Url, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct View {
        #[serde(default)]
        status: Option<Addr>,
        #[serde(default)]
        manager_status: Option<Addr>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Addr {
        #[serde(default)]
        addr: String,
    }
    let view: Option<View> = serde_json::from_str(node.raw.get()).ok();
    let (own, manager) = view.map_or((None, None), |view| (view.status, view.manager_status));
    let own = own.map(|status| status.addr).unwrap_or_default();
    // A manager's port follows its address. Managers of old engines say 0.0.0.0 or 127.0.0.1 of themselves.
    let manager = manager.map(|status| status.addr).unwrap_or_default();
    let manager = manager.rsplit_once(':').map_or("", |(host, _)| host.trim_matches(['[', ']']));
    let usable = |host: &&str| !matches!(*host, "" | "0.0.0.0" | "127.0.0.1" | "::" | "::1");
    let host = [own.as_str(), manager].into_iter().find(usable);
    let host = host.ok_or("its address is not known: name its exporter in rebalance.metrics.node_exporters")?;
    Ok(Url { secure: false, host: host.to_owned(), port, path: String::new() })
}

/// What is written of a node, by its hostname or its id.
pub(super) fn by_node<'m, T>(map: &'m BTreeMap<String, T>, node: &Node) -> Option<&'m T> {
    map.get(&node.name).or_else(|| map.get(&node.id.0))
}

pub(super) fn ready(cluster: &Snapshot) -> impl Iterator<Item = (usize, &Node)> {
    cluster.nodes.iter().enumerate().filter(|(_, node)| node.state == NodeState::Ready)
}
