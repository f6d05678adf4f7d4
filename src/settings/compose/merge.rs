//! One compose file over another, as `docker stack deploy` puts them: maps key by key, lists one after the other, but what
//! can be there once only (a command, the port that others find, a mount's target) is replaced, and so is a network, volume,
//! secret or config as a whole.
//!
//! Docker takes less for the same than this does: of two ports that nobody else finds, or of one number with two
//! protocols, it drops one, and it strings the words of two health checks together. Nobody means that.

use std::collections::BTreeSet;

use super::super::tree::{Kind, Mark, Node};

/// What stands for one thing of such a list.
type Key = fn(&Node) -> Option<String>;

/// Sections whose entries are replaced.
const WHOLE: [&str; 4] = ["networks", "volumes", "secrets", "configs"];

/// Puts `file` over `base`.
pub(super) fn over(base: Node, file: Node) -> Node {
    both(base, file, &[])
}

fn both(base: Node, file: Node, path: &[&str]) -> Node {
    let (mut base, file) = (alike(base, path), alike(file, path));
    match path {
        [section, _] if WHOLE.contains(section) => return file,
        ["services", _, "logging"] if other_driver(&base, &file) => return file,
        // The names that it has in a network are those of the last file that says more than its name.
        ["services", _, "networks", _] => {
            if let (Kind::Map(entries), Kind::Map(_)) = (&mut base.kind, &file.kind) {
                entries.retain(|(key, _)| key.text() != "aliases");
            }
        }
        _ => {}
    }
    let (mark, kind) = match (base.kind, file.kind) {
        (kind, Kind::Null) => (base.mark, kind),
        (Kind::Map(mut entries), Kind::Map(more)) => {
            for (key, value) in more {
                match entries.iter().position(|(other, _)| other.text() == key.text()) {
                    None => entries.push((key, value)),
                    Some(at) => {
                        let (_, under) = entries.swap_remove(at);
                        let merged = both(under, value, &[path, &[key.text()]].concat());
                        entries.push((key, merged));
                    }
                }
            }
            (base.mark, Kind::Map(entries))
        }
        (Kind::List(mut items), Kind::List(more)) => {
            match rule(path) {
                Rule::Replace => items = more,
                Rule::Append => items.extend(more),
                Rule::By(key) => {
                    let keys: BTreeSet<String> = more.iter().filter_map(key).collect();
                    items.retain(|item| key(item).is_none_or(|key| !keys.contains(&key)));
                    items.extend(more);
                }
            }
            (base.mark, Kind::List(items))
        }
        (_, kind) => (file.mark, kind),
    };
    Node { mark, kind }
}

enum Rule {
    Append,
    Replace,
    By(Key),
}

fn rule(path: &[&str]) -> Rule {
    match path {
        ["services", _, "command" | "entrypoint"] | ["services", _, "healthcheck", "test"] => Rule::Replace,
        ["services", _, "ports"] => Rule::By(published),
        ["services", _, "volumes"] => Rule::By(|item| part(item, "target", target)),
        ["services", _, "secrets" | "configs"] => Rule::By(|item| part(item, "source", |text| Some(text.to_owned()))),
        _ => Rule::Append,
    }
}

/// Options are those of a driver: of another, none is wanted.
fn other_driver(base: &Node, file: &Node) -> bool {
    let driver = |node: &Node| part(node, "driver", |_| None).filter(|driver| !driver.is_empty());
    driver(base).zip(driver(file)).is_some_and(|(base, file)| base != file)
}

/// What can be written in several ways, in the one that can be put together.
fn alike(node: Node, path: &[&str]) -> Node {
    match path {
        ["services", _, "environment" | "labels" | "sysctls" | "networks"]
        | ["services", _, "deploy", "labels"]
        | ["services", _, "build", "args" | "labels"] => as_map(node),
        ["services", _, "env_file" | "dns" | "dns_search"] => as_list(node),
        ["services", _, "extra_hosts"] => as_lines(node),
        ["services", _, "ports"] => one_by_one(node),
        ["services", _, "build"] => as_context(node),
        _ => node,
    }
}

fn text_at(mark: Mark, text: &str) -> Node {
    Node { mark, kind: Kind::Scalar { text: text.to_owned(), plain: false } }
}

/// Lists of `KEY=VALUE`, and of networks, as the maps that they stand for.
fn as_map(node: Node) -> Node {
    let Kind::List(items) = &node.kind else { return node };
    let entries = items.iter().map(|item| match item.text().split_once('=') {
        Some((key, value)) => (text_at(item.mark, key), text_at(item.mark, value)),
        None => (text_at(item.mark, item.text()), Node { mark: item.mark, kind: Kind::Null }),
    });
    Node { mark: node.mark, kind: Kind::Map(entries.collect()) }
}

/// One word as a list of one.
fn as_list(node: Node) -> Node {
    match node.kind {
        Kind::Scalar { .. } => Node { mark: node.mark, kind: Kind::List(vec![node]) },
        _ => node,
    }
}

/// A map of hosts as lines.
fn as_lines(node: Node) -> Node {
    let Kind::Map(entries) = &node.kind else { return node };
    let line = |(key, value): &(Node, Node)| text_at(key.mark, &format!("{}:{}", key.text(), value.text()));
    Node { mark: node.mark, kind: Kind::List(entries.iter().map(line).collect()) }
}

/// A folder as the map that it stands for.
fn as_context(node: Node) -> Node {
    match node.kind {
        Kind::Scalar { .. } => Node { mark: node.mark, kind: Kind::Map(vec![(text_at(node.mark, "context"), node)]) },
        _ => node,
    }
}

/// Ranges of ports as their ports: one of them may have been given something else.
fn one_by_one(node: Node) -> Node {
    let Kind::List(items) = node.kind else { return node };
    let ports = items.into_iter().flat_map(|item| ranged(&item).unwrap_or_else(|| vec![item]));
    Node { mark: node.mark, kind: Kind::List(ports.collect()) }
}

fn ranged(item: &Node) -> Option<Vec<Node>> {
    let (ports, protocol) = item.text().split_once('/').map_or((item.text(), None), |(ports, of)| (ports, Some(of)));
    let (before, inside) = ports.rsplit_once(':')?;
    let (address, outside) =
        before.rsplit_once(':').map_or((None, before), |(address, outside)| (Some(address), outside));
    let span = |text: &str| -> Option<std::ops::RangeInclusive<u16>> {
        let (first, last) = text.split_once('-')?;
        Some(first.parse().ok()?..=last.parse().ok()?)
    };
    let (outside, inside) = (span(outside)?, span(inside)?);
    // What does not fit is told of where ports are read.
    if outside.len() != inside.len() || outside.is_empty() {
        return None;
    }
    let address = address.map(|address| format!("{address}:")).unwrap_or_default();
    let protocol = protocol.map(|protocol| format!("/{protocol}")).unwrap_or_default();
    let one = |(outside, inside)| text_at(item.mark, &format!("{address}{outside}:{inside}{protocol}"));
    Some(outside.zip(inside).map(one).collect())
}

/// One key of the long form, or what the short one says of it.
fn part(item: &Node, key: &str, short: fn(&str) -> Option<String>) -> Option<String> {
    match &item.kind {
        Kind::Map(entries) => {
            entries.iter().find(|(name, _)| name.text() == key).map(|(_, value)| value.text().to_owned())
        }
        Kind::Scalar { text, .. } => short(text),
        Kind::List(_) | Kind::Null => None,
    }
}

/// The number that others find, whatever address it is at, since Swarm publishes on all; of what they don't find, the
/// container's.
fn published(item: &Node) -> Option<String> {
    let short = |text: &str| {
        let (ports, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
        Some(match ports.rsplit_once(':') {
            Some((before, _)) => format!("{}/{protocol}", before.rsplit(':').next().unwrap_or_default()),
            None => format!(":{ports}/{protocol}"),
        })
    };
    if let Kind::Scalar { text, .. } = &item.kind {
        return short(text);
    }
    let key = |key: &str| part(item, key, |_| None);
    let protocol = key("protocol").unwrap_or_else(|| "tcp".to_owned());
    let outside = key("published").filter(|port| !matches!(port.as_str(), "" | "0"));
    Some(outside.map_or_else(
        || format!(":{}/{protocol}", key("target").unwrap_or_default()),
        |port| format!("{port}/{protocol}"),
    ))
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of its like")]
fn target(text: &str) -> Option<String> {
    let mut parts = text.split(':');
    let first = parts.next().unwrap_or_default();
    Some(parts.next().unwrap_or(first).to_owned())
}
