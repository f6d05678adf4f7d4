//! The closed list of changes that orca makes, and their names in reports, journal and metrics.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::TargetKind;
use crate::files::squeeze::Compress;
use crate::model::Role;
use crate::settings::Signal;

/// The closed list of changes that orca can make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Sets a node label.
    LabelSet {
        /// Label key.
        key: String,
        /// Value found.
        before: Option<String>,
        /// Value wanted.
        after: String,
        /// Whether orca enters the key into its record on the node.
        record: bool,
    },
    /// Removes a node label, and the key from orca's record on the node.
    LabelRemove {
        /// Label key.
        key: String,
        /// Value found.
        before: String,
    },
    /// Takes keys that are no longer on the node out of orca's record.
    RecordForget {
        /// Label keys.
        keys: Vec<String>,
    },
    /// Keeps new tasks off a node that takes them.
    NodePause {
        /// The service that it is done for.
        by: String,
    },
    /// Undoes that.
    NodeResume {
        /// The service that it was done for.
        by: String,
    },
    /// Adds a placement constraint to a service.
    ConstraintAdd {
        /// The constraint's text.
        constraint: String,
    },
    /// Restarts a service's tasks.
    ForceUpdate {
        /// The counter found.
        before: u64,
    },
    /// Takes what a move has written out of a service's spec.
    MoveUndo,
    /// Writes a service's spec as it is, so that what a move has written is not its previous spec any more.
    MoveSeal,
    /// Removes a service that orca made for a short while.
    TemporaryRemove,
    /// Moves a task to another node: a protocol of several updates, not an edit.
    TaskMove {
        /// Hostname of the node where it runs.
        from: String,
        /// Hostname of the node where it is to run.
        to: String,
    },
    /// Goes back to the spec before the service's last update.
    Rollback {
        /// The image found.
        before: String,
        /// The image of the spec before.
        after: String,
    },
    /// Sets a service's replicas to none.
    ScaleZero {
        /// The replicas found.
        before: u64,
    },
    /// Makes a swarm of an engine that is in none.
    SwarmInit,
    /// Sets or ends a pause: a label of the swarm itself.
    SwarmPause {
        /// The value found.
        before: Option<String>,
        /// The value wanted; none: it is ended.
        after: Option<String>,
    },
    /// Writes the swarm's unlock key into a file that only its owner can read.
    UnlockKeySave {
        /// The file.
        file: String,
    },
    /// Lets an engine that is in no swarm join.
    NodeJoin {
        /// Which token it joins with.
        role: Role,
    },
    /// Promotes or demotes a node.
    RoleSet {
        /// Role found.
        before: Role,
        /// Role wanted.
        after: Role,
    },
    /// Says whether a node takes tasks, as the settings have it.
    AvailabilitySet {
        /// Availability found.
        before: String,
        /// Availability wanted.
        after: String,
    },
    /// Removes a node that is down.
    NodeRemove,
    /// Makes a service.
    ServiceCreate {
        /// Its whole spec.
        spec: Value,
    },
    /// Sets one field of a service's spec.
    FieldSet {
        /// Keys from the spec's top to the field.
        path: Vec<String>,
        /// The value found.
        before: Value,
        /// The value wanted.
        after: Value,
    },
    /// Puts a program onto a machine.
    HostProgram {
        /// SHA-256 of what is there; none if nothing is.
        before: Option<String>,
        /// SHA-256 of what is sent.
        after: String,
    },
    /// Writes a unit of systemd.
    HostUnit {
        /// The text found; none if there was no unit.
        before: Option<String>,
        /// The text wanted.
        after: String,
    },
    /// Has systemd start a unit, now and after each boot.
    HostStart {
        /// What systemd said of it.
        before: String,
        /// It runs, but not what is on the disk.
        restart: bool,
    },
    /// Restarts a container that is no swarm task.
    ContainerRestart {
        /// Seconds between SIGTERM and SIGKILL that the container's label asks for; none: the container's own.
        stop_timeout: Option<u32>,
        /// The longest that the engine may take, in seconds.
        patience: u32,
    },
    /// Removes a container, image, volume or network from its node.
    Remove {
        /// Which of them it is.
        what: TargetKind,
        /// An image's names, each of which has to go.
        names: Vec<String>,
        /// Bytes that go with it, as far as the engine can tell.
        bytes: u64,
    },
    /// Removes build cache that nothing has used for so long.
    CachePrune {
        /// In seconds.
        unused_for: u64,
        /// Bytes that go with it.
        bytes: u64,
    },
    /// Gives a service's logs a limit.
    LogLimit {
        /// The driver and its options found.
        before: Value,
        /// `max-size`, as docker takes it.
        max_size: String,
        /// `max-file`.
        max_file: u32,
    },
    /// Makes a copy of a log and empties it, or renames it and makes it anew.
    LogRotate(Rotation),
    /// Compresses a copy that was renamed before.
    LogCompress {
        /// Of the copy.
        file: FileFact,
        /// How.
        compress: Compress,
    },
    /// Removes a copy, or what a run that was stopped has left of one.
    LogRemove {
        /// Of what goes.
        file: FileFact,
    },
    /// Tells a program that its logs were renamed.
    LogNotify {
        /// The signal and the file with the process id of who gets it.
        signal: Option<(Signal, PathBuf)>,
        /// A command and its arguments.
        command: Vec<String>,
    },
    /// Fetches something into the cache directory.
    ModFetch {
        /// The SHA-256 of what is there.
        before: Option<String>,
        /// From where.
        from: String,
    },
    /// Removes something from the cache directory.
    ModRemove {
        /// From where it came.
        from: String,
    },
    /// Lets logrotate do what its own configuration says.
    Logrotate {
        /// Logs that it says need rotating.
        logs: Vec<String>,
    },
}

/// A file as the plan knows it: it must still be this one when its turn comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFact {
    /// Device and inode.
    pub id: (u64, u64),
    /// Bytes.
    pub size: u64,
}

/// How a log is rotated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The log.
    pub file: FileFact,
    /// What its copy is called; none is kept if there is no name.
    pub copy: Option<String>,
    /// How the copy is kept.
    pub compress: Compress,
    /// It is copied and emptied in place; else it is renamed and made anew.
    pub copytruncate: bool,
}

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
    /// A service is scaled.
    #[serde(rename = "service.scale")]
    ServiceScale,
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
    /// Something is fetched into the cache directory.
    #[serde(rename = "mod.fetch")]
    ModFetch,
    /// Something is removed from the cache directory.
    #[serde(rename = "mod.remove")]
    ModRemove,
}

impl ActionKind {
    /// The dotted name.
    pub fn name(self) -> &'static str {
        match self {
            Self::NodeLabelSet => "node.label.set",
            Self::NodeLabelRemove => "node.label.remove",
            Self::NodeRecordForget => "node.record.forget",
            Self::NodePause => "node.pause",
            Self::NodeResume => "node.resume",
            Self::ServiceConstraintAdd => "service.constraint.add",
            Self::ServiceForceUpdate => "service.force_update",
            Self::ServiceMoveUndo => "service.move.undo",
            Self::ServiceMoveSeal => "service.move.seal",
            Self::ServiceTemporaryRemove => "service.temporary.remove",
            Self::TaskMove => "task.move",
            Self::ServiceRollback => "service.rollback",
            Self::ServiceScale => "service.scale",
            Self::SwarmInit => "swarm.init",
            Self::SwarmPause => "swarm.pause",
            Self::SwarmResume => "swarm.resume",
            Self::SwarmUnlockKeySave => "swarm.unlock_key.save",
            Self::NodeJoin => "node.join",
            Self::NodeRoleSet => "node.role.set",
            Self::NodeAvailabilitySet => "node.availability.set",
            Self::NodeRemove => "node.remove",
            Self::ServiceCreate => "service.create",
            Self::ServiceFieldSet => "service.field.set",
            Self::HostProgramSet => "host.program.set",
            Self::HostUnitSet => "host.unit.set",
            Self::HostUnitStart => "host.unit.start",
            Self::ContainerRestart => "container.restart",
            Self::ContainerRemove => "container.remove",
            Self::ImageRemove => "image.remove",
            Self::VolumeRemove => "volume.remove",
            Self::NetworkRemove => "network.remove",
            Self::BuildCachePrune => "build_cache.prune",
            Self::ServiceLogLimitSet => "service.log_limit.set",
            Self::LogRotate => "log.rotate",
            Self::LogCompress => "log.compress",
            Self::LogRemove => "log.remove",
            Self::LogNotify => "log.notify",
            Self::LogrotateRun => "logrotate.run",
            Self::ModFetch => "mod.fetch",
            Self::ModRemove => "mod.remove",
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
            Self::ServiceConstraintAdd => 2,
            Self::ServiceForceUpdate
            | Self::TaskMove
            | Self::ServiceRollback
            | Self::ServiceScale
            | Self::ServiceLogLimitSet
            | Self::ServiceCreate
            | Self::ServiceFieldSet => 3,
            // On a node: containers first, then what they used.
            Self::ContainerRestart | Self::ContainerRemove | Self::HostProgramSet => 4,
            Self::ImageRemove | Self::BuildCachePrune | Self::HostUnitSet => 5,
            Self::VolumeRemove | Self::NetworkRemove | Self::NodeRemove | Self::HostUnitStart => 6,
            // Files on this host are in an order of their own.
            Self::LogRemove | Self::LogRotate | Self::LogNotify | Self::LogCompress | Self::LogrotateRun => 7,
            Self::ModFetch | Self::ModRemove => 8,
        }
    }
}

impl Change {
    /// The change's name in the dotted vocabulary.
    pub fn kind(&self) -> ActionKind {
        match self {
            Self::LabelSet { .. } => ActionKind::NodeLabelSet,
            Self::LabelRemove { .. } => ActionKind::NodeLabelRemove,
            Self::RecordForget { .. } => ActionKind::NodeRecordForget,
            Self::NodePause { .. } => ActionKind::NodePause,
            Self::NodeResume { .. } => ActionKind::NodeResume,
            Self::ConstraintAdd { .. } => ActionKind::ServiceConstraintAdd,
            Self::ForceUpdate { .. } => ActionKind::ServiceForceUpdate,
            Self::MoveUndo => ActionKind::ServiceMoveUndo,
            Self::MoveSeal => ActionKind::ServiceMoveSeal,
            Self::TemporaryRemove => ActionKind::ServiceTemporaryRemove,
            Self::TaskMove { .. } => ActionKind::TaskMove,
            Self::Rollback { .. } => ActionKind::ServiceRollback,
            Self::ScaleZero { .. } => ActionKind::ServiceScale,
            Self::SwarmInit => ActionKind::SwarmInit,
            Self::SwarmPause { after: Some(_), .. } => ActionKind::SwarmPause,
            Self::SwarmPause { after: None, .. } => ActionKind::SwarmResume,
            Self::UnlockKeySave { .. } => ActionKind::SwarmUnlockKeySave,
            Self::NodeJoin { .. } => ActionKind::NodeJoin,
            Self::RoleSet { .. } => ActionKind::NodeRoleSet,
            Self::AvailabilitySet { .. } => ActionKind::NodeAvailabilitySet,
            Self::NodeRemove => ActionKind::NodeRemove,
            Self::ServiceCreate { .. } => ActionKind::ServiceCreate,
            Self::FieldSet { .. } => ActionKind::ServiceFieldSet,
            Self::HostProgram { .. } => ActionKind::HostProgramSet,
            Self::HostUnit { .. } => ActionKind::HostUnitSet,
            Self::HostStart { .. } => ActionKind::HostUnitStart,
            Self::ContainerRestart { .. } => ActionKind::ContainerRestart,
            Self::CachePrune { .. } => ActionKind::BuildCachePrune,
            Self::LogLimit { .. } => ActionKind::ServiceLogLimitSet,
            Self::LogRotate(_) => ActionKind::LogRotate,
            Self::LogCompress { .. } => ActionKind::LogCompress,
            Self::LogRemove { .. } => ActionKind::LogRemove,
            Self::LogNotify { .. } => ActionKind::LogNotify,
            Self::Logrotate { .. } => ActionKind::LogrotateRun,
            Self::ModFetch { .. } => ActionKind::ModFetch,
            Self::ModRemove { .. } => ActionKind::ModRemove,
            Self::Remove { what, .. } => match what {
                TargetKind::Image => ActionKind::ImageRemove,
                TargetKind::Volume => ActionKind::VolumeRemove,
                TargetKind::Network => ActionKind::NetworkRemove,
                _ => ActionKind::ContainerRemove,
            },
        }
    }

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
        matches!(self, Self::MoveUndo | Self::MoveSeal | Self::TemporaryRemove | Self::ServiceCreate { .. })
    }

    /// The changed value as it was found and as it is wanted, for the report.
    pub fn values(&self) -> (Value, Value) {
        match self {
            Self::LabelSet { before, after, .. } => (before.clone().into(), after.clone().into()),
            Self::LabelRemove { before, .. } => (before.clone().into(), Value::Null),
            Self::RecordForget { keys } => (keys.join(",").into(), Value::Null),
            Self::NodePause { .. } => ("active".into(), "pause".into()),
            Self::NodeResume { .. } => ("pause".into(), "active".into()),
            Self::ConstraintAdd { constraint } => (Value::Null, constraint.clone().into()),
            Self::ForceUpdate { before } => ((*before).into(), before.saturating_add(1).into()),
            Self::MoveUndo | Self::MoveSeal | Self::TemporaryRemove => (Value::Null, Value::Null),
            Self::TaskMove { from, to } => (from.clone().into(), to.clone().into()),
            Self::Rollback { before, after } | Self::AvailabilitySet { before, after } => {
                (before.clone().into(), after.clone().into())
            }
            Self::ScaleZero { before } => ((*before).into(), 0.into()),
            Self::SwarmInit => (Value::Null, "swarm".into()),
            Self::SwarmPause { before, after } => (before.clone().into(), after.clone().into()),
            Self::UnlockKeySave { file } => (Value::Null, file.clone().into()),
            Self::NodeJoin { role } => (Value::Null, role.name().into()),
            Self::RoleSet { before, after } => (before.name().into(), after.name().into()),
            Self::NodeRemove => ("down".into(), Value::Null),
            Self::ServiceCreate { spec } => {
                (Value::Null, spec.pointer("/TaskTemplate/ContainerSpec/Image").cloned().unwrap_or_default())
            }
            Self::FieldSet { path, before, after } => (shown(path, before), shown(path, after)),
            Self::HostProgram { before, after } | Self::HostUnit { before, after } => {
                (before.clone().map_or(Value::Null, Value::from), after.as_str().into())
            }
            Self::HostStart { before, .. } => (before.clone().into(), "active, enabled".into()),
            Self::ContainerRestart { .. } => ("unhealthy".into(), "restarted".into()),
            Self::Remove { bytes, .. } | Self::CachePrune { bytes, .. } => {
                (serde_json::json!({ "size_bytes": bytes }), Value::Null)
            }
            Self::LogLimit { before, max_size, max_file } => {
                (before.clone(), format!("{max_size} x {max_file}").into())
            }
            Self::LogRotate(Rotation { file, copy, .. }) => {
                (serde_json::json!({ "size_bytes": file.size }), copy.clone().into())
            }
            Self::LogCompress { file, compress } => {
                (serde_json::json!({ "size_bytes": file.size }), compress.name().into())
            }
            Self::LogRemove { file } => (serde_json::json!({ "size_bytes": file.size }), Value::Null),
            Self::LogNotify { signal, command } => {
                let signal =
                    signal.as_ref().map(|(signal, pid_file)| format!("{} to {}", signal.name(), pid_file.display()));
                let command = command.first().cloned();
                (Value::Null, signal.into_iter().chain(command).collect::<Vec<_>>().join(", ").into())
            }
            Self::Logrotate { logs } => (logs.clone().into(), Value::Null),
            Self::ModFetch { before, from } => (before.clone().into(), from.clone().into()),
            Self::ModRemove { from } => (from.clone().into(), Value::Null),
        }
    }
}

/// A field's value, as reports may have it: variables can hold secrets.
fn shown(path: &[String], value: &Value) -> Value {
    if path.last().is_none_or(|key| key != "Env") {
        return value.clone();
    }
    let name = |variable: &Value| {
        let text = variable.as_str().unwrap_or_default();
        text.split_once('=').map_or_else(|| variable.clone(), |(name, _)| format!("{name}=<redacted>").into())
    };
    value.as_array().map_or(Value::Null, |list| list.iter().map(name).collect())
}
