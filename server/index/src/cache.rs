//! The cache file of a workspace: where it lies, what is in it, and who may write it.
//!
//! One SQLite database for each root. A database that is damaged, or that another version of Hob made, is deleted: all of it can be made
//! again. Must not know what the rows mean; that is `store`'s and `reader`'s.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};

use crate::{error::Error, read};

/// Goes up with each change of the tables, or of what a file's rows are made from.
const VERSION: i64 = 1;
/// "Hob!", so that a database of somebody else's is told from ours.
const APPLICATION: i64 = 0x486f_6221;

const PAGE: u32 = 8192;

/// SQLite waits so long for another process's moment of exclusion.
const PATIENCE: Duration = Duration::from_secs(2);

/// How a connection that writes is set up. After a power cut the last commits may be missing, and are read anew.
const SETTINGS: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA wal_autocheckpoint = 4000;
    PRAGMA journal_size_limit = 67108864;
    PRAGMA cache_size = -32000;
    PRAGMA temp_store = MEMORY;
";

/// `fts` holds the words of each chunk and no text: that stands in `content`, once. `refused` are files that had to be read to see that
/// they are no text, and don't have to be read again.
const TABLES: &str = "
    CREATE TABLE file(
        id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL UNIQUE, module TEXT NOT NULL,
        size INTEGER NOT NULL, modified INTEGER NOT NULL, inode INTEGER NOT NULL, hash BLOB NOT NULL,
        lines INTEGER NOT NULL, partial INTEGER NOT NULL
    );
    CREATE INDEX file_module ON file(module);
    CREATE TABLE refused(
        path TEXT PRIMARY KEY, size INTEGER NOT NULL, modified INTEGER NOT NULL, inode INTEGER NOT NULL, reason TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE content(file INTEGER PRIMARY KEY, text BLOB NOT NULL);
    CREATE TABLE symbol(
        file INTEGER NOT NULL, kind INTEGER NOT NULL, name TEXT NOT NULL, owner TEXT,
        start INTEGER NOT NULL, end INTEGER NOT NULL, first_line INTEGER NOT NULL, end_line INTEGER NOT NULL,
        signature_start INTEGER NOT NULL, signature_end INTEGER NOT NULL, doc_start INTEGER, doc_end INTEGER
    );
    CREATE INDEX symbol_file ON symbol(file);
    CREATE INDEX symbol_name ON symbol(name, owner);
    CREATE INDEX symbol_owner ON symbol(owner) WHERE owner IS NOT NULL;
    CREATE TABLE import(
        file INTEGER NOT NULL, line INTEGER NOT NULL, module TEXT NOT NULL, name TEXT, alias TEXT, wildcard INTEGER NOT NULL
    );
    CREATE INDEX import_file ON import(file);
    CREATE TABLE chunk(
        id INTEGER PRIMARY KEY AUTOINCREMENT, file INTEGER NOT NULL,
        start INTEGER NOT NULL, end INTEGER NOT NULL, first_line INTEGER NOT NULL, end_line INTEGER NOT NULL,
        words INTEGER NOT NULL
    );
    CREATE INDEX chunk_file ON chunk(file);
    CREATE TABLE totals(chunks INTEGER NOT NULL, words INTEGER NOT NULL);
    INSERT INTO totals VALUES (0, 0);
    CREATE VIRTUAL TABLE fts USING fts5(
        words, content = '', contentless_delete = 1, tokenize = \"ascii tokenchars '_'\"
    );
    INSERT INTO fts(fts, rank) VALUES ('hashsize', 16777216);
";

/// A workspace's cache file.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    path: PathBuf,
}

/// What the process that may write holds: the lock goes with it, however it ends.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Cache {
    /// The cache of the workspace at `root`, a real path, in `folder`.
    pub(crate) fn of(root: &Path, folder: &Path) -> Self {
        let name = read::hash(root.as_os_str().as_encoded_bytes()).map(|byte| format!("{byte:02x}")).concat();
        Self { path: folder.join(format!("{name}.sqlite")) }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Takes the right to write; `None` if another window has it.
    pub(crate) fn lock(&self) -> Result<Option<Lock>, Error> {
        let unusable =
            |error: std::io::Error| Error::Cache { path: self.path.clone(), reason: error.to_string() };
        fs::create_dir_all(self.path.parent().unwrap_or(Path::new("."))).map_err(unusable)?;
        let path = self.path.with_extension("lock");
        let file = File::options().create(true).truncate(false).write(true).open(path).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock { _file: file })),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(unusable(error)),
        }
    }

    /// Opens the database for writing, making it anew if it is not as it should be.
    pub(crate) fn write(&self, _: &Lock, largest: u64) -> Result<Connection, Error> {
        let opened = self.open_to_write(largest);
        let Err(error) = opened else { return opened.map_err(|error| Error::cache(&self.path, &error)) };
        match Error::cache(&self.path, &error) {
            Error::Corrupt { .. } => {
                tracing::warn!(cache = %self.path.display(), %error, "the index's cache is damaged, or of another version: made anew");
                self.delete()?;
                self.open_to_write(largest).map_err(|error| Error::cache(&self.path, &error))
            }
            other => Err(other),
        }
    }

    fn open_to_write(&self, largest: u64) -> rusqlite::Result<Connection> {
        let connection = Connection::open(&self.path)?;
        connection.busy_timeout(PATIENCE)?;
        connection.set_prepared_statement_cache_capacity(64);
        let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        if number("page_count")? == 0 {
            connection.pragma_update(None, "page_size", PAGE)?;
            connection.execute_batch(SETTINGS)?;
            connection.execute_batch(&format!("BEGIN; {TABLES} COMMIT;"))?;
            connection.pragma_update(None, "application_id", APPLICATION)?;
            connection.pragma_update(None, "user_version", VERSION)?;
        } else if number("application_id")? != APPLICATION || number("user_version")? != VERSION {
            return Err(rusqlite::Error::SqliteFailure(
                rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_NOTADB),
                None,
            ));
        }
        connection.execute_batch(SETTINGS)?;
        connection.pragma_update(
            None,
            "max_page_count",
            u32::try_from(largest / u64::from(PAGE)).unwrap_or(u32::MAX).max(1),
        )?;
        Ok(connection)
    }

    /// Opens the database for reading; `None` as long as there is none.
    pub(crate) fn read(&self) -> rusqlite::Result<Option<Connection>> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        if !self.path.exists() {
            return Ok(None);
        }
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(PATIENCE)?;
        connection.set_prepared_statement_cache_capacity(64);
        connection.pragma_update(None, "cache_size", -8000)?;
        let version = connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))?;
        Ok((version == VERSION).then_some(connection))
    }

    /// Tells whether the file is still the one that was opened: another process may have made it anew.
    pub(crate) fn identity(&self) -> Option<u64> {
        let meta = self.path.metadata().ok()?;
        #[cfg(unix)]
        let identity = std::os::unix::fs::MetadataExt::ino(&meta);
        #[cfg(not(unix))]
        let identity = meta
            .created()
            .map_or(0, |time| time.duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs());
        Some(identity)
    }

    /// Removes the database. Who has it open goes on reading what it was.
    pub(crate) fn delete(&self) -> Result<(), Error> {
        for extension in ["sqlite", "sqlite-wal", "sqlite-shm"] {
            match fs::remove_file(self.path.with_extension(extension)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::Cache { path: self.path.clone(), reason: error.to_string() });
                }
                _ => {}
            }
        }
        Ok(())
    }
}
