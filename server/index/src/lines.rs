//! Where the lines of a text begin. A line ends at LF, CRLF or CR, as everywhere in Hob.
//!
//! Must not hold the text.

use std::ops::Range;

/// The lines of one text.
#[derive(Debug)]
pub(crate) struct Lines {
    /// Byte offset of each line's first byte; the first is 0.
    starts: Vec<usize>,
    /// The text's length in bytes.
    end: usize,
}

impl Lines {
    pub(crate) fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        let ends = memchr::memchr2_iter(b'\n', b'\r', bytes);
        starts.extend(
            ends.filter(|&at| bytes[at] == b'\n' || bytes.get(at + 1) != Some(&b'\n')).map(|at| at + 1),
        );
        // Behind the last line break there is no line.
        if starts.last() == Some(&bytes.len()) {
            starts.pop();
        }
        Self { starts, end: bytes.len() }
    }

    /// How many there are; none in an empty text.
    pub(crate) fn count(&self) -> usize {
        self.starts.len()
    }

    /// The line that a byte is on.
    pub(crate) fn at(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    /// The bytes of a range of lines, their line breaks included.
    pub(crate) fn bytes(&self, lines: Range<usize>) -> Range<usize> {
        let start = |line: usize| self.starts.get(line).copied().unwrap_or(self.end);
        start(lines.start)..start(lines.end)
    }

    /// The lines that a range of bytes touches, as a half-open range.
    pub(crate) fn of_bytes(&self, bytes: Range<usize>) -> Range<usize> {
        self.at(bytes.start)..self.at(bytes.end.max(bytes.start + 1) - 1) + 1
    }
}
