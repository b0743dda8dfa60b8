//! What becomes of text that was taken: how much of it is still as it was.
//!
//! Holds places, not text. Must not look at a clock: it is told what time it is.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use super::{Counter, Noted, Task};

/// When it is looked at: whoever mends a suggestion does so at once, and whoever regrets it, a little later. Both ages are those at which
/// Copilot's makers look (arXiv 2205.06537).
pub(super) const AGES: [Duration; 2] = [Duration::from_secs(30), Duration::from_mins(5)];

/// It is kept if at least so many of its bytes are, in per cent. There, a suggestion is "mostly unchanged" that differs by less than a
/// third; what was put between its characters is no difference here, so a fifth is allowed.
const MOST: usize = 80;

/// Text that was taken from one suggestion.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) task: Task,
    /// Of which suggestion.
    pub(super) of: u64,
    /// What is left of it, in bytes of the text as it is now.
    pieces: Vec<Range<usize>>,
    /// Bytes that were taken.
    total: usize,
    /// Keys that it spared.
    keys: u32,
    /// When the last of it was taken.
    since: Instant,
    /// How many of [`AGES`] it was looked at.
    judged: usize,
}

impl Kept {
    pub(super) fn new(task: Task, of: u64, taken: Range<usize>, keys: u32, now: Instant) -> Self {
        let mut kept = Self { task, of, pieces: Vec::new(), total: 0, keys: 0, since: now, judged: 0 };
        kept.add(taken, keys, now);
        kept
    }

    /// More of the same suggestion was taken.
    pub(super) fn add(&mut self, taken: Range<usize>, keys: u32, now: Instant) {
        self.total += taken.len();
        self.keys += keys;
        self.since = now;
        self.pieces.push(taken);
    }

    /// The bytes `start..old_end` became `start..new_end`. What was written between two of its characters leaves both as they are.
    pub(super) fn follow(&mut self, start: usize, old_end: usize, new_end: usize) {
        let moved = |at: usize| at - old_end + new_end;
        let mut pieces = Vec::with_capacity(self.pieces.len() + 1);
        for piece in self.pieces.drain(..) {
            let (left, right) = (piece.start..piece.end.min(start), piece.start.max(old_end)..piece.end);
            if !left.is_empty() {
                pieces.push(left);
            }
            if !right.is_empty() {
                pieces.push(moved(right.start)..moved(right.end));
            }
        }
        self.pieces = pieces;
    }

    /// Bytes that are still there.
    fn left(&self) -> usize {
        self.pieces.iter().map(Range::len).sum()
    }

    /// When it is to be looked at next.
    pub(super) fn due(&self) -> Option<Instant> {
        AGES.get(self.judged).map(|age| self.since + *age)
    }

    /// Counts what it has come of age for, or, at the `end` of its document, whatever it has not been looked at for; whether that was all.
    pub(super) fn judge(&mut self, now: Instant, end: bool, noted: &mut Noted) -> bool {
        while let Some(due) = self.due().filter(|due| end || *due <= now) {
            let [judged, kept, early] = [
                [Counter::Judged30s, Counter::Kept30s, Counter::Early30s],
                [Counter::Judged5min, Counter::Kept5min, Counter::Early5min],
            ][self.judged];
            noted.count(self.task, judged, 1);
            if self.left() * 100 >= self.total * MOST {
                noted.count(self.task, kept, 1);
            }
            if due > now {
                noted.count(self.task, early, 1);
            }
            self.judged += 1;
        }
        let done = self.judged == AGES.len();
        if done && self.total > 0 {
            let lost = (self.total - self.left()) as u64 * u64::from(self.keys) / self.total as u64;
            noted.count(self.task, Counter::KeysLost, u32::try_from(lost).unwrap_or(self.keys));
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A text of bytes of which each knows whether it was taken, and an edit: where, how many go, how many come.
    fn edited(text: &mut Vec<bool>, (at, goes, comes): (usize, usize, usize)) -> (usize, usize, usize) {
        let start = at % (text.len() + 1);
        let end = (start + goes).min(text.len());
        text.splice(start..end, std::iter::repeat_n(false, comes));
        (start, end, start + comes)
    }

    #[expect(clippy::disallowed_methods, reason = "no time passes here, but it has to begin somewhere")]
    fn beginning() -> Instant {
        Instant::now()
    }

    proptest! {
        #[test]
        fn what_is_left_is_what_nobody_touched(
            before in 0_usize..40, taken in 1_usize..40, behind in 0_usize..40,
            edits in prop::collection::vec((0_usize..200, 0_usize..12, 0_usize..12), 0..30),
        ) {
            let mut text: Vec<bool> = [vec![false; before], vec![true; taken], vec![false; behind]].concat();
            let mut kept = Kept::new(Task::Inline, 1, before..before + taken, 1, beginning());
            for edit in edits {
                let (start, old_end, new_end) = edited(&mut text, edit);
                kept.follow(start, old_end, new_end);
                let pieces: Vec<usize> = kept.pieces.iter().cloned().flatten().collect();
                let untouched: Vec<usize> = (0..text.len()).filter(|at| text[*at]).collect();
                prop_assert_eq!(pieces, untouched);
            }
        }
    }
}
