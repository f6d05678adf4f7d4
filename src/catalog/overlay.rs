//! A few words on the command line that are laid over a definition of the catalog, or make one where there is none.

use anyhow::Result;

use super::definition::{Definition, Problem};
use super::desk::{Desk, Found, wrong};
use super::store::Entry;
use crate::error::{Error, ErrorKind, Sort};
use crate::pass::catalog::rows;
use crate::report::Report;

/// What is said of a service besides its name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overlay {
    /// Its image.
    pub image: Option<String>,
    /// How many tasks.
    pub replicas: Option<u64>,
    /// Its ports, all of them; empty: nothing is said of them.
    pub ports: Vec<String>,
}

impl Overlay {
    /// Nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The definition with this laid over it.
    ///
    /// # Errors
    /// If there is neither a definition nor an image, or something in it means nothing.
    pub fn over(&self, row: Option<&Entry>, name: &str) -> Result<Definition> {
        let mut definition = match (row, &self.image) {
            (Some(row), _) => row.definition.clone(),
            (None, Some(_)) => Definition { name: name.to_owned(), ..Definition::default() },
            (None, None) => {
                let error = Error::new(ErrorKind::Usage, format!("the catalog has no `{name}`")).sort(Sort::Absent);
                return Err(error.hint("name an image, too: then it is made of that").into());
            }
        };
        if let Some(image) = &self.image {
            definition.image.clone_from(image);
        }
        definition.replicas = self.replicas.or(definition.replicas);
        if !self.ports.is_empty() {
            definition.ports.clone_from(&self.ports);
        }
        let faults = definition.faults();
        if faults.is_empty() {
            return Ok(definition);
        }
        let problem = |fault: super::definition::Fault| Problem {
            source: name.to_owned(),
            line: 0,
            column: 0,
            message: format!("{}: {}", fault.path.join("."), fault.message),
        };
        Err(wrong(faults.into_iter().map(problem).collect()))
    }
}

impl Desk<'_> {
    /// Enters a definition with this laid over it into the catalog; the definition, and how many rows were so already.
    ///
    /// # Errors
    /// As of [`Overlay::over`]; what fails later is in the report.
    pub fn lay_over(
        &self,
        found: &Found,
        name: &str,
        over: &Overlay,
        report: &mut Report,
    ) -> Result<(Definition, u64)> {
        let row = found.rows.iter().find(|row| row.name() == name);
        let definition = over.over(row, name)?;
        let plan = match row {
            Some(row) => rows::edit(row, definition.clone(), row.source.clone()),
            None => rows::add(&found.rows, vec![(definition.clone(), None)], found.states([name])?.as_ref()),
        };
        let unchanged = self.write(found, plan, report)?;
        Ok((definition, unchanged))
    }
}
