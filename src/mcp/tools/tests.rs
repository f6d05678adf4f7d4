use std::collections::BTreeSet;

use clap::Parser as _;
use serde_json::{Map, Value, json};

use super::*;
use crate::cli::Cli;
use crate::mcp::asked::schema;

/// Something that each argument may be.
fn sample(arg: &Arg) -> Value {
    match arg.kind {
        Kind::Text if arg.name == "since" => json!("5m"),
        Kind::Text => json!("--force"),
        Kind::Word(words) => json!(words[0]),
        Kind::Texts => json!(["--force", "web"]),
        Kind::Count(_) => json!(3),
        Kind::Flag => json!(true),
    }
}

fn line(tool: &Tool, sent: &Map<String, Value>) -> Vec<String> {
    let asked = Asked::read(&tool.takes(), sent).unwrap();
    std::iter::once("orca".to_owned()).chain((tool.line)(&asked)).collect()
}

#[test]
fn every_tool_is_a_command_line_whatever_it_is_asked() {
    for tool in TOOLS {
        let required: Map<_, _> =
            tool.args.iter().filter(|arg| arg.required).map(|arg| (arg.name.to_owned(), sample(arg))).collect();
        let mut lines = vec![line(tool, &required)];
        for arg in tool.args.iter().filter(|arg| !arg.required) {
            let mut sent = required.clone();
            sent.insert(arg.name.to_owned(), sample(arg));
            lines.push(line(tool, &sent));
        }
        for line in lines {
            Cli::try_parse_from(&line).unwrap_or_else(|error| panic!("{}: {line:?}: {error}", tool.name));
            let flags = line.iter().take_while(|word| *word != "--");
            assert!(flags.clone().all(|word| word != "--force"), "{line:?}: a name became a flag");
        }
    }
}

#[test]
fn names_are_there_once_and_fit_the_protocol() {
    let names: BTreeSet<&str> = TOOLS.iter().map(|tool| tool.name).collect();
    assert_eq!(names.len(), TOOLS.len());
    assert!(names.iter().all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_') && name.len() <= 64));
}

#[test]
fn what_writes_takes_consent_and_is_there_only_where_it_may_be() {
    for tool in TOOLS {
        let schema = schema(&tool.takes());
        assert_eq!(schema["properties"].get("plan_id").is_some(), tool.effect.writes(), "{}", tool.name);
        assert_eq!(find(tool.name, false).is_some(), !tool.effect.writes());
        assert!(find(tool.name, true).is_some());
    }
}
