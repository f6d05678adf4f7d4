//! `exporter:`: the `node_exporter` that orca keeps on every node; Orcastra's `deploy_node_exporter.yml` says the same in
//! its own words.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Origin;
use super::de::Spanned;
use super::exporter_file::{OlderExporter, lay_under};
use super::fragment::{Entries, Text};
use super::problem::{Log, quoted};
use super::section::Section;

/// `node_exporter` 1.9.1; the digest is that of its manifest list, so it is the same on every platform.
const IMAGE: &str = "quay.io/prometheus/node-exporter:v1.9.1\
                     @sha256:d00a542e409ee618a4edc67da14dd48c5da66726bbd5537ab2af9c1dfc442c8a";

/// `exporter:`.
#[derive(Debug, Clone, PartialEq)]
pub struct Exporter {
    /// A file says something of it: there is to be one.
    pub wanted: bool,
    /// Name of the service.
    pub name: String,
    /// Its image; without a digest, that of the registry is asked for when the service is made.
    pub image: String,
    /// The nodes' own port.
    pub port: u16,
    /// Where the exporter listens inside of its container.
    pub target: u16,
    /// Arguments beyond those that orca gives, or all of them (see [`Self::all_args`]).
    pub args: Vec<String>,
    /// `args` are all there are: they come from a file that has mounts of its own.
    pub all_args: bool,
    /// Memory limit of one task, bytes.
    pub memory: u64,
    /// CPU limit of one task, billionths of a CPU.
    pub nano_cpus: u64,
    /// Placement constraints.
    pub constraints: Vec<String>,
    /// Labels of the service.
    pub labels: BTreeMap<String, String>,
    /// Networks of the swarm, by name, that tasks join besides.
    pub networks: Vec<String>,
    /// Folders and files of the host, and where they are in the container; all of them can only be read.
    pub mounts: Vec<(String, String)>,
    /// What only Orcastra's file can say.
    pub older: Older,
    /// Machines outside of the swarm.
    pub ssh: ExporterSsh,
    /// What was asked of the swarm before planning; no file says it.
    pub asked: Asked,
}

/// What Orcastra's file says beyond `exporter:`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Older {
    /// Environment, as `TZ=UTC`.
    pub env: Vec<String>,
    /// When tasks are started again: `none`, `on-failure` or `any`.
    pub restart: Option<String>,
    /// The wait before that.
    pub restart_delay: Option<Duration>,
    /// How often.
    pub restart_attempts: Option<u32>,
    /// Within which time.
    pub restart_window: Option<Duration>,
    /// Between the signal and the kill.
    pub stop_grace: Option<Duration>,
    /// The signal.
    pub stop_signal: Option<String>,
    /// The healthcheck, as the engine's API has it.
    pub health: Option<Value>,
    /// The log driver, as the engine's API has it.
    pub log: Option<Value>,
}

/// `exporter.ssh:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExporterSsh {
    /// The `ssh://` URL of each machine, by the name that it gives itself.
    pub hosts: BTreeMap<String, String>,
    /// A `node_exporter` that is there already.
    pub path: String,
    /// One on this host that is sent there instead.
    pub binary: Option<PathBuf>,
    /// Its SHA-256, hex.
    pub sha256: Option<String>,
    /// Become root by sudo, without a password.
    pub sudo: bool,
}

/// What only the swarm and the registry know.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Asked {
    /// The digest of [`Exporter::image`], where that has none; or why it is not known.
    pub digest: Option<Result<String, String>>,
    /// The ids of [`Exporter::networks`], by name; or why there is none.
    pub networks: BTreeMap<String, Result<String, String>>,
}

impl Default for ExporterSsh {
    fn default() -> Self {
        let path = "/usr/bin/prometheus-node-exporter".to_owned();
        Self { hosts: BTreeMap::new(), path, binary: None, sha256: None, sudo: false }
    }
}

impl Default for Exporter {
    fn default() -> Self {
        let mounts = [("/proc", "/host/proc"), ("/sys", "/host/sys"), ("/", "/host/root")];
        Self {
            wanted: false,
            name: "node_exporter".to_owned(),
            image: IMAGE.to_owned(),
            port: 9100,
            target: 9100,
            args: Vec::new(),
            all_args: false,
            memory: 128 << 20,
            nano_cpus: 500_000_000,
            constraints: Vec::new(),
            labels: BTreeMap::new(),
            networks: Vec::new(),
            mounts: mounts.map(|(from, to)| (from.to_owned(), to.to_owned())).to_vec(),
            older: Older::default(),
            ssh: ExporterSsh::default(),
            asked: Asked::default(),
        }
    }
}

/// `node_exporter` on every node.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExporterEntry {
    /// Name of the service; default `node_exporter`.
    name: Option<Spanned<String>>,
    /// Image, best with tag and digest; default is `node_exporter` 1.9.1 from quay.io, with its digest.
    image: Option<Spanned<String>>,
    /// Port of each node, also of machines outside of the swarm; default 9100.
    port: Option<Spanned<u32>>,
    /// Further arguments of `node_exporter`.
    args: Option<Vec<Spanned<String>>>,
    /// Memory limit of one exporter, as `64M`; default `128M`.
    memory: Option<Spanned<Text>>,
    /// CPU limit of one exporter, in CPUs; default 0.5.
    cpus: Option<Spanned<f64>>,
    /// Placement constraints of the service; default none.
    constraints: Option<Vec<Spanned<String>>>,
    /// Labels of the service.
    labels: Option<Entries<Option<Text>>>,
    /// Overlay networks that the tasks join besides.
    networks: Option<Vec<Spanned<String>>>,
    /// Machines outside of the swarm, for `--via ssh`.
    ssh: Option<SshEntry>,
}

/// Machines outside of the swarm.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SshEntry {
    /// The `ssh://` URL of each machine, by the name that it gives itself; default for those of
    /// `rebalance.metrics.node_exporter_nodes` and `node_map`: the host of their `exporter_url`, else their name.
    hosts: Option<Entries<Spanned<String>>>,
    /// A `node_exporter` that is there already; default `/usr/bin/prometheus-node-exporter`, which is Debian's.
    path: Option<Spanned<String>>,
    /// A `node_exporter` on this host, to be sent to machines that don't have the same.
    binary: Option<Spanned<String>>,
    /// The SHA-256 that `binary` must have.
    sha256: Option<Spanned<Text>>,
    /// Become root by `sudo -n`; default false.
    sudo: Option<Spanned<bool>>,
}

/// Lays what is written over what is built in; the older file lies below.
pub(super) fn resolve(
    entry: Option<&ExporterEntry>,
    older: Option<&OlderExporter>,
    env: &BTreeMap<String, String>,
    origins: &mut BTreeMap<String, Origin>,
    log: &mut Log<'_>,
) -> Exporter {
    let mut exporter = Exporter { wanted: entry.is_some() || older.is_some(), ..Exporter::default() };
    let none = ExporterEntry::default();
    let written = entry.unwrap_or(&none);
    let mut section = Section { name: "exporter", env, origins, log };
    if let Some(older) = older {
        lay_under(older, env, &mut exporter, &mut section);
    }
    text("name", written.name.as_ref(), &mut exporter.name, &mut section);
    text("image", written.image.as_ref(), &mut exporter.image, &mut section);
    port("port", written.port.as_ref(), &mut exporter.port, &mut section);
    let mut given = if exporter.all_args { std::mem::take(&mut exporter.args) } else { Vec::new() };
    list("args", written.args.as_ref(), &mut exporter.args, &mut section);
    given.append(&mut exporter.args);
    exporter.args = given;
    list("constraints", written.constraints.as_ref(), &mut exporter.constraints, &mut section);
    list("networks", written.networks.as_ref(), &mut exporter.networks, &mut section);
    if let Some(memory) = &written.memory {
        match bytes(&memory.value.0) {
            Some(bytes) => exporter.memory = bytes,
            None => section.log.at(
                memory.mark,
                format!("exporter.memory must be a size of at least 16M, as 64M, not {}", quoted(&memory.value.0)),
            ),
        }
        section.came_from("memory", memory);
    }
    if let Some(cpus) = &written.cpus {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "judged right here")]
        if (0.01..=1024.0).contains(&cpus.value) {
            exporter.nano_cpus = (cpus.value * 1e9).round() as u64;
        } else {
            section.log.at(cpus.mark, format!("exporter.cpus must be between 0.01 and 1024, not {}", cpus.value));
        }
        section.came_from("cpus", cpus);
    }
    for (key, value) in written.labels.iter().flat_map(|labels| &labels.0) {
        label(key, value.as_ref(), &mut exporter.labels, &mut section);
    }
    if let Some(ssh) = &written.ssh {
        resolve_ssh(ssh, &mut exporter.ssh, &mut section);
    }
    exporter
}

fn resolve_ssh(written: &SshEntry, ssh: &mut ExporterSsh, section: &mut Section<'_, '_>) {
    for (name, url) in written.hosts.iter().flat_map(|hosts| &hosts.0) {
        let key = format!("ssh.hosts.{}", name.value);
        if !url.value.starts_with("ssh://") {
            section.log.at(url.mark, format!("exporter.{key} must be an ssh:// URL, not {}", quoted(&url.value)));
        }
        section.came_from(&key, url);
        ssh.hosts.insert(name.value.clone(), url.value.clone());
    }
    if let Some(path) = &written.path {
        if !path.value.starts_with('/') || path.value.contains(char::is_control) {
            let found = quoted(&path.value);
            section.log.at(path.mark, format!("exporter.ssh.path must be an absolute path, not {found}"));
        }
        text("ssh.path", Some(path), &mut ssh.path, section);
    }
    if let Some(binary) = section.word("ssh.binary", written.binary.as_ref()) {
        ssh.binary = Some(PathBuf::from(binary));
    }
    if let Some(sum) = &written.sha256 {
        let hex = sum.value.0.trim().to_ascii_lowercase();
        if hex.len() != 64 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            section.log.at(sum.mark, "exporter.ssh.sha256 must be 64 hexadecimal digits");
        }
        section.came_from("ssh.sha256", sum);
        ssh.sha256 = Some(hex);
    }
    section.flag("ssh.sudo", written.sudo.as_ref(), "", &mut ssh.sudo);
}

/// A text that stays on one line.
pub(super) fn text(key: &str, written: Option<&Spanned<String>>, into: &mut String, section: &mut Section<'_, '_>) {
    if written.is_some() {
        afresh(key, section);
    }
    if let Some(text) = section.word(key, written) {
        *into = text;
    }
}

/// A port.
pub(super) fn port(key: &str, written: Option<&Spanned<u32>>, into: &mut u16, section: &mut Section<'_, '_>) {
    let Some(port) = written else { return };
    afresh(key, section);
    match u16::try_from(port.value) {
        Ok(number) if number > 0 => *into = number,
        _ => section.log.at(port.mark, format!("exporter.{key} must be between 1 and 65535, not {}", port.value)),
    }
    section.came_from(key, port);
}

/// Words, none of them with a line break in it: they are also written into systemd's units.
pub(super) fn list(
    key: &str,
    written: Option<&Vec<Spanned<String>>>,
    into: &mut Vec<String>,
    section: &mut Section<'_, '_>,
) {
    let Some(words) = written else { return };
    afresh(key, section);
    for word in words {
        if word.value.trim().is_empty() || word.value.contains(char::is_control) {
            section.log.at(word.mark, format!("exporter.{key}: {} is no word on one line", quoted(&word.value)));
        }
        section.came_from(key, word);
    }
    *into = words.iter().map(|word| word.value.clone()).collect();
}

/// What the older file said of it is overruled.
fn afresh(key: &str, section: &mut Section<'_, '_>) {
    section.origins.remove(&format!("exporter.{key}"));
}

/// A label of the service, but for orca's own.
pub(super) fn label(
    key: &Spanned<String>,
    value: Option<&Text>,
    into: &mut BTreeMap<String, String>,
    section: &mut Section<'_, '_>,
) {
    if key.value.is_empty() || key.value.starts_with("orca.") {
        let found = quoted(&key.value);
        section.log.at(key.mark, format!("exporter.labels: {found} can't be a label here (orca.* are orca's own)"));
    }
    section.came_from(&format!("labels.{}", key.value), key);
    into.insert(key.value.clone(), value.map(|text| text.0.clone()).unwrap_or_default());
}

/// A size in bytes, as docker writes it: `64M` and `64MiB` are the same. Less than an exporter can live with is none.
fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let shift = match unit.trim().to_ascii_lowercase().trim_end_matches("ib").trim_end_matches('b') {
        "" => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        _ => return None,
    };
    let bytes = number.parse::<u64>().ok()?.checked_mul(1 << shift)?;
    (16 << 20..1 << 50).contains(&bytes).then_some(bytes)
}

impl Exporter {
    /// The section's effective values by key, as the file would have them.
    pub(super) fn shown(&self) -> Vec<(&'static str, Value)> {
        let mut shown = vec![
            ("name", json!(self.name)),
            ("image", json!(self.image)),
            ("port", json!(self.port)),
            ("memory", json!(size(self.memory))),
            ("cpus", cpus(self.nano_cpus)),
        ];
        let lists = [("args", &self.args), ("constraints", &self.constraints), ("networks", &self.networks)];
        shown.extend(lists.into_iter().filter(|(_, list)| !list.is_empty()).map(|(key, list)| (key, json!(list))));
        shown.push(("ssh.path", json!(self.ssh.path)));
        shown.extend(self.ssh.binary.as_ref().and_then(|path| Some(("ssh.binary", json!(path.to_str()?)))));
        shown.extend(self.ssh.sha256.as_ref().map(|sum| ("ssh.sha256", json!(sum))));
        shown.push(("ssh.sudo", json!(self.ssh.sudo)));
        shown
    }
}

/// As short as it is exact.
fn size(bytes: u64) -> String {
    match (bytes.trailing_zeros(), bytes) {
        (30.., bytes) => format!("{}G", bytes >> 30),
        (20.., bytes) => format!("{}M", bytes >> 20),
        (10.., bytes) => format!("{}K", bytes >> 10),
        (_, bytes) => bytes.to_string(),
    }
}

fn cpus(nano: u64) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "at most 1024e9, which a double holds exactly")]
    let cpus = nano as f64 / 1e9;
    json!(cpus)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_docker_reads_them() {
        for (text, expected) in [
            ("64M", Some(64 << 20)),
            ("64MiB", Some(64 << 20)),
            ("67108864", Some(64 << 20)),
            ("1 g", Some(1 << 30)),
            ("64m", Some(64 << 20)),
            ("1k", None),
            ("64X", None),
            ("-1M", None),
            ("", None),
            ("99999999999999999999G", None),
        ] {
            assert_eq!(bytes(text), expected, "{text}");
        }
        for bytes in [64_u64 << 20, 3 << 30, (64 << 20) + 1024, (64 << 20) + 1] {
            assert_eq!(super::bytes(&size(bytes)), Some(bytes));
        }
    }
}
