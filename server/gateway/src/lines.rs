//! Cuts a stream of bytes into lines, however it arrives.
//!
//! Must not hold more than its limit, and must not know what a line means.

use crate::dialect::Malformed;

/// What ends a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    /// LF, CR or both together, as in a stream of server-sent events.
    Any,
    /// LF alone, as in a file of one JSON value a line.
    Lf,
}

/// The part of a stream that no line end has followed yet.
#[derive(Debug)]
pub(crate) struct Lines {
    ends: Ends,
    /// The longest line, in bytes.
    limit: usize,
    held: Vec<u8>,
    /// The last byte was a CR: an LF right behind it ends no second line.
    after_cr: bool,
}

impl Lines {
    /// Lines of at most `limit` bytes.
    pub(crate) fn new(ends: Ends, limit: usize) -> Self {
        Self { ends, limit, held: Vec::new(), after_cr: false }
    }

    /// Hands over each line that `bytes` ends, without its end. What no end follows is kept for the next call, and not a line if none comes.
    pub(crate) fn push(
        &mut self,
        mut bytes: &[u8],
        mut each: impl FnMut(&[u8]) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        while !bytes.is_empty() {
            if std::mem::take(&mut self.after_cr) && bytes[0] == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let is_end = |byte: &u8| *byte == b'\n' || (*byte == b'\r' && self.ends == Ends::Any);
            let end = bytes.iter().position(is_end);
            let line = &bytes[..end.unwrap_or(bytes.len())];
            if self.held.len() + line.len() > self.limit {
                self.held = Vec::new();
                return Err(Malformed(format!("a line of the answer has more than {} bytes", self.limit)));
            }
            let Some(end) = end else {
                self.held.extend_from_slice(line);
                return Ok(());
            };
            if self.held.is_empty() {
                each(line)?;
            } else {
                self.held.extend_from_slice(line);
                let whole = std::mem::take(&mut self.held);
                each(&whole)?;
            }
            self.after_cr = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
        }
        Ok(())
    }
}
