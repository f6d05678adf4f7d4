//! `orca probe`: the memory of the machine that it runs on and of every container there, as lines of JSON; and the
//! same lines read again. Reads files only; needs no engine.
//!
//! Each line stays far below the 16 KiB at which log drivers cut messages, and the last one says how many there were.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::smooth::Counters;
use super::{NodeMemory, TaskMemory, cgroup};
use crate::apply::temporary::Lines;

/// The schema name of the first line.
pub const SCHEMA: &str = "orca.probe/1";
/// Where the service mounts the node's cgroups.
pub const MOUNTED: &str = "/host/cgroup";
/// Directories that are looked at, and how deep: what is beyond is no container of an engine.
const MOST: usize = 100_000;
const DEEPEST: usize = 12;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Line {
    /// The machine.
    Machine(Machine),
    /// A container.
    Container {
        /// Its id.
        container: String,
        /// See [`TaskMemory`].
        footprint_bytes: u64,
        /// See [`TaskMemory`].
        working_set_bytes: u64,
    },
    /// All of it was said.
    End {
        /// How many containers there were.
        containers: usize,
    },
}

/// What a machine says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// [`SCHEMA`].
    pub schema: String,
    /// `MemTotal`.
    pub total_bytes: u64,
    /// `MemAvailable`.
    pub available_bytes: u64,
    /// What of ZFS' cache could be given back.
    pub arc_bytes: u64,
    /// PSI and OOM kills.
    #[serde(flatten)]
    pub counters: Counters,
}

/// What one node's probe said.
#[derive(Debug, Clone, Default)]
pub struct Told {
    machine: Option<Machine>,
    containers: BTreeMap<String, TaskMemory>,
    end: Option<usize>,
}

impl Lines for Told {
    fn take(&mut self, text: &str) {
        match serde_json::from_str(text) {
            Ok(Line::Machine(machine)) if machine.schema == SCHEMA => self.machine = Some(machine),
            Ok(Line::Container { container, footprint_bytes, working_set_bytes }) => {
                let memory = TaskMemory { footprint_bytes, working_set_bytes, ..TaskMemory::default() };
                self.containers.insert(container, memory);
            }
            Ok(Line::End { containers }) => self.end = Some(containers),
            _ => {}
        }
    }

    fn complete(&self) -> bool {
        self.memory().is_some()
    }
}

impl Told {
    /// The memory of the machine and of its containers, once all of it was said.
    pub fn memory(&self) -> Option<(NodeMemory, Counters, &BTreeMap<String, TaskMemory>)> {
        let machine = self.machine.as_ref().filter(|_| self.end == Some(self.containers.len()))?;
        let used = machine.total_bytes.checked_sub(machine.available_bytes)?.saturating_sub(machine.arc_bytes);
        let memory = NodeMemory { total_bytes: machine.total_bytes, used_bytes: used, pressure: None };
        Some((memory, machine.counters, &self.containers))
    }
}

/// Looks at this machine: `proc` is `/proc`, `cgroups` the node's `/sys/fs/cgroup`.
///
/// # Errors
/// If the machine doesn't say how much memory it has. Containers that end meanwhile are left out.
pub fn look(proc: &Path, cgroups: &Path) -> Result<String> {
    let mut lines = vec![Line::Machine(machine(proc)?)];
    let (mut found, mut looked_at) = (BTreeMap::new(), 0);
    // Version 1 has a tree for each resource; where both are mounted, memory is in one of them.
    let one = cgroups.join("memory");
    let tree = if one.join("memory.stat").exists() { one } else { cgroups.to_owned() };
    walk(&tree, 0, &mut looked_at, &mut found);
    let containers = found.len();
    lines.extend(found.into_iter().map(|(container, memory)| Line::Container {
        container,
        footprint_bytes: memory.footprint_bytes,
        working_set_bytes: memory.working_set_bytes,
    }));
    lines.push(Line::End { containers });
    let lines = lines.iter().map(serde_json::to_string).collect::<serde_json::Result<Vec<_>>>()?;
    Ok(lines.join("\n"))
}

fn machine(proc: &Path) -> Result<Machine> {
    let read = |name: &str| std::fs::read_to_string(proc.join(name)).unwrap_or_default();
    let meminfo: BTreeMap<String, u64> = read("meminfo").lines().filter_map(kib).collect();
    let get = |name: &str| {
        let path = proc.join("meminfo");
        meminfo.get(name).copied().with_context(|| format!("`{}` doesn't tell {name}", path.display()))
    };
    let arc: BTreeMap<String, u64> = read("spl/kstat/zfs/arcstats").lines().filter_map(kstat).collect();
    let arc = |name: &str| arc.get(name).copied().unwrap_or_default();
    let pressure = read("pressure/memory");
    let waited = |kind: &str| {
        let line = pressure.lines().find_map(|line| line.strip_prefix(kind))?;
        line.split_whitespace().find_map(|word| word.strip_prefix("total="))?.parse().ok()
    };
    let booted = cgroup::fields(&read("stat")).get("btime").copied();
    Ok(Machine {
        schema: SCHEMA.to_owned(),
        total_bytes: get("MemTotal")?,
        available_bytes: get("MemAvailable")?,
        arc_bytes: arc("size").saturating_sub(arc("c_min")),
        counters: Counters {
            some_us: waited("some "),
            full_us: waited("full "),
            oom_kills: cgroup::fields(&read("vmstat")).get("oom_kill").copied(),
            booted_s: booted,
        },
    })
}

/// `MemTotal:       16384 kB`.
fn kib(line: &str) -> Option<(String, u64)> {
    let (name, value) = line.split_once(':')?;
    let value: u64 = value.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    Some((name.to_owned(), value.saturating_mul(1024)))
}

/// `size   4   1234`: name, type, value.
fn kstat(line: &str) -> Option<(String, u64)> {
    let mut words = line.split_whitespace();
    let (name, value) = (words.next()?, words.nth(1)?);
    Some((name.to_owned(), value.parse().ok()?))
}

fn walk(dir: &Path, depth: usize, looked_at: &mut usize, found: &mut BTreeMap<String, TaskMemory>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    let below = entries.filter_map(Result::ok).filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    for path in below.map(|entry| entry.path()) {
        *looked_at += 1;
        if *looked_at > MOST {
            return;
        }
        match container(&path) {
            Some(id) => found.extend(memory(&path).map(|memory| (id, memory))),
            None if depth < DEEPEST => walk(&path, depth + 1, looked_at, found),
            None => {}
        }
    }
}

/// The id of the container whose cgroup this is: `<id>`, or `docker-<id>.scope` where systemd makes them.
fn container(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let name = name.strip_suffix(".scope").and_then(|name| name.rsplit_once('-')).map_or(name, |(_, id)| id);
    let hex = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
    (name.len() == 64 && name.bytes().all(hex)).then(|| name.to_owned())
}

fn memory(dir: &Path) -> Option<TaskMemory> {
    let read = |name: &str| std::fs::read_to_string(dir.join(name)).ok();
    let number = |name: &str| read(name)?.trim().parse::<u64>().ok();
    let usage = number("memory.current").or_else(|| number("memory.usage_in_bytes"))?;
    cgroup::memory(usage, &cgroup::fields(&read("memory.stat")?), number("memory.swap.current").unwrap_or_default())
}

/// Where the node's cgroups are: mounted by the service, else those of this machine.
pub fn cgroups() -> PathBuf {
    let mounted = PathBuf::from(MOUNTED);
    if mounted.is_dir() { mounted } else { PathBuf::from("/sys/fs/cgroup") }
}

#[cfg(test)]
mod tests;
