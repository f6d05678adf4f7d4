//! What a change is like to those who order, count and write it.

use super::Change;

impl Change {
    /// What of a node it changes, as the end of the action's id.
    pub(super) fn of_a_node(&self) -> String {
        match self {
            Self::LabelSet { key, .. } | Self::LabelRemove { key, .. } => return format!("label/{key}"),
            Self::SwarmInit => "init",
            Self::UnlockKeySave { .. } => "unlock_key",
            Self::NodeJoin { .. } => "join",
            Self::NodeRemove => "remove",
            Self::RoleSet { .. } => "role",
            Self::AvailabilitySet { .. } | Self::NodePause { .. } | Self::NodeResume { .. } => "availability",
            _ => "record",
        }
        .to_owned()
    }

    /// Bytes that it frees, as far as is known beforehand.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Remove { bytes, .. } | Self::CachePrune { bytes, .. } => *bytes,
            _ => 0,
        }
    }

    /// Whether it must be a write of its own, even beside another change of the same object: a move's traces are in
    /// two specs, and each write replaces one.
    pub fn stands_alone(&self) -> bool {
        matches!(
            self,
            Self::MoveUndo
                | Self::MoveSeal
                | Self::TemporaryRemove
                | Self::ServiceRemove
                | Self::ServiceCreate { .. }
                | Self::ObjectCreate { .. }
                | Self::ObjectRemove { .. }
        )
    }
}
