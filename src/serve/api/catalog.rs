//! The catalog over HTTP: definitions of services, in the shapes that the original's clients know.

use std::rc::Rc;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep};

use super::types::Changed;
use super::writes::{RemovalBody, json_of};
use super::{Asked, dated};
use crate::catalog::context::{self, Project};
use crate::catalog::definition::{self, Definition};
use crate::catalog::desk::{Desk, Found, Shown, masked, wrong};
use crate::catalog::reconcile::Reach;
use crate::cycle::Options;
use crate::pass::catalog::rows;
use crate::plan::{Blocked, Plan};
use crate::redact::REDACTED;
use crate::report::Report;
use crate::serve::Server;
use crate::serve::answer::{self, Answer};
use crate::serve::problem::Problem;
use crate::serve::seen;
use crate::serve::warm::View;
use crate::snapshot::Snapshot;

/// How often the directory of definitions is read; the original looked as often.
const DEFINITIONS: Duration = Duration::from_secs(30);

/// Within this a clock may not tell two writes apart.
const SETTLED: Duration = Duration::from_secs(1);

/// What a client says of a service.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::serve) struct EntryBody {
    name: Option<String>,
    description: Option<String>,
    /// As in a file: `image`, `replicas`, `ports`, `env` and so on.
    definition: Option<Map<String, Value>>,
    /// The one that the client has read: of another one by then nothing is changed.
    revision: Option<u64>,
    /// The same, as every change takes it.
    expected_version: Option<u64>,
}

impl EntryBody {
    /// The versions that it says.
    fn seen(&self) -> impl Iterator<Item = u64> + use<> {
        self.revision.into_iter().chain(self.expected_version)
    }
}

fn desk<'a>(server: &'a Server, command: &'static str) -> Desk<'a> {
    let (settings, options, interrupt) = (&server.settings, &server.options, &server.interrupt);
    Desk { command, source: server.warm.source(), settings, options, interrupt }
}

/// Takes definitions from their directory into the catalog, and how services stand, as long as it is polled. The swarm is
/// changed by those alone who ask for it.
pub(in crate::serve) async fn keep_up(server: &Server) {
    loop {
        let report = Box::pin(desk(server, "catalog reconcile").reconcile(Reach::default())).await;
        if let Some(error) = &report.error {
            tracing::warn!("the definitions were not all read: {}", error.message);
        }
        sleep(DEFINITIONS).await;
    }
}

/// All of it, as the pages show it.
///
/// # Errors
/// If the catalog can't be read.
pub(in crate::serve) async fn all(server: &Server) -> Result<Vec<Value>> {
    let observed = server.warm.look().await.map(|view| Rc::clone(&view.cluster));
    let desk = desk(server, "catalog ls");
    let found = desk.open_on(observed, false, &mut desk.report())?;
    let states = found.states([])?;
    Ok(found.rows.iter().map(|row| json!(found.shown(row, states.as_ref(), false))).collect())
}

/// `GET /api/services`.
///
/// # Errors
/// If the catalog can't be read.
pub(in crate::serve) async fn list(server: &Server) -> Result<Answer, Problem> {
    // Of one look and one state of the catalog there is one document; nobody knows how old one without a look would be.
    let Ok(view) = server.warm.look().await else { return Ok(answer::json(StatusCode::OK, &all(server).await?)) };
    let written = written(server);
    let make = |_: &Snapshot| {
        let kept = server.definitions.take().filter(|kept| kept.is_of(&written, &view.cluster));
        let mut kept = kept.map_or_else(|| Definitions::read(server, &written, &view), Ok)?;
        kept.found.cluster = Some(Rc::clone(&view.cluster));
        let document = kept.document()?;
        kept.found.cluster = None;
        server.definitions.replace(kept.sure.then_some(kept));
        Ok(document)
    };
    let document = view.document(&format!("catalog {written:?}"), make)?;
    Ok(dated(answer::bytes(StatusCode::OK, "application/json", document), &view))
}

/// The definitions, put as they are told: of those that nobody has changed since only how they stand is new.
#[derive(Debug)]
pub(in crate::serve) struct Definitions {
    written: Written,
    /// Whoever has written to it since has given it another time.
    sure: bool,
    found: Found,
    masked: Vec<Box<RawValue>>,
}

impl Definitions {
    fn read(server: &Server, written: &Written, view: &View) -> Result<Self> {
        let desk = desk(server, "catalog ls");
        let found = desk.open_on(Ok(Rc::clone(&view.cluster)), false, &mut desk.report())?;
        let masked = found.rows.iter().map(|row| to_raw_value(&masked(&row.definition)));
        let masked = masked.collect::<Result<_, _>>()?;
        let settled = |(at, _): &(SystemTime, u64)| at.elapsed().is_ok_and(|age| age > SETTLED);
        let sure = written.iter().flatten().all(settled);
        // Nobody else waits for its file.
        Ok(Self { written: *written, sure, masked, found: Found { store: None, ..found } })
    }

    /// Whether they are those of this state of the catalog, and of this swarm.
    fn is_of(&self, written: &Written, cluster: &Snapshot) -> bool {
        self.written == *written && cluster.cluster.as_ref() == Some(&self.found.scope.cluster)
    }

    fn document(&self) -> Result<Vec<u8>> {
        let (found, states) = (&self.found, self.found.states([])?);
        let rows = found.rows.iter().zip(&self.masked);
        let rows: Vec<Shown<'_, &RawValue>> =
            rows.map(|(row, masked)| found.shown_as(row, states.as_ref(), &**masked)).collect();
        Ok(serde_json::to_vec(&rows)?)
    }
}

/// When the catalog was written to last, by whomever: its file, and the log of what is not in that yet.
type Written = [Option<(SystemTime, u64)>; 2];

fn written(server: &Server) -> Written {
    ["catalog.db", "catalog.db-wal"].map(|name| {
        let found = std::fs::metadata(server.options.state_dir.join(name)).ok()?;
        Some((found.modified().ok()?, found.len()))
    })
}

/// `GET /api/services/{name}`.
///
/// # Errors
/// If the catalog can't be read, or has none of this name.
pub(in crate::serve) async fn one(server: &Server, name: &str) -> Result<Answer, Problem> {
    let found = all(server).await?.into_iter().find(|row| row["name"] == name);
    found.map(|row| answer::json(StatusCode::OK, &row)).ok_or_else(|| {
        Problem::new(StatusCode::NOT_FOUND, "not_found", format!("the catalog has no `{name}`"))
            .hint("GET /api/services/live lists what runs, whether the catalog knows of it or not")
    })
}

/// `POST /api/services`.
///
/// # Errors
/// If the definition is none, or there is one of this name.
pub(in crate::serve) async fn add(server: &Rc<Server>, asked: &Asked) -> Result<Answer, Problem> {
    let body: EntryBody = json_of(asked)?;
    seen::read(&asked.query, &asked.parts.headers, body.seen(), seen::ADDED)?;
    let (Some(name), Some(definition)) = (&body.name, body.definition) else {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "bad_request", "there must be a `name` and a `definition`"));
    };
    let definition = read(name, body.description.as_deref(), definition)?;
    let change = |found: &Found| {
        if found.rows.iter().any(|row| row.name() == name) {
            let text = format!("the catalog has a `{name}` already");
            return Err(Problem::new(StatusCode::CONFLICT, "exists", text).hint("PUT /api/services/NAME changes it"));
        }
        let states = found.states([name.as_str()])?;
        Ok(rows::add(&found.rows, vec![(definition, None)], states.as_ref()))
    };
    let report = write(server, "catalog add", asked.dry_run(), change).await?;
    if asked.dry_run() {
        return Ok(told("planned", name, report));
    }
    let mut made = one(server, name).await?;
    *made.status_mut() = StatusCode::CREATED;
    Ok(made)
}

/// `PUT /api/services/{name}`.
///
/// # Errors
/// If the definition is none, or there is none of this name.
pub(in crate::serve) async fn edit(server: &Rc<Server>, name: &str, asked: &Asked) -> Result<Answer, Problem> {
    let body: EntryBody = json_of(asked)?;
    if body.name.as_deref().is_some_and(|other| other != name) {
        let text = "a service's name can't be changed: add the other one, and remove this";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "bad_request", text));
    }
    let seen = seen::read(&asked.query, &asked.parts.headers, body.seen(), seen::REVISION)?;
    let change = |found: &Found| {
        let row = found.row(name).map_err(anyhow::Error::new)?;
        if let Some(stale) = rows::stale(row, seen) {
            return Ok(left_alone(stale));
        }
        let old = &row.definition;
        let description = body.description.clone().unwrap_or_else(|| old.description.clone());
        let mut definition = match body.definition {
            Some(mut new) => {
                unmask(&mut new, old);
                read(name, None, new)?
            }
            None => old.clone(),
        };
        definition.description = description;
        Ok(rows::edit(row, definition, row.source.clone()))
    };
    let report = write(server, "catalog edit", asked.dry_run(), change).await?;
    if asked.dry_run() {
        return Ok(told("planned", name, report));
    }
    one(server, name).await
}

/// `DELETE /api/services/{name}`: out of the catalog; what runs goes on.
///
/// # Errors
/// If there is none of this name.
pub(in crate::serve) async fn remove(server: &Rc<Server>, name: &str, asked: &Asked) -> Result<Answer, Problem> {
    let body: RemovalBody = json_of(asked)?;
    let said = body.expected_version.into_iter().chain(body.revision);
    let seen = seen::read(&asked.query, &asked.parts.headers, said, seen::REVISION)?;
    let change = |found: &Found| {
        let row = found.row(name).map_err(anyhow::Error::new)?;
        Ok(rows::stale(row, seen).map_or_else(|| rows::remove(&[row]), left_alone))
    };
    let report = write(server, "catalog rm", asked.dry_run(), change).await?;
    Ok(told(if asked.dry_run() { "planned" } else { "deleted" }, name, report))
}

fn told(status: &'static str, name: &str, report: Report) -> Answer {
    answer::json(StatusCode::OK, &Changed { status, name: name.to_owned(), report })
}

/// Nothing is done, and this says why.
fn left_alone(why: Blocked) -> Plan {
    Plan { blocked: vec![why], ..Plan::default() }
}

/// One change of the catalog: short, and made without a break once it is begun. With `dry_run` nothing is written, and the
/// report says what would be.
async fn write(
    server: &Server,
    command: &'static str,
    dry_run: bool,
    change: impl FnOnce(&Found) -> Result<Plan, Problem>,
) -> Result<Report, Problem> {
    let options = &Options { dry_run: dry_run || server.options.dry_run, ..server.options.clone() };
    let desk = Desk { options, ..desk(server, command) };
    let (started, mut report) = (Instant::now(), desk.report());
    let found = desk.open(true, &mut report).await?;
    let plan = change(&found)?;
    let unchanged = desk.write(&found, plan, &mut report);
    let report = report.ended(started, unchanged);
    match Problem::of_report(&report) {
        Some(problem) => Err(problem),
        None => Ok(report),
    }
}

/// A definition as a client says it, judged as one in a file is.
fn read(name: &str, description: Option<&str>, definition: Map<String, Value>) -> Result<Definition, Problem> {
    let mut whole = definition;
    whole.insert("name".to_owned(), name.into());
    if let Some(description) = description {
        whole.insert("description".to_owned(), description.into());
    }
    // What the original's clients leave empty is not said.
    whole.retain(|_, value| !value.is_null());
    let read = definition::parse(&Value::Object(whole).to_string(), "definition").map_err(wrong)?;
    let [definition] = <[Definition; 1]>::try_from(read)
        .map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "bad_request", "there must be one definition"))?;
    Ok(definition)
}

/// Values that were masked when they were read stay what they were. A mask that stands for nothing is left, and is no value.
fn unmask(definition: &mut Map<String, Value>, old: &Definition) {
    let env = definition.get_mut("env").and_then(Value::as_object_mut);
    for (key, value) in env.into_iter().flatten().filter(|(_, value)| *value == REDACTED) {
        if let Some(old) = old.env.get(key) {
            *value = old.as_str().into();
        }
    }
}

/// `GET /api/projects`.
///
/// # Errors
/// If no directory is named, or it can't be read: that is not the same as no projects.
pub(in crate::serve) fn projects(server: &Server) -> Result<Vec<Project>, Problem> {
    let Some(dir) = &server.settings.catalog.projects else {
        let text = "no projects directory is named";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unknown", text)
            .hint("start orca serve with --projects, or set catalog.projects in the config"));
    };
    Ok(context::projects(dir).map_err(anyhow::Error::new)?)
}
