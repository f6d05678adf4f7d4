//! `orca services update`, planned: which services get which image, in which order, and which don't and why.
//!
//! What the registries say is part of what it is planned on; nothing here asks them.

pub mod clean;
pub mod decide;
pub mod lint;
mod order;
pub mod policy;
pub mod prove;
pub mod select;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::model::service::STACK_LABEL;
use crate::model::stock::age;
use crate::model::{Mode, Rollout, Service, ServiceId};
use crate::pass::memory::{Memory, UPDATE};
use crate::pass::services::standing;
use crate::pass::words::spoken;
use crate::plan::{Action, Blocked, Change, Plan, Target, Warning};
use crate::registry::{Asked, Auths, Resolved};
use crate::settings::Settings;
use crate::snapshot::Snapshot;

use decide::{Scene, Verdict, decide};
use select::{Candidate, select};

/// The key of `data` that has what was decided for each service.
pub const DATA: &str = "updates";
/// The verdict on a service that has its image by now, and whose rollout nobody saw to its end.
pub const WATCH: &str = "watch";

/// What was asked for, and what the registries say.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// Only these services; none: all.
    pub within: Option<BTreeSet<ServiceId>>,
    /// A person has named each of them.
    pub named: bool,
    /// The version of the one that was named, as whoever asks has seen it: another one by then keeps its image.
    pub seen: Option<u64>,
    /// Only services that have all of these labels, each with this value if one is given.
    pub labels: Vec<(String, Option<String>)>,
    /// Patterns of names of services that are left alone.
    pub exclude: Vec<String>,
    /// Give services whose image has no digest one.
    pub pin: bool,
    /// Jobs, too, which run again with the new image.
    pub jobs: bool,
    /// Whatever windows say.
    pub now: bool,
    /// Try again what has failed.
    pub retry_failed: bool,
    /// In place of what settings and labels say.
    pub min_age: Option<Duration>,
    /// In place of what settings and labels say.
    pub deadline: Option<Duration>,
    /// Of a stack all services get their images, or none does.
    pub atomic: bool,
    /// Nothing is rolled back, whatever settings and labels say.
    pub no_rollback: bool,
    /// By repository, as in a spec: its tags, where a policy asks for them, or why they are not known.
    pub tags: BTreeMap<Asked, Result<Vec<String>, String>>,
    /// By image, as in a spec without digest: what the registry says of it, or why that is not known.
    pub images: BTreeMap<Asked, Result<Resolved, String>>,
    /// For the registries.
    pub auths: Auths,
}

/// Plans.
pub fn plan(cluster: &Snapshot, settings: &Settings, request: &Request, memory: &Memory, now: Timestamp) -> Plan {
    let mut plan = Plan::default();
    let candidates = select(cluster, settings, request);
    let scene = Scene {
        request,
        pin: request.pin || settings.update.pin,
        hooks: &settings.update.hooks,
        credentials: &settings.registry.credentials,
        memory,
        now,
        unsettled: unsettled(cluster),
        ended_early: ended_early(cluster),
        running_jobs: running_jobs(cluster),
        on_gone_nodes: cluster.on_gone_nodes(),
    };
    let mut verdicts: Vec<Verdict<'_>> = candidates.iter().map(|candidate| decide(candidate, &scene)).collect();
    if request.atomic {
        decide::all_or_none(&candidates, &mut verdicts);
    }
    let mut entries = Vec::new();
    for (candidate, verdict) in candidates.iter().zip(&verdicts) {
        let name = &candidate.service.name;
        plan.warnings.extend(candidate.wrong.iter().map(|text| Warning::new("label", format!("`{name}`: {text}"))));
        note(candidate, verdict, &mut plan);
        entries.extend(entry(candidate, verdict, now));
    }
    let chosen: Vec<(&Candidate<'_>, &Resolved)> = candidates
        .iter()
        .zip(&verdicts)
        .filter_map(|(candidate, verdict)| match verdict {
            Verdict::Update(known) => Some((candidate, *known)),
            _ => None,
        })
        .collect();
    let updated: Vec<&Candidate<'_>> = chosen.iter().map(|(candidate, _)| *candidate).collect();
    let (ordered, cycles) = order::order(&updated, cluster, settings);
    plan.warnings.extend(cycles.into_iter().map(|text| Warning::new("depends_on", text)));
    let actions: Vec<Action> = chosen.iter().map(|(candidate, known)| action(candidate, known, now)).collect();
    for (at, needs) in ordered {
        let ids = needs.into_iter().map(|need| actions[need].id.clone()).collect();
        plan.actions.push(actions[at].clone().after(ids));
    }
    plan.data.insert(DATA.to_owned(), entries.into());
    plan
}

/// Services that are not as they should be. Where that can't be read, none is known to be.
fn unsettled(cluster: &Snapshot) -> BTreeMap<&ServiceId, String> {
    match standing::all(cluster) {
        Ok(all) => {
            all.iter().filter_map(|one| Some((&one.service.id, one.unsettled().or_else(|| one.endless())?))).collect()
        }
        Err(error) => {
            let text = |service: &Service| format!("`{}`: the engine's objects can't be read: {error}", service.name);
            cluster.services.iter().map(|service| (&service.id, text(service))).collect()
        }
    }
}

/// Services whose rollout the engine has paused since their tasks ended, as they are meant to.
fn ended_early(cluster: &Snapshot) -> BTreeSet<&ServiceId> {
    let all = standing::all(cluster).unwrap_or_default();
    all.iter().filter(|one| one.ended_early()).map(|one| &one.service.id).collect()
}

fn running_jobs(cluster: &Snapshot) -> BTreeSet<&ServiceId> {
    let live: BTreeSet<&ServiceId> =
        cluster.tasks.iter().filter(|task| task.live()).map(|task| &task.service).collect();
    let jobs = cluster.services.iter().filter(|service| service.mode == Mode::Job).map(|service| &service.id);
    jobs.filter(|id| live.contains(id)).collect()
}

/// What a verdict that is no action comes to.
fn note(candidate: &Candidate<'_>, verdict: &Verdict<'_>, plan: &mut Plan) {
    let (service, image) = (candidate.service, candidate.image.as_deref().unwrap_or_default());
    match verdict {
        Verdict::Unchanged | Verdict::Unseen(_) | Verdict::Fixed => plan.unchanged += 1,
        Verdict::Left | Verdict::Job | Verdict::Update(_) => {}
        Verdict::Told(known) => {
            let digest = short(&known.digest);
            let text = match candidate.newer() {
                Some(newer) => format!("`{}`: `{newer}` is there by now ({digest})", service.name),
                None => format!("`{}`: `{image}` is another image by now ({digest})", service.name),
            };
            plan.warnings.push(Warning::new("newer_available", text));
        }
        Verdict::Unpinned(_) => {
            let text = format!(
                "`{}`: its spec names `{image}` without a digest, so nobody knows which image its tasks run: --pin gives it the one of today, and restarts its tasks",
                service.name
            );
            plan.warnings.push(Warning::new("unpinned", text));
        }
        Verdict::Blocked(_, reasons) => plan.blocked.push(Blocked {
            id: format!("service/{}#image", service.name),
            target: Target::service(service),
            reasons: reasons.iter().map(|(_, text)| text.clone()).collect(),
        }),
    }
}

fn action(candidate: &Candidate<'_>, known: &Resolved, now: Timestamp) -> Action {
    let (service, image) = (candidate.service, candidate.image.as_deref().unwrap_or_default());
    let newer = candidate.newer();
    let after = format!("{}@{}", newer.unwrap_or(image), known.digest);
    let old = known.created.map(|created| format!(", made {} ago", spoken(age(created, now)))).unwrap_or_default();
    let reason = match &candidate.digest {
        _ if let Some(newer) = newer => {
            format!("`{newer}` is the newest that its policy `{}` allows{old}", candidate.policy.follow)
        }
        Some(_) => format!("`{image}` stands for another image by now{old}"),
        None => format!("`{image}` is given the digest that it stands for{old}"),
    };
    let change = Change::ImageSet { before: service.image.clone(), after, platforms: known.scheduled() };
    let attempt = Some(format!("{UPDATE}{}/{}", service.id.0, known.digest));
    Action { attempt, ..Action::on_service(service, change, reason).disruptive() }
}

/// What the report has of a service; nothing of one that is left alone.
fn entry(candidate: &Candidate<'_>, verdict: &Verdict<'_>, now: Timestamp) -> Option<Value> {
    let (word, known, reasons) = match verdict {
        Verdict::Left => return None,
        Verdict::Job => ("job", None, &[][..]),
        Verdict::Unchanged => ("unchanged", None, &[][..]),
        Verdict::Unseen(known) => (WATCH, Some(*known), &[][..]),
        Verdict::Fixed => ("fixed", None, &[][..]),
        Verdict::Unpinned(known) => ("unpinned", Some(*known), &[][..]),
        Verdict::Told(known) => ("monitor", Some(*known), &[][..]),
        Verdict::Update(known) if candidate.digest.is_none() && candidate.newer().is_none() => {
            ("pin", Some(*known), &[][..])
        }
        Verdict::Update(known) => ("update", Some(*known), &[][..]),
        Verdict::Blocked(known, reasons) => ("blocked", *known, reasons.as_slice()),
    };
    let service = candidate.service;
    let mut entry = json!({
        "service": service.name, "id": service.id.0, "stack": candidate.labels.get(STACK_LABEL),
        "image": candidate.image.as_deref().unwrap_or(&service.image), "from": candidate.digest,
        "to": known.map(|known| &known.digest), "verdict": word,
        "reasons": reasons.iter().map(|(reason, _)| reason.code()).collect::<Vec<_>>(),
    });
    if let Some(newer) = candidate.newer() {
        entry["newer"] = newer.into();
        entry["policy"] = candidate.policy.follow.to_string().into();
    }
    if let Some(known) = known {
        entry["created"] = json!(known.created);
        entry["age_s"] = json!(known.created.map(|created| age(created, now).as_secs()));
    }
    if let Verdict::Update(_) = verdict {
        let (config, lint) = lint::facts(candidate, &Rollout::read(&service.raw));
        entry["update_config"] = config;
        entry["lint"] = lint;
        entry["hooks"] = json!({"pre": candidate.policy.pre, "post": candidate.policy.post});
    }
    Some(entry)
}

/// A digest as people tell digests apart.
pub fn short(digest: &str) -> &str {
    let hex = digest.strip_prefix("sha256:").unwrap_or(digest);
    hex.get(..12).unwrap_or(hex)
}
