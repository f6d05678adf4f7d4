//! What is fetched, when, and how often.

use super::web::{Page, Web};
use super::{cached, configure, error, fetch, fetch_with, leftovers, orca, outcome, read, sha256};
use crate::common::poll;

#[test]
fn what_is_listed_is_fetched_once_and_asked_about_after_that() {
    let web = Web::start();
    web.put("/a.jar", Page::new("first"));
    let orca = orca(&format!("  list: [{{name: maps/a.jar, url: '{}'}}]", web.url("/a.jar")));
    let planned = fetch_with(&orca, &["-n"]);
    assert_eq!((outcome(&planned), cached(&orca).len()), ("planned 0".to_owned(), 0), "{}", planned.0);
    assert!(!orca.path("cache").exists() && web.asked().is_empty(), "a dry run writes nothing");
    let done = fetch(&orca);
    assert_eq!(outcome(&done), "changed 0", "{}", done.0);
    assert_eq!((cached(&orca), read(&orca, "maps/a.jar")), (vec!["maps/a.jar".to_owned()], "first".to_owned()));
    assert_eq!(done.1["actions"][0]["after"]["sha256"], sha256(b"first"));
    assert_eq!((web.asked(), leftovers(&orca)), (vec!["GET /a.jar".to_owned()], 0));
    let manifest: serde_json::Value = serde_json::from_str(&read(&orca, ".orca/manifest.json")).unwrap();
    assert_eq!(manifest["schema"], "orca.mods/1");
    let record = &manifest["mods"]["maps/a.jar"];
    assert_eq!(
        (record["from"].as_str(), record["sha256"].as_str()),
        (Some(&*web.url("/a.jar")), Some(&*sha256(b"first")))
    );
    assert!(record["source"].as_str().unwrap().starts_with("mods.list[0] (orca.yml:"), "{record}");

    let again = fetch(&orca);
    assert_eq!((outcome(&again), again.1["summary"]["unchanged"].as_u64()), ("unchanged 0".to_owned(), Some(1)));
    assert_eq!(web.asked(), ["GET /a.jar if-none-match=\"one\""]);

    web.put("/a.jar", Page { etag: Some("\"two\"".to_owned()), ..Page::new("second") });
    assert_eq!(outcome(&fetch_with(&orca, &["-n"])), "planned 0");
    assert_eq!(read(&orca, "maps/a.jar"), "first");
    let newer = fetch(&orca);
    assert_eq!((outcome(&newer), read(&orca, "maps/a.jar")), ("changed 0".to_owned(), "second".to_owned()));
    assert_eq!(newer.1["actions"][0]["before"], sha256(b"first"));
}

#[test]
fn a_time_is_a_condition_too_and_without_any_the_content_decides() {
    let web = Web::start();
    let dated = Some("Wed, 21 Oct 2025 07:28:00 GMT".to_owned());
    web.put("/dated", Page { etag: None, modified: dated, ..Page::new("x") });
    web.put("/bare", Page { etag: None, ..Page::new("y") });
    let list =
        format!("  list: [{{name: dated, url: '{}'}}, {{name: bare, url: '{}'}}]", web.url("/dated"), web.url("/bare"));
    let orca = orca(&list);
    assert_eq!(outcome(&fetch(&orca)), "changed 0");
    web.asked();
    let again = fetch(&orca);
    assert_eq!((outcome(&again), again.1["summary"]["unchanged"].as_u64()), ("unchanged 0".to_owned(), Some(2)));
    let mut asked = web.asked();
    asked.sort();
    assert_eq!(asked, ["GET /bare", "GET /bare", "GET /dated if-modified-since=Wed, 21 Oct 2025 07:28:00 GMT"]);
}

#[test]
fn a_checksum_is_kept_to_and_saves_the_question() {
    let web = Web::start();
    web.put("/a", Page::new("right"));
    let wrong = orca(&format!("  list: [{{name: a, url: '{}', sha256: {}}}]", web.url("/a"), "0".repeat(64)));
    let run = fetch(&wrong);
    assert_eq!(outcome(&run), "failed 1", "{}", run.0);
    assert!(error(&run).contains(&sha256(b"right")), "{}", error(&run));
    assert_eq!((cached(&wrong).len(), leftovers(&wrong), web.asked().len()), (0, 0, 1), "not tried again");
    let right =
        orca(&format!("  list: [{{name: a, url: '{}', sha256: {}}}]", web.url("/a"), sha256(b"right").to_uppercase()));
    assert_eq!(outcome(&fetch(&right)), "changed 0");
    web.asked();
    assert_eq!((outcome(&fetch(&right)), web.asked().len()), ("unchanged 0".to_owned(), 0));
}

#[test]
fn a_broken_connection_is_resumed_where_it_stopped() {
    let web = Web::start();
    let body: Vec<u8> = (0..400_000_u32).flat_map(u32::to_le_bytes).collect();
    web.put("/big", Page { breaks: 1, breaks_after: 1_000_000, ..Page::new(&body) });
    let orca = orca(&format!("  list: [{{name: big, url: '{}'}}]", web.url("/big")));
    let run = fetch(&orca);
    assert_eq!(outcome(&run), "changed 0", "{}", run.0);
    assert!(std::fs::read(orca.path("cache/big")).unwrap() == body);
    let asked = web.asked();
    assert!(
        asked.len() == 2 && asked[1].contains("range=bytes=") && asked[1].contains("if-range=\"one\""),
        "{asked:?}"
    );
    assert!(run.1["actions"][0]["after"]["resumed_bytes"].as_u64().unwrap() > 0);
}

#[test]
fn what_came_in_an_earlier_run_counts_unless_it_is_another_file_by_now() {
    for (etag, resumed) in [("\"one\"", true), ("\"two\"", false)] {
        let web = Web::start();
        let body: Vec<u8> = (0..400_000_u32).flat_map(u32::to_le_bytes).collect();
        web.put("/big", Page { breaks: 9, breaks_after: 1_000_000, ..Page::new(&body) });
        let orca = orca(&format!("  retries: 0\n  list: [{{name: big, url: '{}'}}]", web.url("/big")));
        assert_eq!(outcome(&fetch(&orca)), "failed 1");
        assert_eq!((cached(&orca).len(), leftovers(&orca)), (0, 2), "half a file and what it is half of");
        let body: Vec<u8> = if resumed { body } else { body.into_iter().rev().collect() };
        web.put("/big", Page { etag: Some(etag.to_owned()), ..Page::new(&body) });
        let run = fetch(&orca);
        assert_eq!(outcome(&run), "changed 0", "{}", run.0);
        assert!(std::fs::read(orca.path("cache/big")).unwrap() == body, "{etag}");
        assert_eq!(run.1["actions"][0]["after"]["resumed_bytes"].as_u64().unwrap() > 0, resumed);
        assert_eq!(leftovers(&orca), 0);
    }
}

#[test]
fn a_busy_server_is_asked_again_and_a_clear_no_is_not() {
    let web = Web::start();
    web.put("/busy", Page { busy: 2, ..Page::new("x") });
    let orca = orca(&format!("  list: [{{name: busy, url: '{}'}}]", web.url("/busy")));
    let started = std::time::Instant::now();
    assert_eq!((outcome(&fetch(&orca)), web.asked().len()), ("changed 0".to_owned(), 3));
    assert!(started.elapsed().as_millis() > 2000, "as long as the server asks for");
    configure(&orca, &format!("  list: [{{name: no, url: '{}'}}]", web.url("/no")));
    let run = fetch(&orca);
    assert_eq!((outcome(&run), web.asked().len()), ("failed 1".to_owned(), 1));
    assert!(error(&run).ends_with("/no answered 404"), "{}", error(&run));
    web.put("/down", Page { busy: 99, ..Page::new("x") });
    configure(&orca, &format!("  retries: 1\n  list: [{{name: down, url: '{}'}}]", web.url("/down")));
    assert_eq!((outcome(&fetch(&orca)), web.asked().len()), ("failed 1".to_owned(), 2));
}

#[test]
fn a_file_takes_no_longer_than_it_may() {
    let web = Web::start();
    web.put("/slow", Page { delay_ms: 20_000, ..Page::new("x") });
    let orca = orca(&format!("  timeout: 1s\n  list: [{{name: slow, url: '{}'}}]", web.url("/slow")));
    let started = std::time::Instant::now();
    let run = fetch(&orca);
    assert_eq!(outcome(&run), "failed 1", "{}", run.0);
    assert!(started.elapsed().as_secs() < 18 && error(&run).contains("in time"), "{}", error(&run));
}

#[test]
fn one_host_gets_so_many_at_a_time() {
    let web = Web::start();
    let mut list = String::new();
    for at in 0..8 {
        web.put(&format!("/{at}"), Page { crowd: 2, delay_ms: 150, ..Page::new(at.to_string()) });
        list.push_str(&["    - {name: f", &at.to_string(), ", url: '", &web.url(&format!("/{at}")), "'}\n"].concat());
    }
    let orca = orca(&format!("  per_host: 2\n  list:\n{list}"));
    assert_eq!(outcome(&fetch(&orca)), "changed 0");
    assert_eq!(web.most_at_once.load(std::sync::atomic::Ordering::SeqCst), 2);
    assert_eq!(cached(&orca).len(), 8);
}

#[test]
fn the_same_content_is_fetched_once_for_all_who_want_it() {
    let web = Web::start();
    web.put("/a", Page::new("same"));
    web.put("/mirror", Page::new("same"));
    let sum = sha256(b"same");
    let orca = orca(&format!(
        "  list: [{{name: one, url: '{a}'}}, {{name: two, url: '{a}'}}, {{name: three, url: '{a}', sha256: {sum}}}, \
         {{name: four, url: '{}', sha256: {sum}}}]",
        web.url("/mirror"),
        a = web.url("/a"),
    ));
    assert_eq!(outcome(&fetch(&orca)), "changed 0");
    assert_eq!((cached(&orca).len(), web.asked().len()), (4, 2), "once by URL, once by checksum");
    for name in ["one", "two", "three", "four"] {
        assert_eq!(read(&orca, name), "same");
    }
    // None is the other: what a program does to one leaves the rest alone.
    std::fs::write(orca.path("cache/one"), "changed").unwrap();
    assert_eq!(read(&orca, "two"), "same");
    let run = fetch(&orca);
    assert_eq!(
        (outcome(&run), run.1["actions"][0]["target"]["name"].as_str()),
        ("changed 0".to_owned(), Some("one")),
        "{}",
        run.0
    );
    assert!(run.1["actions"][0]["reason"].as_str().unwrap().starts_with("it was changed since orca fetched it"));
}

#[test]
fn what_nobody_wants_any_more_goes_only_when_asked_and_only_if_it_is_orcas() {
    let web = Web::start();
    for name in ["/a", "/b", "/c"] {
        web.put(name, Page::new(name));
    }
    let entry = |name: &str| format!("{{name: {name}, url: '{}'}}", web.url(&format!("/{name}")));
    let orca = orca(&format!("  list: [{}, {}, {}]", entry("a"), entry("b"), entry("c")));
    assert_eq!(outcome(&fetch(&orca)), "changed 0");
    std::fs::write(orca.path("cache/own"), "the operator's").unwrap();
    std::fs::write(orca.path("cache/c"), "changed by hand").unwrap();
    configure(&orca, &format!("  list: [{}]", entry("a")));
    assert_eq!((outcome(&fetch(&orca)), cached(&orca).len()), ("unchanged 0".to_owned(), 4));
    let planned = fetch_with(&orca, &["--prune", "-n"]);
    assert_eq!((planned.1["actions"][0]["kind"].as_str(), cached(&orca).len()), (Some("mod.remove"), 4));
    let pruned = fetch_with(&orca, &["--prune"]);
    assert_eq!(outcome(&pruned), "changed 75", "{}", pruned.0);
    assert_eq!(cached(&orca), ["a", "c", "own"]);
    assert!(pruned.1["blocked"][0]["reasons"][0].as_str().unwrap().starts_with("it was changed since"));
}

#[test]
fn a_list_in_a_file_of_its_own_is_read_and_judged_at_its_place() {
    let web = Web::start();
    web.put("/a", Page::new("x"));
    let orca = orca("");
    let list = format!("[\n  {{\"name\": \"a\", \"url\": \"{}\", \"unpack\": false}}\n]", web.url("/a"));
    std::fs::write(orca.path("mods.json"), list).unwrap();
    let run = |orca: &super::Orca| {
        let mut command = orca.command(&["mods", "fetch", "-o", "json"]);
        let output = command.env("MOD_MANAGER_CONFIG", "mods.json").output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    assert_eq!(run(&orca).0, Some(0));
    assert_eq!(cached(&orca), ["a"]);
    std::fs::write(orca.path("mods.json"), "[{\"name\": \"../a\",\n \"url\": \"ftp://x\", \"sha\": 1}]").unwrap();
    let (code, text) = run(&orca);
    assert_eq!(code, Some(78));
    for problem in
        ["mods.json:1:11: mods.list[0].name must be a relative path", "mods.json:2:9", "unknown key \\\"sha\\\""]
    {
        assert!(text.contains(problem), "{problem}: {text}");
    }
    // Nothing but such a list is no configuration of a cluster.
    std::fs::remove_file(orca.path("orca.yml")).unwrap();
    std::fs::write(orca.path("mods.json"), "[]").unwrap();
    let sync = orca.command(&["labels", "sync"]).env("MOD_MANAGER_CONFIG", "mods.json").output().unwrap();
    assert_eq!(sync.status.code(), Some(78), "{}", String::from_utf8_lossy(&sync.stderr));
}

/// Killed when the file was in its place, and its record not yet complete.
#[test]
fn what_was_put_in_place_before_a_kill_is_no_stranger() {
    let web = Web::start();
    web.put("/mod", Page::new("x"));
    let orca = orca(&format!("  list: [{{name: mod, url: '{}'}}]", web.url("/mod")));
    assert_eq!(outcome(&fetch(&orca)), "changed 0");
    let path = orca.path("cache/.orca/manifest.json");
    let mut manifest: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let record = &mut manifest["mods"]["mod"];
    (record["sha256"], record["size"], record["modified"]) = ("".into(), 0.into(), "1970-01-01T00:00:00Z".into());
    std::fs::write(&path, manifest.to_string()).unwrap();
    let run = fetch(&orca);
    assert_eq!(outcome(&run), "changed 0", "{}", run.0);
    assert_eq!(outcome(&fetch(&orca)), "unchanged 0");
}

#[test]
fn a_signal_keeps_what_has_come_for_the_next_run() {
    let web = Web::start();
    let body: Vec<u8> = (0..800_000_u32).flat_map(u32::to_le_bytes).collect();
    web.put("/big", Page { breaks: 1, breaks_after: 1_000_000, ..Page::new(&body) });
    web.put("/busy", Page { busy: 99, ..Page::new("x") });
    let orca = orca(&format!(
        "  retries: 30\n  list: [{{name: big, url: '{}'}}, {{name: busy, url: '{}'}}]",
        web.url("/big"),
        web.url("/busy")
    ));
    let running = orca.start(&["mods", "fetch", "-o", "json"]).unwrap();
    let mut asked = Vec::new();
    poll::until("a part has come, and both were asked for", || {
        asked.extend(web.asked());
        let has = |begin: &str| asked.iter().any(|line| line.starts_with(begin));
        Ok(if has("GET /big range=") && has("GET /busy") { Vec::new() } else { vec![format!("{asked:?}")] })
    })
    .unwrap();
    running.signal("TERM").unwrap();
    let ended = running.end().unwrap();
    let report = ended.report().unwrap();
    assert_eq!((ended.exit, report["outcome"].as_str()), (Some(143), Some("interrupted")), "{ended}");
    web.asked();
    web.put("/busy", Page::new("x"));
    let run = fetch(&orca);
    assert_eq!(outcome(&run), "changed 0", "{}", run.0);
    assert!(std::fs::read(orca.path("cache/big")).unwrap() == body);
    let asked = web.asked();
    assert!(!asked.contains(&"GET /big".to_owned()), "what had come is not asked for again: {asked:?}");
}
