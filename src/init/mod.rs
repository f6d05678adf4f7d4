//! `orca init`: the first set-up. Looks at the swarm once, asks (or takes) what it can't know, and writes three files.
//!
//! [`found`] reads the snapshot, [`answers`] asks, [`render`] makes texts, [`files`] decides which of them are written; all but
//! the asking is pure. What is written, [`crate::apply`] writes.

pub mod answers;
pub mod files;
pub mod found;
mod older;
pub mod render;

use std::collections::BTreeMap;
use std::io::ErrorKind as IoErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use futures_util::StreamExt as _;
use tokio::time::Instant;

use crate::apply::setup;
use crate::cli::{ExporterUse, Init};
use crate::cycle::{Options, Source};
use crate::error::{Error, ErrorKind, interrupted};
use crate::interrupt::Interrupt;
use crate::metrics::targets;
use crate::model::node::NodeState;
use crate::pass::exporter::own;
use crate::plan::Warning;
use crate::report::{Cluster, Report, Run};
use crate::settings::{self, Settings, SourceKind};
use crate::snapshot::{self, Snapshot};
use crate::state::Actor;

use answers::{Answers, Asker, Exporters};
use files::Wanted;
use found::Found;
use render::Variables;

/// The command's name in reports.
pub const COMMAND: &str = "init";
/// Exporters that are asked at once.
const AT_ONCE: usize = 32;
/// How long each may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// One set-up.
#[derive(Debug)]
pub struct Setup<'a> {
    /// What the command line says.
    pub flags: &'a Init,
    /// Where the swarm is looked at.
    pub source: &'a Source,
    /// The environment.
    pub env: &'a BTreeMap<String, String>,
    /// How the engine was named: `DOCKER_HOST` or `DOCKER_CONTEXT`, and what goes with it.
    pub engine: Variables,
    /// Who asks.
    pub asker: Asker<'a>,
    /// The bounds.
    pub options: &'a Options,
    /// Signals.
    pub interrupt: &'a Interrupt,
}

impl Setup<'_> {
    /// Runs once. Whatever happens, there is a report.
    pub async fn run(&self) -> Report {
        let started = Instant::now();
        let mut report = Report::new(COMMAND, Run::start(self.options.dry_run));
        let unchanged = Box::pin(self.work(started + self.options.timeout, &mut report)).await;
        report.data.insert("answers".to_owned(), self.asker.told.borrow().clone().into());
        report.ended(started, unchanged)
    }

    async fn work(&self, deadline: Instant, report: &mut Report) -> Result<u64> {
        let dir = folder(self.flags.dir.as_deref())?;
        let (cluster, exporters) = tokio::select! {
            _ = self.interrupt.nth(1) => return Err(interrupted()),
            looked = self.look(deadline, report) => looked?,
        };
        report.cluster = Some(Cluster::of(&cluster));
        let found = Found::of(&cluster)?;
        let older = older::find(self.flags.from.as_deref(), self.env, &mut report.warnings)?;
        let answers = answers::ask(&self.asker, self.flags, &found, exporters, &dir).await?;
        let config =
            render::config(&found, &answers, older.as_ref().map(|(name, text)| (name.as_str(), text.as_str())));
        check(&dir.join("orca.yml"), &config, self.env)?;
        let wanted = self.wanted(&dir, &answers, config)?;
        let planned = files::plan(&wanted, self.flags.force);
        let unchanged = planned.unchanged;
        report.data.extend(planned.data);
        report.blocked.extend(planned.blocked);
        if self.options.dry_run || planned.actions.is_empty() {
            report.plan(&planned.actions);
            return Ok(unchanged);
        }
        let names: Vec<&str> = planned.actions.iter().map(|action| action.target.name.as_str()).collect();
        self.asker.confirm(&format!("Write {}?", names.join(", "))).await?;
        let hold = self.options.hold_at(&self.options.state_dir, COMMAND, &mut report.warnings).await?;
        let Some(hold) = hold else { return Ok(unchanged) };
        let actor = Actor { run: report.run.id.clone(), cluster: "this host".to_owned(), command: COMMAND };
        for action in &planned.actions {
            let reported = setup::write(&hold.state, &actor, action);
            if let Some(why) = &reported.error {
                let error = Error::new(ErrorKind::Failed, format!("can't write `{}`: {why}", action.target.name));
                report.fail(&error.hint("name a folder that you may write with --dir").into());
            }
            report.actions.push(reported);
        }
        Ok(unchanged)
    }

    /// The swarm, and what its nodes' exporters answer.
    async fn look(&self, deadline: Instant, report: &mut Report) -> Result<(Snapshot, Exporters)> {
        let cluster = match self.source {
            Source::Engine(engine) => Snapshot::observe(&engine.until(deadline)).await?,
            Source::File(path) => snapshot::load(path)?,
        };
        let settings = Settings::default();
        let kept = cluster.service(&settings.exporter.name).is_some_and(own);
        let live = matches!(self.source, Source::Engine(_));
        if !live || self.flags.exporter == Some(ExporterUse::None) {
            return Ok((cluster, Exporters { asked: 0, up: 0, own: kept }));
        }
        let ready = cluster.nodes.iter().filter(|node| node.state == NodeState::Ready);
        let asking = ready.map(async |node| {
            let aim = targets::own_target(node, &settings, self.flags.exporter_port)?;
            let reading = targets::read(&aim, PATIENCE, deadline).await?;
            reading.memory().map(|_| ())
        });
        let answers: Vec<Result<(), String>> = futures_util::stream::iter(asking).buffered(AT_ONCE).collect().await;
        let up = answers.iter().filter(|answer| answer.is_ok()).count();
        let silent: Vec<&str> = answers.iter().filter_map(|answer| answer.as_ref().err().map(String::as_str)).collect();
        if up > 0 && !silent.is_empty() {
            let text = format!("no exporter of {} nodes answers: {}", silent.len(), silent.join("; "));
            report.warnings.push(Warning::new("exporter_silent", text));
        }
        Ok((cluster, Exporters { asked: answers.len(), up, own: kept }))
    }

    /// The three files.
    fn wanted(&self, dir: &Path, answers: &Answers, config: String) -> Result<Vec<Wanted>> {
        let path = |name: &str| dir.join(name).display().to_string();
        let (orca, env, mcp) = (path("orca.yml"), path(".env"), path(".mcp.json"));
        let mut variables = self.engine.clone();
        variables.insert("ORCA_CONFIG", orca.clone());
        variables.extend(answers.registry.clone().map(|registry| ("REGISTRY_URL", registry)));
        let dirs = [("DEFINITIONS_DIR", &answers.definitions), ("PROJECTS_DIR", &answers.projects)];
        variables.extend(dirs.into_iter().filter_map(|(name, dir)| Some((name, dir.as_ref()?.display().to_string()))));
        for name in ["NODES_FILE", "DEPENDENCIES_FILE", "REBALANCE_CONFIG"] {
            variables.extend(self.env.get(name).filter(|file| !file.is_empty()).map(|file| (name, file.clone())));
        }
        let (before_env, before_mcp) = (read(&env)?, read(&mcp)?);
        let program = std::env::current_exe().context("can't tell where this program is")?;
        let text = render::mcp_file(&program, Path::new(&orca), answers.allow_write, &variables, before_mcp.as_deref());
        let spoilt = || "it is there and is no configuration of MCP servers; move it away".to_owned();
        Ok(vec![
            Wanted {
                mode: mode(&orca, 0o644),
                before: read(&orca)?,
                path: orca,
                after: Ok(config),
                reason: "the config",
            },
            Wanted {
                after: render::env_file(&variables, before_env.as_deref()),
                mode: mode(&env, 0o600),
                path: env,
                before: before_env,
                reason: "variables, for shells and stacks",
            },
            Wanted {
                after: text.ok_or_else(spoilt),
                mode: mode(&mcp, 0o644),
                path: mcp,
                before: before_mcp,
                reason: "how programs reach `orca mcp`",
            },
        ])
    }
}

/// The folder that files go into.
fn folder(named: Option<&Path>) -> Result<PathBuf> {
    let dir = std::path::absolute(named.unwrap_or(Path::new("."))).context("can't tell the current folder")?;
    if dir.is_dir() {
        return Ok(dir);
    }
    let text = format!("there is no folder `{}`", dir.display());
    Err(Error::new(ErrorKind::Usage, text).hint("make it, or name another with --dir").into())
}

/// Who may read what is written: never more than could before.
fn mode(path: &str, usual: u32) -> u32 {
    std::fs::metadata(path).map_or(usual, |meta| meta.permissions().mode() & usual)
}

/// What is in a file; none if there is none.
fn read(path: &str) -> Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == IoErrorKind::NotFound => Ok(None),
        Err(error) => {
            let text = format!("can't read `{path}`, which is there");
            Err(anyhow::Error::new(error).context(Error::new(ErrorKind::Failed, text)))
        }
    }
}

/// A config that orca itself refuses is not written.
fn check(path: &Path, text: &str, env: &BTreeMap<String, String>) -> Result<()> {
    let source = settings::Source { name: path.display().to_string(), kind: SourceKind::Main, text: text.to_owned() };
    settings::parse_all(&[source], env).map(|_| ())
}
