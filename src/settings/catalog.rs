//! `catalog:`: where definitions of services are, whose they are, and how far `orca catalog reconcile` may go.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Origin;
use super::de::Spanned;
use super::policy::env_text;
use super::problem::{Log, quoted};
use super::registry::is_host;
use super::section::Section;

/// `catalog:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog {
    /// The directory of definitions.
    pub definitions: Option<PathBuf>,
    /// The directory that build contexts lie in.
    pub projects: Option<PathBuf>,
    /// The registry that built images are pushed to, as `host:port`.
    pub registry: Option<String>,
    /// Who keeps these definitions.
    pub owner: String,
    /// `reconcile` deploys what is defined, too.
    pub deploy: bool,
    /// `reconcile` removes services from the swarm whose definition has gone, too.
    pub prune: bool,
    /// It deletes at most so many rows in one pass.
    pub max_deletes: u32,
}

impl Default for Catalog {
    fn default() -> Self {
        Self {
            definitions: None,
            projects: None,
            registry: None,
            owner: "orca".to_owned(),
            deploy: false,
            prune: false,
            max_deletes: 5,
        }
    }
}

/// Definitions of services: `orca catalog`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CatalogEntry {
    /// The directory of definitions, one YAML file a service; default `$DEFINITIONS_DIR`.
    definitions: Option<Spanned<String>>,
    /// The directory that build contexts lie in; default `$PROJECTS_DIR`.
    projects: Option<Spanned<String>>,
    /// The registry that built images are pushed to, as `host:port`; default `registry.default`.
    registry: Option<Spanned<String>>,
    /// Who keeps these definitions, so that several may share a cluster; default `orca`.
    owner: Option<Spanned<String>>,
    /// `orca catalog reconcile` deploys what is defined, too; default false.
    deploy: Option<Spanned<bool>>,
    /// With `deploy`: it removes services from the swarm whose definition has gone, too; default false.
    prune: Option<Spanned<bool>>,
    /// It deletes at most so many services in one pass; default 5.
    max_deletes: Option<Spanned<u32>>,
}

/// Checks what is written.
pub(super) fn resolve(
    entry: Option<&CatalogEntry>,
    env: &BTreeMap<String, String>,
    origins: &mut BTreeMap<String, Origin>,
    log: &mut Log<'_>,
) -> Catalog {
    let mut catalog = Catalog::default();
    let none = CatalogEntry::default();
    let entry = entry.unwrap_or(&none);
    let mut section = Section { name: "catalog", env, origins, log };
    catalog.definitions = dir(&mut section, "definitions", entry.definitions.as_ref(), "DEFINITIONS_DIR");
    catalog.projects = dir(&mut section, "projects", entry.projects.as_ref(), "PROJECTS_DIR");
    catalog.registry = section.word("registry", entry.registry.as_ref());
    if let Some(written) = entry.registry.as_ref().filter(|written| !is_host(&written.value)) {
        let text = format!("catalog.registry must be a registry as host:5000, not {}", quoted(&written.value));
        section.log.at(written.mark, text);
    }
    if let Some(owner) = section.word("owner", entry.owner.as_ref()) {
        catalog.owner = owner;
    }
    section.flag("deploy", entry.deploy.as_ref(), "", &mut catalog.deploy);
    section.flag("prune", entry.prune.as_ref(), "", &mut catalog.prune);
    if let Some(prune) = entry.prune.as_ref().filter(|prune| prune.value && !catalog.deploy) {
        section
            .log
            .at(prune.mark, "catalog.prune needs catalog.deploy: true: without it nothing of the swarm is changed");
    }
    section.number("max_deletes", entry.max_deletes.as_ref(), "", &mut catalog.max_deletes);
    catalog
}

fn dir(section: &mut Section<'_, '_>, key: &str, written: Option<&Spanned<String>>, variable: &str) -> Option<PathBuf> {
    if let Some(word) = section.word(key, written) {
        return Some(word.into());
    }
    let from_env = env_text(section.env, variable)?;
    section.came_from_env(key, variable);
    Some(from_env.into())
}

impl Catalog {
    /// The section's effective values by key, as the file would have them.
    pub(super) fn shown(&self) -> Vec<(&'static str, Value)> {
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| json!(path.display().to_string()));
        let optional = [
            ("definitions", path(&self.definitions)),
            ("projects", path(&self.projects)),
            ("registry", self.registry.as_ref().map(|registry| json!(registry))),
        ];
        let mut shown: Vec<_> = optional.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
        shown.extend([
            ("owner", json!(self.owner)),
            ("deploy", json!(self.deploy)),
            ("prune", json!(self.prune)),
            ("max_deletes", json!(self.max_deletes)),
        ]);
        shown
    }
}
