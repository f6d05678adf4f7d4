//! `orca catalog`: from its flags to a report.

use std::io::{IsTerminal as _, Read as _};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::time::Instant;

use super::Session;
use super::end::Ended;
use crate::catalog::build::Plan;
use crate::catalog::context;
use crate::catalog::definition::{self, Definition};
use crate::catalog::deploy::Order;
use crate::catalog::desk::{Desk, Found, another_name, wrong};
use crate::catalog::files;
use crate::catalog::overlay::Overlay;
use crate::catalog::reconcile::Reach;
use crate::cli::{
    AddEntries, BuildEntry, BuilderName, Catalog, DeployEntries, EditEntry, Entries, Projects, ShowEntry,
};
use crate::cycle::{Options, Source};
use crate::engine::images::Builder;
use crate::error::{Error, ErrorKind};
use crate::interrupt::Interrupt;
use crate::pass::catalog::rows;
use crate::report::{Report, Run};

/// A deployment asks registries, too.
const TIMEOUT: Duration = Duration::from_secs(120);
/// Builds take their time.
const BUILD_TIMEOUT: Duration = Duration::from_secs(1800);
/// The longest definition from stdin.
const LARGEST: u64 = 1 << 20;

impl Session {
    pub(super) async fn catalog(&self, command: Catalog, options: &Options, interrupt: &Interrupt) -> Result<Ended> {
        let (settings, source) = self.ready(interrupt).await?;
        let (source, settings) = (&source, &settings);
        let desk = |command| Desk { command, source, settings, options, interrupt };
        match command {
            Catalog::Ls => list(&desk("catalog ls")).await,
            Catalog::Show(args) => show(&desk("catalog show"), &args).await,
            Catalog::Add(args) => add(&desk("catalog add"), &args).await,
            Catalog::Edit(args) => edit(&desk("catalog edit"), &args).await,
            Catalog::Rm(args) => remove(&desk("catalog rm"), &args).await,
            Catalog::Deploy(args) => {
                let timeout = self.global.timeout.unwrap_or(TIMEOUT) + args.wait.wait.unwrap_or_default();
                let options = &Options { wait: args.wait.wait, timeout, ..options.clone() };
                deploy(&Desk { options, ..desk("catalog deploy") }, &args).await
            }
            Catalog::Diff(args) => {
                let options = &Options { dry_run: true, ..options.clone() };
                diff(&Desk { options, ..desk("catalog diff") }, &args.names).await
            }
            Catalog::Stop(args) => stop(&desk("catalog stop"), &args).await,
            Catalog::Build(args) => {
                let options = &Options { timeout: self.global.timeout.unwrap_or(BUILD_TIMEOUT), ..options.clone() };
                self.build(&Desk { options, ..desk("catalog build") }, &args).await
            }
            Catalog::Import(args) => import(&desk("catalog import"), &args.names).await,
            Catalog::Reconcile(args) => {
                let mut settings = settings.clone();
                settings.catalog.definitions = args.definitions.or(settings.catalog.definitions.take());
                let desk = Desk { settings: &settings, ..desk("catalog reconcile") };
                desk.must_have_definitions()?;
                let deploy = args.deploy || settings.catalog.deploy;
                let prune = args.prune || settings.catalog.prune;
                let reach = Reach { allow_empty: args.allow_empty, deploy, prune };
                Ok(Ended::Pass(Box::pin(desk.reconcile(reach)).await))
            }
        }
    }
}

impl Session {
    async fn build(&self, desk: &Desk<'_>, args: &BuildEntry) -> Result<Ended> {
        let (started, mut report) = (Instant::now(), desk.report());
        let found = desk.open(false, &mut report).await?;
        let definition = found.row(&args.name)?.definition.clone();
        let (Some(cluster), Source::Engine(engine)) = (&found.cluster, desk.source) else {
            return Err(Error::new(ErrorKind::Unreachable, "there is no engine that could build it").into());
        };
        let builder = args.builder.map(|builder| match builder {
            BuilderName::Buildkit => Builder::BuildKit,
            BuilderName::Classic => Builder::Classic,
        });
        let platform = args.platform.clone();
        let plan = Plan { definition, platform, push: !args.no_push, builder, ..Plan::default() };
        let mut say = |line: &str| self.printer.aside(line);
        let built = Box::pin(desk.build(cluster, engine, &plan, &mut report, &mut say)).await;
        Ok(Ended::Pass(report.ended(started, built.map(|()| 0))))
    }

    pub(super) async fn projects(
        &self,
        Projects::Ls: &Projects,
        options: &Options,
        interrupt: &Interrupt,
    ) -> Result<Ended> {
        let (started, settings) = (Instant::now(), self.settings_if_any(interrupt).await?);
        let mut report = Report::new("projects ls", Run::start(options.dry_run));
        let Some(dir) = &settings.catalog.projects else {
            let error = Error::new(ErrorKind::Config, "no projects directory is named");
            return Err(error.hint("write catalog.projects into the config, or set PROJECTS_DIR").into());
        };
        report.data.insert("projects".to_owned(), serde_json::json!(context::projects(dir)?));
        Ok(Ended::Report(report.ended(started, Ok(0))))
    }
}

async fn list(desk: &Desk<'_>) -> Result<Ended> {
    let (started, mut report) = (Instant::now(), desk.report());
    let found = desk.open(false, &mut report).await?;
    let states = found.states([])?;
    let services = found.rows.iter().map(|row| serde_json::json!(found.shown(row, states.as_ref(), false))).collect();
    report.data.insert("owner".to_owned(), found.scope.owner.as_str().into());
    report.data.insert("services".to_owned(), services);
    Ok(Ended::Report(report.ended(started, Ok(0))))
}

async fn show(desk: &Desk<'_>, args: &ShowEntry) -> Result<Ended> {
    let (started, mut report) = (Instant::now(), desk.report());
    let found = desk.open(false, &mut report).await?;
    let row = found.row(&args.name)?;
    if args.yaml {
        return Ok(Ended::Document(row.definition.yaml()));
    }
    let states = found.states([])?;
    report.data.insert("service".to_owned(), serde_json::json!(found.shown(row, states.as_ref(), false)));
    Ok(Ended::Report(report.ended(started, Ok(0))))
}

async fn add(desk: &Desk<'_>, args: &AddEntries) -> Result<Ended> {
    let (started, mut report) = (Instant::now(), desk.report());
    let (mut definitions, mut problems) = (Vec::new(), Vec::new());
    for file in &args.files {
        let source = desk.settings.catalog.definitions.as_deref().and_then(|dir| files::listed(dir, file));
        match read(desk.interrupt, file).await? {
            Ok(read) => definitions.extend(read.into_iter().map(|definition| (definition, source.clone()))),
            Err(found) => problems.extend(found),
        }
    }
    if !problems.is_empty() {
        return Err(wrong(problems));
    }
    let found = desk.open(true, &mut report).await?;
    let states = found.states(definitions.iter().map(|(definition, _)| definition.name.as_str()))?;
    let plan = rows::add(&found.rows, definitions, states.as_ref());
    let unchanged = desk.write(&found, plan, &mut report);
    Ok(Ended::Pass(report.ended(started, unchanged)))
}

async fn edit(desk: &Desk<'_>, args: &EditEntry) -> Result<Ended> {
    let (started, mut report) = (Instant::now(), desk.report());
    let found = desk.open(true, &mut report).await?;
    let row = found.row(&args.name)?;
    let definitions = match &args.file {
        Some(file) => read(desk.interrupt, file).await?,
        None => by_hand(&row.definition)?,
    };
    let mut definitions = definitions.map_err(wrong)?;
    let (Some(mut definition), true) = (definitions.pop(), definitions.is_empty()) else {
        return Err(Error::new(ErrorKind::Usage, "that is more than one definition").hint("one at a time").into());
    };
    // A file that says no name is about the service that was named.
    let unnamed = args.file.as_deref().and_then(Path::file_stem).is_some_and(|stem| *definition.name == *stem);
    if unnamed {
        definition.name.clone_from(&row.definition.name);
    }
    if definition.name != row.name() {
        return Err(another_name(row.name(), &[definition]));
    }
    let plan = rows::edit(row, definition, row.source.clone());
    let unchanged = desk.write(&found, plan, &mut report);
    Ok(Ended::Pass(report.ended(started, unchanged)))
}

async fn remove(desk: &Desk<'_>, args: &Entries) -> Result<Ended> {
    let (started, mut report) = (Instant::now(), desk.report());
    let found = desk.open(true, &mut report).await?;
    let rows = args.names.iter().map(|name| found.row(name)).collect::<Result<Vec<_>, Error>>()?;
    let plan = rows::remove(&rows);
    let unchanged = desk.write(&found, plan, &mut report);
    Ok(Ended::Pass(report.ended(started, unchanged)))
}

async fn deploy(desk: &Desk<'_>, args: &DeployEntries) -> Result<Ended> {
    let (started, mut report) = (Instant::now(), desk.report());
    let over = Overlay { image: args.image.clone(), replicas: args.replicas, ports: args.ports.clone() };
    let found = desk.open(true, &mut report).await?;
    let (definitions, rows) = match args.names.as_slice() {
        names if over.is_empty() => (chosen(&found, names)?, 0),
        [name] => {
            let (definition, unchanged) = desk.lay_over(&found, name, &over, &mut report)?;
            (vec![definition], unchanged)
        }
        _ => {
            let error = Error::new(ErrorKind::Usage, "--image, --replicas and --port are about one service");
            return Err(error.hint("deploy the others without them").into());
        }
    };
    if report.error.is_some() {
        return Ok(Ended::Pass(report.ended(started, Ok(rows))));
    }
    let order = Order { definitions, by_hand: true, resolve: !args.no_resolve, ..Order::default() };
    let unchanged = Box::pin(desk.deploy(found, order, &mut report)).await;
    Ok(Ended::Pass(report.ended(started, unchanged.map(|unchanged| unchanged + rows))))
}

async fn diff(desk: &Desk<'_>, names: &[String]) -> Result<Ended> {
    let (started, mut report) = (Instant::now(), desk.report());
    let found = desk.open(false, &mut report).await?;
    let definitions = chosen(&found, names)?;
    let order = Order { definitions, by_hand: true, ..Order::default() };
    let unchanged = Box::pin(desk.deploy(found, order, &mut report)).await;
    Ok(Ended::Report(report.ended(started, unchanged)))
}

async fn stop(desk: &Desk<'_>, args: &Entries) -> Result<Ended> {
    let (started, mut report) = (Instant::now(), desk.report());
    let found = desk.open(true, &mut report).await?;
    let rows = args.names.iter().map(|name| found.row(name)).collect::<Result<Vec<_>, Error>>()?;
    let remove = rows.into_iter().map(|row| row.name().to_owned()).collect();
    let order = Order { remove, by_hand: true, ..Order::default() };
    let unchanged = Box::pin(desk.deploy(found, order, &mut report)).await;
    Ok(Ended::Pass(report.ended(started, unchanged)))
}

async fn import(desk: &Desk<'_>, names: &[String]) -> Result<Ended> {
    let (started, mut report) = (Instant::now(), desk.report());
    let found = desk.open(true, &mut report).await?;
    let (definitions, warnings) = desk.imported(&found, names).await?;
    report.warnings.extend(warnings);
    let definitions: Vec<_> = definitions.into_iter().map(|definition| (definition, None)).collect();
    let states = found.states(definitions.iter().map(|(definition, _)| definition.name.as_str()))?;
    let plan = rows::add(&found.rows, definitions, states.as_ref());
    let unchanged = desk.write(&found, plan, &mut report);
    Ok(Ended::Pass(report.ended(started, unchanged)))
}

/// The definitions of these names; all where none is named.
fn chosen(found: &Found, names: &[String]) -> Result<Vec<Definition>, Error> {
    if names.is_empty() {
        return Ok(found.rows.iter().map(|row| row.definition.clone()).collect());
    }
    let mut names = names.to_vec();
    names.sort();
    names.dedup();
    names.iter().map(|name| found.row(name).map(|row| row.definition.clone())).collect()
}

/// The definitions of a file, or of stdin.
async fn read(interrupt: &Interrupt, file: &Path) -> Result<Result<Vec<Definition>, Vec<definition::Problem>>> {
    if file != Path::new("-") {
        return Ok(files::read_file(file));
    }
    let read = interrupt.aside(|| {
        let mut text = String::new();
        std::io::stdin().lock().take(LARGEST + 1).read_to_string(&mut text).map(|_| text)
    });
    Ok(match read.await? {
        Ok(text) => definition::parse(&text, "stdin"),
        Err(error) => {
            let message = format!("can't be read: {error}");
            Err(vec![definition::Problem { source: "stdin".to_owned(), line: 0, column: 0, message }])
        }
    })
}

/// What a person makes of a definition in an editor.
fn by_hand(definition: &Definition) -> Result<Result<Vec<Definition>, Vec<definition::Problem>>> {
    if !std::io::stdin().is_terminal() {
        let error = Error::new(ErrorKind::Usage, "there is no terminal to edit on");
        return Err(error.hint("take the definition from a file with --file").into());
    }
    let named = |name: &str| std::env::var(name).ok().filter(|editor| !editor.trim().is_empty());
    let editor = named("VISUAL").or_else(|| named("EDITOR")).unwrap_or_else(|| "vi".to_owned());
    let mut file = tempfile::Builder::new().prefix("orca-").suffix(".yml").tempfile()?;
    std::io::Write::write_all(&mut file, definition.yaml().as_bytes())?;
    let mut words = editor.split_whitespace();
    let status = std::process::Command::new(words.next().unwrap_or("vi"))
        .args(words)
        .arg(file.path())
        .status()
        .with_context(|| format!("can't run the editor `{editor}`"))?;
    if !status.success() {
        let error = Error::new(ErrorKind::Failed, format!("the editor `{editor}` has failed: nothing was changed"));
        return Err(error.into());
    }
    let text = files::read_text(file.path())?;
    Ok(definition::parse(&text, "the edited definition"))
}
