//! Laws of the planner, for any services and whatever registries say.

use std::collections::BTreeMap;

use orca::engine::edit::edited_spec;
use orca::pass::memory::Memory;
use orca::pass::update::{Request, plan};
use orca::plan::Change;
use orca::registry::Asked;
use orca::settings::Settings;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::plan::{NOW, cluster, digest, known, service};

const IMAGES: [&str; 4] = ["r/a:1", "r/b", "nginx", "r:5000/c:2"];
const STATES: [&str; 6] = ["", "updating", "paused", "completed", "rollback_completed", "rollback_started"];

fn services() -> impl Strategy<Value = Vec<Value>> {
    let labels = select(vec!["", "true", "false", "monitor", "maybe"]);
    let one = (
        select(&IMAGES[..]),
        select(vec![None, Some('a'), Some('b')]),
        labels,
        select(&STATES[..]),
        any::<bool>(),
        0..4_u64,
    );
    vec(one, 0..8).prop_map(|list| {
        let made = list.into_iter().enumerate().map(|(at, (image, letter, label, state, placed, replicas))| {
            let image = letter.map_or_else(|| image.to_owned(), |letter| format!("{image}@{}", digest(letter)));
            service(&format!("s{at}"), &image, |service| {
                service["Spec"]["Mode"]["Replicated"]["Replicas"] = replicas.into();
                service["Spec"]["Future"] = json!({"kept": [null, 1.5]});
                if !label.is_empty() {
                    service["Spec"]["Labels"]["orca.update"] = label.into();
                }
                if !state.is_empty() {
                    service["UpdateStatus"] = json!({ "State": state });
                }
                if !placed {
                    service["Spec"]["TaskTemplate"].as_object_mut().unwrap().remove("Placement");
                }
            })
        });
        made.collect()
    })
}

/// What the registries say: each image has the digest `b`, or can't be asked for.
fn request() -> impl Strategy<Value = Request> {
    (vec(any::<bool>(), 4), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(there, pin, named, opt)| {
        let names = ["r/a:1", "r/b:latest", "nginx:latest", "r:5000/c:2"];
        let mut images = known(&names.map(|name| (name, 'b', None)));
        for (name, there) in names.iter().zip(there) {
            if !there {
                images.insert(Asked::plain(name), Err("away".to_owned()));
            }
        }
        Request { images, pin, named, retry_failed: opt, ..Request::default() }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_known_and_nothing_else_changes_and_then_there_is_nothing_to_do(
        services in services(), request in request(),
    ) {
        let (now, memory) = (NOW.parse().unwrap(), Memory::default());
        let settings = Settings::default();
        let before = cluster(&services);
        let first = plan(&before, &settings, &request, &memory, now);
        prop_assert_eq!(&first, &plan(&cluster(&services.iter().rev().cloned().collect::<Vec<_>>()), &settings, &request, &memory, now));
        let mut after: BTreeMap<String, Value> =
            services.iter().map(|service| (service["ID"].as_str().unwrap().to_owned(), service.clone())).collect();
        for action in &first.actions {
            let Change::ImageSet { before: was, after: is, .. } = &action.change else { panic!("{action:?}") };
            prop_assert!(is.ends_with(&digest('b')) && was != is);
            let name = is.split_once('@').unwrap().0;
            prop_assert!(request.images[&Asked::plain(name)].is_ok(), "never what no registry has said");
            let service = before.services.iter().find(|service| service.id.0 == action.target.id).unwrap();
            let spec = edited_spec(&service.raw, &[&action.change]).unwrap();
            let object = after.get_mut(&action.target.id).unwrap();
            let mut wanted = object["Spec"].clone();
            wanted["TaskTemplate"]["ContainerSpec"]["Image"] = is.as_str().into();
            wanted["TaskTemplate"]["Placement"]["Platforms"] = json!([{"Architecture": "amd64", "OS": "linux"}]);
            prop_assert_eq!(&spec, &wanted);
            object["Spec"] = spec;
        }
        let again = plan(&cluster(&after.into_values().collect::<Vec<_>>()), &settings, &request, &memory, now);
        prop_assert!(again.actions.is_empty(), "{:?}", again.actions);
        // Every refusal has a reason.
        prop_assert!(first.blocked.iter().all(|blocked| !blocked.reasons.is_empty()));
    }
}
