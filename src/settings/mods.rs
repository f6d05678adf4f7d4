//! `mods:`: which files are fetched into the cache directory, from whom, and within which bounds.

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
use super::logs::{Size, parse_size, size};
use super::policy::env_text;
use super::problem::{Log, quoted};
use super::section::Section;
use super::show::span;
use crate::metrics::url::Url;

/// `mods:`.
#[derive(Debug, Clone, PartialEq)]
pub struct Mods {
    /// Where files go.
    pub dest: PathBuf,
    /// What the files name, in their order.
    pub list: Vec<ModSource>,
    /// Hosts that container labels may name; without any, labels are not looked at.
    pub label_hosts: Vec<String>,
    /// Whether services' `DOCKER_MODS` are fetched.
    pub docker_mods: bool,
    /// Registries (`host:port`) that speak plain HTTP.
    pub insecure_registries: Vec<String>,
    /// Addresses that may be asked although they are private.
    pub allow_addresses: Vec<Network>,
    /// The largest file, in bytes.
    pub max_size: u64,
    /// The most that one archive may become, in bytes.
    pub max_unpacked: u64,
    /// The longest that one file may take, with all retries.
    pub timeout: Duration,
    /// Tries after the first.
    pub retries: u32,
    /// Files at a time.
    pub parallel: u32,
    /// Of them from one host.
    pub per_host: u32,
}

/// One entry of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct ModSource {
    /// What it is called in the cache directory.
    pub name: String,
    /// Where it is.
    pub url: Url,
    /// What it must be.
    pub sha256: Option<String>,
    /// It is an archive, whose content is wanted.
    pub unpack: bool,
    /// Where that is said.
    pub origin: Origin,
}

impl Default for Mods {
    fn default() -> Self {
        Self {
            dest: "/modcache".into(),
            list: Vec::new(),
            label_hosts: Vec::new(),
            docker_mods: false,
            insecure_registries: Vec::new(),
            allow_addresses: Vec::new(),
            max_size: 1 << 30,
            max_unpacked: 4 << 30,
            timeout: Duration::from_secs(1800),
            retries: 3,
            parallel: 8,
            per_host: 2,
        }
    }
}

/// Addresses with the same beginning, as `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// Reads `10.0.0.0/8`, or one address.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Some(most), |bits| bits.parse().ok().filter(|bits| *bits <= most))?;
        Some(Self { address, bits })
    }

    /// Whether this address is one of them.
    pub fn contains(&self, address: IpAddr) -> bool {
        let number = |address: IpAddr| match address {
            IpAddr::V4(v4) => (u128::from(v4.to_bits()) << 96, 0),
            IpAddr::V6(v6) => (v6.to_bits(), 1),
        };
        let ((own, kind), (other, other_kind)) = (number(self.address), number(address));
        let mask = u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or(0);
        kind == other_kind && own & mask == other & mask
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

/// Mod files in a cache directory.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ModsEntry {
    /// Where files go; default `$MOD_MANAGER_DEST`, else `/modcache`.
    dest: Option<Spanned<String>>,
    /// Files to fetch, besides those of `$MOD_MANAGER_CONFIG`, a JSON or YAML file with such a list.
    list: Option<Vec<Spanned<ModEntry>>>,
    /// Also fetch what labels `com.linuxserver.mod.*` of running containers name, from these hosts only; `*` stands for
    /// any text. Default: labels are not looked at.
    label_hosts: Option<Vec<Spanned<String>>>,
    /// Also fetch and unpack the images that `DOCKER_MODS` of services name; default false.
    docker_mods: Option<Spanned<bool>>,
    /// Registries, as `host:port`, that speak plain HTTP.
    insecure_registries: Option<Vec<Spanned<String>>>,
    /// Private and loopback addresses that may be asked, as `10.0.0.0/8`; by default all of them are refused.
    allow_addresses: Option<Vec<Spanned<String>>>,
    /// The largest file; default `1G`.
    max_size: Option<Spanned<Size>>,
    /// The most that an archive may become; default `4G`.
    max_unpacked: Option<Spanned<Size>>,
    /// The longest that one file may take; default `30m`.
    timeout: Option<Spanned<Span>>,
    /// Try again so often; default 3.
    retries: Option<Spanned<u32>>,
    /// Fetch so many files at a time; default 8.
    parallel: Option<Spanned<u32>>,
    /// But so many from one host; default 2.
    per_host: Option<Spanned<u32>>,
}

/// A file to fetch.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ModEntry {
    /// What it is called in the cache directory; folders are separated by `/`.
    name: Spanned<String>,
    /// Where it is, `http://` or `https://`.
    url: Spanned<String>,
    /// What it must be: 64 hexadecimal digits.
    sha256: Option<Spanned<String>>,
    /// It is an archive (zip, tar, tar.gz, tar.zst) whose content goes into a folder of its name; default false.
    unpack: Option<Spanned<bool>>,
}

/// Checks what is written, and fills in the rest from Orcastra's variable and what is built in.
pub(super) fn resolve(
    entry: Option<&ModsEntry>,
    more: &[Spanned<ModEntry>],
    env: &BTreeMap<String, String>,
    origins: &mut BTreeMap<String, Origin>,
    log: &mut Log<'_>,
) -> Mods {
    let mut mods = Mods::default();
    let none = ModsEntry::default();
    let entry = entry.unwrap_or(&none);
    let mut section = Section { name: "mods", env, origins, log };
    if let Some(dest) = section.word("dest", entry.dest.as_ref()) {
        mods.dest = dest.into();
    } else if let Some(dest) = env_text(env, "MOD_MANAGER_DEST") {
        mods.dest = dest.into();
        section.came_from_env("dest", "MOD_MANAGER_DEST");
    }
    if !mods.dest.is_absolute() {
        let text = format!("must be an absolute path, not {}", quoted(&mods.dest.display().to_string()));
        match &entry.dest {
            Some(dest) => section.log.at(dest.mark, format!("mods.dest {text}")),
            None => section.log.env("MOD_MANAGER_DEST", text),
        }
    }
    section.patterns("label_hosts", entry.label_hosts.as_ref(), &mut mods.label_hosts);
    section.flag("docker_mods", entry.docker_mods.as_ref(), "", &mut mods.docker_mods);
    section.patterns("insecure_registries", entry.insecure_registries.as_ref(), &mut mods.insecure_registries);
    for network in entry.allow_addresses.iter().flatten() {
        if let Some(network) = Network::parse(&network.value) {
            mods.allow_addresses.push(network);
        } else {
            let text = quoted(&network.value);
            section.log.at(network.mark, format!("mods.allow_addresses must be addresses as 10.0.0.0/8, not {text}"));
        }
        section.came_from("allow_addresses", network);
    }
    for (key, written, into) in [
        ("max_size", &entry.max_size, &mut mods.max_size),
        ("max_unpacked", &entry.max_unpacked, &mut mods.max_unpacked),
    ] {
        let Some(written) = written else { continue };
        match parse_size(&written.value.0) {
            Ok(bytes) => *into = bytes,
            Err(message) => section.log.at(written.mark, format!("mods.{key} {message}")),
        }
        section.came_from(key, written);
    }
    section.span("timeout", entry.timeout.as_ref(), "", &mut mods.timeout);
    section.number("retries", entry.retries.as_ref(), "", &mut mods.retries);
    section.number("parallel", entry.parallel.as_ref(), "", &mut mods.parallel);
    section.number("per_host", entry.per_host.as_ref(), "", &mut mods.per_host);
    for (key, written) in [("parallel", &entry.parallel), ("per_host", &entry.per_host)] {
        if let Some(written) = written.as_ref().filter(|written| written.value == 0) {
            section.log.at(written.mark, format!("mods.{key} must be at least 1, not 0"));
        }
    }
    resolve_list(entry.list.iter().flatten().chain(more), &mut mods.list, section.log);
    mods
}

fn resolve_list<'e>(
    entries: impl Iterator<Item = &'e Spanned<ModEntry>>,
    into: &mut Vec<ModSource>,
    log: &mut Log<'_>,
) {
    let mut first: BTreeMap<String, String> = BTreeMap::new();
    for (at, entry) in entries.enumerate() {
        let (path, ModEntry { name, url, sha256, unpack }) = (format!("mods.list[{at}]"), &entry.value);
        if let Err(why) = safe_name(&name.value) {
            log.at(name.mark, format!("{path}.name {why}, not {}", quoted(&name.value)));
        }
        let place = log.place(name.mark);
        if let Some(other) = first.insert(name.value.clone(), place) {
            log.at(name.mark, format!("{path}.name: {} is already defined at {other}", quoted(&name.value)));
        }
        let parsed = match read_url(&url.value) {
            Ok(parsed) => parsed,
            Err(why) => {
                log.at(url.mark, format!("{path}.url {why}"));
                continue;
            }
        };
        let hex = |sum: &str| sum.len() == 64 && sum.bytes().all(|b| b.is_ascii_hexdigit());
        if let Some(sum) = sha256.as_ref().filter(|sum| !hex(&sum.value)) {
            log.at(sum.mark, format!("{path}.sha256 must be 64 hexadecimal digits, not {}", quoted(&sum.value)));
        }
        into.push(ModSource {
            name: name.value.clone(),
            url: parsed,
            sha256: sha256.as_ref().map(|sum| sum.value.to_ascii_lowercase()),
            unpack: unpack.as_ref().is_some_and(|flag| flag.value),
            origin: log.origin(path, entry.mark),
        });
    }
}

/// Reads a URL that names its scheme.
///
/// # Errors
/// What is wrong.
pub fn read_url(text: &str) -> Result<Url, String> {
    if !text.contains("://") {
        return Err(format!("must begin with https:// or http://, not {}", quoted(text)));
    }
    Url::parse(text, 443)
}

/// Whether this may be the name of something below the cache directory.
///
/// # Errors
/// What it must be.
pub fn safe_name(name: &str) -> Result<(), &'static str> {
    let odd =
        |c: char| c.is_control() || matches!(c, '\\' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{202a}'..='\u{202e}');
    if name.is_empty() || name.len() > 400 || name.contains(odd) {
        return Err("must be a name without control characters and `\\`, of at most 400 bytes");
    }
    let fits = |part: &str| !part.is_empty() && part.len() <= 200 && part != "." && part != ".." && part.trim() == part;
    if !name.split('/').all(fits) {
        return Err("must be a relative path without empty parts, `.` and `..`");
    }
    if name.split('/').next().is_some_and(|first| first == ".orca") {
        return Err("must not be in `.orca`, where orca keeps its own files");
    }
    Ok(())
}

impl Mods {
    /// Whether anything is wanted of an engine.
    pub fn asks_engine(&self) -> bool {
        self.docker_mods || !self.label_hosts.is_empty()
    }

    /// The section's effective values by key, as the file would have them.
    pub(super) fn shown(&self) -> Vec<(&'static str, Value)> {
        let mut shown = vec![("dest", json!(self.dest))];
        let lists = [("label_hosts", &self.label_hosts), ("insecure_registries", &self.insecure_registries)];
        shown.extend(lists.into_iter().filter(|(_, list)| !list.is_empty()).map(|(key, list)| (key, json!(list))));
        if !self.allow_addresses.is_empty() {
            let networks: Vec<String> = self.allow_addresses.iter().map(ToString::to_string).collect();
            shown.push(("allow_addresses", json!(networks)));
        }
        shown.extend([
            ("docker_mods", json!(self.docker_mods)),
            ("max_size", size(self.max_size)),
            ("max_unpacked", size(self.max_unpacked)),
            ("timeout", json!(span(self.timeout))),
            ("retries", json!(self.retries)),
            ("parallel", json!(self.parallel)),
            ("per_host", json!(self.per_host)),
        ]);
        shown
    }
}

impl ModSource {
    /// The entry's values by key, as the file would have them.
    pub(super) fn shown(&self) -> Vec<(&'static str, Value)> {
        let mut shown = vec![("name", json!(self.name)), ("url", json!(self.url.to_string()))];
        shown.extend(self.sha256.as_ref().map(|sum| ("sha256", json!(sum))));
        shown.push(("unpack", json!(self.unpack)));
        shown
    }
}

#[cfg(test)]
mod tests;
