//! What Swarm is told of a stack's service: the same fields as of any definition, with what only compose files can say in
//! their place, and nothing for all that the file doesn't say. The spec is the one that `docker stack deploy` writes, so
//! that either can go on where the other has been.

use serde_json::{Value, json};

use super::definition::Definition;
use super::spec::{Facts, Field, More, Wanted, basics, extras};

/// What a spec has where nothing is said, by field and by key of a compose file. A log driver is not in it: `orca logs`
/// sets one, too.
const BARE: [(&str, &str); 20] = [
    ("TaskTemplate.ContainerSpec.Dir", "working_dir"),
    ("TaskTemplate.ContainerSpec.User", "user"),
    ("TaskTemplate.ContainerSpec.Hostname", "hostname"),
    ("TaskTemplate.ContainerSpec.Groups", "groups"),
    ("TaskTemplate.ContainerSpec.StopSignal", "stop_signal"),
    ("TaskTemplate.ContainerSpec.StopGracePeriod", "stop_grace_period"),
    ("TaskTemplate.ContainerSpec.Init", "init"),
    ("TaskTemplate.ContainerSpec.ReadOnly", "read_only"),
    ("TaskTemplate.ContainerSpec.Healthcheck", "healthcheck"),
    ("TaskTemplate.ContainerSpec.Secrets", "secrets"),
    ("TaskTemplate.ContainerSpec.Configs", "configs"),
    ("TaskTemplate.ContainerSpec.OomScoreAdj", "oom_score_adj"),
    ("TaskTemplate.Resources.Limits", "deploy.resources.limits"),
    ("TaskTemplate.Resources.Reservations", "deploy.resources.reservations"),
    ("TaskTemplate.RestartPolicy", "deploy.restart_policy"),
    ("TaskTemplate.Placement.MaxReplicas", "deploy.placement"),
    ("TaskTemplate.Placement.Preferences", "deploy.placement"),
    ("UpdateConfig", "deploy.update_config"),
    ("RollbackConfig", "deploy.rollback_config"),
    ("EndpointSpec.Mode", "deploy.endpoint_mode"),
];

/// Takes a stack's service apart.
///
/// # Errors
/// Everything that stands against it: what it refers to and the swarm doesn't have.
pub fn wanted(definition: &Definition, more: &More, facts: &Facts) -> Result<Wanted, Vec<String>> {
    let mut reasons: Vec<String> = definition.faults().into_iter().map(|fault| fault.message).collect();
    let mut fields = basics(definition, facts, &mut reasons);
    fields.extend(extras(definition, facts, &mut reasons));
    if !reasons.is_empty() {
        return Err(reasons);
    }
    let id = |known: &std::collections::BTreeMap<String, Result<String, String>>, name: &Value| {
        let found = name.as_str().and_then(|name| known.get(name)).and_then(|id| id.as_ref().ok());
        Value::from(found.cloned().unwrap_or_default())
    };
    let networks = more.networks.iter().map(|network| {
        let mut network = network.clone();
        network["Target"] = id(&facts.networks, &network["Target"]);
        network
    });
    let mut own = vec![Field::whole("TaskTemplate.Networks", "networks", networks.collect())];
    for (name, listed, known) in [("Secret", &more.secrets, &facts.secrets), ("Config", &more.configs, &facts.configs)]
    {
        let files = listed.iter().map(|file| {
            let mut file = file.clone();
            file[format!("{name}ID")] = id(known, &file[format!("{name}Name")]);
            file
        });
        let key = if name == "Secret" { "secrets" } else { "configs" };
        own.push(Field::whole(&format!("TaskTemplate.ContainerSpec.{name}s"), key, files.collect()));
    }
    own.extend(more.fields.iter().cloned());
    for field in own {
        fields.retain(|other| !other.path.starts_with(&field.path));
        fields.push(field);
    }
    for (path, key) in BARE {
        let bare = Field::whole(path, key, if key == "deploy.endpoint_mode" { "vip".into() } else { Value::Null });
        if !fields.iter().any(|field| field.path.starts_with(&bare.path)) {
            fields.push(bare);
        }
    }
    Ok(Wanted { fields, labels: definition.labels.clone(), keys: Vec::new(), all: true })
}

/// Whether a log driver is one that `orca logs` may have set: nothing but bounds.
pub fn only_bounds(driver: &Value) -> bool {
    let options = driver["Options"].as_object().filter(|options| !options.is_empty());
    let bounds = options.is_some_and(|options| options.keys().all(|key| key == "max-size" || key == "max-file"));
    driver["Name"] == "json-file" && bounds
}

/// What takes a log driver away that the file doesn't have.
pub fn no_log_driver() -> Field {
    Field::whole("TaskTemplate.LogDriver", "logging", json!(null))
}
