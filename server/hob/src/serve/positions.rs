//! Between the protocol's positions and ours. The only place in `hob` where the two meet.
//!
//! Must not convert units: that needs the text, and `text::Snapshot` does it.

use std::ops::Range;

use text::{Change, Encoding, Snapshot, WirePos, WireRange};
use tower_lsp::gen_lsp_types as lsp;

/// A position as `text` takes it, still in the client's unit.
pub(super) fn position(position: lsp::Position) -> WirePos {
    WirePos { line: position.line, character: position.character }
}

/// A range as `text` takes it, still in the client's unit.
pub(super) fn range(range: lsp::Range) -> WireRange {
    WireRange { start: position(range.start), end: position(range.end) }
}

/// A change as `text` takes it.
pub(super) fn change(event: lsp::TextDocumentContentChangeEvent) -> Change {
    match event {
        lsp::TextDocumentContentChangeEvent::TextDocumentContentChangePartial(part) => {
            Change::Range { range: range(part.range), text: part.text }
        }
        lsp::TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole) => {
            Change::Full(whole.text)
        }
    }
}

/// Bytes of a snapshot as a range on the wire.
pub(super) fn to_wire(snapshot: &Snapshot, bytes: Range<usize>, encoding: Encoding) -> lsp::Range {
    let at = |offset| {
        let WirePos { line, character } = snapshot.wire(offset, encoding);
        lsp::Position { line, character }
    };
    lsp::Range { start: at(bytes.start), end: at(bytes.end) }
}
