//! `orca mods fetch`: against web servers and registries of the tests' own, and as a pure plan.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]
#![expect(clippy::needless_pass_by_value, reason = "`json!` is written where it is used")]

mod archives;
#[path = "../common/tls.rs"]
#[expect(dead_code, reason = "not every kind of front is needed here")]
mod certs;
#[path = "../common/mod.rs"]
#[expect(dead_code, reason = "scenarios need all of it, faults only the processes")]
mod common;
mod engine;
mod fetch;
mod images;
mod plan;
mod refused;
mod secure;
mod web;

use common::orca::{Ended, Orca};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// A place of its own, whose cache directory is `cache`. `MODS` are further lines of `mods:`.
fn orca(mods: &str) -> Orca {
    let orca = Orca::new("unix:///nonexistent").unwrap();
    configure(&orca, mods);
    orca
}

fn configure(orca: &Orca, mods: &str) {
    let dest = orca.path("cache").display().to_string();
    orca.config(&format!("mods:\n  dest: {dest}\n  allow_addresses: [127.0.0.1]\n{mods}\n")).unwrap();
}

fn fetch(orca: &Orca) -> (Ended, Value) {
    fetch_with(orca, &[])
}

fn fetch_with(orca: &Orca, args: &[&str]) -> (Ended, Value) {
    let ended = orca.run(&[&["mods", "fetch", "-o", "json"], args].concat()).unwrap();
    let report = ended.report().unwrap();
    (ended, report)
}

/// `outcome` and exit code in one word.
fn outcome(run: &(Ended, Value)) -> String {
    format!("{} {}", run.1["outcome"].as_str().unwrap(), run.0.exit.unwrap())
}

fn error(run: &(Ended, Value)) -> String {
    run.1["actions"][0]["error"].as_str().unwrap_or_default().to_owned()
}

/// What lies in the cache directory, but for orca's own folder.
fn cached(orca: &Orca) -> Vec<String> {
    fn walk(folder: &std::path::Path, root: &std::path::Path, into: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().display().to_string();
            if path.is_dir() && !path.is_symlink() {
                if name != ".orca" {
                    walk(&path, root, into);
                }
            } else {
                into.push(name);
            }
        }
    }
    let mut names = Vec::new();
    let root = orca.path("cache");
    if root.exists() {
        walk(&root, &root, &mut names);
    }
    names.sort();
    names
}

/// What is half-fetched or half-unpacked.
fn leftovers(orca: &Orca) -> usize {
    let own = orca.path("cache/.orca");
    let partial = std::fs::read_dir(own.join("partial")).unwrap().count();
    let odd = |name: &str| name.starts_with("new-") || name.starts_with("old-");
    partial
        + std::fs::read_dir(own)
            .unwrap()
            .filter(|entry| odd(&entry.as_ref().unwrap().file_name().to_string_lossy()))
            .count()
}

fn read(orca: &Orca, name: &str) -> String {
    String::from_utf8_lossy(&std::fs::read(orca.path("cache").join(name)).unwrap()).into_owned()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
