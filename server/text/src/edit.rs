//! One replacement, told in bytes and points: what a syntax tree needs to know to follow the text.
//!
//! The only place that changes a rope. It must not know how clients count: ranges arrive in bytes.

use std::ops::Range;

use ropey::Rope;

use crate::{position::Point, snapshot::point};

/// The bytes `start..old_end` of the text before became the bytes `start..new_end` of the text after.
///
/// An edit never begins or ends inside a CRLF, neither of the text before nor of the text after: where typing an LF behind a
/// CR makes one line break of two, the edit covers the CR too. So its points are the same whichever text they are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edit {
    /// First changed byte.
    pub start: usize,
    /// End of what was replaced, in bytes of the text before.
    pub old_end: usize,
    /// End of what replaced it, in bytes of the text after.
    pub new_end: usize,
    /// Where `start` is, in both texts.
    pub start_point: Point,
    /// Where `old_end` is in the text before.
    pub old_end_point: Point,
    /// Where `new_end` is in the text after.
    pub new_end_point: Point,
}

/// Replaces bytes. Both ends of the range are character boundaries within the text, in order.
pub(crate) fn splice(rope: &mut Rope, range: Range<usize>, text: &str) -> Edit {
    let covered = cover_line_breaks(rope, &range, text);
    let (start_point, old_end_point) = (point(rope, covered.start), point(rope, covered.end));

    let chars = rope.byte_to_char(range.start)..rope.byte_to_char(range.end);
    let at = chars.start;
    if !chars.is_empty() {
        rope.remove(chars);
    }
    if !text.is_empty() {
        rope.insert(at, text);
    }

    let new_end = range.start + text.len() + (covered.end - range.end);
    Edit {
        start: covered.start,
        old_end: covered.end,
        new_end,
        start_point,
        old_end_point,
        new_end_point: point(rope, new_end),
    }
}

/// Replaces everything.
pub(crate) fn replace_all(rope: &mut Rope, text: &str) -> Edit {
    let (old_end, old_end_point) = (rope.len_bytes(), point(rope, rope.len_bytes()));
    *rope = Rope::from_str(text);
    let start_point = Point { row: 0, column: 0 };
    Edit {
        start: 0,
        old_end,
        new_end: text.len(),
        start_point,
        old_end_point,
        new_end_point: point(rope, text.len()),
    }
}

/// The range, grown over a CR or an LF at its edges that may join another in the text after.
fn cover_line_breaks(rope: &Rope, range: &Range<usize>, text: &str) -> Range<usize> {
    let is = |offset: Option<usize>, byte| offset.and_then(|offset| rope.get_byte(offset)) == Some(byte);
    let after_cr = is(range.start.checked_sub(1), b'\r');
    let before_lf = is(Some(range.end), b'\n');
    let start = if after_cr { range.start - 1 } else { range.start };
    // Whatever now precedes an LF may be a CR: the text's own last byte, or the CR before the range if the text is empty.
    let joins = before_lf && if text.is_empty() { after_cr } else { text.ends_with('\r') };
    // An LF right after the range is also half of a CRLF if the range ends in its CR, which only a byte range can do.
    let splits = before_lf && is(range.end.checked_sub(1), b'\r');
    start..if joins || splits { range.end + 1 } else { range.end }
}
