//! A connection through `ssh HOST docker system dial-stdio`, as docker's own client makes it.
//!
//! The user's ssh does the work: its config, agent, known hosts and control sockets apply. No shell on this side.

use std::ffi::OsStr;
use std::io;
use std::pin::Pin;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::watch;

use crate::engine::address::SshTarget;

/// How much of what ssh says is kept: enough for any error, too little for a motd to hurt.
const SAID_LIMIT: usize = 8 * 1024;

/// How long the last words of a dying ssh are waited for.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Starts ssh. It says only later, by [`Said`], when it can't connect.
pub(crate) fn open(program: &OsStr, target: &SshTarget, connect: Duration) -> io::Result<(Pipe, Said)> {
    let mut child = Command::new(program)
        .args(arguments(target, connect))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Ctrl-C at a terminal goes to the whole group; the action that runs over this connection must end in order.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(io::Error::other("ssh without pipes"));
    };
    Ok((Pipe { stdin, stdout, _child: child }, Said::listen(stderr)))
}

fn arguments(target: &SshTarget, connect: Duration) -> Vec<String> {
    let mut args: Vec<String> = ["-o", "BatchMode=yes", "-o"].map(String::from).into();
    args.push(format!("ConnectTimeout={}", connect.as_secs().max(1)));
    args.push("-T".to_owned());
    if let Some(user) = &target.user {
        args.extend(["-l".to_owned(), user.clone()]);
    }
    if let Some(port) = target.port {
        args.extend(["-p".to_owned(), port.to_string()]);
    }
    args.extend(["--".to_owned(), target.host.clone(), "docker".to_owned()]);
    if let Some(socket) = &target.socket {
        args.push(quoted(&format!("--host=unix://{socket}")));
    }
    args.extend(["system".to_owned(), "dial-stdio".to_owned()]);
    args
}

/// Quotes a word for the shell that sshd starts on the other side.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

/// Standard input and output of a running ssh, which ends with it.
pub(crate) struct Pipe {
    stdin: ChildStdin,
    stdout: ChildStdout,
    _child: Child,
}

impl AsyncRead for Pipe {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stdout).poll_read(cx, buf)
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stdin).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stdin).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stdin).poll_shutdown(cx)
    }
}

/// What ssh, or docker on the other side, said on standard error.
#[derive(Clone)]
pub(crate) struct Said {
    text: Arc<Mutex<Vec<u8>>>,
    ended: watch::Receiver<bool>,
}

impl Said {
    fn listen(mut stderr: ChildStderr) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let (end, ended) = watch::channel(false);
        let kept = Arc::clone(&text);
        tokio::spawn(async move {
            let mut chunk = [0; 1024];
            // Read on when the limit is reached: a full pipe would stop ssh.
            while let Ok(n @ 1..) = stderr.read(&mut chunk).await {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.extend_from_slice(&chunk[..n]);
                let excess = kept.len().saturating_sub(SAID_LIMIT);
                kept.drain(..excess);
            }
            end.send_replace(true);
        });
        Self { text, ended }
    }

    /// The last lines, as one; empty if there were none.
    pub(crate) async fn last_words(&self) -> String {
        let mut ended = self.ended.clone();
        // A control master keeps standard error open: don't wait for its end for long.
        let _ = tokio::time::timeout(LAST_WORDS, ended.wait_for(|ended| *ended)).await;
        let text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let text = lines[lines.len().saturating_sub(3)..].join("; ");
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
    }
}

/// What to do about an ssh that ended with these words.
pub(crate) fn hint(target: &SshTarget, words: &str) -> Option<String> {
    let host = &target.host;
    let has = |text: &str| words.contains(text);
    if has("Host key verification failed") || has("REMOTE HOST IDENTIFICATION") {
        Some(format!("orca never answers ssh's questions: run `ssh {host}` once by hand, and check its host key"))
    } else if has("docker.sock") || has("docker API") || has("Docker daemon") {
        Some(format!("on `{host}`: is the engine running, and may this user use its socket?"))
    } else if has("Permission denied") {
        Some(format!("ssh has no key for `{host}`: an agent, `ssh-copy-id`, or an IdentityFile in ssh's config"))
    } else if has("docker: not found") || has("docker: command not found") || has("command not found: docker") {
        Some(format!("install the docker CLI on `{host}`, in the PATH of non-interactive shells"))
    } else {
        None
    }
}
