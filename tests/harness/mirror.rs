//! A document as the client has it: a plain string, and positions counted from its start every time.
//!
//! Slow on purpose: it is the truth that the server's clever text is held against, so it must share nothing with it.

use std::ops::Range;

use serde_json::{Value, json};

/// The unit in which positions count along a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// UTF-16 code units.
    Utf16,
    /// Characters.
    Utf32,
}

impl Encoding {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Utf8, Self::Utf16, Self::Utf32];

    /// Its name in the protocol.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16 => "utf-16",
            Self::Utf32 => "utf-32",
        }
    }

    fn length(self, text: &str) -> usize {
        match self {
            Self::Utf8 => text.len(),
            Self::Utf16 => text.encode_utf16().count(),
            Self::Utf32 => text.chars().count(),
        }
    }
}

/// A position as the protocol has it, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// Units along it.
    pub character: usize,
}

impl Position {
    /// As JSON.
    pub fn json(self) -> Value {
        json!({ "line": self.line, "character": self.character })
    }

    /// From JSON.
    ///
    /// # Panics
    /// When it is no position.
    pub fn of(json: &Value) -> Self {
        let number = |field: &str| {
            let number = json[field].as_u64().unwrap_or_else(|| panic!("{json} is no position"));
            usize::try_from(number).expect("positions are small")
        };
        Self { line: number("line"), character: number("character") }
    }
}

/// A text and the unit in which the client counts along its lines.
#[derive(Debug, Clone)]
pub struct Mirror {
    /// The text.
    pub text: String,
    encoding: Encoding,
}

impl Mirror {
    /// A mirror of `text`.
    pub fn new(text: &str, encoding: Encoding) -> Self {
        Self { text: text.to_owned(), encoding }
    }

    /// Where each line lies, its break included. A line ends at LF, CRLF or CR; the last one has no break.
    fn lines(&self) -> Vec<Range<usize>> {
        let bytes = self.text.as_bytes();
        let mut lines = Vec::new();
        let mut start = 0;
        for at in 0..bytes.len() {
            let ends = match bytes[at] {
                b'\n' => true,
                b'\r' => bytes.get(at + 1) != Some(&b'\n'),
                _ => false,
            };
            if ends {
                lines.push(start..at + 1);
                start = at + 1;
            }
        }
        lines.push(start..bytes.len());
        lines
    }

    /// The position of byte `offset`.
    pub fn position(&self, offset: usize) -> Position {
        let lines = self.lines();
        let line = lines.iter().rposition(|line| line.start <= offset).expect("the first line starts at 0");
        Position { line, character: self.encoding.length(&self.text[lines[line].start..offset]) }
    }

    /// The byte of `position`.
    ///
    /// # Panics
    /// When there is no such position: the server must not name one.
    pub fn offset(&self, position: Position) -> usize {
        let line =
            self.lines().get(position.line).cloned().unwrap_or_else(|| panic!("{position:?}: no such line"));
        let text = self.text[line.clone()].trim_end_matches(['\r', '\n']);
        let boundaries = text.char_indices().map(|(at, _)| at).chain([text.len()]);
        let found =
            boundaries.into_iter().find(|at| self.encoding.length(&text[..*at]) == position.character);
        line.start + found.unwrap_or_else(|| panic!("{position:?}: not a position in {text:?}"))
    }

    /// The byte at `line` and `column`, both from 1, the column in characters, as people count.
    ///
    /// # Panics
    /// When there is no such place.
    pub fn place(&self, line: usize, column: usize) -> usize {
        let range = self.lines().get(line - 1).cloned().unwrap_or_else(|| panic!("there is no line {line}"));
        let text = self.text[range.clone()].trim_end_matches(['\r', '\n']);
        let mut boundaries = text.char_indices().map(|(at, _)| at).chain([text.len()]);
        let at = boundaries.nth(column - 1).unwrap_or_else(|| panic!("line {line} has no column {column}"));
        range.start + at
    }

    /// The range of `bytes` as JSON.
    pub fn range(&self, bytes: Range<usize>) -> Value {
        json!({ "start": self.position(bytes.start).json(), "end": self.position(bytes.end).json() })
    }

    /// Replaces `bytes` by `text`.
    pub fn replace(&mut self, bytes: Range<usize>, text: &str) {
        self.text.replace_range(bytes, text);
    }

    /// Line breaks of this text: that of its first line.
    pub fn line_break(&self) -> &'static str {
        let first = self.lines().swap_remove(0);
        if self.text[first].ends_with("\r\n") { "\r\n" } else { "\n" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_in_the_clients_unit() {
        let text = "a\r\né😀x\rb";
        let at = text.find('x').unwrap();
        for (encoding, character) in [(Encoding::Utf8, 6), (Encoding::Utf16, 3), (Encoding::Utf32, 2)] {
            let mirror = Mirror::new(text, encoding);
            let position = Position { line: 1, character };
            assert_eq!(mirror.position(at), position);
            assert_eq!(mirror.offset(position), at);
            assert_eq!(mirror.place(2, 3), at);
            assert_eq!(mirror.position(text.len()), Position { line: 2, character: 1 });
        }
    }
}
