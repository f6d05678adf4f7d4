//! Placement constraints, read as swarmkit reads them (`constraint/constraint.go`).

use std::net::IpAddr;

use super::{Node, Offer};

/// One placement constraint of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    /// The text in the spec.
    pub text: String,
    /// What it compares, as `node.labels.zone`; empty when the text is no constraint.
    pub key: String,
    /// `==` (true) or `!=` (false).
    pub equal: bool,
    /// What it is compared with.
    pub value: String,
}

const NODE_LABEL: &str = "node.labels.";

impl Constraint {
    /// Reads `key == value` or `key != value`; blanks around the parts don't count.
    pub fn parse(text: &str) -> Self {
        let split = ["==", "!="].iter().find_map(|op| text.split_once(op).map(|parts| (*op, parts)));
        let (op, (key, value)) = split.unwrap_or(("==", ("", "")));
        Self { text: text.to_owned(), key: key.trim().to_owned(), equal: op == "==", value: value.trim().to_owned() }
    }

    /// The constraint that ties a service to nodes with this label.
    pub fn on_label(key: &str, value: &str) -> Self {
        Self::parse(&format!("{NODE_LABEL}{key}=={value}"))
    }

    /// The key of the node label that it compares, if it does. The prefix is read without case, the key with.
    pub fn node_label(&self) -> Option<&str> {
        let prefix = self.key.get(..NODE_LABEL.len())?;
        prefix.eq_ignore_ascii_case(NODE_LABEL).then(|| &self.key[NODE_LABEL.len()..])
    }

    /// Whether the node satisfies it. Values are compared without case, an absent label is empty, and a key that swarm
    /// doesn't know is satisfied nowhere.
    pub fn matches(&self, node: &Node, offer: &Offer) -> bool {
        let Some(have) = value_of(&self.key, node, offer) else { return false };
        let same = self.key.eq_ignore_ascii_case("node.ip") && in_network(&self.value, have)
            || have.eq_ignore_ascii_case(&self.value);
        same == self.equal
    }

    /// Whether it demands this node label. Values are compared without case.
    pub fn demands_label(&self, key: &str, value: &str) -> bool {
        self.equal && self.node_label() == Some(key) && self.value.eq_ignore_ascii_case(value)
    }
}

/// The node's value for a constraint key.
fn value_of<'a>(key: &str, node: &'a Node, offer: &'a Offer) -> Option<&'a str> {
    const ENGINE_LABEL: &str = "engine.labels.";
    let lower = key.to_ascii_lowercase();
    Some(match lower.as_str() {
        "node.id" => &node.id.0,
        "node.hostname" => &node.name,
        "node.ip" => &offer.address,
        "node.role" => &offer.role,
        "node.platform.os" => &offer.os,
        "node.platform.arch" => &offer.arch,
        _ if lower.starts_with(NODE_LABEL) => node.labels.get(&key[NODE_LABEL.len()..]).map_or("", String::as_str),
        _ if lower.starts_with(ENGINE_LABEL) => {
            offer.engine_labels.get(&key[ENGINE_LABEL.len()..]).map_or("", String::as_str)
        }
        _ => return None,
    })
}

/// Whether `ip` lies in the network `wanted` (CIDR).
fn in_network(wanted: &str, ip: &str) -> bool {
    let Some((network, bits)) = wanted.split_once('/') else { return false };
    let (Ok(network), Ok(bits), Ok(ip)) = (network.parse::<IpAddr>(), bits.parse::<u32>(), ip.parse::<IpAddr>()) else {
        return false;
    };
    match (network, ip) {
        (IpAddr::V4(network), IpAddr::V4(ip)) => {
            let mask = u32::MAX.checked_shl(32_u32.saturating_sub(bits)).unwrap_or(0);
            u32::from(network) & mask == u32::from(ip) & mask
        }
        (IpAddr::V6(network), IpAddr::V6(ip)) => {
            let mask = u128::MAX.checked_shl(128_u32.saturating_sub(bits)).unwrap_or(0);
            u128::from(network) & mask == u128::from(ip) & mask
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::Constraint;

    #[test]
    fn reads_as_swarmkit_does() {
        for (text, demands) in [
            ("node.labels.db==true", true),
            ("node.labels.db == true", true),
            ("Node.Labels.db==TRUE", true),
            ("node.labels.DB==true", false),
            ("node.labels.db!=true", false),
            ("node.labels.db==false", false),
            ("engine.labels.db==true", false),
            ("node.label", false),
            ("", false),
            ("ñöde.läbels.db==true", false),
        ] {
            assert_eq!(Constraint::parse(text).demands_label("db", "true"), demands, "{text}");
        }
    }
}
