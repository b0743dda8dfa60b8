//! What was edited lately: a ring of the last places, each with its text at the time.
//!
//! Must not have a clock: whoever tells of an edit says when it was. Must not hold the text of a whole file.

use std::{collections::VecDeque, sync::Arc};

use crate::answer::Edited;

/// How many places are remembered.
const PLACES: usize = 64;
/// Edits of one file that are so few lines apart are at one place.
const APART: usize = 8;
/// And a place has no more lines than this.
const LONGEST: usize = 60;

/// The ring; the latest edit is the last.
#[derive(Debug, Default)]
pub(crate) struct Ring(VecDeque<Edited>);

/// An edit as its caller tells of it.
#[derive(Debug)]
pub(crate) struct Edit {
    pub(crate) snapshot: text::Snapshot,
    pub(crate) lines: std::ops::Range<usize>,
    pub(crate) at: u64,
}

impl Ring {
    /// Notes an edit, at the place where another was if that is near.
    pub(crate) fn note(&mut self, path: &str, edit: &Edit) {
        let Edit { snapshot, lines, at } = edit;
        let mut lines = lines.start..lines.end.clamp(lines.start + 1, lines.start + LONGEST);
        let near = self.0.iter().rposition(|known| {
            let joined = lines.start.min(known.lines.start)..lines.end.max(known.lines.end);
            *known.path == *path
                && lines.start <= known.lines.end + APART
                && known.lines.start <= lines.end + APART
                && joined.len() <= LONGEST
        });
        let known = near.and_then(|near| self.0.remove(near));
        if let Some(known) = &known {
            lines = lines.start.min(known.lines.start)..lines.end.max(known.lines.end);
        }
        lines.end = lines.end.min(snapshot.line_count());
        lines.start = lines.start.min(lines.end);
        let text =
            snapshot.slice(snapshot.line_start(lines.start)..snapshot.line_start(lines.end)).into_owned();
        let path: Arc<str> = known.map_or_else(|| path.into(), |known| known.path);
        self.0.push_back(Edited { path, lines, text, at: *at });
        while self.0.len() > PLACES {
            self.0.pop_front();
        }
    }

    /// The last places, the latest first.
    pub(crate) fn latest(&self) -> impl Iterator<Item = &Edited> {
        self.0.iter().rev()
    }

    /// Forgets what is not to be known any more.
    pub(crate) fn retain(&mut self, keep: impl FnMut(&Edited) -> bool) {
        self.0.retain(keep);
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use expect_test::{Expect, expect};
    use text::Snapshot;

    use super::*;

    /// Edits at `(path, line)`, in a file of twenty lines each, one tick apart.
    fn check(edits: &[(&str, usize)], expected: &Expect) {
        let text = (0..20).map(|line| format!("line {line}\n")).collect::<Vec<_>>().concat();
        let mut ring = Ring::default();
        for (at, (path, line)) in (1..).zip(edits) {
            ring.note(path, &Edit { snapshot: Snapshot::new(&text, 0), lines: *line..line + 1, at });
        }
        let mut said = String::new();
        for edited in ring.latest() {
            let _ = writeln!(said, "{} {:?} at {}: {:?}", edited.path, edited.lines, edited.at, edited.text);
        }
        expected.assert_eq(&said);
    }

    #[test]
    fn edits_that_are_near_are_one_place() {
        check(
            &[("a.rs", 2), ("b.rs", 2), ("a.rs", 4), ("a.rs", 19)],
            &expect![[r#"
                a.rs 19..20 at 4: "line 19\n"
                a.rs 2..5 at 3: "line 2\nline 3\nline 4\n"
                b.rs 2..3 at 2: "line 2\n"
            "#]],
        );
    }

    #[test]
    fn an_edit_at_the_end_of_the_text_or_beyond_is_one() {
        check(
            &[("a.rs", 20), ("b.rs", 500)],
            &expect![[r#"
            b.rs 21..21 at 2: ""
            a.rs 20..21 at 1: ""
        "#]],
        );
    }
}
