//! Logs and mods on real engines: what containers write, what services log, and an image from a real registry.

use std::io::Write as _;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::lab::Lab;

#[test]
fn a_containers_log_is_emptied_while_it_writes_and_docker_goes_on_reading_it() {
    let lab = Lab::clean();
    let state = tempfile::tempdir().unwrap();
    for node in 1..=3 {
        lab.docker(node, "rm -f chatter bounded");
        // Fast until there is something to empty, and then no faster than a busy machine empties it.
        let write = "i=0; while :; do i=$((i+1)); echo line $i of a program that never stops talking; \
            [ $i -lt 40000 ] || sleep 0.01; done";
        lab.docker_words(node, &["run", "-d", "--name", "chatter", "127.0.0.1:1/bb:1", "sh", "-c", write]);
        lab.docker(node, "run -d --name bounded --log-opt max-size=1m 127.0.0.1:1/bb:1 sleep 1d");
        let log = lab.docker(node, "inspect chatter --format {{.LogPath}}");
        let size = || std::fs::metadata(log.trim()).unwrap().len();
        lab.wait_for("a log", || size() > 3_000_000);
        let listed = lab.orca(node, "{}", state.path(), &["logs", "rotate"]);
        let names = listed.strings("/data/containers", "container");
        assert!(names.contains(&"chatter".to_owned()) && !names.contains(&"bounded".to_owned()), "{names:?}");
        let done = lab.orca(node, "{}", state.path(), &["logs", "rotate", "--truncate-above", "2M"]);
        assert_eq!((done.exit, done.actions()), (0, vec!["log.rotate".to_owned()]), "{}", done.json);
        assert!(size() < 3_000_000, "{}", size());
        // `--tail` would hang on the engines that orca warns of.
        let warned = done.json["warnings"].as_array().unwrap().iter().any(|warning| {
            warning["code"] == "logs_not_followed" && warning["message"].as_str().unwrap().contains("`chatter`")
        });
        assert_eq!(warned, node > 1, "engines since 23.0: {}", done.json);
        lab.wait_for("more lines", || size() > 0);
        // Such an engine reads as far as the file goes, into the line that it writes at the moment: "unexpected EOF".
        lab.docker(node, "pause chatter");
        lab.wait_for("lines by docker", || {
            lab.try_docker(node, "logs --since 1m chatter")
                .is_some_and(|lines| lines.contains("of a program that never stops talking"))
        });
        lab.docker(node, "unpause chatter");
        let folder = std::path::Path::new(log.trim()).parent().unwrap();
        let copies = || {
            std::fs::read_dir(folder)
                .unwrap()
                .filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().ends_with(".gz"))
                .count()
        };
        assert_eq!(copies(), 1, "node-{node}");
        lab.docker(node, "rm -f chatter bounded");
        assert!(!folder.exists(), "node-{node}: the copy goes with its container");
    }
}

#[test]
fn a_service_gets_a_limit_by_one_update_that_changes_nothing_else() {
    let lab = Lab::clean();
    let state = tempfile::tempdir().unwrap();
    lab.service("app", "--log-driver json-file --log-opt labels=a");
    lab.service("limited", "--log-driver json-file --log-opt max-size=1m");
    lab.wait_running("app");
    lab.wait_running("limited");
    let (mut before, limited) = (lab.spec(1, "app"), lab.spec(1, "limited"));
    let report = lab.orca(1, "{}", state.path(), &["logs", "rotate", "--fix-services"]);
    assert_eq!((report.exit, report.actions()), (0, vec!["service.log_limit.set".to_owned()]), "{}", report.json);
    before["TaskTemplate"]["LogDriver"]["Options"]["max-size"] = json!("10m");
    before["TaskTemplate"]["LogDriver"]["Options"]["max-file"] = json!("3");
    assert_eq!((lab.spec(1, "app"), lab.spec(1, "limited")), (before, limited));
    let again = lab.orca(1, "{}", state.path(), &["logs", "rotate", "--fix-services"]);
    assert_eq!(again.json["outcome"], "unchanged", "{}", again.json);
    lab.docker(1, "service rm app limited");
}

/// Sends one file to the lab's registry.
pub(crate) fn send(address: &str, method: &str, path: &str, kind: &str, body: &[u8]) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::File::create(file.path()).unwrap().write_all(body).unwrap();
    let url = if path.starts_with("http") { path.to_owned() } else { format!("http://{address}{path}") };
    let output = std::process::Command::new("curl")
        .args(["-sS", "-f", "-i", "-X", method, "-H", &format!("Content-Type: {kind}"), "--data-binary"])
        .arg(format!("@{}", file.path().display()))
        .arg(url)
        .output()
        .unwrap();
    assert!(output.status.success(), "{method} {path}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

pub(crate) fn push_blob(address: &str, repository: &str, blob: &[u8]) -> Value {
    let begun = send(address, "POST", &format!("/v2/{repository}/blobs/uploads/"), "application/octet-stream", b"");
    let location = begun.lines().find_map(|line| line.strip_prefix("Location: ")).unwrap().trim().to_owned();
    let sign = if location.contains('?') { '&' } else { '?' };
    send(address, "PUT", &format!("{location}{sign}digest={}", digest(blob)), "application/octet-stream", blob);
    json!({"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest(blob), "size": blob.len()})
}

#[test]
fn a_mod_image_of_a_service_comes_out_of_a_real_registry() {
    let lab = Lab::clean();
    let address = lab.run(&["registry"]).trim().to_owned();
    let mut builder = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default()));
    for (name, text) in [("root/etc/s6-overlay/run", "#!/bin/sh\n"), ("root/app/mod.txt", "a mod")] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o755);
        builder.append_data(&mut header, name, text.as_bytes()).unwrap();
    }
    let layer = builder.into_inner().unwrap().finish().unwrap();
    let repository = "linuxserver/mods";
    let layer = push_blob(&address, repository, &layer);
    let mut config = push_blob(&address, repository, b"{}");
    config["mediaType"] = "application/vnd.oci.image.config.v1+json".into();
    let kind = "application/vnd.oci.image.manifest.v1+json";
    let manifest = json!({"schemaVersion": 2, "mediaType": kind, "config": config, "layers": [layer]}).to_string();
    send(&address, "PUT", &format!("/v2/{repository}/manifests/web-x"), kind, manifest.as_bytes());

    let state = tempfile::tempdir().unwrap();
    lab.service("app", &format!("--env DOCKER_MODS={address}/{repository}:web-x"));
    let dest = state.path().join("cache");
    let ip = address.split(':').next().unwrap();
    let config = format!(
        "mods: {{dest: '{}', docker_mods: true, insecure_registries: ['{address}'], allow_addresses: ['{ip}']}}",
        dest.display()
    );
    let done = lab.orca(1, &config, state.path(), &["mods", "fetch"]);
    assert_eq!((done.exit, done.actions()), (0, vec!["mod.fetch".to_owned()]), "{}", done.json);
    let name = format!("{address}/{repository}:web-x").replace(['/', ':'], "_");
    assert_eq!(std::fs::read_to_string(dest.join(&name).join("root/app/mod.txt")).unwrap(), "a mod");
    assert_eq!(lab.orca(1, &config, state.path(), &["mods", "fetch"]).json["outcome"], "unchanged");
    lab.docker(1, "service rm app");
    let pruned = lab.orca(1, &config, state.path(), &["mods", "fetch", "--prune"]);
    assert_eq!(pruned.actions(), ["mod.remove"], "{}", pruned.json);
    assert!(!dest.join(&name).exists());
}
