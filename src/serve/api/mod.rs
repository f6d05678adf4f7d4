//! What programs ask for: from a route to a document.

pub(super) mod catalog;
mod logs;
mod registry;
pub(super) mod shapes;
pub(super) mod types;
pub(super) mod writes;

use std::rc::Rc;

use anyhow::Result;
use http::StatusCode;
use http::request::Parts;
use hyper::body::Bytes;
use serde::Serialize;
use serde_json::{Value, json};

use super::Server;
use super::answer::{self, AS_OF, Answer};
use super::orders::{Kind, exact};
use super::problem::Problem;
use super::routes::{Found, Op};
use super::sse;
use super::warm::View;
use crate::cli::{Chosen, OneNode, OneService, Tasks};
use crate::everyday;
use crate::report::{Report, Run};
use crate::snapshot::Snapshot;

use types::{Detailed, History};

pub(super) use logs::read as read_logs;
pub(super) use registry::{details, repositories, tags};
pub(super) use writes::{delete_tag, order};

/// A request whose head was let in.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) parts: Parts,
    /// What follows the `?`.
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Bytes,
    pub(super) caller: super::access::Caller,
}

impl Asked {
    /// What the query says of this; the first, where it says it twice.
    pub(super) fn says(&self, key: &str) -> Option<&str> {
        self.query.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// A switch: there, and not `0` or `false`.
    pub(super) fn wants(&self, key: &str) -> bool {
        self.says(key).is_some_and(is_on)
    }

    /// Whether it is only to be said what would be done.
    pub(super) fn dry_run(&self) -> bool {
        // Who says it twice means it at least once.
        self.query.iter().any(|(key, value)| key == "dry_run" && is_on(value))
    }

    /// A number.
    ///
    /// # Errors
    /// If it is none, or none that may be asked for.
    pub(super) fn number(&self, key: &str, usual: u64, most: u64) -> Result<u64, Problem> {
        let Some(text) = self.says(key) else { return Ok(usual) };
        text.parse().ok().filter(|number| *number <= most).ok_or_else(|| {
            let text = format!("`{key}` must be a number from 0 to {most}");
            Problem::new(StatusCode::BAD_REQUEST, "bad_request", text)
        })
    }
}

fn is_on(value: &str) -> bool {
    !matches!(value, "0" | "false" | "no")
}

/// Answers a program.
///
/// # Errors
/// Why there is no document.
pub(super) async fn answer(server: &Rc<Server>, found: &Found, asked: &Asked) -> Result<Answer, Problem> {
    let name = || found.names.first().map(String::as_str).unwrap_or_default();
    if let Some(kind) = about(found.route.op) {
        exact(&server.warm.look().await?.cluster, kind, name())?;
    }
    match found.route.op {
        Op::HealthDetailed => Ok(detailed(server).await),
        Op::OpenApi => Ok(answer::json(StatusCode::OK, &super::openapi::document())),
        Op::HealthReport => {
            of_swarm(server, "health", |cluster| {
                bytes(&data(|report| everyday::verdict(cluster, false, None, report))?)
            })
            .await
        }
        Op::ServicesLive => of_swarm(server, "services", |cluster| bytes(&shapes::services(cluster)?)).await,
        Op::ServiceLive => {
            let args = OneService { name: name().to_owned() };
            let make =
                |cluster: &Snapshot| bytes(&one(|report| everyday::services_show(cluster, &args, report), "service")?);
            of_swarm(server, &format!("service {}", name()), make).await
        }
        Op::ServiceTasks => {
            let chosen = Chosen { names: vec![name().to_owned()], stack: None };
            let args = Tasks { chosen, all: asked.wants("all") };
            let make =
                |cluster: &Snapshot| bytes(&one(|report| everyday::services_ps(cluster, &args, report), "tasks")?);
            of_swarm(server, &format!("tasks {} {}", args.all, name()), make).await
        }
        Op::ServiceDiff => {
            let args = OneService { name: name().to_owned() };
            let make = |cluster: &Snapshot| bytes(&data(|report| everyday::services_diff(cluster, &args, report))?);
            of_swarm(server, &format!("diff {}", name()), make).await
        }
        Op::ServiceLogs => logs::answer(server, name(), asked).await,
        Op::Nodes => of_swarm(server, "nodes", |cluster| bytes(&shapes::nodes(cluster)?)).await,
        Op::Node => {
            let key = format!("node {}", name());
            of_swarm(server, &key, |cluster| bytes(&shapes::node(cluster, everyday::node(cluster, name())?)?)).await
        }
        Op::NodeImpact => {
            let args = OneNode { name: name().to_owned() };
            let make = |cluster: &Snapshot| {
                bytes(&one(|report| everyday::nodes_show(cluster, &args, report), "node")?["without_it"])
            };
            of_swarm(server, &format!("impact {}", name()), make).await
        }
        Op::Stacks => of_swarm(server, "stacks", |cluster| bytes(&shapes::stacks(cluster)?)).await,
        Op::Stack => {
            let make = |cluster: &Snapshot| {
                let all = shapes::stacks(cluster)?;
                bytes(&all.into_iter().find(|one| one.name == name()))
            };
            of_swarm(server, &format!("stack {}", name()), make).await
        }
        Op::Repositories => Ok(answer::json(StatusCode::OK, &repositories(server, !asked.wants("names")).await?)),
        Op::Tags => Ok(answer::json(StatusCode::OK, &tags(server, name()).await?)),
        Op::Details => Ok(answer::json(StatusCode::OK, &details(server, name()).await?)),
        Op::CatalogList => catalog::list(server).await,
        Op::CatalogOne => catalog::one(server, name()).await,
        Op::CatalogAdd => catalog::add(server, asked).await,
        Op::CatalogEdit => catalog::edit(server, name(), asked).await,
        Op::CatalogRemove => catalog::remove(server, name(), asked).await,
        Op::Projects => Ok(answer::json(StatusCode::OK, &catalog::projects(server)?)),
        Op::Runs => {
            let runs: Vec<Value> = server.runs.all().iter().map(|entry| entry.json()).collect();
            Ok(answer::json(StatusCode::OK, &json!({"runs": runs})))
        }
        Op::Run => {
            let entry = server.runs.find(name()).ok_or_else(Problem::nothing_here)?;
            Ok(answer::json(StatusCode::OK, &entry.json()))
        }
        Op::RunLog => sse::log(server, server.runs.find(name()).ok_or_else(Problem::nothing_here)?),
        Op::History => {
            let limit = usize::try_from(asked.number("limit", 50, 10_000)?).unwrap_or_default();
            Ok(answer::json(StatusCode::OK, &History { history: server.history(limit)? }))
        }
        _ => Err(Problem::nothing_here()),
    }
}

/// What a path names.
fn about(op: Op) -> Option<Kind> {
    match op {
        Op::ServiceLive | Op::ServiceTasks | Op::ServiceDiff | Op::ServiceLogs => Some(Kind::Service),
        Op::Node | Op::NodeImpact => Some(Kind::Node),
        Op::Stack => Some(Kind::Stack),
        _ => None,
    }
}

/// A document that is made of the look at hand alone.
async fn of_swarm(
    server: &Server,
    key: &str,
    make: impl FnOnce(&Snapshot) -> Result<Vec<u8>>,
) -> Result<Answer, Problem> {
    let view = server.warm.look().await?;
    let document = view.document(key, make)?;
    Ok(dated(answer::bytes(StatusCode::OK, "application/json", document), &view))
}

fn bytes<T: Serialize>(told: &T) -> Result<Vec<u8>> {
    Ok(serde_json::to_vec(told)?)
}

/// Says when the swarm was read that the answer tells of.
pub(super) fn dated(mut answer: Answer, view: &View) -> Answer {
    answer::set(&mut answer, AS_OF, &view.as_of().to_string());
    answer
}

/// What a command that tells puts into its report.
///
/// # Errors
/// What the command says.
pub(super) fn data(tell: impl FnOnce(&mut Report) -> Result<()>) -> Result<Value> {
    let mut report = Report::new("serve", Run::start(true));
    tell(&mut report)?;
    Ok(Value::Object(report.data))
}

/// One thing of it.
fn one(tell: impl FnOnce(&mut Report) -> Result<()>, key: &str) -> Result<Value> {
    Ok(data(tell)?[key].take())
}

/// As the original has it: 200 whatever happens, and what failed is in `errors`. What is not known is null, not nothing.
async fn detailed(server: &Server) -> Answer {
    let told = async {
        let view = server.warm.look().await?;
        let health = data(|report| everyday::verdict(&view.cluster, false, None, report))?;
        let nodes = shapes::nodes(&view.cluster)?;
        anyhow::Ok((view, health, nodes))
    };
    match told.await {
        Ok((view, mut health, nodes)) => {
            let body = Detailed {
                status: "healthy",
                swarm_id: view.cluster.cluster.clone(),
                node_count: Some(nodes.len()),
                service_count: Some(view.cluster.services.len()),
                nodes: Some(nodes),
                errors: Vec::new(),
                verdict: health["verdict"].take(),
                findings: health["findings"].take(),
                counts: health["counts"].take(),
                as_of: Some(view.as_of().to_string()),
            };
            dated(answer::json(StatusCode::OK, &body), &view)
        }
        Err(error) => {
            let body = Detailed {
                status: "degraded",
                swarm_id: None,
                node_count: None,
                service_count: None,
                nodes: None,
                errors: vec![format!("{error:#}")],
                verdict: "unknown".into(),
                findings: Value::Null,
                counts: Value::Null,
                as_of: server.warm.last().map(|view| view.as_of().to_string()),
            };
            answer::json(StatusCode::OK, &body)
        }
    }
}
