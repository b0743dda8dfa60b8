//! A text of which parts are not typed yet: what stands on the page, in the places of the finished text.
//!
//! Every key only shows, hides or scribbles, so that whoever types everything ends with the finished text. Must not know why a key
//! is pressed.

use std::{ops::Range, sync::Arc};

/// One replacement, in bytes of the text that it meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    pub(super) range: Range<usize>,
    pub(super) text: String,
}

/// A page. Places are byte offsets in the finished text.
#[derive(Debug, Clone)]
pub(super) struct Page {
    truth: Arc<str>,
    /// What does not stand yet: in order, without overlap, none empty.
    missing: Vec<Range<usize>>,
    /// What stands and doesn't belong there, before the place: in order.
    extra: Vec<(usize, String)>,
}

impl Page {
    /// A page that says `truth` but for `missing`, and more than that at the places of `extra`.
    pub(super) fn new(
        truth: Arc<str>,
        mut missing: Vec<Range<usize>>,
        mut extra: Vec<(usize, String)>,
    ) -> Self {
        missing.sort_by_key(|range| range.start);
        extra.sort_by_key(|(place, _)| *place);
        Self { truth, missing, extra }
    }

    /// The finished text.
    pub(super) fn truth(&self) -> &str {
        &self.truth
    }

    /// Whether the byte at `place` is not typed yet.
    pub(super) fn is_missing(&self, place: usize) -> bool {
        self.missing.iter().any(|gap| gap.contains(&place))
    }

    /// Whether all of `range` stands, and nothing else at its ends or within.
    pub(super) fn is_whole(&self, range: &Range<usize>) -> bool {
        !self.missing.iter().any(|gap| gap.start < range.end && range.start < gap.end)
            && !self.extra.iter().any(|(place, _)| (range.start..=range.end).contains(place))
    }

    /// Where the next byte that stands is, from `place` on.
    pub(super) fn next_standing(&self, place: usize) -> usize {
        self.missing.iter().fold(place, |place, gap| if gap.contains(&place) { gap.end } else { place })
    }

    /// Where the next byte that is missing is, from `place` on, or the end.
    pub(super) fn next_missing(&self, place: usize) -> usize {
        let after = self.missing.iter().find(|gap| gap.end > place);
        after.map_or(self.truth.len(), |gap| gap.start.max(place))
    }

    /// Bytes of the text as it stands before `place`, and before what is scribbled there.
    pub(super) fn offset(&self, place: usize) -> usize {
        let before = self.missing.iter().take_while(|gap| gap.start < place);
        let missing: usize = before.map(|gap| gap.end.min(place) - gap.start).sum();
        let extra: usize =
            self.extra.iter().take_while(|(at, _)| *at < place).map(|(_, text)| text.len()).sum();
        place - missing + extra
    }

    /// What stands of the finished text in `range`.
    pub(super) fn standing(&self, range: Range<usize>) -> String {
        let mut text = String::new();
        let mut at = range.start;
        while at < range.end {
            let from = self.next_standing(at).min(range.end);
            at = self.next_missing(from).min(range.end);
            text.push_str(&self.truth[from..at]);
        }
        text
    }

    /// The whole text as it stands.
    pub(super) fn text(&self) -> String {
        let mut text = String::with_capacity(self.truth.len());
        let mut at = 0;
        for (place, extra) in &self.extra {
            text.push_str(&self.standing(at..*place));
            text.push_str(extra);
            at = *place;
        }
        text.push_str(&self.standing(at..self.truth.len()));
        text
    }

    /// Types what is missing of these ranges, whose missing parts have nothing between them that stands.
    pub(super) fn show(&mut self, ranges: &[Range<usize>]) -> Edit {
        let at = ranges.first().map_or(0, |range| self.offset(range.start));
        let mut text = String::new();
        for range in ranges {
            text.push_str(&self.truth[range.clone()]);
            self.mark_shown(range);
        }
        Edit { range: at..at, text }
    }

    /// Takes `range` from what is missing, without an edit of its own.
    pub(super) fn mark_shown(&mut self, range: &Range<usize>) {
        let mut left = Vec::with_capacity(self.missing.len() + 1);
        for gap in self.missing.drain(..) {
            left.push(gap.start..gap.end.min(range.start));
            left.push(gap.start.max(range.end)..gap.end);
        }
        left.retain(|gap| gap.start < gap.end);
        self.missing = left;
    }

    /// Takes back what stands in `range`, all of which stands.
    pub(super) fn hide(&mut self, range: Range<usize>) -> Edit {
        let start = self.offset(range.start);
        let edit = Edit { range: start..start + range.len(), text: String::new() };
        if let Some(gap) = self.missing.iter_mut().find(|gap| gap.start == range.end) {
            gap.start = range.start;
        } else {
            self.missing.push(range);
            self.missing.sort_by_key(|range| range.start);
        }
        edit
    }

    /// Writes what doesn't belong there, behind what is scribbled at `place` already.
    pub(super) fn scribble(&mut self, place: usize, letter: char) -> Edit {
        let at = self.offset(place);
        let found = self.extra.binary_search_by_key(&place, |(at, _)| *at);
        let index = found.unwrap_or_else(|index| {
            self.extra.insert(index, (place, String::new()));
            index
        });
        let text = &mut self.extra[index].1;
        let at = at + text.len();
        text.push(letter);
        Edit { range: at..at, text: letter.to_string() }
    }

    /// Takes away what is scribbled at `place`, if anything is.
    pub(super) fn erase(&mut self, place: usize) -> Option<Edit> {
        let index = self.extra.iter().position(|(at, _)| *at == place)?;
        let start = self.offset(place);
        let (_, text) = self.extra.remove(index);
        Some(Edit { range: start..start + text.len(), text: String::new() })
    }
}
