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
pub(crate) struct Files {
    pub(crate) scopes: &'static str,
    pub(crate) parts: &'static str,
    pub(crate) outline: &'static str,
    pub(crate) imports: &'static str,
    pub(crate) locals: &'static str,
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
    headers: Vec<String>,
    /// A parse that starts from an older tree ends in the same tree as one that starts from nothing.
    #[serde(default = "yes")]
    incremental: bool,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    language: Vec<Row>,
}

pub(crate) static TABLE: &str = include_str!("../../../queries/languages.toml");

static LANGUAGES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let table: Table =
        toml::from_str(TABLE).expect("queries/languages.toml is embedded, and a test reads it");
    let entry = |row: Row| {
        let (grammar, files) = compiled_in(&row.name)?;
        Some(Entry { row, grammar, files, compiled: Compiled::default() })
    };
    table.language.into_iter().filter_map(entry).collect()
});

/// The text of a query file that is one for each of the folders, one behind the other.
macro_rules! file {
    ($file:literal: $($folder:literal)+) => {
        concat!($(include_str!(concat!("../../../queries/", $folder, "/", $file, ".scm"))),+)
    };
}

/// The query files of a language, with the folders that each is made of: those of one folder alone, or file by file.
macro_rules! files {
    ($folder:literal) => {
        files! { scopes: $folder, parts: $folder, outline: $folder, imports: $folder, locals: $folder }
    };
    (
        scopes: $($scopes:literal)+, parts: $($parts:literal)+, outline: $($outline:literal)+,
        imports: $($imports:literal)+, locals: $($locals:literal)+
    ) => {
        Files {
            scopes: file!("scopes": $($scopes)+),
            parts: file!("parts": $($parts)+),
            outline: file!("outline": $($outline)+),
            imports: file!("imports": $($imports)+),
            locals: file!("locals": $($locals)+),
        }
    };
}

/// What a row's name stands for in this build: the grammar and the query files. `None` if the grammar was left out of the
/// build; the language's files are then plain text. The one place that names grammar crates.
fn compiled_in(name: &str) -> Option<(tree_sitter::Language, Files)> {
    Some(match name {
        "rust" => (tree_sitter_rust::LANGUAGE.into(), files!("rust")),
        "python" => (tree_sitter_python::LANGUAGE.into(), files!("python")),
        #[cfg(feature = "lang-typescript")]
        "typescript" => (tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(), TYPESCRIPT),
        #[cfg(feature = "lang-typescript")]
        "tsx" => (tree_sitter_typescript::LANGUAGE_TSX.into(), TYPESCRIPT),
        #[cfg(feature = "lang-javascript")]
        "javascript" => (
            tree_sitter_javascript::LANGUAGE.into(),
            files! {
                scopes: "ecma" "javascript", parts: "ecma", outline: "ecma" "javascript", imports: "ecma", locals: "ecma" "javascript"
            },
        ),
        #[cfg(feature = "lang-go")]
        "go" => (tree_sitter_go::LANGUAGE.into(), files!("go")),
        #[cfg(feature = "lang-c")]
        "c" => (tree_sitter_c::LANGUAGE.into(), files!("c")),
        #[cfg(feature = "lang-cpp")]
        "cpp" => (
            tree_sitter_cpp::LANGUAGE.into(),
            files! {
                scopes: "c" "cpp", parts: "c" "cpp", outline: "c" "cpp", imports: "c" "cpp", locals: "c" "cpp"
            },
        ),
        #[cfg(feature = "lang-java")]
        "java" => (tree_sitter_java::LANGUAGE.into(), files!("java")),
        #[cfg(feature = "lang-csharp")]
        "csharp" => (tree_sitter_c_sharp::LANGUAGE.into(), files!("csharp")),
        #[cfg(feature = "lang-ruby")]
        "ruby" => (tree_sitter_ruby::LANGUAGE.into(), files!("ruby")),
        #[cfg(feature = "lang-bash")]
        "bash" => (tree_sitter_bash::LANGUAGE.into(), files!("bash")),
        _ => return None,
    })
}

/// Its two grammars differ in what `<` may begin.
#[cfg(feature = "lang-typescript")]
const TYPESCRIPT: Files = files! {
    scopes: "ecma" "typescript", parts: "ecma" "typescript", outline: "ecma" "typescript", imports: "ecma" "typescript",
    locals: "ecma" "typescript"
};

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

    /// Every language whose grammar is in this build, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        LANGUAGES.iter().map(Self)
    }

    /// What Hob calls it: its name in `queries/languages.toml`.
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

    /// Texts that finish a line which begins a block; see the key `headers` in `queries/README.md`.
    pub(crate) fn headers(self) -> &'static [String] {
        &self.0.row.headers
    }

    /// Whether an older tree helps to parse; see the key `incremental` in `queries/README.md`.
    pub(crate) fn incremental(self) -> bool {
        self.0.row.incremental
    }

    pub(crate) fn grammar(self) -> &'static tree_sitter::Language {
        &self.0.grammar
    }

    pub(crate) fn files(self) -> Files {
        self.0.files
    }

    pub(crate) fn scopes(self) -> &'static Queries<ScopeCapture> {
        self.compiled(&self.0.compiled.scopes, self.files().scopes)
    }

    pub(crate) fn parts(self) -> &'static Queries<Part> {
        self.compiled(&self.0.compiled.parts, self.files().parts)
    }

    pub(crate) fn outline(self) -> &'static Queries<OutlineCapture> {
        self.compiled(&self.0.compiled.outline, self.files().outline)
    }

    pub(crate) fn imports(self) -> &'static Queries<ImportCapture> {
        self.compiled(&self.0.compiled.imports, self.files().imports)
    }

    pub(crate) fn locals(self) -> &'static Queries<LocalCapture> {
        self.compiled(&self.0.compiled.locals, self.files().locals)
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
