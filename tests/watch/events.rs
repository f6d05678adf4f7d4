//! What happens in the swarm makes passes run: as soon as it matters, and no more often than it may.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Value, json};

use crate::common::cluster::text;
use crate::stage::Stage;

#[test]
fn an_anchor_that_moves_is_followed_long_before_the_clock_says_so() -> Result<()> {
    let stage = Stage::new()?;
    let watch = stage.watch(&[])?;
    stage.together()?;
    for _ in 0..2 {
        let before = stage.place("db")?;
        assert_ne!(stage.displace()?, before);
        stage.together()?;
        stage.availability(&before, "active")?;
    }
    watch.until("a pass has told of it", |watch| watch.causes().contains(&"anchor".to_owned()))?;
    assert!(!watch.causes().contains(&"schedule".to_owned()), "{:?}", watch.causes());
    assert_eq!(watch.stop()?, Some(0));
    Ok(())
}

#[test]
fn a_move_that_no_event_tells_of_is_seen_all_the_same() -> Result<()> {
    let stage = Stage::new()?;
    let at = stage.place("db")?;
    // The next task of db goes where there is less to do.
    for number in 0..3 {
        stage.service(&format!("filler-{number}"), &[&format!("node.hostname=={at}")])?;
    }
    let watch = stage.watch(&[])?;
    stage.together()?;
    // Until all that orca's own writes have caused is over.
    watch.quiet(Duration::from_secs(1))?;
    let before = watch.of("report").len();
    // A task that fails is replaced; neither its node nor its service changes, and this engine says nothing.
    stage.sim.admin("/tasks", &json!({"service": "db", "state": "failed"}))?;
    assert_ne!(stage.place("db")?, at);
    stage.together()?;
    watch.until("a pass has told of it", |watch| watch.causes().iter().skip(before).any(|cause| cause == "anchor"))
}

#[test]
fn without_events_only_the_clock_counts() -> Result<()> {
    let stage = Stage::new()?;
    stage.configure("  events: false\n  passes: { reconcile: { every: 150ms, jitter: 0s } }")?;
    let watch = stage.watch(&[])?;
    stage.together()?;
    stage.displace()?;
    stage.together()?;
    watch.until("some passes have run", |watch| watch.causes().len() >= 4)?;
    let causes = watch.causes();
    assert!(causes.iter().all(|cause| cause == "schedule" || cause == "start" || cause == "unsettled"), "{causes:?}");
    let events = stage.sim.requests()?["counts"].to_string();
    assert!(!events.contains("/events"), "{events}");
    Ok(())
}

/// Nodes change all the time: one pass in each `max_wait`, and one after the last change.
#[test]
fn a_storm_costs_what_it_may_and_ends_in_a_last_pass() -> Result<()> {
    let stage = Stage::new()?;
    // No longer than that, and no more often, however busy this machine is.
    let config = "stack: ''\ndependencies: { db: { services: [app] } }\nwatch: { debounce: 400ms, max_wait: 400ms }\n";
    stage.orca.config(config)?;
    let watch = stage.watch(&[])?;
    stage.together()?;
    let (node, began) = (stage.cluster()?.node_id("node-3")?, Instant::now());
    let before = watch.of("report").len();
    let mut events = 0_u32;
    // Fewer would be no storm.
    while began.elapsed() < Duration::from_secs(4) || events <= 200 {
        stage.sim.engine.edit("nodes", &node, |spec| spec["Labels"]["storm"] = json!(events.to_string()))?;
        events += 1;
    }
    // The engine's clock is orca's. A pass that begins between the last change and the next look at a clock is the last
    // one, so it is the change itself that tells the time; reports know milliseconds.
    let last = time(&stage.cluster()?.node("node-3")?["UpdatedAt"])?.as_millisecond();
    watch.until("a pass has run after the storm", |watch| {
        let pass = watch.of("report").last().and_then(|line| time(&line["report"]["run"]["started"]).ok());
        pass.is_some_and(|started| started.as_millisecond() >= last)
    })?;
    let most = usize::try_from(began.elapsed().as_millis() / 400)? + 2;
    let causes = watch.causes().split_off(before);
    let passes = causes.iter().filter(|cause| *cause == "event" || *cause == "anchor").count();
    assert!((3..=most).contains(&passes), "{passes} passes for {events} events, not at most {most}: {causes:?}");
    Ok(())
}

fn time(written: &Value) -> Result<jiff::Timestamp> {
    Ok(text(written).parse()?)
}

#[test]
fn what_orca_writes_itself_does_not_keep_it_busy() -> Result<()> {
    let stage = Stage::new()?;
    let watch = stage.watch(&[])?;
    stage.together()?;
    watch.quiet(Duration::from_secs(1))?;
    let before = watch.causes();
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(watch.causes(), before, "nothing happens, and passes run");
    Ok(())
}

#[test]
fn each_pass_runs_once_where_that_is_all() -> Result<()> {
    let stage = Stage::new()?;
    stage.configure("  passes: { reconcile: {}, gc: { cron: '0 3 * * *' } }")?;
    let ended = stage.orca.run(&["watch", "--once", "-o", "json"])?;
    let lines: Vec<Value> = ended.stdout.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let commands: Vec<_> =
        lines.iter().filter(|line| line["type"] == "report").map(|l| text(&l["report"]["command"])).collect();
    assert_eq!((ended.exit, commands), (Some(0), vec!["gc".to_owned(), "reconcile".to_owned()]), "{ended}");
    // As Orcastra's variable says it.
    let mut command = stage.orca.command(&["watch", "labels sync"]);
    command.env("RUN_ONCE", "true");
    let ended = stage.orca.spawn(command)?.end()?;
    assert_eq!((ended.exit, ended.stdout.matches("\"type\":\"report\"").count()), (Some(0), 1), "{ended}");
    Ok(())
}
