//! What can't be meant in a definition: found before anything is written, so that Swarm has nothing to refuse.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use super::definition::{Definition, Fault, Healthcheck, Resources, Restart, Rollout, Words};
use super::{mount, port};
use crate::redact::REDACTED;
use crate::registry::Image;
use crate::settings::parse_size;

/// Swarm's own bound.
const LONGEST_NAME: usize = 63;
/// Labels of orca's own begin so.
const OWN: &str = "orca.catalog";

/// All that is wrong.
pub(super) fn faults(definition: &Definition) -> Vec<Fault> {
    let mut check = Check::default();
    check.names(definition);
    check.tasks(definition);
    check.ports(&definition.ports);
    check.lists(definition);
    check.commands(definition);
    if let Some(healthcheck) = &definition.healthcheck {
        check.health(healthcheck);
    }
    check.resources("limits", definition.limits.as_ref());
    check.resources("reservations", definition.reservations.as_ref());
    check.rollout("update", definition.update.as_ref());
    check.rollout("rollback", definition.rollback.as_ref());
    check.restart(definition);
    check.masks(&mut Vec::new(), &serde_json::to_value(definition).unwrap_or_default());
    check.found
}

/// Why a name is none that Swarm takes, in a sentence; none if it is one.
pub fn name_fault(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("the service has no name: write `name: NAME`".to_owned());
    }
    if name.len() > LONGEST_NAME {
        return Some(format!("name `{name}` is longer than the {LONGEST_NAME} characters that Swarm takes"));
    }
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let inner = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    let good = inner && ends(name.chars().next()) && ends(name.chars().last());
    (!good).then(|| {
        format!("name `{name}` is none for Swarm: letters, digits, `-` and `_`, with a letter or digit at both ends")
    })
}

/// A duration in nanoseconds.
///
/// # Errors
/// What is wrong, to be read after the value.
pub(crate) fn nanos(text: &str) -> Result<u64, String> {
    let span = match text.trim().parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        Err(_) => humantime::parse_duration(text.trim()).ok(),
    };
    let nanos = span.and_then(|span| i64::try_from(span.as_nanos()).ok()).and_then(|nanos| u64::try_from(nanos).ok());
    nanos.ok_or_else(|| "is no duration (30s, 5m, 1h30m, or a number of seconds)".to_owned())
}

/// Processors in billionths.
///
/// # Errors
/// What is wrong, to be read after the value.
pub(super) fn nano_cpus(text: &str) -> Result<u64, String> {
    match text.trim().parse::<f64>() {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within these bounds")]
        Ok(cpus) if (0.0..=100_000.0).contains(&cpus) => Ok((cpus * 1e9).round() as u64),
        _ => Err("is no number of processors (0.5, 2)".to_owned()),
    }
}

/// Name of a secret or config, and the file that it is to be.
pub(super) fn file_of(text: &str) -> (&str, Option<&str>) {
    text.split_once(':').map_or((text, None), |(name, file)| (name, Some(file)))
}

#[derive(Default)]
struct Check {
    found: Vec<Fault>,
}

impl Check {
    fn at(&mut self, path: &[&str], message: impl Into<String>) {
        let path = path.iter().map(|key| (*key).to_owned()).collect();
        self.found.push(Fault { path, message: message.into() });
    }

    /// What orca shows in place of a value is none: whoever sends it back has not seen the value.
    fn masks(&mut self, path: &mut Vec<String>, value: &Value) {
        let parts: Vec<(String, &Value)> = match value {
            Value::Object(fields) => fields.iter().map(|(key, value)| (key.clone(), value)).collect(),
            Value::Array(items) => items.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
            Value::String(text) if text == REDACTED => {
                let key = path.join(".");
                let message =
                    format!("{key} is `{REDACTED}`, which stands for a value that was not shown: give the value");
                self.found.push(Fault { path: path.clone(), message });
                return;
            }
            _ => return,
        };
        for (key, value) in parts {
            path.push(key);
            self.masks(path, value);
            path.pop();
        }
    }

    fn names(&mut self, definition: &Definition) {
        if let Some(fault) = name_fault(&definition.name) {
            self.at(&["name"], fault);
        }
        if definition.image.trim().is_empty() {
            self.at(&["image"], "image must not be empty");
        } else if let Err(why) = Image::parse(&definition.image) {
            self.at(&["image"], format!("image: {why}"));
        }
        if let Some(context) = &definition.build_context {
            let outside = context.split('/').any(|part| part == "..");
            if context.trim().is_empty() || outside {
                self.at(
                    &["build_context"],
                    "build_context must be a folder below the projects directory, without `..`",
                );
            }
        }
    }

    fn tasks(&mut self, definition: &Definition) {
        if definition.mode.is_global() && definition.replicas.is_some() {
            self.at(&["replicas"], "a global service has one task on each node: leave out replicas, or the mode");
        }
        if definition.mode.is_job() && definition.replicas == Some(0) {
            self.at(&["replicas"], "a job has at least one task that is to complete");
        }
        if definition.mode.is_job() {
            for (key, there) in [("update", definition.update.is_some()), ("rollback", definition.rollback.is_some())] {
                if there {
                    self.at(&[key], format!("a job is not rolled out: leave out {key}"));
                }
            }
        }
        if definition.max_replicas_per_node.is_some() && definition.mode.is_global() {
            self.at(&["max_replicas_per_node"], "a global service has one task on each node");
        }
        let endpoint = definition.endpoint_mode.as_deref();
        if !matches!(endpoint, None | Some("vip" | "dnsrr")) {
            self.at(&["endpoint_mode"], "endpoint_mode must be vip or dnsrr");
        }
        let meshed = |text: &String| port::parse(text).is_ok_and(|ports| ports.iter().any(|port| !port.host));
        if endpoint == Some("dnsrr") && definition.ports.iter().any(meshed) {
            self.at(&["endpoint_mode"], "with endpoint_mode dnsrr ports can be published in the mode `@host` only");
        }
        self.span(&["stop_grace_period"], definition.stop_grace_period.as_deref());
    }

    fn ports(&mut self, ports: &[String]) {
        let mut published = BTreeSet::new();
        for (at, text) in ports.iter().enumerate() {
            let path = ["ports", &at.to_string()];
            match port::parse(text) {
                Err(why) => self.at(&path, format!("port `{text}` {why}")),
                Ok(parsed) => {
                    for port in parsed {
                        let Some(number) = port.published else { continue };
                        if !published.insert((number, port.protocol.clone())) {
                            self.at(&path, format!("port `{text}` publishes {number}/{} a second time", port.protocol));
                        }
                    }
                }
            }
        }
    }

    fn lists(&mut self, definition: &Definition) {
        for key in definition.env.keys().filter(|key| key.is_empty() || key.contains(['=', '\0'])) {
            self.at(&["env", key], format!("env: `{key}` is no name of a variable"));
        }
        for key in definition.labels.keys() {
            if key.is_empty() || key.starts_with(OWN) {
                self.at(&["labels", key], format!("labels: `{key}` must not be set: `{OWN}` is orca's own"));
            }
        }
        for (at, text) in definition.constraints.iter().enumerate() {
            if let Some(why) = constraint_fault(text) {
                self.at(&["constraints", &at.to_string()], format!("constraint `{text}` {why}"));
            }
        }
        let mut targets = BTreeSet::new();
        for (at, text) in definition.mounts.iter().enumerate() {
            let path = ["mounts", &at.to_string()];
            match mount::parse(text) {
                Err(why) => self.at(&path, format!("mount `{text}` {why}")),
                Ok(mount) if !targets.insert(mount.target.clone()) => {
                    self.at(&path, format!("mount `{text}`: something else is mounted at `{}`", mount.target));
                }
                Ok(_) => {}
            }
        }
        for (key, list) in
            [("networks", &definition.networks), ("secrets", &definition.secrets), ("configs", &definition.configs)]
        {
            let mut seen = BTreeSet::new();
            for (at, text) in list.iter().enumerate() {
                let (name, file) = if key == "networks" { (text.as_str(), None) } else { file_of(text) };
                if name.is_empty() || name.contains(char::is_whitespace) || file.is_some_and(str::is_empty) {
                    self.at(&[key, &at.to_string()], format!("{key}: `{text}` is no name"));
                } else if !seen.insert(text) {
                    self.at(&[key, &at.to_string()], format!("{key}: `{text}` is named twice"));
                }
            }
        }
    }

    fn commands(&mut self, definition: &Definition) {
        for (key, words) in [("command", &definition.command), ("entrypoint", &definition.entrypoint)] {
            self.words(&[key], words.as_ref());
        }
        if let Some(workdir) = definition.workdir.as_deref().filter(|path| !path.starts_with('/')) {
            self.at(&["workdir"], format!("workdir `{workdir}` is no absolute path"));
        }
    }

    fn words(&mut self, path: &[&str], words: Option<&Words>) {
        match words.map(Words::split) {
            Some(None) => self.at(path, format!("{} has a quote that is never closed", path.join("."))),
            Some(Some(words)) if words.iter().any(|word| word.contains('\0')) => {
                self.at(path, format!("{} has a NUL character", path.join(".")));
            }
            _ => {}
        }
    }

    fn health(&mut self, health: &Healthcheck) {
        let disabled = health.disable == Some(true);
        match &health.test {
            None if !disabled => self.at(&["healthcheck"], "healthcheck needs the key \"test\", or disable: true"),
            Some(_) if disabled => self.at(&["healthcheck", "test"], "healthcheck is disabled, and has a test"),
            Some(Words::List(words))
                if !matches!(words.first().map(String::as_str), Some("CMD" | "CMD-SHELL" | "NONE")) =>
            {
                self.at(&["healthcheck", "test"], "healthcheck.test must begin with CMD, CMD-SHELL or NONE");
            }
            _ => {}
        }
        for (key, span) in
            [("interval", &health.interval), ("timeout", &health.timeout), ("start_period", &health.start_period)]
        {
            self.span(&["healthcheck", key], span.as_deref());
            // The engine takes nothing between zero and a millisecond.
            if span.as_deref().and_then(|span| nanos(span).ok()).is_some_and(|nanos| nanos > 0 && nanos < 1_000_000) {
                self.at(&["healthcheck", key], format!("healthcheck.{key} must be at least 1ms"));
            }
        }
    }

    fn resources(&mut self, name: &str, resources: Option<&Resources>) {
        let Some(resources) = resources else { return };
        if let Some(Err(why)) = resources.cpus.as_deref().map(nano_cpus) {
            self.at(&[name, "cpus"], format!("{name}.cpus {why}"));
        }
        match resources.memory.as_deref().map(parse_size) {
            Some(Err(why)) => self.at(&[name, "memory"], format!("{name}.memory {why}")),
            // The engine's own bound.
            Some(Ok(bytes)) if bytes < 4 << 20 => {
                self.at(&[name, "memory"], format!("{name}.memory must be at least 4M"));
            }
            _ => {}
        }
        if name == "reservations" && resources.pids.is_some() {
            self.at(&[name, "pids"], "reservations.pids: processes can be limited, not reserved");
        }
    }

    fn rollout(&mut self, name: &str, rollout: Option<&Rollout>) {
        let Some(rollout) = rollout else { return };
        self.span(&[name, "delay"], rollout.delay.as_deref());
        self.span(&[name, "monitor"], rollout.monitor.as_deref());
        let actions: &[&str] =
            if name == "rollback" { &["pause", "continue"] } else { &["pause", "continue", "rollback"] };
        self.word(&[name, "failure_action"], rollout.failure_action.as_deref(), actions);
        self.word(&[name, "order"], rollout.order.as_deref(), &["stop-first", "start-first"]);
        let share = rollout.max_failure_ratio.as_deref().map(str::parse::<f64>);
        if share.is_some_and(|share| !share.is_ok_and(|share| (0.0..=1.0).contains(&share))) {
            self.at(&[name, "max_failure_ratio"], format!("{name}.max_failure_ratio must be a number from 0 to 1"));
        }
    }

    fn restart(&mut self, definition: &Definition) {
        let (condition, path): (_, &[&str]) = match &definition.restart {
            None => return,
            Some(Restart::Condition(condition)) => (Some(condition.as_str()), &["restart"]),
            Some(Restart::Policy(policy)) => {
                self.span(&["restart", "delay"], policy.delay.as_deref());
                self.span(&["restart", "window"], policy.window.as_deref());
                (policy.condition.as_deref(), &["restart", "condition"])
            }
        };
        self.word(path, condition, &["any", "on-failure", "none"]);
        if definition.mode.is_job() && condition == Some("any") {
            self.at(path, "a job ends: its restart condition is on-failure or none");
        }
    }

    fn span(&mut self, path: &[&str], span: Option<&str>) {
        if let Some(Err(why)) = span.map(nanos) {
            self.at(path, format!("{} {why}", path.join(".")));
        }
    }

    fn word(&mut self, path: &[&str], word: Option<&str>, known: &[&str]) {
        if word.is_some_and(|word| !known.contains(&word)) {
            self.at(
                path,
                format!("{} must be {}, not `{}`", path.join("."), known.join(" or "), word.unwrap_or_default()),
            );
        }
    }
}

/// Why Swarm would refuse it.
fn constraint_fault(text: &str) -> Option<&'static str> {
    let Some((key, value)) = text.split_once("==").or_else(|| text.split_once("!=")) else {
        return Some("has neither `==` nor `!=`");
    };
    let (key, value) = (key.trim(), value.trim());
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    let is_key = key.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') && key.chars().all(plain);
    let known = ["node.id", "node.hostname", "node.ip", "node.role", "node.platform.os", "node.platform.arch"];
    let known = |key: &str| {
        let key = key.to_ascii_lowercase();
        known.contains(&key.as_str()) || key.starts_with("node.labels.") || key.starts_with("engine.labels.")
    };
    match () {
        () if !is_key => Some("has no key on its left side"),
        () if !known(key) => Some("has a key that Swarm doesn't know: node.role, node.hostname, node.labels.KEY, ..."),
        () if value.is_empty() => Some("has no value on its right side"),
        () => None,
    }
}
