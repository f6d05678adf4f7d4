//! What lies on one node: containers, images, volumes, networks and build cache, as its engine lists them.

mod listing;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use super::{Reference, or_default, timestamp};

pub use listing::{ContainerView, DiskUse};

/// Containers that an engine's swarm tasks run in carry the task's id under this label.
pub const TASK_LABEL: &str = "com.docker.swarm.task.id";
/// The label by which anything is kept: `orca.gc=keep`.
const KEEP: (&str, &str) = ("orca.gc", "keep");

/// Whether these labels pin their object.
pub fn pinned(labels: &BTreeMap<String, String>) -> bool {
    labels.get(KEEP.0).is_some_and(|value| value == KEEP.1)
}

/// A container.
#[derive(Debug, Clone, Default)]
pub struct Container {
    /// Container id.
    pub id: String,
    /// Its name, without the slash.
    pub name: String,
    /// Id of its image.
    pub image: String,
    /// What it was made from, as the user named it.
    pub image_name: String,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// `created`, `running`, `exited`, `dead`, ...
    pub state: String,
    /// The engine's own words, as `Exited (0) 3 hours ago`.
    pub status: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Bytes that it has written.
    pub bytes: u64,
    /// Names of the volumes that it has.
    pub volumes: BTreeSet<String>,
    /// Names and ids of the networks that it is in.
    pub networks: BTreeSet<String>,
}

impl Container {
    /// Neither runs nor will by itself.
    pub fn stopped(&self) -> bool {
        matches!(self.state.as_str(), "created" | "exited" | "dead")
    }

    /// The swarm task that it belongs to.
    pub fn task(&self) -> Option<&str> {
        self.labels.get(TASK_LABEL).map(String::as_str).filter(|id| !id.is_empty())
    }

    /// How long it has been stopped, at least: the engine's lists tell that in round words only, and when it was made.
    pub fn stopped_for(&self, now: Timestamp) -> Duration {
        match self.status.strip_prefix("Exited").and_then(|rest| rest.split_once(") ")) {
            Some((_, ago)) => at_least(ago.trim_end_matches(" ago")),
            None => self.created.map(|created| age(created, now)).unwrap_or_default(),
        }
    }
}

/// Time passed since `then`; none if that lies in the future.
pub fn age(then: Timestamp, now: Timestamp) -> Duration {
    now.duration_since(then).try_into().unwrap_or_default()
}

/// The least that the engine can mean by `3 hours` (docker/go-units rounds hours to the nearest, the rest down).
fn at_least(words: &str) -> Duration {
    const HOUR: u64 = 3600;
    let secs = match words {
        "About a minute" => 60,
        "About an hour" => HOUR,
        _ => {
            let Some((number, unit)) = words.split_once(' ') else { return Duration::ZERO };
            let Ok(number) = number.parse::<u64>() else { return Duration::ZERO };
            let hours = match unit.trim_end_matches('s') {
                "second" => return Duration::from_secs(number),
                "minute" => return Duration::from_secs(number * 60),
                "hour" => number,
                "day" => number * 24,
                "week" => number * 24 * 7,
                "month" => number * 24 * 30,
                "year" => number * 24 * 365,
                _ => return Duration::ZERO,
            };
            (hours * HOUR).saturating_sub(HOUR / 2)
        }
    };
    Duration::from_secs(secs)
}

/// An image.
#[derive(Debug, Clone, Default)]
pub struct Image {
    /// `sha256:...`.
    pub id: String,
    /// `name:tag`, without `<none>`.
    pub tags: Vec<String>,
    /// `name@sha256:...`, without `<none>`.
    pub digests: Vec<String>,
    /// Id of the image that it was built on, where it was built on this node.
    pub parent: String,
    /// When it was built (not when it came here).
    pub built: Option<Timestamp>,
    /// Bytes that no other image shares.
    pub bytes: u64,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}

impl Image {
    /// The name that people know it by: its first tag, else its first digest, else its short id.
    pub fn name(&self) -> &str {
        let named = self.tags.first().or(self.digests.first());
        let id = self.id.strip_prefix("sha256:").unwrap_or(&self.id);
        named.map_or(id.get(..12).unwrap_or(id), String::as_str)
    }

    /// The repositories that it belongs to.
    pub fn repositories(&self) -> BTreeSet<String> {
        self.tags.iter().chain(&self.digests).map(|name| Reference::parse(name).repository).collect()
    }
}

/// A volume.
#[derive(Debug, Clone, Default)]
pub struct Volume {
    /// Its name.
    pub name: String,
    /// `local`, or a plugin.
    pub driver: String,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its size; unknown where the engine can't tell.
    pub bytes: Option<u64>,
    /// Containers that the engine counts on it.
    pub users: u64,
}

impl Volume {
    /// Nobody gave it a name. Engines before 23 don't label such volumes; their names are 64 hexadecimal digits.
    pub fn anonymous(&self) -> bool {
        let made_up = self.name.len() == 64 && self.name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        made_up || self.labels.contains_key("com.docker.volume.anonymous")
    }
}

/// A network of this node.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Network {
    /// Network id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// When it was made.
    #[serde(deserialize_with = "timestamp")]
    pub created: Option<Timestamp>,
    /// `local` or `swarm`.
    pub scope: String,
    /// It only holds settings for others.
    pub config_only: bool,
    /// The routing mesh.
    pub ingress: bool,
    /// Its labels.
    #[serde(deserialize_with = "or_default")]
    pub labels: BTreeMap<String, String>,
}

impl Network {
    /// The engine's own, or the cluster's.
    pub fn not_of_this_node(&self) -> bool {
        let own = matches!(self.name.as_str(), "bridge" | "host" | "none" | "docker_gwbridge");
        own || self.scope != "local" || self.config_only || self.ingress
    }
}

/// One record of the build cache.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CacheRecord {
    /// A build uses it now.
    pub in_use: bool,
    /// Images share its layers.
    pub shared: bool,
    /// Bytes.
    pub size: u64,
    /// When it was made.
    #[serde(deserialize_with = "timestamp")]
    pub created_at: Option<Timestamp>,
    /// When it was used last.
    #[serde(deserialize_with = "timestamp")]
    pub last_used_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engines_words_are_taken_at_their_least() {
        for (words, seconds) in [
            ("Less than a second", 0),
            ("1 second", 1),
            ("59 seconds", 59),
            ("About a minute", 60),
            ("12 minutes", 720),
            ("About an hour", 3600),
            ("3 hours", 9000),
            ("2 days", 171_000),
            ("5 weeks", 3_022_200),
            ("a while", 0),
            ("99999999999999999999 years", 0),
        ] {
            assert_eq!(at_least(words), Duration::from_secs(seconds), "{words}");
        }
        let exited = Container { status: "Exited (137) 4 hours ago".to_owned(), ..Container::default() };
        assert_eq!(exited.stopped_for(Timestamp::UNIX_EPOCH), Duration::from_secs(12_600));
    }
}
