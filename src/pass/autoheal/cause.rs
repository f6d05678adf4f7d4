//! Why a task has ended, from what the swarm remembers of it, in words, with the next thing to do.

use crate::model::{Needs, Service, Task, TaskState};
use crate::pass::rebalance::words::bytes;

/// Why a task has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cause {
    /// Its node has no such image, and couldn't get it.
    ImageMissing,
    /// Its healthcheck said so.
    Unhealthy,
    /// Killed (137): out of memory, as a rule.
    Killed,
    /// A path that is to be mounted isn't there.
    MountMissing,
    /// Somebody else has its port.
    PortTaken,
    /// Its command can't be started.
    NotStarted,
    /// Its command ended with this.
    Exit(i64),
    /// Something else.
    Other,
}

impl Cause {
    /// Why this task ended; none if its end is no failure.
    pub(super) fn of(task: &Task, service: &Service) -> Option<Self> {
        let err = task.status.err.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| err.contains(word));
        let code = task.status.container.as_ref().map_or(0, |container| container.exit_code);
        match task.status.state {
            // Moved away, not failed.
            TaskState::Rejected if has(&["no longer meets constraints"]) => None,
            TaskState::Complete if service.restarts_always => Some(Self::Exit(0)),
            TaskState::Failed | TaskState::Rejected => Some(match () {
                () if has(&[
                    "no such image",
                    "pull access denied",
                    "manifest unknown",
                    "manifest for ",
                    "not found: manifest",
                ]) =>
                {
                    Self::ImageMissing
                }
                () if has(&["unhealthy container"]) => Self::Unhealthy,
                () if has(&["bind source path does not exist", "invalid mount config"]) => Self::MountMissing,
                () if has(&["port is already allocated", "address already in use"]) => Self::PortTaken,
                () if has(&["starting container failed", "executable file not found", "permission denied"]) => {
                    Self::NotStarted
                }
                () if code == 137 => Self::Killed,
                () if code != 0 => Self::Exit(code),
                () => Self::Other,
            }),
            _ => None,
        }
    }

    /// A stable word for scripts.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::ImageMissing => "image_missing",
            Self::Unhealthy => "unhealthy",
            Self::Killed => "killed",
            Self::MountMissing => "mount_missing",
            Self::PortTaken => "port_taken",
            Self::NotStarted => "not_started",
            Self::Exit(_) => "exit_code",
            Self::Other => "other",
        }
    }

    /// What is wrong, and what to do next.
    pub(super) fn words(self, service: &Service, needs: &Needs, image: &str) -> (String, String) {
        let name = &service.name;
        let logs = format!("see `docker service logs --tail 50 {name}`");
        let (what, next) = match self {
            Self::ImageMissing => (
                format!("the image `{image}` is missing: the node doesn't have it and can't pull it"),
                "check the name and the tag, whether the registry answers, and its credentials \
                 (`docker service update --with-registry-auth`)"
                    .to_owned(),
            ),
            Self::Unhealthy => (
                "its healthcheck fails, so swarm kills it".to_owned(),
                format!("run the check by hand in a container of it; if it only starts slowly, give it `--health-start-period`; {logs}"),
            ),
            Self::Killed => match needs.memory_limit {
                0 => (
                    "it was killed (137), as a rule because its node ran out of memory".to_owned(),
                    "`docker inspect` of the container says OOMKilled; reserve the memory that it needs, so that it gets a node that has it"
                        .to_owned(),
                ),
                limit => (
                    format!("it was killed (137), as a rule because it needs more memory than its limit of {}", bytes(limit)),
                    format!("`docker inspect` of the container says OOMKilled; raise the limit (`docker service update --limit-memory`), or make it need less; {logs}"),
                ),
            },
            Self::MountMissing => (
                "what it mounts isn't there on the node".to_owned(),
                "make the path on every node that may run it, or tie it by a constraint to those that have it".to_owned(),
            ),
            Self::PortTaken => (
                "a port that it publishes is taken on the node".to_owned(),
                "publish another port, or stop what has it".to_owned(),
            ),
            Self::NotStarted => (
                "its command can't be started".to_owned(),
                "check command and entrypoint: do they exist in the image, and may they be executed?".to_owned(),
            ),
            Self::Exit(0) => (
                "its command ends well (exit code 0), and is started again each time".to_owned(),
                "a command that is meant to end wants `--restart-condition on-failure`, or a job mode".to_owned(),
            ),
            Self::Exit(code) => (format!("its command ends with {}", exit_code(code)), logs),
            Self::Other => ("swarm gives no reason that orca knows".to_owned(), logs),
        };
        (what, next)
    }
}

/// An exit code with what it means by convention.
fn exit_code(code: i64) -> String {
    let meaning = match code {
        125 => " (the engine itself failed)",
        126 => " (the command can't be executed)",
        127 => " (the command was not found)",
        134 => " (it aborted)",
        139 => " (it crashed: segmentation fault)",
        143 => " (it was told to stop, SIGTERM)",
        _ => "",
    };
    format!("exit code {code}{meaning}")
}
