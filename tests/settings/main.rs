//! The settings through their public API: texts and files in, settings or exact error lines out.

mod errors;
mod exporter;
mod hostile;
mod load;
mod metrics;
mod shapes;
mod show;

use std::collections::BTreeMap;

use orca::settings::{Problem, Settings, Source, SourceKind, parse};

/// Variables for a test.
fn env(variables: &[(&str, &str)]) -> BTreeMap<String, String> {
    variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// One text as `orca.yml`, in an empty environment.
fn read(text: &str) -> Result<Settings, Vec<Problem>> {
    parse(&[Source { name: "orca.yml".to_owned(), kind: SourceKind::Main, text: text.to_owned() }], &BTreeMap::new())
}

/// Settings that must be right.
fn settings(text: &str) -> Settings {
    read(text).unwrap_or_else(|problems| panic!("{text}\n{problems:#?}"))
}

/// The error lines of one text; none when it is right.
fn errors(text: &str) -> Vec<String> {
    lines(read(text))
}

fn lines(result: Result<Settings, Vec<Problem>>) -> Vec<String> {
    result.err().unwrap_or_default().iter().map(ToString::to_string).collect()
}
