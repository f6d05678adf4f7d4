//! One mover per swarm: a config object that only one orca can have made.
//!
//! The lock on this host is not enough, since every manager may run an orca. The object ends with the run that made it;
//! one that a killed run has left is taken over by the next run with the same state directory at once, by others when
//! its time is over.

use std::time::Duration;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::labelled::{Labelled, config_spec};
use crate::engine::{Engine, Written};
use crate::error::{Error, ErrorKind, kind_of};

/// The object's name.
const NAME: &str = "orca.turn";
/// Its labels: [`Owner::host`],
const HOST: &str = "orca.turn.host";
/// [`Owner::node`],
const NODE: &str = "orca.turn.node";
/// [`Owner::run`],
const RUN: &str = "orca.turn.run";
/// and when the turn ends.
const UNTIL: &str = "orca.turn.until";
/// A run that has not been heard of for so long is over. Much longer than clocks of managers are apart.
const TERM: Duration = Duration::from_secs(180);
/// A run makes itself heard so often.
const RENEW: Duration = Duration::from_secs(45);
/// One look at the object, or one write, takes no longer, whatever time the run has left.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often the object may change under an orca that wants it.
const TRIES: u32 = 4;

/// Who wants the turn.
#[derive(Debug, Clone)]
pub struct Owner {
    /// Of the state directory: whoever has its lock and finds this in the object knows that its run is over.
    pub host: String,
    /// For people.
    pub node: String,
    /// `run.id` of the report.
    pub run: String,
}

/// The turn to move tasks; to be given back with [`Turn::end`].
#[derive(Debug)]
pub struct Turn {
    engine: Engine,
    api: String,
    owner: Owner,
    renewed: Instant,
}

impl Turn {
    /// Takes the turn.
    ///
    /// # Errors
    /// With the kind `Locked` if another orca has it; if the engine refuses, or is lost.
    pub async fn take(engine: &Engine, api: &str, owner: Owner) -> Result<Self> {
        let turn = Self { engine: engine.clone(), api: api.to_owned(), owner, renewed: Instant::now() };
        for _ in 0..TRIES {
            if turn.engine().create("configs", &turn.api, &turn.spec()).await.context("can't take the turn")?.is_some()
            {
                return Ok(turn);
            }
            let Some(object) = turn.read().await? else { continue };
            let label = |key: &str| object.label(key).unwrap_or_default();
            let until = label(UNTIL);
            let over = until.parse::<Timestamp>().map_or(true, |until| until < Timestamp::now());
            if label(HOST) != turn.owner.host && !over {
                let text = format!("the orca on `{}` is moving tasks of this swarm", label(NODE));
                let hint = format!("run again later; if that orca is dead, its turn ends at {until}");
                return Err(Error::new(ErrorKind::Locked, text).hint(hint).into());
            }
            let (id, version) = (&object.id, object.version());
            match turn.engine().update("configs", id, &turn.api, version, &turn.spec()).await? {
                Written::Done => return Ok(turn),
                Written::Conflict | Written::Gone => {}
            }
        }
        let text = "several orcas want to move tasks of this swarm at once";
        Err(Error::new(ErrorKind::Locked, text).hint("run again later").into())
    }

    /// Makes the run heard of, when it is time to. False if another orca has taken the turn meanwhile.
    ///
    /// # Errors
    /// If the engine is lost.
    pub async fn renew(&mut self) -> Result<bool> {
        if self.renewed.elapsed() < RENEW {
            return Ok(true);
        }
        let Some(object) = self.read().await? else { return Ok(false) };
        if object.label(RUN) != Some(&self.owner.run) {
            return Ok(false);
        }
        let (id, version) = (&object.id, object.version());
        let written = self.engine().update("configs", id, &self.api, version, &self.spec()).await?;
        self.renewed = Instant::now();
        Ok(written == Written::Done)
    }

    /// Gives the turn back.
    ///
    /// # Errors
    /// If the engine is lost; the turn then ends by itself.
    pub async fn end(self) -> Result<()> {
        let Some(object) = self.read().await? else { return Ok(()) };
        if object.label(RUN) != Some(&self.owner.run) {
            return Ok(());
        }
        self.engine().remove("configs", &object.id).await
    }

    /// Gives back a turn that a stopped run has left; false if there is none, or its run may go on.
    ///
    /// # Errors
    /// If the engine is lost.
    pub async fn sweep(engine: &Engine, api: &str, owner: Owner) -> Result<bool> {
        if engine.object("configs", NAME).await?.is_none() {
            return Ok(false);
        }
        match Self::take(engine, api, owner).await {
            Ok(turn) => turn.end().await.map(|()| true),
            Err(error) if kind_of(&error) == ErrorKind::Locked => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn engine(&self) -> Engine {
        self.engine.until(Instant::now() + PATIENCE)
    }

    async fn read(&self) -> Result<Option<Labelled>> {
        let Some(raw) = self.engine().object("configs", NAME).await? else { return Ok(None) };
        Labelled::read(&raw).map(Some).with_context(|| format!("the config `{NAME}` can't be read"))
    }

    fn spec(&self) -> Value {
        let Owner { host, node, run } = &self.owner;
        let until = format!("{:.0}", Timestamp::now().checked_add(TERM).unwrap_or(Timestamp::MAX));
        config_spec(NAME, &json!({ HOST: host, NODE: node, RUN: run, UNTIL: until }))
    }
}
