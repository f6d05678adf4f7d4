//! Compose files: texts -> trees -> variables filled in -> checked -> put over each other -> one [`File`], each mistake
//! at its place. Pure.

mod merge;
mod template;

use std::collections::BTreeSet;

use serde::Deserialize as _;

use super::check::check;
use super::de::NodeDe;
use super::definition::place;
use super::problem::{Log, Problem};
use super::schema::COMPOSE_TREE;
use super::tree::{self, Kind, Mark, Node};
use crate::catalog::definition::Fault;
use crate::compose::file::File;

/// Longer files are no compose files.
const LARGEST: usize = 1 << 20;

/// What compose files come to, and where all of it stands.
#[derive(Debug)]
pub struct Composed {
    /// The files, put over each other.
    pub file: File,
    /// Variables that have no value, each with the place of its first use.
    pub unset: Vec<(String, String)>,
    names: Vec<String>,
    tree: Node,
}

impl Composed {
    /// A mistake at its place, or at what is nearest to it.
    pub fn problem(&self, Fault { path, message }: &Fault) -> Problem {
        let Mark { file, line, column } = place(&self.tree, path);
        Problem { source: self.name(file), line, column, message: message.clone() }
    }

    /// Where the value at the end of this path stands: `stack.yml:4:5`.
    pub fn at(&self, path: &[&str]) -> String {
        let path: Vec<String> = path.iter().map(|key| (*key).to_owned()).collect();
        let Mark { file, line, column } = place(&self.tree, &path);
        format!("{}:{line}:{column}", self.name(file))
    }

    fn name(&self, file: usize) -> String {
        self.names.get(file).cloned().unwrap_or_default()
    }
}

/// Reads compose files, given by name and text; later ones are put over earlier ones. `value` knows the variables.
///
/// # Errors
/// Every problem of the files, in their order; then none of it is to be used.
pub fn parse_compose(
    files: &[(String, String)],
    value: &dyn Fn(&str) -> Option<String>,
) -> Result<Composed, Vec<Problem>> {
    let names: Vec<String> = files.iter().map(|(name, _)| name.clone()).collect();
    let mut log = Log::new(names.iter().map(String::as_str).collect());
    let (mut whole, mut unset) = (None, Vec::new());
    for (file, (_, text)) in files.iter().enumerate() {
        let start = Mark { file, line: 1, column: 1 };
        if text.len() > LARGEST {
            log.at(start, format!("{} bytes are too many for a compose file (at most {LARGEST})", text.len()));
            continue;
        }
        let before = log.count();
        let Some(mut node) = tree::read(file, text, &mut log).filter(|node| !matches!(node.kind, Kind::Null)) else {
            if log.count() == before {
                log.at(start, "there is nothing in it: `services` is the least");
            }
            continue;
        };
        fill(&mut node, &[], value, &mut unset, &mut log);
        let schema = &*COMPOSE_TREE;
        if check(&mut node, schema, schema, "", &mut log) {
            whole = Some(match whole {
                None => node,
                Some(base) => merge::over(base, node),
            });
        }
    }
    let mut seen = BTreeSet::new();
    unset.retain(|(name, _): &(String, Mark)| seen.insert(name.clone()));
    let unset = unset.into_iter().map(|(name, mark)| (name, log.place(mark))).collect();
    let read = whole.as_ref().map(|tree| File::deserialize(NodeDe(tree)));
    if let (Some(tree), Some(Err(error))) = (&whole, &read) {
        log.at(tree.mark, format!("orca's own types don't take this file: {error}"));
    }
    let problems = log.finish();
    match (whole, read) {
        (Some(tree), Some(Ok(file))) if problems.is_empty() => Ok(Composed { file, unset, names, tree }),
        _ => Err(problems),
    }
}

/// Puts the values of variables into every value of the tree; keys stay as they are, and so do the user's notes.
fn fill(
    node: &mut Node,
    path: &[&str],
    value: &dyn Fn(&str) -> Option<String>,
    unset: &mut Vec<(String, Mark)>,
    log: &mut Log<'_>,
) {
    match &mut node.kind {
        Kind::Null => {}
        Kind::List(items) => items.iter_mut().for_each(|item| fill(item, &[path, &["-"]].concat(), value, unset, log)),
        Kind::Map(entries) => {
            for (key, inner) in entries.iter_mut().filter(|(key, _)| !is_note(path, key.text())) {
                fill(inner, &[path, &[key.text()]].concat(), value, unset, log);
            }
        }
        Kind::Scalar { text, plain } => match template::filled(text, value) {
            Ok(None) => {}
            Ok(Some(filled)) => {
                unset.extend(filled.unset.into_iter().map(|name| (name, node.mark)));
                *text = filled.text;
                // What a variable stands for may be a number or a boolean, in quotes or not.
                *plain = true;
            }
            Err(why) => log.at(node.mark, why),
        },
    }
}

/// Whether a key of what stands at this path is a note of the user: at the top, of a service, a build, a network and the
/// like. Among labels or variables, `x-` begins a name like any other.
fn is_note(path: &[&str], key: &str) -> bool {
    key.starts_with("x-") && matches!(path, [] | [_, _] | ["services", _, "build"])
}

#[cfg(test)]
mod tests;
