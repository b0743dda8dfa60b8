//! What the model sees already, by lines: a block that says the same again is worth nothing.
//!
//! Must not keep a text: it keeps numbers of lines.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
};

/// Lines that are on show.
#[derive(Debug, Default)]
pub(super) struct Known(HashSet<u64>);

impl Known {
    /// Notes the lines of `text`.
    pub(super) fn learn(&mut self, text: &str) {
        self.0.extend(lines(text));
    }

    /// Whether four of five lines of `text` are known, or it has none that say anything.
    pub(super) fn knows(&self, text: &str) -> bool {
        let (mut known, mut all) = (0, 0);
        for line in lines(text) {
            all += 1;
            known += usize::from(self.0.contains(&line));
        }
        known * 5 >= all * 4
    }
}

/// The lines that say something, as numbers: those with more than brackets in them, whatever their indentation.
fn lines(text: &str) -> impl Iterator<Item = u64> {
    let telling = text.lines().map(str::trim).filter(|line| line.contains(|c: char| c.is_alphanumeric()));
    telling.map(|line| {
        let mut hasher = DefaultHasher::new();
        line.hash(&mut hasher);
        hasher.finish()
    })
}
