//! What a shell asks orca at each TAB: flags and commands from clap, names of nodes and anchors from the cluster and the
//! config that the line means.
//!
//! Reads only, asks nothing of the user, takes [`LIMIT`] at most, and offers nothing where it can't know.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Arg, ArgMatches, Command, CommandFactory as _, ValueHint};
use clap_complete::engine::{
    ArgValueCandidates, ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter as _,
};
use clap_complete::env::{CompleteEnv, EnvCompleter as _, Shells, Zsh};
use tokio::time::Instant;

use crate::cli::Cli;
use crate::engine::Engine;
use crate::engine::context::{self, Flags};
use crate::engine::wire::Wire;
use crate::model::Service;
use crate::model::service::STACK_LABEL;
use crate::settings::{self, Input, Settings};
use crate::snapshot;

/// Names the shell that asks; without it orca does its work.
const VARIABLE: &str = "ORCA_COMPLETE";

/// A person waits for this, at each TAB.
const LIMIT: Duration = Duration::from_millis(300);

/// Answers a shell that asks for completions on stdout; `None` if none does.
pub fn answer() -> Option<ExitCode> {
    let here = std::env::current_dir().ok();
    let asked = CompleteEnv::with_factory(command).var(VARIABLE).bin("orca").completer("orca");
    match asked.try_complete(std::env::args_os(), here.as_deref()) {
        Ok(false) => None,
        Ok(true) => Some(ExitCode::SUCCESS),
        // A shell that is not known, or that has gone: its line must not be torn by words about that.
        Err(_) => Some(ExitCode::FAILURE),
    }
}

/// The script that makes a shell ask.
///
/// # Errors
/// If there is none for this shell.
pub fn script(shell: clap_complete::Shell) -> Result<String> {
    if shell == clap_complete::Shell::Bash {
        return Ok(include_str!("complete/orca.bash").to_owned());
    }
    let name = shell.to_string();
    let shells = Shells::builtins();
    let asks = shells.completer(&name).with_context(|| format!("no completion script for `{name}`"))?;
    let mut script = Vec::new();
    asks.write_registration(VARIABLE, "orca", "orca", "orca", &mut script)?;
    let mut script = String::from_utf8(script)?.trim().to_owned() + "\n";
    if asks.is(Zsh.name()) {
        // As a file in $fpath it is loaded by the first TAB, which wants an answer too.
        script += "\nif [[ ${funcstack[1]} == _orca ]]; then\n    _clap_dynamic_completer_orca \"$@\"\nfi\n";
    }
    Ok(script)
}

/// The command line, with what its values may be.
fn command() -> Command {
    told(Cli::command(), "")
}

fn told(command: Command, path: &str) -> Command {
    let command = command.mut_args(|arg| with_values(arg, path));
    command.mut_subcommands(|sub| {
        let path = format!("{path} {}", sub.get_name());
        told(sub, path.trim_start())
    })
}

/// What the value of this argument of that command may be.
fn with_values(arg: Arg, command: &str) -> Arg {
    match (command, arg.get_id().as_str()) {
        // Its nodes may be in no swarm yet.
        ("bootstrap", "node") => arg.add(ArgValueCandidates::new(|| offered(config_nodes))),
        (path, "names" | "name") if path.starts_with("nodes ") => {
            arg.add(ArgValueCandidates::new(|| offered(cluster_nodes)))
        }
        (path, "names" | "name") if path.starts_with("services ") => {
            arg.add(ArgValueCandidates::new(|| offered(cluster_services)))
        }
        (path, "name") if path.starts_with("stacks ") => arg.add(ArgValueCandidates::new(|| offered(cluster_stacks))),
        (_, "stack") => arg.add(ArgValueCandidates::new(|| offered(cluster_stacks))),
        (_, "node" | "empty") => arg.add(ArgValueCandidates::new(|| offered(cluster_nodes))),
        (_, "anchor" | "anchors") => arg.add(ArgValueCandidates::new(|| offered(anchors))),
        (_, "context") => arg.add(ArgValueCandidates::new(|| offered(contexts))),
        (_, "metrics") => arg.add(ArgValueCompleter::new(metrics)),
        (_, "config") => arg.value_hint(ValueHint::FilePath),
        _ => arg,
    }
}

/// What is on the line that tells which cluster is meant.
struct Line {
    host: Option<String>,
    context: Option<String>,
    config: Option<String>,
    snapshot: Option<PathBuf>,
}

impl Line {
    /// Reads as much of an unfinished line as can be read: `orca -- orca -H ... rebalance plan --empty`.
    fn read() -> Option<Self> {
        let words: Vec<OsString> = std::env::args_os().skip_while(|word| word != "--").skip(1).collect();
        let matches = Cli::command().ignore_errors(true).try_get_matches_from(words).ok()?;
        let mut deepest = &matches;
        while let Some((_, sub)) = deepest.subcommand() {
            deepest = sub;
        }
        let text = |id: &str| value::<String>(deepest, id);
        Some(Self {
            host: text("host"),
            context: text("context"),
            config: text("config"),
            snapshot: value::<PathBuf>(deepest, "snapshot"),
        })
    }

    fn settings(&self) -> Option<Settings> {
        // Standard input is the shell's.
        if self.config.as_deref() == Some("-") {
            return None;
        }
        let env: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        settings::load_if_any(&Input::new(self.config.clone(), env)).ok()
    }
}

fn value<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, id: &str) -> Option<T> {
    matches.try_get_one::<T>(id).ok().flatten().cloned()
}

fn offered(names: fn(&Line) -> Option<Vec<String>>) -> Vec<CompletionCandidate> {
    let names = Line::read().and_then(|line| names(&line)).unwrap_or_default();
    names.into_iter().map(CompletionCandidate::new).collect()
}

fn config_nodes(line: &Line) -> Option<Vec<String>> {
    Some(line.settings()?.nodes.into_keys().collect())
}

fn anchors(line: &Line) -> Option<Vec<String>> {
    Some(line.settings()?.anchors.into_iter().map(|anchor| anchor.name).collect())
}

fn cluster_nodes(line: &Line) -> Option<Vec<String>> {
    let nodes = match &line.snapshot {
        Some(file) => snapshot::load(file).ok()?.nodes,
        None => asked(line, async |engine| engine.nodes().await)?,
    };
    Some(sorted(nodes.into_iter().map(|node| node.name)))
}

fn cluster_services(line: &Line) -> Option<Vec<String>> {
    Some(sorted(services(line)?.into_iter().map(|service| service.name)))
}

fn cluster_stacks(line: &Line) -> Option<Vec<String>> {
    let stack = |service: Service| service.needs().ok()?.labels.get(STACK_LABEL).cloned();
    Some(sorted(services(line)?.into_iter().filter_map(stack)))
}

fn services(line: &Line) -> Option<Vec<Service>> {
    match &line.snapshot {
        Some(file) => Some(Arc::unwrap_or_clone(snapshot::load(file).ok()?.services)),
        None => asked(line, async |engine| engine.services().await),
    }
}

fn sorted(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> = names.collect();
    names.sort();
    names.dedup();
    names
}

/// What the engine that the line means answers, if it does so in time.
fn asked<T>(line: &Line, ask: impl AsyncFnOnce(Engine) -> Result<Vec<T>>) -> Option<Vec<T>> {
    let flags = Flags { host: line.host.as_deref(), context: line.context.as_deref() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    let answer = runtime.block_on(async {
        let engine = Engine::new(Wire::new(context::select_here(&flags).ok()?).ok()?);
        // The deadline of a request doesn't bound how long a name takes to be looked up.
        tokio::time::timeout(LIMIT, ask(engine.until(Instant::now() + LIMIT))).await.ok()?.ok()
    });
    runtime.shutdown_background();
    answer
}

/// The docker contexts of this user.
fn contexts(_: &Line) -> Option<Vec<String>> {
    #[derive(serde::Deserialize)]
    struct Meta {
        #[serde(rename = "Name")]
        name: String,
    }
    let config = std::env::var_os("DOCKER_CONFIG").filter(|dir| !dir.is_empty()).map(PathBuf::from);
    let config = config.or_else(|| Some(std::env::home_dir()?.join(".docker")))?;
    let read = |dir: &Path| {
        let meta: Meta = serde_json::from_slice(&std::fs::read(dir.join("meta.json")).ok()?).ok()?;
        Some(meta.name)
    };
    let dirs = std::fs::read_dir(config.join("contexts/meta")).ok()?;
    let mut names: Vec<String> = dirs.filter_map(|dir| read(&dir.ok()?.path())).collect();
    names.sort();
    Some(names)
}

/// Sources of memory figures by their names, and files.
fn metrics(current: &std::ffi::OsStr) -> Vec<CompletionCandidate> {
    let sources = ["node_exporter", "prometheus", "stats", "probe", "reservations"];
    let named = sources.iter().filter(|name| name.starts_with(&*current.to_string_lossy()));
    named.map(CompletionCandidate::new).chain(PathCompleter::file().complete(current)).collect()
}
