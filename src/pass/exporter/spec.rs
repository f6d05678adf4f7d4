//! The service that is wanted, field by field: the same list makes a new service and finds what has drifted in an old one.

use serde_json::{Value, json};

use super::LABEL;
use crate::engine::edit::field;
use crate::settings::{Exporter, nanos};

/// Nobody's: an exporter reads what everybody may read.
const USER: &str = "65534:65534";
/// Threads and processes.
const PIDS: u64 = 128;

/// One field of the spec that has to be so.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    /// Keys from the top of the spec.
    pub(super) path: Vec<String>,
    /// The setting behind it; empty where none is.
    pub(super) setting: &'static str,
    pub(super) value: Value,
}

impl Field {
    /// Whether a change of it replaces the tasks.
    pub(super) fn disruptive(&self) -> bool {
        let under = |keys: &[&str]| self.path.iter().zip(keys).all(|(own, key)| own == key);
        under(&["TaskTemplate"]) && !under(&["TaskTemplate", "Placement"]) || under(&["EndpointSpec"])
    }
}

/// All that has to be so, but for the image.
pub(super) fn fields(exporter: &Exporter) -> Vec<Field> {
    let mut fields = Vec::new();
    let mut add = |path: &str, setting, value: Value| {
        let path = path.split('.').map(str::to_owned).collect();
        fields.push(Field { path, setting, value });
    };
    let mounts: Vec<Value> = exporter.mounts.iter().map(|(from, to)| mount(from, to)).collect();
    let container = "TaskTemplate.ContainerSpec";
    // An image has its own command; who sets another runs something else with the host's files.
    add(&format!("{container}.Command"), "", json!([]));
    add(&format!("{container}.Args"), "args", arguments(exporter).into());
    // node_uname_info tells the name of the container's host, which is the container unless it is said.
    add(&format!("{container}.Hostname"), "", "{{.Node.Hostname}}".into());
    add(&format!("{container}.Env"), "", json!(exporter.older.env));
    add(&format!("{container}.User"), "", USER.into());
    add(&format!("{container}.ReadOnly"), "", true.into());
    add(&format!("{container}.CapabilityAdd"), "", json!([]));
    add(&format!("{container}.CapabilityDrop"), "", json!(["ALL"]));
    add(&format!("{container}.Mounts"), "", mounts.into());
    add("TaskTemplate.Resources.Limits.MemoryBytes", "memory", exporter.memory.into());
    add("TaskTemplate.Resources.Limits.NanoCPUs", "cpus", exporter.nano_cpus.into());
    add("TaskTemplate.Resources.Limits.Pids", "", PIDS.into());
    let older = &exporter.older;
    add("TaskTemplate.RestartPolicy.Condition", "", older.restart.as_deref().unwrap_or("any").into());
    let delay = older.restart_delay.map_or(5_000_000_000, nanos);
    add("TaskTemplate.RestartPolicy.Delay", "", delay.into());
    add("TaskTemplate.RestartPolicy.MaxAttempts", "", older.restart_attempts.unwrap_or_default().into());
    add("TaskTemplate.RestartPolicy.Window", "", older.restart_window.map_or(0, nanos).into());
    if let Some(grace) = older.stop_grace {
        add(&format!("{container}.StopGracePeriod"), "", nanos(grace).into());
    }
    if let Some(signal) = &older.stop_signal {
        add(&format!("{container}.StopSignal"), "", signal.as_str().into());
    }
    if let Some(health) = &older.health {
        add(&format!("{container}.Healthcheck"), "", health.clone());
    }
    if let Some(log) = &older.log {
        add("TaskTemplate.LogDriver", "", log.clone());
    }
    // Never without a Placement: managers crash on it.
    add("TaskTemplate.Placement.Constraints", "constraints", json!(exporter.constraints));
    add("TaskTemplate.Networks", "networks", networks(exporter));
    // A port of the node itself: through the ingress mesh each scrape would reach another node. Two tasks can't have it.
    let port = json!([{"Protocol": "tcp", "TargetPort": exporter.target, "PublishedPort": exporter.port,
        "PublishMode": "host"}]);
    add("EndpointSpec.Ports", "port", port);
    add("UpdateConfig.Order", "", "stop-first".into());
    fields.push(Field { path: vec!["Labels".into(), LABEL.into()], setting: "", value: "node_exporter".into() });
    fields.extend(exporter.labels.iter().map(|(key, value)| Field {
        path: vec!["Labels".into(), key.clone()],
        setting: "labels",
        value: value.as_str().into(),
    }));
    fields
}

/// The whole spec of a new service.
pub(super) fn new(exporter: &Exporter, image: &str) -> anyhow::Result<Value> {
    let mut spec = json!({
        "Name": exporter.name,
        "Mode": {"Global": {}},
        "TaskTemplate": {"ContainerSpec": {"Image": image}, "Placement": {}},
        "EndpointSpec": {"Mode": "vip"},
        // One node after the other; the first that fails ends it.
        "UpdateConfig": {"Parallelism": 1, "FailureAction": "pause", "Monitor": 5_000_000_000_u64},
    });
    for Field { path, value, .. } in fields(exporter) {
        field::set(&mut spec, &path, &value)?;
    }
    Ok(spec)
}

fn arguments(exporter: &Exporter) -> Vec<String> {
    if exporter.all_args {
        return exporter.args.clone();
    }
    let at = |host: &str| exporter.mounts.iter().find(|(from, _)| from == host).map(|(_, to)| to);
    let flags = [("/proc", "procfs"), ("/sys", "sysfs"), ("/", "rootfs")];
    let paths = flags.into_iter().filter_map(|(host, flag)| Some(format!("--path.{flag}={}", at(host)?)));
    let listen = format!("--web.listen-address=:{}", exporter.target);
    paths.chain([listen]).chain(exporter.args.iter().cloned()).collect()
}

fn mount(from: &str, to: &str) -> Value {
    let mut mount = json!({"Type": "bind", "Source": from, "Target": to, "ReadOnly": true});
    // File systems that the host mounts later are seen, too. For what holds the engine's own data nothing else is taken.
    if from == "/" {
        mount["BindOptions"] = json!({"Propagation": "rslave"});
    }
    mount
}

fn networks(exporter: &Exporter) -> Value {
    let known = exporter.networks.iter().filter_map(|name| exporter.asked.networks.get(name)?.as_ref().ok());
    known.map(|id| json!({"Target": id})).collect()
}
