//! The catalog itself: one `SQLite` file in the state directory, one row a service, cluster and owner.
//!
//! It can be made again from the files of definitions; so a file that is corrupt is moved aside, and that is said.

use std::path::Path;
use std::str::FromStr as _;
use std::time::Duration;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _, Row, params};

use super::Scope;
use super::definition::Definition;
use super::status::Status;
use crate::error::{Error, ErrorKind, kind_of};
use crate::plan::Warning;
use crate::state::{is_corrupt, make_dir, move_aside, unusable};

const FILE: &str = "catalog.db";
const VERSION: i64 = 1;
/// Whoever holds the file longer is at work with it.
const PATIENCE: Duration = Duration::from_secs(2);
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS services (
        cluster TEXT NOT NULL, owner TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL,
        definition TEXT NOT NULL, source TEXT, status TEXT NOT NULL, swarm_id TEXT, wanted INTEGER,
        revision INTEGER NOT NULL DEFAULT 1, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
        PRIMARY KEY (cluster, owner, name)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS clusters (endpoint TEXT PRIMARY KEY, cluster TEXT NOT NULL);
    PRAGMA user_version = 1;";
/// The revision that a row had at its end. One of the same name that comes later goes on from there: who has read the first
/// does not change the second unseen, unless the whole file was lost meanwhile. A row here for each name that is gone. Older
/// files of version 1 get it when they are next written to; an older orca may have begun at 1 again.
const ENDS: &str = "
    CREATE TABLE IF NOT EXISTS ends (
        cluster TEXT NOT NULL, owner TEXT NOT NULL, name TEXT NOT NULL, revision INTEGER NOT NULL,
        PRIMARY KEY (cluster, owner, name)) WITHOUT ROWID;
    CREATE TRIGGER IF NOT EXISTS ended AFTER DELETE ON services BEGIN
        INSERT INTO ends VALUES (old.cluster, old.owner, old.name, old.revision)
        ON CONFLICT (cluster, owner, name) DO UPDATE SET revision = max(revision, excluded.revision);
    END;";
const COLUMNS: &str =
    "name, description, definition, source, status, swarm_id, wanted, revision, created_at, updated_at";

/// One service of the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it is to be.
    pub definition: Definition,
    /// The file that it came from; none: it was added by hand.
    pub source: Option<String>,
    /// How it stood when somebody looked last.
    pub status: Status,
    /// The id of its service in the swarm, if it has one.
    pub swarm_id: Option<String>,
    /// Whether somebody has deployed it, or stopped it since; none: nobody has said either.
    pub wanted: Option<bool>,
    /// Grows with each change of the definition: whoever changes it says which one was read.
    pub revision: i64,
    /// When it came into the catalog.
    pub created_at: Timestamp,
    /// When anything of it changed last.
    pub updated_at: Timestamp,
}

impl Entry {
    /// Name of the service.
    pub fn name(&self) -> &str {
        &self.definition.name
    }
}

/// How a change of a row has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// As asked.
    Done,
    /// There is no such row.
    Absent,
    /// It has another revision by now.
    Outdated,
}

/// The catalog of this host.
#[derive(Debug)]
pub struct Store {
    db: Connection,
}

impl Store {
    /// Opens the catalog, making it where needed. One that is corrupt, or of another version, is moved aside; the warning
    /// says where to.
    ///
    /// # Errors
    /// If it can't be used; of kind `Locked` where another program holds it.
    pub fn open(dir: &Path) -> Result<(Self, Option<Warning>)> {
        make_dir(dir)?;
        let path = dir.join(FILE);
        match Self::try_open(&path) {
            Ok(store) => Ok((store, None)),
            Err(error) if is_corrupt(&error) => {
                let aside = move_aside(&path)?;
                let text = format!(
                    "the catalog was unreadable ({error}); moved to `{}`, started afresh: `orca catalog reconcile` fills it \
                     from the definitions, what was added by hand is gone",
                    aside.display()
                );
                let store = Self::try_open(&path).with_context(|| unusable(dir))?;
                Ok((store, Some(Warning::new("catalog_reset", text))))
            }
            Err(error) => {
                let error = failed(error);
                Err(if kind_of(&error) == ErrorKind::Locked { error } else { error.context(unusable(dir)) })
            }
        }
    }

    /// Opens the catalog for reading; none if there is none. Writes nothing.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn peek(dir: &Path) -> Result<Option<Self>> {
        let path = dir.join(FILE);
        if !path.exists() {
            return Ok(None);
        }
        let look = || {
            let db = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
            let store = Self { db };
            store.db.busy_timeout(PATIENCE)?;
            if store.version()? == VERSION { Ok(store) } else { Err(rusqlite::Error::InvalidQuery) }
        };
        look().map(Some).map_err(|error| {
            let corrupt = is_corrupt(&error);
            let error = failed(error);
            if corrupt {
                let text = format!("the catalog `{}` is unreadable", path.display());
                return error.context(
                    Error::new(ErrorKind::Failed, text).hint(
                        "the next `orca catalog reconcile` moves it aside and makes it anew from the definitions",
                    ),
                );
            }
            error
        })
    }

    fn try_open(path: &Path) -> rusqlite::Result<Self> {
        let store = Self { db: Connection::open(path)? };
        store.db.busy_timeout(PATIENCE)?;
        match store.version()? {
            0 => store.db.execute_batch(&format!("BEGIN IMMEDIATE; {TABLES} {ENDS} COMMIT;"))?,
            VERSION => {}
            // By another orca: its columns are not known here.
            _ => return Err(rusqlite::Error::InvalidQuery),
        }
        let verdict: String = store.db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if verdict == "ok" { Ok(store) } else { Err(rusqlite::Error::InvalidQuery) }
    }

    fn version(&self) -> rusqlite::Result<i64> {
        self.db.query_row("PRAGMA user_version", [], |row| row.get(0))
    }

    /// The rows of this cluster and owner, by name. No other row is looked at.
    ///
    /// # Errors
    /// If the catalog can't be read.
    pub fn list(&self, scope: &Scope) -> Result<Vec<Entry>> {
        let sql = format!("SELECT {COLUMNS} FROM services WHERE cluster = ?1 AND owner = ?2 ORDER BY name");
        let read = || {
            let mut query = self.db.prepare(&sql)?;
            let rows = query.query_map([&scope.cluster, &scope.owner], entry)?;
            rows.collect::<rusqlite::Result<Vec<Entry>>>()
        };
        read().map_err(failed)
    }

    /// One row, by its full name.
    ///
    /// # Errors
    /// If the catalog can't be read.
    pub fn get(&self, scope: &Scope, name: &str) -> Result<Option<Entry>> {
        let sql = format!("SELECT {COLUMNS} FROM services WHERE cluster = ?1 AND owner = ?2 AND name = ?3");
        self.db.query_row(&sql, [&scope.cluster, &scope.owner, name], entry).optional().map_err(failed)
    }

    /// Adds a row, as [`Status::Registered`]; false if there is one of that name. Its revision is 1, or the one after the
    /// last that a row of this name had.
    ///
    /// # Errors
    /// If the catalog can't be written.
    pub fn insert(&self, scope: &Scope, definition: &Definition, source: Option<&str>, now: Timestamp) -> Result<bool> {
        let sql = "INSERT INTO services (cluster, owner, name, description, definition, source, status, created_at, \
                   updated_at, revision) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, 1 + COALESCE((SELECT revision FROM \
                   ends WHERE cluster = ?1 AND owner = ?2 AND name = ?3), 0)) ON CONFLICT DO NOTHING";
        let row = params![
            scope.cluster,
            scope.owner,
            definition.name,
            definition.description,
            serde_json::to_string(definition)?,
            source,
            Status::Registered.name(),
            now.to_string(),
        ];
        self.db.execute(sql, row).map(|count| count > 0).map_err(failed)
    }

    /// Puts another definition into the row of its name. With `revision`, only if the row still has that one.
    ///
    /// # Errors
    /// If the catalog can't be written.
    pub fn update(
        &self,
        scope: &Scope,
        definition: &Definition,
        source: Option<&str>,
        revision: Option<i64>,
        now: Timestamp,
    ) -> Result<Changed> {
        let sql = "UPDATE services SET description = ?4, definition = ?5, source = ?6, revision = revision + 1, \
                   updated_at = ?7 WHERE cluster = ?1 AND owner = ?2 AND name = ?3 AND (?8 IS NULL OR revision = ?8)";
        let row = params![
            scope.cluster,
            scope.owner,
            definition.name,
            definition.description,
            serde_json::to_string(definition)?,
            source,
            now.to_string(),
            revision,
        ];
        let count = self.db.execute(sql, row).map_err(failed)?;
        match count {
            0 if self.get(scope, &definition.name)?.is_some() => Ok(Changed::Outdated),
            0 => Ok(Changed::Absent),
            _ => Ok(Changed::Done),
        }
    }

    /// Notes how a service stands; false if that is known, or there is no such row.
    ///
    /// # Errors
    /// If the catalog can't be written.
    pub fn set_state(
        &self,
        scope: &Scope,
        name: &str,
        status: Status,
        swarm_id: Option<&str>,
        now: Timestamp,
    ) -> Result<bool> {
        let sql = "UPDATE services SET status = ?4, swarm_id = ?5, updated_at = ?6 WHERE cluster = ?1 AND owner = ?2 AND \
                   name = ?3 AND (status <> ?4 OR swarm_id IS NOT ?5)";
        let row = params![scope.cluster, scope.owner, name, status.name(), swarm_id, now.to_string()];
        self.db.execute(sql, row).map(|count| count > 0).map_err(failed)
    }

    /// Notes whether the swarm is to have a service.
    ///
    /// # Errors
    /// If the catalog can't be written.
    pub fn set_wanted(&self, scope: &Scope, name: &str, wanted: bool) -> Result<()> {
        let sql = "UPDATE services SET wanted = ?4 WHERE cluster = ?1 AND owner = ?2 AND name = ?3";
        let row = params![scope.cluster, scope.owner, name, wanted];
        self.db.execute(sql, row).map(|_| ()).map_err(failed)
    }

    /// Removes a row, if it still has this revision.
    ///
    /// # Errors
    /// If the catalog can't be written.
    pub fn delete(&self, scope: &Scope, name: &str, revision: i64) -> Result<Changed> {
        let sql = "DELETE FROM services WHERE cluster = ?1 AND owner = ?2 AND name = ?3 AND revision = ?4";
        let count = self.db.execute(sql, params![scope.cluster, scope.owner, name, revision]).map_err(failed)?;
        match count {
            0 if self.get(scope, name)?.is_some() => Ok(Changed::Outdated),
            0 => Ok(Changed::Absent),
            _ => Ok(Changed::Done),
        }
    }

    /// Does several things, or none of them: whatever adds or removes rows.
    ///
    /// # Errors
    /// Those of `work`, and if the catalog can't be written.
    pub fn together<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.db.execute_batch("BEGIN IMMEDIATE").map_err(failed)?;
        let done = self.db.execute_batch(ENDS).map_err(failed).and_then(|()| work());
        let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
        self.db.execute_batch(end).map_err(failed)?;
        done
    }

    /// Notes which cluster an engine's address has answered for.
    ///
    /// # Errors
    /// If the catalog can't be written.
    pub fn remember(&self, endpoint: &str, cluster: &str) -> Result<()> {
        let sql = "INSERT INTO clusters VALUES (?1, ?2) ON CONFLICT (endpoint) DO UPDATE SET cluster = excluded.cluster \
                   WHERE cluster <> excluded.cluster";
        self.db.execute(sql, [endpoint, cluster]).map(|_| ()).map_err(failed)
    }

    /// The cluster that an engine's address has answered for last.
    ///
    /// # Errors
    /// If the catalog can't be read.
    pub fn cluster_at(&self, endpoint: &str) -> Result<Option<String>> {
        let sql = "SELECT cluster FROM clusters WHERE endpoint = ?1";
        self.db.query_row(sql, [endpoint], |row| row.get(0)).optional().map_err(failed)
    }
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let (name, description, json): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let damaged = |column: usize, error: Box<dyn std::error::Error + Send + Sync>| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, error)
    };
    let mut definition: Definition = serde_json::from_str(&json).map_err(|error| damaged(2, error.into()))?;
    definition.name = name;
    definition.description = description;
    let time = |column: usize| {
        let text: String = row.get(column)?;
        Timestamp::from_str(&text).map_err(|error| damaged(column, error.into()))
    };
    Ok(Entry {
        definition,
        source: row.get(3)?,
        status: Status::parse(&row.get::<_, String>(4)?),
        swarm_id: row.get(5)?,
        wanted: row.get(6)?,
        revision: row.get(7)?,
        created_at: time(8)?,
        updated_at: time(9)?,
    })
}

/// What has gone wrong, with what to do.
fn failed(error: rusqlite::Error) -> anyhow::Error {
    let code = error.sqlite_error_code();
    let told = match code {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            Error::new(ErrorKind::Locked, "another program holds the catalog").hint("run again in a moment")
        }
        Some(ErrorCode::DiskFull) => Error::new(ErrorKind::Failed, "the disk of the catalog is full")
            .hint("free space where --state-dir is; nothing of this was written"),
        _ if is_corrupt(&error) => Error::new(ErrorKind::Failed, "the catalog is damaged")
            .hint("run again: it is moved aside then, and `orca catalog reconcile` fills it from the definitions"),
        _ => Error::new(ErrorKind::Failed, "the catalog can't be used"),
    };
    anyhow::Error::new(error).context(told)
}

#[cfg(test)]
mod tests;
