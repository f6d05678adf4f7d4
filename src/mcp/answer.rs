//! From a report to an answer: what it says, whether it was done, and a size that a client can take in.

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::tools::Tool;
use crate::report::Report;

/// An answer is not longer than this, in bytes of JSON.
pub const CAP: usize = 100_000;

/// What a tool answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The document.
    pub document: Value,
    /// It did not do what it was asked for.
    pub failed: bool,
}

impl Answer {
    /// What was asked for can't be.
    pub fn refused(why: &str) -> Self {
        Self { document: json!({ "error": why }), failed: true }
    }

    /// A report; of a plan that waits for consent, with its id and with what to do.
    pub fn of(report: &Report, exit_code: u8, plan_id: Option<&str>, note: Option<&str>) -> Self {
        let mut document = Map::new();
        document.insert("exit_code".to_owned(), exit_code.into());
        document.extend(plan_id.map(|id| ("plan_id".to_owned(), id.into())));
        document.extend(note.map(|note| ("note".to_owned(), note.into())));
        document.insert("report".to_owned(), serde_json::to_value(report).unwrap_or_default());
        let mut document = Value::Object(document);
        let cut = fit(&mut document, CAP);
        if !cut.is_empty() {
            document["truncated"] = cut.into();
        }
        Self { document, failed: report.error.is_some() }
    }
}

/// The JSON Schema of every answer.
pub fn schema() -> Map<String, Value> {
    let schema = json!({
        "type": "object",
        "properties": {
            "report": {"type": "object", "description": "The report of the command: `orca schema report` is its schema"},
            "exit_code": {"type": "integer", "description": "What the command would have ended with: 0 complete, 1 failed, \
                69 no engine, 75 try later or refused, 78 wrong config"},
            "plan_id": {"type": "string", "description": "Nothing was changed yet: the id of the plan in the report"},
            "note": {"type": "string", "description": "What to do next"},
            "truncated": {"type": "array", "items": {"type": "string"}, "description": "Lists and texts that were cut, and \
                how much of them is here"},
            "error": {"type": "string", "description": "Why the tool could not be called like this"},
        },
    });
    if let Value::Object(schema) = schema { schema } else { Map::new() }
}

/// The id of a plan: what would be done to which version of what.
pub fn plan_id(tool: &Tool, report: &Report) -> String {
    let mut hash = Sha256::new();
    hash.update(tool.name);
    for action in &report.actions {
        let facts = json!([action.id, action.target.id, action.version, action.before, action.after]);
        hash.update(facts.to_string());
    }
    for blocked in &report.blocked {
        hash.update(json!([blocked.id, blocked.reasons]).to_string());
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Cuts the longest lists, then the longest texts, until a document is short enough; says what was cut.
fn fit(document: &mut Value, cap: usize) -> Vec<String> {
    let mut cut: Vec<(String, usize, usize)> = Vec::new();
    let mut size = document.to_string().len();
    while size > cap {
        let Some((path, length)) = longest(document) else { break };
        let Some(place) = document.pointer_mut(&path) else { break };
        // What is left is in proportion to what there may be, and always less.
        let kept = (length * cap / size).min(length - 1);
        match place {
            Value::Array(list) => list.truncate(kept),
            Value::String(text) => {
                let kept = (0..=kept).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
                text.truncate(kept);
            }
            _ => break,
        }
        match cut.iter_mut().find(|(known, ..)| *known == path) {
            Some((_, left, _)) => *left = kept,
            None => cut.push((path, kept, length)),
        }
        size = document.to_string().len();
    }
    cut.into_iter().map(|(path, kept, all)| format!("{path}: {kept} of {all} are here")).collect()
}

/// The place of the list, or else of the text, that takes the most room, and its length.
fn longest(document: &Value) -> Option<(String, usize)> {
    fn walk(
        value: &Value,
        path: &str,
        lists: &mut Vec<(usize, String, usize)>,
        texts: &mut Vec<(usize, String, usize)>,
    ) {
        match value {
            Value::Array(items) => {
                if items.len() > 1 {
                    lists.push((value.to_string().len(), path.to_owned(), items.len()));
                }
                items.iter().enumerate().for_each(|(at, item)| walk(item, &format!("{path}/{at}"), lists, texts));
            }
            Value::Object(fields) => {
                for (key, field) in fields {
                    let key = key.replace('~', "~0").replace('/', "~1");
                    walk(field, &format!("{path}/{key}"), lists, texts);
                }
            }
            Value::String(text) if !text.is_empty() => texts.push((text.len(), path.to_owned(), text.len())),
            _ => {}
        }
    }
    let (mut lists, mut texts) = (Vec::new(), Vec::new());
    walk(document, "", &mut lists, &mut texts);
    let (_, path, length) = lists.into_iter().max().or_else(|| texts.into_iter().max())?;
    Some((path, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_answer_is_cut_and_says_so() {
        let lines: Vec<String> = (0..5000).map(|line| format!("line {line} of a log")).collect();
        let mut document = json!({"report": {"data": {"lines": lines, "tasks": ["a", "b"]}}});
        let cut = fit(&mut document, 10_000);
        assert!(document.to_string().len() <= 10_000);
        let kept = document["report"]["data"]["lines"].as_array().unwrap().len();
        assert!(kept > 100, "{kept}");
        assert_eq!(cut, [format!("/report/data/lines: {kept} of 5000 are here")]);
        assert_eq!(document["report"]["data"]["tasks"], json!(["a", "b"]));
    }

    #[test]
    fn a_single_long_text_is_cut_at_a_character() {
        let mut document = json!({"error": "ü".repeat(50_000)});
        let cut = fit(&mut document, 1000);
        assert!(document.to_string().len() <= 1000 && cut.len() == 1, "{cut:?}");
    }
}
