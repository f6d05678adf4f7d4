//! `orca services ls --check`: whether the tag of a service stands for another image by now. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Standing;
use crate::model::Reference;

/// What registries say: the digest that an image's tag stands for, or why that is not known.
pub type Answers = BTreeMap<String, Result<String, String>>;

/// What is known of one service.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// It has the image that its tag stands for.
    UpToDate,
    /// The tag stands for this digest by now.
    Newer(&'a str),
    /// Its spec has no digest, so each node runs what it has pulled; the tag stands for this one.
    Unpinned(&'a str),
    /// Its spec names a digest alone, or no image: there is nothing to follow.
    Fixed,
    /// Nobody could say, and why.
    Unknown(&'a str),
}

/// The images to ask for, each once.
pub fn images(chosen: &[&Standing<'_>]) -> BTreeSet<String> {
    chosen.iter().filter_map(|one| Reference::followed(&one.service.image)).collect()
}

/// Decides.
pub fn verdict<'a>(image: &str, answers: &'a Answers) -> Verdict<'a> {
    let Some(followed) = Reference::followed(image) else { return Verdict::Fixed };
    match (answers.get(&followed), Reference::parse(image).digest) {
        (Some(Ok(now)), Some(digest)) if *now == digest => Verdict::UpToDate,
        (Some(Ok(now)), Some(_)) => Verdict::Newer(now),
        (Some(Ok(now)), None) => Verdict::Unpinned(now),
        (Some(Err(why)), _) => Verdict::Unknown(why),
        (None, _) => Verdict::Unknown("no registry was asked"),
    }
}

impl Verdict<'_> {
    /// As JSON.
    pub fn json(&self) -> Value {
        let (verdict, digest, why) = match *self {
            Self::UpToDate => ("up_to_date", None, None),
            Self::Newer(digest) => ("newer", Some(digest), None),
            Self::Unpinned(digest) => ("unpinned", Some(digest), None),
            Self::Fixed => ("fixed", None, None),
            Self::Unknown(why) => ("unknown", None, Some(why)),
        };
        json!({"verdict": verdict, "digest": digest, "why": why})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_never_up_to_date() {
        let answers: Answers = [
            ("a:1".to_owned(), Ok("sha256:new".to_owned())),
            ("reg:5000/b:latest".to_owned(), Err("no answer".to_owned())),
        ]
        .into();
        for (image, wanted) in [
            ("a:1@sha256:new", Verdict::UpToDate),
            ("a:1@sha256:old", Verdict::Newer("sha256:new")),
            ("a:1", Verdict::Unpinned("sha256:new")),
            ("a@sha256:old", Verdict::Fixed),
            ("", Verdict::Fixed),
            ("reg:5000/b", Verdict::Unknown("no answer")),
            ("reg:5000/b:latest@sha256:old", Verdict::Unknown("no answer")),
            ("c:1@sha256:old", Verdict::Unknown("no registry was asked")),
        ] {
            assert_eq!(verdict(image, &answers), wanted, "{image}");
        }
    }
}
