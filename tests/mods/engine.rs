//! What container labels name, and what is not known while the engine is lost.

use serde_json::{Value, json};

use super::common::orca::Orca;
use super::common::sim::Sim;
use super::web::{Page, Web};
use super::{cached, configure, fetch, fetch_with, outcome, read};

fn container(name: &str, state: &str, labels: Value) -> Value {
    json!({"Id": format!("id-{name}"), "Names": [format!("/{name}")], "ImageID": "i", "Created": 1, "State": state,
        "Status": "Up", "Labels": labels, "Inspect": {}})
}

fn world(containers: &[Value]) -> (Sim, Orca) {
    let sim = Sim::three().unwrap();
    sim.admin("/stock", &json!({"containers": containers})).unwrap();
    let orca = Orca::new(&sim.engine.host()).unwrap();
    (sim, orca)
}

fn reasons(report: &Value) -> Vec<String> {
    let blocked = report["blocked"].as_array().unwrap().iter();
    blocked.map(|blocked| blocked["reasons"][0].as_str().unwrap().to_owned()).collect()
}

#[test]
fn labels_are_looked_at_only_when_hosts_are_allowed_and_only_those_are_asked() {
    let web = Web::start();
    web.put("/dir/my%20mod.jar", Page::new("mod"));
    web.put("/away", Page::redirect(&format!("http://localhost:{}/dir/my%20mod.jar", web.port)));
    let label = |path: &str| json!({"com.linuxserver.mod.x": web.url(path), "com.linuxserver.other": "http://x/y"});
    let (_sim, orca) = world(&[
        container("one", "running", label("/dir/my%20mod.jar?v=1")),
        container("two", "running", json!({"com.linuxserver.mod.evil": "http://evil.example/x.jar"})),
        container("three", "exited", label("/stopped")),
        container(
            "four",
            "running",
            json!({"com.linuxserver.mod.dir": web.url("/dir/"), "com.linuxserver.mod.up": web.url("/..%2fx"), "com.linuxserver.mod.none": ""}),
        ),
    ]);
    configure(&orca, "");
    assert_eq!((outcome(&fetch(&orca)), web.asked().len()), ("unchanged 0".to_owned(), 0), "opt-in");
    configure(&orca, "  label_hosts: ['127.0.0.*']");
    let run = fetch(&orca);
    assert_eq!((outcome(&run), read(&orca, "my mod.jar")), ("changed 75".to_owned(), "mod".to_owned()), "{}", run.0);
    assert_eq!(web.asked(), ["GET /dir/my%20mod.jar?v=1"], "nobody else was asked");
    let reasons = reasons(&run.1);
    assert_eq!(reasons.len(), 3, "{reasons:?}");
    assert!(
        reasons.iter().any(|why| why.contains("container `two`: `evil.example` is not in mods.label_hosts")),
        "{reasons:?}"
    );
    // A redirect to a host that is not on the list is as bad.
    let (_sim, orca) = world(&[container("one", "running", label("/away"))]);
    let more = "  label_hosts: ['127.0.0.*']\n  retries: 0";
    configure(&orca, more);
    let run = fetch(&orca);
    assert!(super::error(&run).contains("`localhost` is not in mods.label_hosts"), "{}", run.0);
}

#[test]
fn one_name_for_two_things_is_refused_and_neither_is_fetched() {
    let web = Web::start();
    web.put("/a/x.jar", Page::new("a"));
    web.put("/b/x.jar", Page::new("b"));
    let label = |path: &str| json!({"com.linuxserver.mod.x": web.url(path)});
    let (_sim, orca) = world(&[
        container("one", "running", label("/a/x.jar")),
        container("two", "running", label("/b/x.jar")),
        container("three", "running", label("/a/x.jar")),
    ]);
    configure(&orca, "  label_hosts: [127.0.0.1]");
    let run = fetch(&orca);
    assert_eq!((outcome(&run), cached(&orca).len()), ("blocked 75".to_owned(), 0), "{}", run.0);
    assert!(reasons(&run.1)[0].starts_with("2 things are called so: "), "{}", run.0);
    // The list against a label, and the same thing from both.
    let (_sim, orca) = world(&[container("one", "running", label("/a/x.jar"))]);
    configure(&orca, &format!("  label_hosts: [127.0.0.1]\n  list: [{{name: x.jar, url: '{}'}}]", web.url("/b/x.jar")));
    assert_eq!(outcome(&fetch(&orca)), "blocked 75");
    configure(&orca, &format!("  label_hosts: [127.0.0.1]\n  list: [{{name: x.jar, url: '{}'}}]", web.url("/a/x.jar")));
    assert_eq!((outcome(&fetch(&orca)), read(&orca, "x.jar")), ("changed 0".to_owned(), "a".to_owned()));
}

#[test]
fn what_a_lost_engine_could_want_is_not_pruned_and_lists_are_fetched_all_the_same() {
    let web = Web::start();
    web.put("/x.jar", Page::new("x"));
    web.put("/listed", Page::new("l"));
    let (sim, mut orca) = world(&[container("one", "running", json!({"com.linuxserver.mod.x": web.url("/x.jar")}))]);
    let list = format!("  label_hosts: [127.0.0.1]\n  list: [{{name: listed, url: '{}'}}]", web.url("/listed"));
    configure(&orca, "  label_hosts: [127.0.0.1]");
    assert_eq!(outcome(&fetch(&orca)), "changed 0");
    configure(&orca, &list);
    drop(sim);
    orca.host = "unix:///nonexistent/docker.sock".to_owned();
    let run = fetch_with(&orca, &["--prune"]);
    assert_eq!(
        (outcome(&run), cached(&orca)),
        ("partial 69".to_owned(), vec!["listed".to_owned(), "x.jar".to_owned()]),
        "{}",
        run.0
    );
    assert!(reasons(&run.1)[0].starts_with("whether anybody wants it is not known"), "{}", run.0);
}
