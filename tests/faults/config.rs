//! Configs that are hostile or odd: refused with a place before the engine is asked anything, or read as they are meant.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;

use super::Stage;

/// The config is refused, with exactly these problems, and the engine never hears of it.
fn refused(config: &[u8], problems: &[&str]) -> Result<()> {
    let stage = Stage::new()?;
    std::fs::write(stage.orca.path("orca.yml"), config)?;
    for command in [&["labels", "sync"][..], &["anchors", "follow"], &["reconcile", "--once"], &["config", "check"]] {
        let (ended, report) = stage.run(command)?;
        assert_eq!((ended.exit, &report["error"]["kind"]), (Some(78), &json!("config")), "{ended}");
        assert_eq!(report["outcome"], "failed", "{ended}");
        assert_eq!(report["error"]["causes"], json!(problems), "{ended}");
        assert!(problems.iter().all(|problem| ended.stderr.lines().any(|line| line == *problem)), "{ended}");
        assert_eq!(stage.sim.requests()?["total"], 0, "{ended}");
        assert!(!stage.orca.state_dir().exists());
    }
    Ok(())
}

#[test]
fn tabs() -> Result<()> {
    let tab = "orca.yml:2:1: a tab is used for indentation; YAML wants spaces";
    refused(b"nodes:\n\tnode-1:\n\t\tlabels: [ssd]\n", &[tab])
}

#[test]
fn all_problems_at_once() -> Result<()> {
    refused(
        b"nodes:\n  node-1:\n    lables: [ssd]\n  node-2:\n    labels: 5\nbogus: 1\n",
        &[
            "orca.yml:3:5: unknown key \"lables\" in nodes.node-1 (did you mean \"labels\"?)",
            "orca.yml:5:13: nodes.node-2.labels must be a list or a map, not \"5\"",
            "orca.yml:6:1: unknown key \"bogus\" at the top level (known keys: leader, advertise_addr, stack, nodes, options, dependencies, rebalance, gc, autoheal, bootstrap, exporter, logs, mods, registry, catalog, update, watch, notify)",
        ],
    )
}

#[test]
fn a_byte_order_mark() -> Result<()> {
    let stage = Stage::with(&format!("\u{feff}{}", super::LABELS))?;
    stage.recovers()
}

#[test]
fn merges() -> Result<()> {
    let stage = Stage::with(
        "x-disk: &disk { labels: [ssd] }\nnodes:\n  node-1: { <<: *disk }\n  node-2: *disk\n  node-3: { <<: [*disk], role: worker }\n",
    )?;
    stage.recovers()
}

#[test]
fn a_megabyte() -> Result<()> {
    let mut config = super::LABELS.to_owned();
    config.push_str("x-padding:\n");
    while config.len() < 1 << 20 {
        writeln!(config, "  - {{ note: \"a line of no importance\", number: {} }}", config.len())?;
    }
    let stage = Stage::with(&config)?;
    let begun = Instant::now();
    stage.recovers()?;
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    Ok(())
}

#[test]
fn a_billion_laughs() -> Result<()> {
    let mut config = "x-0: &x0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for level in 1..=9 {
        let uses = vec![format!("*x{}", level - 1); 9].join(", ");
        writeln!(config, "x-{level}: &x{level} [{uses}]")?;
    }
    let begun = Instant::now();
    let stage = Stage::with(&config)?;
    let (ended, report) = stage.sync(&[])?;
    assert_eq!((ended.exit, &report["error"]["kind"]), (Some(78), &json!("config")), "{ended}");
    assert_eq!(stage.sim.requests()?["total"], 0, "{ended}");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    Ok(())
}

#[test]
fn no_text_and_no_file() -> Result<()> {
    let stage = Stage::new()?;
    std::fs::write(stage.orca.path("orca.yml"), b"nodes: { node-1: { labels: [\xff\xfe] } }\n")?;
    assert_eq!(stage.sync(&[])?.0.exit, Some(78));
    for absent in ["absent.yml", "."] {
        let (ended, report) = stage.sync(&["-c", absent])?;
        assert_eq!((ended.exit, &report["error"]["kind"]), (Some(78), &json!("config")), "{ended}");
    }
    assert_eq!(stage.sim.requests()?["total"], 0);
    Ok(())
}

#[test]
fn from_stdin() -> Result<()> {
    let stage = Stage::new()?;
    let mut command = stage.orca.command(&["labels", "sync", "-c", "-"]);
    command.stdin(std::fs::File::open(stage.orca.path("orca.yml"))?);
    let ended = stage.orca.spawn(command)?.end()?;
    assert_eq!(ended.exit, Some(0), "{ended}");
    assert_eq!(stage.labelled()?.len(), 3);
    Ok(())
}
