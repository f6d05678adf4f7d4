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
    /// All tags that stand for that, the one that was named among them; or why they are not known.
    pub tags: Result<Vec<String>, String>,
}

/// Decides whether it goes. `consent`: whoever asked knows that it does.
pub fn plan(found: &Found, consent: bool) -> Plan {
    let Found { image, digest, tags } = found;
    let name = image.to_string();
    let target = Target { id: digest.clone(), ..Target::unknown(TargetKind::Image, &name) };
    let id = format!("image/{name}#remove");
    let mut plan = Plan::default();
    let tags = match tags {
        Ok(tags) => tags.clone(),
        Err(why) => {
            let reason = format!("which other tags stand for it, and would go with it, is not known: {why}");
            plan.blocked.push(Blocked { id, target, reasons: vec![reason] });
            return plan;
        }
    };
    let others: Vec<String> =
        tags.iter().filter(|tag| **tag != image.reference).map(|tag| format!("`{tag}`")).collect();
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
    let change = Change::ImageForget { digest: digest.clone(), tags };
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
        let tags = tags.map(|tags| tags.iter().map(|tag| (*tag).to_owned()).collect()).map_err(str::to_owned);
        Found { image, digest: "sha256:1".to_owned(), tags }
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
