//! The only file of the settings that touches the file system: finds and reads the sources, then calls [`parse`].

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::policy::env_text;
use super::problem::Problems;
use super::{Settings, Source, SourceKind, parse};
use crate::error::{Error, ErrorKind};

/// Bigger files are not configurations.
const LARGEST: u64 = 16 * 1024 * 1024;
/// Where a configuration is looked for when none is named; the second is Orcastra's place.
const DEFAULTS: [&str; 2] = ["/etc/orca/orca.yml", "/etc/swarm-orchestration/swarm.yml"];

/// Where to load the configuration from.
#[derive(Debug, Clone)]
pub struct Input {
    /// The file of `--config`, `-` for stdin; without it `$ORCA_CONFIG`, `$SWARM_FILE`, then `defaults`.
    pub config: Option<String>,
    /// The environment.
    pub env: BTreeMap<String, String>,
    /// Files to try when none is named; the first that exists is taken.
    pub defaults: Vec<PathBuf>,
    /// Orcastra's `deploy_node_exporter.yml`, for the command that it is about.
    pub exporter: Option<PathBuf>,
}

impl Input {
    /// The usual default files with this `--config` and this environment.
    pub fn new(config: Option<String>, env: BTreeMap<String, String>) -> Self {
        Self { config, env, defaults: DEFAULTS.map(PathBuf::from).to_vec(), exporter: None }
    }
}

/// Reads, merges and checks the configuration. Contacts nothing but the file system and stdin.
///
/// All mistakes in the files come as one error that holds [`Problems`]; a file that can't be read is an
/// [`Error`] with a hint. Both are of kind [`ErrorKind::Config`].
pub fn load(input: &Input) -> anyhow::Result<Settings> {
    parse_all(&read(input)?, &input.env)
}

/// The texts of the configuration, as they are now.
///
/// # Errors
/// If there is none, or one can't be read.
pub fn read(input: &Input) -> anyhow::Result<Vec<Source>> {
    let sources = sources(input)?;
    // A list of mods says nothing of the cluster: taken for a whole configuration, it would be one that asks for nothing.
    if sources.iter().all(|source| source.kind == SourceKind::Mods) {
        return Err(nothing_found(&input.defaults).into());
    }
    Ok(sources)
}

/// Merges and checks what was read.
///
/// # Errors
/// All mistakes, as one error that holds [`Problems`].
pub fn parse_all(sources: &[Source], env: &BTreeMap<String, String>) -> anyhow::Result<Settings> {
    parse(sources, env).map_err(|problems| anyhow::Error::new(Problems::from(problems)))
}

/// The same for commands that need no configuration: where no file is named and none of the default files is there, what
/// is built in and the environment decide.
pub fn load_if_any(input: &Input) -> anyhow::Result<Settings> {
    parse_all(&read_if_any(input)?, &input.env)
}

/// The texts for such commands; none where there are none.
///
/// # Errors
/// If one can't be read.
pub fn read_if_any(input: &Input) -> anyhow::Result<Vec<Source>> {
    let variables =
        ["ORCA_CONFIG", "SWARM_FILE", "DEPENDENCIES_FILE", "NODES_FILE", "REBALANCE_CONFIG", "MOD_MANAGER_CONFIG"];
    let variable = variables.iter().any(|name| env_text(&input.env, name).is_some());
    let named = input.config.is_some() || input.exporter.is_some() || variable;
    if named || input.defaults.iter().any(|path| path.exists()) { Ok(sources(input)?) } else { Ok(Vec::new()) }
}

fn sources(input: &Input) -> Result<Vec<Source>, Error> {
    let older = [
        ("DEPENDENCIES_FILE", SourceKind::Dependencies),
        ("NODES_FILE", SourceKind::Nodes),
        ("REBALANCE_CONFIG", SourceKind::Rebalance),
        ("MOD_MANAGER_CONFIG", SourceKind::Mods),
    ];
    let older = older.map(|(variable, kind)| (env_text(&input.env, variable), variable, kind));
    let mut paths: Vec<PathBuf> = Vec::new();
    let mut sources = Vec::new();
    if let Some(main) = main_source(input)? {
        paths.push(identity(&main.name));
        sources.push(main);
    }
    for (path, variable, kind) in older {
        let Some(path) = path else { continue };
        let identity = identity(path);
        // Several variables may name one merged file, which then counts once.
        if paths.contains(&identity) {
            continue;
        }
        let text = read_file(path).map_err(|error| unreadable(&format!("`{path}` (${variable})"), &error))?;
        paths.push(identity);
        sources.push(Source { name: path.to_owned(), kind, text });
    }
    if let Some(path) = &input.exporter {
        let name = path.display().to_string();
        let text = read_file(path).map_err(|error| unreadable(&format!("`{name}`"), &error))?;
        sources.push(Source { name, kind: SourceKind::Exporter, text });
    }
    if sources.is_empty() {
        return Err(nothing_found(&input.defaults));
    }
    Ok(sources)
}

fn main_source(input: &Input) -> Result<Option<Source>, Error> {
    let named = input.config.as_deref().or_else(|| env_text(&input.env, "ORCA_CONFIG"));
    if let Some(name) = named.or_else(|| env_text(&input.env, "SWARM_FILE")) {
        if name == "-" {
            let text = read_text(io::stdin().lock()).map_err(|error| unreadable("stdin", &error))?;
            return something("stdin", "stdin", text).map(Some);
        }
        let text = read_file(name).map_err(|error| unreadable(&format!("`{name}`"), &error))?;
        return something(name, &format!("`{name}`"), text).map(Some);
    }
    for path in &input.defaults {
        let name = path.display().to_string();
        match read_file(path) {
            Ok(text) => return something(&name, &format!("`{name}`"), text).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(unreadable(&format!("`{name}`"), &error)),
        }
    }
    Ok(None)
}

/// A main file with something in it. A full disk or a failed command before a pipe leaves an empty one, and orca would
/// take back every label that it has set.
fn something(name: &str, shown: &str, text: String) -> Result<Source, Error> {
    if text.trim().is_empty() {
        let error = Error::new(ErrorKind::Config, format!("the configuration {shown} is empty"));
        return Err(error.hint("if that is meant, write `{}` into it"));
    }
    Ok(Source { name: name.to_owned(), kind: SourceKind::Main, text })
}

/// The path by which two names of one file are recognised.
fn identity(path: &str) -> PathBuf {
    Path::new(path).canonicalize().unwrap_or_else(|_| PathBuf::from(path))
}

fn read_file(path: impl AsRef<Path>) -> io::Result<String> {
    read_text(File::open(path)?)
}

fn read_text(from: impl Read) -> io::Result<String> {
    let mut bytes = Vec::new();
    from.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::other("it is larger than 16 MiB"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = error.as_bytes().iter().take(valid).filter(|byte| **byte == b'\n').count() + 1;
        io::Error::other(format!("line {line} is not UTF-8"))
    })
}

fn unreadable(name: &str, error: &io::Error) -> Error {
    let failed = Error::new(ErrorKind::Config, format!("can't read the configuration {name}: {error}"));
    match error.kind() {
        io::ErrorKind::NotFound => failed.hint(hint()),
        io::ErrorKind::PermissionDenied => failed.hint("run as a user who may read it, or name another with `-c FILE`"),
        _ => failed.hint("name a YAML file with `-c FILE`"),
    }
}

fn nothing_found(defaults: &[PathBuf]) -> Error {
    let tried: Vec<String> = defaults.iter().map(|path| format!("`{}`", path.display())).collect();
    let message = format!("no configuration: {} not found", tried.join(" and "));
    Error::new(ErrorKind::Config, message).hint(hint())
}

fn hint() -> String {
    let [orca, _] = DEFAULTS;
    format!("name a file with `-c FILE`, or write {orca}; a small one is `nodes: {{node-1: {{labels: [ssd]}}}}`")
}
