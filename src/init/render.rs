//! The texts of the files: pure, from answers and from what was found.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::answers::Answers;
use super::found::{Found, FoundAnchor, FoundNode};
use crate::cli::ExporterUse;

/// A word that YAML takes as it is: no number, no truth value, nothing that means something.
fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    let word = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') && text.chars().all(plain);
    let taken = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    if word && !taken.contains(&&*text.to_lowercase()) { text.to_owned() } else { Value::from(text).to_string() }
}

/// `orca.yml`. What an older file says stays as it is written there; only sections that it lacks are added.
pub fn config(found: &Found, answers: &Answers, older: Option<(&str, &str)>) -> String {
    let (mut text, has) = if let Some((name, older)) = older {
        let head = format!("# Taken over from {name} by `orca init`; what that file lacks is added at the end.\n");
        (format!("{head}{}\n", older.trim_end()), top_level(older))
    } else {
        let head = "# Written by `orca init`. `orca config check -c orca.yml` checks it, `orca config show -c orca.yml` says\n\
                    # what it means.\n";
        (head.to_owned(), Vec::new())
    };
    let lacks = |key: &str| !has.iter().any(|known| known == key);
    if lacks("leader") && lacks("advertise_addr") {
        text += &leader(answers);
    }
    if let (Some(stack), true) = (&answers.stack, lacks("stack")) {
        let _ = write!(text, "\n# Stack of the anchors below.\nstack: {}\n", scalar(stack));
    }
    if lacks("nodes") {
        text += &nodes(&found.nodes);
    }
    if lacks("dependencies") {
        text += &anchors(&found.anchors, answers.stack.as_deref());
    }
    for (key, section) in [
        ("registry", registry(found, answers)),
        ("exporter", (answers.exporter == ExporterUse::Deploy).then(|| exporter(answers))),
        ("rebalance", (answers.exporter == ExporterUse::Use).then(|| metrics(answers))),
        ("catalog", catalog(answers)),
    ] {
        if let (Some(section), true) = (section, lacks(key)) {
            text += &section;
        }
    }
    text
}

/// The keys at the top of a file of YAML.
fn top_level(text: &str) -> Vec<String> {
    let tree: Option<serde_yaml::Value> = serde_yaml::from_str(text).ok();
    let keys = tree.as_ref().and_then(serde_yaml::Value::as_mapping).into_iter().flat_map(serde_yaml::Mapping::keys);
    keys.filter_map(serde_yaml::Value::as_str).map(str::to_owned).collect()
}

fn leader(answers: &Answers) -> String {
    let mut text = format!(
        "\n# The first manager, and the address that it tells the others (`orca bootstrap`).\nleader: {}\n",
        scalar(&answers.leader)
    );
    if let Some(address) = &answers.advertise_addr {
        let _ = writeln!(text, "advertise_addr: {}", scalar(address));
    }
    text
}

fn nodes(nodes: &[FoundNode]) -> String {
    let mut text =
        "\n# Nodes as they are now. A label that stands at some nodes only is taken from the others.\nnodes:\n"
            .to_owned();
    for node in nodes {
        let _ = writeln!(text, "  {}:", scalar(&node.key));
        if let Some(address) = &node.address {
            let _ = writeln!(text, "    ip: {}", scalar(address));
        }
        let _ = writeln!(text, "    role: {}", node.role.name());
        let label = |(key, value): (&String, &String)| {
            let value = if value == "true" { value.clone() } else { scalar(value) };
            format!("{}: {value}", scalar(key))
        };
        let labels: Vec<String> = node.labels.iter().map(label).collect();
        if !labels.is_empty() {
            let _ = writeln!(text, "    labels: {{ {} }}", labels.join(", "));
        }
    }
    text
}

/// As a proposal: what follows what is not for a program to decide.
fn anchors(anchors: &[FoundAnchor], stack: Option<&str>) -> String {
    let mut text = "\n# Anchors, and the services that live where their anchor lives. Take the # away from what is meant; `orca anchors\n\
                    # follow -n` says what it would do.\n# dependencies:\n"
        .to_owned();
    if anchors.is_empty() {
        text += "#   db: [web, worker]\n";
    }
    for anchor in anchors {
        let followers: Vec<String> = anchor.followers.iter().map(|name| scalar(name)).collect();
        let (name, followers) = (scalar(&anchor.name), followers.join(", "));
        let why = if anchor.followed { "they have its constraint already" } else { "a guess, by its name" };
        let line = if stack == Some(anchor.stack.as_str()) {
            format!("#   {name}: [{followers}]   # {why}\n")
        } else {
            format!("#   {name}: {{ stack: {}, services: [{followers}] }}   # {why}\n", scalar(&anchor.stack))
        };
        text += &line;
    }
    text
}

fn registry(found: &Found, answers: &Answers) -> Option<String> {
    let registry = answers.registry.as_ref()?;
    let mut text = format!(
        "\n# Where images without a registry in their name are, as `orca registry` asks for them.\nregistry:\n  default: {}\n",
        scalar(registry)
    );
    if found.plain.has(registry) {
        let _ = writeln!(text, "  insecure: [{}]   # so says the engine", scalar(registry));
    }
    Some(text)
}

fn exporter(answers: &Answers) -> String {
    format!(
        "\n# node_exporter on every node, by `orca exporter deploy`.\nexporter:\n  port: {}\n",
        answers.exporter_port
    )
}

fn metrics(answers: &Answers) -> String {
    let head = "\n# Memory figures are those of the exporters that answer on the nodes.\nrebalance:\n  metrics:\n    source: node_exporter\n";
    format!("{head}    node_exporter_port: {}\n", answers.exporter_port)
}

fn catalog(answers: &Answers) -> Option<String> {
    let keys = [("definitions", &answers.definitions), ("projects", &answers.projects)];
    let lines = keys
        .iter()
        .filter_map(|(key, dir)| Some(format!("  {key}: {}\n", scalar(&dir.as_ref()?.display().to_string()))));
    let lines: String = lines.collect();
    (!lines.is_empty()).then(|| {
        format!("\n# Definitions of services, and what images are built of (`orca catalog`).\ncatalog:\n{lines}")
    })
}

/// Variables that name the engine and the config.
pub type Variables = BTreeMap<&'static str, String>;

/// What `.env` is to say; other lines of one that is there stay as they are.
///
/// # Errors
/// Why a value can't be written so that all its readers read the same.
pub fn env_file(variables: &Variables, before: Option<&str>) -> Result<String, String> {
    let head = "# Written by `orca init`: for shells (`set -a; . ./.env`), EnvironmentFile= of systemd, and env_file of stacks.\n";
    let mut text = before.map_or_else(|| head.to_owned(), |before| format!("{}\n", before.trim_end()));
    for (name, value) in variables {
        if let Some(odd) = value.chars().find(|c| !is_plain(*c)) {
            // The value stays unsaid: a variable of docker's may be somebody's secret.
            return Err(format!(
                "the value of {name} has a {odd:?} in it: shells and systemd need quotes around that, and to docker's \
                 --env-file they are part of the value; choose a path or name without it"
            ));
        }
        let line = format!("{name}={value}");
        let is_it = |line: &str| {
            line.trim_start().trim_start_matches("export ").split_once('=').is_some_and(|(key, _)| key.trim() == *name)
        };
        if text.lines().any(is_it) {
            text = text
                .lines()
                .map(|old| if is_it(old) { line.as_str() } else { old })
                .fold(String::new(), |all, line| all + line + "\n");
        } else {
            text.push_str(&line);
            text.push('\n');
        }
    }
    Ok(text)
}

/// What means nothing but itself to shells, systemd and docker.
fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || "_-./:@%+,=[]".contains(c)
}

/// What `.mcp.json` is to say; other servers of one that is there stay. None: what is there is no such file.
pub fn mcp_file(
    program: &Path,
    config: &Path,
    allow_write: bool,
    variables: &Variables,
    before: Option<&str>,
) -> Option<String> {
    let mut document = match before {
        Some(before) => serde_json::from_str::<Map<String, Value>>(before).ok()?,
        None => Map::new(),
    };
    let mut args = vec![json!("-c"), json!(config), json!("mcp")];
    args.extend(allow_write.then(|| json!("--allow-write")));
    let mut server = json!({"command": program, "args": args});
    let engine: Map<String, Value> = variables
        .iter()
        .filter(|(name, _)| name.starts_with("DOCKER_"))
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    if !engine.is_empty() {
        server["env"] = engine.into();
    }
    let servers = document.entry("mcpServers").or_insert_with(|| json!({}));
    servers.as_object_mut()?.insert("orca".to_owned(), server);
    serde_json::to_string_pretty(&document).ok().map(|text| text + "\n")
}
