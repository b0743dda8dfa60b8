//! Random edits against a plain `String` whose position arithmetic is as naive as can be.
//!
//! The oracle walks characters from the start of the text at every question and shares no code with the crate. The long runs
//! are seeded, so that a failure repeats; proptest looks for new ones and shrinks them.

use std::ops::Range;

use crate::{Change, Document, Edit, Encoding, Point, WirePos, WireRange};
use proptest::prelude::{Strategy, any, prop, proptest};

/// What edits are made of: every kind of line break and what only looks like one, characters of each width in each encoding, and
/// characters that join their neighbours on the screen.
const PIECES: [&str; 24] = [
    "a",
    "b",
    "let ",
    " ",
    "\t",
    "{",
    "\"",
    "\n",
    "\n",
    "\r",
    "\r\n",
    "\r\n",
    "é",
    "ß",
    "日",
    "語",
    "😀",
    "👩\u{200d}👧",
    "e\u{301}",
    "\u{2028}",
    "\u{2029}",
    "\u{85}",
    "\u{b}\u{c}",
    "\u{feff}",
];

const EDITS: usize = 100_000;

#[test]
fn random_edits_in_utf8() {
    long_run(Encoding::Utf8, 0x0b0b_0001);
}

#[test]
fn random_edits_in_utf16() {
    long_run(Encoding::Utf16, 0x0b0b_0002);
}

#[test]
fn random_edits_in_utf32() {
    long_run(Encoding::Utf32, 0x0b0b_0003);
}

proptest! {
    #[test]
    fn any_edits(encoding in encodings(), steps in prop::collection::vec(steps(), 1..40)) {
        let mut both = Both::new(encoding);
        for step in &steps {
            both.step(step);
        }
    }
}

/// One attempt to edit, with raw numbers that are fitted to the text there is.
#[derive(Debug, Clone)]
struct Step {
    kind: Kind,
    from: u32,
    span: u32,
    text: String,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// Replace a range that is there.
    Fitting,
    /// Replace a range between any two positions near the text, there or not.
    Anywhere,
    /// Replace everything.
    Full,
}

/// The document and its oracle, side by side.
struct Both {
    document: Document,
    plain: Plain,
    encoding: Encoding,
    version: i32,
}

impl Both {
    fn new(encoding: Encoding) -> Self {
        Self { document: Document::new("", 0), plain: Plain(String::new()), encoding, version: 0 }
    }

    fn step(&mut self, step: &Step) {
        self.version += 1;
        let before = self.plain.clone();
        let (change, expected) = self.plan(step);
        let outcome = self.document.apply(self.version, [change], self.encoding);
        match (outcome, expected) {
            (Ok(edits), Some(after)) => {
                assert_eq!(edits.len(), 1);
                check_edit(&edits[0], &before, &after);
                self.plain = after;
            }
            (Err(_), None) => {
                assert!(self.document.is_out_of_sync());
                let refused = self.document.apply(
                    self.version,
                    [self.range_change(0..0, String::new())],
                    self.encoding,
                );
                assert!(refused.is_err(), "a range was accepted while out of sync");
                self.version += 1;
                let whole = Change::Full(before.0.clone());
                let edits = self.document.apply(self.version, [whole], self.encoding).unwrap();
                check_edit(&edits[0], &before, &before);
            }
            (outcome, expected) => {
                panic!("{step:?} in {before:?}: {outcome:?}, but the oracle has {expected:?}")
            }
        }
        assert!(!self.document.is_out_of_sync());
        assert_eq!(self.document.version(), self.version);
        self.compare(step.from as usize);
    }

    /// The change that a step makes of the text as it is, and the text it must lead to, if it fits.
    fn plan(&self, step: &Step) -> (Change, Option<Plain>) {
        let plain = &self.plain;
        let (from, span) = (step.from as usize, step.span as usize);
        match step.kind {
            Kind::Full => (Change::Full(step.text.clone()), Some(Plain(step.text.clone()))),
            Kind::Fitting => {
                let start = plain.near(from % (plain.0.len() + 1));
                let end = plain.near((start + span % 40).min(plain.0.len())).max(start);
                let after = plain.replaced(start..end, &step.text);
                (self.range_change(start..end, step.text.clone()), Some(after))
            }
            Kind::Anywhere => {
                let lines = plain.lines().len() + 2;
                let position = |seed: usize| WirePos {
                    line: u32::try_from(seed % lines).unwrap(),
                    character: u32::try_from(seed / 7 % 12).unwrap(),
                };
                let range = WireRange { start: position(from), end: position(from + span) };
                let offsets =
                    (plain.offset(range.start, self.encoding), plain.offset(range.end, self.encoding));
                let after = match offsets {
                    (Some(start), Some(end)) if range.start <= range.end => {
                        Some(plain.replaced(start..end, &step.text))
                    }
                    _ => None,
                };
                (Change::Range { range, text: step.text.clone() }, after)
            }
        }
    }

    fn range_change(&self, range: Range<usize>, text: String) -> Change {
        let (start, end) =
            (self.plain.wire(range.start, self.encoding), self.plain.wire(range.end, self.encoding));
        Change::Range { range: WireRange { start, end }, text }
    }

    /// Every question, at one place.
    fn compare(&self, seed: usize) {
        let (plain, snapshot) = (&self.plain, self.document.snapshot());
        assert_eq!(snapshot.len(), plain.0.len());
        assert_eq!(*snapshot.slice(0..snapshot.len()), *plain.0);

        let lines = plain.lines();
        assert_eq!(snapshot.line_count(), lines.len());
        let line = seed % lines.len();
        assert_eq!(
            (snapshot.line_start(line), snapshot.line_end(line)),
            (lines[line].start, lines[line].end)
        );
        assert_eq!(snapshot.line(line), plain.0[lines[line].clone()]);

        let offset = plain.near(seed % (plain.0.len() + 1));
        let wire = plain.wire(offset, self.encoding);
        assert_eq!(snapshot.wire(offset, self.encoding), wire);
        assert_eq!(snapshot.offset(wire, self.encoding), Ok(offset));
        assert_eq!(snapshot.point(offset), plain.point(offset));
        assert_eq!(snapshot.line_of(offset), plain.point(offset).row);
        assert_eq!(snapshot.char_before(offset), plain.0[..offset].chars().next_back());
        assert_eq!(snapshot.char_after(offset), plain.0[offset..].chars().next());

        let raw = seed % (plain.0.len() + 3);
        assert_eq!(snapshot.is_char_boundary(raw), plain.0.is_char_boundary(raw));
        let (chunk, start) = snapshot.chunk_at(raw);
        assert!(start <= raw.min(plain.0.len()) && raw.min(plain.0.len()) <= start + chunk.len());
        assert_eq!(chunk, &plain.0[start..start + chunk.len()]);
    }
}

/// An edit says the truth about both texts, and its edges are positions in both.
fn check_edit(edit: &Edit, before: &Plain, after: &Plain) {
    assert_eq!(before.0[..edit.start], after.0[..edit.start]);
    assert_eq!(before.0[edit.old_end..], after.0[edit.new_end..]);
    assert_eq!(edit.start_point, before.point(edit.start));
    assert_eq!(edit.start_point, after.point(edit.start));
    assert_eq!(edit.old_end_point, before.point(edit.old_end));
    assert_eq!(edit.new_end_point, after.point(edit.new_end));
    for (text, offset) in
        [(before, edit.start), (before, edit.old_end), (after, edit.start), (after, edit.new_end)]
    {
        assert!(!text.is_inside_crlf(offset), "{edit:?} cuts a CRLF");
    }
}

/// The oracle.
#[derive(Debug, Clone)]
struct Plain(String);

impl Plain {
    /// Byte ranges of the lines, without their breaks.
    fn lines(&self) -> Vec<Range<usize>> {
        let bytes = self.0.as_bytes();
        let (mut lines, mut start, mut at) = (Vec::new(), 0, 0);
        while at < bytes.len() {
            let width = match bytes[at] {
                b'\r' if bytes.get(at + 1) == Some(&b'\n') => 2,
                b'\n' | b'\r' => 1,
                _ => {
                    at += 1;
                    continue;
                }
            };
            lines.push(start..at);
            at += width;
            start = at;
        }
        lines.push(start..at);
        lines
    }

    fn point(&self, offset: usize) -> Point {
        let lines = self.lines();
        let row = lines.iter().rposition(|line| line.start <= offset).unwrap();
        Point { row, column: offset - lines[row].start }
    }

    fn wire(&self, offset: usize, encoding: Encoding) -> WirePos {
        let Point { row, column } = self.point(offset);
        let character = self.0[offset - column..offset].chars().map(|c| units(c, encoding)).sum::<usize>();
        WirePos { line: u32::try_from(row).unwrap(), character: u32::try_from(character).unwrap() }
    }

    fn offset(&self, position: WirePos, encoding: Encoding) -> Option<usize> {
        let lines = self.lines();
        let row = position.line as usize;
        let Some(line) = lines.get(row) else {
            return (row == lines.len() && position.character == 0).then_some(self.0.len());
        };
        let mut left = position.character as usize;
        for (at, c) in self.0[line.clone()].char_indices() {
            if left == 0 {
                return Some(line.start + at);
            }
            left = left.checked_sub(units(c, encoding))?;
        }
        Some(line.end)
    }

    /// The nearest position at or before a byte offset.
    fn near(&self, offset: usize) -> usize {
        (0..=offset).rev().find(|&at| self.0.is_char_boundary(at) && !self.is_inside_crlf(at)).unwrap()
    }

    fn is_inside_crlf(&self, offset: usize) -> bool {
        self.0[..offset].ends_with('\r') && self.0[offset..].starts_with('\n')
    }

    fn replaced(&self, range: Range<usize>, text: &str) -> Self {
        Self([&self.0[..range.start], text, &self.0[range.end..]].concat())
    }
}

fn units(c: char, encoding: Encoding) -> usize {
    match encoding {
        Encoding::Utf8 => c.len_utf8(),
        Encoding::Utf16 => c.len_utf16(),
        Encoding::Utf32 => 1,
    }
}

/// Texts of three sizes, the largest of several rope leaves; each is thrown away after a while so that small ones recur.
fn long_run(encoding: Encoding, seed: u64) {
    let mut random = Random(seed);
    let mut done = 0;
    while done < EDITS {
        let size = [40, 400, 4000][random.below(16).saturating_sub(13)];
        let mut both = Both::new(encoding);
        for _ in 0..500 {
            done += 1;
            // Printed by the test runner only if what follows panics.
            println!("seed {seed:#x}, edit {done}");
            both.step(&random.step(size, both.plain.0.len()));
        }
        both.document.assert_invariants();
    }
}

/// splitmix64: a few lines, and the same numbers everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    fn step(&mut self, size: usize, len: usize) -> Step {
        let kind = match self.below(100) {
            0 => Kind::Full,
            1..20 => Kind::Anywhere,
            _ => Kind::Fitting,
        };
        // Grow to the size, then stay around it.
        let pieces = if len > size { self.below(2) } else { self.below(4) + usize::from(size > 1000) * 10 };
        let text = (0..pieces).map(|_| PIECES[self.below(PIECES.len())]).collect();
        let span = if len > size || self.below(2) == 0 { self.below(1 << 20) } else { 0 };
        Step {
            kind,
            from: u32::try_from(self.below(1 << 20)).unwrap(),
            span: u32::try_from(span).unwrap(),
            text,
        }
    }
}

fn steps() -> impl Strategy<Value = Step> {
    let kind = prop::sample::select(vec![Kind::Fitting, Kind::Fitting, Kind::Anywhere, Kind::Full]);
    let text = prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..6);
    (kind, any::<u16>(), 0u32..60, text).prop_map(|(kind, from, span, text)| Step {
        kind,
        from: u32::from(from),
        span,
        text: text.concat(),
    })
}

fn encodings() -> impl Strategy<Value = Encoding> {
    prop::sample::select(vec![Encoding::Utf8, Encoding::Utf16, Encoding::Utf32])
}
