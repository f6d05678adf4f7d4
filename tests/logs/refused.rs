//! What is refused, and what stays whole when something fails.

use std::os::unix::fs::symlink;
use std::process::Command;

use super::{kinds, names, orca, possible, root, rotate};

#[test]
fn no_link_is_followed() {
    let orca = orca("  - {paths: [LOG/*.log, LOG/*/*.log], size: 1}");
    let outside = orca.path("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("secret.log"), "secret").unwrap();
    std::fs::write(outside.join("hard.log"), "secret").unwrap();
    symlink(outside.join("secret.log"), orca.path("log/soft.log")).unwrap();
    symlink(&outside, orca.path("log/folder")).unwrap();
    std::fs::hard_link(outside.join("hard.log"), orca.path("log/hard.log")).unwrap();
    Command::new("mkfifo").arg(orca.path("log/pipe.log")).status().unwrap();
    let (ended, report) = rotate(&orca);
    assert_eq!((ended.exit, report["outcome"].as_str()), (Some(75), Some("blocked")), "{ended}");
    let blocked: Vec<String> = report["blocked"]
        .as_array()
        .unwrap()
        .iter()
        .map(|blocked| {
            let name = blocked["target"]["name"].as_str().unwrap().rsplit('/').next().unwrap();
            format!("{name}: {}", blocked["reasons"][0].as_str().unwrap().split(':').next().unwrap())
        })
        .collect();
    assert_eq!(
        blocked,
        [
            "hard.log: the file has other names (hard links), maybe elsewhere",
            "pipe.log: it is no regular file",
            "soft.log: it is a symbolic link, and those are not followed",
        ]
    );
    for name in ["secret.log", "hard.log"] {
        assert_eq!(std::fs::read_to_string(outside.join(name)).unwrap(), "secret");
    }
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 2);
}

#[test]
fn a_folder_behind_somebody_elses_link_is_not_entered() {
    if !possible(root(), "this needs root") {
        return;
    }
    let orca = orca("  - {paths: [LOG/link/app.log], size: 1}");
    std::fs::create_dir(orca.path("outside")).unwrap();
    std::fs::write(orca.path("outside/app.log"), "text").unwrap();
    let link = orca.path("log/link");
    symlink(orca.path("outside"), &link).unwrap();
    std::os::unix::fs::lchown(&link, Some(1234), Some(1234)).unwrap();
    let (ended, report) = rotate(&orca);
    assert_eq!((ended.exit, report["outcome"].as_str()), (Some(0), Some("unchanged")), "{ended}");
    assert!(report["warnings"].to_string().contains("somebody else's symbolic link"), "{ended}");
    assert_eq!(std::fs::read_to_string(orca.path("outside/app.log")).unwrap(), "text");
    // The operator's own way there is.
    std::os::unix::fs::lchown(&link, Some(0), Some(0)).unwrap();
    assert_eq!(kinds(&rotate(&orca).1), ["log.rotate"]);
}

#[test]
fn a_full_disk_leaves_the_log_as_it_was() {
    if !possible(root(), "this needs root") {
        return;
    }
    for rule in ["copytruncate: true", "copytruncate: true, compress: none"] {
        let orca = orca(&format!("  - {{paths: [LOG/*.log], size: 1, {rule}}}"));
        let log = orca.path("log");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m", "orca-test"]).arg(&log).status();
        if !possible(mounted.unwrap().success(), "no tmpfs can be mounted here") {
            return;
        }
        // Random text: nothing compresses it.
        let random = Command::new("head").args(["-c", "1600000", "/dev/urandom"]).output().unwrap().stdout;
        std::fs::write(log.join("app.log"), &random).unwrap();
        let (ended, report) = rotate(&orca);
        let kept = std::fs::read(log.join("app.log")).unwrap();
        let left = names(&orca);
        assert!(Command::new("umount").arg(&log).status().unwrap().success());
        assert_eq!((ended.exit, report["outcome"].as_str()), (Some(1), Some("failed")), "{ended}");
        let error = report["actions"][0]["error"].as_str().unwrap();
        assert!(error.contains("left as it is") && error.contains("No space left"), "{error}");
        assert!(kept == random, "not a byte was lost");
        assert_eq!(left, ["app.log"], "half a copy is of no use");
    }
}

#[test]
fn rules_that_could_hurt_are_refused() {
    for (rule, why) in [
        ("{paths: [/a/*.log]}", "needs `size` or `age`"),
        ("{paths: [], size: 1}", "paths must not be empty"),
        ("{paths: [a/*.log], size: 1}", "must be absolute paths"),
        ("{paths: [/a/../b], size: 1}", "without `..`"),
        ("{paths: [/a/], size: 1}", "must be absolute paths of files"),
        ("{paths: [/a], size: 1, copytruncate: false}", "has no `signal` or `postrotate`"),
        ("{paths: [/a], age: 1d, keep: 0}", "keep must be at least 1"),
        ("{paths: [/a], size: 1, keep: 0, signal: {pid_file: /x}}", "keep must be at least 1"),
        ("{paths: [/a], size: 1, signal: {pid_file: x}}", "pid_file must be an absolute path"),
        ("{paths: [/a], size: 1, signal: {pid_file: /x, name: KILL}}", "must be HUP, USR1 or USR2"),
        ("{paths: [/a], size: 1x}", "size must be a size"),
        ("{paths: [/a], size: 1, compress: rar}", "must be none, gzip or zstd"),
    ] {
        let orca = orca(&format!("  - {rule}"));
        let (ended, report) = rotate(&orca);
        assert_eq!(ended.exit, Some(78), "{rule}: {ended}");
        assert!(report["error"]["causes"].to_string().contains(why), "{rule}: {ended}");
    }
    let orca = orca("  []");
    orca.config("logs: {containers: {list: false}}").unwrap();
    let (ended, _) = super::rotate_with(&orca, &["--fix-services"]);
    assert_eq!(ended.exit, Some(78), "{ended}");
    orca.config("logs: {containers: {max_size: 1.5m, max_file: 0, truncate_above: x}, logrotate: [x]}").unwrap();
    let (ended, report) = rotate(&orca);
    assert_eq!((ended.exit, report["error"]["causes"].as_array().unwrap().len()), (Some(78), 4), "{ended}");
}

#[test]
fn a_pid_file_must_hold_one_process() {
    for (text, why) in [("-1", "no process id"), ("0", "no process id"), ("1", "no process id"), ("x", "no process id")]
    {
        let orca = orca("  - {paths: [LOG/*.log], size: 1, signal: {pid_file: LOG/pid}}");
        std::fs::write(orca.path("log/app.log"), "x").unwrap();
        std::fs::write(orca.path("log/pid"), text).unwrap();
        let (ended, report) = rotate(&orca);
        assert_eq!(ended.exit, Some(1), "{ended}");
        assert!(report["actions"][1]["error"].as_str().unwrap().contains(why), "{ended}");
    }
}
