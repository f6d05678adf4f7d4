use super::*;

fn labels(labels: &[(&str, &str)]) -> BTreeMap<String, String> {
    labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_label_is_a_pause_until_its_end() {
    let labels = labels(&[
        ("orca.pause.db", r#"{"until":"1970-01-01T00:01:40Z","reason":"dump"}"#),
        ("orca.paused", "{}"),
        ("other", "x"),
    ]);
    let pauses = Pauses::read(&labels);
    let at = |second| Timestamp::from_second(second).unwrap();
    assert!(pauses.whole(at(0)).is_none());
    assert_eq!(pauses.anchor("db", at(99)).unwrap().reason.as_deref(), Some("dump"));
    assert!(pauses.anchor("db", at(100)).is_none() && pauses.anchor("web", at(0)).is_none());
    assert_eq!(pauses.at(at(100)), Vec::<&Pause>::new());
}

#[test]
fn what_cannot_be_read_stops_all_the_same() {
    let pauses = Pauses::read(&labels(&[("orca.pause", "stop!"), ("orca.pause.db", r#"{"until":"soon"}"#)]));
    let now = Timestamp::UNIX_EPOCH;
    assert!(pauses.whole(now).is_some());
    assert_eq!(pauses.at(now).len(), 2);
    assert_eq!(pauses.whole(now).unwrap().words(), "paused: orca is paused (`orca resume` ends it)");
}
