//! A definition of what runs: the way back from a service's spec. What a definition can't say is named, never dropped in
//! silence.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::{Map, Value};

use super::definition::{Definition, Healthcheck, Mode, Resources, Restart, RestartPolicy, Rollout, Words};
use super::desk::{Desk, Found};
use super::spec::READABLE;
use crate::cycle::Source;
use crate::error::{Error, ErrorKind};
use crate::model::Service;
use crate::pass::names::{Named, find};
use crate::plan::Warning;

/// Keys of a spec, and of its parts, that a definition speaks of or that say nothing of their own.
const KNOWN: [(&str, &[&str]); 5] = [
    ("", &["Name", "Labels", "TaskTemplate", "Mode", "UpdateConfig", "RollbackConfig", "EndpointSpec", "Networks"]),
    (
        "/TaskTemplate",
        &["ContainerSpec", "Resources", "RestartPolicy", "Placement", "Networks", "ForceUpdate", "Runtime"],
    ),
    (
        "/TaskTemplate/ContainerSpec",
        &[
            "Image",
            "Labels",
            "Command",
            "Args",
            "Hostname",
            "Env",
            "Dir",
            "User",
            "Init",
            "ReadOnly",
            "Mounts",
            "StopSignal",
            "StopGracePeriod",
            "Healthcheck",
            "Secrets",
            "Configs",
            "Isolation",
            "DNSConfig",
        ],
    ),
    ("/TaskTemplate/Placement", &["Constraints", "MaxReplicas", "Platforms"]),
    ("/EndpointSpec", &["Mode", "Ports"]),
];
/// Known keys that are only fine while they are empty.
const EMPTY: [&str; 2] = ["/TaskTemplate/ContainerSpec/Labels", "/TaskTemplate/ContainerSpec/DNSConfig"];

/// The definition of a service's spec, and what of the spec it can't say. `networks` are names by id.
pub fn definition(spec: &Value, networks: &BTreeMap<String, String>) -> (Definition, Vec<String>) {
    let container = &spec["TaskTemplate"]["ContainerSpec"];
    let placement = &spec["TaskTemplate"]["Placement"];
    let mut lost = unknown(spec);
    let (mode, replicas) = mode(&spec["Mode"]);
    let image = text(container, "Image").unwrap_or_default();
    let definition = Definition {
        name: text(spec, "Name").unwrap_or_default(),
        // The digest is a deployment's, not a definition's.
        image: image
            .split_once('@')
            .filter(|(name, _)| name.rsplit('/').next().is_some_and(|last| last.contains(':')))
            .map_or(image.clone(), |(name, _)| name.to_owned()),
        mode,
        replicas,
        ports: items(&spec["EndpointSpec"], "Ports").iter().map(port).collect(),
        env: env(&items(container, "Env")),
        constraints: strings(placement, "Constraints"),
        labels: labels(spec),
        networks: items(&spec["TaskTemplate"], "Networks")
            .iter()
            .filter_map(|network| text(network, "Target"))
            .map(|id| networks.get(&id).cloned().unwrap_or(id))
            .collect(),
        mounts: items(container, "Mounts").iter().filter_map(|one| mount(one, &mut lost)).collect(),
        command: words(container, "Args"),
        entrypoint: words(container, "Command"),
        healthcheck: healthcheck(&container["Healthcheck"]),
        limits: resources(&spec["TaskTemplate"]["Resources"]["Limits"]),
        reservations: resources(&spec["TaskTemplate"]["Resources"]["Reservations"]),
        update: rollout(&spec["UpdateConfig"]).filter(|_| !mode.is_job()),
        rollback: rollout(&spec["RollbackConfig"]).filter(|_| !mode.is_job()),
        restart: restart(&spec["TaskTemplate"]["RestartPolicy"]),
        secrets: items(container, "Secrets").iter().filter_map(|one| file(one, "Secret", "", &mut lost)).collect(),
        configs: items(container, "Configs").iter().filter_map(|one| file(one, "Config", "/", &mut lost)).collect(),
        user: text(container, "User"),
        hostname: text(container, "Hostname"),
        workdir: text(container, "Dir"),
        stop_grace_period: nanos(container, "StopGracePeriod"),
        stop_signal: text(container, "StopSignal"),
        init: container["Init"].as_bool(),
        read_only: container["ReadOnly"].as_bool(),
        max_replicas_per_node: placement["MaxReplicas"].as_u64().filter(|most| *most > 0),
        endpoint_mode: text(&spec["EndpointSpec"], "Mode").filter(|mode| mode != "vip"),
        ..Definition::default()
    };
    (definition, lost)
}

/// Parts of the spec that a definition has no word for.
fn unknown(spec: &Value) -> Vec<String> {
    let mut lost = Vec::new();
    for (at, known) in KNOWN {
        let part = spec.pointer(at).and_then(Value::as_object).into_iter().flatten();
        let other = part.filter(|(key, value)| !known.contains(&key.as_str()) && !crate::model::says_nothing(value));
        lost.extend(other.map(|(key, _)| format!("{at}/{key}").trim_start_matches('/').replace('/', ".")));
    }
    let filled = EMPTY.iter().filter(|at| spec.pointer(at).is_some_and(|value| !crate::model::says_nothing(value)));
    lost.extend(filled.map(|at| at.trim_start_matches('/').replace('/', ".")));
    let generic = spec.pointer("/TaskTemplate/Resources/Reservations/GenericResources");
    lost.extend(generic.filter(|value| !crate::model::says_nothing(value)).map(|_| "GenericResources".to_owned()));
    let job = &spec["Mode"]["ReplicatedJob"];
    lost.extend(
        (job["MaxConcurrent"] != job["TotalCompletions"]).then(|| "Mode.ReplicatedJob.MaxConcurrent".to_owned()),
    );
    let start = &spec["TaskTemplate"]["ContainerSpec"]["Healthcheck"]["StartInterval"];
    lost.extend((!crate::model::says_nothing(start)).then(|| "Healthcheck.StartInterval".to_owned()));
    for network in items(&spec["TaskTemplate"], "Networks") {
        let more = ["Aliases", "DriverOpts"].into_iter().filter(|key| !crate::model::says_nothing(&network[key]));
        let of = text(&network, "Target").unwrap_or_default();
        lost.extend(more.map(|key| format!("{key} in the network {of}")));
    }
    lost
}

fn mode(mode: &Value) -> (Mode, Option<u64>) {
    let count = |at: &str| mode.pointer(at).and_then(Value::as_u64);
    match mode.as_object().and_then(|mode| mode.keys().next()).map(String::as_str) {
        Some("Global") => (Mode::Global, None),
        Some("GlobalJob") => (Mode::GlobalJob, None),
        Some("ReplicatedJob") => (Mode::ReplicatedJob, count("/ReplicatedJob/TotalCompletions")),
        _ => (Mode::Replicated, count("/Replicated/Replicas")),
    }
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn items(value: &Value, key: &str) -> Vec<Value> {
    value.get(key).and_then(Value::as_array).cloned().unwrap_or_default()
}

fn strings(value: &Value, key: &str) -> Vec<String> {
    items(value, key).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn words(value: &Value, key: &str) -> Option<Words> {
    Some(strings(value, key)).filter(|words| !words.is_empty()).map(Words::List)
}

/// A whole number of seconds where it is one: that is what people write.
fn nanos(value: &Value, key: &str) -> Option<String> {
    let nanos = value.get(key).and_then(Value::as_u64).filter(|nanos| *nanos > 0)?;
    Some(if nanos % 1_000_000_000 == 0 { format!("{}s", nanos / 1_000_000_000) } else { format!("{nanos}ns") })
}

fn port(port: &Value) -> String {
    let target = port["TargetPort"].as_u64().unwrap_or_default();
    let published = port["PublishedPort"].as_u64().filter(|port| *port > 0);
    let published = published.map(|port| format!("{port}:")).unwrap_or_default();
    let protocol = text(port, "Protocol").filter(|protocol| protocol != "tcp");
    let protocol = protocol.map(|protocol| format!("/{protocol}")).unwrap_or_default();
    let host = if port["PublishMode"] == "host" { "@host" } else { "" };
    format!("{published}{target}{protocol}{host}")
}

fn env(list: &[Value]) -> BTreeMap<String, String> {
    let pairs = list.iter().filter_map(Value::as_str);
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

/// orca's own labels are none of the definition.
fn labels(spec: &Value) -> BTreeMap<String, String> {
    let labels = spec["Labels"].as_object().into_iter().flatten();
    let own = |key: &str| key.starts_with("orca.catalog") || key == "orca.stopped" || key.starts_with("orca.move");
    labels
        .filter(|(key, _)| !own(key))
        .map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()))
        .collect()
}

fn mount(mount: &Value, lost: &mut Vec<String>) -> Option<String> {
    let target = text(mount, "Target")?;
    let source = match text(mount, "Type").as_deref() {
        Some("tmpfs") => Some("tmpfs".to_owned()),
        Some("bind" | "volume") => text(mount, "Source"),
        _ => {
            lost.push(format!("the mount at {target}"));
            return None;
        }
    };
    let mut options: Vec<String> = Vec::new();
    options.extend((mount["ReadOnly"] == true).then(|| "ro".to_owned()));
    options.extend((mount["VolumeOptions"]["NoCopy"] == true).then(|| "nocopy".to_owned()));
    options.extend(text(&mount["BindOptions"], "Propagation"));
    let others = |key: &str, known: &str| {
        let part: &Map<String, Value> = &mount[key].as_object().cloned().unwrap_or_default();
        part.iter().any(|(key, value)| key != known && !crate::model::says_nothing(value))
    };
    if others("VolumeOptions", "NoCopy") || others("BindOptions", "Propagation") || others("TmpfsOptions", "") {
        lost.push(format!("options of the mount at {target}"));
    }
    let source = source.map(|source| format!("{source}:")).unwrap_or_default();
    let options = if options.is_empty() { String::new() } else { format!(":{}", options.join(",")) };
    Some(format!("{source}{target}{options}"))
}

fn healthcheck(health: &Value) -> Option<Healthcheck> {
    let test = strings(health, "Test");
    let test = match test.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => return None,
        ["NONE"] => return Some(Healthcheck { disable: Some(true), ..Healthcheck::default() }),
        ["CMD-SHELL", line] => Words::Line((*line).to_owned()),
        _ => Words::List(test),
    };
    Some(Healthcheck {
        test: Some(test),
        interval: nanos(health, "Interval"),
        timeout: nanos(health, "Timeout"),
        retries: health["Retries"].as_u64().filter(|retries| *retries > 0),
        start_period: nanos(health, "StartPeriod"),
        disable: None,
    })
}

fn resources(amounts: &Value) -> Option<Resources> {
    let number = |key: &str| amounts.get(key).and_then(Value::as_u64).filter(|amount| *amount > 0);
    let cpus = |nanos: u64| {
        let text = format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    let resources = Resources {
        cpus: number("NanoCPUs").map(cpus),
        memory: number("MemoryBytes").map(|bytes| bytes.to_string()),
        pids: number("Pids"),
    };
    (resources != Resources::default()).then_some(resources)
}

fn rollout(config: &Value) -> Option<Rollout> {
    config.as_object().filter(|config| !config.is_empty())?;
    Some(Rollout {
        parallelism: config["Parallelism"].as_u64(),
        delay: nanos(config, "Delay"),
        monitor: nanos(config, "Monitor"),
        order: text(config, "Order"),
        failure_action: text(config, "FailureAction"),
        max_failure_ratio: config["MaxFailureRatio"]
            .as_f64()
            .filter(|ratio| *ratio > 0.0)
            .map(|ratio| ratio.to_string()),
    })
}

fn restart(policy: &Value) -> Option<Restart> {
    policy.as_object().filter(|policy| !policy.is_empty())?;
    Some(Restart::Policy(RestartPolicy {
        condition: text(policy, "Condition"),
        delay: nanos(policy, "Delay"),
        max_attempts: policy["MaxAttempts"].as_u64().filter(|most| *most > 0),
        window: nanos(policy, "Window"),
    }))
}

fn file(one: &Value, what: &str, default: &str, lost: &mut Vec<String>) -> Option<String> {
    let name = text(one, &format!("{what}Name"))?;
    let Some(target) = text(&one["File"], "Name") else {
        lost.push(format!("{} {name}, which is no file", what.to_lowercase()));
        return None;
    };
    let (owner, mode) = ((text(&one["File"], "UID"), text(&one["File"], "GID")), one["File"]["Mode"].as_u64());
    let root = |id: Option<String>| id.is_none_or(|id| id == "0");
    if !root(owner.0) || !root(owner.1) || mode.is_some_and(|mode| mode != READABLE) {
        lost.push(format!("owner and mode of the {} {name}", what.to_lowercase()));
    }
    Some(if target == format!("{default}{name}") { name } else { format!("{name}:{target}") })
}

impl Desk<'_> {
    /// Definitions of services of these names, and what they can't say.
    ///
    /// # Errors
    /// If there is no such service, or the swarm can't be asked.
    pub async fn imported(&self, found: &Found, names: &[String]) -> Result<(Vec<Definition>, Vec<Warning>)> {
        let (mut definitions, mut warnings) = (Vec::new(), Vec::new());
        let Some(cluster) = &found.cluster else {
            let error = Error::new(ErrorKind::Unreachable, "what runs is not known: the swarm can't be asked");
            return Err(error.into());
        };
        let known: Vec<Named<'_, &Service>> = cluster
            .services
            .iter()
            .map(|service| Named { id: &service.id.0, name: &service.name, item: service })
            .collect();
        let networks = match self.source {
            Source::Engine(engine) => engine.network_names().await?,
            Source::File(_) => BTreeMap::new(),
        };
        for name in names {
            let service = find("service", name, &known)?;
            let object: Value = serde_json::from_str(service.raw.get())?;
            let (definition, lost) = definition(&object["Spec"], &networks);
            let faults = definition.faults().into_iter().map(|fault| fault.message);
            warnings.extend(
                lost.into_iter().chain(faults).map(|what| {
                    Warning::new("not_defined", format!("`{}`: a definition can't say {what}", service.name))
                }),
            );
            definitions.push(definition);
        }
        Ok((definitions, warnings))
    }
}
