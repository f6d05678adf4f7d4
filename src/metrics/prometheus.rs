//! Figures from Prometheus' HTTP API: `node_exporter`'s series for nodes, cAdvisor's for tasks.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::TaskMemory;
use super::fetch::Target;
use super::node_exporter::{self, Reading};
use crate::engine::path::with_query;
use crate::model::TaskId;

/// cAdvisor's series of what a container uses.
const CONTAINER: [&str; 3] = ["container_memory_rss", "container_memory_swap", "container_memory_working_set_bytes"];
/// The label that swarm gives to containers, as cAdvisor writes it.
const TASK: &str = "container_label_com_docker_swarm_task_id";

#[derive(Deserialize)]
struct Answer {
    status: String,
    #[serde(default)]
    error: String,
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(rename = "resultType")]
    kind: String,
    #[serde(default)]
    result: serde_json::Value,
}

#[derive(Debug, Deserialize)]
struct Series {
    metric: BTreeMap<String, String>,
    value: (f64, String),
}

/// What every `node_exporter` says that Prometheus scrapes, by job and instance.
pub(super) async fn nodes(prometheus: &Target) -> Result<BTreeMap<String, Reading>, String> {
    let query = format!("{{__name__=~\"{}\"}}", node_exporter::SERIES.join("|"));
    Ok(readings(&ask(prometheus, &query).await?))
}

/// The memory of every swarm task that cAdvisor tells of.
pub(super) async fn tasks(prometheus: &Target) -> Result<BTreeMap<TaskId, TaskMemory>, String> {
    let query = format!("{{__name__=~\"{}\",{TASK}!=\"\"}}", CONTAINER.join("|"));
    Ok(containers(&ask(prometheus, &query).await?))
}

async fn ask(prometheus: &Target, query: &str) -> Result<Vec<Series>, String> {
    let reply = prometheus.get(&with_query("/api/v1/query", &[("query", query)])).await?;
    vector(reply.status, &reply.body)
}

/// The series of an answer. An error of Prometheus' own is JSON, too; that of a proxy before it is not.
fn vector(status: u16, body: &[u8]) -> Result<Vec<Series>, String> {
    let answer: Answer = serde_json::from_slice(body)
        .map_err(|_| format!("Prometheus answered {status} and no JSON of its API: is the URL its own?"))?;
    match answer {
        Answer { status, data: Some(data), .. } if status == "success" => {
            if data.kind != "vector" {
                return Err(format!("Prometheus answered with a {}, not with a vector", data.kind));
            }
            serde_json::from_value(data.result).map_err(|error| format!("Prometheus' answer can't be read: {error}"))
        }
        answer => Err(format!("Prometheus refused the query ({status}): {}", answer.error)),
    }
}

fn readings(series: &[Series]) -> BTreeMap<String, Reading> {
    let mut found: BTreeMap<String, Reading> = BTreeMap::new();
    for Series { metric, value } in series {
        let label = |name: &str| metric.get(name).map(String::as_str).unwrap_or_default();
        let Ok(value) = value.1.parse() else { continue };
        let reading = found.entry(format!("{} {}", label("job"), label("instance"))).or_default();
        reading.take(label("__name__"), metric.get("nodename").map(String::as_str), value);
    }
    found
}

/// Footprint is what cAdvisor calls `rss` (anonymous memory) and swap: it doesn't tell more of what can't be reclaimed.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bytes; negative ones were left out")]
fn containers(series: &[Series]) -> BTreeMap<TaskId, TaskMemory> {
    let mut found: BTreeMap<&str, [Option<u64>; 3]> = BTreeMap::new();
    for Series { metric, value } in series {
        let (Some(task), Some(name)) = (metric.get(TASK), metric.get("__name__")) else { continue };
        let Some(field) = CONTAINER.iter().position(|known| known == name) else { continue };
        let value = value.1.parse().ok().filter(|value: &f64| value.is_finite() && *value >= 0.0);
        if let Some(value) = value {
            found.entry(task).or_default()[field] = Some(value as u64);
        }
    }
    let memory = |(task, [rss, swap, working_set]): (&str, [Option<u64>; 3])| {
        let footprint_bytes = rss?.saturating_add(swap.unwrap_or_default());
        let memory = TaskMemory { footprint_bytes, working_set_bytes: working_set?, ..TaskMemory::default() };
        Some((TaskId(task.to_owned()), memory))
    };
    found.into_iter().filter_map(memory).collect()
}

#[cfg(test)]
mod tests;
