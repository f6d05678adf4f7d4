//! Placement constraints, read as swarmkit reads them (`constraint/constraint.go`).

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

    /// Whether it demands this node label. Values are compared without case.
    pub fn demands_label(&self, key: &str, value: &str) -> bool {
        self.equal && self.node_label() == Some(key) && self.value.eq_ignore_ascii_case(value)
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
