//! The tree against the JSON Schema: every mistake at its place, and what was mistaken cut out of the tree.
//!
//! It knows the part of JSON Schema that schemars writes for our types, and nothing about any setting. What is cut out
//! counts as not written, so that the rest can still be converted and judged in the same run.

use serde_json::Value;

use super::problem::{Log, quoted};
use super::tree::{Kind, Node, boolean};

/// Checks the tree against `schema`, whose references point into `document`; `path` names the root in messages.
///
/// `false` when nothing of the tree is usable.
pub(super) fn check(node: &mut Node, document: &Value, schema: &Value, path: &str, log: &mut Log<'_>) -> bool {
    Check { document, log }.node(node, schema, path)
}

struct Check<'a, 'l, 'n> {
    document: &'a Value,
    log: &'l mut Log<'n>,
}

impl<'a> Check<'a, '_, '_> {
    fn node(&mut self, node: &mut Node, schema: &'a Value, path: &str) -> bool {
        let mut choices = Vec::new();
        self.choices(schema, &mut choices);
        let of_type = |wanted| choices.iter().copied().find(|choice| has_type(choice, wanted));
        let fits = match &mut node.kind {
            Kind::Map(entries) => {
                if let Some(choice) = of_type("object") {
                    self.map(entries, choice, path);
                    return self.required(node, choice, path);
                }
                false
            }
            Kind::List(items) => {
                if let Some(choice) = of_type("array") {
                    let enough = at_least(choice, "minItems", items.len());
                    self.list(items, choice, path);
                    if !enough {
                        self.log.at(node.mark, format!("{path} must not be empty"));
                    }
                    return enough;
                }
                false
            }
            Kind::Scalar { text, plain } => choices.iter().any(|choice| scalar_fits(choice, text, *plain)),
            Kind::Null => of_type("null").is_some(),
        };
        if !fits {
            let subject = if path.is_empty() { "the file" } else { path };
            self.log.at(node.mark, format!("{subject} must be {}, not {}", expected(&choices), found(node, &choices)));
        }
        fits
    }

    /// The alternatives of a schema, references followed.
    fn choices(&self, schema: &'a Value, into: &mut Vec<&'a Value>) {
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            if let Some(schema) = self.document.pointer(target.trim_start_matches('#')) {
                self.choices(schema, into);
            }
            return;
        }
        match schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array) {
            Some(alternatives) => alternatives.iter().for_each(|alternative| self.choices(alternative, into)),
            None => into.push(schema),
        }
    }

    fn map(&mut self, entries: &mut Vec<(Node, Node)>, schema: &'a Value, path: &str) {
        entries.retain_mut(|(key, value)| {
            let name = key.text().to_owned();
            let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            if let Some(schema) = schema.get("properties").and_then(|properties| properties.get(&name)) {
                return self.node(value, schema, &inner);
            }
            if is_ignored(schema, &name) {
                return false;
            }
            match schema.get("additionalProperties") {
                Some(Value::Bool(false)) => {
                    let message = unknown_key(schema, &name, path);
                    self.log.at(key.mark, message);
                    false
                }
                Some(schema) => self.node(value, schema, &inner),
                None => true,
            }
        });
    }

    fn list(&mut self, items: &mut Vec<Node>, schema: &'a Value, path: &str) {
        let Some(schema) = schema.get("items") else { return };
        let mut index = 0;
        items.retain_mut(|item| {
            let inner = format!("{path}[{index}]");
            index += 1;
            self.node(item, schema, &inner)
        });
    }

    fn required(&mut self, node: &Node, schema: &Value, path: &str) -> bool {
        let Kind::Map(entries) = &node.kind else { return true };
        let names = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let mut complete = true;
        for name in names.filter(|name| !entries.iter().any(|(key, _)| key.text() == *name)) {
            let subject = if path.is_empty() { "the file" } else { path };
            self.log.at(node.mark, format!("{subject} needs the key {}", quoted(name)));
            complete = false;
        }
        complete
    }
}

/// Keys that the schema lets pass by a prefix (`^x-`) are notes of the user: no field takes them.
fn is_ignored(schema: &Value, name: &str) -> bool {
    let patterns = schema.get("patternProperties").and_then(Value::as_object).into_iter().flatten();
    patterns.into_iter().any(|(pattern, _)| name.starts_with(pattern.trim_start_matches('^')))
}

fn unknown_key(schema: &Value, name: &str, path: &str) -> String {
    let place = if path.is_empty() { " at the top level".to_owned() } else { format!(" in {path}") };
    let known: Vec<&str> = schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(key, _)| key.as_str())
        .collect();
    let advice = match nearest(name, &known) {
        Some(nearest) => format!("did you mean {nearest:?}?"),
        None => format!("known keys: {}", known.join(", ")),
    };
    format!("unknown key {}{place} ({advice})", quoted(name))
}

/// The known word that `word` was probably meant to be.
pub(crate) fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    const CLOSE_ENOUGH: f64 = 0.8;
    let word = word.to_lowercase();
    let scored = known.iter().map(|key| (strsim::jaro_winkler(&word, key), *key));
    scored.filter(|(score, _)| *score >= CLOSE_ENOUGH).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, key)| key)
}

fn types(schema: &Value) -> impl Iterator<Item = &str> {
    let written = schema.get("type");
    let one = written.and_then(Value::as_str);
    one.into_iter().chain(written.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str))
}

fn has_type(schema: &Value, wanted: &str) -> bool {
    types(schema).any(|name| name == wanted)
}

fn at_least(schema: &Value, bound: &str, length: usize) -> bool {
    schema.get(bound).and_then(Value::as_u64).is_none_or(|least| length as u64 >= least)
}

/// The words a scalar may be, where the schema lists them.
fn words(schema: &Value) -> Vec<&str> {
    let several = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
    schema.get("const").into_iter().chain(several).filter_map(Value::as_str).collect()
}

fn scalar_fits(schema: &Value, text: &str, plain: bool) -> bool {
    let words = words(schema);
    if !words.is_empty() {
        return words.contains(&text);
    }
    let in_range = |number: f64| schema.get("minimum").and_then(Value::as_f64).is_none_or(|least| number >= least);
    types(schema).any(|name| match name {
        "string" => true,
        "boolean" => plain && boolean(text).is_some(),
        "number" => plain && text.parse::<f64>().is_ok_and(|number| number.is_finite() && in_range(number)),
        // Widened only to compare it with a bound, which needs no precision.
        #[expect(clippy::cast_precision_loss)]
        "integer" => plain && text.parse::<i64>().is_ok_and(|number| in_range(number as f64)),
        _ => false,
    })
}

/// What the alternatives allow, in words.
fn expected(choices: &[&Value]) -> String {
    let mut allowed: Vec<String> = Vec::new();
    for choice in choices {
        let title = choice.get("title").and_then(Value::as_str).filter(|_| !has_type(choice, "object"));
        let words = words(choice);
        if let Some(title) = title {
            allowed.push(title.to_owned());
        } else if words.is_empty() {
            allowed.extend(types(choice).filter_map(|name| type_in_words(name, choice)));
        } else {
            allowed.extend(words.into_iter().map(str::to_owned));
        }
    }
    match allowed.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => "nothing".to_owned(),
    }
}

fn type_in_words(name: &str, schema: &Value) -> Option<String> {
    let bound = schema.get("minimum").map(|least| format!(" of at least {least}")).unwrap_or_default();
    Some(match name {
        "object" => "a map".to_owned(),
        "array" => "a list".to_owned(),
        "string" => "text".to_owned(),
        "boolean" => "true or false".to_owned(),
        "number" => format!("a number{bound}"),
        "integer" => format!("a whole number{bound}"),
        _ => return None,
    })
}

fn found(node: &Node, choices: &[&Value]) -> String {
    match &node.kind {
        Kind::Null => "empty".to_owned(),
        // Without its quotes it would have been right, so the quotes are what is wrong.
        Kind::Scalar { text, plain: false } if choices.iter().any(|choice| scalar_fits(choice, text, true)) => {
            format!("the quoted text {}", quoted(text))
        }
        Kind::Scalar { text, .. } => quoted(text),
        Kind::List(_) => "a list".to_owned(),
        Kind::Map(_) => "a map".to_owned(),
    }
}

#[cfg(test)]
mod tests;
