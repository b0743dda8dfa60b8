//! The text at one version, and every question about positions in it.
//!
//! Reading only: a snapshot never changes. Offsets are bytes of UTF-8. Each answer costs O(log n) of the text's length (a
//! `Cow` that spans rope chunks also copies its own length). No question panics on an offset or a line that is not there: it
//! is moved back to the nearest one that is, because the text can have changed since the asker looked.

use std::{borrow::Cow, fmt, ops::Range};

use ropey::Rope;

use crate::{
    edit::{Edit, splice},
    position::{Encoding, Misfit, Point, WirePos},
};

/// A document's text at one version. Cloning costs a reference count; the text is shared with the document until it changes.
#[derive(Clone)]
pub struct Snapshot {
    pub(crate) rope: Rope,
    pub(crate) version: i32,
}

impl Snapshot {
    /// A snapshot of a text that no client has open.
    pub fn new(text: &str, version: i32) -> Self {
        Self { rope: Rope::from_str(text), version }
    }

    /// The text with the bytes of `range` replaced by `text`, and what changed. This snapshot stays as it is, and the new one
    /// carries the same version: it is a text that might be, for trying out a suggestion.
    pub fn with(&self, range: Range<usize>, text: &str) -> (Self, Edit) {
        let mut rope = self.rope.clone();
        let edit = splice(&mut rope, self.clamp(range), text);
        (Self { rope, version: self.version }, edit)
    }

    /// The client's version number of this text.
    pub fn version(&self) -> i32 {
        self.version
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.rope.len_bytes()
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of lines: one more than the line breaks, so an empty text has one, and so has a text after its final break.
    pub fn line_count(&self) -> usize {
        self.rope.len_lines()
    }

    /// Byte offset at which `line` starts; the end of the text for a line that is not there.
    pub fn line_start(&self, line: usize) -> usize {
        if line >= self.line_count() { self.len() } else { self.rope.line_to_byte(line) }
    }

    /// Byte offset at which `line` ends, before its line break.
    pub fn line_end(&self, line: usize) -> usize {
        let start = self.line_start(line);
        let mut end = self.line_start(line.saturating_add(1));
        if end > start && self.byte_before(end) == Some(b'\n') {
            end -= 1;
            // The CR of a CRLF; an LF after it cannot be on a line of its own.
            if end > start && self.byte_before(end) == Some(b'\r') {
                end -= 1;
            }
        } else if end > start && line + 1 < self.line_count() {
            end -= 1;
        }
        end
    }

    /// The line that `offset` is on. An offset inside a CRLF is on the line that the CRLF ends.
    pub fn line_of(&self, offset: usize) -> usize {
        self.rope.byte_to_line(offset.min(self.len()))
    }

    /// A line's text without its line break; empty for a line that is not there.
    pub fn line(&self, line: usize) -> Cow<'_, str> {
        self.slice(self.line_start(line)..self.line_end(line))
    }

    /// The text of a byte range. Ends that are outside the text or inside a character are moved back; a range that ends before
    /// it starts is empty.
    pub fn slice(&self, range: Range<usize>) -> Cow<'_, str> {
        self.rope.byte_slice(self.clamp(range)).into()
    }

    /// The piece of the text that holds `offset`, and the byte offset at which the piece starts. Pieces are about 1 kB, end at
    /// character boundaries and follow one another; at the end of the text it is the last one. For readers that go through
    /// much of the text without copying it.
    pub fn chunk_at(&self, offset: usize) -> (&str, usize) {
        let (chunk, start, _, _) = self.rope.chunk_at_byte(offset.min(self.len()));
        (chunk, start)
    }

    /// The character that ends at `offset`, if there is one.
    pub fn char_before(&self, offset: usize) -> Option<char> {
        let index = self.rope.byte_to_char(offset.min(self.len()));
        index.checked_sub(1).and_then(|index| self.rope.get_char(index))
    }

    /// The character that starts at `offset`, if there is one.
    pub fn char_after(&self, offset: usize) -> Option<char> {
        self.rope.get_char(self.rope.byte_to_char(offset.min(self.len())))
    }

    /// Whether `offset` is within the text and not inside a character.
    pub fn is_char_boundary(&self, offset: usize) -> bool {
        offset <= self.len() && self.floor(offset) == offset
    }

    /// The byte offset of a client's position. A character past the end of its line means the end of the line, before the line
    /// break, as LSP has it; line `line_count()` with character 0 means the end of the text, as several clients have it.
    pub fn offset(&self, position: WirePos, encoding: Encoding) -> Result<usize, Misfit> {
        let WirePos { line, character } = position;
        let (row, units) = (line as usize, character as usize);
        if row >= self.line_count() {
            return match (row == self.line_count(), character) {
                (true, 0) => Ok(self.len()),
                _ => Err(Misfit::NoSuchLine { line, character, lines: self.line_count() }),
            };
        }
        let start = self.units_at(self.line_start(row), encoding);
        let end = self.line_end(row);
        if units >= self.units_at(end, encoding) - start {
            return Ok(end);
        }
        let offset = self.offset_of_units(start + units, encoding);
        if self.units_at(offset, encoding) == start + units {
            Ok(offset)
        } else {
            Err(Misfit::InsideCharacter { line, character, encoding })
        }
    }

    /// The client's position of a byte offset. An offset inside a character or a CRLF is moved before it, one past the end of
    /// the text to the end.
    pub fn wire(&self, offset: usize, encoding: Encoding) -> WirePos {
        let offset = self.floor(offset);
        let line = self.line_of(offset);
        let offset = offset.min(self.line_end(line));
        let character = self.units_at(offset, encoding) - self.units_at(self.line_start(line), encoding);
        WirePos {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            character: u32::try_from(character).unwrap_or(u32::MAX),
        }
    }

    /// The tree-sitter position of a byte offset, which is taken as it is up to the end of the text.
    pub fn point(&self, offset: usize) -> Point {
        point(&self.rope, offset.min(self.len()))
    }

    /// Checks what must hold of any rope; panics where it does not. For tests: it reads the whole text.
    pub fn assert_invariants(&self) {
        self.rope.assert_integrity();
        self.rope.assert_invariants();
        let mut next = 0;
        for line in 0..self.line_count() {
            let (start, end) = (self.line_start(line), self.line_end(line));
            assert_eq!(start, next, "line {line} does not start where the one before it ends");
            assert!(start <= end, "line {line} ends before it starts");
            assert_eq!(self.line_of(start), line);
            assert!(!self.line(line).contains(['\n', '\r']), "line {line} contains a line break");
            next = self.line_start(line + 1);
            let ending = self.slice(end..next);
            let last = line + 1 == self.line_count();
            assert!(if last { ending.is_empty() } else { ["\n", "\r\n", "\r"].contains(&&*ending) });
        }
        assert_eq!(next, self.len());
    }

    /// How many units of `encoding` lie before a byte offset that is a character boundary.
    fn units_at(&self, offset: usize, encoding: Encoding) -> usize {
        match encoding {
            Encoding::Utf8 => offset,
            Encoding::Utf16 => self.rope.char_to_utf16_cu(self.rope.byte_to_char(offset)),
            Encoding::Utf32 => self.rope.byte_to_char(offset),
        }
    }

    /// The character boundary at or before the given number of units.
    fn offset_of_units(&self, units: usize, encoding: Encoding) -> usize {
        match encoding {
            Encoding::Utf8 => self.floor(units),
            Encoding::Utf16 => self.rope.char_to_byte(self.rope.utf16_cu_to_char(units)),
            Encoding::Utf32 => self.rope.char_to_byte(units),
        }
    }

    /// The character boundary at or before `offset`.
    fn floor(&self, offset: usize) -> usize {
        self.rope.char_to_byte(self.rope.byte_to_char(offset.min(self.len())))
    }

    fn clamp(&self, range: Range<usize>) -> Range<usize> {
        let end = self.floor(range.end);
        self.floor(range.start).min(end)..end
    }

    fn byte_before(&self, offset: usize) -> Option<u8> {
        offset.checked_sub(1).and_then(|index| self.rope.get_byte(index))
    }
}

/// The tree-sitter position of a byte offset within the text.
pub(crate) fn point(rope: &Rope, offset: usize) -> Point {
    let row = rope.byte_to_line(offset);
    Point { row, column: offset - rope.line_to_byte(row) }
}

/// The text itself.
impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.rope, f)
    }
}

/// Sizes only: debug output ends up in logs, and the user's text does not belong there.
impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("version", &self.version)
            .field("bytes", &self.len())
            .finish_non_exhaustive()
    }
}
