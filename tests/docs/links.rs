//! Links lead somewhere, and every page can be reached.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use super::markdown::{Page, code_spans};
use super::{none_of, pages, root};

#[test]
fn links_lead_somewhere() {
    let pages = pages();
    let by_path: BTreeMap<&Path, &Page> = pages.iter().map(|page| (page.path.as_path(), page)).collect();
    let (mut seen, mut problems) = (0, Vec::new());
    for page in &pages {
        for (index, target) in links(page) {
            if target.starts_with("https://") {
                continue;
            }
            seen += 1;
            problems
                .extend(broken(page, &target, &by_path).map(|why| format!("{}: {target}: {why}", page.place(index))));
        }
    }
    none_of(&problems);
    assert!(seen > 60, "only {seen} links were found");
}

#[test]
fn every_page_is_in_the_summary_once() {
    let pages = pages();
    let summary = pages.iter().find(|page| page.path.ends_with("docs/src/SUMMARY.md")).unwrap();
    let mut listed: Vec<PathBuf> =
        links(summary).into_iter().map(|(_, target)| Path::new("docs/src").join(target)).collect();
    listed.sort();
    let book = pages.iter().map(|page| page.path.clone());
    let wanted: Vec<PathBuf> = book.filter(|path| path.starts_with("docs/src") && *path != summary.path).collect();
    assert_eq!(listed, wanted);
}

#[test]
fn every_page_begins_with_one_title() {
    let title = |page: &Page| page.prose().iter().filter(|(_, line)| line.starts_with("# ")).count();
    // The parts of the book are titles too.
    let pages = pages().into_iter().filter(|page| !page.path.ends_with("SUMMARY.md"));
    let wrong: Vec<String> =
        pages.filter(|page| title(page) != 1).map(|page| page.path.display().to_string()).collect();
    none_of(&wrong);
}

/// The targets of `[text](target)`, outside of code.
fn links(page: &Page) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (index, line) in page.prose() {
        // Code in backticks is no link, but the text of a link may be code.
        for part in line.split("](").skip(1) {
            if let Some((target, _)) = part.split_once(')') {
                found.push((index, target.to_owned()));
            }
        }
    }
    found
}

fn broken(page: &Page, target: &str, pages: &BTreeMap<&Path, &Page>) -> Option<String> {
    let (file, anchor) = target.split_once('#').map_or((target, None), |(file, anchor)| (file, Some(anchor)));
    let folder = page.path.parent().unwrap_or(Path::new(""));
    let path = if file.is_empty() { page.path.clone() } else { normal(&folder.join(file)) };
    if page.path.starts_with("docs/src") && !path.starts_with("docs/src") {
        return Some("leads out of the book".to_owned());
    }
    if !root().join(&path).exists() {
        return Some("there is no such file".to_owned());
    }
    let anchor = anchor?;
    let Some(there) = pages.get(path.as_path()) else { return Some("an anchor in what is no page".to_owned()) };
    let known: Vec<String> = there.headings().into_iter().map(slug).collect();
    (!known.iter().any(|slug| slug == anchor)).then(|| format!("no such heading; there are {}", known.join(", ")))
}

/// Without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(normal.pop()),
            Component::CurDir => {}
            other => normal.push(other),
        }
    }
    normal
}

/// As both mdBook and the usual forges make it.
fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || ['-', '_', ' '].contains(c));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

/// What pages call by its path in the source is there.
#[test]
fn paths_that_are_named_exist() {
    const FOLDERS: [&str; 8] = ["src/", "tests/", "scripts/", "examples/", "docs/", "schema/", "systemd/", ".ci/"];
    let (mut seen, mut problems) = (0, Vec::new());
    for page in pages() {
        for (index, line) in page.prose() {
            for span in code_spans(line) {
                let path = span.split(' ').next().unwrap_or_default();
                if FOLDERS.iter().any(|folder| path.starts_with(folder)) && !path.contains("NAME") {
                    seen += 1;
                    if !root().join(path).exists() {
                        problems.push(format!("{}: there is no `{path}`", page.place(index)));
                    }
                }
            }
        }
    }
    none_of(&problems);
    assert!(seen > 30, "only {seen} paths were found");
}
