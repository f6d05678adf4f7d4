//! `orca registry`: what is told, what is removed, and how it ends.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::certs::{Behind, Certs};
use super::common::orca::{Ended, Orca};
use super::server::{Asked, Said, Server, Shelf};

const BUILT: &str = "2026-11-01T12:00:00Z";

/// No engine is asked by these commands.
fn orca() -> Orca {
    Orca::new("unix:///nowhere.sock").unwrap()
}

fn json(orca: &Orca, args: &[&str]) -> (i32, Value) {
    let ended = orca.run(&[&["registry"], args, &["-o", "json"]].concat()).unwrap();
    (ended.exit.unwrap(), ended.report().unwrap())
}

/// What a person sees, the same on every run.
fn text(orca: &Orca, server: &Server, args: &[&str]) -> String {
    let mut command = orca.command(&[&["registry"], args, &["-o", "text"]].concat());
    command.env("COLUMNS", "160");
    let Ended { exit, stdout, stderr, .. } = orca.spawn(command).unwrap().end().unwrap();
    let text = format!("{stdout}--- exit {}\n{stderr}", exit.unwrap()).replace(&server.name(), "reg:5000");
    // How long it took is another matter.
    let lines = text.lines().map(|line| match line.rsplit_once(" (") {
        Some((before, after)) if after.ends_with(" ms)") => before.to_owned(),
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn stocked() -> Shelf {
    let shelf = Shelf::default();
    let (amd, arm) = ("amd64", "arm64");
    let (one, two) = (shelf.image("shop/web", None, amd, BUILT), shelf.image("shop/web", None, arm, BUILT));
    shelf.index("shop/web", "2", &[(amd, &one), (arm, &two)]);
    shelf.index("shop/web", "latest", &[(amd, &one), (arm, &two)]);
    shelf.image("shop/web", Some("1"), amd, "2026-10-01T08:00:00Z");
    shelf.image("shop/db", Some("16"), amd, BUILT);
    for name in ["a", "b", "c"] {
        shelf.list(&format!("team/{name}"));
    }
    shelf
}

fn serve(shelf: &Shelf) -> Server {
    let shelf = shelf.clone();
    Server::start(move |asked| shelf.answer(asked))
}

#[test]
fn texts() {
    let shelf = stocked();
    let (server, orca) = (serve(&shelf), orca());
    let at = |name: &str| server.image(name);
    for (name, args) in [
        ("repos", &["repos", "--registry", &server.name()][..]),
        ("tags", &["tags", &at("shop/web")]),
        ("tags_digests", &["tags", "shop/web", "--digests", "--registry", &server.name()]),
        ("inspect", &["inspect", &at("shop/web:2")]),
        ("inspect_single", &["inspect", &at("shop/web:1")]),
        ("inspect_none", &["inspect", &at("shop/web:3")]),
        ("tags_none", &["tags", &at("shop/none")]),
        ("rm_unasked", &["rm", &at("shop/web:2")]),
        ("rm_dry", &["rm", &at("shop/web:2"), "-n"]),
        ("rm", &["rm", &at("shop/web:2"), "--yes"]),
        ("repos_nowhere", &["repos"]),
        ("tags_elsewhere", &["tags", "ghcr.io/a/b", "--registry", &server.name()]),
    ] {
        insta::assert_snapshot!(name, text(&orca, &server, args));
    }
    assert_eq!(shelf.tags("shop/web"), ["1"]);
}

#[test]
fn what_goes_is_removed_by_digest_once_asked_for_and_entered_into_the_history() {
    let shelf = stocked();
    let (server, orca) = (serve(&shelf), orca());
    let name = server.image("shop/web:latest");
    let (exit, refused) = json(&orca, &["rm", &name]);
    assert_eq!((exit, &refused["outcome"]), (75, &json!("blocked")));
    let (exit, dry) = json(&orca, &["rm", &name, "--dry-run", "--detailed-exitcode"]);
    assert_eq!((exit, &dry["outcome"], &dry["data"]["tags"]), (2, &json!("planned"), &json!(["2", "latest"])));
    assert!(!server.lines().iter().any(|line| line.starts_with("DELETE")), "{:?}", server.lines());
    assert!(!orca.state_dir().exists(), "nothing is written by what removes nothing");
    let (exit, done) = json(&orca, &["rm", &name, "--yes"]);
    assert_eq!((exit, &done["outcome"]), (0, &json!("changed")), "{done}");
    assert_eq!(done["actions"][0]["kind"], "registry.image.remove");
    assert_eq!(done["actions"][0]["before"], json!(["2", "latest"]));
    let digest = done["data"]["digest"].as_str().unwrap();
    let deleted: Vec<String> = server.lines().into_iter().filter(|line| line.starts_with("DELETE")).collect();
    assert_eq!(deleted, [format!("DELETE /v2/shop/web/manifests/{digest}")]);
    assert_eq!(shelf.tags("shop/web"), ["1"]);
    let (exit, again) = json(&orca, &["rm", &name, "--yes"]);
    assert_eq!((exit, &again["error"]["kind"]), (1, &json!("failed")), "{again}");
    let history = orca.run(&["history", "-o", "json"]).unwrap().report().unwrap();
    assert_eq!(history["data"]["history"][0]["kind"], "registry.image.remove");
    assert_eq!(history["data"]["history"][0]["status"], "done");
}

#[test]
fn nothing_goes_while_it_is_not_known_what_goes_with_it_or_the_registry_forbids_it() {
    let shelf = stocked();
    let behind = shelf.clone();
    let server = Server::start(move |asked| match asked.path.as_str() {
        "/v2/shop/web/manifests/latest" => Said::error(500, "disk on fire"),
        _ => behind.answer(asked),
    });
    let (exit, report) = json(&orca(), &["rm", &server.image("shop/web:2"), "--yes"]);
    assert_eq!((exit, &report["outcome"]), (75, &json!("blocked")));
    let reason = report["blocked"][0]["reasons"][0].as_str().unwrap();
    assert!(reason.contains("is not known") && reason.contains("answered 500"), "{reason}");
    assert_eq!(shelf.tags("shop/web").len(), 3);

    // What another tag needs stays too.
    let part = shelf.image("shop/web", Some("part"), "amd64", BUILT);
    let server = serve(&shelf);
    let (exit, report) = json(&orca(), &["rm", &server.image("shop/web:part"), "--yes"]);
    let reason = report["blocked"][0]["reasons"][0].as_str().unwrap();
    assert!(exit == 75 && reason.contains("a part of the index of `2`, `latest`"), "{part}: {reason}");

    let behind = shelf.clone();
    let server = Server::start(move |asked| match asked.method.as_str() {
        "DELETE" => Said::error(405, "unsupported"),
        _ => behind.answer(asked),
    });
    let (exit, report) = json(&orca(), &["rm", &server.image("shop/web:2"), "--yes"]);
    assert_eq!((exit, &report["actions"][0]["status"]), (1, &json!("failed")));
    let message = report["error"]["message"].as_str().unwrap();
    assert!(message.contains("REGISTRY_STORAGE_DELETE_ENABLED"), "{message}");
}

#[test]
fn a_removal_is_not_redirected_and_one_that_did_not_happen_is_none() {
    let shelf = stocked();
    let behind = shelf.clone();
    let elsewhere = serve(&shelf);
    let to = format!("http://{}", elsewhere.name());
    let server = Server::start(move |asked| match asked.method.as_str() {
        "DELETE" => Said::status(307).with("Location", &format!("{to}{}", asked.path)),
        _ => behind.answer(asked),
    });
    let (exit, report) = json(&orca(), &["rm", &server.image("shop/web:2"), "--yes"]);
    assert_eq!((exit, elsewhere.asked().len()), (1, 0), "{report}");

    let behind = shelf.clone();
    let server = Server::start(move |asked| match asked.method.as_str() {
        "DELETE" => Said::status(202),
        _ => behind.answer(asked),
    });
    let (exit, report) = json(&orca(), &["rm", &server.image("shop/web:2"), "--yes"]);
    assert_eq!((exit, &report["actions"][0]["status"]), (1, &json!("failed")));
    assert!(report["error"]["message"].as_str().unwrap().contains("and it is there still"));
}

#[test]
fn a_removal_whose_answer_is_lost_is_looked_after() {
    for (gone, away, exit, expected) in [
        (true, false, 0, ""),
        (false, false, 69, "answered 504 (timeout), and it is there still"),
        (true, true, 69, "answered 504 (timeout), and whether it is gone is not known: "),
    ] {
        let (shelf, asked) = (stocked(), AtomicBool::new(false));
        let behind = shelf.clone();
        let server = Server::start(move |question| {
            if question.method == "DELETE" {
                asked.store(true, Ordering::Relaxed);
                if gone {
                    behind.answer(question);
                }
                return Said::error(504, "timeout");
            }
            if away && asked.load(Ordering::Relaxed) { Said::error(503, "away") } else { behind.answer(question) }
        });
        let orca = orca();
        let (ended, report) = json(&orca, &["rm", &server.image("shop/web:2"), "--yes"]);
        let status = if exit == 0 { "done" } else { "failed" };
        assert_eq!((ended, &report["actions"][0]["status"]), (exit, &json!(status)), "{report:#}");
        assert!(report["error"]["message"].as_str().unwrap_or_default().contains(expected), "{report:#}");
        let history = orca.run(&["history", "-o", "json"]).unwrap().report().unwrap();
        assert_eq!(history["data"]["history"][0]["status"], status, "{history:#}");
    }
}

#[test]
fn digests_are_told_by_registries_that_do_not_say_them_and_by_those_without_head() {
    for odd in ["silent", "no HEAD"] {
        let shelf = stocked();
        let server = Server::start(move |asked| {
            let head = asked.method == "HEAD";
            if head && odd == "no HEAD" {
                Said::status(405)
            } else {
                shelf.answer(asked).without("Docker-Content-Digest")
            }
        });
        let orca = orca();
        let name = server.image("shop/web:1");
        let (exit, inspected) = json(&orca, &["inspect", &name]);
        let (_, tags) = json(&orca, &["tags", &server.image("shop/web"), "--digests"]);
        assert_eq!((exit, &tags["data"]["tags"][0]["digest"]), (0, &inspected["data"]["image"]["digest"]), "{odd}");
        assert_eq!(inspected["data"]["image"]["platforms"][0]["size_bytes"].as_u64().unwrap() / 1_000_000, 1);
    }
}

#[test]
fn a_registry_that_cannot_be_reached_is_no_empty_list() {
    let orca = orca();
    for args in [&["repos", "--registry", "127.0.0.1:1"][..], &["tags", "127.0.0.1:1/a/b"]] {
        let (exit, report) = json(&orca, args);
        assert_eq!((exit, &report["error"]["kind"]), (69, &json!("unreachable")), "{report}");
        let data = report["data"].as_object().unwrap();
        assert!(!data.contains_key("repositories") && !data.contains_key("tags"), "{report}");
    }
    let server = Server::start(|_| Said::status(404));
    let (exit, report) = json(&orca, &["repos", "--registry", &server.name()]);
    assert_eq!(exit, 1);
    assert!(report["error"]["hint"].as_str().unwrap().contains("not every registry lists"));
    let server = Server::start(|_| Said::error(429, "slow down").with("Retry-After", "600"));
    let (exit, report) = json(&orca, &["repos", "--registry", &server.name()]);
    assert_eq!((exit, report["error"]["message"].as_str().unwrap().contains("for 10m")), (75, true), "{report}");
    // Half a list is none.
    let server = Server::start(|asked| match asked.query.get("last") {
        None => Said::json(&json!({"repositories": ["a"]})).with("Link", "</v2/_catalog?last=a&n=1>; rel=\"next\""),
        Some(_) => Said::status(502),
    });
    let (exit, report) = json(&orca, &["repos", "--registry", &server.name()]);
    assert_eq!((exit, report["data"].get("repositories")), (69, None));
    // And a slow one is given up when the time is over.
    let server = Server::start(|_| Said { delay: Duration::from_secs(30), ..Said::status(200) });
    let begun = Instant::now();
    let (exit, _) = json(&orca, &["repos", "--registry", &server.name(), "--timeout", "1s"]);
    assert_eq!((exit, begun.elapsed() < Duration::from_secs(25)), (69, true));
}

#[test]
fn the_config_names_the_registry_and_who_is_spoken_to_plainly() {
    let server = serve(&stocked());
    let orca = orca();
    orca.config(&format!("registry:\n  default: {}\n  insecure: ['reg:5000']\n", server.name())).unwrap();
    let (exit, report) = json(&orca, &["repos"]);
    let expected = json!(["shop/db", "shop/web", "team/a", "team/b", "team/c"]);
    assert_eq!((exit, &report["data"]["repositories"]), (0, &expected), "{report}");
    assert_eq!(json(&orca, &["inspect", "shop/db:16"]).0, 0);
    let shown = orca.run(&["config", "show", "-o", "text"]).unwrap().stdout;
    assert!(shown.contains(&format!("default: {}", server.name())), "{shown}");
    orca.config("registry:\n  default: 'http://reg'\n  insecure: ['']\n").unwrap();
    let ended = orca.run(&["registry", "repos"]).unwrap();
    assert_eq!(ended.exit, Some(78), "{ended}");
    assert!(ended.stderr.contains("orca.yml:2:12: registry.default must be a registry"), "{ended}");
    assert!(ended.stderr.contains("orca.yml:3:14: registry.insecure"), "{ended}");
}

/// A registry that is open to one user.
fn guarded(shelf: Shelf, user: &str, password: &str) -> Server {
    let wanted = format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")));
    Server::start(move |asked: &Asked| {
        if asked.authorisation() == wanted {
            return shelf.answer(asked);
        }
        Said::error(401, "authentication required").with("WWW-Authenticate", "Basic realm=\"Registry Realm\"")
    })
}

#[test]
fn credentials_are_those_of_docker_and_show_nowhere() {
    let server = guarded(stocked(), "u", "hunter2");
    let orca = orca();
    let name = server.image("shop/web");
    let (exit, report) = json(&orca, &["tags", &name]);
    assert_eq!(exit, 1);
    assert!(report["error"]["hint"].as_str().unwrap().contains("docker login"), "{report}");
    std::fs::create_dir(orca.path(".docker")).unwrap();
    let file = |config: &Value| std::fs::write(orca.path(".docker/config.json"), config.to_string()).unwrap();
    let login = BASE64_STANDARD.encode("u:hunter2");
    file(&json!({"auths": {server.name(): {"auth": login}}}));
    let ended = orca.run(&["registry", "tags", &name, "-vv", "-o", "json"]).unwrap();
    assert_eq!(ended.exit, Some(0), "{ended}");
    assert!(ended.stderr.contains("GET http://127.0.0.1"), "{ended}");
    assert!(!format!("{ended}").contains("hunter2") && !format!("{ended}").contains(&login), "{ended}");
    std::fs::write(orca.path(".docker/config.json"), r#"{"auths": {"a": {"auth": ["hunter2"]}}}"#).unwrap();
    let ended = orca.run(&["registry", "tags", &name]).unwrap();
    assert_eq!(ended.exit, Some(78), "{ended}");
    assert!(ended.stderr.contains("config.json:1:") && !format!("{ended}").contains("hunter2"), "{ended}");
}

/// A helper that is `docker-credential-lab`, in a folder that is the first of PATH.
fn helper(orca: &Orca, script: &str) {
    let path = orca.path("docker-credential-lab");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn helpers_are_asked_on_their_stdin_and_what_goes_wrong_with_them_is_said() {
    let server = guarded(stocked(), "AWS", "short-lived");
    let orca = orca();
    std::fs::create_dir(orca.path(".docker")).unwrap();
    let config = json!({"credHelpers": {server.name(): "lab"}, "auths": {server.name(): {"auth": "bm86bm8="}}});
    std::fs::write(orca.path(".docker/config.json"), config.to_string()).unwrap();
    let run = || {
        let mut command = orca.command(&["registry", "tags", &server.image("shop/web"), "-o", "json"]);
        let path = std::env::var("PATH").unwrap();
        command.env("PATH", format!("{}:{path}", orca.folder.path().display()));
        let ended = orca.spawn(command).unwrap().end().unwrap();
        (ended.exit.unwrap(), ended.stdout + &ended.stderr)
    };
    let said = r#"{"ServerURL": "x", "Username": "AWS", "Secret": "short-lived"}"#;
    helper(&orca, &format!("[ $# = 1 ] && [ $1 = get ] && cat >asked && echo '{said}'"));
    let (exit, text) = run();
    assert_eq!((exit, text.contains("short-lived")), (0, false), "{text}");
    assert_eq!(std::fs::read_to_string(orca.path("asked")).unwrap(), server.name());
    helper(&orca, "echo 'credentials not found in native keychain'; exit 1");
    assert!(run().1.contains("there are none for it"));
    for (script, expected) in [
        ("echo the secret is short-lived; exit 3", "failed (exit status: 3)"),
        ("echo the secret is short-lived", "says nothing that can be read"),
    ] {
        helper(&orca, script);
        let (exit, text) = run();
        assert!(exit == 1 && text.contains(expected) && !text.contains("short-lived"), "{text}");
    }
    std::fs::remove_file(orca.path("docker-credential-lab")).unwrap();
    assert!(run().1.contains("can't be started"));
}

#[test]
fn with_encryption_nothing_leaves_it() {
    let shelf = stocked();
    let server = Server::start(move |asked| match asked.path.as_str() {
        "/v2/_catalog" => Said::status(401).with("WWW-Authenticate", "Bearer realm=\"http://127.0.0.1:1/token\""),
        "/v2/a/b/tags/list" => Said::status(302).with("Location", "http://127.0.0.1:1/v2/"),
        _ => shelf.answer(asked),
    });
    let (certs, orca) = (Certs::new(), orca());
    let place = format!("https://localhost:{}", certs.front(false, Behind::Port(server.port)));
    let run = |args: &[&str], trusts: bool| {
        let mut command = orca.command(&[&["registry"], args, &["--registry", &place, "-o", "json"]].concat());
        if trusts {
            command.env("SSL_CERT_FILE", certs.path("ca.pem"));
        }
        let ended = orca.spawn(command).unwrap().end().unwrap();
        (ended.exit.unwrap(), ended.report().unwrap()["error"]["message"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(run(&["tags", "shop/web"], true), (0, String::new()));
    for (args, expected) in [(&["repos"][..], "which is not encrypted"), (&["tags", "a/b"], "which is not encrypted")] {
        let (exit, message) = run(args, true);
        assert!(exit == 1 && message.contains(expected), "{message}");
    }
    let (exit, message) = run(&["tags", "shop/web"], false);
    assert!(exit == 69 && message.contains("TLS"), "{exit} {message}");
}

#[test]
fn rate_limits_are_shown() {
    let shelf = stocked();
    let server = Server::start(move |asked| {
        shelf.answer(asked).with("ratelimit-limit", "100;w=21600").with("ratelimit-remaining", "76;w=21600")
    });
    let orca = orca();
    let name = server.image("shop/web:2");
    let rate = json(&orca, &["inspect", &name]).1["data"]["image"]["rate"].clone();
    assert_eq!(rate, json!({"remaining": 76, "limit": 100, "window_s": 21600}));
    assert!(text(&orca, &server, &["inspect", &name]).contains("rate limit:   76 of 100 requests left"));
}
