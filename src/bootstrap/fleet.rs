//! The engines of the file's nodes: how each is reached, and what each says of itself. Reads only.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use futures_util::StreamExt as _;
use tokio::time::Instant;

use crate::engine::Engine;
use crate::engine::swarm::Standing;
use crate::error::{Error, ErrorKind, hint_of};
use crate::nodes;
use crate::pass::bootstrap::{Home, HostSight, World, home};
use crate::settings::Settings;
use crate::snapshot::Snapshot;

/// No engine may take longer to say where it stands: one that hangs must not use up everybody's time.
const LOOK: Duration = Duration::from_secs(20);

/// The engines, and what is known of them.
#[derive(Debug)]
pub(super) struct Fleet<'a> {
    settings: &'a Settings,
    /// By the name in the file.
    pub(super) engines: BTreeMap<String, Engine>,
    /// What was seen so far.
    pub(super) world: World,
    /// By cluster id: whom to ask.
    asked: BTreeMap<String, String>,
    key_file: PathBuf,
}

impl<'a> Fleet<'a> {
    /// Finds out how each node is reached; contacts none.
    pub(super) fn of(settings: &'a Settings, key_file: PathBuf) -> Self {
        let mut fleet =
            Self { settings, engines: BTreeMap::new(), world: World::default(), asked: BTreeMap::new(), key_file };
        for name in settings.nodes.keys() {
            match nodes::engine_of(name, settings) {
                Ok(engine) => _ = fleet.engines.insert(name.clone(), engine),
                Err(error) => _ = fleet.world.hosts.insert(name.clone(), HostSight::Lost(told(&error))),
            }
        }
        fleet
    }

    /// Looks at every engine.
    pub(super) async fn look(&mut self, deadline: Instant) {
        self.look_at(&self.engines.keys().cloned().collect(), deadline).await;
    }

    /// Looks at these engines, and at the swarms that any of them manages.
    pub(super) async fn look_at(&mut self, names: &BTreeSet<String>, deadline: Instant) {
        let limit = deadline.min(Instant::now() + LOOK);
        let parallel = usize::try_from(self.settings.bootstrap.parallel).unwrap_or(1).max(1);
        let engines = self.engines.iter().filter(|(name, _)| names.contains(*name));
        let asked = engines.map(|(name, engine)| {
            let engine = engine.until(limit);
            async move { (name.clone(), engine.standing().await) }
        });
        let seen: Vec<(String, Result<Standing>)> =
            futures_util::stream::iter(asked).buffer_unordered(parallel).collect().await;
        for (name, standing) in seen {
            let sight = match standing {
                Ok(standing) => HostSight::Seen(Box::new(standing)),
                Err(error) => HostSight::Lost(told(&error)),
            };
            self.world.hosts.insert(name, sight);
        }
        self.look_at_swarms(limit).await;
        self.world.key_saved = self.key_file.exists();
    }

    /// Reads each swarm from one of its managers.
    async fn look_at_swarms(&mut self, limit: Instant) {
        let mut managers: BTreeMap<&str, Vec<(&str, &Standing)>> = BTreeMap::new();
        for (name, sight) in &self.world.hosts {
            let HostSight::Seen(standing) = sight else { continue };
            if let (Some(swarm), true) = (&standing.swarm, standing.manager) {
                managers.entry(&swarm.id).or_default().push((name, standing));
            }
        }
        let (mut swarms, mut asked, mut silent) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        for (id, mut managers) in managers {
            managers.sort_by_key(|(name, _)| self.preference(name));
            for (name, standing) in managers {
                let Some(engine) = self.engines.get(name) else { continue };
                match Snapshot::observe_members(&engine.until(limit), standing).await {
                    Ok(snapshot) => {
                        swarms.insert(id.to_owned(), snapshot);
                        asked.insert(id.to_owned(), name.to_owned());
                        break;
                    }
                    Err(error) => silent.push(format!("`{name}`: {}", told(&error))),
                }
            }
        }
        self.world.swarms = swarms;
        self.world.silent = silent;
        self.asked = asked;
    }

    /// A manager that stays one is asked first.
    fn preference(&self, name: &str) -> (bool, bool, String) {
        let manager = self.settings.nodes.get(name).is_some_and(|node| node.role.as_deref() == Some("manager"));
        (self.settings.leader.as_deref() != Some(name), !manager, name.to_owned())
    }

    /// The swarm of the file, and the engine to ask and tell.
    ///
    /// # Errors
    /// If there is none, or which one it is can't be told.
    pub(super) fn home(&self) -> Result<(&Engine, &Snapshot)> {
        let none = || Error::new(ErrorKind::Unreachable, "no manager of the swarm can be asked any more");
        let Home::Swarm(swarm) = home(&self.world, self.settings) else { return Err(none().into()) };
        let asked = swarm.cluster.as_ref().and_then(|id| self.asked.get(id)).and_then(|name| self.engines.get(name));
        Ok((asked.ok_or_else(none)?, swarm))
    }

    /// Requests made so far.
    pub(super) fn requests(&self) -> u64 {
        self.engines.values().map(Engine::requests).sum()
    }
}

/// An error with its causes and what to do about it.
pub(super) fn told(error: &anyhow::Error) -> String {
    hint_of(error).map_or_else(|| format!("{error:#}"), |hint| format!("{error:#} ({hint})"))
}
