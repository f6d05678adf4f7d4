use super::*;

fn good_for<T>(slot: &Slot<T>) -> Duration {
    slot.known.borrow().as_ref().map_or(Duration::ZERO, |(until, _)| until.duration_since(Instant::now()))
}

#[test]
fn what_could_not_be_had_is_asked_for_again_soon() {
    let slot = Slot::default();
    slot.keep(Err(anyhow::anyhow!("away")), |()| SELDOM);
    assert!((AGAIN / 2..=AGAIN).contains(&good_for(&slot)));
    slot.keep(Ok(()), |()| SELDOM);
    assert!(good_for(&slot) > SELDOM / 2);
    slot.forget();
    assert!(slot.last().is_none() && !good(slot.known.borrow().as_ref()));
}

#[test]
fn registries_that_do_not_all_answer_are_asked_again_sooner() {
    let mut report = Report::new("services update", crate::report::Run::start(true));
    let mut say = |reasons: Value| {
        report.data.insert(update::DATA.to_owned(), serde_json::json!([{"service": "web", "reasons": reasons}]));
        newer_age(&report)
    };
    assert_eq!(say(serde_json::json!([])), SELDOM);
    assert_eq!(say(serde_json::json!(["window"])), SELDOM);
    assert_eq!(say(serde_json::json!(["window", "unresolved"])), SOME);
    assert_eq!(say(serde_json::json!(["window", "busy"])), SOME);
    // What may stay for days is no reason to ask registries every minute.
    for stays in ["not_settled", "paused", "opted_out", "failed_before"] {
        assert_eq!(say(serde_json::json!([stays])), SELDOM, "{stays}");
    }
    report.fail(&anyhow::anyhow!("the engine is away"));
    assert_eq!(newer_age(&report), AGAIN);
}
