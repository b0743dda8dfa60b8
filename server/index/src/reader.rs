//! Asks the index.
//!
//! Every answer is decided once more by what is admitted now, and what an open buffer says goes before what the cache does. All answers are
//! in a fixed order: by what was asked for, then by path and line. A name or word that occurs everywhere tells nothing, and asking for
//! one would take long; it has no answer. An index that can't be read answers nothing and says so in the log. Must not write.

use std::{
    cell::RefCell,
    cmp::Reverse,
    collections::HashMap,
    ops::Range,
    path::Path,
    sync::{Arc, mpsc},
};

use rusqlite::{Connection, ErrorCode, Row, ToSql};
use syntax::Language;

use crate::{
    admission::Admission,
    analysis::{Imported, Symbol},
    answer::{Definition, Edited, Import, Place},
    follow,
    index::Shared,
    overlay::{Buffer, Buffers},
    store::{self, KINDS, uncount},
    walk::slashed,
    words,
};

mod search;

/// What is found more often than this is found everywhere.
const EVERYWHERE: usize = 1000;

/// Asks an index. May be sent to another thread; each thread that asks should have its own.
pub struct Reader {
    shared: Arc<Shared>,
    disk: mpsc::Sender<follow::Event>,
    /// `None` as long as there is no cache.
    open: RefCell<Option<Open>>,
}

/// The cache, open for reading.
struct Open {
    connection: Connection,
    /// Of the file; another one may have taken its place.
    identity: Option<u64>,
    /// Files by their numbers, which are never given to others.
    files: RefCell<HashMap<i64, File>>,
}

/// A file's path and language.
type File = (Arc<str>, Option<Language>);

/// What one question sees, from its beginning to its end.
pub(crate) struct View<'a> {
    open: Option<&'a Open>,
    admission: Admission,
    buffers: Arc<Buffers>,
}

/// Something found, before its text is looked up.
struct Found<T> {
    place: Place,
    /// Where the text stands: a file's number in the cache, or an open buffer.
    source: Source,
    what: T,
}

#[derive(Clone)]
pub(crate) enum Source {
    File(i64),
    Buffer(Arc<Buffer>),
}

/// A definition, before its text is looked up.
struct Defined {
    kind: syntax::DefinitionKind,
    name: String,
    owner: Option<String>,
    signature: Range<usize>,
    doc: Option<Range<usize>>,
}

impl Reader {
    pub(crate) fn new(shared: Arc<Shared>, disk: mpsc::Sender<follow::Event>) -> Self {
        Self { shared, disk, open: RefCell::new(None) }
    }

    /// The real path of the workspace folder.
    pub fn root(&self) -> &Path {
        self.shared.root.path()
    }

    /// What answers call a file, given its absolute path; `None` if it is not below the root.
    pub fn relative(&self, file: &Path) -> Option<String> {
        slashed(&self.shared.root.relative(file)?)
    }

    /// Definitions of a name, at most `limit`: those near the file `near` first. With `owner` only those that belong to a type of that name.
    pub fn definitions(&self, name: &str, owner: Option<&str>, near: &str, limit: usize) -> Vec<Definition> {
        self.defined(
            "name = ?1 AND (?2 IS NULL OR owner = ?2)",
            &[&name, &owner],
            |symbol| symbol.name == name && owner.is_none_or(|owner| symbol.owner.as_deref() == Some(owner)),
            (near, limit),
        )
    }

    /// What belongs to a type of this name, at most `limit`: those near the file `near` first.
    pub fn members(&self, owner: &str, near: &str, limit: usize) -> Vec<Definition> {
        self.defined("owner = ?1", &[&owner], |symbol| symbol.owner.as_deref() == Some(owner), (near, limit))
    }

    /// What a file defines, in its order.
    pub fn outline(&self, path: &str) -> Vec<Definition> {
        self.ask(|view| {
            if !view.admits(path) {
                return Ok(Vec::new());
            }
            let found = if let Some(buffer) = view.buffers.get(path) {
                buffer_definitions(path, buffer, |_| true).collect()
            } else {
                let sql = "WHERE file = (SELECT id FROM file WHERE path = ?1) ORDER BY start, end DESC";
                view.cached_definitions(sql, &[&path])?
            };
            Ok(found.into_iter().filter_map(|found| view.definition(found)).collect())
        })
    }

    /// What a file imports, in its order.
    pub fn imports(&self, path: &str) -> Vec<Import> {
        self.ask(|view| {
            if !view.admits(path) {
                return Ok(Vec::new());
            }
            if let Some(buffer) = view.buffers.get(path) {
                return Ok(buffer.analysis.imports.iter().map(import).collect());
            }
            let sql = "SELECT line, module, name, alias, wildcard FROM import
                       WHERE file = (SELECT id FROM file WHERE path = ?) ORDER BY rowid";
            view.rows(sql, &[&path], |row| {
                Ok(import(&Imported {
                    line: uncount(row, 0)?,
                    module: row.get(1)?,
                    name: row.get(2)?,
                    alias: row.get(3)?,
                    wildcard: row.get(4)?,
                }))
            })
        })
    }

    /// The files that an import of this module may mean, the likeliest first: those whose path ends as the module's does.
    pub fn files_of(&self, module: &[String], near: &str, limit: usize) -> Vec<Arc<str>> {
        let parts: Vec<&str> = module.iter().flat_map(|piece| words::identifiers(piece)).collect();
        let Some(name) = parts.last() else { return Vec::new() };
        self.ask(|view| {
            let sql = "SELECT path FROM file WHERE module = ? LIMIT 1000";
            let mut paths: Vec<Arc<str>> =
                view.rows(sql, &[name], |row| Ok(row.get::<_, String>(0)?.into()))?;
            paths.extend(view.buffers.keys().filter(|path| store::module(path) == *name).cloned());
            paths.retain(|path| view.admits(path));
            paths.sort_by_cached_key(|path| {
                (Reverse(agreement(&parts, path)), Reverse(nearness(path, near)), Arc::clone(path))
            });
            paths.dedup();
            paths.truncate(limit);
            Ok(paths)
        })
    }

    /// A part of a file's text, in bytes; `None` if the index does not have it.
    pub fn text(&self, path: &str, bytes: Range<usize>) -> Option<String> {
        self.ask(|view| {
            if !view.admits(path) {
                return Ok(None);
            }
            if let Some(buffer) = view.buffers.get(path) {
                return Ok(buffer.text.get(bytes).map(str::to_owned));
            }
            let file = view.rows("SELECT id FROM file WHERE path = ?", &[&path], |row| row.get(0))?;
            Ok(file.first().and_then(|file| view.text(&Source::File(*file), &bytes)))
        })
    }

    /// What was edited lately, the latest first.
    pub fn recent_edits(&self, own: &str, limit: usize) -> Vec<Edited> {
        let admission = self.shared.admission();
        let edits = self.shared.edits();
        let others = edits.latest().filter(|edited| *edited.path != *own);
        let known = others.filter(|edited| admission.judge(Path::new(&*edited.path)).is_ok());
        known.take(limit).cloned().collect()
    }

    /// What is admitted now.
    pub(crate) fn admission(&self) -> Admission {
        self.shared.admission()
    }

    fn defined(
        &self,
        condition: &str,
        values: &[&dyn ToSql],
        holds: impl Fn(&Symbol) -> bool,
        (near, limit): (&str, usize),
    ) -> Vec<Definition> {
        self.ask(|view| {
            let sql = format!("WHERE {condition} LIMIT {}", EVERYWHERE + 1);
            let mut found = view.cached_definitions(&sql, values)?;
            if found.len() > EVERYWHERE {
                return Ok(Vec::new());
            }
            found.retain(|found| !view.buffers.contains_key(&found.place.path));
            for (path, buffer) in &*view.buffers {
                found.extend(buffer_definitions(path, buffer, &holds));
            }
            sort_by_nearness(&mut found, near);
            // Judged last, because most of what is found is beyond the limit.
            let admitted = found.into_iter().filter(|found| view.admits(&found.place.path));
            Ok(admitted.filter_map(|found| view.definition(found)).take(limit).collect())
        })
    }

    /// Asks in one view of the cache. What goes wrong is for the log: whoever asks can do without an answer.
    pub(crate) fn ask<T: Default>(&self, question: impl FnOnce(&View<'_>) -> rusqlite::Result<T>) -> T {
        let mut open = self.open.borrow_mut();
        let answer = self.opened(&mut open).and_then(|open| {
            let view =
                View { open, admission: self.shared.admission(), buffers: self.shared.overlay.snapshot() };
            // One transaction, so that ranges and the text that they are of belong together.
            let _transaction = view.open.map(|open| open.connection.unchecked_transaction()).transpose()?;
            question(&view)
        });
        answer.unwrap_or_else(|error| {
            tracing::warn!(%error, "the index did not answer");
            *open = None;
            if matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
            {
                drop(self.disk.send(follow::Event::Damaged));
            }
            T::default()
        })
    }

    /// The cache as it is now, opened if it isn't.
    fn opened<'a>(&self, open: &'a mut Option<Open>) -> rusqlite::Result<Option<&'a Open>> {
        let identity = self.shared.cache.identity();
        if open.as_ref().is_none_or(|open| open.identity != identity) {
            *open = self.shared.cache.read()?.map(|connection| Open {
                connection,
                identity,
                files: RefCell::default(),
            });
        }
        Ok(open.as_ref())
    }
}

impl View<'_> {
    /// Rows of the cache; none where there is no cache.
    pub(crate) fn rows<T>(
        &self,
        sql: &str,
        values: &[&dyn ToSql],
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Vec<T>> {
        let Some(open) = self.open else { return Ok(Vec::new()) };
        open.connection.prepare_cached(sql)?.query_map(values, read)?.collect()
    }

    /// A file's path and language, by its number.
    fn file(&self, number: i64) -> rusqlite::Result<File> {
        let Some(open) = self.open else { return Err(rusqlite::Error::QueryReturnedNoRows) };
        if let Some(known) = open.files.borrow().get(&number) {
            return Ok(known.clone());
        }
        let sql = "SELECT path FROM file WHERE id = ?";
        let path: String = open.connection.prepare_cached(sql)?.query_row([number], |row| row.get(0))?;
        let file = (path.as_str().into(), Language::from_path(&path));
        open.files.borrow_mut().insert(number, file.clone());
        Ok(file)
    }

    /// Rows of `symbol`.
    fn cached_definitions(
        &self,
        condition: &str,
        values: &[&dyn ToSql],
    ) -> rusqlite::Result<Vec<Found<Defined>>> {
        let sql = format!(
            "SELECT file, start, end, first_line, end_line, kind, name, owner, signature_start, signature_end, doc_start, doc_end
             FROM symbol {condition}"
        );
        self.rows(&sql, values, |row| {
            let (path, language) = self.file(row.get(0)?)?;
            let (bytes, lines) = (uncount(row, 1)?..uncount(row, 2)?, uncount(row, 3)?..uncount(row, 4)?);
            let doc = row
                .get::<_, Option<i64>>(10)?
                .map(|_| Ok::<_, rusqlite::Error>(uncount(row, 10)?..uncount(row, 11)?));
            let what = Defined {
                kind: KINDS.get(uncount(row, 5)?).copied().unwrap_or(KINDS[0]),
                name: row.get(6)?,
                owner: row.get(7)?,
                signature: uncount(row, 8)?..uncount(row, 9)?,
                doc: doc.transpose()?,
            };
            Ok(Found {
                place: Place { path, language, lines, bytes },
                source: Source::File(row.get(0)?),
                what,
            })
        })
    }

    /// A definition with its text.
    fn definition(&self, Found { place, source, what }: Found<Defined>) -> Option<Definition> {
        Some(Definition {
            signature: self.text(&source, &what.signature)?,
            doc: what.doc.and_then(|doc| Some(self.text(&source, &doc)?.trim_end().to_owned())),
            place,
            kind: what.kind,
            name: what.name,
            owner: what.owner,
        })
    }

    pub(crate) fn admits(&self, path: &str) -> bool {
        self.admission.judge(Path::new(path)).is_ok()
    }

    /// A piece of text; `None` if the source does not have it.
    pub(crate) fn text(&self, source: &Source, bytes: &Range<usize>) -> Option<String> {
        match source {
            Source::Buffer(buffer) => buffer.text.get(bytes.clone()).map(str::to_owned),
            Source::File(number) => {
                let blob = self.open?.connection.blob_open("main", "content", "text", *number, true).ok()?;
                let mut text = vec![0; bytes.len()];
                blob.read_at_exact(&mut text, bytes.start).ok()?;
                String::from_utf8(text).ok()
            }
        }
    }
}

/// An open buffer's definitions.
fn buffer_definitions<'a>(
    path: &'a str,
    buffer: &'a Arc<Buffer>,
    holds: impl Fn(&Symbol) -> bool + 'a,
) -> impl Iterator<Item = Found<Defined>> + 'a {
    let symbols = buffer.analysis.symbols.iter().filter(move |symbol| holds(symbol));
    symbols.map(move |symbol| Found {
        place: Place {
            path: path.into(),
            language: buffer.analysis.language,
            lines: symbol.lines.clone(),
            bytes: symbol.range.clone(),
        },
        source: Source::Buffer(Arc::clone(buffer)),
        what: Defined {
            kind: symbol.kind,
            name: symbol.name.clone(),
            owner: symbol.owner.clone(),
            signature: symbol.signature.clone(),
            doc: symbol.doc.clone(),
        },
    })
}

fn import(imported: &Imported) -> Import {
    let Imported { line, module, name, alias, wildcard } = imported.clone();
    let module = module.split('\n').filter(|piece| !piece.is_empty()).map(str::to_owned).collect();
    Import { line, module, name, alias, wildcard }
}

/// Brings what was found into the order of answers.
fn sort_by_nearness<T>(found: &mut [Found<T>], near: &str) {
    found.sort_by_cached_key(|Found { place, .. }| {
        (Reverse(nearness(&place.path, near)), Arc::clone(&place.path), place.bytes.start)
    });
}

/// How near a file is to another: itself is nearest, then by how many folders they share from the root on.
fn nearness(path: &str, near: &str) -> usize {
    if path == near {
        return usize::MAX;
    }
    path.split('/').zip(near.split('/')).take_while(|(a, b)| a == b).count()
}

/// How many of a module's parts, from its last one on, end a file's path.
fn agreement(parts: &[&str], path: &str) -> usize {
    let folders = path.rsplit('/').skip(1);
    let own = store::module(path);
    let names = std::iter::once(own).chain(folders.skip_while(|folder| *folder == own || *folder == "src"));
    parts.iter().rev().zip(names).take_while(|(part, name)| *part == name).count()
}
