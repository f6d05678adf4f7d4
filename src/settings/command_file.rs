//! Orcastra's command file: a YAML list of `command`, `command:argument` or `command: argument`. Pure.

use std::fmt;

use super::check::nearest;
use super::problem::{Log, Problem, quoted};
use super::tree::{self, Kind, Node};
use super::{Anchor, Origin};

/// What an entry asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verb {
    /// One full cycle of passes.
    RelabelAll,
    /// The anchors pass for one anchor.
    RelabelAnchor(String),
    /// Restarts the dependents of one anchor, or of all.
    UpdateDependents(Option<String>),
    /// Pauses one anchor, or the whole swarm.
    PauseDependents(Option<String>),
    /// Ends that.
    ResumeDependents(Option<String>),
    /// Removes every anchor's label from every node.
    RemoveAllLabels,
    /// Makes a swarm of the nodes in the config.
    BootstrapSwarm,
    /// Nothing.
    Noop,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it asks for.
    pub verb: Verb,
    /// Where it stands; its `path` is the entry as it is written.
    pub origin: Origin,
}

/// What may stand after a command.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    Nothing,
    MaybeAnchor,
    Anchor,
}

/// The known commands.
const KNOWN: [(&str, Takes); 8] = [
    ("relabel_all", Takes::Nothing),
    ("relabel_anchor", Takes::Anchor),
    ("update_dependents", Takes::MaybeAnchor),
    ("pause_dependents", Takes::MaybeAnchor),
    ("resume_dependents", Takes::MaybeAnchor),
    ("remove_all_labels", Takes::Nothing),
    ("bootstrap_swarm", Takes::Nothing),
    ("noop", Takes::Nothing),
];

/// Reads a command file, by the name that problems are to give it; an empty one has no entries.
///
/// # Errors
/// Every problem of the file, in its order.
pub fn parse_commands(name: &str, text: &str, anchors: &[Anchor]) -> Result<Vec<Entry>, Vec<Problem>> {
    let mut log = Log::new(vec![name]);
    let mut entries = Vec::new();
    let root = tree::read(0, text, &mut log);
    match root.as_ref().map(|root| (&root.kind, root.mark)) {
        None | Some((Kind::Null, _)) => {}
        Some((Kind::List(items), _)) => {
            entries.extend(items.iter().filter_map(|item| entry(item, anchors, &mut log)));
        }
        Some((_, mark)) => log.at(mark, "a command file is a list: write `- relabel_all`"),
    }
    let problems = log.finish();
    if problems.is_empty() { Ok(entries) } else { Err(problems) }
}

fn entry(item: &Node, anchors: &[Anchor], log: &mut Log<'_>) -> Option<Entry> {
    let (command, argument) = match &item.kind {
        Kind::Scalar { text, .. } => match text.split_once(':') {
            Some((command, argument)) => (command.trim(), argument.trim()),
            None => (text.trim(), ""),
        },
        Kind::Map(pairs) if pairs.len() == 1 && !matches!(pairs[0].1.kind, Kind::List(_) | Kind::Map(_)) => {
            (pairs[0].0.text().trim(), pairs[0].1.text().trim())
        }
        _ => {
            log.at(item.mark, "an entry is `command`, `command:anchor` or `command: anchor`");
            return None;
        }
    };
    let Some((_, takes)) = KNOWN.iter().find(|(name, _)| *name == command) else {
        let names = KNOWN.map(|(name, _)| name);
        let meant = nearest(command, &names).map(|near| format!("did you mean {near:?}? ")).unwrap_or_default();
        log.at(item.mark, format!("unknown command {} ({meant}known commands: {})", quoted(command), names.join(", ")));
        return None;
    };
    let anchor = (!argument.is_empty()).then(|| argument.to_owned());
    match (takes, &anchor) {
        (Takes::Nothing, Some(argument)) => {
            log.at(item.mark, format!("{command} takes nothing, not {}", quoted(argument)));
            return None;
        }
        (Takes::Anchor, None) => {
            log.at(item.mark, format!("{command} needs an anchor: {command}:NAME ({})", names_of(anchors)));
            return None;
        }
        (_, Some(name)) if anchors.iter().all(|anchor| anchor.name != *name) => {
            let names: Vec<&str> = anchors.iter().map(|anchor| anchor.name.as_str()).collect();
            let advice = nearest(name, &names).map(|near| format!("did you mean {near:?}?"));
            let advice = advice.unwrap_or_else(|| names_of(anchors));
            log.at(item.mark, format!("no anchor is called {} ({advice})", quoted(name)));
            return None;
        }
        _ => {}
    }
    let written = anchor.as_ref().map_or_else(|| command.to_owned(), |anchor| format!("{command}:{anchor}"));
    let verb = verb(command, anchor)?;
    Some(Entry { verb, origin: log.origin(written, item.mark) })
}

fn verb(command: &str, anchor: Option<String>) -> Option<Verb> {
    Some(match command {
        "relabel_all" => Verb::RelabelAll,
        "relabel_anchor" => Verb::RelabelAnchor(anchor?),
        "update_dependents" => Verb::UpdateDependents(anchor),
        "pause_dependents" => Verb::PauseDependents(anchor),
        "resume_dependents" => Verb::ResumeDependents(anchor),
        "remove_all_labels" => Verb::RemoveAllLabels,
        "bootstrap_swarm" => Verb::BootstrapSwarm,
        _ => Verb::Noop,
    })
}

fn names_of(anchors: &[Anchor]) -> String {
    let names: Vec<&str> = anchors.iter().map(|anchor| anchor.name.as_str()).collect();
    if names.is_empty() { "the config has no anchors".to_owned() } else { format!("anchors: {}", names.join(", ")) }
}

impl Entry {
    /// Whether carrying it out twice is more than carrying it out once: each restart is one.
    pub fn restarts(&self) -> bool {
        matches!(self.verb, Verb::UpdateDependents(_))
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin.path)
    }
}
