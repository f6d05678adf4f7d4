//! What Swarm is told of a definition, field by field: the same list makes a new service and finds what has drifted in an
//! old one.
//!
//! What a definition says nothing about is left as it is, unless an earlier deployment of it has set it: the names of what
//! was set are kept in a label.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::check::{file_of, nano_cpus, nanos};
use super::definition::{Definition, Healthcheck, Mode, Resources, Restart, RestartPolicy, Rollout, Words};
use super::{mount, port};
use crate::engine::edit::field;
use crate::registry::Resolved;
use crate::settings::parse_size;

/// The service label that says who keeps a service's definition.
pub const OWNER_LABEL: &str = "orca.catalog";
/// The one that says which definition was deployed.
pub const FINGERPRINT_LABEL: &str = "orca.catalog.definition";
/// The one that lists what of a service an earlier deployment has set beyond the basics.
pub const KEYS_LABEL: &str = "orca.catalog.keys";
/// What a file that a secret or config becomes may be read by.
pub(super) const READABLE: u64 = 0o444;

/// What only the engine and the registries know, each asked for before anything is planned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Networks by name: their ids.
    pub networks: BTreeMap<String, Result<String, String>>,
    /// Secrets by name: their ids.
    pub secrets: BTreeMap<String, Result<String, String>>,
    /// Configs by name: their ids.
    pub configs: BTreeMap<String, Result<String, String>>,
    /// Images by name: what the registry says of them. One that was not asked for stays as it is.
    pub images: BTreeMap<String, Result<Resolved, String>>,
}

/// One field of a spec that has to be so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Keys from the top of the spec.
    pub path: Vec<String>,
    /// What it is to be.
    pub value: Value,
    /// The definition's key behind it.
    pub key: &'static str,
    /// All of it counts: what else is found there goes.
    pub whole: bool,
}

impl Field {
    fn new(path: &str, key: &'static str, value: Value) -> Self {
        Self { path: path.split('.').map(str::to_owned).collect(), value, key, whole: false }
    }

    /// A field of which all counts.
    pub fn whole(path: &str, key: &'static str, value: Value) -> Self {
        Self { whole: true, ..Self::new(path, key, written(value)) }
    }

    /// Whether what was found means it.
    pub fn holds(&self, found: &Value) -> bool {
        if self.whole { field::equal(&self.value, found) } else { field::same(&self.value, found) }
    }

    /// Whether a change of it replaces tasks.
    pub fn disruptive(&self) -> bool {
        let under = |keys: &[&str]| keys.iter().zip(&self.path).all(|(key, own)| own == key);
        under(&["TaskTemplate"]) && !under(&["TaskTemplate", "Placement"]) || under(&["EndpointSpec"])
    }
}

/// A value without the keys of objects that have none.
fn written(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            map.into_iter().filter(|(_, inner)| !inner.is_null()).map(|(key, inner)| (key, written(inner))).collect()
        }
        Value::Array(items) => items.into_iter().map(written).collect(),
        other => other,
    }
}

/// A definition as fields, but for name, mode, image and labels.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wanted {
    /// What is always so, and what the definition says beyond that.
    pub fields: Vec<Field>,
    /// Labels of the service, orca's own among them.
    pub labels: BTreeMap<String, String>,
    /// What is set beyond the basics: keys of the definition, and `labels.KEY`.
    pub keys: Vec<String>,
    /// Nothing else is to be set: what others have set goes, but for orca's own labels.
    pub all: bool,
}

/// What a stack's service has that a definition has no words for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct More {
    /// Whose it is.
    pub stack: String,
    /// Fields that stand in for what the definition says there.
    pub fields: Vec<Field>,
    /// Networks, with names for ids.
    pub networks: Vec<Value>,
    /// Secrets, without ids.
    pub secrets: Vec<Value>,
    /// Configs, without ids.
    pub configs: Vec<Value>,
}

/// Takes a definition apart.
///
/// # Errors
/// Everything that stands against it: what it refers to and the swarm doesn't have.
pub fn wanted(definition: &Definition, owner: &str, facts: &Facts) -> Result<Wanted, Vec<String>> {
    let mut reasons: Vec<String> = definition.faults().into_iter().map(|fault| fault.message).collect();
    let mut fields = basics(definition, facts, &mut reasons);
    let set = extras(definition, facts, &mut reasons);
    if !reasons.is_empty() {
        return Err(reasons);
    }
    let mut keys: Vec<String> = set.iter().map(|field| field.key.to_owned()).collect();
    keys.dedup();
    keys.extend(definition.labels.keys().map(|key| format!("labels.{key}")));
    fields.extend(set);
    let mut labels = definition.labels.clone();
    labels.insert(OWNER_LABEL.to_owned(), owner.to_owned());
    labels.insert(FINGERPRINT_LABEL.to_owned(), fingerprint(definition));
    labels.insert(KEYS_LABEL.to_owned(), json!(keys).to_string());
    Ok(Wanted { fields, labels, keys, all: false })
}

/// The whole spec of a new service.
///
/// # Errors
/// If two fields contradict each other, which none do.
pub fn new(definition: &Definition, wanted: &Wanted, image: &str, known: Option<&Resolved>) -> anyhow::Result<Value> {
    let count = definition.replicas.unwrap_or(1);
    let mode = match definition.mode {
        Mode::Replicated => json!({"Replicated": {"Replicas": count}}),
        Mode::ReplicatedJob => json!({"ReplicatedJob": job(definition)}),
        Mode::Global => json!({"Global": {}}),
        Mode::GlobalJob => json!({"GlobalJob": {}}),
    };
    let mut spec = json!({"Name": definition.name, "Labels": wanted.labels, "Mode": mode,
        // Never without a Placement: managers crash on it.
        "TaskTemplate": {"ContainerSpec": {"Image": image}, "Placement": {}}});
    let platforms = known.map(Resolved::scheduled).unwrap_or_default();
    if !platforms.is_empty() {
        let platforms = platforms.iter();
        let platforms = platforms.map(|(os, architecture)| json!({"Architecture": architecture, "OS": os}));
        spec["TaskTemplate"]["Placement"]["Platforms"] = platforms.collect();
    }
    for Field { path, value, .. } in &wanted.fields {
        field::set(&mut spec, path, value)?;
    }
    Ok(spec)
}

/// How often a job runs, and how many of it at once: all of them, as docker has it.
pub fn job(definition: &Definition) -> Value {
    let count = definition.replicas.unwrap_or(1);
    json!({"MaxConcurrent": count, "TotalCompletions": count})
}

/// What brings back the engine's own default for a key that an earlier deployment has set, and this one doesn't.
pub fn unset(key: &str) -> Vec<Field> {
    let container =
        |field: &str, key, value| vec![Field::new(&format!("TaskTemplate.ContainerSpec.{field}"), key, value)];
    match key {
        "healthcheck" => container("Healthcheck", "healthcheck", Value::Null),
        "limits" => resources("Limits", "limits", &Resources::default()),
        "reservations" => resources("Reservations", "reservations", &Resources::default()),
        "update" => rollout("UpdateConfig", "update", &Rollout::default()),
        "rollback" => rollout("RollbackConfig", "rollback", &Rollout::default()),
        "restart" => restart(&Restart::Condition("any".to_owned())),
        "secrets" => container("Secrets", "secrets", json!([])),
        "configs" => container("Configs", "configs", json!([])),
        "user" => container("User", "user", "".into()),
        "hostname" => container("Hostname", "hostname", "".into()),
        "workdir" => container("Dir", "workdir", "".into()),
        "stop_grace_period" => container("StopGracePeriod", "stop_grace_period", 10_000_000_000_u64.into()),
        "stop_signal" => container("StopSignal", "stop_signal", "".into()),
        "init" => container("Init", "init", Value::Null),
        "read_only" => container("ReadOnly", "read_only", false.into()),
        "max_replicas_per_node" => {
            vec![Field::new("TaskTemplate.Placement.MaxReplicas", "max_replicas_per_node", 0.into())]
        }
        "endpoint_mode" => vec![Field::new("EndpointSpec.Mode", "endpoint_mode", "vip".into())],
        _ => Vec::new(),
    }
}

/// Names one version of a definition. What is for people or for building counts for nothing.
pub fn fingerprint(definition: &Definition) -> String {
    let plain = Definition { description: String::new(), build_context: None, ..definition.clone() };
    let mut value = serde_json::to_value(plain).unwrap_or_default();
    value.sort_all_objects();
    let digest = Sha256::digest(value.to_string());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// What every definition says, if only that there is none.
pub(super) fn basics(definition: &Definition, facts: &Facts, reasons: &mut Vec<String>) -> Vec<Field> {
    let words = |words: &Option<Words>| words.as_ref().and_then(Words::split).unwrap_or_default();
    let env: Vec<String> = definition.env.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let mounts: Vec<Value> =
        definition.mounts.iter().filter_map(|text| mount::parse(text).ok()).map(|mount| mount.spec()).collect();
    let ports: Vec<Value> =
        definition.ports.iter().filter_map(|text| port::parse(text).ok()).flatten().map(|port| port.spec()).collect();
    let networks: Vec<Value> = definition
        .networks
        .iter()
        .filter_map(|name| id_of("network", name, &facts.networks, reasons))
        .map(|id| json!({"Target": id}))
        .collect();
    let constraints: Vec<String> = definition.constraints.iter().map(|text| text.trim().to_owned()).collect();
    let mut fields = vec![
        Field::new("TaskTemplate.ContainerSpec.Args", "command", json!(words(&definition.command))),
        Field::new("TaskTemplate.ContainerSpec.Command", "entrypoint", json!(words(&definition.entrypoint))),
        Field::new("TaskTemplate.ContainerSpec.Env", "env", json!(env)),
        Field::new("TaskTemplate.ContainerSpec.Mounts", "mounts", mounts.into()),
        Field::new("TaskTemplate.Placement.Constraints", "constraints", json!(constraints)),
        Field::new("TaskTemplate.Networks", "networks", networks.into()),
        Field::new("EndpointSpec.Ports", "ports", ports.into()),
    ];
    if definition.mode.is_job() && definition.restart.is_none() {
        // The engine's own default would have a job run for ever, and is refused.
        fields.push(Field::new("TaskTemplate.RestartPolicy.Condition", "restart", "on-failure".into()));
    }
    fields
}

/// What it says beyond that.
pub(super) fn extras(definition: &Definition, facts: &Facts, reasons: &mut Vec<String>) -> Vec<Field> {
    let mut fields = Vec::new();
    if let Some(health) = &definition.healthcheck {
        fields.push(Field::new("TaskTemplate.ContainerSpec.Healthcheck", "healthcheck", healthcheck(health)));
    }
    fields.extend(definition.limits.iter().flat_map(|limits| resources("Limits", "limits", limits)));
    let reservations = definition.reservations.iter();
    fields.extend(reservations.flat_map(|reserved| resources("Reservations", "reservations", reserved)));
    fields.extend(definition.update.iter().flat_map(|update| rollout("UpdateConfig", "update", update)));
    fields.extend(definition.rollback.iter().flat_map(|rollback| rollout("RollbackConfig", "rollback", rollback)));
    fields.extend(definition.restart.iter().flat_map(restart));
    let secrets: Vec<Value> =
        definition.secrets.iter().filter_map(|text| file(text, "Secret", &facts.secrets, reasons)).collect();
    let configs: Vec<Value> =
        definition.configs.iter().filter_map(|text| file(text, "Config", &facts.configs, reasons)).collect();
    let grace = definition.stop_grace_period.as_deref().and_then(|text| nanos(text).ok());
    let text = |text: &Option<String>| text.as_deref().map(Value::from);
    let container = [
        ("Secrets", "secrets", (!secrets.is_empty()).then(|| secrets.into())),
        ("Configs", "configs", (!configs.is_empty()).then(|| configs.into())),
        ("User", "user", text(&definition.user)),
        ("Hostname", "hostname", text(&definition.hostname)),
        ("Dir", "workdir", text(&definition.workdir)),
        ("StopGracePeriod", "stop_grace_period", grace.map(Value::from)),
        ("StopSignal", "stop_signal", text(&definition.stop_signal)),
        ("Init", "init", definition.init.map(Value::from)),
        ("ReadOnly", "read_only", definition.read_only.map(Value::from)),
    ];
    fields.extend(container.into_iter().filter_map(|(field, key, value)| {
        Some(Field::new(&format!("TaskTemplate.ContainerSpec.{field}"), key, value?))
    }));
    let most = definition.max_replicas_per_node;
    fields.extend(
        most.map(|most| Field::new("TaskTemplate.Placement.MaxReplicas", "max_replicas_per_node", most.into())),
    );
    fields.extend(text(&definition.endpoint_mode).map(|mode| Field::new("EndpointSpec.Mode", "endpoint_mode", mode)));
    fields
}

fn id_of(
    what: &str,
    name: &str,
    known: &BTreeMap<String, Result<String, String>>,
    reasons: &mut Vec<String>,
) -> Option<String> {
    match known.get(name) {
        Some(Ok(id)) => Some(id.clone()),
        Some(Err(why)) => {
            reasons.push(why.clone());
            None
        }
        None => {
            reasons.push(format!("whether there is a {what} `{name}` is not known: the engine was not asked"));
            None
        }
    }
}

/// A secret or config as a file.
fn file(
    text: &str,
    what: &str,
    known: &BTreeMap<String, Result<String, String>>,
    reasons: &mut Vec<String>,
) -> Option<Value> {
    let (name, target) = file_of(text);
    let id = id_of(&what.to_lowercase(), name, known, reasons)?;
    // Secrets lie below /run/secrets, configs at the root.
    let default = if what == "Config" { format!("/{name}") } else { name.to_owned() };
    let target = target.map_or(default, str::to_owned);
    let mut file = Map::new();
    file.insert("File".to_owned(), json!({"Name": target, "UID": "0", "GID": "0", "Mode": READABLE}));
    file.insert(format!("{what}ID"), id.into());
    file.insert(format!("{what}Name"), name.into());
    Some(file.into())
}

fn span(text: Option<&String>, default: u64) -> u64 {
    text.and_then(|text| nanos(text).ok()).unwrap_or(default)
}

fn healthcheck(health: &Healthcheck) -> Value {
    if health.disable == Some(true) {
        return json!({"Test": ["NONE"]});
    }
    let test = match &health.test {
        Some(Words::Line(line)) => json!(["CMD-SHELL", line]),
        Some(Words::List(words)) => json!(words),
        None => json!([]),
    };
    json!({"Test": test, "Interval": span(health.interval.as_ref(), 0), "Timeout": span(health.timeout.as_ref(), 0),
        "StartPeriod": span(health.start_period.as_ref(), 0), "Retries": health.retries.unwrap_or(0)})
}

/// Each amount on its own: what else is reserved stays.
fn resources(name: &str, key: &'static str, resources: &Resources) -> Vec<Field> {
    let cpus = resources.cpus.as_deref().and_then(|text| nano_cpus(text).ok()).unwrap_or(0);
    let memory = resources.memory.as_deref().and_then(|text| parse_size(text).ok()).unwrap_or(0);
    let field =
        |amount: &str, value: u64| Field::new(&format!("TaskTemplate.Resources.{name}.{amount}"), key, value.into());
    let mut fields = vec![field("NanoCPUs", cpus), field("MemoryBytes", memory)];
    if name == "Limits" {
        fields.push(field("Pids", resources.pids.unwrap_or(0)));
    }
    fields
}

/// With the docker CLI's defaults: the engine would read what is missing as nothing.
fn rollout(name: &str, key: &'static str, rollout: &Rollout) -> Vec<Field> {
    let word = |word: &Option<String>, default: &str| Value::from(word.as_deref().unwrap_or(default));
    let ratio = rollout.max_failure_ratio.as_deref().and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
    [
        ("Parallelism", rollout.parallelism.unwrap_or(1).into()),
        ("Delay", span(rollout.delay.as_ref(), 0).into()),
        ("Monitor", span(rollout.monitor.as_ref(), 5_000_000_000).into()),
        ("Order", word(&rollout.order, "stop-first")),
        ("FailureAction", word(&rollout.failure_action, "pause")),
        ("MaxFailureRatio", ratio.into()),
    ]
    .into_iter()
    .map(|(field, value)| Field::new(&format!("{name}.{field}"), key, value))
    .collect()
}

fn restart(restart: &Restart) -> Vec<Field> {
    let default = RestartPolicy::default();
    let (condition, policy) = match restart {
        Restart::Condition(condition) => (Some(condition), &default),
        Restart::Policy(policy) => (policy.condition.as_ref(), policy),
    };
    [
        ("Condition", condition.map_or("any", String::as_str).into()),
        ("Delay", span(policy.delay.as_ref(), 5_000_000_000).into()),
        ("MaxAttempts", policy.max_attempts.unwrap_or(0).into()),
        ("Window", span(policy.window.as_ref(), 0).into()),
    ]
    .into_iter()
    .map(|(field, value)| Field::new(&format!("TaskTemplate.RestartPolicy.{field}"), "restart", value))
    .collect()
}
