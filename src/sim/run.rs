//! `orca sim`: serves a simulated cluster on a socket, for as long as it is wanted or as one command runs.

use std::ffi::OsString;
use std::os::unix::fs::FileTypeExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::UnixListener;
use tokio::signal::unix::{SignalKind, signal};

use super::cluster::Cluster;
use super::serve::{serve, serve_fleet};
use crate::error::{Error, ErrorKind};
use crate::snapshot;

/// What `orca sim` was asked to do.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Serve on this socket.
    pub listen: Option<PathBuf>,
    /// Start from this snapshot file instead of a made-up cluster.
    pub from: Option<PathBuf>,
    /// Nodes of a made-up cluster; 0 means 3.
    pub nodes: usize,
    /// How many of them are managers; 0 means 1.
    pub managers: usize,
    /// So many engines in no swarm instead, each on a socket of its own in the folder `listen`.
    pub bare: usize,
    /// Services of a made-up cluster.
    pub services: usize,
    /// Tasks of a made-up cluster.
    pub tasks: usize,
    /// API version to speak; empty means the snapshot's, or the newest known.
    pub api: String,
    /// How long a new task takes to run.
    pub start_delay: Duration,
    /// Run this against the cluster and stop when it ends.
    pub command: Vec<OsString>,
}

impl Options {
    /// The cluster these options describe.
    pub fn cluster(&self) -> anyhow::Result<Cluster> {
        let mut cluster = if let Some(path) = &self.from {
            snapshot::load_as(path, Cluster::from_snapshot)?
        } else {
            let nodes = if self.nodes == 0 { 3 } else { self.nodes };
            let managers = self.managers.max(1);
            match self.services {
                0 => Cluster::with_nodes(nodes, managers),
                services => Cluster::generate_with(nodes, managers, services, self.tasks),
            }
        };
        if !self.api.is_empty() {
            cluster.set_api(&self.api);
        }
        cluster.set_start_delay(self.start_delay);
        Ok(cluster)
    }
}

/// Serves until a signal arrives or the command ends; returns the exit code.
pub async fn run(options: Options) -> anyhow::Result<i32> {
    if options.listen.is_none() && options.command.is_empty() {
        let error = Error::new(ErrorKind::Usage, "nothing to do");
        return Err(error.hint("give `--listen SOCK`, or a command after `--`").into());
    }
    if options.bare > 0 {
        return run_fleet(options).await;
    }
    let cluster = options.cluster()?;
    // Kept until the end: dropping it removes the folder.
    let folder = tempfile::tempdir().context("can't make a folder for the socket and the command's state")?;
    let socket = options.listen.unwrap_or_else(|| folder.path().join("sim.sock"));
    let listener = bind(&socket)?;
    let result = tokio::select! {
        () = serve(cluster, listener, Vec::new()) => Ok(0),
        result = wait(&options.command, &socket, folder.path()) => result,
    };
    // Gone already is as good.
    let _ = std::fs::remove_file(&socket);
    result
}

/// The same for engines in no swarm.
async fn run_fleet(options: Options) -> anyhow::Result<i32> {
    let cluster = Cluster::fleet(options.bare);
    let folder = tempfile::tempdir().context("can't make a folder for the sockets and the command's state")?;
    let dir = options.listen.unwrap_or_else(|| folder.path().to_owned());
    std::fs::create_dir_all(&dir).with_context(|| format!("can't make the folder `{}`", dir.display()))?;
    let sockets: Vec<PathBuf> = cluster.seat_names().iter().map(|name| dir.join(format!("{name}.sock"))).collect();
    let listeners = sockets.iter().map(|socket| bind(socket)).collect::<anyhow::Result<Vec<_>>>()?;
    let first = sockets.first().cloned().unwrap_or_default();
    let result = tokio::select! {
        () = serve_fleet(cluster, listeners) => Ok(0),
        result = wait(&options.command, &first, folder.path()) => result,
    };
    for socket in sockets {
        // Gone already is as good.
        let _ = std::fs::remove_file(socket);
    }
    result
}

/// Listens on `path`, in place of a socket that nobody serves any more.
fn bind(path: &Path) -> anyhow::Result<UnixListener> {
    let stale = std::fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_socket())
        && std::os::unix::net::UnixStream::connect(path).is_err();
    if stale {
        std::fs::remove_file(path).with_context(|| format!("can't remove the stale socket `{}`", path.display()))?;
    }
    UnixListener::bind(path).with_context(|| {
        Error::new(ErrorKind::Failed, format!("can't listen on `{}`", path.display()))
            .hint("the folder must exist and be writable, and no other `orca sim` may serve there")
    })
}

/// Waits for the command, or without one for a signal.
async fn wait(command: &[OsString], socket: &Path, folder: &Path) -> anyhow::Result<i32> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let Some((program, arguments)) = command.split_first() else {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        return Ok(0);
    };
    let mut host = OsString::from("unix://");
    host.push(socket);
    let mut child = tokio::process::Command::new(program)
        .args(arguments)
        .env("DOCKER_HOST", host)
        // A copy has the id of its cluster: a rehearsal must not get into what orca remembers of the real one.
        .env("ORCA_STATE_DIR", folder.join("state"))
        // They would win over, or not go with, the simulated host.
        .env_remove("DOCKER_CONTEXT")
        .env_remove("DOCKER_TLS_VERIFY")
        .env_remove("DOCKER_CERT_PATH")
        .kill_on_drop(true)
        .spawn()
        .with_context(|| {
            Error::new(ErrorKind::Failed, format!("can't run `{}`", program.display()))
                .hint("after `--` comes a program with its arguments, as `orca sim -- docker node ls`")
        })?;
    loop {
        tokio::select! {
            status = child.wait() => {
                let status = status?;
                return Ok(status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default()));
            }
            // The terminal sends it to the command as well: its answer is the result.
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {
                child.start_kill()?;
                return Ok(143);
            }
        }
    }
}
