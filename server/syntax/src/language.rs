//! The languages Hob can parse, from `queries/languages.toml`.
//!
//! A table and lookups in it. Must not hold what a grammar's node is called: that is for the query files.

use std::{
    fmt,
    sync::{LazyLock, OnceLock},
};

use serde::Deserialize;

use crate::{
    imports::ImportCapture,
    outline::OutlineCapture,
    parts::Part,
    queries::{Capture, Queries, ScopeCapture},
    uses::LocalCapture,
};

/// A language with a grammar. A handle: copying it costs nothing.
#[derive(Clone, Copy)]
pub struct Language(&'static Entry);

struct Entry {
    row: Row,
    grammar: tree_sitter::Language,
    files: Files,
    compiled: Compiled,
}

/// The texts of a language's query files.
#[derive(Clone, Copy)]
struct Files {
    scopes: &'static str,
    parts: &'static str,
    outline: &'static str,
    imports: &'static str,
    locals: &'static str,
}

/// The same files, each compiled at its first question: that takes milliseconds, and most windows only ever see one language.
#[derive(Default)]
struct Compiled {
    scopes: OnceLock<Queries<ScopeCapture>>,
    parts: OnceLock<Queries<Part>>,
    outline: OnceLock<Queries<OutlineCapture>>,
    imports: OnceLock<Queries<ImportCapture>>,
    locals: OnceLock<Queries<LocalCapture>>,
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
        Entry { row, grammar, files, compiled: Compiled::default() }
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
                outline: include_str!(concat!("../../../queries/", $folder, "/outline.scm")),
                imports: include_str!(concat!("../../../queries/", $folder, "/imports.scm")),
                locals: include_str!(concat!("../../../queries/", $folder, "/locals.scm")),
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

    pub(crate) fn scopes(self) -> &'static Queries<ScopeCapture> {
        self.compiled(&self.0.compiled.scopes, self.0.files.scopes)
    }

    pub(crate) fn parts(self) -> &'static Queries<Part> {
        self.compiled(&self.0.compiled.parts, self.0.files.parts)
    }

    pub(crate) fn outline(self) -> &'static Queries<OutlineCapture> {
        self.compiled(&self.0.compiled.outline, self.0.files.outline)
    }

    pub(crate) fn imports(self) -> &'static Queries<ImportCapture> {
        self.compiled(&self.0.compiled.imports, self.0.files.imports)
    }

    pub(crate) fn locals(self) -> &'static Queries<LocalCapture> {
        self.compiled(&self.0.compiled.locals, self.0.files.locals)
    }

    fn compiled<C: Capture>(
        self,
        once: &'static OnceLock<Queries<C>>,
        file: &'static str,
    ) -> &'static Queries<C> {
        once.get_or_init(|| {
            Queries::compile(&self.0.grammar, file)
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
