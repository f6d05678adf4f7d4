//! `update:`: which services get new images by themselves, and how.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Origin;
use super::de::Spanned;
use super::fragment::{Entries, Span};
use super::policy::duration;
use super::problem::{Log, quoted};
use super::section::Section;
use super::show::span;
use super::watch::zone;
use crate::model::version::Follow;
use crate::model::window::Window;

/// Longer than any pass; sums of such durations don't overflow.
pub const LONGEST: Duration = Duration::from_secs(10 * 365 * 86_400);

/// A hook that says nothing of it has so long.
const HOOK_TIMEOUT: Duration = Duration::from_secs(60);

/// `update:`.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// Only services that ask for it by their label, not all but those that ask to be left alone.
    pub opt_in: bool,
    /// An image must have been made so long ago; zero: any will do.
    pub min_age: Duration,
    /// A rollout that is not proven after this has failed.
    pub deadline: Duration,
    /// No rollout is begun so long after a run has begun.
    pub timeout: Duration,
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
    /// Of a stack all services get their images, or none does.
    pub atomic: bool,
    /// Images are brought to the nodes before any task is stopped.
    pub prepull: bool,
    /// What updates have replaced, and no service can go back to, is removed from the nodes.
    pub clean: bool,
    /// Jobs get new images, too, and run again with them.
    pub jobs: bool,
    /// When services are updated; none: at any time.
    pub window: Option<Window>,
    /// The time zone of windows that name none.
    pub zone: TimeZone,
    /// Programs that run before or after updates, by name. A service's labels can do no more than name them: whoever may
    /// write to services is not thereby allowed to run programs here.
    pub hooks: BTreeMap<String, Hook>,
    /// The hook before each update; if it fails, the service is left alone.
    pub pre: Option<String>,
    /// The hook after each update.
    pub post: Option<String>,
    /// Patterns of names of services that are left alone.
    pub exclude: Vec<String>,
}

/// A program that runs before or after an update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// Program and arguments.
    pub command: Vec<String>,
    /// It is ended after this, and has failed.
    pub timeout: Duration,
}

impl Default for Update {
    fn default() -> Self {
        Self {
            opt_in: false,
            min_age: Duration::ZERO,
            deadline: Duration::from_secs(300),
            timeout: Duration::from_secs(3600),
            rollback: true,
            parallel: 1,
            pin: false,
            follow: Follow::Tag,
            prereleases: false,
            atomic: false,
            prepull: false,
            clean: false,
            jobs: false,
            window: None,
            zone: TimeZone::UTC,
            hooks: BTreeMap::new(),
            pre: None,
            post: None,
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
    /// Begin no rollout so long after a run has begun, where --timeout says nothing; default `1h`. Other passes of the same
    /// `orca watch` wait for so long, and for the end of what was begun.
    timeout: Option<Spanned<Span>>,
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
    /// Of a stack update all services or none: where one fails, those updated in the same run go back; default false.
    atomic: Option<Spanned<bool>>,
    /// Bring each image to the nodes where it is to run before any task is stopped; default false.
    prepull: Option<Spanned<bool>>,
    /// Remove from all nodes what updates have replaced, once no service can go back to it; default false.
    clean: Option<Spanned<bool>>,
    /// Update jobs, too, which runs them again; default false; label `orca.update.jobs`.
    jobs: Option<Spanned<bool>>,
    /// Update only then, as `Mon-Fri 22:00-04:00; Sat,Sun 00:00-24:00`; default is always; labels `orca.update.window` and
    /// `orca.update.cron`.
    window: Option<Spanned<String>>,
    /// The time zone of windows, as `Europe/Berlin`; default `$TZ`, else UTC.
    tz: Option<Spanned<String>>,
    /// Programs that may run before or after updates, by name. Labels can only name them.
    hooks: Option<Entries<HookEntry>>,
    /// The hook before each update; if it fails, the service is left alone; label `orca.update.pre`.
    pre: Option<Spanned<String>>,
    /// The hook after each update, however it ended; label `orca.update.post`.
    post: Option<Spanned<String>>,
    /// Services that are left alone, by name; `*` stands for any text, `?` for any one character.
    exclude: Option<Vec<Spanned<String>>>,
}

/// A program before or after an update. It finds in its environment what it is about: `$ORCA_SERVICE`, `$ORCA_IMAGE`, ...
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct HookEntry {
    /// Program and arguments; no shell reads them.
    command: Option<Vec<Spanned<String>>>,
    /// End it after this, as failed; default `1m`.
    timeout: Option<Spanned<Span>>,
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
    section.span("timeout", entry.timeout.as_ref(), "", &mut update.timeout);
    if let Some(timeout) = entry.timeout.as_ref().filter(|_| update.timeout.is_zero() || update.timeout > LONGEST) {
        section.log.at(timeout.mark, "update.timeout must be more than nothing, and at most ten years");
    }
    section.flag("rollback", entry.rollback.as_ref(), "", &mut update.rollback);
    section.number("parallel", entry.parallel.as_ref(), "", &mut update.parallel);
    if let Some(parallel) = entry.parallel.as_ref().filter(|parallel| parallel.value == 0) {
        section.log.at(parallel.mark, "update.parallel must be at least 1, not 0");
    }
    section.flag("pin", entry.pin.as_ref(), "", &mut update.pin);
    gates(entry, &mut update, &mut section);
    section.patterns("exclude", entry.exclude.as_ref(), &mut update.exclude);
    update
}

/// Which tags, when, and with what before and after.
fn gates(entry: &UpdateEntry, update: &mut Update, section: &mut Section<'_, '_>) {
    if let Some(policy) = &entry.policy {
        section.came_from("policy", policy);
        match Follow::parse(&policy.value) {
            Ok(follow) => update.follow = follow,
            Err(why) => section.log.at(policy.mark, format!("update.policy: {} {why}", quoted(&policy.value))),
        }
    }
    section.flag("prereleases", entry.prereleases.as_ref(), "", &mut update.prereleases);
    section.flag("atomic", entry.atomic.as_ref(), "", &mut update.atomic);
    section.flag("prepull", entry.prepull.as_ref(), "", &mut update.prepull);
    section.flag("clean", entry.clean.as_ref(), "", &mut update.clean);
    section.flag("jobs", entry.jobs.as_ref(), "", &mut update.jobs);
    update.zone = zone("update", entry.tz.as_ref(), section);
    entry.tz.iter().for_each(|tz| section.came_from("tz", tz));
    if let Some(window) = &entry.window {
        section.came_from("window", window);
        match Window::parse(&window.value, &update.zone) {
            Ok(read) => update.window = Some(read),
            Err(why) => section.log.at(window.mark, format!("update.window {why}")),
        }
    }
    for (name, hook) in entry.hooks.iter().flat_map(|hooks| &hooks.0) {
        section.came_from(&format!("hooks.{}", name.value), name);
        let hook = read_hook(name, hook, section);
        update.hooks.insert(name.value.clone(), hook);
    }
    update.pre = named("pre", entry.pre.as_ref(), &update.hooks, section);
    update.post = named("post", entry.post.as_ref(), &update.hooks, section);
}

fn read_hook(name: &Spanned<String>, entry: &HookEntry, section: &mut Section<'_, '_>) -> Hook {
    let path = format!("update.hooks.{}", name.value);
    let written = entry.command.as_deref().unwrap_or_default();
    if written.first().is_none_or(|program| program.value.trim().is_empty()) {
        let mark = written.first().map_or(name.mark, |program| program.mark);
        section.log.at(mark, format!("{path}.command must name a program"));
    }
    let span = entry.timeout.as_ref();
    let timeout = span.and_then(|span| duration(span, &format!("{path}.timeout"), section.log)).unwrap_or(HOOK_TIMEOUT);
    if let Some(span) = span.filter(|_| timeout.is_zero() || timeout > LONGEST) {
        section.log.at(span.mark, format!("{path}.timeout must be more than nothing, and at most ten years"));
    }
    Hook { command: written.iter().map(|word| word.value.clone()).collect(), timeout }
}

/// The name of a hook that there is.
fn named(
    key: &str,
    written: Option<&Spanned<String>>,
    hooks: &BTreeMap<String, Hook>,
    section: &mut Section<'_, '_>,
) -> Option<String> {
    let written = written?;
    section.came_from(key, written);
    if !hooks.contains_key(&written.value) {
        let text = format!("update.{key}: there is no hook {} under update.hooks", quoted(&written.value));
        section.log.at(written.mark, text);
    }
    Some(written.value.clone())
}

impl Update {
    /// The section's effective values by key, as the file would have them.
    pub(super) fn shown(&self) -> Vec<(&'static str, Value)> {
        let mut shown = vec![
            ("mode", json!(if self.opt_in { "opt-in" } else { "opt-out" })),
            ("min_age", json!(span(self.min_age))),
            ("deadline", json!(span(self.deadline))),
            ("timeout", json!(span(self.timeout))),
            ("rollback", json!(self.rollback)),
            ("parallel", json!(self.parallel)),
            ("pin", json!(self.pin)),
            ("policy", json!(self.follow.to_string())),
            ("prereleases", json!(self.prereleases)),
            ("atomic", json!(self.atomic)),
            ("prepull", json!(self.prepull)),
            ("clean", json!(self.clean)),
            ("jobs", json!(self.jobs)),
        ];
        shown.extend(self.window.as_ref().map(|window| ("window", json!(window.text()))));
        shown.push(("tz", json!(self.zone.iana_name().unwrap_or("UTC"))));
        shown.extend(self.pre.as_ref().map(|name| ("pre", json!(name))));
        shown.extend(self.post.as_ref().map(|name| ("post", json!(name))));
        shown.extend((!self.exclude.is_empty()).then(|| ("exclude", json!(self.exclude))));
        shown
    }
}

impl Hook {
    /// As the file would have it. Arguments may be secret.
    pub(super) fn shown(&self) -> Vec<(&'static str, Value)> {
        let hide = |(at, word)| if at == 0 { word } else { crate::redact::REDACTED };
        let command: Vec<&str> = self.command.iter().map(String::as_str).enumerate().map(hide).collect();
        vec![("command", json!(command)), ("timeout", json!(span(self.timeout)))]
    }
}
