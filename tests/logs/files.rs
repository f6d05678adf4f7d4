//! What happens to real files.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::process::Command;

use super::{content, copies, kinds, names, orca, possible, root, rotate, rotate_with};

#[test]
fn a_log_is_copied_compressed_and_emptied_in_place() {
    for (compress, suffix) in [("gzip", ".gz"), ("zstd", ".zst"), ("none", "Z")] {
        let orca = orca(&format!("  - {{paths: [LOG/*.log], size: 100k, keep: 2, compress: {compress}}}"));
        let (log, text) = (orca.path("log/app.log"), "a line that is long enough\n".repeat(20_000));
        std::fs::write(&log, &text).unwrap();
        std::fs::write(orca.path("log/small.log"), "x").unwrap();
        std::fs::set_permissions(&log, std::fs::Permissions::from_mode(0o640)).unwrap();
        if root() {
            std::os::unix::fs::chown(&log, Some(123), Some(456)).unwrap();
        }
        let before = std::fs::metadata(&log).unwrap();
        let (ended, planned) = rotate_with(&orca, &["-n"]);
        assert_eq!((ended.exit, planned["outcome"].as_str()), (Some(0), Some("planned")), "{ended}");
        assert_eq!((names(&orca).len(), orca.state_dir().exists()), (2, false), "a dry run writes nothing");
        let (ended, report) = rotate(&orca);
        assert_eq!((ended.exit, report["outcome"].as_str()), (Some(0), Some("changed")), "{ended}");
        assert_eq!(kinds(&report), ["log.rotate"]);
        let copy = copies(&orca, "app.log").pop().unwrap();
        assert!(copy.ends_with(suffix), "{copy}");
        let copy = orca.path("log").join(copy);
        assert_eq!(content(&copy), text.as_bytes());
        let (after, copied) = (std::fs::metadata(&log).unwrap(), std::fs::metadata(&copy).unwrap());
        assert_eq!((after.len(), after.ino()), (0, before.ino()), "its program goes on writing to it");
        for meta in [&after, &copied] {
            assert_eq!((meta.mode() & 0o7777, meta.uid(), meta.gid()), (0o640, before.uid(), before.gid()));
        }
        if compress != "none" {
            assert!(copied.len() < before.len() / 10, "{}", copied.len());
            let tool = if compress == "gzip" { "gzip" } else { "zstd" };
            assert!(Command::new(tool).arg("-t").arg(&copy).output().unwrap().status.success(), "{tool} reads it");
        }
        let (ended, again) = rotate(&orca);
        assert_eq!((ended.exit, again["outcome"].as_str()), (Some(0), Some("unchanged")), "{ended}");
        assert_eq!(again["summary"]["unchanged"], 2);
        let history = orca.run(&["history", "-o", "json"]).unwrap().report().unwrap();
        assert_eq!(history["data"]["history"][0]["kind"], "log.rotate");
        assert_eq!(history["data"]["history"][0]["status"], "done");
    }
}

#[test]
fn a_log_is_renamed_made_anew_and_its_program_told() {
    let orca =
        orca("  - {paths: [LOG/app.log], size: 10, keep: 2, postrotate: [/bin/sh, -c, 'echo told >> LOG/told']}");
    let log = orca.path("log/app.log");
    std::fs::write(&log, "0123456789\n").unwrap();
    std::fs::set_permissions(&log, std::fs::Permissions::from_mode(0o600)).unwrap();
    let before = std::fs::metadata(&log).unwrap();
    let (ended, report) = rotate(&orca);
    assert_eq!(ended.exit, Some(0), "{ended}");
    assert_eq!(kinds(&report), ["log.rotate", "log.notify"]);
    let copy = orca.path("log").join(copies(&orca, "app.log").pop().unwrap());
    assert_eq!(std::fs::metadata(&copy).unwrap().ino(), before.ino(), "renamed: not a byte was moved");
    let new = std::fs::metadata(&log).unwrap();
    assert_eq!((new.len(), new.mode() & 0o7777, new.uid()), (0, 0o600, before.uid()));
    assert_eq!(std::fs::read_to_string(orca.path("log/told")).unwrap(), "told\n");
    // Rests by now, as far as its times tell: the next pass compresses it.
    assert_eq!(rotate(&orca).1["outcome"], "unchanged");
    let old = orca.path("log/app.log.20200101T000000Z");
    std::fs::rename(&copy, &old).unwrap();
    std::fs::File::open(&old).unwrap().set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    let (ended, report) = rotate(&orca);
    assert_eq!(kinds(&report), ["log.compress"], "{ended}");
    assert_eq!(content(&orca.path("log/app.log.20200101T000000Z.gz")), b"0123456789\n");
    assert!(!old.exists());
}

#[test]
fn a_command_that_fails_is_a_failure() {
    let orca = orca("  - {paths: [LOG/app.log], size: 1, postrotate: [/bin/sh, -c, 'echo no such app >&2; exit 3']}");
    std::fs::write(orca.path("log/app.log"), "x").unwrap();
    let (ended, report) = rotate(&orca);
    assert_eq!((ended.exit, report["outcome"].as_str()), (Some(1), Some("partial")), "{ended}");
    let error = report["actions"][1]["error"].as_str().unwrap();
    assert!(error.contains("exit status: 3") && error.contains("no such app"), "{error}");
}

#[test]
fn only_so_many_copies_stay() {
    let orca = orca("  - {paths: [LOG/*.log], size: 1, keep: 2}");
    for stamp in ["20250101T000000Z.gz", "20250102T000000Z.gz", "20250103T000000Z.gz"] {
        std::fs::write(orca.path(&format!("log/app.log.{stamp}")), "x").unwrap();
    }
    for (name, text) in [("app.log", "new"), ("app.log.1.gz", "others"), ("app.log.bak", "others")] {
        std::fs::write(orca.path(&format!("log/{name}")), text).unwrap();
    }
    let (ended, report) = rotate(&orca);
    assert_eq!(kinds(&report), ["log.remove", "log.rotate", "log.remove"], "{ended}");
    assert_eq!(copies(&orca, "app.log").first().unwrap(), "app.log.20250103T000000Z.gz");
    assert_eq!(names(&orca).len(), 5, "nobody else's copies are touched: {:?}", names(&orca));
}

#[test]
fn without_copies_a_log_is_only_emptied() {
    let orca = orca("  - {paths: [LOG/*.log], size: 1, keep: 0}");
    std::fs::write(orca.path("log/app.log"), "x").unwrap();
    assert_eq!(rotate(&orca).0.exit, Some(0));
    assert_eq!(names(&orca), ["app.log"]);
    assert_eq!(std::fs::metadata(orca.path("log/app.log")).unwrap().len(), 0);
}

#[test]
fn a_log_of_several_rules_belongs_to_the_first_and_a_rule_without_logs_is_said() {
    let orca = orca(
        "  - {paths: [LOG/a*.log], size: 1G}\n  - {paths: [LOG/**/*.log], size: 1}\n  - {paths: [LOG/z/*], size: 1}",
    );
    std::fs::write(orca.path("log/a.log"), "x").unwrap();
    let (_, report) = rotate(&orca);
    assert_eq!(report["outcome"], "unchanged");
    let codes: Vec<_> = report["warnings"].as_array().unwrap().iter().map(|warning| &warning["code"]).collect();
    assert_eq!(codes, ["no_log", "no_log"]);
}

#[test]
fn logrotate_gets_its_own_configuration_and_a_state_file_of_orcas() {
    let orca = orca("  []");
    let folder = orca.path("rotate.d");
    std::fs::create_dir(&folder).unwrap();
    let log = orca.path("log/native.log");
    std::fs::write(&log, "some text\n").unwrap();
    let rule = format!("{} {{\n size 1\n rotate 2\n copytruncate\n missingok\n}}\n", log.display());
    std::fs::write(folder.join("native.conf"), rule).unwrap();
    orca.config(&format!("logs: {{containers: {{list: false}}, logrotate: [{}]}}", folder.display())).unwrap();
    let without = orca.command(&["logs", "rotate", "-o", "json"]).env("PATH", "/nonexistent").output().unwrap();
    assert_eq!(without.status.code(), Some(75), "there is none: blocked");
    assert!(String::from_utf8_lossy(&without.stdout).contains("there is no `logrotate` on this host"));
    if !possible(Command::new("logrotate").arg("--version").output().is_ok(), "logrotate is not installed") {
        return;
    }
    let (ended, planned) = rotate_with(&orca, &["-n"]);
    assert_eq!(kinds(&planned), ["logrotate.run"], "{ended}");
    assert_eq!(planned["actions"][0]["before"][0], log.display().to_string());
    assert_eq!(names(&orca), ["native.log"], "a dry run writes nothing");
    let (ended, done) = rotate(&orca);
    assert_eq!((ended.exit, done["outcome"].as_str()), (Some(0), Some("changed")), "{ended}");
    assert_eq!(std::fs::read_to_string(orca.path("log/native.log.1")).unwrap(), "some text\n");
    let book = std::fs::read_to_string(orca.state_dir().join("logrotate.state")).unwrap();
    assert!(book.contains("native.log"), "{book}");
    assert_eq!(rotate(&orca).1["outcome"], "unchanged");
}
