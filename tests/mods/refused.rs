//! What is refused: names, addresses, sizes, strangers.

use super::web::{Page, Web};
use super::{cached, configure, error, fetch, fetch_with, leftovers, orca, outcome, read};

#[test]
fn private_addresses_are_not_asked_by_name_number_or_redirect() {
    let web = Web::start();
    web.put("/a", Page::new("secret"));
    let (dest, port) = ("cache", web.port);
    for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433"] {
        let orca = orca("");
        let dest = orca.path(dest).display().to_string();
        let url = format!("http://{host}:{port}/a");
        orca.config(&format!("mods: {{dest: '{dest}', retries: 0, list: [{{name: a, url: '{url}'}}]}}")).unwrap();
        let run = fetch(&orca);
        assert_eq!(outcome(&run), "failed 1", "{host}: {}", run.0);
        assert!(
            error(&run).contains("no public address") || error(&run).contains("can't be resolved"),
            "{host}: {}",
            error(&run)
        );
        assert!(cached(&orca).is_empty());
    }
    assert!(web.asked().is_empty(), "nobody was asked");
    // What is allowed may not lead to what is not.
    web.put("/away", Page::redirect(&format!("http://127.0.0.2:{port}/a")));
    let orca = orca(&format!("  list: [{{name: a, url: '{}'}}]", web.url("/away")));
    let run = fetch(&orca);
    assert_eq!(outcome(&run), "failed 1", "{}", run.0);
    assert!(error(&run).contains("`127.0.0.2` is at 127.0.0.2, which is no public address"), "{}", error(&run));
    web.put("/round", Page::redirect("/round"));
    configure(&orca, &format!("  list: [{{name: a, url: '{}'}}]", web.url("/round")));
    assert!(error(&fetch(&orca)).contains("more than 5 redirects"));
    web.put("/twice", Page::redirect("/once"));
    web.put("/once", Page::redirect("a"));
    configure(&orca, &format!("  list: [{{name: a, url: '{}'}}]", web.url("/twice")));
    assert_eq!((outcome(&fetch(&orca)), read(&orca, "a")), ("changed 0".to_owned(), "secret".to_owned()));
}

#[test]
fn nothing_larger_than_allowed_comes_in_told_or_not() {
    let web = Web::start();
    for chunked in [false, true] {
        web.put("/big", Page { chunked, ..Page::new(vec![b'x'; 300_000]) });
        let orca = orca(&format!("  max_size: 100k\n  list: [{{name: big, url: '{}'}}]", web.url("/big")));
        let run = fetch(&orca);
        assert_eq!(outcome(&run), "failed 1", "{}", run.0);
        assert!(error(&run).contains("larger than mods.max_size"), "{}", error(&run));
        assert_eq!((cached(&orca).len(), leftovers(&orca)), (0, usize::from(false)));
        web.put("/big", Page { chunked, ..Page::new(vec![b'x'; 100 * 1024]) });
        assert_eq!(outcome(&fetch(&orca)), "changed 0", "exactly as large is fine");
    }
}

#[test]
fn what_orca_did_not_put_there_is_not_overwritten() {
    let web = Web::start();
    web.put("/a", Page::new("theirs"));
    let orca = orca(&format!("  list: [{{name: a, url: '{}'}}]", web.url("/a")));
    std::fs::create_dir(orca.path("cache")).unwrap();
    std::fs::write(orca.path("cache/a"), "mine").unwrap();
    let run = fetch(&orca);
    assert_eq!((outcome(&run), read(&orca, "a")), ("blocked 75".to_owned(), "mine".to_owned()), "{}", run.0);
}

#[test]
fn no_link_in_the_cache_directory_leads_out_of_it() {
    let web = Web::start();
    web.put("/a", Page::new("x"));
    let orca = orca(&format!("  list: [{{name: maps/a, url: '{}'}}]", web.url("/a")));
    std::fs::create_dir(orca.path("cache")).unwrap();
    std::fs::create_dir(orca.path("outside")).unwrap();
    std::os::unix::fs::symlink(orca.path("outside"), orca.path("cache/maps")).unwrap();
    let run = fetch(&orca);
    assert_eq!(outcome(&run), "blocked 75", "{}", run.0);
    assert_eq!(std::fs::read_dir(orca.path("outside")).unwrap().count(), 0);
}

#[test]
fn a_server_that_cant_be_asked_leaves_the_copy_and_is_said() {
    let web = Web::start();
    web.put("/a", Page::new("x"));
    let orca = orca(&format!("  list: [{{name: a, url: '{}'}}]", web.url("/a")));
    assert_eq!(outcome(&fetch(&orca)), "changed 0");
    web.put("/a", Page { busy: 99, ..Page::new("y") });
    let run = fetch_with(&orca, &["--prune"]);
    assert_eq!((outcome(&run), read(&orca, "a")), ("blocked 75".to_owned(), "x".to_owned()), "{}", run.0);
    assert!(run.1["blocked"][0]["reasons"][0].as_str().unwrap().contains("answered 503"));
}

#[test]
fn a_manifest_that_cant_be_read_stops_everything() {
    let web = Web::start();
    web.put("/a", Page::new("x"));
    let orca = orca(&format!("  list: [{{name: a, url: '{}'}}]", web.url("/a")));
    std::fs::create_dir_all(orca.path("cache/.orca")).unwrap();
    for text in ["{", "{\"schema\": \"orca.mods/9\", \"mods\": {}}"] {
        std::fs::write(orca.path("cache/.orca/manifest.json"), text).unwrap();
        let run = fetch_with(&orca, &["--prune"]);
        assert_eq!((outcome(&run), cached(&orca).len()), ("failed 1".to_owned(), 0), "{}", run.0);
    }
}

#[test]
fn lists_that_could_hurt_are_refused() {
    for (mods, why) in [
        ("list: [{name: ../a, url: 'http://x/a'}]", "name must be a relative path"),
        ("list: [{name: /a, url: 'http://x/a'}]", "name must be a relative path"),
        ("list: [{name: .orca/a, url: 'http://x/a'}]", "must not be in `.orca`"),
        ("list: [{name: a, url: 'file:///etc/passwd'}]", "not of the scheme"),
        ("list: [{name: a, url: 'x/a'}]", "must begin with https"),
        ("list: [{name: a, url: 'http://u:p@x/a'}]", "without user and password"),
        ("list: [{name: a, url: 'http://x/a', sha256: abc}]", "64 hexadecimal digits"),
        ("list: [{name: a, url: 'http://x/a'}, {name: a, url: 'http://x/b'}]", "is already defined at orca.yml:4"),
        ("list: [{name: a}]", "needs the key"),
        ("parallel: 0", "parallel must be at least 1"),
        ("per_host: 0", "per_host must be at least 1"),
        ("max_size: lots", "max_size must be a size"),
        ("docker_mods: maybe", "must be true or false"),
    ] {
        let orca = orca(&format!("  {mods}"));
        let run = fetch(&orca);
        assert_eq!(run.0.exit, Some(78), "{mods}: {}", run.0);
        assert!(run.1["error"]["causes"].to_string().contains(why), "{mods}: {}", run.0);
    }
    let orca = orca("");
    orca.config("mods: {dest: cache, allow_addresses: [10.0.0.0/99]}").unwrap();
    let run = fetch(&orca);
    assert_eq!(run.1["error"]["causes"].as_array().unwrap().len(), 2, "{}", run.0);
}
