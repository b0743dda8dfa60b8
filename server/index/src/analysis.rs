//! What is to be known of one file's text: what it defines and imports, its chunks, and their words.
//!
//! A function of path and text, wherever the text came from: the disk and an open buffer are looked at alike. Must not touch either.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use syntax::{DefinitionKind, Language, Tree};

use crate::{
    chunks::{self, Block},
    lines::Lines,
    words::words,
};

/// A parse that takes longer was meant to: a megabyte of honest code takes a third of a second.
const PATIENCE: Duration = Duration::from_secs(3);

/// How closely a text is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Words only, in chunks of lines: five times as quick.
    Words,
    /// Syntax too, where there is a grammar.
    Syntax,
}

/// What is known of a file.
#[derive(Debug, Default)]
pub(crate) struct Analysis {
    pub(crate) language: Option<Language>,
    /// Whether there is more to find out, by a look at the syntax.
    pub(crate) is_partial: bool,
    pub(crate) lines: usize,
    /// In the order of the text, outer before inner.
    pub(crate) symbols: Vec<Symbol>,
    pub(crate) imports: Vec<Imported>,
    pub(crate) chunks: Vec<Piece>,
}

/// A definition. Ranges are bytes.
#[derive(Debug)]
pub(crate) struct Symbol {
    pub(crate) kind: DefinitionKind,
    pub(crate) name: String,
    /// The type that it belongs to.
    pub(crate) owner: Option<String>,
    pub(crate) range: Range<usize>,
    pub(crate) lines: Range<usize>,
    pub(crate) signature: Range<usize>,
    pub(crate) doc: Option<Range<usize>>,
}

/// One name, or one module, that is imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Imported {
    pub(crate) line: usize,
    pub(crate) module: String,
    pub(crate) name: Option<String>,
    pub(crate) alias: Option<String>,
    pub(crate) wildcard: bool,
}

/// A chunk.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) range: Range<usize>,
    pub(crate) lines: Range<usize>,
    /// Its words, separated by blanks, in their order.
    pub(crate) words: String,
    /// How many they are.
    pub(crate) count: usize,
}

impl Analysis {
    /// Looks at the text of the file at `path`.
    pub(crate) fn of(path: &str, text: &str, depth: Depth) -> Self {
        let language = Language::from_path(path);
        let lines = Lines::of(text);
        let mut analysis = Self {
            language,
            is_partial: language.is_some() && depth == Depth::Words,
            lines: lines.count(),
            ..Self::default()
        };
        let mut blocks = Vec::new();
        if let Some(language) = language.filter(|_| depth == Depth::Syntax) {
            let begun = Instant::now();
            let tree = Tree::of_text_unless(language, text, &mut || begun.elapsed() > PATIENCE);
            if let Some(tree) = tree {
                blocks = analysis.look(&tree, text, &lines);
            } else {
                tracing::warn!(path, "its parse was given up; it is searched by its words only");
            }
        }
        analysis.chunks = chunks::chunks(text, &lines, &blocks)
            .into_iter()
            .map(|chunk| Piece::of(text, &lines, chunk))
            .collect();
        analysis
    }

    /// Takes what the tree tells; the lines that each definition covers.
    fn look(&mut self, tree: &Tree, text: &str, lines: &Lines) -> Vec<Block> {
        let mut blocks = Vec::new();
        for definition in tree.outline(text) {
            let start = definition
                .doc
                .as_ref()
                .map_or(definition.range.start, |doc| doc.start.min(definition.range.start));
            blocks.push(Block {
                lines: lines.of_bytes(start..definition.range.end),
                parent: definition.parent,
            });
            self.symbols.push(Symbol {
                kind: definition.kind,
                name: text[definition.name].to_owned(),
                owner: definition.owner.map(|owner| text[owner].to_owned()),
                lines: lines.of_bytes(definition.range.clone()),
                range: definition.range,
                signature: definition.signature,
                doc: definition.doc,
            });
        }
        self.imports =
            tree.imports(text).into_iter().flat_map(|import| imported(&import, text, lines)).collect();
        blocks
    }
}

/// An import statement, name by name; one without names imports its module.
fn imported(import: &syntax::Import, text: &str, lines: &Lines) -> Vec<Imported> {
    let pieces: Vec<&str> = import.module.iter().map(|piece| &text[piece.clone()]).collect();
    let of = |name: Option<&Range<usize>>, alias: Option<&Range<usize>>, wildcard| Imported {
        line: lines.at(import.range.start),
        module: pieces.join("\n"),
        name: name.map(|name| text[name.clone()].to_owned()),
        alias: alias.map(|alias| text[alias.clone()].to_owned()),
        wildcard,
    };
    let mut all: Vec<Imported> =
        import.names.iter().map(|named| of(Some(&named.name), named.alias.as_ref(), false)).collect();
    if import.wildcard || all.is_empty() {
        all.push(of(None, import.alias.as_ref(), import.wildcard));
    }
    all
}

impl Piece {
    fn of(text: &str, lines: &Lines, chunk: Range<usize>) -> Self {
        let range = lines.bytes(chunk.clone());
        let (mut all, mut count) = (String::with_capacity(range.len()), 0);
        words(&text[range.clone()], |word| {
            all.push_str(word);
            all.push(' ');
            count += 1;
        });
        Self { range, lines: chunk, words: all, count }
    }
}
