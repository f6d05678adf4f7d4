//! Images by the registry API, from a registry that a test has made up.

use serde_json::json;

use super::archives::{gzip, tarball};
use super::common::orca::Orca;
use super::common::sim::Sim;
use super::web::{Page, Web};
use super::{cached, error, fetch, fetch_with, outcome, read, sha256};

const FILE: tar::EntryType = tar::EntryType::Regular;

/// Puts an image of these layers into the registry.
fn push(web: &Web, repository: &str, tag: &str, layers: &[Vec<u8>], token: Option<&str>) -> String {
    let token = token.map(str::to_owned);
    let page = |body: Vec<u8>| Page { token: token.clone(), etag: None, ..Page::new(body) };
    let mut listed = Vec::new();
    for layer in layers {
        let digest = format!("sha256:{}", sha256(layer));
        listed.push(
            json!({"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest, "size": layer.len()}),
        );
        web.put(&format!("/v2/{repository}/blobs/{digest}"), page(layer.clone()));
    }
    let manifest = json!({"schemaVersion": 2, "config": {}, "layers": listed}).to_string().into_bytes();
    let digest = format!("sha256:{}", sha256(&manifest));
    let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let index = json!({"schemaVersion": 2, "manifests": [
        {"digest": format!("sha256:{}", "0".repeat(64)), "platform": {"os": "linux", "architecture": "s390x"}},
        {"digest": digest, "platform": {"os": "linux", "architecture": arch}},
        {"digest": format!("sha256:{}", "1".repeat(64)), "platform": {"os": "unknown", "architecture": "unknown"}}]});
    let index = index.to_string().into_bytes();
    let whole = format!("sha256:{}", sha256(&index));
    web.put(&format!("/v2/{repository}/manifests/{digest}"), page(manifest));
    for reference in [tag, &whole] {
        web.put(&format!("/v2/{repository}/manifests/{reference}"), page(index.clone()));
    }
    web.put("/token", Page::new(json!({"token": "secret-token"}).to_string()));
    whole
}

fn world(mods: &[String], replicas: u64) -> (Sim, Orca) {
    let sim = Sim::three().unwrap();
    let spec = json!({"Name": "web", "Mode": {"Replicated": {"Replicas": replicas}}, "TaskTemplate": {
        "ContainerSpec": {"Image": "127.0.0.1:1/bb:1", "Env": ["A=b", format!("DOCKER_MODS={}", mods.join("|"))]}, "Placement": {}}});
    sim.engine.post("/services/create", &spec).unwrap();
    let orca = Orca::new(&sim.engine.host()).unwrap();
    (sim, orca)
}

fn configure(orca: &Orca, web: &Web, more: &str) {
    let registry = format!("127.0.0.1:{}", web.port);
    super::configure(orca, &format!("  docker_mods: true\n  insecure_registries: ['{registry}']\n{more}"));
}

#[test]
fn images_of_services_are_fetched_layer_by_layer_and_unpacked() {
    let web = Web::start();
    let layers = [
        gzip(&tarball(&[("root/etc/one", FILE, "1"), ("root/etc/gone", FILE, "x"), ("root/old/a", FILE, "x")])),
        gzip(&tarball(&[
            ("root/etc/two", FILE, "2"),
            ("root/etc/.wh.gone", FILE, ""),
            ("root/old/.wh..wh..opq", FILE, ""),
            ("root/old/b", FILE, "b"),
        ])),
    ];
    push(&web, "linuxserver/mods", "web-x", &layers, Some("secret-token"));
    let reference = format!("127.0.0.1:{}/linuxserver/mods:web-x", web.port);
    let (_sim, orca) = world(&[reference.clone(), " ".to_owned()], 1);
    configure(&orca, &web, "");
    let run = fetch(&orca);
    assert_eq!(outcome(&run), "changed 0", "{}", run.0);
    let name = reference.replace(['/', ':'], "_");
    let all = ["etc/one", "etc/two", "old/b"].map(|file| format!("{name}/root/{file}"));
    assert_eq!(cached(&orca), all, "what a later layer takes away is gone");
    assert!(run.1["actions"][0]["reason"].as_str().unwrap().ends_with("DOCKER_MODS of service `web`"), "{}", run.0);
    let asked = web.asked();
    assert!(
        asked
            .iter()
            .any(|line| line.starts_with("GET /token?service=reg&scope=repository%3Alinuxserver%2Fmods%3Apull")),
        "{asked:?}"
    );
    assert!(!run.0.stdout.contains("secret-token") && !run.0.stderr.contains("secret-token"));
    // The manifest alone tells that nothing has changed.
    assert_eq!(outcome(&fetch(&orca)), "unchanged 0");
    assert!(web.asked().iter().all(|line| !line.contains("/blobs/")));
    push(&web, "linuxserver/mods", "web-x", &[gzip(&tarball(&[("new", FILE, "n")]))], None);
    assert_eq!((outcome(&fetch(&orca)), read(&orca, &format!("{name}/new"))), ("changed 0".to_owned(), "n".to_owned()));
}

#[test]
fn a_digest_is_kept_to_and_needs_no_question() {
    let web = Web::start();
    let layer = gzip(&tarball(&[("a", FILE, "1")]));
    let digest = push(&web, "m/n", "t", std::slice::from_ref(&layer), None);
    let (_sim, orca) = world(&[format!("127.0.0.1:{}/m/n@{digest}", web.port)], 1);
    configure(&orca, &web, "");
    assert_eq!(outcome(&fetch(&orca)), "changed 0");
    web.asked();
    assert_eq!((outcome(&fetch(&orca)), web.asked().len()), ("unchanged 0".to_owned(), 0));
    // A registry that answers something else is found out, of the manifest and of a layer.
    let (_sim, orca) = world(&[format!("127.0.0.1:{}/m/n@{digest}", web.port)], 1);
    configure(&orca, &web, "");
    web.put(&format!("/v2/m/n/manifests/{digest}"), Page::new("{}"));
    assert!(error(&fetch(&orca)).contains("is not what its digest says"));
    let digest = push(&web, "m/n", "t", std::slice::from_ref(&layer), None);
    web.put(&format!("/v2/m/n/blobs/sha256:{}", sha256(&layer)), Page::new("other"));
    let run = fetch(&orca);
    assert!(error(&run).contains("has the SHA-256"), "{digest}: {}", run.0);
    assert!(cached(&orca).is_empty());
}

#[test]
fn layers_are_as_suspect_as_any_archive() {
    let web = Web::start();
    push(&web, "m/n", "t", &[gzip(&tarball(&[("../evil", FILE, "x")]))], None);
    let (_sim, orca) = world(&[format!("127.0.0.1:{}/m/n:t", web.port)], 1);
    configure(&orca, &web, "");
    let run = fetch(&orca);
    assert!(error(&run).contains("leads out of the archive"), "{}", run.0);
    push(&web, "m/n", "t", &[gzip(&tarball(&[("big", FILE, &"x".repeat(3_000_000))]))], None);
    configure(&orca, &web, "  max_unpacked: 1M");
    assert!(error(&fetch(&orca)).contains("larger than mods.max_unpacked"));
    assert!(cached(&orca).is_empty());
}

#[test]
fn a_registry_speaks_https_at_a_public_address_unless_it_is_said_otherwise() {
    let web = Web::start();
    push(&web, "m/n", "t", &[gzip(&tarball(&[("a", FILE, "1")]))], None);
    let (_sim, orca) = world(&[format!("127.0.0.1:{}/m/n:t", web.port), "no reference".to_owned()], 1);
    super::configure(&orca, "  docker_mods: true\n  retries: 0");
    let run = fetch(&orca);
    assert!(error(&run).contains("TLS") || error(&run).contains("in time"), "{}", run.0);
    assert!(run.1["blocked"][0]["reasons"][0].as_str().unwrap().contains("is no reference of an image"));
    let dest = orca.path("cache").display().to_string();
    orca.config(&format!(
        "mods: {{docker_mods: true, dest: '{dest}', insecure_registries: ['127.0.0.1:{}']}}",
        web.port
    ))
    .unwrap();
    assert!(error(&fetch(&orca)).contains("no public address"));
    assert!(web.asked().is_empty());
}

#[test]
fn images_are_fetched_only_when_switched_on_and_only_for_services_that_run() {
    let web = Web::start();
    push(&web, "m/n", "t", &[gzip(&tarball(&[("a", FILE, "1")]))], None);
    let reference = format!("127.0.0.1:{}/m/n:t", web.port);
    let (_sim, orca) = world(std::slice::from_ref(&reference), 1);
    super::configure(&orca, "");
    assert_eq!((outcome(&fetch(&orca)), web.asked().len()), ("unchanged 0".to_owned(), 0));
    let (_sim, orca) = world(&[reference], 0);
    configure(&orca, &web, "");
    assert_eq!((outcome(&fetch_with(&orca, &["--prune"])), web.asked().len()), ("unchanged 0".to_owned(), 0));
}
