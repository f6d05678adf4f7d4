//! A swarm task as the passes see it. A large cluster has tens of thousands: no raw text is kept.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{NodeId, ServiceId, or_default, timestamp};

/// A swarm task id.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskId(pub String);

/// `Status.State` and `DesiredState`, in the order in which a task goes through them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskState {
    /// Created.
    New,
    /// Networks allocated.
    Allocated,
    /// Waits for a node.
    Pending,
    /// Has a node.
    Assigned,
    /// Accepted by the node.
    Accepted,
    /// Pulls its image, makes its container.
    Preparing,
    /// Could start; waits to be let.
    Ready,
    /// Starts; its healthcheck has not passed yet.
    Starting,
    /// Runs (and is healthy, if it can tell).
    Running,
    /// Ended well.
    Complete,
    /// Was stopped.
    Shutdown,
    /// Ended badly.
    Failed,
    /// Refused by its node, or no longer allowed there.
    Rejected,
    /// To be removed with its service.
    Remove,
    /// Its node has been away for too long.
    Orphaned,
    /// A state newer than orca.
    #[default]
    #[serde(other)]
    Unknown,
}

impl TaskState {
    /// The engine's word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Allocated => "allocated",
            Self::Pending => "pending",
            Self::Assigned => "assigned",
            Self::Accepted => "accepted",
            Self::Preparing => "preparing",
            Self::Ready => "ready",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Complete => "complete",
            Self::Shutdown => "shutdown",
            Self::Failed => "failed",
            Self::Rejected => "rejected",
            Self::Remove => "remove",
            Self::Orphaned => "orphaned",
            Self::Unknown => "in a state that this orca does not know",
        }
    }
}

/// A swarm task.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Task {
    /// Task id.
    #[serde(rename = "ID")]
    pub id: TaskId,
    /// Its service; empty for a task of a plugin or network.
    #[serde(rename = "ServiceID", default)]
    pub service: ServiceId,
    /// Its node; empty while it has none.
    #[serde(rename = "NodeID", default)]
    pub node: NodeId,
    /// Which of the service's replicas it is; 0 for a global service, which has one a node.
    #[serde(default)]
    pub slot: u64,
    /// When the managers made it (their clock).
    #[serde(default, deserialize_with = "timestamp")]
    pub created_at: Option<Timestamp>,
    /// What the managers want of it.
    #[serde(default)]
    pub desired_state: TaskState,
    /// What its node says of it.
    #[serde(default, deserialize_with = "or_default")]
    pub status: TaskStatus,
    /// What it runs.
    #[serde(default, deserialize_with = "or_default")]
    pub spec: TaskSpec,
    /// Of a job: which of its runs it is part of.
    #[serde(default, deserialize_with = "or_default")]
    pub job_iteration: Iteration,
}

/// `JobIteration` of a job and of its tasks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Iteration {
    /// Counts its runs.
    pub index: u64,
}

/// `Spec` of a task, as far as it is looked at.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct TaskSpec {
    /// Of a container.
    #[serde(deserialize_with = "or_default")]
    pub container_spec: TaskContainer,
    /// The counter of its service when it was made.
    pub force_update: u64,
}

/// `Spec.ContainerSpec` of a task, as far as it is looked at.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct TaskContainer {
    /// The image's name.
    pub image: String,
}

/// `Status.ContainerStatus` of a task.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ContainerStatus {
    /// Id of the container; empty where none was made.
    #[serde(rename = "ContainerID")]
    pub id: String,
    /// What its command ended with.
    pub exit_code: i64,
}

/// `Status` of a task.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(from = "StatusView")]
pub struct TaskStatus {
    /// What its node says of it.
    pub state: TaskState,
    /// Since when.
    pub timestamp: Option<Timestamp>,
    /// The error text, if it failed or can't be placed.
    pub err: String,
    /// Its container, once it has failed: nobody asks about the others, and they are the many.
    pub container: Option<Box<ContainerStatus>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct StatusView {
    state: TaskState,
    #[serde(deserialize_with = "timestamp")]
    timestamp: Option<Timestamp>,
    #[serde(deserialize_with = "or_default")]
    err: String,
    container_status: Option<ContainerStatus>,
}

impl From<StatusView> for TaskStatus {
    fn from(StatusView { state, timestamp, err, container_status }: StatusView) -> Self {
        let failed = matches!(state, TaskState::Complete | TaskState::Failed | TaskState::Rejected);
        Self { state, timestamp, err, container: container_status.filter(|_| failed).map(Box::new) }
    }
}

impl Task {
    /// The managers still want it.
    ///
    /// `desired ready` is a replacement that waits for its predecessor or for the restart delay. What is wanted of a job's
    /// task is `complete`, from the first to the last (seen on 20.10, 26.1 and 28.5), and of no other task.
    pub fn wanted(&self) -> bool {
        matches!(self.desired_state, TaskState::Ready | TaskState::Running | TaskState::Complete)
    }

    /// The managers still want it, and it has not ended: it counts for its slot.
    pub fn live(&self) -> bool {
        self.wanted() && !self.ended()
    }

    /// It has ended, well or not, and won't run again.
    pub fn ended(&self) -> bool {
        self.status.state > TaskState::Running && self.status.state != TaskState::Unknown
    }

    /// What its successor, should it need one, has in common with it.
    pub fn place(&self) -> String {
        if self.slot == 0 { self.node.0.clone() } else { self.slot.to_string() }
    }

    /// It runs, and the managers want it to. State alone is not enough: on a dead node it says `running` for long.
    pub fn running(&self) -> bool {
        matches!(self.desired_state, TaskState::Running | TaskState::Complete)
            && self.status.state == TaskState::Running
    }
}
