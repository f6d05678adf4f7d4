//! Creating, updating and removing services.

use serde_json::{Value, json};

use super::cluster::{Cluster, tree};
use super::constraint;
use super::json;
use super::object::Service;
use super::refusal::Refusal;
use super::rollout::meaning;

impl Cluster {
    /// `POST /services/create`: returns the new id.
    pub(super) fn create_service(&mut self, mut spec: Value) -> Result<String, Refusal> {
        check_spec(&spec)?;
        let name = json::text(&spec, "/Name").to_owned();
        if self.services.values().any(|service| service.name == name) {
            let text = format!("name conflicts with an existing object: service {name} already exists");
            return Err(Refusal::rpc("AlreadyExists", text));
        }
        self.check_ports(&spec, "")?;
        fill_defaults(&mut spec);
        let id = self.new_id();
        let stamp = self.stamp().to_string();
        let endpoint = endpoint(&spec);
        let job = json::present(&spec, "/Mode/ReplicatedJob") || json::present(&spec, "/Mode/GlobalJob");
        let mut raw = json!({
            "ID": id, "Version": {"Index": 0}, "CreatedAt": stamp, "UpdatedAt": stamp,
            "Spec": spec, "Endpoint": endpoint,
        });
        if job {
            json::set(&mut raw, &["JobStatus"], json!({"JobIteration": {"Index": 0}, "LastExecution": stamp}));
        }
        self.bump(&mut raw);
        self.services.insert(id.clone(), Service::read(&raw));
        self.event("service", "create", &id, &[("name", &name)]);
        self.todo.insert(id.clone());
        self.converge();
        Ok(id)
    }

    /// `POST /services/{id}/update`: replaces the spec, or goes back to the previous one.
    pub(super) fn update_service(
        &mut self,
        id: &str,
        version: u64,
        spec: Value,
        rollback: bool,
    ) -> Result<(), Refusal> {
        let service = self.services.get(id).ok_or_else(|| Refusal::not_found("service", id))?.clone();
        let old = tree(&service.text).unwrap_or_default();
        let mut spec = spec;
        if !rollback {
            check_spec(&spec)?;
            self.check_ports(&spec, id)?;
            if json::text(&spec, "/Name") != service.name {
                return Err(Refusal::rpc("Unimplemented", "renaming services is not supported"));
            }
            fill_defaults(&mut spec);
        }
        if version != service.version {
            return Err(Refusal::out_of_sequence());
        }
        if rollback {
            spec = old.get("PreviousSpec").cloned().unwrap_or_default();
            if spec.is_null() {
                let text = format!("service {id} does not have a previous spec");
                return Err(Refusal::rpc("FailedPrecondition", text));
            }
        }
        if mode_name(&spec) != service.mode.name() {
            return Err(Refusal::rpc("Unimplemented", "service mode change is not allowed"));
        }
        self.panicked |= self.lacks_placement(&service, &spec);
        self.accept_spec(&service, &old, spec, rollback);
        if !self.panicked {
            self.converge();
        }
        Ok(())
    }

    /// Stores the new spec and marks what it makes outdated.
    fn accept_spec(&mut self, service: &Service, old: &Value, spec: Value, rollback: bool) {
        let id = &service.id;
        let changed = |part: &str| meaning(&old["Spec"][part]) != meaning(&spec[part]);
        let unfinished = !matches!(service.update_state.as_str(), "" | "completed" | "rollback_completed");
        let rolls = changed("TaskTemplate") || changed("EndpointSpec") || unfinished;
        if changed("EndpointSpec") {
            let tasks = self.tasks.of_service(id);
            self.outdated =
                &self.outdated | &tasks.iter().filter(|task| task.wanted()).map(|task| task.id.clone()).collect();
        }
        let next_job = service.mode.is_job() && changed("TaskTemplate");
        let stamp = self.stamp().to_string();
        self.edit_service(id, |raw| {
            json::set(raw, &["PreviousSpec"], old["Spec"].clone());
            json::set(raw, &["Endpoint"], endpoint(&spec));
            json::set(raw, &["Spec"], spec);
            json::unset(raw, "UpdateStatus");
            if rollback {
                let status = json!({"State": "rollback_started", "StartedAt": stamp,
                    "Message": "manually requested rollback"});
                json::set(raw, &["UpdateStatus"], status);
            }
            if next_job {
                json::set(raw, &["JobStatus", "JobIteration", "Index"], service.job_iteration + 1);
                json::set(raw, &["JobStatus", "LastExecution"], stamp);
            }
        });
        if rolls || rollback {
            self.rolling.insert(id.clone());
        }
        self.todo.insert(id.clone());
        self.retry = true;
    }

    /// Whether this spec has no Placement while running tasks have one: the manager dereferences nil and dies.
    fn lacks_placement(&self, service: &Service, spec: &Value) -> bool {
        !json::present(spec, "/TaskTemplate/Placement")
            && self
                .tasks
                .of_service(&service.id)
                .into_iter()
                .any(|task| task.wanted() && tree(&task.text).is_some_and(|raw| json::present(&raw, "/Spec/Placement")))
    }

    /// `DELETE /services/{id}`.
    pub(super) fn remove_service(&mut self, id: &str) -> Result<(), Refusal> {
        let service = self.services.remove(id).ok_or_else(|| Refusal::not_found("service", id))?;
        let tasks: Vec<String> = self.tasks.of_service(id).into_iter().map(|task| task.id.clone()).collect();
        self.let_go(&tasks);
        self.rolling.remove(id);
        self.event("service", "remove", id, &[("name", &service.name)]);
        self.converge();
        Ok(())
    }

    /// Ingress ports belong to one service each; several may have one port of the nodes themselves.
    fn check_ports(&self, spec: &Value, own: &str) -> Result<(), Refusal> {
        let ports = |raw: &Value, pointer: &str| -> Vec<(String, u64, bool)> {
            let ports = json::list(raw, pointer).iter();
            ports
                .map(|port| {
                    let host = json::text(port, "/PublishMode") == "host";
                    (json::text(port, "/Protocol").to_owned(), json::number(port, "/PublishedPort"), host)
                })
                .filter(|(_, port, _)| *port > 0)
                .collect()
        };
        let wanted = ports(spec, "/EndpointSpec/Ports");
        if wanted.is_empty() {
            return Ok(());
        }
        for other in self.services.values().filter(|other| other.id != own) {
            let Some(raw) = tree(&other.text) else { continue };
            for (protocol, port, host) in ports(&raw, "/Spec/EndpointSpec/Ports") {
                let same = |one: &&(String, u64, bool)| one.0 == protocol && one.1 == port && !(one.2 && host);
                if wanted.iter().any(|one| same(&one)) {
                    let (name, id, mode) =
                        (&other.name, &other.id, if host { "a host-published" } else { "an ingress" });
                    let text = format!("port '{port}' is already in use by service '{name}' ({id}) as {mode} port");
                    return Err(Refusal::rpc("InvalidArgument", text));
                }
            }
        }
        Ok(())
    }
}

fn mode_name(spec: &Value) -> &'static str {
    Service::read(&json!({"Spec": spec})).mode.name()
}

fn check_spec(spec: &Value) -> Result<(), Refusal> {
    if !spec.is_object() {
        return Err(Refusal::new(400, "invalid JSON: expected a service spec"));
    }
    let name = json::text(spec, "/Name");
    let valid = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if name.is_empty() || name.len() > 63 || !name.chars().all(valid) {
        return Err(Refusal::rpc("InvalidArgument", "name must be valid as a DNS name component"));
    }
    if json::text(spec, "/TaskTemplate/ContainerSpec/Image").is_empty()
        && !json::present(spec, "/TaskTemplate/PluginSpec")
    {
        return Err(Refusal::rpc("InvalidArgument", "ContainerSpec: image reference must be provided"));
    }
    for text in json::list(spec, "/TaskTemplate/Placement/Constraints") {
        constraint::parse(text.as_str().unwrap_or_default())
            .map_err(|reason| Refusal::rpc("InvalidArgument", reason))?;
    }
    Ok(())
}

/// Fields that came with a 1.x version: what a client of an older version sends of them is dropped in silence.
const SINCE: [(u32, &[&str]); 9] = [
    (40, &["TaskTemplate", "ContainerSpec", "Sysctls"]),
    (40, &["TaskTemplate", "Placement", "MaxReplicas"]),
    (41, &["TaskTemplate", "ContainerSpec", "CapabilityAdd"]),
    (41, &["TaskTemplate", "ContainerSpec", "CapabilityDrop"]),
    (41, &["TaskTemplate", "ContainerSpec", "Ulimits"]),
    (41, &["TaskTemplate", "Resources", "Limits", "Pids"]),
    (44, &["TaskTemplate", "ContainerSpec", "Healthcheck", "StartInterval"]),
    (46, &["TaskTemplate", "ContainerSpec", "OomScoreAdj"]),
    (52, &["TaskTemplate", "Resources", "MemorySwappiness"]),
];

/// Drops what the engine drops when a service spec comes in through an old version's path.
pub(super) fn strip_newer(spec: &mut Value, minor: u32) {
    for (_, path) in SINCE.iter().filter(|(since, _)| minor < *since) {
        let [parents @ .., last] = path else { continue };
        let parent = parents.iter().try_fold(&mut *spec, |at, key| at.get_mut(key));
        if let Some(Value::Object(parent)) = parent {
            parent.remove(*last);
        }
    }
}

/// What the engine adds to a spec by itself. Never a Placement: its absence is what clients must not cause.
fn fill_defaults(spec: &mut Value) {
    let missing = |spec: &Value, pointer: &str| !json::present(spec, pointer);
    if missing(spec, "/TaskTemplate/ForceUpdate") {
        json::set(spec, &["TaskTemplate", "ForceUpdate"], 0);
    }
    if missing(spec, "/TaskTemplate/Runtime") {
        json::set(spec, &["TaskTemplate", "Runtime"], "container");
    }
    if missing(spec, "/Labels") {
        json::set(spec, &["Labels"], json!({}));
    }
    if missing(spec, "/Mode") || spec["Mode"] == json!({}) {
        json::set(spec, &["Mode"], json!({"Replicated": {"Replicas": 1}}));
    } else if spec["Mode"]["Replicated"] == json!({}) {
        json::set(spec, &["Mode", "Replicated", "Replicas"], 1);
    }
}

fn endpoint(spec: &Value) -> Value {
    let own = &spec["EndpointSpec"];
    let mut endpoint = json!({"Spec": if own.is_object() { own.clone() } else { json!({}) }});
    let ports = json::list(own, "/Ports");
    if !ports.is_empty() {
        json::set(&mut endpoint, &["Ports"], ports.to_vec());
    }
    endpoint
}
