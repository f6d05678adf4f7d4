//! The everyday changes of services, planned.

use std::collections::BTreeSet;

use crate::engine::edit::moving::RESTORE_LABEL;
use crate::fingerprint;
use crate::model::service::STOPPED_LABEL;
use crate::model::{Mode, Service, ServiceId, UpdateState};
use crate::pass::autoheal::flaps::rollback;
use crate::pass::order::{ASKED, Order, PutBack, Wish};
use crate::pass::proving;
use crate::pass::services::standing;
use crate::plan::{Action, Blocked, Change, Plan, Target, TargetKind, Warning};
use crate::registry::Auths;
use crate::registry::auths::registry_of;
use crate::registry::keyring::entry_of;
use crate::snapshot::Snapshot;

use super::diff::diff;

/// What one wish comes to.
enum Verdict {
    Do(Box<Action>),
    Holds,
    /// It can't be asked of a service of this kind.
    NotFor(String),
    Refused(Vec<String>),
}

/// Plans the wishes that are for services.
pub fn plan(cluster: &Snapshot, order: &Order, plan: &mut Plan) {
    // Paused, since tasks that are meant to end have ended: that is no reason to leave it alone.
    let standings = standing::all(cluster).unwrap_or_default();
    let through: BTreeSet<&ServiceId> =
        standings.iter().filter(|one| one.ended_early()).map(|one| &one.service.id).collect();
    for wish in &order.wishes {
        let (id, what) = match wish {
            Wish::Scale(id, _) => (id, "scale"),
            Wish::Stop(id) => (id, "stop"),
            Wish::Start(id) => (id, "start"),
            Wish::Restart(id) => (id, "restart"),
            Wish::Rollback(id, _) => (id, "rollback"),
            Wish::PutBack(id, _) => (id, "image"),
            Wish::RefreshAuth(id) => (id, "auth"),
            Wish::Drain(_) | Wish::Activate(_) | Wish::Pause(_) | Wish::Label(..) => continue,
        };
        let Some(service) = cluster.services.iter().find(|service| service.id == *id) else {
            plan.blocked.push(gone(id, what));
            continue;
        };
        let judge = Judge { order, through: through.contains(&service.id) };
        match judge.of(service, wish) {
            Verdict::Do(action) => {
                plan.warnings.extend(proving::warning(service));
                plan.warnings.extend(gives_up(service, wish));
                plan.actions.push(*action);
            }
            Verdict::Holds => plan.unchanged += 1,
            Verdict::NotFor(why) if order.lenient => {
                let text = format!("`{}` is left out: {why}", service.name);
                plan.warnings.push(Warning::new("left_out", text));
            }
            Verdict::NotFor(why) => plan.blocked.push(refused(service, what, vec![why])),
            Verdict::Refused(reasons) => plan.blocked.push(refused(service, what, reasons)),
        }
    }
}

/// To stop a service must always be possible; that a rollback has nothing to go back to afterwards is to be known.
fn gives_up(service: &Service, wish: &Wish) -> Option<Warning> {
    let busy = service.update.and_then(UpdateState::busy).filter(|_| matches!(wish, Wish::Stop(_)))?;
    let text = format!(
        "`{}`: {busy}; once it is stopped a rollback doesn't go back to the image before: start it with the one that it is to have",
        service.name
    );
    Some(Warning::new("rollback_lost", text))
}

fn gone(id: &ServiceId, what: &str) -> Blocked {
    let target = Target { id: id.0.clone(), ..Target::unknown(TargetKind::Service, &id.0) };
    Blocked { id: format!("service/{}#{what}", id.0), target, reasons: vec!["it was removed meanwhile".to_owned()] }
}

fn refused(service: &Service, what: &str, reasons: Vec<String>) -> Blocked {
    Blocked { id: format!("service/{}#{what}", service.name), target: Target::service(service), reasons }
}

struct Judge<'a> {
    order: &'a Order,
    /// Its rollout has stopped only because its tasks have ended, as they should.
    through: bool,
}

impl Judge<'_> {
    fn of(&self, service: &Service, wish: &Wish) -> Verdict {
        if let Some(reason) = untouchable(service) {
            return Verdict::Refused(vec![reason]);
        }
        let busy = service.update.filter(|_| !self.through).and_then(UpdateState::busy);
        match wish {
            Wish::Restart(_) => restart(service, busy.filter(|_| !self.order.force)),
            Wish::Rollback(_, spec) => roll_back(service, spec),
            Wish::PutBack(_, wanted) => put_back(service, wanted),
            Wish::RefreshAuth(_) => refresh_auth(service, busy.or(service.proving.as_deref()), &self.order.auths),
            Wish::Scale(..) | Wish::Stop(_) | Wish::Start(_) => scale(service, wish, busy),
            Wish::Drain(_) | Wish::Activate(_) | Wish::Pause(_) | Wish::Label(..) => Verdict::Holds,
        }
    }
}

/// What no everyday verb may write to.
fn untouchable(service: &Service) -> Option<String> {
    if service.trace.is_some() {
        return Some(format!(
            "a move of a task has left its traces in it (label {RESTORE_LABEL}): wait for the move, or end one that was broken off by `orca rebalance recover`"
        ));
    }
    // A write without one may crash the managers, and one must never be added (moby/moby#37883).
    (!service.has_placement).then(|| {
        "its spec has no Placement, and a write could crash the managers: update it once by the docker CLI".to_owned()
    })
}

fn restart(service: &Service, busy: Option<&str>) -> Verdict {
    if service.mode == Mode::Job {
        return Verdict::NotFor("it is a job, which runs to its end once".to_owned());
    }
    if let Some(busy) = busy {
        let hint = "wait for it (`orca services ls`), or restart all the same with --force";
        return Verdict::Refused(vec![format!("{busy}: {hint}")]);
    }
    if service.mode == Mode::Replicated(0) {
        return Verdict::Holds;
    }
    let change = Change::ForceUpdate { before: service.force_update };
    Verdict::Do(Box::new(Action::on_service(service, change, ASKED).disruptive()))
}

fn refresh_auth(service: &Service, busy: Option<&str>, auths: &Auths) -> Verdict {
    if service.mode == Mode::Job {
        // Managers count it as another run, though nothing in the spec is new (swarmkit, `UpdateService`).
        return Verdict::NotFor("it is a job, and any write of its spec runs it again".to_owned());
    }
    let Some(registry) = registry_of(&service.image) else {
        return Verdict::NotFor(format!("`{}` is no name of an image in a registry", service.image));
    };
    if let Some(busy) = busy {
        // It would replace what a rollback goes back to, and set a rollout going again that was stopped for a reason.
        return Verdict::Refused(vec![format!("{busy}: run again when it has ended")]);
    }
    let entry = auth_entry(service);
    if auths.of(entry.clone(), &service.image).is_none() {
        if let Some(name) = entry {
            let text = format!(
                "the credentials `{name}`, which its label names, have none for `{registry}`, or are none of registry.credentials"
            );
            return Verdict::Refused(vec![text]);
        }
        let text = format!("no credentials for `{registry}` are known here: log in with `docker login {registry}`");
        return Verdict::Refused(vec![text]);
    }
    let reason = format!("{ASKED}; a rollback goes back to the spec of now from then on");
    Verdict::Do(Box::new(Action::on_service(service, Change::AuthSet { registry }, reason)))
}

/// The name of the credentials that its label asks for.
pub fn auth_entry(service: &Service) -> Option<String> {
    service.needs().ok().and_then(|needs| entry_of(&needs.labels))
}

fn roll_back(service: &Service, spec: &str) -> Verdict {
    let object: serde_json::Value = serde_json::from_str(service.raw.get()).unwrap_or_default();
    if fingerprint::of_spec(&object["Spec"]) != spec {
        let text = "its spec was changed meanwhile: what a rollback would bring back is not what was asked for; see `orca services diff`";
        return Verdict::Refused(vec![text.to_owned()]);
    }
    if service.update == Some(UpdateState::RollbackStarted) {
        return Verdict::Refused(vec!["a rollback is in progress".to_owned()]);
    }
    match rollback(service) {
        Ok(change) => {
            let paths: Vec<String> =
                diff(&object["Spec"], &object["PreviousSpec"]).into_iter().map(|one| one.path).collect();
            let reason = format!("{ASKED}; changes {}", paths.join(", "));
            Verdict::Do(Box::new(Action::on_service(service, change, reason).disruptive()))
        }
        Err(why) => Verdict::Refused(vec![format!("{why}: there is nothing to go back to")]),
    }
}

/// The image before, whatever else was changed since: that stays.
fn put_back(service: &Service, PutBack { from, to, platforms }: &PutBack) -> Verdict {
    if service.image == *to {
        return Verdict::Holds;
    }
    if service.image != *from {
        return Verdict::Refused(vec![format!("somebody else has given it the image `{}`", service.image)]);
    }
    let change = Change::ImageSet { before: from.clone(), after: to.clone(), platforms: platforms.clone() };
    let reason = "the image is no good, and the engine has forgotten the spec before it: somebody has changed it since";
    Verdict::Do(Box::new(Action::on_service(service, change, reason).disruptive()))
}

fn scale(service: &Service, wish: &Wish, busy: Option<&str>) -> Verdict {
    let Mode::Replicated(before) = service.mode else {
        let mode =
            if service.mode == Mode::Global { "global: it has a task on every node" } else { "no replicated service" };
        return Verdict::NotFor(format!("it is {mode}, and has no number of replicas"));
    };
    let label = service.needs().ok().and_then(|needs| needs.labels.get(STOPPED_LABEL).cloned());
    let act = |change, disruptive| {
        let action = Action::on_service(service, change, ASKED);
        Verdict::Do(Box::new(if disruptive { action.disruptive() } else { action }))
    };
    match wish {
        Wish::Scale(_, after) if before == *after && label.is_none() => Verdict::Holds,
        Wish::Scale(_, after) => match busy {
            // It would end the rollout's account of itself, replace what a rollback goes back to, and set going again what
            // has stopped for a reason.
            Some(busy) => {
                let name = &service.name;
                Verdict::Refused(vec![format!(
                    "{busy}: scale when it has ended (`orca services rollback {name}` ends a paused one)"
                )])
            }
            None => act(Change::Scale { before, after: *after }, *after < before),
        },
        Wish::Stop(_) if before == 0 => Verdict::Holds,
        Wish::Stop(_) => act(Change::Stop { before }, true),
        _ if before > 0 => Verdict::Holds,
        _ => match label.map(|label| label.parse::<u64>()) {
            Some(Ok(after)) if after > 0 => act(Change::Start { after }, false),
            Some(_) => Verdict::Refused(vec![format!(
                "its label {STOPPED_LABEL} is no number of replicas: use `orca services scale`"
            )]),
            None => Verdict::Refused(vec![format!(
                "orca has not stopped it, so nobody knows how many replicas it had: `orca services scale {}=N`",
                service.name
            )]),
        },
    }
}
