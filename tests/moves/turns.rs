//! Two orcas that want to move tasks of one swarm.

use anyhow::Result;
use serde_json::json;

use super::stage::Stage;

#[test]
fn on_two_hosts() -> Result<()> {
    let mut stage = Stage::hog("1s")?;
    let before = stage.before()?;
    let first = stage.start(&[])?;
    stage.begun("web")?;
    stage.orca.lose_state();
    for args in [stage.args(&[])?, vec!["rebalance", "recover"]] {
        let (ended, report) = stage.run(&args)?;
        assert_eq!((ended.exit, &report["error"]["kind"]), (Some(75), &json!("locked")), "{ended}");
        assert_eq!(report["outcome"], "failed", "{ended}");
        assert!(ended.stderr.contains("the orca on `node-1` is moving tasks of this swarm"), "{ended}");
    }
    // What only plans needs no turn.
    let (ended, _) = stage.run(&["rebalance", "plan", "--metrics", "metrics.json", "--unguarded"])?;
    assert_eq!(ended.exit, Some(0), "{ended}");
    let ended = first.end()?;
    assert_eq!(ended.exit, Some(0), "{ended}");
    assert_eq!(stage.cluster()?.places("web")?, ["node-3"]);
    stage.as_before(&before)?;
    let (ended, _) = stage.apply(&[])?;
    assert_eq!(ended.exit, Some(0), "{ended}");
    Ok(())
}

#[test]
fn on_one_host() -> Result<()> {
    let stage = Stage::hog("1s")?;
    let before = stage.before()?;
    let first = stage.start(&[])?;
    stage.begun("web")?;
    for args in [stage.args(&[])?, vec!["rebalance", "recover"], vec!["reconcile", "--once"]] {
        let (ended, report) = stage.run(&args)?;
        assert_eq!((ended.exit, &report["error"]["kind"]), (Some(75), &json!("locked")), "{ended}");
    }
    assert_eq!(first.end()?.exit, Some(0));
    stage.as_before(&before)
}

/// Whoever comes at the same moment: one moves, the other says so, and there is one restart.
#[test]
fn at_the_same_moment() -> Result<()> {
    let mut stage = Stage::hog("500ms")?;
    let before = stage.before()?;
    let first = stage.start(&[])?;
    stage.orca.lose_state();
    let second = stage.start(&[])?;
    let (first, second) = (first.end()?, second.end()?);
    let mut exits = [first.exit, second.exit];
    exits.sort_unstable();
    assert_eq!(exits, [Some(0), Some(75)], "{first} {second}");
    stage.as_before(&before)?;
    stage.only_moved(&before, &[("web", 1)])
}

/// A turn whose time is over belongs to whoever comes, and the one that comes back late does no harm.
#[test]
fn an_old_turn_is_taken_over() -> Result<()> {
    let labels = |until: &str| {
        json!({"Name": "orca.turn", "Data": "b3JjYQ==", "Labels": {
            "orca.turn.host": "another", "orca.turn.node": "node-9", "orca.turn.run": "r", "orca.turn.until": until,
        }})
    };
    for until in ["2026-01-01T00:00:00Z", "nonsense"] {
        let stage = Stage::hog("0s")?;
        let before = stage.before()?;
        stage.sim.engine.post("/configs/create", &labels("2099-01-01T00:00:00Z"))?;
        let (ended, _) = stage.apply(&[])?;
        assert_eq!(ended.exit, Some(75), "{ended}");
        assert!(ended.stderr.contains("its turn ends at 2099"), "{ended}");
        stage.sim.engine.ask("DELETE", "/configs/orca.turn", None)?;
        stage.sim.engine.post("/configs/create", &labels(until))?;
        let (ended, _) = stage.apply(&[])?;
        assert_eq!(ended.exit, Some(0), "{ended}");
        stage.as_before(&before)?;
    }
    Ok(())
}

/// The turn is lost in mid-move: the move is ended, and nothing is moved after it.
#[test]
fn a_lost_turn_ends_the_run() -> Result<()> {
    let stage = Stage::hog("1s")?;
    let before = stage.before()?;
    let running = stage.start(&[])?;
    stage.begun("web")?;
    stage.sim.engine.ask("DELETE", "/configs/orca.turn", None)?;
    let ended = running.end()?;
    // It renews its turn only now and then: a short move does not notice.
    assert_eq!(ended.exit, Some(0), "{ended}");
    stage.as_before(&before)
}
