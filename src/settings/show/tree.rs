//! The settings in the shape of the file, each value with where it came from.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Out, percent, span};
use crate::metrics::url::Url;
use crate::settings::{
    Anchor, Catalog, Exporter, Hook, MetricsSettings, MetricsSource, Node, Origin, Rebalance, Registry, Schedule,
    Settings,
};

pub(super) fn tree(settings: &Settings) -> Out {
    let origins = &settings.origins;
    let mut top = Vec::new();
    optional(&mut top, origins, "", "leader", settings.leader.as_deref());
    optional(&mut top, origins, "", "advertise_addr", settings.advertise_addr.as_deref());
    value(&mut top, origins, "", "stack", json!(settings.stack));
    let nodes = settings.nodes.iter().map(|(name, node)| (name.clone(), node_tree(name, node, origins))).collect();
    top.push(("nodes".to_owned(), Out::Map(nodes, None)));
    let mut options = Vec::new();
    value(&mut options, origins, "options", "prune_unknown_labels", json!(settings.options.prune_unknown_labels));
    top.push(("options".to_owned(), Out::Map(options, None)));
    let anchors = settings.anchors.iter().map(|anchor| (anchor.name.clone(), anchor_tree(anchor, origins))).collect();
    top.push(("dependencies".to_owned(), Out::Map(anchors, None)));
    top.push(("rebalance".to_owned(), rebalance_tree(&settings.rebalance, origins)));
    top.push(("gc".to_owned(), section_tree("gc", settings.gc.shown(), origins)));
    top.push(("autoheal".to_owned(), section_tree("autoheal", settings.autoheal.shown(), origins)));
    top.push(("bootstrap".to_owned(), section_tree("bootstrap", settings.bootstrap.shown(), origins)));
    top.push(("exporter".to_owned(), exporter_tree(&settings.exporter, origins)));
    top.push(("logs".to_owned(), logs_tree(settings)));
    top.push(("mods".to_owned(), mods_tree(settings)));
    if settings.registry != Registry::default() {
        top.push(("registry".to_owned(), section_tree("registry", settings.registry.shown(), origins)));
    }
    if settings.catalog != Catalog::default() {
        top.push(("catalog".to_owned(), section_tree("catalog", settings.catalog.shown(), origins)));
    }
    top.push(("update".to_owned(), update_tree(settings)));
    top.push(("watch".to_owned(), watch_tree(settings)));
    if settings.notify.is_on() {
        top.push(("notify".to_owned(), section_tree("notify", settings.notify.shown(), origins)));
    }
    Out::Map(top, None)
}

/// A section from its keys, at most one of whose dots makes a map.
fn section_tree(path: &str, shown: Vec<(&'static str, Value)>, origins: &BTreeMap<String, Origin>) -> Out {
    let mut entries: Vec<(String, Out)> = Vec::new();
    for (key, shown) in shown {
        let Some((parent, key)) = key.split_once('.') else {
            value(&mut entries, origins, path, key, shown);
            continue;
        };
        if !matches!(entries.last(), Some((last, Out::Map(..))) if last == parent) {
            entries.push((parent.to_owned(), Out::Map(Vec::new(), None)));
        }
        if let Some((_, Out::Map(inner, _))) = entries.last_mut() {
            value(inner, origins, &format!("{path}.{parent}"), key, shown);
        }
    }
    Out::Map(entries, None)
}

fn logs_tree(settings: &Settings) -> Out {
    let rules = settings.logs.rules.iter().map(|rule| item(rule.shown(), &rule.origin)).collect();
    with_items("rules", rules, section_tree("logs", settings.logs.shown(), &settings.origins))
}

fn mods_tree(settings: &Settings) -> Out {
    let list = settings.mods.list.iter().map(|source| item(source.shown(), &source.origin)).collect();
    with_items("list", list, section_tree("mods", settings.mods.shown(), &settings.origins))
}

fn update_tree(settings: &Settings) -> Out {
    let hook = |(name, hook): (&String, &Hook)| {
        let origin = settings.origins.get(&format!("update.hooks.{name}")).cloned().unwrap_or_else(built_in);
        (name.clone(), Out::Map(item(hook.shown(), &origin), None))
    };
    let hooks: Vec<_> = settings.update.hooks.iter().map(hook).collect();
    let mut entries = if hooks.is_empty() { Vec::new() } else { vec![("hooks".to_owned(), Out::Map(hooks, None))] };
    if let Out::Map(more, _) = section_tree("update", settings.update.shown(), &settings.origins) {
        entries.extend(more);
    }
    Out::Map(entries, None)
}

fn watch_tree(settings: &Settings) -> Out {
    let pass = |(name, schedule): (&String, &Schedule)| {
        let origin = settings.origins.get(&format!("watch.passes.{name}")).cloned().unwrap_or_else(built_in);
        (name.clone(), Out::Map(item(schedule.shown(), &origin), None))
    };
    let passes: Vec<_> = settings.watch.passes.iter().map(pass).collect();
    let mut entries = if passes.is_empty() { Vec::new() } else { vec![("passes".to_owned(), Out::Map(passes, None))] };
    if let Out::Map(more, _) = section_tree("watch", settings.watch.shown(), &settings.origins) {
        entries.extend(more);
    }
    Out::Map(entries, None)
}

/// One map of a list of maps, all of whose values come from where it begins.
fn item(shown: Vec<(&'static str, Value)>, origin: &Origin) -> Vec<(String, Out)> {
    let mut keys: Vec<(String, Out)> = Vec::new();
    for (key, value) in shown {
        let out = Out::Value(value, origin.clone());
        match key.split_once('.') {
            None => keys.push((key.to_owned(), out)),
            Some((parent, key)) => match keys.last_mut() {
                Some((last, Out::Map(inner, _))) if last == parent => inner.push((key.to_owned(), out)),
                _ => keys.push((parent.to_owned(), Out::Map(vec![(key.to_owned(), out)], None))),
            },
        }
    }
    keys
}

fn with_items(key: &str, items: Vec<Vec<(String, Out)>>, section: Out) -> Out {
    let mut entries = if items.is_empty() { Vec::new() } else { vec![(key.to_owned(), Out::Items(items))] };
    if let Out::Map(more, _) = section {
        entries.extend(more);
    }
    Out::Map(entries, None)
}

fn exporter_tree(exporter: &Exporter, origins: &BTreeMap<String, Origin>) -> Out {
    let Out::Map(mut entries, origin) = section_tree("exporter", exporter.shown(), origins) else {
        return Out::Map(Vec::new(), None);
    };
    let map = |path: &str, values: &BTreeMap<String, String>| {
        let mut keys = Vec::new();
        for (key, text) in values {
            value(&mut keys, origins, path, key, json!(text));
        }
        Out::Map(keys, None)
    };
    if let Some((_, Out::Map(ssh, _))) = entries.last_mut().filter(|_| !exporter.ssh.hosts.is_empty()) {
        ssh.push(("hosts".to_owned(), map("exporter.ssh.hosts", &exporter.ssh.hosts)));
    }
    if !exporter.labels.is_empty() {
        entries.push(("labels".to_owned(), map("exporter.labels", &exporter.labels)));
    }
    Out::Map(entries, origin)
}

fn rebalance_tree(rebalance: &Rebalance, origins: &BTreeMap<String, Origin>) -> Out {
    let path = "rebalance";
    let mut entries = Vec::new();
    value(&mut entries, origins, path, "auto", json!(rebalance.auto));
    entries.push(("metrics".to_owned(), metrics_tree(&rebalance.metrics, origins)));
    let services: Vec<_> = rebalance
        .services
        .iter()
        .map(|(name, policy)| {
            let (mut keys, path) = (Vec::new(), format!("rebalance.services.{name}"));
            if let Some(enabled) = policy.enabled {
                value(&mut keys, origins, &path, "enabled", json!(enabled));
            }
            if let Some(cooldown) = policy.cooldown {
                value(&mut keys, origins, &path, "cooldown", json!(span(cooldown)));
            }
            (name.clone(), Out::Map(keys, None))
        })
        .collect();
    if !services.is_empty() {
        entries.push(("services".to_owned(), Out::Map(services, None)));
    }
    value(&mut entries, origins, path, "high", percent(rebalance.high));
    value(&mut entries, origins, path, "high_for", json!(span(rebalance.high_for)));
    value(&mut entries, origins, path, "clear_high", percent(rebalance.clear_high));
    value(&mut entries, origins, path, "spread", percent(rebalance.spread));
    value(&mut entries, origins, path, "spread_for", json!(span(rebalance.spread_for)));
    value(&mut entries, origins, path, "clear_spread", percent(rebalance.clear_spread));
    value(&mut entries, origins, path, "min_gain", percent(rebalance.min_gain));
    value(&mut entries, origins, path, "max_moves", json!(rebalance.max_moves));
    value(&mut entries, origins, path, "target_max", percent(rebalance.target_max));
    value(&mut entries, origins, path, "target_above_mean", percent(rebalance.target_above_mean));
    value(&mut entries, origins, path, "cooldown", json!(span(rebalance.cooldown)));
    value(&mut entries, origins, path, "no_return", json!(span(rebalance.no_return)));
    value(&mut entries, origins, path, "quarantine", json!(span(rebalance.quarantine)));
    value(&mut entries, origins, path, "min_age", json!(span(rebalance.min_age)));
    value(&mut entries, origins, path, "settle", json!(span(rebalance.settle)));
    Out::Map(entries, None)
}

fn metrics_tree(metrics: &MetricsSettings, origins: &BTreeMap<String, Origin>) -> Out {
    let (path, mut entries) = ("rebalance.metrics", Vec::new());
    optional(&mut entries, origins, path, "source", metrics.source.map(MetricsSource::name));
    optional(&mut entries, origins, path, "file", metrics.file.as_ref().and_then(|file| file.to_str()));
    let prometheus = metrics.prometheus.as_ref().map(ToString::to_string);
    optional(&mut entries, origins, path, "prometheus", prometheus.as_deref());
    let mut map = |key: &str, keys: Vec<(String, Out)>| {
        if !keys.is_empty() {
            entries.push((key.to_owned(), Out::Map(keys, None)));
        }
    };
    let (exporters, machines) = (format!("{path}.node_exporters"), format!("{path}.node_exporter_nodes"));
    let mut keys = Vec::new();
    for (name, url) in &metrics.node_exporters {
        value(&mut keys, origins, &exporters, name, json!(url.to_string()));
    }
    map("node_exporters", keys);
    let machine = |(name, url): (&String, &Url)| {
        let mut keys = Vec::new();
        value(&mut keys, origins, &format!("{machines}.{name}"), "exporter_url", json!(url.to_string()));
        (name.clone(), Out::Map(keys, None))
    };
    map("node_exporter_nodes", metrics.node_exporter_nodes.iter().map(machine).collect());
    let mut keys = Vec::new();
    for (name, machine) in &metrics.node_map {
        value(&mut keys, origins, &format!("{path}.node_map"), name, json!(machine));
    }
    map("node_map", keys);
    value(&mut entries, origins, path, "node_exporter_port", json!(metrics.node_exporter_port));
    value(&mut entries, origins, path, "max_age", json!(span(metrics.max_age)));
    value(&mut entries, origins, path, "window", json!(span(metrics.window)));
    value(&mut entries, origins, path, "timeout", json!(span(metrics.timeout)));
    optional(&mut entries, origins, path, "probe_image", metrics.probe_image.as_deref());
    Out::Map(entries, None)
}

fn node_tree(name: &str, node: &Node, origins: &BTreeMap<String, Origin>) -> Out {
    let Node { ip, host, role, availability, labels, origin } = node;
    let path = format!("nodes.{name}");
    let mut entries = Vec::new();
    optional(&mut entries, origins, &path, "ip", ip.as_deref());
    optional(&mut entries, origins, &path, "host", host.as_deref());
    optional(&mut entries, origins, &path, "role", role.as_deref());
    optional(&mut entries, origins, &path, "availability", availability.as_deref());
    if !labels.is_empty() {
        let labels = labels.iter().map(|(key, (text, origin))| (key.clone(), Out::Value(json!(text), origin.clone())));
        entries.push(("labels".to_owned(), Out::Map(labels.collect(), None)));
    }
    Out::Map(entries, Some(origin.clone()))
}

fn anchor_tree(anchor: &Anchor, origins: &BTreeMap<String, Origin>) -> Out {
    let path = format!("dependencies.{}", anchor.name);
    let mut entries = Vec::new();
    if let Some(stack) = stack_of(anchor) {
        // Where the anchor names no stack of its own, the top-level one is the reason.
        let origin = origins.get(&format!("{path}.stack")).or_else(|| origins.get("stack"));
        entries.push(("stack".to_owned(), Out::Value(json!(stack), origin.cloned().unwrap_or_else(built_in))));
    }
    if let ([service], true) = (anchor.service.as_slice(), origins.contains_key(&format!("{path}.service"))) {
        value(&mut entries, origins, &path, "service", json!(service));
    }
    let label = format!("{}={}", anchor.label.key, anchor.label.value);
    value(&mut entries, origins, &path, "label", json!(label));
    if !anchor.dependents.is_empty() {
        let services = anchor.dependents.iter().map(|dependent| (dependent.name.clone(), dependent.origin.clone()));
        entries.push(("services".to_owned(), Out::List(services.collect())));
    }
    let ladder: Vec<String> = anchor.retry_intervals.iter().map(|step| span(*step)).collect();
    let hold = anchor.hold.map_or_else(|| "none".to_owned(), span);
    value(&mut entries, origins, &path, "restart_dependents", json!(anchor.restart_dependents));
    value(&mut entries, origins, &path, "retry_intervals", json!(ladder));
    value(&mut entries, origins, &path, "max_mismatch", json!(span(anchor.max_mismatch)));
    value(&mut entries, origins, &path, "hold", json!(hold));
    value(&mut entries, origins, &path, "enforce", json!(anchor.enforce));
    Out::Map(entries, Some(anchor.origin.clone()))
}

/// The stack that the anchor's names were made with, read back from them; empty when there was none.
fn stack_of(anchor: &Anchor) -> Option<&str> {
    let own = (anchor.name.as_str(), anchor.service.as_slice());
    let names = anchor.dependents.iter().map(|dependent| (dependent.name.as_str(), dependent.service.as_slice()));
    names.chain([own]).find_map(|(name, service)| match service {
        [best, full] if full == name => best.strip_suffix(name)?.strip_suffix('_'),
        [only] if only == name => Some(""),
        _ => None,
    })
}

fn value(into: &mut Vec<(String, Out)>, origins: &BTreeMap<String, Origin>, parent: &str, key: &str, value: Value) {
    let path = if parent.is_empty() { key.to_owned() } else { format!("{parent}.{key}") };
    let origin = origins.get(&path).cloned().unwrap_or_else(built_in);
    into.push((key.to_owned(), Out::Value(value, origin)));
}

fn optional(
    into: &mut Vec<(String, Out)>,
    origins: &BTreeMap<String, Origin>,
    parent: &str,
    key: &str,
    text: Option<&str>,
) {
    if let Some(text) = text {
        value(into, origins, parent, key, json!(text));
    }
}

fn built_in() -> Origin {
    Origin { path: String::new(), source: "default".to_owned(), line: 0, column: 0 }
}
