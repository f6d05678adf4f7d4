//! The front page: what is wrong, with names; who keeps the swarm; what is under target; the nodes; what was done last, and
//! what would be done next.

use anyhow::{Context as _, Result};
use maud::{Markup, html};

use super::{Page, nodes, parts, services};
use crate::keys::memory_key;
use crate::pass::Pass;
use crate::pass::health::{self, Finding, Health, Weight};
use crate::pass::services::{Standing, State, standing};
use crate::plan::TargetKind;
use crate::serve::Server;
use crate::serve::warm::View;
use crate::snapshot::Snapshot;
use crate::state::JournalRow;

/// So many services and nodes at most: the front page stays small.
const ROWS: usize = 20;
/// Findings told in full.
const FINDINGS: usize = 25;
/// Changes told.
const CHANGES: usize = 8;

/// The page.
///
/// # Errors
/// If an object can't be read.
pub(super) fn page(server: &Server, view: &View) -> Result<Page> {
    let cluster = &view.cluster;
    let mut standings = standing::all(cluster).context("the engine's services can't be read")?;
    let health = health::look_at(cluster, &standings, None).context("the engine's objects can't be read")?;
    // What is not as wanted comes first.
    standings.sort_by_key(|one| matches!(one.state, State::Ok | State::Stopped));
    let body = html! {
        h1 { "Overview" }
        (verdict(&health))
        (counts(cluster, &health))
        (under_target(server, cluster, &standings))
        section #nodes data-live aria-labelledby="h-nodes" {
            h2 #h-nodes { a href="/nodes" { "Nodes" } }
            (nodes::table(server, cluster, ROWS)?)
        }
        (changes(server, view))
        (next(server, cluster))
    };
    Ok(Page { title: title(&health), menu: "/", body })
}

fn title(health: &Health) -> String {
    let errors = health.of(Weight::Error).count();
    if errors > 0 { format!("({errors}) Overview") } else { "Overview".to_owned() }
}

fn verdict(health: &Health) -> Markup {
    let said = match health.verdict() {
        "ill" => "Something stays wrong until somebody acts",
        "settling" => "Something is under way",
        _ => "All is well",
    };
    html! {
        section #verdict class={ "verdict v-" (health.verdict()) } data-live aria-labelledby="h-verdict" {
            h2 #h-verdict { (said) }
            @if !health.findings.is_empty() {
                ul.plain {
                    @for finding in health.findings.iter().take(FINDINGS) { li { (told(finding)) } }
                    @if health.findings.len() > FINDINGS {
                        li { "and " (health.findings.len() - FINDINGS) " more: " a href="/services?state=not-ok" { "services" } ", " a href="/nodes" { "nodes" } }
                    }
                }
            }
        }
    }
}

fn told(finding: &Finding) -> Markup {
    let (word, class) = match finding.weight {
        Weight::Error => ("error", "bad"),
        Weight::Settling => ("settling", "warn"),
        Weight::Notice => ("notice", ""),
    };
    let target = &finding.target;
    html! {
        (parts::word(word, class)) " "
        @match target.kind {
            TargetKind::Service if !target.id.is_empty() => { (parts::service(&target.name)) }
            TargetKind::Node if !target.id.is_empty() => { (parts::node(&target.id, &target.name)) }
            _ => { (target.name) }
        }
        ": "
        @for (at, line) in finding.says.iter().enumerate() {
            @if at > 0 { br; }
            (line)
        }
    }
}

fn counts(cluster: &Snapshot, health: &Health) -> Markup {
    let count = |path: &str| health.counts.pointer(path).and_then(serde_json::Value::as_u64).unwrap_or_default();
    let leader = cluster.nodes.iter().find(|node| node.leader);
    html! {
        div #counts.cards data-live {
            div { span { "Nodes ready" } b { (count("/nodes/ready")) "/" (count("/nodes/total")) } }
            div {
                span { "Managers reachable" } b { (count("/managers/reachable")) "/" (count("/managers/total")) }
                span { "may lose " (count("/managers/tolerance")) }
            }
            div {
                span { "Leader" }
                b { @if let Some(leader) = leader { (parts::node(&leader.id.0, &leader.name)) } @else { "none known" } }
            }
            div { span { "Services well" } b { (count("/services/ok")) "/" (count("/services/total")) } }
            div { span { "Tasks running" } b { (count("/tasks/running")) "/" (count("/tasks/wanted")) } }
        }
    }
}

fn under_target(server: &Server, cluster: &Snapshot, standings: &[Standing<'_>]) -> Markup {
    let (all, shown): (usize, Vec<_>) = (standings.len(), standings.iter().take(ROWS).collect());
    html! {
        section #services data-live aria-labelledby="h-services" {
            h2 #h-services { a href="/services" { "Services" } }
            @if shown.is_empty() { p.dim { "There is none." } } @else { (services::table(server, cluster, &shown)) }
            @if all > ROWS { p { a href="/services" { "All " (all) " services" } } }
        }
    }
}

fn changes(server: &Server, view: &View) -> Markup {
    let now = view.as_of();
    html! {
        section #changes data-live aria-labelledby="h-changes" {
            h2 #h-changes { a href="/history" { "Last changes by orca on this host" } }
            @match server.history(CHANGES) {
                Ok(rows) if rows.is_empty() => { p.dim { "It has changed nothing yet." } }
                Ok(rows) => { ul.plain { @for row in &rows { li { (change(row, now)) } } } }
                Err(error) => { p { "The journal can't be read: " (format!("{error:#}")) } }
            }
        }
    }
}

/// One change, in a line.
pub(super) fn change(row: &JournalRow, now: jiff::Timestamp) -> Markup {
    let class = match row.status.as_str() {
        "done" => "good",
        "failed" => "bad",
        _ => "warn",
    };
    html! {
        (parts::word(&row.status, class)) " " (parts::moment(row.at.parse().ok(), now)) " · " (row.command) " · "
        @match row.target_type.as_str() {
            "service" => { (parts::service(&row.target_name)) }
            "node" => { (parts::node(&row.target_id, &row.target_name)) }
            _ => { (row.target_name) }
        }
        " · " code { (row.kind) } " · " (row.reason)
        @if let Some(error) = &row.error { br; span.dim { (error) } }
    }
}

/// What the next `orca reconcile` would do, planned on the look at hand.
pub(super) fn next(server: &Server, cluster: &Snapshot) -> Markup {
    let memory = server.options.peek_memory(&memory_key(cluster, &server.settings));
    let plan = |pass: Pass| (pass.name(), pass.plan(cluster, &server.settings, &memory, cluster.taken_at));
    let plans = Pass::ALL.into_iter().map(plan);
    let plans: Vec<_> = plans.filter(|(_, plan)| !plan.actions.is_empty() || !plan.blocked.is_empty()).collect();
    html! {
        section #next data-live aria-labelledby="h-next" {
            h2 #h-next { a href="/plans" { "What the next reconcile would do" } }
            @if plans.is_empty() { p.dim { "Nothing." } }
            @for (pass, plan) in &plans {
                h3 { (pass) }
                ul.plain {
                    @for action in plan.actions.iter().take(ROWS) {
                        li { code { (action.change.kind()) } " " (action.target.name) ": " (action.reason) }
                    }
                    @for blocked in plan.blocked.iter().take(ROWS) {
                        li { (parts::word("refused", "warn")) " " (blocked.target.name) ": " (blocked.reasons.join("; ")) }
                    }
                }
            }
        }
    }
}
