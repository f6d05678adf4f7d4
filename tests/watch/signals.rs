//! What a loop does when it is told something.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;

use crate::common::poll;
use crate::stage::{Loop, Stage};

/// Longer than any message takes.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn hangup_reads_the_config_and_runs_at_once() -> Result<()> {
    let stage = Stage::new()?;
    let watch = stage.watch(&[])?;
    stage.together()?;
    watch.signal("HUP")?;
    watch.until("a pass runs", |watch| watch.causes().contains(&"signal".to_owned()))?;
    assert_eq!(watch.of("config").len(), 0, "nothing has changed");
    Ok(())
}

/// The file of the command line, else that of the config.
#[test]
fn a_user_signal_runs_the_command_file() -> Result<()> {
    for (args, config) in [(&["--commands", "c.yml"][..], ""), (&[][..], "\n  commands: c.yml")] {
        let stage = Stage::new()?;
        stage.configure(&format!("  passes: {{ reconcile: {{ every: 1h }} }}{config}"))?;
        let watch = stage.watch(args)?;
        stage.together()?;
        let file = stage.orca.path("c.yml");
        std::fs::write(&file, "- noop\n- remove_all_labels\n")?;
        watch.signal("USR1")?;
        let ran = |watch: &Loop| {
            let reports = watch.of("report").into_iter().map(|line| line["report"].clone());
            reports.filter(|report| report["command"] == "commands run").collect::<Vec<_>>()
        };
        watch.until("the commands have run", |watch| ran(watch).len() == 1)?;
        let report = &ran(&watch)[0];
        assert_eq!((&report["outcome"], &report["data"]["cause"]), (&json!("changed"), &json!("signal")), "{report}");
        let ids: Vec<_> = report["actions"].as_array().into_iter().flatten().map(|action| &action["kind"]).collect();
        assert_eq!(ids, [&json!("node.label.remove")], "{report}");
        assert!(!file.exists() && stage.orca.path("c.yml.done").exists(), "its entries were consumed");
        // There is nothing left to run, and the loop goes on.
        watch.signal("USR1")?;
        watch.until("that was said", |watch| ran(watch).len() == 2)?;
        assert_eq!(watch.stop()?, Some(0));
    }
    Ok(())
}

/// The signal's own action would be to end the process.
#[test]
fn a_user_signal_without_a_command_file_does_nothing() -> Result<()> {
    let stage = Stage::new()?;
    let watch = stage.watch(&[])?;
    stage.together()?;
    watch.signal("USR1")?;
    watch.signal("HUP")?;
    watch.until("a pass runs", |watch| watch.causes().contains(&"signal".to_owned()))?;
    assert!(watch.of("report").iter().all(|line| line["report"]["command"] == "reconcile"), "{:?}", watch.lines());
    assert_eq!(watch.stop()?, Some(0));
    Ok(())
}

/// What a container's health check asks.
#[test]
fn its_sign_of_life_is_there_while_it_lives() -> Result<()> {
    let stage = Stage::new()?;
    assert_eq!(stage.orca.run(&["health", "--self"])?.exit, Some(1), "nothing has run here");
    let mut watch = stage.watch(&[])?;
    watch.begun()?;
    poll::until("the watch is well", || {
        let health = stage.orca.run(&["health", "--self"])?;
        let well = health.exit == Some(0) && health.report()?["data"]["watch"]["last_pass"] == "reconcile";
        Ok(if well { Vec::new() } else { vec![health.to_string()] })
    })?;
    assert_eq!(stage.orca.run(&["health", "--self"])?.report()?["data"]["watch"]["pid"], watch.child.id());
    watch.child.kill()?;
    watch.child.wait()?;
    let dead = stage.orca.run(&["health", "--self"])?;
    assert!(dead.exit == Some(1) && dead.stderr.contains("is gone"), "{dead}");
    // A dry run leaves no sign: nothing is written anywhere.
    std::fs::remove_file(stage.orca.state_dir().join("watch.json"))?;
    let rehearsal = stage.watch(&["--dry-run"])?;
    rehearsal.begun()?;
    assert_eq!(stage.orca.run(&["health", "--self"])?.exit, Some(1));
    Ok(())
}

/// A pass that waits for the engine is no reason to restart the loop.
#[test]
fn a_pass_that_hangs_leaves_the_watchdog_fed() -> Result<()> {
    let stage = Stage::new()?;
    stage.sim.admin("/fault", &json!({"kind": "hold", "method": "POST"}))?;
    let path = stage.orca.path("notify");
    let socket = UnixDatagram::bind(&path)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let mut command = stage.orca.command(&["watch", "-o", "json"]);
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "200000");
    let watch = Loop::start(command)?;
    wait_for_a_write(&stage)?;
    let mut fed = 0;
    while fed < 5 {
        let mut buffer = [0; 1024];
        let length = socket.recv(&mut buffer)?;
        fed += usize::from(buffer[..length].starts_with(b"WATCHDOG=1"));
    }
    assert_eq!(watch.of("report").len(), 0, "the first pass still waits");
    Ok(())
}

#[test]
fn told_to_stop_it_finishes_what_it_does() -> Result<()> {
    let stage = Stage::new()?;
    let watch = told_while_it_writes(&stage, &[])?;
    watch.until("it has stopped", |watch| !watch.of("stop").is_empty())?;
    let lines = watch.lines();
    let report = &lines[lines.len() - 2]["report"];
    assert_eq!((&report["outcome"], &report["actions"][0]["status"]), (&json!("changed"), &json!("done")), "{report}");
    assert_eq!(watch.ended()?, Some(0));
    Ok(())
}

#[test]
fn what_does_not_end_within_the_grace_is_left() -> Result<()> {
    let stage = Stage::new()?;
    stage.configure("  grace: 300ms")?;
    stage.sim.admin("/fault", &json!({"kind": "hold", "method": "POST"}))?;
    let watch = stage.watch(&[])?;
    wait_for_a_write(&stage)?;
    let told = Instant::now();
    watch.signal("TERM")?;
    watch.until("it has stopped", |watch| !watch.of("stop").is_empty())?;
    // The usual grace is 30 s.
    assert!(told.elapsed() < Duration::from_secs(20), "{:?}", told.elapsed());
    assert_eq!(watch.of("stop")[0]["data"]["cut_short"], "reconcile");
    assert_eq!(watch.ended()?, Some(1));
    Ok(())
}

#[test]
fn told_to_stop_before_all_has_run_it_says_so() -> Result<()> {
    let stage = Stage::new()?;
    let watch = told_while_it_writes(&stage, &["--once", "reconcile", "gc"])?;
    assert_eq!(watch.ended()?, Some(143));
    Ok(())
}

/// As `Type=notify` wants it, with a watchdog.
#[test]
fn systemd_is_told() -> Result<()> {
    let stage = Stage::new()?;
    let path = stage.orca.path("notify");
    let socket = UnixDatagram::bind(&path)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let mut command = stage.orca.command(&["watch", "-o", "json"]);
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "2000000");
    let watch = Loop::start(command)?;
    let mut said = Vec::new();
    // All up to the first message that begins so.
    let mut until = |wanted: &str| -> Result<Vec<String>> {
        loop {
            let mut buffer = [0; 1024];
            let length = socket.recv(&mut buffer)?;
            said.push(String::from_utf8_lossy(&buffer[..length]).into_owned());
            if said.last().is_some_and(|last| last.starts_with(wanted)) {
                return Ok(std::mem::take(&mut said));
            }
        }
    };
    until("READY=1")?;
    let status = until("STATUS=1 runs, last reconcile: ")?;
    assert!(!status.iter().any(|line| line.contains('\n')), "{status:?}");
    let began = Instant::now();
    for _ in 0..4 {
        until("WATCHDOG=1")?;
    }
    // Twice what is asked for: messages may be behind on a busy machine.
    assert!(began.elapsed() < Duration::from_secs(16), "four in {:?}, asked for within 2 s each", began.elapsed());
    watch.signal("HUP")?;
    until("RELOADING=1\nMONOTONIC_USEC=")?;
    until("READY=1")?;
    watch.signal("TERM")?;
    until("STOPPING=1")?;
    assert_eq!(watch.ended()?, Some(0));
    Ok(())
}

#[test]
fn it_answers_whoever_asks_how_it_is() -> Result<()> {
    let stage = Stage::new()?;
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let watch = stage.watch(&["--metrics-listen", &port.to_string()])?;
    let ask = |path: &str| ask(port, path);
    stage.together()?;
    poll::until("it is ready", || {
        let answer = ask("/readyz")?;
        Ok(if answer.contains(" 200 ") { Vec::new() } else { vec![answer] })
    })?;
    assert!(ask("/livez")?.contains(" 200 "));
    let metrics = ask("/metrics")?;
    assert!(metrics.contains("orca_"), "{metrics}");
    assert!(ask("/else")?.contains(" 404 "));
    stage.sim.admin("/crash", &json!({}))?;
    watch.until("the loss is told", |watch| !watch.of("engine").is_empty())?;
    assert!(ask("/readyz")?.contains(" 503 "), "the engine is away");
    assert!(ask("/livez")?.contains(" 200 "), "the loop is not");
    Ok(())
}

#[test]
fn it_is_not_ready_before_the_engine_was_reached() -> Result<()> {
    let stage = Stage::new()?;
    stage.sim.admin("/crash", &json!({}))?;
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    // None of what it runs listens to events.
    let watch = stage.watch(&["gc", "--metrics-listen", &port.to_string()])?;
    watch.begun()?;
    assert!(ask(port, "/readyz")?.contains(" 503 "));
    stage.sim.engine.ask("DELETE", "/_sim/crash", None)?;
    poll::until("it is ready", || {
        let answer = ask(port, "/readyz")?;
        Ok(if answer.contains(" 200 ") { Vec::new() } else { vec![answer] })
    })
}

fn ask(port: SocketAddr, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(port)?;
    write!(stream, "GET {path} HTTP/1.0\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

/// A loop that has heard that it is to stop before the engine answered what it was writing.
fn told_while_it_writes(stage: &Stage, args: &[&str]) -> Result<Loop> {
    stage.sim.admin("/fault", &json!({"kind": "hold", "method": "POST"}))?;
    let path = stage.orca.path("notify");
    let socket = UnixDatagram::bind(&path)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let mut command = stage.orca.command(&[&["watch", "-o", "json"], args].concat());
    command.env("NOTIFY_SOCKET", &path);
    let watch = Loop::start(command)?;
    wait_for_a_write(stage)?;
    watch.signal("TERM")?;
    let mut buffer = [0; 1024];
    loop {
        let length = socket.recv(&mut buffer)?;
        if buffer[..length].starts_with(b"STOPPING=1") {
            break;
        }
    }
    stage.sim.engine.ask("DELETE", "/_sim/fault", None)?;
    Ok(watch)
}

fn wait_for_a_write(stage: &Stage) -> Result<()> {
    poll::until("a write is under way", || {
        let found = stage.sim.engine.get("/_sim/state")?;
        let struck = found["faults"].as_array().into_iter().flatten().any(|fault| fault["struck"] != 0);
        Ok(if struck { Vec::new() } else { vec!["no write".to_owned()] })
    })
}
