//! `orca registry rm`: what goes with a tag.
//!
//! Pure: what the registry has said of the tag and of the others beside it.

use crate::plan::{Action, Blocked, Change, Plan, Target, TargetKind, Warning};
use crate::registry::Image;

/// What is known of an image that is to be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// As it was named.
    pub image: Image,
    /// What it stands for.
    pub digest: String,
    /// The tags beside it; or why they are not known.
    pub beside: Result<Beside, String>,
}

/// Tags that have to do with what a tag stands for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beside {
    /// All that stand for the same, the one that was named among them.
    pub same: Vec<String>,
    /// Those of indexes that it is a part of.
    pub indexes: Vec<String>,
}

impl Found {
    /// All tags that stand for the same; none while they are not known.
    pub fn same(&self) -> Vec<String> {
        self.beside.as_ref().map(|beside| beside.same.clone()).unwrap_or_default()
    }
}

/// Decides whether it goes. `consent`: whoever asked knows that it does.
pub fn plan(found: &Found, consent: bool) -> Plan {
    let Found { image, digest, beside } = found;
    let name = image.to_string();
    let target = Target { id: digest.clone(), ..Target::unknown(TargetKind::Image, &name) };
    let id = format!("image/{name}#remove");
    let mut plan = Plan::default();
    let Beside { same, indexes } = match beside {
        Ok(beside) => beside,
        Err(why) => {
            let reason = format!("which other tags stand for it, and would go with it, is not known: {why}");
            plan.blocked.push(Blocked { id, target, reasons: vec![reason] });
            return plan;
        }
    };
    if !indexes.is_empty() {
        let tags: Vec<String> = indexes.iter().map(|tag| format!("`{tag}`")).collect();
        let reason =
            format!("it is a part of the index of {}, which would be broken: remove that first", tags.join(", "));
        plan.blocked.push(Blocked { id, target, reasons: vec![reason] });
        return plan;
    }
    let others: Vec<String> =
        same.iter().filter(|tag| **tag != image.reference).map(|tag| format!("`{tag}`")).collect();
    let with = match others.len() {
        0 => "no other tag stands for it".to_owned(),
        1 => format!("the tag {} stands for the same and goes with it", others[0]),
        count => format!("{count} other tags stand for the same and go with it: {}", others.join(", ")),
    };
    if !consent {
        let first = "nothing is removed from a registry without --yes; --dry-run shows what would go".to_owned();
        plan.blocked.push(Blocked { id, target, reasons: vec![first, with] });
        return plan;
    }
    let change = Change::ImageForget { digest: digest.clone(), tags: same.clone() };
    plan.actions.push(Action {
        id,
        target,
        change,
        reason: format!("asked for; {with}"),
        disruptive: false,
        version: 0,
        requires: Vec::new(),
        attempt: None,
    });
    let text = "the registry's disk is freed only by its own garbage collection, while nobody pushes: `registry \
                garbage-collect --delete-untagged CONFIG` in its container, with its config file as CONFIG";
    plan.warnings.push(Warning::new("space_not_freed", text));
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(tags: Result<&[&str], &str>) -> Found {
        let image = Image::parse("reg:5000/a/b:2").unwrap();
        let same = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect();
        let beside = tags.map(|tags| Beside { same: same(tags), indexes: Vec::new() }).map_err(str::to_owned);
        Found { image, digest: "sha256:1".to_owned(), beside }
    }

    #[test]
    fn a_part_of_an_index_stays() {
        let mut found = found(Ok(&["2"]));
        found.beside.as_mut().unwrap().indexes.push("latest".to_owned());
        let plan = plan(&found, true);
        assert!(plan.actions.is_empty() && plan.blocked[0].reasons[0].contains("index of `latest`"));
    }

    #[test]
    fn nothing_goes_unasked_or_while_it_is_not_known_what_goes_with_it() {
        let refused = plan(&found(Ok(&["2", "latest"])), false);
        assert!(refused.actions.is_empty());
        assert!(refused.blocked[0].reasons[0].contains("--yes") && refused.blocked[0].reasons[1].contains("`latest`"));
        let unknown = plan(&found(Err("no answer")), true);
        assert!(unknown.actions.is_empty() && unknown.blocked[0].reasons[0].contains("no answer"));
    }

    #[test]
    fn what_goes_along_is_named() {
        for (tags, words) in [
            (&["2"][..], "no other tag"),
            (&["2", "latest"], "the tag `latest` stands for the same"),
            (&["2", "2.1", "latest"], "2 other tags stand for the same and go with it: `2.1`, `latest`"),
        ] {
            let plan = plan(&found(Ok(tags)), true);
            assert!(plan.actions[0].reason.contains(words), "{}", plan.actions[0].reason);
            assert_eq!(plan.actions[0].target.id, "sha256:1");
        }
    }
}
