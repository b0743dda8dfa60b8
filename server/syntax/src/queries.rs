//! A query file, compiled, with what its captures mean; and the captures of `scopes.scm`.
//!
//! Runs queries. Must not interpret what they find: that is for the file that declares the captures.

use std::{borrow::Cow, cmp::Reverse, ops::Range};

use streaming_iterator::StreamingIterator as _;
use tree_sitter::{Node, Query, QueryCursor};

/// A compiled query file whose captures are `C`s.
pub(crate) struct Queries<C> {
    query: Query,
    /// By capture index of `query`.
    captures: Vec<C>,
}

/// What a query file may capture.
pub(crate) trait Capture: Copy {
    /// Whether the file may have predicates (`#eq?` and the like). Where a place is asked about there is no text at hand, and
    /// evaluating one would be too slow for a question asked at every key.
    const PREDICATES: bool = false;

    /// What a capture's name stands for; `None` for a name that the file may not use. `queries/README.md` lists the names.
    fn from_name(name: &str) -> Option<Self>;
}

/// A text that predicates and names are read from: an open document's snapshot, or a file's whole text.
pub trait Text {
    /// The bytes of a range that a tree of this very text has given out.
    fn bytes(&self, range: Range<usize>) -> Cow<'_, [u8]>;
}

impl Text for text::Snapshot {
    fn bytes(&self, range: Range<usize>) -> Cow<'_, [u8]> {
        match self.slice(range) {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        }
    }
}

impl Text for str {
    fn bytes(&self, range: Range<usize>) -> Cow<'_, [u8]> {
        Cow::Borrowed(self.as_bytes().get(range).unwrap_or_default())
    }
}

/// Where to run a query.
#[derive(Default)]
pub(crate) struct Within {
    /// Only matches that have a byte in common with it.
    pub(crate) range: Option<Range<usize>>,
    /// Only matches that begin at most so far below the node.
    pub(crate) depth: Option<u32>,
}

/// One match: the index of its pattern in the file, and what it captured.
pub(crate) struct Match<'a, 'tree, C> {
    pub(crate) pattern: usize,
    captures: &'a [C],
    nodes: &'a [tree_sitter::QueryCapture<'tree>],
}

impl<'tree, C: Capture> Match<'_, 'tree, C> {
    pub(crate) fn captures(&self) -> impl Iterator<Item = (C, Node<'tree>)> {
        self.nodes.iter().map(|capture| (self.captures[capture.index as usize], capture.node))
    }
}

impl<C: Capture> Queries<C> {
    /// Compiles a language's file; the error says what is wrong with it.
    pub(crate) fn compile(grammar: &tree_sitter::Language, file: &str) -> Result<Self, String> {
        let predicate = file.lines().position(|line| line.trim_start().starts_with("(#"));
        if let Some(line) = predicate.filter(|_| !C::PREDICATES) {
            return Err(format!("line {} is a predicate", line + 1));
        }
        let query = Query::new(grammar, file).map_err(|error| error.to_string())?;
        let known = |name: &&str| C::from_name(name).ok_or_else(|| format!("unknown capture @{name}"));
        let captures = query.capture_names().iter().map(known).collect::<Result<_, _>>()?;
        Ok(Self { query, captures })
    }

    /// What the file captures, by its own names.
    #[cfg(all(test, feature = "default"))]
    pub(crate) fn capture_names(&self) -> &[&str] {
        self.query.capture_names()
    }

    /// Shows every match below `node` to `each`, roughly in the order of the text.
    pub(crate) fn matches<'tree, T: Text + ?Sized>(
        &self,
        node: Node<'tree>,
        within: Within,
        text: &T,
        mut each: impl FnMut(&Match<'_, 'tree, C>),
    ) {
        let mut cursor = QueryCursor::new();
        cursor.set_max_start_depth(within.depth);
        if let Some(range) = within.range {
            cursor.set_byte_range(range);
        }
        let read = |node: Node<'_>| std::iter::once(text.bytes(node.byte_range()));
        let mut matches = cursor.matches(&self.query, node, read);
        while let Some(matched) = matches.next() {
            each(&Match {
                pattern: matched.pattern_index,
                captures: &self.captures,
                nodes: matched.captures(),
            });
        }
    }

    /// The captured nodes that have a byte in common with `range`, in the order of the text, outer before inner.
    pub(crate) fn touching<'tree>(&self, root: Node<'tree>, range: Range<usize>) -> Vec<(C, Node<'tree>)> {
        let mut found = Vec::new();
        let within = Within { range: Some(range), depth: None };
        self.matches(root, within, "", |matched| found.extend(matched.captures()));
        found.sort_by_key(|(_, node)| (node.start_byte(), Reverse(node.end_byte())));
        found
    }

    /// The captured nodes that hold all of `range`, outermost first.
    pub(crate) fn around<'tree>(&self, root: Node<'tree>, range: Range<usize>) -> Vec<(C, Node<'tree>)> {
        let mut found = self.touching(root, range.start.saturating_sub(1)..range.end + 1);
        found.retain(|(_, node)| node.start_byte() <= range.start && range.end <= node.end_byte());
        found
    }
}

/// What `scopes.scm` captures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScopeCapture {
    Item,
    Statement,
    Block,
    List,
    String,
    StringOpen,
    Code,
    /// A comment of either kind: which, its first characters say.
    Comment,
    LineComment,
    BlockComment,
}

impl Capture for ScopeCapture {
    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "item" => Self::Item,
            "statement" => Self::Statement,
            "block" => Self::Block,
            "list" => Self::List,
            "string" => Self::String,
            "string.open" => Self::StringOpen,
            "code" => Self::Code,
            "comment" => Self::Comment,
            "comment.line" => Self::LineComment,
            "comment.block" => Self::BlockComment,
            _ => return None,
        })
    }
}

impl ScopeCapture {
    /// Whether it is text that only its own end ends.
    pub(crate) fn is_literal(self) -> bool {
        matches!(self, Self::String | Self::Comment | Self::LineComment | Self::BlockComment)
    }
}
