//! The documentation is true: its examples run and show what is written, its flags exist, its links lead somewhere.
//!
//! Blocks marked `console` and `sh` are run, page by page, by `scripts/try` on the swarm of `examples/shop`; what stands
//! below a command in a `console` block is what it must print. What can't be run there says why in a comment above it,
//! `<!-- not run: it needs systemd -->`, and has its flags checked all the same. `ORCA_BLESS=1 cargo nextest run --test
//! docs` writes what was printed into the pages: read the diff.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod changelog;
mod data;
mod examples;
mod flags;
mod links;
mod markdown;
mod recording;
mod reference;

use std::path::PathBuf;

use markdown::Page;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn blessing() -> bool {
    std::env::var_os("ORCA_BLESS").is_some()
}

/// Every page that is written for people.
fn pages() -> Vec<Page> {
    let mut paths = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "packaging/README.md"]
        .map(PathBuf::from)
        .to_vec();
    let mut folders = vec![PathBuf::from("docs/src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = folder.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "md") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    paths.into_iter().map(|path| Page::read(&root(), path)).collect()
}

fn none_of(problems: &[String]) {
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}
