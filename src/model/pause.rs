//! Pauses: labels of the swarm itself (`Spec.Labels` in `GET /swarm`), which every manager has in `GET /info`.
//!
//! So a pause holds for every orca of the swarm, costs a pass no request, touches no service (whose previous spec would be
//! lost to a rollback), and is in every snapshot file. Measured on 20.10, 26.1 and 28.5: the labels of a swarm survive
//! `docker swarm update`, and can be removed to the last one.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The label of the whole swarm's pause; those of anchors have the name after it: `orca.pause.gitea_db`.
pub const LABEL: &str = "orca.pause";

/// What a pause's label says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Pause {
    /// The anchor that is paused; none: the whole swarm.
    #[serde(skip_deserializing)]
    pub anchor: Option<String>,
    /// Since when, RFC 3339; absent from a label that somebody else made.
    pub since: Option<String>,
    /// It ends by itself then, RFC 3339; none: when it is resumed.
    pub until: Option<String>,
    /// The node whose orca was told.
    pub by: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// The pauses of a swarm, ended ones too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pauses(Vec<Pause>);

/// The label of a pause.
pub fn label(anchor: Option<&str>) -> String {
    anchor.map_or_else(|| LABEL.to_owned(), |anchor| format!("{LABEL}.{anchor}"))
}

impl Pauses {
    /// Reads a swarm's labels.
    pub fn read(labels: &BTreeMap<String, String>) -> Self {
        let pause = |(key, value): (&String, &String)| {
            let anchor = key.strip_prefix(LABEL)?;
            let anchor = if anchor.is_empty() { None } else { Some(anchor.strip_prefix('.')?.to_owned()) };
            // What can't be read was meant as a pause all the same: to stop is the safe side.
            let said = serde_json::from_str::<Pause>(value).unwrap_or_default();
            Some(Pause { anchor, ..said })
        };
        Self(labels.iter().filter_map(pause).collect())
    }

    /// Those that are in force.
    pub fn at(&self, now: Timestamp) -> Vec<&Pause> {
        self.0.iter().filter(|pause| pause.holds(now)).collect()
    }

    /// Whether there is one of this anchor, in force or not.
    pub fn has(&self, anchor: &str) -> bool {
        self.0.iter().any(|pause| pause.anchor.as_deref() == Some(anchor))
    }

    /// That of the whole swarm, if it is in force.
    pub fn whole(&self, now: Timestamp) -> Option<&Pause> {
        self.0.iter().find(|pause| pause.anchor.is_none() && pause.holds(now))
    }

    /// What keeps orca from doing anything for this anchor: its own pause, or that of the whole swarm.
    pub fn anchor(&self, name: &str, now: Timestamp) -> Option<&Pause> {
        let own = self.0.iter().find(|pause| pause.anchor.as_deref() == Some(name) && pause.holds(now));
        self.whole(now).or(own)
    }
}

impl Pause {
    fn holds(&self, now: Timestamp) -> bool {
        // An end that can't be read is none.
        self.until.as_ref().and_then(|until| until.parse::<Timestamp>().ok()).is_none_or(|until| now < until)
    }

    /// In a few words, with what ends it: a reason in `blocked`, and a warning.
    pub fn words(&self) -> String {
        let what = self.anchor.as_ref().map_or_else(|| "orca".to_owned(), |anchor| format!("anchor `{anchor}`"));
        let part = |word: &str, said: &Option<String>| said.as_ref().map(|said| format!(" {word} {said}"));
        let parts = [part("since", &self.since), part("until", &self.until), part("by", &self.by)];
        let parts: String = parts.into_iter().flatten().collect();
        let why = self.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let argument = self.anchor.as_ref().map(|anchor| format!(" {anchor}")).unwrap_or_default();
        format!("paused: {what} is paused{parts}{why} (`orca resume{argument}` ends it)")
    }
}

#[cfg(test)]
mod tests;
