//! `orca stacks`: services by the stack that they belong to.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Standing, State};

/// Each stack with its services, by name.
pub fn all<'s, 'a>(standings: &'s [Standing<'a>]) -> BTreeMap<&'s str, Vec<&'s Standing<'a>>> {
    let mut stacks: BTreeMap<&str, Vec<&Standing<'a>>> = BTreeMap::new();
    for standing in standings {
        if let Some(stack) = &standing.stack {
            stacks.entry(stack).or_default().push(standing);
        }
    }
    stacks
}

/// One stack, as JSON.
pub fn entry(name: &str, services: &[&Standing<'_>]) -> Value {
    let names = |wanted: fn(State) -> bool| -> Vec<&str> {
        services.iter().filter(|one| wanted(one.state)).map(|one| one.service.name.as_str()).collect()
    };
    let well = names(|state| matches!(state, State::Ok | State::Stopped));
    let wrong: Vec<Value> = services
        .iter()
        .filter(|one| !matches!(one.state, State::Ok | State::Stopped))
        .map(|one| json!({"service": one.service.name, "state": one.state.name(), "tasks": one.ratio()}))
        .collect();
    json!({"name": name, "services": services.len(), "ok": well.len(), "stopped": names(|state| state == State::Stopped),
        "not_ok": wrong})
}
