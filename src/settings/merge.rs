//! Sources -> one fragment. What two files both define is an error that names both places, never a silent winner.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use super::check::check;
use super::de::{NodeDe, Spanned};
use super::fragment::{AnchorEntry, Entries, File, NodeEntry, OptionsEntry};
use super::problem::Log;
use super::schema::{CONFIG_TREE, MODS_TREE, OLDER_EXPORTER_TREE, OLDER_REBALANCE_TREE};
use super::tree::{self, Kind, Node};
use super::{Source, SourceKind};

/// Reads every source and lays them over each other.
pub(super) fn merge(sources: &[Source], log: &mut Log<'_>) -> File {
    let mut merged = File::default();
    for (index, source) in sources.iter().enumerate() {
        if let Some(node) = tree::read(index, &source.text, log) {
            let file = fragment(node, source.kind, log);
            add(&mut merged, file, log);
        }
    }
    merged
}

fn fragment(mut node: Node, kind: SourceKind, log: &mut Log<'_>) -> File {
    if matches!(node.kind, Kind::Null) {
        return File::default();
    }
    let document = &*CONFIG_TREE;
    if kind == SourceKind::Dependencies && has_bare_anchors(&node) {
        let schema = document.pointer("/properties/dependencies").unwrap_or(&Value::Null);
        if !check(&mut node, document, schema, "dependencies", log) {
            return File::default();
        }
        return File { dependencies: convert(&node, log), ..File::default() };
    }
    if kind == SourceKind::Rebalance {
        let schema = &*OLDER_REBALANCE_TREE;
        let usable = check(&mut node, schema, schema, "", log);
        return File { older_rebalance: if usable { convert(&node, log) } else { None }, ..File::default() };
    }
    if kind == SourceKind::Mods {
        let schema = &*MODS_TREE;
        let usable = check(&mut node, schema, schema, "list", log);
        let more_mods = if usable { convert(&node, log).unwrap_or_default() } else { Vec::new() };
        return File { more_mods, ..File::default() };
    }
    if kind == SourceKind::Exporter {
        let schema = &*OLDER_EXPORTER_TREE;
        let usable = check(&mut node, schema, schema, "", log);
        return File { older_exporter: if usable { convert(&node, log) } else { None }, ..File::default() };
    }
    if !check(&mut node, document, document, "", log) {
        return File::default();
    }
    convert(&node, log).unwrap_or_default()
}

/// Whether the top level of an older file is the anchors themselves. An anchor may be called `dependencies`, but then
/// it is a list: what has a map there is a file of today's shape.
fn has_bare_anchors(node: &Node) -> bool {
    let Kind::Map(entries) = &node.kind else { return true };
    !entries.iter().any(|(key, value)| key.text() == "dependencies" && !matches!(value.kind, Kind::List(_)))
}

fn convert<'de, T: Deserialize<'de>>(node: &Node, log: &mut Log<'_>) -> Option<T> {
    match T::deserialize(NodeDe(node)) {
        Ok(value) => Some(value),
        // The schema and the types disagree: our mistake, but no reason to go on with half a configuration.
        Err(error) => {
            log.at(node.mark, format!("orca's own types don't take this file: {error}"));
            None
        }
    }
}

fn add(merged: &mut File, file: File, log: &mut Log<'_>) {
    let File { leader, advertise_addr, stack, nodes, options, dependencies, .. } = file;
    let File { rebalance, older_rebalance, gc, autoheal, bootstrap, exporter, older_exporter, .. } = file;
    let File { logs, mods, registry, catalog, watch, notify, update, more_mods, .. } = file;
    once(&mut merged.leader, leader, "leader", log);
    once(&mut merged.advertise_addr, advertise_addr, "advertise_addr", log);
    once(&mut merged.stack, stack, "stack", log);
    entries::<Option<NodeEntry>>(&mut merged.nodes, nodes, "nodes", log);
    entries::<Option<AnchorEntry>>(&mut merged.dependencies, dependencies, "dependencies", log);
    once(&mut merged.rebalance, rebalance, "rebalance", log);
    once(&mut merged.gc, gc, "gc", log);
    once(&mut merged.autoheal, autoheal, "autoheal", log);
    once(&mut merged.bootstrap, bootstrap, "bootstrap", log);
    once(&mut merged.exporter, exporter, "exporter", log);
    merged.older_exporter = older_exporter.or(merged.older_exporter.take());
    once(&mut merged.logs, logs, "logs", log);
    once(&mut merged.mods, mods, "mods", log);
    once(&mut merged.registry, registry, "registry", log);
    once(&mut merged.catalog, catalog, "catalog", log);
    once(&mut merged.watch, watch, "watch", log);
    once(&mut merged.notify, notify, "notify", log);
    once(&mut merged.update, update, "update", log);
    merged.more_mods.extend(more_mods);
    merged.older_rebalance = older_rebalance.or(merged.older_rebalance.take());
    let Some(options) = options else { return };
    let OptionsEntry { prune_unknown_labels, restart_dependents, retry_intervals, max_mismatch, hold, enforce } =
        options;
    let into = merged.options.get_or_insert_default();
    once(&mut into.prune_unknown_labels, prune_unknown_labels, "options.prune_unknown_labels", log);
    once(&mut into.restart_dependents, restart_dependents, "options.restart_dependents", log);
    once(&mut into.retry_intervals, retry_intervals, "options.retry_intervals", log);
    once(&mut into.max_mismatch, max_mismatch, "options.max_mismatch", log);
    once(&mut into.hold, hold, "options.hold", log);
    once(&mut into.enforce, enforce, "options.enforce", log);
}

fn once<T>(slot: &mut Option<Spanned<T>>, new: Option<Spanned<T>>, path: &str, log: &mut Log<'_>) {
    match (slot.as_ref(), new) {
        (Some(first), Some(new)) => {
            let message = format!("{path} is already defined at {}", log.place(first.mark));
            log.at(new.mark, message);
        }
        (None, Some(new)) => *slot = Some(new),
        (_, None) => {}
    }
}

fn entries<T>(slot: &mut Option<Entries<T>>, new: Option<Entries<T>>, path: &str, log: &mut Log<'_>) {
    let Some(new) = new else { return };
    let into = &mut slot.get_or_insert_default().0;
    let first: HashMap<String, _> = into.iter().map(|(name, _)| (name.value.clone(), name.mark)).collect();
    for (name, value) in new.0 {
        if let Some(mark) = first.get(&name.value) {
            let message = format!("{path}.{} is already defined at {}", name.value, log.place(*mark));
            log.at(name.mark, message);
        } else {
            into.push((name, value));
        }
    }
}
