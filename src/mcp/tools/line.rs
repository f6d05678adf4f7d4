//! How command lines are put together.

use crate::mcp::asked::Asked;

pub(super) fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// A name that looks like a flag stays a name.
pub(super) fn name(mut line: Vec<String>, name: Option<&str>) -> Vec<String> {
    if let Some(name) = name {
        line.extend(["--".to_owned(), name.to_owned()]);
    }
    line
}

pub(super) fn named(command: &[&str], asked: &Asked, arg: &str) -> Vec<String> {
    name(words(command), asked.text(arg))
}

pub(super) fn named_in(mut line: Vec<String>, asked: &Asked, image: Option<&str>) -> Vec<String> {
    line.extend(asked.text("registry").map(|registry| format!("--registry={registry}")));
    name(line, image)
}

pub(super) fn deploy(asked: &Asked) -> Vec<String> {
    let mut line = words(&["catalog", "deploy"]);
    line.extend(asked.text("image").map(|image| format!("--image={image}")));
    line.extend(asked.count("replicas").map(|count| format!("--replicas={count}")));
    line.extend(asked.texts("ports").iter().map(|port| format!("--port={port}")));
    name(line, asked.text("name"))
}

pub(super) fn within(command: &[&str], asked: &Asked) -> Vec<String> {
    let mut line = words(command);
    line.extend(asked.text("stack").map(|stack| format!("--stack={stack}")));
    let names = asked.texts("names");
    if !names.is_empty() {
        line.push("--".to_owned());
        line.extend_from_slice(names);
    }
    line
}

pub(super) fn balance(mut line: Vec<String>, asked: &Asked) -> Vec<String> {
    line.extend(asked.text("goal").map(|goal| format!("--goal={goal}")));
    line.extend(asked.text("empty").map(|node| format!("--empty={node}")));
    line
}
