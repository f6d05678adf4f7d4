use super::*;

fn of(labels: &[(&str, &str)], settings: &Update) -> (Policy, Vec<String>) {
    let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Policy::of(&labels, settings)
}

#[test]
fn labels_win_and_what_they_say_wrong_is_said() {
    let usual = Update::default();
    let opt_in = Update { opt_in: true, ..usual.clone() };
    for (labels, settings, mode) in [
        (&[][..], &usual, Mode::On),
        (&[], &opt_in, Mode::Off),
        (&[(LABEL, "true")], &opt_in, Mode::On),
        (&[(LABEL, "false")], &usual, Mode::Off),
        (&[(LABEL, "monitor")], &usual, Mode::Monitor),
        (&[("gantry.services.excluded", "true")], &usual, Mode::Off),
        (&[("gantry.services.excluded", "true"), (LABEL, "true")], &usual, Mode::On),
        (&[("gantry.services.excluded", "false")], &usual, Mode::On),
    ] {
        let (policy, wrong) = of(labels, settings);
        assert_eq!((policy.mode, wrong.len()), (mode, 0), "{labels:?}");
    }
    let (policy, wrong) = of(&[(LABEL, "yes")], &usual);
    assert_eq!((policy.mode, wrong.len()), (Mode::Unclear, 1), "what can't be read updates nothing");
    let labels = [
        ("orca.update.min-age", "72h"),
        ("orca.update.timeout", "90"),
        ("gantry.update.timeout_seconds", "7"),
        ("gantry.rollback.on_failure", "false"),
        ("orca.auth", "team"),
        ("gantry.auth.config", "other"),
    ];
    let seconds = Duration::from_secs;
    let (follow, prereleases) = (Follow::Tag, false);
    let min_age = seconds(259_200);
    let (jobs, window, pre, post, auth) = (false, None, None, None, Some("team".to_owned()));
    let (mode, deadline, rollback) = (Mode::On, seconds(90), false);
    let wanted = Policy { mode, min_age, deadline, rollback, follow, prereleases, jobs, window, auth, pre, post };
    assert_eq!(of(&labels, &usual), (wanted, Vec::new()));
    let (policy, wrong) = of(&[("gantry.update.timeout_seconds", "0")], &usual);
    assert_eq!((policy.deadline, wrong.len()), (usual.deadline, 0));
    // An instant so far away is none.
    for key in ["orca.update.timeout", "gantry.update.timeout_seconds"] {
        for text in ["18446744073709551615", "11y", "1000000y"] {
            let (policy, wrong) = of(&[(key, text)], &usual);
            assert_eq!((policy.deadline, wrong.len()), (usual.deadline, 1), "{key}={text}: {wrong:?}");
            assert!(wrong[0].contains(&format!("label {key}=`{text}` is no duration")), "{wrong:?}");
        }
        assert_eq!(of(&[(key, "9y")], &usual).0.deadline, humantime::parse_duration("9y").unwrap());
    }
    let (policy, wrong) = of(&[(FOLLOW_LABEL, ">=2 <3"), ("orca.update.prereleases", "true")], &usual);
    assert_eq!((policy.follow.to_string().as_str(), policy.prereleases, wrong.len()), (">=2 <3", true, 0));
    let (policy, wrong) = of(&[(FOLLOW_LABEL, "newest")], &usual);
    assert_eq!((policy.mode, wrong.len()), (Mode::Unclear, 1), "what can't be read updates nothing");
    for labels in
        [&[(WINDOW_LABEL, "22:00")][..], &[(CRON_LABEL, "x")], &[(WINDOW_LABEL, "always"), (CRON_LABEL, "0 3 * * *")]]
    {
        let (policy, wrong) = of(labels, &usual);
        assert_eq!((policy.mode, wrong.len()), (Mode::Unclear, 1), "{wrong:?}");
    }
    let hooked = Update { pre: Some("a".to_owned()), post: Some("b".to_owned()), ..usual.clone() };
    let (policy, _) = of(&[("orca.update.pre", ""), ("orca.update.post", "c")], &hooked);
    assert_eq!((policy.pre, policy.post.as_deref()), (None, Some("c")));
    let labels = [("orca.update.timeout", "0"), ("orca.update.min-age", "x"), ("orca.update.rollback", "maybe")];
    let (policy, wrong) = of(&labels, &usual);
    assert_eq!((policy.deadline, policy.min_age, policy.rollback), (usual.deadline, usual.min_age, true));
    assert_eq!(wrong.len(), 3, "{wrong:?}");
}
