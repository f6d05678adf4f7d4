//! `orca gc`: what may go from one node's disk.
//!
//! Pure: what lies on the node and what the cluster needs in, a plan out. What is not known counts as needed. Nothing is
//! ever planned for removal that the engine would have to be forced to remove.

pub(crate) mod images;
pub mod keep;
mod only;

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::local::Stock;
use crate::files::matches;
use crate::model::stock::{Container, Network, Volume, age, pinned};
use crate::pass::words::spoken;
use crate::plan::{Action, Blocked, Change, Plan, Target, TargetKind, Warning};
use crate::settings::Gc;
use keep::Facts;
pub use only::Only;

/// What is planned on.
#[derive(Debug)]
pub struct Input<'a> {
    /// The node's name in reports.
    pub node: &'a str,
    /// What lies on it.
    pub stock: &'a Stock,
    /// What the cluster needs.
    pub facts: Facts<'a>,
    /// What to plan by.
    pub settings: &'a Gc,
    /// `--volume`: volumes that may go although they have a name.
    pub volumes: &'a BTreeSet<String>,
    /// Only these images may go, and the ended tasks' containers that still need them; none: whatever may.
    pub only: Option<&'a Only>,
    /// How much of the disk is used, a part of 1, where that can be known.
    pub disk: Option<f64>,
}

/// What is decided for one node.
#[derive(Debug, Default)]
pub struct Sweep {
    /// What goes.
    pub plan: Plan,
    /// How many objects stay, by reason.
    pub kept: BTreeMap<&'static str, u64>,
}

/// Decides what goes from one node.
pub fn plan(input: &Input<'_>) -> Sweep {
    let mut sweep = Sweep::default();
    if let Some(mark) = input.settings.when_disk_above {
        match input.disk {
            None => {
                let why = "how full its disk is can't be asked of its engine from here";
                let hint = "run orca on the node itself with its own socket, or leave out --when-disk-above";
                sweep.refuse(input, "disk", vec![format!("{why}: {hint}")]);
                return sweep;
            }
            Some(used) if used <= mark => {
                sweep.kept.insert("the disk is not full enough", everything(input.stock));
                return sweep.counted();
            }
            Some(_) => {}
        }
    }
    if let Facts::Unknown(why) = input.facts {
        let stays = "images, volumes and containers of swarm tasks stay: what the cluster needs is not known";
        sweep.refuse(input, "unknown", vec![format!("{stays} ({why})")]);
    }
    let gone = containers(input, &mut sweep);
    images::images(input, &gone, &mut sweep);
    if input.only.is_some() {
        return sweep.counted();
    }
    let takes_images = sweep.plan.actions.iter().any(|action| action.target.kind == TargetKind::Image);
    if let Some(since) = input.stock.events_since.filter(|_| takes_images) {
        let text = format!(
            "`{}`: the engine remembers only what happened since {since:.0}; images that came before count by when they were built",
            input.node
        );
        sweep.plan.warnings.push(Warning::new("events_forgotten", text));
    }
    build_cache(input, &mut sweep);
    volumes(input, &gone, &mut sweep);
    networks(input, &gone, &mut sweep);
    // Stable: images stay in the order of their families.
    sweep.plan.actions.sort_by_key(|action| action.change.kind().rank());
    sweep.counted()
}

/// Action ids of the containers that go, by container id.
type Gone = BTreeMap<String, String>;

impl Sweep {
    fn keep(&mut self, why: &'static str) {
        *self.kept.entry(why).or_default() += 1;
    }

    fn counted(mut self) -> Self {
        self.plan.unchanged = self.kept.values().sum();
        self
    }

    fn refuse(&mut self, input: &Input<'_>, what: &str, reasons: Vec<String>) {
        let target = Target::on(input.node, TargetKind::Node, &input.stock.engine.node, input.node);
        self.plan.blocked.push(Blocked { id: format!("node/{}#{what}", input.node), target, reasons });
    }

    fn remove(
        &mut self,
        input: &Input<'_>,
        target: (TargetKind, &str, &str),
        names: Vec<String>,
        bytes: u64,
        why: String,
    ) {
        let (what, id, name) = target;
        let target = Target::on(input.node, what, id, name);
        self.plan.actions.push(Action::local(target, "remove", Change::Remove { what, names, bytes }, why));
    }
}

fn everything(stock: &Stock) -> u64 {
    (stock.containers.len() + stock.images.len() + stock.volumes.len() + stock.networks.len()) as u64
}

fn containers(input: &Input<'_>, sweep: &mut Sweep) -> Gone {
    let mut gone = Gone::new();
    let asked = |container: &&Container| input.only.is_none_or(|only| only.frees(container, input.stock));
    for container in input.stock.containers.iter().filter(asked) {
        if let Some(why) = container_stays(input, container) {
            sweep.keep(why);
            continue;
        }
        let why = format!("stopped for more than {}", spoken(container.stopped_for(input.stock.engine.now)));
        let target = (TargetKind::Container, container.id.as_str(), container.name.as_str());
        sweep.remove(input, target, Vec::new(), container.bytes, why);
        let id = sweep.plan.actions.last().map(|action| action.id.clone()).unwrap_or_default();
        gone.insert(container.id.clone(), id);
    }
    gone
}

fn container_stays(input: &Input<'_>, container: &Container) -> Option<&'static str> {
    let Input { stock, facts, settings, .. } = input;
    if !container.stopped() {
        return Some("running");
    }
    if !settings.containers {
        return Some("switched off");
    }
    if pinned(&container.labels) {
        return Some("label orca.gc=keep");
    }
    if excluded(&settings.exclude.containers, &container.name) {
        return Some("excluded");
    }
    if let Some(task) = container.task() {
        match facts {
            Facts::Unknown(_) => return Some("not known whether it is needed"),
            // A task that still lives has a container that waits to be started, or to be removed by the engine.
            Facts::Known(keep) if keep.lives(task) => return Some("of a task that has not ended"),
            Facts::Known(keep) if keep.last_failure(task) => return Some("the last failure of its slot"),
            Facts::Known(_) | Facts::Standalone => {}
        }
    }
    (container.stopped_for(stock.engine.now) < settings.grace).then_some("younger than the grace")
}

/// The action just planned must come after those that take its users away.
fn requires(sweep: &mut Sweep, users: &[&Container], gone: &Gone) {
    if let Some(action) = sweep.plan.actions.last_mut() {
        action.requires = users.iter().filter_map(|container| gone.get(&container.id).cloned()).collect();
    }
}

fn build_cache(input: &Input<'_>, sweep: &mut Sweep) {
    let Input { stock, settings, .. } = input;
    let (mut bytes, mut records) = (0_u64, 0_u64);
    for record in &stock.build_cache {
        let used = record.last_used_at.or(record.created_at);
        let young = used.is_none_or(|used| age(used, stock.engine.now) < settings.grace);
        match (settings.build_cache, record.in_use, record.shared, young) {
            (false, ..) => sweep.keep("switched off"),
            (true, true, ..) => sweep.keep("a build uses it"),
            (true, _, true, _) => sweep.keep("an image shares it"),
            (true, .., true) => sweep.keep("younger than the grace"),
            (true, ..) => {
                bytes = bytes.saturating_add(record.size);
                records += 1;
            }
        }
    }
    if records > 0 {
        let change = Change::CachePrune { unused_for: settings.grace.as_secs(), bytes };
        let target = Target::on(input.node, TargetKind::BuildCache, &stock.engine.id, "build cache");
        let why = format!("{records} records that no build has used for {}", spoken(settings.grace));
        sweep.plan.actions.push(Action::local(target, "prune", change, why));
    }
}

fn volumes(input: &Input<'_>, gone: &Gone, sweep: &mut Sweep) {
    let mut users: BTreeMap<&str, Vec<&Container>> = BTreeMap::new();
    for container in &input.stock.containers {
        container.volumes.iter().for_each(|name| users.entry(name.as_str()).or_default().push(container));
    }
    for volume in &input.stock.volumes {
        let named = input.volumes.contains(&volume.name);
        let users = users.get(volume.name.as_str()).map(Vec::as_slice).unwrap_or_default();
        if let Some(why) = volume_stays(input, volume, named, users, gone) {
            if named {
                // Asked for by name: that it stays must be said.
                let target = Target::on(input.node, TargetKind::Volume, &volume.name, &volume.name);
                let id = format!("volume/{}/{}#remove", input.node, volume.name);
                sweep.plan.blocked.push(Blocked { id, target, reasons: vec![format!("it stays: {why}")] });
            }
            sweep.keep(why);
            continue;
        }
        let why = if named { "named by --volume, used by nothing" } else { "anonymous, used by nothing" };
        let target = (TargetKind::Volume, volume.name.as_str(), volume.name.as_str());
        sweep.remove(input, target, Vec::new(), volume.bytes.unwrap_or_default(), why.to_owned());
        requires(sweep, users, gone);
    }
}

fn volume_stays(
    input: &Input<'_>,
    volume: &Volume,
    named: bool,
    users: &[&Container],
    gone: &Gone,
) -> Option<&'static str> {
    let Input { stock, facts, settings, .. } = input;
    match facts {
        Facts::Unknown(_) => return Some("not known whether it is needed"),
        Facts::Known(keep) if keep.needs_volume(&volume.name) => return Some("a service needs it"),
        Facts::Known(_) | Facts::Standalone => {}
    }
    let wanted = named || settings.volumes && volume.anonymous();
    if !wanted {
        return Some("not asked for");
    }
    if volume.driver != "local" {
        return Some("not only of this node");
    }
    if users.iter().any(|container| !gone.contains_key(&container.id)) || volume.users > users.len() as u64 {
        return Some("a container needs it");
    }
    if pinned(&volume.labels) {
        return Some("label orca.gc=keep");
    }
    if excluded(&settings.exclude.volumes, &volume.name) {
        return Some("excluded");
    }
    let young = volume.created.is_none_or(|created| age(created, stock.engine.now) < settings.grace);
    (young && !settings.grace.is_zero()).then_some("younger than the grace")
}

fn networks(input: &Input<'_>, gone: &Gone, sweep: &mut Sweep) {
    for network in input.stock.networks.iter().filter(|network| !network.not_of_this_node()) {
        let in_it = |container: &&Container| {
            container.networks.contains(&network.name) || container.networks.contains(&network.id)
        };
        let users: Vec<&Container> = input.stock.containers.iter().filter(in_it).collect();
        if let Some(why) = network_stays(input, network, &users, gone) {
            sweep.keep(why);
            continue;
        }
        let target = (TargetKind::Network, network.id.as_str(), network.name.as_str());
        sweep.remove(input, target, Vec::new(), 0, "no container is in it".to_owned());
        requires(sweep, &users, gone);
    }
}

fn network_stays(input: &Input<'_>, network: &Network, users: &[&Container], gone: &Gone) -> Option<&'static str> {
    let Input { stock, settings, .. } = input;
    if !settings.networks {
        return Some("switched off");
    }
    if users.iter().any(|container| !gone.contains_key(&container.id)) {
        return Some("a container needs it");
    }
    if pinned(&network.labels) {
        return Some("label orca.gc=keep");
    }
    if excluded(&settings.exclude.networks, &network.name) {
        return Some("excluded");
    }
    let young = network.created.is_none_or(|created| age(created, stock.engine.now) < settings.grace);
    (young && !settings.grace.is_zero()).then_some("younger than the grace")
}

fn excluded(patterns: &[String], name: &str) -> bool {
    patterns.iter().any(|pattern| matches(pattern.as_bytes(), name.as_bytes()))
}
