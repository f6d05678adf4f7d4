use super::*;

const TAGS: [&str; 32] = [
    "latest",
    "1",
    "1.4",
    "1.4.2",
    "1.4.9",
    "1.4.10",
    "1.5.0",
    "1.5",
    "2.0.0",
    "2.0.0-rc.1",
    "2.1.0-rc9",
    "2.1.0-rc10",
    "3.0.0-beta1",
    "3.0.0",
    "v1.4.2",
    "v1.9.0",
    "1.4.2-alpine",
    "1.4.3-alpine",
    "1.4.3-alpine3.19",
    "1.4.12-rc1-alpine",
    "1.4.11+build",
    "1.4.x",
    "1.4.-1",
    "1.04.3",
    "99999999999999999999.0.0",
    "1.2.3.4",
    "2",
    "16-alpine",
    "20240101",
    "sha-4f2a",
    "v",
    "",
];

fn newest(own: &str, policy: &str, prereleases: bool) -> String {
    let tags: Vec<String> = TAGS.map(str::to_owned).into();
    match Follow::parse(policy).unwrap().newest(own, &tags, prereleases) {
        Ok(tag) => tag.unwrap_or("-").to_owned(),
        Err(why) => why,
    }
}

#[test]
fn the_newest_tag_of_the_same_kind_within_what_is_allowed() {
    for (own, policy, expected) in [
        ("1.4.2", "digest", "-"),
        ("1.4.2", "patch", "1.4.10"),
        ("1.4.2", "minor", "1.5.0"),
        ("1.4.2", "major", "3.0.0"),
        ("1.4.10", "patch", "-"),
        ("1.4.2", "~1.4", "1.4.10"),
        ("1.4.2", "^1", "1.5.0"),
        ("1.4.2", "1.4.x", "1.4.10"),
        ("1.4.2", "*", "3.0.0"),
        ("1.4.2", ">=2 <3", "2.0.0"),
        ("1.4.2", ">= 1.4, < 1.4.10", "1.4.9"),
        ("1.4.2", "=1.4.2", "-"),
        ("2.0.0-rc.1", ">=2 <3", "2.0.0"),
        ("1.4", "minor", "1.5"),
        ("1.4", "patch", "-"),
        ("1", ">=1 <3", "2"),
        ("v1.4.2", "minor", "v1.9.0"),
        ("1.4.2-alpine", "patch", "1.4.3-alpine"),
        ("1.4.2-alpine3.19", "minor", "1.4.3-alpine3.19"),
        ("latest", "minor", "-"),
        ("2024.01.05", "major", "-"),
        ("latest", "~1.4", "its tag `latest` is no version: `~1.4` says nothing of it"),
        ("3.0.0", "~1.4", "its tag `3.0.0` is not within `~1.4`, and no newer tag of its kind is"),
        ("1.2.0", "~1.3", "its tag `1.2.0` is not within `~1.3`, and no newer tag of its kind is"),
    ] {
        assert_eq!(newest(own, policy, false), expected, "{own} {policy}");
    }
}

#[test]
fn what_comes_before_a_release_is_left_out_unless_it_is_asked_for() {
    for (own, policy, expected) in [
        ("2.0.0", "minor", "2.1.0-rc10"),
        ("2.0.0", ">=2 <3", "2.1.0-rc10"),
        ("2.1.0-rc9", "patch", "2.1.0-rc10"),
        ("2.0.0-rc.1", "=2.0.0", "2.0.0"),
        ("1.4.3-alpine", "patch", "1.4.12-rc1-alpine"),
    ] {
        assert_eq!(newest(own, policy, true), expected, "{own} {policy}");
        assert_ne!(newest(own, policy, false), "2.1.0-rc10", "{own} {policy}");
    }
}

#[test]
fn what_is_no_policy_is_refused_and_says_what_to_write() {
    for (policy, part) in [
        ("newest", "is none of digest"),
        ("", "is none of digest"),
        ("~", "is none of digest"),
        ("1 || 2", "is none of digest"),
        ("1.4", "write `=1.4`, `~1.4` or `^1.4`"),
        (">=2.0.0-rc1", "names a pre-release"),
    ] {
        let why = Follow::parse(policy).unwrap_err();
        assert!(why.contains(part), "{policy}: {why}");
    }
    for policy in ["digest", "patch", "~1.4", ">=2 <3", "^2"] {
        assert_eq!(Follow::parse(policy).unwrap().to_string(), policy);
    }
}

#[test]
fn tags_are_asked_for_only_where_they_matter() {
    let asks = |policy: &str, tag: &str| Follow::parse(policy).unwrap().asks(tag);
    assert!(!asks("digest", "1.4") && !asks("minor", "latest") && asks("minor", "1.4") && asks("~1.4", "latest"));
}
