//! What outlives a pass on this host: the memory of the passes and the journal of applied actions, in one `SQLite`
//! file.
//!
//! Nothing in here is needed to be right, only to be gentle: without it no restart is repeated, some are not made.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _, params};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind};
use crate::pass::memory::Memory;
use crate::plan::{Action, Warning};
use crate::report::ReportedAction;

const FILE: &str = "state.db";
/// Bumped with the tables; a file of another version is moved aside, since everything in it can be lost.
const VERSION: i64 = 1;
/// Rows kept in the journal.
const JOURNAL_ROWS: i64 = 10_000;
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS memory (key TEXT PRIMARY KEY, json TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS journal (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, run TEXT NOT NULL, cluster TEXT NOT NULL,
        command TEXT NOT NULL, kind TEXT NOT NULL, action TEXT NOT NULL, target_type TEXT NOT NULL,
        target_id TEXT NOT NULL, target_name TEXT NOT NULL, reason TEXT NOT NULL, before TEXT NOT NULL,
        after TEXT NOT NULL, status TEXT NOT NULL, error TEXT);
    PRAGMA user_version = 1;";

/// The state directory where none was named: `/var/lib/orca` for root, else the XDG state directory.
pub fn default_dir(home: Option<PathBuf>, xdg: Option<PathBuf>, root: bool) -> PathBuf {
    if root {
        return PathBuf::from("/var/lib/orca");
    }
    xdg.or_else(|| home.map(|home| home.join(".local/state"))).unwrap_or_else(|| PathBuf::from(".")).join("orca")
}

/// The state file of one state directory.
#[derive(Debug)]
pub struct State {
    db: Connection,
}

/// One row of the journal.
#[derive(Debug, Serialize, JsonSchema)]
pub struct JournalRow {
    /// When it was begun, RFC 3339.
    pub at: String,
    /// `run.id` of the report.
    pub run: String,
    /// Cluster id.
    pub cluster: String,
    /// The pass, as `labels sync`.
    pub command: String,
    /// The kind of change, as `node.label.set`.
    pub kind: String,
    /// The action's id.
    pub action: String,
    /// `node` or `service`.
    pub target_type: String,
    /// Full id.
    pub target_id: String,
    /// Hostname or service name.
    pub target_name: String,
    /// Why.
    pub reason: String,
    /// JSON of the value found.
    pub before: String,
    /// JSON of the value wanted.
    pub after: String,
    /// `done`, `failed`, `skipped` (the object was gone), `conflict` (another row follows), or `begun`: orca was killed
    /// in the middle, it may have been done.
    pub status: String,
    /// What went wrong.
    pub error: Option<String>,
}

/// Who acts: the same for all actions of a pass.
#[derive(Debug, Clone)]
pub struct Actor {
    /// `run.id` of the report.
    pub run: String,
    /// Cluster id.
    pub cluster: String,
    /// The pass, as `labels sync`.
    pub command: &'static str,
}

impl State {
    /// Opens the state file, making it and its directory where needed.
    ///
    /// A file that is corrupt, or of another version, is moved aside; the warning says where to.
    pub fn open(dir: &Path) -> Result<(Self, Option<Warning>)> {
        make_dir(dir)?;
        let path = dir.join(FILE);
        match Self::try_open(&path) {
            Ok(state) => Ok((state, None)),
            Err(error) if is_corrupt(&error) => {
                let (state, warning) = Self::afresh(dir, &error.to_string())?;
                Ok((state, Some(warning)))
            }
            Err(error) => Err(anyhow::Error::new(error).context(unusable(dir))),
        }
    }

    /// Opens the state file for reading; none if there is none. Writes nothing.
    ///
    /// # Errors
    /// If there is a file that can't be read, or is of another version.
    pub fn peek(dir: &Path) -> Result<Option<Self>> {
        let path = dir.join(FILE);
        if !path.exists() {
            return Ok(None);
        }
        let unreadable = || {
            Error::new(ErrorKind::Failed, format!("can't read the state file `{}`", path.display()))
                .hint("the next pass that writes moves a corrupt file aside and starts afresh")
        };
        let db = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).with_context(unreadable)?;
        let state = Self { db };
        let version = state.version().with_context(unreadable)?;
        if version != VERSION {
            return Err(unreadable().into());
        }
        Ok(Some(state))
    }

    /// Starts afresh if the file is damaged; to be called before the first write of a pass.
    ///
    /// Reads the whole file: what is damaged must show before something is done that can't be noted.
    pub fn mend(&mut self, dir: &Path) -> Result<Option<Warning>> {
        let verdict: rusqlite::Result<String> = self.db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0));
        match verdict {
            Ok(verdict) if verdict == "ok" => return Ok(None),
            // Another orca writes just now, say: that is no damage.
            Err(error) if !is_corrupt(&error) => return Err(anyhow::Error::new(error).context(unusable(dir))),
            _ => {}
        }
        let (state, warning) = Self::afresh(dir, "its pages are damaged")?;
        *self = state;
        Ok(Some(warning))
    }

    fn afresh(dir: &Path, why: &str) -> Result<(Self, Warning)> {
        let aside = move_aside(&dir.join(FILE))?;
        let text = format!(
            "the state file was unreadable ({why}); moved to `{}`, started afresh: cooldowns and history are gone",
            aside.display()
        );
        let state = Self::try_open(&dir.join(FILE)).with_context(|| unusable(dir))?;
        Ok((state, Warning::new("state_reset", text)))
    }

    fn try_open(path: &Path) -> rusqlite::Result<Self> {
        let state = Self { db: Connection::open(path)? };
        state.db.busy_timeout(std::time::Duration::from_secs(2))?;
        match state.version()? {
            0 => state.db.execute_batch(&format!("BEGIN IMMEDIATE; {TABLES} COMMIT;"))?,
            VERSION => {}
            _ => return Err(rusqlite::Error::InvalidQuery),
        }
        // Reads every page that the pass is going to read anyway: corruption shows here, not in mid-pass.
        state.db.query_row("SELECT count(*) FROM memory", [], |_| Ok(()))?;
        Ok(state)
    }

    fn version(&self) -> rusqlite::Result<i64> {
        self.db.query_row("PRAGMA user_version", [], |row| row.get(0))
    }

    /// What was remembered under this key (a cluster and a config). Nothing where another version of orca has written it
    /// another way, or where its pages are damaged: [`State::mend`] says so before the first write.
    ///
    /// # Errors
    /// If it can't be read now: who goes on without it may restart what has just been restarted.
    pub fn memory(&self, key: &str) -> Result<Memory> {
        Ok(self.kept(key)?.unwrap_or_default())
    }

    fn kept<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        let json: rusqlite::Result<Option<String>> =
            self.db.query_row("SELECT json FROM memory WHERE key = ?1", [key], |row| row.get(0)).optional();
        match json {
            Ok(json) => Ok(json.and_then(|json| serde_json::from_str(&json).ok())),
            Err(error) if is_corrupt(&error) => Ok(None),
            Err(error) => {
                let told = Error::new(ErrorKind::Failed, format!("can't read the state file (`{key}`)"));
                Err(anyhow::Error::new(error).context(told.hint("another orca may be writing it: run again")))
            }
        }
    }

    /// Replaces what is remembered under this key.
    pub fn remember(&self, key: &str, memory: &Memory) -> Result<()> {
        let json = serde_json::to_string(memory)?;
        let sql = "INSERT INTO memory VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET json = excluded.json";
        self.db.execute(sql, [key, &json]).context("can't write the state file")?;
        Ok(())
    }

    /// Changes what is kept under this key, and returns it; what is damaged counts as nothing. Two orcas that do so at once
    /// do it one after the other.
    ///
    /// # Errors
    /// If the state file can't be read or written.
    pub fn revise<T: Default + Serialize + DeserializeOwned>(
        &self,
        key: &str,
        change: impl FnOnce(&mut T),
    ) -> Result<T> {
        let failed = || format!("can't write the state file (`{key}`)");
        self.db.execute_batch("BEGIN IMMEDIATE").with_context(failed)?;
        let revised = self.revise_now(key, change);
        let end = if revised.is_ok() { "COMMIT" } else { "ROLLBACK" };
        self.db.execute_batch(end).with_context(failed)?;
        revised
    }

    fn revise_now<T: Default + Serialize + DeserializeOwned>(
        &self,
        key: &str,
        change: impl FnOnce(&mut T),
    ) -> Result<T> {
        let mut kept = self.kept(key)?.unwrap_or_default();
        change(&mut kept);
        let sql = "INSERT INTO memory VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET json = excluded.json";
        self.db.execute(sql, [key, &serde_json::to_string(&kept)?]).context("can't write the state file")?;
        Ok(kept)
    }

    /// Enters an action into the journal before it is made; [`State::finish`] says how it ended.
    pub fn begin(&self, actor: &Actor, action: &Action, now: Timestamp) -> Result<i64> {
        let (before, after) = action.change.values();
        self.db
            .execute(
                "INSERT INTO journal (at, run, cluster, command, kind, action, target_type, target_id, target_name, \
                 reason, before, after, status) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 'begun')",
                params![
                    format!("{now:.3}"),
                    actor.run,
                    actor.cluster,
                    actor.command,
                    action.change.kind().to_string(),
                    action.id,
                    action.target.kind.name(),
                    action.target.id,
                    action.target.name,
                    action.reason,
                    before.to_string(),
                    after.to_string(),
                ],
            )
            .map_err(unwritten)?;
        let id = self.db.last_insert_rowid();
        self.trim()?;
        Ok(id)
    }

    /// Enters an action that another orca has made on this one's behalf.
    pub fn enter(&self, actor: &Actor, action: &ReportedAction, status: &str, now: Timestamp) -> Result<()> {
        let row = [
            format!("{now:.3}"),
            actor.run.clone(),
            actor.cluster.clone(),
            actor.command.to_owned(),
            action.kind.to_string(),
            action.id.clone(),
            action.target.kind.name().to_owned(),
            action.target.id.clone(),
            action.target.name.clone(),
            action.reason.clone(),
            action.before.to_string(),
            action.after.to_string(),
            status.to_owned(),
        ];
        let sql = "INSERT INTO journal (at, run, cluster, command, kind, action, target_type, target_id, target_name, \
                   reason, before, after, status, error) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
        let row = row.into_iter().map(Some).chain([action.error.clone()]);
        self.db.execute(sql, rusqlite::params_from_iter(row)).map_err(unwritten)?;
        self.trim()
    }

    fn trim(&self) -> Result<()> {
        let id = self.db.last_insert_rowid();
        self.db.execute("DELETE FROM journal WHERE id <= ?1", [id - JOURNAL_ROWS]).context("can't trim the journal")?;
        Ok(())
    }

    /// Says how an action ended.
    pub fn finish(&self, id: i64, status: &str, error: Option<&str>) -> Result<()> {
        let sql = "UPDATE journal SET status = ?2, error = ?3 WHERE id = ?1";
        self.db.execute(sql, params![id, status, error]).map_err(unwritten)?;
        Ok(())
    }

    /// The newest rows of the journal, newest first.
    pub fn history(&self, limit: usize) -> Result<Vec<JournalRow>> {
        let mut query = self.db.prepare(
            "SELECT at, run, cluster, command, kind, action, target_type, target_id, target_name, reason, before, \
             after, status, error FROM journal ORDER BY id DESC LIMIT ?1",
        )?;
        let rows = query.query_map([i64::try_from(limit)?], |row| {
            Ok(JournalRow {
                at: row.get(0)?,
                run: row.get(1)?,
                cluster: row.get(2)?,
                command: row.get(3)?,
                kind: row.get(4)?,
                action: row.get(5)?,
                target_type: row.get(6)?,
                target_id: row.get(7)?,
                target_name: row.get(8)?,
                reason: row.get(9)?,
                before: row.get(10)?,
                after: row.get(11)?,
                status: row.get(12)?,
                error: row.get(13)?,
            })
        })?;
        rows.collect::<rusqlite::Result<_>>().context("can't read the journal")
    }
}

/// Makes the state directory, readable by its owner alone.
pub fn make_dir(dir: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).with_context(|| unusable(dir))
}

pub(crate) fn unusable(dir: &Path) -> Error {
    Error::new(ErrorKind::Failed, format!("can't use the state directory `{}`", dir.display()))
        .hint("name a directory that orca may write with --state-dir or ORCA_STATE_DIR")
}

pub(crate) fn is_corrupt(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => {
            matches!(failure.code, DatabaseCorrupt | NotADatabase)
        }
        _ => matches!(error, rusqlite::Error::InvalidQuery),
    }
}

pub(crate) fn move_aside(path: &Path) -> Result<PathBuf> {
    let stamp = Timestamp::now().strftime("%Y%m%dT%H%M%S");
    let aside = path.with_extension(format!("corrupt-{stamp}"));
    // Its own journal would be played back into the new file.
    let _ = std::fs::remove_file(path.with_extension("db-journal"));
    std::fs::rename(path, &aside).with_context(|| format!("can't move the corrupt `{}` aside", path.display()))?;
    Ok(aside)
}

/// The journal could not be written, with what to do.
fn unwritten(error: rusqlite::Error) -> anyhow::Error {
    let full = error.sqlite_error_code() == Some(ErrorCode::DiskFull);
    let told = Error::new(ErrorKind::Failed, "can't write the journal");
    anyhow::Error::new(error).context(if full {
        told.hint("free space where --state-dir is, and run again")
    } else {
        told
    })
}

#[cfg(test)]
mod tests;
