//! `autoheal:`: what counts as ill, and what may be done about it.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Origin;
use super::de::Spanned;
use super::fragment::Span;
use super::problem::Log;
use super::section::Section;
use super::show::span;

/// `autoheal:`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Autoheal {
    /// Unhealthy containers that are no swarm tasks.
    pub containers: HealContainers,
    /// Services whose tasks keep failing.
    pub services: HealServices,
    /// Tasks that find no node.
    pub pending: PendingTasks,
}

/// `autoheal.containers:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealContainers {
    /// All containers, not only those with the label `autoheal=true`.
    pub all: bool,
    /// A container must have been unhealthy for so long.
    pub grace: Duration,
    /// After the n-th restart the next one waits n times this.
    pub backoff: Duration,
    /// But no longer than this.
    pub backoff_max: Duration,
    /// After so many restarts a container is given up.
    pub give_up: u32,
}

/// `autoheal.services:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealServices {
    /// So many ends of one slot's tasks within `window` are too many.
    pub failures: u32,
    /// See `failures`.
    pub window: Duration,
    /// What is done about a service without the label `orca.autoheal`: step after step; none is to report only.
    pub policy: Vec<Step>,
    /// Time between two steps on one service.
    pub backoff: Duration,
    /// Steps in one pass, over all services.
    pub max_actions: u32,
}

/// `autoheal.pending:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingTasks {
    /// A task that has waited for a node for so long is reported.
    pub after: Duration,
}

/// What may be done about a service whose tasks keep failing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Say what is wrong, and nothing else.
    Report,
    /// Start all tasks afresh.
    Restart,
    /// Go back to the spec before the last update.
    Rollback,
    /// Stop it.
    ScaleZero,
}

impl Step {
    /// The word in the file and in the label.
    pub fn name(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Restart => "restart",
            Self::Rollback => "rollback",
            Self::ScaleZero => "scale-zero",
        }
    }

    /// The step of this name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Report, Self::Restart, Self::Rollback, Self::ScaleZero].into_iter().find(|step| step.name() == text)
    }
}

impl Default for HealContainers {
    fn default() -> Self {
        Self {
            all: false,
            grace: Duration::from_secs(60),
            backoff: Duration::from_secs(300),
            backoff_max: Duration::from_secs(3600),
            give_up: 10,
        }
    }
}

impl Default for HealServices {
    fn default() -> Self {
        Self {
            failures: 3,
            window: Duration::from_secs(600),
            policy: Vec::new(),
            backoff: Duration::from_secs(900),
            max_actions: 1,
        }
    }
}

impl Default for PendingTasks {
    fn default() -> Self {
        Self { after: Duration::from_secs(30) }
    }
}

/// Unhealthy containers, services whose tasks keep failing, tasks that find no node.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AutohealEntry {
    /// Unhealthy containers that are no swarm tasks: those with the label `autoheal=true` are restarted.
    containers: Option<ContainersEntry>,
    /// Services whose tasks keep failing.
    services: Option<ServicesEntry>,
    /// Tasks that find no node.
    pending: Option<PendingEntry>,
}

/// Unhealthy containers that are no swarm tasks.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ContainersEntry {
    /// Restart any unhealthy container, not only those with the label `autoheal=true`; default false.
    all: Option<Spanned<bool>>,
    /// Let a container be unhealthy for so long; default `$AUTOHEAL_GRACE_PERIOD`, else `60s`.
    grace: Option<Spanned<Span>>,
    /// Wait so long, times the restarts so far, before the next restart; default `5m`.
    backoff: Option<Spanned<Span>>,
    /// But never longer than this; default `1h`.
    backoff_max: Option<Spanned<Span>>,
    /// Give a container up after so many restarts; default 10.
    give_up: Option<Spanned<u32>>,
}

/// Services whose tasks keep failing.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ServicesEntry {
    /// So many ends of one slot's tasks within `window` are too many; default 3. The swarm remembers 5 by default.
    failures: Option<Spanned<u32>>,
    /// See `failures`; default `10m`.
    window: Option<Spanned<Span>>,
    /// What to do, step after step, about services without the label `orca.autoheal`; default `[report]`.
    policy: Option<Vec<Spanned<Step>>>,
    /// Wait so long between two steps on one service; default `15m`.
    backoff: Option<Spanned<Span>>,
    /// Take at most so many steps in one pass, over all services; default 1.
    max_actions: Option<Spanned<u32>>,
}

/// Tasks that find no node.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PendingEntry {
    /// Report a task once it has waited so long; default `30s`.
    after: Option<Spanned<Span>>,
}

/// Lays what is written, and Orcastra's variable, over what is built in.
pub(super) fn resolve(
    entry: Option<&AutohealEntry>,
    env: &BTreeMap<String, String>,
    origins: &mut BTreeMap<String, Origin>,
    log: &mut Log<'_>,
) -> Autoheal {
    let mut heal = Autoheal::default();
    let none = AutohealEntry::default();
    let entry = entry.unwrap_or(&none);
    let mut section = Section { name: "autoheal", env, origins, log };
    let written = entry.containers.clone().unwrap_or_default();
    let into = &mut heal.containers;
    section.flag("containers.all", written.all.as_ref(), "", &mut into.all);
    section.span("containers.grace", written.grace.as_ref(), "AUTOHEAL_GRACE_PERIOD", &mut into.grace);
    section.span("containers.backoff", written.backoff.as_ref(), "", &mut into.backoff);
    section.span("containers.backoff_max", written.backoff_max.as_ref(), "", &mut into.backoff_max);
    section.number("containers.give_up", written.give_up.as_ref(), "", &mut into.give_up);
    let written = entry.services.clone().unwrap_or_default();
    let into = &mut heal.services;
    section.number("services.failures", written.failures.as_ref(), "", &mut into.failures);
    if let Some(failures) = written.failures.as_ref().filter(|failures| failures.value == 0) {
        section.log.at(failures.mark, "autoheal.services.failures must be at least 1, not 0");
    }
    section.span("services.window", written.window.as_ref(), "", &mut into.window);
    for step in written.policy.iter().flatten() {
        section.came_from("services.policy", step);
        into.policy.extend(Some(step.value).filter(|step| *step != Step::Report));
    }
    section.span("services.backoff", written.backoff.as_ref(), "", &mut into.backoff);
    section.number("services.max_actions", written.max_actions.as_ref(), "", &mut into.max_actions);
    let written = entry.pending.clone().unwrap_or_default();
    section.span("pending.after", written.after.as_ref(), "", &mut heal.pending.after);
    heal
}

impl Autoheal {
    /// The section's effective values by key, as the file would have them.
    pub(super) fn shown(&self) -> Vec<(&'static str, Value)> {
        let Self { containers, services, pending } = self;
        let policy: Vec<&str> = services.policy.iter().map(|step| step.name()).collect();
        vec![
            ("containers.all", json!(containers.all)),
            ("containers.grace", json!(span(containers.grace))),
            ("containers.backoff", json!(span(containers.backoff))),
            ("containers.backoff_max", json!(span(containers.backoff_max))),
            ("containers.give_up", json!(containers.give_up)),
            ("services.failures", json!(services.failures)),
            ("services.window", json!(span(services.window))),
            ("services.policy", if policy.is_empty() { json!(["report"]) } else { json!(policy) }),
            ("services.backoff", json!(span(services.backoff))),
            ("services.max_actions", json!(services.max_actions)),
            ("pending.after", json!(span(pending.after))),
        ]
    }
}
