//! What a position is inside of: the scope that bounds a completion there, a string, a comment, an empty line.
//!
//! Answers from a tree and its text. Must not say whether or what to complete: that is the product's.

use std::ops::Range;

use text::Snapshot;
use tree_sitter::Node;

use crate::{language::Language, queries::ScopeCapture, tree::Tree};

/// How many bytes back a string without an end is looked for.
const OPEN_STRING: usize = 4 * 1024;

/// What kind of code bounds a completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScopeKind {
    /// A declaration: function, type, module, import.
    Item,
    /// A sequence of statements or declarations: what stands between braces or at one indentation.
    Block,
    /// A statement, or what counts as one in its block: a match arm, a field, an `elif` clause.
    Statement,
    /// What stands between brackets with commas: arguments, parameters, elements.
    List,
}

/// A piece of code that bounds a completion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// What it is.
    pub kind: ScopeKind,
    /// Where it is, in bytes, brackets included.
    pub range: Range<usize>,
}

/// What a position is inside of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Inside a comment; at its end only if it runs to the end of the line.
    pub in_comment: bool,
    /// Inside a string or character literal, between its quotes. Not in the code between the braces of an f-string.
    pub in_string: bool,
    /// The line holds nothing but white space.
    pub blank_line: bool,
    /// The smallest scope around the position; `None` at the top level of the file.
    pub scope: Option<Scope>,
}

impl Tree {
    /// The smallest scope that contains a byte offset; `None` at the top level of the file.
    ///
    /// At the edge of a scope: inside a bracketed one means between the brackets. Behind a statement is inside it as long as
    /// typing on would continue it: `let x = y|` is, `let x = y;|` is not. Before its first character is outside.
    /// On a blank line of a language with blocks by indentation it is the block that a statement there would join.
    pub fn enclosing(&self, snapshot: &Snapshot, offset: usize) -> Option<Scope> {
        let offset = offset.min(snapshot.len());
        let around = self.language.scopes().around(self.inner.root_node(), offset..offset);
        let scope = around.iter().rev().find_map(|&(capture, node)| {
            let kind = scope_kind(capture)?;
            contains(self.language, snapshot, kind, &node, offset)
                .then(|| Scope { kind, range: node.byte_range() })
        });
        let by_indentation = self.block_by_indentation(snapshot, offset);
        scope.into_iter().chain(by_indentation).min_by_key(|scope| scope.range.len())
    }

    /// The block that a statement on this blank line would join. To the grammar a block ends with its last statement.
    fn block_by_indentation(&self, snapshot: &Snapshot, offset: usize) -> Option<Scope> {
        let line = snapshot.line_of(offset);
        let blank = |line: usize| snapshot.line(line).trim().is_empty();
        if !self.language.indented() || !blank(line) {
            return None;
        }
        let before = (0..line).rev().find(|&line| !blank(line))?;
        let end = snapshot.line_start(before) + snapshot.line(before).trim_end().len();
        let column = snapshot.point(offset).column;
        let around = self.language.scopes().around(self.inner.root_node(), end..end);
        let block = around.into_iter().rev().find(|(capture, node)| {
            *capture == ScopeCapture::Block && snapshot.point(node.start_byte()).column <= column
        });
        block.map(|(_, node)| Scope { kind: ScopeKind::Block, range: node.byte_range() })
    }

    /// What a byte offset is inside of.
    pub fn place(&self, snapshot: &Snapshot, offset: usize) -> Place {
        let offset = offset.min(snapshot.len());
        let line = snapshot.line_of(offset);
        let literal = literal_at(self.language, self.inner.root_node(), snapshot, offset);
        Place {
            in_comment: matches!(literal, Some(ScopeCapture::LineComment | ScopeCapture::BlockComment)),
            in_string: matches!(literal, Some(ScopeCapture::String)),
            blank_line: snapshot.line(line).trim().is_empty(),
            scope: self.enclosing(snapshot, offset),
        }
    }
}

/// The innermost of string, code in a string, and comment at an offset.
pub(crate) fn literal_at(
    language: Language,
    root: Node<'_>,
    snapshot: &Snapshot,
    offset: usize,
) -> Option<ScopeCapture> {
    let around = language.scopes().around(root, offset..offset);
    let inside = around.into_iter().rev().find_map(|(capture, node)| {
        let capture =
            if capture == ScopeCapture::Comment { comment(language, snapshot, &node) } else { capture };
        let between = node.start_byte() < offset && offset < node.end_byte();
        let inside = match capture {
            // A doc comment's node includes its line break.
            ScopeCapture::LineComment => {
                node.start_byte() < offset && snapshot.line_of(node.start_byte()) == snapshot.line_of(offset)
            }
            ScopeCapture::BlockComment | ScopeCapture::String | ScopeCapture::Code => between,
            _ => false,
        };
        inside.then_some(capture)
    });
    inside.or_else(|| in_open_string(language, root, snapshot, offset).then_some(ScopeCapture::String))
}

/// Which kind of comment a node is, where to the grammar both are one.
fn comment(language: Language, snapshot: &Snapshot, node: &Node<'_>) -> ScopeCapture {
    let start = node.start_byte();
    if snapshot.slice(start..start + language.comment().len()) == language.comment() {
        ScopeCapture::LineComment
    } else {
        ScopeCapture::BlockComment
    }
}

/// Whether a string without an end begins before the offset and goes on to it: on its line, or further if
/// it has three quotes or is a backtick.
fn in_open_string(language: Language, root: Node<'_>, snapshot: &Snapshot, offset: usize) -> bool {
    let line_start = snapshot.line_start(snapshot.line_of(offset));
    let before = offset.saturating_sub(OPEN_STRING)..offset;
    language.scopes().touching(root, before).iter().any(|(capture, node)| {
        let quotes = snapshot.slice(node.byte_range());
        let long = ["\"\"\"", "'''", "`"].iter().any(|quote| quotes.ends_with(quote));
        *capture == ScopeCapture::StringOpen
            && node.end_byte() <= offset
            && (line_start <= node.start_byte() || long)
    })
}

fn scope_kind(capture: ScopeCapture) -> Option<ScopeKind> {
    match capture {
        ScopeCapture::Item => Some(ScopeKind::Item),
        ScopeCapture::Statement => Some(ScopeKind::Statement),
        ScopeCapture::Block => Some(ScopeKind::Block),
        ScopeCapture::List => Some(ScopeKind::List),
        ScopeCapture::String
        | ScopeCapture::StringOpen
        | ScopeCapture::Code
        | ScopeCapture::Comment
        | ScopeCapture::LineComment
        | ScopeCapture::BlockComment => None,
    }
}

fn contains(
    language: Language,
    snapshot: &Snapshot,
    kind: ScopeKind,
    node: &Node<'_>,
    offset: usize,
) -> bool {
    let (start, end) = (node.start_byte(), node.end_byte());
    match kind {
        ScopeKind::Block if language.indented() => start <= offset && offset <= end,
        ScopeKind::Block | ScopeKind::List => start < offset && offset < end,
        ScopeKind::Item | ScopeKind::Statement => {
            let closed = !language.indented() && matches!(snapshot.char_before(end), Some(';' | '}' | ','));
            start < offset && (offset < end || offset == end && !closed)
        }
    }
}
