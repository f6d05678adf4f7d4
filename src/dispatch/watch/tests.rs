use super::*;
use crate::report::print::{Format, Printer};

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
    let choose = |_: &Settings| Ok(Vec::new());
    let asked = Asked::new(watch::COMMAND, &choose);
    for (pass, leader_only) in crate::settings::watchable().flat_map(|pass| [(pass, true), (pass, false)]) {
        for (line, _) in lines(pass, leader_only) {
            command(&line, &Settings::default(), &asked).unwrap();
        }
    }
}

/// A session of a loop whose config has `heard` told of what fails.
fn session(dir: &std::path::Path) -> Session {
    let mut settings = Settings::default();
    settings.notify.command = ["tee", dir.join("heard").to_str().unwrap()].map(str::to_owned).to_vec();
    let within = Within {
        engine: None,
        settings: RefCell::new(Arc::new(settings)),
        cause: Cell::new("start"),
        reports: RefCell::default(),
        said: RefCell::default(),
    };
    let global = Cli::try_parse_from(["orca", "--state-dir", dir.to_str().unwrap(), "gc"]).unwrap().global;
    let printer = Printer { format: Format::JsonLines, color: false, quiet: false };
    Session { global, env: BTreeMap::new(), printer, told: OnceCell::new(), within: Some(Rc::new(within)) }
}

#[tokio::test]
async fn others_are_told_of_a_pass_that_panics_or_hangs() {
    let interrupt = Interrupt::listen().unwrap();
    for hangs in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let session = session(dir.path());
        let run = async {
            tokio::task::yield_now().await;
            assert!(hangs, "no luck");
            std::future::pending().await
        };
        attend(&session, "labels sync", Some(Duration::from_millis(20)), run, &interrupt).await;
        let heard = std::fs::read_to_string(dir.path().join("heard")).unwrap();
        let heard: serde_json::Value = serde_json::from_str(&heard).unwrap();
        let what = if hangs { "the pass hung: it was ended after 20ms" } else { "the pass panicked: no luck" };
        assert_eq!((&heard["command"], &heard["error"]["message"]), (&"labels sync".into(), &what.into()));
        assert_eq!(heard["data"]["notification"]["event"], "failure");
        assert_eq!(session.within.unwrap().reports.take().len(), 1);
    }
}
