//! What the engine says about itself: ping, version, info, swarm.

use serde_json::{Value, json};

use super::cluster::Cluster;
use super::json;
use super::refusal::Refusal;

/// The swarm's id where no snapshot tells one.
const CLUSTER_ID: &str = "simulatedcluster000000000";

impl Cluster {
    /// The engine release that speaks the simulated API version.
    pub(super) fn engine_version(&self) -> &str {
        let told = json::text(&self.info, "/ServerVersion");
        if !told.is_empty() {
            return told;
        }
        match self.api.as_str() {
            "1.41" => "20.10.24",
            "1.43" => "24.0.9",
            "1.44" => "25.0.8",
            "1.45" => "26.1.5",
            "1.47" => "27.5.1",
            "1.52" => "29.1.0",
            _ => "28.5.2",
        }
    }

    /// The oldest API version it still answers: engines since 29 have dropped the old ones.
    pub(super) fn oldest_api(&self) -> &'static str {
        if numbers(&self.api) >= (1, 52) {
            "1.44"
        } else if numbers(&self.api) >= (1, 44) {
            "1.24"
        } else {
            "1.12"
        }
    }

    /// `GET /version`.
    pub(super) fn version_document(&self) -> Value {
        let version = self.engine_version();
        let (api, oldest) = (&self.api, self.oldest_api());
        json!({
            "Platform": {"Name": "orca sim"},
            "Components": [{"Name": "Engine", "Version": version, "Details": {
                "ApiVersion": api, "MinAPIVersion": oldest, "Os": "linux", "Arch": "amd64",
                "GitCommit": "simulated", "GoVersion": "go1.24", "KernelVersion": "6.1.0",
                "BuildTime": "2026-01-01T00:00:00.000000000+00:00", "Experimental": "false"}}],
            "Version": version, "ApiVersion": api, "MinAPIVersion": oldest, "GitCommit": "simulated",
            "GoVersion": "go1.24", "Os": "linux", "Arch": "amd64", "KernelVersion": "6.1.0",
            "BuildTime": "2026-01-01T00:00:00.000000000+00:00",
        })
    }

    /// `GET /info`: whatever the snapshot said, completed and with the swarm's present state.
    pub(super) fn info_document(&self) -> Value {
        let own = self.self_id();
        let hostname = self.nodes.get(&own).map_or("sim", |node| &node.hostname);
        let mut info = machine();
        json::set(&mut info, &["Name"], hostname);
        json::set(&mut info, &["ServerVersion"], self.engine_version());
        json::set(&mut info, &["SystemTime"], self.clock().to_string());
        json::set(&mut info, &["Swarm", "Cluster", "ID"], CLUSTER_ID);
        merge(&mut info, &self.info);
        info["Swarm"] = self.swarm_section(info["Swarm"].take());
        info
    }

    fn swarm_section(&self, told: Value) -> Value {
        let own = self.self_id();
        let (local, control) = match self.membership.as_str() {
            "active/manager" => ("active", true),
            "active/worker" => ("active", false),
            other => (other, false),
        };
        if local != "active" {
            return json!({"NodeID": "", "NodeAddr": "", "LocalNodeState": local, "ControlAvailable": false,
                "Error": "", "RemoteManagers": null});
        }
        let managers = || self.nodes.values().filter(|node| node.role == "manager");
        let remote: Vec<Value> =
            managers().map(|node| json!({"NodeID": node.id, "Addr": format!("{}:2377", node.addr)})).collect();
        let mut swarm = told;
        json::set(&mut swarm, &["NodeID"], own.as_str());
        let addr = self.nodes.get(&own).map_or("", |node| &node.addr);
        json::set(&mut swarm, &["NodeAddr"], addr);
        json::set(&mut swarm, &["LocalNodeState"], local);
        json::set(&mut swarm, &["ControlAvailable"], control);
        json::set(&mut swarm, &["Error"], "");
        json::set(&mut swarm, &["RemoteManagers"], remote);
        if control {
            json::set(&mut swarm, &["Nodes"], self.nodes.len());
            json::set(&mut swarm, &["Managers"], managers().count());
            let id = json::text(&swarm, "/Cluster/ID").to_owned();
            let mut cluster = self.swarm_document();
            json::set(&mut cluster, &["ID"], id);
            merge(&mut cluster, &swarm["Cluster"].take());
            swarm["Cluster"] = cluster;
        } else {
            json::unset(&mut swarm, "Cluster");
        }
        swarm
    }

    /// `POST /swarm/update`. What a spec leaves out stays as it is, but for its labels.
    pub(super) fn update_swarm(&mut self, version: u64, spec: &Value) -> Result<(), Refusal> {
        let document = self.swarm_document();
        if json::number(&document, "/Version/Index") != version {
            return Err(Refusal::out_of_sequence());
        }
        let labels = spec.get("Labels").cloned().filter(|labels| !labels.is_null()).unwrap_or_else(|| json!({}));
        let mut found = document["Spec"].clone();
        merge(&mut found, spec);
        found["Labels"] = labels;
        json::set(&mut self.info, &["Swarm", "Cluster", "Spec"], found);
        self.index += 1;
        let (index, stamp) = (self.index, self.stamp().to_string());
        json::set(&mut self.info, &["Swarm", "Cluster", "Version", "Index"], index);
        json::set(&mut self.info, &["Swarm", "Cluster", "UpdatedAt"], stamp);
        Ok(())
    }

    /// `GET /swarm`, without join tokens: they are secrets even when they are made up.
    pub(super) fn swarm_document(&self) -> Value {
        let id = match json::text(&self.info, "/Swarm/Cluster/ID") {
            "" => CLUSTER_ID,
            id => id,
        };
        let mut document = json!({
            "ID": id, "Version": {"Index": 9}, "CreatedAt": "2026-01-01T00:00:00Z", "UpdatedAt": "2026-01-01T00:00:00Z",
            "Spec": {"Name": "default", "Labels": {}, "Orchestration": {"TaskHistoryRetentionLimit": 5},
                "Raft": {"SnapshotInterval": 10000, "KeepOldSnapshots": 0, "LogEntriesForSlowFollowers": 500,
                    "ElectionTick": 10, "HeartbeatTick": 1},
                "Dispatcher": {"HeartbeatPeriod": 5_000_000_000_u64},
                "CAConfig": {"NodeCertExpiry": 7_776_000_000_000_000_u64},
                "TaskDefaults": {}, "EncryptionConfig": {"AutoLockManagers": false}},
            "TLSInfo": {"TrustRoot": "", "CertIssuerSubject": "", "CertIssuerPublicKey": ""},
            "RootRotationInProgress": false, "DefaultAddrPool": ["10.0.0.0/8"], "SubnetSize": 24, "DataPathPort": 4789,
        });
        for told in ["Version", "UpdatedAt", "Spec"] {
            merge(&mut document[told], &self.info["Swarm"]["Cluster"][told]);
        }
        document
    }
}

/// What doesn't depend on the swarm: a plain Linux machine with nothing on it.
fn machine() -> Value {
    let mut info = json!({
        "ID": "orca-sim", "Driver": "overlay2", "DriverStatus": [], "LoggingDriver": "json-file",
        "CgroupDriver": "systemd", "CgroupVersion": "2", "KernelVersion": "6.1.0", "OperatingSystem": "orca sim",
        "OSVersion": "12", "OSType": "linux", "Architecture": "x86_64", "NCPU": 8, "MemTotal": 16_777_216_000_u64,
        "DockerRootDir": "/var/lib", "Labels": [], "IndexServerAddress": "https://index.docker.io/v1/",
        "RegistryConfig": {"IndexConfigs": {}}, "SecurityOptions": [], "DefaultRuntime": "runc",
        "Runtimes": {"runc": {"path": "runc"}}, "Warnings": null,
        "Plugins": {"Volume": ["local"], "Network": ["overlay"], "Authorization": null, "Log": ["json-file"]},
    });
    for zero in ["Containers", "ContainersRunning", "ContainersPaused", "ContainersStopped", "Images"] {
        json::set(&mut info, &[zero], 0);
    }
    // Absent capabilities would make clients warn.
    for on in [
        "MemoryLimit",
        "SwapLimit",
        "CpuCfsPeriod",
        "CpuCfsQuota",
        "CPUShares",
        "CPUSet",
        "PidsLimit",
        "IPv4Forwarding",
    ] {
        json::set(&mut info, &[on], true);
    }
    info
}

/// The two numbers of an API version.
pub(super) fn numbers(version: &str) -> (u32, u32) {
    let (major, minor) = version.split_once('.').unwrap_or((version, "0"));
    (major.parse().unwrap_or(0), minor.parse().unwrap_or(0))
}

/// Lays `over` on `base`: objects merge, everything else is replaced.
fn merge(base: &mut Value, over: &Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                merge(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (_, Value::Null) => {}
        (base, over) => *base = over.clone(),
    }
}
