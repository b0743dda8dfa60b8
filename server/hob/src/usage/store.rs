//! The counters' file: `<state>/usage.sqlite`, to which every window adds.
//!
//! A row is a sum, so the file grows with days and languages and not with keys. It can't be made again: one that is damaged is put aside,
//! not deleted. Must not hold text of a document, nor a path.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags, params};

use super::Batch;

/// Goes up with each change of the tables.
const VERSION: i64 = 1;
/// "Hobu", so that a database of somebody else's is told from ours.
const APPLICATION: i64 = 0x486f_6275;

/// `SQLite` waits so long for another window's moment of exclusion.
const PATIENCE: Duration = Duration::from_secs(2);

/// A power cut may cost the last counts, and no more.
const SETTINGS: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA journal_size_limit = 1048576;
";

/// `destination` is `local` for what the engine of this machine did. `decile` is how sure the model was, in tenths.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS usage(
        day INTEGER NOT NULL, task TEXT NOT NULL, destination TEXT NOT NULL, language TEXT NOT NULL, counter TEXT NOT NULL,
        value INTEGER NOT NULL, PRIMARY KEY(day, task, destination, language, counter)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS verdict(
        day INTEGER NOT NULL, model TEXT NOT NULL, language TEXT NOT NULL, decile INTEGER NOT NULL,
        shown INTEGER NOT NULL, accepted INTEGER NOT NULL, typed_over INTEGER NOT NULL,
        PRIMARY KEY(day, model, language, decile)
    ) WITHOUT ROWID;
";

/// What happens on this machine.
pub(crate) const LOCAL: &str = "local";

/// One sum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) day: i64,
    pub(crate) task: String,
    pub(crate) destination: String,
    pub(crate) language: String,
    pub(crate) counter: String,
    pub(crate) value: u64,
}

/// What became of a day's suggestions of one decile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decided {
    pub(crate) day: i64,
    pub(crate) model: String,
    pub(crate) language: String,
    pub(crate) decile: usize,
    pub(crate) shown: u64,
    pub(crate) accepted: u64,
}

/// The counters' file.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    open: Option<(Connection, Option<u64>)>,
}

impl Store {
    /// In the state folder `state`. Nothing is opened before it is needed.
    pub(crate) fn of(state: &Path) -> Self {
        Self { path: state.join("usage.sqlite"), open: None }
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where a damaged file is put.
    pub(crate) fn aside(&self) -> PathBuf {
        self.path.with_extension("sqlite.damaged")
    }

    /// Adds `batch`: all of it, or nothing. A damaged file is put aside first; whether there was one.
    pub(super) fn add(&mut self, batch: &Batch) -> rusqlite::Result<bool> {
        match self.try_to_add(batch) {
            Err(error) if is_damage(&error) => {
                self.open = None;
                self.put_aside().map_err(|error| failed(&error))?;
                self.try_to_add(batch).map(|()| true)
            }
            Err(error) => {
                self.open = None;
                Err(error)
            }
            Ok(()) => Ok(false),
        }
    }

    fn try_to_add(&mut self, batch: &Batch) -> rusqlite::Result<()> {
        let now = identity(&self.path);
        // Another window may have put it aside, or somebody has deleted it.
        if self.open.as_ref().is_none_or(|(_, opened)| now.is_none() || *opened != now) {
            self.open = None;
            let connection = open_to_write(&self.path)?;
            self.open = Some((connection, identity(&self.path)));
        }
        let Some((connection, _)) = &mut self.open else { return Ok(()) };
        let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        {
            let mut add = transaction.prepare_cached(
                "INSERT INTO usage VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT DO UPDATE SET value = value + excluded.value",
            )?;
            for ((day, task, language, counter), value) in &batch.counts {
                add.execute(params![day, task, LOCAL, &**language, &**counter, number(*value)])?;
            }
            let mut decide = transaction.prepare_cached(
                "INSERT INTO verdict VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET
                 shown = shown + excluded.shown, accepted = accepted + excluded.accepted,
                 typed_over = typed_over + excluded.typed_over",
            )?;
            for ((day, model, language, decile), [shown, accepted, over]) in &batch.verdicts {
                let [shown, accepted, over] = [number(*shown), number(*accepted), number(*over)];
                decide.execute(params![day, model, &**language, decile, shown, accepted, over])?;
            }
        }
        transaction.commit()
    }

    /// The sums from `day` on, by day.
    pub(crate) fn sums(&self, day: i64) -> rusqlite::Result<Vec<Sum>> {
        let Some(connection) = self.open_to_read()? else { return Ok(Vec::new()) };
        let mut rows = connection.prepare(
            "SELECT day, task, destination, language, counter, value FROM usage WHERE day >= ? ORDER BY day",
        )?;
        let sum = |row: &rusqlite::Row<'_>| {
            Ok(Sum {
                day: row.get(0)?,
                task: row.get(1)?,
                destination: row.get(2)?,
                language: row.get(3)?,
                counter: row.get(4)?,
                value: count(row, 5)?,
            })
        };
        rows.query_map([day], sum)?.collect()
    }

    /// What became of suggestions from `day` on.
    pub(crate) fn decided(&self, day: i64) -> rusqlite::Result<Vec<Decided>> {
        let Some(connection) = self.open_to_read()? else { return Ok(Vec::new()) };
        let mut rows = connection
            .prepare("SELECT day, model, language, decile, shown, accepted FROM verdict WHERE day >= ?")?;
        let decided = |row: &rusqlite::Row<'_>| {
            Ok(Decided {
                day: row.get(0)?,
                model: row.get(1)?,
                language: row.get(2)?,
                decile: usize::try_from(row.get::<_, i64>(3)?).unwrap_or(usize::MAX),
                shown: count(row, 4)?,
                accepted: count(row, 5)?,
            })
        };
        rows.query_map([day], decided)?.collect()
    }

    fn open_to_read(&self) -> rusqlite::Result<Option<Connection>> {
        if !self.path.exists() {
            return Ok(None);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(PATIENCE)?;
        // Another window is just making it.
        let is_new = pragma(&connection, "user_version")? == 0;
        if !is_new {
            check(&connection)?;
        }
        Ok((!is_new).then_some(connection))
    }

    /// Renames the file, unless another window has done so.
    fn put_aside(&self) -> io::Result<()> {
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.path.with_extension("lock"))?;
        lock.lock()?;
        let is_sound = open_to_write(&self.path).and_then(|connection| {
            connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0))
        });
        if is_sound.is_ok_and(|verdict| verdict == "ok") {
            return Ok(());
        }
        fs::rename(&self.path, self.aside())?;
        for extension in ["sqlite-wal", "sqlite-shm"] {
            match fs::remove_file(self.path.with_extension(extension)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

fn open_to_write(path: &Path) -> rusqlite::Result<Connection> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    connection.execute_batch(SETTINGS)?;
    if pragma(&connection, "user_version")? == 0 {
        // Two windows may come here at once: the second one finds everything done.
        let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        transaction.execute_batch(TABLES)?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
        transaction.commit()?;
    }
    check(&connection)?;
    Ok(connection)
}

/// Whose file it is. What a newer Hob has made is not touched, and what is nobody's is damaged.
fn check(connection: &Connection) -> rusqlite::Result<()> {
    let fault = |code, what: &str| {
        Err(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), Some(what.to_owned())))
    };
    if pragma(connection, "application_id")? != APPLICATION {
        return fault(rusqlite::ffi::SQLITE_NOTADB, "it is somebody else's database");
    }
    if pragma(connection, "user_version")? > VERSION {
        return fault(rusqlite::ffi::SQLITE_MISMATCH, "it was made by a newer version of Hob");
    }
    Ok(())
}

fn pragma(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}

/// Whether the file itself is at fault.
fn is_damage(error: &rusqlite::Error) -> bool {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => true,
        // A table is missing, or has other columns.
        _ => {
            matches!(error, rusqlite::Error::SqliteFailure(cause, _) if cause.extended_code == rusqlite::ffi::SQLITE_ERROR)
        }
    }
}

fn failed(error: &io::Error) -> rusqlite::Error {
    let full = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN);
    rusqlite::Error::SqliteFailure(full, Some(error.to_string()))
}

/// Tells whether the file is still the one that was opened.
fn identity(path: &Path) -> Option<u64> {
    let meta = path.metadata().ok()?;
    #[cfg(unix)]
    let identity = std::os::unix::fs::MetadataExt::ino(&meta);
    #[cfg(not(unix))]
    let identity = meta
        .created()
        .map_or(0, |time| time.duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs());
    Some(identity)
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A count that somebody may have written into the file.
fn count(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(at)?).unwrap_or(0))
}
