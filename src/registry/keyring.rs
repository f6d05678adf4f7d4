//! Which credentials are used for which service: those of docker's own config, or others that the config names and a
//! service's label asks for. A label can do no more than name them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use futures_util::future::join_all;
use serde_json::Value;

use super::{Credentials, Unresolved};
use crate::error::Error;

/// The label of a service that names its credentials; the last is gantry's.
pub const AUTH_LABELS: [&str; 3] = ["orca.update.auth", "orca.auth", "gantry.auth.config"];

/// An image, or a repository, and whose credentials go with the question.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    /// As a spec has it.
    pub name: String,
    /// A name under `registry.credentials`; none: docker's own config.
    pub entry: Option<String>,
}

impl Asked {
    /// With docker's own credentials.
    pub fn plain(name: &str) -> Self {
        Self { name: name.to_owned(), entry: None }
    }
}

/// The name of the credentials that these labels ask for; an empty one asks for docker's own.
pub fn entry_of(labels: &BTreeMap<String, String>) -> Option<String> {
    let named = AUTH_LABELS.iter().find_map(|key| labels.get(*key));
    named.filter(|name| !name.is_empty()).cloned()
}

/// The same of a whole spec.
pub fn entry_of_spec(spec: &Value) -> Option<String> {
    let named = AUTH_LABELS.iter().find_map(|key| spec.get("Labels")?.get(*key)?.as_str());
    named.filter(|name| !name.is_empty()).map(str::to_owned)
}

/// All credentials that there are.
#[derive(Debug, Default)]
pub struct Keyring {
    /// Of docker's own config.
    own: Credentials,
    /// By the name that labels have; or why they can't be used.
    named: BTreeMap<String, Result<Credentials, String>>,
}

impl Keyring {
    /// Those of this process's user, and those of the folders that `registry.credentials` names. One of these that is no
    /// good concerns only who asks for it.
    ///
    /// # Errors
    /// As [`Credentials::load`], of docker's own config.
    pub fn here(folders: &BTreeMap<String, PathBuf>) -> Result<Self, Error> {
        let load = |(name, folder): (&String, &PathBuf)| (name.clone(), Self::load(name, folder));
        Ok(Self { own: Credentials::here()?, named: folders.iter().map(load).collect() })
    }

    fn load(name: &str, folder: &std::path::Path) -> Result<Credentials, String> {
        if !folder.join("config.json").is_file() {
            // Docker's own may be missing. What somebody has named is meant to be there.
            return Err(format!("registry.credentials.{name}: `{}` has no config.json", folder.display()));
        }
        Credentials::load(folder).map_err(|error| format!("registry.credentials.{name}: {error}"))
    }

    /// Those of this name; none: docker's own.
    ///
    /// # Errors
    /// If there are none of that name, or they can't be read; others are never used in their place.
    pub fn of(&self, entry: Option<&str>) -> Result<&Credentials, String> {
        let Some(name) = entry else { return Ok(&self.own) };
        match self.named.get(name) {
            Some(credentials) => credentials.as_ref().map_err(Clone::clone),
            None => Err(unknown(name)),
        }
    }

    /// Asks about everything, each with its own credentials.
    pub(crate) async fn each<T>(
        &self,
        asked: &BTreeSet<Asked>,
        ask: impl AsyncFn(&Credentials, &BTreeSet<String>) -> BTreeMap<String, Result<T, Unresolved>>,
    ) -> BTreeMap<Asked, Result<T, String>> {
        let mut groups: BTreeMap<&Option<String>, BTreeSet<String>> = BTreeMap::new();
        for Asked { name, entry } in asked {
            groups.entry(entry).or_default().insert(name.clone());
        }
        let answers = groups.into_iter().map(async |(entry, names)| {
            let asked = |name: String| Asked { name, entry: entry.clone() };
            match self.of(entry.as_deref()) {
                Err(why) => names.into_iter().map(|name| (asked(name), Err(why.clone()))).collect::<Vec<_>>(),
                Ok(credentials) => {
                    let found = ask(credentials, &names).await.into_iter();
                    found.map(|(name, found)| (asked(name), found.map_err(|why| why.to_string()))).collect()
                }
            }
        });
        join_all(answers).await.into_iter().flatten().collect()
    }
}

/// What is said where a label names credentials that there are not.
pub(crate) fn unknown(name: &str) -> String {
    format!("its label names the credentials `{name}`, and registry.credentials of the config has none of that name")
}
