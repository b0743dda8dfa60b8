//! Where in a document a person is at work, and where before: whoever adds an import comes back to the line that needs it.
//!
//! Must not know the text: it follows edits in bytes.

use text::Edit;

/// A change further away than this many bytes from the one before is at another place.
const APART: usize = 600;

/// After so many changes at one place nobody is expected back at the other.
const SETTLED: u32 = 40;

/// A person's places in one document, in bytes of its newest text.
#[derive(Debug, Default)]
pub(super) struct Whereabouts {
    here: Option<usize>,
    before: Option<usize>,
    /// Changes since the person came here.
    stayed: u32,
}

impl Whereabouts {
    /// Notes `edits`, after which the cursor is at `cursor`, if that is known.
    pub(super) fn moved(&mut self, edits: &[Edit], cursor: Option<usize>) {
        for edit in edits {
            self.here = self.here.map(|place| shifted(place, edit));
            self.before = self.before.map(|place| shifted(place, edit));
        }
        let Some(cursor) = cursor else { return };
        let far = |place: Option<usize>| place.is_some_and(|place| place.abs_diff(cursor) > APART);
        if far(self.here) {
            // Back where it was before, the place it comes from is the other one now.
            (self.before, self.stayed) = (self.here, 0);
        }
        self.here = Some(cursor);
        self.stayed += 1;
        self.before.take_if(|place| place.abs_diff(cursor) <= APART);
    }

    /// Where the person was before and may soon be again, in bytes.
    pub(super) fn before(&self) -> Option<usize> {
        self.before.filter(|_| self.stayed <= SETTLED)
    }
}

/// Where a place is after an edit.
fn shifted(place: usize, edit: &Edit) -> usize {
    if place < edit.start {
        place
    } else if place >= edit.old_end {
        place - edit.old_end + edit.new_end
    } else {
        // What stood there is gone.
        edit.start
    }
}

#[cfg(test)]
mod tests {
    use text::{Document, Encoding, WirePos, WireRange};

    use super::*;

    /// Types at `places` one after the other, in a text of lines of ten bytes; a place is a line. Says where the person was before.
    fn check(places: &[u32], expected: Option<u32>) {
        let mut document = Document::new(&"123456789\n".repeat(1000), 0);
        let mut whereabouts = Whereabouts::default();
        for (version, line) in (1..).zip(places) {
            let at = WirePos { line: *line, character: 9 };
            let change = text::Change::Range {
                range: WireRange { start: at, end: at },
                text: "\n123456789".to_owned(),
            };
            let edits = document.apply(version, [change], Encoding::Utf8).unwrap();
            whereabouts.moved(&edits, Some(edits[0].new_end));
        }
        let snapshot = document.snapshot();
        let line = whereabouts.before().map(|offset| u32::try_from(snapshot.line_of(offset)).unwrap());
        assert_eq!(line, expected);
    }

    #[test]
    fn the_place_before_moves_with_the_text() {
        check(&[500, 501, 502], None);
        check(&[500, 501, 20], Some(503));
        check(&[20, 500], Some(21));
    }

    #[test]
    fn who_stays_is_not_expected_back() {
        let stay: Vec<u32> = std::iter::once(20).chain(500..560).collect();
        check(&stay[..10], Some(21));
        check(&stay, None);
    }

    #[test]
    fn back_again_the_other_place_is_the_one_before() {
        check(&[500, 20, 502], Some(21));
        check(&[500, 20, 800], Some(21));
    }
}
