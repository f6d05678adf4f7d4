//! `orca health --lint`: each rule on one service that it is about and one that it is not.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::fixture::{Desk, node, service, snapshot, task};
use crate::common::orca::Orca;

const DIGEST: &str = "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// A service that no rule is about.
fn sound(name: &str, change: impl Fn(&mut Value)) -> Value {
    service(name, 2, |service| {
        service["Spec"]["UpdateConfig"] = json!({"FailureAction": "rollback", "Monitor": 120_000_000_000_u64});
        service["Spec"]["TaskTemplate"]["ContainerSpec"] = json!({"Image": format!("reg.lan/{name}:1{DIGEST}"),
            "Healthcheck": {"Test": ["CMD", "x"]}});
        service["Spec"]["TaskTemplate"]["Resources"] = json!({"Limits": {"MemoryBytes": 1 << 20}});
        change(service);
    })
}

fn nodes(count: usize) -> Vec<Value> {
    (1..=count)
        .map(|at| {
            node(&format!("n{at}"), |node| {
                if at == 1 {
                    node["Spec"]["Role"] = "manager".into();
                    node["ManagerStatus"] =
                        json!({"Leader": true, "Reachability": "reachable", "Addr": "10.0.0.1:2377"});
                }
            })
        })
        .collect()
}

/// The codes that `--lint` adds, by service.
fn notes(nodes: &[Value], services: &[Value], tasks: &[Value]) -> Vec<String> {
    let desk = Desk::new(&snapshot(nodes, services, tasks));
    let codes = |args: &[&str]| -> Vec<String> {
        let (_, report) = desk.json(args);
        let findings = report["data"]["findings"].as_array().unwrap().iter();
        findings
            .map(|one| format!("{} {}", one["target"]["name"].as_str().unwrap(), one["code"].as_str().unwrap()))
            .collect()
    };
    let without: BTreeSet<String> = codes(&["health"]).into_iter().collect();
    codes(&["health", "--lint"]).into_iter().filter(|code| !without.contains(code)).collect()
}

fn container<'s>(service: &'s mut Value, key: &str) -> &'s mut Value {
    &mut service["Spec"]["TaskTemplate"]["ContainerSpec"][key]
}

fn bind(source: &str) -> Value {
    json!([{"Type": "bind", "Source": source, "Target": source}])
}

/// Services by what is wrong with them: the name is the code.
fn faulty() -> Vec<Value> {
    let image = |image: &str| {
        let image = image.to_owned();
        move |s: &mut Value| *container(s, "Image") = image.clone().into()
    };
    let env = |env: Value| move |s: &mut Value| *container(s, "Env") = env.clone();
    let mounts = |mounts: Value| move |s: &mut Value| *container(s, "Mounts") = mounts.clone();
    let on = |constraint: &str| {
        let constraint = constraint.to_owned();
        move |s: &mut Value| s["Spec"]["TaskTemplate"]["Placement"] = json!({"Constraints": [constraint]})
    };
    vec![
        sound("no_healthcheck", |s| *container(s, "Healthcheck") = Value::Null),
        sound("no_limits", |s| s["Spec"]["TaskTemplate"]["Resources"] = json!({})),
        sound("no_failure_action", |s| s["Spec"]["UpdateConfig"]["FailureAction"] = "".into()),
        sound("latest", image(&format!("reg.lan/a:latest{DIGEST}"))),
        sound("unpinned", image("reg.lan/a:1")),
        sound("no_registry", image("a:1")),
        sound("local_registry", image(&format!("127.0.0.1:5000/a:1{DIGEST}"))),
        sound("registry_denied", |_| ()),
        sound("registry_not_listed", |_| ()),
        sound("gpu_unreserved", on("node.labels.gpu==true")),
        sound("gpu_unplaced", env(json!(["NVIDIA_VISIBLE_DEVICES=all"]))),
        sound("x11_unplaced", |s| {
            mounts(bind("/tmp/.X11-unix"))(s);
            env(json!(["DISPLAY=:0"]))(s);
        }),
        sound("x11_incomplete", |s| {
            env(json!(["DISPLAY=:0"]))(s);
            on("node.hostname==n1")(s);
        }),
        sound("bind_unplaced", mounts(bind("/srv/data"))),
        sound("volume_unplaced", mounts(json!([{"Type": "volume", "Source": "data", "Target": "/data"}]))),
        sound("secret_in_env", env(json!(["DB_PASSWORD=hunter2", "API_KEY=hunter3", "TZ=UTC"]))),
    ]
}

fn errors() -> Vec<Value> {
    let failed = |name: &str, err: &str| {
        task(name, 1, "n1", "rejected", |task| {
            task["DesiredState"] = "shutdown".into();
            task["Status"]["Err"] = err.into();
        })
    };
    vec![
        failed("registry_denied", "No such image: reg.lan/a:1: no basic auth credentials"),
        failed("registry_not_listed", "http: server gave HTTP response to HTTPS client"),
    ]
}

#[test]
fn each_rule_finds_its_service_and_no_other() {
    let services = faulty();
    let mut wanted: Vec<String> =
        services.iter().map(|s| s["Spec"]["Name"].as_str().unwrap().to_owned()).map(|n| format!("{n} {n}")).collect();
    wanted.sort();
    assert_eq!(notes(&nodes(3), &services, &errors()), wanted);
}

#[test]
fn what_is_meant_so_is_no_note() {
    let env = |env: Value| move |s: &mut Value| *container(s, "Env") = env.clone();
    let placed =
        |s: &mut Value| s["Spec"]["TaskTemplate"]["Placement"] = json!({"Constraints": ["node.labels.db==true"]});
    let services = [
        sound("plain", |_| ()),
        sound("placed", |s| {
            *container(s, "Mounts") = json!([{"Type": "bind", "Source": "/srv", "Target": "/srv"},
                {"Type": "bind", "Source": "/tmp/.X11-unix", "Target": "/tmp/.X11-unix"}]);
            *container(s, "Env") = json!(["DISPLAY=:0"]);
            *container(s, "Image") = "app:1".into();
            placed(s);
        }),
        sound("usual", |s| *container(s, "Mounts") = bind("/var/run/docker.sock")),
        sound("shared", |s| {
            *container(s, "Mounts") = json!([{"Type": "volume", "Source": "nas", "Target": "/d",
                "VolumeOptions": {"DriverConfig": {"Options": {"type": "nfs", "device": ":/d"}}}}]);
        }),
        sound(
            "files",
            env(json!([
                "DB_PASSWORD_FILE=/run/secrets/db",
                "TOKEN=/run/secrets/t",
                "AUTHOR=me",
                "USE_TOKEN=1",
                "KEYMAP=de",
                "PUBLIC_KEY=abc",
                "PASSWORD=",
                "PWD=/srv",
                "DISPLAY=screens.lan:0"
            ])),
        ),
        sound("card", |s| {
            s["Spec"]["TaskTemplate"]["Resources"]["Reservations"] =
                json!({"GenericResources": [{"DiscreteResourceSpec": {"Kind": "gpu", "Value": 1}}]});
            *container(s, "Env") = json!(["NVIDIA_VISIBLE_DEVICES=all"]);
            s["Spec"]["TaskTemplate"]["Placement"] = json!({"Constraints": ["node.labels.gpu==true"]});
        }),
        // The routing mesh answers on every node's 127.0.0.1.
        sound("registry", |s| s["Endpoint"] = json!({"Ports": [{"PublishedPort": 5000, "PublishMode": "ingress"}]})),
        sound("meshed", |s| *container(s, "Image") = format!("127.0.0.1:5000/a:1{DIGEST}").into()),
        sound("off", |s| *container(s, "Healthcheck") = json!({"Test": ["NONE"]})),
        sound("told", |s| {
            s["Spec"]["Labels"] = json!({"orca.lint.ignore": "secret_in_env, no_limits"});
            s["Spec"]["TaskTemplate"]["Resources"] = json!({});
            *container(s, "Env") = json!(["TOKEN=x"]);
        }),
        sound("told_all", |s| {
            s["Spec"]["Labels"] = json!({"orca.lint.ignore": "all"});
            *container(s, "Image") = "a:latest".into();
        }),
    ];
    assert_eq!(notes(&nodes(3), &services, &[]), [""; 0]);
    // Where there is one node only, it makes no difference which.
    let alone: Vec<Value> = faulty()
        .into_iter()
        .filter(|s| {
            let name = s["Spec"]["Name"].as_str().unwrap();
            name.ends_with("_unplaced") || matches!(name, "unpinned" | "no_registry" | "local_registry")
        })
        .collect();
    assert_eq!(notes(&nodes(1), &alone, &[]), [""; 0]);
}

#[test]
fn what_can_run_on_one_node_only_does_not_roam_and_global_services_are_looked_at() {
    let mut nodes = nodes(3);
    for (at, node) in nodes.iter_mut().enumerate() {
        node["Description"]["Platform"] =
            json!({"OS": "linux", "Architecture": if at == 2 { "aarch64" } else { "x86_64" }});
    }
    nodes[1]["Spec"]["Role"] = "worker".into();
    nodes[2]["Spec"]["Role"] = "worker".into();
    let folder = |name: &str, placement: Value| {
        sound(name, |s| {
            *container(s, "Mounts") = json!([{"Type": "bind", "Source": "/srv", "Target": "/srv"},
                {"Type": "volume", "Source": "data", "Target": "/data"}]);
            *container(s, "Image") = "reg.lan/a:1".into();
            s["Spec"]["TaskTemplate"]["Placement"] = placement.clone();
        })
    };
    let platform = |arch: &str| json!({"Platforms": [{"OS": "linux", "Architecture": arch}]});
    let services = [
        folder("leader", json!({"Constraints": ["node.role == manager"]})),
        folder("workers", json!({"Constraints": ["node.role != manager"]})),
        folder("arm", platform("arm64")),
        folder("intel", platform("amd64")),
    ];
    let roams = |name: &str| ["bind_unplaced", "unpinned", "volume_unplaced"].map(|code| format!("{name} {code}"));
    let sorted = |mut notes: Vec<String>| {
        notes.sort();
        notes
    };
    assert_eq!(sorted(notes(&nodes, &services, &[])), [roams("intel"), roams("workers")].concat());
    let global = |name: &str, constraint: &str, source: &str| {
        let mut one = folder(name, json!({"Constraints": [constraint]}));
        one["Spec"]["Mode"] = json!({"Global": {}});
        one["Spec"]["TaskTemplate"]["ContainerSpec"]["Mounts"][0]["Source"] = source.into();
        one
    };
    let services = [
        global("logs", "node.role != nobody", "/var/log/app"),
        global("agent", "node.role != nobody", "/etc"),
        global("everywhere", "node.role != nobody", "/srv"),
        global("one", "node.role == manager", "/srv"),
    ];
    let wanted = ["agent unpinned", "everywhere bind_unplaced", "everywhere unpinned", "logs unpinned"];
    assert_eq!(sorted(notes(&nodes, &services, &[])), wanted, "a volume of each node is where its task is");
}

#[test]
fn notes_are_notices_and_tell_no_values() {
    let tasks: Vec<Value> = faulty()
        .iter()
        .flat_map(|s| {
            let name = s["Spec"]["Name"].as_str().unwrap().to_owned();
            [1, 2].map(|slot| task(&name, slot, "n1", "running", |_| ()))
        })
        .collect();
    let desk = Desk::new(&snapshot(&nodes(3), &faulty(), &tasks));
    let (exit, report) = desk.json(&["health", "--lint"]);
    assert_eq!((exit, &report["data"]["verdict"]), (0, &json!("healthy")));
    assert_eq!(desk.json(&["health", "--lint", "--strict"]).0, 1);
    assert!(!report.to_string().contains("hunter"));
    insta::assert_snapshot!("lint", desk.text(&["health", "--lint"]));
}

#[test]
fn a_registry_that_the_config_calls_plain_is_to_be_known_to_the_engine() {
    let run = |insecure: Value| {
        let mut cluster = snapshot(&nodes(3), &[sound("web", |_| ())], &[]);
        cluster["info"]["RegistryConfig"] = insecure;
        let orca = Orca::new("unix:///nowhere.sock").unwrap();
        std::fs::write(orca.path("s.json"), cluster.to_string()).unwrap();
        orca.config("registry: { insecure: [reg.lan] }\n").unwrap();
        let report = orca.run(&["--snapshot", "s.json", "health", "--lint"]).unwrap().report().unwrap();
        report["data"]["findings"].to_string().contains("registry_not_listed")
    };
    assert!(run(json!({"IndexConfigs": {}})));
    assert!(!run(json!({"IndexConfigs": {"reg.lan": {"Secure": false}}})));
}
