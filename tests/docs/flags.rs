//! Every command line of orca's that is written down anywhere can be typed: commands and flags exist.

use clap::Parser as _;
use clap::error::ErrorKind;
use orca::cli::Cli;

use super::markdown::code_spans;
use super::{none_of, pages, root};

#[test]
fn commands_and_flags_in_pages_exist() {
    let (mut seen, mut problems) = (0, Vec::new());
    for page in pages() {
        // What a changelog says of old versions stays said.
        if page.path.ends_with("CHANGELOG.md") {
            continue;
        }
        let mut lines: Vec<(usize, String)> = Vec::new();
        for block in page.blocks() {
            let console = block.language == "console";
            if console || ["sh", "cron", "hidden"].contains(&block.language.as_str()) {
                let numbered =
                    block.lines.iter().enumerate().map(|(offset, line)| (block.first + offset, line.clone()));
                lines.extend(numbered.filter(|(_, line)| !console || line.starts_with("$ ")));
            }
        }
        for (index, line) in page.prose() {
            let spans = code_spans(line).into_iter().filter(|span| span.starts_with("orca "));
            lines.extend(spans.map(|span| (index, span.to_owned())));
        }
        for (index, line) in lines {
            for words in orca_calls(&line) {
                seen += 1;
                problems.extend(wrong(&words).map(|why| format!("{}: {}: {why}", page.place(index), words.join(" "))));
            }
        }
    }
    none_of(&problems);
    assert!(seen > 150, "only {seen} command lines were found");
}

#[test]
fn examples_of_man_pages_exist() {
    let (mut seen, mut problems) = (0, Vec::new());
    for entry in std::fs::read_dir(root().join("man")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let examples = text.split(".SH EXAMPLES").nth(1).unwrap_or_default();
        for example in examples.split(".nf\n").skip(1).filter_map(|rest| rest.split(".fi").next()) {
            let example = example.replace("\\fB", "").replace("\\fR", "").replace("\\-", "-").replace("\\*(Aq", "'");
            for words in example.lines().flat_map(orca_calls) {
                seen += 1;
                problems.extend(wrong(&words).map(|why| format!("{}: {}: {why}", path.display(), words.join(" "))));
            }
        }
    }
    none_of(&problems);
    assert!(seen > 50, "only {seen} examples were found");
}

#[test]
fn what_can_not_be_typed_is_found() {
    let wrong_in = |line: &str| orca_calls(line).iter().any(|words| wrong(words).is_some());
    assert!(wrong_in("$ orca labels sink") && wrong_in("x | orca gc --al-nodes") && wrong_in("orca schema confg"));
    assert!(wrong_in("orca sim -- orca reconcile --one"));
    assert!(!wrong_in("* * * * * root orca reconcile --once -o text 2>&1 | logger -t orca"));
    assert!(!wrong_in("A=b orca -H x gc --volume a > orca.txt; echo orca # orca nothing"));
    assert_eq!(orca_calls("$ orca sim --from x -- orca labels sync && orca man").len(), 3);
}

/// The calls of orca in a line of shell, each as its words.
fn orca_calls(line: &str) -> Vec<Vec<String>> {
    let line = line.strip_prefix("$ ").unwrap_or(line);
    let mut calls: Vec<Vec<String>> = Vec::new();
    let mut open = false;
    // Where a command may begin.
    let mut start = true;
    for word in words(line) {
        let ends = ["|", "||", "&&", ";", ">", ">>", "<", "2>&1", "&"].contains(&word.as_str());
        if word.starts_with('#') {
            break;
        } else if ends {
            open = false;
            start = true;
        } else if word == "orca" && (start || calls.is_empty()) {
            calls.push(vec![word]);
            open = true;
            start = false;
        } else if open {
            // `orca sim -- orca ...` is two.
            start = word == "--";
            if let Some(call) = calls.last_mut() {
                call.push(word);
            }
        }
    }
    calls
}

/// Splits like a shell, as far as the examples need it.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    let mut any = false;
    for char in line.chars() {
        let Some(word) = words.last_mut() else { break };
        match (quote, char) {
            (Some(open), _) if open == char => quote = None,
            (None, '\'' | '"') => (quote, any) = (Some(char), true),
            (None, ' ' | '\t') if !word.is_empty() || any => {
                words.push(String::new());
                any = false;
            }
            (None, ' ' | '\t') => {}
            (None, '|' | ';' | '>' | '<' | ')') if !word.ends_with(['|', '>', '2']) => {
                words.extend([char.to_string(), String::new()]);
            }
            _ => word.push(char),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Why this can't be typed; what only lacks a value or a subcommand is fine in prose.
fn wrong(words: &[String]) -> Option<String> {
    let error = Cli::try_parse_from(words).err()?;
    let fine = [
        ErrorKind::DisplayHelp,
        ErrorKind::DisplayVersion,
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
        ErrorKind::MissingSubcommand,
        ErrorKind::MissingRequiredArgument,
    ];
    (!fine.contains(&error.kind())).then(|| error.to_string().lines().next().unwrap_or_default().to_owned())
}
