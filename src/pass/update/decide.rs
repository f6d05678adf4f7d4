//! What becomes of one service: nothing, another image, or a refusal with its reasons.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use crate::engine::edit::moving::RESTORE_LABEL;
use crate::model::service::STACK_LABEL;
use crate::model::stock::age;
use crate::model::window::{Opening, Window};
use crate::model::{Mode, Service, ServiceId, UpdateState};
use crate::pass::memory::{Memory, UpdatedService};
use crate::pass::order::CHANGED;
use crate::pass::words::spoken;
use crate::registry::Resolved;
use crate::registry::keyring::unknown;
use crate::settings::Hook;

use super::Request;
use super::policy;
use super::select::Candidate;

/// After each try that nobody saw to its end, so much longer is waited for the next one,
const BACKOFF: Duration = Duration::from_secs(300);
/// up to this.
const LONGEST: Duration = Duration::from_secs(3600);

/// The clocks of managers and of orca's host may differ by so much.
const CLOCKS: Duration = Duration::from_secs(60);

/// What to do about a rollout that has stopped.
const LOOK: &str = "look with `orca services ps --all`, then `orca services rollback` it or update it by hand";

/// The closed list of reasons why a service keeps its image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// No registry says what its tag stands for.
    Unresolved,
    /// It names credentials that the config doesn't.
    Auth,
    /// Its policy says nothing of its tag.
    Policy,
    /// The image is younger than it has to be.
    TooYoung,
    /// Nobody knows how old it is.
    UnknownAge,
    /// Its maintenance window is closed.
    Window,
    /// It names a hook that there is not.
    Hook,
    /// It was tried, and failed.
    FailedBefore,
    /// It was tried, and nobody saw how that ended.
    BackingOff,
    /// The service's label says that it is to be left alone.
    OptedOut,
    /// The service's label says that updates are only to be told of.
    Monitor,
    /// Another service of its stack can't have its image.
    Stack,
    /// A rollout is under way.
    Busy,
    /// A rollout has stopped, and waits for somebody.
    Paused,
    /// A move of a task has not ended.
    Moving,
    /// It is not as it should be already, without the new image.
    NotSettled,
    /// One of its tasks is on a node that is gone.
    NodeGone,
    /// A write could crash the managers.
    NoPlacement,
    /// It is a job: a new image would run it again.
    Job,
    /// It is another one than the one that was seen.
    Stale,
}

impl Reason {
    /// The stable word for it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unresolved => "unresolved",
            Self::Auth => "auth",
            Self::Policy => "policy",
            Self::TooYoung => "too_young",
            Self::UnknownAge => "unknown_age",
            Self::Window => "window",
            Self::Hook => "hook",
            Self::FailedBefore => "failed_before",
            Self::BackingOff => "backing_off",
            Self::OptedOut => "opted_out",
            Self::Monitor => "monitor",
            Self::Stack => "stack",
            Self::Busy => "busy",
            Self::Paused => "paused",
            Self::Moving => "moving",
            Self::NotSettled => "not_settled",
            Self::NodeGone => "node_gone",
            Self::NoPlacement => "no_placement",
            Self::Job => "job",
            Self::Stale => "stale",
        }
    }
}

/// What becomes of a service.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict<'k> {
    /// It has the image that its tag stands for.
    Unchanged,
    /// The same, and nobody saw how its rollout ended: it is watched again.
    Unseen(&'k Resolved),
    /// Its spec names a digest alone: there is nothing to follow.
    Fixed,
    /// Its spec has no digest, so nobody knows whether this image is another one.
    Unpinned(&'k Resolved),
    /// There is another image, which it does not want.
    Told(&'k Resolved),
    /// It is a job: a new image would run it again.
    Job,
    /// Its label says that it is left alone.
    Left,
    /// It gets this image.
    Update(&'k Resolved),
    /// It keeps its image.
    Blocked(Option<&'k Resolved>, Vec<(Reason, String)>),
}

/// What is decided on, the same for all services.
#[derive(Debug)]
pub struct Scene<'k> {
    /// What was asked for, and what the registries say.
    pub request: &'k Request,
    /// Services without a digest are given one.
    pub pin: bool,
    /// Credentials that labels may name.
    pub credentials: &'k BTreeMap<String, PathBuf>,
    /// What may run before and after.
    pub hooks: &'k BTreeMap<String, Hook>,
    /// What was tried.
    pub memory: &'k Memory,
    /// When the cluster was looked at.
    pub now: Timestamp,
    /// Services that are not as they should be, and in what.
    pub unsettled: BTreeMap<&'k ServiceId, String>,
    /// Services whose rollout the engine has paused since their tasks ended, as they are meant to.
    pub ended_early: BTreeSet<&'k ServiceId>,
    /// Jobs that run now.
    pub running_jobs: BTreeSet<&'k ServiceId>,
    /// Services with a task on a node that is gone: the update of one may crash old managers.
    pub on_gone_nodes: BTreeSet<&'k ServiceId>,
}

/// Decides.
pub fn decide<'k>(candidate: &Candidate<'_>, scene: &Scene<'k>) -> Verdict<'k> {
    let Scene { request, pin, memory, now, .. } = scene;
    let (service, named) = (candidate.service, request.named);
    let blocked = |reason, text: &str| Verdict::Blocked(None, vec![(reason, text.to_owned())]);
    if request.seen.is_some_and(|seen| seen != service.version) {
        return blocked(Reason::Stale, CHANGED);
    }
    if candidate.image.is_none() {
        return Verdict::Fixed;
    }
    if service.mode == Mode::Job && !candidate.policy.jobs {
        let text = "it is a job, and a new image runs it again: --jobs, or its label orca.update.jobs=true, wants that";
        return if named { blocked(Reason::Job, text) } else { Verdict::Job };
    }
    if candidate.policy.mode.is_off() {
        let text = match candidate.policy.mode {
            policy::Mode::Unclear => "what its labels say can't be read: change them to have it updated",
            _ => "its label says that it is left alone: change the label to have it updated",
        };
        return if named { blocked(Reason::OptedOut, text) } else { Verdict::Left };
    }
    if let Some(name) = candidate.policy.auth.as_ref().filter(|name| !scene.credentials.contains_key(*name)) {
        return blocked(Reason::Auth, &unknown(name));
    }
    let image = match &candidate.wanted {
        Ok(Some(image)) => image,
        Ok(None) => return Verdict::Fixed,
        Err((reason, text)) => return blocked(*reason, text),
    };
    let known = match request.images.get(&candidate.asked(image)) {
        Some(Ok(known)) => known,
        Some(Err(why)) => return blocked(Reason::Unresolved, &format!("`{image}`: {why}")),
        None => return blocked(Reason::Unresolved, &format!("`{image}`: no registry was asked")),
    };
    match &candidate.digest {
        Some(digest) if *digest == known.digest => {
            return unfinished(service, known, scene);
        }
        None if !*pin && candidate.image.as_ref() == Some(image) => return Verdict::Unpinned(known),
        _ => {}
    }
    if candidate.policy.mode == policy::Mode::Monitor {
        let text = format!("its label {}=monitor says that updates are only to be told of", policy::LABEL);
        let reasons = vec![(Reason::Monitor, text)];
        return if named { Verdict::Blocked(Some(known), reasons) } else { Verdict::Told(known) };
    }
    let mut reasons = untouchable(service, scene);
    // What ails it already would be laid at the new image's door. Who names it may know that the image is the cure.
    if let Some(text) = scene.unsettled.get(&service.id).filter(|_| reasons.is_empty() && !named) {
        reasons
            .push((Reason::NotSettled, format!("{text}: mend that first, or name it to have it updated all the same")));
    }
    if scene.running_jobs.contains(&service.id) {
        reasons.push((Reason::Busy, "it is a job that runs: run again when it has ended".to_owned()));
    }
    if scene.on_gone_nodes.contains(&service.id) {
        let text = "one of its tasks is on a node that is gone: an update now could crash old managers";
        reasons.push((Reason::NodeGone, text.to_owned()));
    }
    reasons.extend(too_young(known, candidate.policy.min_age, *now));
    reasons.extend(closed(candidate.policy.window.as_ref().filter(|_| !request.now), *now));
    reasons.extend(missing_hooks(&candidate.policy, scene.hooks));
    let tried = memory.updates.get(&service.id).filter(|tried| tried.digest == known.digest);
    reasons.extend(tried.and_then(|tried| tried_before(tried, service, request, *now)));
    if reasons.is_empty() { Verdict::Update(known) } else { Verdict::Blocked(Some(known), reasons) }
}

/// Where one service of a stack can't have its image, no other gets one: `--atomic`.
pub fn all_or_none(candidates: &[Candidate<'_>], verdicts: &mut [Verdict<'_>]) {
    // These were never to have one.
    let left_out = |reason: Reason| matches!(reason, Reason::OptedOut | Reason::Monitor | Reason::Job);
    let mut blocked: BTreeMap<String, String> = BTreeMap::new();
    for (candidate, verdict) in candidates.iter().zip(&*verdicts) {
        let (Some(stack), Verdict::Blocked(_, reasons)) = (candidate.labels.get(STACK_LABEL), verdict) else {
            continue;
        };
        if let Some((_, text)) = reasons.iter().find(|(reason, _)| !left_out(*reason)) {
            let name = &candidate.service.name;
            let text = format!("`{name}` of its stack can't be updated ({text}), and --atomic wants all or none");
            blocked.entry(stack.clone()).or_insert(text);
        }
    }
    for (candidate, verdict) in candidates.iter().zip(verdicts) {
        let text = candidate.labels.get(STACK_LABEL).and_then(|stack| blocked.get(stack));
        if let (Some(text), Verdict::Update(known)) = (text, &*verdict) {
            *verdict = Verdict::Blocked(Some(known), vec![(Reason::Stack, text.clone())]);
        }
    }
}

/// Of a service that has the newest image: whether that is all there is to say.
fn unfinished<'k>(service: &Service, known: &'k Resolved, scene: &Scene<'_>) -> Verdict<'k> {
    let tried = scene.memory.updates.get(&service.id).filter(|tried| tried.digest == known.digest);
    if tried.is_some_and(|tried| tried.failed.is_none()) {
        return Verdict::Unseen(known);
    }
    if let Some(stuck) = stuck(service, scene) {
        return Verdict::Blocked(
            Some(known),
            vec![(Reason::Paused, format!("it has this image, but {stuck}: {LOOK}"))],
        );
    }
    let error = tried.and_then(|tried| tried.failed.as_ref());
    let Some((error, unsettled)) = error.zip(scene.unsettled.get(&service.id)) else { return Verdict::Unchanged };
    let text = format!("it has this image, and it failed ({error}); {unsettled}: {LOOK}");
    Verdict::Blocked(Some(known), vec![(Reason::FailedBefore, text)])
}

fn stuck(service: &Service, scene: &Scene<'_>) -> Option<&'static str> {
    service.update.and_then(UpdateState::stuck).filter(|_| !scene.ended_early.contains(&service.id))
}

fn untouchable(service: &Service, scene: &Scene<'_>) -> Vec<(Reason, String)> {
    let mut reasons = Vec::new();
    if let Some(busy) = service.update.and_then(UpdateState::under_way) {
        reasons.push((Reason::Busy, format!("{busy}: run again when it has ended")));
    }
    if let Some(stuck) = stuck(service, scene) {
        reasons.push((Reason::Paused, format!("{stuck}: {LOOK}")));
    }
    if service.trace.is_some() {
        let text = format!("a move of a task has left its label {RESTORE_LABEL}: see `orca rebalance recover`");
        reasons.push((Reason::Moving, text));
    }
    if !service.has_placement {
        let text = "its spec has no Placement, and a write could crash the managers: update it once by the docker CLI";
        reasons.push((Reason::NoPlacement, text.to_owned()));
    }
    reasons
}

fn too_young(known: &Resolved, min_age: Duration, now: Timestamp) -> Option<(Reason, String)> {
    if min_age.is_zero() {
        return None;
    }
    let Some(created) = known.created else {
        let text = format!("nobody knows how old it is, and it must be {} old", spoken(min_age));
        return Some((Reason::UnknownAge, text));
    };
    let old = age(created, now);
    let text = || {
        let left = spoken(min_age.saturating_sub(old));
        format!("it is {} old, and must be {} old: {left} from now", spoken(old), spoken(min_age))
    };
    (old < min_age).then(|| (Reason::TooYoung, text()))
}

fn closed(window: Option<&Window>, now: Timestamp) -> Option<(Reason, String)> {
    let window = window?;
    let text = window.text();
    let text = match window.opening(now) {
        Opening::Open => return None,
        Opening::At(opens) => {
            let left = spoken(age(now, opens.timestamp()));
            let zone = opens.time_zone().iana_name().unwrap_or("UTC").to_owned();
            let opens = opens.strftime("%a %Y-%m-%d %H:%M");
            format!("its window `{text}` opens {opens} {zone}, {left} from now, or with --now")
        }
        Opening::Never => format!("its window `{text}` never opens: change it, or use --now"),
    };
    Some((Reason::Window, text))
}

/// What a label can name is what the config has: a label alone runs nothing.
fn missing_hooks<'p>(
    policy: &'p policy::Policy,
    hooks: &'p BTreeMap<String, Hook>,
) -> impl Iterator<Item = (Reason, String)> + 'p {
    let named = [("before", &policy.pre), ("after", &policy.post)].into_iter();
    let missing =
        named.filter_map(|(when, name)| Some((when, name.as_ref().filter(|name| !hooks.contains_key(*name))?)));
    missing.map(|(when, name)| {
        let text = format!(
            "the hook `{name}` is to run {when} its update, and update.hooks of the config has none of that name"
        );
        (Reason::Hook, text)
    })
}

/// Why a try that nobody saw to its end has failed, if it was rolled back: by the engine, by a person, or by an orca that
/// was killed right after. Who did is not known, since the engine says the same of all of them.
pub fn rolled_back(service: &Service, tried: &UpdatedService) -> Option<String> {
    let back = service.update == Some(UpdateState::RollbackCompleted) && !service.image.ends_with(&tried.digest);
    // What the engine says may be of another rollout, before this one.
    let after = age(service.update_started?, tried.last?) <= CLOCKS;
    let said = if service.message.is_empty() { "no reason" } else { &service.message };
    let text = || format!("it was rolled back while no orca watched it; the engine says: {said}");
    (tried.failed.is_none() && back && after).then(text)
}

fn tried_before(
    tried: &UpdatedService,
    service: &Service,
    request: &Request,
    now: Timestamp,
) -> Option<(Reason, String)> {
    let since = tried.last.map_or(Duration::MAX, |last| age(last, now));
    let error = tried.failed.clone().or_else(|| rolled_back(service, tried));
    if let Some(error) = error.filter(|_| !request.retry_failed) {
        let ago = tried.last.map(|_| format!(" {} ago", spoken(since))).unwrap_or_default();
        let text = format!("it failed{ago} ({error}); it is tried again when the tag changes, or with --retry-failed");
        return Some((Reason::FailedBefore, text));
    }
    let wait = backoff(tried.tries);
    let waits = since < wait && !request.retry_failed;
    let text = || {
        let left = spoken(wait.saturating_sub(since));
        format!(
            "it was tried {} ago, and how that ended is not known: again in {left}, or with --retry-failed",
            spoken(since)
        )
    };
    waits.then(|| (Reason::BackingOff, text()))
}

/// How long to wait after so many tries.
pub fn backoff(tries: u32) -> Duration {
    BACKOFF.saturating_mul(tries).min(LONGEST)
}
