//! The nodes that a node-side pass works on: which they are, how their engines are reached, what their managers know.
//!
//! By default that is the one engine orca is pointed at. With `--node` or `--all-nodes` it is the manager, and the nodes'
//! own engines are reached through `nodes.<name>.host`. A node that can't be reached fails alone.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use crate::engine::Engine;
use crate::engine::address::Address;
use crate::engine::context;
use crate::engine::local::Identity;
use crate::engine::wire::{Tuning, Wire};
use crate::error::{Error, ErrorKind};
use crate::model::node::NodeState;
use crate::model::{Node, NodeId, Offer};
use crate::settings::Settings;
use crate::snapshot::Snapshot;

/// No answer of an engine takes longer: a container may take its time to stop.
const SILENCE: Duration = Duration::from_secs(900);

/// Which engines to work on, as the command line says it.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// `--node`.
    pub nodes: Vec<String>,
    /// `--all-nodes`.
    pub all: bool,
    /// `--manager`: where the cluster's facts come from.
    pub manager: Option<String>,
}

/// One engine to work on.
#[derive(Debug)]
pub struct Stop {
    /// The node's name; none: the engine itself tells.
    pub name: Option<String>,
    /// Which node it must be.
    pub node: Option<NodeId>,
    /// The engine, or why it can't be reached.
    pub engine: Result<Engine>,
}

/// What is known of the cluster.
#[derive(Debug)]
pub enum Known {
    /// What a manager said, ended tasks included.
    Cluster(Box<Snapshot>),
    /// The engine is in no swarm.
    Standalone,
    /// No manager could be asked.
    Nothing(anyhow::Error),
}

/// An engine at this address; `origin` is who named it.
pub fn engine_at(url: &str, origin: &str) -> Result<Engine> {
    let endpoint = context::named_here(url, origin)?;
    Ok(Engine::new(Wire::tuned(endpoint, Tuning { silence: SILENCE, ..Tuning::default() })?))
}

/// Asks the managers: those behind `--manager`, else the engine itself. Its identity comes along where it was asked for.
///
/// # Errors
/// If the engine itself can't be reached.
pub async fn ask_managers(reach: &Reach, here: &Engine, until: tokio::time::Instant) -> Result<Known> {
    if let Some(url) = &reach.manager {
        let manager = engine_at(url, "--manager")?.until(until);
        return Ok(match Snapshot::observe_history(&manager).await {
            Ok(cluster) => Known::Cluster(Box::new(cluster)),
            Err(error) => Known::Nothing(error),
        });
    }
    let own = here.identity().await?;
    Ok(match own.swarm.as_str() {
        "inactive" => Known::Standalone,
        "active" if own.manager => match Snapshot::observe_history(here).await {
            Ok(cluster) => Known::Cluster(Box::new(cluster)),
            Err(error) => Known::Nothing(error),
        },
        "active" => {
            let error = Error::new(ErrorKind::NotManager, format!("`{}` is a worker of a swarm", own.name));
            Known::Nothing(error.hint("name one of its managers with --manager URL").into())
        }
        state => {
            let text = format!("the swarm of `{}` is in the state `{state}`", own.name);
            Known::Nothing(Error::new(ErrorKind::NotManager, text).hint("see `docker info` there").into())
        }
    })
}

/// The engines to work on.
///
/// # Errors
/// If nodes are named and the cluster isn't known, or has none or several of that name.
pub fn stops(reach: &Reach, here: &Engine, known: &Known, settings: &Settings) -> Result<Vec<Stop>> {
    if reach.nodes.is_empty() && !reach.all {
        return Ok(vec![Stop { name: None, node: None, engine: Ok(here.clone()) }]);
    }
    let cluster = match known {
        Known::Cluster(cluster) => cluster,
        Known::Standalone => {
            let error = Error::new(ErrorKind::NotManager, "this engine is in no swarm: it has no nodes to work on");
            return Err(error.hint("leave out --node and --all-nodes, or point -H at a manager").into());
        }
        Known::Nothing(error) => {
            let text = format!("the nodes of the swarm are not known: {error:#}");
            return Err(Error::new(ErrorKind::NotManager, text).hint("point -H or --manager at a manager").into());
        }
    };
    Ok(wanted(reach, cluster)?.into_iter().map(|node| stop(node, reach, here, cluster, settings)).collect())
}

/// The nodes that are named, by name; without `--node` all of them.
///
/// # Errors
/// If the cluster has none or several of a name.
pub fn wanted<'c>(reach: &Reach, cluster: &'c Snapshot) -> Result<Vec<&'c Node>> {
    if reach.all || reach.nodes.is_empty() {
        return Ok(cluster.nodes.iter().collect());
    }
    let mut wanted = reach.nodes.iter().map(|name| named(name, cluster)).collect::<Result<Vec<_>>>()?;
    wanted.sort_by_key(|node| &node.key);
    wanted.dedup_by_key(|node| &node.id);
    Ok(wanted)
}

fn named<'c>(name: &str, cluster: &'c Snapshot) -> Result<&'c Node> {
    let is = |node: &&Node| node.name == name || node.id.0 == name || node.key == name;
    let found: Vec<&Node> = cluster.nodes.iter().filter(is).collect();
    match found.as_slice() {
        [node] => Ok(node),
        [] => {
            let names: Vec<&str> = cluster.nodes.iter().map(|node| node.key.as_str()).collect();
            let error = Error::new(ErrorKind::Failed, format!("the swarm has no node `{name}`"));
            Err(error.hint(format!("there are {}", names.join(", "))).into())
        }
        several => {
            let ids: Vec<&str> = several.iter().map(|node| node.id.0.as_str()).collect();
            let error = Error::new(ErrorKind::Failed, format!("the swarm has {} nodes called `{name}`", ids.len()));
            Err(error.hint(format!("name one by its id: {}", ids.join(", "))).into())
        }
    }
}

fn stop(node: &Node, reach: &Reach, here: &Engine, cluster: &Snapshot, settings: &Settings) -> Stop {
    let own = reach.manager.is_none() && node.id == cluster.node_id;
    let engine = if own {
        Ok(here.clone())
    } else if node.state == NodeState::Down {
        let error = Error::new(ErrorKind::Unreachable, format!("the managers say that `{}` is down", node.key));
        Err(error.hint("`docker node ls` on a manager shows since when").into())
    } else {
        url(node, settings).and_then(|(url, origin)| engine_at(&url, &origin))
    };
    Stop { name: Some(node.key.clone()), node: Some(node.id.clone()), engine }
}

/// Where the engine of a node is, and who says so.
fn url(node: &Node, settings: &Settings) -> Result<(String, String)> {
    if let Some(written) = [&node.id.0, &node.name].into_iter().find_map(|key| written(key, settings)) {
        return Ok(written);
    }
    let address = Offer::read(&node.raw).map(|offer| offer.address).unwrap_or_default();
    if address.is_empty() || address.starts_with("0.0.0.0") {
        let error = Error::new(ErrorKind::Config, format!("nothing says how to reach the engine of `{}`", node.key));
        return Err(error.hint(format!("set nodes.{}.host to its ssh:// or tcp:// URL", node.name)).into());
    }
    Ok((ssh(&address), format!("address of `{}`", node.key)))
}

/// The engine of a node that the file names, in a swarm or not.
///
/// # Errors
/// If the file doesn't say how to reach it, or what it says is no address.
pub fn engine_of(name: &str, settings: &Settings) -> Result<Engine> {
    let Some((url, origin)) = written(name, settings) else {
        let error = Error::new(ErrorKind::Config, "nothing says how to reach its engine");
        return Err(error.hint(format!("set nodes.{name}.ip, or nodes.{name}.host to an ssh:// or tcp:// URL")).into());
    };
    engine_at(&url, &origin)
}

/// What the file says of where a node's engine is, and where it says so.
fn written(name: &str, settings: &Settings) -> Option<(String, String)> {
    let entry = settings.nodes.get(name)?;
    let host = entry.host.as_ref().map(|host| (host.clone(), format!("nodes.{name}.host")));
    host.or_else(|| Some((ssh(entry.ip.as_ref()?), format!("nodes.{name}.ip"))))
}

fn ssh(ip: &str) -> String {
    if ip.contains(':') { format!("ssh://[{ip}]") } else { format!("ssh://{ip}") }
}

impl Known {
    /// The swarm, where a manager spoke for it.
    pub fn cluster(&self) -> Option<&Snapshot> {
        match self {
            Self::Cluster(cluster) => Some(cluster),
            Self::Standalone | Self::Nothing(_) => None,
        }
    }
}

impl Stop {
    /// The node's name once its engine has answered.
    pub fn name<'n>(&'n self, own: &'n Identity) -> &'n str {
        self.name.as_deref().unwrap_or(&own.name)
    }

    /// Whether this is the node that it should be, and one that the managers know.
    ///
    /// # Errors
    /// If something else answers at its address: nothing may be decided for it on these facts.
    pub fn check(&self, own: &Identity, cluster: Option<&Snapshot>) -> Result<()> {
        if let Some(node) = self.node.as_ref().filter(|node| node.0 != own.node) {
            let text =
                format!("the engine that answers is `{}` (node `{}`), not node `{}`", own.name, own.node, node.0);
            let error = Error::new(ErrorKind::Failed, text);
            return Err(error.hint("correct nodes.<name>.host in the configuration").into());
        }
        if let Some(cluster) = cluster
            && cluster.node(&NodeId(own.node.clone())).is_none()
        {
            let text = format!("`{}` is no node of the swarm that the manager speaks for", own.name);
            let error = Error::new(ErrorKind::Failed, text);
            return Err(error.hint("--manager must be a manager of this engine's own swarm").into());
        }
        Ok(())
    }
}

/// How much of the disk under an engine's data is used, a part of 1, as `df` counts it; known only where the engine's
/// socket is on this host.
pub fn disk_used(engine: &Engine, root: &str) -> Option<f64> {
    let Address::Unix(_) = engine.endpoint().address else { return None };
    let stat = rustix::fs::statvfs(Path::new(root)).ok()?;
    let used = stat.f_blocks.saturating_sub(stat.f_bfree);
    let total = used.saturating_add(stat.f_bavail);
    #[expect(clippy::cast_precision_loss, reason = "a share, to be compared with percents")]
    (total > 0).then(|| used as f64 / total as f64)
}
