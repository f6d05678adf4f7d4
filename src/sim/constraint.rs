//! Placement constraints, as the engine parses and matches them.

use super::object::Node;

/// One `key==value` or `key!=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Constraint {
    key: String,
    equal: bool,
    value: String,
}

/// Reads one constraint; the error is the engine's text.
pub(super) fn parse(text: &str) -> Result<Constraint, String> {
    let split = text.split_once("==").map(|(key, value)| (key, true, value));
    let Some((key, equal, value)) = split.or_else(|| text.split_once("!=").map(|(key, value)| (key, false, value)))
    else {
        return Err("constraint expected one operator from ==, !=".to_owned());
    };
    let (key, value) = (key.trim(), value.trim());
    let word = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    if key.is_empty() || !key.chars().all(word) {
        return Err(format!("key '{key}' is invalid"));
    }
    if value.is_empty() {
        return Err(format!("value '{value}' is invalid"));
    }
    Ok(Constraint { key: key.to_owned(), equal, value: value.to_owned() })
}

impl Constraint {
    /// Whether this node satisfies it. Values compare without case; an unknown key matches nothing.
    pub fn matches(&self, node: &Node) -> bool {
        let Some(have) = value_of(&self.key, node) else { return false };
        (self.key.eq_ignore_ascii_case("node.ip") && ip_matches(&self.value, have)
            || have.eq_ignore_ascii_case(&self.value))
            == self.equal
    }
}

/// The node's value for a constraint key or a spread descriptor; empty for a label it doesn't carry.
pub(super) fn value_of<'a>(key: &str, node: &'a Node) -> Option<&'a str> {
    let lower = key.to_ascii_lowercase();
    Some(match lower.as_str() {
        "node.id" => &node.id,
        "node.hostname" => &node.hostname,
        "node.ip" => &node.addr,
        "node.role" => &node.role,
        "node.platform.os" => &node.os,
        "node.platform.arch" => &node.arch,
        _ => {
            // Label keys keep their case, only the prefix doesn't matter.
            let (labels, prefix) = if lower.starts_with("node.labels.") {
                (&node.labels, "node.labels.")
            } else if lower.starts_with("engine.labels.") {
                (&node.engine_labels, "engine.labels.")
            } else {
                return None;
            };
            labels.get(&key[prefix.len()..]).map_or("", String::as_str)
        }
    })
}

/// Whether `ip` is `want` or lies in the network `want` (CIDR).
fn ip_matches(want: &str, ip: &str) -> bool {
    use std::net::Ipv4Addr;
    let Some((network, bits)) = want.split_once('/') else { return false };
    let (Ok(network), Ok(bits), Ok(ip)) = (network.parse::<Ipv4Addr>(), bits.parse::<u32>(), ip.parse::<Ipv4Addr>())
    else {
        return false;
    };
    let mask = u32::MAX.checked_shl(32_u32.saturating_sub(bits)).unwrap_or(0);
    u32::from(network) & mask == u32::from(ip) & mask
}

#[cfg(test)]
mod tests;
