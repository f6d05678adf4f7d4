//! `orca health --self`, from the outside.

use std::time::Duration;

use anyhow::Result;
use orca::cli::Whose;
use orca::health::Heartbeat;
use serde_json::json;

use crate::common::orca::Orca;

#[test]
fn a_watch_is_alive_while_its_heartbeat_is_fresh() -> Result<()> {
    // No engine is asked: there is none.
    let orca = Orca::new("unix:///nowhere.sock")?;
    let none = orca.run(&["health", "--self"])?;
    assert_eq!((none.exit, &none.report()?["error"]["kind"]), (Some(1), &json!("failed")), "{none}");
    assert!(none.stderr.contains("hint: the state directory must be the one"), "{none}");
    std::fs::create_dir(orca.state_dir())?;
    Heartbeat::now(Duration::from_secs(60), Some("reconcile".to_owned()), None)
        .write(&orca.state_dir(), Whose::Watch)?;
    let alive = orca.run(&["health", "--self"])?;
    assert_eq!(alive.exit, Some(0), "{alive}");
    let report = alive.report()?;
    assert_eq!(
        (&report["data"]["healthy"], &report["data"]["watch"]["last_pass"]),
        (&json!(true), &json!("reconcile"))
    );
    let text = orca.run(&["health", "--self", "-o", "text"])?;
    assert!(text.stdout.starts_with("`orca watch` is alive: process "), "{text}");
    std::thread::sleep(Duration::from_millis(20));
    let late = orca.run(&["health", "--self", "--max-age", "0s"])?;
    assert_eq!((late.exit, &late.report()?["data"]["healthy"]), (Some(1), &json!(false)), "{late}");
    let mut gone = Heartbeat::now(Duration::from_secs(60), None, None);
    (gone.pid, gone.pid_started) = (4_194_400, None);
    gone.write(&orca.state_dir(), Whose::Watch)?;
    let gone = orca.run(&["health", "--self"])?;
    assert!(gone.exit == Some(1) && gone.stderr.contains("its process 4194400 is gone"), "{gone}");
    std::fs::write(orca.state_dir().join("watch.json"), "{")?;
    assert_eq!(orca.run(&["health", "--self"])?.exit, Some(1));
    let usage = orca.run(&["health", "--max-age", "1s"])?;
    assert!(usage.exit == Some(64) && usage.stderr.contains("--self"), "{usage}");
    Ok(())
}
