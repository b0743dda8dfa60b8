//! The query files, compiled, and the names that their captures may have.
//!
//! Runs a query around one place. Must not interpret what it finds: that is `place`.

use std::ops::Range;

use streaming_iterator::StreamingIterator as _;
use tree_sitter::{Node, Query, QueryCursor};

/// What a query file may capture. `queries/README.md` says what each is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Capture {
    Item,
    Statement,
    Block,
    List,
    String,
    Code,
    LineComment,
    BlockComment,
}

impl Capture {
    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "item" => Self::Item,
            "statement" => Self::Statement,
            "block" => Self::Block,
            "list" => Self::List,
            "string" => Self::String,
            "code" => Self::Code,
            "comment.line" => Self::LineComment,
            "comment.block" => Self::BlockComment,
            _ => return None,
        })
    }
}

/// One language's queries.
pub(crate) struct Queries {
    scopes: Query,
    /// By capture index of `scopes`.
    captures: Vec<Capture>,
}

impl Queries {
    /// Compiles a language's files; the error says what is wrong with which line.
    pub(crate) fn compile(grammar: &tree_sitter::Language, scopes: &str) -> Result<Self, String> {
        let scopes = Query::new(grammar, scopes).map_err(|error| error.to_string())?;
        let known = |name: &&str| Capture::from_name(name).ok_or_else(|| format!("unknown capture @{name}"));
        let captures = scopes.capture_names().iter().map(known).collect::<Result<_, _>>()?;
        for pattern in 0..scopes.pattern_count() {
            // Evaluating a predicate would need the text, and be too slow for a question asked at every key.
            if !scopes.general_predicates(pattern).is_empty() {
                return Err(format!("pattern {pattern} has a predicate"));
            }
        }
        Ok(Self { scopes, captures })
    }

    /// The captured nodes that touch the bytes of `range`, outermost first.
    pub(crate) fn around<'tree>(
        &self,
        root: Node<'tree>,
        range: Range<usize>,
    ) -> Vec<(Capture, Node<'tree>)> {
        let mut cursor = QueryCursor::new();
        cursor.set_byte_range(range.start.saturating_sub(1)..range.end + 1);
        let mut found = Vec::new();
        let no_text = |_: Node<'_>| std::iter::empty::<&[u8]>();
        let mut matches = cursor.matches(&self.scopes, root, no_text);
        while let Some(matched) = matches.next() {
            for capture in matched.captures() {
                let node = capture.node;
                if node.start_byte() <= range.start && range.end <= node.end_byte() {
                    found.push((self.captures[capture.index as usize], node));
                }
            }
        }
        found.sort_by_key(|(_, node)| (node.start_byte(), std::cmp::Reverse(node.end_byte())));
        found
    }
}
