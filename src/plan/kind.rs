//! The dotted vocabulary: what changes are called in reports, journal and metrics.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Specified, TargetKind};

/// The dotted vocabulary of changes: it names actions in reports, rows in the journal, and metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ActionKind {
    /// A node label is set.
    #[serde(rename = "node.label.set")]
    NodeLabelSet,
    /// A node label is removed.
    #[serde(rename = "node.label.remove")]
    NodeLabelRemove,
    /// A stale entry leaves orca's record on a node.
    #[serde(rename = "node.record.forget")]
    NodeRecordForget,
    /// A node takes no new tasks.
    #[serde(rename = "node.pause")]
    NodePause,
    /// A node takes tasks again.
    #[serde(rename = "node.resume")]
    NodeResume,
    /// A service gets a placement constraint.
    #[serde(rename = "service.constraint.add")]
    ServiceConstraintAdd,
    /// A service's tasks are restarted.
    #[serde(rename = "service.force_update")]
    ServiceForceUpdate,
    /// A half-done move is taken out of a service's spec.
    #[serde(rename = "service.move.undo")]
    ServiceMoveUndo,
    /// A half-done move is taken out of a service's previous spec.
    #[serde(rename = "service.move.seal")]
    ServiceMoveSeal,
    /// A service that orca made for a short while is removed.
    #[serde(rename = "service.temporary.remove")]
    ServiceTemporaryRemove,
    /// A task is moved to another node.
    #[serde(rename = "task.move")]
    TaskMove,
    /// A service goes back to its spec before.
    #[serde(rename = "service.rollback")]
    ServiceRollback,
    /// A service gets another image.
    #[serde(rename = "service.image.set")]
    ServiceImageSet,
    /// A service gets new credentials for its registry.
    #[serde(rename = "service.auth.set")]
    ServiceAuthSet,
    /// A service is scaled.
    #[serde(rename = "service.scale")]
    ServiceScale,
    /// A service is scaled to nothing, and remembers its replicas.
    #[serde(rename = "service.stop")]
    ServiceStop,
    /// A stopped service gets its replicas back.
    #[serde(rename = "service.start")]
    ServiceStart,
    /// A swarm is made.
    #[serde(rename = "swarm.init")]
    SwarmInit,
    /// orca is told to leave the swarm, or an anchor, alone.
    #[serde(rename = "swarm.pause")]
    SwarmPause,
    /// That ends.
    #[serde(rename = "swarm.resume")]
    SwarmResume,
    /// The unlock key is saved.
    #[serde(rename = "swarm.unlock_key.save")]
    SwarmUnlockKeySave,
    /// An engine joins.
    #[serde(rename = "node.join")]
    NodeJoin,
    /// A node is promoted or demoted.
    #[serde(rename = "node.role.set")]
    NodeRoleSet,
    /// A node is told whether to take tasks.
    #[serde(rename = "node.availability.set")]
    NodeAvailabilitySet,
    /// A node that is down is removed.
    #[serde(rename = "node.remove")]
    NodeRemove,
    /// A service is made.
    #[serde(rename = "service.create")]
    ServiceCreate,
    /// A field of a service's spec is set.
    #[serde(rename = "service.field.set")]
    ServiceFieldSet,
    /// A program is put onto a machine.
    #[serde(rename = "host.program.set")]
    HostProgramSet,
    /// A unit of systemd is written.
    #[serde(rename = "host.unit.set")]
    HostUnitSet,
    /// A unit of systemd is started.
    #[serde(rename = "host.unit.start")]
    HostUnitStart,
    /// A container is restarted.
    #[serde(rename = "container.restart")]
    ContainerRestart,
    /// A container is removed.
    #[serde(rename = "container.remove")]
    ContainerRemove,
    /// An image is removed.
    #[serde(rename = "image.remove")]
    ImageRemove,
    /// A volume is removed.
    #[serde(rename = "volume.remove")]
    VolumeRemove,
    /// A network is removed.
    #[serde(rename = "network.remove")]
    NetworkRemove,
    /// A network of the swarm is made.
    #[serde(rename = "swarm.network.create")]
    NetworkCreate,
    /// A network of the swarm is removed.
    #[serde(rename = "swarm.network.remove")]
    SwarmNetworkRemove,
    /// A secret is made.
    #[serde(rename = "secret.create")]
    SecretCreate,
    /// A secret is removed.
    #[serde(rename = "secret.remove")]
    SecretRemove,
    /// A config is made.
    #[serde(rename = "config.create")]
    ConfigCreate,
    /// A config is removed.
    #[serde(rename = "config.remove")]
    ConfigRemove,
    /// Build cache is removed.
    #[serde(rename = "build_cache.prune")]
    BuildCachePrune,
    /// A service's logs get a limit.
    #[serde(rename = "service.log_limit.set")]
    ServiceLogLimitSet,
    /// A log is rotated.
    #[serde(rename = "log.rotate")]
    LogRotate,
    /// A copy of a log is compressed.
    #[serde(rename = "log.compress")]
    LogCompress,
    /// A copy of a log is removed.
    #[serde(rename = "log.remove")]
    LogRemove,
    /// A program is told that its logs were renamed.
    #[serde(rename = "log.notify")]
    LogNotify,
    /// logrotate does what its own configuration says.
    #[serde(rename = "logrotate.run")]
    LogrotateRun,
    /// A file of the set-up is written.
    #[serde(rename = "file.write")]
    FileWrite,
    /// Something is fetched into the cache directory.
    #[serde(rename = "mod.fetch")]
    ModFetch,
    /// Something is removed from the cache directory.
    #[serde(rename = "mod.remove")]
    ModRemove,
    /// An image is taken out of a registry.
    #[serde(rename = "registry.image.remove")]
    RegistryImageRemove,
    /// A service is removed.
    #[serde(rename = "service.remove")]
    ServiceRemove,
    /// An image is built.
    #[serde(rename = "image.build")]
    ImageBuild,
    /// An image is sent to its registry.
    #[serde(rename = "image.push")]
    ImagePush,
    /// A definition is taken into the catalog.
    #[serde(rename = "catalog.insert")]
    CatalogInsert,
    /// A definition in the catalog is replaced.
    #[serde(rename = "catalog.update")]
    CatalogUpdate,
    /// A service is taken out of the catalog.
    #[serde(rename = "catalog.delete")]
    CatalogDelete,
    /// The catalog notes how a service stands.
    #[serde(rename = "catalog.state.set")]
    CatalogStateSet,
}

/// The dotted name, as in reports.
impl fmt::Display for ActionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl ActionKind {
    /// To make a network, secret or config.
    pub(super) fn creation(what: TargetKind) -> Self {
        match what {
            TargetKind::Secret => Self::SecretCreate,
            TargetKind::Config => Self::ConfigCreate,
            _ => Self::NetworkCreate,
        }
    }

    /// To remove a secret, a config or a network of the swarm.
    pub(super) fn removal(what: TargetKind) -> Self {
        match what {
            TargetKind::Secret => Self::SecretRemove,
            TargetKind::Config => Self::ConfigRemove,
            _ => Self::SwarmNetworkRemove,
        }
    }

    /// What such a change is one edit of the spec of.
    pub fn edits(self) -> Option<Specified> {
        match self {
            Self::NodeLabelSet
            | Self::NodeLabelRemove
            | Self::NodeRecordForget
            | Self::NodePause
            | Self::NodeResume
            | Self::NodeRoleSet
            | Self::NodeAvailabilitySet => Some(Specified::Node),
            Self::ServiceConstraintAdd
            | Self::ServiceForceUpdate
            | Self::ServiceRollback
            | Self::ServiceImageSet
            | Self::ServiceAuthSet
            | Self::ServiceScale
            | Self::ServiceStop
            | Self::ServiceStart
            | Self::ServiceFieldSet
            | Self::ServiceLogLimitSet => Some(Specified::Service),
            // These replace a spec, or add or remove the object itself,
            Self::ServiceMoveUndo
            | Self::ServiceMoveSeal
            | Self::ServiceCreate
            | Self::ServiceTemporaryRemove
            | Self::ServiceRemove
            | Self::TaskMove
            | Self::NodeJoin
            | Self::NodeRemove
            | Self::NetworkCreate
            | Self::SwarmNetworkRemove
            | Self::SecretCreate
            | Self::SecretRemove
            | Self::ConfigCreate
            | Self::ConfigRemove
            // these are about the swarm itself,
            | Self::SwarmInit
            | Self::SwarmPause
            | Self::SwarmResume
            | Self::SwarmUnlockKeySave
            // and these about what lies on one node.
            | Self::HostProgramSet
            | Self::HostUnitSet
            | Self::HostUnitStart
            | Self::ContainerRestart
            | Self::ContainerRemove
            | Self::ImageRemove
            | Self::VolumeRemove
            | Self::NetworkRemove
            | Self::BuildCachePrune
            | Self::LogRotate
            | Self::LogCompress
            | Self::LogRemove
            | Self::LogNotify
            | Self::LogrotateRun
            | Self::FileWrite
            | Self::ModFetch
            | Self::ModRemove
            // This lies in a registry.
            | Self::RegistryImageRemove
            // And these are in a file of this host.
            | Self::CatalogInsert
            | Self::CatalogUpdate
            | Self::CatalogDelete
            | Self::CatalogStateSet
            // or in an engine's own store of images.
            | Self::ImageBuild
            | Self::ImagePush => None,
        }
    }

    /// The order within a pass: a label is added before it is removed elsewhere, and tasks are touched last.
    pub fn rank(self) -> u8 {
        match self {
            // Without a swarm, and without the node in it, nothing can be done to it.
            Self::SwarmInit
            | Self::SwarmPause
            | Self::SwarmResume
            | Self::SwarmUnlockKeySave
            | Self::NodeJoin
            | Self::NodeLabelSet
            | Self::NodePause
            | Self::NodeResume
            | Self::ServiceMoveUndo => 0,
            Self::ServiceMoveSeal
            | Self::ServiceTemporaryRemove
            | Self::NodeLabelRemove
            | Self::NodeRecordForget
            | Self::NodeRoleSet
            | Self::NodeAvailabilitySet => 1,
            // Services need them.
            Self::ServiceConstraintAdd | Self::NetworkCreate | Self::SecretCreate | Self::ConfigCreate => 2,
            Self::ServiceForceUpdate
            | Self::TaskMove
            | Self::ServiceRollback
            | Self::ServiceImageSet
            | Self::ServiceAuthSet
            | Self::ServiceScale
            | Self::ServiceStop
            | Self::ServiceStart
            | Self::ServiceLogLimitSet
            | Self::ServiceCreate
            | Self::ServiceFieldSet
            | Self::ServiceRemove
            | Self::ImageBuild
            | Self::ImagePush => 3,
            // On a node: containers first, then what they used.
            Self::ContainerRestart | Self::ContainerRemove | Self::HostProgramSet => 4,
            Self::ImageRemove
            | Self::BuildCachePrune
            | Self::HostUnitSet
            | Self::SecretRemove
            | Self::ConfigRemove
            | Self::SwarmNetworkRemove => 5,
            Self::VolumeRemove | Self::NetworkRemove | Self::NodeRemove | Self::HostUnitStart => 6,
            // Files on this host are in an order of their own.
            Self::LogRemove | Self::LogRotate | Self::LogNotify | Self::LogCompress | Self::LogrotateRun => 7,
            Self::FileWrite | Self::ModFetch | Self::ModRemove | Self::RegistryImageRemove => 8,
            Self::CatalogInsert | Self::CatalogUpdate | Self::CatalogDelete | Self::CatalogStateSet => 9,
        }
    }
}
