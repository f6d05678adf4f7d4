//! Networks, secrets and configs of a compose file: what services refer to, and what the stack brings along.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde_json::{Map, Value, json};

use super::file::{self, Attachment, Attachments, External, Grant, LongGrant, Pairs, Service};
use super::stack::{Content, Object, Purpose, Scope};
use crate::catalog::files;
use crate::model::service::STACK_LABEL;
use crate::plan::TargetKind;

/// Swarm's own bounds of a secret's and a config's content, in bytes.
const LARGEST: [(&str, usize); 2] = [("secrets", 500 << 10), ("configs", 1000 << 10)];
/// What a file that a secret or config becomes may be read by.
const READABLE: u64 = 0o444;
/// Networks of each engine: nothing has another name there.
const PREDEFINED: [&str; 4] = ["bridge", "host", "none", "default"];
/// What a service without networks is in.
const DEFAULT: &str = "default";

/// The networks of a service as Swarm is told of them, with names for ids, and these names.
pub(super) fn attachments(scope: &mut Scope<'_>, name: &str, service: &Service) -> (Vec<Value>, Vec<String>) {
    let mut wanted: BTreeMap<String, Attachment> = match &service.networks {
        None => BTreeMap::new(),
        Some(Attachments::List(list)) => list.iter().map(|name| (name.clone(), Attachment::default())).collect(),
        Some(Attachments::Map(map)) => {
            map.iter().map(|(name, how)| (name.clone(), how.clone().unwrap_or_default())).collect()
        }
    };
    if wanted.is_empty() {
        wanted.insert(DEFAULT.to_owned(), Attachment::default());
    }
    let mut found = BTreeMap::new();
    for (network, how) in wanted {
        // In a list it stands at its number.
        let number = match &service.networks {
            Some(Attachments::List(list)) => list.iter().position(|one| *one == network),
            _ => None,
        };
        let key = number.map_or_else(|| network.clone(), |number| number.to_string());
        let at = ["services", name, "networks", &key];
        let defined = scope.file.networks.get(&network);
        if defined.is_none() && network != DEFAULT {
            let text = format!("network `{network}` is not defined: name it under `networks` at the top of the file");
            scope.fault(&at, text);
            continue;
        }
        for (key, there) in [("ipv4_address", how.ipv4_address), ("ipv6_address", how.ipv6_address)] {
            if there.is_some() {
                scope.ignored(
                    &[&at[..], &[key]].concat(),
                    format!("Swarm gives addresses itself, so `{key}` is left out"),
                );
            }
        }
        let target = network_name(scope, &network);
        let mut aliases = how.aliases;
        if !PREDEFINED.contains(&target.as_str()) {
            aliases.push(name.to_owned());
        }
        let entry = json!({"Target": target, "Aliases": aliases, "DriverOpts": how.driver_opts});
        found.insert(target, entry);
    }
    (found.values().cloned().collect(), found.into_keys().collect())
}

fn network_name(scope: &Scope<'_>, network: &str) -> String {
    let defined = scope.file.networks.get(network).cloned().flatten().unwrap_or_default();
    named(scope, network, defined.name.as_deref(), defined.external.as_ref()).0
}

/// The name in the swarm, and whether it is not the stack's own.
fn named(scope: &Scope<'_>, key: &str, name: Option<&str>, external: Option<&External>) -> (String, bool) {
    let (external, older) = External::of(external);
    let bare = if external { key.to_owned() } else { scope.scoped(key) };
    (name.or(older).map_or(bare, str::to_owned), external)
}

/// The secrets or configs of a service as Swarm is told of them, without ids, and their names.
pub(super) fn grants(
    scope: &mut Scope<'_>,
    name: &str,
    service: &Service,
    section: &'static str,
) -> (Vec<Value>, Vec<String>) {
    let (file, secret) = (scope.file, section == "secrets");
    let (listed, defined) = if secret { (&service.secrets, &file.secrets) } else { (&service.configs, &file.configs) };
    let mut found = Vec::new();
    let mut names = BTreeSet::new();
    for (at, grant) in listed.iter().enumerate() {
        let at = at.to_string();
        let path = ["services", name, section, &at];
        let long = match grant {
            Grant::Text(source) => LongGrant { source: source.clone(), ..LongGrant::default() },
            Grant::Map(long) => long.clone(),
        };
        let Some(object) = defined.get(&long.source) else {
            let text = format!("{} is not defined: name it under `{section}` at the top of the file", long.source);
            scope.fault(&path, format!("{} {text}", section.trim_end_matches('s')));
            continue;
        };
        let object = object.clone().unwrap_or_default();
        let (in_swarm, _) = named(scope, &long.source, object.name.as_deref(), object.external.as_ref());
        let mode = match long.mode.as_deref().map(mode) {
            None => READABLE,
            Some(Some(mode)) => mode,
            Some(None) => {
                scope.fault(&[&path[..], &["mode"]].concat(), "mode must be a file's mode, as 0440");
                READABLE
            }
        };
        let text = |text: Option<String>, default: &str| text.unwrap_or_else(|| default.to_owned());
        let target = text(long.target, &long.source);
        let file = json!({"Name": target, "UID": text(long.uid, "0"), "GID": text(long.gid, "0"), "Mode": mode});
        let key = if secret { "SecretName" } else { "ConfigName" };
        found
            .push(Value::from(Map::from_iter([("File".to_owned(), file), (key.to_owned(), in_swarm.as_str().into())])));
        names.insert(in_swarm);
    }
    let key = if secret { "SecretName" } else { "ConfigName" };
    found.sort_by_key(|one| one[key].as_str().unwrap_or_default().to_owned());
    (found, names.into_iter().collect())
}

/// As YAML 1.1 reads it: with a zero before it, octal.
fn mode(text: &str) -> Option<u64> {
    let octal = text.strip_prefix("0o").or_else(|| text.strip_prefix('0')).filter(|rest| !rest.is_empty());
    octal.map_or_else(|| text.parse(), |digits| u64::from_str_radix(digits, 8)).ok()
}

/// Networks that services are in, and all secrets and configs, as far as they are the stack's own.
pub(super) fn all(scope: &mut Scope<'_>) -> Vec<Object> {
    let file = scope.file;
    let mut used: BTreeSet<&str> = BTreeSet::new();
    for service in file.services.values() {
        match &service.networks {
            Some(Attachments::List(list)) if !list.is_empty() => used.extend(list.iter().map(String::as_str)),
            Some(Attachments::Map(map)) if !map.is_empty() => used.extend(map.keys().map(String::as_str)),
            _ => _ = used.insert(DEFAULT),
        }
    }
    let mut objects: Vec<Object> = used.into_iter().filter_map(|key| network(scope, key)).collect();
    for (name, object) in &file.secrets {
        objects.extend(one(scope, "secrets", name, &object.clone().unwrap_or_default()));
    }
    for (name, object) in &file.configs {
        objects.extend(one(scope, "configs", name, &object.clone().unwrap_or_default()));
    }
    objects
}

fn network(scope: &mut Scope<'_>, key: &str) -> Option<Object> {
    let defined = scope.file.networks.get(key);
    if defined.is_none() && key != DEFAULT {
        return None;
    }
    let network = defined.cloned().flatten().unwrap_or_default();
    let (name, external) = named(scope, key, network.name.as_deref(), network.external.as_ref());
    if external {
        return None;
    }
    let mut labels = Pairs::texts(network.labels.as_ref());
    labels.insert(STACK_LABEL.to_owned(), scope.stack.to_owned());
    let mut spec = json!({"Name": name, "CheckDuplicate": true, "Driver": network.driver.as_deref().unwrap_or("overlay"),
        "Scope": "", "EnableIPv6": false, "Internal": network.internal.unwrap_or(false),
        "Attachable": network.attachable.unwrap_or(false), "Labels": labels, "Options": network.driver_opts});
    if let Some(ipam) = &network.ipam {
        for (at, range) in ipam.config.iter().enumerate() {
            let text = range.subnet.as_deref().unwrap_or_default();
            if !is_subnet(text) {
                let at = at.to_string();
                scope.fault(&["networks", key, "ipam", "config", &at], format!("`{text}` is no subnet (10.1.0.0/24)"));
            }
        }
        let ranges: Vec<Value> = ipam.config.iter().map(|range| json!({"Subnet": range.subnet})).collect();
        spec["IPAM"] = json!({"Driver": ipam.driver.as_deref().unwrap_or("default"), "Config": ranges});
    }
    Some(Object { kind: TargetKind::Network, name, spec, content: None })
}

/// Whether it is an address and how many of its bits count: of the older kind there are 32.
fn is_subnet(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else { return false };
    let most = match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    bits.bytes().all(|byte| byte.is_ascii_digit()) && bits.parse::<u8>().is_ok_and(|bits| bits <= most)
}

fn one(scope: &mut Scope<'_>, section: &'static str, key: &str, object: &file::Object) -> Option<Object> {
    let at = [section, key];
    let (name, external) = named(scope, key, object.name.as_deref(), object.external.as_ref());
    if external {
        if object.file.is_some() {
            scope.fault(&[&at[..], &["file"]].concat(), format!("{section}.{key} is external, and has a file"));
        }
        return None;
    }
    let secret = section == "secrets";
    let mut labels = Pairs::texts(object.labels.as_ref());
    labels.insert(STACK_LABEL.to_owned(), scope.stack.to_owned());
    let mut spec = json!({"Name": name, "Labels": labels});
    if let Some(driver) = &object.template_driver {
        spec["Templating"] = json!({"Name": driver});
    }
    let kind = if secret { TargetKind::Secret } else { TargetKind::Config };
    match (&object.driver, &object.file) {
        (Some(driver), None) if secret => {
            spec["Driver"] = json!({"Name": driver, "Options": object.driver_opts});
            Some(Object { kind, name, spec, content: None })
        }
        (Some(_), _) => {
            scope.fault(
                &[&at[..], &["driver"]].concat(),
                format!("{section}.{key} has a driver beside its file, or is no secret"),
            );
            None
        }
        (None, None) => {
            scope.fault(&at, format!("{section}.{key} needs the key \"file\", or external: true"));
            None
        }
        (None, Some(file)) => {
            let content = content(scope, section, key, file)?;
            Some(Object { kind, name, spec, content: Some(content) })
        }
    }
}

fn content(scope: &mut Scope<'_>, section: &'static str, key: &str, file: &str) -> Option<Content> {
    let path = scope.path(file);
    let at = [section, key, "file"];
    let most = LARGEST.iter().find(|(name, _)| *name == section).map_or(0, |(_, most)| *most);
    if scope.purpose == Purpose::Build {
        return None;
    }
    let read = files::open(&path).and_then(|file| {
        use std::io::Read as _;
        let mut bytes = Vec::new();
        file.take(most as u64 + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    });
    match read {
        Err(error) => scope.fault(&at, format!("`{}` can't be read: {error}", path.display())),
        Ok(bytes) if bytes.is_empty() => {
            scope.fault(&at, format!("`{}` is empty: Swarm takes no empty content", path.display()));
        }
        Ok(bytes) if bytes.len() > most => {
            scope.fault(&at, format!("`{}` is larger than the {most} bytes that Swarm takes", path.display()));
        }
        Ok(bytes) => return Some(Content::new(bytes)),
    }
    None
}
