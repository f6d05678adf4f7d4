//! Ports of a compose file, in a definition's words.

use super::file::{LongPort, Port};
use super::stack::Scope;

/// Each as one text, so that what is wrong with it is found, and shown, at its place.
pub(super) fn all(scope: &mut Scope<'_>, service: &str, ports: &[Port]) -> Vec<String> {
    let mut texts = Vec::new();
    for (at, port) in ports.iter().enumerate() {
        texts.push(match port {
            Port::Text(text) => match address(text) {
                None => text.clone(),
                Some((address, rest)) => {
                    if !matches!(address, "0.0.0.0" | "[::]") {
                        let why = format!("Swarm publishes a port on every address of a node, not on {address} alone");
                        scope.ignored(&["services", service, "ports", &at.to_string()], why);
                    }
                    rest.to_owned()
                }
            },
            Port::Map(LongPort { target, published, protocol, mode }) => {
                let published = published.filter(|port| *port > 0).map(|port| format!("{port}:")).unwrap_or_default();
                let protocol = protocol.as_ref().map(|protocol| format!("/{protocol}")).unwrap_or_default();
                let mode = mode.as_ref().map(|mode| format!("@{mode}")).unwrap_or_default();
                format!("{published}{target}{protocol}{mode}")
            }
        });
    }
    texts
}

/// The address before the ports, and the ports.
fn address(text: &str) -> Option<(&str, &str)> {
    let (address, rest) = match text.strip_prefix('[') {
        Some(inner) => {
            let end = inner.find("]:")? + 2;
            (text.get(..end)?, text.get(end + 1..)?)
        }
        None => text.split_once(':').filter(|(address, _)| address.contains('.'))?,
    };
    Some((address, rest.strip_prefix(':').unwrap_or(rest)))
}
