use super::*;

#[tokio::test]
async fn a_pass_that_panics_or_hangs_is_reported_and_ends() {
    let limit = Some(Duration::from_millis(20));
    assert!(guarded(limit, async { 0 }).await.is_none());
    let panics = async {
        tokio::task::yield_now().await;
        panic!("out of {}", "luck")
    };
    let error = guarded(limit, panics).await.unwrap();
    assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Failed, "the pass panicked: out of luck"));
    let error = guarded(limit, std::future::pending()).await.unwrap();
    assert_eq!(error.message, "the pass hung: it was ended after 20ms");
}

#[test]
fn no_limit_is_shorter_than_what_the_command_may_take() {
    let global = |flags: &[&str]| {
        let words = ["orca", "gc"].iter().chain(flags);
        Cli::try_parse_from(words).unwrap().global
    };
    let minutes = |count: u64| Duration::from_secs(60 * count);
    let mut settings = Settings::default();
    let extra = HUNG + settings.notify.timeout;
    let patient = global(&["--lock-timeout", "10m"]);
    assert_eq!(limit("labels sync", &patient, &settings, None), Some(minutes(11) + extra));
    assert_eq!(limit("autoheal", &patient, &settings, None), Some(minutes(22) + extra));
    assert_eq!(limit("reconcile", &global(&[]), &settings, Some(minutes(5))), Some(minutes(6) + extra));
    settings.rebalance.auto = true;
    assert_eq!(limit("reconcile", &global(&[]), &settings, None), Some(minutes(31) + extra));
    assert_eq!(limit("reconcile", &global(&["--timeout", "2m"]), &settings, None), Some(minutes(4) + extra));
    assert_eq!(limit("commands run", &global(&[]), &settings, None), None);
}

#[test]
fn every_pass_that_can_be_watched_is_a_command() {
    let asked = Asked { needs_config: false, once: false, wait: None, commands: None };
    for (pass, leader_only) in crate::settings::watchable().flat_map(|pass| [(pass, true), (pass, false)]) {
        for (line, _) in lines(pass, leader_only) {
            command(&line, &Settings::default(), &asked).unwrap();
        }
    }
}
