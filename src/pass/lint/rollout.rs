//! What in a service's spec makes an update of it riskier than it has to be.

use crate::model::{Mode, Rollout};

/// What is wrong with how a service is updated: a stable word, and a sentence. `image` is without its digest.
pub fn risks(mode: Mode, image: &str, rollout: &Rollout) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    if mode == Mode::Job {
        return found;
    }
    if let Some(health) = rollout.health.filter(|health| *health > rollout.monitor) {
        found.push((
            "monitor_short",
            format!(
                "new tasks are watched for {:?}, but their healthcheck may take {health:?} to tell that they are ill: set update_config.monitor",
                rollout.monitor
            ),
        ));
    }
    match rollout.failure_action.as_deref() {
        None => found.push((
            "no_failure_action",
            "no failure_action: the engine only pauses what fails; set update_config.failure_action to rollback"
                .to_owned(),
        )),
        Some("continue") => found.push((
            "failure_action_continue",
            "failure_action is continue: the engine replaces every task by one that fails".to_owned(),
        )),
        Some(_) => {}
    }
    if !rollout.limited {
        found.push(("no_limits", "no memory limit: a new image that leaks takes its node along".to_owned()));
    }
    if mode == Mode::Replicated(1) && !rollout.start_first {
        found.push(("gap", "one replica and stop-first: nothing runs until the new task does".to_owned()));
    }
    if image.ends_with(":latest") {
        found.push(("latest", "the tag `latest` says nothing of what runs".to_owned()));
    }
    found
}
