//! The planner, by table: what becomes of a service, and why.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use orca::model::ServiceId;
use orca::pass::memory::{Memory, UpdatedService};
use orca::pass::update::{Request, plan};
use orca::plan::{Change, Plan};
use orca::registry::{Asked, Platform, Resolved};
use orca::settings::Settings;
use orca::snapshot::Snapshot;
use serde_json::{Value, json};

pub(crate) const NOW: &str = "2026-11-21T12:00:00Z";

pub(crate) fn digest(letter: char) -> String {
    format!("sha256:{}", letter.to_string().repeat(64))
}

pub(crate) fn service(name: &str, image: &str, change: impl Fn(&mut Value)) -> Value {
    let mut service = json!({"ID": format!("id-{name}"), "Version": {"Index": 7}, "Spec": {"Name": name, "Labels": {},
        "Mode": {"Replicated": {"Replicas": 2}},
        "TaskTemplate": {"ContainerSpec": {"Image": image}, "Placement": {}, "ForceUpdate": 0}}});
    change(&mut service);
    service
}

/// A swarm of one node on which all services have the tasks that they want, but for those labelled `ill`.
pub(crate) fn cluster(services: &[Value]) -> Snapshot {
    let mut tasks = Vec::new();
    for service in services.iter().filter(|service| service["Spec"]["Labels"]["ill"].is_null()) {
        for slot in 1..=service["Spec"]["Mode"]["Replicated"]["Replicas"].as_u64().unwrap_or_default() {
            let name = service["Spec"]["Name"].as_str().unwrap();
            let node = if service["Spec"]["Labels"]["lost"].is_null() { "id-n1" } else { "id-gone" };
            tasks.push(
                json!({"ID": format!("{name}-{slot}"), "ServiceID": service["ID"], "NodeID": node, "Slot": slot,
                "DesiredState": "running", "Spec": service["Spec"]["TaskTemplate"],
                "Status": {"State": "running", "Timestamp": NOW}}),
            );
        }
    }
    let snapshot = json!({"schema": "orca.snapshot/1", "taken_at": NOW, "api": "1.51",
        "info": {"Name": "n1", "SystemTime": NOW, "Swarm": {"NodeID": "id-n1", "Cluster": {"ID": "c"}}},
        "nodes": [{"ID": "id-n1", "Version": {"Index": 1}, "Spec": {"Role": "manager", "Availability": "active"},
            "Description": {"Hostname": "n1", "Platform": {"OS": "linux", "Architecture": "x86_64"}},
            "Status": {"State": "ready"}}],
        "services": services, "tasks": tasks});
    Snapshot::parse(&snapshot.to_string()).unwrap()
}

/// As if each of these tags stood for this digest, made so many hours ago.
pub(crate) fn known(images: &[(&str, char, Option<i64>)]) -> BTreeMap<Asked, Result<Resolved, String>> {
    let now: Timestamp = NOW.parse().unwrap();
    let made = |hours: i64| now - jiff::SignedDuration::from_hours(hours);
    images
        .iter()
        .map(|(image, letter, hours)| {
            let platform = Platform { os: "linux".to_owned(), architecture: "amd64".to_owned(), ..Platform::default() };
            let platforms = vec![platform];
            (Asked::plain(image), Ok(Resolved { digest: digest(*letter), platforms, created: hours.map(made) }))
        })
        .collect()
}

fn planned(services: &[Value], memory: &Memory, ask: impl Fn(&mut Settings, &mut Request)) -> Plan {
    let images = known(&[("r/a:1", 'b', Some(48)), ("r/b:1", 'b', None), ("nginx:latest", 'b', Some(1))]);
    let (mut settings, mut request) = (Settings::default(), Request { images, ..Request::default() });
    ask(&mut settings, &mut request);
    plan(&cluster(services), &settings, &request, memory, NOW.parse().unwrap())
}

fn old(image: &str) -> String {
    format!("{image}@{}", digest('a'))
}

/// Verdict and reasons of each service.
fn verdicts(plan: &Plan) -> Vec<(String, String)> {
    let entries = plan.data["updates"].as_array().unwrap().iter();
    let words = |entry: &Value| {
        let reasons: Vec<&str> = entry["reasons"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let verdict = entry["verdict"].as_str().unwrap();
        let words = if reasons.is_empty() { verdict.to_owned() } else { reasons.join(",") };
        (entry["service"].as_str().unwrap().to_owned(), words)
    };
    entries.map(words).collect()
}

fn label(key: &'static str, value: &'static str) -> impl Fn(&mut Value) {
    move |service| service["Spec"]["Labels"][key] = value.into()
}

#[test]
fn another_digest_is_an_update_of_the_image_alone() {
    let plan = planned(&[service("web", &old("r/a:1"), |_| ())], &Memory::default(), |_, _| ());
    let [action] = plan.actions.as_slice() else { panic!("{plan:?}") };
    let change = Change::ImageSet {
        before: old("r/a:1"),
        after: format!("r/a:1@{}", digest('b')),
        platforms: vec![("linux".to_owned(), "amd64".to_owned())],
    };
    assert_eq!((&action.change, action.id.as_str(), action.disruptive), (&change, "service/web#image", true));
    assert_eq!(action.attempt, Some(format!("update/id-web/{}", digest('b'))));
    assert_eq!(plan.data["updates"][0]["age_s"], 48 * 3600);
}

#[test]
fn what_becomes_of_a_service() {
    let same = format!("r/a:1@{}", digest('b'));
    let fixed = format!("r/a@{}", digest('a'));
    let none = |_: &mut Value| ();
    let services = [
        service("age_unknown", &old("r/b:1"), label("orca.update.min-age", "1h")),
        service("busy", &old("r/a:1"), |service| service["UpdateStatus"] = json!({"State": "updating"})),
        service("fixed", &fixed, none),
        service("future", &old("r/a:1"), |service| service["UpdateStatus"] = json!({"State": "dreaming"})),
        service("gantry", &old("r/a:1"), label("gantry.services.excluded", "true")),
        service("ill", &old("r/a:1"), label("ill", "")),
        service("job", &old("r/a:1"), |service| service["Spec"]["Mode"] = json!({"ReplicatedJob": {}})),
        service("lost", &old("r/a:1"), label("lost", "")),
        service("monitor", &old("r/a:1"), label("orca.update", "monitor")),
        service("moving", &old("r/a:1"), label("orca.move.restore", "{}")),
        service("off", &old("r/a:1"), label("orca.update", "false")),
        service("paused", &old("r/a:1"), |service| service["UpdateStatus"] = json!({"State": "paused"})),
        service("placeless", &old("r/a:1"), |service| {
            service["Spec"]["TaskTemplate"].as_object_mut().unwrap().remove("Placement");
        }),
        service("plain", "nginx", none),
        service("plugin", "", |service| service["Spec"]["TaskTemplate"] = json!({"PluginSpec": {}})),
        service("same", &same, none),
        service("same_paused", &same, |service| service["UpdateStatus"] = json!({"State": "paused"})),
        service("stopped", &old("r/a:1"), |service| service["Spec"]["Mode"]["Replicated"]["Replicas"] = 0.into()),
        service("unresolved", &old("r/c:1"), none),
        service("young", &old("r/a:1"), label("orca.update.min-age", "72h")),
    ];
    let wanted = [
        ("age_unknown", "unknown_age"),
        ("busy", "busy"),
        ("fixed", "fixed"),
        ("future", "paused"),
        ("ill", "not_settled"),
        ("job", "job"),
        ("lost", "node_gone"),
        ("monitor", "monitor"),
        ("moving", "moving"),
        ("paused", "paused"),
        ("placeless", "no_placement"),
        ("plain", "unpinned"),
        ("same", "unchanged"),
        ("same_paused", "paused"),
        ("stopped", "update"),
        ("unresolved", "unresolved"),
        ("young", "too_young"),
    ];
    let wanted: Vec<(String, String)> =
        wanted.iter().map(|(name, words)| ((*name).to_owned(), (*words).to_owned())).collect();
    let plan = planned(&services, &Memory::default(), |_, _| ());
    assert_eq!(verdicts(&plan), wanted);
    assert_eq!((plan.actions.len(), plan.unchanged), (1, 2));
    let codes: Vec<&str> = plan.warnings.iter().map(|warning| warning.code.as_str()).collect();
    assert_eq!(codes, ["newer_available", "unpinned"]);
    // Who is named is told why nothing happens.
    let named = planned(&services, &Memory::default(), |_, request| request.named = true);
    let words: BTreeMap<String, String> = verdicts(&named).into_iter().collect();
    for (name, word) in
        [("off", "opted_out"), ("gantry", "opted_out"), ("monitor", "monitor"), ("job", "job"), ("ill", "update")]
    {
        assert_eq!(words[name], word, "{name}");
    }
    assert!(named.blocked.iter().any(|blocked| blocked.id == "service/off#image"));
    let jobs = planned(&services, &Memory::default(), |_, request| request.jobs = true);
    assert_eq!(verdicts(&jobs).into_iter().find(|(name, _)| name == "job").unwrap().1, "update");
}

#[test]
fn selection() {
    let services = [
        service("api", &old("r/a:1"), label("tier", "front")),
        service("db", &old("r/a:1"), |_| ()),
        service("on", &old("r/a:1"), label("orca.update", "true")),
    ];
    let names = |ask: &dyn Fn(&mut Settings, &mut Request)| {
        let plan = planned(&services, &Memory::default(), ask);
        plan.actions.iter().map(|action| action.target.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&|_, _| ()), ["api", "db", "on"]);
    assert_eq!(names(&|settings, _| settings.update.opt_in = true), ["on"]);
    assert_eq!(names(&|settings, _| settings.update.exclude = vec!["d*".to_owned()]), ["api", "on"]);
    assert_eq!(names(&|_, request| request.exclude = vec!["o?".to_owned()]), ["api", "db"]);
    assert_eq!(names(&|_, request| request.labels = vec![("tier".to_owned(), None)]), ["api"]);
    assert_eq!(names(&|_, request| request.labels = vec![("tier".to_owned(), Some("back".to_owned()))]), [""; 0]);
    // To name a service is to ask for it, whatever the settings leave out.
    let ask_for_db = |settings: &mut Settings, request: &mut Request| {
        settings.update.opt_in = true;
        settings.update.exclude = vec!["db".to_owned()];
        request.within = Some([ServiceId("id-db".to_owned())].into());
        request.named = true;
    };
    assert_eq!(names(&ask_for_db), ["db"]);
}

#[test]
fn a_pin_is_asked_for() {
    let services = [service("plain", "nginx", |_| ())];
    let plan = planned(&services, &Memory::default(), |_, request| request.pin = true);
    let Change::ImageSet { before, after, .. } = &plan.actions[0].change else { panic!("{plan:?}") };
    assert_eq!((before.as_str(), after.as_str()), ("nginx", format!("nginx:latest@{}", digest('b')).as_str()));
    assert_eq!(verdicts(&plan), [("plain".to_owned(), "pin".to_owned())]);
    let plan = planned(&services, &Memory::default(), |settings, _| settings.update.pin = true);
    assert_eq!(plan.actions.len(), 1);
}

#[test]
fn the_flag_has_the_last_word_on_age() {
    let services = [service("web", &old("r/a:1"), label("orca.update.min-age", "72h"))];
    let age = |hours: u64| {
        move |_: &mut Settings, request: &mut Request| {
            request.min_age = Some(Duration::from_secs(hours * 3600));
        }
    };
    for (hours, actions) in [(0, 1), (47, 1), (48, 1), (49, 0)] {
        assert_eq!(planned(&services, &Memory::default(), age(hours)).actions.len(), actions, "{hours}");
    }
}

#[test]
fn what_has_failed_is_left_alone_until_the_tag_changes() {
    let services = [service("web", &old("r/a:1"), |_| ())];
    let memory = |letter, tries, minutes, failed: Option<&str>| {
        let now: Timestamp = NOW.parse().unwrap();
        let last = Some(now - jiff::SignedDuration::from_mins(minutes));
        let tried = UpdatedService { digest: digest(letter), tries, last, failed: failed.map(str::to_owned) };
        Memory { updates: [(ServiceId("id-web".to_owned()), tried)].into(), ..Memory::default() }
    };
    let usual = |_: &mut Settings, _: &mut Request| ();
    let retry = |_: &mut Settings, request: &mut Request| request.retry_failed = true;
    let word = |memory: &Memory, ask: &dyn Fn(&mut Settings, &mut Request)| {
        verdicts(&planned(&services, memory, ask)).remove(0).1
    };
    // A year later still.
    assert_eq!(word(&memory('b', 1, 525_600, Some("exit 1")), &usual), "failed_before");
    assert_eq!(word(&memory('c', 9, 1, Some("exit 1")), &usual), "update", "another image, another try");
    assert_eq!(word(&memory('b', 1, 4, Some("exit 1")), &retry), "update");
    assert_eq!(word(&memory('b', 1, 4, None), &retry), "update");
    // It was left in place, and is no better since; or somebody has mended what ailed it.
    let same = format!("r/a:1@{}", digest('b'));
    for (failed, ill, wanted) in [
        (Some("exit 1"), true, "failed_before"),
        (None, true, "watch"),
        (Some("exit 1"), false, "unchanged"),
        (None, false, "watch"),
    ] {
        let web = service("web", &same, |service| {
            if ill {
                service["Spec"]["Labels"]["ill"] = "".into();
            }
        });
        let plan = planned(&[web], &memory('b', 1, 90, failed), usual);
        assert_eq!(verdicts(&plan)[0].1, wanted, "{failed:?}, ill: {ill}");
    }
    // 300 s for each try, an hour at most.
    for (tries, minutes, wanted) in [
        (1, 4, "backing_off"),
        (1, 5, "update"),
        (3, 14, "backing_off"),
        (3, 15, "update"),
        (99, 59, "backing_off"),
        (99, 60, "update"),
    ] {
        assert_eq!(word(&memory('b', tries, minutes, None), &usual), wanted, "{tries} tries, {minutes} min ago");
    }
}

/// Nobody saw how a try ended, and the service has the image before.
#[test]
fn what_was_rolled_back_unseen_has_failed() {
    let now: Timestamp = NOW.parse().unwrap();
    let at = |minutes: i64| now + jiff::SignedDuration::from_mins(minutes);
    let tried = |failed| UpdatedService { digest: digest('b'), tries: 1, last: Some(at(-120)), failed };
    let memory = Memory { updates: [(ServiceId("id-web".to_owned()), tried(None))].into(), ..Memory::default() };
    let web = |state: &str, minutes| {
        let status = json!({"State": state, "StartedAt": at(minutes).to_string(), "Message": "rollback completed"});
        service("web", &old("r/a:1"), |service| service["UpdateStatus"] = status.clone())
    };
    for (what, state, minutes, wanted) in [
        ("after the try", "rollback_completed", -119, "failed_before"),
        ("by a clock that is a little late", "rollback_completed", -121, "failed_before"),
        ("of a rollout before", "rollback_completed", -125, "update"),
        ("nobody went back", "completed", -119, "update"),
    ] {
        let plan = planned(&[web(state, minutes)], &memory, |_, _| ());
        assert_eq!(verdicts(&plan)[0].1, wanted, "{what}");
    }
    let plan = planned(&[web("rollback_completed", -119)], &memory, |_, _| ());
    let [why] = plan.blocked[0].reasons.as_slice() else { panic!("{plan:#?}") };
    assert!(why.starts_with("it failed 2 h ago") && why.contains("the engine says: rollback completed"), "{why}");
    let retry = planned(&[web("rollback_completed", -119)], &memory, |_, request| request.retry_failed = true);
    assert_eq!(verdicts(&retry)[0].1, "update");
}

#[test]
fn anchors_first_then_what_labels_say_then_stacks_and_orca_last() {
    let of = |name: &str, stack: &'static str, depends: &'static str| {
        service(name, &old("r/a:1"), |service| {
            if !stack.is_empty() {
                service["Spec"]["Labels"]["com.docker.stack.namespace"] = stack.into();
            }
            if !depends.is_empty() {
                service["Spec"]["Labels"]["orca.depends-on"] = depends.into();
            }
        })
    };
    let images = known(&[("r/a:1", 'b', None), ("r/orca:1", 'b', None)]);
    let services = [
        of("a_app", "a", "cache, z_db"),
        of("a_cache", "a", ""),
        service("aa_watch", &old("r/orca:1"), |_| ()),
        of("b_ring", "b", "c_ring"),
        of("c_ring", "c", "b_ring"),
        of("lone", "", ""),
        of("z_db", "z", ""),
        of("z_sidecar", "z", ""),
    ];
    let request = Request { images, ..Request::default() };
    let text = "stack: z\ndependencies: {sidecar: {services: [db]}}";
    let source = orca::settings::Source {
        name: "orca.yml".to_owned(),
        kind: orca::settings::SourceKind::Main,
        text: text.to_owned(),
    };
    let settings = orca::settings::parse(&[source], &BTreeMap::new()).unwrap();
    let plan = plan(&cluster(&services), &settings, &request, &Memory::default(), NOW.parse().unwrap());
    let names: Vec<&str> = plan.actions.iter().map(|action| action.target.name.as_str()).collect();
    assert_eq!(names, ["lone", "a_cache", "z_sidecar", "z_db", "a_app", "b_ring", "c_ring", "aa_watch"]);
    let needs = |name: &str| plan.actions.iter().find(|action| action.target.name == name).unwrap().requires.clone();
    assert_eq!(needs("a_app"), ["service/a_cache#image", "service/z_db#image"]);
    assert_eq!(needs("z_db"), ["service/z_sidecar#image"]);
    assert_eq!(plan.warnings.iter().filter(|warning| warning.code == "depends_on").count(), 1);
}

#[test]
fn lint() {
    let risky = |service: &mut Value| {
        service["Spec"]["Mode"]["Replicated"]["Replicas"] = 1.into();
        service["Spec"]["UpdateConfig"] = json!({"Parallelism": 1, "FailureAction": "continue", "Order": "stop-first"});
        service["Spec"]["TaskTemplate"]["ContainerSpec"]["Healthcheck"] = json!({"Test": ["CMD", "x"]});
    };
    let sound = |service: &mut Value| {
        service["Spec"]["UpdateConfig"] = json!({"FailureAction": "rollback", "Monitor": 120_000_000_000_u64});
        service["Spec"]["TaskTemplate"]["ContainerSpec"]["Healthcheck"] = json!({"Test": ["CMD", "x"]});
        service["Spec"]["TaskTemplate"]["Resources"] = json!({"Limits": {"MemoryBytes": 1 << 20}});
    };
    let services = [
        service("bare", &old("r/a:1"), |_| ()),
        service("risky", &old("nginx:latest"), risky),
        service("sound", &old("r/a:1"), sound),
    ];
    let plan = planned(&services, &Memory::default(), |_, _| ());
    let codes = |at: usize| -> Vec<String> {
        let lint = plan.data["updates"][at]["lint"].as_array().unwrap().iter();
        lint.map(|one| one["code"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(codes(0), ["no_failure_action", "no_limits"]);
    assert_eq!(codes(1), ["monitor_short", "failure_action_continue", "no_limits", "gap", "latest"]);
    assert_eq!(codes(2), [""; 0]);
    let words = plan.data["updates"][1]["update_config"]["words"].as_str().unwrap();
    assert_eq!(
        words,
        "1 task, 1 at a time, stop-first, each watched for 5s; on failure the engine goes on, and orca rolls back"
    );
}
