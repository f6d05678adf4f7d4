//! What is decided, without a server.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use orca::mods::manifest::{Manifest, Record};
use orca::mods::source::{Want, What, unite};
use orca::pass::mods::{Input, Seen, at_hand, plan};
use orca::plan::Plan;
use orca::settings::read_url;

fn want(name: &str) -> Want {
    let url = read_url(&format!("https://mods.example/{name}")).unwrap();
    let what = What::File { url, sha256: None, unpack: false };
    Want { name: name.to_owned(), what, source: "mods.list[0] (orca.yml:3)".to_owned(), from_label: false }
}

fn record(want: &Want) -> Record {
    Record {
        from: want.from(),
        source: want.source.clone(),
        sha256: "aa".to_owned(),
        size: 1,
        unpacked: false,
        fetched_at: Timestamp::UNIX_EPOCH,
        etag: None,
        last_modified: None,
        modified: Timestamp::UNIX_EPOCH,
    }
}

fn decide(wants: &[Want], seen: &[Seen], manifest: &Manifest, prune: Option<Result<(), String>>) -> Plan {
    let there: BTreeMap<_, _> =
        manifest.mods.iter().map(|(name, record)| (name.clone(), Some(record.modified))).collect();
    let dest = Path::new("/modcache");
    plan(&Input { dest, wants, seen, refused: &[], manifest, there: &there, prune })
}

fn ids(plan: &Plan) -> Vec<&str> {
    plan.actions.iter().map(|action| action.id.as_str()).collect()
}

#[test]
fn what_is_at_hand_needs_no_question() {
    let (mut manifest, a) = (Manifest::default(), want("a"));
    let (now, later) = (Some(Timestamp::UNIX_EPOCH), Some(Timestamp::from_second(5).unwrap()));
    assert_eq!(at_hand(&a, &manifest, None), Some(Seen::Missing));
    assert_eq!(at_hand(&a, &manifest, now), Some(Seen::Foreign));
    manifest.mods.insert("a".to_owned(), record(&a));
    assert_eq!(at_hand(&a, &manifest, None), Some(Seen::Missing));
    assert_eq!(at_hand(&a, &manifest, later), Some(Seen::Altered));
    assert_eq!(at_hand(&a, &manifest, now), None, "only its server knows");
    let pin = |sum: &str, unpack| {
        let What::File { url, .. } = want("a").what else { panic!() };
        Want { what: What::File { url, sha256: Some(sum.to_owned()), unpack }, ..want("a") }
    };
    assert_eq!(at_hand(&pin("aa", false), &manifest, now), Some(Seen::Fresh));
    assert!(matches!(at_hand(&pin("bb", false), &manifest, now), Some(Seen::Other(_))));
    assert!(matches!(at_hand(&pin("aa", true), &manifest, now), Some(Seen::Other(_))));
    assert!(matches!(at_hand(&Want { what: want("b").what, ..want("a") }, &manifest, now), Some(Seen::Other(_))));
}

#[test]
fn planning_again_after_applying_gives_nothing() {
    let wants = [want("a"), want("b")];
    let mut manifest = Manifest::default();
    let gone = want("gone");
    manifest.mods.insert("gone".to_owned(), record(&gone));
    let first = decide(&wants, &[Seen::Missing, Seen::Missing], &manifest, Some(Ok(())));
    assert_eq!(ids(&first), ["file/a#fetch", "file/b#fetch", "file/gone#remove"]);
    manifest.mods.remove("gone");
    for want in &wants {
        manifest.mods.insert(want.name.clone(), record(want));
    }
    let again = decide(&wants, &[Seen::Fresh, Seen::Fresh], &manifest, Some(Ok(())));
    assert_eq!((ids(&again).len(), again.unchanged, again.blocked.len()), (0, 2, 0));
}

#[test]
fn nothing_goes_unasked_or_while_something_is_not_known() {
    let mut manifest = Manifest::default();
    manifest.mods.insert("gone".to_owned(), record(&want("gone")));
    assert!(ids(&decide(&[], &[], &manifest, None)).is_empty());
    let unknown = decide(&[], &[], &manifest, Some(Err("the engine is lost".to_owned())));
    assert_eq!((ids(&unknown).len(), unknown.blocked.len()), (0, 1));
    let asked = decide(&[want("a")], &[Seen::Unknown("no answer".to_owned())], &manifest, None);
    assert_eq!((ids(&asked).len(), asked.blocked[0].reasons[0].as_str()), (0, "it stays as it is: no answer"));
}

#[test]
fn names_that_clash_are_refused() {
    let mut refused = Vec::new();
    let other = Want { what: want("b").what, ..want("a") };
    let inside = Want { name: "c/d".to_owned(), ..want("d") };
    let united = unite(vec![want("a"), other, want("c"), inside, want("e"), want("e")], &mut refused);
    assert_eq!(united.iter().map(|want| want.name.as_str()).collect::<Vec<_>>(), ["c/d", "e"]);
    assert_eq!(refused.iter().map(|refused| refused.name.as_str()).collect::<Vec<_>>(), ["a", "c"]);
}
