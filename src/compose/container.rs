//! What a compose file says of a service's containers, and a definition has no words for.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde_json::{Value, json};

use super::env::env_file;
use super::file::{CredentialSpec, Healthcheck, OneOrMany, Pairs, Service, Ulimit};
use super::service::words;
use super::stack::{Purpose, Scope};
use crate::catalog::files;
use crate::catalog::nanos;
use crate::catalog::spec::Field;
use crate::model::service::STACK_LABEL;

/// All of it. Every field is there, if only to say that there is nothing: the file is the whole truth of its stack.
pub(super) fn fields(scope: &mut Scope<'_>, name: &str, service: &Service) -> Vec<Field> {
    let mut labels = Pairs::texts(service.labels.as_ref());
    labels.insert(STACK_LABEL.to_owned(), scope.stack.to_owned());
    let (add, drop) = capabilities(&service.cap_add, &service.cap_drop);
    let sysctls = Pairs::texts(service.sysctls.as_ref());
    let mut fields = vec![
        ("Env", "environment", environment(scope, name, service)),
        ("Labels", "labels", json!(labels)),
        ("Hosts", "extra_hosts", hosts(scope, name, service)),
        ("DNSConfig", "dns", dns(scope, name, service)),
        ("CapabilityAdd", "cap_add", add.into()),
        ("CapabilityDrop", "cap_drop", drop.into()),
        ("Sysctls", "sysctls", json!(sysctls)),
        ("Ulimits", "ulimits", ulimits(scope, name, service)),
        ("Privileges", "credential_spec", privileges(scope, name, service.credential_spec.as_ref())),
        ("TTY", "tty", service.tty.unwrap_or(false).into()),
        ("OpenStdin", "stdin_open", service.stdin_open.unwrap_or(false).into()),
    ];
    fields.extend(service.healthcheck.as_ref().map(|check| ("Healthcheck", "healthcheck", health(scope, name, check))));
    fields.extend(service.isolation.as_ref().map(|isolation| ("Isolation", "isolation", isolation.as_str().into())));
    if let Some(text) = &service.oom_score_adj {
        match text.parse::<i64>() {
            Ok(number) => fields.push(("OomScoreAdj", "oom_score_adj", number.into())),
            Err(_) => scope.fault(&["services", name, "oom_score_adj"], "oom_score_adj must be a whole number"),
        }
    }
    fields
        .into_iter()
        .map(|(field, key, value)| Field::whole(&format!("TaskTemplate.ContainerSpec.{field}"), key, value))
        .collect()
}

/// A duration in nanoseconds, if it is one.
pub(super) fn span(scope: &mut Scope<'_>, path: &[&str], text: Option<&String>) -> Option<u64> {
    match nanos(text?) {
        Ok(nanos) => Some(nanos),
        Err(why) => {
            let key = path.get(2..).unwrap_or_default().join(".");
            scope.fault(path, format!("{key} {why}"));
            None
        }
    }
}

/// Variables of the files, then those of the compose file, sorted. What has no value, or an empty one, has the one that
/// it has here, as docker has it.
fn environment(scope: &mut Scope<'_>, name: &str, service: &Service) -> Value {
    let mut variables: BTreeMap<String, Option<String>> = BTreeMap::new();
    let named = service.env_file.as_ref().filter(|_| scope.purpose == Purpose::Deployment);
    for (at, file) in OneOrMany::list(named).iter().enumerate() {
        let at = at.to_string();
        let place: &[&str] = match service.env_file {
            Some(OneOrMany::List(_)) => &["services", name, "env_file", &at],
            _ => &["services", name, "env_file"],
        };
        let path = scope.path(file);
        match files::read_text(&path).map(|text| env_file(&text)) {
            Err(error) => scope.fault(place, format!("env_file `{}` can't be read: {error}", path.display())),
            Ok(Err((line, why))) => scope.fault(place, format!("env_file `{}`, line {line}: {why}", path.display())),
            // A name alone that has no value here is not heeded in a file.
            Ok(Ok(read)) => variables
                .extend(read.into_iter().filter(|(key, value)| value.is_some() || (scope.value)(key).is_some())),
        }
    }
    variables.extend(service.environment.as_ref().map(Pairs::pairs).unwrap_or_default());
    for key in variables.keys().filter(|key| key.is_empty() || key.contains(['=', '\0'])).cloned().collect::<Vec<_>>() {
        scope.fault(&["services", name, "environment", &key], format!("environment: `{key}` is no name of a variable"));
    }
    let mut list: Vec<String> = variables
        .into_iter()
        .map(|(key, value)| {
            let here = || (scope.value)(&key);
            let value = value.as_ref().filter(|value| !value.is_empty()).cloned().or_else(here).or(value);
            value.map_or_else(|| key.clone(), |value| format!("{key}={value}"))
        })
        .collect();
    list.sort();
    list.into()
}

/// Docker's notation is `name:address`, Swarm's `address name`.
fn hosts(scope: &mut Scope<'_>, name: &str, service: &Service) -> Value {
    let entries: Vec<String> = match &service.extra_hosts {
        None => Vec::new(),
        Some(Pairs::List(list)) => list.clone(),
        Some(Pairs::Map(map)) => {
            map.iter().map(|(host, address)| format!("{host}:{}", address.as_deref().unwrap_or_default())).collect()
        }
    };
    let mut hosts = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let split = entry.split_once('=').or_else(|| entry.split_once(':'));
        let bare = |address: &str| {
            address.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(address).to_owned()
        };
        match split.map(|(host, address)| (host, bare(address))) {
            Some((host, address))
                if !host.is_empty() && (address.parse::<IpAddr>().is_ok() || address == "host-gateway") =>
            {
                hosts.push(format!("{address} {host}"));
            }
            _ => {
                let at = at.to_string();
                scope.fault(
                    &["services", name, "extra_hosts", &at],
                    format!("extra_hosts: `{entry}` is not NAME:ADDRESS"),
                );
            }
        }
    }
    hosts.into()
}

fn dns(scope: &mut Scope<'_>, name: &str, service: &Service) -> Value {
    let (servers, search) = (words(service.dns.as_ref()), words(service.dns_search.as_ref()));
    for server in servers.iter().filter(|server| server.parse::<IpAddr>().is_err()) {
        scope.fault(&["services", name, "dns"], format!("dns: `{server}` is no address"));
    }
    if servers.is_empty() && search.is_empty() {
        Value::Null
    } else {
        json!({"Nameservers": servers, "Search": search})
    }
}

/// As docker has it: in capitals, with their prefix, and nothing is taken away that is added.
fn capabilities(add: &[String], drop: &[String]) -> (Vec<String>, Vec<String>) {
    let plain = |list: &[String]| -> BTreeSet<String> {
        let names = list.iter().map(|name| name.trim().to_ascii_uppercase());
        names.map(|name| if name == "ALL" || name.starts_with("CAP_") { name } else { format!("CAP_{name}") }).collect()
    };
    let all = |set: BTreeSet<String>| if set.contains("ALL") { BTreeSet::from(["ALL".to_owned()]) } else { set };
    let (add, drop) = (all(plain(add)), all(plain(drop)));
    let left = drop.iter().filter(|name| !add.contains(*name)).cloned().collect();
    (add.into_iter().collect(), left)
}

fn ulimits(scope: &mut Scope<'_>, name: &str, service: &Service) -> Value {
    let mut limits = Vec::new();
    for (limit, written) in &service.ulimits {
        let (soft, hard) = match written {
            Ulimit::Text(both) => (both, both),
            Ulimit::Map(each) => (&each.soft, &each.hard),
        };
        match (soft.parse::<i64>(), hard.parse::<i64>()) {
            (Ok(soft), Ok(hard)) => limits.push(json!({"Name": limit, "Soft": soft, "Hard": hard})),
            _ => scope.fault(&["services", name, "ulimits", limit], format!("ulimits.{limit} must be a whole number")),
        }
    }
    limits.into()
}

fn privileges(scope: &mut Scope<'_>, name: &str, spec: Option<&CredentialSpec>) -> Value {
    let Some(spec) = spec else { return json!({"CredentialSpec": null, "SELinuxContext": null}) };
    let at = ["services", name, "credential_spec"];
    if spec.config.is_some() {
        scope.fault(&[&at[..], &["config"]].concat(), "credential_spec.config is not supported: use file or registry");
    }
    if spec.file.is_some() && spec.registry.is_some() {
        scope.fault(&at, "credential_spec has both file and registry: one of them");
    }
    json!({"CredentialSpec": {"File": spec.file, "Registry": spec.registry}})
}

fn health(scope: &mut Scope<'_>, name: &str, check: &Healthcheck) -> Value {
    let at = ["services", name, "healthcheck"];
    let test = match &check.test {
        None => Vec::new(),
        Some(OneOrMany::Text(line)) => vec!["CMD-SHELL".to_owned(), line.clone()],
        Some(OneOrMany::List(list)) => list.clone(),
    };
    if check.disable == Some(true) {
        if !test.is_empty() {
            scope.fault(&[&at[..], &["test"]].concat(), "healthcheck is disabled, and has a test");
        }
        return json!({"Test": ["NONE"]});
    }
    if !test.is_empty() && !matches!(test[0].as_str(), "CMD" | "CMD-SHELL" | "NONE") {
        scope.fault(&[&at[..], &["test"]].concat(), "healthcheck.test must begin with CMD, CMD-SHELL or NONE");
    }
    let mut time = |key: &str, text: Option<&String>| {
        let nanos = span(scope, &[&at[..], &[key]].concat(), text);
        // The engine takes nothing between zero and a millisecond.
        if nanos.is_some_and(|nanos| nanos > 0 && nanos < 1_000_000) {
            scope.fault(&[&at[..], &[key]].concat(), format!("healthcheck.{key} must be at least 1ms"));
        }
        nanos
    };
    json!({"Test": test, "Interval": time("interval", check.interval.as_ref()),
        "Timeout": time("timeout", check.timeout.as_ref()), "StartPeriod": time("start_period", check.start_period.as_ref()),
        "StartInterval": time("start_interval", check.start_interval.as_ref()), "Retries": check.retries})
}
