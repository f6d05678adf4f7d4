//! `orca catalog ls|show`.

use serde_json::Value;

use super::{fact, labels, number, table, text, words};

pub(super) fn list(services: &[Value], color: bool) -> String {
    let rows = services
        .iter()
        .map(|service| {
            let definition = &service["definition"];
            vec![
                text(service, "name").to_owned(),
                text(definition, "image").to_owned(),
                status(service),
                replicas(definition),
                text(service, "source").rsplit('/').next().unwrap_or_default().to_owned(),
                text(service, "description").to_owned(),
            ]
        })
        .collect();
    let none = "the catalog is empty: `orca catalog add FILE` takes a definition in";
    table(&["NAME", "IMAGE", "STATUS", "REPLICAS", "FILE", "DESCRIPTION"], rows, none, color)
}

pub(super) fn page(service: &Value) -> String {
    let definition = &service["definition"];
    let source = text(service, "source");
    let lines = [
        fact("name", text(service, "name")),
        fact("description", text(service, "description")),
        fact("status", &status(service)),
        fact("image", text(definition, "image")),
        fact("replicas", &replicas(definition)),
        fact("ports", &words(definition, "ports")),
        fact("networks", &words(definition, "networks")),
        fact("mounts", &words(definition, "mounts")),
        fact("constraints", &words(definition, "constraints")),
        fact("labels", &labels(&definition["labels"])),
        fact("env", &labels(&definition["env"])),
        fact("build context", text(definition, "build_context")),
        fact("defined in", if source.is_empty() { "the catalog alone" } else { source }),
        fact("service id", text(service, "swarm_id")),
        fact("changed", text(service, "updated_at")),
    ];
    lines.concat()
}

/// What was known last stands beside what can't be known now.
fn status(service: &Value) -> String {
    match (text(service, "status"), text(service, "recorded_status")) {
        ("unknown", recorded) if recorded != "unknown" => format!("unknown (was {recorded})"),
        (status, _) => status.to_owned(),
    }
}

fn replicas(definition: &Value) -> String {
    match text(definition, "mode") {
        "" | "replicated" => number(definition, "replicas").to_string(),
        mode => mode.to_owned(),
    }
}

pub(super) fn projects(projects: &[Value], color: bool) -> String {
    let yes = |project: &Value, key: &str| if project[key] == true { "yes" } else { "" }.to_owned();
    let row = |project: &Value| {
        vec![text(project, "name").to_owned(), yes(project, "has_dockerfile"), yes(project, "has_compose")]
    };
    let rows = projects.iter().map(row).collect();
    table(&["PROJECT", "DOCKERFILE", "COMPOSE"], rows, "the projects directory has no folders", color)
}
