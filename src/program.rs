//! Programs that the config names, run without a shell: what they complain of is kept, how long they may take is bounded.

use std::process::Stdio;

use anyhow::{Context as _, Result, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use tokio::time::{Instant, timeout_at};

/// So many characters of what a program complains of.
const COMPLAINT: usize = 300;

/// A program to be run.
#[derive(Debug)]
pub(crate) struct Program<'a> {
    /// Program and arguments.
    pub(crate) words: &'a [String],
    /// Variables for it,
    pub(crate) given: Vec<(&'static str, String)>,
    /// and those of this process that are none of its business.
    pub(crate) withheld: Vec<&'a str>,
    /// What it can read.
    pub(crate) input: &'a [u8],
    /// It is ended then.
    pub(crate) until: Instant,
}

impl Program<'_> {
    /// Runs it to its end.
    ///
    /// # Errors
    /// If it can't be started, takes too long, or ends otherwise than well: with the beginning of what it said.
    pub(crate) async fn run(self) -> Result<()> {
        let (program, arguments) = self.words.split_first().context("no program is named")?;
        let mut command = Command::new(program);
        command.args(arguments).envs(self.given);
        for name in self.withheld {
            command.env_remove(name);
        }
        let ended = timeout_at(self.until, attend(command, program, self.input)).await;
        ended.unwrap_or_else(|_| Err(anyhow::anyhow!("`{program}` took too long and was ended")))
    }
}

async fn attend(mut command: Command, program: &str, input: &[u8]) -> Result<()> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("can't start `{program}`"))?;
    let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
    let given = async {
        if let Some(mut stdin) = stdin {
            // A program need not read what it is given.
            let _ = stdin.write_all(input).await;
        }
    };
    // Read to its end, so that a program which complains at length is not held up, but only the beginning is kept.
    let heard = async {
        let mut said = Vec::new();
        if let Some(mut stderr) = stderr {
            let _ = (&mut stderr).take(4 * COMPLAINT as u64).read_to_end(&mut said).await;
            let _ = tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await;
        }
        said
    };
    let (ended, (), said) = tokio::join!(child.wait(), given, heard);
    let ended = ended.with_context(|| format!("`{program}` was lost"))?;
    if ended.success() {
        return Ok(());
    }
    let said: String = String::from_utf8_lossy(&said).trim().chars().take(COMPLAINT).collect();
    bail!("`{program}` ended with {ended}: {said}")
}
