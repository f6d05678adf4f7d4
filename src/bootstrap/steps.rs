//! Takes the steps of a plan: what may go side by side does, what changes the managers goes alone; after each the cluster
//! is looked at and planned anew.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;
use jiff::Timestamp;
use tokio::time::Instant;

use super::fleet::{Fleet, told};
use super::{Bootstrapping, Touched};
use crate::apply::{self, swarm};
use crate::engine::Written;
use crate::engine::swarm::{Init, Tokens};
use crate::error::{Error, ErrorKind, kind_of};
use crate::model::Role;
use crate::pass::bootstrap::{Consent, HostSight, plan};
use crate::plan::{Action, Change, Plan, Warning};
use crate::progress::Progress;
use crate::report::{ReportedAction, Status, millis_since};
use crate::state::{Actor, State};

/// How often a node may change under orca before it is given up.
const MAX_CONFLICTS: u32 = 5;

/// The steps of one run.
pub(super) struct Steps<'a> {
    pub(super) run: &'a Bootstrapping<'a>,
    consent: &'a Consent,
    key_file: &'a Path,
    state: &'a State,
    actor: &'a Actor,
    progress: &'a Progress,
    deadline: Instant,
    budget: usize,
    pub(super) tokens: Option<Tokens>,
    /// Actions that were tried, by id.
    tried: BTreeSet<String>,
    /// Those of them that succeeded.
    done: BTreeSet<String>,
    conflicts: BTreeMap<String, u32>,
    actions: Vec<ReportedAction>,
    warnings: Vec<Warning>,
    error: Option<anyhow::Error>,
    /// No step is begun any more, for this reason.
    pub(super) halt: Option<String>,
    /// Steps that failed, and why.
    failed: Vec<String>,
    /// The change of the managers that failed: the next one has to wait until that is settled.
    stuck: Option<String>,
}

/// How a step ended.
pub(super) enum Ended {
    Done,
    /// It is not needed any more, and why.
    Moot(String),
    /// Somebody else changed the node: it is to be planned anew.
    Conflict,
}

/// A step under way: its actions, its rows in the journal, when it began.
pub(super) struct Begun {
    pub(super) actions: Vec<Action>,
    rows: Vec<i64>,
    since: Instant,
}

impl<'a> Steps<'a> {
    pub(super) fn new(
        run: &'a Bootstrapping<'a>,
        consent: &'a Consent,
        key_file: &'a Path,
        state: &'a State,
        actor: &'a Actor,
        progress: &'a Progress,
        (deadline, budget): (Instant, usize),
    ) -> Self {
        Self {
            run,
            consent,
            key_file,
            state,
            actor,
            progress,
            deadline,
            budget,
            tokens: None,
            tried: BTreeSet::new(),
            done: BTreeSet::new(),
            conflicts: BTreeMap::new(),
            actions: Vec::new(),
            warnings: Vec::new(),
            error: None,
            halt: None,
            failed: Vec::new(),
            stuck: None,
        }
    }

    /// Takes steps until none is left; returns the plan that is left then.
    pub(super) async fn take(&mut self, first: Plan, fleet: &mut Fleet<'_>) -> Plan {
        let wanted = first.actions.clone();
        let mut current = first;
        self.progress.begin(wanted.len());
        loop {
            current.actions.retain(|action| !self.tried.contains(&action.id));
            let step = self.next_step(&current.actions);
            if step.is_empty() {
                break;
            }
            self.progress.step(&step[0].target.name, step.len());
            let touched = self.step(step, fleet).await;
            // A pass that has run out of time still says how it ended.
            let limit = self.deadline.max(Instant::now() + self.run.settings.bootstrap.wait);
            fleet.look_at(&touched, limit).await;
            current = plan(&fleet.world, self.run.settings, self.consent);
        }
        self.progress.end();
        self.leave_out(&wanted, &current);
        current
    }

    /// What became of everything.
    pub(super) fn end(mut self) -> (Vec<ReportedAction>, Vec<Warning>, Option<anyhow::Error>) {
        if !self.failed.is_empty() {
            let text = format!("{} steps failed: {}", self.failed.len(), self.failed.join("; "));
            let error = Error::new(ErrorKind::Failed, text).hint("what was done stays; run again to go on");
            self.fail(error.into());
        }
        (self.actions, self.warnings, self.error)
    }

    fn fail(&mut self, error: anyhow::Error) {
        let weight = |error: &anyhow::Error| kind_of(error).weight();
        if self.error.as_ref().is_none_or(|known| weight(known) < weight(&error)) {
            self.error = Some(error);
        }
    }

    /// The actions that can be made now, side by side: one change of the managers at most.
    fn next_step(&mut self, actions: &[Action]) -> Vec<Action> {
        if let Some(why) = self.halted() {
            self.halt.get_or_insert(why);
            return Vec::new();
        }
        let ready: Vec<&Action> = actions
            .iter()
            .filter(|action| action.requires.iter().all(|id| self.done.contains(id)))
            .filter(|action| self.stuck.is_none() || !changes_managers(&action.change))
            .collect();
        let Some(first) = ready.first() else { return Vec::new() };
        let is_worker_join = |action: &Action| matches!(action.change, Change::NodeJoin { role: Role::Worker });
        let step: Vec<Action> = match &first.change {
            Change::NodeJoin { .. } => {
                let beside = ready.iter().skip(1).copied().filter(|action| is_worker_join(action));
                std::iter::once(*first).chain(beside).cloned().collect()
            }
            Change::LabelSet { .. }
            | Change::LabelRemove { .. }
            | Change::RecordForget { .. }
            | Change::AvailabilitySet { .. } => {
                let same = |action: &&&Action| action.target.id == first.target.id && !is_alone(&action.change);
                ready.iter().filter(same).copied().cloned().collect()
            }
            _ => vec![(*first).clone()],
        };
        let step: Vec<Action> = step.into_iter().take(self.budget).collect();
        if step.is_empty() {
            self.halt = Some("over the budget of --max-actions".to_owned());
        }
        step
    }

    /// Why no step may be begun any more.
    fn halted(&mut self) -> Option<String> {
        if self.halt.is_some() {
            return self.halt.clone();
        }
        if self.run.interrupt.exit_code().is_some() {
            let text = "interrupted by a signal; actions not begun were left out";
            self.fail(Error::new(ErrorKind::Interrupted, text).into());
            return Some("interrupted".to_owned());
        }
        if Instant::now() >= self.deadline {
            let error = Error::new(ErrorKind::Timeout, "the pass ran out of time; actions not begun were left out")
                .hint("the next pass goes on; --timeout gives a pass more time");
            self.fail(error.into());
            return Some("out of time".to_owned());
        }
        None
    }

    /// Makes a step; returns the nodes that it touched.
    async fn step(&mut self, actions: Vec<Action>, fleet: &mut Fleet<'_>) -> Touched {
        // What has begun is let finish, beyond the deadline if need be.
        let limit = Instant::now() + self.run.settings.bootstrap.wait;
        self.budget -= actions.len();
        if matches!(actions[0].change, Change::NodeJoin { .. }) {
            return self.joins(actions, fleet, limit).await;
        }
        let name = host_of(&actions[0]);
        let begun = self.begin(actions);
        let ended = self.make(&begun.actions, &name, fleet, limit).await;
        if let Err(error) = &ended
            && swarm::is_lost(error)
        {
            self.halt = Some("the swarm's manager was lost".to_owned());
        }
        self.conclude(&begun, ended);
        // Roles show in the engine's own standing, too.
        Touched::from([name])
    }

    async fn make(&mut self, actions: &[Action], name: &str, fleet: &Fleet<'_>, limit: Instant) -> Result<Ended> {
        match &actions[0].change {
            Change::SwarmInit => self.init(name, fleet, limit).await.map(|()| Ended::Done),
            Change::UnlockKeySave { .. } => {
                let (home, _) = fleet.home()?;
                swarm::save_key(home, self.key_file, limit).await.map(|()| Ended::Done)
            }
            Change::NodeRemove => {
                let (home, known) = fleet.home()?;
                let removed = swarm::remove(home, &known.api, &actions[0].target.id, limit).await?;
                Ok(if removed { Ended::Done } else { Ended::Moot("it was gone already".to_owned()) })
            }
            _ => {
                let (home, known) = fleet.home()?;
                let Some(node) = known.nodes.iter().find(|node| node.id.0 == actions[0].target.id) else {
                    return Ok(Ended::Moot("it is gone from the swarm".to_owned()));
                };
                let changes: Vec<&Change> = actions.iter().map(|action| &action.change).collect();
                Ok(match swarm::edit(home, &known.api, node, &changes, limit).await? {
                    Written::Done => Ended::Done,
                    Written::Gone => Ended::Moot("it was removed from the swarm meanwhile".to_owned()),
                    Written::Conflict => Ended::Conflict,
                })
            }
        }
    }

    async fn init(&self, name: &str, fleet: &Fleet<'_>, limit: Instant) -> Result<()> {
        let (settings, bootstrap) = (self.run.settings, &self.run.settings.bootstrap);
        let gone = || Error::new(ErrorKind::Failed, format!("`{name}` can't be asked any more"));
        let engine = fleet.engines.get(name).ok_or_else(gone)?;
        let Some(HostSight::Seen(standing)) = fleet.world.hosts.get(name) else { return Err(gone().into()) };
        let node = settings.nodes.get(name);
        let ip = || node.and_then(|node| node.ip.clone());
        if bootstrap.autolock {
            // A swarm whose key can't be saved must not be locked.
            swarm::new_beside(self.key_file)?;
        }
        let init = Init {
            advertise: settings.advertise_addr.clone().or_else(ip).unwrap_or_default(),
            address_pool: bootstrap.default_addr_pool.clone(),
            subnet_size: bootstrap.subnet_size,
            data_path_port: bootstrap.data_path_port,
            autolock: bootstrap.autolock,
            availability: node.and_then(|node| node.availability.clone()).unwrap_or_else(|| "active".to_owned()),
        };
        swarm::init(engine, &standing.api, &init, limit).await
    }

    pub(super) fn begin(&mut self, actions: Vec<Action>) -> Begun {
        let now = Timestamp::now();
        let mut rows = Vec::new();
        for action in &actions {
            match self.state.begin(self.actor, action, now) {
                Ok(row) => rows.push(row),
                // The journal is for people; a full disk must not keep a cluster from being made.
                Err(error) => self.warnings.push(Warning::new("journal", format!("{error:#}"))),
            }
        }
        Begun { actions, rows, since: Instant::now() }
    }

    pub(super) fn conclude(&mut self, begun: &Begun, mut ended: Result<Ended>) {
        let name = &begun.actions[0].target.name;
        if let Ok(Ended::Conflict) = &ended {
            let met = self.conflicts.entry(name.clone()).or_default();
            *met += 1;
            if *met <= MAX_CONFLICTS {
                self.budget += begun.actions.len();
                return self.note(&begun.rows, "conflict", None);
            }
            let text = format!("`{name}` kept changing while orca tried to update it ({MAX_CONFLICTS} times)");
            ended = Err(Error::new(ErrorKind::Conflict, text).hint("another writer is active; run again").into());
        }
        let (status, word, text) = match &ended {
            Ok(Ended::Moot(why)) => (Status::Skipped, "skipped", Some(why.clone())),
            Ok(_) => (Status::Done, "done", None),
            Err(error) => (Status::Failed, "failed", Some(format!("{error:#}"))),
        };
        self.note(&begun.rows, word, text.as_deref());
        let duration_ms = millis_since(begun.since);
        for action in &begun.actions {
            self.tried.insert(action.id.clone());
            if status != Status::Failed {
                self.done.insert(action.id.clone());
            }
            self.actions.push(ReportedAction { duration_ms, ..ReportedAction::new(action, status, text.clone()) });
        }
        if let Err(error) = ended {
            let Action { id, change, .. } = &begun.actions[0];
            if changes_managers(change) {
                self.stuck = Some(id.clone());
            }
            if matches!(change, Change::SwarmInit) {
                self.halt = Some("the swarm was not made".to_owned());
            }
            // A node that is lost while it joins fails alone.
            if matches!(change, Change::NodeJoin { .. }) || kind_of(&error) == ErrorKind::Failed {
                self.failed.push(format!("`{id}`: {}", told(&error)));
            } else {
                let text = format!("`{id}` failed");
                self.fail(error.context(text));
            }
        }
    }

    fn note(&mut self, rows: &[i64], status: &str, error: Option<&str>) {
        for row in rows {
            if let Err(failed) = self.state.finish(*row, status, error) {
                self.warnings.push(Warning::new("journal", format!("{failed:#}")));
            }
        }
    }

    /// Reports what was planned and not even tried.
    fn leave_out(&mut self, wanted: &[Action], left: &Plan) {
        let mut said = self.tried.clone();
        for action in wanted.iter().chain(&left.actions) {
            if !said.insert(action.id.clone()) {
                continue;
            }
            let why = if let Some(missing) = action.requires.iter().find(|id| !self.done.contains(*id)) {
                format!("needs `{missing}`, which was not done")
            } else if let Some(why) = &self.halt {
                why.clone()
            } else if let (Some(stuck), true) = (&self.stuck, changes_managers(&action.change)) {
                format!("`{stuck}` failed: one change of the managers at a time")
            } else {
                "no longer wanted as things are now".to_owned()
            };
            self.actions.push(apply::skipped(action, &why));
        }
    }
}

/// Whether it gives a vote or takes one.
fn changes_managers(change: &Change) -> bool {
    matches!(change, Change::NodeJoin { role: Role::Manager } | Change::RoleSet { .. })
}

/// Whether a change of a node is a step of its own.
fn is_alone(change: &Change) -> bool {
    matches!(change, Change::RoleSet { .. } | Change::NodeRemove | Change::SwarmInit | Change::UnlockKeySave { .. })
}

/// The name in the file of the node that an action works on; a ghost is its host's.
pub(super) fn host_of(action: &Action) -> String {
    let key = action.id.strip_prefix("node/").unwrap_or(&action.id);
    let key = key.split_once('#').map_or(key, |(key, _)| key);
    key.split_once('@').map_or(key, |(name, _)| name).to_owned()
}
