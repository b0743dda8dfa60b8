//! From decoded bytes to whole characters in a sink, and to the line break that ends an answer.
//!
//! Must not know tokens.

use std::ops::ControlFlow;

use model::{Sink, Stop};
use prompt::Lines;

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
        self.lines.has_line()
    }
}
