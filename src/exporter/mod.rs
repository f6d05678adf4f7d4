//! One run of `orca exporter deploy`: ask what only the registry and the engine know, make the service as it has to be,
//! then ask every exporter whether it is there and whose it is.

pub mod file_sd;
pub mod machines;
pub(crate) mod remote;
mod verify;

use std::path::PathBuf;

use anyhow::Result;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::cycle::{Cycle, Options, Source};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, interrupted};
use crate::interrupt::Interrupt;
use crate::model::{Node, Reference, Service, Task};
use crate::pass::Pass;
use crate::pass::exporter::own;
use crate::registry::is_digest;
use crate::report::{Outcome, Report, Run, Status, millis_since};
use crate::settings::{Asked, Settings};
use crate::snapshot::Snapshot;
use file_sd::Entry;
use verify::Verifier;

/// The command's name in reports.
pub const COMMAND: &str = "exporter deploy";

/// A run of the deployment.
#[derive(Debug)]
pub struct Deployment<'a> {
    /// A manager.
    pub engine: &'a Engine,
    /// What to plan by.
    pub settings: Settings,
    /// Where Prometheus' targets are written.
    pub file_sd: Option<PathBuf>,
    /// The bounds.
    pub options: &'a Options,
    /// Signals.
    pub interrupt: &'a Interrupt,
}

impl Deployment<'_> {
    /// Runs once. Whatever happens, there is a report.
    pub async fn run(mut self) -> Report {
        let started = Instant::now();
        let deadline = started + self.options.timeout;
        let before = tokio::select! {
            _ = self.interrupt.nth(1) => Err(interrupted()),
            asked = self.ask(deadline) => asked,
        };
        let mut report = match before {
            Ok(before) => self.cycle_and_verify(before.as_ref(), deadline).await,
            Err(error) => Report::new(COMMAND, Run::start(self.options.dry_run)).ended(started, Err(error)),
        };
        report.run.duration_ms = millis_since(started);
        report
    }

    async fn cycle_and_verify(&self, before: Option<&Service>, deadline: Instant) -> Report {
        let source = Source::Engine(self.engine.clone());
        let (settings, options, interrupt) = (&self.settings, self.options, self.interrupt);
        let cycle =
            Cycle { command: COMMAND, passes: &[Pass::Exporter], source: &source, settings, options, interrupt };
        let mut report = Box::pin(cycle.run()).await;
        let exporter = &self.settings.exporter;
        report.data.insert("service".to_owned(), exporter.name.as_str().into());
        report.data.insert("port".to_owned(), exporter.port.into());
        if report.outcome == Outcome::Skipped || report.error.is_some() || !report.blocked.is_empty() {
            return report;
        }
        let unchanged = report.summary.unchanged;
        let verified = tokio::select! {
            _ = self.interrupt.nth(1) => Err(Error::new(ErrorKind::Interrupted, "interrupted by a signal while exporters were asked").into()),
            verified = self.verify(before, deadline, &mut report) => verified,
        };
        if let Err(error) = verified {
            report.fail(&error);
        }
        report.conclude(unchanged);
        report
    }

    /// What has to be known before planning; the service as it is, too.
    async fn ask(&mut self, deadline: Instant) -> Result<Option<Service>> {
        let engine = self.engine.until(deadline);
        let exporter = &self.settings.exporter;
        let service = engine.object("services", &exporter.name).await?.map(Service::read).transpose()?;
        let mut asked = Asked::default();
        let wanted = Reference::parse(&exporter.image);
        let pinned = service.as_ref().map(|service| Reference::parse(&service.image)).is_some_and(|found| {
            found.digest.is_some() && (&found.repository, &found.tag) == (&wanted.repository, &wanted.tag)
        });
        if wanted.digest.is_none() && !pinned {
            asked.digest = Some(digest(&engine, &exporter.image).await);
        }
        for name in &exporter.networks {
            asked.networks.insert(name.clone(), network(&engine, name).await);
        }
        self.settings.exporter.asked = asked;
        Ok(service)
    }

    async fn verify(&self, before: Option<&Service>, deadline: Instant, report: &mut Report) -> Result<()> {
        let rehearsal = self.options.dry_run && !report.actions.is_empty();
        let touched = |wanted: fn(&crate::report::ReportedAction) -> bool| {
            report.actions.iter().any(|action| action.status == Status::Done && wanted(action))
        };
        let verifier = Verifier {
            engine: self.engine,
            settings: &self.settings,
            changed: touched(|_| true),
            replaced: touched(|action| action.disruptive),
            // A rollout that has begun before this run is not the one to wait for.
            before: before.and_then(|service| service.update_started),
            deadline,
        };
        let found = if rehearsal { verifier.unasked().await? } else { verifier.verify().await? };
        report.warnings.extend(found.warnings.clone());
        let entries: Vec<Entry> = found.targets.iter().filter_map(verify::Target::entry).collect();
        report.data.insert("targets".to_owned(), found.targets.iter().map(verify::Target::json).collect());
        self.write(&entries, report)?;
        let wrong: Vec<String> = found.targets.iter().filter_map(verify::Target::complaint).collect();
        if let Some(stuck) = found.stuck.filter(|_| wrong.is_empty()) {
            let error = Error::new(ErrorKind::Failed, format!("`{}`: {stuck}", self.settings.exporter.name));
            let hint = format!("`docker service ps --no-trunc {}` shows why", self.settings.exporter.name);
            return Err(error.hint(hint).into());
        }
        if wrong.is_empty() || rehearsal {
            return Ok(());
        }
        let text = format!(
            "{} of {} exporters are not as they should be: {}",
            wrong.len(),
            found.targets.len(),
            wrong.join("; ")
        );
        let hint =
            format!("`docker service ps --no-trunc {}` shows what became of its tasks", self.settings.exporter.name);
        Err(Error::new(ErrorKind::Failed, text).hint(hint).into())
    }

    fn write(&self, entries: &[Entry], report: &mut Report) -> Result<()> {
        write_targets(self.file_sd.as_deref(), entries, self.options.dry_run, report)
    }
}

/// The exporters of a snapshot with the ended tasks in it: how many there are to be, and of which something is wrong.
/// None: the swarm has no such service of orca's.
pub(crate) async fn wrong(
    engine: &Engine,
    settings: &Settings,
    cluster: &Snapshot,
    deadline: Instant,
) -> Option<(usize, Vec<(Node, String)>)> {
    let service = cluster.service(&settings.exporter.name).filter(|service| own(service))?;
    let tasks: Vec<&Task> = cluster.tasks.iter().filter(|task| task.service == service.id).collect();
    let verifier = Verifier { engine, settings, changed: false, replaced: false, before: None, deadline };
    let targets = verifier.once(cluster, &tasks).await;
    Some((targets.len(), targets.iter().filter_map(|target| Some((target.node.clone(), target.wrong()?))).collect()))
}

/// Writes Prometheus' targets, where that is wanted, and notes it.
fn write_targets(path: Option<&std::path::Path>, entries: &[Entry], dry: bool, report: &mut Report) -> Result<()> {
    let Some(path) = path else { return Ok(()) };
    let changed = file_sd::write(path, entries, dry)?;
    let fact = json!({"path": path.display().to_string(), "targets": entries.len(), "changed": changed, "written": changed && !dry});
    report.data.insert("file_sd".to_owned(), fact);
    Ok(())
}

/// What the registry says that the tag is; the engine asks it, without credentials.
async fn digest(engine: &Engine, image: &str) -> Result<String, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Distribution {
        descriptor: Descriptor,
    }
    #[derive(Deserialize)]
    struct Descriptor {
        digest: String,
    }
    let found = engine.distribution::<Distribution>(image).await.map_err(|error| format!("{error:#}"))?;
    let digest = found.descriptor.digest;
    if is_digest(&digest) { Ok(digest) } else { Err(format!("the registry says `{digest}`, which is no digest")) }
}

async fn network(engine: &Engine, name: &str) -> Result<String, String> {
    let hint = "`docker network ls --filter scope=swarm` lists those that exporter.networks may name";
    let found = engine.object("networks", name).await.map_err(|error| format!("{error:#}"))?;
    let found: Value = found.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    match (found["Id"].as_str(), found["Scope"].as_str()) {
        (Some(id), Some("swarm")) => Ok(id.to_owned()),
        (None, _) => Err(format!("there is no network `{name}`: {hint}")),
        _ => Err(format!("`{name}` is no network of the swarm: {hint}")),
    }
}
