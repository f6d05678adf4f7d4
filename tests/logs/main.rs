//! `orca logs rotate`: as a pure plan, on real files, and against a simulated engine.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]
#![expect(clippy::needless_pass_by_value, reason = "`json!` is written where it is used")]
#![expect(clippy::case_sensitive_file_extension_comparisons, reason = "orca writes its names in one way")]

#[path = "../common/mod.rs"]
#[expect(dead_code, reason = "scenarios need all of it, faults only the processes")]
mod common;
mod containers;
mod files;
mod plan;
mod refused;
mod writers;

use std::io::Read as _;
use std::path::Path;

use common::orca::{Ended, Orca};
use serde_json::Value;

/// A place of its own, with a config that asks no engine.
fn orca(rules: &str) -> Orca {
    let orca = Orca::new("unix:///nonexistent").unwrap();
    std::fs::create_dir(orca.path("log")).unwrap();
    let rules = rules.replace("LOG", &orca.path("log").display().to_string());
    orca.config(&format!("logs:\n  containers: {{list: false}}\n  rules:\n{rules}\n")).unwrap();
    orca
}

fn rotate(orca: &Orca) -> (Ended, Value) {
    rotate_with(orca, &[])
}

fn rotate_with(orca: &Orca, args: &[&str]) -> (Ended, Value) {
    let ended = orca.run(&[&["logs", "rotate", "-o", "json"], args].concat()).unwrap();
    let report = ended.report().unwrap();
    (ended, report)
}

/// Names in the folder `log`, sorted.
fn names(orca: &Orca) -> Vec<String> {
    let entries = std::fs::read_dir(orca.path("log")).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The copies of a log, oldest first.
fn copies(orca: &Orca, log: &str) -> Vec<String> {
    let prefix = format!("{log}.2");
    names(orca).into_iter().filter(|name| name.starts_with(&prefix)).collect()
}

/// What a copy holds, by the tools that people use.
fn content(path: &Path) -> Vec<u8> {
    let mut content = Vec::new();
    match path.extension().and_then(|end| end.to_str()) {
        Some("gz") => {
            _ = flate2::read::MultiGzDecoder::new(std::fs::File::open(path).unwrap())
                .read_to_end(&mut content)
                .unwrap();
        }
        Some("zst") => {
            _ = zstd::Decoder::new(std::fs::File::open(path).unwrap()).unwrap().read_to_end(&mut content).unwrap();
        }
        _ => content = std::fs::read(path).unwrap(),
    }
    content
}

fn kinds(report: &Value) -> Vec<&str> {
    report["actions"].as_array().unwrap().iter().map(|action| action["kind"].as_str().unwrap()).collect()
}

/// Whether a test can go on. Where CI=true it must: what is left out has not passed.
#[expect(clippy::print_stderr, reason = "what is not tested must be said")]
fn possible(it_is: bool, what: &str) -> bool {
    assert!(it_is || std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{what}, and nothing may be left out here");
    if !it_is {
        eprintln!("NOT tested: {what}");
    }
    it_is
}

fn root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}
