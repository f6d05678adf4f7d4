//! What `orca gc` does as a person reads it: the largest candidates, and a line for each node.

use serde_json::Value;

use super::text::new_table;
use super::{Report, ReportedAction};
use crate::pass::rebalance::words::bytes;

/// More candidates than this are summed up.
const SHOWN: usize = 40;

/// Renders candidates and nodes; refusals, warnings and the last line come after it.
pub(super) fn render(report: &Report, color: bool) -> String {
    let mut text = String::new();
    let size = |action: &ReportedAction| action.before.get("size_bytes").and_then(Value::as_u64).unwrap_or_default();
    let mut shown: Vec<&ReportedAction> = report.actions.iter().collect();
    let rest = shown.len().saturating_sub(SHOWN);
    if rest > 0 {
        shown.sort_by_key(|action| std::cmp::Reverse(size(action)));
        shown.truncate(SHOWN);
    }
    if !shown.is_empty() {
        let mut table = new_table(color, &["STATUS", "NODE", "OBJECT", "SIZE", "WHY"]);
        for action in shown {
            let why = match &action.error {
                Some(error) => format!("{}; {error}", action.reason),
                None => action.reason.clone(),
            };
            table.add_row([
                action.status.to_string(),
                action.target.node.clone().unwrap_or_default(),
                format!("{} {}", action.target.kind.name().replace('_', " "), short(&action.target.name))
                    .replace("build cache build cache", "build cache"),
                bytes(size(action)),
                why,
            ]);
        }
        text.extend([table.to_string().as_str(), "\n"]);
    }
    if rest > 0 {
        text.extend(["  and ", rest.to_string().as_str(), " smaller ones; `-o json` lists all\n"]);
    }
    let nodes = report.data.get("nodes").and_then(Value::as_array).into_iter().flatten();
    text + &nodes.map(|node| line(node, report)).collect::<String>()
}

/// Anonymous volumes have names that nobody reads to the end.
fn short(name: &str) -> &str {
    let made_up = name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit());
    if made_up { name.get(..12).unwrap_or(name) } else { name }
}

fn line(node: &Value, report: &Report) -> String {
    let name = node["node"].as_str().unwrap_or_default();
    if let (Some(error), true) = (node["error"].as_str(), node["kept"].is_null()) {
        return format!("{name}: not reached: {error}\n");
    }
    let own = || report.actions.iter().filter(|action| action.target.node.as_deref() == Some(name));
    let size = |action: &ReportedAction| action.before.get("size_bytes").and_then(Value::as_u64).unwrap_or_default();
    let total = own().map(size).fold(0, u64::saturating_add);
    let kept = node["kept"].as_object().into_iter().flatten();
    let kept: Vec<String> = kept.map(|(why, count)| format!("{count} ({why})")).collect();
    let disk = node["disk_used_percent"].as_f64().map(|used| format!("disk {used} % full, ")).unwrap_or_default();
    let freed = match node["freed_bytes"].as_u64() {
        Some(freed) if !report.run.dry_run => format!(", freed {}", bytes(freed)),
        _ => String::new(),
    };
    let stays = if kept.is_empty() { "nothing else is there".to_owned() } else { format!("stay: {}", kept.join(", ")) };
    format!("{name}: {disk}{} to go, about {}{freed}; {stays}\n", own().count(), bytes(total))
}
