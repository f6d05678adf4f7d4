//! Definitions of services: text -> tree -> checked [`Definition`]s, each mistake at its place. Pure.

use serde::Deserialize as _;

use super::check::check;
use super::de::NodeDe;
use super::problem::{Log, Problem, quoted};
use super::schema::DEFINITION_TREE;
use super::tree::{self, Kind, Mark, Node};
use crate::catalog::definition::Definition;

/// Longer files are no definitions.
const LARGEST: usize = 1 << 20;

/// Reads the definition, or the list of definitions, of a file of this name. JSON is YAML.
///
/// # Errors
/// Every problem of the file, in its order; then none of it is to be used.
pub fn parse_definitions(text: &str, file: &str) -> Result<Vec<Definition>, Vec<Problem>> {
    let mut log = Log::new(vec![file]);
    let mut definitions: Vec<(Mark, Definition)> = Vec::new();
    let start = Mark { file: 0, line: 1, column: 1 };
    if text.len() > LARGEST {
        log.at(start, format!("{} bytes are too many for a definition (at most {LARGEST})", text.len()));
        return Err(log.finish());
    }
    match tree::read(0, text, &mut log) {
        Some(Node { kind: Kind::List(items), .. }) => {
            definitions.extend(items.into_iter().filter_map(|item| one(item, None, &mut log)));
        }
        Some(node) if !matches!(node.kind, Kind::Null) => {
            definitions.extend(one(node, stem(file), &mut log));
        }
        _ => log.at(start, "there is no definition in it: `image: NAME` is the least"),
    }
    for (at, (mark, definition)) in definitions.iter().enumerate() {
        if let Some((first, _)) = definitions[..at].iter().find(|(_, other)| other.name == definition.name) {
            let text = format!("{} is already defined at {}", quoted(&definition.name), log.place(*first));
            log.at(*mark, text);
        }
    }
    let problems = log.finish();
    let definitions = definitions.into_iter().map(|(_, definition)| definition).collect();
    if problems.is_empty() { Ok(definitions) } else { Err(problems) }
}

/// The name of a service whose file doesn't say one; what is no file has none to give.
fn stem(file: &str) -> Option<&str> {
    let (stem, _) = file.rsplit('/').next()?.rsplit_once('.')?;
    Some(stem).filter(|stem| !stem.is_empty())
}

fn one(mut node: Node, name: Option<&str>, log: &mut Log<'_>) -> Option<(Mark, Definition)> {
    let schema = &*DEFINITION_TREE;
    if !check(&mut node, schema, schema, "", log) {
        return None;
    }
    let mut definition = match Definition::deserialize(NodeDe(&node)) {
        Ok(definition) => definition,
        Err(error) => {
            log.at(node.mark, format!("orca's own types don't take this definition: {error}"));
            return None;
        }
    };
    if definition.name.is_empty() {
        name.unwrap_or_default().clone_into(&mut definition.name);
    }
    for fault in definition.faults() {
        log.at(place(&node, &fault.path), fault.message);
    }
    Some((node.mark, definition))
}

/// Where the value at the end of this path stands, or what is nearest to it.
pub(super) fn place(node: &Node, path: &[String]) -> Mark {
    let Some((key, rest)) = path.split_first() else { return node.mark };
    let next = match &node.kind {
        Kind::Map(entries) => entries.iter().find(|(name, _)| name.text() == key).map(|(_, value)| value),
        Kind::List(items) => key.parse::<usize>().ok().and_then(|at| items.get(at)),
        Kind::Scalar { .. } | Kind::Null => None,
    };
    next.map_or(node.mark, |next| place(next, rest))
}

#[cfg(test)]
mod tests;
