use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::{Occasion, Told};
use crate::error::{Error, ErrorKind};
use crate::report::{Outcome, Report, Run};
use crate::settings::Event;

const ON: [Event; 3] = [Event::Change, Event::Failure, Event::Recovery];

fn at(told: &mut Told, second: i64, report: &Report) -> Option<Occasion> {
    told.note(report, "x", &ON, Duration::from_secs(60), Timestamp::from_second(second).unwrap())
}

fn report(command: &'static str, ended: Result<(), ErrorKind>) -> Report {
    let mut report = Report::new(command, Run::start(false));
    if let Err(kind) = ended {
        report.fail(&Error::new(kind, "x").into());
    }
    report.conclude(0);
    report
}

#[test]
fn a_recovery_that_was_held_back_is_told_by_whatever_comes_later() {
    let (bad, good) = (|name| report(name, Err(ErrorKind::Failed)), |name| report(name, Ok(())));
    let mut told = Told::default();
    let mut skipped = good("a");
    skipped.outcome = Outcome::Skipped;
    for (second, report, event) in [
        (0, bad("a"), Some(Event::Failure)),
        (1, skipped, None),
        (2, good("a"), Some(Event::Recovery)),
        (3, bad("a"), None),
        (4, good("a"), None),
        (5, good("b"), None),
    ] {
        let occasion = at(&mut told, second, &report);
        assert_eq!(occasion.as_ref().map(|occasion| occasion.event), event, "{second}");
        if let Some(occasion) = &occasion {
            told.sent(occasion);
        }
    }
    let late = at(&mut told, 62, &good("b")).unwrap();
    assert_eq!((late.event, late.held, late.own), (Event::Recovery, 1, false));
    assert_eq!(late.newest[0].command, "a");
    // Another recovers while it is being told.
    at(&mut told, 63, &bad("c"));
    assert_eq!(at(&mut told, 63, &good("c")), None);
    told.sent(&late);
    let left: BTreeMap<_, _> = told.kinds.iter().map(|(event, kind)| (*event, kind.held)).collect();
    assert_eq!(left[&Event::Recovery], 1);
    assert_eq!(told.kinds[&Event::Recovery].newest[0].command, "c");
    assert_eq!(at(&mut told, 122, &good("b")).map(|late| late.held), Some(1));
    told.sent(&late);
    assert_eq!(at(&mut told, 999, &good("b")), None);
}

#[test]
fn one_half_of_a_command_does_not_recover_by_the_other() {
    let half = |ended, only: &str| {
        let mut report = report("autoheal", ended);
        report.data.insert("only".to_owned(), only.into());
        report
    };
    let mut told = Told::default();
    let mut event = |report: &Report| at(&mut told, 0, report).map(|occasion| occasion.event);
    assert_eq!(event(&half(Err(ErrorKind::Failed), "services")), Some(Event::Failure));
    assert_eq!(event(&half(Ok(()), "containers")), None);
    assert_eq!(event(&half(Ok(()), "services")), Some(Event::Recovery));
}
