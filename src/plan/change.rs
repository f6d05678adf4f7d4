//! The closed list of changes that orca makes.

use std::path::PathBuf;

use serde_json::Value;

use super::{ActionKind, FileFact, Rotation, TargetKind};
use crate::catalog::definition::Definition;
use crate::catalog::status::Status;
use crate::compose::stack::Content;
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
    /// Gives a service another image.
    ImageSet {
        /// The image found.
        before: String,
        /// The image wanted, with its digest.
        after: String,
        /// Operating system and architecture of each platform that it is made for; none: not known.
        platforms: Vec<(String, String)>,
    },
    /// Writes a service's spec as it is, with credentials of today for its registry.
    AuthSet {
        /// The registry.
        registry: String,
    },
    /// Sets a service's replicas to none.
    ScaleZero {
        /// The replicas found.
        before: u64,
    },
    /// Sets a service's replicas; it is not a stopped one then.
    Scale {
        /// The replicas found.
        before: u64,
        /// The replicas wanted.
        after: u64,
    },
    /// Sets a service's replicas to none, and keeps their number in its label.
    Stop {
        /// The replicas found.
        before: u64,
    },
    /// Undoes that.
    Start {
        /// The replicas that the label has kept.
        after: u64,
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
    /// Writes a file of the set-up.
    FileWrite {
        /// What is in it; none: there is no such file.
        before: Option<String>,
        /// What is to be in it.
        after: String,
        /// Who may read it, as for chmod.
        mode: u32,
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
    /// Takes an image out of a registry.
    ImageForget {
        /// Of its manifest or index.
        digest: String,
        /// The tags that stand for it.
        tags: Vec<String>,
    },
    /// Takes a definition into the catalog.
    CatalogInsert {
        /// The definition.
        definition: Box<Definition>,
        /// The file that it is from.
        source: Option<String>,
        /// How its service stands.
        status: Status,
        /// The id of the service in the swarm.
        swarm_id: Option<String>,
    },
    /// Puts another definition into the catalog.
    CatalogUpdate {
        /// The definition.
        definition: Box<Definition>,
        /// The file that it is from.
        source: Option<String>,
        /// Of the row that it replaces.
        revision: i64,
    },
    /// Takes a service out of the catalog.
    CatalogDelete {
        /// Of the row that is meant.
        revision: i64,
    },
    /// Notes how a service stands.
    CatalogState {
        /// What the catalog says.
        before: Status,
        /// What the swarm says.
        after: Status,
        /// The id of the service in the swarm.
        swarm_id: Option<String>,
    },
    /// Removes a service.
    ServiceRemove,
    /// Makes a network, secret or config of the swarm.
    ObjectCreate {
        /// Which of them it is.
        what: TargetKind,
        /// What the engine is told.
        spec: Value,
        /// The content of a secret or config.
        content: Option<Content>,
    },
    /// Removes a network, secret or config from the swarm.
    ObjectRemove {
        /// Which of them it is.
        what: TargetKind,
    },
    /// Builds an image.
    ImageBuild {
        /// The folder that it is built of.
        context: String,
    },
    /// Sends an image to its registry.
    ImagePush,
    /// Lets logrotate do what its own configuration says.
    Logrotate {
        /// Logs that it says need rotating.
        logs: Vec<String>,
    },
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
            Self::ImageSet { .. } => ActionKind::ServiceImageSet,
            Self::AuthSet { .. } => ActionKind::ServiceAuthSet,
            Self::ScaleZero { .. } | Self::Scale { .. } => ActionKind::ServiceScale,
            Self::Stop { .. } => ActionKind::ServiceStop,
            Self::Start { .. } => ActionKind::ServiceStart,
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
            Self::FileWrite { .. } => ActionKind::FileWrite,
            Self::ModFetch { .. } => ActionKind::ModFetch,
            Self::ModRemove { .. } => ActionKind::ModRemove,
            Self::ImageForget { .. } => ActionKind::RegistryImageRemove,
            Self::CatalogInsert { .. } => ActionKind::CatalogInsert,
            Self::CatalogUpdate { .. } => ActionKind::CatalogUpdate,
            Self::CatalogDelete { .. } => ActionKind::CatalogDelete,
            Self::CatalogState { .. } => ActionKind::CatalogStateSet,
            Self::ServiceRemove => ActionKind::ServiceRemove,
            Self::ImageBuild { .. } => ActionKind::ImageBuild,
            Self::ImagePush => ActionKind::ImagePush,
            Self::ObjectCreate { what, .. } => ActionKind::creation(*what),
            Self::ObjectRemove { what } => ActionKind::removal(*what),
            Self::Remove { what, .. } => match what {
                TargetKind::Image => ActionKind::ImageRemove,
                TargetKind::Volume => ActionKind::VolumeRemove,
                TargetKind::Network => ActionKind::NetworkRemove,
                _ => ActionKind::ContainerRemove,
            },
        }
    }
}
