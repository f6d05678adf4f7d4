//! Whether there is a reason to act at all: a node too full or nodes too far apart, for long enough.

use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::pass::memory::{RebalanceMemory, Stopwatch};
use crate::settings::Rebalance;

use super::words::{percent, span};

/// What the trigger says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TriggerState {
    /// No node is too full, and none too far above another.
    Calm,
    /// There is a reason, but not for long enough, as earlier passes saw.
    Waiting,
    /// There is a reason now; no earlier pass has noted since when.
    Unconfirmed,
    /// There has been a reason for long enough.
    Fired,
    /// Acting has begun and the cluster is not calm yet.
    Active,
    /// Not asked: the goal is its own reason, or guard rails are off.
    Off,
}

/// The trigger and its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Trigger {
    /// What it says.
    pub state: TriggerState,
    /// The same in words.
    pub detail: String,
}

impl Trigger {
    /// Nobody asked.
    pub(super) fn off() -> Self {
        Self { state: TriggerState::Off, detail: "not looked at".to_owned() }
    }

    /// Whether there is a reason to act, but not for long enough as far as is known.
    pub(super) fn too_early(&self) -> bool {
        matches!(self.state, TriggerState::Waiting | TriggerState::Unconfirmed)
    }

    /// Whether it allows moves. What isn't confirmed yet may be planned: only applying it needs to wait.
    pub(super) fn allows(&self) -> bool {
        !matches!(self.state, TriggerState::Calm | TriggerState::Waiting)
    }
}

/// Judges the shares by node name, and what is to be remembered of them.
pub(super) fn judge(
    shares: &[(&str, f64)],
    policy: &Rebalance,
    memory: &RebalanceMemory,
    now: Timestamp,
) -> (Trigger, RebalanceMemory) {
    let fullest = shares.iter().max_by(|a, b| a.1.total_cmp(&b.1)).copied().unwrap_or(("-", 0.0));
    let emptiest = shares.iter().min_by(|a, b| a.1.total_cmp(&b.1)).copied().unwrap_or(("-", 0.0));
    let gap = fullest.1 - emptiest.1;
    let watch = |seen: Option<Stopwatch>, holds: bool| holds.then(|| Stopwatch::tick(seen, now));
    let mut next = memory.clone();
    next.high = watch(memory.high, fullest.1 > policy.high);
    next.spread = watch(memory.spread, gap > policy.spread);
    let seen = |before: Option<Stopwatch>, now: Option<Stopwatch>| before.and(now).map(Stopwatch::total);
    let rules = [
        Rule {
            holds: fullest.1 > policy.high,
            seen: seen(memory.high, next.high),
            long: policy.high_for,
            what: format!("`{}` is at {}, above {}", fullest.0, percent(fullest.1), percent(policy.high)),
        },
        Rule {
            holds: gap > policy.spread,
            seen: seen(memory.spread, next.spread),
            long: policy.spread_for,
            what: format!(
                "`{}` at {} is more than {:.0} points above `{}` at {}",
                fullest.0,
                percent(fullest.1),
                policy.spread * 100.0,
                emptiest.0,
                percent(emptiest.1)
            ),
        },
    ];
    let state = rules.iter().filter_map(|rule| Some((rule.state()?, rule))).max_by_key(|(state, _)| rank(*state));
    let calm = fullest.1 <= policy.clear_high && gap <= policy.clear_spread;
    let trigger = match state {
        Some((state, rule)) => Trigger { state, detail: rule.words(state) },
        None if memory.active && !calm => Trigger {
            state: TriggerState::Active,
            detail: format!("acting goes on until the cluster is calm; `{}` is at {}", fullest.0, percent(fullest.1)),
        },
        None => Trigger {
            state: TriggerState::Calm,
            detail: format!(
                "no node is above {}, and the fullest is {:.1} points above the emptiest",
                percent(policy.high),
                gap * 100.0
            ),
        },
    };
    next.active = trigger.state == TriggerState::Fired || (memory.active && !calm);
    (trigger, next)
}

struct Rule {
    holds: bool,
    /// How long passes have seen it hold; none if no earlier one has.
    seen: Option<Duration>,
    long: Duration,
    what: String,
}

impl Rule {
    fn state(&self) -> Option<TriggerState> {
        self.holds.then(|| match self.seen {
            _ if self.long.is_zero() => TriggerState::Fired,
            None => TriggerState::Unconfirmed,
            Some(seen) if seen >= self.long => TriggerState::Fired,
            Some(_) => TriggerState::Waiting,
        })
    }

    fn words(&self, state: TriggerState) -> String {
        let since = self.seen.map(span).unwrap_or_default();
        match state {
            TriggerState::Fired if self.seen.is_some() => format!("{}, for {since}", self.what),
            TriggerState::Waiting => format!("{}, for {since} of {}", self.what, span(self.long)),
            TriggerState::Unconfirmed => {
                format!("{}; `apply` waits until passes have seen that for {}", self.what, span(self.long))
            }
            _ => self.what.clone(),
        }
    }
}

/// What is known wins over what is not, and more over less.
fn rank(state: TriggerState) -> u8 {
    match state {
        TriggerState::Fired => 3,
        TriggerState::Unconfirmed => 2,
        TriggerState::Waiting => 1,
        _ => 0,
    }
}
