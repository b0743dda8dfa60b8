//! Feeds a snapshot to tree-sitter, piece by piece as the rope holds it.
//!
//! The only place that runs a parser. Must not keep anything between parses but the parser itself.

use std::{borrow::Cow, cell::RefCell, ops::ControlFlow, ops::Range};

use text::Snapshot;
use tree_sitter::{ParseOptions, ParseState, Parser, Point, Tree};

use crate::language::Language;

thread_local! {
    /// Making a parser costs an allocation of its stacks and caches, and a parser serves one thread at a time.
    static PARSER: RefCell<Parser> = RefCell::new(Parser::new());
}

/// Parses the text, or only the bytes `within` as if they were a file of their own. `old` is a tree of the text before, which
/// was told of every edit since. `give_up` is asked every so often; `None` if it said yes.
pub(crate) fn parse(
    language: Language,
    snapshot: &Snapshot,
    within: Option<Range<usize>>,
    old: Option<&Tree>,
    give_up: Option<&mut dyn FnMut() -> bool>,
) -> Option<Tree> {
    PARSER.with_borrow_mut(|parser| {
        parser.set_language(language.grammar()).ok()?;
        let old = old.filter(|_| language.incremental());
        let ranges: Vec<_> = within.map(|range| tree_sitter_range(snapshot, range)).into_iter().collect();
        parser.set_included_ranges(&ranges).ok()?;

        let mut read = |offset: usize, _: Point| piece(snapshot, offset);
        let tree = match give_up {
            None => parser.parse_with_options(&mut read, old, None),
            Some(give_up) => {
                let mut progress = |_: &ParseState| {
                    if give_up() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                };
                let options = ParseOptions::new().progress_callback(&mut progress);
                parser.parse_with_options(&mut read, old, Some(options))
            }
        };
        // A parse that was given up would otherwise be continued by the next one, whatever text that is for.
        if tree.is_none() {
            parser.reset();
        }
        tree
    })
}

/// Parses a text that is in one piece. `give_up` is asked every so often; `None` if it said yes.
pub(crate) fn parse_text(language: Language, text: &str, give_up: &mut dyn FnMut() -> bool) -> Option<Tree> {
    if u32::try_from(text.len()).is_err() {
        return None;
    }
    PARSER.with_borrow_mut(|parser| {
        parser.set_language(language.grammar()).ok()?;
        parser.set_included_ranges(&[]).ok()?;
        let bytes = with_lfs(text.as_bytes(), None);
        let mut read = |offset: usize, _: Point| bytes.get(offset..).unwrap_or_default();
        let mut progress =
            |_: &ParseState| if give_up() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        let options = ParseOptions::new().progress_callback(&mut progress);
        let tree = parser.parse_with_options(&mut read, None, Some(options));
        if tree.is_none() {
            parser.reset();
        }
        tree
    })
}

/// The text from `offset` to the end of the rope's piece.
fn piece(snapshot: &Snapshot, offset: usize) -> Cow<'_, [u8]> {
    if offset >= snapshot.len() {
        return Cow::Borrowed(&[]);
    }
    let (chunk, start) = snapshot.chunk_at(offset);
    with_lfs(&chunk.as_bytes()[offset - start..], snapshot.char_after(start + chunk.len()))
}

/// A CR on its own is fed as an LF: to grammars and to tree-sitter's row count only an LF ends a line, and Hob's lines end at a
/// CR too. No byte moves. `after` is the character behind the bytes.
fn with_lfs(bytes: &[u8], after: Option<char>) -> Cow<'_, [u8]> {
    if !bytes.contains(&b'\r') {
        return Cow::Borrowed(bytes);
    }
    let lone = |index: usize| match bytes.get(index + 1) {
        Some(next) => *next != b'\n',
        None => after != Some('\n'),
    };
    let lone_crs: Vec<usize> =
        (0..bytes.len()).filter(|&index| bytes[index] == b'\r' && lone(index)).collect();
    if lone_crs.is_empty() {
        return Cow::Borrowed(bytes);
    }
    let mut fed = bytes.to_vec();
    for index in lone_crs {
        fed[index] = b'\n';
    }
    Cow::Owned(fed)
}

fn tree_sitter_range(snapshot: &Snapshot, range: Range<usize>) -> tree_sitter::Range {
    tree_sitter::Range {
        start_byte: range.start,
        end_byte: range.end,
        start_point: point(snapshot.point(range.start)),
        end_point: point(snapshot.point(range.end)),
    }
}

pub(crate) fn point(point: text::Point) -> Point {
    Point::new(point.row, point.column)
}
