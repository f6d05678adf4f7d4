//! Wrong input of every kind: what failed, on what, what to do next, and the right exit code. Nothing is asked of an
//! engine, and nothing is written.

#[path = "common/mod.rs"]
#[expect(dead_code, reason = "scenarios need all of it, this only the processes")]
mod common;

use anyhow::Result;
use common::orca::{Ended, Orca};
use common::sim::Sim;

/// An orca with a good config, and things that are none.
fn orca() -> Result<Orca> {
    let orca = Orca::new("unix:///nonexistent/docker.sock")?;
    orca.config("nodes: { node-1: { labels: [ssd] } }\n")?;
    std::fs::create_dir(orca.path("folder"))?;
    for (name, text) in [("empty.yml", "\n \n"), ("comment.yml", "# nothing yet\n"), ("x.json", r#"{"x": 1}"#)] {
        std::fs::write(orca.path(name), text)?;
    }
    Ok(orca)
}

fn assert_said(ended: &Ended, exit: i32, failed: &str, next: &str) {
    assert_eq!(ended.exit, Some(exit), "{ended}");
    let (first, rest) = ended.stderr.split_once('\n').unwrap_or_default();
    assert!(first.starts_with("error: ") && first.contains(failed), "wanted {failed}: {ended}");
    assert!(rest.contains(next), "wanted {next}: {ended}");
}

#[test]
fn configs() -> Result<()> {
    let orca = orca()?;
    for (file, failed, next) in [
        ("nothere.yml", "can't read the configuration `nothere.yml`: No such file", "hint: name a file with `-c FILE`"),
        ("", "can't read the configuration ``: No such file", "hint: name a file with `-c FILE`"),
        ("folder", "can't read the configuration `folder`: Is a directory", "hint: name a YAML file with `-c FILE`"),
        ("empty.yml", "the configuration `empty.yml` is empty", "hint: if that is meant, write `{}` into it"),
        // As after a pipe whose first command has failed: it must not take away all labels.
        ("-", "the configuration stdin is empty", "hint: if that is meant, write `{}` into it"),
    ] {
        for command in [&["config", "check"][..], &["labels", "sync"], &["reconcile", "--once"]] {
            let ended = orca.run(&[command, &["-c", file]].concat())?;
            assert_said(&ended, 78, failed, next);
            assert_eq!(ended.report()?["error"]["kind"], "config", "{ended}");
        }
    }
    // Somebody has written it, and meant it.
    assert_eq!(orca.run(&["config", "check", "-c", "comment.yml"])?.exit, Some(0));
    Ok(())
}

#[test]
fn hosts() -> Result<()> {
    let orca = orca()?;
    let forms = "hint: orca takes unix:///PATH, tcp://HOST:PORT";
    for (host, failed, next) in [
        ("nonsense here", "invalid engine address `nonsense here`", forms),
        ("foo:bar", "invalid engine address `foo:bar`: the port must be a number", forms),
        ("foo://bar", "invalid engine address `foo://bar`: unknown scheme", forms),
        ("ssh://", "it names no host", forms),
        ("tcp://me:secret@host", "invalid engine address `tcp://***@host`", forms),
        ("/var/run/docker.sock", "a path needs `unix://` before it", "hint: try `unix:///var/run/docker.sock`"),
    ] {
        let ended = orca.run(&["labels", "sync", "-H", host])?;
        assert_said(&ended, 64, failed, next);
        assert_eq!(ended.stdout, "", "{ended}");
    }
    // RFC 6761: this name never has an address, and no resolver asks the network for it.
    let ended = orca.run(&["labels", "sync", "-H", "foo.invalid"])?;
    let next = "hint: is `foo.invalid` the name of a host? orca takes unix:///PATH";
    assert_said(&ended, 69, "cannot connect to the engine at tcp://foo.invalid:2375 (--host)", next);
    Ok(())
}

#[test]
fn snapshots() -> Result<()> {
    let orca = orca()?;
    for (file, failed) in [
        ("nothere.json", "can't read snapshot `nothere.json`"),
        ("folder", "can't read snapshot `folder`"),
        ("x.json", "`x.json` is not a snapshot"),
    ] {
        for command in [&["reconcile", "--once", "--snapshot", file][..], &["sim", "--from", file, "--", "true"]] {
            let ended = orca.run(command)?;
            assert_said(&ended, 78, failed, "hint: make one with `orca snapshot > FILE`");
            assert_eq!(ended.report()?["error"]["kind"], "config", "{ended}");
        }
    }
    let ended = orca.run(&["sim", "--listen", "nowhere/sim.sock"])?;
    assert_said(&ended, 1, "can't listen on `nowhere/sim.sock`", "hint: the folder must exist");
    let ended = orca.run(&["sim", "--", "no-such-command"])?;
    assert_said(&ended, 1, "can't run `no-such-command`", "hint: after `--` comes a program");
    Ok(())
}

#[test]
fn flags() -> Result<()> {
    let orca = orca()?;
    for (args, failed) in [
        (
            &["labels", "sync", "--timeout", "0"][..],
            "invalid value '0' for '--timeout <DUR>': must be more than nothing",
        ),
        (
            &["labels", "sync", "--timeout", "soon"],
            "for '--timeout <DUR>': expected number at 0 (write 90s, 5m, 1h30m)",
        ),
        (&["reconcile", "--interval", "0s"], "for '--interval <DUR>': must be more than nothing"),
        (&["anchors", "follow", "--wait", "long"], "for '--wait <DUR>': expected number at 0 (write 90s, 5m, 1h30m)"),
        (&["labels", "sync", "-o", "xml"], "invalid value 'xml' for '--output <OUTPUT>'"),
        (&["labels", "sync", "--frob"], "unexpected argument '--frob'"),
        (&["labels", "sink"], "unrecognized subcommand 'sink'"),
    ] {
        let ended = orca.run(args)?;
        assert_said(&ended, 64, failed, "--help");
        assert_eq!(ended.stdout, "", "{ended}");
    }
    Ok(())
}

#[test]
fn man_pages_go_by_the_commands_name_too() -> Result<()> {
    let orca = orca()?;
    let whole = orca.run(&["man", "orca-anchors-follow"])?;
    assert!(whole.stdout.contains("ORCA-ANCHORS-FOLLOW"), "{whole}");
    assert!(whole.stdout.contains(r"[\fB\-\-wait\fR \fIDUR\fR]"), "a value has a name: {whole}");
    assert_eq!(orca.run(&["man", "anchors-follow"])?.stdout, whole.stdout);
    let ended = orca.run(&["man", "anchors-lead"])?;
    assert_said(&ended, 64, "no man page `anchors-lead`", "hint: there are orca, orca-anchors");
    Ok(())
}

/// A copy has the id of the real cluster.
#[test]
fn a_rehearsal_is_not_remembered() -> Result<()> {
    let orca = orca()?;
    let ended = orca.run(&["sim", "--", env!("CARGO_BIN_EXE_orca"), "labels", "sync", "-c", "orca.yml"])?;
    assert_eq!(ended.exit, Some(0), "{ended}");
    assert!(!orca.state_dir().exists(), "{ended}");
    Ok(())
}

/// They write nothing anyhow; whether the user has asked for a dry run is another matter.
#[test]
fn what_only_tells_is_no_dry_run_unless_asked_for() -> Result<()> {
    let orca = orca()?;
    for command in [&["history"][..], &["config", "check"], &["config", "show"]] {
        let ended = orca.run(command)?;
        assert_eq!(ended.report()?["run"]["dry_run"], false, "{ended}");
        assert_eq!(orca.run(&[command, &["-n"]].concat())?.report()?["run"]["dry_run"], true);
    }
    Ok(())
}

#[test]
fn tables_fit_a_terminal_and_end_where_their_text_ends() -> Result<()> {
    let (sim, mut orca) = (Sim::three()?, orca()?);
    orca.host = sim.engine.host();
    assert_eq!(orca.run(&["labels", "sync", "-o", "text"])?.exit, Some(0));
    let plain = orca.run(&["history", "-o", "text"])?;
    assert_eq!(plain.stdout.lines().count(), 2, "whole lines where no terminal is: {plain}");
    assert!(plain.stdout.lines().all(|line| line == line.trim_end()), "{plain}");
    // `script` (util-linux) gives a command a terminal.
    for color in ["never", "always"] {
        let inner = orca.command(&[]);
        let line = format!("stty cols 70; {} history -o text --color {color}", env!("CARGO_BIN_EXE_orca"));
        let mut command = std::process::Command::new("script");
        command.args(["-qec", &line, "/dev/null"]).current_dir(orca.folder.path()).env_clear();
        command.envs(inner.get_envs().filter_map(|(key, value)| Some((key, value?))));
        let shown = String::from_utf8(command.stdin(std::process::Stdio::null()).output()?.stdout)?;
        assert!(
            shown.lines().count() > 2 && shown.lines().all(|line| line.trim_end().len() <= 70),
            "{color}:\n{shown}"
        );
    }
    Ok(())
}
