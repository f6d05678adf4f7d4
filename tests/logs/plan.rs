//! What is decided, without a file.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use orca::files::squeeze::Compress;
use orca::files::{Kind, Stat};
use orca::pass::logs::{Found, Kin, LogrotateSays, is_copy, plan, plan_logrotate, read_debug};
use orca::plan::{Change, Plan};
use orca::settings::{LogRule, Origin, Signal};

const NOW: i64 = 1_800_000_000; // 2027-01-15T08:00:00Z

fn at(seconds_ago: i64) -> Timestamp {
    Timestamp::from_second(NOW - seconds_ago).unwrap()
}

fn stat(inode: u64, size: u64, modified: i64) -> Stat {
    Stat { id: (1, inode), kind: Kind::File, size, links: 1, modified: at(modified), born: Some(at(1_000_000)) }
}

fn rule() -> LogRule {
    LogRule {
        paths: Vec::new(),
        size: Some(1000),
        age: None,
        keep: 3,
        compress: Compress::Gzip,
        copytruncate: true,
        signal: None,
        postrotate: Vec::new(),
        origin: Origin { path: "logs.rules[0]".to_owned(), source: "orca.yml".to_owned(), line: 3, column: 5 },
    }
}

fn copy(inode: u64, seconds_ago: i64, suffix: &str, modified: i64) -> Kin {
    let stamp = at(seconds_ago).strftime("%Y%m%dT%H%M%SZ");
    Kin { name: format!("app.log.{stamp}{suffix}"), stat: stat(inode, 10, modified) }
}

fn found(size: u64, kin: Vec<Kin>) -> Found {
    Found { rule: 0, path: "/var/log/app/app.log".to_owned(), stat: stat(1, size, 0), kin }
}

/// Action ids without their folder, with what they wait for.
fn wanted(plan: &Plan) -> Vec<String> {
    let short = |id: &str| id.replace("file//var/log/app/", "");
    plan.actions
        .iter()
        .map(|action| match action.requires.first() {
            Some(first) => format!("{} after {}", short(&action.id), short(first)),
            None => short(&action.id),
        })
        .collect()
}

fn decide(found: &Found, rule: &LogRule) -> Plan {
    plan(std::slice::from_ref(found), std::slice::from_ref(rule), at(0))
}

#[test]
fn a_log_is_due_by_size_or_by_age_and_all_reasons_are_said() {
    let old = LogRule { age: Some(Duration::from_secs(86_400)), ..rule() };
    let young = vec![copy(2, 80_000, ".gz", 80_000)];
    let aged = vec![copy(2, 90_000, ".gz", 90_000)];
    for (size, kin, rule, due) in [
        (999, vec![], rule(), false),
        (1000, vec![], rule(), true),
        (0, vec![], LogRule { size: Some(0), ..rule() }, false),
        (1, vec![], old.clone(), true), // since it was made
        (1, young, old.clone(), false), // since its last rotation
        (1, aged.clone(), old.clone(), true),
        (0, aged.clone(), old.clone(), false),
    ] {
        let plan = decide(&found(size, kin.clone()), &rule);
        assert_eq!(wanted(&plan).iter().any(|id| id == "app.log#rotate"), due, "{size} {kin:?} {rule:?}");
        assert_eq!(plan.unchanged, u64::from(!due));
    }
    let both = decide(&found(2048, aged), &old);
    let reason = "it has 2.0 KiB, of which 1000 B are allowed, and it goes back 25 h, of which 24 h are allowed; \
                  logs.rules[0] (orca.yml:3)";
    assert_eq!(both.actions[0].reason, reason);
    let Change::LogRotate(rotation) = &both.actions[0].change else { panic!() };
    assert_eq!(rotation.copy.as_deref(), Some("app.log.20270115T080000Z.gz"));
}

#[test]
fn old_copies_go_after_the_new_one_is_made_and_excess_ones_first() {
    let kin: Vec<Kin> = (1..=5).map(|day| copy(day, 86_400 * i64::try_from(day).unwrap(), ".gz", 86_400)).collect();
    let name = |day: i64| format!("app.log.{}.gz#remove", at(day * 86_400).strftime("%Y%m%dT%H%M%SZ"));
    assert_eq!(
        wanted(&decide(&found(2000, kin.clone()), &rule())),
        [name(5), name(4), "app.log#rotate".to_owned(), format!("{} after app.log#rotate", name(3))]
    );
    assert_eq!(wanted(&decide(&found(1, kin), &rule())), [name(5), name(4)]);
}

#[test]
fn a_renamed_copy_is_compressed_once_it_rests() {
    let renames = LogRule { copytruncate: false, postrotate: vec!["true".to_owned()], ..rule() };
    for (rotated, written, compressed) in [(3600, 3600, true), (3600, 10, false), (30, 30, false)] {
        let kin = vec![copy(2, rotated, "", written)];
        let plan = decide(&found(1, kin), &renames);
        assert_eq!(wanted(&plan).len(), usize::from(compressed), "{rotated} {written} {plan:?}");
    }
    let none = LogRule { compress: Compress::None, ..renames.clone() };
    assert_eq!(wanted(&decide(&found(1, vec![copy(2, 3600, "", 3600)]), &none)), Vec::<String>::new());
    let Change::LogRotate(rotation) = &decide(&found(2000, vec![]), &renames).actions[0].change else { panic!() };
    assert_eq!((rotation.copy.as_deref(), rotation.compress), (Some("app.log.20270115T080000Z"), Compress::None));
}

#[test]
fn the_program_is_told_once_and_again_if_it_did_not_listen() {
    let signal = Some((Signal::Hup, "/run/app.pid".into()));
    let renames = LogRule { copytruncate: false, signal, ..rule() };
    let other = Found { path: "/var/log/app/other.log".to_owned(), ..found(5000, vec![]) };
    let both = plan(&[found(2000, vec![]), other], std::slice::from_ref(&renames), at(0));
    let told: Vec<_> = both.actions.iter().filter(|action| action.id.ends_with("#notify")).collect();
    assert_eq!((told.len(), told[0].requires.len()), (1, 2), "one signal for both");
    // Renamed an hour ago, written to a moment ago, and the new log is empty.
    let deaf = plan(&[found(0, vec![copy(2, 3600, "", 3)])], std::slice::from_ref(&renames), at(0));
    assert_eq!(wanted(&deaf), ["file/logs.rules[0]#notify"]);
    for (size, written) in [(5, 3), (0, 3600)] {
        let quiet = plan(&[found(size, vec![copy(2, 3600, ".gz", written)])], std::slice::from_ref(&renames), at(0));
        assert_eq!(wanted(&quiet), Vec::<String>::new(), "{size} {written}");
    }
}

#[test]
fn half_a_copy_goes_once_nobody_writes_to_it() {
    let part = |modified| Kin { name: ".app.log.20270115T070000Z.gz.part".to_owned(), stat: stat(3, 5, modified) };
    assert_eq!(wanted(&decide(&found(1, vec![part(3600)]), &rule())), [".app.log.20270115T070000Z.gz.part#remove"]);
    assert_eq!(wanted(&decide(&found(1, vec![part(10)]), &rule())), Vec::<String>::new());
}

#[test]
fn copies_are_known_by_their_names() {
    for (name, is) in [
        ("app.log.20270115T080000Z", true),
        ("app.log.20270115T080000Z.gz", true),
        ("app.log.20270115T080000Z.zst", true),
        (".app.log.20270115T080000Z.zst.part", true),
        ("app.log", false),
        ("app.log.1.gz", false),
        ("app.log.20271315T080000Z", false),
        (".20270115T080000Z", false),
        ("é", false),
    ] {
        assert_eq!(is_copy(name), is, "{name}");
    }
}

#[test]
fn planning_again_after_applying_gives_nothing() {
    let kin: Vec<Kin> = (1..=5).map(|day| copy(day, 86_400 * i64::try_from(day).unwrap(), ".gz", 86_400)).collect();
    let mut log = found(2000, kin);
    for action in decide(&log, &rule()).actions {
        let name = action.target.id.rsplit('/').next().unwrap().to_owned();
        match action.change {
            Change::LogRotate(rotation) => {
                log.stat.size = 0;
                log.kin.push(Kin { name: rotation.copy.unwrap(), stat: stat(9, 10, 0) });
            }
            Change::LogRemove { .. } => log.kin.retain(|kin| kin.name != name),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(log.kin.len(), 3);
    assert!(decide(&log, &rule()).actions.is_empty());
}

#[test]
fn logrotate_is_taken_at_its_word() {
    let says = read_debug(
        "reading config file /etc/l/a\nerror: /etc/l/b:3 unknown option 'sizes'\n\nconsidering log /var/log/a.log\n  Now: x\n  \
         log needs rotating\nconsidering log /var/log/b.log\n  log does not need rotating (log is empty)\n",
    );
    assert_eq!((says.needs.clone(), says.rests), (vec!["/var/log/a.log".to_owned()], 1));
    let mut plan = Plan::default();
    plan_logrotate("/etc/l", &says, &mut plan);
    assert_eq!(wanted(&plan), ["file//etc/l#logrotate"]);
    assert_eq!(plan.warnings[0].message, "logrotate: /etc/l/b:3 unknown option 'sizes'");
    let mut plan = Plan::default();
    plan_logrotate(
        "/etc/l",
        &LogrotateSays { problem: Some("there is none".to_owned()), ..LogrotateSays::default() },
        &mut plan,
    );
    assert_eq!((plan.actions.len(), plan.blocked[0].reasons.len()), (0, 1));
    assert!(at(0).duration_since(at(5)) == SignedDuration::from_secs(5));
}
