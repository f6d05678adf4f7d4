//! What is wrong in the files, and where: collected, never thrown at the first one.

use std::fmt;

use serde::Serialize;

use super::Origin;
use super::tree::Mark;
use crate::error::{Error, ErrorKind};

/// One mistake in one source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
pub struct Problem {
    /// The file as the user named it, or `$NAME` for an environment variable.
    pub source: String,
    /// 1-based line; 0 where the source has no lines.
    pub line: usize,
    /// 1-based column; 0 where the source has no lines.
    pub column: usize,
    /// What is wrong and, where it is known, what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    /// `orca.yml:4:5: message`, the form that editors and compilers agree on.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, line, column, message } = self;
        match line {
            0 => write!(f, "{source}: {message}"),
            _ => write!(f, "{source}:{line}:{column}: {message}"),
        }
    }
}

/// Every problem of one configuration, as one error of kind [`ErrorKind::Config`].
///
/// `anyhow::Error::downcast_ref::<Problems>()` gives the list back to a report.
#[derive(Debug)]
pub struct Problems {
    list: Vec<Problem>,
    // The kind travels down the chain, so that `kind_of` finds it like that of any other error.
    kind: Error,
}

impl Problems {
    /// The problems, sorted by source and position.
    pub fn list(&self) -> &[Problem] {
        &self.list
    }

    /// How many there are, in words.
    pub fn summary(&self) -> &str {
        &self.kind.message
    }
}

impl Problems {
    /// The problems of what is no configuration, as `the command file`.
    pub fn of(list: Vec<Problem>, what: &str) -> Self {
        let message = match list.len() {
            1 => format!("{what} has 1 problem"),
            n => format!("{what} has {n} problems"),
        };
        Self { list, kind: Error::new(ErrorKind::Config, message).hint("nothing of it was done") }
    }
}

impl From<Vec<Problem>> for Problems {
    fn from(list: Vec<Problem>) -> Self {
        let message = match list.len() {
            1 => "the configuration has 1 problem".to_owned(),
            n => format!("the configuration has {n} problems"),
        };
        Self { list, kind: Error::new(ErrorKind::Config, message) }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.list.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.kind)
    }
}

/// Collects problems and knows the names of the sources that marks point into.
#[derive(Debug)]
pub(super) struct Log<'a> {
    names: Vec<&'a str>,
    found: Vec<Problem>,
}

impl<'a> Log<'a> {
    /// An empty log over sources of these names.
    pub(super) fn new(names: Vec<&'a str>) -> Self {
        Self { names, found: Vec::new() }
    }

    /// Notes a problem at a place in a file.
    pub(super) fn at(&mut self, mark: Mark, message: impl Into<String>) {
        let source = self.name(mark).to_owned();
        self.found.push(Problem { source, line: mark.line, column: mark.column, message: message.into() });
    }

    /// Notes a problem with an environment variable.
    pub(super) fn env(&mut self, name: &str, message: impl Into<String>) {
        self.found.push(Problem { source: format!("${name}"), line: 0, column: 0, message: message.into() });
    }

    /// `orca.yml:3:5`, to name a second place in a message.
    pub(super) fn place(&self, mark: Mark) -> String {
        format!("{}:{}:{}", self.name(mark), mark.line, mark.column)
    }

    /// The origin of the value `path` that stands at `mark`.
    pub(super) fn origin(&self, path: impl Into<String>, mark: Mark) -> Origin {
        Origin { path: path.into(), source: self.name(mark).to_owned(), line: mark.line, column: mark.column }
    }

    /// Adds problems that were found elsewhere.
    pub(super) fn extend(&mut self, problems: Vec<Problem>) {
        self.found.extend(problems);
    }

    /// How many problems there are so far.
    pub(super) fn count(&self) -> usize {
        self.found.len()
    }

    /// All problems in order of source and position, each once: an alias repeats its mistakes.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        self.found.sort();
        self.found.dedup();
        self.found
    }

    fn name(&self, mark: Mark) -> &'a str {
        self.names.get(mark.file).copied().unwrap_or_default()
    }
}

/// A value for a message: quoted, escaped and cut to a readable length.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{:?}...", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}
