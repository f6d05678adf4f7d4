//! Orcastra's `deploy_node_exporter.yml` as it is written, and what it means here; see `fragment` for the rules.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::de::Spanned;
use super::exporter::{Exporter, label, list, port, text};
use super::fragment::{Entries, Span, Text};
use super::policy::{duration, env_text};
use super::problem::quoted;
use super::section::Section;

/// Orcastra's `deploy_node_exporter.yml`. What has no field in here to be read by means nothing to orca.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OlderExporter {
    name: Option<Spanned<String>>,
    image: Option<Spanned<String>>,
    args: Option<Vec<Spanned<String>>>,
    mounts: Option<Vec<Mount>>,
    timezone: Option<Zone>,
    networks: Option<Vec<Spanned<String>>>,
    ports: Option<Vec<Port>>,
    deploy: Option<Deploy>,
    labels: Option<Entries<Option<Text>>>,
    stop_grace_period: Option<Spanned<Span>>,
    stop_signal: Option<Spanned<String>>,
    healthcheck: Option<Healthcheck>,
    logging: Option<Logging>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Mount {
    source: Spanned<String>,
    target: Spanned<String>,
    /// An exporter has nothing to write.
    #[serde(rename = "read_only")]
    _read_only: Option<Spanned<bool>>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Zone {
    env_tz: Option<Spanned<bool>>,
    #[serde(rename = "bind_local")]
    _bind_local: Option<Spanned<bool>>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Port {
    published: Option<Spanned<u32>>,
    target: Option<Spanned<u32>>,
    protocol: Option<Spanned<String>>,
    /// Whatever it says: through the ingress mesh each scrape would reach another node.
    #[serde(rename = "mode")]
    _mode: Option<Spanned<String>>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Deploy {
    mode: Option<Spanned<String>>,
    /// Means nothing to a port of the host.
    #[serde(rename = "endpoint_mode")]
    _endpoint_mode: Option<Spanned<String>>,
    placement: Option<Placement>,
    labels: Option<Entries<Option<Text>>>,
    restart_policy: Option<Restart>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Placement {
    constraints: Option<Vec<Spanned<String>>>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Restart {
    condition: Option<Spanned<String>>,
    delay: Option<Spanned<Span>>,
    max_attempts: Option<Spanned<u32>>,
    window: Option<Spanned<Span>>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Healthcheck {
    test: Option<Command>,
    interval: Option<Spanned<Span>>,
    timeout: Option<Spanned<Span>>,
    retries: Option<Spanned<u32>>,
    start_period: Option<Spanned<Span>>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(untagged)]
enum Command {
    Text(Spanned<String>),
    List(Vec<Spanned<String>>),
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Logging {
    driver: Option<Spanned<String>>,
    options: Option<Entries<Option<Text>>>,
}

/// Takes over what the file says; `exporter:` is laid over it afterwards.
pub(super) fn lay_under(
    older: &OlderExporter,
    env: &BTreeMap<String, String>,
    exporter: &mut Exporter,
    section: &mut Section<'_, '_>,
) {
    text("name", older.name.as_ref(), &mut exporter.name, section);
    text("image", older.image.as_ref(), &mut exporter.image, section);
    if let Some(args) = &older.args {
        list("args", Some(args), &mut exporter.args, section);
        exporter.all_args = true;
    }
    if let Some(mounts) = &older.mounts {
        exporter.mounts = mounts.iter().map(|mount| mounted(mount, section)).collect();
    }
    list("networks", older.networks.as_ref(), &mut exporter.networks, section);
    ports(older, exporter, section);
    if older.timezone.as_ref().and_then(|zone| zone.env_tz.as_ref()).is_some_and(|flag| flag.value) {
        exporter.older.env.push(format!("TZ={}", env_text(env, "TZ").unwrap_or("UTC")));
    }
    if let Some(deploy) = &older.deploy {
        if let Some(mode) = deploy.mode.as_ref().filter(|mode| mode.value != "global") {
            let found = quoted(&mode.value);
            section.log.at(mode.mark, format!("deploy.mode must be global (an exporter on every node), not {found}"));
        }
        let constraints = deploy.placement.as_ref().and_then(|placement| placement.constraints.as_ref());
        list("constraints", constraints, &mut exporter.constraints, section);
        if let Some(restart) = &deploy.restart_policy {
            restarted(restart, exporter, section);
        }
    }
    let deploy = older.deploy.iter().filter_map(|deploy| deploy.labels.as_ref());
    for (key, value) in deploy.chain(&older.labels).flat_map(|labels| &labels.0) {
        label(key, value.as_ref(), &mut exporter.labels, section);
    }
    exporter.older.stop_grace = span("stop_grace_period", older.stop_grace_period.as_ref(), section);
    exporter.older.stop_signal = older.stop_signal.as_ref().map(|signal| signal.value.clone());
    exporter.older.health = older.healthcheck.as_ref().and_then(|health| checked(health, section));
    exporter.older.log = older.logging.as_ref().map(|logging| {
        let options: Map<String, Value> = logging
            .options
            .iter()
            .flat_map(|options| &options.0)
            .map(|(key, value)| (key.value.clone(), value.as_ref().map(|text| text.0.clone()).into()))
            .collect();
        json!({"Name": logging.driver.as_ref().map_or("json-file", |driver| &driver.value), "Options": options})
    });
}

fn mounted(mount: &Mount, section: &mut Section<'_, '_>) -> (String, String) {
    for path in [&mount.source, &mount.target] {
        if !path.value.starts_with('/') {
            section.log.at(path.mark, format!("mounts: {} must be an absolute path", quoted(&path.value)));
        }
    }
    (mount.source.value.clone(), mount.target.value.clone())
}

fn ports(older: &OlderExporter, exporter: &mut Exporter, section: &mut Section<'_, '_>) {
    let ports = older.ports.as_deref().unwrap_or_default();
    if let [_, second, ..] = ports
        && let Some(mark) = second.published.as_ref().or(second.target.as_ref()).map(|port| port.mark)
    {
        section.log.at(mark, "ports: an exporter has one port");
    }
    let Some(first) = ports.first() else { return };
    if let Some(protocol) = first.protocol.as_ref().filter(|protocol| protocol.value != "tcp") {
        section.log.at(protocol.mark, format!("ports: the protocol must be tcp, not {}", quoted(&protocol.value)));
    }
    port("target", first.target.as_ref(), &mut exporter.target, section);
    exporter.port = exporter.target;
    port("port", first.published.as_ref(), &mut exporter.port, section);
}

fn restarted(restart: &Restart, exporter: &mut Exporter, section: &mut Section<'_, '_>) {
    if let Some(condition) = &restart.condition
        && !["none", "on-failure", "any"].contains(&condition.value.as_str())
    {
        let found = quoted(&condition.value);
        let message = format!("deploy.restart_policy.condition must be none, on-failure or any, not {found}");
        section.log.at(condition.mark, message);
    }
    exporter.older.restart = restart.condition.as_ref().map(|condition| condition.value.clone());
    exporter.older.restart_delay = span("deploy.restart_policy.delay", restart.delay.as_ref(), section);
    exporter.older.restart_attempts = restart.max_attempts.as_ref().map(|attempts| attempts.value);
    exporter.older.restart_window = span("deploy.restart_policy.window", restart.window.as_ref(), section);
}

/// The healthcheck with Orcastra's defaults. A list is taken whole, where Orcastra took its second word alone.
fn checked(health: &Healthcheck, section: &mut Section<'_, '_>) -> Option<Value> {
    let test = match health.test.as_ref()? {
        Command::Text(text) => vec!["CMD-SHELL".to_owned(), text.value.clone()],
        Command::List(words) => words.iter().map(|word| word.value.clone()).collect(),
    };
    let mut nanos = |key: &str, written: Option<&Spanned<Span>>, default: u64| {
        let span = span(&format!("healthcheck.{key}"), written, section);
        nanos(span.unwrap_or(Duration::from_secs(default)))
    };
    Some(json!({
        "Test": test,
        "Interval": nanos("interval", health.interval.as_ref(), 30),
        "Timeout": nanos("timeout", health.timeout.as_ref(), 30),
        "StartPeriod": nanos("start_period", health.start_period.as_ref(), 60),
        "Retries": health.retries.as_ref().map_or(3, |retries| retries.value),
    }))
}

fn span(key: &str, written: Option<&Spanned<Span>>, section: &mut Section<'_, '_>) -> Option<Duration> {
    duration(written?, key, section.log)
}

/// A duration as the engine's API has it.
pub(crate) fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}
