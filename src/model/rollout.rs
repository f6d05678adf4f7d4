//! How the engine goes about an update of a service, and what in its spec decides whether it goes well.

use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::or_default;

/// Docker's own, where a service says nothing.
const MONITOR: Duration = Duration::from_secs(5);
/// The same, for a healthcheck.
const INTERVAL: Duration = Duration::from_secs(30);
/// The same: so many failures in a row.
const RETRIES: u32 = 3;

/// `UpdateConfig` or `RollbackConfig`, with docker's own values where it says nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Rollout {
    /// Tasks replaced at a time; 0 is all of them.
    pub parallelism: u64,
    /// So long is waited after each batch, the last one included.
    pub delay: Duration,
    /// What becomes of a rollout that fails; none: not said, and the engine pauses.
    pub failure_action: Option<String>,
    /// For how long a new task is watched.
    pub monitor: Duration,
    /// The share of new tasks that may fail.
    pub max_failure_ratio: f64,
    /// New tasks are started before the old ones are stopped.
    pub start_first: bool,
    /// How long a task that does not get healthy is given by its healthcheck; none: the spec has no healthcheck.
    pub health: Option<Duration>,
    /// There is a limit on memory.
    pub limited: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct View {
    #[serde(deserialize_with = "or_default")]
    spec: Spec,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Spec {
    #[serde(deserialize_with = "or_default")]
    update_config: Config,
    #[serde(deserialize_with = "or_default")]
    rollback_config: Config,
    #[serde(deserialize_with = "or_default")]
    task_template: Template,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Config {
    parallelism: Option<u64>,
    #[serde(deserialize_with = "or_default")]
    delay: u64,
    #[serde(deserialize_with = "or_default")]
    failure_action: String,
    #[serde(deserialize_with = "or_default")]
    monitor: u64,
    #[serde(deserialize_with = "or_default")]
    max_failure_ratio: f64,
    #[serde(deserialize_with = "or_default")]
    order: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Template {
    #[serde(deserialize_with = "or_default")]
    container_spec: Container,
    #[serde(deserialize_with = "or_default")]
    resources: Resources,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Container {
    healthcheck: Option<Health>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Health {
    #[serde(deserialize_with = "or_default")]
    test: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    interval: u64,
    #[serde(deserialize_with = "or_default")]
    start_period: u64,
    #[serde(deserialize_with = "or_default")]
    retries: u32,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Resources {
    #[serde(deserialize_with = "or_default")]
    limits: Limits,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Limits {
    memory_bytes: i64,
}

impl Rollout {
    /// Reads that of updates from one element of `GET /services`; what can't be read is as if it said nothing.
    pub fn read(raw: &RawValue) -> Self {
        let Spec { update_config, task_template, .. } = Spec::read(raw);
        Self::of(update_config, task_template)
    }

    /// The same of rollbacks.
    pub fn read_back(raw: &RawValue) -> Self {
        let Spec { rollback_config, task_template, .. } = Spec::read(raw);
        Self::of(rollback_config, task_template)
    }

    fn of(config: Config, template: Template) -> Self {
        let Template { container_spec, resources } = template;
        Self {
            parallelism: config.parallelism.unwrap_or(1),
            delay: Duration::from_nanos(config.delay),
            failure_action: Some(config.failure_action).filter(|action| !action.is_empty()),
            monitor: if config.monitor > 0 { Duration::from_nanos(config.monitor) } else { MONITOR },
            max_failure_ratio: config.max_failure_ratio,
            start_first: config.order == "start-first",
            health: container_spec.healthcheck.and_then(|health| health.patience()),
            limited: resources.limits.memory_bytes > 0,
        }
    }
}

impl Spec {
    fn read(raw: &RawValue) -> Self {
        serde_json::from_str::<View>(raw.get()).unwrap_or_default().spec
    }
}

impl Health {
    /// None: the image's own is switched off, or nothing is said.
    fn patience(&self) -> Option<Duration> {
        if self.test.first().is_some_and(|first| first == "NONE") {
            return None;
        }
        let interval = if self.interval > 0 { Duration::from_nanos(self.interval) } else { INTERVAL };
        let retries = if self.retries > 0 { self.retries } else { RETRIES };
        Some(Duration::from_nanos(self.start_period).saturating_add(interval.saturating_mul(retries)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use serde_json::value::RawValue;

    use super::*;

    fn read(spec: &serde_json::Value) -> Rollout {
        Rollout::read(&RawValue::from_string(json!({ "Spec": spec }).to_string()).unwrap())
    }

    #[test]
    fn what_is_not_said_is_as_docker_has_it() {
        let usual = read(&json!({}));
        assert_eq!((usual.parallelism, usual.monitor, usual.health), (1, MONITOR, None));
        assert_eq!((usual.failure_action, usual.start_first, usual.limited), (None, false, false));
        let said =
            read(&json!({"UpdateConfig": {"Parallelism": 0, "Delay": 1_000_000_000, "FailureAction": "rollback",
            "Monitor": 9_000_000_000_u64, "MaxFailureRatio": 0.5, "Order": "start-first"},
            "TaskTemplate": {"Resources": {"Limits": {"MemoryBytes": 1}},
                "ContainerSpec": {"Healthcheck": {"Test": ["CMD", "x"], "StartPeriod": 60_000_000_000_u64}}}}));
        let seconds = Duration::from_secs;
        assert_eq!((said.parallelism, said.delay, said.monitor), (0, seconds(1), seconds(9)));
        assert_eq!((said.failure_action.as_deref(), said.start_first, said.limited), (Some("rollback"), true, true));
        assert_eq!(said.health, Some(seconds(60 + 90)));
        let back = json!({"Spec": {"UpdateConfig": {"Parallelism": 9},
            "RollbackConfig": {"Parallelism": 2, "Monitor": 3_000_000_000_u64}}});
        let back = Rollout::read_back(&RawValue::from_string(back.to_string()).unwrap());
        assert_eq!((back.parallelism, back.delay, back.monitor), (2, Duration::ZERO, seconds(3)));
        let off = read(&json!({"TaskTemplate": {"ContainerSpec": {"Healthcheck": {"Test": ["NONE"]}}}}));
        assert_eq!(off.health, None);
    }
}
