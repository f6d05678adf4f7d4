//! `logs:`: which log files are bounded, and how.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Origin;
use super::de::Spanned;
use super::fragment::Span;
use super::policy::duration;
use super::problem::{Log, quoted};
use super::section::Section;
use super::show::span;
use crate::files::squeeze::Compress;

/// `logs:`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Logs {
    /// In the order of the file: a log belongs to the first rule that finds it.
    pub rules: Vec<LogRule>,
    /// Directories (or files) of logrotate's own configuration.
    pub logrotate: Vec<PathBuf>,
    /// Logs of containers.
    pub containers: ContainerLogs,
}

/// `logs.rules[]`.
#[derive(Debug, Clone, PartialEq)]
pub struct LogRule {
    /// Absolute patterns; `*` and `?` within a name, `**` for any folders.
    pub paths: Vec<String>,
    /// A log of this many bytes is rotated.
    pub size: Option<u64>,
    /// A log whose last rotation is so long ago is rotated.
    pub age: Option<Duration>,
    /// So many copies stay.
    pub keep: u32,
    /// How copies are kept.
    pub compress: Compress,
    /// The log is copied and emptied in place; else it is renamed and made anew.
    pub copytruncate: bool,
    /// Signal and the file with the process id of who gets it, after logs were renamed.
    pub signal: Option<(Signal, PathBuf)>,
    /// A command and its arguments, run after logs were rotated.
    pub postrotate: Vec<String>,
    /// Where the rule stands.
    pub origin: Origin,
}

/// `logs.containers:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerLogs {
    /// Look at them at all.
    pub list: bool,
    /// Logs without a limit that are larger than this are emptied.
    pub truncate_above: Option<u64>,
    /// So many compressed copies of an emptied log stay beside it.
    pub keep: u32,
    /// What `--fix-services` writes.
    pub max_size: String,
    /// What `--fix-services` writes.
    pub max_file: u32,
}

impl Default for ContainerLogs {
    fn default() -> Self {
        Self { list: true, truncate_above: None, keep: 1, max_size: "10m".to_owned(), max_file: 3 }
    }
}

/// A signal that programs take as "open your logs again".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Signal {
    /// Hangup.
    #[serde(rename = "HUP")]
    Hup,
    /// User-defined 1.
    #[serde(rename = "USR1")]
    Usr1,
    /// User-defined 2.
    #[serde(rename = "USR2")]
    Usr2,
}

impl Signal {
    /// Its name, without SIG.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hup => "HUP",
            Self::Usr1 => "USR1",
            Self::Usr2 => "USR2",
        }
    }
}

/// A size as it was written.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Size(pub(super) String);

impl JsonSchema for Size {
    fn schema_name() -> Cow<'static, str> {
        "Size".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "title": "a size (512k, 100M, 1G) or a number of bytes",
            "type": ["string", "number"],
            "minimum": 0,
        })
    }
}

/// Bytes of `512k`, `100M`, `1.5G`, `1GiB`, `2048`: units are powers of 1024, as docker's and logrotate's are.
///
/// # Errors
/// What is wrong, to be read after the setting's name.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let wrong = || Err(format!("must be a size (512k, 100M, 1G) or a number of bytes, not {}", quoted(text)));
    let plain = text.trim();
    let end = plain.find(|c: char| c != '.' && !c.is_ascii_digit()).unwrap_or(plain.len());
    let (number, unit) = plain.split_at(end);
    let power = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 1,
        "m" | "mb" | "mib" => 2,
        "g" | "gb" | "gib" => 3,
        "t" | "tb" | "tib" => 4,
        _ => return wrong(),
    };
    let bytes = number.parse::<f64>().map(|number| number * 1024_f64.powi(power));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within these bounds")]
    match bytes {
        Ok(bytes) if (0.0..=1e18).contains(&bytes) => Ok(bytes.round() as u64),
        _ => wrong(),
    }
}

/// A size as the file has it.
pub(super) fn size(bytes: u64) -> Value {
    let units = [(1 << 40, "T"), (1 << 30, "G"), (1 << 20, "M"), (1 << 10, "k")];
    let fits = units.into_iter().find(|(unit, _)| bytes > 0 && bytes.is_multiple_of(*unit));
    fits.map_or_else(|| json!(bytes), |(unit, name)| json!(format!("{}{name}", bytes / unit)))
}

/// Bounded log files on a node.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LogsEntry {
    /// Logs that orca rotates itself; a log belongs to the first rule that finds it.
    rules: Option<Vec<Spanned<RuleEntry>>>,
    /// Directories of logrotate's own configuration, handed to logrotate itself with a state file of orca's.
    logrotate: Option<Vec<Spanned<String>>>,
    /// Logs of containers on the engine that orca is pointed at.
    containers: Option<ContainersEntry>,
}

/// Logs that are rotated alike.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RuleEntry {
    /// Absolute paths; `*` and `?` stand for text within a name, `**` for any folders. Symbolic links are not followed.
    #[schemars(length(min = 1))]
    paths: Vec<Spanned<String>>,
    /// Rotate a log once it is so large.
    size: Option<Spanned<Size>>,
    /// Rotate a log once the last rotation (or its making) is so long ago.
    age: Option<Spanned<Span>>,
    /// Keep so many copies; default 5.
    keep: Option<Spanned<u32>>,
    /// Keep copies like this; default `gzip`.
    compress: Option<Spanned<Compress>>,
    /// Copy the log and empty it in place; default true, unless there is a `signal` or `postrotate`: then it is renamed
    /// and made anew.
    copytruncate: Option<Spanned<bool>>,
    /// Whom to tell that its logs were renamed.
    signal: Option<SignalEntry>,
    /// A command and its arguments, run once after logs of this rule were rotated; no shell is involved.
    postrotate: Option<Vec<Spanned<String>>>,
}

/// Whom to tell that its logs were renamed.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SignalEntry {
    /// Default `HUP`.
    name: Option<Spanned<Signal>>,
    /// The file with the process id.
    pid_file: Spanned<String>,
}

/// Logs of containers on the engine that orca is pointed at.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ContainersEntry {
    /// List containers and services whose json-file log has no `max-size`; default true. Without it no engine is asked.
    list: Option<Spanned<bool>>,
    /// Empty logs without a limit that are larger than this; default is to empty none.
    truncate_above: Option<Spanned<Size>>,
    /// Keep so many compressed copies of an emptied log beside it, until its container is removed; default 1.
    keep: Option<Spanned<u32>>,
    /// The `max-size` that `--fix-services` sets; default `10m`.
    max_size: Option<Spanned<Size>>,
    /// The `max-file` that `--fix-services` sets; default 3.
    max_file: Option<Spanned<u32>>,
}

/// Checks what is written and fills in the rest.
pub(super) fn resolve(
    entry: Option<&LogsEntry>,
    env: &BTreeMap<String, String>,
    origins: &mut BTreeMap<String, Origin>,
    log: &mut Log<'_>,
) -> Logs {
    let mut logs = Logs::default();
    let none = LogsEntry::default();
    let entry = entry.unwrap_or(&none);
    let rules = entry.rules.as_deref().unwrap_or_default();
    logs.rules = rules.iter().enumerate().map(|(at, rule)| resolve_rule(at, rule, log)).collect();
    let mut section = Section { name: "logs", env, origins, log };
    for path in entry.logrotate.as_deref().unwrap_or_default() {
        if !path.value.starts_with('/') {
            section.log.at(path.mark, format!("logs.logrotate must be absolute paths, not {}", quoted(&path.value)));
        }
        section.came_from("logrotate", path);
        logs.logrotate.push(path.value.clone().into());
    }
    let (written, into) = (entry.containers.clone().unwrap_or_default(), &mut logs.containers);
    section.flag("containers.list", written.list.as_ref(), "", &mut into.list);
    if let Some(above) = &written.truncate_above {
        into.truncate_above = bytes(above, "logs.containers.truncate_above", section.log);
        section.came_from("containers.truncate_above", above);
    }
    section.number("containers.keep", written.keep.as_ref(), "", &mut into.keep);
    if let Some(size) = &written.max_size {
        if let Some(0) = bytes(size, "logs.containers.max_size", section.log) {
            section.log.at(size.mark, "logs.containers.max_size must be more than nothing");
        }
        // Docker reads whole numbers with a unit of one letter.
        if !size.value.0.trim_end_matches(['k', 'm', 'g', 'K', 'M', 'G']).bytes().all(|b| b.is_ascii_digit()) {
            let text =
                format!("logs.containers.max_size must be as docker takes it (10m), not {}", quoted(&size.value.0));
            section.log.at(size.mark, text);
        }
        into.max_size.clone_from(&size.value.0);
        section.came_from("containers.max_size", size);
    }
    section.number("containers.max_file", written.max_file.as_ref(), "", &mut into.max_file);
    if let Some(count) = written.max_file.as_ref().filter(|count| count.value == 0) {
        section.log.at(count.mark, "logs.containers.max_file must be at least 1, not 0");
    }
    logs
}

fn resolve_rule(at: usize, entry: &Spanned<RuleEntry>, log: &mut Log<'_>) -> LogRule {
    let path = format!("logs.rules[{at}]");
    let (mark, rule) = (entry.mark, &entry.value);
    for pattern in &rule.paths {
        let text = &pattern.value;
        let steps_out = text.split('/').any(|part| part == ".." || part == ".");
        if !text.starts_with('/') || text.ends_with('/') || steps_out {
            let text = format!("{path}.paths must be absolute paths of files without `..`, not {}", quoted(text));
            log.at(pattern.mark, text);
        }
    }
    let size = rule.size.as_ref().and_then(|size| bytes(size, &format!("{path}.size"), log));
    let age = rule.age.as_ref().and_then(|age| duration(age, &format!("{path}.age"), log));
    if rule.size.is_none() && rule.age.is_none() {
        log.at(mark, format!("{path} needs `size` or `age`, or both: without them no log would ever be rotated"));
    }
    let told = rule.signal.is_some() || rule.postrotate.as_ref().is_some_and(|command| !command.is_empty());
    let copytruncate = rule.copytruncate.as_ref().map_or(!told, |flag| flag.value);
    if !copytruncate && !told {
        log.at(mark, format!("{path} renames logs, but has no `signal` or `postrotate` to tell their program so"));
    }
    let keep = rule.keep.as_ref().map_or(5, |keep| keep.value);
    if keep == 0 && (!copytruncate || age.is_some()) {
        let text = format!("{path}.keep must be at least 1, not 0: only `copytruncate` by `size` does without a copy");
        log.at(rule.keep.as_ref().map_or(mark, |keep| keep.mark), text);
    }
    if let Some(pid_file) = rule.signal.as_ref().map(|signal| &signal.pid_file)
        && !pid_file.value.starts_with('/')
    {
        let text = format!("{path}.signal.pid_file must be an absolute path, not {}", quoted(&pid_file.value));
        log.at(pid_file.mark, text);
    }
    LogRule {
        paths: rule.paths.iter().map(|pattern| pattern.value.clone()).collect(),
        size,
        age,
        keep,
        compress: rule.compress.as_ref().map_or(Compress::Gzip, |compress| compress.value),
        copytruncate,
        signal: rule.signal.as_ref().map(|signal| {
            (signal.name.as_ref().map_or(Signal::Hup, |name| name.value), signal.pid_file.value.clone().into())
        }),
        postrotate: rule.postrotate.iter().flatten().map(|word| word.value.clone()).collect(),
        origin: log.origin(path, mark),
    }
}

fn bytes(written: &Spanned<Size>, path: &str, log: &mut Log<'_>) -> Option<u64> {
    match parse_size(&written.value.0) {
        Ok(bytes) => Some(bytes),
        Err(message) => {
            log.at(written.mark, format!("{path} {message}"));
            None
        }
    }
}

impl Logs {
    /// The section's effective values by key, as the file would have them.
    pub(super) fn shown(&self) -> Vec<(&'static str, Value)> {
        let mut shown = Vec::new();
        if !self.logrotate.is_empty() {
            shown.push(("logrotate", json!(self.logrotate)));
        }
        let containers = &self.containers;
        shown.push(("containers.list", json!(containers.list)));
        shown.extend(containers.truncate_above.map(|bytes| ("containers.truncate_above", size(bytes))));
        shown.extend([
            ("containers.keep", json!(containers.keep)),
            ("containers.max_size", json!(containers.max_size)),
            ("containers.max_file", json!(containers.max_file)),
        ]);
        shown
    }
}

impl LogRule {
    /// The rule's effective values by key, as the file would have them.
    pub(super) fn shown(&self) -> Vec<(&'static str, Value)> {
        let mut shown = vec![("paths", json!(self.paths))];
        shown.extend(self.size.map(|bytes| ("size", size(bytes))));
        shown.extend(self.age.map(|age| ("age", json!(span(age)))));
        shown.extend([
            ("keep", json!(self.keep)),
            ("compress", json!(self.compress.name())),
            ("copytruncate", json!(self.copytruncate)),
        ]);
        if let Some((signal, pid_file)) = &self.signal {
            shown.extend([("signal.name", json!(signal.name())), ("signal.pid_file", json!(pid_file))]);
        }
        if !self.postrotate.is_empty() {
            shown.push(("postrotate", json!(self.postrotate)));
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, wanted) in
            [("0", 0), ("2048", 2048), ("1k", 1024), ("1.5M", 1_572_864), ("10 GiB", 10 << 30), ("1TB", 1 << 40)]
        {
            assert_eq!(parse_size(text), Ok(wanted), "{text}");
        }
        for text in ["", "k", "-1", "1x", "1e9", "1..2", "9999999999T"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
        assert_eq!((size(10 << 20), size(0), size(1000)), (json!("10M"), json!(0), json!(1000)));
    }
}
