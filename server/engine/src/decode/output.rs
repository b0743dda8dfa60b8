//! From decoded bytes to whole characters in a sink, and to the line break that ends an answer.
//!
//! Must not know tokens.

use std::ops::ControlFlow;

use model::{Sink, Stop};
use prompt::utf8::Assembler;

/// An answer on its way to a sink.
pub(super) struct Output<'s> {
    sink: &'s mut dyn Sink,
    lines: Lines,
}

impl<'s> Output<'s> {
    /// Nothing said yet; `single_line`: the first line break behind text is the end.
    pub(super) fn new(sink: &'s mut dyn Sink, single_line: bool) -> Self {
        Self { sink, lines: Lines::new(single_line) }
    }

    /// Takes the next bytes; says when there is to be no more.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Option<Stop> {
        let mut text = String::new();
        let stop = self.lines.push(bytes, &mut text);
        if !text.is_empty() && self.sink.chunk(&text) == ControlFlow::Break(()) {
            return Some(Stop::Sink);
        }
        stop
    }

    /// Whether a line with something on it has ended.
    pub(super) fn has_line(&self) -> bool {
        self.lines.has_line
    }
}

/// Turns bytes into whole characters, and stops at the line break that was asked for.
pub(super) struct Lines {
    assembler: Assembler,
    single_line: bool,
    /// Whether anything but white space was said.
    said: bool,
    /// Whether a line with something on it has ended.
    pub(super) has_line: bool,
}

impl Lines {
    /// Nothing said yet; `single_line`: the first line break behind text is the end.
    pub(super) fn new(single_line: bool) -> Self {
        Self { assembler: Assembler::default(), single_line, said: false, has_line: false }
    }

    /// Adds what the next bytes show to `text`; says when there is to be no more.
    pub(super) fn push(&mut self, bytes: &[u8], text: &mut String) -> Option<Stop> {
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
