//! From decoded bytes to whole characters, and to the line break that ends an answer.
//!
//! Must not know tokens, nor who says the bytes.

use model::Stop;

use crate::utf8::Assembler;

/// Turns bytes into whole characters, and stops at the line break that was asked for.
#[derive(Debug, Clone, Default)]
pub struct Lines {
    assembler: Assembler,
    single_line: bool,
    /// Whether anything but white space was said.
    said: bool,
    has_line: bool,
}

impl Lines {
    /// Nothing said yet; `single_line`: the first line break behind text is the end.
    pub fn new(single_line: bool) -> Self {
        Self { assembler: Assembler::default(), single_line, said: false, has_line: false }
    }

    /// Adds what the next bytes show to `text`; says when there is to be no more.
    pub fn push(&mut self, bytes: &[u8], text: &mut String) -> Option<Stop> {
        let before = text.len();
        let broken = self.assembler.push(bytes, text).is_err();
        let end = self.line_end(&text[before..]);
        self.has_line |= end.is_some();
        if let Some(end) = end.filter(|_| self.single_line) {
            text.truncate(before + end);
            return Some(Stop::Line);
        }
        // Bytes that can't be UTF-8 don't belong into a document, and nothing sensible follows them.
        broken.then_some(Stop::EndOfText)
    }

    /// Whether a line with something on it has ended.
    pub fn has_line(&self) -> bool {
        self.has_line
    }

    /// Where the first line break that follows text lies.
    fn line_end(&mut self, text: &str) -> Option<usize> {
        for (at, character) in text.char_indices() {
            if self.said && matches!(character, '\n' | '\r') {
                return Some(at);
            }
            self.said |= !character.is_whitespace();
        }
        None
    }
}
