//! One node of a run of `orca gc`: look, plan, remove, measure.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::apply::local::{Hand, NodeApplier};
use crate::engine::Engine;
use crate::engine::local::{Identity, Stock};
use crate::error::{again, hint_of, interrupted};
use crate::interrupt::Interrupt;
use crate::nodes::{self, Stop};
use crate::pass::gc::keep::{Facts, Keep};
use crate::pass::gc::{self, Input, Only, Sweep};
use crate::plan::{Action, Blocked, TargetKind, Warning};
use crate::report::{ReportedAction, Status};
use crate::settings::Gc;
use crate::snapshot::Snapshot;
use crate::state::{Actor, State};

/// What the managers said is good for so long.
const FRESH: Duration = Duration::from_secs(10);

/// What is known of what the cluster needs.
#[derive(Debug)]
pub(super) enum Needs {
    /// This.
    Known(Wanted),
    /// The engine is in no swarm.
    Standalone,
    /// No manager could be asked, and why.
    Unknown(String),
}

/// What the managers said, asked again for nodes whose turn comes late: services change meanwhile.
#[derive(Debug)]
pub(super) struct Wanted {
    keep: RefCell<(Instant, Rc<Keep>)>,
    /// None: it was written down, and there is nobody to ask.
    managers: Option<Engine>,
}

impl Wanted {
    /// What was said just now.
    pub(super) fn new(keep: Keep, managers: Option<Engine>) -> Self {
        Self { keep: RefCell::new((Instant::now(), Rc::new(keep))), managers }
    }

    async fn now(&self) -> Result<Rc<Keep>> {
        let (asked, keep) = self.keep.borrow().clone();
        let Some(managers) = self.managers.as_ref().filter(|_| asked.elapsed() >= FRESH) else { return Ok(keep) };
        let keep = Rc::new(Keep::of(&Snapshot::observe_history(managers).await?)?);
        self.keep.replace((Instant::now(), Rc::clone(&keep)));
        Ok(keep)
    }
}

/// What all nodes of a run share.
pub(super) struct Round<'a> {
    pub(super) needs: Needs,
    /// The swarm that each node must be of, where a manager was asked.
    pub(super) cluster: Option<&'a Snapshot>,
    pub(super) settings: &'a Gc,
    /// `--volume`.
    pub(super) volumes: &'a BTreeSet<String>,
    /// Only these images, and nothing else.
    pub(super) only: Option<&'a Only>,
    /// None: plan only.
    pub(super) state: Option<State>,
    pub(super) actor: Actor,
    pub(super) budget: Cell<usize>,
    pub(super) deadline: Instant,
    pub(super) interrupt: &'a Interrupt,
    /// Where the disk under the engine's data shows itself, if not at the path that the engine names.
    pub(super) disk_at: Option<&'a str>,
}

/// What became of one node.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Visited {
    pub(super) name: String,
    pub(super) actions: Vec<ReportedAction>,
    pub(super) blocked: Vec<Blocked>,
    pub(super) warnings: Vec<Warning>,
    pub(super) unchanged: u64,
    #[serde(skip)]
    pub(super) error: Option<anyhow::Error>,
    pub(super) facts: Map<String, Value>,
    /// Which of the volumes that were named it has.
    pub(super) volumes: Vec<String>,
    pub(super) freed: u64,
}

impl Visited {
    /// A node that could not be worked on.
    pub(super) fn in_vain(name: &str, error: anyhow::Error) -> Self {
        let mut visited = Self { name: name.to_owned(), error: Some(error), ..Self::default() };
        visited.introduce();
        visited
    }

    /// Puts its name and its error first among its facts.
    fn introduce(&mut self) {
        let error = self.error.as_ref().map(|error| format!("{error:#}"));
        let mut facts = Map::new();
        facts.insert("node".to_owned(), self.name.clone().into());
        facts.insert("error".to_owned(), error.into());
        facts.append(&mut self.facts);
        self.facts = facts;
    }
}

impl Round<'_> {
    /// Works on one node. It fails alone.
    pub(super) async fn visit(&self, stop: &Stop) -> Visited {
        let mut visited = Visited { name: stop.name.clone().unwrap_or_default(), ..Visited::default() };
        if let Err(error) = self.work(stop, &mut visited).await {
            visited.error = Some(error);
        }
        visited.introduce();
        visited
    }

    async fn work(&self, stop: &Stop, visited: &mut Visited) -> Result<()> {
        let engine = match &stop.engine {
            Ok(engine) => engine,
            Err(error) => return Err(again(error)),
        };
        let stock = tokio::select! {
            _ = self.interrupt.nth(1) => return Err(interrupted()),
            stock = async { engine.until(self.deadline).stock(self.settings.grace).await } => stock?,
        };
        stop.check(&stock.engine, self.cluster)?;
        stop.name(&stock.engine).clone_into(&mut visited.name);
        let disk = self.disk_used(engine, &stock.engine);
        let wanted;
        let facts = match &self.needs {
            Needs::Known(known) => {
                wanted = known.now().await.map_err(|error| with_hint(&error));
                wanted.as_deref().map_or_else(|why| Facts::Unknown(why), Facts::Known)
            }
            Needs::Standalone => Facts::Standalone,
            Needs::Unknown(why) => Facts::Unknown(why),
        };
        let (name, settings) = (visited.name.clone(), self.settings);
        let (volumes, only) = (self.volumes, self.only);
        let input = Input { node: &name, stock: &stock, facts, settings, volumes, only, disk };
        let Sweep { plan, kept } = gc::plan(&input);
        let own = stock.volumes.iter().map(|volume| &volume.name);
        visited.volumes = own.filter(|name| self.volumes.contains(*name)).cloned().collect();
        visited.unchanged = plan.unchanged;
        visited.blocked = plan.blocked;
        visited.warnings = plan.warnings;
        describe(visited, engine, &stock, disk, &kept);
        let Some(state) = &self.state else {
            visited.actions =
                plan.actions.iter().map(|action| ReportedAction::new(action, Status::Planned, None)).collect();
            return Ok(());
        };
        self.carry_out(plan.actions, engine, &stock, state, visited).await
    }

    async fn carry_out(
        &self,
        actions: Vec<Action>,
        engine: &Engine,
        stock: &Stock,
        state: &State,
        visited: &mut Visited,
    ) -> Result<()> {
        // What has begun is let finish: only what has not is left out when time is up.
        let mut applier = NodeApplier {
            hand: Hand::Engine { engine, api: &stock.engine.api },
            state,
            actor: &self.actor,
            budget: &self.budget,
            deadline: self.deadline,
            interrupt: self.interrupt,
            memory: None,
        };
        let images = actions.iter().any(|action| action.target.kind == TargetKind::Image);
        let (outcome, freed) = applier.apply(actions).await;
        visited.freed = freed;
        if images {
            match engine.layers_bytes(&stock.engine.api).await {
                Ok(after) => visited.freed = freed.saturating_add(stock.layers_bytes.saturating_sub(after)),
                Err(error) => {
                    let text =
                        format!("`{}`: how much removing images freed can't be measured: {error:#}", visited.name);
                    visited.warnings.push(Warning::new("not_measured", text));
                }
            }
        }
        visited.actions = outcome.actions;
        visited.warnings.extend(outcome.warnings);
        visited.facts.insert("freed_bytes".to_owned(), visited.freed.into());
        outcome.error.map_or(Ok(()), Err)
    }

    fn disk_used(&self, engine: &Engine, own: &Identity) -> Option<f64> {
        nodes::disk_used(engine, self.disk_at.unwrap_or(&own.root))
    }
}

/// An error in one line, for a refusal.
pub(super) fn with_hint(error: &anyhow::Error) -> String {
    match hint_of(error) {
        Some(hint) => format!("{error:#}: {hint}"),
        None => format!("{error:#}"),
    }
}

/// The node's own facts for the report.
fn describe(
    visited: &mut Visited,
    engine: &Engine,
    stock: &Stock,
    disk: Option<f64>,
    kept: &BTreeMap<&'static str, u64>,
) {
    let percent = disk.map(|share| (share * 1000.0).round() / 10.0);
    let facts = [
        ("endpoint", json!(engine.endpoint().address.to_string())),
        ("engine", json!(stock.engine.version)),
        ("disk_used_percent", json!(percent)),
        ("containers", json!(stock.containers.len())),
        ("images", json!(stock.images.len())),
        ("volumes", json!(stock.volumes.len())),
        ("layers_bytes", json!(stock.layers_bytes)),
        ("kept", json!(kept)),
        ("freed_bytes", json!(0)),
    ];
    visited.facts.extend(facts.map(|(key, value)| (key.to_owned(), value)));
}
