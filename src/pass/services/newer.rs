//! `orca services ls --check`: whether `orca services update` would find another image, or a newer tag. Pure.
//!
//! What a service follows is decided where updates decide it, so that both say the same. Whether it wants updates at all,
//! and whether now is the time, makes no difference here.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::model::Service;
use crate::pass::update::Request;
use crate::pass::update::policy::Mode;
use crate::pass::update::select::{Candidate, select};
use crate::registry::{Asked, Resolved};
use crate::settings::Settings;
use crate::snapshot::Snapshot;

use super::Standing;

/// What registries say: what an image stands for, or why that is not known.
pub type Answers = BTreeMap<Asked, Result<Resolved, String>>;

/// What is known of one service.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// It has the image that its tag stands for, and there is no newer tag for it.
    UpToDate,
    /// The tag stands for this digest by now; or a newer one does, which is the image named.
    Newer(&'a str, Option<&'a str>),
    /// Its spec has no digest, so each node runs what it has pulled; the tag stands for this one.
    Unpinned(&'a str),
    /// Its spec names a digest alone, or no image: there is nothing to follow.
    Fixed,
    /// Nobody could say, and why.
    Unknown(String),
}

/// What is asked about these services: as if each were named for an update.
pub fn request(chosen: &[&Standing<'_>]) -> Request {
    let within = Some(chosen.iter().map(|one| one.service.id.clone()).collect());
    Request { within, named: true, jobs: true, ..Request::default() }
}

/// The services with what each of them follows; the tags in the request are taken into account.
pub fn candidates<'a>(cluster: &'a Snapshot, settings: &Settings, request: &Request) -> Vec<Candidate<'a>> {
    select(cluster, settings, request)
}

/// The images to ask for, each once.
pub fn images(candidates: &[Candidate<'_>]) -> BTreeSet<Asked> {
    candidates.iter().filter_map(Candidate::question).collect()
}

/// Decides.
pub fn verdict<'a>(service: &Service, candidates: &'a [Candidate<'_>], answers: &'a Answers) -> Verdict<'a> {
    if service.image.is_empty() {
        return Verdict::Fixed;
    }
    let Some(own) = candidates.iter().find(|own| own.service.id == service.id) else {
        return Verdict::Unknown("its spec can't be read".to_owned());
    };
    if own.policy.mode == Mode::Unclear {
        return Verdict::Unknown(own.wrong.join("; "));
    }
    let question = match &own.wanted {
        Ok(_) => own.question(),
        Err((_, why)) => return Verdict::Unknown(why.clone()),
    };
    let Some(question) = question else { return Verdict::Fixed };
    match (answers.get(&question), &own.digest) {
        (Some(Ok(now)), Some(digest)) if now.digest == *digest => Verdict::UpToDate,
        (Some(Ok(now)), None) if own.newer().is_none() => Verdict::Unpinned(&now.digest),
        (Some(Ok(now)), _) => Verdict::Newer(&now.digest, own.newer()),
        (Some(Err(why)), _) => Verdict::Unknown(format!("`{}`: {why}", question.name)),
        (None, _) => Verdict::Unknown("no registry was asked".to_owned()),
    }
}

impl Verdict<'_> {
    /// As JSON.
    pub fn json(&self) -> Value {
        let (verdict, digest, image, why) = match self {
            Self::UpToDate => ("up_to_date", None, None, None),
            Self::Newer(digest, image) => ("newer", Some(*digest), *image, None),
            Self::Unpinned(digest) => ("unpinned", Some(*digest), None, None),
            Self::Fixed => ("fixed", None, None, None),
            Self::Unknown(why) => ("unknown", None, None, Some(why)),
        };
        json!({"verdict": verdict, "digest": digest, "image": image, "why": why})
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    fn cluster(image: &str, labels: &Value) -> Snapshot {
        let spec = json!({"Name": "s", "Labels": labels, "Mode": {"Replicated": {"Replicas": 1}},
            "TaskTemplate": {"ContainerSpec": {"Image": image}, "Placement": {}}});
        let text = json!({"schema": "orca.snapshot/1", "taken_at": "2026-11-22T00:00:00Z", "api": "1.51",
            "info": {"Name": "n", "Swarm": {"NodeID": "n", "Cluster": {"ID": "c"}}}, "nodes": [], "tasks": [],
            "services": [{"ID": "s1", "Version": {"Index": 1}, "Spec": spec}]});
        Snapshot::parse(&text.to_string()).unwrap()
    }

    #[test]
    fn what_is_not_known_is_never_up_to_date_and_tags_are_followed_as_updates_follow_them() {
        let resolved = |digest: &str| Ok(Resolved { digest: digest.to_owned(), platforms: Vec::new(), created: None });
        let answers: Answers = [
            (Asked::plain("a:1"), resolved("sha256:new")),
            (Asked::plain("a:1.2.9"), resolved("sha256:nine")),
            (Asked::plain("reg:5000/b:latest"), Err("no answer".to_owned())),
            (Asked { name: "a:1".to_owned(), entry: Some("team".to_owned()) }, resolved("sha256:theirs")),
        ]
        .into();
        let none = json!({});
        let unknown = |why: &str| Verdict::Unknown(why.to_owned());
        for (image, labels, wanted) in [
            ("a:1@sha256:new", none.clone(), Verdict::UpToDate),
            ("a:1@sha256:old", none.clone(), Verdict::Newer("sha256:new", None)),
            ("a:1@sha256:old", json!({"orca.update": "false"}), Verdict::Newer("sha256:new", None)),
            ("a:1@sha256:new", json!({"orca.auth": "team"}), Verdict::Newer("sha256:theirs", None)),
            ("a:1", none.clone(), Verdict::Unpinned("sha256:new")),
            ("a@sha256:old", none.clone(), Verdict::Fixed),
            ("", none.clone(), Verdict::Fixed),
            ("reg:5000/b", none.clone(), unknown("`reg:5000/b:latest`: no answer")),
            ("c:1@sha256:old", none, unknown("no registry was asked")),
            (
                "a:1.2.3@sha256:old",
                json!({"orca.update.policy": "patch"}),
                Verdict::Newer("sha256:nine", Some("a:1.2.9")),
            ),
            ("a:1.2.3@sha256:nine", json!({"orca.update.policy": "patch"}), Verdict::UpToDate),
        ] {
            let cluster = cluster(image, &labels);
            let standings = super::super::standing::all(&cluster).unwrap();
            let mut request = request(&standings.iter().collect::<Vec<_>>());
            request
                .tags
                .insert(Asked::plain("a"), Ok(vec!["1.2.3".to_owned(), "1.2.9".to_owned(), "2.0.0".to_owned()]));
            let candidates = candidates(&cluster, &Settings::default(), &request);
            assert_eq!(verdict(&cluster.services[0], &candidates, &answers), wanted, "{image} {labels}");
        }
    }
}
