//! A swarm service as the passes see it.

use std::sync::OnceLock;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Constraint, Needs, or_default, timestamp};

/// The label of a stack's services.
pub const STACK_LABEL: &str = "com.docker.stack.namespace";
/// The label in which `orca services stop` keeps the replicas.
pub const STOPPED_LABEL: &str = "orca.stopped";

/// A swarm service id.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServiceId(pub String);

/// How many tasks a service wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// So many replicas.
    Replicated(u64),
    /// One task per eligible node.
    Global,
    /// Runs to completion.
    Job,
    /// A mode newer than orca.
    Unknown,
}

/// `UpdateStatus.State`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpdateState {
    /// A rollout is under way.
    Updating,
    /// Stopped after a failure; waits for the operator.
    Paused,
    /// The last rollout ended well.
    Completed,
    /// A rollback is under way.
    RollbackStarted,
    /// A rollback stopped after a failure.
    RollbackPaused,
    /// The last rollback ended.
    RollbackCompleted,
    /// A state newer than orca.
    #[serde(other)]
    Unknown,
}

impl UpdateState {
    /// Why nobody else should touch the service now; `None` when a rollout has ended.
    pub fn busy(self) -> Option<&'static str> {
        self.under_way().or(self.stuck())
    }

    /// What is going on by itself and ends by itself: nothing to report, something to wait for.
    pub fn under_way(self) -> Option<&'static str> {
        match self {
            Self::Updating => Some("an update is in progress"),
            Self::RollbackStarted => Some("a rollback is in progress"),
            _ => None,
        }
    }

    /// What stays as it is until somebody acts; so does, for all that is known, a state newer than orca.
    pub fn stuck(self) -> Option<&'static str> {
        match self {
            Self::Paused => Some("its update is paused"),
            Self::RollbackPaused => Some("its rollback is paused"),
            Self::Unknown => Some("its update is in a state that this orca does not know"),
            _ => None,
        }
    }
}

/// A swarm service.
#[derive(Debug, Clone)]
pub struct Service {
    /// Service id.
    pub id: ServiceId,
    /// `Version.Index`, for compare-and-set.
    pub version: u64,
    /// Service name; unique in a swarm.
    pub name: String,
    /// `CreatedAt`, as the engine writes it.
    pub created_at: String,
    /// How many tasks it wants.
    pub mode: Mode,
    /// Whether the spec has a `TaskTemplate.Placement` at all. The CLI and stacks always write one, API clients may
    /// not.
    pub has_placement: bool,
    /// `TaskTemplate.Placement.Constraints`.
    pub constraints: Vec<Constraint>,
    /// `TaskTemplate.ForceUpdate`.
    pub force_update: u64,
    /// `TaskTemplate.ContainerSpec.Image`.
    pub image: String,
    /// Whether a task that has ended, well or not, is always followed by another (`RestartPolicy.Condition` is `any`).
    pub restarts_always: bool,
    /// `UpdateStatus.State` of the last rollout, if there was one.
    pub update: Option<UpdateState>,
    /// When the last rollout began, if there was one: tasks made before are of an older version.
    pub update_started: Option<Timestamp>,
    /// The update of orca's own that is not proven yet, in words; what the engine says of it may be long over. From
    /// orca's memory, see [`crate::pass::proving`]: the engine knows nothing of it.
    pub proving: Option<String>,
    /// What a move of orca has left in it, if one has not ended.
    pub trace: Option<Trace>,
    /// orca made it for a short while, and removes it again.
    pub temporary: Option<Temporary>,
    /// What the engine says of the last rollout; empty without one.
    pub message: String,
    /// The object as the engine sent it.
    pub raw: Box<RawValue>,
    needs: OnceLock<Needs>,
}

/// The service label of what orca makes for a short while, and what for: `prepull` or `probe`.
pub const TEMPORARY_LABEL: &str = "orca.temporary";
/// When it was left behind at the latest, RFC 3339; without, only who has the turn to move tasks can tell.
pub const UNTIL_LABEL: &str = "orca.temporary.until";

/// No probe takes longer; what does, says how long.
const LONGEST: SignedDuration = SignedDuration::from_secs(300);

/// What orca made for a short while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Temporary {
    /// See [`TEMPORARY_LABEL`].
    pub purpose: String,
    until: Option<Timestamp>,
}

impl Temporary {
    /// What goes into [`UNTIL_LABEL`] of what is made now, and may take so long.
    pub fn until(now: Timestamp, patience: Duration) -> String {
        let longest = SignedDuration::try_from(patience).unwrap_or(SignedDuration::MAX).max(LONGEST);
        now.saturating_add(longest).unwrap_or(now).to_string()
    }

    /// Nobody can be at work with it any more, but who has the turn to move tasks.
    pub fn over(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| until < now)
    }

    fn read(labels: Labels) -> Option<Self> {
        let Labels { temporary, until, probe, .. } = labels;
        // How orca marked its probes before they had the label of all: with when they were started.
        let older = || {
            let until = probe?.parse::<Timestamp>().ok()?.saturating_add(LONGEST).ok()?;
            Some(Self { purpose: "probe".to_owned(), until: Some(until) })
        };
        let until = until.and_then(|until| until.parse().ok());
        temporary.map(|purpose| Self { purpose, until }).or_else(older)
    }
}

/// What a move has left in a service, see [`crate::engine::edit::moving`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trace {
    /// Its spec is the move's.
    Spec,
    /// Its spec is the user's own again, but a rollback would bring back the move's.
    PreviousSpec,
}

impl Service {
    /// Reads `GET /services`: sorted by name.
    pub fn list(raw: Vec<Box<RawValue>>) -> serde_json::Result<Vec<Self>> {
        let mut services = raw.into_iter().map(Self::read).collect::<serde_json::Result<Vec<_>>>()?;
        services.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(services)
    }

    /// Reads one element of `GET /services`.
    pub fn read(raw: Box<RawValue>) -> serde_json::Result<Self> {
        let view: View = serde_json::from_str(raw.get())?;
        let template = view.spec.task_template;
        let previous = view.previous_spec.unwrap_or_default();
        let rollout = view.update_status.unwrap_or_default();
        let trace = match (view.spec.labels.restore, previous.labels.restore) {
            (Some(_), _) => Some(Trace::Spec),
            (None, Some(_)) => Some(Trace::PreviousSpec),
            (None, None) => None,
        };
        Ok(Self {
            id: view.id,
            version: view.version.index,
            name: view.spec.name,
            created_at: view.created_at,
            mode: view.spec.mode.mode(),
            has_placement: template.placement.is_some(),
            constraints: template
                .placement
                .unwrap_or_default()
                .constraints
                .iter()
                .map(|text| Constraint::parse(text))
                .collect(),
            force_update: template.force_update,
            image: template.container_spec.image,
            restarts_always: matches!(template.restart_policy.condition.as_str(), "" | "any"),
            update: rollout.state,
            update_started: rollout.started_at,
            proving: None,
            message: rollout.message,
            trace,
            temporary: Temporary::read(view.spec.labels),
            raw,
            needs: OnceLock::new(),
        })
    }

    /// Why nobody else should touch it now: as of [`UpdateState::busy`], and until orca itself has proven its update.
    pub fn busy(&self) -> Option<&str> {
        self.under_way().or(self.update.and_then(UpdateState::stuck))
    }

    /// What is going on and ends by itself: as of [`UpdateState::under_way`], and until orca itself has proven its update.
    pub fn under_way(&self) -> Option<&str> {
        self.update.and_then(UpdateState::under_way).or(self.proving.as_deref())
    }

    /// What it asks of the nodes: read when somebody wants to know, and once.
    ///
    /// # Errors
    /// If the object is not as the engine's are.
    pub fn needs(&self) -> serde_json::Result<&Needs> {
        match self.needs.get() {
            Some(needs) => Ok(needs),
            None => Needs::read(&self.raw).map(|needs| self.needs.get_or_init(|| needs)),
        }
    }
}

/// `Version` of any swarm object.
#[derive(Deserialize)]
pub(super) struct Version {
    #[serde(rename = "Index")]
    pub(super) index: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct View {
    #[serde(rename = "ID")]
    id: ServiceId,
    version: Version,
    #[serde(default, deserialize_with = "or_default")]
    created_at: String,
    spec: Spec,
    #[serde(default)]
    previous_spec: Option<PreviousSpec>,
    update_status: Option<UpdateStatus>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct PreviousSpec {
    #[serde(deserialize_with = "or_default")]
    labels: Labels,
}

/// The labels that mean something to orca in whatever it does: see [`crate::engine::edit::moving::RESTORE_LABEL`].
#[derive(Default, Deserialize)]
#[serde(default)]
struct Labels {
    #[serde(rename = "orca.move.restore")]
    restore: Option<serde::de::IgnoredAny>,
    #[serde(rename = "orca.temporary")]
    temporary: Option<String>,
    #[serde(rename = "orca.temporary.until")]
    until: Option<String>,
    #[serde(rename = "orca.probe")]
    probe: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Spec {
    name: String,
    #[serde(default, deserialize_with = "or_default")]
    labels: Labels,
    #[serde(default, deserialize_with = "or_default")]
    task_template: TaskTemplate,
    #[serde(default, deserialize_with = "or_default")]
    mode: ModeView,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct TaskTemplate {
    placement: Option<Placement>,
    force_update: u64,
    #[serde(deserialize_with = "or_default")]
    container_spec: ContainerSpec,
    #[serde(deserialize_with = "or_default")]
    restart_policy: RestartPolicy,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ContainerSpec {
    image: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct RestartPolicy {
    #[serde(deserialize_with = "or_default")]
    condition: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Placement {
    #[serde(deserialize_with = "or_default")]
    constraints: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ModeView {
    replicated: Option<Replicated>,
    global: Option<serde::de::IgnoredAny>,
    replicated_job: Option<serde::de::IgnoredAny>,
    global_job: Option<serde::de::IgnoredAny>,
}

impl ModeView {
    fn mode(&self) -> Mode {
        match self {
            // The engine reads an absent count as one replica.
            Self { replicated: Some(replicated), .. } => Mode::Replicated(replicated.replicas.unwrap_or(1)),
            Self { global: Some(_), .. } => Mode::Global,
            Self { replicated_job: Some(_), .. } | Self { global_job: Some(_), .. } => Mode::Job,
            _ => Mode::Unknown,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Replicated {
    replicas: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct UpdateStatus {
    state: Option<UpdateState>,
    #[serde(deserialize_with = "timestamp")]
    started_at: Option<Timestamp>,
    #[serde(deserialize_with = "or_default")]
    message: String,
}
