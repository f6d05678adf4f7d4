//! What changes something: from a request to a run, and from its report to the shape that the original's clients know.

use std::rc::Rc;
use std::time::Duration;

use http::StatusCode;
use http::header::{CONTENT_TYPE, LOCATION};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::Asked;
use super::registry::remove;
use super::types::{Deleted, Said};
use crate::pass::order::Verb;
use crate::report::Report;
use crate::serve::answer::{self, Answer};
use crate::serve::orders::{Job, Kind, What};
use crate::serve::problem::Problem;
use crate::serve::routes::Found;
use crate::serve::runs::{self, Entry};
use crate::serve::seen;
use crate::serve::{Server, WAIT};

/// A run that takes longer is told of by `/api/runs`.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the body of an order may say.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::serve) struct OrderBody {
    /// Of `scale`: 0 to 100000.
    replicas: Option<u64>,
    /// Of `labels`: null removes one.
    labels: Option<std::collections::BTreeMap<String, Option<String>>>,
    /// Although something speaks against it.
    force: bool,
    /// Of `update`: give images without a digest one.
    pin: bool,
    /// Of `build`, as `linux/amd64`.
    platform: Option<String>,
    /// The version that was seen; another one by then is refused.
    expected_version: Option<u64>,
}

/// What the body of a removal may say.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::serve) struct RemovalBody {
    /// The revision that was seen; another one by then is refused.
    pub(super) expected_version: Option<u64>,
    /// The same.
    pub(super) revision: Option<u64>,
}

/// An order.
///
/// # Errors
/// Why it was not carried out, or not as wanted.
pub(in crate::serve) async fn order(
    server: &Rc<Server>,
    kind: Kind,
    word: &'static str,
    found: &Found,
    asked: &Asked,
) -> Result<Answer, Problem> {
    let name = found.names.first().map(String::as_str).unwrap_or_default();
    let mut job = Job::new(kind, word, name, &asked.caller.name)?;
    let body: OrderBody = json_of(asked)?;
    (job.replicas, job.force, job.pin) = (body.replicas, body.force, body.pin);
    job.platform = body.platform;
    job.labels = body.labels.into_iter().flatten().collect();
    for (key, value) in &asked.query {
        job.set(key, value)?;
    }
    job.seen = seen::read(&asked.query, &asked.parts.headers, body.expected_version, job.compared())?;
    job.check()?;
    if asked.dry_run() {
        let report = Box::pin(job.run(server, None, None)).await?;
        return match Problem::of_report(&report) {
            Some(problem) => Err(problem),
            None => Ok(answer::json(StatusCode::OK, &said(&job, "planned", None, Some(&report)))),
        };
    }
    let wait = patience(asked)?;
    let entry = job.clone().begin(server, wait)?;
    let id = match job.what {
        // Once it is deployed the service has an id.
        What::Deploy => entry.ended(PATIENCE + wait.unwrap_or_default()).await.is_some(),
        _ => false,
    };
    let id = match id.then_some(server.warm.look()) {
        Some(view) => view.await?.cluster.service(&job.name).map(|service| service.id.0.clone()),
        None => None,
    };
    finish(&entry, wait, |entry, report| {
        let said = Said { swarm_id: id, ..said(&job, done(&job), Some(entry), Some(report)) };
        answer::json(StatusCode::OK, &said)
    })
    .await
}

/// `DELETE /api/registry/repositories/{name}/tags/{tag}`.
///
/// # Errors
/// Why it was not removed.
pub(in crate::serve) async fn delete_tag(server: &Rc<Server>, found: &Found, asked: &Asked) -> Result<Answer, Problem> {
    let [name, tag] = found.names.as_slice() else { return Err(Problem::nothing_here()) };
    let body: RemovalBody = json_of(asked)?;
    let said = body.expected_version.into_iter().chain(body.revision);
    seen::read(&asked.query, &asked.parts.headers, said, seen::TAG)?;
    let image = if tag.contains(':') { format!("{name}@{tag}") } else { format!("{name}:{tag}") };
    let dry_run = asked.dry_run();
    let told = |report: &Report| {
        let (digest, tags) = (report.data.get("digest"), report.data.get("tags"));
        answer::json(StatusCode::OK, &Deleted { deleted: !dry_run, digest, tags, report })
    };
    if dry_run {
        let report = Box::pin(remove(server, &image, true)).await;
        return match Problem::of_report(&report) {
            Some(problem) => Err(problem),
            None => Ok(told(&report)),
        };
    }
    let work = {
        let image = image.clone();
        async move |server: &Server, _: &Entry| Ok(remove(server, &image, false).await)
    };
    let entry = runs::begin(server, "registry rm", &image, &asked.caller.name, work);
    let entry = entry.ok_or_else(|| {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "too many changes are under way already")
    })?;
    finish(&entry, None, |_, report| told(report)).await
}

/// What becomes of a run while the client waits.
async fn finish(
    entry: &Rc<Entry>,
    wait: Option<Duration>,
    told: impl FnOnce(&Entry, &Report) -> Answer,
) -> Result<Answer, Problem> {
    let Some(report) = entry.ended(PATIENCE + wait.unwrap_or_default()).await else {
        let body = json!({"status": "running", "run": entry.id});
        let mut answer = answer::json(StatusCode::ACCEPTED, &body);
        answer::set(&mut answer, LOCATION, &format!("/api/runs/{}", entry.id));
        return Ok(answer);
    };
    match Problem::of_report(&report) {
        Some(problem) => Err(problem),
        None => Ok(told(entry, &report)),
    }
}

/// How long the client wants to wait for the swarm to come to rest; `wait` alone: for five minutes.
fn patience(asked: &Asked) -> Result<Option<Duration>, Problem> {
    let Some(text) = asked.says("wait").filter(|text| !matches!(*text, "0" | "false" | "no")) else { return Ok(None) };
    if matches!(text, "" | "1" | "true" | "yes") {
        return Ok(Some(Duration::from_secs(300)));
    }
    let seconds = text.parse().ok().map(Duration::from_secs);
    let wait = seconds.or_else(|| humantime::parse_duration(text).ok()).filter(|wait| *wait <= WAIT);
    wait.map(Some).ok_or_else(|| {
        let text = format!("`wait` must be a time of at most {} s, as 90s or 5m", WAIT.as_secs());
        Problem::new(StatusCode::BAD_REQUEST, "bad_request", text)
    })
}

/// What a body says as JSON; nothing where there is none.
pub(in crate::serve) fn json_of<T: Default + serde::de::DeserializeOwned>(asked: &Asked) -> Result<T, Problem> {
    if asked.body.iter().all(u8::is_ascii_whitespace) {
        return Ok(T::default());
    }
    let kind = asked.parts.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().is_none_or(|kind| !kind.trim().eq_ignore_ascii_case("application/json")) {
        let text = "the body must be JSON, and say so: `Content-Type: application/json`";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", text));
    }
    // A list of values in the order of the fields would be read, too.
    if asked.body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "bad_request", "the body must be a JSON object"));
    }
    serde_json::from_slice(&asked.body).map_err(|error| {
        Problem::new(StatusCode::BAD_REQUEST, "bad_request", format!("the body can't be read: {error}"))
    })
}

/// The word for what was done, as the original's clients know it.
fn done(job: &Job) -> &'static str {
    match job.what {
        What::Do(Verb::ServicesScale) => "scaled",
        What::Do(Verb::ServicesStop | Verb::StacksStop) => "stopped",
        What::Do(Verb::ServicesStart | Verb::StacksStart) => "started",
        What::Do(Verb::ServicesRestart | Verb::StacksRestart | Verb::StacksRedeploy) => "restarted",
        What::Do(Verb::ServicesRollback) => "rolled_back",
        What::Do(Verb::ServicesRefreshAuth) => "refreshed",
        What::Do(Verb::NodesDrain) => "draining",
        What::Do(Verb::NodesActivate) => "active",
        What::Do(Verb::NodesPause) => "paused",
        What::Do(Verb::NodesLabel) => "labelled",
        What::Update => "updated",
        What::Deploy => "deployed",
        What::Build => "built",
    }
}

fn said<'a>(job: &Job, status: &'static str, entry: Option<&Entry>, report: Option<&'a Report>) -> Said<'a> {
    let node = job.kind == Kind::Node;
    let id = || report.and_then(|report| report.actions.first()).map(|action| action.target.id.clone());
    let built = |key: &str| {
        let built = report.filter(|_| job.what == What::Build)?;
        Some(built.data.get(key)?.as_str()?.to_owned())
    };
    Said {
        status,
        name: (!node).then(|| job.name.clone()),
        node_id: node.then(|| id().unwrap_or_else(|| job.name.clone())),
        swarm_id: None,
        image: built("image"),
        logs: built("logs"),
        replicas: job.replicas,
        run: entry.map(|entry| entry.id.clone()),
        report,
    }
}
