//! What the commands that change nothing put into their reports.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::cli::{Chosen, HealthArgs, List, OneNode, OneService, Tasks};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::exporter;
use crate::model::Node;
use crate::pass::health::{self, Exporters, Finding, Weight};
use crate::pass::lint;
use crate::pass::names::{Named, find};
use crate::pass::nodes::impact::Impact;
use crate::pass::nodes::list as nodes;
use crate::pass::services::newer::{self, Verdict};
use crate::pass::services::standing::{self, Standing};
use crate::pass::services::{list, show, stacks, tasks};
use crate::pass::update::select::Candidate;
use crate::plan::Warning;
use crate::registry::{Credentials, Keyring, resolve_all};
use crate::report::{Report, ReportedError};
use crate::settings::Settings;
use crate::snapshot::Snapshot;
use crate::updates::resolve;

/// What is said where there is no telling.
const UNREADABLE: &str = "the engine's objects can't be read";
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

/// What it takes to ask registries.
#[derive(Debug)]
pub struct Registries<'a> {
    /// By way of this engine first.
    pub engine: &'a Engine,
    /// What services follow, where their labels don't say.
    pub settings: &'a Settings,
    /// Credentials.
    pub keyring: &'a Keyring,
}

/// `orca services ls`; with `--check`, the registries are asked.
pub async fn services_ls(
    cluster: &Snapshot,
    args: &List,
    asking: Option<&Registries<'_>>,
    report: &mut Report,
) -> Result<()> {
    let Chosen { names, stack } = &args.chosen;
    let standings = standings(cluster)?;
    let chosen = chosen(&standings, names, stack.as_deref())?;
    let Some(Registries { engine, settings, keyring }) = asking else {
        let entries = chosen.into_iter().map(|one| list::entry(cluster, one, None)).collect();
        report.data.insert("services".to_owned(), entries);
        return Ok(());
    };
    let mut request = newer::request(&chosen);
    let repositories =
        newer::candidates(cluster, settings, &request).iter().filter_map(Candidate::repository).collect();
    request.tags = resolve::tags(engine, keyring, &repositories).await;
    let candidates = newer::candidates(cluster, settings, &request);
    let ask = async |own: &Credentials, names: &BTreeSet<String>| resolve_all(engine, own, names, AT_ONCE).await;
    let answers = keyring.each(&newer::images(&candidates), ask).await;
    let (mut entries, mut unknown, mut said) = (Vec::new(), 0, BTreeSet::new());
    for one in &chosen {
        let verdict = newer::verdict(one.service, &candidates, &answers);
        entries.push(list::entry(cluster, one, Some(&verdict)));
        if let Verdict::Unknown(why) = verdict {
            unknown += 1;
            said.insert(format!("it is not known whether there is anything newer: {why}"));
        }
    }
    report.data.insert("services".to_owned(), entries.into());
    report.warnings.extend(said.into_iter().map(|message| Warning::new("unresolved", message)));
    if unknown > 0 {
        let text = format!("of {unknown} of {} services it is not known whether there is anything newer", chosen.len());
        let error = Error::new(ErrorKind::Refused, text);
        report.error = Some(ReportedError::from_error(&error.hint("the warnings say why").into()));
    }
    Ok(())
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

/// `orca stacks status`: its services, and what is wrong with them, weighed as `orca health` does.
///
/// # Errors
/// If there is no such stack, or something of it is not as it should be.
pub fn stacks_status(cluster: &Snapshot, name: &str, report: &mut Report) -> Result<()> {
    let standings = standings(cluster)?;
    let (stack, services) = services_of(&standings, name)?;
    let own: BTreeSet<&str> = services.iter().map(|one| one.service.name.as_str()).collect();
    let mut health = health::look(cluster, None).context("the engine's objects can't be read")?;
    health.findings.retain(|finding| own.contains(finding.target.service.as_deref().unwrap_or(&finding.target.name)));
    let findings = health.findings.iter().map(|finding| {
        json!({"weight": finding.weight.name(), "code": finding.code, "target": finding.target, "says": finding.says})
    });
    report.data.insert("findings".to_owned(), findings.collect());
    report.data.insert("stack".to_owned(), stacks::entry(&stack, &services));
    report.data.insert("services".to_owned(), services.iter().map(|one| list::entry(cluster, one, None)).collect());
    let names = |weight| -> Vec<String> {
        let about = health.of(weight).map(|finding| format!("{} ({})", finding.target.name, finding.code));
        about.collect()
    };
    let (ill, settling) = (names(Weight::Error), names(Weight::Settling));
    let wrong = match (ill.is_empty(), settling.is_empty()) {
        (false, _) => Some((ErrorKind::Failed, format!("the stack `{stack}` is ill: {}", ill.join(", ")))),
        (true, false) => {
            Some((ErrorKind::Unsettled, format!("the stack `{stack}` has not settled: {}", settling.join(", "))))
        }
        (true, true) => None,
    };
    if let Some((kind, message)) = wrong {
        report.error = Some(ReportedError::new(kind, message));
    }
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
    asked: &HealthArgs,
    (settings, engine): (&Settings, Option<&Engine>),
    report: &mut Report,
) -> Result<()> {
    let exporters = match engine {
        Some(engine) if settings.exporter.wanted => {
            let until = engine.wire().deadline.unwrap_or_else(|| Instant::now() + settings.rebalance.metrics.timeout);
            let found = exporter::wrong(engine, settings, cluster, until).await;
            Some(Exporters { service: &settings.exporter.name, found })
        }
        _ => None,
    };
    let notes = if asked.lint { lint::look(cluster, settings).context(UNREADABLE)? } else { Vec::new() };
    tell(cluster, asked.strict, exporters.as_ref(), notes, report)
}

/// The verdict on a swarm, with what is known of its exporters, if anything is.
///
/// # Errors
/// If the engine's objects can't be read.
pub fn verdict(cluster: &Snapshot, strict: bool, exporters: Option<&Exporters<'_>>, report: &mut Report) -> Result<()> {
    tell(cluster, strict, exporters, Vec::new(), report)
}

fn tell(
    cluster: &Snapshot,
    strict: bool,
    exporters: Option<&Exporters<'_>>,
    notes: Vec<Finding>,
    report: &mut Report,
) -> Result<()> {
    let mut health = health::look(cluster, exporters).context(UNREADABLE)?;
    health.note(notes);
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
        report.error = Some(ReportedError::new(kind, format!("{what}: {names}")));
    }
    report.data.insert("strict".to_owned(), json!(strict));
    Ok(())
}
