//! What a file takes from elsewhere: what `imports.scm` calls an import.
//!
//! Lists. Must not look for the module that is meant: that takes files.

use std::ops::Range;

use tree_sitter::Node;

use crate::{
    queries::{Capture, Text, Within},
    tree::Tree,
};

/// How far below the file's node a statement is looked for: class, its body, method, its body, statement; one more for wrappers, as
/// JavaScript's `export`.
const DEEPEST: u32 = 6;

/// A module that a file imports, or imports from. A statement that names several is several of these. Ranges are bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The whole statement.
    pub range: Range<usize>,
    /// The module's path as the text has it. In more than one piece where the path of a list goes before the paths in it:
    /// `use a::{b::{c, d}}` imports `c` and `d` from `a`, `b`. In none where names come from nowhere in particular: `use a;`.
    pub module: Vec<Range<usize>>,
    /// The name that the module itself is given: Python's `import a as b`.
    pub alias: Option<Range<usize>>,
    /// What is imported from the module by name. In Rust, `self` is the module itself.
    pub names: Vec<ImportedName>,
    /// Whether everything in the module is imported.
    pub wildcard: bool,
}

/// A name that is imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedName {
    /// What it is called in the module.
    pub name: Range<usize>,
    /// What it is called here, if that is something else.
    pub alias: Option<Range<usize>>,
}

/// What `imports.scm` captures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ImportCapture {
    Import,
    /// Within it the match's `@module` goes before every other path.
    Prefix,
    Module,
    Name,
    Alias,
    Wildcard,
    /// Read by a predicate alone.
    Ignored,
}

impl Capture for ImportCapture {
    const PREDICATES: bool = true;

    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "import" => Self::Import,
            "prefix" => Self::Prefix,
            "module" => Self::Module,
            "name" => Self::Name,
            "alias" => Self::Alias,
            "wildcard" => Self::Wildcard,
            "_" => Self::Ignored,
            _ => return None,
        })
    }
}

/// What one match says.
#[derive(Default)]
struct Found {
    import: Option<Range<usize>>,
    prefix: Option<Range<usize>>,
    module: Option<Range<usize>>,
    name: Option<Range<usize>>,
    alias: Option<Range<usize>>,
    wildcard: Option<Range<usize>>,
}

impl Found {
    fn of<'tree>(captures: impl Iterator<Item = (ImportCapture, Node<'tree>)>) -> Self {
        let mut found = Self::default();
        for (capture, node) in captures {
            let slot = match capture {
                ImportCapture::Import => &mut found.import,
                ImportCapture::Prefix => &mut found.prefix,
                ImportCapture::Module => &mut found.module,
                ImportCapture::Name => &mut found.name,
                ImportCapture::Alias => &mut found.alias,
                ImportCapture::Wildcard => &mut found.wildcard,
                ImportCapture::Ignored => continue,
            };
            *slot = Some(node.byte_range());
        }
        found
    }

    /// Where it says so, if it says that something is imported.
    fn place(&self) -> Option<&Range<usize>> {
        match (&self.prefix, &self.module) {
            // Says only what goes before others.
            (Some(_), _) => None,
            (None, module) => {
                let place = self.name.as_ref().or(self.wildcard.as_ref());
                place.or(module.as_ref()).or(self.alias.as_ref())
            }
        }
    }
}

impl Tree {
    /// What the file imports, in the order of the text, down to the statements of methods; what a block within one imports is left
    /// out. The text must be the one that was parsed.
    pub fn imports(&self, text: &(impl Text + ?Sized)) -> Vec<Import> {
        let queries = self.language().imports();
        // First the statements, then what is in them: a walk through every expression would cost half of a parse.
        let mut nodes = Vec::new();
        queries.matches(
            self.inner.root_node(),
            Within { range: None, depth: Some(DEEPEST) },
            text,
            |matched| {
                nodes.extend(matched.captures().filter(|(capture, _)| *capture == ImportCapture::Import));
            },
        );
        nodes.sort_by_key(|(_, node)| (node.start_byte(), node.end_byte()));
        nodes.dedup_by_key(|(_, node)| node.byte_range());
        let mut all = Vec::new();
        for (_, node) in nodes {
            queries.matches(node, Within::default(), text, |matched| all.push(Found::of(matched.captures())));
        }
        let mut statements: Vec<_> = all.iter().filter_map(|found| found.import.clone()).collect();
        statements.sort_by_key(|range| (range.start, range.end));
        statements.dedup();
        let mut prefixes: Vec<_> =
            all.iter().filter_map(|found| Some((found.prefix.clone()?, found.module.clone()?))).collect();
        prefixes.sort_by_key(|(_, module)| module.start);

        let mut said: Vec<_> = all.iter().filter_map(|found| Some((found.place()?.clone(), found))).collect();
        said.sort_by_key(|(place, found)| (place.start, found.alias.is_none()));
        said.dedup_by_key(|(place, _)| place.clone());
        let mut imports: Vec<Import> = Vec::new();
        for (place, found) in said {
            let before = statements.partition_point(|range| range.start <= place.start);
            let statement = before.checked_sub(1).map(|at| statements[at].clone());
            let Some(range) = statement.filter(|range| place.end <= range.end) else { continue };
            let within = prefixes
                .iter()
                .filter(|(prefix, module)| holds(prefix, &place) && found.module.as_ref() != Some(module));
            let module: Vec<_> =
                within.map(|(_, module)| module.clone()).chain(found.module.clone()).collect();
            let same = |import: &Import| import.range == range && import.module == module;
            let known = imports.iter().rposition(same).unwrap_or_else(|| {
                let import = Import { range, module, alias: None, names: Vec::new(), wildcard: false };
                imports.push(import);
                imports.len() - 1
            });
            let import = &mut imports[known];
            import.wildcard |= found.wildcard.is_some();
            match &found.name {
                Some(name) => {
                    import.names.push(ImportedName { name: name.clone(), alias: found.alias.clone() });
                }
                None => import.alias = import.alias.take().or(found.alias.clone()),
            }
        }
        imports
    }
}

fn holds(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}
