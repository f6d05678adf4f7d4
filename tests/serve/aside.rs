//! What pages show besides the swarm itself: newer images, free memory, plans and projects.

use std::io::BufRead;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::common::poll;
use crate::stage::Stage;

#[test]
fn pages_tell_of_newer_images_of_free_memory_and_of_what_passes_would_do() {
    let stage = Stage::new();
    let digest = |letter: &str| format!("sha256:{}", letter.repeat(64));
    stage.create("web", 1, |spec| {
        spec["TaskTemplate"]["ContainerSpec"]["Image"] = format!("reg.example.org/web:1@{}", digest("a")).into();
    });
    stage.create("old", 1, |_| {});
    stage.sim.admin("/registry", &json!({"image": "reg.example.org/web:1", "digest": digest("b")})).unwrap();
    let exporter = exporter("node-2");
    stage
        .orca
        .config(&format!(
            "rebalance: {{metrics: {{source: node_exporter, node_exporters: {{node-2: '{exporter}', node-1: 'http://127.0.0.1:1', \
             node-3: 'http://127.0.0.1:1'}}}}}}\ncatalog: {{projects: {}}}\n",
            stage.orca.path("projects").display()
        ))
        .unwrap();
    std::fs::create_dir_all(stage.orca.path("projects/app")).unwrap();
    std::fs::write(stage.orca.path("projects/app/Dockerfile"), "FROM scratch\n").unwrap();
    let server = stage.trusting();
    poll::until("the front page knows both", || {
        let page = server.page("/");
        let wanted = ["newer available", "1.0 GiB free of 4.0 GiB"];
        Ok(wanted.into_iter().filter(|wanted| !page.contains(wanted)).map(str::to_owned).collect())
    })
    .unwrap();
    let page = server.page("/");
    assert_eq!(page.matches("newer available").count(), 1, "{page}");
    assert_eq!(page.matches(">not known<").count(), 2, "two nodes' exporters are away: {page}");
    assert!(server.page("/services/web").contains(&digest("b")));
    assert!(server.page("/nodes/node-2").contains("1.0 GiB free of 4.0 GiB"));
    let plans = server.page("/plans");
    for wanted in ["What the next reconcile would do", "service.image.set", "What a rebalance would do", &digest("b")] {
        assert!(plans.contains(wanted), "{wanted} in {plans}");
    }
    let entry = json!({"name": "app", "definition": {"image": "reg.example.org/app:1", "build_context": "app"}});
    assert_eq!(server.post("/api/services", &entry).status, 201);
    let projects = server.page("/projects");
    assert!(projects.contains("/catalog/app/do/build"), "{projects}");
}

/// The number of the next event that tells of a change.
fn next(watcher: &mut impl BufRead) -> u64 {
    loop {
        let mut line = String::new();
        assert_ne!(watcher.read_line(&mut line).unwrap(), 0, "the events have ended");
        if let Some(data) = line.strip_prefix("data: ") {
            return serde_json::from_str::<Value>(data).unwrap()["turn"].as_u64().unwrap();
        }
    }
}

#[test]
fn nothing_that_is_new_is_lost_between_a_page_and_its_events() {
    let stage = Stage::new();
    stage.create("web", 1, |spec| {
        spec["TaskTemplate"]["ContainerSpec"]["Image"] =
            format!("reg.example.org/web:1@sha256:{}", "a".repeat(64)).into();
    });
    let newer = json!({"image": "reg.example.org/web:1", "digest": format!("sha256:{}", "b".repeat(64))});
    stage.sim.admin("/registry", &newer).unwrap();
    let server = stage.trusting();
    let shown = |page: &str| {
        let (number, _) = page.split_once("data-turn=\"").unwrap().1.split_once('"').unwrap();
        number.parse::<u64>().unwrap()
    };
    // The first page has registries asked; the answer may come before anybody watches, or after.
    let mut page = server.page("/");
    std::thread::sleep(Duration::from_millis(300));
    let mut watcher = server.request("GET", "/api/events").begin();
    let mut turn = next(&mut watcher);
    if !page.contains("newer available") {
        assert!(turn >= shown(&page));
        while turn == shown(&page) {
            turn = next(&mut watcher);
        }
        page = server.page("/");
        while !page.contains("newer available") {
            let before = turn;
            turn = next(&mut watcher);
            assert!(turn > before, "{turn} after {before}");
            page = server.page("/");
        }
    }
    // Looks that find nothing new take none of it back.
    let kept = shown(&page);
    std::thread::sleep(Duration::from_secs(4));
    assert!(shown(&server.page("/")) >= kept);
    stage.sim.admin("/nodes/node-3", &json!({"state": "down"})).unwrap();
    while turn <= kept {
        turn = next(&mut watcher);
    }
    assert!(shown(&server.page("/")) >= turn);
}

#[test]
fn an_update_makes_what_is_known_of_images_old() {
    let stage = Stage::new();
    let digest = |letter: &str| format!("sha256:{}", letter.repeat(64));
    let has = |letter: &str| {
        stage.sim.admin("/registry", &json!({"image": "reg.example.org/web:1", "digest": digest(letter)})).unwrap();
    };
    stage.create("web", 1, |spec| {
        spec["TaskTemplate"]["ContainerSpec"]["Image"] = format!("reg.example.org/web:1@{}", digest("a")).into();
    });
    has("b");
    let server = stage.trusting();
    let told = |letter: &str| {
        poll::until("the page knows the newer image", || {
            let page = server.page("/services/web");
            let there = page.contains("newer available") && page.contains(&digest(letter));
            Ok(if there { Vec::new() } else { vec![page] })
        })
        .unwrap();
    };
    told("b");
    let updated = server.post("/api/services/web/update?wait=60s", &json!({}));
    assert_eq!(updated.status, 200, "{}", updated.body);
    assert!(!server.page("/services/web").contains("newer available"));
    has("c");
    assert_eq!(server.post("/api/services/web/update?dry_run=1", &json!({})).status, 200, "a dry run changes nothing");
    let again = server.post("/api/services/web/update?wait=60s", &json!({}));
    assert_eq!(again.status, 200, "{}", again.body);
    has("d");
    told("d");
}

/// Whether orca would take it now makes no difference to whether it is there.
#[test]
fn a_newer_image_is_told_of_while_its_service_can_not_have_it() {
    let stage = Stage::new();
    let digest = |letter: &str| format!("sha256:{}", letter.repeat(64));
    let create = |name: &str, label: &str| {
        stage.create(name, 1, |spec| {
            spec["TaskTemplate"]["ContainerSpec"]["Image"] = format!("reg.example.org/{name}:1@{}", digest("a")).into();
            spec["Labels"] = json!({label: "monitor"});
        });
        let newer = json!({"image": format!("reg.example.org/{name}:1"), "digest": digest("b")});
        stage.sim.admin("/registry", &newer).unwrap();
    };
    create("web", "none");
    create("told", "orca.update");
    stage.sim.admin("/tasks", &json!({"service": "web", "state": "starting"})).unwrap();
    let server = stage.trusting();
    for name in ["web", "told"] {
        poll::until("its page knows the newer image", || {
            let page = server.page(&format!("/services/{name}"));
            let there = page.contains("newer available") && page.contains(&digest("b"));
            Ok(if there { Vec::new() } else { vec![page] })
        })
        .unwrap();
    }
}

#[test]
fn plans_are_shown_while_a_registry_says_nothing() {
    let stage = Stage::new();
    let digest = |letter: &str| format!("sha256:{}", letter.repeat(64));
    stage.create("web", 1, |spec| {
        spec["TaskTemplate"]["ContainerSpec"]["Image"] = format!("reg.example.org/web:1@{}", digest("a")).into();
    });
    stage.sim.admin("/registry", &json!({"image": "reg.example.org/web:1", "digest": digest("b")})).unwrap();
    stage.sim.admin("/fault", &json!({"kind": "hold", "path": "/distribution/"})).unwrap();
    let server = stage.trusting();
    let began = Instant::now();
    let page = server.page("/plans");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    for wanted in ["the registries have not all answered yet", "What a rebalance would do", "Look again", "data-poll"] {
        assert!(page.contains(wanted), "{wanted} in {page}");
    }
    stage.sim.engine.ask("DELETE", "/_sim/fault", None).unwrap();
    poll::until("what the registry says is shown", || {
        let page = server.page("/plans");
        let shown = page.contains(&digest("b")) && !page.contains("not known yet");
        Ok(if shown { Vec::new() } else { vec![page] })
    })
    .unwrap();
}

#[test]
fn memory_that_can_not_be_asked_for_is_not_known_and_says_why() {
    let stage = Stage::new();
    stage.orca.config("rebalance: {metrics: {source: prometheus}}\n").unwrap();
    let server = stage.trusting();
    poll::until("the page says why", || {
        let page = server.page("/nodes");
        let told = page.contains("Memory in use is not known: the metrics source is `prometheus`");
        Ok(if told { Vec::new() } else { vec![page] })
    })
    .unwrap();
}

/// One that answers every question with the memory of this node; returns its address.
fn exporter(node: &str) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let node = node.to_owned();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let now = jiff::Timestamp::now().as_second();
            let text = format!(
                "node_memory_MemTotal_bytes 4294967296\nnode_memory_MemAvailable_bytes 1073741824\n\
                 node_boot_time_seconds 1.7e+09\nnode_time_seconds {now}\n\
                 node_uname_info{{domainname=\"(none)\",machine=\"x86_64\",nodename=\"{node}\",release=\"6.1.0\",\
                 sysname=\"Linux\",version=\"1\"}} 1\n"
            );
            let mut asked = [0; 4096];
            let _ = std::io::Read::read(&mut stream, &mut asked);
            let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n", text.len());
            let _ = std::io::Write::write_all(&mut stream, format!("{head}Connection: close\r\n\r\n{text}").as_bytes());
        }
    });
    format!("http://{address}")
}
