//! Images that not everybody may have, and what is left of old ones where no engine but one can be reached: on real
//! engines of three versions.

use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use crate::cleaning::{digests, set};
use crate::lab::Lab;
use crate::updates::{SERVE, create, digest_of, outcomes, push, running_images};

#[test]
fn the_label_of_a_service_names_the_credentials_that_nodes_pull_its_image_with() {
    let lab = Lab::clean();
    let state = tempfile::tempdir().unwrap();
    let (open, guarded) = (lab.run(&["registry"]).trim().to_owned(), lab.run(&["registry", "--guarded"]));
    // Of its own: a lab may still have what an earlier run has left.
    let name = format!("shut-{}:1", std::process::id());
    let (pushed, image) = (format!("{open}/{name}"), format!("{}/{name}", guarded.trim()));
    push(&lab, &pushed, &format!("echo v1; {SERVE}"), &[]);
    for node in 1..=3 {
        lab.docker(node, &format!("pull -q {pushed}"));
        lab.docker(node, &format!("tag {pushed} {image}"));
    }
    // Nobody has credentials for it: it runs as the nodes have it.
    let options = "--mode global --update-parallelism 3 --update-monitor 1s --label orca.auth=shop --no-resolve-image";
    create(&lab, "shut", &image, options);
    push(&lab, &pushed, &format!("echo v2; {SERVE}"), &[]);

    let update = |config: &str| lab.orca(2, config, state.path(), &["services", "update", "shut", "--pin"]);
    let entry = |config: &str| update(config).json["data"]["updates"][0]["reasons"].clone();
    assert_eq!(entry("{}"), json!(["auth"]));
    let config = |user: &str| {
        let auth = BASE64_STANDARD.encode(user);
        let login = json!({"auths": {guarded.trim(): {"auth": auth}}});
        std::fs::write(state.path().join("config.json"), login.to_string()).unwrap();
        json!({"registry": {"credentials": {"shop": state.path()}}}).to_string()
    };
    assert_eq!(entry(&config("lab:wrong")), json!(["unresolved"]));
    let done = update(&config("lab:orca-lab"));
    assert_eq!((done.exit, outcomes(&done)["shut"].as_str()), (0, "proven"), "{:#}", done.json);
    // By digest no node had it: each has pulled it.
    let new = format!("{image}@{}", digest_of(&lab, &pushed));
    assert_eq!(running_images(&lab, "shut"), vec![new; 3]);
    assert!(!done.json.to_string().contains("orca-lab\""), "{:#}", done.json);
    lab.docker(1, "service rm shut");
}

#[test]
fn what_was_replaced_goes_from_every_node_by_a_service_too() {
    let lab = Lab::clean();
    let state = tempfile::tempdir().unwrap();
    lab.run(&["image", "--orca", env!("CARGO_BIN_EXE_orca")]);
    let repository = format!("{}/swept-{}", lab.run(&["registry"]).trim(), std::process::id());
    let image = format!("{repository}:1");
    let socket = lab.socket(1);
    let socket = Path::new(&socket).display().to_string().replace("node-1", "{{.Node.Hostname}}");
    // No engine has a name here but the one that is asked.
    let config = format!("gc: {{service: {{image: '127.0.0.1:1/orca:1', socket: '{socket}'}}}}");
    let publish = |version: usize| {
        push(&lab, &image, &format!("echo v{version}; {SERVE}"), &[]);
        digest_of(&lab, &image)
    };
    let update = || {
        let done = lab.orca(1, &config, state.path(), &["services", "update", "swept", "--clean"]);
        assert_eq!((done.exit, outcomes(&done)["swept"].as_str()), (0, "proven"), "{:#}", done.json);
        done
    };
    let one = publish(1);
    create(&lab, "swept", &image, "--mode global --update-parallelism 3 --update-monitor 1s");
    let two = publish(2);
    update();
    let three = publish(3);
    let done = update();
    assert_eq!(done.json["data"]["clean"]["images"], json!([format!("{image}@{one}")]), "{:#}", done.json);
    for node in 1..=3 {
        assert_eq!(digests(&lab, node, &repository), set(&[&two, &three]), "node-{node}: {:#}", done.json);
    }
    assert_eq!(lab.docker(1, "service ls --format {{.Name}}").trim(), "swept", "the collector was removed");
    assert_eq!(lab.docker(1, "config ls -q").trim(), "", "and so was its order");
    assert_eq!(running_images(&lab, "swept"), vec![format!("{image}@{three}"); 3]);
    lab.docker(1, "service rm swept");
}
