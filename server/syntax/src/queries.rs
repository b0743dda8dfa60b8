//! The query files, compiled, and the names that their captures may have.
//!
//! Runs a query around one place. Must not interpret what it finds: that is `place`.

use std::{cmp::Reverse, ops::Range};

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
    StringOpen,
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
            "string.open" => Self::StringOpen,
            "code" => Self::Code,
            "comment.line" => Self::LineComment,
            "comment.block" => Self::BlockComment,
            _ => return None,
        })
    }

    /// Whether it is text that only its own end ends.
    pub(crate) fn is_literal(self) -> bool {
        matches!(self, Self::String | Self::LineComment | Self::BlockComment)
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
        // Evaluating one would need the text, and be too slow for a question asked at every key.
        if let Some(line) = scopes.lines().position(|line| line.trim_start().starts_with("(#")) {
            return Err(format!("line {} is a predicate", line + 1));
        }
        let scopes = Query::new(grammar, scopes).map_err(|error| error.to_string())?;
        let known = |name: &&str| Capture::from_name(name).ok_or_else(|| format!("unknown capture @{name}"));
        let captures = scopes.capture_names().iter().map(known).collect::<Result<_, _>>()?;
        Ok(Self { scopes, captures })
    }

    /// The captured nodes that hold all of `range`, outermost first.
    pub(crate) fn around<'tree>(
        &self,
        root: Node<'tree>,
        range: Range<usize>,
    ) -> Vec<(Capture, Node<'tree>)> {
        let mut found = self.touching(root, range.start.saturating_sub(1)..range.end + 1);
        found.retain(|(_, node)| node.start_byte() <= range.start && range.end <= node.end_byte());
        found
    }

    /// The captured nodes that have a byte in common with `range`, in the order of the text, outer before inner.
    pub(crate) fn touching<'tree>(
        &self,
        root: Node<'tree>,
        range: Range<usize>,
    ) -> Vec<(Capture, Node<'tree>)> {
        let mut cursor = QueryCursor::new();
        cursor.set_byte_range(range);
        let mut found = Vec::new();
        let no_text = |_: Node<'_>| std::iter::empty::<&[u8]>();
        let mut matches = cursor.matches(&self.scopes, root, no_text);
        while let Some(matched) = matches.next() {
            let captures = matched.captures().iter();
            found.extend(captures.map(|capture| (self.captures[capture.index as usize], capture.node)));
        }
        found.sort_by_key(|(_, node)| (node.start_byte(), Reverse(node.end_byte())));
        found
    }
}
