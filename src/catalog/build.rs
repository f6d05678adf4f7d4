//! `orca catalog build`: an image of a folder of the projects directory, built by the engine and sent to its registry.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use http::HeaderValue;
use serde_json::Value;
use tokio::time::timeout_at;

use super::context::{BuildContext, plain};
use super::definition::Definition;
use super::desk::Desk;
use crate::apply;
use crate::compose::stack::Making;
use crate::engine::Engine;
use crate::engine::images::{Builder, Told};
use crate::error::{Error, ErrorKind, Sort, interrupted};
use crate::model::Reference;
use crate::plan::{Action, Change, Warning};
use crate::registry::auths::registry_of;
use crate::registry::{Credentials, auth_for};
use crate::report::{Report, ReportedAction, Status, millis_since};
use crate::settings::Settings;
use crate::snapshot::Snapshot;
use crate::state::{Actor, State};
use tokio::time::Instant;

/// The command's name in reports.
pub const COMMAND: &str = "catalog build";
/// Lines of a log that a report keeps: its end says what went wrong.
const KEPT: usize = 200;
/// Lines of a log that an error repeats.
const TOLD: usize = 5;

/// What is to be built, and how.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The definition, with its build context.
    pub definition: Definition,
    /// The platform, as `linux/amd64`; none: the engine's own.
    pub platform: Option<String>,
    /// Send it to its registry.
    pub push: bool,
    /// What a compose file says of how it is built.
    pub making: Making,
    /// The builder; none: BuildKit, unless an image that it is made from needs credentials.
    pub builder: Option<Builder>,
}

/// The image that a definition is built as and runs: of `catalog.registry`, where it is built here and names none.
pub fn image_of(definition: &Definition, settings: &Settings) -> String {
    let own = settings.catalog.registry.as_ref().or(settings.registry.default.as_ref());
    let bare =
        Reference::parse(&definition.image).registry() == "docker.io" && !definition.image.starts_with("docker.io/");
    match own.filter(|_| bare && definition.build_context.is_some()) {
        Some(registry) => format!("{registry}/{}", definition.image),
        None => definition.image.clone(),
    }
}

impl Desk<'_> {
    /// Builds, and sends what was built to its registry. `say` gets each line as it comes; the last ones are in
    /// `data.logs`, whether it went well or not.
    ///
    /// # Errors
    /// If there is nothing to build from, it fails, or a registry refuses; the last lines of the log are in the error.
    pub async fn build(
        &self,
        cluster: &Snapshot,
        engine: &Engine,
        plan: &Plan,
        report: &mut Report,
        say: &mut dyn FnMut(&str),
    ) -> Result<()> {
        let context = self.context(plan)?;
        let image = image_of(&plan.definition, self.settings);
        let path = context.dir.display().to_string();
        let built = Action::on_image(&image, "build", Change::ImageBuild { context: path }, "asked for");
        let sent = Action::on_image(&image, "push", Change::ImagePush, "asked for").after(vec![built.id.clone()]);
        report.data.insert("name".to_owned(), plan.definition.name.as_str().into());
        report.data.insert("image".to_owned(), image.as_str().into());
        let nowhere = Reference::parse(&image).registry() == "docker.io"
            && Reference::parse(&image).path().starts_with("library/");
        if plan.push && nowhere {
            let text = format!("`{image}` is not sent anywhere: it names no registry, and catalog.registry is not set");
            report.warnings.push(Warning::new("not_pushed", text));
        }
        let actions: Vec<Action> = [built].into_iter().chain((plan.push && !nowhere).then_some(sent)).collect();
        if self.read_only() {
            report.plan(&actions);
            return Ok(());
        }
        let (journal, warning) = State::open(&self.options.state_dir)?;
        report.warnings.extend(warning);
        let credentials = Credentials::here()?;
        let mut log: Vec<String> = Vec::new();
        let mut failure = None;
        for action in &actions {
            if failure.is_some() {
                report.actions.push(apply::skipped(action, "it was not built"));
                continue;
            }
            let mut heard = |line: &str| {
                say(line);
                log.push(line.to_owned());
                if log.len() > 2 * KEPT {
                    log.drain(..KEPT);
                }
            };
            let work = self.make(action, &context, engine, &cluster.api, plan, &image, &credentials, &mut heard);
            let (reported, error) = self.noted(&journal, cluster, action, report.run.id.clone(), work).await;
            report.actions.push(reported);
            match error {
                Ok(told) => {
                    let facts = [("id", told.id), ("digest", told.digest)];
                    report
                        .data
                        .extend(facts.into_iter().filter_map(|(key, fact)| Some((key.to_owned(), fact?.into()))));
                }
                Err(error) => failure = Some(error),
            }
        }
        let from = log.len().saturating_sub(KEPT);
        report.data.insert("logs".to_owned(), log[from..].join("\n").into());
        failure.map_or(Ok(()), |error| Err(with_log(error, &log)))
    }

    fn context(&self, plan: &Plan) -> Result<BuildContext, Error> {
        let Some(context) = &plan.definition.build_context else {
            let text = format!("the definition of `{}` has no build_context", plan.definition.name);
            let error = Error::new(ErrorKind::Usage, text).sort(Sort::Unfit);
            return Err(error.hint("it names a folder of the projects directory"));
        };
        BuildContext::find(self.settings.catalog.projects.as_deref(), context, plan.making.dockerfile.as_deref())
    }

    #[expect(clippy::too_many_arguments, reason = "one request with all that goes into it")]
    async fn make(
        &self,
        action: &Action,
        context: &BuildContext,
        engine: &Engine,
        api: &str,
        plan: &Plan,
        image: &str,
        credentials: &Credentials,
        say: &mut dyn FnMut(&str),
    ) -> Result<Told> {
        let registry = registry_of(image).unwrap_or_default();
        if action.change == Change::ImagePush {
            let auth = auth_for(credentials, &registry).await.map_err(anyhow::Error::msg)?;
            let reference = Reference::parse(image);
            let tag = reference.tag.as_deref().unwrap_or("latest");
            return engine.push(api, &reference.repository, tag, auth.as_ref(), say).await;
        }
        let tar = tokio::fs::File::from_std(context.pack()?);
        let bases = context.registries();
        let (registries, needed) = all_credentials(credentials, &registry, bases.as_ref()).await?;
        // Without a session BuildKit can't be told any; with one it would have to speak gRPC to orca.
        let usual = if needed { Builder::Classic } else { Builder::BuildKit };
        let builder = plan.builder.unwrap_or(usual);
        let how = parameters(plan, image);
        let how: Vec<(&str, &str)> = how.iter().map(|(key, value)| (*key, value.as_str())).collect();
        engine.build(api, builder, &how, registries.as_ref(), tar, say).await
    }

    /// Enters it into the journal, and lets nothing outlast the run's time or a signal.
    async fn noted(
        &self,
        journal: &State,
        cluster: &Snapshot,
        action: &Action,
        run: String,
        work: impl Future<Output = Result<Told>>,
    ) -> (ReportedAction, Result<Told>) {
        let started = Instant::now();
        let id = cluster.cluster.clone().unwrap_or_default();
        let actor = Actor { run, cluster: id, command: self.command };
        let row = journal.begin(&actor, action, jiff::Timestamp::now());
        let ended = match &row {
            // The engine ends a build whose asker has gone.
            Ok(_) => tokio::select! {
                _ = self.interrupt.nth(1) => Err(interrupted()),
                ended = timeout_at(started + self.options.timeout, work) => ended.unwrap_or_else(|_| {
                    let error = Error::new(ErrorKind::Timeout, "it took too long");
                    Err(error.hint("--timeout gives it more time").into())
                }),
            },
            Err(error) => Err(crate::error::again(error)),
        };
        let said = ended.as_ref().err().map(|error| format!("{error:#}"));
        let status = if ended.is_ok() { Status::Done } else { Status::Failed };
        if let Ok(row) = row {
            // The journal is for people; what it lacks, the report has.
            let _ = journal.finish(row, &status.to_string(), said.as_deref());
        }
        let reported = ReportedAction::new(action, status, said);
        (ReportedAction { duration_ms: millis_since(started), ..reported }, ended)
    }
}

/// What the engine is told of how it is built.
fn parameters(plan: &Plan, image: &str) -> Vec<(&'static str, String)> {
    let Making { dockerfile, args, labels, target, .. } = &plan.making;
    let mut how = vec![("t", image.to_owned())];
    how.extend(plan.platform.iter().map(|platform| ("platform", platform.clone())));
    how.extend(dockerfile.iter().filter_map(|file| Some(("dockerfile", plain(file)?))));
    how.extend(target.iter().map(|target| ("target", target.clone())));
    how.extend((!args.is_empty()).then(|| ("buildargs", serde_json::json!(args).to_string())));
    how.extend((!labels.is_empty()).then(|| ("labels", serde_json::json!(labels).to_string())));
    how
}

/// The credentials that an engine may need for the images that one is made from (`X-Registry-Config`), and whether it needs
/// any. `bases` are the registries of those; none where they are not known.
async fn all_credentials(
    credentials: &Credentials,
    registry: &str,
    bases: Option<&BTreeSet<String>>,
) -> Result<(Option<HeaderValue>, bool)> {
    let mut config = BTreeMap::new();
    let mut needed = false;
    let asked: BTreeSet<&str> =
        [registry, "docker.io"].into_iter().chain(bases.into_iter().flatten().map(String::as_str)).collect();
    for registry in asked {
        // A build that needs none must not fail for a helper that is broken; one that does, says so.
        let Ok(Some(header)) = auth_for(credentials, registry).await else { continue };
        let server = if registry == "docker.io" { "https://index.docker.io/v1/" } else { registry };
        if let Ok(auth) = serde_json::from_slice::<Value>(&URL_SAFE.decode(header.as_bytes()).unwrap_or_default()) {
            config.insert(server.to_owned(), auth);
            needed |= bases.is_none_or(|bases| bases.contains(registry));
        }
    }
    if config.is_empty() {
        return Ok((None, false));
    }
    let mut header = HeaderValue::try_from(URL_SAFE.encode(serde_json::to_vec(&config)?)).context("odd credentials")?;
    header.set_sensitive(true);
    Ok((Some(header), needed))
}

/// The same error, with the end of the log.
fn with_log(error: anyhow::Error, log: &[String]) -> anyhow::Error {
    let last = log[log.len().saturating_sub(TOLD)..].join("\n");
    if last.is_empty() { error } else { error.context(format!("the last lines of the log:\n{last}")) }
}
