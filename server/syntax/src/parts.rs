//! The parts of a file that an evaluation takes out, to ask for them again: what a language calls so stands in its
//! `parts.scm`.
//!
//! Lists them. Must not choose among them, and must not be asked while somebody types: it goes through the whole file.

use std::ops::Range;

use tree_sitter::Node;

use crate::{errors, queries::Capture, tree::Tree};

/// A kind of part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// What stands between the parentheses of a call or of a function's parameters.
    Arguments,
    /// A statement or a declaration in its block, or at the top of the file; no comment.
    Statement,
    /// What a function's block holds, without its braces.
    Body,
}

impl Capture for Part {
    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "arguments" => Self::Arguments,
            "statement" => Self::Statement,
            "body" => Self::Body,
            _ => return None,
        })
    }
}

impl Tree {
    /// Every part of the file with its bytes, in the order of the text, outer before inner. A part that holds an error
    /// is left out.
    pub fn parts(&self) -> Vec<(Part, Range<usize>)> {
        let mut found = Vec::new();
        for (part, node) in self.language().parts().touching(self.inner.root_node(), 0..usize::MAX) {
            // Comments may stand anywhere, and to the grammar they are nobody's children.
            if !node.has_error() && !node.is_extra() {
                let range = if part == Part::Statement { node.byte_range() } else { within(&node) };
                found.push((part, range));
            }
        }
        found.sort_by_key(|(part, range)| (range.start, std::cmp::Reverse(range.end), *part));
        found.dedup();
        found
    }

    /// How many ERROR and MISSING nodes the whole tree has.
    pub fn errors(&self) -> u32 {
        errors::count(self.inner.root_node())
    }
}

/// The node's bytes without the brackets that it begins and ends with.
fn within(node: &Node<'_>) -> Range<usize> {
    let last = node.child_count().saturating_sub(1);
    let bracket = |at: u32| node.child(at).filter(|child| !child.is_named());
    let start = bracket(0).map_or(node.start_byte(), |open| open.end_byte());
    let end = bracket(last).map_or(node.end_byte(), |close| close.start_byte());
    start..end.max(start)
}
