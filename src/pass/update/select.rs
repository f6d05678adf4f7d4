//! Which services an update is about, and which images have to be asked for.

use std::collections::{BTreeMap, BTreeSet};

use crate::files::matches;
use crate::model::{Mode, Reference, Service};
use crate::registry::Asked;
use crate::settings::Settings;
use crate::snapshot::Snapshot;

use super::Request;
use super::decide::Reason;
use super::policy::{self, Policy};

/// A service that may get a new image.
#[derive(Debug)]
pub struct Candidate<'a> {
    /// The service.
    pub service: &'a Service,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its image without digest, as the registry is asked for it; none: the spec names a digest alone.
    pub image: Option<String>,
    /// The image that it is to have, without digest: the same, or the one of a newer tag. None as above; or why that is
    /// not known.
    pub wanted: Result<Option<String>, (Reason, String)>,
    /// The digest in its spec.
    pub digest: Option<String>,
    /// How it is updated.
    pub policy: Policy,
    /// What its labels say wrong.
    pub wrong: Vec<String>,
}

impl Candidate<'_> {
    /// Whether it is orca's own service.
    pub fn is_orca(&self) -> bool {
        if let Some(value) = self.labels.get(policy::SELF_LABEL) {
            return value == "true";
        }
        Reference::parse(&self.service.image).repository.rsplit('/').next() == Some("orca")
    }

    /// The image of a newer tag, where that is wanted.
    pub fn newer(&self) -> Option<&str> {
        let wanted = self.wanted.as_ref().ok()?.as_deref()?;
        (self.image.as_deref() != Some(wanted)).then_some(wanted)
    }

    /// A question about this image, or repository, of its.
    pub fn asked(&self, name: &str) -> Asked {
        Asked { name: name.to_owned(), entry: self.policy.auth.clone() }
    }

    /// The image that it is to have, as the registry is asked for it.
    pub fn question(&self) -> Option<Asked> {
        Some(self.asked(self.wanted.as_ref().ok()?.as_deref()?))
    }

    /// The repository whose tags have to be known, as its image's name has it; none where no policy asks for them.
    pub fn repository(&self) -> Option<Asked> {
        let (name, tag) = self.image.as_deref()?.rsplit_once(':')?;
        self.policy.follow.asks(tag).then(|| self.asked(name))
    }

    /// Whether the registry has to be asked at all.
    fn asks(&self) -> bool {
        !self.policy.mode.is_off() && (self.service.mode != Mode::Job || self.policy.jobs)
    }
}

/// The services that are meant, by name. One that wants no updates is among them only if it was named.
pub fn select<'a>(cluster: &'a Snapshot, settings: &Settings, request: &Request) -> Vec<Candidate<'a>> {
    let services = cluster.services.iter().filter(|service| service.temporary.is_none());
    let meant = services.filter(|service| request.within.as_ref().is_none_or(|within| within.contains(&service.id)));
    meant.filter_map(|service| candidate(service, settings, request)).collect()
}

fn candidate<'a>(service: &'a Service, settings: &Settings, request: &Request) -> Option<Candidate<'a>> {
    // A spec that can't be read is one that nothing can be decided about.
    let labels = service.needs().ok()?.labels.clone();
    let has = |(key, value): &(String, Option<String>)| {
        labels.get(key).is_some_and(|found| value.as_ref().is_none_or(|value| value == found))
    };
    let excluded =
        |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern.as_bytes(), service.name.as_bytes()));
    // A plugin has no image.
    if service.image.is_empty() || !request.labels.iter().all(has) || excluded(&request.exclude) {
        return None;
    }
    let (mut policy, wrong) = Policy::of(&labels, &settings.update);
    // To name a service is to ask for it: only its own label stands against that.
    let opted_out = labels.contains_key(policy::LABEL) || labels.contains_key("gantry.services.excluded");
    if request.named && policy.mode == policy::Mode::Off && !opted_out {
        policy.mode = policy::Mode::On;
    }
    if !request.named && (policy.mode.is_off() || excluded(&settings.update.exclude)) && wrong.is_empty() {
        return None;
    }
    policy.min_age = request.min_age.unwrap_or(policy.min_age);
    policy.deadline = request.deadline.unwrap_or(policy.deadline);
    policy.jobs |= request.jobs;
    policy.rollback = request.atomic || policy.rollback && !request.no_rollback;
    let Reference { tag, digest, .. } = Reference::parse(&service.image);
    let name = service.image.split_once('@').map_or(service.image.as_str(), |(name, _)| name);
    // `Reference` says `latest` where nothing is said.
    let image = tag
        .as_ref()
        .map(|tag| if name.ends_with(&format!(":{tag}")) { name.to_owned() } else { format!("{name}:{tag}") });
    let wanted = wanted(image.as_deref(), &policy, request);
    Some(Candidate { service, labels, image, wanted, digest, policy, wrong })
}

/// What a service's policy makes of its image.
fn wanted(image: Option<&str>, policy: &Policy, request: &Request) -> Result<Option<String>, (Reason, String)> {
    let Some((image, (name, tag))) = image.and_then(|image| Some((image, image.rsplit_once(':')?))) else {
        return Ok(None);
    };
    if !policy.follow.asks(tag) {
        return Ok(Some(image.to_owned()));
    }
    let unresolved = |why: &str| (Reason::Unresolved, format!("the tags of `{name}`: {why}"));
    let asked = Asked { name: name.to_owned(), entry: policy.auth.clone() };
    let tags = request.tags.get(&asked).ok_or_else(|| unresolved("no registry was asked"))?;
    let tags = tags.as_ref().map_err(|why| unresolved(why))?;
    let newest = policy.follow.newest(tag, tags, policy.prereleases).map_err(|why| (Reason::Policy, why))?;
    Ok(Some(newest.map_or_else(|| image.to_owned(), |tag| format!("{name}:{tag}"))))
}

/// The images that the registries are asked for, each once.
pub fn images(candidates: &[Candidate<'_>]) -> BTreeSet<Asked> {
    candidates.iter().filter(|candidate| candidate.asks()).filter_map(Candidate::question).collect()
}

/// The repositories whose tags have to be known, as the images' names have them.
pub fn repositories(candidates: &[Candidate<'_>]) -> BTreeSet<Asked> {
    candidates.iter().filter(|candidate| candidate.asks()).filter_map(Candidate::repository).collect()
}
