//! Cuts the window of a document that a model is shown: the prefix up to the anchor, and the suffix.
//!
//! Must not count tokens: the engine cuts again in its model's own tokens. The window is only a bound, in bytes, on what crosses the
//! process boundary, and it is cut so that typing does not move its head (a moved head is a KV cache thrown away).

use std::ops::Range;

use text::Snapshot;

/// At most this many bytes before the anchor, plus up to one [`HEAD_HOP`].
pub const PREFIX_MAX: usize = 24 << 10;
/// At most this many bytes after the cursor.
pub const SUFFIX_MAX: usize = 8 << 10;
/// The prefix's head moves in steps of this many bytes of the document, so that it stays where it is while a screenful is typed.
pub const HEAD_HOP: usize = 8 << 10;

/// Where the prefix begins: 0, or a line start at or after a multiple of [`HEAD_HOP`].
pub(crate) fn prefix(snapshot: &Snapshot, anchor: usize) -> Range<usize> {
    let earliest = anchor.saturating_sub(PREFIX_MAX);
    let hop = earliest / HEAD_HOP * HEAD_HOP;
    if hop == 0 {
        return 0..anchor;
    }
    let line = snapshot.line_of(hop);
    let mut head = snapshot.line_start(line);
    if head < hop {
        head = snapshot.line_start(line + 1);
    }
    // One line may be longer than the window: then there is nothing whole before the anchor.
    head.min(anchor)..anchor
}

/// Where the suffix ends: the end of the text, or of the last whole line within [`SUFFIX_MAX`] bytes.
pub(crate) fn suffix(snapshot: &Snapshot, from: usize) -> Range<usize> {
    let latest = from + SUFFIX_MAX;
    if latest >= snapshot.len() {
        return from..snapshot.len();
    }
    let line = snapshot.line_of(latest);
    let start = snapshot.line_start(line);
    // A line longer than the window is cut inside; `slice` keeps characters whole.
    from..if start > from { start } else { latest }
}

/// The text with LF line ends only, as models saw it in training.
pub(crate) fn lf(text: &str) -> String {
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.to_owned() }
}

/// The line break that the document uses around `line`: that line's own, else the first one of the file, else LF.
pub(crate) fn line_break(snapshot: &Snapshot, line: usize) -> &'static str {
    for candidate in [line, line.saturating_sub(1), 0] {
        let end = snapshot.line_end(candidate);
        match snapshot.char_after(end) {
            Some('\n') => return "\n",
            Some('\r') if snapshot.char_after(end + 1) == Some('\n') => return "\r\n",
            Some('\r') => return "\r",
            _ => {}
        }
    }
    "\n"
}

#[cfg(test)]
mod tests {
    use text::Document;

    use super::*;

    fn snapshot(text: &str) -> Snapshot {
        Document::new(text, 1).snapshot()
    }

    #[test]
    fn a_small_file_is_shown_whole() {
        let snapshot = snapshot("a\nb\nc");
        assert_eq!((prefix(&snapshot, 2), suffix(&snapshot, 2)), (0..2, 2..5));
    }

    #[test]
    fn the_head_stays_while_a_screenful_is_typed_and_then_hops() {
        let line = "x".repeat(63) + "\n";
        let mut text = line.repeat(1024);
        let mut heads = Vec::new();
        for _ in 0..256 {
            let anchor = text.len();
            let window = prefix(&snapshot(&text), anchor);
            assert!(window.len() <= PREFIX_MAX + HEAD_HOP && window.start.is_multiple_of(64));
            heads.push(window.start);
            text += &line;
        }
        heads.dedup();
        assert_eq!(heads.len(), 256 * 64 / HEAD_HOP, "{heads:?}");
    }

    #[test]
    fn line_breaks_are_the_documents_own() {
        assert_eq!(line_break(&snapshot("a\r\nb"), 1), "\r\n");
        assert_eq!(line_break(&snapshot("a\nb\r\n"), 0), "\n");
        assert_eq!(line_break(&snapshot("a"), 0), "\n");
        assert_eq!(lf("a\r\nb\rc\n"), "a\nb\nc\n");
    }
}
