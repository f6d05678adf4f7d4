//! Programs that write while their logs are rotated.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{content, copies, orca, rotate};

/// All numbered lines that are anywhere, and whether any is there twice.
fn lines(orca: &super::Orca) -> (BTreeSet<u64>, u64) {
    let (mut seen, mut twice, mut torn) = (BTreeSet::new(), 0, String::new());
    let mut paths: Vec<_> = copies(orca, "app.log");
    paths.push("app.log".to_owned());
    for name in paths {
        torn += &String::from_utf8(content(&orca.path("log").join(name))).unwrap();
    }
    for line in torn.lines() {
        if let Some(number) = line.strip_prefix("line ").and_then(|rest| rest.split(' ').next()?.parse().ok()) {
            twice += u64::from(!seen.insert(number));
        }
    }
    (seen, twice)
}

#[test]
fn copytruncate_loses_at_most_what_is_written_in_the_last_moment() {
    let orca = orca("  - {paths: [LOG/*.log], size: 1M, keep: 50}");
    let log = orca.path("log/app.log");
    let stop = Arc::new(AtomicBool::new(false));
    let writer = {
        let (log, stop) = (log.clone(), stop.clone());
        std::thread::spawn(move || {
            let mut file = OpenOptions::new().create(true).append(true).open(log).unwrap();
            let mut number = 0_u64;
            while !stop.load(Ordering::Relaxed) {
                file.write_all(format!("line {number} {:60}\n", "of a program that writes and writes").as_bytes())
                    .unwrap();
                number += 1;
                if number.is_multiple_of(50) {
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
            number
        })
    };
    let mut rotations = 0;
    let started = Instant::now();
    while rotations < 4 && started.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(1100));
        let (ended, report) = rotate(&orca);
        assert_eq!(ended.exit, Some(0), "{ended}");
        rotations += report["summary"]["done"].as_u64().unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    let written = writer.join().unwrap();
    let (seen, twice) = lines(&orca);
    assert_eq!(rotations, 4);
    assert_eq!(twice, 0);
    let lost = written - seen.len() as u64;
    // A few microseconds for each rotation, in a program that writes 50 lines at a time.
    assert!(lost <= rotations * 100, "{lost} of {written} lines were lost");
}

#[test]
fn rename_and_signal_lose_nothing() {
    let orca = orca("  - {paths: [LOG/app.log], size: 10k, keep: 50, compress: none, signal: {pid_file: LOG/pid}}");
    let log = orca.path("log/app.log");
    // Writes 20,000 lines, and opens its log again when it is told.
    let script = "import os, signal, sys, time
log = sys.argv[1]
out = open(log, 'a', buffering=1)
def again(*_):
    global out
    out = open(log, 'a', buffering=1)
signal.signal(signal.SIGHUP, again)
open(sys.argv[2], 'w').write(str(os.getpid()))
for number in range(20000):
    out.write('line %d of a program\\n' % number)
    if number % 20 == 0: time.sleep(0.004)
";
    let mut program = Command::new("python3")
        .args(["-c", script])
        .arg(&log)
        .arg(orca.path("log/pid"))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut rotations = 0;
    while program.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(1050));
        if program.try_wait().unwrap().is_none() {
            let (ended, report) = rotate(&orca);
            // It may have ended in between: then there is nobody to tell.
            assert!(ended.exit == Some(0) || program.try_wait().unwrap().is_some(), "{ended}");
            rotations += report["summary"]["done"].as_u64().unwrap() / 2;
        }
    }
    assert!(rotations >= 2, "{rotations}");
    let (seen, twice) = lines(&orca);
    assert_eq!((seen.len(), twice), (20_000, 0));
}

#[test]
fn a_large_log_takes_no_more_memory_than_a_small_one() {
    let peak = |bytes: u64| {
        let orca = orca("  - {paths: [LOG/*.log], size: 1, compress: zstd}");
        std::fs::File::create(orca.path("log/app.log")).unwrap().set_len(bytes).unwrap();
        let running = orca.start(&["logs", "rotate", "-o", "json"]).unwrap();
        let status = format!("/proc/{}/status", running.child.id());
        let mut peak = 0_u64;
        while let Ok(text) = std::fs::read_to_string(&status) {
            let Some(line) = text.lines().find_map(|line| line.strip_prefix("VmHWM:")) else { break };
            peak = peak.max(line.trim().trim_end_matches(" kB").parse().unwrap());
            std::thread::sleep(Duration::from_millis(1));
        }
        let ended = running.end().unwrap();
        assert_eq!(ended.exit, Some(0), "{ended}");
        peak
    };
    let (small, large) = (peak(1 << 20), peak(600 << 20));
    assert!(large < small + 16 * 1024, "{small} kB for 1 MiB, {large} kB for 600 MiB");
}

#[test]
fn a_run_that_is_killed_leaves_the_log_whole_and_the_next_one_goes_on() {
    let orca = orca("  - {paths: [LOG/*.log], size: 1, compress: gzip}");
    let log = orca.path("log/app.log");
    let random = Command::new("head").args(["-c", "10000000", "/dev/urandom"]).output().unwrap().stdout;
    std::fs::write(&log, &random).unwrap();
    let mut running = orca.start(&["logs", "rotate", "-o", "json"]).unwrap();
    let started = Instant::now();
    while super::names(&orca).len() == 1 && started.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(1));
    }
    running.child.kill().unwrap();
    running.child.wait().unwrap();
    assert!(std::fs::read(&log).unwrap() == random, "killed in mid-copy");
    let part = super::names(&orca).into_iter().find(|name| name.ends_with(".part")).unwrap();
    let part = orca.path("log").join(part);
    std::fs::File::open(&part).unwrap().set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    let (ended, report) = rotate(&orca);
    assert_eq!(super::kinds(&report), ["log.remove", "log.rotate"], "{ended}");
    assert!(content(&orca.path("log").join(copies(&orca, "app.log").pop().unwrap())) == random);
    assert!(!part.exists());
}
