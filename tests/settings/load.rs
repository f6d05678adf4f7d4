//! Finding and reading files.

use std::fs;
use std::path::Path;

use orca::error::{ErrorKind, hint_of, kind_of};
use orca::settings::{Input, Problems, load};

use super::env;

/// A folder with files, and an input whose default files lie in it.
fn place(files: &[(&str, &str)]) -> (tempfile::TempDir, Input) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("a file");
    }
    let mut input = Input::new(None, env(&[]));
    input.defaults = ["orca.yml", "swarm.yml"].map(|name| folder.path().join(name)).to_vec();
    (folder, input)
}

fn at(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}

/// The message and the hint of a load that must fail as a configuration error.
fn failure(input: &Input) -> (String, String) {
    let error = load(input).expect_err("a failure");
    assert_eq!(kind_of(&error), ErrorKind::Config);
    (error.to_string(), hint_of(&error).unwrap_or_default().to_owned())
}

#[test]
fn examples() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let orca = load(&Input::new(Some(at(&examples, "orca.yml")), env(&[]))).unwrap();
    assert_eq!((orca.nodes.len(), orca.anchors.len()), (3, 3));
    let orcastra = load(&Input::new(Some(at(&examples, "orcastra/swarm.yml")), env(&[]))).unwrap();
    let dependents: usize = orcastra.anchors.iter().map(|anchor| anchor.dependents.len()).sum();
    let stacks: std::collections::BTreeSet<&str> =
        orcastra.anchors.iter().filter_map(|anchor| anchor.service[0].split('_').next()).collect();
    assert_eq!((orcastra.nodes.len(), orcastra.anchors.len(), dependents, stacks.len()), (8, 18, 30, 6));
}

#[test]
fn which_file() {
    let (folder, mut input) = place(&[("swarm.yml", "stack: swarm"), ("c.yml", "stack: c"), ("e.yml", "stack: e")]);
    let stack = |input: &Input| load(input).unwrap().stack;
    assert_eq!(stack(&input), "swarm");
    fs::write(folder.path().join("orca.yml"), "stack: orca").unwrap();
    assert_eq!(stack(&input), "orca");
    input.env.insert("SWARM_FILE".to_owned(), at(folder.path(), "swarm.yml"));
    assert_eq!(stack(&input), "swarm");
    input.env.insert("ORCA_CONFIG".to_owned(), at(folder.path(), "e.yml"));
    assert_eq!(stack(&input), "e");
    input.config = Some(at(folder.path(), "c.yml"));
    assert_eq!(stack(&input), "c");
    assert_eq!(load(&input).unwrap().files, [at(folder.path(), "c.yml")]);
}

#[test]
fn older_files_by_variable() {
    let (folder, mut input) = place(&[
        ("dependencies.yml", "db: [web]\n"),
        ("nodes.yml", "nodes: {n1: {labels: [ssd]}}\n"),
        ("both.yml", "nodes: {n1: }\ndependencies: {db: [web]}\n"),
    ]);
    input.env.insert("DEPENDENCIES_FILE".to_owned(), at(folder.path(), "dependencies.yml"));
    input.env.insert("NODES_FILE".to_owned(), at(folder.path(), "nodes.yml"));
    let read = load(&input).unwrap();
    assert_eq!((read.nodes.len(), read.anchors.len()), (1, 1), "without a main file");

    fs::write(folder.path().join("swarm.yml"), "nodes:\n  n1: {}\n").unwrap();
    let (message, _) = failure(&input);
    let [swarm, nodes] = ["swarm.yml", "nodes.yml"].map(|name| at(folder.path(), name));
    assert_eq!(message, format!("{nodes}:1:9: nodes.n1 is already defined at {swarm}:2:3"));

    let both = at(folder.path(), "both.yml");
    input.config = Some(both.clone());
    for variable in ["DEPENDENCIES_FILE", "NODES_FILE"] {
        input.env.insert(variable.to_owned(), both.clone());
    }
    assert_eq!(load(&input).unwrap().files, [both], "one file under three names is read once");
}

#[test]
fn what_cannot_be_read() {
    let (folder, mut input) = place(&[]);
    let (message, hint) = failure(&input);
    assert!(message.starts_with("no configuration: `") && message.ends_with("swarm.yml` not found"), "{message}");
    assert!(hint.contains("-c FILE") && hint.contains("nodes: {node-1: {labels: [ssd]}}"), "{hint}");

    input.config = Some(at(folder.path(), "gone.yml"));
    let (message, hint) = failure(&input);
    assert!(message.starts_with("can't read the configuration `") && message.contains("gone.yml"), "{message}");
    assert!(hint.contains("-c FILE"), "{hint}");

    input.config = Some(at(folder.path(), ""));
    assert!(failure(&input).0.contains("directory"));

    let file = folder.path().join("bytes.yml");
    input.config = Some(file.display().to_string());
    fs::write(&file, b"a: b\nc: \xff\n").unwrap();
    assert!(failure(&input).0.ends_with("line 2 is not UTF-8"));
    fs::File::create(&file).unwrap().set_len(17 << 20).unwrap();
    assert!(failure(&input).0.ends_with("it is larger than 16 MiB"));

    input.config = None;
    input.env.insert("NODES_FILE".to_owned(), at(folder.path(), "gone.yml"));
    assert!(failure(&input).0.contains("gone.yml` ($NODES_FILE)"));
}

#[test]
fn one_error_holds_every_problem() {
    let (folder, input) = place(&[("orca.yml", "nods: {}\nleader: [a]\n")]);
    let error = load(&input).unwrap_err();
    let file = at(folder.path(), "orca.yml");
    let expected = [
        format!("{file}:1:1: unknown key \"nods\" at the top level (did you mean \"nodes\"?)"),
        format!("{file}:2:9: leader must be text, not a list"),
    ];
    assert_eq!(error.to_string(), expected.join("\n"));
    let list = error.downcast_ref::<Problems>().unwrap().list();
    assert_eq!(list.len(), 2);
    let json = serde_json::to_value(&list[1]).unwrap();
    let message = "leader must be text, not a list";
    assert_eq!(json, serde_json::json!({"source": file, "line": 2, "column": 9, "message": message}));
}
