//! What images stand for, in a real registry: asked of every engine and of the registry itself, with the docker CLI as the
//! witness.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use orca::engine::Engine;
use orca::engine::address::{Address, Endpoint};
use orca::engine::wire::Wire;
use orca::registry::{Credentials, Resolved, Unresolved, Why, created_all, resolve_all, tags_all};
use serde_json::{Value, json};

use super::files::{digest, push_blob, send};
use super::lab::Lab;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const BUILT: &str = "2026-11-01T12:00:00Z";

fn engine(socket: &Path) -> Engine {
    Engine::new(Wire::new(Endpoint::new(Address::Unix(socket.to_owned()), "test")).unwrap())
}

/// An image of one platform, under its digest or a tag too.
fn push(address: &str, repository: &str, tag: Option<&str>, architecture: &str) -> (String, usize) {
    let config = json!({"architecture": architecture, "os": "linux", "created": BUILT, "config": {},
        "rootfs": {"type": "layers", "diff_ids": []}});
    let mut config = push_blob(address, repository, config.to_string().as_bytes());
    config["mediaType"] = "application/vnd.docker.container.image.v1+json".into();
    let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": []}).to_string();
    let digest = digest(manifest.as_bytes());
    let reference = tag.unwrap_or(&digest);
    send(address, "PUT", &format!("/v2/{repository}/manifests/{reference}"), MANIFEST, manifest.as_bytes());
    (digest, manifest.len())
}

/// An index of two images and an attestation; returns its digest.
fn push_index(address: &str, repository: &str, tag: &str) -> String {
    let mut manifests = Vec::new();
    for (os, architecture) in [("linux", "amd64"), ("linux", "arm64"), ("unknown", "unknown")] {
        let (digest, size) = push(address, repository, None, architecture);
        let platform = json!({"architecture": architecture, "os": os});
        manifests.push(json!({"mediaType": MANIFEST, "digest": digest, "size": size, "platform": platform}));
    }
    let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}).to_string();
    send(address, "PUT", &format!("/v2/{repository}/manifests/{tag}"), INDEX, index.as_bytes());
    digest(index.as_bytes())
}

fn whys(found: &BTreeMap<String, Result<Resolved, Unresolved>>, names: &[&String]) -> Vec<Why> {
    names.iter().map(|name| found[*name].as_ref().unwrap_err().why).collect()
}

#[tokio::test]
async fn every_engine_and_the_registry_itself_say_what_docker_says() {
    let lab = Lab::clean();
    let address = lab.run(&["registry"]).trim().to_owned();
    let guarded = lab.run(&["registry", "--guarded"]).trim().to_owned();
    let index = push_index(&address, "shop/web", "2");
    let (single, _) = push(&address, "shop/db", Some("16"), "amd64");
    let folder = tempfile::tempdir().unwrap();
    let auth = BASE64_STANDARD.encode("lab:orca-lab");
    let config = json!({"auths": {guarded.as_str(): {"auth": auth}}}).to_string();
    std::fs::write(folder.path().join("config.json"), config).unwrap();
    let own = Credentials::load(folder.path()).unwrap();
    let (web, db) = (format!("{address}/shop/web:2"), format!("{address}/shop/db:16"));
    let (closed, none) = (format!("{guarded}/shop/web:2"), format!("{address}/shop/web:3"));
    let images: BTreeSet<String> = [&web, &db, &closed, &none].into_iter().cloned().collect();
    for node in 1..=3 {
        let engine = engine(&lab.socket(node));
        let found = resolve_all(&engine, &own, &images, 8).await;
        assert_eq!(engine.requests(), 4, "node-{node}: one question for each");
        for (image, digest) in [(&web, &index), (&closed, &index), (&db, &single)] {
            assert_eq!(&found[image].as_ref().unwrap().digest, digest, "node-{node}: {image}");
        }
        let platforms: Vec<String> = found[&web].as_ref().unwrap().platforms.iter().map(ToString::to_string).collect();
        assert_eq!(platforms, ["linux/amd64", "linux/arm64", "unknown/unknown"], "node-{node}");
        assert_eq!(whys(&found, &[&none]), [Why::NotFound], "node-{node}");
        // Without credentials, and with those of somebody else.
        let closed_only = BTreeSet::from([closed.clone()]);
        let found = resolve_all(&engine, &Credentials::default(), &closed_only, 8).await;
        assert_eq!(whys(&found, &[&closed]), [Why::Denied], "node-{node}: {found:?}");
        // The witness pins a tag by asking the same registry.
        lab.docker(node, &format!("service create -d --name web --replicas 0 {web}"));
        let spec: Value = lab.spec(1, "web");
        assert_eq!(spec["TaskTemplate"]["ContainerSpec"]["Image"], format!("{web}@{index}"), "node-{node}");
        lab.docker(1, "service rm web");
        // What only the registry tells: the engine says that it is asked without encryption.
        let built = created_all(&engine, &own, &images, 8).await;
        for image in [&web, &closed, &db] {
            assert_eq!(built[image].as_ref().unwrap().unwrap().to_string(), BUILT, "node-{node}: {image}");
        }
        let tags = tags_all(&engine, &own, &BTreeSet::from([closed.clone()]), 8).await;
        assert_eq!(tags[&closed].as_deref().unwrap(), ["2"], "node-{node}");
    }
    // `orca registry` asks no engine.
    for (image, digest) in [(&web, &index), (&db, &single)] {
        let place = format!("http://{address}");
        let name = image.trim_start_matches(&format!("{address}/"));
        let told = lab.orca(1, "{}", folder.path(), &["registry", "inspect", name, "--registry", &place]);
        assert_eq!(told.json["data"]["image"]["digest"], digest.as_str(), "{}", told.json);
    }
    let place = format!("http://{address}");
    let rm = |tag: &str, more: &[&str]| {
        lab.orca(1, "{}", folder.path(), &[&["registry", "rm", tag, "--registry", &place], more].concat())
    };
    push(&address, "shop/db", Some("latest"), "amd64");
    assert_eq!(rm("shop/db:16", &[]).exit, 75);
    assert!(lab.try_docker(3, &format!("manifest inspect --insecure {db}")).is_some());
    let removed = rm("shop/db:16", &["--yes"]);
    assert_eq!((removed.exit, &removed.json["data"]["tags"]), (0, &json!(["16", "latest"])), "{}", removed.json);
    assert!(lab.try_docker(3, &format!("manifest inspect --insecure {db}")).is_none());
    let engine = engine(&lab.socket(3));
    let found = resolve_all(&engine, &own, &images, 8).await;
    assert_eq!(whys(&found, &[&db]), [Why::NotFound]);
    assert_eq!(found[&web].as_ref().unwrap().digest, index);
}
