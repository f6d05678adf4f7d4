//! A rebalance plan as a person reads it in ten seconds: bars, moves, verdict.

use serde::Deserialize;

use super::Report;
use super::text::{new_table, shown};
use crate::pass::rebalance::balance::{Change, Immovable, Move, MoveEnd, NodeBalance, Point, Verdict};
use crate::pass::rebalance::words::{bytes, percent};

/// Cells of a bar; each is five points.
const CELLS: usize = 20;
/// More nodes than this are shown only where something changes or presses.
const ALL_NODES: usize = 16;
/// So many pins are named.
const PINS: usize = 3;

/// What is shown of a balance.
#[derive(Deserialize)]
struct Shown {
    nodes: Vec<NodeBalance>,
    moves: Vec<Move>,
    immovable: Vec<Immovable>,
    curve: Vec<Point>,
    verdict: Verdict,
}

/// Renders the plan, where the report has one; warnings, refusals and the last line come after it.
pub(super) fn render(report: &Report, color: bool) -> Option<String> {
    let balance = Shown::deserialize(&report.data).ok()?;
    let mut text = nodes(&balance.nodes, color);
    if !balance.moves.is_empty() {
        text.push('\n');
        text += &moves(&balance.moves, color);
    }
    text.push('\n');
    text += &pins(&balance.immovable);
    text += &curve(&balance.curve);
    Some(text + &balance.verdict.text + "\n")
}

fn nodes(nodes: &[NodeBalance], color: bool) -> String {
    let mut listed: Vec<&NodeBalance> = nodes.iter().collect();
    if nodes.len() > ALL_NODES {
        let share = |node: &NodeBalance| node.share.map_or(0.0, |share| share.before);
        listed.sort_by(|a, b| share(b).total_cmp(&share(a)));
        let changes = |node: &NodeBalance| {
            node.tasks.before != node.tasks.after || node.used_bytes.is_some_and(|used| used.before != used.after)
        };
        let mut kept = 0;
        listed.retain(|node| {
            kept += 1;
            kept <= ALL_NODES / 2 || changes(node)
        });
        listed.truncate(2 * ALL_NODES);
    }
    let mut table = new_table(color, &["NODE", "MEMORY", "BEFORE", "AFTER", "OF", "TASKS"]);
    for node in &listed {
        let tasks = arrow(node.tasks.before, node.tasks.after);
        let Some((share, total)) = node.share.zip(node.total_bytes) else {
            let why = node.why.clone().unwrap_or_default();
            table.add_row([node.name.clone(), why, "?".to_owned(), "?".to_owned(), "?".to_owned(), tasks]);
            continue;
        };
        let bar = bar(share.before, share.after);
        table.add_row([node.name.clone(), bar, percent(share.before), percent(share.after), bytes(total), tasks]);
    }
    let left = nodes.len() - listed.len();
    let rest =
        if left > 0 { format!("  and {left} more nodes, none of them fuller or changed\n") } else { String::new() };
    shown(&table) + &rest
}

fn arrow(before: u64, after: u64) -> String {
    if before == after { before.to_string() } else { format!("{before} -> {after}") }
}

/// `#` stays, `-` leaves, `+` comes, `.` is free.
fn bar(before: f64, after: f64) -> String {
    let (before, after) = (cells(before), cells(after));
    let cell = |at: usize| match (at < before, at < after) {
        (true, true) => '#',
        (true, false) => '-',
        (false, true) => '+',
        (false, false) => '.',
    };
    (0..CELLS).map(cell).collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a number of cells"
)]
fn cells(share: f64) -> usize {
    (share.clamp(0.0, 1.0) * CELLS as f64).round() as usize
}

fn moves(moves: &[Move], color: bool) -> String {
    let mut table = new_table(color, &["MOVE", "TASK", "MEMORY", "FROM", "TO", "HOW", "WHY"]);
    let end = |end: &MoveEnd| {
        let Change { before, after } = end.expected;
        format!("{} {:.1} -> {}", end.name, before * 100.0, percent(after))
    };
    for step in moves {
        let how = serde_json::to_value(step.mechanism).ok();
        table.add_row([
            step.seq.to_string(),
            format!("{}.{}", step.service.name, step.slot),
            bytes(step.footprint_bytes),
            end(&step.from),
            end(&step.to),
            how.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().to_owned(),
            // The effect stands beside it already.
            step.reason.split(": ").next().unwrap_or_default().to_owned(),
        ]);
    }
    shown(&table)
}

/// The tasks that can't move and cost the most.
fn pins(immovable: &[Immovable]) -> String {
    let costly = immovable.iter().filter(|task| task.would_gain > 0.0).take(PINS);
    let line = |task: &Immovable| {
        let why: Vec<&str> = task.reasons.iter().map(|finding| finding.detail.as_str()).collect();
        let gain = task.would_gain * 100.0;
        format!(
            "stuck: {}.{} on {}: {}; moving it would gain {gain:.1} points\n",
            task.service,
            task.slot,
            task.node,
            why.join("; ")
        )
    };
    costly.map(line).collect()
}

fn curve(curve: &[Point]) -> String {
    if curve.len() < 3 {
        return String::new();
    }
    let points = curve.iter().map(|point| format!("{}: {}", point.restarts, percent(point.peak)));
    format!("fullest node by restarts: {}\n", points.collect::<Vec<_>>().join(", "))
}
