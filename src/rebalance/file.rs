//! A plan that was saved: the report of `orca rebalance plan`, read again.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use serde::Deserialize;

use crate::error::{Error, ErrorKind};
use crate::pass::memory::elapsed;
use crate::pass::rebalance::balance::Move;
use crate::pass::rebalance::memory::Ask;
use crate::pass::rebalance::{Goal, Request};
use crate::plan::Warning;

/// Figures of memory are not true for longer.
const VALID: Duration = Duration::from_secs(15 * 60);

/// Clocks of hosts may be so far apart.
const AHEAD: Duration = Duration::from_secs(5 * 60);

/// What is needed of a saved plan.
#[derive(Debug, Deserialize)]
pub struct PlanFile {
    schema: String,
    command: String,
    run: Run,
    cluster: Option<Cluster>,
    data: Data,
}

#[derive(Debug, Deserialize)]
struct Run {
    started: Timestamp,
}

#[derive(Debug, Deserialize)]
struct Cluster {
    id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Data {
    goal: SavedGoal,
    guarded: bool,
    metrics: SavedMetrics,
    moves: Vec<Move>,
}

#[derive(Debug, Deserialize)]
struct SavedMetrics {
    estimated: bool,
}

#[derive(Debug, Deserialize)]
struct SavedGoal {
    kind: String,
    max_restarts: Option<u32>,
    target_peak: Option<f64>,
    node: Option<String>,
}

impl PlanFile {
    /// Reads a plan from disk.
    ///
    /// # Errors
    /// With the kind `Config` if it can't be read, or is not a plan.
    pub fn load(path: &Path) -> Result<Self> {
        const HINT: &str = "make one with `orca rebalance plan -o json > FILE`";
        let name = path.display();
        let text = std::fs::read_to_string(path)
            .with_context(|| Error::new(ErrorKind::Config, format!("can't read the plan `{name}`")).hint(HINT))?;
        Self::parse(&text).with_context(|| Error::new(ErrorKind::Config, format!("`{name}` is not a plan")).hint(HINT))
    }

    fn parse(text: &str) -> Result<Self> {
        let plan: Self = serde_json::from_str(text)?;
        if plan.schema != crate::report::SCHEMA || plan.command != super::PLAN {
            bail!("it is a `{}` of `{}`", plan.schema, plan.command);
        }
        Ok(plan)
    }

    /// The moves, if the plan may be carried out here and now.
    ///
    /// # Errors
    /// With the kind `Refused` if it is too old, or for another cluster.
    pub fn moves(&self, cluster: Option<&str>, now: Timestamp) -> Result<&[Move]> {
        let refused = |message: String| Error::new(ErrorKind::Refused, message).hint("plan afresh");
        if self.cluster.as_ref().and_then(|cluster| cluster.id.as_deref()) != cluster {
            return Err(refused("the plan was made for another cluster".to_owned()).into());
        }
        if elapsed(now, self.run.started) > AHEAD {
            return Err(refused(format!("the plan is from the future: it was made at {}", self.run.started)).into());
        }
        let age = elapsed(self.run.started, now);
        if age > VALID {
            let text = format!("the plan is {} minutes old, more than {}", age.as_secs() / 60, VALID.as_secs() / 60);
            return Err(refused(text).into());
        }
        Ok(&self.data.moves)
    }

    /// What to say where there are no figures now: the plan was made from some.
    pub fn unmeasured(&self) -> Option<Warning> {
        let text = "the plan was made from measured figures, and there are none now (--metrics): whether a target has \
                    room is judged by what services reserve";
        (!self.data.metrics.estimated).then(|| Warning::new("unmeasured_plan", text))
    }

    /// What the plan was asked for.
    pub fn request(&self) -> Request {
        let SavedGoal { kind, max_restarts, target_peak, node } = &self.data.goal;
        let goal = match (kind.as_str(), node, max_restarts, target_peak) {
            ("count", ..) => Goal::Count,
            ("empty", Some(node), ..) => Goal::Empty(node.clone()),
            (.., Some(restarts), _) => Goal::Memory(Ask::Restarts(*restarts)),
            (.., Some(peak)) => Goal::Memory(Ask::Peak(*peak)),
            _ => Goal::Memory(Ask::Knee),
        };
        Request { goal, guarded: self.data.guarded, at_once: false, start_first: false }
    }
}
