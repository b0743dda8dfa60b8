//! From decoded bytes to whole characters in a sink, and to the line break that ends an answer.
//!
//! Must not know tokens.

use std::ops::ControlFlow;

use model::{Sink, Stop};
use prompt::utf8::Assembler;

/// Turns bytes into whole characters for the sink, and stops at the line break that was asked for.
pub(super) struct Output<'s> {
    sink: &'s mut dyn Sink,
    assembler: Assembler,
    single_line: bool,
    /// Whether anything but white space was said.
    said: bool,
    /// Whether a line with something on it has ended.
    pub(super) has_line: bool,
}

impl<'s> Output<'s> {
    /// Nothing said yet; `single_line`: the first line break behind text is the end.
    pub(super) fn new(sink: &'s mut dyn Sink, single_line: bool) -> Self {
        Self { sink, assembler: Assembler::default(), single_line, said: false, has_line: false }
    }

    /// Takes the next bytes; says when there is to be no more.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Option<Stop> {
        let mut text = String::new();
        let broken = self.assembler.push(bytes, &mut text).is_err();
        let end = self.line_end(&text);
        self.has_line |= end.is_some();
        let end = end.filter(|_| self.single_line);
        let text = &text[..end.unwrap_or(text.len())];
        if !text.is_empty() && self.sink.chunk(text) == ControlFlow::Break(()) {
            return Some(Stop::Sink);
        }
        if end.is_some() {
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
