//! The languages Hob can parse, from `queries/languages.toml`.
//!
//! A table and lookups in it. Must not hold what a grammar's node is called: that is for the query files.

use std::{
    fmt,
    sync::{LazyLock, OnceLock},
};

use serde::Deserialize;

use crate::{parts, queries::Queries};

/// A language with a grammar. A handle: copying it costs nothing.
#[derive(Clone, Copy)]
pub struct Language(&'static Entry);

struct Entry {
    row: Row,
    grammar: tree_sitter::Language,
    files: Files,
    /// Compiled at the first question: it takes milliseconds, and most windows only ever see one language.
    queries: OnceLock<Queries>,
    /// The same, for evaluations.
    parts: OnceLock<tree_sitter::Query>,
}

/// The texts of a language's query files.
#[derive(Clone, Copy)]
struct Files {
    scopes: &'static str,
    parts: &'static str,
}

/// One row of the table, as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    ids: Vec<String>,
    extensions: Vec<String>,
    comment: String,
    /// Blocks are marked by indentation, not by brackets.
    #[serde(default)]
    indented: bool,
    continuations: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    language: Vec<Row>,
}

static TABLE: &str = include_str!("../../../queries/languages.toml");

static LANGUAGES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let table: Table =
        toml::from_str(TABLE).expect("queries/languages.toml is embedded, and a test reads it");
    let entry = |row: Row| {
        let (grammar, files) =
            compiled_in(&row.name).expect("each row has a grammar, and a test looks them up");
        Entry { row, grammar, files, queries: OnceLock::new(), parts: OnceLock::new() }
    };
    table.language.into_iter().map(entry).collect()
});

/// What a row's name stands for in this build: the grammar and the query files. The one place that names grammar crates.
fn compiled_in(name: &str) -> Option<(tree_sitter::Language, Files)> {
    /// The query files in the language's folder.
    macro_rules! files {
        ($folder:literal) => {
            Files {
                scopes: include_str!(concat!("../../../queries/", $folder, "/scopes.scm")),
                parts: include_str!(concat!("../../../queries/", $folder, "/parts.scm")),
            }
        };
    }
    match name {
        "rust" => Some((tree_sitter_rust::LANGUAGE.into(), files!("rust"))),
        "python" => Some((tree_sitter_python::LANGUAGE.into(), files!("python"))),
        _ => None,
    }
}

impl Language {
    /// The language that LSP clients call `id` (`languageId` of `textDocument/didOpen`).
    pub fn from_id(id: &str) -> Option<Self> {
        Self::all().find(|language| language.0.row.ids.iter().any(|known| known == id))
    }

    /// The language of a file by its name's extension, whatever case it is in. Looks at the name only; either `/` or `\` may
    /// stand between the parts of the path.
    pub fn from_path(path: &str) -> Option<Self> {
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
        let (stem, extension) = name.rsplit_once('.')?;
        if stem.is_empty() {
            return None;
        }
        Self::all().find(|language| {
            language.0.row.extensions.iter().any(|known| extension.eq_ignore_ascii_case(known))
        })
    }

    /// Every language of the table, in its order.
    pub fn all() -> impl Iterator<Item = Self> {
        LANGUAGES.iter().map(Self)
    }

    /// What Hob calls it: the name of its folder in `queries/`.
    pub fn name(self) -> &'static str {
        &self.0.row.name
    }

    /// What starts a comment that runs to the end of the line.
    pub fn comment(self) -> &'static str {
        &self.0.row.comment
    }

    /// Whether blocks are marked by indentation, not by brackets.
    pub(crate) fn indented(self) -> bool {
        self.0.row.indented
    }

    /// Texts that finish a line of code which stops short; see the key `continuations` in `queries/README.md`.
    pub(crate) fn continuations(self) -> &'static [String] {
        &self.0.row.continuations
    }

    pub(crate) fn grammar(self) -> &'static tree_sitter::Language {
        &self.0.grammar
    }

    pub(crate) fn queries(self) -> &'static Queries {
        self.0.queries.get_or_init(|| {
            Queries::compile(&self.0.grammar, self.0.files.scopes)
                .expect("query files are embedded, and a test compiles them")
        })
    }

    pub(crate) fn parts(self) -> &'static tree_sitter::Query {
        self.0.parts.get_or_init(|| {
            parts::compile(&self.0.grammar, self.0.files.parts)
                .expect("query files are embedded, and a test compiles them")
        })
    }
}

impl PartialEq for Language {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Language {}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Language").field(&self.name()).finish()
    }
}
