//! What an index answers.
//!
//! Values only. Paths are relative to the workspace, with `/` between parts; offsets are bytes of UTF-8; lines count from 0, and ranges
//! don't include their ends. No text of a file appears in `Debug`.

use std::{fmt, ops::Range, sync::Arc};

use syntax::{DefinitionKind, Language};

/// Where something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: Arc<str>,
    /// Its language, if it is one with a grammar.
    pub language: Option<Language>,
    /// The lines.
    pub lines: Range<usize>,
    /// The same in bytes.
    pub bytes: Range<usize>,
}

/// A file of which the index has the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The file.
    pub path: Arc<str>,
    /// A hash of its text.
    pub hash: u64,
    /// How long its text is.
    pub bytes: usize,
    /// When it was written: nanoseconds since 1970, the largest number for just now.
    pub modified: i64,
}

/// A definition.
#[derive(Clone, PartialEq, Eq)]
pub struct Definition {
    /// All of it, its body included: [`Reader::text`](crate::Reader::text) has it.
    pub place: Place,
    /// What it defines.
    pub kind: DefinitionKind,
    /// Its name.
    pub name: String,
    /// The type that it belongs to: a method's, a field's, a variant's.
    pub owner: Option<String>,
    /// The declaration without its body.
    pub signature: String,
    /// The comment before it, or its docstring, as it stands there.
    pub doc: Option<String>,
}

/// One name, or one module, that a file imports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The line on which the statement begins.
    pub line: usize,
    /// The module as the file names it. In several pieces where one goes before others: `use a::{b::{c}}` imports `c` from `a`, `b`.
    pub module: Vec<String>,
    /// What is imported from the module; `None` is the module itself.
    pub name: Option<String>,
    /// What it is called in the file, if something else.
    pub alias: Option<String>,
    /// Whether everything in the module is imported.
    pub wildcard: bool,
}

/// A piece of a file: a definition, some small ones, or some paragraphs.
#[derive(Clone, PartialEq)]
pub struct Chunk {
    /// Where it stands.
    pub place: Place,
    /// Its text.
    pub text: String,
    /// How well it fits what was asked: BM25, higher is better. 0 where fit was not asked for.
    pub score: f64,
}

/// Text that was edited lately.
#[derive(Clone, PartialEq, Eq)]
pub struct Edited {
    /// The file.
    pub path: Arc<str>,
    /// The lines that were edited, as they counted at the time.
    pub lines: Range<usize>,
    /// Their text at the time.
    pub text: String,
    /// When, as the caller told.
    pub at: u64,
}

impl fmt::Debug for Definition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Definition")
            .field("place", &self.place)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Chunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunk")
            .field("place", &self.place)
            .field("score", &self.score)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Edited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Edited")
            .field("path", &self.path)
            .field("lines", &self.lines)
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}
