//! `update:`: which services get new images by themselves, and how.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Origin;
use super::de::Spanned;
use super::fragment::Span;
use super::problem::{Log, quoted};
use super::section::Section;
use super::show::span;
use crate::model::version::Follow;

/// Longer than any pass; sums of such durations don't overflow.
pub const LONGEST: Duration = Duration::from_secs(10 * 365 * 86_400);

/// `update:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// Only services that ask for it by their label, not all but those that ask to be left alone.
    pub opt_in: bool,
    /// An image must have been made so long ago; zero: any will do.
    pub min_age: Duration,
    /// A rollout that is not proven after this has failed.
    pub deadline: Duration,
    /// What has failed is rolled back.
    pub rollback: bool,
    /// So many services at a time.
    pub parallel: u32,
    /// Give services whose image has no digest one, which restarts their tasks once.
    pub pin: bool,
    /// Which tags a service follows.
    pub follow: Follow,
    /// Pre-releases are followed, too.
    pub prereleases: bool,
    /// Patterns of names of services that are left alone.
    pub exclude: Vec<String>,
}

impl Default for Update {
    fn default() -> Self {
        Self {
            opt_in: false,
            min_age: Duration::ZERO,
            deadline: Duration::from_secs(300),
            rollback: true,
            parallel: 1,
            pin: false,
            follow: Follow::Tag,
            prereleases: false,
            exclude: Vec::new(),
        }
    }
}

/// New images for services: `orca services update`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateEntry {
    /// `opt-out` (default): all services but those with the label `orca.update=false`; `opt-in`: only those with
    /// `orca.update=true`. What is named on the command line is updated in both.
    mode: Option<Spanned<String>>,
    /// Leave an image alone until it is so old, as `72h`; one whose age is not known, too. Default 0; label
    /// `orca.update.min-age`.
    min_age: Option<Spanned<Span>>,
    /// A rollout that is not proven after this has failed; default `5m`; label `orca.update.timeout`.
    deadline: Option<Spanned<Span>>,
    /// Roll back what has failed; default true; label `orca.update.rollback`.
    rollback: Option<Spanned<bool>>,
    /// Update so many services at a time; default 1.
    parallel: Option<Spanned<u32>>,
    /// Give services whose image has no digest one, which restarts their tasks once; default false.
    pin: Option<Spanned<bool>>,
    /// Which tags services follow: their own (`digest`, the default), or newer versions: `patch`, `minor`, `major`, or a
    /// range as `~1.4` or `>=2 <3`; label `orca.update.policy`.
    policy: Option<Spanned<String>>,
    /// Follow pre-releases, too; default false; label `orca.update.prereleases`.
    prereleases: Option<Spanned<bool>>,
    /// Services that are left alone, by name; `*` stands for any text, `?` for any one character.
    exclude: Option<Vec<Spanned<String>>>,
}

/// Lays what is written over what is built in.
pub(super) fn resolve(
    entry: Option<&UpdateEntry>,
    env: &BTreeMap<String, String>,
    origins: &mut BTreeMap<String, Origin>,
    log: &mut Log<'_>,
) -> Update {
    let mut update = Update::default();
    let none = UpdateEntry::default();
    let entry = entry.unwrap_or(&none);
    let mut section = Section { name: "update", env, origins, log };
    if let Some(mode) = &entry.mode {
        section.came_from("mode", mode);
        match mode.value.as_str() {
            "opt-in" => update.opt_in = true,
            "opt-out" => update.opt_in = false,
            other => {
                let text = format!("update.mode must be opt-in or opt-out, not {}", quoted(other));
                section.log.at(mode.mark, text);
            }
        }
    }
    section.span("min_age", entry.min_age.as_ref(), "", &mut update.min_age);
    section.span("deadline", entry.deadline.as_ref(), "", &mut update.deadline);
    let wrong = if update.deadline.is_zero() { Some("more than nothing") } else { None };
    let wrong = wrong.or((update.deadline > LONGEST).then_some("at most ten years"));
    if let Some((deadline, wrong)) = entry.deadline.as_ref().zip(wrong) {
        section.log.at(deadline.mark, format!("update.deadline must be {wrong}"));
    }
    section.flag("rollback", entry.rollback.as_ref(), "", &mut update.rollback);
    section.number("parallel", entry.parallel.as_ref(), "", &mut update.parallel);
    if let Some(parallel) = entry.parallel.as_ref().filter(|parallel| parallel.value == 0) {
        section.log.at(parallel.mark, "update.parallel must be at least 1, not 0");
    }
    section.flag("pin", entry.pin.as_ref(), "", &mut update.pin);
    if let Some(policy) = &entry.policy {
        section.came_from("policy", policy);
        match Follow::parse(&policy.value) {
            Ok(follow) => update.follow = follow,
            Err(why) => section.log.at(policy.mark, format!("update.policy: {} {why}", quoted(&policy.value))),
        }
    }
    section.flag("prereleases", entry.prereleases.as_ref(), "", &mut update.prereleases);
    section.patterns("exclude", entry.exclude.as_ref(), &mut update.exclude);
    update
}

impl Update {
    /// The section's effective values by key, as the file would have them.
    pub(super) fn shown(&self) -> Vec<(&'static str, Value)> {
        let mut shown = vec![
            ("mode", json!(if self.opt_in { "opt-in" } else { "opt-out" })),
            ("min_age", json!(span(self.min_age))),
            ("deadline", json!(span(self.deadline))),
            ("rollback", json!(self.rollback)),
            ("parallel", json!(self.parallel)),
            ("pin", json!(self.pin)),
            ("policy", json!(self.follow.to_string())),
            ("prereleases", json!(self.prereleases)),
        ];
        shown.extend((!self.exclude.is_empty()).then(|| ("exclude", json!(self.exclude))));
        shown
    }
}
