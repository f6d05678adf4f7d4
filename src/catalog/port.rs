//! A port of a service, as it is written: `[PUBLISHED:]TARGET[/PROTOCOL][@MODE]`, each port a number or a range.

use serde_json::{Value, json};

/// Longer ranges are a mistake.
const LONGEST: u16 = 1000;

/// One port of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// In the container.
    pub target: u16,
    /// Where others find it; none: the swarm chooses one.
    pub published: Option<u16>,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: String,
    /// On each node that has a task, not on all of them through the swarm's mesh.
    pub host: bool,
}

impl Port {
    /// As Swarm is told.
    pub fn spec(&self) -> Value {
        // 0: any, which says that one is not wanted any more.
        json!({"Protocol": self.protocol, "TargetPort": self.target, "PublishedPort": self.published.unwrap_or_default(),
            "PublishMode": if self.host { "host" } else { "ingress" }})
    }
}

/// Reads what stands for one or several ports.
///
/// # Errors
/// What is wrong, to be read after the value.
pub fn parse(text: &str) -> Result<Vec<Port>, String> {
    let (rest, mode) = text.split_once('@').unwrap_or((text, "ingress"));
    let host = match mode {
        "host" => true,
        "ingress" => false,
        other => return Err(format!("has the mode `{other}`, which is neither `host` nor `ingress`")),
    };
    let (ports, protocol) = rest.split_once('/').unwrap_or((rest, "tcp"));
    let protocol = protocol.to_ascii_lowercase();
    if !matches!(protocol.as_str(), "tcp" | "udp" | "sctp") {
        return Err(format!("has the protocol `{protocol}`, which is none of tcp, udp and sctp"));
    }
    let (published, target) = match ports.rsplit_once(':') {
        None => (None, range(ports)?),
        Some((published, _)) if published.contains([':', '.']) => {
            return Err("has an address: Swarm publishes a port on all of a node's".to_owned());
        }
        Some((published, target)) => (Some(range(published)?), range(target)?),
    };
    let targets: Vec<u16> = (target.0..=target.1).collect();
    let Some((first, last)) = published else {
        return Ok(targets
            .into_iter()
            .map(|target| Port { target, published: None, protocol: protocol.clone(), host })
            .collect());
    };
    let published: Vec<u16> = (first..=last).collect();
    // One port of the container may be had at several of the swarm's.
    let pairs: Vec<(u16, u16)> = match (published.len(), targets.as_slice()) {
        (_, [target]) => published.into_iter().map(|published| (published, *target)).collect(),
        (count, targets) if count == targets.len() => published.into_iter().zip(targets.iter().copied()).collect(),
        (count, targets) => {
            return Err(format!(
                "publishes {count} ports for {} of the container: the ranges must be of one length",
                targets.len()
            ));
        }
    };
    let port = |(published, target)| Port { target, published: Some(published), protocol: protocol.clone(), host };
    Ok(pairs.into_iter().map(port).collect())
}

fn range(text: &str) -> Result<(u16, u16), String> {
    let number = |text: &str| match text.parse::<u16>() {
        Ok(number) if number > 0 && text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(number),
        _ => Err(format!("has `{text}`, which is no port (1 to 65535)")),
    };
    let (first, last) = match text.split_once('-') {
        None => (number(text)?, number(text)?),
        Some((first, last)) => (number(first)?, number(last)?),
    };
    if last < first {
        return Err(format!("has the range `{text}`, which ends before it begins"));
    }
    if last - first >= LONGEST {
        return Err(format!("has the range `{text}`: at most {LONGEST} ports"));
    }
    Ok((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let show = |port: Port| {
            let published = port.published.map_or("-".to_owned(), |port| port.to_string());
            format!("{published}:{}/{}{}", port.target, port.protocol, if port.host { "@host" } else { "" })
        };
        parse(text).unwrap().into_iter().map(show).collect()
    }

    #[test]
    fn ports_are_read_in_every_form() {
        assert_eq!(shown("80"), ["-:80/tcp"]);
        assert_eq!(shown("80/udp"), ["-:80/udp"]);
        assert_eq!(shown("8080:80"), ["8080:80/tcp"]);
        assert_eq!(shown("53:53/UDP@host"), ["53:53/udp@host"]);
        assert_eq!(shown("8000-8002:80-82"), ["8000:80/tcp", "8001:81/tcp", "8002:82/tcp"]);
        assert_eq!(shown("8000-8001:80"), ["8000:80/tcp", "8001:80/tcp"]);
        assert_eq!(shown("80-81/sctp"), ["-:80/sctp", "-:81/sctp"]);
    }

    #[test]
    fn what_is_no_port_is_refused() {
        for text in [
            "",
            "0",
            "80:",
            ":80",
            "65536",
            "a:b",
            "80/icmp",
            "127.0.0.1:80:80",
            "80@mesh",
            "9-8",
            "80:80-81",
            "+80",
            "1-60000",
            "80:80:80",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
