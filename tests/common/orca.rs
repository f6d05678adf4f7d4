//! The orca binary, run as a process of its own in a folder of its own.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use tempfile::TempDir;

/// No command takes so long.
const PATIENCE: Duration = Duration::from_secs(300);

/// A place to run orca from: its config, state and home.
#[derive(Debug)]
pub struct Orca {
    pub folder: TempDir,
    pub host: String,
    state: u32,
}

/// A command that runs.
#[derive(Debug)]
pub struct Running {
    pub child: Child,
    args: String,
    stdout: PathBuf,
    stderr: PathBuf,
}

/// A command that has ended.
#[derive(Debug)]
pub struct Ended {
    pub args: String,
    /// None: killed by a signal.
    pub exit: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Orca {
    pub fn new(host: &str) -> Result<Self> {
        Ok(Self { folder: tempfile::tempdir()?, host: host.to_owned(), state: 0 })
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn config(&self, text: &str) -> Result<()> {
        Ok(std::fs::write(self.path("orca.yml"), text)?)
    }

    pub fn state_dir(&self) -> PathBuf {
        self.path(&format!("state-{}", self.state))
    }

    /// From now on orca remembers nothing, as on another host.
    pub fn lose_state(&mut self) {
        self.state += 1;
    }

    /// A command that is not started yet, in an environment that says nothing of orca or docker.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_orca"));
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.folder.path()).env("DOCKER_HOST", &self.host);
        command.env("ORCA_STATE_DIR", self.state_dir());
        if self.path("orca.yml").exists() {
            command.env("ORCA_CONFIG", "orca.yml");
        }
        command.current_dir(self.folder.path()).args(args).stdin(Stdio::null());
        command
    }

    pub fn spawn(&self, command: Command) -> Result<Running> {
        static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let (stdout, stderr) = (self.path(&format!("{number}.out")), self.path(&format!("{number}.err")));
        let args: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy().into_owned()).collect();
        let mut command = command;
        let child = command.stdout(File::create(&stdout)?).stderr(File::create(&stderr)?).spawn()?;
        Ok(Running { child, args: format!("orca {}", args.join(" ")), stdout, stderr })
    }

    /// Starts a command.
    pub fn start(&self, args: &[&str]) -> Result<Running> {
        self.spawn(self.command(args))
    }

    /// Runs a command to its end.
    pub fn run(&self, args: &[&str]) -> Result<Ended> {
        self.start(args)?.end()
    }
}

impl Running {
    /// Waits for the end.
    pub fn end(mut self) -> Result<Ended> {
        let started = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            if started.elapsed() > PATIENCE {
                self.child.kill()?;
                bail!("`{}` did not end in {PATIENCE:?}", self.args);
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let read = |path: &Path| std::fs::read_to_string(path).with_context(|| format!("output of `{}`", self.args));
        let (stdout, stderr) = (read(&self.stdout)?, read(&self.stderr)?);
        Ok(Ended { args: self.args, exit: status.code(), stdout, stderr })
    }

    /// Sends a signal, by its name.
    pub fn signal(&self, name: &str) -> Result<()> {
        let status = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status()?;
        if status.success() { Ok(()) } else { bail!("`kill -{name}` failed") }
    }
}

impl Ended {
    /// The one document on stdout.
    pub fn report(&self) -> Result<Value> {
        let report: Value = serde_json::from_str(&self.stdout).with_context(|| format!("no report from {self}"))?;
        Ok(report)
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { args, exit, stdout, stderr } = self;
        write!(f, "`{args}` (exit {exit:?})\n--- stdout\n{stdout}--- stderr\n{stderr}---")
    }
}
