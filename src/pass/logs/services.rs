//! Services whose tasks log to json-file without a limit, and the limit that `--fix-services` gives them.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::{Mode, Service};
use crate::plan::{Action, Blocked, Change, Plan, Target};
use crate::settings::ContainerLogs;
use crate::snapshot::Snapshot;

/// The services whose logs have no limit, as far as their specs tell; `bounded` have one otherwise.
pub fn unbounded<'c>(cluster: &'c Snapshot, bounded: &BTreeSet<String>) -> Vec<(&'c Service, Value)> {
    let otherwise = |service: &&Service| service.temporary.is_some() || bounded.contains(&service.id.0);
    let services = cluster.services.iter().filter(|service| !otherwise(service));
    services.filter_map(|service| Some((service, driver(service, &cluster.log_driver)?))).collect()
}

/// The service's driver as its spec has it, if it is json-file without a limit.
fn driver(service: &Service, default: &str) -> Option<Value> {
    let raw: Value = serde_json::from_str(service.raw.get()).ok()?;
    // Plugins and attached containers are no services that log.
    raw.pointer("/Spec/TaskTemplate/ContainerSpec")?;
    let driver = raw.pointer("/Spec/TaskTemplate/LogDriver").cloned().unwrap_or_default();
    let name = driver.get("Name").and_then(Value::as_str).filter(|name| !name.is_empty()).unwrap_or(default);
    let limit = driver.pointer("/Options/max-size").and_then(Value::as_str).unwrap_or_default();
    (name == "json-file" && (limit.is_empty() || limit == "-1")).then_some(driver)
}

/// Gives each of them a limit: one rolling update each.
pub fn plan(cluster: &Snapshot, settings: &ContainerLogs, bounded: &BTreeSet<String>) -> Plan {
    let mut plan = Plan::default();
    for (service, before) in unbounded(cluster, bounded) {
        let mut reasons = Vec::new();
        if service.mode == Mode::Job {
            reasons.push(
                "it is a job, and any write of its spec runs it again: limit its logs when you make it".to_owned(),
            );
        }
        if let Some(busy) = service.busy() {
            reasons.push(format!("{busy}: run again when it has ended"));
        }
        if !service.has_placement {
            reasons.push(
                "its spec has no Placement, and a write could crash the managers: update it once with docker".into(),
            );
        }
        if service.trace.is_some() {
            reasons.push("a move of one of its tasks has not ended: run `orca rebalance recover`".to_owned());
        }
        if !reasons.is_empty() {
            let id = format!("service/{}#log_driver", service.name);
            plan.blocked.push(Blocked { id, target: Target::service(service), reasons });
            continue;
        }
        // Options may be secrets; only the limit is none.
        let before = before.get("Name").cloned().unwrap_or_default();
        let change = Change::LogLimit { before, max_size: settings.max_size.clone(), max_file: settings.max_file };
        let why = "its tasks log to json-file without a limit (--fix-services)";
        plan.actions.push(Action::on_service(service, change, why).disruptive());
    }
    plan
}
