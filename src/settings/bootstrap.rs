//! `bootstrap:`: how a swarm is made. Most of it can't be changed afterwards.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Origin;
use super::de::Spanned;
use super::fragment::Span;
use super::problem::{Log, quoted};
use super::section::Section;
use super::show::span;

/// `bootstrap:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bootstrap {
    /// Overlay networks get their subnets from here; empty: as the engine likes.
    pub default_addr_pool: Vec<String>,
    /// The size of each, as the prefix length; 0: as the engine likes.
    pub subnet_size: u32,
    /// UDP port of overlay traffic; 0: as the engine likes.
    pub data_path_port: u32,
    /// A manager that restarts needs the unlock key.
    pub autolock: bool,
    /// Where the unlock key is written; none: in the state directory.
    pub unlock_key_file: Option<PathBuf>,
    /// Engines asked, and workers joined, at a time.
    pub parallel: u32,
    /// How long a node may take to be Ready, and a manager to be Reachable.
    pub wait: Duration,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self {
            default_addr_pool: Vec::new(),
            subnet_size: 0,
            data_path_port: 0,
            autolock: false,
            unlock_key_file: None,
            parallel: 8,
            wait: Duration::from_secs(60),
        }
    }
}

/// Making a swarm of engines. What is set here counts when the swarm is made, and can't be changed afterwards.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BootstrapEntry {
    /// Subnets that overlay networks are cut from, as `10.20.0.0/16`; default is the engine's, 10.0.0.0/8.
    default_addr_pool: Option<Vec<Spanned<String>>>,
    /// Size of an overlay network, as the prefix length; default is the engine's, 24.
    subnet_size: Option<Spanned<u32>>,
    /// UDP port of overlay traffic, 1024 to 49151; default is the engine's, 4789.
    data_path_port: Option<Spanned<u32>>,
    /// Managers need an unlock key when they restart; default false.
    autolock: Option<Spanned<bool>>,
    /// File for the unlock key, made for its owner alone; default is `unlock-key` in the state directory.
    unlock_key_file: Option<Spanned<String>>,
    /// Ask so many engines at a time; default 8.
    parallel: Option<Spanned<u32>>,
    /// How long a node may take to be ready, and a manager to be reachable; default `60s`.
    wait: Option<Spanned<Span>>,
}

/// Lays what is written over what is built in.
pub(super) fn resolve(
    entry: Option<&BootstrapEntry>,
    env: &BTreeMap<String, String>,
    origins: &mut BTreeMap<String, Origin>,
    log: &mut Log<'_>,
) -> Bootstrap {
    let mut bootstrap = Bootstrap::default();
    let Some(entry) = entry else { return bootstrap };
    let mut section = Section { name: "bootstrap", env, origins, log };
    section.patterns("default_addr_pool", entry.default_addr_pool.as_ref(), &mut bootstrap.default_addr_pool);
    for pool in entry.default_addr_pool.iter().flatten().filter(|pool| !is_subnet(&pool.value)) {
        let text = format!("bootstrap.default_addr_pool: {} is no subnet; write 10.20.0.0/16", quoted(&pool.value));
        section.log.at(pool.mark, text);
    }
    section.number("subnet_size", entry.subnet_size.as_ref(), "", &mut bootstrap.subnet_size);
    within(&mut section, "subnet_size", entry.subnet_size.as_ref(), 1, 29);
    section.number("data_path_port", entry.data_path_port.as_ref(), "", &mut bootstrap.data_path_port);
    within(&mut section, "data_path_port", entry.data_path_port.as_ref(), 1024, 49151);
    section.flag("autolock", entry.autolock.as_ref(), "", &mut bootstrap.autolock);
    if let Some(file) = &entry.unlock_key_file {
        if file.value.trim().is_empty() {
            section.log.at(file.mark, "bootstrap.unlock_key_file must be the path of a file");
        }
        bootstrap.unlock_key_file = Some(PathBuf::from(&file.value));
        section.came_from("unlock_key_file", file);
    }
    section.number("parallel", entry.parallel.as_ref(), "", &mut bootstrap.parallel);
    within(&mut section, "parallel", entry.parallel.as_ref(), 1, 1000);
    section.span("wait", entry.wait.as_ref(), "", &mut bootstrap.wait);
    bootstrap
}

fn within(section: &mut Section<'_, '_>, key: &str, written: Option<&Spanned<u32>>, least: u32, most: u32) {
    if let Some(number) = written.filter(|number| !(least..=most).contains(&number.value)) {
        section
            .log
            .at(number.mark, format!("bootstrap.{key} must be between {least} and {most}, not {}", number.value));
    }
}

/// Whether this is an address and a prefix length that fits it.
fn is_subnet(text: &str) -> bool {
    let Some((address, prefix)) = text.split_once('/') else { return false };
    let (Ok(address), Ok(prefix)) = (address.parse::<IpAddr>(), prefix.parse::<u8>()) else { return false };
    prefix <= if address.is_ipv4() { 32 } else { 128 }
}

impl Bootstrap {
    /// The section's effective values by key, as the file would have them.
    pub(super) fn shown(&self) -> Vec<(&'static str, Value)> {
        let mut shown = Vec::new();
        let set = |number: u32| (number > 0).then(|| json!(number));
        let pool = (!self.default_addr_pool.is_empty()).then(|| json!(self.default_addr_pool));
        shown.extend(pool.map(|pool| ("default_addr_pool", pool)));
        shown.extend(set(self.subnet_size).map(|size| ("subnet_size", size)));
        shown.extend(set(self.data_path_port).map(|port| ("data_path_port", port)));
        shown.push(("autolock", json!(self.autolock)));
        let file = self.unlock_key_file.as_ref().and_then(|file| file.to_str());
        shown.extend(file.map(|file| ("unlock_key_file", json!(file))));
        shown.push(("parallel", json!(self.parallel)));
        shown.push(("wait", json!(span(self.wait))));
        shown
    }
}
