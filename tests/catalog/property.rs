//! Laws: what was reconciled or deployed once needs nothing a second time.

use std::collections::BTreeMap;

use jiff::Timestamp;
use orca::catalog::definition::{Definition, Healthcheck, Mode, Resources, Restart, Rollout, Words};
use orca::catalog::files::Files;
use orca::catalog::spec::Facts;
use orca::catalog::status::Status;
use orca::catalog::store::Entry;
use orca::engine::edit::edited_spec;
use orca::model::Service;
use orca::pass::catalog::deploy::{Request, plan};
use orca::pass::catalog::rows::{Bounds, States, reconcile};
use orca::plan::Change;
use orca::snapshot::Snapshot;
use proptest::collection::{btree_map, btree_set};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

fn definition() -> impl Strategy<Value = Definition> {
    let basics = (
        select(&["r/a:1", "r/b", "nginx:2"][..]),
        select(&[Mode::Replicated, Mode::Global, Mode::ReplicatedJob][..]),
        option::of(1..4_u64),
        btree_set(select(&["80", "8080:80", "53:53/udp", "9000-9002:90-92@host"][..]), 0..3),
        btree_map(select(&["A", "B"][..]), select(&["", "1"][..]), 0..3),
        btree_map(select(&["a", "b", "c"][..]), select(&["", "1"][..]), 0..3),
        btree_set(select(&["/srv:/srv:ro", "data:/data", "tmpfs:/tmp", "/anon"][..]), 0..3),
    );
    let extras = (any::<[bool; 8]>(), select(&["any", "on-failure", "none"][..]));
    (basics, extras).prop_map(|((image, mode, replicas, ports, env, labels, mounts), (set, condition))| {
        let text = |text: &str| text.to_owned();
        let pairs = |pairs: BTreeMap<&str, &str>| pairs.into_iter().map(|(k, v)| (text(k), text(v))).collect();
        let job = mode.is_job();
        Definition {
            name: text("s"),
            image: text(image),
            mode,
            replicas: replicas.filter(|_| !mode.is_global()),
            ports: ports.into_iter().map(text).collect(),
            env: pairs(env),
            labels: pairs(labels),
            mounts: mounts.into_iter().map(text).collect(),
            command: set[0].then(|| Words::Line(text("sleep '1 0'"))),
            healthcheck: set[1]
                .then(|| Healthcheck { test: Some(Words::Line(text("true"))), ..Healthcheck::default() }),
            limits: set[2].then(|| Resources { cpus: Some(text("0.5")), ..Resources::default() }),
            reservations: set[3].then(|| Resources { memory: Some(text("64M")), ..Resources::default() }),
            update: (set[4] && !job).then(|| Rollout { max_failure_ratio: Some(text("0.25")), ..Rollout::default() }),
            restart: (set[5] && !(job && condition == "any")).then(|| Restart::Condition(text(condition))),
            user: set[6].then(|| text("1000")),
            read_only: Some(true).filter(|_| set[7]),
            ..Definition::default()
        }
    })
}

fn cluster(spec: Option<&Value>) -> Snapshot {
    let services: Vec<Value> =
        spec.iter().map(|spec| json!({"ID": "id-s", "Version": {"Index": 7}, "Spec": spec})).collect();
    let snapshot = json!({"schema": "orca.snapshot/1", "taken_at": "2026-11-21T12:00:00Z", "api": "1.51",
        "info": {"Name": "n1", "Swarm": {"NodeID": "x", "Cluster": {"ID": "c"}}}, "nodes": [], "services": services,
        "tasks": []});
    Snapshot::parse(&snapshot.to_string()).unwrap()
}

fn request(definition: &Definition, by_hand: bool) -> Request {
    let (definitions, facts) = (vec![definition.clone()], Facts::default());
    Request { command: "x", definitions, owner: "o".to_owned(), by_hand, facts, ..Request::default() }
}

/// The spec after one deployment; none if it was refused.
fn deployed(before: Option<&Value>, definition: &Definition, by_hand: bool) -> Option<Value> {
    let cluster = cluster(before);
    let first = plan(&cluster, &request(definition, by_hand));
    if !first.blocked.is_empty() {
        return None;
    }
    let changes: Vec<&Change> = first.actions.iter().map(|action| &action.change).collect();
    match changes.as_slice() {
        [] => before.cloned(),
        [Change::ServiceCreate { spec }] => Some(spec.clone()),
        changes => Some(edited_spec(&cluster.services[0].raw, changes).unwrap()),
    }
}

fn entry() -> impl Strategy<Value = (String, Entry)> {
    let status = select(&[Status::Registered, Status::Running, Status::Stopped, Status::Unknown][..]);
    (select(&["a", "b", "c", "d"][..]), select(&["r:1", "r:2"][..]), any::<bool>(), status, any::<bool>()).prop_map(
        |(name, image, filed, status, id)| {
            let definition = Definition { name: name.to_owned(), image: image.to_owned(), ..Definition::default() };
            let entry = Entry {
                definition,
                source: filed.then(|| format!("{name}.yml")),
                status,
                swarm_id: id.then(|| "id".to_owned()),
                wanted: None,
                revision: 1,
                created_at: Timestamp::UNIX_EPOCH,
                updated_at: Timestamp::UNIX_EPOCH,
            };
            (name.to_owned(), entry)
        },
    )
}

/// What the catalog is once a plan has been carried out.
fn after(mut rows: BTreeMap<String, Entry>, changes: &[orca::plan::Action]) -> BTreeMap<String, Entry> {
    for action in changes {
        let name = action.target.name.clone();
        match &action.change {
            Change::CatalogInsert { definition, source, status, swarm_id } => {
                let (definition, source) = ((**definition).clone(), source.clone());
                let (created_at, updated_at) = (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
                let (status, swarm_id) = (*status, swarm_id.clone());
                let entry =
                    Entry { definition, source, status, swarm_id, wanted: None, revision: 1, created_at, updated_at };
                assert!(rows.insert(name, entry).is_none(), "only what is not there comes in");
            }
            Change::CatalogUpdate { definition, source, .. } => {
                let row = rows.get_mut(&name).unwrap();
                (row.definition, row.source) = ((**definition).clone(), source.clone());
            }
            Change::CatalogDelete { .. } => {
                assert!(rows.remove(&name).unwrap().source.is_some(), "never what has no file");
            }
            Change::CatalogState { after, swarm_id, .. } => {
                let row = rows.get_mut(&name).unwrap();
                (row.status, row.swarm_id) = (*after, swarm_id.clone());
            }
            other => panic!("{other:?}"),
        }
    }
    rows
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_second_deployment_finds_nothing(first in definition(), second in definition(), by_hand in any::<bool>()) {
        prop_assert_eq!(first.faults(), Vec::new());
        let made = deployed(None, &first, by_hand).unwrap();
        let service = Service::read(serde_json::value::to_raw_value(&json!({"ID": "x", "Version": {"Index": 1}, "Spec": made})).unwrap()).unwrap();
        prop_assert!(service.has_placement, "managers crash without");
        let again = plan(&cluster(Some(&made)), &request(&first, by_hand));
        prop_assert!(again.actions.is_empty(), "{:?}", again.actions);
        // And after the definition has become another one, whatever that was.
        if let Some(changed) = deployed(Some(&made), &second, by_hand) {
            let again = plan(&cluster(Some(&changed)), &request(&second, by_hand));
            prop_assert!(again.actions.is_empty(), "{:?}", again.actions);
            let fresh = deployed(None, &second, by_hand).unwrap();
            prop_assert_eq!(&changed["Labels"], &fresh["Labels"]);
            let extra = |spec: &Value| spec["TaskTemplate"]["ContainerSpec"]["Healthcheck"].is_object();
            prop_assert_eq!(extra(&changed), extra(&fresh));
        } else {
            prop_assert_ne!(first.mode, second.mode);
        }
    }

    #[test]
    fn a_second_reconcile_finds_nothing(
        rows in proptest::collection::vec(entry(), 0..5),
        defined in btree_map(select(&["a", "b", "e"][..]), select(&["r:1", "r:2"][..]), 0..3),
        broken in any::<bool>(), known in any::<bool>(), allow_empty in any::<bool>(),
    ) {
        let rows: BTreeMap<String, Entry> = rows.into_iter().collect();
        let mut files = Files { count: defined.len() + usize::from(broken), ..Files::default() };
        for (name, image) in defined {
            let definition = Definition { name: name.to_owned(), image: image.to_owned(), ..Definition::default() };
            files.definitions.insert(name.to_owned(), (definition, format!("{name}.yml")));
        }
        if broken {
            files.doubtful.push("d.yml".to_owned());
        }
        let states: States = ["a", "b", "c", "d", "e"].map(|name| (name.to_owned(), (Status::Running, Some("id".to_owned())))).into();
        let states = known.then_some(states);
        let bounds = Bounds { deletes: 9, allow_empty };
        let before: Vec<Entry> = rows.values().cloned().collect();
        let first = reconcile(Some(&files), &before, states.as_ref(), bounds);
        let then = after(rows.clone(), &first.actions);
        prop_assert!(!broken || rows.get("d").is_none_or(|_| then.contains_key("d")) || rows["d"].source.is_none(), "what can't be read may be there still");
        if !known {
            for (name, row) in &rows {
                prop_assert!(then.get(name).is_none_or(|now| now.status == row.status), "nobody could look");
            }
        }
        let then: Vec<Entry> = then.into_values().collect();
        let again = reconcile(Some(&files), &then, states.as_ref(), bounds);
        prop_assert!(again.actions.is_empty(), "{:?}", again.actions);
        // Without a directory nothing comes and nothing goes.
        let blind = reconcile(None, &before, states.as_ref(), bounds);
        let state = |action: &orca::plan::Action| matches!(action.change, Change::CatalogState { .. });
        prop_assert!(blind.actions.iter().all(state));
    }
}
