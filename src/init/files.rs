//! Which of the files are to be written: pure.

use serde_json::{Value, json};

use crate::plan::{Action, Blocked, Change, Plan, Target, TargetKind};

/// Words in a line that say that what follows may be nobody's business.
const SECRET: [&str; 6] = ["url", "secret", "token", "password", "key", "auth"];

/// A file as it is, and as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Where.
    pub path: String,
    /// What is in it now; none: there is no such file.
    pub before: Option<String>,
    /// What is to be in it; none: what is there can't be added to, and why.
    pub after: Result<String, String>,
    /// Who may read it, as for chmod.
    pub mode: u32,
    /// What it is for.
    pub reason: &'static str,
}

/// Writes what isn't there; what is there and says something else only with `force`.
pub fn plan(files: &[Wanted], force: bool) -> Plan {
    let mut plan = Plan::default();
    let mut differences = Vec::new();
    for file in files {
        let block = |why: String| Blocked {
            id: format!("file/{}#write", file.path),
            target: Target { id: file.path.clone(), ..Target::unknown(TargetKind::File, &file.path) },
            reasons: vec![why],
        };
        let after = match (&file.before, &file.after) {
            (_, Err(why)) => {
                plan.blocked.push(block(why.clone()));
                continue;
            }
            (Some(before), Ok(after)) if before == after => {
                plan.unchanged += 1;
                continue;
            }
            (_, Ok(after)) => after,
        };
        if let Some(before) = &file.before {
            let lines = if file.path.ends_with(".mcp.json") {
                difference(&own_server(before), &own_server(after))
            } else {
                difference(before, after)
            };
            if !force {
                let text = "it is there and says something else; --force replaces it, --dir names another folder";
                plan.blocked.push(block(text.to_owned()));
            }
            differences.push(json!({"file": file.path, "lines": lines}));
        }
        if file.before.is_none() || force {
            let change = Change::FileWrite { before: file.before.clone(), after: after.clone(), mode: file.mode };
            plan.actions.push(Action::on_file(&file.path, "write", change, file.reason));
        }
    }
    if !differences.is_empty() {
        plan.data.insert("differences".to_owned(), differences.into());
    }
    plan
}

/// Of a client's servers only orca's: what others are started with, secrets too, is nobody's business here.
fn own_server(text: &str) -> String {
    let all: Value = serde_json::from_str(text).unwrap_or_default();
    all.pointer("/mcpServers/orca").map(|own| format!("{own:#}")).unwrap_or_default()
}

/// Lines that go and lines that come, as diff marks them. What looks like a secret is not shown.
fn difference(before: &str, after: &str) -> Vec<Value> {
    fn minus<'t>(text: &'t str, other: &str) -> Vec<&'t str> {
        let mut left: Vec<&str> = other.lines().collect();
        text.lines()
            .filter(|line| match left.iter().position(|one| one == line) {
                Some(at) => {
                    left.swap_remove(at);
                    false
                }
                None => true,
            })
            .collect()
    }
    let shown = |mark: char, line: &str| Value::from(format!("{mark} {}", masked(line)));
    let gone = minus(before, after).into_iter().map(|line| shown('-', &line.replace('\t', " ")));
    gone.chain(minus(after, before).into_iter().map(|line| shown('+', line))).collect()
}

/// A line without its value, if something in it may be a secret.
fn masked(line: &str) -> String {
    let lower = line.to_lowercase();
    let harmless = line.starts_with(['#', ' ']) && !line.contains([':', '=']) || line.starts_with("REGISTRY_URL=");
    if harmless || !SECRET.iter().any(|word| lower.contains(word)) {
        return line.to_owned();
    }
    let key = line.find([':', '=']).map_or("", |at| &line[..=at]);
    format!("{key} {}", crate::redact::REDACTED)
}
