//! What the commands that change nothing put into their reports.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::cli::{Chosen, List, OneNode, OneService, Tasks};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::exporter;
use crate::model::Node;
use crate::pass::health::{self, Exporters, Weight};
use crate::pass::names::{Named, find};
use crate::pass::nodes::impact::Impact;
use crate::pass::nodes::list as nodes;
use crate::pass::services::newer::{self, Answers};
use crate::pass::services::standing::{self, Standing};
use crate::pass::services::{list, show, stacks, tasks};
use crate::plan::Warning;
use crate::registry::{Credentials, Resolved, Unresolved, resolve_all};
use crate::report::{Report, ReportedError};
use crate::settings::Settings;
use crate::snapshot::Snapshot;

/// Images asked for at a time.
const AT_ONCE: usize = 16;

/// How all services stand.
pub(super) fn standings(cluster: &Snapshot) -> Result<Vec<Standing<'_>>> {
    standing::all(cluster).context("the engine's services can't be read")
}

/// The services that are meant, in the order of the snapshot; all where none is named.
pub(super) fn chosen<'s, 'a>(
    standings: &'s [Standing<'a>],
    names: &[String],
    stack: Option<&str>,
) -> Result<Vec<&'s Standing<'a>>> {
    let of_stack = match stack {
        None => standings.iter().collect(),
        Some(stack) => services_of(standings, stack)?.1,
    };
    if names.is_empty() {
        return Ok(of_stack);
    }
    let known: Vec<Named<'_, usize>> = of_stack
        .iter()
        .enumerate()
        .map(|(item, one)| Named { id: &one.service.id.0, name: &one.service.name, item })
        .collect();
    let mut found = names.iter().map(|name| find("service", name, &known)).collect::<Result<Vec<usize>, Error>>()?;
    found.sort_unstable();
    found.dedup();
    Ok(found.into_iter().map(|at| of_stack[at]).collect())
}

/// A stack's full name and its services.
pub(super) fn services_of<'s, 'a>(
    standings: &'s [Standing<'a>],
    asked: &str,
) -> Result<(String, Vec<&'s Standing<'a>>)> {
    let stacks = stacks::all(standings);
    let named: Vec<Named<'_, &str>> = stacks.keys().map(|name| Named { id: "", name, item: *name }).collect();
    let name = find("stack", asked, &named)?;
    Ok((name.to_owned(), stacks.get(name).cloned().unwrap_or_default()))
}

/// The node that is meant.
pub(crate) fn node<'a>(cluster: &'a Snapshot, asked: &str) -> Result<&'a Node> {
    let named: Vec<Named<'_, usize>> =
        cluster.nodes.iter().enumerate().map(|(item, node)| Named { id: &node.id.0, name: &node.name, item }).collect();
    // As the list shows nodes that share a name: `web-1@id`.
    let asked = asked.rsplit_once('@').map_or(asked, |(_, id)| id);
    Ok(&cluster.nodes[find("node", asked, &named)?])
}

/// `orca services ls`; with `--check`, the registries are asked by way of this engine.
pub async fn services_ls(
    cluster: &Snapshot,
    args: &List,
    asking: Option<(&Engine, &Credentials)>,
    report: &mut Report,
) -> Result<()> {
    let Chosen { names, stack } = &args.chosen;
    let standings = standings(cluster)?;
    let chosen = chosen(&standings, names, stack.as_deref())?;
    let answers = match asking {
        Some((engine, credentials)) => Some(answers(engine, credentials, &newer::images(&chosen)).await),
        None => None,
    };
    let entries = chosen.into_iter().map(|one| list::entry(cluster, one, answers.as_ref())).collect();
    report.data.insert("services".to_owned(), entries);
    let Some(answers) = answers else { return Ok(()) };
    let unknown = answers.values().filter(|answer| answer.is_err()).count();
    for (image, why) in answers.iter().filter_map(|(image, answer)| Some((image, answer.as_ref().err()?))) {
        let message = format!("it is not known whether there is a newer `{image}`: {why}");
        report.warnings.push(Warning::new("unresolved", message));
    }
    if unknown > 0 {
        let text = format!("{unknown} of {} images could not be asked for", answers.len());
        let error = Error::new(ErrorKind::Refused, text);
        report.error = Some(ReportedError::from_error(&error.hint("the warnings say why, image by image").into()));
    }
    Ok(())
}

/// What these images stand for now, each asked for once.
async fn answers(engine: &Engine, credentials: &Credentials, images: &BTreeSet<String>) -> Answers {
    let resolved = resolve_all(engine, credentials, images, AT_ONCE).await.into_iter();
    let said = |answer: Result<Resolved, Unresolved>| answer.map(|image| image.digest).map_err(|why| why.to_string());
    resolved.map(|(image, answer)| (image, said(answer))).collect()
}

/// `orca services ps`.
pub fn services_ps(cluster: &Snapshot, args: &Tasks, report: &mut Report) -> Result<()> {
    let standings = standings(cluster)?;
    let why = tasks::why_pending(cluster)?;
    let chosen = chosen(&standings, &args.chosen.names, args.chosen.stack.as_deref())?;
    let entries = chosen.into_iter().flat_map(|one| tasks::entries(cluster, one, &why, args.all)).collect();
    report.data.insert("tasks".to_owned(), entries);
    Ok(())
}

/// `orca services show`.
pub fn services_show(cluster: &Snapshot, args: &OneService, report: &mut Report) -> Result<()> {
    let standings = standings(cluster)?;
    let why = tasks::why_pending(cluster)?;
    for one in chosen(&standings, std::slice::from_ref(&args.name), None)? {
        report.data.insert("service".to_owned(), show::entry(cluster, one, &why));
    }
    Ok(())
}

/// `orca services diff`.
pub fn services_diff(cluster: &Snapshot, args: &OneService, report: &mut Report) -> Result<()> {
    let standings = standings(cluster)?;
    for one in chosen(&standings, std::slice::from_ref(&args.name), None)? {
        let differences = show::differences(one.service);
        report.data.insert("service".to_owned(), one.service.name.as_str().into());
        report.data.insert("has_previous".to_owned(), differences.is_some().into());
        report.data.insert("differences".to_owned(), differences.unwrap_or_default().into());
    }
    Ok(())
}

/// `orca stacks ls`.
pub fn stacks_ls(cluster: &Snapshot, report: &mut Report) -> Result<()> {
    let standings = standings(cluster)?;
    let entries = stacks::all(&standings).iter().map(|(name, services)| stacks::entry(name, services)).collect();
    report.data.insert("stacks".to_owned(), entries);
    Ok(())
}

/// `orca nodes ls`.
pub fn nodes_ls(cluster: &Snapshot, report: &mut Report) -> Result<()> {
    let entries: serde_json::Result<Value> = cluster.nodes.iter().map(|node| nodes::entry(cluster, node)).collect();
    report.data.insert("nodes".to_owned(), entries.context("the engine's nodes can't be read")?);
    Ok(())
}

/// `orca nodes show`.
pub fn nodes_show(cluster: &Snapshot, args: &OneNode, report: &mut Report) -> Result<()> {
    let node = node(cluster, &args.name)?;
    let mut entry = nodes::entry(cluster, node)?;
    entry["task_list"] = nodes::task_entries(cluster, node).into();
    entry["without_it"] = Impact::of(cluster, &[&node.id])?.json();
    report.data.insert("node".to_owned(), entry);
    Ok(())
}

/// `orca health`; where the config wants exporters, each is asked.
pub async fn health(
    cluster: &Snapshot,
    strict: bool,
    asking: Option<(&Engine, &Settings)>,
    report: &mut Report,
) -> Result<()> {
    let exporters = match asking {
        Some((engine, settings)) if settings.exporter.wanted => {
            let until = engine.wire().deadline.unwrap_or_else(|| Instant::now() + settings.rebalance.metrics.timeout);
            let found = exporter::wrong(engine, settings, cluster, until).await;
            Some(Exporters { service: &settings.exporter.name, found })
        }
        _ => None,
    };
    verdict(cluster, strict, exporters.as_ref(), report)
}

/// The verdict on a swarm, with what is known of its exporters, if anything is.
///
/// # Errors
/// If the engine's objects can't be read.
pub fn verdict(cluster: &Snapshot, strict: bool, exporters: Option<&Exporters<'_>>, report: &mut Report) -> Result<()> {
    let health = health::look(cluster, exporters).context("the engine's objects can't be read")?;
    report.data.append(&mut health::data(cluster, &health)?);
    let names = |weight| {
        let about = health.of(weight).map(|finding| format!("{} ({})", finding.target.name, finding.code));
        about.collect::<Vec<_>>().join(", ")
    };
    let error = match health.weight() {
        Some(Weight::Error) => Some((ErrorKind::Failed, "the swarm is ill", names(Weight::Error))),
        Some(Weight::Settling) => Some((ErrorKind::Unsettled, "the swarm has not settled", names(Weight::Settling))),
        Some(Weight::Notice) | None if strict && !health.findings.is_empty() => {
            Some((ErrorKind::Failed, "the swarm is not beyond reproach", names(Weight::Notice)))
        }
        Some(Weight::Notice) | None => None,
    };
    if let Some((kind, what, names)) = error {
        report.error =
            Some(ReportedError { kind, message: format!("{what}: {names}"), causes: Vec::new(), hint: None });
    }
    report.data.insert("strict".to_owned(), json!(strict));
    Ok(())
}
