//! What must hold for `gc` whatever lies on a node.

use std::collections::BTreeSet;

use orca::engine::local::Stock;
use orca::pass::gc::keep::{Facts, Keep};
use orca::pass::gc::{Input, plan};
use orca::plan::{Change, TargetKind};
use orca::settings::Gc;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::gc::{NOW, cluster, stock};

#[derive(Debug, Clone)]
struct World {
    containers: Vec<(usize, usize, usize, u8)>,
    images: Vec<(bool, usize)>,
    volumes: usize,
    spec: usize,
    previous: usize,
    mounted: usize,
    keep_images: u32,
    known: u8,
}

fn worlds() -> impl Strategy<Value = World> {
    let containers = proptest::collection::vec((0..8_usize, 0..5_usize, 0..4_usize, 0..6_u8), 0..12);
    let images = proptest::collection::vec((any::<bool>(), 0..9_usize), 8);
    (containers, images, 0..5_usize, 0..8_usize, 0..8_usize, 0..5_usize, 0..3_u32, 0..3_u8).prop_map(
        |(containers, images, volumes, spec, previous, mounted, keep_images, known)| World {
            containers,
            images,
            volumes,
            spec,
            previous,
            mounted,
            keep_images,
            known,
        },
    )
}

fn volume_name(at: usize) -> String {
    format!("{at:064x}")
}

impl World {
    fn stock(&self) -> Stock {
        let kinds = [
            ("running", "Up 2 days"),
            ("exited", "Exited (1) 2 days ago"),
            ("exited", "Exited (0) 5 minutes ago"),
            ("created", "Created"),
            ("exited", "Exited (0) 4 hours ago"),
            ("dead", "Dead"),
        ];
        let containers: Vec<Value> = self.containers.iter().enumerate().map(|(at, (image, volume, task, state))| {
            let (state, status) = kinds[usize::from(*state)];
            let labels = if *task == 0 { json!({}) } else { json!({"com.docker.swarm.task.id": format!("t{task}")}) };
            json!({"Id": format!("c{at}"), "Names": [format!("/c{at}")], "ImageID": format!("sha256:i{image}"),
                "Created": NOW - 1_000_000, "State": state, "Status": status, "Labels": labels, "SizeRw": 1,
                "Mounts": [{"Name": volume_name(*volume)}], "NetworkSettings": {"Networks": {format!("net{volume}"): {}}}})
        }).collect();
        let images: Vec<Value> = self
            .images
            .iter()
            .enumerate()
            .map(|(at, (tagged, parent))| {
                // A parent has a lower number: families are trees.
                let parent = if *parent < at { format!("sha256:i{parent}") } else { String::new() };
                let tags = if *tagged { vec![format!("app:{at}")] } else { vec![] };
                json!({"Id": format!("sha256:i{at}"), "RepoTags": tags, "RepoDigests": [format!("app@sha256:d{at}")],
                "Created": NOW - 1_000_000 - i64::try_from(at).unwrap(), "Size": 9, "SharedSize": 0, "ParentId": parent})
            })
            .collect();
        let volumes: Vec<Value> = (0..self.volumes)
            .map(|at| {
                json!({"Name": volume_name(at), "Driver": "local",
            "CreatedAt": "2026-01-01T00:00:00Z", "UsageData": {"RefCount": 0, "Size": 3}})
            })
            .collect();
        let networks: Vec<Value> = (0..3)
            .map(|at| {
                json!({"Id": format!("x{at}"), "Name": format!("net{at}"),
            "Scope": "local", "Created": "2026-01-01T00:00:00Z"})
            })
            .collect();
        stock(json!({"Containers": containers, "Images": images, "Volumes": volumes}), json!(networks))
    }

    fn keep(&self) -> Keep {
        let spec = |image: String| {
            json!({"Name": "s", "Mode": {"Replicated": {}}, "TaskTemplate": {"Placement": {},
            "ContainerSpec": {"Image": image, "Mounts": [{"Type": "volume", "Source": volume_name(self.mounted)}]}}})
        };
        let services = json!([{"ID": "s", "Version": {"Index": 1}, "Spec": spec(format!("app:{}", self.spec)),
            "PreviousSpec": spec(format!("other:1@sha256:d{}", self.previous))}]);
        let task = |id: &str, state: &str, at: u8| {
            json!({"ID": id, "ServiceID": "s", "Slot": 1,
            "Status": {"State": state, "Timestamp": format!("2027-01-01T00:00:0{at}Z")}})
        };
        let tasks = json!([task("t1", "running", 1), task("t2", "failed", 2), task("t3", "failed", 3)]);
        Keep::of(&cluster(&services, &tasks)).unwrap()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn never_takes_what_is_needed_and_leaves_nothing_to_do(world in worlds()) {
        let (mut stock, keep) = (world.stock(), world.keep());
        let settings = Gc { keep_images: world.keep_images, volumes: true, ..Gc::default() };
        let facts = match world.known {
            0 => Facts::Known(&keep),
            1 => Facts::Standalone,
            _ => Facts::Unknown("no manager"),
        };
        let none = BTreeSet::new();
        let look = |stock: &Stock| plan(&Input { node: "n", stock, facts, settings: &settings, volumes: &none, only: None, disk: None }).plan;
        let first = look(&stock);
        prop_assert_eq!(&first.actions, &look(&stock).actions, "equal input, equal plan");
        let mut done = BTreeSet::new();
        for action in &first.actions {
            let (id, name) = (action.target.id.as_str(), action.target.name.as_str());
            prop_assert!(action.requires.iter().all(|id| done.contains(id.as_str())), "order of {}", action.id);
            prop_assert!(!action.reason.is_empty());
            prop_assert!(matches!(&action.change, Change::Remove { what, .. } if *what == action.target.kind), "only removals, never a prune");
            match action.target.kind {
                TargetKind::Container => {
                    let container = stock.containers.iter().find(|c| c.id == id).unwrap().clone();
                    prop_assert!(container.state != "running");
                    if world.known != 1 && let Some(task) = container.task() {
                        prop_assert!(world.known == 0 && task == "t2", "only an ended task that is not the last failure");
                    }
                    stock.containers.retain(|c| c.id != id);
                }
                TargetKind::Image => {
                    prop_assert!(world.known != 2, "unknown");
                    prop_assert!(stock.containers.iter().all(|c| c.image != id), "of a container");
                    prop_assert!(stock.images.iter().all(|i| i.parent != id), "built on");
                    if world.known == 0 {
                        prop_assert!(name != format!("app:{}", world.spec), "of a spec");
                        prop_assert!(id != format!("sha256:i{}", world.previous), "of a previous spec");
                    }
                    stock.images.retain(|i| i.id != id);
                }
                TargetKind::Volume => {
                    prop_assert!(world.known != 2, "unknown");
                    prop_assert!(stock.containers.iter().all(|c| !c.volumes.contains(name)), "of a container");
                    prop_assert!(world.known == 1 || name != volume_name(world.mounted), "of a service");
                    stock.volumes.retain(|v| v.name != name);
                }
                TargetKind::Network => {
                    prop_assert!(stock.containers.iter().all(|c| !c.networks.contains(name)), "of a container");
                    stock.networks.retain(|n| n.id != id);
                }
                other => prop_assert!(false, "{other:?}"),
            }
            done.insert(action.id.as_str());
        }
        prop_assert_eq!(look(&stock).actions, vec![], "planning after applying gives nothing");
    }
}
