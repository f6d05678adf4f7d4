//! Made-up clusters of any size, the same on every run: for benchmarks and for trying things out.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::cluster::{Cluster, mix};
use super::object::{Service, Task};

impl Cluster {
    /// A busy cluster with three managers; tasks are spread over services and nodes.
    pub fn generate(nodes: usize, services: usize, tasks: usize) -> Self {
        Self::generate_with(nodes, 3, services, tasks)
    }

    /// The same with a chosen number of managers.
    pub fn generate_with(nodes: usize, managers: usize, services: usize, tasks: usize) -> Self {
        let mut cluster = Self::empty();
        let zones = ["a", "b", "c"];
        for number in 1..=nodes {
            let role = if number <= managers.max(1) { "manager" } else { "worker" };
            let mut labels = BTreeMap::from([("zone".to_owned(), zones[number % zones.len()].to_owned())]);
            if number % 4 == 0 {
                labels.insert("ssd".to_owned(), "true".to_owned());
            }
            cluster.join(&format!("n{number}"), role, &labels);
        }
        let ids: Vec<String> = {
            let mut nodes: Vec<_> = cluster.nodes.values().collect();
            nodes.sort_by_key(|node| node.version);
            nodes.into_iter().map(|node| node.id.clone()).collect()
        };
        let mut made = 0;
        for number in 1..=services {
            // Replicas add up to exactly the tasks asked for.
            let replicas = tasks * number / services - tasks * (number - 1) / services;
            let service = cluster.add_made_up_service(number, replicas);
            for slot in 1..=replicas {
                if let Some(node) = ids.get(made % ids.len().max(1)) {
                    cluster.add_made_up_task(&service, slot, node);
                }
                made += 1;
            }
        }
        cluster.take_events();
        cluster.todo.clear();
        cluster.retry = false;
        cluster
    }

    /// Placement is decided by the caller: scheduling 50,000 tasks one by one would take its time.
    fn add_made_up_service(&mut self, number: usize, replicas: usize) -> Value {
        let stack = format!("stack{:03}", number / 20);
        let name = format!("svc-{number:05}");
        let digest = format!("{:016x}{:016x}", mix(number as u64), mix(number as u64 + 1)).repeat(2);
        let image = format!("registry.example.org/{stack}/{name}:1.{}@sha256:{digest}", number % 30);
        let id = self.new_id();
        let stamp = self.stamp().to_string();
        let mut raw = json!({
            "ID": id, "Version": {"Index": 0}, "CreatedAt": stamp, "UpdatedAt": stamp,
            "Spec": {
                "Name": name,
                "Labels": {"com.docker.stack.namespace": stack, "com.docker.stack.image": image},
                "TaskTemplate": {
                    "ContainerSpec": {
                        "Image": image, "Labels": {"com.docker.stack.namespace": stack},
                        "Env": ["TZ=UTC", format!("SERVICE={name}")],
                        "Privileges": {"CredentialSpec": null, "SELinuxContext": null},
                        "Isolation": "default",
                    },
                    "Resources": {"Limits": {"MemoryBytes": 268_435_456}, "Reservations": {}},
                    "RestartPolicy": {"Condition": "any", "Delay": 5_000_000_000_u64, "MaxAttempts": 0},
                    "Placement": {"Platforms": [{"Architecture": "amd64", "OS": "linux"}]},
                    "ForceUpdate": 0, "Runtime": "container",
                },
                "Mode": {"Replicated": {"Replicas": replicas}},
                "UpdateConfig": {"Parallelism": 1, "FailureAction": "pause", "Monitor": 5_000_000_000_u64,
                    "MaxFailureRatio": 0, "Order": "stop-first"},
                "EndpointSpec": {"Mode": "vip"},
            },
            "Endpoint": {"Spec": {"Mode": "vip"}},
        });
        self.bump(&mut raw);
        self.services.insert(id, Service::read(&raw));
        raw
    }

    fn add_made_up_task(&mut self, service: &Value, slot: usize, node: &str) {
        let id = self.new_id();
        let stamp = self.stamp().to_string();
        let container = format!("{:016x}", mix(self.index)).repeat(4);
        let mut raw = json!({
            "ID": id, "Version": {"Index": 0}, "CreatedAt": stamp, "UpdatedAt": stamp, "Labels": {},
            "Spec": service["Spec"]["TaskTemplate"], "ServiceID": service["ID"], "Slot": slot, "NodeID": node,
            "Status": {"Timestamp": stamp, "State": "running", "Message": "started",
                "ContainerStatus": {"ContainerID": container, "PID": 1000 + slot, "ExitCode": 0}, "PortStatus": {}},
            "DesiredState": "running", "GenericResources": null, "Volumes": null,
        });
        self.bump(&mut raw);
        self.tasks.put(Task::read(&raw));
    }
}
