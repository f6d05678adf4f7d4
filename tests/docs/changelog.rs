//! The changelog has the form of Keep a Changelog 1.1.0.

use super::{none_of, root};

const KINDS: [&str; 6] = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];

#[test]
fn the_changelog_has_its_form() {
    let text = std::fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    none_of(&problems(&text));
}

#[test]
fn another_form_is_found() {
    let good = "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-12-01\n\n### Fixed\n\n- x\n\n## [0.1.0] - 2026-11-21\n\n### Added\n\n- y\n";
    assert_eq!(problems(good), Vec::<String>::new());
    for (from, to) in [
        ("# Changelog\n", "# Changes\n"),
        ("### Fixed", "### Repaired"),
        ("2026-12-01", "soon"),
        ("2026-11-21", "unreleased"),
        ("[0.2.0]", "0.2.0"),
        ("0.2.0", "0.0.9"),
        ("- x", "x"),
    ] {
        assert!(!problems(&good.replacen(from, to, 1)).is_empty(), "{to} is taken for {from}");
    }
}

fn problems(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let mut versions: Vec<Vec<u32>> = Vec::new();
    let mut kinds: Vec<&str> = Vec::new();
    if text.lines().next() != Some("# Changelog") {
        problems.push("line 1: the title is not `# Changelog`".to_owned());
    }
    for (index, line) in text.lines().enumerate() {
        let mut problem = |what: &str| problems.push(format!("line {}: {what}: {line}", index + 1));
        if let Some(heading) = line.strip_prefix("## ") {
            kinds.clear();
            if heading == "[Unreleased]" {
                continue;
            }
            let parts = heading.split_once(" - ").and_then(|(name, date)| Some((version(name)?, date)));
            let Some((version, date)) = parts else {
                problem("not `## [version] - date`");
                continue;
            };
            // The version at hand may still be in the making.
            if date.parse::<jiff::civil::Date>().is_err() && !(date == "unreleased" && versions.is_empty()) {
                problem("no date");
            }
            if versions.last().is_some_and(|newer| *newer <= version) {
                problem("newer versions come first");
            }
            versions.push(version);
        } else if let Some(kind) = line.strip_prefix("### ") {
            if !KINDS.contains(&kind) || kinds.contains(&kind) {
                problem("not one of the six kinds of change, each once");
            }
            kinds.push(kind);
        } else if !kinds.is_empty() && !line.is_empty() && !line.starts_with("- ") && !line.starts_with("  ") {
            problem("no entry of a list");
        }
    }
    problems
}

fn version(name: &str) -> Option<Vec<u32>> {
    let numbers = name.strip_prefix('[')?.strip_suffix(']')?.split('.');
    numbers.map(|number| number.parse().ok()).collect::<Option<Vec<u32>>>().filter(|numbers| numbers.len() == 3)
}
