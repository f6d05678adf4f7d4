//! What comes over TLS.

use super::certs::{Behind, Certs};
use super::common::orca::{Ended, Orca};
use super::web::{Page, Web};
use super::{cached, error, leftovers, orca, outcome, read, sha256};
use serde_json::Value;

/// A fetch by a machine that trusts these authorities.
fn fetch(orca: &Orca, trusts: &Certs) -> (Ended, Value) {
    let mut command = orca.command(&["mods", "fetch", "-o", "json"]);
    command.env("SSL_CERT_FILE", trusts.path("ca.pem"));
    let ended = orca.spawn(command).unwrap().end().unwrap();
    let report = ended.report().unwrap();
    (ended, report)
}

fn listed(host: &str, port: u16) -> Orca {
    orca(&format!("  retries: 0\n  list: [{{name: a.jar, url: 'https://{host}:{port}/a.jar'}}]"))
}

#[test]
fn a_file_of_a_server_that_the_machine_trusts() {
    let (web, certs) = (Web::start(), Certs::new());
    let body = "x".repeat(300_000);
    web.put("/a.jar", Page { breaks: 1, breaks_after: 100_000, ..Page::new(&body) });
    let port = certs.front(false, Behind::Port(web.port));
    let orca = orca(&format!("  list: [{{name: a.jar, url: 'https://localhost:{port}/a.jar'}}]"));
    let done = fetch(&orca, &certs);
    assert_eq!(outcome(&done), "changed 0", "{}", done.0);
    assert_eq!(done.1["actions"][0]["after"]["sha256"], sha256(body.as_bytes()));
    assert_eq!((read(&orca, "a.jar").len(), leftovers(&orca)), (body.len(), 0));
    assert_eq!(web.asked(), ["GET /a.jar", "GET /a.jar range=bytes=100000- if-range=\"one\""]);
}

#[test]
fn nothing_of_a_server_that_is_not_who_it_should_be() {
    let (web, certs, others) = (Web::start(), Certs::new(), Certs::of(vec!["elsewhere".to_owned()]));
    web.put("/a.jar", Page::new("a"));
    let port = certs.front(false, Behind::Port(web.port));
    let unknown = listed("localhost", port);
    let failed = fetch(&unknown, &others);
    assert_eq!(outcome(&failed), "failed 1", "{}", failed.0);
    assert!(error(&failed).contains("TLS with https://localhost"), "{}", error(&failed));
    let misnamed = listed("localhost", others.front(false, Behind::Port(web.port)));
    let failed = fetch(&misnamed, &others);
    assert_eq!(outcome(&failed), "failed 1", "{}", failed.0);
    assert!(error(&failed).contains("elsewhere"), "{}", error(&failed));
    assert!(cached(&unknown).is_empty() && cached(&misnamed).is_empty() && web.asked().is_empty());
}

#[test]
fn a_redirect_never_leaves_encryption() {
    let (web, certs) = (Web::start(), Certs::new());
    web.put("/a.jar", Page::redirect(&web.url("/plain")));
    web.put("/plain", Page::new("a"));
    let orca = listed("localhost", certs.front(false, Behind::Port(web.port)));
    let failed = fetch(&orca, &certs);
    assert_eq!(outcome(&failed), "failed 1", "{}", failed.0);
    assert!(error(&failed).contains("which is not encrypted"), "{}", error(&failed));
    assert_eq!((web.asked(), cached(&orca).len()), (vec!["GET /a.jar".to_owned()], 0));
}
