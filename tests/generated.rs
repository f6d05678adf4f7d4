//! What is committed about orca is what orca prints, and what is written about it names everything there is.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const SHELLS: [(&str, &str); 5] = [
    ("bash", "orca.bash"),
    ("zsh", "_orca"),
    ("fish", "orca.fish"),
    ("powershell", "_orca.ps1"),
    ("elvish", "orca.elv"),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// What orca prints; stdin is empty and the environment is orca's own.
fn orca(args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orca"));
    let output = command.args(args).env_clear().stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "orca {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn files(dir: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}: run scripts/generate", dir.display()));
    let read = |entry: fs::DirEntry| {
        (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap_or_default())
    };
    entries.map(|entry| read(entry.unwrap())).collect()
}

fn names(files: &BTreeMap<String, String>) -> Vec<&String> {
    files.keys().collect()
}

fn compare(folder: &str, wanted: &BTreeMap<String, String>) {
    let found = files(&root().join(folder));
    assert_eq!(names(&found), names(wanted), "{folder}/ has other files than it should: run scripts/generate");
    for (name, text) in wanted {
        assert!(found[name] == *text, "{folder}/{name} is stale: run scripts/generate");
    }
}

fn man_pages() -> BTreeMap<String, String> {
    let dir = tempfile::tempdir().unwrap();
    orca(&["man", "--dir", dir.path().to_str().unwrap()]);
    files(dir.path())
}

#[test]
fn man_pages_are_fresh() {
    compare("man", &man_pages());
}

#[test]
fn completions_are_fresh() {
    let wanted = SHELLS.map(|(shell, file)| (file.to_owned(), orca(&["completions", shell])));
    compare("completions", &BTreeMap::from(wanted));
}

#[test]
fn schemas_are_fresh() {
    let wanted = orca::generate::schemas().unwrap();
    if std::env::var_os("ORCA_BLESS").is_some() {
        for (name, text) in &wanted {
            fs::write(root().join("schema").join(name), text).unwrap();
        }
    }
    compare("schema", &wanted);
}

/// The program has been built of what was committed then.
#[test]
fn schemas_are_printed() {
    let printed = ["config", "mods", "report"].map(|name| (format!("{name}.json"), orca(&["schema", name])));
    let committed = files(&root().join("schema"));
    assert!(printed.iter().all(|(name, text)| committed[name] == *text), "build orca again");
}

#[test]
fn every_page_has_all_sections() {
    let wanted =
        ["SYNOPSIS", "DESCRIPTION", "\"EXIT STATUS\"", "ENVIRONMENT", "FILES", "EXAMPLES", "JSON", "\"SEE ALSO\""];
    let pages = man_pages();
    for (name, page) in &pages {
        for section in wanted {
            let text = page.split(".SH ").find_map(|part| part.strip_prefix(section));
            let lines =
                text.unwrap_or_default().lines().filter(|line| !line.is_empty() && !line.starts_with('.')).count();
            assert!(lines > 0, "{name} has no section {section}, or an empty one: see src/generate/");
        }
    }
    assert!(pages.len() > 25, "{} pages", pages.len());
}

#[test]
fn every_command_variable_and_exit_code_is_documented() {
    let page = |path: &str| fs::read_to_string(root().join(path)).unwrap();
    let commands = man_pages().into_keys().map(|file| file.trim_end_matches(".1").replace('-', " "));
    let man = orca(&["man", "orca"]);
    // Names are in bold.
    let man = man.replace("\\fB", "");
    let section = man.split(".SH ").find(|section| section.starts_with("ENVIRONMENT")).unwrap();
    let variables = section.split(|c: char| !c.is_ascii_uppercase() && c != '_');
    let variables = variables.filter(|word| word.contains('_') || *word == "DEBUG").map(|name| format!("`{name}`"));
    let codes = ["0", "1", "2", "64", "69", "75", "78", "130, 143"].map(|code| format!("\n| {code} | "));
    let wanted: [(&str, Vec<String>); 3] = [
        ("README.md", commands.collect()),
        ("docs/src/environment.md", variables.collect()),
        ("docs/src/report.md", codes.to_vec()),
    ];
    for (path, words) in wanted {
        let text = page(path);
        assert!(words.len() > 5, "nothing to look for in {path}");
        for word in words {
            assert!(text.contains(&word), "{path} doesn't mention {word:?}");
        }
    }
}

#[test]
fn the_changelog_has_this_version() {
    let log = fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    let heading = format!("## [{}]", env!("CARGO_PKG_VERSION"));
    assert!(log.contains(&heading), "CHANGELOG.md has no entry {heading}");
}

#[test]
fn the_examples_are_valid() {
    for config in ["examples/orca.yml", "examples/orcastra/swarm.yml"] {
        orca(&["config", "check", "-c", root().join(config).to_str().unwrap()]);
    }
    let mut blocks = Vec::new();
    for path in ["README.md", "docs/src"].iter().flat_map(|path| markdown(&root().join(path))) {
        let text = fs::read_to_string(path).unwrap();
        let found = text.split("```yaml\n").skip(1).filter_map(|block| block.split("```").next());
        blocks.extend(found.map(str::to_owned));
    }
    let complete = fs::read_to_string(root().join("examples/orca.yml")).unwrap();
    assert!(blocks.contains(&complete), "docs/src/config.md has another complete example than examples/orca.yml");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("orca.yml");
    for block in blocks {
        fs::write(&file, block).unwrap();
        orca(&["config", "check", "-c", file.to_str().unwrap()]);
    }
}

/// The file, or all pages below the folder.
fn markdown(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return if path.extension().is_some_and(|end| end == "md") { vec![path.to_owned()] } else { Vec::new() };
    }
    fs::read_dir(path).unwrap().flat_map(|entry| markdown(&entry.unwrap().path())).collect()
}
