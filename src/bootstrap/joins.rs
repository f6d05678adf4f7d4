//! Joining: one manager and any number of workers side by side, each with the token of its role.

use anyhow::Result;
use futures_util::StreamExt as _;
use tokio::time::Instant;

use super::Touched;
use super::fleet::{Fleet, told};
use super::steps::{Begun, Ended, Steps, host_of};
use crate::apply::swarm;
use crate::engine::Engine;
use crate::engine::swarm::{Join, Tokens};
use crate::error::{Error, ErrorKind};
use crate::model::{Member, Node, Role};
use crate::pass::bootstrap::HostSight;
use crate::plan::{Action, Change};
use crate::snapshot::Snapshot;

impl Steps<'_> {
    /// Lets engines join side by side. Each fails alone.
    pub(super) async fn joins(&mut self, actions: Vec<Action>, fleet: &mut Fleet<'_>, limit: Instant) -> Touched {
        let begun: Vec<Begun> = actions.into_iter().map(|action| self.begin(vec![action])).collect();
        let parallel = usize::try_from(self.run.settings.bootstrap.parallel).unwrap_or(1).max(1);
        let prepared = self.prepare(fleet, limit).await;
        let ended: Vec<(Begun, Result<Ended>)> = match &prepared {
            Err(error) => {
                let why = told(error);
                begun.into_iter().map(|begun| (begun, Err(Error::new(ErrorKind::Failed, why.clone()).into()))).collect()
            }
            Ok((home, managers, tokens)) => {
                let joins = begun.into_iter().map(|begun| async {
                    let joined = self.join(&begun.actions[0], fleet, home, managers, tokens, limit).await;
                    (begun, joined.map(|()| Ended::Done))
                });
                futures_util::stream::iter(joins).buffered(parallel).collect().await
            }
        };
        if prepared.is_err() {
            self.halt = Some("the swarm's manager was lost".to_owned());
        }
        let mut touched = Touched::new();
        for (begun, ended) in ended {
            let name = host_of(&begun.actions[0]);
            self.conclude(&begun, ended);
            touched.insert(name);
        }
        touched
    }

    /// What all joins need: the manager to look at, the addresses to join at, the tokens.
    async fn prepare(&mut self, fleet: &Fleet<'_>, limit: Instant) -> Result<(Engine, Vec<String>, Tokens)> {
        let (home, known) = fleet.home()?;
        let tokens = match self.tokens.clone() {
            Some(tokens) => tokens,
            None => home.until(limit).join_tokens().await?,
        };
        self.tokens = Some(tokens.clone());
        Ok((home.clone(), addresses(known), tokens))
    }

    async fn join(
        &self,
        action: &Action,
        fleet: &Fleet<'_>,
        home: &Engine,
        managers: &[String],
        tokens: &Tokens,
        limit: Instant,
    ) -> Result<()> {
        let name = host_of(action);
        let gone = || Error::new(ErrorKind::Failed, format!("`{name}` can't be asked any more"));
        let engine = fleet.engines.get(&name).ok_or_else(gone)?;
        let Some(HostSight::Seen(standing)) = fleet.world.hosts.get(&name) else { return Err(gone().into()) };
        let Change::NodeJoin { role } = action.change else { return Err(gone().into()) };
        let node = self.run.settings.nodes.get(&name);
        let join = Join {
            managers,
            advertise: node.and_then(|node| node.ip.as_deref()).unwrap_or_default(),
            availability: node.and_then(|node| node.availability.as_deref()).unwrap_or("active"),
            token: if role == Role::Manager { &tokens.manager } else { &tokens.worker },
        };
        swarm::join(engine, home, &standing.api, &join, role, limit).await
    }
}

/// Where managers listen for nodes that want to join.
fn addresses(swarm: &Snapshot) -> Vec<String> {
    let of = |node: &Node| {
        Member::read(&node.raw).ok().filter(|member| member.reachable).map(|member| member.manager_address)
    };
    swarm.nodes.iter().filter_map(of).filter(|address| !address.is_empty()).collect()
}
