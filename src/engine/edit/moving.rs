//! What a move writes into a service's spec for a while, and how that is taken out again.
//!
//! The service itself carries, in a label, what it takes to undo the move: whoever finds it can put the spec back, on
//! any host, without having seen it before. A change that somebody else makes meanwhile stays.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

/// The service label that tells people what is going on.
pub const NOTE_LABEL: &str = "orca.move";
/// The service label that holds the [`Ticket`] of a move that has not ended.
pub const RESTORE_LABEL: &str = "orca.move.restore";
/// The label of a service whose task is to stay where a move has brought it: the node's hostname or id.
pub const PREFERRED_LABEL: &str = "orca.rebalance.node";

/// The node label that makes a move's target a branch of its own to Swarm's scheduler.
pub const BRANCH_LABEL: &str = "orca.move";
/// The label of a node that orca has paused, until a task has been given to another.
pub const PAUSE_LABEL: &str = "orca.move.pause";

/// How long the engine watches a new task beyond the delay between two tasks, before it calls an update complete.
const MONITOR: Duration = Duration::from_secs(30);

/// What a move asks of Swarm's scheduler for a while.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Temporary {
    /// Constraints beside the service's own.
    pub constraints: Vec<String>,
    /// At most so many tasks on a node.
    pub max_replicas: Option<u64>,
    /// What is done to a node for it.
    pub nudge: Nudge,
    /// By way of how many replicas.
    pub detour: Detour,
    /// Time between two tasks of the update, should more of them be replaced than the one that is meant: long enough to
    /// stop that.
    pub delay: Duration,
}

/// What is done to a node, for a while, so that Swarm's scheduler chooses the target.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Nudge {
    /// Nothing.
    #[default]
    None,
    /// The target gets [`BRANCH_LABEL`], and its branch of the nodes is to be preferred.
    Branch,
    /// The source takes no tasks, until the new one has been given to a node. It gets [`PAUSE_LABEL`].
    Pause,
}

/// By way of how many replicas a task moves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Detour {
    /// As many as there are.
    #[default]
    None,
    /// One more, until the new one runs.
    OneMore,
    /// One less, until the old one has gone.
    OneLess,
}

/// What it takes to undo a move: the parts of the spec that it changes, before and during it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ticket {
    before: Held,
    during: Held,
    /// There were labels, even if none was in the list.
    labels: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Held {
    placement: Value,
    /// Null where the spec has none.
    update_config: Value,
    /// Null where the move doesn't touch it.
    replicas: Option<u64>,
}

/// The spec that makes Swarm move a task, and the ticket back. The spec's labels hold the ticket too.
///
/// # Errors
/// If the spec has no Placement (see [`super`]), or is not that of a replicated service.
pub fn begin(spec: &Value, temporary: &Temporary, note: &str) -> Result<(Value, Ticket)> {
    let placement = spec.pointer("/TaskTemplate/Placement").cloned().unwrap_or_default();
    if !placement.is_object() {
        bail!("the service's spec has no Placement: a write could crash the managers");
    }
    let replicas = spec.pointer("/Mode/Replicated/Replicas").and_then(Value::as_u64);
    let before = Held {
        placement: placement.clone(),
        update_config: spec.get("UpdateConfig").cloned().unwrap_or_default(),
        replicas: replicas.filter(|_| temporary.detour != Detour::None),
    };
    let during = Held {
        placement: steered(placement, temporary)?,
        update_config: careful(&before.update_config, temporary.delay),
        replicas: before.replicas.map(|replicas| match temporary.detour {
            Detour::None => replicas,
            Detour::OneMore => replicas.saturating_add(1),
            Detour::OneLess => replicas.saturating_sub(1),
        }),
    };
    if temporary.detour != Detour::None && during.replicas.is_none() {
        bail!("the service doesn't say how many replicas it has");
    }
    let labels = spec.get("Labels").is_some_and(Value::is_object);
    let ticket = Ticket { before, during, labels };
    let mut spec = spec.clone();
    write(&mut spec, &ticket.during)?;
    let text = serde_json::to_string(&ticket).context("the ticket can't be written")?;
    let own = super::labels(&mut spec)?;
    own.insert(NOTE_LABEL.to_owned(), note.into());
    own.insert(RESTORE_LABEL.to_owned(), text.into());
    Ok((spec, ticket))
}

/// The service's own Placement with what steers the task. Without its preferences: with several of them some engines'
/// schedulers don't end (moby/swarmkit commit 2d6aff776).
fn steered(mut placement: Value, temporary: &Temporary) -> Result<Value> {
    let placement_map = placement.as_object_mut().context("Placement is not an object")?;
    placement_map.remove("Preferences");
    if temporary.nudge == Nudge::Branch {
        let descriptor = format!("node.labels.{BRANCH_LABEL}");
        placement_map.insert("Preferences".to_owned(), json!([{ "Spread": { "SpreadDescriptor": descriptor } }]));
    }
    let mut constraints = match placement_map.get("Constraints") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(constraints)) => constraints.clone(),
        Some(_) => bail!("the service's Constraints is not a list"),
    };
    constraints.extend(temporary.constraints.iter().map(|text| Value::from(text.clone())));
    placement_map.insert("Constraints".to_owned(), constraints.into());
    if let Some(most) = temporary.max_replicas {
        placement_map.insert("MaxReplicas".to_owned(), most.into());
    }
    Ok(placement)
}

/// One task at a time, and back to the old spec when it fails: then Swarm itself undoes the move, orca or no orca.
fn careful(user: &Value, delay: Duration) -> Value {
    let order = user.get("Order").and_then(Value::as_str).filter(|order| !order.is_empty()).unwrap_or("stop-first");
    let nanos = |span: Duration| u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
    json!({
        "Parallelism": 1, "Delay": nanos(delay), "FailureAction": "rollback",
        "Monitor": nanos(delay + MONITOR), "MaxFailureRatio": 0, "Order": order,
    })
}

/// The spec of a move by way of one replica less, with the replica back.
///
/// # Errors
/// If somebody else has changed the number of replicas meanwhile.
pub fn refill(raw: &RawValue, ticket: &Ticket) -> Result<Value> {
    let mut object: Value = serde_json::from_str(raw.get()).context("the engine's object can't be read")?;
    let mut spec = object.get_mut("Spec").map(Value::take).context("the engine's object has no Spec")?;
    match (spec.pointer_mut("/Mode/Replicated/Replicas"), ticket.before.replicas) {
        (Some(replicas), Some(before)) if replicas.as_u64() == ticket.during.replicas => *replicas = before.into(),
        _ => bail!("its number of replicas was changed meanwhile"),
    }
    if !spec.pointer("/TaskTemplate/Placement").is_some_and(Value::is_object) {
        bail!("the service's spec has no Placement: a write could crash the managers");
    }
    Ok(spec)
}

/// A spec that this orca has written for a move by way of one replica less, with the replica back.
pub fn refilled(spec: &Value, ticket: &Ticket) -> Value {
    let mut spec = spec.clone();
    if let (Some(before), Some(replicas)) = (ticket.before.replicas, spec.pointer_mut("/Mode/Replicated/Replicas")) {
        *replicas = before.into();
    }
    spec
}

/// The next write that is needed to end a move, if any: its traces taken out of the spec, then out of what a rollback
/// would bring back. `ticket` is what the caller knows of the move, for the case that the label has been removed.
///
/// # Errors
/// If the ticket in the label can't be read.
pub fn next_to_end(raw: &RawValue, ticket: Option<&Ticket>) -> Result<Option<Value>> {
    let mut object: Value = serde_json::from_str(raw.get()).context("the engine's object can't be read")?;
    let spec = object.get_mut("Spec").map(Value::take).context("the engine's object has no Spec")?;
    let noted = noted(&spec)?;
    if let Some(ticket) = noted.as_ref().or(ticket) {
        let ended = end(&spec, ticket)?;
        if ended != spec {
            return Ok(Some(ended));
        }
    }
    // The previous spec is what the last write replaced: writing the same again makes it the user's own.
    let unsealed = marked(object.get("PreviousSpec"));
    Ok(unsealed.then_some(spec))
}

/// The service's spec with this label.
///
/// # Errors
/// If the object can't be read, or has no Placement (see [`super`]).
pub fn labelled(raw: &RawValue, key: &str, value: &str) -> Result<Value> {
    let mut object: Value = serde_json::from_str(raw.get()).context("the engine's object can't be read")?;
    let mut spec = object.get_mut("Spec").map(Value::take).context("the engine's object has no Spec")?;
    if !spec.pointer("/TaskTemplate/Placement").is_some_and(Value::is_object) {
        bail!("the service's spec has no Placement: a write could crash the managers");
    }
    super::labels(&mut spec)?.insert(key.to_owned(), value.into());
    Ok(spec)
}

/// Whether a spec carries the mark of a move that has not ended.
pub fn marked(spec: Option<&Value>) -> bool {
    let labels = spec.and_then(|spec| spec.get("Labels"));
    labels.is_some_and(|labels| labels.get(RESTORE_LABEL).is_some())
}

/// The ticket in the spec's label.
fn noted(spec: &Value) -> Result<Option<Ticket>> {
    let Some(text) = spec.get("Labels").and_then(|labels| labels.get(RESTORE_LABEL)) else { return Ok(None) };
    let text = text.as_str().unwrap_or_default();
    let ticket = serde_json::from_str(text).with_context(|| {
        format!(
            "the label {RESTORE_LABEL} can't be read: take it out by hand, with what the move has put into Placement"
        )
    })?;
    Ok(Some(ticket))
}

/// The spec without the move: what it changed is as before, unless somebody else has changed it since.
fn end(spec: &Value, ticket: &Ticket) -> Result<Value> {
    let Ticket { before, during, labels: had_labels } = ticket;
    // Who writes a spec that was read keeps its labels; who writes a new one knows nothing of what is missing in it.
    let edited = marked(Some(spec));
    let mut spec = spec.clone();
    let placement = spec.pointer("/TaskTemplate/Placement").cloned().unwrap_or_default();
    let replicas = spec.pointer("/Mode/Replicated/Replicas").and_then(Value::as_u64);
    let update_config = spec.get("UpdateConfig").cloned().unwrap_or_default();
    let after = Held {
        placement: if same(&placement, &during.placement) {
            before.placement.clone()
        } else {
            without(placement, &before.placement, &during.placement, edited)
        },
        update_config: if same(&update_config, &during.update_config) {
            before.update_config.clone()
        } else if edited {
            let fields = before.update_config.as_object().into_iter().chain(during.update_config.as_object());
            let keys = fields.flat_map(Map::keys).map(String::as_str).collect::<Vec<_>>();
            with_fields(update_config, &before.update_config, &during.update_config, &keys, edited)
        } else {
            update_config
        },
        replicas: if replicas == during.replicas {
            before.replicas
        } else {
            replicas.filter(|_| before.replicas.is_some())
        },
    };
    write(&mut spec, &after)?;
    if let Some(labels) = spec.get_mut("Labels").and_then(Value::as_object_mut) {
        labels.remove(NOTE_LABEL);
        labels.remove(RESTORE_LABEL);
        if labels.is_empty() && !had_labels {
            spec["Labels"] = Value::Null;
        }
    }
    Ok(spec)
}

/// A Placement that somebody else has written on top of the move's, without what is the move's.
fn without(mut placement: Value, before: &Value, during: &Value, edited: bool) -> Value {
    let list = |of: &Value| of.get("Constraints").and_then(Value::as_array).cloned().unwrap_or_default();
    let (own, used) = (list(before), list(during));
    if let Some(constraints) = placement.get_mut("Constraints").and_then(Value::as_array_mut) {
        constraints.retain(|text| own.contains(text) || !used.contains(text));
    }
    with_fields(placement, before, during, &["MaxReplicas", "Preferences"], edited)
}

/// An object with those of these fields as before that are still the move's. What a move takes out is only missed in an
/// object that was edited, not in one that was written anew.
fn with_fields(mut now: Value, before: &Value, during: &Value, keys: &[&str], edited: bool) -> Value {
    let Some(map) = now.as_object_mut() else { return now };
    for key in keys {
        let field = |of: &Value| of.get(*key).cloned().unwrap_or_default();
        let (was, used) = (field(before), field(during));
        if same(map.get(*key).unwrap_or(&Value::Null), &used) && (edited || !used.is_null()) {
            restore(map, key, was);
        }
    }
    now
}

/// Writes these parts into a spec; a null is a key that isn't there.
fn write(spec: &mut Value, held: &Held) -> Result<()> {
    if held.placement.is_object() {
        super::object_in(spec, "TaskTemplate")?["Placement"] = held.placement.clone();
    }
    let map = spec.as_object_mut().context("the engine's spec is not an object")?;
    restore(map, "UpdateConfig", held.update_config.clone());
    if let (Some(replicas), Some(mode)) = (held.replicas, spec.pointer_mut("/Mode/Replicated")) {
        mode["Replicas"] = replicas.into();
    }
    Ok(())
}

fn restore(map: &mut Map<String, Value>, key: &str, value: Value) {
    if value.is_null() {
        map.remove(key);
    } else {
        map.insert(key.to_owned(), value);
    }
}

/// Whether two values mean the same to an engine, which leaves out what is empty or zero.
pub fn same(a: &Value, b: &Value) -> bool {
    fn empty(value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::Number(number) => number.as_f64() == Some(0.0),
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(map) => map.values().all(empty),
            Value::Bool(flag) => !flag,
        }
    }
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => a.keys().chain(b.keys()).all(|key| {
            let (a, b) = (a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null));
            same(a, b)
        }),
        _ => a == b || (empty(a) && empty(b)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{json, value::to_raw_value};

    use super::*;

    fn pin() -> Temporary {
        Temporary { constraints: vec!["node.id==b".to_owned()], max_replicas: Some(1), ..Temporary::default() }
    }

    fn spec() -> Value {
        json!({
            "Name": "web", "Labels": {"team": "x"}, "Mode": {"Replicated": {"Replicas": 2}},
            "TaskTemplate": {
                "ContainerSpec": {"Image": "a"}, "Future": [null, {}],
                "Placement": {"Constraints": ["node.role==worker"], "Preferences": [{"Spread": {}}], "Platforms": [{"OS": "linux"}]},
            },
            "UpdateConfig": {"Parallelism": 2, "Order": "start-first"},
        })
    }

    fn next(spec: &Value, previous: &Value, ticket: Option<&Ticket>) -> Option<Value> {
        let object = json!({"Spec": spec, "PreviousSpec": previous});
        next_to_end(&to_raw_value(&object).unwrap(), ticket).unwrap()
    }

    /// Undo, then seal, then nothing.
    fn ends_as(during: &Value, ticket: Option<&Ticket>, want: &Value) {
        let undone = next(during, &spec(), ticket).expect("there is something to undo");
        assert_eq!(undone, *want);
        assert_eq!(serde_json::to_string(&undone).unwrap(), serde_json::to_string(want).unwrap(), "byte for byte");
        let sealed = next(&undone, during, ticket).expect("the previous spec is still the move's");
        assert_eq!(sealed, *want);
        assert_eq!(next(&sealed, &undone, ticket), None);
    }

    #[test]
    fn a_move_comes_out_as_it_went_in() {
        for (detour, replicas) in [(Detour::None, 2), (Detour::OneMore, 3), (Detour::OneLess, 1)] {
            let temporary = Temporary { detour, ..pin() };
            let (during, _) = begin(&spec(), &temporary, "moving").unwrap();
            let placement = &during["TaskTemplate"]["Placement"];
            assert_eq!(placement["Constraints"], json!(["node.role==worker", "node.id==b"]));
            assert_eq!((&placement["MaxReplicas"], placement.get("Preferences")), (&json!(1), None));
            assert_eq!(during["Mode"]["Replicated"]["Replicas"], replicas);
            assert_eq!(during["UpdateConfig"]["Order"], "start-first");
            assert_eq!(during["UpdateConfig"]["FailureAction"], "rollback");
            assert_eq!(during["TaskTemplate"]["Future"], json!([null, {}]));
            ends_as(&during, None, &spec());
        }
    }

    #[test]
    fn a_replica_comes_back_and_nothing_is_left_of_the_branch() {
        let temporary = Temporary { detour: Detour::OneLess, nudge: Nudge::Branch, ..pin() };
        let (during, ticket) = begin(&spec(), &temporary, "moving").unwrap();
        assert_eq!(
            during["TaskTemplate"]["Placement"]["Preferences"],
            json!([{"Spread": {"SpreadDescriptor": "node.labels.orca.move"}}])
        );
        let raw = |spec: &Value| to_raw_value(&json!({"Spec": spec})).unwrap();
        let refilled = refill(&raw(&during), &ticket).unwrap();
        assert_eq!(refilled["Mode"]["Replicated"]["Replicas"], 2);
        ends_as(&refilled, Some(&ticket), &spec());
        assert!(refill(&raw(&refilled), &ticket).is_err(), "somebody has changed the number of replicas");
    }

    #[test]
    fn what_was_not_there_is_not_there_afterwards() {
        let mut bare = spec();
        bare.as_object_mut().unwrap().remove("UpdateConfig");
        bare["Labels"] = Value::Null;
        bare["TaskTemplate"]["Placement"] = json!({});
        let (during, _) = begin(&bare, &pin(), "moving").unwrap();
        let undone = next(&during, &bare, None).unwrap();
        assert_eq!(undone, bare);
        assert!(undone.get("UpdateConfig").is_none());
    }

    #[test]
    fn what_the_engine_leaves_out_is_no_change_of_somebody_else() {
        let (mut during, _) = begin(&spec(), &pin(), "moving").unwrap();
        during["UpdateConfig"].as_object_mut().unwrap().remove("MaxFailureRatio");
        during["UpdateConfig"].as_object_mut().unwrap().remove("Delay");
        ends_as(&during, None, &spec());
    }

    #[test]
    fn what_somebody_else_changes_meanwhile_stays() {
        let (mut during, _) = begin(&spec(), &pin(), "moving").unwrap();
        during["TaskTemplate"]["ContainerSpec"]["Image"] = json!("b");
        during["TaskTemplate"]["Placement"]["Constraints"] =
            json!(["node.role==worker", "node.id==b", "node.labels.ssd==true"]);
        during["UpdateConfig"]["Parallelism"] = json!(7);
        during["Labels"]["team"] = json!("y");
        let undone = next(&during, &spec(), None).unwrap();
        let placement = &undone["TaskTemplate"]["Placement"];
        assert_eq!(placement["Constraints"], json!(["node.role==worker", "node.labels.ssd==true"]));
        assert_eq!(placement.get("MaxReplicas"), None);
        assert_eq!(undone["TaskTemplate"]["ContainerSpec"]["Image"], "b");
        assert_eq!(placement["Preferences"], spec()["TaskTemplate"]["Placement"]["Preferences"]);
        assert_eq!(undone["UpdateConfig"], json!({"Parallelism": 7, "Order": "start-first"}));
        assert_eq!(undone["Labels"], json!({"team": "y"}));
    }

    #[test]
    fn a_branch_is_not_left_to_somebody_else() {
        let branch = Temporary { nudge: Nudge::Branch, ..pin() };
        let (mut during, ticket) = begin(&spec(), &branch, "moving").unwrap();
        let own = json!("node.labels.ssd==true");
        during["TaskTemplate"]["Placement"]["Constraints"].as_array_mut().unwrap().push(own.clone());
        let undone = next(&during, &spec(), None).unwrap();
        let placement = &undone["TaskTemplate"]["Placement"];
        assert_eq!(placement["Preferences"], spec()["TaskTemplate"]["Placement"]["Preferences"]);
        // Written anew with the branch in it, say from what `docker service inspect` showed in the middle.
        during["Labels"] = json!({});
        let undone = next(&during, &spec(), Some(&ticket)).unwrap();
        assert_eq!(undone["TaskTemplate"]["Placement"], *placement);
        assert_eq!(undone["TaskTemplate"]["Placement"]["Constraints"], json!(["node.role==worker", own]));
        // Another preference of the user's own stays.
        let (mut during, _) = begin(&spec(), &branch, "moving").unwrap();
        let other = json!([{"Spread": {"SpreadDescriptor": "node.labels.rack"}}]);
        during["TaskTemplate"]["Placement"]["Preferences"] = other.clone();
        assert_eq!(next(&during, &spec(), None).unwrap()["TaskTemplate"]["Placement"]["Preferences"], other);
    }

    #[test]
    fn a_removed_label_is_no_loss_to_who_knows_the_ticket() {
        let (mut during, ticket) = begin(&spec(), &pin(), "moving").unwrap();
        during["Labels"] = json!({"team": "x"});
        assert_eq!(next(&during, &Value::Null, None), None);
        assert_eq!(next(&during, &Value::Null, Some(&ticket)), Some(spec()));
    }

    #[test]
    fn a_whole_new_spec_is_left_alone() {
        let (during, ticket) = begin(&spec(), &pin(), "moving").unwrap();
        // `docker stack deploy` knows nothing of the move and writes everything anew.
        let mut deployed = spec();
        deployed["TaskTemplate"]["Placement"] = json!({"Constraints": ["node.labels.ssd==true"]});
        assert_eq!(next(&deployed, &spec(), Some(&ticket)), None);
        assert_eq!(next(&deployed, &during, Some(&ticket)), Some(deployed.clone()), "only the previous spec is mended");
    }

    #[test]
    fn a_missing_placement_and_a_broken_ticket_are_refused() {
        assert!(begin(&json!({"TaskTemplate": {}}), &pin(), "").is_err());
        let broken = json!({"Spec": {"Labels": {RESTORE_LABEL: "?"}, "TaskTemplate": {"Placement": {}}}});
        assert!(next_to_end(&to_raw_value(&broken).unwrap(), None).is_err());
    }
}
