//! One service of a compose file, as a definition and what only compose files can say.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::deploy::{self, Deploy, Rollout};
use super::file::{Build, OneOrMany, Pairs, Service};
use super::stack::{Making, Part, Purpose, Scope};
use super::{IMAGE_LABEL, container, mounts, objects, ports};
use crate::catalog::definition::{self, Definition, Mode};
use crate::catalog::spec::{Field, More};
use crate::model::service::STACK_LABEL;

/// What Swarm has no use for, by name; why, where there is more to say.
type Unheeded = (&'static str, fn(&Service) -> bool, &'static str);

const IGNORED: &[Unheeded] = &[
    (
        "depends_on",
        |s| s.depends_on.is_some(),
        "Swarm starts all services at once; the label orca.depends-on orders updates",
    ),
    ("container_name", |s| s.container_name.is_some(), "tasks are named by Swarm"),
    ("expose", |s| s.expose.is_some(), "services of one network reach each other's ports anyhow"),
    ("cgroupns_mode", |s| s.cgroupns_mode.is_some(), ""),
    ("cgroup_parent", |s| s.cgroup_parent.is_some(), ""),
    ("devices", |s| s.devices.is_some(), ""),
    ("domainname", |s| s.domainname.is_some(), ""),
    ("external_links", |s| s.external_links.is_some(), ""),
    ("ipc", |s| s.ipc.is_some(), ""),
    ("links", |s| s.links.is_some(), "services of one network find each other by name"),
    ("mac_address", |s| s.mac_address.is_some(), ""),
    ("network_mode", |s| s.network_mode.is_some(), ""),
    ("pid", |s| s.pid.is_some(), ""),
    ("privileged", |s| s.privileged.is_some(), "see cap_add"),
    ("security_opt", |s| s.security_opt.is_some(), ""),
    ("shm_size", |s| s.shm_size.is_some(), "mount a tmpfs at /dev/shm"),
    ("tmpfs", |s| s.tmpfs.is_some(), "write a volume of `type: tmpfs`"),
    ("userns_mode", |s| s.userns_mode.is_some(), ""),
];

const REFUSED: &[Unheeded] = &[
    ("extends", |s| s.extends.is_some(), "write out what is extended, or use a YAML anchor"),
    ("volume_driver", |s| s.volume_driver.is_some(), "the volume has a driver, at the top level of the file"),
    ("volumes_from", |s| s.volumes_from.is_some(), "name the volume in both services"),
    ("cpu_quota", |s| s.cpu_quota.is_some(), "see deploy.resources"),
    ("cpu_shares", |s| s.cpu_shares.is_some(), "see deploy.resources"),
    ("cpuset", |s| s.cpuset.is_some(), "see deploy.resources"),
    ("mem_limit", |s| s.mem_limit.is_some(), "see deploy.resources"),
    ("memswap_limit", |s| s.memswap_limit.is_some(), "see deploy.resources"),
];

/// Converts one service.
pub(super) fn part(scope: &mut Scope<'_>, name: &str, service: &Service) -> Part {
    if scope.purpose == Purpose::Deployment {
        unheeded(scope, name, service);
    }
    let default = Deploy::default();
    let deploy = service.deploy.as_ref().unwrap_or(&default);
    let (networks, network_names) = objects::attachments(scope, name, service);
    let (secrets, secret_names) = objects::grants(scope, name, service, "secrets");
    let (configs, config_names) = objects::grants(scope, name, service, "configs");
    let mut labels = deploy::labels(deploy);
    labels.insert(STACK_LABEL.to_owned(), scope.stack.to_owned());
    labels.insert(IMAGE_LABEL.to_owned(), service.image.clone().unwrap_or_default());
    let definition = Definition {
        name: scope.scoped(name),
        image: service.image.clone().unwrap_or_default(),
        mode: mode(scope, name, deploy),
        replicas: deploy.replicas,
        ports: ports::all(scope, name, &service.ports),
        constraints: deploy.placement.constraints.clone(),
        labels,
        networks: network_names,
        secrets: secret_names,
        configs: config_names,
        command: service.command.clone(),
        entrypoint: service.entrypoint.clone(),
        limits: deploy.resources.limits.as_ref().map(|limits| definition::Resources {
            cpus: limits.cpus.clone(),
            memory: limits.memory.clone(),
            pids: limits.pids,
        }),
        reservations: deploy.resources.reservations.as_ref().map(|reserved| definition::Resources {
            cpus: reserved.cpus.clone(),
            memory: reserved.memory.clone(),
            pids: None,
        }),
        update: deploy.update_config.as_ref().map(rollout),
        rollback: deploy.rollback_config.as_ref().map(rollout),
        user: service.user.clone(),
        hostname: service.hostname.clone(),
        workdir: service.working_dir.clone(),
        stop_grace_period: service.stop_grace_period.clone(),
        stop_signal: service.stop_signal.clone(),
        init: service.init,
        read_only: service.read_only,
        max_replicas_per_node: deploy.placement.max_replicas_per_node,
        endpoint_mode: deploy.endpoint_mode.as_ref().map(|mode| mode.to_lowercase()),
        ..Definition::default()
    };
    let mut fields = container::fields(scope, name, service);
    fields.push(Field::whole("TaskTemplate.ContainerSpec.Mounts", "volumes", mounts::all(scope, name, service)));
    fields.extend(beyond(scope, name, service, deploy));
    if definition.image.is_empty() {
        scope.fault(
            &["services", name],
            "it has no image: Swarm runs images; `build` says how `orca stacks build` makes it",
        );
    } else {
        for fault in definition.faults() {
            let mut path = vec!["services".to_owned(), name.to_owned()];
            path.extend(place_of(&fault.path));
            scope.faults.push(definition::Fault { path, message: fault.message });
        }
    }
    let build = service.build.as_ref().map(|build| making(scope, name, build));
    Part { definition, more: More { stack: scope.stack.to_owned(), fields, networks, secrets, configs }, build }
}

fn unheeded(scope: &mut Scope<'_>, name: &str, service: &Service) {
    for (key, there, why) in REFUSED.iter().filter(|(_, there, _)| there(service)).copied().collect::<Vec<_>>() {
        let _ = there;
        scope.fault(&["services", name, key], format!("`{key}` is not for stacks: {why}"));
    }
    for (key, there, why) in IGNORED {
        if there(service) {
            let why = if why.is_empty() { String::new() } else { format!(": {why}") };
            scope.ignored(&["services", name, key], format!("Swarm has no `{key}`, so it is left out{why}"));
        }
    }
    if service.restart.is_some() && service.deploy.as_ref().is_some_and(|deploy| deploy.restart_policy.is_some()) {
        scope.ignored(&["services", name, "restart"], "deploy.restart_policy counts, `restart` is left out");
    }
    if service.build.is_some() {
        let text = "an image is not built by a deployment: `orca stacks build` does it";
        scope.ignored(&["services", name, "build"], text);
    }
}

fn mode(scope: &mut Scope<'_>, name: &str, deploy: &Deploy) -> Mode {
    match deploy.mode.as_deref() {
        None | Some("replicated" | "") => Mode::Replicated,
        Some("global") => Mode::Global,
        Some("replicated-job") => Mode::ReplicatedJob,
        Some("global-job") => Mode::GlobalJob,
        Some(other) => {
            let known = "replicated, global, replicated-job or global-job";
            scope.fault(&["services", name, "deploy", "mode"], format!("deploy.mode must be {known}, not `{other}`"));
            Mode::Replicated
        }
    }
}

/// What is not said is not sent by docker: the engine's own five seconds count as monitor.
fn rollout(rollout: &Rollout) -> definition::Rollout {
    definition::Rollout {
        parallelism: rollout.parallelism,
        delay: rollout.delay.clone(),
        monitor: rollout.monitor.clone().or_else(|| Some("0s".to_owned())),
        order: rollout.order.clone(),
        failure_action: rollout.failure_action.clone(),
        max_failure_ratio: rollout.max_failure_ratio.clone(),
    }
}

/// Where in a compose file stands what a definition has at this path.
fn place_of(path: &[String]) -> Vec<String> {
    let (first, rest) = path.split_first().map_or(("", path), |(first, rest)| (first.as_str(), rest));
    let keys: &[&str] = match first {
        "name" => &[],
        "workdir" => &["working_dir"],
        "replicas" => &["deploy", "replicas"],
        "labels" => &["deploy", "labels"],
        "constraints" => &["deploy", "placement", "constraints"],
        "max_replicas_per_node" => &["deploy", "placement", "max_replicas_per_node"],
        "endpoint_mode" => &["deploy", "endpoint_mode"],
        "limits" => &["deploy", "resources", "limits"],
        "reservations" => &["deploy", "resources", "reservations"],
        "update" => &["deploy", "update_config"],
        "rollback" => &["deploy", "rollback_config"],
        "restart" => &["deploy", "restart_policy"],
        other => return [other.to_owned()].into_iter().chain(rest.iter().cloned()).collect(),
    };
    keys.iter().map(|key| (*key).to_owned()).chain(rest.iter().cloned()).collect()
}

/// What belongs to the service rather than to its containers.
fn beyond(scope: &mut Scope<'_>, name: &str, service: &Service, deploy: &Deploy) -> Vec<Field> {
    let mut fields = vec![Field::whole("TaskTemplate.Placement.Preferences", "preferences", preferences(deploy))];
    if let Some(policy) = restart(scope, name, service, deploy) {
        fields.push(Field::whole("TaskTemplate.RestartPolicy", "restart", policy));
    }
    let generic: Vec<Value> = deploy
        .resources
        .reservations
        .iter()
        .flat_map(|reserved| &reserved.generic_resources)
        .filter_map(|resource| resource.discrete_resource_spec.as_ref())
        .map(|one| json!({"DiscreteResourceSpec": {"Kind": one.kind, "Value": one.value}}))
        .collect();
    // One that is not there any more is given up, too.
    if deploy.resources.reservations.is_some() {
        let path = "TaskTemplate.Resources.Reservations.GenericResources";
        fields.push(Field::whole(path, "reservations", generic.into()));
    }
    if let Some(logging) = &service.logging {
        let options: BTreeMap<&str, &str> =
            logging.options.iter().map(|(key, value)| (key.as_str(), value.as_deref().unwrap_or_default())).collect();
        let driver = json!({"Name": logging.driver.as_deref().unwrap_or_default(), "Options": options});
        fields.push(Field::whole("TaskTemplate.LogDriver", "logging", driver));
    }
    fields
}

fn preferences(deploy: &Deploy) -> Value {
    let spread = deploy.placement.preferences.iter().filter_map(|preference| preference.spread.as_ref());
    spread.map(|over| json!({"Spread": {"SpreadDescriptor": over}})).collect()
}

/// `deploy.restart_policy`, or what `restart` says where there is none.
fn restart(scope: &mut Scope<'_>, name: &str, service: &Service, deploy: &Deploy) -> Option<Value> {
    let at = ["services", name, "deploy", "restart_policy"];
    if let Some(policy) = &deploy.restart_policy {
        let condition = policy.condition.as_deref().unwrap_or_default();
        if !matches!(condition, "" | "any" | "on-failure" | "none") {
            let text = format!("deploy.restart_policy.condition must be any, on-failure or none, not `{condition}`");
            scope.fault(&[&at[..], &["condition"]].concat(), text);
        }
        let span = |scope: &mut Scope<'_>, key: &str, text: Option<&String>| {
            container::span(scope, &[&at[..], &[key]].concat(), text)
        };
        let (delay, window) =
            (span(scope, "delay", policy.delay.as_ref()), span(scope, "window", policy.window.as_ref()));
        return Some(json!({"Condition": if condition.is_empty() { "any" } else { condition }, "Delay": delay,
            "MaxAttempts": policy.max_attempts, "Window": window}));
    }
    let written = service.restart.as_deref()?;
    let (word, most) = written.split_once(':').map_or((written, None), |(word, most)| (word, Some(most)));
    let most = most.map(str::parse::<u64>);
    let condition = match (word, &most) {
        ("no" | "", None) => return None,
        ("always" | "unless-stopped", None) => "any",
        ("on-failure", None | Some(Ok(_))) => "on-failure",
        _ => {
            let text = format!("restart must be no, always, unless-stopped or on-failure[:N], not `{written}`");
            scope.fault(&["services", name, "restart"], text);
            return None;
        }
    };
    let most = most.and_then(Result::ok).filter(|most| *most > 0);
    Some(json!({"Condition": condition, "MaxAttempts": most}))
}

fn making(scope: &mut Scope<'_>, name: &str, build: &Build) -> Making {
    let Build::Map(long) = build else {
        let Build::Text(context) = build else { return Making::default() };
        return Making { context: context.clone(), ..Making::default() };
    };
    for (key, there) in [
        ("cache_from", long.cache_from.is_some()),
        ("network", long.network.is_some()),
        ("shm_size", long.shm_size.is_some()),
        ("extra_hosts", long.extra_hosts.is_some()),
    ] {
        if there {
            scope.ignored(&["services", name, "build", key], format!("orca builds without `{key}`"));
        }
    }
    let args = long.args.as_ref().map(Pairs::pairs).unwrap_or_default();
    let args = args.into_iter().map(|(key, value)| {
        let value = value.or_else(|| (scope.value)(&key));
        (key, value)
    });
    Making {
        context: long.context.clone().unwrap_or_else(|| ".".to_owned()),
        dockerfile: long.dockerfile.clone(),
        args: args.collect(),
        labels: Pairs::texts(long.labels.as_ref()),
        target: long.target.clone(),
        place: String::new(),
    }
}

/// A list, as the engine is told; nothing where there is nothing.
pub(super) fn words(list: Option<&OneOrMany>) -> Vec<String> {
    OneOrMany::list(list)
}
