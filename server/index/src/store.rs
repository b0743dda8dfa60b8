//! Writes what is known of files into the cache.
//!
//! Must not read a workspace, nor answer questions about it: that is `reader`.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use syntax::DefinitionKind;

use crate::{
    analysis::Analysis,
    cache::{Cache, Lock},
    error::Error,
    read::{Content, Hash, Stamp},
    skipped::Reason,
};

/// The kinds of definitions, in the order of the numbers that stand for them in the cache.
pub(crate) const KINDS: [DefinitionKind; 10] = [
    DefinitionKind::Function,
    DefinitionKind::Method,
    DefinitionKind::Type,
    DefinitionKind::Interface,
    DefinitionKind::Extension,
    DefinitionKind::Module,
    DefinitionKind::Constant,
    DefinitionKind::Field,
    DefinitionKind::Variant,
    DefinitionKind::Macro,
];

/// Every file that was read, whatever came of it.
const KNOWN: &str = "SELECT path, size, modified, inode, hash, partial, NULL AS reason FROM file
                     UNION ALL SELECT path, size, modified, inode, NULL, 0, reason FROM refused";

/// A row of it.
fn known(row: &Row<'_>) -> rusqlite::Result<(String, Known)> {
    let stamp = Stamp { size: row.get(1)?, modified: row.get(2)?, inode: row.get(3)? };
    let reason: Option<String> = row.get(6)?;
    let known = Known {
        stamp,
        hash: row.get::<_, Option<Hash>>(4)?.unwrap_or_default(),
        is_partial: row.get(5)?,
        refused: reason.map(|code| Reason::of_content(&code)),
    };
    Ok((row.get(0)?, known))
}

/// The cache, open for writing. There is one in all processes.
#[derive(Debug)]
pub(crate) struct Store {
    connection: Connection,
    cache: Cache,
    lock: Lock,
    largest: u64,
}

/// What the cache remembers of a file.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) stamp: Stamp,
    pub(crate) hash: Hash,
    pub(crate) is_partial: bool,
    /// Why there is no more than this.
    pub(crate) refused: Option<Reason>,
}

/// How much the cache holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Held {
    /// Files.
    pub files: usize,
    /// Their lines.
    pub lines: usize,
    /// Their bytes.
    pub bytes: usize,
    /// Definitions.
    pub symbols: usize,
    /// Imported names and modules.
    pub imports: usize,
    /// Chunks.
    pub chunks: usize,
}

impl Store {
    /// Opens the cache for writing; `None` if another window does the writing.
    pub(crate) fn open(cache: &Cache, largest: u64) -> Result<Option<Self>, Error> {
        let Some(lock) = cache.lock()? else { return Ok(None) };
        let connection = cache.write(&lock, largest)?;
        Ok(Some(Self { connection, cache: cache.clone(), lock, largest }))
    }

    /// Throws everything away and begins with an empty cache.
    pub(crate) fn start_over(&mut self) -> Result<(), Error> {
        // The old file has to be closed before it goes: closing it would write its log back.
        self.connection = Connection::open_in_memory().map_err(|error| self.failed(&error))?;
        self.cache.delete()?;
        self.connection = self.cache.write(&self.lock, self.largest)?;
        Ok(())
    }

    /// Every file in the cache, by path.
    pub(crate) fn known(&self) -> Result<HashMap<String, Known>, Error> {
        self.known_files().map_err(|error| self.failed(&error))
    }

    fn known_files(&self) -> rusqlite::Result<HashMap<String, Known>> {
        let mut statement = self.connection.prepare_cached(&format!("SELECT * FROM ({KNOWN})"))?;
        statement.query_map([], known)?.collect()
    }

    /// What the cache remembers of the file at `path`.
    pub(crate) fn known_at(&self, path: &str) -> Result<Option<Known>, Error> {
        let find = || {
            let mut statement =
                self.connection.prepare_cached(&format!("SELECT * FROM ({KNOWN}) WHERE path = ?"))?;
            Ok(statement.query_row([path], known).optional()?.map(|(_, known)| known))
        };
        find().map_err(|error| self.failed(&error))
    }

    /// How much there is.
    pub(crate) fn held(&self) -> Result<Held, Error> {
        let sql =
            "SELECT count(*), ifnull(sum(lines), 0), ifnull(sum(size), 0), (SELECT count(*) FROM symbol),
                   (SELECT count(*) FROM import), (SELECT chunks FROM totals) FROM file";
        let held = self.connection.query_row(sql, [], |row| {
            Ok(Held {
                files: uncount(row, 0)?,
                lines: uncount(row, 1)?,
                bytes: uncount(row, 2)?,
                symbols: uncount(row, 3)?,
                imports: uncount(row, 4)?,
                chunks: uncount(row, 5)?,
            })
        });
        held.map_err(|error| self.failed(&error))
    }

    /// Writes several things at once: readers see all of them, or none yet.
    pub(crate) fn write<T>(
        &mut self,
        work: impl FnOnce(&mut Batch<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        let done = self.connection.transaction().and_then(|transaction| {
            let mut batch = Batch { transaction, chunks: 0, words: 0 };
            let done = work(&mut batch)?;
            batch.commit()?;
            Ok(done)
        });
        done.map_err(|error| self.failed(&error))
    }

    /// Begins or ends the writing of much at once. Meanwhile FTS5 merges nothing, which it would do again and again; at the end it merges
    /// once.
    pub(crate) fn bulk(&self, begins: bool) -> Result<(), Error> {
        let (automerge, crisismerge) = if begins { (0, 1000) } else { (4, 16) };
        let settings = format!(
            "INSERT INTO fts(fts, rank) VALUES ('automerge', {automerge});
             INSERT INTO fts(fts, rank) VALUES ('crisismerge', {crisismerge});"
        );
        let merge = if begins { "" } else { "INSERT INTO fts(fts) VALUES ('optimize');" };
        self.connection.execute_batch(&format!("{settings}{merge}")).map_err(|error| self.failed(&error))
    }

    /// Brings the log home, so that the cache is one file again as far as readers allow.
    pub(crate) fn tidy(&self) -> Result<(), Error> {
        let done = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        done.map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &rusqlite::Error) -> Error {
        Error::cache(self.cache.path(), error)
    }
}

/// Several changes that become visible together.
pub(crate) struct Batch<'a> {
    transaction: Transaction<'a>,
    /// By how much the totals change.
    chunks: i64,
    words: i64,
}

impl Batch<'_> {
    /// Puts a file in the place of whatever was known of it.
    pub(crate) fn put(&mut self, path: &str, file: &Content, analysis: &Analysis) -> rusqlite::Result<()> {
        let is_same = self.is_held(path, &file.hash)?;
        self.remove_rows(path, is_same)?;
        self.transaction.prepare_cached("DELETE FROM refused WHERE path = ?")?.execute([path])?;
        let stamp = file.stamp.settled();
        let values = params![
            path,
            module(path),
            stamp.size,
            stamp.modified,
            stamp.inode,
            file.hash,
            count(analysis.lines),
            analysis.is_partial
        ];
        let id: i64 = self
            .transaction
            .prepare_cached(
                "INSERT INTO file(path, module, size, modified, inode, hash, lines, partial) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                 ON CONFLICT(path) DO UPDATE SET size = ?3, modified = ?4, inode = ?5, hash = ?6, lines = ?7, partial = ?8
                 RETURNING id",
            )?
            .query_row(values, |row| row.get(0))?;
        if !is_same {
            self.transaction
                .prepare_cached("INSERT INTO content(file, text) VALUES (?, ?)")?
                .execute(params![id, file.text.as_bytes()])?;
        }
        self.put_syntax(id, analysis)?;
        self.put_chunks(id, analysis)
    }

    fn put_syntax(&self, id: i64, analysis: &Analysis) -> rusqlite::Result<()> {
        let mut insert = self.transaction.prepare_cached(
            "INSERT INTO symbol(file, kind, name, owner, start, end, first_line, end_line, signature_start, signature_end,
                                doc_start, doc_end)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?;
        for symbol in &analysis.symbols {
            let kind = KINDS.iter().position(|kind| *kind == symbol.kind).unwrap_or_default();
            let doc = symbol.doc.as_ref();
            insert.execute(params![
                id,
                count(kind),
                symbol.name,
                symbol.owner,
                count(symbol.range.start),
                count(symbol.range.end),
                count(symbol.lines.start),
                count(symbol.lines.end),
                count(symbol.signature.start),
                count(symbol.signature.end),
                doc.map(|doc| count(doc.start)),
                doc.map(|doc| count(doc.end)),
            ])?;
        }
        let mut insert = self.transaction.prepare_cached(
            "INSERT INTO import(file, line, module, name, alias, wildcard) VALUES (?, ?, ?, ?, ?, ?)",
        )?;
        for import in &analysis.imports {
            insert.execute(params![
                id,
                count(import.line),
                import.module,
                import.name,
                import.alias,
                import.wildcard
            ])?;
        }
        Ok(())
    }

    fn put_chunks(&mut self, id: i64, analysis: &Analysis) -> rusqlite::Result<()> {
        let mut insert = self.transaction.prepare_cached(
            "INSERT INTO chunk(file, start, end, first_line, end_line, words) VALUES (?, ?, ?, ?, ?, ?)",
        )?;
        let mut index = self.transaction.prepare_cached("INSERT INTO fts(rowid, words) VALUES (?, ?)")?;
        for chunk in &analysis.chunks {
            let row = insert.insert(params![
                id,
                count(chunk.range.start),
                count(chunk.range.end),
                count(chunk.lines.start),
                count(chunk.lines.end),
                count(chunk.count)
            ])?;
            index.execute(params![row, chunk.words])?;
            self.chunks += 1;
            self.words += count(chunk.count);
        }
        Ok(())
    }

    /// Notes that a file was touched, but holds what it held.
    pub(crate) fn touch(&self, path: &str, stamp: Stamp) -> rusqlite::Result<()> {
        let stamp = stamp.settled();
        self.transaction
            .prepare_cached("UPDATE file SET size = ?, modified = ?, inode = ? WHERE path = ?")?
            .execute(params![stamp.size, stamp.modified, stamp.inode, path])?;
        Ok(())
    }

    /// Forgets a file. Its number is never given to another one.
    pub(crate) fn remove(&mut self, path: &str) -> rusqlite::Result<()> {
        self.remove_rows(path, false)?;
        for sql in ["DELETE FROM file WHERE path = ?", "DELETE FROM refused WHERE path = ?"] {
            self.transaction.prepare_cached(sql)?.execute([path])?;
        }
        Ok(())
    }

    /// Forgets a file, but for why nothing is known of it, where that lies in what it holds.
    pub(crate) fn refuse(&mut self, path: &str, stamp: Stamp, reason: Reason) -> rusqlite::Result<()> {
        self.remove(path)?;
        if reason == Reason::of_content(reason.code()) {
            let stamp = stamp.settled();
            self.transaction
                .prepare_cached(
                    "INSERT INTO refused(path, size, modified, inode, reason) VALUES (?, ?, ?, ?, ?)",
                )?
                .execute(params![path, stamp.size, stamp.modified, stamp.inode, reason.code()])?;
        }
        Ok(())
    }

    /// The files whose paths begin with `folder` and a `/`.
    pub(crate) fn below(&self, folder: &str) -> rusqlite::Result<Vec<String>> {
        // `0` is what follows `/`.
        let mut statement =
            self.transaction.prepare_cached("SELECT path FROM file WHERE path > ? AND path < ?")?;
        statement.query_map([format!("{folder}/"), format!("{folder}0")], |row| row.get(0))?.collect()
    }

    /// Whether a file's text is in the cache already: a second look, at its syntax, need not write it again.
    fn is_held(&self, path: &str, hash: &Hash) -> rusqlite::Result<bool> {
        let mut statement =
            self.transaction.prepare_cached("SELECT 1 FROM file WHERE path = ? AND hash = ?")?;
        statement.exists(params![path, hash])
    }

    /// Forgets what is known of a file, but for its text if that stays.
    fn remove_rows(&mut self, path: &str, keep_text: bool) -> rusqlite::Result<()> {
        let file = self.transaction.prepare_cached("SELECT id FROM file WHERE path = ?")?;
        let Some(id) = { file }.query_row([path], |row| row.get::<_, i64>(0)).optional()? else {
            return Ok(());
        };
        let (chunks, words): (i64, i64) = self
            .transaction
            .prepare_cached("SELECT count(*), ifnull(sum(words), 0) FROM chunk WHERE file = ?")?
            .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        self.chunks -= chunks;
        self.words -= words;
        for sql in [
            "DELETE FROM fts WHERE rowid IN (SELECT id FROM chunk WHERE file = ?)",
            "DELETE FROM chunk WHERE file = ?",
            "DELETE FROM symbol WHERE file = ?",
            "DELETE FROM import WHERE file = ?",
        ] {
            self.transaction.prepare_cached(sql)?.execute([id])?;
        }
        if !keep_text {
            self.transaction.prepare_cached("DELETE FROM content WHERE file = ?")?.execute([id])?;
        }
        Ok(())
    }

    fn commit(self) -> rusqlite::Result<()> {
        self.transaction
            .prepare_cached("UPDATE totals SET chunks = chunks + ?, words = words + ?")?
            .execute([self.chunks, self.words])?;
        self.transaction.commit()
    }
}

/// The name of the module that a file is, as imports call it: its own, or its folder's where the file only stands for that.
pub(crate) fn module(path: &str) -> &str {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.split('.').next().unwrap_or(name);
    match stem {
        "mod" | "lib" | "main" | "index" | "__init__" => {
            let folder = folder.strip_suffix("/src").unwrap_or(folder);
            folder.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or(stem)
        }
        _ => stem,
    }
}

/// A count or an offset, for SQLite.
pub(crate) fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The same, read back.
pub(crate) fn uncount(row: &Row<'_>, column: usize) -> rusqlite::Result<usize> {
    let number: i64 = row.get(column)?;
    usize::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}
