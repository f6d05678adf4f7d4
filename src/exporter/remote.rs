//! A shell on a machine outside of the swarm: the system's own ssh, with the user's config, agent and known hosts.
//!
//! What runs there is the text of this program, given to `sh` on its standard input. Values come in base64, whose letters
//! mean nothing to a shell; no value is ever part of a command line.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use tokio::time::{Instant, timeout_at};

use crate::engine::address::SshTarget;
use crate::error::{Error, ErrorKind};

/// Wait so long for a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// More output is no answer of these scripts.
const MOST: u64 = 1 << 20;

/// A machine, and how to become root there.
#[derive(Debug, Clone)]
pub(crate) struct Host {
    /// The name that it gives itself.
    pub(crate) name: String,
    pub(crate) target: SshTarget,
    pub(crate) sudo: bool,
}

/// Values that a script needs, by the names of its variables.
pub(crate) type Values<'v> = &'v [(&'static str, &'v str)];

impl Host {
    /// Runs a script; what it says on standard output.
    ///
    /// # Errors
    /// If the machine can't be reached, with the kind `Unreachable`; if the script fails, with what it said.
    pub(crate) async fn run(&self, script: &str, values: Values<'_>, until: Instant) -> Result<String> {
        self.command("sh -s", with_values(script, values).as_bytes(), until).await
    }

    /// Runs one fixed command line of ours with this input.
    pub(crate) async fn command(&self, command: &'static str, input: &[u8], until: Instant) -> Result<String> {
        let mut child = Command::new("ssh")
            .args(arguments(&self.target))
            .arg(if self.sudo { format!("sudo -n -- {command}") } else { command.to_owned() })
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C at a terminal goes to the whole group; what has begun must end in order.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| Error::new(ErrorKind::Failed, "can't start ssh").hint("install the OpenSSH client"))?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let talk = async {
            let write = async {
                let Some(mut stdin) = stdin else { return };
                // An ssh that fails reads nothing, and says why on standard error.
                let _ = stdin.write_all(input).await;
                let _ = stdin.shutdown().await;
            };
            let (mut out, mut err) = (Vec::new(), Vec::new());
            let read_out = async {
                if let Some(stdout) = stdout {
                    let _ = stdout.take(MOST).read_to_end(&mut out).await;
                }
            };
            let read_err = async {
                if let Some(stderr) = stderr {
                    let _ = stderr.take(MOST).read_to_end(&mut err).await;
                }
            };
            tokio::join!(write, read_out, read_err);
            (child.wait().await, out, err)
        };
        let name = &self.name;
        let Ok((status, out, err)) = timeout_at(until, talk).await else {
            let error = Error::new(ErrorKind::Timeout, format!("`{name}`: no end of it in time"));
            return Err(error.hint("--timeout gives it more").into());
        };
        self.answer(status?.code(), &out, &err)
    }

    /// What an ssh that ended with this code, after it said that, comes to.
    fn answer(&self, code: Option<i32>, out: &[u8], err: &[u8]) -> Result<String> {
        let (name, words) = (&self.name, last_words(err));
        match code {
            Some(0) => Ok(String::from_utf8_lossy(out).into_owned()),
            // What ssh itself ends with.
            Some(255) => {
                let error = Error::new(ErrorKind::Unreachable, format!("can't reach `{name}` by ssh: {words}"));
                let hint = crate::engine::ssh_hint(&self.target, &words);
                Err(error.hint(hint.unwrap_or_else(|| format!("try `ssh {}` by hand", self.target.host))).into())
            }
            code => {
                let code = code.map_or_else(|| "by a signal".to_owned(), |code| format!("with {code}"));
                let error = Error::new(ErrorKind::Failed, format!("`{name}`: it ended {code}: {words}"));
                let root = words.contains("sudo:") || words.contains("ermission denied");
                let hint = if root {
                    "orca must be root there: ssh://root@..., or exporter.ssh.sudo with NOPASSWD"
                } else {
                    "see its journal"
                };
                Err(error.hint(hint).into())
            }
        }
    }
}

fn arguments(target: &SshTarget) -> Vec<String> {
    let mut args: Vec<String> =
        ["-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o"].map(String::from).into();
    args.push(format!("ConnectTimeout={}", CONNECT.as_secs()));
    args.push("-T".to_owned());
    if let Some(user) = &target.user {
        args.extend(["-l".to_owned(), user.clone()]);
    }
    if let Some(port) = target.port {
        args.extend(["-p".to_owned(), port.to_string()]);
    }
    args.extend(["--".to_owned(), target.host.clone()]);
    args
}

/// The whole text for `sh`: nothing of it is run before the last line has arrived.
fn with_values(script: &str, values: Values<'_>) -> String {
    let mut text = String::from("main() {\nset -u\n");
    for (name, value) in values {
        let value = STANDARD.encode(value);
        text.extend([*name, "=$(printf %s '", &value, "' | base64 -d) || exit 1\n"]);
    }
    text + script + "\n}\nmain\n"
}

fn last_words(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let text = lines[lines.len().saturating_sub(3)..].join("; ");
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.is_empty() { "it said nothing".to_owned() } else { text }
}

#[cfg(test)]
mod tests;
