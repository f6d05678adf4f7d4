//! The writer for log files on this host: each is opened anew below a directory that is held open, and must still be the
//! file that the plan saw.
//!
//! A log is never emptied before everything that was in it is in its copy. What fails before that, a full disk for one,
//! leaves the log as it was and takes the half-made copy away.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::process::Command;

use crate::error::{Error, ErrorKind};
use crate::files::squeeze::{self, Compress, Effort};
use crate::files::{Dir, Kind, id_of, like};
use crate::pass::logs::part_of;
use crate::plan::{FileFact, Rotation};
use crate::settings::Signal;

/// A log that is not caught up with in so many looks at its end is left alone.
const ROUNDS: u32 = 4096;
/// So many rounds of copying may bring nothing before a log that grows faster is left alone.
const PATIENT_ROUNDS: u32 = 4;
/// What is left of a log when its copy gets its name: so little that the rest takes no time.
const REST: u64 = 1 << 20;
/// The longest run of a `postrotate` command.
const PATIENCE: Duration = Duration::from_secs(60);

/// How an action ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was made.
    Done,
    /// There was nothing to be made any more.
    Moot(String),
}

fn moot(why: &str) -> Ended {
    Ended::Moot(why.to_owned())
}

fn parent(path: &str) -> Result<(Dir, &str)> {
    let (folder, name) = path.rsplit_once('/').context("it has no folder")?;
    let folder = if folder.is_empty() { "/" } else { folder };
    let dir = Dir::open(Path::new(folder)).with_context(|| format!("can't open the folder `{folder}`"))?;
    Ok((dir, name))
}

/// The file of the plan, opened; none if it is gone or another by now.
fn same(dir: &Dir, name: &str, fact: &FileFact, write: bool) -> Result<Option<File>> {
    match dir.stat(name)? {
        Some(stat) if stat.id == fact.id && stat.kind == Kind::File && stat.links == 1 => {}
        _ => return Ok(None),
    }
    let file = dir.file(name, write).with_context(|| format!("can't open `{name}`"))?;
    Ok((id_of(&file)? == fact.id).then_some(file))
}

/// Rotates a log.
///
/// # Errors
/// If it can't; the log is then as it was.
pub fn rotate(path: &str, rotation: &Rotation) -> Result<Ended> {
    let (dir, name) = parent(path)?;
    let Some(mut file) = same(&dir, name, &rotation.file, rotation.copytruncate)? else {
        return Ok(moot("it is another file by now"));
    };
    let Some(copy) = &rotation.copy else {
        file.set_len(0).context("can't empty it")?;
        return Ok(Ended::Done);
    };
    if !rotation.copytruncate {
        dir.rename(name, copy).with_context(|| format!("can't rename it to `{copy}`"))?;
        match dir.create(name) {
            Ok(new) => like(&file, &new).context("can't give the new log the owner of the old one")?,
            // Its program was quicker.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error).context("can't make the new log"),
        }
        return Ok(Ended::Done);
    }
    copy_and_empty(&dir, &mut file, copy, rotation.compress)?;
    Ok(Ended::Done)
}

fn copy_and_empty(dir: &Dir, file: &mut File, copy: &str, compress: Compress) -> Result<()> {
    let part = part_of(copy);
    // A run of this very second may have been stopped.
    dir.remove(&part)?;
    let mut to = dir.create(&part).context("can't make the copy")?;
    like(file, &to).context("can't give the copy the owner of the log").inspect_err(|_| _ = dir.remove(&part))?;
    let mut copying = Copying { from: file, to: &mut to, done: 0, emptied: false, buffer: Vec::new() };
    let copied = copying.run(dir, &part, copy, compress);
    let emptied = copying.emptied;
    if !emptied && !matches!(copied, Ok(true)) {
        // The log is whole; half a copy is of no use.
        dir.remove(&part)?;
        dir.remove(copy)?;
    }
    match copied {
        Ok(true) => Ok(()),
        Ok(false) => {
            let error = Error::new(ErrorKind::Failed, "it grows faster than it can be copied; it was left as it is");
            Err(error.hint("let its program write less, or rotate it by `signal` instead of `copytruncate`").into())
        }
        Err(error) if emptied => Err(error).context("its copy is made, but may not outlive a power cut"),
        Err(error) => Err(error).context("can't copy it; it was left as it is"),
    }
}

/// A log on its way into its copy.
struct Copying<'a> {
    from: &'a mut File,
    to: &'a mut File,
    /// Bytes of the log that are in the copy.
    done: u64,
    emptied: bool,
    buffer: Vec<u8>,
}

impl Copying<'_> {
    /// False if the log grew too fast.
    fn run(&mut self, dir: &Dir, part: &str, copy: &str, compress: Compress) -> io::Result<bool> {
        let (mut before, mut effort, mut in_vain) = (0, Effort::Normal, 0);
        loop {
            let left = self.left()?;
            if before > 0 && left <= REST {
                break;
            }
            if before > 0 && left > before / 2 {
                // It grows about as fast as it is copied: less work on each byte, as long as that helps.
                in_vain += u32::from(effort == Effort::Least && left >= before);
                effort = effort.less();
            }
            if left == 0 || in_vain > PATIENT_ROUNDS {
                break;
            }
            self.round(compress, effort)?;
            before = left;
        }
        if in_vain > PATIENT_ROUNDS {
            return Ok(false);
        }
        self.to.sync_all()?;
        // From here on a kill leaves the copy and the log, never half of both.
        dir.rename(part, copy)?;
        dir.sync()?;
        let mut rounds = 0;
        while self.left()? > 0 {
            rounds += 1;
            if rounds > ROUNDS {
                return Ok(false);
            }
            self.round(compress, Effort::Least)?;
        }
        // What is written between the look before and this is lost; nobody can do better without the program's help.
        if self.from.metadata()?.len() >= self.done {
            self.from.set_len(0)?;
            self.emptied = true;
        }
        self.to.sync_all()?;
        Ok(true)
    }

    /// Bytes of the log that are not in the copy; none if somebody else has emptied it.
    fn left(&self) -> io::Result<u64> {
        Ok(self.from.metadata()?.len().saturating_sub(self.done))
    }

    fn round(&mut self, compress: Compress, effort: Effort) -> io::Result<()> {
        let left = self.left()?;
        let mut some = (&mut *self.from).take(left);
        self.done += squeeze::copy(&mut some, self.to, compress, effort, &mut self.buffer)?;
        Ok(())
    }
}

/// Compresses a copy that was renamed before, and removes the plain one.
///
/// # Errors
/// If it can't; the plain copy then stays.
pub fn compress(path: &str, fact: &FileFact, how: Compress) -> Result<Ended> {
    let (dir, name) = parent(path)?;
    let Some(mut file) = same(&dir, name, fact, false)? else { return Ok(moot("it is another file by now")) };
    let (copy, mut buffer) = (format!("{name}{}", how.suffix()), Vec::new());
    let part = part_of(&copy);
    dir.remove(&part)?;
    let mut to = dir.create(&part).context("can't make the compressed copy")?;
    let compressed = (|| {
        like(&file, &to)?;
        let read = squeeze::copy(&mut file, &mut to, how, Effort::Normal, &mut buffer)?;
        let meta = file.metadata()?;
        to.set_modified(meta.modified()?)?;
        to.sync_all()?;
        if meta.len() != read {
            return Ok(false);
        }
        dir.rename(&part, &copy)?;
        dir.sync()?;
        Ok::<bool, io::Error>(true)
    })();
    match compressed {
        Ok(true) => {
            dir.remove(name)?;
            Ok(Ended::Done)
        }
        Ok(false) => {
            dir.remove(&part)?;
            Ok(moot("something still writes to it"))
        }
        Err(error) => {
            dir.remove(&part)?;
            Err(error).context("can't compress it; it was left as it is")
        }
    }
}

/// Removes a copy.
///
/// # Errors
/// If it can't.
pub fn remove(path: &str, fact: &FileFact) -> Result<Ended> {
    let (dir, name) = parent(path)?;
    match dir.stat(name)? {
        Some(stat) if stat.id == fact.id => {}
        _ => return Ok(moot("it was gone already")),
    }
    dir.remove(name)?;
    Ok(Ended::Done)
}

/// Tells a program that its logs were renamed.
///
/// # Errors
/// If there is none, or the command fails.
pub async fn notify(signal: Option<&(Signal, std::path::PathBuf)>, command: &[String]) -> Result<Ended> {
    if let Some((signal, pid_file)) = signal {
        kill(*signal, pid_file)?;
    }
    if let Some((program, args)) = command.split_first() {
        let mut command = Command::new(program);
        command.args(args).stdin(std::process::Stdio::null()).kill_on_drop(true);
        let ended = tokio::time::timeout(PATIENCE, command.output()).await;
        let ended = ended.with_context(|| format!("`{program}` did not end within {} s", PATIENCE.as_secs()))?;
        let output = ended.with_context(|| format!("can't run `{program}`"))?;
        if !output.status.success() {
            anyhow::bail!("`{program}` ended with {}: {}", output.status, last_words(&output.stderr));
        }
    }
    Ok(Ended::Done)
}

/// The end of what a command said.
pub fn last_words(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let words: Vec<&str> = said.lines().rev().take(3).collect();
    words.into_iter().rev().collect::<Vec<_>>().join("; ")
}

fn kill(signal: Signal, pid_file: &Path) -> Result<()> {
    let mut text = String::new();
    let name = pid_file.display();
    let file = File::open(pid_file).with_context(|| format!("can't read the pid file `{name}`"))?;
    file.take(64).read_to_string(&mut text).with_context(|| format!("can't read the pid file `{name}`"))?;
    // 0 and negative numbers would be whole groups of processes, 1 is init.
    let pid = text.trim().parse::<i32>().ok().filter(|pid| *pid > 1).and_then(rustix::process::Pid::from_raw);
    let pid = pid.with_context(|| format!("there is no process id in `{name}`"))?;
    let number = match signal {
        Signal::Hup => rustix::process::Signal::HUP,
        Signal::Usr1 => rustix::process::Signal::USR1,
        Signal::Usr2 => rustix::process::Signal::USR2,
    };
    rustix::process::kill_process(pid, number).with_context(|| format!("can't signal the process of `{name}`"))
}
