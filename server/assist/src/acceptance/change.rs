//! One edit between two texts, as small as it can be said, and what a person may have done to make it.
//!
//! Editors write the same change in many ways: an insertion, a line anew, the smallest difference that they find, the whole text. So a
//! change is compared by the text that it makes, not by how it is written. Must not know what was suggested.

use std::{borrow::Cow, ops::Range};

use text::{Edit, Snapshot};

/// What editors write when the first character of it is typed.
pub const PAIRS: [&str; 6] = ["()", "[]", "{}", "\"\"", "''", "``"];

/// Edits that replace more bytes than this are not looked into: what they touch counts as written anew.
const LOOKED_INTO: usize = 1 << 20;

/// One edit, without what it writes again as it was.
#[derive(Debug)]
pub struct Change<'a> {
    before: &'a Snapshot,
    after: &'a Snapshot,
    /// First byte that differs.
    pub(super) start: usize,
    /// End of what was replaced, in `before`.
    pub(super) old_end: usize,
    /// End of what replaced it, in `after`.
    pub(super) new_end: usize,
}

impl<'a> Change<'a> {
    /// What `edit` did to make `after` of `before`.
    pub fn new(before: &'a Snapshot, after: &'a Snapshot, edit: &Edit) -> Self {
        let Edit { mut start, mut old_end, mut new_end, .. } = *edit;
        if start < old_end && start < new_end && old_end.max(new_end) - start <= LOOKED_INTO {
            let (old, new) = (before.slice(start..old_end), after.slice(start..new_end));
            let head = common(old.chars().zip(new.chars()));
            let tail = common(old[head..].chars().rev().zip(new[head..].chars().rev()));
            start += head;
            old_end -= tail;
            new_end -= tail;
        }
        Self { before, after, start, old_end, new_end }
    }

    /// The text after it.
    pub(super) fn after(&self) -> &'a Snapshot {
        self.after
    }

    /// The text before it.
    pub(super) fn before(&self) -> &'a Snapshot {
        self.before
    }

    /// Whether it left everything as it was.
    pub(super) fn is_nothing(&self) -> bool {
        self.start == self.old_end && self.start == self.new_end
    }

    /// What it wrote.
    pub(super) fn written(&self) -> Cow<'a, str> {
        self.after.slice(self.start..self.new_end)
    }

    /// Whether one key may have done it: a character, Enter or Tab with the indentation that they bring, a pair of brackets, or a
    /// deletion of whatever length.
    pub(super) fn is_key(&self) -> bool {
        // Longer than any character, and no indentation that somebody looks at.
        if self.new_end - self.start > 256 {
            return false;
        }
        let written = self.written();
        written.chars().nth(1).is_none()
            || written.chars().all(char::is_whitespace)
            || PAIRS.contains(&&*written)
    }

    /// Whether the text after it is the text before it with `range` replaced by `text`.
    pub(super) fn makes(&self, range: &Range<usize>, text: &str) -> bool {
        let (old, new) = (self.before.len(), self.after.len());
        let fits = range.start <= range.end && range.end <= old && new + range.len() == old + text.len();
        // Where the texts first differ. Before `range` nothing may, and what is inserted before its like can be said to stand behind it.
        let reach = range.start..=range.start + text.len().max(range.len());
        if !fits || !reach.contains(&self.start) {
            return false;
        }
        let end = self.old_end.max(range.end);
        let made = self.after.slice(range.start..new + end - old);
        made.strip_prefix(text) == Some(&*self.before.slice(range.end..end))
    }
}

/// Bytes of the characters that two readings begin with alike.
fn common(pairs: impl Iterator<Item = (char, char)>) -> usize {
    pairs.take_while(|(old, new)| old == new).map(|(old, _)| old.len_utf8()).sum()
}

/// How many keys it takes to type `text` in an editor that indents: one for each character, and one for a line break with what it is
/// followed by.
pub(super) fn keys(text: &str) -> u32 {
    let mut keys = 0;
    let mut indents = false;
    let mut last = None;
    for c in text.chars() {
        match c {
            '\n' if last == Some('\r') => {}
            '\n' | '\r' => {
                keys += 1;
                indents = true;
            }
            ' ' | '\t' if indents => {}
            _ => {
                keys += 1;
                indents = false;
            }
        }
        last = Some(c);
    }
    keys
}

#[cfg(test)]
mod tests {
    use text::{Change as Told, Document, Encoding};

    use super::*;

    /// What remains of the edit that puts `after` in place of the whole of `before`: the text with what was replaced and by what.
    fn smallest(before: &str, after: &str) -> String {
        let mut document = Document::new(before, 1);
        let old = document.snapshot();
        let edits = document.apply(2, [Told::Full(after.to_owned())], Encoding::Utf8).unwrap();
        let new = document.snapshot();
        let change = Change::new(&old, &new, &edits[0]);
        format!("{}⟦{}→{}⟧", &before[..change.start], &before[change.start..change.old_end], change.written())
    }

    #[test]
    fn a_whole_text_that_is_told_anew_is_the_small_change_that_it_makes() {
        assert_eq!(smallest("let x = 1;\n", "let x = 12;\n"), "let x = 1⟦→2⟧");
        assert_eq!(smallest("naïve", "naive"), "na⟦ï→i⟧");
        assert_eq!(smallest("aa", "aaa"), "aa⟦→a⟧");
        assert_eq!(smallest("x", "x"), "x⟦→⟧");
    }

    #[test]
    fn a_change_is_known_by_the_text_that_it_makes() {
        let (before, after) = (Snapshot::new("f(x)\n", 1), Snapshot::new("f(x))\n", 1));
        // Typed before the bracket; the smallest difference is said to stand behind it.
        let (_, edit) = before.with(4..4, ")");
        let change = Change::new(&before, &after, &edit);
        assert!(change.makes(&(3..3), ")") && change.makes(&(4..4), ")") && change.makes(&(3..4), "))"));
        assert!(!change.makes(&(2..2), ")") && !change.makes(&(3..3), "]") && !change.makes(&(3..4), ")"));
    }

    #[test]
    fn indentation_is_not_typed() {
        assert_eq!(keys("a b"), 3);
        assert_eq!(keys("x;\n    y"), 4);
        assert_eq!(keys("x;\r\n\ty"), 4);
        assert_eq!(keys("\u{1f600}"), 1);
    }
}
